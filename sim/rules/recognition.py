"""Recognition as priority: procedures apart from being eligible (rules.md 1.7).

A situation (``Ground``) makes a household eligible; a commission recognises it, after a delay and for a time. DALO:
CCH L441-2-3 and R441-14-1 to R441-16-3. PDALHPD: 14 situations, first access. Mutation committee: 7 situations.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sim.inputs.schema_demand import Recognitions
from sim.rules.demand import demand_norms_of, has_waited_abnormally
from sim.rules.eligibility import Law
from sim.state.rows import Rows
from sim.words.clock import DAYS_PER_MONTH, months_later
from sim.words.codes import L441_1, MUTATION_GROUNDS, PDALHPD_GROUNDS, DaloGround, Ground, Recognition

NEVER = -1


class Situation(NamedTuple):
    """What the mediation commission looks at; booleans and months, alone or in arrays."""

    has_no_home: Any = False
    is_evicted: Any = False
    shelter_months: Any = 0
    transition_months: Any = 0
    is_unfit: Any = False
    is_indecent: Any = False
    is_over_occupied: Any = False
    has_minor: Any = False
    is_disabled: Any = False
    is_unadapted: Any = False
    has_waited_abnormally: Any = False
    had_adapted_offer: Any = False


def dalo_ground(s: Situation, law: Law) -> np.ndarray:
    """Return the ground on which the commission may be seised, a ``DaloGround`` code; those without delay first."""
    is_fragile = np.asarray(s.has_minor) | np.asarray(s.is_disabled)
    tests = (
        (DaloGround.NO_HOME, s.has_no_home),
        (DaloGround.EVICTION, s.is_evicted),
        (DaloGround.SHELTER, np.asarray(s.shelter_months) > law["dalo.hebergement_months"]),
        (DaloGround.TRANSITION, np.asarray(s.transition_months) > law["dalo.transition_months"]),
        (DaloGround.UNFIT, s.is_unfit),
        (DaloGround.SMALL_OR_INDECENT, is_fragile & (np.asarray(s.is_indecent) | np.asarray(s.is_over_occupied))),
        (DaloGround.UNADAPTED, np.asarray(s.is_disabled) & np.asarray(s.is_unadapted)),
        (DaloGround.ABNORMAL_DELAY, np.asarray(s.has_waited_abnormally) & ~np.asarray(s.had_adapted_offer)),
    )
    ground = np.asarray(int(DaloGround.NONE))
    for code, holds in reversed(tests):
        ground = np.where(holds, int(code), ground)
    return ground


def dalo_situation(people: Rows, day: Any, law: Law) -> Situation:
    """Return what the commission knows of applicants on a day (or one day each).

    Months in a shelter or in transition housing are counted from the filing: what came before is not known. An offer
    refused stands for an adapted proposal.
    """
    bits, filed = np.asarray(people.grounds), np.asarray(people.filed_day, dtype=np.int64)
    months = (np.asarray(day) - filed) / DAYS_PER_MONTH

    def has(*grounds: Ground) -> np.ndarray:
        return np.asarray((bits & np.uint32(sum(int(g) for g in grounds))) > 0)

    return Situation(
        has_no_home=has(Ground.P01_SANS_LOGEMENT),
        is_evicted=has(Ground.P04_EXPULSION),
        shelter_months=np.where(has(Ground.P08_HEBERGEMENT), months, 0.0),
        transition_months=np.where(has(Ground.P09_TRANSITION), months, 0.0),
        is_unfit=has(Ground.P10_INSALUBRE),
        is_indecent=has(Ground.P07_NON_DECENT, Ground.MINEUR_NON_DECENT),
        is_over_occupied=has(Ground.P06_SUROCCUPATION, Ground.M06_SUROCCUPATION, Ground.MINEUR_SUROCCUPE),
        has_minor=people.children_count > 0,
        is_disabled=people.is_disabled,
        is_unadapted=has(Ground.P05_INADAPTE_HANDICAP, Ground.M03_HANDICAP_SANTE),
        has_waited_abnormally=has_waited_abnormally(filed, people.rooms_wanted, day, demand_norms_of(law)),
        had_adapted_offer=people.refusals_count > 0,
    )


def dalo_seisin_days(people: Rows, law: Law) -> np.ndarray:
    """Return the first day on which each applicant may seise the commission, if its situation does not change.

    The day of filing, with a ground that needs no delay; else the end of the months in a shelter or in transition
    housing; else that of the abnormal delay of its typology.
    """
    filed, bits = np.asarray(people.filed_day, dtype=np.int64), np.asarray(people.grounds)
    delays = demand_norms_of(law).abnormal_delay_months
    seised = months_later(filed, delays[np.clip(np.asarray(people.rooms_wanted, dtype=int), 1, len(delays)) - 1]) + 1
    for ground, name in (
        (Ground.P09_TRANSITION, "dalo.transition_months"),
        (Ground.P08_HEBERGEMENT, "dalo.hebergement_months"),
    ):
        housed_so = (bits & np.uint32(int(ground))) > 0
        seised = np.where(housed_so, np.minimum(seised, filed + int(law[name] * DAYS_PER_MONTH) + 1), seised)
    is_at_once = dalo_ground(dalo_situation(people, filed, law), law) != int(DaloGround.NONE)
    return np.where(is_at_once, filed, seised)


def dalo_decision_days(seised_days: Any, law: Law) -> np.ndarray:
    """Return by when the mediation commission decides (R441-15)."""
    return months_later(seised_days, law["dalo.delai_commission_months"])


def dalo_offer_days(decision_days: Any, law: Law, is_large_agglomeration: bool = True) -> np.ndarray:
    """Return by when the prefect must have made an adapted offer (R441-16-1).

    Parameters
    ----------
    decision_days : int or numpy.ndarray
        Days of favourable decisions.
    law : Law
        The law of the day.
    is_large_agglomeration : bool
        The department has an agglomeration of more than 300 000 inhabitants, as the Nord does.
    """
    name = "dalo.delai_offre_months" if is_large_agglomeration else "dalo.delai_offre_hors_agglomeration_months"
    return months_later(decision_days, law[name])


def may_seise_tribunal(offer_deadlines: Any, had_adapted_offer: Any, day: Any) -> np.ndarray:
    """Whether a recognised household may go to the tribunal: the prefect's delay is over without adapted offer."""
    return np.asarray((np.asarray(day) > np.asarray(offer_deadlines)) & ~np.asarray(had_adapted_offer))


def may_lose_dalo(recognition: Any, is_adapted: Any) -> np.ndarray:
    """Whether refusing an offer may cost the benefit of a DALO decision (R441-16-3); it never closes the demand."""
    return np.asarray(((np.asarray(recognition) & int(Recognition.DALO)) > 0) & np.asarray(is_adapted))


def loses_dalo(recognition: Any, is_adapted: Any, luck: Any, parameters: Recognitions) -> np.ndarray:
    """Whether a household that refuses an offer loses the benefit of its DALO decision, by the scenario's share."""
    return np.asarray(may_lose_dalo(recognition, is_adapted) & (np.asarray(luck) < parameters.dalo.loss_share))


def is_label_eligible(grounds: Any, is_mutation: Any) -> np.ndarray:
    """Whether the PDALHPD label may be asked: one of 14 situations, first access."""
    return np.asarray(((np.asarray(grounds) & np.uint32(PDALHPD_GROUNDS)) > 0) & ~np.asarray(is_mutation))


def is_committee_eligible(grounds: Any, is_mutation: Any) -> np.ndarray:
    """Whether the mutation committee may recognise: one of 7 situations, tenant of the stock."""
    return np.asarray(((np.asarray(grounds) & np.uint32(MUTATION_GROUNDS)) > 0) & np.asarray(is_mutation))


def letters(grounds: int) -> list[str]:
    """Return the letters of CCH L441-1 that situations fall under."""
    return [letter for letter, mask in L441_1.items() if grounds & mask]


def favourable(grounds: Any, is_mutation: Any, luck: Any, p: Recognitions) -> np.ndarray:
    """Return what each application will be recognised as, ``Recognition`` flags, 0 for nothing.

    Parameters
    ----------
    grounds, is_mutation : numpy.ndarray
        Situations and whether a tenant asks.
    luck : numpy.ndarray
        One uniform draw per application.
    p : Recognitions
        Shares of the scenario.
    """
    luck = np.asarray(luck)
    label = np.where(luck < p.dalo.share + p.pdalhpd.share, int(Recognition.PDALHPD), 0)
    label = np.where(luck < p.dalo.share, int(Recognition.DALO), label)
    committee = np.where(luck < p.mutation.share, int(Recognition.MUTATION), 0)
    flags = np.where(is_label_eligible(grounds, is_mutation), label, 0)
    return np.where(is_committee_eligible(grounds, is_mutation), committee, flags)


def decision_days(asked_days: np.ndarray, flags: np.ndarray, luck: np.ndarray, p: Recognitions, law: Law) -> np.ndarray:
    """Return the day of each decision: DALO in the law's delay, the others after an exponential delay of a day or more.

    Parameters
    ----------
    asked_days : numpy.ndarray
        Day on which each procedure is asked.
    flags : numpy.ndarray
        As ``favourable``.
    luck : numpy.ndarray
        One uniform draw per application.
    p, law : Recognitions, Law
        Mean delays of the scenario, delay of the law.
    """
    asked = np.asarray(asked_days, dtype=np.int64)
    mean = np.where(flags == int(Recognition.MUTATION), p.mutation.delay_mean_days, p.pdalhpd.delay_mean_days)
    drawn = asked + np.maximum(1, np.rint(-np.log1p(-np.asarray(luck)) * mean)).astype(np.int64)
    return np.where(flags == int(Recognition.DALO), dalo_decision_days(asked, law), drawn)


def expiry_days(recognised_days: Any, flags: Any, p: Recognitions, law: Law) -> np.ndarray:
    """Return the day on which each recognition ends by itself, -1 for never (DALO, and those that do not expire)."""
    days, flags = np.asarray(recognised_days, dtype=np.int64), np.asarray(flags)
    ends = np.full(np.broadcast_shapes(days.shape, flags.shape), NEVER)
    for flag, name, expires in (
        (Recognition.PDALHPD, "pdalhpd.validite_months", p.pdalhpd.expires),
        (Recognition.MUTATION, "mutation.validite_months", p.mutation.expires),
    ):
        if expires:
            ends = np.where((flags & int(flag)) > 0, months_later(days, law[name]), ends)
    return ends
