"""A read-only view of some rows, for rules and behaviours."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.state.tables import Table


class Rows:
    """Rows of a table, gathered on demand: ``rows.filed_day``; a column not found is sought in ``joined``.

    Parameters
    ----------
    table : Table
        Where the rows are.
    rows : numpy.ndarray
        Row numbers.
    joined : Rows, optional
        Another view of the same length (the households of the applications, say).
    """

    _table: Table
    _joined: Rows | None
    rows: np.ndarray

    def __init__(self, table: Table, rows: np.ndarray, joined: Rows | None = None) -> None:
        object.__setattr__(self, "_table", table)
        object.__setattr__(self, "rows", rows)
        object.__setattr__(self, "_joined", joined)

    def __getattr__(self, name: str) -> np.ndarray:
        """Gather a column."""
        column = self._table.__dict__.get(name)
        if isinstance(column, np.ndarray):
            return np.asarray(column[self.rows])
        if self._joined is not None:
            return np.asarray(getattr(self._joined, name))
        raise AttributeError(f"{type(self._table).__name__} has no column {name!r}")

    def __setattr__(self, name: str, value: Any) -> None:
        """Refuse assignment: only moves write."""
        raise AttributeError("rows are read-only: state changes through sim/world/moves.py")

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.rows)
