"""Upper bounds on objectives, by linear programme: what flows allow, whoever chooses.

Classes of applicants meet classes of dwellings. ``x[i, j]`` applicants of class i take dwellings of class j;
a tenant who moves frees a dwelling (vacancy chains). Every dwelling that can be let is let, and within that the
share of an objective is made as large as possible: a linear-fractional programme, made linear by Charnes and
Cooper (1962). An upper bound: order, delays, refusals and the reservations of holders are ignored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

TOLERANCE = 1e-6


@dataclass(frozen=True)
class Market:
    """Expected flows over a period.

    Attributes
    ----------
    available : numpy.ndarray
        Applicants, by class.
    supply : numpy.ndarray
        Dwellings freed or delivered, chains apart, by class.
    eligible : numpy.ndarray
        (applicants, dwellings): share of the class that wishes, may and can afford the dwelling.
    freed : numpy.ndarray, optional
        (applicants, dwellings): dwellings freed when one of the class is housed.
    unions : sequence of (mask of dwellings, share by class of applicants)
        Share of each class that is eligible for one at least of several dwellings; all dwellings by default.
    """

    available: np.ndarray
    supply: np.ndarray
    eligible: np.ndarray
    freed: np.ndarray | None = None
    unions: Sequence[tuple[np.ndarray, np.ndarray]] = field(default=())


@dataclass(frozen=True)
class Aim:
    """An objective on classes: who counts, among which dwellings, floor (or ceiling), and what it aims at."""

    name: str
    counts: np.ndarray
    among: np.ndarray
    target: float
    is_ceiling: bool = False


@dataclass(frozen=True)
class Bound:
    """The best share of an objective: alone, and once those before it that can hold do.

    ``binding`` shares out what limits it when alone: ``demandeurs`` (too few who count), ``solvables`` (too few
    of them eligible for these dwellings), ``logements`` (too few dwellings elsewhere for the others). None where
    no dwelling is concerned.
    """

    name: str
    target: float
    alone: float | None
    together: float | None
    holds_alone: bool
    holds_together: bool
    binding: dict[str, float]


class _Programme:
    """The constraints, once for every objective: ``rows @ z <= sides``, ``equal @ z == supply``, z >= 0."""

    def __init__(self, market: Market) -> None:
        from scipy.sparse import csr_matrix, hstack, identity, vstack

        self.market = market
        self.i, self.j = np.nonzero((market.eligible > 0) & (market.available > 0)[:, None])
        pairs, homes = len(self.i), len(market.supply)
        share = market.eligible[self.i, self.j]
        partial = np.flatnonzero(share < 1.0)
        every = np.ones(homes, dtype=bool)
        unions = [*market.unions, (every, np.ones(len(market.available)))]
        blocks, sides, kinds = [], [], []
        for mask, some in unions:
            inside = np.flatnonzero(mask[self.j])
            blocks.append(csr_matrix((np.ones(len(inside)), (self.i[inside], inside)), (len(some), pairs)))
            sides.append(market.available * some)
            is_whole = mask.all() & (np.asarray(some) >= 1.0 - TOLERANCE)  # every one of them could be housed
            kinds += np.where(is_whole, "demandeurs", "solvables").tolist()
        blocks.append(csr_matrix((np.ones(len(partial)), (np.arange(len(partial)), partial)), (len(partial), pairs)))
        sides.append(market.available[self.i[partial]] * share[partial])
        kinds += ["solvables"] * len(partial)
        upper = vstack(blocks)
        self.rows = hstack([upper, csr_matrix((upper.shape[0], homes))]).tocsr()  # then the dwellings left empty
        self.sides, self.kinds = np.concatenate(sides), np.array(kinds)
        taken = csr_matrix((np.ones(pairs), (self.j, np.arange(pairs))), (homes, pairs))
        if market.freed is not None:
            taken = taken - csr_matrix(market.freed[self.i].T)
        self.equal = hstack([taken, identity(homes)]).tocsr()
        self.size, self.homes = pairs + homes, homes
        empty = np.concatenate([np.zeros(pairs), np.ones(homes)])
        least = self._solve(empty, self.rows, self.sides, self.equal, market.supply)
        self.rows = vstack([self.rows, csr_matrix(empty)]).tocsr()
        self.sides = np.append(self.sides, max(0.0, float(least.fun)) + TOLERANCE)
        self.kinds = np.append(self.kinds, "logements")

    @staticmethod
    def _solve(cost: np.ndarray, rows: Any, sides: np.ndarray, equal: Any, supply: np.ndarray) -> Any:
        from scipy.optimize import linprog

        return linprog(cost, A_ub=rows, b_ub=sides, A_eq=equal, b_eq=supply, bounds=(0, None), method="highs")

    def sums(self, aim: Aim) -> tuple[np.ndarray, np.ndarray]:
        """Return the coefficients of an objective's numerator and denominator."""
        among = np.concatenate([aim.among[self.j].astype(float), np.zeros(self.homes)])
        return among * np.concatenate([aim.counts[self.i].astype(float), np.zeros(self.homes)]), among

    def best(self, aim: Aim, kept: Sequence[Aim] = ()) -> tuple[float | None, dict[str, float]]:
        """Return the best share of an objective while those kept hold, and what limits it; None if undefined."""
        from scipy.sparse import csr_matrix, hstack, vstack

        over, under = self.sums(aim)
        if not under.any():
            return None, {}
        side = -1.0 if aim.is_ceiling else 1.0
        rows, sides = self.rows, self.sides
        for other in kept:
            n, d = self.sums(other)
            sign = -1.0 if other.is_ceiling else 1.0
            rows = vstack([rows, csr_matrix(-sign * (n - other.target * d))])
            sides = np.append(sides, TOLERANCE)
        scaled = hstack([rows, csr_matrix(-sides[:, None])]).tocsr()
        equal = vstack([
            hstack([self.equal, csr_matrix(-self.market.supply[:, None])]), csr_matrix(np.append(under, 0.0)),
        ]).tocsr()  # fmt: skip
        one = np.append(np.zeros(self.homes), 1.0)
        found = self._solve(np.append(-side * over, 0.0), scaled, np.zeros(len(sides)), equal, one)
        if found.status == 2:  # none of these dwellings can be let
            return None, {}
        if found.status != 0:
            raise RuntimeError(f"linear programme of {aim.name}: {found.message}")
        weights = np.abs(found.ineqlin.marginals[: len(self.kinds)]) * self.sides * found.x[-1]
        total = weights.sum()
        names = ("demandeurs", "solvables", "logements")
        binding = {n: float(weights[self.kinds == n].sum() / total) for n in names} if total > TOLERANCE else {}
        return float(side * -found.fun), binding


def bounds(market: Market, aims: Sequence[Aim]) -> list[Bound]:
    """Return the bound of each objective, in the order given: that of precedence.

    Each is bounded alone, then while those before it that can hold do. What cannot hold is not asked of the next.

    Parameters
    ----------
    market : Market
        Flows over the period; nothing else is read.
    aims : sequence of Aim
        Objectives. One without any dwelling has no bound, and holds.
    """
    programme = _Programme(market)
    kept: list[Aim] = []
    found: list[Bound] = []
    for aim in aims:
        alone, binding = programme.best(aim)
        together = programme.best(aim, kept)[0] if kept and _meets(alone, aim) else alone
        holds = _meets(together, aim)
        if holds and alone is not None:
            kept.append(aim)
        found.append(Bound(aim.name, aim.target, alone, together, _meets(alone, aim), holds, binding))
    return found


def _meets(share: float | None, aim: Aim) -> bool:
    if share is None:
        return True
    return share <= aim.target + TOLERANCE * 10 if aim.is_ceiling else share >= aim.target - TOLERANCE * 10
