"""Households known already that file an application: back from a place, evicted, separated."""

from __future__ import annotations

import numpy as np

from sim.flows.recognitions import Procedures
from sim.flows.renewals import Anniversaries
from sim.population.again import first_access_requests
from sim.state.households import Households
from sim.state.luck import offspring
from sim.world import moves
from sim.world.world import World


def file_again(
    world: World, households: np.ndarray, grounds: int, anniversaries: Anniversaries, procedures: Procedures
) -> np.ndarray:
    """File first-access applications of households without dwelling nor application; return their rows.

    Parameters
    ----------
    grounds : int
        ``Ground`` bits added to those that their attributes give.
    """
    if not len(households):
        return np.empty(0, dtype=np.int64)
    h = world.households
    draws = world.own_draws("file_again", h.luck_id[households])
    files = first_access_requests(world.newcomers, h, households, draws, world.day)
    files.grounds[:] |= np.uint32(grounds)
    files.luck_id[:] = offspring(h.luck_id[households], "file_again", world.day)
    files.renewal_due_day[:] = world.day + int(world.law["demande.validite_days"])
    rows = moves.file_applications(world, files, Households.build(0))
    anniversaries.add(world, rows)
    procedures.add(world, rows)
    return rows
