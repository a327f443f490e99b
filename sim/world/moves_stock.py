"""Verbs of a stock that lives: who is housed elsewhere, what leaves the stock, what works and rents do to a dwelling.

As ``moves``: each takes the rows of all those whom it concerns, asserts its conditions and writes the log.
"""

from __future__ import annotations

import numpy as np

from sim.state.living import APPLICATIONS, COLUMNS, DWELLINGS, HOUSEHOLDS
from sim.words.codes import GONE, EventKind, Reason, Status, Use
from sim.world.moves import OPEN, _note, _require, give_notice, vacate
from sim.world.world import World

WITHDRAWN, CHANGED = int(EventKind.WITHDRAWN), int(EventKind.CHANGED)
CODE_OF = {name: code for code, name in enumerate(COLUMNS)}
KEY_OF = {
    name: key
    for key, names in (("household", HOUSEHOLDS), ("application", APPLICATIONS), ("dwelling", DWELLINGS))
    for name in names
}
"""Of which table each living column is, as the log names its rows."""


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


def set_use(world: World, dwellings: np.ndarray, use: Use, reason: Reason) -> None:
    """Say what dwellings may serve for from now on; what is demolished or sold stays so, and is empty."""
    if not len(dwellings):
        return
    d = world.dwellings
    _require(d.use[dwellings] < GONE, "a dwelling that left the stock does not come back")
    _require((d.tenant[dwellings] < 0) | (use < GONE), "a dwelling leaves the stock empty")
    d.use[dwellings] = use
    _note(world, int(EventKind.USE_CHANGED), len(dwellings), dwelling=dwellings, reason=int(reason), value=int(use))


def inform(world: World, rows: np.ndarray, dwellings: np.ndarray) -> None:
    """Tell the commission of relocations that it does not decide (L441-2 V)."""
    _note(
        world, int(EventKind.INFORMED), len(rows), application=rows, dwelling=dwellings, reason=int(Reason.RELOCATION)
    )


def leave_dwelling(world: World, households: np.ndarray, reason: Reason) -> None:
    """Tenants go, without delay: what they asked for is closed, and their dwelling is empty."""
    if not len(households):
        return
    h, a = world.households, world.applications
    rows = h.application[households]
    rows = rows[rows >= 0]
    house_elsewhere(world, rows[a.status[rows] == OPEN].astype(np.int64), reason)
    dwellings = h.dwelling[households].astype(np.int64)
    give_notice(world, dwellings, reason)
    vacate(world, dwellings, reason)


def change(world: World, names: dict[str, np.ndarray], rows: np.ndarray, reason: Reason) -> None:
    """Change living columns of one table (``state.living``); what does not differ is not written.

    Parameters
    ----------
    names : dict
        New values by column, all of one table.
    """
    if not len(rows):
        return
    key = KEY_OF[next(iter(names))]
    table = {"household": world.households, "application": world.applications, "dwelling": world.dwellings}[key]
    world.originals[key].keep(table, rows)
    for name, value in names.items():
        column = getattr(table, name)
        value = value.astype(column.dtype)
        differs = column[rows] != value
        changed = rows[differs]
        if len(changed):
            column[changed] = values = value[differs]
            given = {key: changed, "rank": CODE_OF[name], "reason": int(reason), "value": values}
            _note(world, CHANGED, len(changed), **given)
