"""The indicators of a run as a cube: one line per replication, one column per cell (indicator, scope, group, year).

A hundred replications of the MEL are fifteen million rows, of which all but three numbers are the same words again and
again: as a frame they take gigabytes, as a cube 24 bytes each.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sim.results.connection import connect

if TYPE_CHECKING:
    import pandas as pd

KEYS = ["indicator", "scope", "group", "year"]
NUMBERS = ("numerator", "denominator", "value")
CHUNK = 50  # of DuckDB's vectors of 2 048 rows, read at a time: memory only


@dataclass(frozen=True)
class Cube:
    """Numbers of each cell in each replication.

    Parameters
    ----------
    cells : pandas.DataFrame
        ``KEYS`` and ``unit``, one row per cell, in the order of the run.
    replications : numpy.ndarray
        Numbers of the replications, ascending.
    numerator, denominator, value : numpy.ndarray
        float64 (replications, cells); NaN where the run has none.
    worlds : pandas.DataFrame
        ``draw`` and ``luck`` of each replication, for a run with draws; no column otherwise.
    """

    cells: pd.DataFrame
    replications: np.ndarray
    numerator: np.ndarray
    denominator: np.ndarray
    value: np.ndarray
    worlds: pd.DataFrame

    @cached_property
    def place(self) -> dict[tuple[str, str, str, int], int]:
        """Column of each cell."""
        keys = zip(*(self.cells[name].tolist() for name in KEYS), strict=True)
        return {key: column for column, key in enumerate(keys)}

    @property
    def has_draws(self) -> bool:
        """Whether replications differ by what is not known, as well as by luck."""
        return "draw" in self.worlds

    def by_draw(self, values: np.ndarray) -> np.ndarray:
        """Return one number per replication as a table (draws, lucks)."""
        table: np.ndarray = (
            self.worlds.assign(value=values).pivot(index="draw", columns="luck", values="value").to_numpy(dtype=float)
        )
        return table

    def rows(self, cells: np.ndarray) -> pd.DataFrame:
        """Return some cells (a mask) as rows, one per replication: what ``uncertainty.split_variance`` reads."""
        import pandas as pd

        frames = [
            self.cells[cells].assign(replication=number, value=self.value[line, cells], **self._world(line))
            for line, number in enumerate(self.replications.tolist())
        ]
        return pd.concat(frames, ignore_index=True)

    def _world(self, line: int) -> dict[str, int]:
        return {str(name): int(self.worlds[name].iloc[line]) for name in self.worlds}


def read_cube(path: Path) -> Cube:
    """Return the cube of an ``indicators.parquet``, read a part at a time."""
    key = f"hash({', '.join(_quoted(name) for name in KEYS)})"
    columns = ", ".join(map(_quoted, KEYS))
    with connect() as connection:
        connection.execute(
            f'CREATE TABLE cells AS SELECT {columns}, any_value(unit) AS unit, {key} AS "key", '
            "min(file_row_number) AS first FROM read_parquet(?, file_row_number = true) GROUP BY ALL",
            [str(path)],
        )
        cells = connection.execute(f'SELECT {columns}, unit, "key" FROM cells ORDER BY first').df()
        keys = cells.pop("key").to_numpy()
        names = connection.execute("SELECT * FROM read_parquet(?) LIMIT 0", [str(path)]).df().columns
        told = ["replication", *(name for name in ("draw", "luck") if name in names)]
        worlds = connection.execute(
            f"SELECT DISTINCT {', '.join(told)} FROM read_parquet(?) ORDER BY replication", [str(path)]
        ).df()
        replications = worlds.pop("replication").to_numpy()
        tables = [np.full((len(replications), len(cells)), np.nan) for _ in NUMBERS]
        order = np.argsort(keys)
        numbers = ", ".join(NUMBERS)
        connection.execute(f'SELECT replication, {key} AS "key", {numbers} FROM read_parquet(?)', [str(path)])
        while len(chunk := connection.fetch_df_chunk(CHUNK)):
            at = order[np.searchsorted(keys, chunk["key"].to_numpy(), sorter=order)]
            lines = np.searchsorted(replications, chunk["replication"].to_numpy())
            for table, name in zip(tables, NUMBERS, strict=True):
                table[lines, at] = chunk[name].to_numpy(dtype=float, na_value=np.nan)
    numerator, denominator, value = tables
    return Cube(cells, replications, numerator, denominator, value, worlds)


def _quoted(name: str) -> str:
    return f'"{name}"'
