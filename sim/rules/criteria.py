"""Criteria: named yes-or-no questions on applicants, used by grids and quotas.

Criteria are code, grids and quotas are YAML made of their names.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sim.state.rows import Rows
from sim.words.codes import Employment, Ground, Occupation, Recognition
from sim.words.registry import Registry

Criterion = Callable[[Rows], np.ndarray]
CRITERIA: Registry[Criterion] = Registry("criterion")
criterion = CRITERIA.register


def _has(people: Rows, *grounds: str) -> np.ndarray:
    return np.asarray((people.grounds & np.uint32(Ground.mask(*grounds))) > 0)


@criterion("dalo", label="reconnu DALO", reference="CCH L441-2-3")
def dalo(people: Rows) -> np.ndarray:
    """Recognised by the DALO commission."""
    return np.asarray((people.recognition & int(Recognition.DALO)) > 0)


@criterion("pdalhpd", label="label PDALHPD", reference="PLH action 29")
def pdalhpd(people: Rows) -> np.ndarray:
    """Labelled under the PDALHPD."""
    return np.asarray((people.recognition & int(Recognition.PDALHPD)) > 0)


@criterion("mutation_bloquee", label="mutation bloquée ou complexe reconnue", reference="PLH actions 29 et 31")
def mutation_bloquee(people: Rows) -> np.ndarray:
    """Blocked or complex mutation recognised by the committee."""
    return np.asarray((people.recognition & int(Recognition.MUTATION)) > 0)


@criterion("menace_expulsion", label="menacé d'expulsion", reference="CCH L441-1 l)")
def menace_expulsion(people: Rows) -> np.ndarray:
    """Threatened with eviction."""
    return _has(people, "P04_EXPULSION")


@criterion("violences", label="violences", reference="CCH L441-1 g)")
def violences(people: Rows) -> np.ndarray:
    """Violence or threats."""
    return _has(people, "P11_VIOLENCES", "M05_VIOLENCES")


@criterion("sans_abri", label="sans abri ou habitat de fortune", reference="CCH L441-1 k)")
def sans_abri(people: Rows) -> np.ndarray:
    """Homeless, or in a camp or squat."""
    return np.isin(people.occupation, [Occupation.HOMELESS, Occupation.CAMPING, Occupation.SQUAT])


@criterion("heberge", label="hébergé (tiers ou structure)", reference="CCH L441-1 d)")
def heberge(people: Rows) -> np.ndarray:
    """Housed by a third party, in a shelter, a hotel or transition housing."""
    housed = [Occupation.THIRD_PARTY, Occupation.SHELTER, Occupation.HOTEL, Occupation.FOYER]
    return np.isin(people.occupation, housed)


@criterion("non_decent_insalubre", label="logement non décent ou insalubre", reference="CCH L441-1 f)")
def non_decent_insalubre(people: Rows) -> np.ndarray:
    """Indecent or insalubrious dwelling."""
    return _has(people, "P07_NON_DECENT", "P10_INSALUBRE")


@criterion("sur_occupation", label="sur-occupation", reference="CCH L441-1 j), R822-25")
def sur_occupation(people: Rows) -> np.ndarray:
    """Overcrowded."""
    return _has(people, "P06_SUROCCUPATION", "M06_SUROCCUPATION", "MINEUR_SUROCCUPE")


@criterion("handicap", label="handicap", reference="CCH L441-1 a)")
def handicap(people: Rows) -> np.ndarray:
    """A member is disabled."""
    return people.is_disabled


@criterion("effort_excessif", label="taux d'effort excessif", reference="PDALHPD situation 3")
def effort_excessif(people: Rows) -> np.ndarray:
    """Excessive effort in the present dwelling."""
    return _has(people, "P03_EFFORT_EXCESSIF", "M02_ECONOMIQUE")


@criterion("parent_isole", label="parent isolé")
def parent_isole(people: Rows) -> np.ndarray:
    """One adult with dependants."""
    return np.asarray(~people.is_couple & (people.dependants_count > 0))


@criterion("en_emploi", label="en emploi")
def en_emploi(people: Rows) -> np.ndarray:
    """The reference person works."""
    return np.isin(people.employment, [Employment.STABLE, Employment.UNSTABLE])


@criterion("eligible_cch", label="éligible comme prioritaire au sens du CCH", reference="CCH L441-1, PLH action 29")
def eligible_cch(people: Rows) -> np.ndarray:
    """In a situation that the law or the PDALHPD counts, recognised or not."""
    return np.asarray(people.grounds > 0)
