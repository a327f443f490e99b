"""Synthetic graphs and pools for the exchange: nobody real, nothing calibrated."""

from __future__ import annotations

import numpy as np

from sim.exchange.graph import SwapGraph, from_edges
from sim.exchange_pools import town_graph

__all__ = ["random_graph", "town_graph"]


def random_graph(nodes: int, share: float, seed: int, vacant: int = 0, weighted: bool = False) -> SwapGraph:
    """Return a random directed graph: each tenant would take each dwelling with the same probability."""
    rng = np.random.default_rng(seed)
    wants = rng.random((nodes, nodes)) < share
    np.fill_diagonal(wants, False)
    is_vacant = np.arange(nodes) >= nodes - vacant
    wants[is_vacant] = False
    tails, heads = np.nonzero(wants)
    weight = rng.integers(1, 5, len(tails)).astype(float) if weighted else np.ones(len(tails))
    return from_edges(nodes, tails, heads, weight, rng.random(len(tails)), is_vacant)
