"""Synthetic pools for the benchmark and the tests of the exchange: nobody real, nothing calibrated."""

from __future__ import annotations

import numpy as np

from sim.exchange.graph import SwapGraph, from_edges

COMMUNES, TYPOLOGIES = 95, 5


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


# kidney-exchange-like instances: Saidman, Roth, Sönmez, Ünver and Delmonico, Transplantation 81 (2006)
BLOOD = np.array([0.4814, 0.3373, 0.1428, 0.0385])  # O, A, B, AB
SENSITISED = np.array([0.7019, 0.2000, 0.0981])  # low, medium, high
CLASHES = np.array([0.05, 0.10, 0.90])  # positive crossmatch with a random donor
FEMALE_SHARE, SPOUSE_SHARE, SPOUSE_FACTOR = 0.4090, 0.4897, 0.75


def saidman_graph(pairs: int, seed: int) -> SwapGraph:
    """Return who could take whose donor, among patients whose own does not suit: u -> v if the donor of v suits u."""
    rng = np.random.default_rng(seed)
    patients, donors, clash = (np.empty(pairs, dtype=int), np.empty(pairs, dtype=int), np.empty(pairs))
    kept = 0
    while kept < pairs:
        patient, donor = (int(rng.choice(4, p=BLOOD)) for _ in range(2))
        risk = float(CLASHES[rng.choice(3, p=SENSITISED)])
        if rng.random() < FEMALE_SHARE and rng.random() < SPOUSE_SHARE:
            risk = 1.0 - SPOUSE_FACTOR * (1.0 - risk)  # a wife to whom her husband would give
        if not fits(np.array([donor]), np.array([patient]))[0] or rng.random() < risk:
            patients[kept], donors[kept], clash[kept] = patient, donor, risk
            kept += 1
    able = fits(donors[None, :], patients[:, None]) & (rng.random((pairs, pairs)) >= clash[:, None])
    np.fill_diagonal(able, False)
    tails, heads = np.nonzero(able)
    return from_edges(pairs, tails, heads, preference=rng.random(len(tails)))


def fits(donors: np.ndarray, patients: np.ndarray) -> np.ndarray:
    """Return which blood groups may give to which: O to all, AB to AB alone."""
    return np.asarray((donors == 0) | (patients == 3) | (donors == patients))
