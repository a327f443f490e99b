"""From the commission to the lease: offers by rank, answers, acceptance, and the chain that a move starts.

The story of a dwelling is: offer to the first rank; on a refusal, to the next (R441-3); when the list
is exhausted, back to the landlord; on acceptance, the others are released, a tenant who moves gives
notice of the old dwelling at once, and the lease is signed when the dwelling is ready. What falls due
on one day is one batch, in the order of the shortlists.
"""

from __future__ import annotations

import numpy as np

from sim.behaviour.refusing import refusal_probability
from sim.flows.search import give_back, start_search, works_days
from sim.rules import affordability, quotas
from sim.state.rows import Rows
from sim.state.shortlists import Shortlists
from sim.words.clock import Phase
from sim.words.codes import Reason
from sim.world import moves
from sim.world.world import Story, World


def answers(world: World) -> Story:
    """Each day, the candidates whose answer is due."""
    for day in range(world.first, world.last + 1):
        yield world.until(day, Phase.ANSWERS)
        due = world.answers_due.pop(day)
        if len(due):
            answer(world, due)


def leases(world: World) -> Story:
    """Each day, the leases that begin."""
    for day in range(world.first, world.last + 1):
        yield world.until(day, Phase.LEASES)
        due = world.leases_due.pop(day)
        if len(due):
            sign(world, due)


def open_shortlists(world: World, lists: Shortlists) -> np.ndarray:
    """Keep what a commission ranked; return its rows in ``world.shortlists``."""
    return world.shortlists.append(lists)


def propose(world: World, files: np.ndarray) -> None:
    """Offer dwellings to the candidates of some rows of the shortlists."""
    s = world.shortlists
    moves.offer(world, s.application[files], s.dwelling[files], s.rank[files])
    world.answers_due.add(world.day + s.answer_days[files].astype(np.int64), files)


def answer(world: World, due: np.ndarray) -> None:
    """Refusals go to the next rank, or give the dwelling back; acceptances promise a lease."""
    s = world.shortlists
    refuses = s.refuses[due]
    refused, accepted = due[refuses], due[~refuses]
    if len(refused):
        moves.decline(world, s.application[refused], s.dwelling[refused], s.rank[refused], s.is_silent[refused])
        is_last = s.rank[refused] == s.ranked[refused]
        give_back(world, s.dwelling[refused[is_last]].astype(np.int64))
        if not is_last.all():
            propose(world, refused[~is_last] + 1)
    if len(accepted):
        release_others(world, accepted)
        ready = world.ready_day[s.dwelling[accepted]]
        promise(world, accepted, np.maximum(world.day + world.scenario.flows.caleol.lease_delay_days, ready))


def release_others(world: World, accepted: np.ndarray) -> None:
    """Those ranked after an acceptance go back to the list."""
    s = world.shortlists
    counts = s.ranked[accepted].astype(np.int64) - s.rank[accepted]
    starts = np.cumsum(counts) - counts
    others = np.repeat(accepted + 1 - starts, counts) + np.arange(counts.sum())
    moves.release(world, s.application[others], s.dwelling[others], Reason.EARLIER_RANK_SIGNED)


def promise(world: World, files: np.ndarray, lease_days: np.ndarray) -> None:
    """Candidates accept; tenants who move give notice of the old dwelling at once."""
    s = world.shortlists
    rows, dwellings = s.application[files], s.dwelling[files]
    moves.accept(world, rows, dwellings, s.rank[files])
    count_in_book(world, rows, dwellings)
    old = world.households.dwelling[world.applications.household[rows]].astype(np.int64)
    moving = old >= 0
    if moving.any():
        left = old[moving]
        moves.give_notice(world, left, Reason.MOVED)
        start_search(world, left, lease_days[moving] + works_days(world, left))
    world.leases_due.add(lease_days, files)


def sign(world: World, files: np.ndarray) -> None:
    """Leases begin."""
    s = world.shortlists
    moves.house(world, s.application[files], s.dwelling[files], s.rank[files], s.files[files])
    world.ready_day[s.dwelling[files]] = -1


def count_in_book(world: World, rows: np.ndarray, dwellings: np.ndarray) -> None:
    """Count accepted attributions towards the objectives that are steered."""
    steering = world.scenario.rules.steering
    if steering.name != "objectifs":
        return
    a = world.applications
    public = quotas.public_of(a.recognition[rows], a.is_mutation[rows])
    first_quartile, in_qpv = world.quartile[rows] == 1, world.is_in_qpv[dwellings]
    counted = np.where(public != quotas.MUTATION, public, quotas.ORDINARY_MUTATION)
    world.book.count(quotas.MUTATION_VOLUME, counted != quotas.ORDINARY_MUTATION)
    for name in steering.objectives:
        objective = quotas.OBJECTIVES[name]
        applies = np.where(in_qpv, objective.applies(True), objective.applies(False))
        world.book.count(name, objective.serves(public[applies], first_quartile[applies]))


def rank(
    world: World, rows: np.ndarray, homes: np.ndarray, ranks: np.ndarray, ranked: np.ndarray, files: np.ndarray
) -> Shortlists:
    """Return shortlists with what each candidate will answer: refuses or not, by silence or not, after how long.

    Parameters
    ----------
    rows, homes : numpy.ndarray
        Application and dwelling of each file that the commission ranked, dwelling after dwelling.
    ranks, ranked, files : numpy.ndarray
        Its rank; how many were ranked, and how many examined, for its dwelling.
    """
    people, dwellings = world.applicants(rows), Rows(world.dwellings, homes)
    effort = effort_share(world, people, dwellings)
    refuse = world.scenario.behaviour.refuse
    probability = refusal_probability(people, dwellings, world.is_in_qpv[homes], effort, refuse)
    ids, occasion = people.luck_id, occasions(world, homes)
    refuses = world.luck.uniform("refuse", ids, occasion) < probability
    silent = refuses & (world.luck.uniform("silence", ids, occasion) < refuse.silence_share)
    delay = int(world.law["offre.delai_reponse_days"])
    days = 1 + (world.luck.uniform("answer", ids, occasion) * delay).astype(int)
    days[silent] = delay + 1  # the offer lapses at the end of the delay
    return Shortlists.build(
        len(rows), application=rows, dwelling=homes, rank=ranks, ranked=ranked, files=files, refuses=refuses,
        is_silent=silent, answer_days=days,
    )  # fmt: skip


def occasions(world: World, homes: np.ndarray) -> np.ndarray:
    """Return the occasion of keyed draws about these dwellings: the dwelling and how often it was let."""
    count = world.dwellings.lettings_count[homes].astype(np.uint64)
    return np.asarray(world.dwellings.luck_id[homes] + count)


def effort_share(world: World, people: Rows, homes: Rows) -> np.ndarray:
    """Return rent and charges less the allowance, over income, of each applicant in each dwelling."""
    terms = world.terms
    rent, charges = homes.rent_eur_month * terms.rent_index, homes.charges_eur_month * terms.rent_index
    tax_income = people.tax_income_eur_year * terms.income_index
    zone = world.zone_of_commune[homes.commune]
    allowance = affordability.apl_eur_month(rent, tax_income, people.family_type, zone, terms)
    cost = affordability.net_cost_eur_month(rent, charges, homes.surface_m2, allowance, terms)
    return np.asarray(cost / np.maximum(1.0, people.income_eur_month * terms.income_index))
