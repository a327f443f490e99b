"""The objectives of the law and the way they steer, written the plain way: the twin of ``rules/objectives``."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sim.rules.quotas import FIRST_ACCESS, MUTATION, ORDINARY_MUTATION

Serves = Callable[[np.ndarray, np.ndarray], np.ndarray]

MUTATION_VOLUME = "pratique.volume_mutations"
"""No objective of the law: priority mutations are taken within the usual volume of mutations."""

OBJECTIVES: dict[str, tuple[str, Serves]] = {
    "quota.prioritaires": ("tous", lambda public, q1: (public == FIRST_ACCESS) | (public == MUTATION)),
    "quota.prioritaires_premier_acces": ("tous", lambda public, q1: public == FIRST_ACCESS),
    "quota.prioritaires_mutation_npru": ("tous", lambda public, q1: public == MUTATION),
    "quota.premier_quartile_hors_qpv": ("dehors", lambda public, q1: q1),
    "quota.non_premier_quartile_en_qpv": ("dedans", lambda public, q1: ~q1),
    MUTATION_VOLUME: ("tous", lambda public, q1: public != ORDINARY_MUTATION),
}
"""Name -> where it applies, and who serves it (public, first quartile)."""


def applies(name: str, is_in_qpv: bool) -> bool:
    """Return whether an attribution in or out of a QPV belongs to the denominator."""
    return OBJECTIVES[name][0] in ("tous", "dedans" if is_in_qpv else "dehors")


def serves(name: str, public: np.ndarray, is_first_quartile: np.ndarray) -> np.ndarray:
    """Return whom an objective serves."""
    return np.asarray(OBJECTIVES[name][1](public, is_first_quartile))


def scores(lags: dict[str, float], is_in_qpv: bool, public: np.ndarray, is_first_quartile: np.ndarray) -> np.ndarray:
    """Return, for each segment, the sum of the lags of the objectives that it would serve."""
    total = np.zeros(len(public))
    for name, lag in lags.items():
        if lag > 0 and applies(name, is_in_qpv):
            total += lag * serves(name, public, is_first_quartile)
    return total
