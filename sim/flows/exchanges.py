"""The exchange (bourse d'échange): rounds that propose, commissions that decide on each leg, keys on one day.

At the end of a day of round, tenants registered make a pool, the mechanism proposes cycles (and chains), and the
steps of each leg are drawn (``exchange/friction.py``). Who says no at once is released; the others are held. Once
their files are ready, the commission of the landlord of each dwelling received decides on the day it sits. A leg that
fails releases everybody on that day, save those whom recourse keeps together. On the day of the keys a cycle is signed
whole: as many attributions and new leases as households (L442-3-5). A cycle frees no dwelling; a chain takes an empty
one and gives one back to the list.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np

from sim.exchange.friction import Step, complete, legs_of, reached, step_shares, survival_share
from sim.exchange.graph import SwapGraph
from sim.exchange.lawful import legs_in_flux
from sim.exchange.mechanisms import Exchange, Request, run
from sim.exchange.pool import Pool, Stock, Usage, pool_of, wished_communes
from sim.exchange.solving import Effort
from sim.exchange.wanting import Adverts, SwapTerms, swap_arrays
from sim.exchange.weights import Failure, Weighing, gains
from sim.flows import steering
from sim.flows.search import LANDLORD, leave_flux, put_on_list, start_search, works_days
from sim.rules.eligibility import norms_of
from sim.words.clock import Phase, to_day
from sim.words.codes import LETTABLE, Reason, Status
from sim.world import moves, moves_exchange
from sim.world.world import Story, World

ROUND = Effort(is_quick=True, listed_most=4_000)
ROW_BITS = 32
STEPS = ("echange_contact", "echange_accord", "echange_dossier", "echange_caleol", "echange_desistement")


@dataclass
class Round:
    """What the proposals of one round share."""

    pool: Pool
    graph: SwapGraph
    step: np.ndarray  # Step at which the leg of each node stops


@dataclass
class Proposal:
    """One cycle, or one chain (its last node is an empty dwelling), on its way to the keys."""

    round: Round
    members: list[int]
    is_chain: bool
    sessions: dict[int, int] = field(default_factory=dict)  # node that takes a dwelling -> day its commission sits
    keys_day: int = 0
    is_over: bool = False

    @property
    def legs(self) -> np.ndarray:
        """Who takes whose dwelling (legs, 2)."""
        return legs_of([], [self.members]) if self.is_chain else legs_of([self.members], [])

    def rows(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the application and the dwelling of each leg."""
        pool, legs = self.round.pool, self.legs
        return pool.application[legs[:, 0]].astype(np.int64), pool.dwelling[legs[:, 1]].astype(np.int64)


@dataclass
class Bourse:
    """What rounds remember."""

    wishes: np.ndarray
    failed: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int64))  # legs, sorted: none is told twice
    due: dict[int, list[Proposal]] = field(default_factory=lambda: defaultdict(list))

    def has_failed(self, legs: np.ndarray) -> np.ndarray:
        """Return which legs have failed before: a household is not proposed the same dwelling again."""
        if not len(self.failed):
            return np.zeros(len(legs), dtype=bool)
        places = np.minimum(np.searchsorted(self.failed, legs), len(self.failed) - 1)
        return np.asarray(self.failed[places] == legs)


def exchanges(world: World) -> Story:
    """Rounds every so many days; sessions of commissions and keys when they are due."""
    rule = world.scenario.rules.exchange
    bourse = Bourse(wished_communes(world.places, world.territory_place, world.whole_place))
    first = max(world.first, to_day(rule.opens)) if rule.opens else world.first
    for day in range(first + 1, world.last + 1):
        yield world.until(day, Phase.EXCHANGES)
        for proposal in bourse.due.pop(day, []):
            if not proposal.is_over:
                advance(world, bourse, proposal)
        if (day - first) % rule.every_days == 0:
            hold_round(world, bourse)


def registered(world: World) -> np.ndarray:
    """Return the applications that take part: tenants free to move, registered, without arrears."""
    a, h, rule = world.applications, world.households, world.scenario.rules.exchange
    rows = np.flatnonzero((a.status[: len(a)] == Status.OPEN) & a.is_mutation[: len(a)])
    homes = h.dwelling[a.household[rows]]
    rows = rows[(homes >= 0) & (world.ready_day[homes] < 0) & (world.dwellings.use[homes] <= LETTABLE)]
    tenants = int((world.dwellings.tenant[: len(world.dwellings)] >= 0).sum())
    share = min(1.0, rule.registered_share * tenants / max(1, len(rows)))
    rows = rows[world.luck.uniform("echange_inscription", a.luck_id[rows]) < share]
    return np.asarray(rows[world.luck.uniform("echange_dette", a.luck_id[rows]) >= rule.friction.arrears_share])


def pool_today(world: World) -> Pool:
    """Return the pool of a round; empty dwellings that wait for candidates are added for chains."""
    rule, d = world.scenario.rules.exchange, world.dwellings
    stock = Stock(
        world.households, world.applications, d, world.zone_of_commune, world.is_in_qpv, norms_of(world.law),
        rule.waiver_share,
    )  # fmt: skip
    vacant = np.empty(0, dtype=np.int64)
    if rule.name == "chains":
        waiting = sorted(home for homes in world.to_designate.values() for home in homes)
        vacant = np.array(waiting, dtype=np.int64)
        vacant = vacant[(d.tenant[vacant] < 0) & (world.ready_day[vacant] <= world.day)] if len(vacant) else vacant
    rows, gone = registered(world), np.zeros(len(d), dtype=bool)
    homes = np.concatenate([world.households.dwelling[world.applications.household[rows]], vacant])
    gone[homes] = world.luck.uniform("echange_retrait", d.luck_id[homes]) < rule.friction.withdrawn_dwellings_share
    return pool_of(stock, rows, vacant, is_withdrawn=gone)


def hold_round(world: World, bourse: Bourse) -> None:
    """Propose exchanges; hold those that nobody refuses at once."""
    rule, law = world.scenario.rules.exchange, world.law
    pool = pool_today(world)
    usage = Usage(int(law["sous_occupation.pieces_en_trop"]), tuple(law["sur_occupation.surface_m2"]))
    terms = SwapTerms(world.terms, usage, bourse.wishes)
    adverts = adverts_of(world, pool) if rule.friction.adverts_seen else None
    graph = swap_arrays(pool, terms, adverts, world.waiting.reach[pool.application])
    graph = graph.keep(~bourse.has_failed(leg_keys(pool, graph.tails, graph.heads)))
    registered_count = int((~pool.is_vacant).sum())
    if not graph.edges:
        world.exchange_rounds.append((world.day, registered_count, 0))
        return
    age = int(law["sous_occupation.age_protege_years"])
    weights = gains(rule.objectives, Weighing(pool, usage, world.day, age), graph)
    failure = Failure(survival_share(rule.friction), rule.has_recourse) if rule.is_failure_aware else Failure()
    order = np.lexsort((pool.luck_id, pool.filed_day))
    request = Request(
        graph, weights, rule.max_length, rule.max_length, failure, rule.seconds, order,
        ties_of(world, pool, graph) if rule.name == "ttc" else None,
        effort=ROUND,
    )  # fmt: skip
    proposed = propose(world, bourse, pool, graph, run(rule.name, request))
    world.exchange_rounds.append((world.day, registered_count, proposed))


def adverts_of(world: World, pool: Pool) -> Adverts:
    """Return the adverts of the round, in an order drawn for the day; each tenant begins somewhere."""
    luck = world.luck.uniform
    order = np.argsort(luck("echange_annonces", pool.luck_id, world.day), kind="stable")
    first = (luck("echange_debut", pool.luck_id, world.day) * len(pool)).astype(np.int64)
    return Adverts(order, first, world.scenario.rules.exchange.friction.adverts_seen)


def ties_of(world: World, pool: Pool, graph: SwapGraph) -> np.ndarray:
    """Return what breaks ties of preference: one uniform per edge."""
    return world.luck.uniform("echange_preference", pool.luck_id[graph.tails] ^ pool.luck_id[graph.heads])


def leg_keys(pool: Pool, tenants: np.ndarray, homes: np.ndarray) -> np.ndarray:
    """Return one number per application and dwelling."""
    return np.asarray((pool.application[tenants].astype(np.int64) << ROW_BITS) | pool.dwelling[homes])


def propose(world: World, bourse: Bourse, pool: Pool, graph: SwapGraph, found: Exchange) -> int:
    """Draw the steps of each leg; hold those whose exchange may still be completed; return how many legs there are."""
    rule, legs = world.scenario.rules.exchange, legs_of(found.cycles, found.chains)
    if not len(legs):
        return 0
    u, v = legs[:, 0], legs[:, 1]
    shares = step_shares(rule.friction, pool.landlord[v], world.landlord_codes)
    ids, occasion = pool.luck_id[u], world.dwellings.luck_id[pool.dwelling[v]]
    step = reached(shares, np.column_stack([world.luck.uniform(name, ids, occasion) for name in STEPS]))
    fails = step < Step.DONE
    bourse.failed = np.union1d(bourse.failed, leg_keys(pool, u[fails], v[fails]))
    steps = np.full(graph.nodes, int(Step.DONE))
    steps[u] = step
    possible = complete(graph, found.cycles, found.chains, steps > Step.CONSENT, rule.has_recourse)
    common = Round(pool, graph, steps)
    for members in possible.cycles:
        prepare(world, bourse, Proposal(common, members, is_chain=False), rule.file_days)
    for members in possible.chains:
        prepare(world, bourse, Proposal(common, members, is_chain=True), rule.file_days)
        for waiting in world.to_designate.values():  # an empty dwelling promised to a chain is no longer sought
            waiting.discard(int(pool.dwelling[members[-1]]))
    return len(legs)


def session_day(world: World, landlord: int, from_day: int) -> int:
    """Return the first day from one on when the commission of a landlord sits (``caleol.commissions``)."""
    every = world.scenario.flows.caleol.every_days
    first = world.first + (landlord % world.turns) * every // world.turns
    return first + max(0, -(-(from_day - first) // every)) * every


def prepare(world: World, bourse: Bourse, proposal: Proposal, file_days: int) -> None:
    """Hold everybody; each leg goes to the next session of the landlord of its dwelling, then come the keys."""
    rule, pool = world.scenario.rules.exchange, proposal.round.pool
    moves_exchange.propose(world, *proposal.rows())
    ready = world.day + max(1, file_days)
    proposal.sessions = {int(u): session_day(world, int(pool.landlord[v]), ready) for u, v in proposal.legs}
    last = max(proposal.sessions.values())
    proposal.keys_day = max(last, ready + rule.delay_days - rule.file_days)
    for day in {*proposal.sessions.values(), proposal.keys_day}:
        bourse.due[day].append(proposal)


def advance(world: World, bourse: Bourse, proposal: Proposal) -> None:
    """Commissions that sit today decide; on the day of the keys, all sign or nobody does."""
    step, day = proposal.round.step, world.day
    rows, homes = proposal.rows()
    nodes = proposal.legs[:, 0]
    sits = np.array([proposal.sessions[u] == day for u in nodes.tolist()])
    presented = sits & (step[nodes] > Step.FILE)
    attributed = step[nodes] > Step.CALEOL
    fails = sits & ~attributed
    if presented.any():
        moves_exchange.decide(world, rows[presented], homes[presented], attributed[presented])
    if day == proposal.keys_day:
        fails |= (step[nodes] < Step.DONE) | ~still_holds(world, proposal)
    if fails.any():
        break_up(world, bourse, proposal, nodes[fails])
    if day == proposal.keys_day and not proposal.is_over:
        proposal.is_over = True
        rows, homes = proposal.rows()
        sign(world, rows[::-1], homes[::-1])  # from the empty dwelling of a chain on, as chains of moves do


def still_holds(world: World, proposal: Proposal) -> np.ndarray:
    """Return which legs may be signed: household held, dwelling not withdrawn and still let to who leaves it."""
    a, d, pool = world.applications, world.dwellings, proposal.round.pool
    rows, homes = proposal.rows()
    is_held = (a.status[rows] == Status.HELD) & (a.held_for[rows] == homes)
    return np.asarray(is_held & (d.use[homes] <= LETTABLE) & (d.tenant[homes] == pool.household[proposal.legs[:, 1]]))


def break_up(world: World, bourse: Bourse, proposal: Proposal, failing: np.ndarray) -> None:
    """Legs fail: everybody is released, save who recourse keeps: pairs of a cycle begin again, a chain is shortened."""
    rule, now, a = world.scenario.rules.exchange, proposal.round, world.applications
    survives = np.ones(now.graph.nodes, dtype=bool)
    survives[failing] = False
    cycles, chains = ([], [proposal.members]) if proposal.is_chain else ([proposal.members], [])
    left = complete(now.graph, cycles, chains, survives, rule.has_recourse)
    kept = {int(u) for u, _ in legs_of([], left.chains)}
    rows, homes = proposal.rows()
    gone = np.array([u not in kept for u in proposal.legs[:, 0].tolist()])
    gone &= (a.status[rows] == Status.HELD) & (
        a.held_for[rows] == homes
    )  # the commission has freed those it turned down
    moves.release(world, rows[gone], homes[gone], Reason.EXCHANGE_FAILED)
    if left.chains:
        proposal.members = left.chains[0]
        return
    proposal.is_over = True
    if proposal.is_chain:
        put_on_list(world, now.pool.dwelling[proposal.members[-1:]].astype(np.int64))
    for members in left.cycles:
        prepare(world, bourse, Proposal(now, members, is_chain=False), 0)


def sign(world: World, rows: np.ndarray, homes: np.ndarray) -> None:
    """Sign the legs on one day; count them where convention says so; a dwelling left by a chain is sought."""
    d, rule = world.dwellings, world.scenario.rules.exchange
    was_empty = d.tenant[homes] < 0
    moves.orient(world, homes[~was_empty], LANDLORD, Reason.EXCHANGED)
    if world.policy.objectives:
        order = steering.order_for(world, homes)
        steering.promise(world, homes, rows, order.stands)
        steering.keep(world, homes, rows)
    left = moves_exchange.swap(world, rows, homes).astype(np.int64)
    counted = legs_in_flux(d.landlord[left], d.landlord[homes], rule.is_in_flux)
    for home in homes[~was_empty & counted].tolist():
        world.ledger.count(int(d.landlord[home]), LANDLORD)
    leave_flux(world, homes[was_empty & ~counted])
    world.ready_day[homes] = -1
    freed = left[d.tenant[left] < 0]
    start_search(world, freed, world.day + works_days(world, freed))
