"""The fit: waves of a quadratic surrogate on common random numbers, a posterior sample, real runs to correct it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sim.calibrate.parameters import values_of
from sim.calibrate.posterior import Facts, corrected, information, is_identified, profile, reweighted, sample
from sim.calibrate.simulator import FIT_SEED, Simulator, Store
from sim.calibrate.surrogate import design, fit
from sim.calibrate.targets import Target

CROWD = 400
"""Draws of the surrogate's posterior that describe it; the first of them are run."""
RANKED, RANKED_STEPS = 99, 600
WIDER = 1.5  # a second wave covers the posterior of the first, widened
CHECK_SEED = FIT_SEED + 1_000
"""Of the real runs of draws: never a seed of the fit."""


@dataclass(frozen=True)
class Plan:
    """How many real runs each step makes."""

    first: int = 72  # points of the whole prior box
    second: int = 72  # points around the first posterior
    noise: int = 8  # seeds: one run of each at the centre, and all points take them in turn
    check: int = 64  # draws of the posterior run again, each with a seed of its own

    @property
    def runs(self) -> int:
        """Real runs in all."""
        return self.first + self.second + self.noise + self.check


@dataclass(frozen=True)
class Fit:
    """What a fit found, in the unit box; arrays by target are of all targets, fitted to or not.

    Attributes
    ----------
    draws, weights : numpy.ndarray
        Posterior sample, each draw run by the simulator, and the weights that these runs give.
    crowd : numpy.ndarray
        A larger sample on the surrogate alone.
    means : numpy.ndarray
        (draws, targets): what the simulator gives on average there, by surrogate and real run together.
    noise, chance : numpy.ndarray
        Standard deviation of one run of the fit, and of one year of the territory at its full size.
    error, left : numpy.ndarray
        Standard error of the surrogate, and of ``means``.
    eigenvalues : numpy.ndarray
        Of the information, in units of the prior.
    profiles : numpy.ndarray
        (parameters, grid, 2).
    slopes : numpy.ndarray
        (targets, parameters): effect of the whole width of the prior, at the posterior mean.
    recovery : numpy.ndarray
        (cases, parameters): rank of known truths among ``RANKED`` draws (see ``recovered``).
    """

    draws: np.ndarray
    weights: np.ndarray
    crowd: np.ndarray
    real: np.ndarray
    means: np.ndarray
    noise: np.ndarray
    chance: np.ndarray
    error: np.ndarray
    left: np.ndarray
    eigenvalues: np.ndarray
    profiles: np.ndarray
    slopes: np.ndarray
    recovery: np.ndarray

    @property
    def identified(self) -> np.ndarray:
        """Which parameters the facts identify (bool)."""
        return is_identified(self.crowd)

    @property
    def effective(self) -> float:
        """Effective number of draws after reweighting."""
        return float(1 / (self.weights**2).sum())

    @property
    def centre(self) -> np.ndarray:
        """Weighted mean of the draws, in the unit box."""
        return np.asarray(self.weights @ self.draws)

    @property
    def predicted(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of one year of the territory, by target: ignorance and chance together."""
        mean = self.weights @ self.means
        spread = self.weights @ (self.means - mean) ** 2
        return np.asarray(mean), np.sqrt(spread + self.left**2 + self.chance**2)


def facts_of(targets: Sequence[Target]) -> Facts:
    """Return targets as arrays."""
    low = np.array([t.low if t.has_range else t.value for t in targets])
    high = np.array([t.high if t.has_range else t.value for t in targets])
    return Facts(low, high, np.array([t.error for t in targets]))


def calibrate(simulator: Simulator, store: Store, plan: Plan, processes: int, tell: Callable[[], None]) -> Fit:
    """Fit the free parameters of a simulator to its targets.

    Notes
    -----
    All points share a few seeds in turn (common random numbers, each seed a block of its own), so that the surrogate
    sees the effect of parameters and not of chance, and its level is the mean over seeds. The noise of one run is
    measured apart; a world smaller than the territory is noisier than its one year, by the root of the sizes.
    """
    used, dimensions = simulator.fitted, len(simulator.free)
    facts = facts_of([t for t, is_used in zip(simulator.targets, used, strict=True) if is_used])

    def outputs(unit: np.ndarray, seeds: np.ndarray) -> np.ndarray:
        points = values_of(unit, simulator.free)
        jobs = [
            (tuple(round(float(v), 8) for v in point), int(seed)) for point, seed in zip(points, seeds, strict=True)
        ]
        return store.run(simulator, jobs, processes, tell)

    def in_turn(count: int) -> np.ndarray:
        return FIT_SEED + np.arange(count) % plan.noise

    unit, seeds = np.full((plan.noise, dimensions), 0.5), in_turn(plan.noise)
    seen = outputs(unit, seeds)
    noise = seen.std(axis=0, ddof=1)
    chance = noise * np.sqrt(simulator.scale)
    crowd = np.zeros((0, dimensions))
    for wave, count in enumerate((plan.first, plan.second)):
        if not count:
            continue
        more = design(count, dimensions, FIT_SEED) if wave == 0 else widened(crowd, count)
        unit, seeds = np.concatenate([unit, more]), np.concatenate([seeds, in_turn(count)])
        seen = np.concatenate([seen, outputs(more, in_turn(count))])
        surrogate = fit(unit, seen, seeds)
        error = surrogate.error(noise)
        wide = np.hypot(error, chance)[used]
        crowd = sample(facts, surrogate.of(used), dimensions, wide, FIT_SEED + wave, CROWD)
    draws = crowd[: plan.check]
    real, guessed = outputs(draws, CHECK_SEED + np.arange(len(draws))), surrogate(draws)
    means, left = corrected(real, guessed, noise, error)
    weights = reweighted(real[:, used], guessed[:, used], facts, noise[used], error[used], chance[used])
    fitted, best = surrogate.of(used), crowd[np.argmin(facts.misfit(surrogate.of(used)(crowd), wide))]
    lines = [profile(facts, fitted, dimensions, wide, place, best) for place in range(dimensions)]
    centre = weights @ draws
    return Fit(
        draws, weights, crowd, real, means, noise, chance, error, left,
        information(fitted, centre, np.hypot(facts.error, wide)), np.array(lines), surrogate.slopes(centre),
        recovered(unit, seen[:, used], seeds, noise[used], range(plan.noise, plan.noise + plan.first)),
    )  # fmt: skip


def recovered(unit: np.ndarray, seen: np.ndarray, seeds: np.ndarray, noise: np.ndarray, cases: range) -> np.ndarray:
    """Return the ranks of known parameters among draws of what a run at them lets one believe (cases, parameters).

    Each case is a point of the prior: its run is taken out of the fit and put in the place of the published facts,
    known to the noise of one run. Simulation-based calibration (Talts et al. 2018) on the real simulator: ranks are
    uniform from 0 to ``RANKED``, and 90 % of truths are inside their 90 % interval, if the method is right.
    """
    ranks = np.empty((len(cases), unit.shape[1]), dtype=int)
    for line, case in enumerate(cases):
        others = np.arange(len(unit)) != case
        surrogate = fit(unit[others], seen[others], seeds[others])
        facts = Facts(seen[case], seen[case], noise)
        draws = sample(facts, surrogate, unit.shape[1], surrogate.error(noise), case, RANKED, steps=RANKED_STEPS)
        ranks[line] = (draws < unit[case]).sum(axis=0)
    return ranks


def widened(crowd: np.ndarray, count: int) -> np.ndarray:
    """Return points that cover a sample, a little beyond it."""
    middle = crowd.mean(axis=0)
    return np.asarray(np.clip(middle + WIDER * (crowd[:count] - middle), 0, 1))
