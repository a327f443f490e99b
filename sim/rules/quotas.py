"""Objectives: who counts, among what. Compliance is a result; steering is a separate, optional rule.

Definitions of rules.md 8.4 no. 7, 8 and 10, on *recognised* households.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

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


@dataclass(frozen=True)
class Objective:
    """One objective of the law or of the CIA.

    Attributes
    ----------
    applies : callable
        Whether an attribution in (True) or outside (False) a QPV belongs to the denominator.
    serves : callable
        (public, is first quartile) -> whether it counts in the numerator; works on arrays.
    """

    name: str
    applies: Callable[[bool], bool]
    serves: Callable[[np.ndarray, np.ndarray], np.ndarray]


OBJECTIVES = {
    o.name: o
    for o in (
        Objective("quota.prioritaires", lambda qpv: True, lambda c, q1: (c == FIRST_ACCESS) | (c == MUTATION)),
        Objective("quota.prioritaires_premier_acces", lambda qpv: True, lambda c, q1: c == FIRST_ACCESS),
        Objective("quota.prioritaires_mutation_npru", lambda qpv: True, lambda c, q1: c == MUTATION),
        Objective("quota.premier_quartile_hors_qpv", lambda qpv: not qpv, lambda c, q1: q1),
        Objective("quota.non_premier_quartile_en_qpv", lambda qpv: qpv, lambda c, q1: ~q1),
        Objective("pratique.volume_mutations", lambda qpv: True, lambda c, q1: c != ORDINARY_MUTATION),
    )
}
MUTATION_VOLUME = "pratique.volume_mutations"
"""No objective of the law: priority mutations are taken within the usual volume of mutations."""


def segment_scores(
    lags: dict[str, float], is_in_qpv: bool, classes: np.ndarray, is_first_quartile: np.ndarray
) -> np.ndarray:
    """Return, for each segment, the sum of the lags of the objectives that it would serve.

    Parameters
    ----------
    lags : dict
        Objective name -> how far behind it is, relative to its target (0 when reached).
    is_in_qpv : bool
        Where the dwelling is.
    classes, is_first_quartile : numpy.ndarray
        Public and quartile of each segment.
    """
    scores = np.zeros(len(classes))
    for name, lag in lags.items():
        objective = OBJECTIVES[name]
        if lag > 0 and objective.applies(is_in_qpv):
            scores += lag * objective.serves(classes, is_first_quartile)
    return scores
