"""Tables as numpy columns; the class body is the data dictionary."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Self

import numpy as np


def column(dtype: str, *, unit: str, doc: str, default: Any = 0, mutable: bool = False, living: bool = False) -> Any:
    """Declare one column of a table.

    Parameters
    ----------
    dtype : str
        Numpy type.
    unit : str
        One of ``codes.UNITS``.
    doc : str
        One sentence.
    default : Any
        Value of a row that was not given one.
    mutable : bool
        True when a verb of ``moves`` changes it during a run: replaying the log rebuilds it.
    living : bool
        True when it has a value at birth and may change afterwards (``state.living``).
    """
    told = {"dtype": dtype, "unit": unit, "doc": doc, "default": default, "mutable": mutable or living}
    return field(metadata={**told, "living": living})


@dataclass
class Table:
    """Rows that are only ever added; a row number is an identity for the whole run."""

    def __post_init__(self) -> None:
        self.count = len(getattr(self, self.names()[0]))

    @classmethod
    @cache
    def specs(cls) -> dict[str, Mapping[str, Any]]:
        """Return ``{column: {"dtype", "unit", "doc", "default", "mutable"}}``."""
        return {f.name: f.metadata for f in dataclasses.fields(cls)}

    @classmethod
    def names(cls) -> list[str]:
        """Return the names of the columns."""
        return list(cls.specs())

    @classmethod
    def mutable_names(cls) -> list[str]:
        """Return the columns that a run changes."""
        return [name for name, spec in cls.specs().items() if spec["mutable"]]

    @classmethod
    def build(cls, rows: int, **values: Any) -> Self:
        """Return a table of ``rows`` rows; columns not given take their default.

        Raises
        ------
        KeyError
            If a value is given for a column that does not exist.
        """
        columns = {}
        for name, spec in cls.specs().items():
            given = values.pop(name, spec["default"])
            array = np.empty(rows, dtype=spec["dtype"])
            array[:] = given
            columns[name] = array
        if values:
            raise KeyError(f"{cls.__name__} has no column {sorted(values)}")
        return cls(**columns)

    def append(self, other: Self) -> np.ndarray:
        """Add the rows of ``other`` and return their row numbers.

        Room is doubled when it lacks, so that adding is cheap; views taken before may be stale.
        """
        first, last = self.count, self.count + other.count
        for name in self.names():
            array = getattr(self, name)
            if last > len(array):
                grown = np.empty(max(last, 2 * len(array)), dtype=array.dtype)
                grown[:first] = array[:first]
                array = grown
                setattr(self, name, array)
            array[first:last] = getattr(other, name)[: other.count]
        self.count = last
        return np.arange(first, last)

    def copy(self) -> Self:
        """Return an independent copy, without spare room."""
        return type(self)(**{name: getattr(self, name)[: self.count].copy() for name in self.names()})

    def take(self, rows: np.ndarray | slice) -> Self:
        """Return a new table of some rows: copies, or views of a slice."""
        return type(self)(**{name: getattr(self, name)[rows] for name in self.names()})

    def columns(self) -> Iterator[tuple[str, np.ndarray]]:
        """Iterate over ``(name, values)`` of the used rows."""
        for name in self.names():
            yield name, getattr(self, name)[: self.count]

    def __len__(self) -> int:
        """Return the number of rows used."""
        return int(self.count)
