"""The verbs of the exchange: proposals, the decision of each landlord's commission, keys on one day."""

from __future__ import annotations

import numpy as np

from sim.rules.commission import Decision
from sim.words.codes import EventKind, Reason, Status
from sim.world.moves import _is_held, _note, _require, _set_free, accept, designate, house, offer
from sim.world.world import World


def propose(world: World, rows: np.ndarray, dwellings: np.ndarray) -> None:
    """Hold tenants, each for the dwelling that it would take: their exchange is being prepared."""
    a, h = world.applications, world.households
    _require(a.status[rows] == Status.OPEN, "a held or closed application enters no exchange")
    _require(h.dwelling[a.household[rows]] >= 0, "only a tenant of the stock exchanges its dwelling")
    one = np.ones(len(rows), dtype=np.int64)
    _require(len(np.unique(dwellings)) == len(dwellings), "an exchange gives each household one dwelling")
    designate(world, rows, dwellings, one, np.full(len(rows), int(Reason.EXCHANGED)))


def decide(world: World, rows: np.ndarray, dwellings: np.ndarray, is_attributed: np.ndarray) -> None:
    """The commission of the landlord of each dwelling decides (L441-2): attribution, or the file is set free."""
    _require(_is_held(world, rows, dwellings), "the commission examines files held for the dwelling")
    given = {"application": rows, "dwelling": dwellings, "rank": is_attributed.astype(np.int64)}
    _note(
        world,
        np.where(is_attributed, int(EventKind.RANKED), int(EventKind.REJECTED)),
        len(rows),
        **given,
        reason=np.where(is_attributed, int(Reason.EXCHANGED), int(Reason.EXCHANGE_FAILED)),
        value=np.where(is_attributed, int(Decision.ATTRIBUTED), int(Decision.NOT_ATTRIBUTED)),
    )
    _set_free(world, rows[~is_attributed])


def swap(world: World, rows: np.ndarray, dwellings: np.ndarray) -> np.ndarray:
    """Complete exchanges on one day, a new lease each (L442-3-5); return the dwellings left.

    All the legs of a cycle are given together: a dwelling that nobody leaves and somebody takes is empty (a chain).
    """
    one = np.ones(len(rows), dtype=np.int64)
    offer(world, rows, dwellings, one, Reason.EXCHANGED)
    accept(world, rows, dwellings, one, Reason.EXCHANGED)
    return house(world, rows, dwellings, one, one, Reason.EXCHANGED)
