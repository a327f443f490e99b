"""Named functions: criteria, rules, behaviours, flows, indicators, outputs.

A registry is a dictionary with a decorator; a scenario names an entry, and an unknown name is
answered with the nearest one.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Entry(Generic[F]):
    """One registered function with what people read about it."""

    name: str
    function: F
    label: str
    unit: str = ""
    reference: str = ""
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def doc(self) -> str:
        """First line of the function's docstring."""
        return (self.function.__doc__ or "").strip().split("\n")[0]


class Registry(Generic[F]):
    """Functions of one kind, by name.

    Parameters
    ----------
    kind : str
        What the entries are ("criterion"), for messages.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._entries: dict[str, Entry[F]] = {}

    def register(self, name: str, *, label: str, unit: str = "", reference: str = "", **extra: Any) -> Callable[[F], F]:
        """Return a decorator that files a function under ``name``."""
        if name in self._entries:
            raise ValueError(f"two entries named {name!r} among {self.kind}")

        def decorate(function: F) -> F:
            self._entries[name] = Entry(name, function, label, unit, reference, extra)
            return function

        return decorate

    def __getitem__(self, name: str) -> Entry[F]:
        """Return the entry, or raise ``KeyError`` with the nearest name."""
        try:
            return self._entries[name]
        except KeyError:
            raise KeyError(f"unknown {self.kind} {name!r}{nearest(name, self._entries)}") from None

    def __contains__(self, name: object) -> bool:
        """Whether a name is registered."""
        return name in self._entries

    def __iter__(self) -> Iterator[Entry[F]]:
        """Iterate over the entries in the order in which they were registered."""
        return iter(self._entries.values())

    def names(self) -> list[str]:
        """Return the registered names."""
        return list(self._entries)


def nearest(word: str, known: Any) -> str:
    """Return ``"; did you mean 'x'?"``, or an empty string when nothing is near."""
    found = difflib.get_close_matches(word, [str(k) for k in known], n=1, cutoff=0.5)
    return f"; did you mean {found[0]!r}?" if found else ""
