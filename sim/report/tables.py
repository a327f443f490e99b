"""One table for every output: HTML cells, typed Excel cells and CSV columns come from the same object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sim.report import french


@dataclass(frozen=True)
class Quantity:
    """A number with its kind (``share``, ``count``, ``months``, ...) and, over replications, its 95 % interval.

    ``value`` is ``None`` when the denominator is 0: shown as a dash, left empty in Excel. ``count`` is the
    size of the denominator, ``gap`` the distance to a target and ``state`` a judgement, where a reader needs
    them beside the value. A secret cell holds no number at all, whatever the output.
    """

    value: float | None
    kind: str
    low: float | None = None
    high: float | None = None
    count: float | None = None
    state: str = ""
    gap: float | None = None
    is_secret: bool = False

    def secret(self) -> Quantity:
        """Return the cell with every number taken away (statistical secrecy)."""
        return Quantity(None, self.kind, is_secret=True)

    @property
    def remark(self) -> str:
        """Size of the denominator, distance to the target and judgement, or an empty string."""
        size = "" if self.count is None else f"n{french.NBSP}={french.NBSP}{french.number(self.count)}"
        far = "" if self.gap is None else french.points(self.gap)
        return ", ".join(part for part in (size, far, self.state) if part)

    @property
    def text(self) -> str:
        """The value with its unit, in French."""
        return SECRET if self.is_secret else french.quantity(self.value, self.kind)

    @property
    def span(self) -> str:
        """The interval in brackets, or an empty string."""
        return french.interval(self.low, self.high, self.kind) if self.value is not None else ""

    def __str__(self) -> str:
        """Value and interval."""
        return f"{self.text} {self.span}".rstrip()


SECRET = "s"
"""What stands in a cell under statistical secrecy."""
Cell = str | Quantity


@dataclass(frozen=True)
class Table:
    """A captioned table; the first cell of each row is its header.

    ``head`` holds the column headers, ``notes`` the sentences under the table, ``name`` the key of its CSV file.
    """

    name: str
    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a row that has not one cell per header."""
        for row in self.rows:
            if len(row) != len(self.head):
                raise ValueError(f"table {self.name!r}: {len(row)} cells for {len(self.head)} headers in {row!r}")

    def transposed(self) -> Table:
        """Return the table with its rows as columns (units then go by column, as spreadsheets like)."""
        columns = list(zip(self.head, *self.rows, strict=True))
        head = (self.head[0], *(str(row[0]) for row in self.rows))
        return Table(self.name, self.caption, head, tuple(tuple(column) for column in columns[1:]), self.notes)

    def flat(self) -> tuple[list[str], list[list[Plain]], list[str]]:
        """Return headers, plain cells with their kind, and the kind of each column.

        Bounds, n and state get columns of their own when one cell of the column has them. The kind of a
        column is that of its numbers, ``text`` when it has none, ``mixed`` when they are of several kinds.
        """
        head: list[str] = []
        kinds: list[str] = []
        columns: list[list[Plain]] = []
        for number, title in enumerate(self.head):
            cells = [row[number] for row in self.rows]
            numbers = [cell for cell in cells if isinstance(cell, Quantity)]
            found = {cell.kind for cell in numbers}
            kind = "text" if not found else found.pop() if len(found) == 1 else "mixed"
            for part, words in PARTS.items():
                if part != "value" and not any(getattr(cell, part) not in (None, "") for cell in numbers):
                    continue
                head.append(title + words)
                kinds.append({"count": "count", "state": "text"}.get(part, kind))
                columns.append([_plain(cell, part) for cell in cells])
        return head, [list(row) for row in zip(*columns, strict=True)], kinds


PARTS = {"value": "", "low": " (bas)", "high": " (haut)", "count": ", n", "gap": ", écart", "state": ", état"}
"""What a cell unfolds into, and the words added to its header."""
Plain = tuple[Any, str]
"""A value (text, number or ``None``) and its kind."""


def _plain(cell: Cell, part: str) -> Plain:
    """Return one part of a cell with its kind; texts have no bounds."""
    if isinstance(cell, Quantity):
        if cell.is_secret and part == "value":
            return SECRET, "text"
        return getattr(cell, part), {"count": "count", "state": "text"}.get(part, cell.kind)
    return (cell, "text") if part == "value" else (None, "text")
