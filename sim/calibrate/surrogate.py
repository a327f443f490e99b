"""A quadratic surrogate of the simulator, one per target, fitted by least squares on the points that were run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from scipy.stats import qmc

RUNS_PER_TERM = 1.3
"""Points for each coefficient under which cross terms are not tried."""


def design(points: int, dimensions: int, seed: int) -> np.ndarray:
    """Return Sobol points of the unit box (points, dimensions)."""
    power = int(np.ceil(np.log2(max(points, 2))))
    return np.asarray(qmc.Sobol(dimensions, rng=np.random.default_rng(seed)).random_base2(power)[:points])


def terms(unit: np.ndarray, has_cross: bool = True) -> np.ndarray:
    """Return 1, x, x^2 and, if asked, products x_i x_j of points brought to [-1, 1]."""
    x = 2 * np.atleast_2d(unit) - 1
    columns = [np.ones((len(x), 1)), x, x**2]
    if has_cross:
        columns += [(x[:, i] * x[:, j])[:, None] for i, j in combinations(range(x.shape[1]), 2)]
    return np.concatenate(columns, axis=1)


@dataclass(frozen=True)
class Surrogate:
    """Polynomials of the unit box.

    Attributes
    ----------
    coefficients : numpy.ndarray
        (terms, targets); 0 for cross terms that a target is better predicted without.
    residual : numpy.ndarray
        Standard deviation of what one run leaves unexplained, degrees of freedom taken off.
    leverage : numpy.ndarray
        Variance of a prediction in units of ``residual`` squared, mean over the points, by target.
    blocks : int
        Seeds that points took in turn.
    """

    coefficients: np.ndarray
    residual: np.ndarray
    leverage: np.ndarray
    blocks: int = 1

    def __call__(self, unit: np.ndarray) -> np.ndarray:
        """Return predictions (points, targets)."""
        return np.asarray(terms(unit) @ self.coefficients)

    def slopes(self, unit: np.ndarray, step: float = 1e-3) -> np.ndarray:
        """Return derivatives at one point (targets, parameters), per width of the prior."""
        moves = np.eye(len(unit)) * step
        return np.asarray((self(unit + moves) - self(unit - moves)).T / (2 * step))

    def error(self, noise: np.ndarray | float = 0.0) -> np.ndarray:
        """Return the standard error of a prediction of what the simulator gives on average, by target.

        Parameters
        ----------
        noise : numpy.ndarray or float
            Standard deviation of one run. What residuals have beyond it is lack of fit, which more runs do not
            reduce; what they lack is the luck that points of one seed share, and that the mean over seeds keeps.
        """
        beyond = self.residual**2 - np.asarray(noise) ** 2
        shared = np.maximum(-beyond, 0) / self.blocks
        return np.asarray(np.sqrt(np.maximum(beyond, 0) + self.leverage * self.residual**2 + shared))

    def shifted(self, by: np.ndarray) -> Surrogate:
        """Return the surrogate with a constant added to each target."""
        moved = self.coefficients.copy()
        moved[0] += by
        return replace(self, coefficients=moved)

    def of(self, targets: np.ndarray) -> Surrogate:
        """Return the surrogate of some targets (bool)."""
        return Surrogate(self.coefficients[:, targets], self.residual[targets], self.leverage[targets], self.blocks)


def fit(unit: np.ndarray, outputs: np.ndarray, blocks: np.ndarray | None = None) -> Surrogate:
    """Fit by least squares; each target keeps its cross terms if points left out are better predicted with them.

    Parameters
    ----------
    unit : numpy.ndarray
        Points (points, parameters).
    outputs : numpy.ndarray
        What the simulator said (points, targets).
    blocks : numpy.ndarray, optional
        Number of the seed of each point: points of one seed share their luck, which is a shift of its own.

    Raises
    ------
    ValueError
        With too few points for even linear and square terms.
    """
    numbers = np.zeros(len(unit), dtype=int) if blocks is None else np.unique(blocks, return_inverse=True)[1]
    count = int(numbers.max()) + 1
    shifts = np.eye(count)[numbers]
    shifts = shifts[:, : count - 1] - shifts[:, -1:]  # they sum to 0: predictions are the mean over seeds
    plain = np.concatenate([terms(unit, has_cross=False), shifts], axis=1)
    whole = np.concatenate([terms(unit), shifts], axis=1)
    if len(unit) <= plain.shape[1]:
        raise ValueError(f"{len(unit)} runs for {plain.shape[1]} coefficients: run at least {plain.shape[1] + 5}")
    best = least_squares(plain, outputs)
    size = terms(unit).shape[1]
    coefficients = np.zeros((size, outputs.shape[1]))
    short = plain.shape[1] - (count - 1)
    coefficients[:short] = best.coefficients[:short]
    residual, leverage = best.residual, np.full(outputs.shape[1], best.leverage)
    if len(unit) >= RUNS_PER_TERM * whole.shape[1]:
        other = least_squares(whole, outputs)
        gains = other.left_out < best.left_out
        coefficients[:, gains] = other.coefficients[:size, gains]
        residual, leverage = np.where(gains, other.residual, residual), np.where(gains, other.leverage, leverage)
    return Surrogate(coefficients, residual, leverage, count)


@dataclass(frozen=True)
class Fitted:
    """Least squares: coefficients, residual and leave-one-out standard deviations by target, mean leverage."""

    coefficients: np.ndarray
    residual: np.ndarray
    left_out: np.ndarray
    leverage: float


def least_squares(x: np.ndarray, outputs: np.ndarray) -> Fitted:
    """Return the fit of outputs on columns; what each point left out would have been missed by is exact."""
    q, r = np.linalg.qr(x)
    coefficients = np.linalg.lstsq(r, q.T @ outputs, rcond=None)[0]
    left = outputs - x @ coefficients
    weight = np.minimum((q**2).sum(axis=1), 1 - 1e-9)
    residual = np.sqrt((left**2).sum(axis=0) / (len(x) - x.shape[1]))
    left_out = np.sqrt(((left / (1 - weight)[:, None]) ** 2).mean(axis=0))
    return Fitted(coefficients, residual, left_out, x.shape[1] / len(x))
