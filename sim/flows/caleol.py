"""Designation, the landlord's commission (CALEOL), offers by rank, lease: the heart of the model.

On its day a landlord's commission decides on the files designated at the session before, then
candidates are designated for the next one. Dwellings are taken in row order. Each dwelling that
leaves the commission with ranked candidates then has a story of its own.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from sim.behaviour.refusing import refusal_probability
from sim.rules import affordability, quotas
from sim.rules.designation import served_order
from sim.rules.reservations import EMPLOYMENT_MASKS, EVERYBODY, PREFERENCES, most_behind
from sim.state.rows import Rows
from sim.words.clock import Phase
from sim.words.codes import Reason, Reservataire
from sim.world import moves
from sim.world.waiting import SEGMENTS, Query
from sim.world.world import Story, World

PUBLIC = np.arange(SEGMENTS) // 8
OVERRIDING = 1e3  # beyond the usual volume, ordinary mutations come after everybody
IS_FIRST_QUARTILE = (np.arange(SEGMENTS) // 4) % 2 == 1


def start_search(world: World, dwelling: int, ready_day: int) -> None:
    """Orient a dwelling and put it on the list of its landlord's next designation."""
    landlord = int(world.dwellings.landlord[dwelling])
    world.ready_day[dwelling] = ready_day
    moves.orient(world, dwelling, most_behind(world.book.oriented[landlord], world.holder_shares))
    world.to_designate[landlord].add(dwelling)


def commission(world: World, landlord: int) -> Story:
    """One landlord's commission, for the whole run."""
    every = world.scenario.flows.caleol.every_days
    day = world.first + landlord % every
    while True:
        yield world.until(day, Phase.SESSIONS)
        decide(world, world.in_session.pop(landlord, {}))
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
    waiting, world.to_designate[landlord] = sorted(world.to_designate[landlord]), set()
    is_steered = world.scenario.rules.steering.name == "objectifs"
    found = find_candidates(world, waiting, lags(world) if is_steered else {})
    for dwelling, rows in zip(waiting, found, strict=True):
        if rows:
            world.in_session[landlord][dwelling] = rows
        else:
            world.to_designate[landlord].add(dwelling)


def find_candidates(world: World, dwellings: list[int], behind: dict[str, float]) -> list[list[int]]:
    """Designate the best candidates of each holder, else of the landlord; return their rows, held."""
    if not dwellings:
        return []
    homes = np.array(dwellings)
    query = ask_for(world, homes, behind)
    ageing = world.order.ageing(world.day)
    chosen, found, is_fallback = world.waiting.candidates(world.people(), world.homes(), world.terms, query, ageing)
    for dwelling in homes[is_fallback].tolist():
        if world.dwellings.reserved_for[dwelling] != Reservataire.BAILLEUR:
            moves.orient(world, dwelling, Reservataire.BAILLEUR)
    is_filled = np.arange(chosen.shape[1])[None, :] < found[:, None]
    few = np.where(found < int(world.law["caleol.candidats_min"]), Reason.FEW_CANDIDATES, Reason.NONE)
    ranks = np.broadcast_to(np.arange(1, chosen.shape[1] + 1), chosen.shape)
    moves.designate(world, chosen[is_filled], np.repeat(homes, found), ranks[is_filled], np.repeat(few, found))
    return [chosen[i, :count].tolist() for i, count in enumerate(found.tolist())]


def ask_for(world: World, homes: np.ndarray, behind: dict[str, float]) -> Query:
    """Return what each dwelling asks for: segments in order, employment, how many files."""
    holders = world.dwellings.reserved_for[homes]
    in_qpv = world.is_in_qpv[homes]
    table = {(h, q): tiers_of(h, q, behind) for h in {*holders.tolist(), Reservataire.BAILLEUR} for q in (False, True)}
    mean = world.scenario.flows.caleol.files_mean
    luck = world.luck.uniform("files", world.dwellings.luck_id[homes], world.dwellings.lettings_count[homes])
    wanted = np.maximum(int(mean) + (luck < mean - int(mean)), int(world.law["caleol.candidats_min"]))
    return Query(
        dwellings=homes,
        holder_tiers=np.stack([table[h, q] for h, q in zip(holders.tolist(), in_qpv.tolist(), strict=True)]),
        holder_mask=np.array([EMPLOYMENT_MASKS.get(h, EVERYBODY) for h in holders.tolist()]),
        landlord_tiers=np.stack([table[Reservataire.BAILLEUR, q] for q in in_qpv.tolist()]),
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


def decide(world: World, sessions: dict[int, list[int]]) -> None:
    """The commission examines the files of each dwelling, and ranks those it retains."""
    if not sessions:
        return
    dwellings = sorted(sessions)
    counts = [len(sessions[d]) for d in dwellings]
    rows = np.array([row for d in dwellings for row in sessions[d]])
    homes = np.repeat(dwellings, counts)
    caleol = world.scenario.flows.caleol
    ids, occasion = world.applications.luck_id[rows], _occasions(world, homes)
    has_retracted = world.luck.uniform("retract", ids, occasion) < caleol.retract_share
    is_rejected = ~has_retracted & (world.luck.uniform("reject", ids, occasion) < caleol.reject_share)
    is_kept = ~has_retracted & ~is_rejected
    starts = np.concatenate([[0], np.cumsum(counts)])
    before = np.concatenate([[0], np.cumsum(is_kept)])
    ranks = before[1:] - np.repeat(before[starts[:-1]], counts)
    moves.examine(world, rows, homes, has_retracted, is_rejected, ranks)
    answers = _answers(world, rows[is_kept], homes[is_kept])
    kept = rows[is_kept].tolist()
    files = np.add.reduceat(~has_retracted, starts[:-1]).tolist()
    for i, dwelling in enumerate(dwellings):
        first, last = before[starts[i]], before[starts[i + 1]]
        if first < last:
            world.start(offers(world, dwelling, kept[first:last], files[i], answers[first:last]))
        else:
            give_back(world, dwelling)


def _occasions(world: World, homes: np.ndarray) -> np.ndarray:
    """Return the occasion of keyed draws about these dwellings: the dwelling and how often it was let."""
    count = world.dwellings.lettings_count[homes].astype(np.uint64)
    return np.asarray(world.dwellings.luck_id[homes] + count)


def _answers(world: World, rows: np.ndarray, homes: np.ndarray) -> list[tuple[bool, bool, int]]:
    """Return what each candidate would answer: (refuses, by silence, days to answer)."""
    people, dwellings = world.applicants(rows), Rows(world.dwellings, homes)
    effort = _effort_share(world, people, dwellings)
    refuse = world.scenario.behaviour.refuse
    probability = refusal_probability(people, dwellings, world.is_in_qpv[homes], effort, refuse)
    ids, occasion = people.luck_id, _occasions(world, homes)
    refuses = world.luck.uniform("refuse", ids, occasion) < probability
    silent = refuses & (world.luck.uniform("silence", ids, occasion) < refuse.silence_share)
    delay = int(world.law["offre.delai_reponse_days"])
    days = 1 + (world.luck.uniform("answer", ids, occasion) * delay).astype(int)
    days[silent] = delay + 1  # the offer lapses at the end of the delay
    return list(zip(refuses.tolist(), silent.tolist(), days.tolist(), strict=True))


def _effort_share(world: World, people: Rows, homes: Rows) -> np.ndarray:
    terms = world.terms
    rent, charges = homes.rent_eur_month * terms.rent_index, homes.charges_eur_month * terms.rent_index
    tax_income = people.tax_income_eur_year * terms.income_index
    zone = world.zone_of_commune[homes.commune]
    allowance = affordability.apl_eur_month(rent, tax_income, people.family_type, zone, terms)
    cost = affordability.net_cost_eur_month(rent, charges, homes.surface_m2, allowance, terms)
    return np.asarray(cost / np.maximum(1.0, people.income_eur_month * terms.income_index))


def offers(world: World, dwelling: int, ranked: list[int], files: int, answers: list[tuple[bool, bool, int]]) -> Story:
    """The story of one dwelling from the commission to the lease: offers by rank (R441-3, R441-10)."""
    for rank, (row, (refuses, is_silent, days)) in enumerate(zip(ranked, answers, strict=True), start=1):
        moves.offer(world, row, dwelling, rank)
        yield world.until(world.day + days, Phase.ANSWERS)
        if refuses:
            moves.decline(world, row, dwelling, rank, is_silent)
            continue
        others = ranked[rank:]
        moves.release(world, others, dwelling, Reason.EARLIER_RANK_SIGNED)
        lease_day = max(world.day + world.scenario.flows.caleol.lease_delay_days, world.ready_day[dwelling])
        yield from lease(world, dwelling, row, rank, files, lease_day)
        return
    give_back(world, dwelling)


def lease(world: World, dwelling: int, row: int, rank: int, files: int, lease_day: int) -> Story:
    """From acceptance to the lease; a tenant who moves gives notice of the old dwelling at once."""
    moves.accept(world, row, dwelling, rank)
    count_in_book(world, row, dwelling)
    old = int(world.households.dwelling[world.applications.household[row]])
    if old >= 0:
        moves.give_notice(world, old, Reason.MOVED)
        start_search(world, old, lease_day + works_days(world, old))
    yield world.until(lease_day, Phase.LEASES)
    moves.house(world, row, dwelling, rank, files)
    del world.ready_day[dwelling]


def give_back(world: World, dwelling: int) -> None:
    """The list is exhausted: the holder loses the dwelling, the landlord seeks again (rules.md 2.5)."""
    if world.dwellings.reserved_for[dwelling] != Reservataire.BAILLEUR:
        moves.orient(world, dwelling, Reservataire.BAILLEUR)
    world.to_designate[int(world.dwellings.landlord[dwelling])].add(dwelling)


def count_in_book(world: World, row: int, dwelling: int) -> None:
    """Count an accepted attribution towards the objectives that are steered."""
    steering = world.scenario.rules.steering
    if steering.name != "objectifs":
        return
    a = world.applications
    public = quotas.public_of(a.recognition[row], a.is_mutation[row])
    first_quartile = np.array(world.quartile[row] == 1)
    counted = public if public != quotas.MUTATION else np.array(quotas.ORDINARY_MUTATION)
    world.book.count(quotas.MUTATION_VOLUME, bool(counted != quotas.ORDINARY_MUTATION))
    for name in steering.objectives:
        objective = quotas.OBJECTIVES[name]
        if objective.applies(bool(world.is_in_qpv[dwelling])):
            world.book.count(name, bool(objective.serves(public, first_quartile)))


def works_days(world: World, dwelling: int) -> int:
    """Return the days of works before a dwelling may be let again: 0.4 to 1.6 times the mean."""
    d = world.dwellings
    luck = world.luck.uniform_one("works", int(d.luck_id[dwelling]), int(d.lettings_count[dwelling]))
    return round(world.scenario.flows.exits.works_mean_days * (0.4 + 1.2 * luck))
