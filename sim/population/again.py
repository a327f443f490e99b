"""Applications of households that are known already."""

from __future__ import annotations

import numpy as np

from sim.population.grounds import first_access_grounds
from sim.population.newcomers import Newcomers, wish
from sim.state.applications import Applications
from sim.state.households import Households
from sim.state.luck import Draws


def first_access_requests(
    newcomers: Newcomers, households: Households, rows: np.ndarray, rng: Draws, day: int
) -> Applications:
    """Return first-access applications of ``rows`` of ``households``, with the wishes of newcomers like them."""
    homes, geography, shapes = households.take(rows), newcomers.geography, newcomers.shapes
    files, _ = wish(homes, geography.first_commune(len(rows), rng), False, geography, shapes, rng, day)
    files.household[:] = rows
    files.grounds[:] = first_access_grounds(homes, shapes, rng, day)
    newcomers._open(files, rng, day)
    return files
