"""The exchange (bourse d'échange): rounds that propose, legs that pass their steps or not, keys on one day.

At the end of a day of round, tenants registered make a pool, the mechanism proposes cycles (and chains), and the
steps of each leg are drawn (``exchange/friction.py``). Who says no at once is released; the others are held until the
keys. On that day a cycle is signed whole or not at all: as many attributions and new leases as households
(L442-3-5), each before the commission of the landlord of the dwelling received. A cycle frees no dwelling; a chain
takes an empty one and gives one back to the list.
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
from sim.words.clock import Phase
from sim.words.codes import Reason, Status
from sim.world import moves
from sim.world.world import Story, World

ROUND = Effort(is_quick=True)
ROW_BITS = 32
STEPS = ("echange_contact", "echange_accord", "echange_dossier", "echange_caleol", "echange_desistement")


@dataclass
class Pending:
    """Proposals whose keys are to be handed over on one day."""

    pool: Pool
    graph: SwapGraph
    proposed: Exchange
    passes: np.ndarray  # bool, one per node: its leg passes every step


@dataclass
class Bourse:
    """What rounds remember."""

    wishes: np.ndarray
    failed: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int64))  # legs not to propose again
    pending: dict[int, list[Pending]] = field(default_factory=lambda: defaultdict(list))


def exchanges(world: World) -> Story:
    """Rounds every so many days; keys when they are due."""
    rule = world.scenario.rules.exchange
    bourse = Bourse(wished_communes(world.places, world.territory_place, world.whole_place))
    for day in range(world.first + 1, world.last + 1):
        yield world.until(day, Phase.EXCHANGES)
        for pending in bourse.pending.pop(day, []):
            hand_over(world, bourse, pending)
        if (day - world.first) % rule.every_days == 0:
            hold_round(world, bourse)


def registered(world: World) -> np.ndarray:
    """Return the applications that take part: tenants free to move, registered, without arrears."""
    a, h, rule = world.applications, world.households, world.scenario.rules.exchange
    rows = np.flatnonzero((a.status[: len(a)] == Status.OPEN) & a.is_mutation[: len(a)])
    homes = h.dwelling[a.household[rows]]
    rows = rows[(homes >= 0) & (world.ready_day[homes] < 0)]
    tenants = int((world.dwellings.tenant[: len(world.dwellings)] >= 0).sum())
    share = min(1.0, rule.registered_share * tenants / max(1, len(rows)))
    ids = a.luck_id[rows]
    is_in = world.luck.uniform("echange_inscription", ids) < share
    owes = world.luck.uniform("echange_dette", ids) < rule.friction.arrears_share
    return np.asarray(rows[is_in & ~owes])


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
    gone = world.luck.uniform("echange_retrait", d.luck_id[: len(d)]) < rule.friction.withdrawn_dwellings_share
    return pool_of(stock, registered(world), vacant, is_withdrawn=gone)


def hold_round(world: World, bourse: Bourse) -> None:
    """Propose exchanges; hold those that nobody refuses at once."""
    rule, law = world.scenario.rules.exchange, world.law
    pool = pool_today(world)
    usage = Usage(int(law["sous_occupation.pieces_en_trop"]), tuple(law["sur_occupation.surface_m2"]))
    terms = SwapTerms(world.terms, usage, bourse.wishes)
    adverts = adverts_of(world, pool) if rule.friction.adverts_seen else None
    graph = swap_arrays(pool, terms, adverts, world.waiting.reach[pool.application])
    graph = graph.keep(~np.isin(leg_keys(pool, graph.tails, graph.heads), bourse.failed))
    if not graph.edges:
        return
    age = int(law["sous_occupation.age_protege_years"])
    weights = gains(rule.objectives, Weighing(pool, usage, world.day, age), graph)
    failure = Failure(survival_share(rule.friction), rule.has_recourse) if rule.is_failure_aware else Failure()
    order = np.lexsort((pool.luck_id, pool.filed_day))
    request = Request(
        graph, weights, rule.max_length, rule.max_length, failure, rule.seconds, order,
        world.luck.uniform("echange_preference", pool.luck_id[graph.tails] ^ pool.luck_id[graph.heads]),
        effort=ROUND,
    )  # fmt: skip
    propose(world, bourse, pool, graph, run(rule.name, request))


def adverts_of(world: World, pool: Pool) -> Adverts:
    """Return the adverts of the round, in an order drawn for the day; each tenant begins somewhere."""
    luck = world.luck.uniform
    order = np.argsort(luck("echange_annonces", pool.luck_id, world.day), kind="stable")
    first = (luck("echange_debut", pool.luck_id, world.day) * len(pool)).astype(np.int64)
    return Adverts(order, first, world.scenario.rules.exchange.friction.adverts_seen)


def leg_keys(pool: Pool, tenants: np.ndarray, homes: np.ndarray) -> np.ndarray:
    """Return one number per application and dwelling."""
    return np.asarray((pool.application[tenants].astype(np.int64) << ROW_BITS) | pool.dwelling[homes])


def propose(world: World, bourse: Bourse, pool: Pool, graph: SwapGraph, found: Exchange) -> None:
    """Draw the steps of each leg; hold the households whose exchange may still be completed."""
    rule, legs = world.scenario.rules.exchange, legs_of(found.cycles, found.chains)
    if not len(legs):
        return
    u, v = legs[:, 0], legs[:, 1]
    shares = step_shares(rule.friction, pool.landlord[v], world.landlord_codes)
    ids, occasion = pool.luck_id[u], world.dwellings.luck_id[pool.dwelling[v]]
    step = reached(shares, np.column_stack([world.luck.uniform(name, ids, occasion) for name in STEPS]))
    fails = step < Step.DONE
    bourse.failed = np.append(bourse.failed, leg_keys(pool, u[fails], v[fails]))
    agrees, passes = np.ones(graph.nodes, dtype=bool), np.zeros(graph.nodes, dtype=bool)
    agrees[u], passes[u] = step > Step.CONSENT, step == Step.DONE
    possible = complete(graph, found.cycles, found.chains, agrees, rule.has_recourse)
    kept = Exchange(found.mechanism, possible.cycles, possible.chains, 0, 0.0, 0.0, False, 0.0)
    held = legs_of(kept.cycles, kept.chains)
    if not len(held):
        return
    homes = pool.dwelling[held[:, 1]].astype(np.int64)
    moves.propose_exchange(world, pool.application[held[:, 0]].astype(np.int64), homes)
    empty = homes[pool.is_vacant[held[:, 1]]]
    for home in empty.tolist():  # an empty dwelling promised to a chain is no longer sought
        for waiting in world.to_designate.values():
            waiting.discard(home)
    bourse.pending[world.day + rule.delay_days].append(Pending(pool, graph, kept, passes))


def hand_over(world: World, bourse: Bourse, pending: Pending) -> None:
    """Sign the exchanges whose legs have all passed; release the others, and give empty dwellings back."""
    a, pool, rule = world.applications, pending.pool, world.scenario.rules.exchange
    held = legs_of(pending.proposed.cycles, pending.proposed.chains)
    outcome = complete(
        pending.graph, pending.proposed.cycles, pending.proposed.chains, pending.passes, rule.has_recourse
    )  # fmt: skip
    done = legs_of(outcome.cycles, outcome.chains)
    takes = {int(u): int(v) for u, v in done}
    gone = np.array([int(v) != takes.get(int(u), -1) for u, v in held], dtype=bool)
    rows, homes = pool.application[held[:, 0]].astype(np.int64), pool.dwelling[held[:, 1]].astype(np.int64)
    moves.release(world, rows[gone], homes[gone], Reason.EXCHANGE_FAILED)
    taken = {int(v) for v in done[:, 1]}
    back = [int(pool.dwelling[v]) for v in held[:, 1] if pool.is_vacant[v] and int(v) not in taken]
    put_on_list(world, np.array(back, dtype=np.int64))
    if not len(done):
        return
    applications = pool.application[done[:, 0]].astype(np.int64)
    received = pool.dwelling[done[:, 1]].astype(np.int64)
    again = a.status[applications] == Status.OPEN  # recourse: another dwelling than the one held
    moves.propose_exchange(world, applications[again], received[again])
    sign(world, applications, received)


def sign(world: World, rows: np.ndarray, homes: np.ndarray) -> None:
    """Sign the legs on one day; count them where convention says so; a dwelling left by a chain is sought."""
    d, rule = world.dwellings, world.scenario.rules.exchange
    was_empty = d.tenant[homes] < 0
    moves.orient(world, homes[~was_empty], LANDLORD, Reason.EXCHANGED)
    if world.policy.objectives:
        order = steering.order_for(world, homes)
        steering.promise(world, homes, rows, order.stands)
        steering.keep(world, homes, rows)
    left = moves.swap(world, rows, homes).astype(np.int64)
    counted = legs_in_flux(d.landlord[left], d.landlord[homes], rule.is_in_flux)
    for home in homes[~was_empty & counted].tolist():
        world.ledger.count(int(d.landlord[home]), LANDLORD)
    leave_flux(world, homes[was_empty & ~counted])
    world.ready_day[homes] = -1
    freed = left[d.tenant[left] < 0]
    start_search(world, freed, world.day + works_days(world, freed))
