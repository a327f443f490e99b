"""The landlord's commission (CALEOL): how many files, which decision on each, how it votes (CCH L441-2, R441-3)."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Mapping

import numpy as np

from sim.words.codes import Code


class Decision(Code):
    """The decisions of R441-3, a to e."""

    ATTRIBUTED = 0, "attribution"
    RANKED = 1, "attribution avec rang"
    CONDITIONAL = 2, "attribution sous condition suspensive"
    NOT_ATTRIBUTED = 3, "non-attribution"
    INADMISSIBLE = 4, "irrecevabilité"


class Motive(Code):
    """Why a file is not retained; ``may_refuse`` says which may justify it."""

    NONE = 0, ""
    ADEQUACY = 1, "composition, ressources ou situation inadaptées au logement (L441-1)"
    OWNER = 2, "propriétaire d'un logement adapté (L441-2-2)"
    FRAGILITY = 3, "aggraverait la fragilité d'une résidence à enjeu prioritaire (L441-2-2)"
    LOCAL_LINK = 4, "absence de lien avec la commune (L441)"


class Condition(Code):
    """What an attribution may wait for; a missing document alone may suspend it (R441-3 c)."""

    NONE = 0, ""
    DOCUMENT = 1, "pièce justificative manquante"
    INCOME = 2, "ressources jugées faibles"
    DEBT = 3, "dette de loyer"


def may_refuse(motives: frozenset[Motive], owns_suitable: bool = False, is_in_residence: bool = False) -> bool:
    """Return whether these motives together may justify a non-attribution.

    Parameters
    ----------
    motives : frozenset of Motive
        What the commission says. A lack of local link is never enough by itself.
    owns_suitable : bool
        The household owns a dwelling that suits its needs.
    is_in_residence : bool
        The dwelling is in a résidence à enjeu prioritaire of the CIA (L441-1-6 3° bis).
    """
    facts = {Motive.ADEQUACY: True, Motive.OWNER: owns_suitable, Motive.FRAGILITY: is_in_residence}
    return any(facts.get(motive, False) for motive in motives)


# How many files


def files_required(
    available: np.ndarray, minimum: int, is_dalo_designation: np.ndarray | bool, is_adapted_plai: np.ndarray | bool
) -> np.ndarray:
    """Return the fewest files that a commission may examine for each dwelling (R441-3): at least, never exactly.

    Parameters
    ----------
    available : numpy.ndarray
        Candidates that exist.
    minimum : int
        ``caleol.candidats_min``.
    is_dalo_designation : numpy.ndarray
        The prefect designates a DALO household (L441-2-3 II).
    is_adapted_plai : numpy.ndarray
        PLAI adapté (subsidy of D331-25-1).
    """
    is_exempt = np.asarray(is_dalo_designation) | np.asarray(is_adapted_plai)
    return np.asarray(np.minimum(np.asarray(available), np.where(is_exempt, 1, minimum)))


# Decisions on files


def draw_motives(luck: np.ndarray, shares: Mapping[Motive, float], applies: Mapping[Motive, np.ndarray]) -> np.ndarray:
    """Draw the motive for which each file is not retained, ``Motive.NONE`` for the others.

    Parameters
    ----------
    luck : numpy.ndarray
        One uniform per file. Motives are laid end to end in the order of ``shares``: one that is added after
        the others changes none of their files.
    shares : mapping
        Share of the files refused for each motive, among those it applies to.
    applies : mapping
        Files that each motive may concern; all of them for a motive left out.
    """
    found = np.zeros(len(luck), dtype=np.uint8)
    low = np.zeros(len(luck))
    for motive, share in shares.items():
        high = low + share * np.asarray(applies.get(motive, True))
        found[(luck >= low) & (luck < high)] = motive
        low = high
    return found


def decide(motive: np.ndarray, condition: np.ndarray, is_inadmissible: np.ndarray, homes: np.ndarray) -> np.ndarray:
    """Return the decision on each file of a session (R441-3 a to e).

    Parameters
    ----------
    motive : numpy.ndarray
        ``Motive`` of a refusal, ``NONE`` when the file is retained.
    condition : numpy.ndarray
        ``Condition`` wished for; only a missing document suspends, any other is as if it were not written.
    is_inadmissible : numpy.ndarray
        The household may not have a social dwelling at all.
    homes : numpy.ndarray
        Dwelling of each file: alone to be retained, an attribution; several, with ranks.
    """
    is_retained = (np.asarray(motive) == Motive.NONE) & ~np.asarray(is_inadmissible)
    _, place = np.unique(homes, return_inverse=True)
    count = np.bincount(place, weights=is_retained)[place]
    decision = np.where(count > 1, Decision.RANKED, Decision.ATTRIBUTED)
    decision = np.where(np.asarray(condition) == Condition.DOCUMENT, Decision.CONDITIONAL, decision)
    decision = np.where(is_retained, decision, Decision.NOT_ATTRIBUTED)
    return np.asarray(np.where(is_inadmissible, Decision.INADMISSIBLE, decision), dtype=np.uint8)


def session_order(position: np.ndarray, own: np.ndarray, is_reordered: np.ndarray) -> np.ndarray:
    """Return the order in which a commission takes files: that of designation, or its own (``reorder_share``)."""
    return np.where(is_reordered, own, position)


def ranks(decision: np.ndarray, homes: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Return the rank, from 1, of each retained file of its dwelling; 0 for the others.

    Parameters
    ----------
    decision, homes : numpy.ndarray
        As ``decide``. A file under condition keeps its rank.
    order : numpy.ndarray
        Smaller first: the order of designation, or one of the commission's own. Points help to decide, they do
        not bind (L441-2-8). Ties keep the order of the files.
    """
    is_retained = np.asarray(decision) <= Decision.CONDITIONAL
    place = np.lexsort((order, homes))
    kept = is_retained[place]
    so_far = np.cumsum(kept)
    starts = np.concatenate([[True], np.diff(np.asarray(homes)[place]) != 0])[: len(place)]
    before = np.maximum.accumulate(np.where(starts, so_far - kept, 0))
    found = np.zeros(len(place), dtype=np.int64)
    found[place] = np.where(kept, so_far - before, 0)
    return found


def condition_holds(decision: np.ndarray, document_days: np.ndarray, allowed_days: int) -> np.ndarray:
    """Return which retained files bind the landlord: under condition, those whose document comes in time.

    Parameters
    ----------
    decision : numpy.ndarray
        ``Decision`` codes.
    document_days : numpy.ndarray
        Days until the document comes, from the decision.
    allowed_days : int
        Days that the decision gives.
    """
    decision = np.asarray(decision)
    is_firm = decision < Decision.CONDITIONAL
    return np.asarray(is_firm | ((decision == Decision.CONDITIONAL) & (np.asarray(document_days) <= allowed_days)))


# Votes and answers


def is_adopted(landlord: tuple[int, int], prefect: int, epci: int, mayor: int, members: int) -> bool:
    """Return whether a proposal is adopted (L441-2): a majority of the votes cast, the mayor deciding a tie.

    Parameters
    ----------
    landlord : (int, int)
        Votes for and against of the landlord's members.
    prefect, epci, mayor : int
        Votes of the prefect, of the president of the EPCI and of the mayor of the commune: 1 for, -1 against,
        0 absent or abstaining. The mayor has one voice among others, and no veto.
    members : int
        ``caleol.membres_bailleur``.

    Raises
    ------
    ValueError
        If the landlord casts more votes than it has members.
    """
    votes_for, against = landlord
    if votes_for + against > members:
        raise ValueError(f"{votes_for + against} votes of the landlord, {members} members")
    balance = votes_for - against + prefect + epci + mayor
    return balance > 0 or (balance == 0 and mayor > 0)


def last_answer_date(notified: dt.date, delay_days: int) -> dt.date:
    """Return the last day to answer an offer, counted from the day after; a week-end moves it to Monday.

    Parameters
    ----------
    notified : datetime.date
        Day the offer reaches the candidate.
    delay_days : int
        ``offre.delai_reponse_days`` (R441-10). Public holidays are not looked at.
    """
    last = notified + dt.timedelta(days=delay_days)
    while last.weekday() >= calendar.SATURDAY:
        last += dt.timedelta(days=1)
    return last


def is_refused(answer: bool | None, answered: dt.date | None, last: dt.date) -> bool:
    """Return whether an offer is refused; silence, or an answer after the last day, is a refusal.

    Parameters
    ----------
    answer : bool or None
        Yes, no, or nothing said.
    answered : datetime.date or None
        When.
    last : datetime.date
        As ``last_answer_date``.
    """
    return answer is not True or answered is None or answered > last
