"""From the commission to the lease: offers by rank, answers, acceptance, and the chain that a move starts.

The story of a dwelling is: offer to the first rank; on a refusal, to the next (R441-3); when the list
is exhausted, back to the landlord; on acceptance, the others are released, a tenant who moves gives
notice of the old dwelling at once, and the lease is signed when the dwelling is ready. What falls due
on one day is one batch, in the order of the shortlists.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.behaviour.refusing import refusal_probability
from sim.flows import steering
from sim.flows.search import give_back, leave_flux, start_search, works_days
from sim.rules import affordability
from sim.rules.commission import Decision, condition_holds
from sim.rules.draws import BIDDERS
from sim.rules.flux import counts_in_flux
from sim.rules.occupancy import is_valid_offer
from sim.rules.recognition import loses_dalo
from sim.state.rows import Rows
from sim.state.shortlists import Shortlists
from sim.words.clock import Phase
from sim.words.codes import Reason, Recognition
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


class Files(NamedTuple):
    """Files that a commission ranked, dwelling after dwelling, by rank."""

    rows: np.ndarray
    homes: np.ndarray
    ranks: np.ndarray
    ranked: np.ndarray  # how many were ranked for the dwelling
    examined: np.ndarray  # how many were examined for it
    is_conditional: np.ndarray  # a document is missing (R441-3 c)


def open_shortlists(world: World, files: Files) -> np.ndarray:
    """Keep what a commission ranked, with what each candidate will answer; return its rows in ``world.shortlists``."""
    rows, homes = files.rows, files.homes
    people, dwellings = world.applicants(rows), Rows(world.dwellings, homes)
    refuse, practice = world.scenario.behaviour.refuse, world.scenario.flows.commission
    effort = effort_share(world, people, dwellings)
    probability = refusal_probability(people, dwellings, world.is_in_qpv[homes], effort, refuse)
    if world.rule().filter.kind == BIDDERS:
        probability = probability * world.order.rule.bid_refusal_ratio  # they chose the advert
    # The n-th answer of a household is drawn once, whatever the dwelling: scenarios that house it otherwise share it.
    ids, occasion, luck = people.luck_id, people.offers_count, world.luck.uniform
    refuses = luck("refuse", ids, occasion) < probability
    if world.helped:
        refuses |= finds_it_dear(world, rows, homes)
    silent = refuses & (luck("silence", ids, occasion) < refuse.silence_share)
    delay = int(world.law["offre.delai_reponse_days"])
    days = 1 + (luck("answer", ids, occasion) * delay).astype(int)
    days[silent] = delay + 1  # the offer lapses at the end of the delay
    is_void = np.zeros(len(rows), dtype=bool)
    if files.is_conditional.any():
        document = np.rint(-np.log1p(-luck("document_days", ids, occasion)) * practice.document_mean_days).astype(int)
        decision = np.where(files.is_conditional, int(Decision.CONDITIONAL), int(Decision.ATTRIBUTED))
        is_void = ~condition_holds(decision, document, practice.document_max_days)
        waits = np.where(is_void, practice.document_max_days, document)
        days = np.where(files.is_conditional, np.maximum(days, waits), days)
    lists = Shortlists.build(
        len(rows), application=rows, dwelling=homes, rank=files.ranks, ranked_count=files.ranked,
        files_count=files.examined, is_refusal=refuses, is_silent=silent, is_void=is_void,
        answer_days=np.minimum(days, 255),
    )  # fmt: skip
    return world.shortlists.append(lists)


def finds_it_dear(world: World, rows: np.ndarray, homes: np.ndarray) -> np.ndarray:
    """Return who is helped to a smaller dwelling and would pay no less there: nobody obliges them (L442-3-1)."""
    own = world.households.dwelling[world.applications.household[rows]]
    rents = world.dwellings.rent_eur_month
    return np.asarray(
        np.fromiter((row in world.helped for row in rows.tolist()), bool, len(rows))
        & (own >= 0)
        & ~is_valid_offer(rents[np.maximum(own, 0)], rents[homes])
    )


def propose(world: World, files: np.ndarray) -> None:
    """Offer dwellings to the candidates of some rows of the shortlists."""
    s = world.shortlists
    moves.offer(world, s.application[files], s.dwelling[files], s.rank[files])
    world.answers_due.add(world.day + s.answer_days[files].astype(np.int64), files)


def answer(world: World, due: np.ndarray) -> None:
    """Refusals go to the next rank, or give the dwelling back; acceptances promise a lease."""
    s = world.shortlists
    is_void, refuses = s.is_void[due], s.is_refusal[due]
    void, refused, accepted = due[is_void & ~refuses], due[refuses], due[~refuses & ~is_void]
    if len(refused):
        moves.decline(world, s.application[refused], s.dwelling[refused], s.rank[refused], s.is_silent[refused])
        lose_dalo(world, s.application[refused].astype(np.int64), s.dwelling[refused])
    if len(void):
        moves.release(world, s.application[void], s.dwelling[void], Reason.DOCUMENT_MISSING)
    failed = np.sort(np.concatenate([refused, void]))
    if len(failed):
        is_last = s.rank[failed] == s.ranked_count[failed]
        give_back(world, s.dwelling[failed[is_last]].astype(np.int64))
        if not is_last.all():
            propose(world, failed[~is_last] + 1)
    if len(accepted):
        release_others(world, accepted)
        ready = world.ready_day[s.dwelling[accepted]]
        promise(world, accepted, np.maximum(world.day + world.scenario.flows.caleol.lease_delay_days, ready))


def lose_dalo(world: World, rows: np.ndarray, homes: np.ndarray) -> None:
    """Who refuses an adapted offer may lose the benefit of its DALO decision (R441-16-3)."""
    recognition = world.applications.recognition[rows]
    if not (recognition & int(Recognition.DALO)).any():
        return
    a = world.applications
    luck = world.luck.uniform("dalo_loss", a.luck_id[rows], a.offers_count[rows])
    lost = loses_dalo(recognition, np.ones(len(rows), dtype=bool), luck, world.scenario.flows.recognitions)
    if lost.any():
        moves.expire_recognition(world, rows[lost], np.full(lost.sum(), int(Recognition.DALO), dtype=np.uint8))


def release_others(world: World, accepted: np.ndarray) -> None:
    """Those ranked after an acceptance go back to the list."""
    s = world.shortlists
    counts = s.ranked_count[accepted].astype(np.int64) - s.rank[accepted]
    starts = np.cumsum(counts) - counts
    others = np.repeat(accepted + 1 - starts, counts) + np.arange(counts.sum())
    moves.release(world, s.application[others], s.dwelling[others], Reason.EARLIER_RANK_SIGNED)


def promise(world: World, files: np.ndarray, lease_days: np.ndarray) -> None:
    """Candidates accept; tenants who move give notice of the old dwelling at once."""
    s = world.shortlists
    rows, dwellings = s.application[files], s.dwelling[files]
    moves.accept(world, rows, dwellings, s.rank[files])
    steering.keep(world, dwellings, rows)
    old = world.households.dwelling[world.applications.household[rows]].astype(np.int64)
    moving = old >= 0
    if moving.any():
        left = old[moving]
        moves.give_notice(world, left, Reason.MOVED)
        start_search(world, left, lease_days[moving] + works_days(world, left))
    world.leases_due.add(lease_days, files)


def sign(world: World, files: np.ndarray) -> None:
    """Leases begin; those that the flux leaves out are taken back from the holders' shares (R441-5)."""
    s, d = world.shortlists, world.dwellings
    dwellings = s.dwelling[files].astype(np.int64)
    left = moves.house(world, s.application[files], dwellings, s.rank[files], s.files_count[files])
    world.ready_day[dwellings] = -1
    within = (left >= 0) & (d.landlord[left] == d.landlord[dwellings])
    substituted = np.isin(d.landlord[dwellings], list(world.substituted)) & ~world.is_in_qpv[dwellings]
    relocation = np.where(world.applications.recognition[s.application[files]] & int(Recognition.NPNRU), 1, 0)
    counts = counts_in_flux(within, relocation, substituted, world.lettings.is_identified[dwellings])
    leave_flux(world, dwellings[~counts])
    if world.scenario.rules.lec_substitution.on:
        steering.count_for_prefect(world, s.application[files], dwellings)


def effort_share(world: World, people: Rows, homes: Rows) -> np.ndarray:
    """Return rent and charges less the allowance, over income, of each applicant in each dwelling."""
    terms = world.terms
    rent, charges = homes.rent_eur_month * terms.rent_index, homes.charges_eur_month * terms.rent_index
    tax_income = people.tax_income_eur_year * terms.income_index
    zone = world.zone_of_commune[homes.commune]
    allowance = affordability.apl_eur_month(rent, tax_income, people.family_type, zone, terms)
    cost = affordability.net_cost_eur_month(rent, charges, homes.surface_m2, allowance, terms)
    return np.asarray(cost / np.maximum(1.0, people.income_eur_month * terms.income_index))
