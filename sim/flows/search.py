"""A dwelling is to be let: works, orientation to a réservataire, the list of its landlord's next designation."""

from __future__ import annotations

import numpy as np

from sim.flows import steering
from sim.rules.flux import Cell, cells_of
from sim.rules.reservations import NOBODY, Namer, Turn, first_namer, named_holders, next_turn
from sim.words.clock import year_of
from sim.words.codes import Reason, Reservataire
from sim.world import moves
from sim.world.world import World

LANDLORD = int(Reservataire.BAILLEUR)


def start_search(world: World, dwellings: np.ndarray, ready_days: np.ndarray | int) -> None:
    """Orient dwellings, in the order given, and put them on the list of the next designation."""
    if world.keeps_back is not None and len(dwellings):
        is_let_again, days = world.keeps_back(dwellings, ready_days), np.broadcast_to(ready_days, dwellings.shape)
        world.ready_day[dwellings] = days  # notice is given, even of those that are not let again
        dwellings, ready_days = dwellings[is_let_again], days[is_let_again]
    if not len(dwellings):
        return
    lettings = world.lettings
    holders = orient(world, dwellings)
    moves.orient(world, dwellings, holders, Reason.NONE)
    lettings.ready_day[dwellings], lettings.asked_day[dwellings] = ready_days, world.day
    lettings.namer[dwellings] = first_namer(holders)
    put_on_list(world, dwellings)


def orient(world: World, dwellings: np.ndarray) -> np.ndarray:
    """Return the holder of each vacancy: the one named on the dwelling, else the one most behind its share."""
    lettings, d, ledger = world.lettings, world.dwellings, world.ledger
    tags, identified = lettings.stock_holder[dwellings], lettings.is_identified[dwellings]
    holders = named_holders(world.mode, tags, identified)
    free = np.flatnonzero(holders == NOBODY)
    if world.scenario.rules.reservation.flux.balance > 0:
        for i in free.tolist():
            landlord, cells = d.landlord[dwellings[i]], categories(world, dwellings[i])
            holders[i] = ledger.choose(landlord, cells)
            ledger.count(landlord, holders[i], cells)
    else:
        holders[free] = ledger.orient(d.landlord[dwellings[free]])
    lettings.counted_for[dwellings] = NOBODY
    lettings.counted_for[dwellings[free]] = holders[free]
    return holders


def categories(world: World, dwelling: int) -> tuple[Cell, ...]:
    """Return the categories of a dwelling that the balance of the flux looks at."""
    d, by = world.dwellings, world.scenario.rules.reservation.flux.balance_by
    in_qpv = bool(world.is_in_qpv[dwelling])
    return cells_of(by, int(d.rooms[dwelling]), int(d.financing[dwelling]), in_qpv, int(d.commune[dwelling]))


def leave_flux(world: World, dwellings: np.ndarray) -> None:
    """Lettings that the flux does not count (R441-5): the orientation is taken back from the holder's share."""
    landlords = world.dwellings.landlord[dwellings].tolist()
    has_balance = world.scenario.rules.reservation.flux.balance > 0
    year = year_of(world.day)
    for dwelling, landlord in zip(dwellings.tolist(), landlords, strict=True):
        holder, asked = int(world.lettings.counted_for[dwelling]), int(world.lettings.asked_day[dwelling])
        if holder >= 0 and year_of(asked) == year:  # the ledger is yearly
            cells = categories(world, dwelling) if has_balance else ()
            world.ledger.count(landlord, holder, cells, dwellings=-1.0)
            world.lettings.counted_for[dwelling] = -1


def put_on_list(world: World, dwellings: np.ndarray) -> None:
    """Candidates are to be designated at the landlord's next session."""
    turns = world.dwellings.landlord[dwellings] % world.turns
    for turn, dwelling in zip(turns.tolist(), dwellings.tolist(), strict=True):
        world.to_designate[turn].add(dwelling)


def give_back(world: World, dwellings: np.ndarray) -> None:
    """The list is exhausted: the dwelling goes to who names candidates next, who seeks again (rules.md 2.5)."""
    for dwelling in dwellings.tolist():
        steering.take_back(world, dwelling)
    if world.keeps_back is not None and len(dwellings):
        is_let_again = world.keeps_back(dwellings, world.ready_day[dwellings])
        is_empty = world.dwellings.tenant[dwellings] < 0
        world.ready_day[dwellings[~is_let_again & is_empty]] = -1  # until then the notice of the tenant holds
        dwellings = dwellings[is_let_again]
    pass_on(world, dwellings, has_failed=True)
    put_on_list(world, dwellings)


def pass_on(world: World, dwellings: np.ndarray, *, has_failed: bool) -> None:
    """Give dwellings to who names candidates next, if their candidates failed or the holder's delay has passed."""
    lettings, d = world.lettings, world.dwellings
    delay = int(world.law["reservataire.delai_proposition_days"])
    concerned = dwellings[lettings.namer[dwellings] != Namer.LANDLORD]
    if not has_failed:
        concerned = concerned[world.day - lettings.asked_day[concerned] > delay]
    lost = []
    for dwelling in concerned.tolist():
        now = Turn(Namer.of(lettings.namer[dwelling]), int(d.reserved_for[dwelling]))
        then = next_turn(
            now,
            has_failed=has_failed,
            waited_days=world.day - int(lettings.asked_day[dwelling]),
            delay_days=delay,
            is_in_qpv=bool(world.is_in_qpv[dwelling]),
            mayor_names=world.scenario.rules.reservation.flux.mayor_names_in_qpv,
        )
        lettings.namer[dwelling] = then.who
        if then.holder != now.holder:
            lost.append(dwelling)
    if lost:
        reason = Reason.CANDIDATES_FAILED if has_failed else Reason.DELAY_PASSED
        moves.orient(world, np.array(lost), LANDLORD, reason)


def works_days(world: World, dwellings: np.ndarray) -> np.ndarray:
    """Return the days of works before dwellings may be let again: uniform around the mean."""
    d = world.dwellings
    luck = world.luck.uniform("works", d.luck_id[dwellings], d.lettings_count[dwellings])
    exits = world.scenario.flows.exits
    spread = exits.works_spread_share
    return np.rint(exits.works_mean_days * (1 - spread + 2 * spread * luck)).astype(np.int64)
