"""What is wrong in the input files: one short line per fault, all of them at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

LONGEST_LINE = 199
LONGEST_FILE = 90


@dataclass(frozen=True)
class Fault:
    """One fault: ``file:line: what is wrong, and the nearest right spelling``.

    Parameters
    ----------
    file : str
        File as people see it (``shown``), or the option at fault (``--override``).
    line : int
        Line in the file, from 1; for an option, its rank among its like.
    text : str
        One English sentence. Line breaks are flattened and the whole is kept under 200 characters.
    """

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        """Return the line people read."""
        file = self.file if len(self.file) <= LONGEST_FILE else "…" + self.file[1 - LONGEST_FILE :]
        whole = " ".join(f"{file}:{self.line}: {self.text}".split())
        return whole if len(whole) <= LONGEST_LINE else whole[: LONGEST_LINE - 1] + "…"


class Faults(Exception):  # noqa: N818 - it is the list of them
    """Every fault found, in reading order.

    Parameters
    ----------
    faults : iterable of Fault
        At least one.
    """

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults: list[Fault] = list(dict.fromkeys(faults))
        super().__init__("\n".join(map(str, self.faults)))


def shown(path: Path | str) -> str:
    """Return a path relative to the current folder when it lies inside it, as given otherwise."""
    path = Path(path)
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return path.as_posix()


def quoted(value: object) -> str:
    """Return a value as a message shows it: short, and with quotes around text."""
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 40 else text[:39] + "…"
