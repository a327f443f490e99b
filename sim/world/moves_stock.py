"""Verbs of a stock that lives: who is housed elsewhere, what leaves the stock, what works and rents do to a dwelling.

As ``moves``: each takes the rows of all those whom it concerns, asserts its conditions and writes the log.
"""

from __future__ import annotations

import numpy as np

from sim.words.codes import EventKind, Reason, Status
from sim.world.moves import OPEN, _note, _require
from sim.world.world import World

WITHDRAWN = int(EventKind.WITHDRAWN)


def house_elsewhere(world: World, rows: np.ndarray, reason: Reason) -> None:
    """Close open applications of households that found a home outside the stock, or left."""
    if not len(rows):
        return
    a = world.applications
    _require(a.status[rows] == OPEN, "only an open application is withdrawn")
    world.waiting.leave(rows)
    a.status[rows], a.closed_day[rows] = Status.WITHDRAWN, world.day
    world.households.application[a.household[rows]] = -1
    _note(world, WITHDRAWN, len(rows), application=rows, household=a.household[rows], reason=int(reason))
