"""The life of a demand: who may register, what ends it, what its seniority is, when it has waited too long.

The causes of radiation are a closed list (CCH R441-2-8): a refusal, a non-attribution or a missing link with the
commune are none (rules.md 1.1, 1.2, traps 1 to 4).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from enum import Enum
from typing import Any, NamedTuple

import numpy as np

from sim.rules.eligibility import Law
from sim.words.clock import months_later
from sim.words.codes import Radiation


class DemandNorms(NamedTuple):
    """What the law says on a day of the life of a demand."""

    validity_days: int
    renewal_notice_days: int
    warning_days: int
    pieces: frozenset[str]
    abnormal_delay_months: np.ndarray  # by typology, T1 to T5 and more


def demand_norms_of(law: Law) -> DemandNorms:
    """Gather the law of a day (R441-2-3, R441-2-7, R441-2-8, L441-1-4)."""
    return DemandNorms(
        int(law["demande.validite_days"]),
        int(law["demande.preavis_renouvellement_days"]),
        int(law["demande.mise_en_demeure_days"]),
        frozenset(law["demande.pieces_enregistrement"]),
        np.array(law["dal.delai_months"], dtype=int),
    )


class Happening(Enum):
    """What may happen to a demand; ``value`` is the cause of radiation it may be, ``None`` when the law has none."""

    LEASE_SIGNED = "bail signé", Radiation.LEASE_SIGNED
    RENUNCIATION = "renonciation écrite", Radiation.RENUNCIATION
    LETTER_UNANSWERED = "courrier sans réponse", Radiation.NO_ANSWER
    INADMISSIBLE = "irrecevabilité", Radiation.INADMISSIBLE
    NOT_RENEWED = "non-renouvellement", Radiation.NOT_RENEWED
    MERGED = "fusion de demandes", Radiation.MERGED
    OFFER_REFUSED = "refus d'une offre", None
    OFFER_UNANSWERED = "silence sur une offre", None
    NOT_ATTRIBUTED = "non-attribution", None
    RANKED_AFTER = "rang non servi", None
    NO_LOCAL_LINK = "pas de lien avec la commune", None
    DALO_LOST = "perte du bénéfice du DALO", None

    @property
    def cause(self) -> Radiation | None:
        """The cause of radiation that it may be."""
        cause: Radiation | None = self.value[1]
        return cause


def missing_pieces(given: Collection[str], norms: DemandNorms) -> frozenset[str]:
    """Return what is missing to register a demand: nothing else, no prior residence either, may be asked (R441-2-3)."""
    return norms.pieces - frozenset(given)


def radiation_day(what: Happening, day: int, norms: DemandNorms, warned_day: int | None = None) -> int | None:
    """Return the first day on which a demand may be closed, ``None`` if what happened cannot close it.

    Parameters
    ----------
    what : Happening
        What happened.
    day : int
        When; for a non-renewal, the day on which validity ends.
    norms : DemandNorms
        The law of that day.
    warned_day : int, optional
        Day of the notice to the applicant, without which an unanswered letter, an *irrecevabilité* or a non-renewal
        closes nothing.
    """
    if what.cause is None:
        return None
    delays = {
        Radiation.NO_ANSWER: norms.warning_days,
        Radiation.INADMISSIBLE: norms.warning_days,
        Radiation.NOT_RENEWED: norms.renewal_notice_days,
    }
    if what.cause not in delays:
        return day
    return None if warned_day is None else max(day, warned_day + delays[what.cause])


class Step(Enum):
    """What may change the seniority of a demand."""

    RENEWED = "renouvellement"
    SEPARATED = "séparation du couple"  # the other member keeps it too (L441-1 al. 2)
    MERGED = "fusion"  # with a demand filed on a day: the oldest counts (R441-2-8 f)
    FILED_AGAIN = "nouvelle demande après radiation"


def seniority_day(filed_day: int, steps: Iterable[tuple[Step, int]]) -> int:
    """Return the day from which a demand has seniority.

    Parameters
    ----------
    filed_day : int
        Day of reception of the first filing (R441-2-3).
    steps : iterable of (Step, int)
        In order; the day is that of the step, save for ``MERGED``: the filing day of the other demand.
    """
    since = filed_day
    for step, day in steps:
        if step is Step.FILED_AGAIN:
            since = day
        elif step is Step.MERGED:
            since = min(since, day)
    return since


def surplus(households: np.ndarray, filed_days: np.ndarray, is_open: np.ndarray) -> np.ndarray:
    """Return whether each demand is to be merged into an older open one of the same household.

    One open demand per household: the oldest stays (the first row on equal days) and keeps its seniority.
    """
    households, filed_days = np.asarray(households), np.asarray(filed_days)
    order = np.lexsort((np.arange(len(households)), filed_days, households))
    order = order[np.asarray(is_open)[order]]
    is_surplus = np.zeros(len(households), dtype=bool)
    is_surplus[order[1:]] = households[order[1:]] == households[order[:-1]]
    return is_surplus


def in_stock(filed_days: Any, closed_days: Any, day: int) -> np.ndarray:
    """Whether demands are in the stock at the end of a day (``closed_days`` -1 = open)."""
    filed, closed = np.asarray(filed_days), np.asarray(closed_days)
    return np.asarray((filed <= day) & ((closed < 0) | (closed > day)))


def active_between(filed_days: Any, closed_days: Any, first: int, last: int) -> np.ndarray:
    """Whether demands were active at least one day of a period: more than a stock, lapsed and re-filed count twice."""
    filed, closed = np.asarray(filed_days), np.asarray(closed_days)
    return np.asarray((filed <= last) & ((closed < 0) | (closed >= first)))


def has_waited_abnormally(filed_days: Any, rooms: Any, day: Any, norms: DemandNorms) -> np.ndarray:
    """Whether the *délai anormalement long* of a typology is over (L441-1-4): strictly after that date.

    Parameters
    ----------
    filed_days : int or numpy.ndarray
        Seniority day.
    rooms : int or numpy.ndarray
        Typology asked for, 1 to 5 (5 = T5 and more).
    day : int or numpy.ndarray
        Today.
    """
    delays = norms.abnormal_delay_months
    months = delays[np.clip(np.asarray(rooms, dtype=int), 1, len(delays)) - 1]
    return np.asarray(np.asarray(day) > months_later(filed_days, months))


UNLAWFUL_ALONE = frozenset({Happening.NO_LOCAL_LINK})
"""What can never justify a non-attribution by itself (CCH L441)."""


def may_justify_non_attribution(reasons: Collection[Happening | str]) -> bool:
    """Whether a commission may found a non-attribution on these reasons: one at least that the law does not bar."""
    return any(reason not in UNLAWFUL_ALONE for reason in reasons)
