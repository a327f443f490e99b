"""Which typologies households usually get. No legal norm says so (rules.md 3.1): hypotheses of the law files."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sim.rules.eligibility import COUPLE, Law


class UsualRooms(NamedTuple):
    """Usage of a day; typologies 1 to 5 (5 = T5 and more)."""

    least: np.ndarray  # for 1, 2, ... 6 persons and more
    most: np.ndarray
    most_parent_child: int


def usage_of(law: Law) -> UsualRooms:
    """Gather the usage of a day."""
    return UsualRooms(
        np.array(law["typologie.pieces_min"], dtype=int),
        np.array(law["typologie.pieces_max"], dtype=int),
        int(law["typologie.pieces_max_parent_enfant"]),
    )


def usual_rooms(persons: Any, is_couple: Any, usage: UsualRooms) -> tuple[np.ndarray, np.ndarray]:
    """Return the smallest and largest typology usually given to households."""
    persons = np.asarray(persons, dtype=int)
    place = np.clip(persons, 1, len(usage.least)) - 1
    most = usage.most[place]
    is_parent_child = (persons == COUPLE) & ~np.asarray(is_couple)
    return usage.least[place], np.where(is_parent_child, np.maximum(most, usage.most_parent_child), most)
