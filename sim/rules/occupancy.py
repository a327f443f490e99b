"""Occupancy of dwellings: too large, too small, no longer needed; the review every three years (rules.md 3.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sim.words.codes import Label

MONTHS_PER_YEAR = 12


class Situation(Label):
    """What a review refers to the commission (L442-5-2)."""

    OVER_OCCUPIED = 1
    UNDER_OCCUPIED = 2
    ADAPTED_NOT_NEEDED = 4
    TO_ADAPT = 8
    ABOVE_CEILING = 16


def is_under_occupied(rooms: np.ndarray, persons: np.ndarray, excess: int) -> np.ndarray:
    """Return whether habitable rooms exceed residents by more than ``sous_occupation.pieces_en_trop`` (L621-2)."""
    return np.asarray(np.asarray(rooms, dtype=int) - np.asarray(persons, dtype=int) > excess)


def surface_min_m2(persons: np.ndarray, thresholds: Sequence[float]) -> np.ndarray:
    """Return the least surface for each number of persons (``sur_occupation.surface_m2``, its last value beyond)."""
    table = np.asarray(thresholds, dtype=float)
    return np.asarray(table[np.clip(np.asarray(persons, dtype=int), 1, len(table)) - 1])


def is_over_occupied(surface_m2: np.ndarray, persons: np.ndarray, thresholds: Sequence[float]) -> np.ndarray:
    """Return whether a dwelling is smaller than the least surface for its residents (L822-10, R822-25)."""
    return np.asarray(np.asarray(surface_m2) < surface_min_m2(persons, thresholds))


def situations(
    *,
    is_under: np.ndarray,
    is_over: np.ndarray,
    is_adapted: np.ndarray,
    is_disabled: np.ndarray,
    is_above_ceiling: np.ndarray,
) -> np.ndarray:
    """Return the ``Situation`` flags of dwellings under review: none = nothing to refer to the commission.

    Parameters
    ----------
    is_under, is_over : numpy.ndarray
        As ``is_under_occupied`` and ``is_over_occupied``.
    is_adapted : numpy.ndarray
        Built or adapted for disabled persons.
    is_disabled : numpy.ndarray
        A resident is disabled.
    is_above_ceiling : numpy.ndarray
        Resources above the ceiling. It is looked at, and ends no lease.
    """
    adapted, disabled = np.asarray(is_adapted, dtype=bool), np.asarray(is_disabled, dtype=bool)
    found = {
        Situation.OVER_OCCUPIED: is_over,
        Situation.UNDER_OCCUPIED: is_under,
        Situation.ADAPTED_NOT_NEEDED: adapted & ~disabled,
        Situation.TO_ADAPT: disabled & ~adapted,
        Situation.ABOVE_CEILING: is_above_ceiling,
    }
    flags = np.zeros(np.shape(adapted), dtype=np.uint8)
    for situation, holds in found.items():
        flags |= np.where(holds, int(situation), 0).astype(np.uint8)
    return flags


def reviews_passed(lease_day: np.ndarray, day: int, years: int) -> np.ndarray:
    """Return how many reviews of a lease are behind on a day: one every ``occupation.examen_years``.

    Parameters
    ----------
    lease_day : numpy.ndarray
        Day the lease was signed, days since 1970-01-01.
    day : int
        Today. A review is due today when there is one more than yesterday.
    years : int
        Interval between reviews, on the anniversary of the lease (L442-5-2).
    """
    month, in_month = _month(np.asarray(lease_day))
    now, now_in_month = _month(np.asarray([day]))
    months = now - month - (now_in_month < in_month)
    return np.asarray(np.maximum(0, months // (MONTHS_PER_YEAR * years)))


def _month(day: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return months since 1970-01 and the day inside the month, from 0."""
    dates = np.asarray(day, dtype="datetime64[D]")
    months = dates.astype("datetime64[M]")
    return months.astype(np.int64), (dates - months.astype("datetime64[D]")).astype(np.int64)


def is_valid_offer(rent_eur_month: Any, offered_eur_month: Any) -> Any:
    """Return whether an offer to a tenant of a dwelling too large counts: its principal rent is lower (L442-3-1).

    The search for candidates compiles it.
    """
    return offered_eur_month < rent_eur_month


def is_protected(
    age: np.ndarray, is_disabled: np.ndarray, lost_autonomy: np.ndarray, is_in_qpv: np.ndarray, age_limit: int
) -> np.ndarray:
    """Return which tenants keep the right to stay whatever they refuse (L442-3-1).

    Parameters
    ----------
    age : numpy.ndarray
        Years; protected strictly above ``age_limit`` (``sous_occupation.age_protege_years``).
    is_disabled, lost_autonomy : numpy.ndarray
        A resident is disabled, or lost autonomy.
    is_in_qpv : numpy.ndarray
        The dwelling is in a QPV.
    """
    return np.asarray(
        (np.asarray(age) > age_limit) | np.asarray(is_disabled) | np.asarray(lost_autonomy) | np.asarray(is_in_qpv)
    )


def ceiling_applies(is_under_occupied_move: Any) -> Any:
    """Whether income ceilings are tested: not when a tenant leaves a dwelling that is too large (L442-3-1).

    The search for candidates compiles it.
    """
    return np.logical_not(is_under_occupied_move)
