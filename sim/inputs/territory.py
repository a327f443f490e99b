"""A territory: communes, landlords, sourced scalars and distributions, observed facts.

A folder of ``scenarios/territories`` is read as a whole. Every fault is told, with its file and line,
before anything is simulated (``scenarios/territories/README.md`` describes the files).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from sim.inputs import territory_files as spec
from sim.inputs.faults import Faults
from sim.inputs.reading import Reader
from sim.inputs.territory_files import Scalar, Value
from sim.words.registry import nearest

__all__ = ["Scalar", "Territory", "Value", "load"]


@dataclass(frozen=True, eq=False)
class Territory:
    """A territory as its folder describes it; never changed by a run.

    Attributes
    ----------
    territoires : list of str
        Names of the parts the communes are grouped in (the PLH's, for the MEL).
    communes : pandas.DataFrame
        One row per commune (index 0 to n-1); ``territoire_index`` is the position in ``territoires``.
        Optional numbers that are not published are NaN.
    landlords : pandas.DataFrame
        One row per landlord; ``communes`` and ``favoured_communes`` are tuples of INSEE codes, ``qpv_share``
        and ``favoured_share`` are NaN when not known.
    values : dict of str to Value
        Scalars by name; ``territory["name"]`` gives the number itself.
    distributions, observed, sources : pandas.DataFrame
        The files of the same names, row by row.
    files : dict of str to Path
        The files read, for the manifest.
    """

    name: str
    label: str
    siren: str
    territoires: list[str]
    communes: pd.DataFrame
    landlords: pd.DataFrame
    values: dict[str, Value]
    distributions: pd.DataFrame
    observed: pd.DataFrame
    sources: pd.DataFrame
    files: dict[str, Path]

    @property
    def base_year(self) -> int:
        """Year of the money of rents and incomes."""
        return int(self["base_year"])

    def __getitem__(self, name: str) -> Scalar:
        """Return the value called ``name``, or raise ``KeyError`` with the nearest name."""
        return self._value(name).is_

    def distribution(self, table: str) -> pd.DataFrame:
        """Return a table with its rows and columns in the order of the file (floats, in the unit of the file).

        Raises
        ------
        KeyError
            If no table has this name; the nearest one is named.
        """
        rows = self.distributions[self.distributions["table"] == table]
        if rows.empty:
            known = self.distributions["table"].unique()
            raise KeyError(f"territory {self.name} has no distribution {table!r}{nearest(table, known)}")
        wide = rows.pivot(index="row", columns="column", values="value")
        return wide.loc[rows["row"].unique(), rows["column"].unique()]

    def shares(self, table: str, row: str | None = None) -> dict[str, float]:
        """Return one row of a table of shares that sum to 1, as ``{column: share}``.

        Parameters
        ----------
        table : str
            Name of the table.
        row : str, optional
            Name of the row; may be left out when the table has one row only.

        Raises
        ------
        KeyError
            If the table or the row is unknown, or the row is not said and there are several.
        ValueError
            If the row does not sum to 1 (counts, independent probabilities).
        """
        wide = self.distribution(table)
        if row is None and len(wide) > 1:
            raise KeyError(f"distribution {table!r} has several rows: say which one")
        if row is not None and row not in wide.index:
            raise KeyError(f"distribution {table!r} has no row {row!r}{nearest(row, wide.index)}")
        found = wide.iloc[0] if row is None else wide.loc[row]
        if not math.isclose(found.sum(), 1.0, abs_tol=spec.SUM_TOLERANCE):
            raise ValueError(f"distribution {table!r}, row {found.name!r}: sums to {found.sum():.6g}, not to 1")
        return {str(column): float(share) for column, share in found.items()}

    def with_values(self, mapping: Mapping[str, Scalar]) -> Territory:
        """Return a copy in which some values are replaced, each becoming a hypothesis of the scenario.

        Raises
        ------
        KeyError
            If a name is unknown; the nearest one is named.
        ValueError
            If a value does not suit the unit (a share above 1, a word for a number).
        """
        replaced = dict(self.values)
        for name, new in mapping.items():
            old = self._value(name)
            if wrong := spec.unfit(new, old.unit):
                raise ValueError(f"value {name!r}: {wrong}")
            replaced[name] = dataclasses.replace(old, is_=new, source="hypothèse du scénario", confidence="C")
        return dataclasses.replace(self, values=replaced)

    def _value(self, name: str) -> Value:
        if name not in self.values:
            raise KeyError(f"territory {self.name} has no value {name!r}{nearest(name, self.values)}")
        return self.values[name]


def load(folder: Path) -> Territory:
    """Read a territory folder.

    Parameters
    ----------
    folder : Path
        A folder of ``scenarios/territories``.

    Raises
    ------
    Faults
        With every fault of every file: missing, empty or binary file, missing or unknown column, repeated
        code, number out of range, unknown territoire or commune, value without source, sum that is not 1.
    """
    reader = Reader(folder)
    head = spec.read_head(reader)
    communes = reader.table("communes.csv", spec.COMMUNES)
    landlords = reader.table("landlords.csv", spec.LANDLORDS)
    distributions = reader.table("distributions.csv", spec.DISTRIBUTIONS)
    observed = reader.table("observed.csv", spec.OBSERVED)
    sources = reader.table("sources.csv", spec.SOURCES)
    values = spec.read_values(reader, head)
    territoires = spec.read_territoires(reader, head)
    spec.check_communes(reader, communes, territoires)
    spec.check_landlords(reader, landlords, communes)
    spec.check_distributions(reader, distributions)
    spec.check_sources(reader, sources)
    if reader.faults:
        raise Faults(sorted(reader.faults, key=lambda fault: (fault.file, fault.line)))
    communes["territoire_index"] = communes["territoire"].map(territoires.index)
    name, label, siren = (str(head.data[key]) for key in spec.TERRITORY_KEYS[:3])
    frames = [frame.reset_index(drop=True) for frame in (communes, landlords, distributions, observed, sources)]
    communes, landlords, distributions, observed, sources = frames
    return Territory(
        name, label, siren, territoires, communes, landlords, values, distributions, observed, sources, reader.files
    )
