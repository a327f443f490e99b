"""The best exchange of a graph with short cycles and chains: found, and bounded.

Every cycle is listed when that can be done; otherwise columns are generated from prices. The relaxation gives a
proven bound; the packing comes from the integer programme on the columns that prices leave possible, or from a
search that solves neighbourhoods exactly. What is obtained is optimal when it meets the bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from sim.exchange.cycles import Columns, join, list_chains, list_cycles
from sim.exchange.graph import SwapGraph, from_edges
from sim.exchange.neighbourhoods import Deadline, Pace, by_use, improve, meets
from sim.exchange.packing import assignment_bound, choose, whole_bound
from sim.exchange.prices import Prices, is_close, relax
from sim.exchange.pricing import MOST_LENGTH, price_chains, price_cycles
from sim.exchange.quick import pack_quickly, simple_bound
from sim.exchange.weights import Failure, by_length, column_values


@dataclass(frozen=True)
class Effort:
    """How hard to search; speed only, except when time runs out."""

    listed_most: int = 200_000  # cycles listed at most; beyond, columns are generated
    matched_most: int = 1_000_000  # pairs given to the integer programme at once
    exact_most: int = 20_000  # columns given to the integer programme at once
    sampled_per_node: int = 12  # cycles listed per node for a start, when they are too many
    new_per_node: int = 8  # columns added per node at each pricing
    few_share: float = 0.5  # new columns per node under which prices are near: a whole pass is worth its time
    steps_per_second: float = 2e8  # of a whole pass of pricing, guessed low
    near_share: float = 0.003  # gap to the assignment bound at which to stop when a whole pass would take too long
    tolerance_share: float = 2e-5  # gap at which the relaxation stops
    tenants: int = 200  # size of a neighbourhood, at first
    used_per_node: float = 3.0  # columns per tenant in a neighbourhood, those that the relaxation uses most
    patience: int = 60  # neighbourhoods without progress before stopping
    is_quick: bool = False  # no proof but a simple bound: for rounds inside a simulation
    turn_seconds: float = 5.0  # time given to one neighbourhood at most


@dataclass(frozen=True)
class Problem:
    """An exchange to organise."""

    graph: SwapGraph
    weights: Sequence[np.ndarray]  # one array of edge weights per objective, the first one first
    longest: int = 3  # tenants in a cycle at most
    longest_chain: int = 0  # tenants in a chain at most
    failure: Failure = field(default_factory=Failure)
    seed: int = 0
    effort: Effort = field(default_factory=Effort)

    @property
    def has_chains(self) -> bool:
        """Whether chains are looked for."""
        return self.longest_chain > 0 and bool(self.graph.is_vacant.any())

    def columns(self, most: int, per_node: int = 0) -> tuple[Columns, bool]:
        """List cycles and chains; say whether these are all of them."""
        cycles, is_whole = list_cycles(self.graph, self.longest, most, per_node)
        if not self.has_chains:
            return cycles, is_whole
        chains, has_all = list_chains(self.graph, self.longest_chain, most, per_node)
        return join(cycles, chains, are_distinct=True), is_whole and has_all

    def values(self, columns: Columns) -> list[np.ndarray]:
        """Return what columns are worth, one array per objective; the first counts failures, the others do not."""
        longest, sure = max(self.longest, columns.edges.shape[1]), Failure()
        first = column_values(
            columns, by_length(self.graph, self.weights[0], longest, self.failure), self.weights[0], self.failure
        )
        return [first, *(column_values(columns, [w] * (longest + 1), w, sure) for w in self.weights[1:])]


@dataclass(frozen=True)
class Solution:
    """Disjoint cycles and chains, what they are worth, and what nothing can exceed."""

    columns: Columns
    values: tuple[float, ...]  # by objective
    bound: float  # of the first objective, proven
    is_optimal: bool  # of every objective in turn, proven


@cache
def compile_once() -> None:
    """Compile what searches use, on a toy, so that time allowed is not spent on it (kept on disk afterwards)."""
    ring = np.arange(6)
    tails, heads = np.tile(ring, 3), np.concatenate([(ring + step) % 6 for step in (1, 2, 3)])
    toy = from_edges(7, np.append(tails, 0), np.append(heads, 6), is_vacant=np.arange(7) == 6)
    for longest in (2, 3, 4):
        problem = Problem(toy, [toy.weight], longest, 2)
        columns, _, _ = _generate(problem, Deadline(1.0))
        pack_quickly(columns.nodes, np.column_stack(problem.values(columns)), toy.nodes)


def solve(problem: Problem, seconds: float) -> Solution:
    """Return the best exchange found in the time given, with a proven bound of its first objective."""
    if problem.effort.is_quick:
        return solve_quickly(problem)
    compile_once()
    deadline, effort, nodes = Deadline(seconds), problem.effort, problem.graph.nodes
    is_matching = problem.longest == PAIR and not problem.has_chains  # easy for the integer programme, not for prices
    columns, is_whole = problem.columns(effort.matched_most if is_matching else effort.listed_most)
    if is_whole and (is_matching or len(columns) <= effort.exact_most):
        return _exact(problem, columns, problem.values(columns), float("inf"), deadline)
    if is_whole:
        values = problem.values(columns)
        prices = relax(columns.nodes, values[0], nodes, deadline.left() / 2, effort.tolerance_share)
        bound = whole_bound(prices.bound, values[0])
    else:
        columns, prices, bound = _generate(problem, deadline)
        values = problem.values(columns)
    order = by_use(columns, values[0], prices)
    start = pack_quickly(columns.nodes, np.column_stack(values), nodes, order)
    pace = Pace(effort.tenants, effort.patience, effort.used_per_node, effort.turn_seconds)
    if is_whole:  # few cycles: what lacks is far from what is to change
        chosen = _at_once(columns, values, order, start, effort, deadline)
    else:
        hurried = pace._replace(patience=effort.patience // PAIR)
        chosen = improve(columns, values, order, prices, start, bound, hurried, problem.seed, deadline)
        if not meets(float(values[0][chosen].sum()), bound):
            chosen = _at_once(columns, values, order, chosen, effort, deadline)
    chosen = improve(columns, values, order, prices, chosen, bound, pace, problem.seed, deadline)
    worth = tuple(float(value[chosen].sum()) for value in values)
    is_optimal = len(worth) == 1 and meets(worth[0], bound)
    found = Solution(columns.take(chosen), worth, max(bound, worth[0]), is_optimal)
    if not is_whole or is_optimal:
        return found
    # a column dearer than what the bound leaves above what is found is in no better packing, nor in an equal one
    spare = prices.price[np.maximum(columns.nodes, 0)] * (columns.nodes >= 0)
    kept = np.flatnonzero(values[0] - spare.sum(axis=1) >= found.values[0] - prices.bound - effort.tolerance_share)
    if len(kept) > effort.exact_most or deadline.left() < 1:
        return found
    exact = _exact(problem, columns.take(kept), [v[kept] for v in values], bound, deadline)
    return exact if exact.values >= found.values else Solution(found.columns, found.values, bound, False)


def _at_once(
    columns: Columns, values: list[np.ndarray], order: np.ndarray, start: np.ndarray, effort: Effort,
    deadline: Deadline,
) -> np.ndarray:  # fmt: skip
    """Return the best packing of the columns that the relaxation uses most; ``start`` if none is better."""
    nodes = int(columns.nodes.max()) + 1
    able = len(np.unique(columns.nodes[columns.nodes >= 0]))
    few = np.union1d(order[: int(effort.used_per_node * able)], start)
    if len(few) > effort.exact_most:
        return start
    worth = [value[few] for value in values]
    chosen, _ = choose(columns.take(few), worth, nodes, deadline.left() / TURNS)
    is_better = [float(w[chosen].sum()) for w in worth] > [float(value[start].sum()) for value in values]
    return few[chosen] if is_better else start


def solve_quickly(problem: Problem) -> Solution:
    """Return a packing that no single exchange of columns improves, among the cycles listed."""
    effort, nodes = problem.effort, problem.graph.nodes
    columns, is_whole = problem.columns(effort.listed_most)
    if not is_whole:
        columns, _ = problem.columns(effort.sampled_per_node * nodes, effort.sampled_per_node)
    values = problem.values(columns)
    chosen = pack_quickly(columns.nodes, np.column_stack(values), nodes)
    worth = tuple(float(value[chosen].sum()) for value in values)
    bound = simple_bound(columns.nodes, values[0], nodes) if is_whole else float(nodes * problem.weights[0].max())
    return Solution(columns.take(chosen), worth, max(bound, worth[0]), len(worth) == 1 and meets(worth[0], bound))


def _exact(problem: Problem, columns: Columns, values: list[np.ndarray], bound: float, deadline: Deadline) -> Solution:
    """Solve the integer programme on columns that hold every best packing."""
    chosen, bounds = choose(columns, values, problem.graph.nodes, deadline.left())
    simple = pack_quickly(columns.nodes, np.column_stack(values), problem.graph.nodes)
    if values[0][simple].sum() > values[0][chosen].sum():  # time ran out before anything better was found
        chosen = simple
    worth = tuple(float(value[chosen].sum()) for value in values)
    bound = max(worth[0], min(bound, bounds[0]))
    is_optimal = all(meets(w, b) for w, b in zip(worth, bounds, strict=True))
    return Solution(columns.take(chosen), worth, bound, is_optimal)


ROUGH_SHARE = 0.01
PRECISION = 20.0
TURNS = 4
PAIR = 2


def _generate(problem: Problem, deadline: Deadline) -> tuple[Columns, Prices, float]:
    """Return columns generated from prices, and a bound proven for all cycles and chains, listed or not."""
    graph, effort = problem.graph, problem.effort
    bound = assignment_bound(graph, problem.weights[0]) * problem.failure.survival_share
    columns, _ = problem.columns(effort.sampled_per_node * graph.nodes, effort.sampled_per_node)
    budget, start, tolerance = deadline.left() / 2, None, ROUGH_SHARE
    steps = float(np.diff(graph.starts)[graph.heads].sum())  # of a whole pass of pricing
    while True:
        worth = problem.values(columns)[0]
        is_whole = bool((worth == np.round(worth)).all())
        turn = max(0.0, deadline.left() - budget) / TURNS
        prices = relax(columns.nodes, worth, graph.nodes, turn, tolerance, start)
        start, before = prices.raw, len(columns)
        columns = join(columns, _priced(problem, prices, is_quick=True)[0])
        is_last = deadline.left() <= budget
        is_affordable = steps / effort.steps_per_second < deadline.left() / TURNS
        if is_affordable and (is_last or len(columns) - before < graph.nodes * effort.few_share):
            # few cycles pay at these prices: they are near, a whole pass proves how near
            new, repaired = _priced(problem, prices)
            columns = join(columns, new)
            if problem.longest <= MOST_LENGTH:
                bound = min(bound, whole_bound(float(repaired.sum()), worth))
            lack = float(repaired.sum()) / max(1.0, prices.value) - 1.0
            tolerance = max(effort.tolerance_share, min(tolerance, lack / PRECISION))
        enough = effort.tolerance_share if is_affordable else effort.near_share
        if is_last or len(columns) == before or is_close(bound, prices.value, is_whole, enough):
            use = np.concatenate([prices.use, np.zeros(len(columns) - before)])
            return columns, prices._replace(use=use), bound


def _priced(problem: Problem, prices: Prices, is_quick: bool = False) -> tuple[Columns, np.ndarray]:
    """Return new columns, and prices that no cycle or chain of the graph exceeds."""
    graph, first = problem.graph, problem.weights[0]
    values = by_length(graph, first, min(problem.longest, MOST_LENGTH), problem.failure)
    new, repaired = price_cycles(graph, values, prices.raw, problem.effort.new_per_node, is_quick)
    if problem.has_chains:
        starts_in, edges_in = graph.reverse
        each = first * problem.failure.survival_share
        repaired += price_chains(
            starts_in, edges_in, graph.tails, each, repaired, np.flatnonzero(graph.is_vacant), problem.longest_chain
        )
    return new, repaired
