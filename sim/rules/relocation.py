"""Relocations (relogements) and the stock that they free: who decides, who may stay, what is let again (rules.md 7)."""

from __future__ import annotations

import datetime as dt

import numpy as np

from sim.words.clock import EPOCH
from sim.words.codes import Code


class Relocation(Code):
    """Why a household must be housed elsewhere."""

    NONE = 0, "aucun relogement"
    RENEWAL = 1, "rénovation ou renouvellement urbain, démolition (L353-15, L442-6)"
    CONDOMINIUM = 2, "requalification de copropriété dégradée"
    UNFIT = 3, "insalubrité ou péril (L521-3-1 à L521-3-3)"
    SALE = 4, "vente de logements HLM (L443-7)"


def commission_decides(relocation: np.ndarray) -> np.ndarray:
    """Return whether the commission decides; of renewal relocations it is only informed (L441-2 V)."""
    return np.asarray(np.asarray(relocation) != Relocation.RENEWAL)


def keeps_right_to_stay(
    valid_refusals: np.ndarray, refusals_max: int, months_since: np.ndarray, months: int
) -> np.ndarray:
    """Return whether a tenant to relocate may still stay (L442-6 II, L442-3-1).

    Parameters
    ----------
    valid_refusals : numpy.ndarray
        Refusals of offers that meet the law; others do not count.
    refusals_max : int
        ``relogement.refus_max`` or ``sous_occupation.refus_max``.
    months_since : numpy.ndarray
        Months since the last of these refusals; read only where there are enough.
    months : int
        ``relogement.maintien_months``.
    """
    return np.asarray((np.asarray(valid_refusals) < refusals_max) | (np.asarray(months_since) < months))


def loss_date(last_refusal: dt.date, months: int) -> dt.date:
    """Return the day the right to stay is lost: ``relogement.maintien_months`` after the refusal that decides it."""
    month = np.datetime64(last_refusal, "M") + months
    last_of_month = (month + 1).astype("datetime64[D]") - 1
    found = min(month.astype("datetime64[D]") + (last_refusal.day - 1), last_of_month)
    return EPOCH + dt.timedelta(days=int(found.astype(np.int64)))


def may_be_let_again(day: np.ndarray | int, is_to_demolish: np.ndarray, works_end_day: np.ndarray) -> np.ndarray:
    """Return whether a dwelling freed by a relocation may be let: after the works, never when demolished (L442-6).

    Parameters
    ----------
    day, works_end_day : numpy.ndarray
        Days since 1970-01-01; -1 = no end of works is known, so it is not let.
    is_to_demolish : numpy.ndarray
        Whether it is freed for a demolition.
    """
    end = np.asarray(works_end_day)
    return np.asarray(~np.asarray(is_to_demolish, dtype=bool) & (end >= 0) & (np.asarray(day) >= end))


def is_offered(day: int, service_day: np.ndarray, withdrawn_day: np.ndarray) -> np.ndarray:
    """Return which dwellings are offered on a day: a rebuilt one from its own entry into service, on its own date.

    Parameters
    ----------
    day : int
        Days since 1970-01-01.
    service_day, withdrawn_day : numpy.ndarray
        Entry into service, and freeing for demolition or sale (-1 = never).
    """
    withdrawn = np.asarray(withdrawn_day)
    return np.asarray((np.asarray(service_day) <= day) & ((withdrawn < 0) | (day < withdrawn)))
