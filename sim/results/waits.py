"""What ``outcomes.parquet`` says of waits: the three delays by class, each apart, with their intervals.

(a) the delay of those who were housed, (b) the age of the applications that still wait, (c) the cumulative
incidence of being housed, leaving being a competing exit. The three describe one world and differ by years:
they are never put into one number.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from sim.indicators.classes import CLASSES, COMPOSITIONS, PATHS, spells_by_class
from sim.indicators.grid import ROOMS
from sim.indicators.incidence import CAUSES, CENSORED, HOUSED, Counts, Spells, tally
from sim.indicators.intervals import BETWEEN, WITHIN, Pooled, Spread, number_of
from sim.inputs.faults import Fault, Faults, shown
from sim.results.connection import connect
from sim.results.store import Run
from sim.words.clock import DAYS_PER_MONTH, first_day
from sim.words.registry import nearest

if TYPE_CHECKING:
    import pandas as pd

MONTHS = (12, 24, 36, 60)
"""When shares are told."""
RESTRICTED_MONTHS = 60
"""Horizon of the restricted means."""
SHARES = (0.25, 0.5, 0.75)
"""Quantiles of the incidence."""
FIXED = {"parcours": PATHS, "typologie": ROOMS, "composition": COMPOSITIONS}
"""Columns whose groups are known; those of the others are read from the file."""
TEXTS = (*FIXED, "territoire", "commune")
NUMBERS = ("quartile", "taille", "birth_year", "recognition", "recognised_day", "filed_day", "closed_day")


USUAL = ("mel", "parcours", "quartile", "reconnaissance", "typologie")
"""Classes told when none is asked for."""


def chosen_classes(words: Sequence[str] | None) -> tuple[list[str], list[str]]:
    """Return the classes asked for (names, or ``all``, separated by commas or not) and the others.

    Raises
    ------
    Faults
        If one is not known.
    """
    asked = [name.strip() for word in words or [] for name in word.split(",") if name.strip()]
    unknown = [name for name in asked if name not in (*CLASSES, "all")]
    if unknown:
        known = ", ".join(CLASSES)
        raise Faults([Fault("--class", 1, f"unknown class {unknown[0]!r}{nearest(unknown[0], CLASSES)}: {known}, all")])
    wanted = set(CLASSES) if "all" in asked else set(asked or USUAL)
    return [name for name in CLASSES if name in wanted], [name for name in CLASSES if name not in wanted]


def days_of(months: float) -> int:
    """Return whole days at the end of some months of age."""
    return math.floor(months * DAYS_PER_MONTH)


@dataclass(frozen=True)
class Period:
    """Days observed, both included, of the window and of the whole run."""

    first_day: int
    last_day: int
    run_first: int
    run_last: int


def period_of(run: Run, year: int | None = None) -> Period:
    """Return the whole run, or a calendar year of it.

    Raises
    ------
    Faults
        If the year was not simulated.
    """
    spans = [(int(r["first_day"]), int(r["last_day"])) for r in run.manifest["by_replication"].values()]
    first, last = min(a for a, _ in spans), max(b for _, b in spans)
    if year is None:
        return Period(first, last, first, last)
    years = run.manifest["years"]
    if year not in years:
        raise Faults([Fault("--year", 1, f"{year} was not simulated: {years[0]} to {years[-1]}")])
    return Period(max(first, first_day(year)), min(last, first_day(year + 1) - 1), first, last)


def read_outcomes(run: Run, texts: Collection[str] = TEXTS) -> pd.DataFrame:
    """Return the applications of every replication: numbers, chosen text columns as categories, and ``cause``.

    Raises
    ------
    Faults
        If a column is missing: the run was made by an earlier version.
    """
    path = run.path / "outcomes.parquet"
    causes = " ".join(f"WHEN '{status.label}' THEN {cause}" for status, cause in CAUSES.items())
    with connect() as connection:
        described = connection.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(path)]).fetchall()
        missing = sorted({*NUMBERS, *texts} - {str(row[0]) for row in described})
        if missing:
            raise Faults([Fault(shown(path), 1, f"no column {', '.join(missing)}: an earlier version made this run")])
        columns = ["replication", *NUMBERS, f"CAST(CASE outcome {causes} ELSE {CENSORED} END AS UTINYINT) AS cause"]
        for name in texts:
            query = f"SELECT DISTINCT {name} FROM read_parquet(?) ORDER BY 1"
            groups = FIXED.get(name) or [str(row[0]) for row in connection.execute(query, [str(path)]).fetchall()]
            listed = ", ".join("'" + group.replace("'", "''") + "'" for group in groups)
            columns.append(f"CAST({name} AS ENUM ({listed})) AS {name}")
        query = f"SELECT {', '.join(columns)} FROM read_parquet(?)"
        frame: pd.DataFrame = connection.execute(query, [str(path)]).df()
    return frame


def by_replication(outcomes: pd.DataFrame, member: np.ndarray | None = None) -> Iterator[pd.DataFrame]:
    """Yield the rows of each replication, in order; only those of a mask, if one is given."""
    numbers = outcomes["replication"].to_numpy()
    starts = [0, *(np.flatnonzero(np.diff(numbers)) + 1), len(numbers)]
    for start, stop in pairwise(starts):
        one = outcomes.iloc[start:stop]
        yield one if member is None else one[member[start:stop]]


@dataclass(frozen=True)
class Number:
    """One number and its 95 % interval; None where nothing can be said."""

    mean: float | None
    low: float | None = None
    high: float | None = None

    @classmethod
    def of(cls, mean: float, low: float = math.nan, high: float = math.nan) -> Number:
        """Return the number, NaN and infinity as None."""
        return cls(*(None if not math.isfinite(x) else float(x) for x in (mean, low, high)))

    def months(self) -> Number:
        """Return days as months."""
        return Number(*(None if x is None else x / DAYS_PER_MONTH for x in (self.mean, self.low, self.high)))


@dataclass(frozen=True)
class Delays:
    """The delay of those housed in the period, or the age of those waiting at its end; days."""

    count: float  # by replication, mean
    mean: Number
    median: Number


@dataclass(frozen=True)
class Incidence:
    """The cumulative incidence of being housed; shares, and days."""

    spells: int  # over all replications
    housed: int
    followed_days: int  # last age at which enough were followed
    shares: dict[int, Number]  # housed within so many months
    left: dict[int, Number]  # gone unhoused
    quantiles: dict[float, Number]  # age at which a share is housed
    unhoused: Number  # mean time without a lease inside the horizon
    on_list: Number  # mean time on the list inside the horizon
    curve: np.ndarray  # by month: mean, low, high; shape (3, months)
    at_risk: np.ndarray  # by month, mean over replications


@dataclass(frozen=True)
class Waits:
    """The three delays of one group of one class, kept apart."""

    name: str
    group: str
    housed: Delays
    waiting: Delays
    incidence: Incidence


@dataclass(frozen=True)
class Study:
    """The waits of a run over a period."""

    period: Period
    replications: int
    method: str  # of the intervals
    waits: list[Waits]


def study(run: Run, wanted: Sequence[str], year: int | None = None) -> Study:
    """Return the three delays of every group of the wanted classes.

    Parameters
    ----------
    run : Run
        A finished run.
    wanted : sequence of str
        Among ``CLASSES``.
    year : int, optional
        A calendar year: only what happens in it counts. By default the whole run.

    Raises
    ------
    Faults
        If the year was not simulated.
    """
    period = period_of(run, year)
    outcomes = read_outcomes(run, [name for name in TEXTS if name in wanted])
    parts = [spells_by_class(one, period.run_first, period.run_last, wanted) for one in by_replication(outcomes)]
    labels = parts[0][1]
    spells = [aligned(found, len(labels)) for found, _ in parts]
    housed, waiting = (delays([which(s, period) for s in spells], len(labels)) for which in (housed_in, waiting_at))
    incidence = incidences([tally(s, period.first_day, period.last_day) for s in spells])
    order = {name: place for place, name in enumerate(CLASSES)}
    found = [Waits(*label, housed[i], waiting[i], incidence[i]) for i, label in enumerate(labels)]
    found = sorted((w for w in found if w.incidence.spells), key=lambda w: order[w.name])
    return Study(period, len(spells), BETWEEN if len(spells) > 1 else WITHIN, found)


def aligned(spells: Spells, count: int) -> Spells:
    """Return the spells with every label, those that this replication has not included."""
    return replace(spells, cell=spells.labels[spells.cell], labels=np.arange(count))


def housed_in(spells: Spells, period: Period) -> tuple[np.ndarray, np.ndarray]:
    """Return label and delay in days of those housed in a period: (a)."""
    rows = np.flatnonzero(
        (spells.cause == HOUSED) & (spells.leave >= period.first_day) & (spells.leave <= period.last_day)
    )
    return spells.cell[rows], spells.leave[rows] - spells.filed[rows]


def waiting_at(spells: Spells, period: Period) -> tuple[np.ndarray, np.ndarray]:
    """Return label and age in days of those still waiting at the end of the last day of a period: (b)."""
    last = period.last_day
    stays = (spells.leave > last) | ((spells.leave == last) & (spells.cause == CENSORED))
    rows = np.flatnonzero((spells.enter <= last) & stays)
    return spells.cell[rows], last - spells.filed[rows]


def delays(samples: Sequence[tuple[np.ndarray, np.ndarray]], count: int) -> list[Delays]:
    """Return mean and median of each label, from ``(label, days)`` of each replication."""
    grouped = []
    for cell, days in samples:
        span = int(days.max(initial=0)) + 1
        keys = np.sort(cell.astype(np.int64) * span + days)  # one sort of whole numbers, label then days
        grouped.append(np.split(keys % span, np.searchsorted(keys, span * np.arange(1, count))))
    return [
        Delays(
            float(np.mean([len(values) for values in each])),
            *(Number.of(*number_of(each, name)) for name in ("mean", "median")),
        )
        for each in zip(*grouped, strict=True)
    ]


def incidences(parts: Sequence[Counts]) -> list[Incidence]:
    """Return what the curves of several replications say together, by label."""
    pooled, gone = (Pooled(each, days_of(RESTRICTED_MONTHS)) for each in (parts, [p.swapped() for p in parts]))
    ages = [days_of(month) for month in MONTHS]
    grid = [days_of(month) for month in range(int(pooled.curves.incidence.shape[1] / DAYS_PER_MONTH))]
    housed, left, counts = pooled.incidence, gone.incidence, pooled.curves
    quantiles = {share: pooled.quantile(share) for share in SHARES}
    followed = pooled.followed.sum(axis=1) - 1

    def at(spread: Spread, *place: int) -> Number:
        return Number.of(spread.mean[place], spread.low[place], spread.high[place])

    return [
        Incidence(
            int(counts.spells[i]),
            int(counts.housed[i].sum()),
            int(followed[i]),
            {month: at(housed, i, age) for month, age in zip(MONTHS, ages, strict=True)},
            {month: at(left, i, age) for month, age in zip(MONTHS, ages, strict=True)},
            {share: at(found, i) for share, found in quantiles.items()},
            at(pooled.unhoused, i),
            at(pooled.on_list, i),
            np.array([spread[i, grid] for spread in (housed.mean, housed.low, housed.high)]),
            counts.at_risk[i, grid] / len(parts),
        )
        for i in range(len(followed))
    ]
