"""What a bilan reads from a finished run: estimates over replications, curves, and the head of the manifest."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from sim.report import french
from sim.report.secrecy import THRESHOLD
from sim.report.tables import Quantity
from sim.results.uncertainty import interval_over_draws
from sim.words.clock import DAYS_PER_MONTH

if TYPE_CHECKING:
    import pandas as pd

    from sim.results.cube import Cube


class RunFolder(Protocol):
    """A finished run folder, as ``sim.results.store.load_run`` returns it."""

    @property
    def manifest(self) -> dict[str, Any]:
        """The manifest."""

    @property
    def cube(self) -> Cube:
        """The indicators by replication and cell."""

    def attributed(self, first: int, last: int) -> pd.DataFrame:
        """Return the attributions of the R441-5-1 cross-table over some years, all replications added."""

    def waits(self, groups: Iterable[str] = ()) -> pd.DataFrame:
        """Return curves per replication, class and group; of some groups, or all of them."""

    def replication(self, number: int = 0) -> dict[str, pd.DataFrame]:
        """Return the log and the tables as born of one replication, by name."""


@dataclass(frozen=True)
class Period:
    """One calendar year, or several: what a bilan reports."""

    first: int
    last: int

    def __str__(self) -> str:
        """Return ``2025`` or ``2025-2027``."""
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"

    @classmethod
    def of(cls, text: str | int) -> Period:
        """Read ``2025`` or ``2025-2027``; raises ``ValueError`` for anything else."""
        parts = str(text).split("-")
        if len(parts) > 2 or not all(part.isdigit() for part in parts) or int(parts[0]) > int(parts[-1]):
            raise ValueError(f"{text!r} is neither a year nor a span of years (2025 or 2025-2027)")
        return cls(int(parts[0]), int(parts[-1]))

    @property
    def years(self) -> range:
        """The calendar years."""
        return range(self.first, self.last + 1)

    def before(self) -> Period:
        """Return the span of the same length that ends just before."""
        length = len(self.years)
        return Period(self.first - length, self.last - length)


@dataclass(frozen=True)
class Estimate:
    """Mean over replications of one indicator, its 95 % interval, and the mean size of its denominator.

    ``low`` and ``high`` are ``None`` with one replication, ``mean`` when every denominator is 0.
    """

    mean: float | None
    low: float | None
    high: float | None
    count: float | None
    unit: str

    def quantity(self, kind: str | None = None) -> Quantity:
        """Return the estimate for a table: durations in days become months unless ``kind`` is ``days``."""
        kind = kind or KIND_OF_UNIT.get(self.unit, "number")
        if kind == "months" and self.unit == "days":
            return Quantity(french.to_months(self.mean), kind, french.to_months(self.low), french.to_months(self.high))
        return Quantity(self.mean, kind, self.low, self.high)


KIND_OF_UNIT = {
    "share": "share",
    "days": "months",
    "months": "months",
    "count": "count",
    "ratio": "ratio",
    "points": "points",
}
LAST_DAY = {"demandes_en_stock", "anciennete_stock_moyenne", "anciennete_stock_mediane", "part_mutations_demandes",
            "part_eligibles_prioritaires_stock", "taux_vacance", "part_sous_occupation", "part_sur_occupation",
            "part_plai_parc", "logements_parc", "interdits_a_la_location", "part_parc_sous_plafond_apl"}  # fmt: skip
"""Indicators of 31 December: over several years, those of the last one."""


def interval(values: np.ndarray) -> tuple[float | None, float | None, float | None]:
    """Return mean, low and high: Student's 95 % interval of the mean over replications, missing values left out.

    With fewer than two values there is no interval (``None``), never a false zero width.
    """
    known = values[~np.isnan(values)]
    if known.size == 0:
        return None, None, None
    mean = float(known.mean())
    if known.size == 1:
        return mean, None, None
    from scipy.special import stdtrit

    half = float(stdtrit(known.size - 1, 0.975) * known.std(ddof=1) / np.sqrt(known.size))
    return mean, mean - half, mean + half


class Reading:
    """Indicators of one run, looked up by name.

    Parameters
    ----------
    run : RunFolder
        The run folder.
    """

    def __init__(self, run: RunFolder) -> None:
        self.manifest = run.manifest
        self.scale = 1.0  # size of the simulated world over that of the territory
        self.base: Reading | None = None  # another run to lay beside this one
        self.threshold = THRESHOLD  # smallest count shown; 0 shows all
        self.veiled: dict[tuple[str, str], set[str]] = {}  # publics hidden, by count and period, once worked out
        self._members: dict[str, list[str]] = {}
        self._run = run
        self.cube = run.cube
        self.cells = self.cube.cells
        self._units = self.cells["unit"].to_numpy(dtype=object)

    @cached_property
    def years(self) -> list[int]:
        """Years that have indicators, ascending."""
        return sorted(int(y) for y in self.cells["year"].unique())

    @cached_property
    def last_full_year(self) -> int:
        """Last year simulated from 1 January to 31 December; raises ``ValueError`` when there is none."""
        settings = self.manifest["scenario"]["run"]
        start, end = (dt.date.fromisoformat(str(settings[key])) for key in ("start", "end"))
        full = [y for y in self.years if start <= dt.date(y, 1, 1) and dt.date(y, 12, 31) <= end]
        if not full:
            raise ValueError(f"no full year between {start} and {end}: a bilan needs one")
        return full[-1]

    def estimate(self, indicator: str, year: int | Period, scope: str = "mel", group: str = "mel") -> Estimate:
        """Return the estimate; missing rows give a missing value, as a denominator of 0 does.

        Over several years counts add up, quotients are those of the sums, what is counted on 31 December is
        that of the last one, and a median is missing.
        """
        if isinstance(year, Period) and len(year.years) > 1 and indicator not in LAST_DAY:
            values, counts, unit = self._pooled(indicator, year, scope, group)
        else:
            last = year.last if isinstance(year, Period) else year
            cell = self.cube.place.get((indicator, scope, group, last))
            if cell is None:
                return Estimate(None, None, None, None, "")
            values, counts, unit = self.cube.value[:, cell], self.cube.denominator[:, cell], str(self._units[cell])
        if not len(values):
            return Estimate(None, None, None, None, "")
        mean, low, high = self._interval(values)
        count = float(np.nanmean(counts)) if not np.all(np.isnan(counts)) else None
        if unit == "share" and low is not None and high is not None:
            low, high = max(low, 0.0), min(high, 1.0)
        return Estimate(mean, low, high, count, unit)

    def _pooled(self, indicator: str, period: Period, scope: str, group: str) -> tuple[np.ndarray, np.ndarray, str]:
        """Return values and denominators of all years, by replication, and the unit."""
        found = [self.cube.place.get((indicator, scope, group, year)) for year in period.years]
        cells = [cell for cell in found if cell is not None]
        if len(cells) < len(found):
            return np.zeros(0), np.zeros(0), ""
        values, above, below = (t[:, cells].T for t in (self.cube.value, self.cube.numerator, self.cube.denominator))
        unit = str(self._units[cells[0]])
        if np.isnan(below).all():
            return values.sum(axis=0), below[0], unit
        total = np.nansum(below, axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(total > 0, above.sum(axis=0) / total, np.nan), total, unit

    def _interval(self, values: np.ndarray) -> tuple[float | None, float | None, float | None]:
        """Return mean, low and high over replications; with draws, what is not known counts beside chance."""
        if not self.cube.has_draws:
            return interval(values)
        found = interval_over_draws(self.cube.by_draw(values)) or (None,) * 3
        mean, low, high = (None if x is None or np.isnan(x) else x for x in found)
        return mean, low, high

    def members(self, scope: str) -> list[str]:
        """Return the groups of a scope, in alphabetical order."""
        if scope not in self._members:
            own = self.cells.loc[self.cells["scope"] == scope, "group"]
            self._members[scope] = sorted(str(g) for g in own.unique())
        return list(self._members[scope])

    def codes(self, scope: str) -> list[str]:
        """Return the indicators that a scope has, in the order of the run."""
        return [str(code) for code in self.cells.loc[self.cells["scope"] == scope, "indicator"].unique()]

    @cached_property
    def _told(self) -> set[str]:
        return {str(code) for code in self.cells.loc[~np.isnan(self.cube.value).all(axis=0), "indicator"].unique()}

    def has(self, indicator: str) -> bool:
        """Whether the run gives at least one value of an indicator."""
        return indicator in self._told

    def log(self) -> dict[str, pd.DataFrame]:
        """Return the log and the tables as born of the first replication."""
        return self._run.replication(0)

    def attributed(self, period: Period) -> pd.DataFrame:
        """Return the R441-5-1 cross-table of a period, all replications added."""
        return self._run.attributed(period.first, period.last)

    @cached_property
    def waits(self) -> pd.DataFrame:
        """The curves of ``CURVE_GROUPS``, by replication."""
        return self._run.waits(CURVE_GROUPS)


@dataclass(frozen=True)
class Curve:
    """Cumulative incidence of being housed, of one class of household, on a grid of months."""

    label: str
    months: list[float]
    mean: list[float]
    low: list[float] | None
    high: list[float] | None
    at_risk: list[float]


@dataclass(frozen=True)
class Panel:
    """One objective seen by territory."""

    title: str
    target: float | None
    rows: list[Estimate]


@dataclass(frozen=True)
class Series:
    """One indicator by year, with its target and the published points: ``(year, value, field)``."""

    title: str
    unit: str
    years: list[int]
    values: list[Estimate]
    target: float | None
    observed: list[tuple[int, float, str]]


HORIZON_MONTHS = 60
CURVE_GROUPS = {"premier accès": "Premier accès", "mutation": "Mutation"}


def curves(waits: pd.DataFrame) -> list[Curve]:
    """Return the cumulative incidence of first access and of mutations, each month, mean over replications.

    Each replication's curve is a step function of the days; it is read at the last day before each month.
    Raises ``ValueError`` when the run has no curve of these groups.
    """
    chosen = waits[waits["group"].isin(CURVE_GROUPS)]
    if chosen.empty:
        raise ValueError(f"waits.parquet has no curve of the groups {', '.join(CURVE_GROUPS)}")
    last = min(HORIZON_MONTHS, int(french.to_months(float(chosen["days"].max())) or 0))
    months = np.arange(last + 1, dtype=float)
    days = months * DAYS_PER_MONTH
    found = []
    for group, label in CURVE_GROUPS.items():
        shares, risks = [], []
        for _, one in chosen[chosen["group"] == group].groupby("replication"):
            one = one.sort_values("days")
            place = np.searchsorted(one["days"].to_numpy(), days + 1e-9, side="right") - 1
            shares.append(np.where(place < 0, 0.0, one["incidence"].to_numpy(dtype=float)[place]))
            risks.append(one["at_risk"].to_numpy(dtype=float)[np.maximum(place, 0)])
        if not shares:
            continue
        spans = [interval(column) for column in np.array(shares).T]
        low = None if len(shares) < 2 else [max(0.0, s[1] or 0.0) for s in spans]
        high = None if len(shares) < 2 else [min(1.0, s[2] or 0.0) for s in spans]
        found.append(
            Curve(label, months.tolist(), [s[0] or 0.0 for s in spans], low, high, np.mean(risks, axis=0).tolist())
        )
    return found
