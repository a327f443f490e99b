"""Whom a place outside the stock is meant for (PLH actions 4, 25, 33, 34, 36 and 39)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sim.state.rows import Rows
from sim.words.codes import Employment, Ground, Occupation

UNHOUSED = (Occupation.SHELTER, Occupation.HOTEL, Occupation.HOMELESS, Occupation.SQUAT, Occupation.THIRD_PARTY)
IS_UNHOUSED = np.isin(np.arange(max(Occupation) + 1), UNHOUSED)
WITHOUT_HOME = np.uint32(Ground.mask("P01_SANS_LOGEMENT", "P08_HEBERGEMENT"))


def _is_unhoused(people: Rows, is_young: np.ndarray) -> np.ndarray:
    return np.asarray((people.size == 1) & IS_UNHOUSED[people.occupation])


MEANT_FOR: dict[str, Callable[[Rows, np.ndarray], np.ndarray]] = {
    "etudiant": lambda p, _: (p.size == 1) & (p.employment == Employment.STUDENT),
    "jeune_travailleur": lambda p, is_young: (p.size == 1) & is_young & (p.employment != Employment.STUDENT),
    "pension_famille": lambda p, is_young: ~is_young & _is_unhoused(p, is_young),
    "residence_sociale": _is_unhoused,
    "structure": _is_unhoused,
    "gens_du_voyage": lambda p, _: p.occupation == Occupation.CAMPING,
    "intermediation": lambda p, _: (p.grounds & WITHOUT_HOME) > 0,
    "prive_conventionne": lambda p, _: p.occupation == Occupation.PRIVATE,
}
"""By kind of place (a product of ``inputs.stock_files.PLACES``): applicants, and who of them is young."""


def suits(kind: str, people: Rows, age: np.ndarray, young_age_max: int) -> np.ndarray:
    """Return which applicants a kind of place is meant for: of first access, all of them.

    Parameters
    ----------
    kind : str
        A key of ``MEANT_FOR``.
    people : Rows
        Applications joined to their households.
    age : numpy.ndarray
        Of the reference person, years.
    young_age_max : int
        ``jeunes.age_max_years``.
    """
    return np.asarray(~people.is_mutation & MEANT_FOR[kind](people, age < young_age_max))
