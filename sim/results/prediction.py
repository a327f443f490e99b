"""Predicted wait for a profile and a place, as applicants must be told (CCH, R441-2-17, L441-2-8).

The applications like the one described are looked up among the simulated ones. When they are too few, the profile is
widened one step at a time, in a fixed order, what matters least first; every step taken is told. Then the cumulative
incidence of being housed, with its interval, is that of those found.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sim.indicators.classes import book_of
from sim.indicators.incidence import Counts, Spells, tally
from sim.indicators.intervals import BETWEEN, LEAST_AT_RISK, WITHIN
from sim.results.profiles import MOST_MONTHS_WAITED, NO, ORDER, Level, levels, read_profile, whole
from sim.results.store import Run
from sim.results.waits import (
    Period,
    Waits,
    aligned,
    by_replication,
    days_of,
    delays,
    housed_in,
    incidences,
    period_of,
    read_outcomes,
    waiting_at,
)  # fmt: skip

LEAST_SPELLS, LEAST_HOUSED, LEAST_MONTHS = 200, 30, 36
"""A profile is wide enough with so many applications, as many of them housed, over all replications, and enough
of them followed to that month (hypothèse)."""


@dataclass(frozen=True)
class Prediction:
    """What is said to one profile."""

    profile: dict[str, str]
    steps: list[str]  # how the profile was widened
    used: dict[str, str]  # the profile whose applications were counted, after the steps
    is_enough: bool
    since: str  # what the wait is counted from
    waited_months: float
    period: Period
    replications: int
    method: str
    waits: Waits


def predict(run: Run, words: Sequence[str], year: int | None = None) -> Prediction:
    """Return the predicted wait of a profile, widened until enough applications are like it.

    Parameters
    ----------
    run : Run
        A finished run.
    words : sequence of str
        ``KEY=VALUE``, keys among ``profiles.KEYS``.
    year : int, optional
        A calendar year of the run; by default the whole run.

    Raises
    ------
    Faults
        If a key or a value is not known.
    """
    profile, period = read_profile(words), period_of(run, year)
    waited = whole("anciennete", profile.get("anciennete", "0"), 0, MOST_MONTHS_WAITED)
    outcomes = read_outcomes(run)
    known = levels(profile, outcomes)
    depth, steps = dict.fromkeys(known, 0), []
    pending = [(key, to) for key, to in ORDER if key in known and to < len(known[key])]
    spells, counts = sample(profile, known, depth, outcomes, period, waited)
    while not is_enough(counts) and pending:
        key, to = pending.pop(0)
        before, after = known[key][depth[key]], known[key][to]
        depth[key] = to
        if before.words != after.words:
            steps.append(f"{before.words} → {after.words}")
            spells, counts = sample(profile, known, depth, outcomes, period, waited)
    housed, waiting = (delays([which(s, period) for s in spells], 1)[0] for which in (housed_in, waiting_at))
    return Prediction(
        profile,
        steps,
        {key: known[key][depth[key]].words for key in known},
        is_enough(counts),
        "la reconnaissance" if profile.get("priorite", NO).casefold() != NO else "le dépôt",
        waited,
        period,
        len(spells),
        BETWEEN if len(spells) > 1 else WITHIN,
        Waits("profil", "profil", housed, waiting, incidences(counts)[0]),
    )


def is_enough(counts: Sequence[Counts]) -> bool:
    """Whether a profile has enough applications, enough of them housed, and enough followed long enough."""
    spells, housed = sum(int(c.spells.sum()) for c in counts), sum(int(c.housed.sum()) for c in counts)
    at_risk = np.sum([part.at_risk[0, : days_of(LEAST_MONTHS) + 1] for part in counts], axis=0)
    return spells >= LEAST_SPELLS and housed >= LEAST_HOUSED and bool((at_risk >= LEAST_AT_RISK).all())


def sample(
    profile: Mapping[str, str],
    known: Mapping[str, Sequence[Level]],
    depth: Mapping[str, int],
    outcomes: pd.DataFrame,
    period: Period,
    waited: int,
) -> tuple[list[Spells], list[Counts]]:
    """Return the spells and counts of the applications that fit every key at its depth, one by replication."""
    member = np.ones(len(outcomes), dtype=bool)
    for key, place in depth.items():
        fits = known[key][place].fits
        if fits is not None:
            member &= fits(outcomes)
    spells = []
    for one in by_replication(outcomes, member):
        book = book_of(one, period.run_first, period.run_last)
        priority = profile.get("priorite")
        if priority is None:
            book.everybody(0)
        elif priority.casefold() == NO:
            book.not_recognised(0)
        else:
            book.since_recognition(np.ones(len(one), dtype=bool), 0)
        spells.append(aligned(book.close(), 1))
    counts = [tally(s, period.first_day, period.last_day) for s in spells]
    return spells, [part.after(days_of(waited)) for part in counts] if waited else counts
