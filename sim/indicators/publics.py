"""Who belongs to which public, for every population that indicators count."""

from __future__ import annotations

import numpy as np

from sim.rules.segments import is_key_worker
from sim.state.applications import Applications
from sim.state.households import Households
from sim.words.codes import Occupation, Recognition

DALO, PDALHPD, NPNRU = int(Recognition.DALO), int(Recognition.PDALHPD), int(Recognition.NPNRU)
BLOCKED_MUTATION = int(Recognition.MUTATION)

YOUNG_YEARS, OLD_YEARS = 30, 65
HOMELESS = (int(Occupation.HOMELESS), int(Occupation.CAMPING), int(Occupation.SQUAT))
SHELTERED = (int(Occupation.SHELTER), int(Occupation.HOTEL))


def is_cch(grounds: np.ndarray, recognition: np.ndarray | int = 0) -> np.ndarray:
    """Whether households are eligible as priority in the CCH sense, recognised or not (8.4 no. 10).

    Every ground of ``codes.Ground`` counts, as in the criterion ``eligible_cch`` and in the figure that the
    first day is fitted to (PLH, action 29: the publics of the PDALHPD and the MEL's mutations).
    """
    found: np.ndarray = (grounds != 0) | ((recognition & (DALO | PDALHPD)) != 0)
    return found


def is_first_term(recognition: np.ndarray, is_mutation: np.ndarray) -> np.ndarray:
    """First term of the MEL's objective: DALO, tenant or not, or PDALHPD not a tenant (8.4 no. 10).

    NPNRU households count in the second term only, unless DALO.
    """
    dalo, label, renewal = ((recognition & flag) != 0 for flag in (DALO, PDALHPD, NPNRU))
    found: np.ndarray = dalo | (label & ~is_mutation & ~renewal)
    return found


def is_second_term(recognition: np.ndarray, is_mutation: np.ndarray) -> np.ndarray:
    """Second term: recognised blocked or complex mutation, or NPNRU, not DALO; disjoint from the first."""
    found: np.ndarray = ((recognition & (BLOCKED_MUTATION | NPNRU)) != 0) & ~is_first_term(recognition, is_mutation)
    return found


def is_homeless(households: Households, rows: np.ndarray, is_mutation: np.ndarray) -> np.ndarray:
    """Whether households have no home, or a makeshift one; tenants, whose occupation may be an older one, are not."""
    found: np.ndarray = np.isin(households.occupation[rows], HOMELESS) & ~is_mutation
    return found


def is_sheltered(households: Households, rows: np.ndarray, is_mutation: np.ndarray) -> np.ndarray:
    """Whether households were in a shelter or a hotel when filing."""
    found: np.ndarray = np.isin(households.occupation[rows], SHELTERED) & ~is_mutation
    return found


def publics(
    households: Households,
    applications: Applications,
    rows: np.ndarray,
    year: np.ndarray,
    key_worker_share: np.ndarray,
    *,
    quartile: np.ndarray | None = None,
    recognition: np.ndarray | None = None,
) -> dict[str, np.ndarray]:
    """Return the masks of the publics of some applications.

    Parameters
    ----------
    households, applications : Table
        The tables.
    rows : np.ndarray
        Rows of ``applications``.
    year : np.ndarray
        Calendar year in which each is counted; ages are reached in the year.
    key_worker_share : np.ndarray
        Share of those who work that are key workers, in that year.
    quartile, recognition : np.ndarray, optional
        On the day counted; publics that need them are left out when they are not known.
    """
    who, is_mutation, grounds = applications.household[rows], applications.is_mutation[rows], applications.grounds[rows]
    age = year - households.birth_year[who]
    masks = {
        "éligibles CCH": is_cch(grounds, 0 if recognition is None else recognition),
        "mutation": is_mutation,
        "premier accès": ~is_mutation,
        "moins de 30 ans": age < YOUNG_YEARS,
        "65 ans et plus": age >= OLD_YEARS,
        "handicap": households.is_disabled[who],
        "sans abri": is_homeless(households, who, is_mutation),
        "sortants d'hébergement": is_sheltered(households, who, is_mutation),
        "travailleurs essentiels": is_key_worker(households.employment[who], households.luck_id[who], key_worker_share),
    }
    if quartile is not None:
        masks |= {"premier quartile": quartile == 1, "quartiles 2 à 4": quartile > 1}
    if recognition is not None:
        masks |= {
            "reconnus DALO ou PDALHPD": (recognition & (DALO | PDALHPD)) != 0,
            "mutation reconnue": (recognition & BLOCKED_MUTATION) != 0,
            "relogement NPNRU": (recognition & NPNRU) != 0,
        }
    return masks
