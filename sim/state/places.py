"""Sets of places wished, stored once (ragged columns).

A place is a commune (0 to n-1), a PLH territory (n + index: "any commune of it") or the whole
(last number: "any commune").
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np


class PlaceSets:
    """Distinct sets of places, numbered; ``members[offsets[i]:offsets[i + 1]]`` are the places of set ``i``."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[int, ...], int] = {}
        self._sets: list[tuple[int, ...]] = []

    def number(self, places: Iterable[int]) -> int:
        """Return the number of a set, storing it if it is new (order and repeats do not matter)."""
        key = tuple(sorted({int(p) for p in places}))
        if key not in self._numbers:
            self._numbers[key] = len(self._sets)
            self._sets.append(key)
        return self._numbers[key]

    def __getitem__(self, number: int) -> tuple[int, ...]:
        """Return the places of a set, ascending."""
        return self._sets[number]

    def __len__(self) -> int:
        """Return how many distinct sets are stored."""
        return len(self._sets)

    def ragged(self) -> tuple[np.ndarray, np.ndarray]:
        """Return ``(offsets, members)`` as int32 arrays."""
        sizes = np.fromiter((len(s) for s in self._sets), dtype=np.int32, count=len(self._sets))
        offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
        members = np.fromiter((p for s in self._sets for p in s), dtype=np.int32, count=int(offsets[-1]))
        return offsets, members
