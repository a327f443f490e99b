"""The fit: waves of a surrogate on common random numbers, a posterior sample, real runs to correct it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from sim.calibrate.parameters import values_of
from sim.calibrate.posterior import Facts, corrected, information, is_identified, profile, reweighted, sample
from sim.calibrate.simulator import FIT_SEED, Simulator, Store, Tell
from sim.calibrate.surrogate import Surrogate, design, fit
from sim.calibrate.targets import Target

CROWD = 400
"""Draws of the surrogate's posterior that describe it; the first of them are run."""
RANKED = 99
WIDER = 1.5  # a second wave covers the posterior of the first, widened
CHECK_SEED, SHIFT_SEED, LAST_SEED = FIT_SEED + 1_000, FIT_SEED + 2_000, FIT_SEED + 3_000
"""First seeds of a third wave, of the runs of full size that shift the surrogate, and of the runs of draws."""
Whole = tuple[Simulator, Store]
"""The simulator at full size, and its runs."""


@dataclass(frozen=True)
class Plan:
    """How many real runs each step makes."""

    first: int = 64  # points of the whole prior box
    second: int = 56  # points around the first posterior
    noise: int = 8  # seeds: one run of each at the centre, and all points take them in turn
    third: int = 56  # draws of the second posterior, each with a seed of its own
    shift: int = 12  # draws of the third one at full size, which say what a small world distorts
    check: int = 40  # draws of the last one, at full size: the sample

    @property
    def runs(self) -> int:
        """Real runs in all."""
        return self.first + self.second + self.third + self.noise + self.shift + self.check


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
        Standard error of the surrogate over the draws, by target, and of ``means``.
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
        return np.asarray(mean), np.sqrt(spread + self.weights @ self.left**2 + self.chance**2)


def facts_of(targets: Sequence[Target]) -> Facts:
    """Return targets as arrays."""
    low = np.array([t.low if t.has_range else t.value for t in targets])
    high = np.array([t.high if t.has_range else t.value for t in targets])
    return Facts(low, high, np.array([t.error for t in targets]))


@dataclass
class Fitting:
    """A fit in progress: what was run at the size of the fit, the surrogate of it and its posterior."""

    simulator: Simulator
    store: Store
    plan: Plan
    processes: int
    tell: Tell
    surrogate: Surrogate = field(init=False)

    def __post_init__(self) -> None:
        self.used, self.dimensions = self.simulator.fitted, len(self.simulator.free)
        facts = zip(self.simulator.targets, self.used, strict=True)
        self.facts = facts_of([target for target, is_used in facts if is_used])
        self.unit = np.full((self.plan.noise, self.dimensions), 0.5)
        self.seeds = FIT_SEED + np.arange(self.plan.noise)
        self.seen = self.outputs(self.unit, self.seeds)
        self.noise = self.seen.std(axis=0, ddof=1)
        self.crowd, self.samples = np.zeros((0, self.dimensions)), 0

    def outputs(self, unit: np.ndarray, seeds: np.ndarray, whole: Whole | None = None) -> np.ndarray:
        """Return what the simulator says at points (points, targets)."""
        simulator, store = whole or (self.simulator, self.store)
        points = values_of(unit, simulator.free)
        jobs = [
            (tuple(round(float(v), 8) for v in point), int(seed)) for point, seed in zip(points, seeds, strict=True)
        ]
        return store.run(simulator, jobs, self.processes, self.tell)

    def learn(self, unit: np.ndarray, seeds: np.ndarray) -> None:
        """Run more points, fit the surrogate again and sample its posterior."""
        self.unit, self.seeds = np.concatenate([self.unit, unit]), np.concatenate([self.seeds, seeds])
        self.seen = np.concatenate([self.seen, self.outputs(unit, seeds)])
        self.surrogate = fit(self.unit, self.seen, self.noise, self.seeds)
        self.sample()

    @property
    def chance(self) -> np.ndarray:
        """Standard deviation of one year of the territory at its full size, by target."""
        return np.asarray(self.noise * np.sqrt(self.simulator.scale))

    def settle(self) -> None:
        """Believe what all runs say of the noise of one, rather than those at the centre: few, and two times off."""
        self.noise = self.surrogate.noise
        self.sample()

    def sample(self) -> None:
        """Draw from the posterior on the surrogate."""
        self.fitted = self.surrogate.of(self.used)
        seed, chance = FIT_SEED + self.samples, self.chance[self.used]
        self.crowd = sample(self.facts, self.fitted.predict, self.dimensions, chance, seed, CROWD)
        self.samples += 1

    def shift(self, whole: Whole) -> None:
        """Move the surrogate by what worlds of full size give beyond it, on average over some draws (space mapping)."""
        draws = self.crowd[: self.plan.shift]
        gaps = self.outputs(draws, SHIFT_SEED + np.arange(len(draws)), whole) - self.surrogate(draws)
        self.surrogate = self.surrogate.shifted(gaps.mean(axis=0), gaps.std(axis=0, ddof=1) / np.sqrt(len(draws)))
        self.sample()


def calibrate(
    simulator: Simulator, store: Store, plan: Plan, processes: int, tell: Tell,
    whole: Whole | None = None,
) -> Fit:  # fmt: skip
    """Fit the free parameters of a simulator to its targets.

    Parameters
    ----------
    whole : (Simulator, Store), optional
        The same simulator at full size: what a small world gives otherwise is corrected by a few of its runs, and draws
        are run on it; without it, draws are run at the size of the fit.

    Notes
    -----
    Points share a few seeds in turn (common random numbers), so that the surrogate sees the effect of parameters and
    not of chance; those of the third wave have each their own. The noise of one run is first measured at the centre; a
    world smaller than the territory is noisier than its one year, by the root of the sizes.
    """
    f = Fitting(simulator, store, plan, processes, tell)
    for wave, count in enumerate((plan.first, plan.second)):
        if count:
            more = design(count, f.dimensions, FIT_SEED) if wave == 0 else widened(f.crowd, count)
            f.learn(more, FIT_SEED + np.arange(count) % plan.noise)
    if plan.third:
        f.learn(f.crowd[: plan.third], CHECK_SEED + np.arange(plan.third))
    f.settle()
    ranks = recovered(f, range(plan.noise, plan.noise + plan.first))
    if whole:
        f.shift(whole)
    draws, noise, used = f.crowd[: plan.check], f.chance if whole else f.noise, f.used
    real, (guessed, error) = f.outputs(draws, LAST_SEED + np.arange(len(draws)), whole), f.surrogate.predict(draws)
    means, left = corrected(real, guessed, noise, error)
    weights = reweighted(
        real[:, used], guessed[:, used], f.facts, noise[used], error[:, used], f.chance[used]
    )  # fmt: skip
    centre, chance, predict = weights @ draws, f.chance[used], f.fitted.predict
    best = f.crowd[np.argmin(f.facts.loss(*predict(f.crowd), chance))]
    lines = [profile(f.facts, predict, f.dimensions, chance, place, best) for place in range(f.dimensions)]
    around = np.hypot(predict(centre[None, :])[1][0], chance)
    return Fit(
        draws, weights, f.crowd, real, means, f.noise, f.chance, np.sqrt(weights @ error**2), left,
        information(f.fitted, centre, np.hypot(f.facts.error, around)), np.array(lines), f.surrogate.slopes(centre),
        ranks,
    )  # fmt: skip


def recovered(f: Fitting, cases: range) -> np.ndarray:
    """Return the ranks of known parameters among draws of what a run at them lets one believe (cases, parameters).

    Each case is a point of the prior: its run is taken out of the fit and put in the place of the published facts,
    known to the noise of one run. Simulation-based calibration (Talts et al. 2018) on the real simulator: ranks are
    uniform from 0 to ``RANKED``, and 90 % of truths are inside their 90 % interval, if the method is right.
    """
    seen, noise = f.seen[:, f.used], f.noise[f.used]
    ranks = np.empty((len(cases), f.dimensions), dtype=int)
    for line, case in enumerate(cases):
        predict, facts = f.fitted.without(case).predict, Facts(seen[case], seen[case], noise)
        draws = sample(facts, predict, f.dimensions, 0.0, case, RANKED)
        ranks[line] = (draws < f.unit[case]).sum(axis=0)
    return ranks


def widened(crowd: np.ndarray, count: int) -> np.ndarray:
    """Return points that cover a sample, a little beyond it."""
    middle = crowd.mean(axis=0)
    return np.asarray(np.clip(middle + WIDER * (crowd[:count] - middle), 0, 1))
