"""Mechanisms of exchange, by name: what a scenario or ``simhlm exchange`` may ask for."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from sim.exchange import trading
from sim.exchange.graph import SwapGraph
from sim.exchange.packing import assignment_bound
from sim.exchange.solving import Effort, Problem, Solution, solve
from sim.exchange.weights import Failure
from sim.words.registry import Registry

PAIR = 2


@dataclass(frozen=True)
class Request:
    """What a mechanism is asked.

    Attributes
    ----------
    graph : SwapGraph
        Who would take whose dwelling.
    weights : sequence of numpy.ndarray
        Edge weights of each objective, the first one first; the weight of the graph when empty.
    longest, longest_chain : int
        Tenants in a cycle, in a chain, at most.
    seconds : float
        Time allowed.
    order : numpy.ndarray, optional
        Nodes by date of registration (``greedy``); the order of the nodes when not given.
    luck : numpy.ndarray, optional
        Breaks ties of preference, one keyed draw per edge (``ttc``).
    """

    graph: SwapGraph
    weights: Sequence[np.ndarray] = ()
    longest: int = 3
    longest_chain: int = 3
    failure: Failure = field(default_factory=Failure)
    seconds: float = 60.0
    order: np.ndarray | None = None
    luck: np.ndarray | None = None
    seed: int = 0
    effort: Effort = field(default_factory=Effort)

    @property
    def objectives(self) -> list[np.ndarray]:
        """Return the edge weights of each objective."""
        return list(self.weights) or [self.graph.weight]


@dataclass(frozen=True)
class Exchange:
    """What a mechanism proposes.

    Attributes
    ----------
    cycles : list of list of int
        Each tenant takes the dwelling of the next, and the last one that of the first.
    chains : list of list of int
        As a cycle, but the last node is an empty dwelling and the first tenant's dwelling goes to the waiting list.
    moved : int
        Households that move.
    weight : float
        Value of the first objective, failure counted when asked.
    bound : float
        Proven for every exchange that obeys the limits of the mechanism.
    is_optimal : bool
        Proven, for every objective in turn.
    """

    mechanism: str
    cycles: list[list[int]]
    chains: list[list[int]]
    moved: int
    weight: float
    bound: float
    is_optimal: bool
    seconds: float
    values: tuple[float, ...] = ()

    @property
    def gap(self) -> float:
        """What the bound leaves above the weight, relative to the bound."""
        return max(0.0, self.bound - self.weight) / self.bound if self.bound > 0 else 0.0


Mechanism = Callable[[Request], Exchange]
MECHANISMS: Registry[Mechanism] = Registry("exchange mechanism")
mechanism = MECHANISMS.register


def run(name: str, request: Request) -> Exchange:
    """Run a mechanism by name; ``KeyError`` with the nearest name if there is none."""
    return MECHANISMS[name].function(request)


@mechanism("none", label="Aucun échange", reference="")
def none(request: Request) -> Exchange:
    """Nobody swaps."""
    return Exchange("none", [], [], 0, 0.0, 0.0, True, 0.0, tuple(0.0 for _ in request.objectives))


@mechanism("pairs", label="Échanges à deux", reference="Edmonds 1965 ; Roth, Sönmez et Ünver 2005")
def pairs(request: Request) -> Exchange:
    """Maximum-weight matching of tenants who want each other's dwelling."""
    return _solved("pairs", request, PAIR, 0)


@mechanism("cycles", label="Échanges à deux, trois ou plus", reference="Abraham, Blum et Sandholm, EC 2007")
def cycles(request: Request) -> Exchange:
    """Best set of cycles up to a length, with a proven bound."""
    return _solved("cycles", request, request.longest, 0)


@mechanism("chains", label="Échanges et chaînes de mutations", reference="Roth, Sönmez, Ünver et al. 2006")
def chains(request: Request) -> Exchange:
    """Best set of cycles, and of chains that start from an empty dwelling and end by giving one to the waiting list."""
    return _solved("chains", request, request.longest, request.longest_chain)


@mechanism("ttc", label="Cycles d'échange prioritaires (TTC)", reference="Shapley et Scarf 1974")
def ttc(request: Request) -> Exchange:
    """Top trading cycles: in the core, nobody gains by misreporting; cycles may be long."""
    began = time.perf_counter()
    found = trading.top_trading_cycles(request.graph, request.luck)
    return _traded("ttc", request, found, began)


@mechanism("greedy", label="Petites annonces (premier arrivé)", reference="plateformes d'échange françaises")
def greedy(request: Request) -> Exchange:
    """Mutual adverts, first come: what platforms do."""
    began = time.perf_counter()
    order = np.arange(request.graph.nodes) if request.order is None else request.order
    return _traded("greedy", request, trading.first_come(request.graph, order), began)


def _solved(name: str, request: Request, longest: int, longest_chain: int) -> Exchange:
    began = time.perf_counter()
    problem = Problem(
        request.graph, request.objectives, longest, longest_chain, request.failure, request.seed, request.effort
    )  # fmt: skip
    found = solve(problem, request.seconds)
    return _exchange(name, found, time.perf_counter() - began)


def _exchange(name: str, found: Solution, seconds: float) -> Exchange:
    """Return cycles and chains as people read them."""
    columns, cycles, chains = found.columns, [], []
    for nodes, size in zip(columns.nodes.tolist(), columns.sizes.tolist(), strict=True):
        members = [node for node in nodes if node >= 0]
        if len(members) == size:
            cycles.append(members)
        else:  # from who takes the empty dwelling to who leaves one: read the other way, each takes the next
            chains.append([*reversed(members[:-1]), members[-1]])
    moved = int(columns.sizes.sum())
    return Exchange(
        name, sorted(cycles), sorted(chains), moved, found.values[0], found.bound, found.is_optimal, seconds,
        found.values,
    )  # fmt: skip


def _traded(name: str, request: Request, cycles: list[list[int]], began: float) -> Exchange:
    graph = request.graph
    edges = np.array([graph.edge(u, v) for cycle in cycles for u, v in legs(cycle)], dtype=np.int64)
    values = tuple(float(weight[edges].sum()) for weight in request.objectives)
    bound = max(values[0], assignment_bound(graph, request.objectives[0]))
    is_optimal = len(values) == 1 and values[0] >= bound
    return Exchange(
        name, cycles, [], len(edges), values[0], bound, is_optimal, time.perf_counter() - began, values
    )  # fmt: skip


def legs(cycle: Sequence[int]) -> list[tuple[int, int]]:
    """Return who takes whose dwelling in a cycle."""
    return [(cycle[i], cycle[(i + 1) % len(cycle)]) for i in range(len(cycle))]
