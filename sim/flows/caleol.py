"""Designation and the landlord's commission (CALEOL): the heart of the model.

On its day a landlord's commission decides on the files designated at the session before, then
candidates are designated for the next one. Dwellings are taken in row order. Those that leave the
commission with ranked candidates are offered (``flows/offers.py``).
"""

from __future__ import annotations

from functools import cache

import numpy as np

from sim.flows.offers import occasions, open_shortlists, propose, rank
from sim.flows.search import LANDLORD, give_back
from sim.rules import quotas
from sim.rules.designation import served_order
from sim.rules.reservations import EMPLOYMENT_MASKS, EVERYBODY, PREFERENCES
from sim.words.clock import Phase
from sim.words.codes import Reason
from sim.world import moves
from sim.world.waiting import SEGMENTS, Query
from sim.world.world import Session, Story, World

PUBLIC = np.arange(SEGMENTS) // 8
OVERRIDING = 1e3  # beyond the usual volume, ordinary mutations come after everybody
IS_FIRST_QUARTILE = (np.arange(SEGMENTS) // 4) % 2 == 1


def commission(world: World, landlord: int) -> Story:
    """One landlord's commission, for the whole run."""
    every = world.scenario.flows.caleol.every_days
    day = world.first + landlord % every
    while True:
        yield world.until(day, Phase.SESSIONS)
        for session in world.in_session.pop(landlord, []):
            decide(world, session)
        yield world.until(day, Phase.DESIGNATIONS)
        designate_all(world, landlord)
        day += every


def lags(world: World) -> dict[str, float]:
    """Return how far behind each steered objective is this year, relative to its target."""
    behind = {}
    for name in world.scenario.rules.steering.objectives:
        target = float(world.law[name])
        behind[name] = max(0.0, target - world.book.share(name)) / target if target > 0 else 0.0
    usual = world.scenario.rules.steering.mutation_share_max
    behind[quotas.MUTATION_VOLUME] = max(0.0, 1.0 - usual - world.book.share(quotas.MUTATION_VOLUME)) * OVERRIDING
    return behind


def designate_all(world: World, landlord: int) -> None:
    """Designate candidates for every dwelling that waits for some, in row order."""
    waiting = np.array(sorted(world.to_designate[landlord]), dtype=np.int64)
    if not len(waiting):
        return
    is_steered = world.scenario.rules.steering.name == "objectifs"
    session = find_candidates(world, waiting, lags(world) if is_steered else {})
    world.to_designate[landlord].difference_update(session.homes.tolist())
    world.in_session[landlord].append(session)


def find_candidates(world: World, homes: np.ndarray, behind: dict[str, float]) -> Session:
    """Designate the best candidates of each holder, else of the landlord; return those who are held, by dwelling."""
    query = ask_for(world, homes, behind)
    ageing = world.order.ageing(world.day)
    chosen, found, is_fallback = world.waiting.candidates(world.people(), world.homes(), world.terms, query, ageing)
    lost = homes[is_fallback]
    moves.orient(world, lost[world.dwellings.reserved_for[lost] != LANDLORD], LANDLORD)
    is_filled = np.arange(chosen.shape[1])[None, :] < found[:, None]
    rows, ranks = chosen[is_filled], np.nonzero(is_filled)[1] + 1
    few = np.where(found < int(world.law["caleol.candidats_min"]), Reason.FEW_CANDIDATES, Reason.NONE)
    moves.designate(world, rows, np.repeat(homes, found), ranks, np.repeat(few, found))
    return Session(homes[found > 0], found[found > 0], rows)


def ask_for(world: World, homes: np.ndarray, behind: dict[str, float]) -> Query:
    """Return what each dwelling asks for: segments in order, employment, how many files."""
    holders = world.dwellings.reserved_for[homes]
    in_qpv = world.is_in_qpv[homes]
    table = {(h, q): tiers_of(h, q, behind) for h in {*holders.tolist(), LANDLORD} for q in (False, True)}
    mean = world.scenario.flows.caleol.files_mean
    luck = world.luck.uniform("files", world.dwellings.luck_id[homes], world.dwellings.lettings_count[homes])
    wanted = np.maximum(int(mean) + (luck < mean - int(mean)), int(world.law["caleol.candidats_min"]))
    return Query(
        dwellings=homes,
        holder_tiers=np.stack([table[h, q] for h, q in zip(holders.tolist(), in_qpv.tolist(), strict=True)]),
        holder_mask=np.array([EMPLOYMENT_MASKS.get(h, EVERYBODY) for h in holders.tolist()]),
        landlord_tiers=np.stack([table[LANDLORD, q] for q in in_qpv.tolist()]),
        wanted=wanted,
    )


def tiers_of(holder: int, is_in_qpv: bool, behind: dict[str, float]) -> np.ndarray:
    """Return the order in which a holder serves the segments for a dwelling in or outside a QPV."""
    if not behind:
        return unsteered_tiers(holder)
    preference = np.array(PREFERENCES[holder])[PUBLIC]
    return served_order(quotas.segment_scores(behind, is_in_qpv, PUBLIC, IS_FIRST_QUARTILE), preference)


@cache
def unsteered_tiers(holder: int) -> np.ndarray:
    """Return the holder's own order of the segments."""
    return served_order(np.zeros(SEGMENTS), np.array(PREFERENCES[holder])[PUBLIC])


def decide(world: World, session: Session) -> None:
    """The commission examines the files of each dwelling, and ranks those it retains."""
    if not len(session.homes):
        return
    rows, counts = session.rows, session.counts
    homes = np.repeat(session.homes, counts)
    caleol = world.scenario.flows.caleol
    ids, occasion = world.applications.luck_id[rows], occasions(world, homes)
    has_retracted = world.luck.uniform("retract", ids, occasion) < caleol.retract_share
    is_rejected = ~has_retracted & (world.luck.uniform("reject", ids, occasion) < caleol.reject_share)
    is_kept = ~has_retracted & ~is_rejected
    starts = np.cumsum(counts) - counts
    kept = np.add.reduceat(is_kept, starts, dtype=np.int64)
    ranks = np.cumsum(is_kept) - np.repeat(np.cumsum(kept) - kept, counts)
    moves.examine(world, rows, homes, has_retracted, is_rejected, ranks)
    give_back(world, session.homes[kept == 0])
    if not is_kept.any():
        return
    examined = np.repeat(np.add.reduceat(~has_retracted, starts, dtype=np.int64), counts)[is_kept]
    lists = rank(world, rows[is_kept], homes[is_kept], ranks[is_kept], np.repeat(kept, counts)[is_kept], examined)
    opened = open_shortlists(world, lists)
    propose(world, opened[lists.rank == 1])
