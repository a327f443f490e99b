"""What the law of a day says of a dwelling: whether it lies in a QPV."""

from __future__ import annotations

import numpy as np

QPV_BITS = {2015: 1, 2024: 2}
"""Bit of ``Dwellings.qpv_map`` for each map of the law (``qpv.carte``)."""


def is_in_qpv(qpv_map: np.ndarray, map_year: int) -> np.ndarray:
    """Return whether dwellings lie in a QPV by the map in force (law ``qpv.carte``); a QPV is never timeless.

    Raises
    ------
    KeyError
        If no column holds this map.
    """
    return np.asarray((np.asarray(qpv_map) & QPV_BITS[map_year]) > 0)
