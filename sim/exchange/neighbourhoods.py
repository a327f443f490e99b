"""Improving a packing: where it falls short of the prices, some cycles are taken back and chosen again, exactly.

A tenant left out whose price is positive is where the packing loses on the bound; the neighbourhood grows from there,
along the cycles that the relaxation uses most. It grows when the integer programme finds nothing quickly, until it
holds the whole pool, and shrinks when it is too hard: sparse pools are solved at once, dense ones step by step.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numba import njit

from sim.exchange.cycles import NONE, Columns
from sim.exchange.packing import ROUNDING, choose
from sim.exchange.prices import Prices

WIDER, NARROWER = 1.3, 0.6
EASY_SHARE = 0.3
BRANCHES = 6
LOOKED_AT = 60
PRICED_SHARE = 0.01


class Deadline:
    """Time allowed, from now."""

    def __init__(self, seconds: float) -> None:
        self._end = time.perf_counter() + seconds

    def left(self) -> float:
        """Return the seconds left, 0 when none is."""
        return max(0.0, self._end - time.perf_counter())


class Pace(NamedTuple):
    """How a search goes; see ``solving.Effort``."""

    tenants: int
    patience: int
    used_per_node: float
    turn_seconds: float


def by_use(columns: Columns, value: np.ndarray, prices: Prices) -> np.ndarray:
    """Return the columns by how much the relaxation uses them, then by what they lack of the prices of their nodes."""
    paid = (prices.price[np.maximum(columns.nodes, 0)] * (columns.nodes >= 0)).sum(axis=1)
    return np.lexsort((paid - value, -prices.use))


class _Pool(NamedTuple):
    """Columns, and those of each node in the order of use."""

    columns: Columns
    values: Sequence[np.ndarray]
    rank: np.ndarray
    starts: np.ndarray
    of_node: np.ndarray


def _pool(columns: Columns, values: Sequence[np.ndarray], order: np.ndarray, nodes: int) -> _Pool:
    rank = np.empty(len(columns), dtype=np.int64)
    rank[order] = np.arange(len(columns))
    column, place = np.nonzero(columns.nodes >= 0)
    holder = columns.nodes[column, place]
    starts = np.concatenate([[0], np.cumsum(np.bincount(holder, minlength=nodes))])
    return _Pool(columns, values, rank, starts, column[np.lexsort((rank[column], holder))])


def improve(
    columns: Columns, values: Sequence[np.ndarray], order: np.ndarray, prices: Prices, start: np.ndarray, bound: float,
    pace: Pace, seed: int, deadline: Deadline,
) -> np.ndarray:  # fmt: skip
    """Return a packing at least as good as ``start`` (column numbers), objectives in order.

    Neighbourhoods are drawn from the seed, so that the same search gives the same answer as long as time does not
    run out.

    Parameters
    ----------
    order : numpy.ndarray
        Columns by use.
    bound : float
        Proven for the first objective: a packing that meets it is not improved, if there is no other objective.
    """
    rng, nodes = np.random.Generator(np.random.PCG64(seed)), len(prices.price)
    pool, best, tenants, idle = _pool(columns, values, order, nodes), np.sort(start), float(pace.tenants), 0
    able = np.flatnonzero(np.diff(pool.starts))
    is_priced = prices.price > PRICED_SHARE * float(values[0].max(initial=0.0))
    while idle < pace.patience and deadline.left() > 0 and len(able):
        owner, worth = _owners(columns, best, nodes), _worth(values, best)
        if len(values) == 1 and meets(worth[0], bound):
            break
        lacking = np.flatnonzero((owner == NONE) & is_priced)
        first = int(rng.choice(lacking if len(lacking) else able))
        most = min(int(tenants), nodes)
        luck = rng.random(BRANCHES * most + BRANCHES)
        region = _region(first, most, columns.nodes, owner, pool.starts, pool.of_node, luck)
        mine = np.unique(owner[region])
        mine = mine[mine >= 0]
        inside = _inside(pool, region, int(pace.used_per_node * len(region)), mine)
        began, turn = deadline.left(), min(pace.turn_seconds, deadline.left())
        chosen, _ = choose(columns.take(inside), [value[inside] for value in values], nodes, turn)
        took = began - deadline.left()
        trial = np.union1d(np.setdiff1d(best, mine), inside[chosen])
        after = _worth(values, trial)
        idle = 0 if after > worth else idle + 1
        best = trial if after >= worth else best
        if took > pace.turn_seconds / 2:
            tenants = max(tenants * NARROWER, float(2 * columns.nodes.shape[1]))
        elif idle and took < EASY_SHARE * pace.turn_seconds:  # easy, and nothing better there: look further
            tenants = min(tenants * WIDER, float(nodes))
    return best


def meets(worth: float, bound: float) -> bool:
    """Whether a packing is worth all that its bound allows."""
    return worth >= bound - ROUNDING * max(1.0, abs(bound))


def _worth(values: Sequence[np.ndarray], chosen: np.ndarray) -> tuple[float, ...]:
    return tuple(round(float(value[chosen].sum()), 9) for value in values)


def _owners(columns: Columns, chosen: np.ndarray, nodes: int) -> np.ndarray:
    """Return the column chosen that holds each node, -1 for none."""
    owner = np.full(nodes, NONE, dtype=np.int64)
    held = columns.nodes[chosen]
    row, place = np.nonzero(held >= 0)
    owner[held[row, place]] = chosen[row]
    return owner


def _inside(pool: _Pool, region: np.ndarray, most: int, mine: np.ndarray) -> np.ndarray:
    """Return the columns within a region, the most used ones, and those chosen there."""
    is_in = np.zeros(len(pool.starts), dtype=bool)  # one more, false, for the padding
    is_in[region] = True
    is_in[-1] = True
    near = np.unique(np.concatenate([pool.of_node[pool.starts[u] : pool.starts[u + 1]] for u in region.tolist()]))
    near = near[is_in[pool.columns.nodes[near]].all(axis=1)]
    if len(near) > most:
        near = near[np.argpartition(pool.rank[near], most)[:most]]
    return np.union1d(near, mine)


@njit(cache=True)
def _region(first, most, nodes, owner, starts, of_node, luck):  # type: ignore[no-untyped-def]
    """Return about ``most`` nodes around one: by columns much used, and whole columns of the packing."""
    is_in = np.zeros(len(owner), dtype=np.bool_)
    found, size, seen = np.empty(len(owner), dtype=np.int64), 1, 0
    found[0], is_in[first] = first, True
    while seen < size and size < most:
        u = found[seen]
        few = min(LOOKED_AT, starts[u + 1] - starts[u])
        for k in range(BRANCHES if few else 0):
            c = of_node[starts[u] + int(luck[BRANCHES * seen + k] * few)]
            for x in nodes[c]:
                if x < 0 or is_in[x]:
                    continue
                is_in[x], found[size] = True, x
                size += 1
                if owner[x] == NONE:
                    continue
                for y in nodes[owner[x]]:
                    if y >= 0 and not is_in[y]:
                        is_in[y], found[size] = True, y
                        size += 1
        seen += 1
    return found[:size].copy()
