"""A surrogate of the simulator: for each target a Gaussian process around a plane, given the points that were run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.linalg import cho_solve, cholesky
from scipy.optimize import minimize
from scipy.stats import qmc

PLANE = 3.0
"""Prior standard deviation of a plane's level and slopes (half a prior's width), in spreads of the target: free."""
LENGTH, HEIGHT = 1.5, 0.5
"""What one expects of a target around its plane: it bends over more than the prior's width, by half its own spread."""
DOUBT, NOISE_DOUBT = 1.0, 0.5
"""Standard deviations of the logarithms of the former, and of the noise around the one measured."""
STILL = 1e-3
"""Noise, in spreads of the target, of a simulator that has none: keeps matrices regular."""


def design(points: int, dimensions: int, seed: int) -> np.ndarray:
    """Return Sobol points of the unit box (points, dimensions)."""
    power = int(np.ceil(np.log2(max(points, 2))))
    return np.asarray(qmc.Sobol(dimensions, rng=np.random.default_rng(seed)).random_base2(power)[:points])


def plane(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the covariance of planes between two sets of points."""
    return np.asarray(PLANE**2 * (1 + (2 * a - 1) @ (2 * b - 1).T))


@dataclass(frozen=True)
class Surrogate:
    """What the points that were run say of any other; outputs are in spreads of their target.

    Attributes
    ----------
    unit, seeds : numpy.ndarray
        Points (points, parameters), and the seed of each: points of one seed share part of their luck.
    outputs : numpy.ndarray
        What the simulator said there (points, targets), less ``level`` and over ``spread``.
    logs : numpy.ndarray
        (targets, parameters + 3) logarithms: height of what bends around the plane, its length along each parameter,
        luck shared by the points of one seed, luck of one run alone.
    level, spread : numpy.ndarray
        By target.
    beyond : numpy.ndarray
        Standard error by target that more points would not reduce.
    """

    unit: np.ndarray
    seeds: np.ndarray
    outputs: np.ndarray
    logs: np.ndarray
    level: np.ndarray
    spread: np.ndarray
    beyond: np.ndarray

    def covariance(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Return the covariance, without luck, between two sets of points (targets, a, b)."""
        per_length = np.exp(-self.logs[:, None, 1:-2])
        left, right = a * per_length, b * per_length
        square = (left**2).sum(axis=2)[:, :, None] + (right**2).sum(axis=2)[:, None, :]
        square -= 2 * left @ right.transpose(0, 2, 1)
        bends = np.exp(2 * self.logs[:, :1, None] - np.maximum(square, 0) / 2)
        return np.asarray(bends + plane(a, b))

    @cached_property
    def learnt(self) -> tuple[np.ndarray, np.ndarray]:
        """Inverse of the covariance of what was seen (targets, points, points), and it times outputs."""
        shared, alone = np.exp(2 * self.logs[:, -2:, None, None]).transpose(1, 0, 2, 3)
        whole = self.covariance(self.unit, self.unit) + shared * same(self.seeds) + alone * np.eye(len(self.unit))
        inverse = np.linalg.inv(whole)
        return inverse, (inverse @ self.outputs.T[:, :, None])[:, :, 0]

    def predict(self, unit: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return what the simulator gives on average and its standard error (points, targets)."""
        inverse, weights = self.learnt
        cross = self.covariance(unit, self.unit)
        mean = (cross @ weights[:, :, None])[:, :, 0].T
        prior = np.exp(2 * self.logs[:, 0]) + PLANE**2 * (1 + ((2 * unit - 1) ** 2).sum(axis=1))[:, None]
        left = np.maximum(prior - ((cross @ inverse) * cross).sum(axis=2).T, 0)
        return self.level + self.spread * mean, np.sqrt(self.spread**2 * left + self.beyond**2)

    def __call__(self, unit: np.ndarray) -> np.ndarray:
        """Return what the simulator gives on average (points, targets)."""
        _, weights = self.learnt
        mean = (self.covariance(unit, self.unit) @ weights[:, :, None])[:, :, 0].T
        return np.asarray(self.level + self.spread * mean)

    @property
    def noise(self) -> np.ndarray:
        """Standard deviation of one run by target, as all the points tell it."""
        return np.asarray(self.spread * np.sqrt(np.exp(2 * self.logs[:, -2:]).sum(axis=1)))

    def slopes(self, unit: np.ndarray, step: float = 1e-3) -> np.ndarray:
        """Return derivatives at one point (targets, parameters), per width of the prior."""
        moves = np.eye(len(unit)) * step
        return np.asarray((self(unit + moves) - self(unit - moves)).T / (2 * step))

    def shifted(self, by: np.ndarray, error: np.ndarray) -> Surrogate:
        """Return the surrogate with a constant added to each target, known to an error."""
        return replace(self, level=self.level + by, beyond=np.hypot(self.beyond, error))

    def of(self, targets: np.ndarray) -> Surrogate:
        """Return the surrogate of some targets (bool)."""
        parts = {name: getattr(self, name)[targets] for name in ("logs", "level", "spread", "beyond")}
        return replace(self, outputs=self.outputs[:, targets], **parts)

    def without(self, point: int) -> Surrogate:
        """Return what one would know without one of the points."""
        parts = {name: np.delete(getattr(self, name), point, axis=0) for name in ("unit", "seeds", "outputs")}
        return replace(self, **parts)


def same(seeds: np.ndarray) -> np.ndarray:
    """Return which points share their seed (points, points), as 0 and 1."""
    return np.asarray(seeds[:, None] == seeds, dtype=float)


def fit(
    unit: np.ndarray, outputs: np.ndarray, noise: np.ndarray | float = 0.0, seeds: np.ndarray | None = None
) -> Surrogate:
    """Fit the lengths, height and luck of each target by their largest posterior density.

    Parameters
    ----------
    unit : numpy.ndarray
        Points (points, parameters).
    outputs : numpy.ndarray
        What the simulator said (points, targets).
    noise : numpy.ndarray or float
        Standard deviation of one run, by target, as measured.
    seeds : numpy.ndarray, optional
        Seed of each point; each has its own when they are not given.

    Notes
    -----
    A polynomial of the whole prior box was measured to be three times as far from points left out: head starts bend
    nearly all targets, each along its own directions (Rasmussen and Williams 2006, 2.7 and 5.4, for the method).
    """
    own = np.arange(len(unit)) if seeds is None else seeds
    level, spread = outputs.mean(axis=0), outputs.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    scaled, share = (outputs - level) / spread, np.maximum(noise / spread, STILL) / np.sqrt(2)
    apart = (unit.T[:, :, None] - unit.T[:, None, :]) ** 2
    known = plane(unit, unit), same(own)
    logs = np.array([most_likely(apart, *known, *one) for one in zip(scaled.T, share, strict=True)])
    return Surrogate(unit, own, scaled, logs, level, spread, np.zeros(len(level)))


def most_likely(apart: np.ndarray, flat: np.ndarray, shared: np.ndarray, seen: np.ndarray, luck: float) -> np.ndarray:
    """Return the logarithms of one target (see ``Surrogate``).

    Parameters
    ----------
    apart : numpy.ndarray
        Squared distances along each parameter (parameters, points, points).
    flat, shared : numpy.ndarray
        Covariance of planes, and which points share their seed.
    seen : numpy.ndarray
        Outputs, in spreads.
    luck : float
        What is expected of either part of the noise.
    """
    usual = np.log([HEIGHT, *[LENGTH] * len(apart), luck, luck])
    doubt = np.array([DOUBT] * (1 + len(apart)) + [NOISE_DOUBT] * 2)
    limits = [(middle - 4 * each, middle + 4 * each) for middle, each in zip(usual, doubt, strict=True)]
    return np.asarray(
        minimize(loss(apart, flat, shared, seen, usual, doubt), usual, jac=True, bounds=limits, method="L-BFGS-B").x
    )


def loss(
    apart: np.ndarray, flat: np.ndarray, shared: np.ndarray, seen: np.ndarray, usual: np.ndarray, doubt: np.ndarray
) -> Callable[[np.ndarray], tuple[float, np.ndarray]]:
    """Return minus the logarithm of the posterior density of a target's logarithms, with its gradient."""

    def at(logs: np.ndarray) -> tuple[float, np.ndarray]:
        per_square = np.exp(-2 * logs[1:-2])
        bends = np.exp(2 * logs[0] - np.tensordot(per_square, apart, 1) / 2)
        common, alone = np.exp(2 * logs[-2:])
        root = cholesky(bends + flat + common * shared + alone * np.eye(len(seen)), lower=True)
        inverse = cho_solve((root, True), np.eye(len(seen)))
        weights = inverse @ seen
        away = (logs - usual) / doubt
        value = seen @ weights / 2 + np.log(np.diag(root)).sum() + away @ away / 2
        moved = (inverse - np.outer(weights, weights)) / 2
        felt = moved * bends
        gradient = np.concatenate(
            [[2 * felt.sum()], np.tensordot(apart, felt, 2) * per_square,
             [2 * common * (moved * shared).sum(), 2 * alone * np.trace(moved)]]
        )  # fmt: skip
        return float(value), gradient + away / doubt

    return at
