"""What the law lets an exchange be (rules.md 6.1): ordinary attributions with new leases, save article 9.

An exchange frees no dwelling and is no supply; a chain frees the dwelling of its last tenant.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sim.rules.eligibility import Law
from sim.rules.flux import counts_in_flux
from sim.rules.relocation import Relocation
from sim.words.codes import Code


class Form(Code):
    """How tenants may take each other's dwelling."""

    FORBIDDEN = 0, "échange de baux entre locataires : interdit (CCH, art. L442-3-5)"
    OF_RIGHT = 1, "échange de droit, chacun reprenant le bail de l'autre (loi 89-462, art. 9)"
    NEW_LEASES = 2, "attributions ordinaires avec de nouveaux baux"


class Swap(NamedTuple):
    """Two tenants who would take each other's dwelling."""

    is_same_owner: bool
    is_same_estate: bool  # the same ensemble immobilier
    children: tuple[int, int]
    persons: tuple[int, int]
    surface_m2: tuple[float, float]


def is_of_right(swap: Swap, law: Law) -> bool:
    """Return whether article 9 applies: same owner and estate, a large family, and more surface for the larger one."""
    larger = 0 if swap.persons[0] >= swap.persons[1] else 1
    gains = swap.surface_m2[1 - larger] > swap.surface_m2[larger]
    is_large = max(swap.children) >= int(law["echange.de_droit_enfants_min"])
    return swap.is_same_owner and swap.is_same_estate and is_large and gains


def form_of(swap: Swap, keeps_leases: bool, law: Law) -> Form:
    """Return what an exchange is in law: tenants keep the leases as they are, or sign new ones.

    Parameters
    ----------
    keeps_leases : bool
        Each takes over the lease of the other, rent and terms included.
    """
    if not keeps_leases:
        return Form.NEW_LEASES
    if is_of_right(swap, law) or law["echange.cession_de_bail_permise"]:
        return Form.OF_RIGHT
    return Form.FORBIDDEN


class Procedure(NamedTuple):
    """What a cycle or a chain asks for."""

    leases: int
    commissions: int  # decisions, one per lease
    landlords: int  # landlords whose commission meets
    ceilings_tested: int
    dwellings_freed: int


def procedure_of(landlords: Sequence[int], form: Form, is_chain: bool, law: Law) -> Procedure:
    """Return what an exchange asks for, and what it frees.

    Parameters
    ----------
    landlords : sequence of int
        Landlord of the dwelling that each household takes.
    form : Form
        ``NEW_LEASES``, or ``OF_RIGHT``: no attribution then.
    is_chain : bool
        It starts from an empty dwelling: one is left to the waiting list at the end.
    """
    if form is Form.FORBIDDEN:
        return Procedure(0, 0, 0, 0, 0)
    count = len(landlords)
    if form is Form.OF_RIGHT:
        return Procedure(0, 0, 0, 0, 0)
    each = int(law["echange.commissions_par_bail"])
    return Procedure(count, each * count, len(set(landlords)), count, int(is_chain))


def legs_in_flux(left: np.ndarray, taken: np.ndarray, is_counted: bool) -> np.ndarray:
    """Return which legs of an exchange make the yearly flux of reservations.

    Parameters
    ----------
    left, taken : numpy.ndarray
        Landlord of the dwelling that each household leaves, and of the one that it takes. The same: out of the base
        (R441-5).
    is_counted : bool
        Convention for exchanges between landlords, on which the text is silent.
    """
    within = np.asarray(left) == np.asarray(taken)
    none = np.full(len(within), int(Relocation.NONE))
    return counts_in_flux(within, none, np.zeros(len(within), dtype=bool)) & is_counted
