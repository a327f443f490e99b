"""The order of one day, and dates as whole days since 1970-01-01.

SimPy runs on integers: ``tick = day * len(PHASES) + phase``. Inside a phase rows are taken in row
order, so that the order in which processes were created never matters.
"""

from __future__ import annotations

import datetime as dt
from enum import IntEnum
from typing import Any

import numpy as np


class Phase(IntEnum):
    """The phases of one day, in order. A new one is a modelling decision."""

    YEARLY = 0
    RENEWALS = 1
    ARRIVALS = 2
    RECOGNITIONS = 3
    VACANCIES = 4
    SESSIONS = 5
    DESIGNATIONS = 6
    ANSWERS = 7
    LEASES = 8
    EXCHANGES = 9


PHASES = tuple(Phase)
EPOCH = dt.date(1970, 1, 1)
DAYS_PER_YEAR = 365.25
DAYS_PER_MONTH = DAYS_PER_YEAR / 12


def to_day(date: dt.date) -> int:
    """Return the number of days from 1970-01-01 to ``date``."""
    return (date - EPOCH).days


def to_date(day: int) -> dt.date:
    """Return the date of a day number."""
    return EPOCH + dt.timedelta(days=int(day))


def year_of(day: int) -> int:
    """Return the calendar year of a day number."""
    return to_date(day).year


def first_day(year: int) -> int:
    """Return the day number of 1 January of ``year``."""
    return to_day(dt.date(year, 1, 1))


def months_later(days: Any, months: Any) -> np.ndarray:
    """Return the same date some calendar months later, or the last day of that month if it has no such date.

    Parameters
    ----------
    days : int or numpy.ndarray
        Days since 1970-01-01.
    months : int or numpy.ndarray
        Whole months.
    """
    dates = np.asarray(days, dtype="i8").astype("M8[D]")
    first = dates.astype("M8[M]")
    target = first + np.asarray(months, dtype="i8")
    length = (target + 1).astype("M8[D]") - target.astype("M8[D]")
    moved = target.astype("M8[D]") + np.minimum(dates - first.astype("M8[D]"), length - np.timedelta64(1, "D"))
    return np.asarray(moved.astype("i8"))


def tick(day: int, phase: Phase) -> int:
    """Return the SimPy time of a phase of a day."""
    return day * len(PHASES) + phase
