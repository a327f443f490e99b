"""Which energy labels may no longer be let by a new lease (loi 89-462, art. 6)."""

from __future__ import annotations

import numpy as np

from sim.inputs.law import Law
from sim.words.codes import Energy

LAW = "location.etiquette_interdite"
NO_LABEL = "aucune"


def first_banned(law: Law, days: np.ndarray) -> np.ndarray:
    """Return the best label (``Energy``) that may not be let on each day; beyond G when there is none."""
    beyond = len(Energy)
    codes = [beyond if value.is_ == NO_LABEL else int(Energy[value.is_]) for value in law[LAW].values]
    starts = np.array([value.from_day for value in law[LAW].values])
    place = np.searchsorted(starts, np.asarray(days), side="right") - 1
    return np.asarray(np.where(place >= 0, np.array(codes)[np.maximum(place, 0)], beyond))


def is_banned(energy: np.ndarray, lease_days: np.ndarray, law: Law) -> np.ndarray:
    """Return which dwellings no lease may begin in on the days given, for their label."""
    return np.asarray(np.asarray(energy) >= first_banned(law, lease_days))
