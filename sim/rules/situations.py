"""What the law of a day says of a household and of a dwelling: its quartile, whether it lies in a QPV."""

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


def quartile(income_eur_year_cu: np.ndarray, thresholds_eur_year_cu: np.ndarray) -> np.ndarray:
    """Return the quartile 1 to 4 of declared resources per consumption unit: strictly under the first is 1 (L441-1)."""
    return np.asarray(1 + np.searchsorted(thresholds_eur_year_cu, income_eur_year_cu, side="right"), dtype=np.uint8)
