"""The law of a day, for questions."""

from __future__ import annotations

import datetime as dt
from functools import cache

from sim.inputs.law import Law, LawView, load_law
from sim.words.clock import to_date, to_day


@cache
def whole() -> Law:
    """Return the shipped law."""
    return load_law()


def law_on(day: dt.date) -> LawView:
    """Return the law in force on a date."""
    return LawView(whole(), to_day(day))


def iso(day: int | None) -> str | None:
    """Return a day number as cases write it."""
    return None if day is None else to_date(int(day)).isoformat()
