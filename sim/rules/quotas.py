"""The publics that holders and objectives tell apart, on *recognised* households (rules.md 8.4 no. 10)."""

from __future__ import annotations

import numpy as np

from sim.words.codes import Recognition

_DALO, _PDALHPD = int(Recognition.DALO), int(Recognition.PDALHPD)
_MUTATION, _NPNRU = int(Recognition.MUTATION), int(Recognition.NPNRU)

# The publics that holders and objectives tell apart (rules.md 8.4 no. 10: DALO counts once, tenant or not)
ORDINARY, FIRST_ACCESS, MUTATION, ORDINARY_MUTATION = range(4)


def public_of(recognition: np.ndarray, is_mutation: np.ndarray) -> np.ndarray:
    """Return the public of applications: recognised first access, recognised mutation or NPNRU, ordinary.

    DALO counts once, tenant or not; a PDALHPD label counts for those who are neither tenants nor relodged.
    """
    is_labelled = ((recognition & _PDALHPD) != 0) & ~is_mutation & ((recognition & _NPNRU) == 0)
    is_first = ((recognition & _DALO) != 0) | is_labelled
    ordinary = np.where(is_mutation, ORDINARY_MUTATION, ORDINARY)
    return np.where(is_first, FIRST_ACCESS, np.where((recognition & (_MUTATION | _NPNRU)) != 0, MUTATION, ordinary))
