"""Designation and the landlord's commission (CALEOL): the heart of the model.

On its day a landlord's commission decides on the files designated at the session before, then
candidates are designated for the next one. Dwellings are taken in row order. Those that leave the
commission with ranked candidates are offered (``flows/offers.py``).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.flows import steering
from sim.flows.offers import Files, open_shortlists, propose
from sim.flows.search import LANDLORD, give_back, pass_on
from sim.rules.commission import Condition, Decision, Motive, draw_motives, files_required, ranks, session_order
from sim.rules.commission import decide as decisions
from sim.rules.demand import Happening, demand_norms_of, radiation_day
from sim.rules.reservations import EMPLOYMENT_MASKS, EVERYBODY, Namer
from sim.rules.reserved_homes import accessible_tier, in_programme, owed, young_born_after
from sim.words.clock import Phase, year_of
from sim.words.codes import Occupation, Reason, Recognition, Reservataire
from sim.world import moves
from sim.world.searching import Query, Rule
from sim.world.world import Session, Story, World

MASKS = np.array([EMPLOYMENT_MASKS.get(holder, EVERYBODY) for holder in range(len(Reservataire))])


def commissions(world: World, turn: int) -> Story:
    """The commissions of the landlords that sit on the same days, for the whole run; each decides on its own files."""
    caleol = world.scenario.flows.caleol
    day = world.first + turn * caleol.every_days // world.turns
    while True:
        yield world.until(day, Phase.SESSIONS)
        for session in world.in_session.pop(turn, []):
            decide(world, session)
        yield world.until(day, Phase.DESIGNATIONS)
        designate_all(world, turn)
        day += caleol.every_days


def designate_all(world: World, turn: int) -> None:
    """Designate candidates for every dwelling that waits for some, in row order."""
    waiting = np.array(sorted(world.to_designate[turn]), dtype=np.int64)
    if not len(waiting):
        return
    pass_on(world, waiting, has_failed=False)
    session = find_candidates(world, waiting)
    world.to_designate[turn].difference_update(session.homes.tolist())
    world.in_session[turn].append(session)


class Found(NamedTuple):
    """Whom a search found for some dwellings."""

    homes: np.ndarray
    counts: np.ndarray  # candidates of each
    rows: np.ndarray  # dwelling after dwelling
    is_fallback: np.ndarray  # who names candidates had nobody: the landlord's own


def find_candidates(world: World, homes: np.ndarray) -> Session:
    """Designate the best candidates of each dwelling; return those who are held, by dwelling.

    A hard objective may bind from one dwelling to the next: they then choose one at a time.
    """
    step = 1 if world.policy.is_hard else max(1, len(homes))
    whole, rule, known = ask_for(world, homes, steering.unsteered(world, homes)), world.rule(), steering.Known()
    parts: list[Found] = []
    busy = np.empty(0, dtype=np.int32)
    for i in range(0, len(homes), step):
        parts.append(look_for(world, some_of(whole, slice(i, i + step)), rule, busy, known))
        busy = np.concatenate([busy, parts[-1].rows])
    found = Found(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    lost = found.homes[found.is_fallback]
    world.lettings.namer[lost] = Namer.LANDLORD
    moves.orient(world, lost[world.dwellings.reserved_for[lost] != LANDLORD], LANDLORD, Reason.FEW_CANDIDATES)
    starts = np.cumsum(found.counts) - found.counts
    places = np.arange(len(found.rows)) - np.repeat(starts, found.counts) + 1
    some = found.counts > 0
    few = lacking(world, found.homes, found.rows[starts[some]], found.counts)
    moves.designate(world, found.rows, np.repeat(found.homes, found.counts), places, np.repeat(few, found.counts))
    return Session(found.homes[some], found.counts[some], found.rows)


def some_of(query: Query, part: slice) -> Query:
    """Return what some of the dwellings of a query ask."""
    tables = {"tiers": query.tiers, "shifts": query.shifts}
    return Query(**{name: tables.get(name, column[part]) for name, column in query._asdict().items()})


def look_for(world: World, query: Query, rule: Rule, busy: np.ndarray, known: steering.Known) -> Found:
    """Find the best candidates of some dwellings, under the objectives as they stand, but for those who are busy."""
    homes = query.dwellings
    order = steering.order_for(world, homes, query.asked, known)
    query = query._replace(tiers=order.tables, asked=order.asked)
    chosen, counts, is_fallback = world.waiting.candidates(
        world.people(), world.homes(), world.terms, query, rule, busy
    )
    serve_owed(world, query, busy, chosen, counts)
    if world.watch is not None:
        world.watch(query, chosen, counts)
    some = counts > 0
    stands = [order.stands[i] for i in np.flatnonzero(some).tolist()] if world.policy.objectives else []
    steering.promise(world, homes[some], chosen[some, 0], stands)
    rows = chosen[np.arange(chosen.shape[1])[None, :] < counts[:, None]]
    return Found(homes, counts, rows, is_fallback)


def lacking(world: World, homes: np.ndarray, first: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Return why fewer files than the law asks are examined for each dwelling, ``Reason.NONE`` when it is not so.

    Parameters
    ----------
    first : numpy.ndarray
        The first candidate of each dwelling that has one.
    found : numpy.ndarray
        How many candidates each dwelling has.
    """
    is_dalo = np.zeros(len(homes), dtype=bool)
    is_dalo[found > 0] = (world.applications.recognition[first] & int(Recognition.DALO)) > 0
    is_dalo &= world.dwellings.reserved_for[homes] == Reservataire.ETAT  # designated by the prefect (L441-2-3 II)
    minimum = int(world.law["caleol.candidats_min"])
    asked = files_required(np.full(len(homes), minimum), minimum, is_dalo, np.zeros(len(homes), dtype=bool))
    return np.where(found < asked, int(Reason.FEW_CANDIDATES), int(Reason.NONE))


def ask_for(world: World, homes: np.ndarray, order: steering.Order) -> Query:
    """Return what each dwelling asks for: segments in order, employment, how many files."""
    d, lettings = world.dwellings, world.lettings
    holders, facts = d.reserved_for[homes], world.policy.facts
    is_still = np.arange(world.policy.segments) % 2 == 1
    luck = world.luck.uniform("files", d.luck_id[homes], d.lettings_count[homes])
    mean = world.scenario.flows.caleol.files_mean
    wanted = np.maximum(int(mean) + (luck < mean - int(mean)), int(world.law["caleol.candidats_min"]))
    if world.order.rule.use == "shortlist":
        wanted = np.maximum(wanted, world.order.rule.shortlist_files)
    kept_for_young = in_programme(lettings.is_programme[homes], holders)
    after = young_born_after(year_of(world.day), int(world.law["jeunes.age_max_years"]))
    return Query(
        dwellings=homes,
        tiers=order.tables,
        asked=order.asked,
        masks=np.where(lettings.namer[homes] == Namer.HOLDER, MASKS[holders], EVERYBODY),
        shifts=world.order.shifts(facts, is_still, world.day),
        shifted=2 * world.is_in_qpv[homes] + d.is_accessible[homes],
        born_after=np.where(kept_for_young, after, 0),
        wanted=wanted,
        occasion=occasions(world, homes),
    )


def serve_owed(world: World, query: Query, busy: np.ndarray, chosen: np.ndarray, found: np.ndarray) -> None:
    """Put first who is owed a dwelling, refused in a résidence à enjeu (L441-2-2 al. 3): the longest ago first."""
    if not world.policy.residences:
        return
    a, owed_day = world.applications, world.standing.owed_day
    for i, dwelling in enumerate(query.dwellings.tolist()):
        if world.lettings.is_in_residence[dwelling]:
            continue
        due = np.flatnonzero((owed_day[: len(a)] >= 0) & (a.status[: len(a)] == moves.OPEN))
        due = np.setdiff1d(due, busy)
        for j in range(len(found)):  # designated for another dwelling of the session
            due = np.setdiff1d(due, chosen[j, : found[j]]) if j != i else due
        asked = query.tiers[query.asked[i, 0]]  # who names candidates may not propose everybody
        due = due[asked[world.waiting.segment_of[due]] >= 0]
        due = due[(query.masks[i] >> world.applicants(due).employment) & 1 == 1]
        suits = world.waiting.suits(world.people(), world.homes(), world.terms, query, i, due.astype(np.int64))
        place = owed(owed_day[due], suits, bool(world.lettings.is_in_residence[dwelling]))
        if place >= 0:
            first = int(due[place])
            others = [row for row in chosen[i, : found[i]].tolist() if row != first]
            files = [first, *others][: int(query.wanted[i])]
            chosen[i, : len(files)], found[i] = files, len(files)
            owed_day[first] = -1


def decide(world: World, session: Session) -> None:
    """The commission examines the files of each dwelling, and ranks those it retains (R441-3)."""
    if not len(session.homes):
        return
    a, rows, counts = world.applications, session.rows, session.counts
    homes = np.repeat(session.homes, counts)
    caleol, practice = world.scenario.flows.caleol, world.scenario.flows.commission
    ids, occasion, luck = a.luck_id[rows], world.day, world.luck.uniform  # a household has one file in session a day
    has_retracted = luck("retract", ids, occasion) < caleol.retract_share
    motive = np.where(has_retracted, int(Motive.NONE), motives(world, rows, homes))
    is_inadmissible, condition = np.zeros(len(rows), dtype=bool), np.full(len(rows), int(Condition.NONE))
    if practice.inadmissible_share:
        is_inadmissible = ~has_retracted & (luck("inadmissible", ids, occasion) < practice.inadmissible_share)
    if practice.missing_document_share:
        lacks = luck("document", ids, occasion) < practice.missing_document_share
        condition[lacks] = int(Condition.DOCUMENT)
    decision = decisions(np.where(has_retracted, int(Motive.ADEQUACY), motive), condition, is_inadmissible, homes)
    places = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
    order = session_order(places, *own_order(world, rows, homes, places))
    rank = ranks(decision, homes, order)
    moves.examine(world, rows, homes, has_retracted, decision, motive, rank)
    world.standing.owed_day[rows[motive == Motive.FRAGILITY]] = world.day
    if is_inadmissible.any():
        norms = demand_norms_of(world.law)
        day = radiation_day(Happening.INADMISSIBLE, world.day, norms, warned_day=world.day)
        world.strike_due.add_group(world.day if day is None else day, rows[is_inadmissible])
    starts = np.cumsum(counts) - counts
    kept = np.add.reduceat(rank > 0, starts, dtype=np.int64)
    give_back(world, session.homes[kept == 0])
    if not kept.any():
        return
    retained = np.flatnonzero(rank > 0)
    retained = retained[np.lexsort((rank[retained], homes[retained]))]
    examined = np.repeat(np.add.reduceat(~has_retracted, starts, dtype=np.int64), counts)
    lists = open_shortlists(
        world,
        Files(
            rows[retained], homes[retained], rank[retained], np.repeat(kept, counts)[retained], examined[retained],
            decision[retained] == Decision.CONDITIONAL,
        ),
    )  # fmt: skip
    propose(world, lists[rank[retained] == 1])


def motives(world: World, rows: np.ndarray, homes: np.ndarray) -> np.ndarray:
    """Draw why each file is not retained, ``Motive.NONE`` for the others."""
    caleol, practice = world.scenario.flows.caleol, world.scenario.flows.commission
    luck = world.luck.uniform("reject", world.applications.luck_id[rows], world.day)
    shares, applies = {Motive.ADEQUACY: caleol.reject_share}, {}
    if practice.owner_refused_share or practice.fragility_refused_share:
        shares |= {Motive.OWNER: practice.owner_refused_share, Motive.FRAGILITY: practice.fragility_refused_share}
        applies[Motive.OWNER] = world.applicants(rows).occupation == Occupation.OWNER
        applies[Motive.FRAGILITY] = (world.quartile[rows] == 1) & world.lettings.is_in_residence[homes]
    return draw_motives(luck, shares, applies)


def own_order(world: World, rows: np.ndarray, homes: np.ndarray, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the commission's own order of files, and where it follows it instead of that of designation.

    For an accessible dwelling it chooses inside each tier (R441-4).
    """
    practice, rule = world.scenario.flows.commission, world.order.rule
    share = 1.0 - rule.commission_follows_share if rule.use == "shortlist" else practice.reorder_share
    if not share:
        return places, np.zeros(len(rows), dtype=bool)
    own = world.luck.uniform("choice", world.applications.luck_id[rows], world.day)
    d = world.dwellings
    tier = accessible_tier(world.applicants(rows).is_disabled, world.standing.is_elderly[rows], False)
    own = np.where(d.is_accessible[homes], tier + own, own)
    is_own = world.luck.uniform("reorder", d.luck_id[homes], d.lettings_count[homes]) < share
    return own, is_own


def occasions(world: World, homes: np.ndarray) -> np.ndarray:
    """Return the occasion of keyed draws about these dwellings: the dwelling and how often it was let."""
    count = world.dwellings.lettings_count[homes].astype(np.uint64)
    return np.asarray(world.dwellings.luck_id[homes] + count)
