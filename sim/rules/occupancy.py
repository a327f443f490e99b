"""How a dwelling fits a household: usual typology, sous-occupation, sur-occupation, who may be made to move.

No legal norm gives a household its typology (rules.md 3.1): the table is a hypothesis of the law files.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sim.rules.eligibility import Law


class OccupancyNorms(NamedTuple):
    """What the law, and usage, say of occupancy on a day."""

    rooms_min: np.ndarray  # for 1, 2, ... 6 persons and more
    rooms_max: np.ndarray
    rooms_max_parent_child: int
    rooms_over: int
    surface_m2: np.ndarray  # for 1, 2, ... 8 persons and more
    protected_age_years: float
    refusals_max: int


def occupancy_norms_of(law: Law) -> OccupancyNorms:
    """Gather the norms of a day (L621-2, R822-25, L442-3-1; typology: usage)."""
    return OccupancyNorms(
        np.array(law["typologie.pieces_min"], dtype=int),
        np.array(law["typologie.pieces_max"], dtype=int),
        int(law["typologie.pieces_max_parent_enfant"]),
        int(law["sous_occupation.pieces_en_trop"]),
        np.array(law["sur_occupation.surface_m2"], dtype=float),
        float(law["sous_occupation.age_protege_years"]),
        int(law["sous_occupation.refus_max"]),
    )


def usual_rooms(persons: Any, is_couple: Any, norms: OccupancyNorms) -> tuple[np.ndarray, np.ndarray]:
    """Return the smallest and largest typology usually given to households (5 = T5 and more)."""
    persons = np.asarray(persons, dtype=int)
    place = np.clip(persons, 1, len(norms.rooms_min)) - 1
    most = norms.rooms_max[place]
    is_parent_child = (persons == 1 + 1) & ~np.asarray(is_couple)
    return norms.rooms_min[place], np.where(is_parent_child, np.maximum(most, norms.rooms_max_parent_child), most)


def is_under_occupied(rooms: Any, persons: Any, norms: OccupancyNorms) -> np.ndarray:
    """Whether habitable rooms exceed the occupants by *more than* what the law admits (L621-2)."""
    return np.asarray(np.asarray(rooms, dtype=int) - np.asarray(persons, dtype=int) > norms.rooms_over)


def is_over_occupied(surface_m2: Any, persons: Any, norms: OccupancyNorms) -> np.ndarray:
    """Whether the surface is under the norm of the household's size (L822-10, R822-25)."""
    place = np.clip(np.asarray(persons, dtype=int), 1, len(norms.surface_m2)) - 1
    return np.asarray(np.asarray(surface_m2) < norms.surface_m2[place])


def is_protected(age_years: Any, is_disabled: Any, is_in_qpv: Any, norms: OccupancyNorms) -> np.ndarray:
    """Whether a tenant who under-occupies cannot lose its right to stay (L442-3-1): age, disability, QPV."""
    return np.asarray((np.asarray(age_years) > norms.protected_age_years) | np.asarray(is_disabled) | is_in_qpv)


def loses_right_to_stay(
    is_under_occupied: Any, protected: Any, refusals_of_lower_rent: Any, norms: OccupancyNorms
) -> np.ndarray:
    """Whether a tenant loses its right to stay, after the refusals admitted of offers with a lower principal rent."""
    return np.asarray(
        np.asarray(is_under_occupied)
        & ~np.asarray(protected)
        & (np.asarray(refusals_of_lower_rent) >= norms.refusals_max)
    )
