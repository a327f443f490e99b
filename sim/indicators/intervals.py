"""How sure a curve is: 95 % intervals of the incidence, of its quantiles and of restricted means.

Replications are pooled: their counts add up and one curve is drawn. Its interval then comes from

- **between replications** (two or more): what each of them moves the pooled curve by (its influence, to first
  order), Student's law with one degree of freedom less than replications. It holds every chance of the simulated
  market, shared by households or not. Where replications happen to agree exactly, ``within`` takes over.
- **within the replication** (one only): the Greenwood-type variance of Aalen-Johansen by the delta method
  (Marubini and Valsecchi, *Analysing Survival Data from Clinical Trials*, 1995). Households are taken as
  independent: the luck of the market as a whole is not in it, and users must be told.

Either way the interval of a share is symmetric on the arcsine scale, arcsin(sqrt(share)), so it stays between 0 and 1.
With no event at all, its upper bound is that of a constant rate which would have shown none 97.5 times in 100.
An age is *followed* while at least ``LEAST_AT_RISK`` were followed at it and at all ages before.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import add

import numpy as np

from sim.indicators.incidence import Counts, Curves, curves

LEAST_AT_RISK = 10
"""Fewer followed than this, over all replications: nothing is said of that age nor of later ones (hypothèse)."""
BETWEEN, WITHIN = "entre réplications", "dans la réplication"
ONE_TAIL = 0.025
SMALL = 1e-12


@dataclass(frozen=True)
class Spread:
    """Values with their 95 % interval, arrays of one shape; NaN where nothing can be said."""

    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray


def student(replications: int) -> float:
    """Return how many standard errors a 95 % interval takes on each side."""
    from scipy.special import ndtri, stdtrit

    return float(-ndtri(ONE_TAIL) if replications < 2 else stdtrit(replications - 1, 1 - ONE_TAIL))


def within_variance(found: Curves) -> np.ndarray:
    """Return the variance of the incidence of being housed when spells are independent, shape (classes, ages)."""
    n, d1, d = _risk(found), found.housed, found.housed + found.left
    incidence, before = found.incidence, found.before
    stays = n > d  # where all go, the curve moves no more: that age adds nothing to later ones
    exits = np.where(stays, d / (n * np.maximum(n - d, 1.0)), 0.0)
    cross = np.where(stays, before * d1 / n**2, 0.0)
    own = before**2 * d1 * (n - d1) / n**3
    total, first, second = (np.cumsum(x, axis=1) for x in (exits, incidence * exits, incidence**2 * exits))
    variance = incidence**2 * total - 2 * incidence * first + second + np.cumsum(own, axis=1)
    variance -= 2 * (incidence * np.cumsum(cross, axis=1) - np.cumsum(incidence * cross, axis=1))
    return np.asarray(np.maximum(variance, 0.0))


class Pooled:
    """Curves of several replications put together, and how sure they are.

    Parameters
    ----------
    parts : sequence of Counts
        One by replication, same classes and ages.
    days : int
        Horizon of the restricted means.
    """

    def __init__(self, parts: Sequence[Counts], days: int) -> None:
        self.parts, self.replications, self.days = parts, len(parts), days
        self.curves = curves(reduce(add, parts))
        self.factor = student(self.replications)

    @property
    def method(self) -> str:
        """Where the intervals come from."""
        return BETWEEN if self.replications > 1 else WITHIN

    @cached_property
    def followed(self) -> np.ndarray:
        """Whether each age, and all ages before it, had enough people followed."""
        enough: np.ndarray = self.curves.at_risk >= LEAST_AT_RISK
        return np.asarray(np.logical_and.accumulate(enough, axis=1))

    @cached_property
    def _between(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the variances between replications: of the incidence, of the two means; zero with one."""
        found, n, days = self.curves, _risk(self.curves), self.days
        first, every = found.housed / n, (found.housed + found.left) / n
        stays = np.where(every < 1, 1 / np.where(every < 1, 1 - every, 1.0), 0.0)
        later = _from(_waiting(found)[:, :days])
        sums = [np.zeros(n.shape), np.zeros(len(n)), np.zeros(len(n))]
        for part in self.parts if self.replications > 1 else ():
            own = found.before * (part.housed - first * part.at_risk) / n
            exits = stays * (part.housed + part.left - every * part.at_risk) / n
            moved = np.cumsum(own + found.incidence * exits, axis=1) - found.incidence * np.cumsum(exits, axis=1)
            sums[0] += moved**2
            sums[1] += moved[:, :days].sum(axis=1) ** 2
            sums[2] += np.sum(later * exits[:, :days], axis=1) ** 2
        few = self.replications / max(self.replications - 1, 1)
        return few * sums[0], few * sums[1], few * sums[2]

    @cached_property
    def incidence(self) -> Spread:
        """The cumulative incidence of being housed by age, shape (classes, ages)."""
        share = self.curves.incidence
        error = _error(self._between[0], within_variance(self.curves))
        root = np.arcsin(np.sqrt(np.clip(share, 0.0, 1.0)))
        reach = self.factor * error / (2 * np.sqrt(np.maximum(share * (1 - share), SMALL)))
        low, high = np.sin(np.maximum(root - reach, 0.0)) ** 2, np.sin(np.minimum(root + reach, math.pi / 2)) ** 2
        ages = np.arange(1, share.shape[1] + 1)
        exposed = np.maximum(np.cumsum(self.curves.at_risk, axis=1), 1)
        high = np.where(share <= 0, -np.expm1(math.log(ONE_TAIL) * ages / exposed), high)
        return self._said(share, low, high)

    def quantile(self, share: float) -> Spread:
        """Return the age in days at which a share has been housed, by class.

        The bounds are those of the ages that the curve's interval does not rule out; infinite when the curve, or
        a bound of it, does not reach the share while followed.
        """
        spread = self.incidence
        never = np.where(np.isnan(spread.high), np.inf, spread.high)
        rising = np.minimum.accumulate(never[:, ::-1], axis=1)[:, ::-1]  # a later age ruled out rules out this one
        reached = [spread.mean >= share, (rising >= share) & ~np.isnan(spread.high), spread.low >= share]
        nobody = ~self.followed[:, 0]
        return Spread(*(np.where(nobody, np.nan, _first(curve)) for curve in reached))

    @cached_property
    def unhoused(self) -> Spread:
        """The mean time without a lease inside the first ``days``, those who leave unhoused counted whole, by class.

        It is the expectation of min(time to the lease, ``days``), infinite time for who leaves.
        """
        found, days = self.curves, self.days
        n, before, share = (x[:, :days] for x in (_risk(found), found.before, found.incidence))
        d1, d, rest = found.housed[:, :days], (found.housed + found.left)[:, :days], days - np.arange(days)
        after = _from(share) - rest * share
        exits = np.where(n > d, d / (n * np.maximum(n - d, 1.0)), 0.0)
        cross = np.where(n > d, before * d1 / n**2, 0.0)
        terms = (before * rest) ** 2 * d1 * (n - d1) / n**3 - 2 * rest * after * cross + after**2 * exits
        return self._restricted(np.sum(1 - share, axis=1), self._between[1], terms.sum(axis=1))

    @cached_property
    def on_list(self) -> Spread:
        """The mean time spent on the list inside the first ``days``, whatever the way out, by class."""
        found, days = self.curves, self.days
        waiting, n, d = (x[:, :days] for x in (_waiting(found), _risk(found), found.housed + found.left))
        exits = np.where(n > d, d / (n * np.maximum(n - d, 1.0)), 0.0)
        return self._restricted(waiting.sum(axis=1), self._between[2], np.sum(_from(waiting) ** 2 * exits, axis=1))

    def _restricted(self, mean: np.ndarray, between: np.ndarray, within: np.ndarray) -> Spread:
        half = self.factor * _error(between, np.maximum(within, 0.0))
        known = self.followed[:, self.days - 1]
        bounds = (mean, np.maximum(mean - half, 0.0), np.minimum(mean + half, self.days))
        return Spread(*(np.where(known, values, np.nan) for values in bounds))

    def _said(self, *values: np.ndarray) -> Spread:
        return Spread(*(np.where(self.followed, array, np.nan) for array in values))


def number_of(samples: Sequence[np.ndarray], statistic: str) -> tuple[float, float, float]:
    """Return a mean or a median with its 95 % interval, one sample by replication (empty ones left out).

    Over two replications or more, Student's interval of the mean over replications, as the bilan's. With one, the
    normal interval of a mean, the order statistics around a median; NaN with fewer than two values.

    Parameters
    ----------
    samples : sequence of np.ndarray
        Values, ascending.
    statistic : str
        ``mean`` or ``median``.
    """
    filled = [values for values in samples if len(values)]
    each = np.array([float(np.mean(v) if statistic == "mean" else np.median(v)) for v in filled])
    if len(filled) == 0:
        return math.nan, math.nan, math.nan
    if len(samples) == 1 and len(filled[0]) > 1:
        values, factor = filled[0], student(1)
        if statistic == "mean":
            half = factor * float(values.std(ddof=1)) / math.sqrt(len(values))
            return float(each[0]), float(each[0]) - half, float(each[0]) + half
        reach = factor * math.sqrt(len(values)) / 2
        low, high = math.floor(len(values) / 2 - reach), math.ceil(len(values) / 2 + reach)
        return float(each[0]), float(values[max(low, 0)]), float(values[min(high, len(values) - 1)])
    if len(each) == 1:
        return float(each[0]), math.nan, math.nan
    half = student(len(each)) * float(each.std(ddof=1)) / math.sqrt(len(each))
    return float(each.mean()), max(float(each.mean()) - half, 0.0), float(each.mean()) + half


def _error(between: np.ndarray, within: np.ndarray) -> np.ndarray:
    """Return standard errors: between replications, or within where there is no difference between them."""
    found: np.ndarray = np.sqrt(np.where(between > 0, between, within))
    return found


def _waiting(found: Curves) -> np.ndarray:
    return np.asarray(1 - found.incidence - found.left_incidence)


def _risk(found: Counts) -> np.ndarray:
    risk: np.ndarray = np.maximum(found.at_risk, 1).astype(float)
    return risk


def _from(values: np.ndarray) -> np.ndarray:
    """Return, at each age, the sum from it to the end."""
    found: np.ndarray = np.cumsum(values[:, ::-1], axis=1)[:, ::-1]
    return found


def _first(reached: np.ndarray) -> np.ndarray:
    """Return the first age reached, by class; infinite when never."""
    return np.where(reached.any(axis=1), reached.argmax(axis=1).astype(float), np.inf)
