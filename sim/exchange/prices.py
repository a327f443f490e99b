"""Prices of nodes: the dual of the packing of cycles, and the bound that it proves.

The linear relaxation is solved by the averaged primal-dual hybrid gradient (Chambolle and Pock, J. Math. Imaging
Vis. 40, 2011) with restarts (Applegate et al., NeurIPS 2021): it only needs passes over the columns, whatever their
number. Any prices give a proven bound once *repaired*: where a column is worth more than the prices of its nodes,
each of them is raised by its share of what lacks; no packing is then worth more than the sum of the prices.
"""

from __future__ import annotations

import time
from typing import NamedTuple

import numpy as np
from numba import njit

PASSES = 100
"""Passes between two looks at the bound."""

MOST_LOOKS = 100
HALF = 1 / 2


class Prices(NamedTuple):
    """Where the relaxation stands."""

    raw: np.ndarray  # one price per node: where the next call starts
    price: np.ndarray  # the same, repaired: no column is worth more than its nodes
    use: np.ndarray  # one per column: nearly a fractional packing
    value: float  # of a fractional packing: no bound goes below

    @property
    def bound(self) -> float:
        """No packing of the columns is worth more."""
        return float(self.price.sum())


def relax(
    nodes: np.ndarray,
    values: np.ndarray,
    count: int,
    seconds: float,
    tolerance: float,
    start: np.ndarray | None = None,
) -> Prices:
    """Solve the linear relaxation of a packing, nearly.

    Parameters
    ----------
    nodes : numpy.ndarray
        int32 (columns, width), padded with -1.
    values : numpy.ndarray
        What each column is worth.
    count : int
        Nodes of the graph.
    seconds, tolerance : float
        Stop after this time, or when bound and value are this close (relative to the value).
    start : numpy.ndarray, optional
        Prices to start from.
    """
    end = time.perf_counter() + seconds
    degree = np.bincount(nodes[nodes >= 0], minlength=count).astype(np.float64)
    price = np.where(degree > 0, float(values.max(initial=0.0)) / 2, 0.0) if start is None else start.copy()
    use, scale = np.zeros(len(nodes)), np.sqrt(max(1.0, degree.sum() / max(1, count)))
    best, is_whole = _look(nodes, values, price, use), bool((values == np.round(values)).all())
    for _ in range(MOST_LOOKS):
        mean_use, mean_price = _advance(nodes, values, degree, use, price, scale, PASSES)
        last, mean = _look(nodes, values, price, use), _look(nodes, values, mean_price, mean_use)
        nearer = min(last, mean, key=lambda look: look.bound - look.value)
        use[:], price[:] = nearer.use, nearer.raw  # a restart from the nearer of the two
        tightest = min(best, last, mean, key=lambda look: look.bound)
        best = Prices(tightest.raw, tightest.price, nearer.use, max(best.value, last.value, mean.value))
        if is_close(best.bound, best.value, is_whole, tolerance) or time.perf_counter() > end:
            break
    return best


def is_close(bound: float, value: float, is_whole: bool, tolerance: float) -> bool:
    """Whether a bound says all it can: near the value of the relaxation, or the same once rounded down."""
    same = is_whole and np.floor(bound) <= np.floor(value) and bound - value < HALF
    return bool(same or bound - value <= tolerance * max(1.0, value))


def _look(nodes: np.ndarray, values: np.ndarray, price: np.ndarray, use: np.ndarray) -> Prices:
    value = float(_packed_value(nodes, values, use, len(price)))
    return Prices(price.copy(), price + lacking(nodes, values, price), use.copy(), value)


@njit(cache=True)
def lacking(nodes, values, price):  # type: ignore[no-untyped-def]
    """Return by how much each node's price is to be raised for no column to be worth more than its nodes."""
    raised = np.zeros(len(price))
    for c in range(len(nodes)):
        rest, length = values[c], 0
        for v in nodes[c]:
            if v >= 0:
                rest -= price[v]
                length += 1
        if rest > 0:
            for v in nodes[c]:
                if v >= 0 and raised[v] < rest / length:
                    raised[v] = rest / length
    return raised


@njit(cache=True)
def _advance(nodes, values, degree, use, price, scale, passes):  # type: ignore[no-untyped-def]
    """Advance ``use`` and ``price`` in place; return their averages over the passes."""
    columns, width = nodes.shape
    mean_use, mean_price, load = np.zeros(columns), np.zeros(len(price)), np.empty(len(price))
    for _ in range(passes):
        load[:] = -1.0
        for c in range(columns):
            rest, length = values[c], 0
            for k in range(width):
                v = nodes[c, k]
                if v >= 0:
                    rest -= price[v]
                    length += 1
            new = max(0.0, use[c] + rest / (scale * length))
            ahead = 2.0 * new - use[c]
            use[c] = new
            mean_use[c] += new
            if ahead != 0.0:
                for k in range(width):
                    v = nodes[c, k]
                    if v >= 0:
                        load[v] += ahead
        for v in range(len(price)):
            if degree[v] > 0:
                price[v] = max(0.0, price[v] + scale * load[v] / degree[v])
            mean_price[v] += price[v]
    return mean_use / passes, mean_price / passes


@njit(cache=True)
def _packed_value(nodes, values, use, count):  # type: ignore[no-untyped-def]
    """Return the value of a use of columns scaled down until no node is used more than once."""
    load = np.zeros(count)
    for c in range(len(nodes)):
        for v in nodes[c]:
            if v >= 0:
                load[v] += use[c]
    total = 0.0
    for c in range(len(nodes)):
        most = 1.0
        for v in nodes[c]:
            if v >= 0:
                most = max(most, load[v])
        total += values[c] * use[c] / most
    return total
