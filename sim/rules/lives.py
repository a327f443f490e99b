"""How households change: pure functions of rows that return their new composition."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.state.households import Households


class Composition(NamedTuple):
    """Who is in a household; one value per household."""

    size: np.ndarray
    children: np.ndarray
    dependants: np.ndarray
    is_couple: np.ndarray


def composition_of(homes: Households) -> Composition:
    """Return the composition of households, as whole numbers that may be subtracted."""
    return Composition(
        homes.size.astype(int), homes.children_count.astype(int), homes.dependants_count.astype(int), homes.is_couple
    )


def birth(of: Composition) -> Composition:
    """A child is born."""
    return of._replace(size=of.size + 1, children=of.children + 1, dependants=of.dependants + 1)


def growth(of: Composition) -> Composition:
    """A child reaches the age from which it counts as an adult in consumption units; it remains à charge."""
    return of._replace(children=np.maximum(of.children - 1, 0))


def grown_others(of: Composition) -> np.ndarray:
    """Return how many persons of 14 or more live with the reference person and its partner."""
    return np.asarray(np.maximum(of.size - 1 - of.is_couple - of.children, 0))


def departure(of: Composition) -> Composition:
    """A grown child leaves its parents."""
    leaves = grown_others(of) > 0
    was_dependant = leaves & (of.dependants > of.children)
    return of._replace(size=of.size - leaves, dependants=of.dependants - was_dependant)


def union(of: Composition) -> Composition:
    """A single person is joined by a partner."""
    return of._replace(size=of.size + ~of.is_couple, is_couple=np.ones_like(of.is_couple))


def widowhood(of: Composition) -> Composition:
    """One of two partners dies."""
    return of._replace(size=of.size - of.is_couple, is_couple=np.zeros_like(of.is_couple))


def separation(of: Composition, takes_children: np.ndarray) -> tuple[Composition, Composition]:
    """Return who stays and who leaves: two households; children go with one of the two, the others stay.

    Parameters
    ----------
    of : Composition
        Couples.
    takes_children : numpy.ndarray
        Whether who leaves takes the children.
    """
    taken = np.where(takes_children, of.children, 0)
    alone = np.zeros_like(of.is_couple)
    stays = Composition(of.size - 1 - taken, of.children - taken, of.dependants - taken, alone)
    return stays, Composition(1 + taken, taken, taken, alone.copy())


def rooms_shift(before: np.ndarray, after: np.ndarray, rooms_by_size: np.ndarray) -> np.ndarray:
    """Return how many rooms more (or less) households of new sizes ask for (``typologie.pieces_min``)."""
    last = len(rooms_by_size)
    return np.asarray(rooms_by_size[np.clip(after, 1, last) - 1] - rooms_by_size[np.clip(before, 1, last) - 1])
