"""What becomes of a proposal: contact, consent, file, commission, withdrawal; all the legs, or none.

Friction decides more than the algorithm: platforms see about one proposal in a hundred completed. Every step is a
probability per leg (``schema_exchange.Friction``); the flow compares it with luck, here with uniforms that it is
given. Functions hold no generator.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from sim.exchange.graph import SwapGraph
from sim.exchange.mechanisms import legs
from sim.inputs.schema_exchange import Friction
from sim.words.codes import Code


class Step(Code):
    """Steps of a leg, in order."""

    CONTACT = 0, "contact et visite"
    CONSENT = 1, "accord du ménage"
    FILE = 2, "dossier complet"
    CALEOL = 3, "attribution par la commission"
    KEYS = 4, "remise des clés"
    DONE = 5, "relogé"


def step_shares(friction: Friction, landlords: np.ndarray, codes: Sequence[str] = ()) -> np.ndarray:
    """Return the chance that each leg passes each step, float64 (legs, steps).

    Parameters
    ----------
    friction : Friction
        Probabilities.
    landlords : numpy.ndarray
        Landlord of the dwelling that each leg takes: its commission decides.
    codes : sequence of str
        Codes of the landlords, for ``caleol_by_landlord``.
    """
    by_landlord = np.array([friction.caleol_by_landlord.get(code, friction.caleol_share) for code in codes])
    caleol = by_landlord[landlords] if len(codes) else np.full(len(landlords), friction.caleol_share)
    one = np.ones(len(landlords))
    return np.column_stack(
        [one * friction.contact_share, one * friction.consent_share, one * friction.file_share, caleol,
         one * friction.steadfast_share]
    )  # fmt: skip


def survival_share(friction: Friction) -> float:
    """Return the chance that one leg passes every step."""
    shares = step_shares(friction, np.zeros(1, dtype=int))
    return float(shares.prod())


def reached(shares: np.ndarray, luck: np.ndarray) -> np.ndarray:
    """Return the ``Step`` at which each leg stops, ``DONE`` for those that pass them all.

    Parameters
    ----------
    shares, luck : numpy.ndarray
        (legs, steps): chances, and one uniform each.
    """
    fails = luck >= shares
    return np.where(fails.any(axis=1), fails.argmax(axis=1), int(Step.DONE))


@dataclass(frozen=True)
class Outcome:
    """What is left of some proposals."""

    cycles: list[list[int]]  # completed, recourse included
    chains: list[list[int]]
    released: list[int]  # nodes that go back to the pool
    failed: list[list[int]]  # cycles and chains that failed as proposed


def complete(
    graph: SwapGraph,
    cycles: Sequence[Sequence[int]],
    chains: Sequence[Sequence[int]],
    survives: np.ndarray,
    has_recourse: bool,
) -> Outcome:
    """Return what is completed: a cycle whole or not at all; survivors of a failed one may swap between them.

    Parameters
    ----------
    cycles, chains : sequence of sequence of int
        Proposals, as ``mechanisms.Exchange`` gives them.
    survives : numpy.ndarray
        bool, one per node: its leg passes every step. In recourse a survivor accepts any dwelling it would take.
    has_recourse : bool
        Otherwise failed cycles release everybody, and a chain is all or none too.
    """
    done, shortened, released, failed = [], [], [], []
    for cycle in cycles:
        if all(survives[node] for node in cycle):
            done.append(list(cycle))
            continue
        failed.append(list(cycle))
        rest = _rescued(graph, [node for node in cycle if survives[node]]) if has_recourse else []
        done += rest
        kept = {node for part in rest for node in part}
        released += [node for node in cycle if node not in kept]
    for chain in chains:
        tenants = list(chain[:-1])  # the last of them takes the empty dwelling
        first = next((i for i in range(len(tenants), 0, -1) if not survives[tenants[i - 1]]), 0)
        if first:
            failed.append(list(chain))
        kept_chain = list(chain[first:]) if has_recourse or not first else []
        released += [node for node in tenants if node not in kept_chain]
        if len(kept_chain) > 1:
            shortened.append(kept_chain)
    return Outcome(done, shortened, released, failed)


def _rescued(graph: SwapGraph, survivors: list[int]) -> list[list[int]]:
    """Return disjoint swaps of two among survivors, those worth most first."""
    pairs = [
        (-graph.weight[graph.edge(u, v)] - graph.weight[graph.edge(v, u)], u, v)
        for u, v in combinations(survivors, 2)
        if graph.edge(u, v) >= 0 and graph.edge(v, u) >= 0
    ]
    found: list[list[int]] = []
    taken: set[int] = set()
    for _, u, v in sorted(pairs):
        if not {u, v} & taken:
            found.append([u, v])
            taken |= {u, v}
    return found


def legs_of(cycles: Sequence[Sequence[int]], chains: Sequence[Sequence[int]]) -> np.ndarray:
    """Return who takes whose dwelling, int64 (legs, 2)."""
    moves = [leg for cycle in cycles for leg in legs(cycle)]
    moves += [(chain[i], chain[i + 1]) for chain in chains for i in range(len(chain) - 1)]
    return np.array(moves, dtype=np.int64).reshape(-1, 2)


def remembered(graph: SwapGraph, failed_legs: np.ndarray) -> SwapGraph:
    """Return the graph without the legs that have failed: nobody is proposed the same dwelling again."""
    if not len(failed_legs):
        return graph
    keys = graph.tails.astype(np.int64) * graph.nodes + graph.heads
    gone = np.isin(keys, failed_legs[:, 0] * graph.nodes + failed_legs[:, 1])
    return graph.keep(~gone)


def seen(graph: SwapGraph, luck: np.ndarray, most: int) -> np.ndarray:
    """Return which edges are adverts that a tenant looks at: ``most`` of each row, drawn (bool); 0 = all.

    Parameters
    ----------
    luck : numpy.ndarray
        One uniform per edge.
    """
    if not most:
        return np.ones(graph.edges, dtype=bool)
    order = np.lexsort((luck, graph.tails))
    rank = np.empty(graph.edges, dtype=np.int64)
    rank[order] = np.arange(graph.edges) - graph.starts[graph.tails[order]]
    return rank < most
