"""Waiting times under censoring: closed forms, hand counts, outside estimators, and how often intervals are right."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import reduce
from operator import add

import numpy as np
import pytest
from statsmodels.duration import survfunc as duration

from sim.indicators.incidence import (
    CENSORED,
    HORIZON_DAYS,
    HOUSED,
    LEFT,
    Counts,
    SpellBook,
    Spells,
    curves,
    estimate,
    tally,
)
from sim.indicators.intervals import BETWEEN, LEAST_AT_RISK, WITHIN, Pooled, number_of, student, within_variance

YEAR = 365.25
LAST = 20 * 365
MONTHS = (12, 24, 36, 60)
AGES = [math.floor(m * YEAR / 12) for m in MONTHS]
HOUSE, LEAVE = 0.25, 0.35
"""Rates per year of the exponential worlds."""


def spells_of(rows: list[tuple[int, int, int]]) -> Spells:
    """Return spells of one class from (age at entry, age at exit, cause)."""
    enter, leave, cause = np.array(rows).T
    zeros = np.zeros(len(rows), dtype=np.int64)
    return Spells(zeros, enter, leave, cause, zeros, np.array([0]))


TEN = [
    (0, 2, HOUSED), (0, 3, LEFT), (0, 3, HOUSED), (0, 5, CENSORED), (0, 6, HOUSED),
    (2, 6, LEFT), (2, 7, HOUSED), (4, 8, CENSORED), (4, 9, LEFT), (4, 9, HOUSED),
]  # fmt: skip
"""Ten spells, half of them entered late."""


def test_ten_spells_by_hand() -> None:
    found = estimate(spells_of(TEN), 0, 20, horizon=12)
    # followed: 5 until the eve of day 2, then 7 (two enter at 2, one housed), 6 at 3 (one housed, one gone), ...
    assert found.at_risk[0, [0, 2, 3, 4, 5, 6, 7, 8, 9]].tolist() == [5, 7, 6, 7, 7, 6, 4, 3, 2]
    by_hand, waiting = 0.0, 1.0
    for risk, housed, left in ((7, 1, 0), (6, 1, 1), (6, 1, 1), (4, 1, 0), (2, 1, 1)):
        by_hand += waiting * housed / risk
        waiting *= 1 - (housed + left) / risk
    assert found.incidence[0, -1] == pytest.approx(by_hand)
    assert found.incidence[0, -1] == pytest.approx(1 / 7 + 6 / 7 / 6 + 6 / 7 * 4 / 6 / 6 + 6 / 7 * 4 / 6 * 4 / 6 / 4
                                                   + 6 / 7 * 4 / 6 * 4 / 6 * 3 / 4 / 2)  # fmt: skip
    assert (found.incidence + found.left_incidence)[0, -1] == pytest.approx(1.0)


def slow_variance(counts: Counts, age: int) -> float:
    """Delta method, by moving each daily hazard a little and drawing the curve again."""

    def share(housed: np.ndarray, left: np.ndarray) -> float:
        before = np.cumprod(np.concatenate([[1.0], 1 - housed - left]))[:-1]
        return float(np.sum((before * housed)[: age + 1]))

    n = np.maximum(counts.at_risk[0], 1).astype(float)
    first, second = counts.housed[0] / n, counts.left[0] / n
    total, step = 0.0, 1e-6
    for day in range(age + 1):
        move = np.zeros(len(n))
        move[day] = step
        a = (share(first + move, second) - share(first - move, second)) / (2 * step)
        b = (share(first, second + move) - share(first, second - move)) / (2 * step)
        h, g = first[day], second[day]
        total += (a * a * h * (1 - h) + b * b * g * (1 - g) - 2 * a * b * h * g) / n[day]
    return total


def test_the_variance_is_that_of_the_delta_method() -> None:
    counts = tally(spells_of([*TEN, (0, 11, CENSORED), (3, 11, CENSORED)]), 0, 20, horizon=12)
    fast = within_variance(curves(counts))[0]
    for age in (2, 3, 6, 8, 10, 12):
        assert fast[age] == pytest.approx(slow_variance(counts, age), rel=1e-6, abs=1e-12), age


def world(seed: int, entries: int, *, rate: float = 1.0, first: int = LAST - 3 * 365) -> Spells:
    """Return the spells of applications filed at random over 20 years, housed and leaving at constant rates.

    Only the last three years are observed: those who were there before enter late, those still there are censored.
    """
    rng = np.random.default_rng(seed)
    filed = rng.integers(0, LAST, entries)
    housed, left = (np.ceil(rng.exponential(YEAR / r, entries)).astype(int) for r in (HOUSE * rate, LEAVE))
    closed = filed + np.minimum(housed, left)
    cause = np.where(housed <= left, HOUSED, LEFT)
    seen = closed >= first
    filed, closed, cause = filed[seen], closed[seen], cause[seen]
    is_open = closed > LAST
    book = SpellBook(filed, np.where(is_open, -1, closed), np.where(is_open, CENSORED, cause).astype(np.uint8),
                     np.full(len(filed), -1), first, LAST)  # fmt: skip
    book.everybody(0)
    return book.close()


def truth(age: float, rate: float = 1.0) -> float:
    """Cumulative incidence of being housed within some days: constant rates."""
    house = HOUSE * rate
    return house / (house + LEAVE) * (1 - math.exp(-(house + LEAVE) * age / YEAR))


def counts_of(seed: int, entries: int, rate: float = 1.0, horizon: int = HORIZON_DAYS) -> Counts:
    """Return the counts of one simulated replication."""
    return tally(world(seed, entries, rate=rate), LAST - 3 * 365, LAST, horizon)


def test_constant_rates_and_left_truncation() -> None:
    spells = world(1, 400_000)
    pooled = Pooled([tally(spells, LAST - 3 * 365, LAST)], AGES[-1])
    for age in AGES:
        assert pooled.curves.incidence[0, age] == pytest.approx(truth(age), abs=0.004)
    total = (HOUSE + LEAVE) / YEAR
    on_list = (1 - math.exp(-total * AGES[-1])) / total
    assert pooled.on_list.mean[0] == pytest.approx(on_list, rel=0.01)
    unhoused = AGES[-1] - sum(truth(age) for age in range(AGES[-1]))
    assert pooled.unhoused.mean[0] == pytest.approx(unhoused, rel=0.005)
    quarter = -math.log(1 - 0.25 * total * YEAR / HOUSE) / total
    assert pooled.quantile(0.25).mean[0] == pytest.approx(quarter, rel=0.04)
    assert np.isinf(pooled.quantile(0.5).mean[0])  # 0.25 / 0.60 = 42 % are ever housed
    ignored = Spells(spells.filed, spells.filed, spells.leave, spells.cause, spells.cell, spells.labels)
    wrong = estimate(ignored, 0, LAST).incidence[0, AGES[1]]
    assert wrong < truth(AGES[1]) - 0.05  # taken as followed from filing, those who had gone are forgotten


def test_those_who_waited_already_wait_as_the_others_do_at_constant_rates() -> None:
    later = Pooled([counts_of(1, 400_000).after(AGES[1])], AGES[2])
    assert later.curves.incidence[0, AGES[0]] == pytest.approx(truth(AGES[0]), abs=0.01)


def test_parts_add_up() -> None:
    one, two = counts_of(1, 3000), counts_of(2, 3000)
    together = Pooled([one, two], AGES[-1])
    assert np.array_equal(together.curves.at_risk, one.at_risk + two.at_risk)
    assert together.curves.spells == one.spells + two.spells
    assert np.array_equal(one.swapped().swapped().housed, one.housed)


def test_between_replications_is_a_jackknife() -> None:
    parts = [counts_of(seed, 2000) for seed in range(8)]
    pooled = Pooled(parts, AGES[-1])
    assert (pooled.method, Pooled(parts[:1], AGES[-1]).method) == (BETWEEN, WITHIN)
    without = [curves(reduce(add, parts[:r] + parts[r + 1 :])) for r in range(8)]
    for name, of in (("incidence", lambda c: c.incidence[0, AGES[2]]),
                     ("unhoused", lambda c: np.sum(1 - c.incidence[0, : AGES[-1]])),
                     ("on_list", lambda c: np.sum(1 - (c.incidence + c.left_incidence)[0, : AGES[-1]]))):  # fmt: skip
        each = np.array([float(of(c)) for c in without])
        jackknife = math.sqrt(7 / 8 * np.sum((each - each.mean()) ** 2))
        place = {"incidence": 0, "unhoused": 1, "on_list": 2}[name]
        variance = pooled._between[place]
        own = math.sqrt(variance[0, AGES[2]] if name == "incidence" else variance[0])
        assert own == pytest.approx(jackknife, rel=0.03), name


def covered(make: Callable[[int], Pooled], studies: int) -> dict[str, float]:
    """Return how often the intervals hold the truth."""
    total = (HOUSE + LEAVE) / YEAR
    unhoused = AGES[-1] - sum(truth(age) for age in range(AGES[-1]))
    on_list = sum(math.exp(-total * age) for age in range(AGES[-1]))
    quarter = -math.log(1 - 0.25 * total * YEAR / HOUSE) / total
    hits: dict[str, int] = {}
    for study in range(studies):
        pooled = make(study)
        checks = {f"{m} mois": (pooled.incidence.low[0, a], truth(a), pooled.incidence.high[0, a])
                  for m, a in zip(MONTHS, AGES, strict=True)}  # fmt: skip
        for name, spread, value in (("sans bail", pooled.unhoused, unhoused), ("sur la liste", pooled.on_list, on_list),
                                    ("quart", pooled.quantile(0.25), quarter)):  # fmt: skip
            checks[name] = (spread.low[0], value, spread.high[0])
        for name, (low, value, high) in checks.items():
            hits[name] = hits.get(name, 0) + (low <= value <= high)
    return {name: count / studies for name, count in hits.items()}


def test_intervals_of_one_replication_hold_the_truth_19_times_in_20() -> None:
    found = covered(lambda s: Pooled([counts_of(1000 + s, 3000, horizon=AGES[-1])], AGES[-1]), 600)
    assert all(0.92 <= share <= 0.98 for share in found.values()), found


@pytest.mark.parametrize("replications", [3, 10])
def test_intervals_between_replications_hold_the_truth_19_times_in_20(replications: int) -> None:
    def make(study: int) -> Pooled:
        seeds = (5000 + 50 * study + r for r in range(replications))
        return Pooled([counts_of(seed, 1000, horizon=AGES[-1]) for seed in seeds], AGES[-1])

    found = covered(make, 600)  # 1 500 other studies of each size: 93 to 96 % everywhere
    assert all(0.92 <= share <= 0.98 for share in found.values()), found


def test_luck_shared_by_households_is_in_the_interval_between_replications_only() -> None:
    rng = np.random.default_rng(3)
    rates = rng.lognormal(-0.02, 0.2, (60, 5))  # a good or a bad market, the same for everybody of a replication
    many = [[counts_of(9000 + 5 * s + r, 3000, rates[s, r]) for r in range(5)] for s in range(60)]
    center = np.mean([Pooled(parts, AGES[-1]).curves.incidence[0, AGES[1]] for parts in many])

    def share(pooled: list[Pooled]) -> float:
        low, high = (np.array([getattr(p.incidence, b)[0, AGES[1]] for p in pooled]) for b in ("low", "high"))
        return float(np.mean((low <= center) & (center <= high)))

    assert share([Pooled(parts, AGES[-1]) for parts in many]) >= 0.88
    assert share([Pooled([reduce(add, parts)], AGES[-1]) for parts in many]) < 0.75


def test_no_event_still_has_an_upper_bound() -> None:
    book = SpellBook(np.zeros(40, dtype=int), np.full(40, -1), np.zeros(40, dtype=np.uint8), np.full(40, -1), 0, 400)
    book.everybody(0)
    spread = Pooled([tally(book.close(), 0, 400, horizon=400)], 300).incidence
    assert spread.mean[0, 365] == spread.low[0, 365] == 0
    assert spread.high[0, 365] == pytest.approx(1 - 0.025 ** (1 / 40), abs=1e-6)


def test_nothing_is_said_where_too_few_are_followed() -> None:
    few = Pooled([tally(spells_of(TEN), 0, 20, horizon=12)], 10)
    assert LEAST_AT_RISK > 7
    assert np.isnan(few.incidence.mean).all()
    assert np.isnan(few.unhoused.mean).all()
    assert np.isnan(few.quantile(0.25).mean).all()
    enough = Pooled([tally(spells_of([(0, 5, HOUSED), *[(0, 8, CENSORED)] * 11]), 0, 20, horizon=12)], 10)
    assert not np.isnan(enough.incidence.mean[0, 8])
    assert np.isnan(enough.incidence.mean[0, 9])


def test_intervals_stay_between_0_and_1() -> None:
    pooled = Pooled([counts_of(s, 60) for s in range(2)], AGES[-1])
    spread = pooled.incidence
    known = ~np.isnan(spread.mean)
    assert (spread.low[known] >= 0).all()
    assert (spread.high[known] <= 1).all()
    assert (spread.low[known] <= spread.mean[known] + 1e-12).all()
    assert (spread.mean[known] <= spread.high[known] + 1e-12).all()
    assert student(2) == pytest.approx(12.706, abs=1e-3)
    assert student(1) == pytest.approx(1.95996, abs=1e-4)


def test_means_and_medians_of_one_or_several_samples() -> None:
    rng = np.random.default_rng(2)
    hits = {"mean": 0, "median": 0}
    for _ in range(400):
        sample = np.sort(rng.exponential(100.0, 80))
        for name, value in (("mean", 100.0), ("median", 100 * math.log(2))):
            _, low, high = number_of([sample], name)
            hits[name] += low <= value <= high
    assert 0.90 <= hits["mean"] / 400 <= 0.98
    assert 0.92 <= hits["median"] / 400 <= 0.99
    mean, low, high = number_of([np.array([1.0, 3.0]), np.array([4.0]), np.array([])], "mean")
    assert mean == 3.0
    assert low == 0.0
    assert high == pytest.approx(3 + 12.7062)  # two means, 2 and 4: standard error 1
    assert all(math.isnan(x) for x in number_of([np.array([])], "median"))
    assert math.isnan(number_of([np.array([5.0])], "mean")[1])


def test_kaplan_meier_agrees_with_scipy() -> None:
    from scipy.stats import CensoredData, ecdf

    rng = np.random.default_rng(4)
    times, seen = rng.integers(1, 50, 300), rng.random(300) < 0.6
    rows = [(0, int(t), HOUSED if s else CENSORED) for t, s in zip(times, seen, strict=True)]
    found = estimate(spells_of(rows), 0, 60, horizon=55)
    outside = ecdf(CensoredData(uncensored=times[seen], right=times[~seen]))
    mine = found.incidence[0, outside.cdf.quantiles.astype(int)]
    assert np.allclose(mine, outside.cdf.probabilities)


def test_aalen_johansen_agrees_with_statsmodels() -> None:
    rng = np.random.default_rng(6)
    times, cause = rng.integers(1, 60, 500), rng.integers(0, 3, 500)
    rows = [(0, int(t), int(c)) for t, c in zip(times, cause, strict=True)]
    found = estimate(spells_of(rows), 0, 80, horizon=70)
    outside = duration.CumIncidenceRight(times, cause)
    places = outside.times.astype(int)
    assert np.allclose(found.incidence[0, places], outside.cinc[0])
    assert np.allclose(found.left_incidence[0, places], outside.cinc[1])
    assert np.allclose(np.sqrt(within_variance(found))[0, places][:-1], outside.cinc_se[0][:-1], rtol=0.05)


def test_left_truncation_agrees_with_statsmodels() -> None:
    rng = np.random.default_rng(7)
    entry = np.where(rng.random(400) < 0.5, 0, rng.integers(1, 20, 400))
    times = entry + rng.integers(1, 40, 400)
    seen = rng.random(400) < 0.7
    rows = [(int(e), int(t), HOUSED if s else CENSORED) for e, t, s in zip(entry, times, seen, strict=True)]
    found = estimate(spells_of(rows), 0, 80, horizon=70)
    # statsmodels counts at risk those whose entry is strictly before the time; here the day of entry counts
    outside = duration.SurvfuncRight(times, seen.astype(int), entry=entry - 1)
    assert np.allclose(1 - found.incidence[0, outside.surv_times.astype(int)], outside.surv_prob)


@pytest.mark.parametrize("discipline", ["anciennete", "loterie"])
def test_oldest_first_is_a_step_and_a_lottery_an_exponential(discipline: str) -> None:
    """One queue, exponential patience, everybody eligible (theory.md O3, O4): the closed forms of the two curves."""
    inflow, homes, leave, horizon = 8.0, 4.0, 0.5, 40
    rng = np.random.default_rng(12)
    days = np.sort(rng.integers(0, int(horizon * YEAR), int(inflow * 60 * horizon)))
    patience = days + np.ceil(rng.exponential(YEAR / leave, len(days))).astype(int)
    offers = np.sort(rng.integers(0, int(horizon * YEAR), int(homes * 60 * horizon)))
    closed, cause, waiting, come = np.full(len(days), -1), np.zeros(len(days), dtype=np.uint8), [], 0
    for day in offers:
        while come < len(days) and days[come] <= day:
            waiting.append(come)
            come += 1
        waiting = [i for i in waiting if patience[i] > day] if len(waiting) % 7 == 0 else waiting
        while waiting:
            place = 0 if discipline == "anciennete" else int(rng.integers(len(waiting)))
            chosen = waiting.pop(place)
            if patience[chosen] > day:
                closed[chosen], cause[chosen] = day, HOUSED
                break
    gone = (cause == CENSORED) & (patience <= int(horizon * YEAR))
    closed, cause = np.where(gone, patience, closed), np.where(gone, LEFT, cause).astype(np.uint8)
    first = int(15 * YEAR)
    seen = (closed < 0) | (closed >= first)
    book = SpellBook(days[seen], closed[seen], cause[seen], np.full(int(seen.sum()), -1), first, int(horizon * YEAR))
    book.everybody(0)
    found = estimate(book.close(), first, int(horizon * YEAR))
    ratio = inflow / homes
    if discipline == "anciennete":
        step = math.log(ratio) / leave * YEAR
        assert found.incidence[0, int(0.6 * step)] < 0.03
        assert found.incidence[0, int(1.4 * step)] == pytest.approx(1 / ratio, abs=0.03)
    else:
        stock = (1 - 1 / ratio) / leave  # N* / inflow, years
        for years in (0.5, 1.0, 2.0):
            closed_form = (1 / ratio) * (1 - math.exp(-years / stock))
            assert found.incidence[0, int(years * YEAR)] == pytest.approx(closed_form, abs=0.02)
