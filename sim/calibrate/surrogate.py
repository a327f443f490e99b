"""A quadratic surrogate of the simulator, one per target, fitted by least squares on the points that were run."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.stats import qmc

RUNS_PER_TERM = 1.3
"""Points for each coefficient under which cross terms are left out."""


def design(points: int, dimensions: int, seed: int) -> np.ndarray:
    """Return Sobol points of the unit box (points, dimensions)."""
    power = int(np.ceil(np.log2(max(points, 2))))
    return np.asarray(qmc.Sobol(dimensions, rng=np.random.default_rng(seed)).random_base2(power)[:points])


def terms(unit: np.ndarray, has_cross: bool) -> np.ndarray:
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
        (terms, targets).
    error : numpy.ndarray
        Standard error of a prediction by target: residuals, with the degrees of freedom taken off.
    """

    coefficients: np.ndarray
    error: np.ndarray
    has_cross: bool

    def __call__(self, unit: np.ndarray) -> np.ndarray:
        """Return predictions (points, targets)."""
        return np.asarray(terms(unit, self.has_cross) @ self.coefficients)

    def slopes(self, unit: np.ndarray, step: float = 1e-3) -> np.ndarray:
        """Return derivatives at one point (targets, parameters), per width of the prior."""
        moves = np.eye(len(unit)) * step
        return np.asarray((self(unit + moves) - self(unit - moves)).T / (2 * step))


def fit(unit: np.ndarray, outputs: np.ndarray, weights: np.ndarray | None = None) -> Surrogate:
    """Fit by weighted least squares.

    Parameters
    ----------
    unit : numpy.ndarray
        Points (points, parameters).
    outputs : numpy.ndarray
        What the simulator said (points, targets).
    weights : numpy.ndarray, optional
        One per point.

    Raises
    ------
    ValueError
        With too few points for even linear and square terms.
    """
    dimensions = unit.shape[1]
    full = 1 + 2 * dimensions + dimensions * (dimensions - 1) // 2
    has_cross = len(unit) >= RUNS_PER_TERM * full
    x = terms(unit, has_cross)
    if len(unit) <= x.shape[1]:
        raise ValueError(f"{len(unit)} runs for {x.shape[1]} coefficients: run at least {x.shape[1] + 5}")
    root = np.sqrt(np.ones(len(unit)) if weights is None else weights)[:, None]
    coefficients = np.linalg.lstsq(x * root, outputs * root, rcond=None)[0]
    left = (outputs - x @ coefficients) * root
    degrees = len(unit) - x.shape[1]
    return Surrogate(coefficients, np.sqrt((left**2).sum(axis=0) / degrees), has_cross)
