"""Dwellings kept for some households: accessible ones, programmes for the young, résidences à enjeu prioritaire."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.words.codes import Reservataire

FIRST, SECOND, OPEN = range(3)
"""Tiers of the cascade of accessible dwellings (R441-4)."""


def accessible_tier(is_disabled: Any, needs_it_by_age: Any, hosts_one: Any) -> Any:
    """Return the tier of each household for an accessible dwelling (R441-4); the search for candidates compiles it.

    Parameters
    ----------
    is_disabled : bool or numpy.ndarray
        A member is disabled: first.
    needs_it_by_age : bool or numpy.ndarray
        An elderly person whose state requires it: second.
    hosts_one : bool or numpy.ndarray
        Hosts a person of these kinds: second.
    """
    return OPEN - np.maximum((OPEN - FIRST) * is_disabled, (OPEN - SECOND) * (needs_it_by_age | hosts_one))


def may_be_proposed(tier: np.ndarray, is_accessible: bool) -> np.ndarray:
    """Return which households may be proposed: for an accessible dwelling, those of the first tier that is not empty.

    The search for candidates does the same, compiled, and again on those who are left as long as files are lacking: the
    tiers that follow complete the list, after the first (``tests/test_waiting.py``).

    Parameters
    ----------
    tier : numpy.ndarray
        Tiers of the households that could have the dwelling, one dwelling at a time.
    is_accessible : bool
        Built or adapted for disabled persons.
    """
    tier = np.asarray(tier)
    if not is_accessible or not len(tier):
        return np.ones(len(tier), dtype=bool)
    return np.asarray(tier == tier.min())


# Programmes authorised by the prefect (ELAN art. 109, L441-2 III)


def in_programme(is_authorised: np.ndarray, reserved_for: np.ndarray) -> np.ndarray:
    """Return which dwellings a programme may keep: those that the prefect authorised, never those of the State.

    Parameters
    ----------
    is_authorised : numpy.ndarray
        In a programme with the prefect's specific authorisation.
    reserved_for : numpy.ndarray
        ``Reservataire`` codes.
    """
    is_of_state = np.isin(reserved_for, [Reservataire.ETAT, Reservataire.ETAT_AGENTS])
    return np.asarray(np.asarray(is_authorised, dtype=bool) & ~is_of_state)


def young_born_after(year: int, age_limit: int) -> int:
    """Return the year after which the young of a year are born: they do not reach ``jeunes.age_max_years`` in it."""
    return year - age_limit


def is_young(birth_year: Any, born_after: Any) -> Any:
    """Whether households are young, as ``young_born_after``; the search for candidates compiles it."""
    return birth_year > born_after


def admitted(public: str, birth_year: np.ndarray, lost_autonomy: np.ndarray, born_after: int) -> np.ndarray:
    """Return which households a programme admits.

    Parameters
    ----------
    public : str
        ``jeunes`` (under ``jeunes.age_max_years``) or ``perte_autonomie`` (by age or disability).
    birth_year : numpy.ndarray
        Of the reference person.
    lost_autonomy : numpy.ndarray
        Whether a member lost autonomy.
    born_after : int
        As ``young_born_after``.

    Raises
    ------
    KeyError
        If the public is unknown.
    """
    by_public = {"jeunes": is_young(birth_year, born_after), "perte_autonomie": lost_autonomy}
    return np.asarray(by_public[public], dtype=bool)


# Résidences à enjeu prioritaire de mixité sociale (L441-1-6 3° bis, L441-2-2)


def in_residence(luck: np.ndarray, part_of_commune: np.ndarray, is_in_qpv: np.ndarray) -> np.ndarray:
    """Return which dwellings are in a résidence à enjeu, drawn among the QPV dwellings of each commune (hypothesis).

    Parameters
    ----------
    luck : numpy.ndarray
        One uniform per dwelling, keyed by its identity.
    part_of_commune : numpy.ndarray
        Share of the QPV dwellings of its commune (``flows/commission/residences_enjeu``).
    is_in_qpv : numpy.ndarray
        On the map in force.
    """
    return np.asarray(np.asarray(is_in_qpv, dtype=bool) & (np.asarray(luck) < np.asarray(part_of_commune)))


def owed(owed_since_day: np.ndarray, suits: np.ndarray, is_in_residence: bool) -> int:
    """Return who must be offered a vacant dwelling first, -1 when nobody.

    A household refused in a résidence à enjeu is offered the first vacant suitable dwelling outside one
    (L441-2-2 al. 3); the one that waits for it longest comes first, ties in the order of the list.

    Parameters
    ----------
    owed_since_day : numpy.ndarray
        Day of the refusal, -1 for households that are owed nothing.
    suits : numpy.ndarray
        Whether the dwelling suits each household.
    is_in_residence : bool
        Whether the dwelling itself is in such a résidence: then nobody is owed it.
    """
    since = np.asarray(owed_since_day)
    claims = np.flatnonzero((since >= 0) & np.asarray(suits, dtype=bool))
    if is_in_residence or not len(claims):
        return -1
    return int(claims[np.argmin(since[claims])])
