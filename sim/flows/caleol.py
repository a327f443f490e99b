"""Designation, the landlord's commission (CALEOL), offers by rank, lease: the heart of the model.

On its day a landlord's commission decides on the files designated at the session before, then
candidates are designated for the next one. Dwellings are taken in row order. Each dwelling that
leaves the commission with ranked candidates then has a story of its own.
"""

from __future__ import annotations

import numpy as np

from sim.behaviour.refusing import refusal_probability
from sim.rules import affordability, quotas
from sim.rules.designation import served_order
from sim.rules.reservations import EMPLOYMENT_MASKS, EVERYBODY, PREFERENCES, most_behind, shares
from sim.state.rows import Rows
from sim.words.clock import Phase
from sim.words.codes import EventKind, Reason, Reservataire
from sim.world import moves
from sim.world.waiting import SEGMENTS
from sim.world.world import Story, World

CLASSES = np.arange(SEGMENTS) // 4
IS_FIRST_QUARTILE = (np.arange(SEGMENTS) // 2) % 2 == 1


def start_search(world: World, dwelling: int, ready_day: int) -> None:
    """Orient a dwelling and put it on the list of its landlord's next designation."""
    holder_shares = shares(world.scenario.rules.reservation)
    landlord = int(world.dwellings.landlord[dwelling])
    world.ready_day[dwelling] = ready_day
    moves.orient(world, dwelling, most_behind(world.book.oriented[landlord], holder_shares))
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
        behind[name] = max(0.0, target - world.book.share(name)) / target
    return behind


def designate_all(world: World, landlord: int) -> None:
    """Designate candidates for every dwelling that waits for some, in row order."""
    waiting, world.to_designate[landlord] = sorted(world.to_designate[landlord]), set()
    is_steered = world.scenario.rules.steering.name == "objectifs"
    for dwelling in waiting:
        rows = find_candidates(world, dwelling, lags(world) if is_steered else {})
        if len(rows):
            world.in_session[landlord][dwelling] = rows
        else:
            world.to_designate[landlord].add(dwelling)


def find_candidates(world: World, dwelling: int, behind: dict[str, float]) -> list[int]:
    """Designate the best candidates of the holder, else of the landlord; return their rows, held."""
    holder = int(world.dwellings.reserved_for[dwelling])
    rows = _search(world, dwelling, holder, behind)
    if not len(rows) and holder != Reservataire.BAILLEUR:
        moves.orient(world, dwelling, Reservataire.BAILLEUR)
        rows = _search(world, dwelling, Reservataire.BAILLEUR, behind)
    if not len(rows):
        return []
    few = len(rows) < int(world.law["caleol.candidats_min"])
    chosen = rows.tolist()
    points = world.order.points(world.applicants(rows), world.day).tolist()
    moves.designate(world, dwelling, chosen, points, Reason.FEW_CANDIDATES if few else Reason.NONE)
    return chosen


def _search(world: World, dwelling: int, holder: int, behind: dict[str, float]) -> np.ndarray:
    caleol = world.scenario.flows.caleol
    preference = np.array(PREFERENCES[holder])[CLASSES]
    scores = quotas.segment_scores(behind, bool(world.is_in_qpv[dwelling]), CLASSES, IS_FIRST_QUARTILE)
    tiers = served_order(scores, preference) if behind else preference.astype(np.int8)
    wanted = int(caleol.files_mean)
    occasion = int(world.dwellings.lettings_count[dwelling])
    luck = world.luck.uniform_one("files", int(world.dwellings.luck_id[dwelling]), occasion)
    wanted += luck < caleol.files_mean - wanted
    asks = world.ask(dwelling, EMPLOYMENT_MASKS.get(holder, EVERYBODY))
    wanted = max(wanted, int(world.law["caleol.candidats_min"]))
    return world.waiting.candidates(world.people(), world.terms, asks, tiers, world.order.ageing(world.day), wanted)


def decide(world: World, sessions: dict[int, list[int]]) -> None:
    """The commission examines the files of each dwelling, and ranks those it retains."""
    if not sessions:
        return
    dwellings = sorted(sessions)
    rows = np.array([row for d in dwellings for row in sessions[d]])
    homes = np.repeat(dwellings, [len(sessions[d]) for d in dwellings])
    caleol = world.scenario.flows.caleol
    ids, occasion = world.applications.luck_id[rows], _occasions(world, homes)
    has_retracted = (world.luck.uniform("retract", ids, occasion) < caleol.retract_share).tolist()
    is_rejected = (world.luck.uniform("reject", ids, occasion) < caleol.reject_share).tolist()
    answers = dict(zip(zip(homes.tolist(), rows.tolist(), strict=True), _answers(world, rows, homes), strict=True))
    place = 0
    for dwelling in dwellings:
        ranked: list[int] = []
        leaving: list[int] = []
        kinds: list[EventKind] = []
        for row in sessions[dwelling]:
            if has_retracted[place] or is_rejected[place]:
                leaving.append(row)
                kinds.append(EventKind.RETRACTED if has_retracted[place] else EventKind.REJECTED)
            else:
                ranked.append(row)
                moves.rank_candidate(world, row, dwelling, len(ranked))
            place += 1
        moves.release(world, leaving, dwelling, kinds)
        files = len(ranked) + kinds.count(EventKind.REJECTED)
        if ranked:
            world.start(offers(world, dwelling, ranked, files, [answers[dwelling, row] for row in ranked]))
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
        moves.release(world, others, dwelling, [EventKind.RELEASED] * len(others), Reason.EARLIER_RANK_SIGNED)
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
    recognition = int(world.applications.recognition[row])
    group = np.array(1 if recognition & 3 else 2 if recognition & 12 else 0)
    first_quartile = np.array(world.quartile[row] == 1)
    for name in world.scenario.rules.steering.objectives:
        objective = quotas.OBJECTIVES[name]
        if objective.applies(bool(world.is_in_qpv[dwelling])):
            world.book.count(name, bool(objective.serves(group, first_quartile)))


def works_days(world: World, dwelling: int) -> int:
    """Return the days of works before a dwelling may be let again: 0.4 to 1.6 times the mean."""
    d = world.dwellings
    luck = world.luck.uniform_one("works", int(d.luck_id[dwelling]), int(d.lettings_count[dwelling]))
    return round(world.scenario.flows.exits.works_mean_days * (0.4 + 1.2 * luck))
