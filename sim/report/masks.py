"""Which counts of a bilan are under statistical secrecy: one decision for all its tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

from sim.report.reading import Period, Reading
from sim.report.secrecy import Sum, is_small, protect
from sim.report.sources import member_name, records

if TYPE_CHECKING:
    import pandas as pd

CUTS: tuple[tuple[str, ...], ...] = (
    *((name,) for name in ("territoire", "commune", "bailleur", "reservataire", "typologie", "financement", "periode")),
    *((name, "qpv") for name in ("territoire", "commune", "bailleur", "reservataire", "typologie")),
    ("qpv",),
    ("reservataire", "typologie"),
    ("reservataire", "typologie", "financement", "qpv"),
    ("commune", "reservataire"),
    ("periode", "financement"),
)
"""The cross-tables of attributions that a bilan prints, each by the headings it crosses."""
Key = tuple[tuple[str, str], ...]


def key(**members: str) -> Key:
    """Return the name of a cell: its headings and members, in alphabetical order."""
    return tuple(sorted(members.items()))


class Masks:
    """Attributions of a period, in every cell that a bilan prints, and those it hides.

    Parameters
    ----------
    reading : Reading
        The run; its ``threshold`` is the smallest count shown.
    territory : Territory
        Gives the territory of each commune.
    period : Period
        The years reported.
    """

    def __init__(self, reading: Reading, territory: Any, period: Period) -> None:
        counts = reading.attributed(period).copy()
        for name in ("reservataire", "typologie", "financement", "periode", "qpv", "commune", "bailleur"):
            if name in counts.columns:
                values = counts[name].unique()
                names = {value: member_name(name, value) for value in values}
                counts[name] = counts[name].map(names).astype(str)
        rows = records(territory.communes)
        self.territory_of = {str(row.get("nom")): str(row["territoire"]) for row in rows}
        counts["territoire"] = counts["commune"].map(self.territory_of).fillna("hors territoire").astype(str)
        self.threshold = reading.threshold
        runs = int(reading.manifest["replications"])
        self.counts: dict[Key, float] = {}
        for cut in CUTS:
            self._add(counts, cut, runs)
        self.sums = self._sums()
        self.hidden = protect(self.counts, self.sums, self.threshold)
        self.total = float(counts["count"].sum()) / runs

    def _add(self, counts: pd.DataFrame, cut: tuple[str, ...], runs: int) -> None:
        for members, value in counts.groupby(list(cut), observed=True)["count"].sum().items():
            names = members if isinstance(members, tuple) else (members,)
            self.counts[key(**dict(zip(cut, map(str, names), strict=True)))] = float(value) / runs

    def _sums(self) -> list[Sum]:
        """Return all that adds up between two printed tables."""
        by_cut: dict[tuple[str, ...], list[Key]] = {}
        for cell in self.counts:
            by_cut.setdefault(tuple(name for name, _ in cell), []).append(cell)
        sums: list[Sum] = [(None, cells) for cells in by_cut.values()]
        for large, small in combinations(sorted(by_cut, key=len, reverse=True), 2):
            if set(small) < set(large):
                parts: dict[Key, list[Key]] = {}
                for cell in by_cut[large]:
                    parts.setdefault(tuple(pair for pair in cell if pair[0] in small), []).append(cell)
                sums += list(parts.items())
        for more in ((), ("qpv",)):
            nested: dict[Key, list[Key]] = {}
            for cell in by_cut.get(tuple(sorted(("commune", *more))), []):
                members = dict(cell)
                members["territoire"] = self.territory_of.get(members.pop("commune"), "hors territoire")
                nested.setdefault(key(**members), []).append(cell)
            sums += list(nested.items())
        return sums

    def is_hidden(self, **members: str) -> bool:
        """Whether the attributions of a cell are hidden."""
        return key(**members) in self.hidden

    def value(self, **members: str) -> float:
        """Return the attributions of a cell, mean over replications; 0 when there are none."""
        return self.counts.get(key(**members), 0.0)

    def members(self, name: str) -> list[str]:
        """Return the members of a heading that have attributions."""
        return sorted(dict(cell)[name] for cell in self.counts if len(cell) == 1 and cell[0][0] == name)

    def among(self, values: dict[str, float], parts: Iterable[Sequence[str]]) -> set[str]:
        """Return what to hide of other counts, of which each sequence adds up to a public total."""
        return {str(k) for k in protect(dict(values), [(None, list(p)) for p in parts], self.threshold)}

    def closed(self, values: Mapping[Any, float], sums: Iterable[Sum]) -> set[Any]:
        """Return what to hide of another table, by its own sums."""
        return protect(values, sums, self.threshold)

    def is_small(self, value: float | None) -> bool:
        """Whether a count alone is under the threshold."""
        return is_small(value, self.threshold)
