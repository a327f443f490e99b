"""Raking to published margins, whole counts and draws that keep their margins."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from sim.state.luck import Draws, OwnDraws

Margin = tuple[tuple[int, ...], np.ndarray]
"""Axes that stay, and the totals wanted over them."""
FEW_ROWS = 20
"""Rows per line of a table of shares under which draws are independent."""


def rake(
    seed: np.ndarray, margins: Sequence[Margin], rounds: int = 500, tolerance: float = 1e-9
) -> tuple[np.ndarray, float]:
    """Return ``seed`` scaled to the margins, and the largest relative gap that is left.

    Iterative proportional fitting. Margins that contradict each other, or zeros of the seed, leave a
    gap that stays far above ``tolerance``: the caller reports it.

    Parameters
    ----------
    seed : numpy.ndarray
        Non-negative table, any number of axes.
    margins : sequence of (axes, totals)
        ``axes`` ascending; ``totals`` has the shape of the table summed over the other axes.

    Raises
    ------
    ValueError
        If a margin has not the shape of its axes.
    """
    table = seed.astype(float).copy()
    for axes, totals in margins:
        if tuple(table.shape[a] for a in axes) != totals.shape:
            raise ValueError(f"margin over axes {axes} has shape {totals.shape}, table {table.shape}")
    gap = np.inf
    for _ in range(rounds):
        for axes, totals in margins:
            table *= _spread(_ratio(totals, _sum(table, axes)), axes, table.ndim)
        gap = max(
            float(np.abs(_sum(table, axes) - totals).max() / max(totals.max(), 1e-12)) for axes, totals in margins
        )
        if gap < tolerance:
            break
    return table, gap


def _sum(table: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    return np.asarray(table.sum(axis=tuple(a for a in range(table.ndim) if a not in axes)))


def _ratio(wanted: np.ndarray, got: np.ndarray) -> np.ndarray:
    return np.asarray(np.divide(wanted, got, out=np.zeros_like(got), where=got > 0))


def _spread(values: np.ndarray, axes: tuple[int, ...], ndim: int) -> np.ndarray:
    shape = [values.shape[axes.index(a)] if a in axes else 1 for a in range(ndim)]
    return np.asarray(values.reshape(shape))


def whole(expected: np.ndarray, total: int) -> np.ndarray:
    """Return whole counts near ``expected`` that sum to ``total`` (controlled rounding).

    Running sums are rounded, so that any run of neighbouring cells is right within one.
    """
    flat = expected.ravel()
    mass = float(flat.sum())
    if mass <= 0:
        raise ValueError("nothing to round: every expected count is 0")
    bounds = np.rint(np.cumsum(flat) * (total / mass)).astype(np.int64)
    bounds[-1] = total
    return np.diff(bounds, prepend=0).reshape(expected.shape)


def even(rng: Draws, rows: int) -> np.ndarray:
    """Return ``rows`` uniforms, one in each of ``rows`` equal intervals, in random order (not own draws)."""
    if isinstance(rng, OwnDraws):
        return rng.random(rows)
    return (rng.permutation(rows) + rng.random(rows)) / max(rows, 1)


def choose(rng: Draws, shares: np.ndarray, rows: np.ndarray | int) -> np.ndarray:
    """Draw a column for each row, margins kept within one for each line of ``shares`` that has enough rows.

    Parameters
    ----------
    shares : numpy.ndarray
        One line, or one line per group; normalised here.
    rows : numpy.ndarray or int
        The group of each row, or how many rows when there is one line.
    """
    if isinstance(rows, int | np.integer):
        return _columns(shares.ravel(), even(rng, int(rows)))
    if isinstance(rng, OwnDraws) or len(rows) < FEW_ROWS * len(shares):  # too few for margins, a loop would cost more
        steps = np.cumsum(shares, axis=1)[rows]
        return np.asarray((steps <= (rng.random(len(rows)) * steps[:, -1])[:, None]).sum(axis=1))
    chosen = np.zeros(len(rows), dtype=np.int64)
    order = np.argsort(rows, kind="stable")
    bounds = np.searchsorted(rows[order], np.arange(len(shares) + 1))
    for group, (first, last) in enumerate(pairwise(bounds.tolist())):
        if last > first:
            chosen[order[first:last]] = _columns(shares[group], even(rng, last - first))
    return chosen


def _columns(shares: np.ndarray, uniforms: np.ndarray) -> np.ndarray:
    steps = np.cumsum(shares)
    return np.searchsorted(steps / steps[-1], uniforms, side="right").clip(0, len(shares) - 1)


def mark(rng: Draws, probability: np.ndarray, *, in_order: bool = False) -> np.ndarray:
    """Draw yes or no for each row, so that the number of yes is right within one (not of own draws).

    Parameters
    ----------
    in_order : bool
        Right within one in any run of neighbouring rows too. Rows drawn so are evenly spaced: two such
        draws are not independent of each other, hence the random order by default.
    """
    if isinstance(rng, OwnDraws):
        return rng.random(len(probability)) < probability
    order = np.arange(len(probability)) if in_order else rng.permutation(len(probability))
    steps = np.floor(np.cumsum(probability[order]) + rng.random())
    hits = np.empty(len(order), dtype=bool)
    hits[order] = steps > np.concatenate([[0.0], steps[:-1]])
    return hits


def pick(rng: np.random.Generator, weights: np.ndarray, count: int) -> np.ndarray:
    """Return ``count`` distinct rows, ascending, each with a chance in proportion to its weight.

    Systematic sampling in random order: chances are exact; a weight that would ask for more than
    certainty is certain, and the others share the rest.

    Raises
    ------
    ValueError
        If fewer rows than ``count`` have a weight.
    """
    able = int((weights > 0).sum())
    if count > able:
        raise ValueError(f"{count} rows asked, {able} can be drawn")
    if count <= 0:
        return np.zeros(0, dtype=np.int64)
    order = rng.permutation(len(weights))
    ordered = weights[order].astype(float)
    certain = np.zeros(len(order), dtype=bool)
    while True:
        free = np.where(certain, 0.0, ordered)
        chance = np.where(certain, 1.0, free * (count - certain.sum()) / max(float(free.sum()), 1e-300))
        if not (over := chance > 1 + 1e-12).any():
            break
        certain |= over
    steps = np.cumsum(chance)
    steps[steps > count - 1e-6] = count  # the last steps, whatever rounding made of them
    hits = np.diff(np.floor(steps + rng.random()), prepend=0.0) > 0
    return np.sort(order[hits])


def quantile_of(knots: np.ndarray, values: np.ndarray, ranks: np.ndarray) -> np.ndarray:
    """Return the value of each rank (0 to 1) by straight lines between the published quantiles."""
    return np.asarray(np.interp(ranks, knots, values))
