"""The posterior of free parameters on a surrogate: misfit, sample, profiles, what is identified, ranks.

The sampler is a sequential one (Del Moral, Doucet and Jasra 2006): the likelihood counts little by little, walkers
that fall behind are replaced by better ones, and all move as the affine-invariant ensemble of Goodman and Weare (2010),
which needs no scale. That ensemble alone was measured to leave walkers behind for good on ridges of the head starts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq, minimize
from scipy.stats import chi2

from sim.calibrate.surrogate import Surrogate

Predict = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""From points of the unit box, what the simulator gives on average and the standard error of that (points, targets)."""
IDENTIFIED_RATIO = 0.5
"""A parameter is said to be identified when its posterior standard deviation is under this part of the prior's."""
UNIFORM_SD = 12**-0.5
WALKERS, MOVES, LAST_MOVES = 400, 20, 100
"""Of the sampler; moves after each step of the likelihood, and after the last (five times as many walkers and twice as
many moves give the same means and spreads)."""


@dataclass(frozen=True)
class Facts:
    """What is fitted to, as arrays over targets; ``low`` and ``high`` are equal where a value was published."""

    low: np.ndarray
    high: np.ndarray
    error: np.ndarray

    def misfit(self, outputs: np.ndarray, more_error: np.ndarray | float = 0.0) -> np.ndarray:
        """Return chi-square by point; inside a published range nothing is lost.

        Parameters
        ----------
        outputs : numpy.ndarray
            (points, targets).
        more_error : numpy.ndarray or float
            Standard error of the simulator and of its surrogate, by target or by point and target.
        """
        gap = np.minimum(outputs - self.low, 0) + np.maximum(outputs - self.high, 0)
        return np.asarray((gap**2 / (self.error**2 + np.asarray(more_error) ** 2)).sum(axis=1))

    def loss(self, outputs: np.ndarray, error: np.ndarray | float, chance: np.ndarray | float = 0.0) -> np.ndarray:
        """Return minus the logarithm of the likelihood by point, up to a constant.

        A point whose outputs are poorly known is less likely to give just the published value: beside the misfit counts
        the logarithm of the whole standard deviation. Where a range was published there is no value to give.
        """
        more = np.broadcast_to(np.hypot(error, chance), outputs.shape)
        volume = np.where(self.low == self.high, np.log(np.hypot(self.error, more)), 0.0).sum(axis=1)
        return np.asarray(self.misfit(outputs, more) / 2 + volume)


def sample(
    facts: Facts, predict: Predict, dimensions: int, chance: np.ndarray | float, seed: int, draws: int = 200,
    walkers: int = WALKERS,
) -> np.ndarray:  # fmt: skip
    """Return draws of the posterior in the unit box (draws, dimensions), uniform prior.

    Parameters
    ----------
    chance : numpy.ndarray or float
        Standard deviation of one year of the territory itself, by target.
    walkers : int
        At least as many as draws: each draw is a walker of its own.
    """
    rng, half = np.random.default_rng(seed), walkers // 2

    def height(points: np.ndarray) -> np.ndarray:
        inside = ((points >= 0) & (points <= 1)).all(axis=1)
        value = -facts.loss(*predict(np.clip(points, 0, 1)), chance)
        return np.where(inside, value, -np.inf)

    here, power = rng.random((walkers, dimensions)), 0.0
    now = height(here)
    while power < 1:
        step = next_step(now, 1 - power)
        power = 1.0 if step == 1 - power else power + step
        kept = rng.choice(walkers, walkers, p=shares(step * now))
        here, now = here[kept], now[kept]
        for _ in range(MOVES if power < 1 else LAST_MOVES):
            for mine, other in ((slice(0, half), slice(half, None)), (slice(half, None), slice(0, half))):
                z = (1 + rng.random(len(here[mine]))) ** 2 / 2  # density 1 / sqrt(z) on [1/2, 2]
                partners = here[other][rng.integers(0, len(here[other]), len(z))]
                tried = partners + z[:, None] * (here[mine] - partners)
                then = height(tried)
                gain = (dimensions - 1) * np.log(z) + power * (then - now[mine])
                accepted = np.log(rng.random(len(z))) < gain
                here[mine] = np.where(accepted[:, None], tried, here[mine])
                now[mine] = np.where(accepted, then, now[mine])
    return np.asarray(here[rng.choice(walkers, draws, replace=False)])


def shares(logs: np.ndarray) -> np.ndarray:
    """Return weights, summing to 1, from their logarithms."""
    weights = np.exp(logs - logs.max())
    return np.asarray(weights / weights.sum())


def next_step(heights: np.ndarray, most: float) -> float:
    """Return by how much more the likelihood may count, so that half of the walkers, in effect, stay in the race."""

    def beyond_half(step: float) -> float:
        return float(1 / (shares(step * heights) ** 2).sum() - len(heights) / 2)

    return most if beyond_half(most) >= 0 else float(brentq(beyond_half, 0, most))


def profile(
    facts: Facts, predict: Predict, dimensions: int, chance: np.ndarray | float, parameter: int,
    start: np.ndarray, grid: int = 9,
) -> np.ndarray:  # fmt: skip
    """Return the smallest misfit along one parameter, the others free (grid values of the unit box, misfit)."""
    others = [i for i in range(dimensions) if i != parameter]
    lines, point = [], np.clip(start, 0.02, 0.98)
    for value in np.linspace(0, 1, grid):

        def loss(rest: np.ndarray, fixed: float = float(value)) -> float:
            full = np.empty(dimensions)
            full[others], full[parameter] = rest, fixed
            outputs, error = predict(full[None, :])
            return float(facts.misfit(outputs, np.hypot(error, chance))[0])

        found = minimize(loss, point[others], bounds=[(0, 1)] * len(others), method="L-BFGS-B")
        point[others] = found.x
        lines.append((float(value), float(found.fun)))
    return np.array(lines)


def information(surrogate: Surrogate, at: np.ndarray, error: np.ndarray) -> np.ndarray:
    """Return eigenvalues, descending, of the information that facts bring, in units of the prior's variance.

    Above 1 the facts say more than the prior about a direction; how many are is how many are identified.
    """
    slopes = surrogate.slopes(at) * UNIFORM_SD / error[:, None]
    return np.asarray(np.linalg.eigvalsh(slopes.T @ slopes)[::-1])


def is_identified(draws: np.ndarray) -> np.ndarray:
    """Return which parameters the posterior narrows enough (bool)."""
    return np.asarray(draws.std(axis=0) < IDENTIFIED_RATIO * UNIFORM_SD)


def corrected(
    real: np.ndarray, guessed: np.ndarray, noise: np.ndarray, error: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return what the simulator gives on average at some points, from the surrogate and one real run of each.

    Parameters
    ----------
    real, guessed : numpy.ndarray
        Outputs of the simulator and of the surrogate (points, targets).
    noise, error : numpy.ndarray
        Of one run, by target, and of the surrogate (points, targets).

    Returns
    -------
    tuple of numpy.ndarray
        Means weighted by precision, and their standard error (points, targets).
    """
    trust = np.divide(error**2, noise**2 + error**2, out=np.zeros_like(error), where=noise**2 + error**2 > 0)
    return guessed + trust * (real - guessed), noise * np.sqrt(trust)


def reweighted(real: np.ndarray, guessed: np.ndarray, facts: Facts, noise: np.ndarray, error: np.ndarray,
               chance: np.ndarray | float = 0.0) -> np.ndarray:  # fmt: skip
    """Return weights, summing to 1, that bring draws of the surrogate's posterior to that of real runs.

    Parameters
    ----------
    real, guessed, noise, error
        As for ``corrected``.
    chance : numpy.ndarray or float
        Standard deviation of one year of the territory itself, by target.
    """
    mean, left = corrected(real, guessed, noise, error)
    log = facts.loss(guessed, error, chance) - facts.loss(mean, left, chance)
    return shares(log)


def rank_uniformity(ranks: Sequence[int], draws: int, bins: int = 10) -> float:
    """Return the p-value of the chi-square test that ranks 0 to ``draws`` are uniform (Talts et al. 2018)."""
    counts = np.bincount(np.array(ranks) * bins // (draws + 1), minlength=bins)
    expected = len(ranks) / bins
    return float(chi2.sf(((counts - expected) ** 2 / expected).sum(), bins - 1))
