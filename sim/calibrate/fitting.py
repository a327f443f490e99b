"""The fit: waves of a quadratic surrogate on common random numbers, a posterior sample, real runs to correct it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sim.calibrate.parameters import values_of
from sim.calibrate.posterior import Facts, information, is_identified, profile, reweighted, sample
from sim.calibrate.simulator import FIT_SEED, Simulator, Store
from sim.calibrate.surrogate import Surrogate, design, fit
from sim.calibrate.targets import Target

DRAWS = 200
WIDER = 1.5  # a second wave covers the posterior of the first, widened


@dataclass(frozen=True)
class Plan:
    """How many real runs each step makes."""

    first: int = 40  # points of the whole prior box
    second: int = 24  # points around the first posterior
    noise: int = 4  # seeds at one point, for the simulator's own noise
    check: int = 12  # draws of the posterior run again, with another seed

    @property
    def runs(self) -> int:
        """Real runs in all."""
        return self.first + self.second + self.noise + self.check


@dataclass(frozen=True)
class Fit:
    """What a fit found, in the unit box.

    Attributes
    ----------
    draws, weights : numpy.ndarray
        Posterior sample on the surrogate, and weights that real runs give to those that were checked.
    real : numpy.ndarray
        Outputs of those runs: every target, fitted to or not.
    error, noise : numpy.ndarray
        Of the surrogate (noise included), and of one run, by target.
    eigenvalues : numpy.ndarray
        Of the information, in units of the prior.
    profiles : numpy.ndarray
        (parameters, grid, 2).
    """

    draws: np.ndarray
    checked: np.ndarray
    weights: np.ndarray
    real: np.ndarray
    guessed: np.ndarray
    error: np.ndarray
    noise: np.ndarray
    eigenvalues: np.ndarray
    profiles: np.ndarray
    surrogate: Surrogate

    @property
    def identified(self) -> np.ndarray:
        """Which parameters the facts identify (bool)."""
        return is_identified(self.draws)

    @property
    def effective(self) -> float:
        """Effective number of checked draws after reweighting."""
        return float(1 / (self.weights**2).sum())


def facts_of(targets: Sequence[Target]) -> Facts:
    """Return targets as arrays."""
    low = np.array([t.low if t.has_range else t.value for t in targets])
    high = np.array([t.high if t.has_range else t.value for t in targets])
    return Facts(low, high, np.array([t.error for t in targets]))


def calibrate(simulator: Simulator, store: Store, plan: Plan, processes: int, tell: Callable[[], None]) -> Fit:
    """Fit the free parameters of a simulator to its targets.

    Notes
    -----
    All points share one seed (common random numbers), so that the surrogate sees the effect of parameters and
    not of chance; the noise of one run is measured apart and added to the error of each target.
    """
    used, free = simulator.fitted, simulator.free
    facts = facts_of([t for t, is_used in zip(simulator.targets, used, strict=True) if is_used])
    dimensions = len(free)

    def outputs(unit: np.ndarray, seed: int = FIT_SEED) -> np.ndarray:
        points = values_of(unit, free)
        jobs = [(tuple(round(float(v), 8) for v in point), seed) for point in points]
        return store.run(simulator, jobs, processes, tell)

    centre = np.full((1, dimensions), 0.5)
    noise = np.concatenate([outputs(centre, FIT_SEED + 1 + n) for n in range(plan.noise)])[:, used].std(axis=0, ddof=1)
    unit = design(plan.first, dimensions, FIT_SEED)
    seen = outputs(unit)[:, used]
    surrogate = fit(unit, seen)
    error = np.hypot(surrogate.error, noise)
    draws = sample(facts, surrogate, dimensions, error, FIT_SEED, DRAWS)
    if plan.second:
        middle = draws.mean(axis=0)
        more = np.clip(middle + WIDER * (draws[: plan.second] - middle), 0, 1)
        unit, seen = np.concatenate([unit, more]), np.concatenate([seen, outputs(more)[:, used]])
        surrogate = fit(unit, seen)
        error = np.hypot(surrogate.error, noise)
        draws = sample(facts, surrogate, dimensions, error, FIT_SEED + 1, DRAWS)
    checked = draws[: plan.check]
    real, guessed = outputs(checked, FIT_SEED + 100), surrogate(checked)
    weights = reweighted(real[:, used], guessed, facts, noise, error)
    best = draws[np.argmin(facts.misfit(surrogate(draws), error))]
    lines = [profile(facts, surrogate, dimensions, error, place, best) for place in range(dimensions)]
    eigenvalues = information(surrogate, draws.mean(axis=0), np.hypot(facts.error, error))
    return Fit(
        draws, checked, weights, real, guessed, error, noise, eigenvalues, np.array(lines), surrogate
    )  # fmt: skip
