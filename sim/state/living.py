"""Columns that have a value at birth and change all the same: how the log names them, and what they were at first."""

from __future__ import annotations

import numpy as np

from sim.state.tables import Table

HOUSEHOLDS = (
    "size", "children_count", "dependants_count", "is_couple", "is_disabled", "employment", "income_eur_month",
    "consumption_units", "tax_income_eur_year", "ceiling_category", "persons_over_six", "family_type",
)  # fmt: skip
APPLICATIONS = ("rooms_min", "rooms_max", "rooms_wanted")
DWELLINGS = ("rent_eur_month",)
COLUMNS = (*HOUSEHOLDS, *APPLICATIONS, *DWELLINGS)
"""A CHANGED event says which by its place here, in ``rank``; ``value`` is the new value. Only add at the end."""


class Originals:
    """What rows were before their first change: the log says the rest."""

    def __init__(self) -> None:
        self._seen: set[int] = set()
        self._rows: list[np.ndarray] = []
        self._tables: list[Table] = []

    def keep(self, table: Table, rows: np.ndarray) -> None:
        """Remember rows that were never changed before."""
        new = [row for row in rows.tolist() if row not in self._seen]
        if new:
            fresh = np.array(new, dtype=np.int64)
            self._seen.update(new)
            self._rows.append(fresh)
            self._tables.append(table.take(fresh))

    def restore(self, table: Table, names: tuple[str, ...]) -> None:
        """Write in ``table`` what the columns named were at first."""
        for rows, kept in zip(self._rows, self._tables, strict=True):
            for name in names:
                getattr(table, name)[rows] = getattr(kept, name)
