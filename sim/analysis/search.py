"""Settings that meet targets at the least extra wait for the others.

Settings are simulated in batches, with the same luck. Between batches a surrogate of each response (thin plates, with
the smoothing that foretells left-out settings best) says which settings seem worth simulating: those that a
differential evolution finds for several prices of a missed target, from nearly free to forbidden. What is told is only
what was simulated; the best settings are simulated again with fresh luck, beside the scenario itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sim.analysis.levers import Span, at, now, spans_of
from sim.analysis.responses import AnyResponse, indicator_response, wait_response
from sim.inputs.faults import Fault, Faults, quoted
from sim.inputs.schema_studies import Lever, Target

if TYPE_CHECKING:
    from sim.inputs.scenario import Loaded

PRICES = (0.2, 0.6, 2.0, 100.0)
"""Prices of missing targets, against one spread of the cost: each batch looks along the whole front."""
SMOOTHINGS = (0.0, 1e-3, 1e-2, 1e-1, 1.0)
CLOSE = 0.02
"""A setting nearer than this to one known, in the unit cube, teaches nothing."""
Simulate = Callable[[np.ndarray], np.ndarray]
"""Points of the unit cube in, shape (points, levers); mean responses out, shape (points, targets + 1), cost last."""


@dataclass(frozen=True)
class Goal:
    """A target with its response."""

    response: AnyResponse
    value: float
    is_floor: bool

    def missed(self, found: np.ndarray) -> np.ndarray:
        """Return what is missing, as a share of the target; 0 when it is met, infinite when nothing is known."""
        gap = (self.value - found) if self.is_floor else (found - self.value)
        return np.where(np.isfinite(found), np.maximum(gap, 0) / max(abs(self.value), 1e-12), np.inf)


@dataclass(frozen=True)
class Plan:
    """A search, checked: what must be reached, what may be moved, what it costs."""

    goals: list[Goal]
    spans: list[Span]
    cost: AnyResponse

    @property
    def responses(self) -> list[AnyResponse]:
        """Responses to simulate: those of the targets, then the cost."""
        return [*(goal.response for goal in self.goals), self.cost]


@dataclass
class Found:
    """Settings simulated, in the order in which they were; the first is the scenario itself."""

    points: np.ndarray  # unit cube, shape (settings, levers)
    values: np.ndarray  # shape (settings, targets + 1)
    missed: np.ndarray
    is_front: np.ndarray

    @property
    def extra(self) -> np.ndarray:
        """Cost over that of the scenario."""
        return np.asarray(self.values[:, -1] - self.values[0, -1])


def plan(loaded: Loaded, targets: Sequence[str] = (), levers: Sequence[Lever] = ()) -> Plan:
    """Return the search of a scenario's block ``search``, or of options that replace its targets or levers.

    Parameters
    ----------
    loaded : Loaded
        The scenario.
    targets : sequence of str
        ``INDICATOR>=VALUE`` or ``INDICATOR<=VALUE``, from the command line.
    levers : sequence of Lever
        From the command line.

    Raises
    ------
    Faults
        No target, no lever, or one that is wrong, with its place.
    """
    said = loaded.scenario.search
    chosen = [parse_target(text, rank) for rank, text in enumerate(targets, start=1)] or list(said.targets)
    here = loaded.line_of(("search",))
    if not chosen:
        raise Faults([Fault(*here, "nothing to reach: give search/targets, or --target INDICATOR>=VALUE")])
    if not (levers or said.levers):
        raise Faults([Fault(*here, "nothing to move: give search/levers, or --lever PATH=LOW:HIGH")])
    goals = []
    for rank, target in enumerate(chosen):
        where = ("--target", rank + 1) if targets else loaded.line_of(("search", "targets", rank))
        response = indicator_response(target.indicator, loaded.scenario, where, target.scope, target.group, target.year)
        value = target.at_least if target.at_least is not None else target.at_most
        if response.unit == "share" and value is not None and not 0 <= value <= 1:
            raise Faults([Fault(*where, f"{target.indicator} is a share from 0 to 1: write 0.25 for 25 %")])
        goals.append(Goal(response, float(value or 0.0), target.at_least is not None))
    spans = spans_of(loaded, levers or said.levers, "search", given=bool(levers))
    return Plan(goals, spans, wait_response(said.cost, loaded.line_of(("search", "cost", "among"))))


def parse_target(text: str, rank: int) -> Target:
    """Return a target written ``INDICATOR>=VALUE`` or ``INDICATOR<=VALUE``. Raises ``Faults`` when it is not that."""
    for sign, side in ((">=", "at_least"), ("<=", "at_most")):
        name, found, value = text.partition(sign)
        if found:
            try:
                return Target.model_validate({"indicator": name.strip(), side: float(value)})
            except ValueError:
                break
    raise Faults([Fault("--target", rank, f"write INDICATOR>=VALUE or INDICATOR<=VALUE, not {quoted(text)}")])


def look(
    simulate: Simulate,
    goals: Sequence[Goal],
    start: np.ndarray,
    settings: int,
    batch: int,
    seed: int,
    is_inside: bool = True,
) -> Found:
    """Simulate settings until there are as many as asked, the first ones spread, the others where they seem best.

    Parameters
    ----------
    simulate : callable
        The simulator, or any function of the unit cube.
    goals : sequence of Goal
        Targets, in the order of the responses.
    start : np.ndarray
        The scenario itself, in the unit cube.
    settings : int
        How many to simulate, the scenario included.
    batch : int
        How many at a time; results depend on it, never on the jobs.
    seed : int
        Of the spread and of the evolution.
    is_inside : bool
        Whether the scenario lies within the bounds of its levers; else the surrogates do not learn from it.
    """
    from scipy.stats import qmc

    count = len(start)
    first = min(settings, max(2 * count + 2, settings // 3))
    rng = np.random.default_rng([seed, 5])
    spread = qmc.Sobol(count, rng=rng).random_base2(math.ceil(math.log2(max(2, first))))[: first - 1]
    points = np.vstack([start[None, :], spread])
    values = simulate(points)
    while len(points) < settings:
        learnt = slice(0 if is_inside else 1, None)
        fresh = propose(points[learnt], values[learnt], goals, min(batch, settings - len(points)), rng)
        points, values = np.vstack([points, fresh]), np.vstack([values, simulate(fresh)])
    missed = np.sum([goal.missed(values[:, i]) for i, goal in enumerate(goals)], axis=0)
    return Found(points, values, missed, front(missed, values[:, -1]))


def front(missed: np.ndarray, cost: np.ndarray) -> np.ndarray:
    """Return which settings no other beats: none misses less for no more cost, nor costs less for no more missed."""
    known = np.isfinite(missed) & np.isfinite(cost)
    no_worse = (missed[:, None] <= missed[None, :]) & (cost[:, None] <= cost[None, :])
    better = (missed[:, None] < missed[None, :]) | (cost[:, None] < cost[None, :])
    twin = (missed[:, None] == missed[None, :]) & (cost[:, None] == cost[None, :])
    earlier = np.arange(len(missed))[:, None] < np.arange(len(missed))[None, :]
    beaten = (known[:, None] & ((no_worse & better) | (twin & earlier))).any(axis=0)
    return np.asarray(known & ~beaten)


def propose(
    points: np.ndarray, values: np.ndarray, goals: Sequence[Goal], count: int, rng: np.random.Generator
) -> np.ndarray:
    """Return the settings to simulate next: the best of the surrogates for several prices of missing targets."""
    from scipy.optimize import differential_evolution

    known = np.isfinite(values).all(axis=1)
    if known.sum() <= points.shape[1] + 2:
        return rng.random((count, points.shape[1]))
    surrogates = [surrogate(points[known], values[known, i]) for i in range(values.shape[1])]
    unit = float(np.ptp(values[known, -1])) or 1.0
    found: list[np.ndarray] = []
    for rank in range(count):
        price = PRICES[(rank + len(points)) % len(PRICES)]

        def score(x: np.ndarray, price: float = price) -> np.ndarray:
            rows = np.atleast_2d(x.T)
            short = np.sum([goal.missed(surrogates[i](rows)) for i, goal in enumerate(goals)], axis=0)
            return np.asarray(surrogates[-1](rows) / unit + price * short)

        best = differential_evolution(
            score, [(0.0, 1.0)] * points.shape[1], maxiter=60, popsize=12, tol=1e-8, polish=False,
            vectorized=True, updating="deferred", rng=rng,
        ).x  # fmt: skip
        while np.abs(np.vstack([points, *found]) - best).max(axis=1).min() < CLOSE:
            best = np.clip(best + rng.normal(0, 2 * CLOSE, len(best)), 0, 1)
        found.append(best)
    return np.array(found)


def surrogate(points: np.ndarray, values: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Return a smooth function through noisy values; the smoothing is the one that foretells left-out values best."""
    from scipy.interpolate import RBFInterpolator

    middle, spread = float(values.mean()), float(values.std()) or 1.0
    scaled = (values - middle) / spread

    def fit(rows: np.ndarray, smoothing: float) -> RBFInterpolator:
        return RBFInterpolator(points[rows], scaled[rows], kernel="thin_plate_spline", smoothing=smoothing, degree=1)

    everyone = np.arange(len(points))
    parts = [everyone[k :: min(8, len(points))] for k in range(min(8, len(points)))]

    def error(smoothing: float) -> float:
        total = 0.0
        for part in parts:
            kept = np.setdiff1d(everyone, part)
            if np.linalg.matrix_rank(points[kept] - points[kept].mean(axis=0)) < points.shape[1]:
                return math.inf  # too few settings to leave some out
            total += float(((fit(kept, smoothing)(points[part]) - scaled[part]) ** 2).sum())
        return total

    best = fit(everyone, min(SMOOTHINGS, key=error))
    return lambda rows: middle + spread * best(rows)


def idle(spans: Sequence[Span], base: np.ndarray, moved: np.ndarray) -> list[Span]:
    """Return the levers that change no response, moved alone to either of their bounds with the same luck.

    Parameters
    ----------
    spans : sequence of Span
        Levers.
    base : np.ndarray
        Responses of the scenario.
    moved : np.ndarray
        Responses of the settings of ``levers.alone``, one row each.
    """
    same = [np.array_equal(row, base, equal_nan=True) for row in moved]
    return [span for span, low, high in zip(spans, same[::2], same[1::2], strict=True) if low and high]


def to_check(found: Found, count: int) -> list[int]:
    """Return the settings to simulate afresh: of the front, those that miss least first, then the cheapest."""
    members = [i for i in np.flatnonzero(found.is_front) if i != 0]
    order = sorted(members, key=lambda i: (found.missed[i], found.values[i, -1]))
    return [int(i) for i in order[:count]]


def settings_of(plan_: Plan, points: np.ndarray, has_start: bool) -> list[dict[str, float]]:
    """Return the values of levers at points; the scenario itself, if it is the first one, moves nothing."""
    return [{} if has_start and rank == 0 else at(plan_.spans, point) for rank, point in enumerate(points)]


def start_of(plan_: Plan) -> tuple[np.ndarray, bool]:
    """Return where the scenario is in the unit cube, and whether it lies within the bounds of all levers."""
    inside = all(span.low <= span.knob.value <= span.high for span in plan_.spans)
    return now(plan_.spans), inside
