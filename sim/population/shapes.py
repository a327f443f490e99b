"""The territory's distributions as arrays, read once."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import pandas as pd

from sim.inputs.law import Law
from sim.inputs.territory import Territory
from sim.words.clock import DAYS_PER_YEAR, first_day, year_of

FIRST_KNOWN_YEAR = 2022
"""Of ``stock.offered_first_day``."""


class Shapes:
    """The territory and the law at hand: tables of ``distributions.csv`` in the order of their file, values by name."""

    def __init__(self, territory: Territory, law: Law) -> None:
        self.territory, self.law = territory, law
        self._frames: dict[str, pd.DataFrame] = {}
        self._arrays: dict[str, np.ndarray] = {}
        self._effects: dict[str, dict[str, float]] = {}

    def frame(self, table: str) -> pd.DataFrame:
        """Return a table with its row and column names."""
        if table not in self._frames:
            self._frames[table] = self.territory.distribution(table)
        return self._frames[table]

    def __getitem__(self, table: str) -> np.ndarray:
        """Return a table as a matrix (rows, columns)."""
        if table not in self._arrays:
            self._arrays[table] = self.frame(table).to_numpy(dtype=float)
        return self._arrays[table]

    def line(self, table: str) -> np.ndarray:
        """Return a table of one row as a vector."""
        return self[table].ravel()

    def rows(self, table: str) -> list[str]:
        """Return the names of the rows of a table."""
        return [str(row) for row in self.frame(table).index]

    def effects(self, table: str) -> dict[str, float]:
        """Return a table of one column as ``{row: value}``."""
        if table not in self._effects:
            self._effects[table] = dict(zip(self.rows(table), self[table][:, 0].tolist(), strict=True))
        return self._effects[table]

    def curve(self, table: str) -> tuple[np.ndarray, np.ndarray]:
        """Return ``(ranks, values)`` of a table of quantiles."""
        return np.array([float(row) for row in self.rows(table)]), self[table][:, 0]

    @cached_property
    def ages(self) -> tuple[np.ndarray, np.ndarray]:
        """First and last age of each band of ``people.by_age``, from row names such as ``25-39``."""
        bands = np.array([[int(x) for x in row.split("-")] for row in self.rows("people.by_age")])
        return bands[:, 0], bands[:, 1]

    @cached_property
    def is_zone_3(self) -> np.ndarray:
        """Whether each commune is in zone 3 of the housing benefit, the others being in zone 2 (0 or 1)."""
        return np.asarray(self.territory.communes["apl_zone"].to_numpy(int) == 3, dtype=int)

    @cached_property
    def rooms_asked(self) -> np.ndarray:
        """Smallest, largest and first typology of each column of ``wishes.rooms``, such as ``2-3-2``."""
        names = [str(name) for name in self.frame("wishes.rooms").columns]
        return np.array([[int(x) for x in name.split("-")] for name in names])

    def value(self, name: str) -> float:
        """Return a number of the territory's values."""
        return float(self.territory[name])

    def value_on(self, name: str, day: int) -> float:
        """Return a number as known on a first day: the last ``name@YEAR`` that had begun, else ``name``."""
        dated = (key.partition("@") for key in self.territory.values)
        known = [int(year) for base, _, year in dated if base == name and year and int(year) <= year_of(day)]
        return self.value(f"{name}@{max(known)}" if known else name)

    def offered_on(self, day: int) -> float:
        """Return the dwellings offered on a first day: those of the first one known, and a steady growth since then."""
        years = (day - first_day(FIRST_KNOWN_YEAR)) / DAYS_PER_YEAR
        return self.value("stock.offered_first_day") + self.value("stock.growth_per_year") * max(0.0, years)
