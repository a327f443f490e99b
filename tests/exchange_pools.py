"""Synthetic graphs and pools for the exchange: nobody real, nothing calibrated."""

from __future__ import annotations

import numpy as np

from sim.exchange.graph import SwapGraph, from_edges

COMMUNES, TYPOLOGIES = 95, 5


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


def town_graph(tenants: int, communes_wished: int, seed: int, able_share: float = 0.8) -> SwapGraph:
    """Return a graph of over- and under-occupiers who wish a few communes, the largest more often.

    ``able_share`` of the dwellings wished are affordable to each, below its ceiling.
    """
    rng = np.random.default_rng(seed)
    weights = 1.0 / np.arange(1, COMMUNES + 1) ** 0.8
    weights /= weights.sum()
    commune = rng.choice(COMMUNES, tenants, p=weights)
    is_cramped = rng.random(tenants) < 0.5
    rooms = np.where(is_cramped, rng.choice([1, 2, 3], tenants, p=[0.2, 0.4, 0.4]), rng.choice([3, 4, 5], tenants))
    step = rng.choice([1, 2], tenants, p=[0.75, 0.25])
    wanted = np.clip(np.where(is_cramped, rooms + step, rooms - step), 1, TYPOLOGIES)
    # dearest draws first: a draw without replacement per tenant (Gumbel)
    order = np.argsort(-(np.log(weights)[None, :] + rng.gumbel(size=(tenants, COMMUNES))), axis=1)
    wishes = np.zeros((tenants, COMMUNES), dtype=bool)
    np.put_along_axis(wishes, order[:, :communes_wished], True, axis=1)
    rent, reach = rng.random(tenants), rng.random(tenants) ** (1 / able_share - 1 + 1e-9)
    tails, heads = [], []
    for u in range(tenants):
        fits = (rooms == wanted[u]) & wishes[u][commune] & (rent <= np.maximum(reach[u], able_share / 2))
        fits[u] = False
        found = np.flatnonzero(fits)
        tails.append(np.full(len(found), u))
        heads.append(found)
    tails_, heads_ = np.concatenate(tails), np.concatenate(heads)
    return from_edges(tenants, tails_, heads_, preference=rng.random(len(tails_)))
