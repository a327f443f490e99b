"""Whom a place outside the stock is meant for (PLH actions 4, 25, 33, 34, 36 and 39)."""

from __future__ import annotations

import numpy as np

from sim.state.rows import Rows
from sim.words.codes import Employment, Ground, Occupation

UNHOUSED = (Occupation.SHELTER, Occupation.HOTEL, Occupation.HOMELESS, Occupation.SQUAT, Occupation.THIRD_PARTY)


def suits(kind: str, people: Rows, age: np.ndarray, young_age_max: int) -> np.ndarray:
    """Return which first-access applicants a kind of place is meant for.

    Parameters
    ----------
    kind : str
        A product of ``inputs.stock_files.PLACES``.
    people : Rows
        Applications joined to their households.
    age : numpy.ndarray
        Of the reference person, years.
    young_age_max : int
        ``jeunes.age_max_years``.
    """
    alone, first = people.size == 1, ~people.is_mutation
    by_kind = {
        "etudiant": alone & (people.employment == Employment.STUDENT),
        "jeune_travailleur": alone & (age < young_age_max) & (people.employment != Employment.STUDENT),
        "pension_famille": alone & (age >= young_age_max) & np.isin(people.occupation, UNHOUSED),
        "residence_sociale": alone & np.isin(people.occupation, UNHOUSED),
        "structure": alone & np.isin(people.occupation, UNHOUSED),
        "gens_du_voyage": people.occupation == Occupation.CAMPING,
        "intermediation": (people.grounds & np.uint32(Ground.mask("P01_SANS_LOGEMENT", "P08_HEBERGEMENT"))) > 0,
        "prive_conventionne": people.occupation == Occupation.PRIVATE,
    }
    return np.asarray(first & by_kind[kind])
