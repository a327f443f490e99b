"""Segregation: Theil's information index of how quartiles are spread over the quarters, beside what chance would give.

The index is the mutual information of place and quartile over the entropy of quartiles: 0 when every quarter has the
mix of the whole, 1 when no quarter mixes two quartiles (Theil and Finizza, 1971). It splits exactly by place (between
QPV and the rest, inside each) and by quartile (Mora and Ruiz-Castillo, 2011). Small quarters look segregated by chance
alone: the expectation under random assignment with the same margins is told apart (Carrington and Troske, 1997).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln, xlogy

from sim.indicators.facts import QUARTILES, Facts
from sim.indicators.measures import Measure, indicator, ratio

SCOPES = ("mel", "qpv", "public")
"""The index; its part inside QPV and inside the rest (what is left is between the two); its part by quartile."""
MANY = 20
"""Expected count of a cell from which its chance part follows the expansion 1/2N rather than the exact law."""


def contributions(counts: np.ndarray) -> np.ndarray:
    """Return what each cell adds to the mutual information of rows and columns, in nats.

    Parameters
    ----------
    counts : np.ndarray
        Households, shape (places, quartiles).
    """
    total = counts.sum()
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / max(total, 1)
    return np.asarray(xlogy(counts, np.divide(counts, expected, out=np.ones(counts.shape), where=expected > 0)) / total)


def by_chance(counts: np.ndarray) -> np.ndarray:
    """Return the expectation of ``contributions`` when households are dealt at random, margins kept.

    Each cell is then hypergeometric: summed exactly when few are expected in it, else to the first order.
    """
    total = counts.sum()
    rows, columns = counts.sum(axis=1)[:, None], counts.sum(axis=0)[None, :]
    rows, columns = np.broadcast_arrays(rows, columns)
    expected = rows * columns / total
    chance = np.where(expected > 0, (1 - rows / total) * (1 - columns / total) / (2 * max(total - 1, 1)), 0.0)
    few = (expected > 0) & (expected < MANY)
    if not few.any():
        return np.asarray(chance)
    a, b, mean = rows[few][:, None], columns[few][:, None], expected[few][:, None]
    n = np.arange(1, 4 * MANY)[None, :]  # beyond, the law of a cell with a mean under MANY has no weight left
    possible = (n <= np.minimum(a, b)) & (a + b - n <= total)
    k = np.where(possible, n, np.maximum(1, a + b - total))
    law = (
        gammaln(a + 1) - gammaln(k + 1) - gammaln(a - k + 1)
        + gammaln(total - a + 1) - gammaln(b - k + 1) - gammaln(total - a - b + k + 1)
        - gammaln(total + 1) + gammaln(b + 1) + gammaln(total - b + 1)
    )  # fmt: skip
    chance[few] = np.where(possible, np.exp(law) * k * np.log(k / mean), 0.0).sum(axis=1) / total
    return np.asarray(chance)


@dataclass(frozen=True)
class Theil:
    """The index in nats, split by place and by quartile; ``entropy`` of the quartiles makes it a number from 0 to 1."""

    whole: float
    inside: np.ndarray  # places outside QPV, places in QPV
    quartiles: np.ndarray
    entropy: float

    @property
    def between(self) -> float:
        """What lies between the QPV and the rest."""
        return float(self.whole - self.inside.sum())


def theil(counts: np.ndarray, in_qpv: np.ndarray, net: bool = False) -> Theil | None:
    """Return Theil's index of some households, or None when there are none.

    Parameters
    ----------
    counts : np.ndarray
        Households, shape (places, quartiles).
    in_qpv : np.ndarray
        bool, one per place.
    net : bool
        Less what chance alone gives (may then be just under 0).
    """
    counts = np.asarray(counts, dtype=float)
    if not counts.sum() > 0:
        return None
    sides = np.stack([counts[~in_qpv].sum(axis=0), counts[in_qpv].sum(axis=0)])
    fine, coarse = contributions(counts), contributions(sides)
    if net:
        fine, coarse = fine - by_chance(counts), coarse - by_chance(sides)
    inside = np.array([fine[~in_qpv].sum(), fine[in_qpv].sum()]) - coarse.sum(axis=1)
    shares = counts.sum(axis=0) / counts.sum()
    return Theil(float(fine.sum()), inside, fine.sum(axis=0), float(-xlogy(shares, shares).sum()))


def measure(facts: Facts, tables: np.ndarray, net: bool) -> Measure:
    """Return the index as an indicator.

    Parameters
    ----------
    facts : Facts
        The grid.
    tables : np.ndarray
        Households, shape (quartiles, years, groups of the grid).
    net : bool
        Less what chance gives.
    """
    grid = facts.grid
    quarters = np.flatnonzero(grid.mask(["quartier"]))
    in_qpv = np.arange(len(quarters)) % 2 == 1  # by commune: outside QPV, then in QPV
    part, entropy = np.full(grid.shape, np.nan), np.full(grid.shape, np.nan)
    whole, outside, q1 = grid.start["mel"], grid.start["qpv"], grid.number("public", "premier quartile")
    others = grid.number("public", "quartiles 2 à 4")
    for year in range(len(grid.years)):
        found = theil(np.nan_to_num(tables[:, year, quarters].T), in_qpv, net)
        cells = [whole, outside, outside + 1, q1, others]
        entropy[year, cells] = 0.0 if found is None else found.entropy
        if found is not None:
            part[year, cells] = [found.whole, *found.inside, found.quartiles[0], found.quartiles[1:].sum()]
    return ratio(part, entropy)


def attributions_table(facts: Facts) -> np.ndarray:
    """Return attributions by quartile on the day of the lease."""
    return np.stack([facts.leases.total(facts.leases["quartile"] == q) for q in QUARTILES])


def tenants_table(facts: Facts) -> np.ndarray:
    """Return tenants on 31 December by quartile of resources of the tenants of the first day."""
    return np.stack([facts.dwellings.total(facts.dwellings[f"tenants_q{q}"]) for q in QUARTILES])


@indicator(
    "theil_attributions", label="Indice de Theil des attributions", unit="ratio", reference="Theil", scopes=SCOPES
)
def of_attributions(facts: Facts) -> Measure:
    """Segregation by quartile of the attributions of the year over the quarters."""
    return measure(facts, attributions_table(facts), net=False)


@indicator(
    "theil_attributions_net",
    label="Indice de Theil des attributions, hasard déduit",
    unit="ratio",
    reference="Theil − hasard",
    scopes=SCOPES,
)
def of_attributions_net(facts: Facts) -> Measure:
    """The same, less what dealing the attributions at random would give."""
    return measure(facts, attributions_table(facts), net=True)


@indicator("theil_locataires", label="Indice de Theil des locataires", unit="ratio", reference="Theil", scopes=SCOPES)
def of_tenants(facts: Facts) -> Measure:
    """Segregation by quartile of the tenants on 31 December over the quarters."""
    return measure(facts, tenants_table(facts), net=False)


@indicator(
    "theil_locataires_net",
    label="Indice de Theil des locataires, hasard déduit",
    unit="ratio",
    reference="Theil − hasard",
    scopes=SCOPES,
)
def of_tenants_net(facts: Facts) -> Measure:
    """The same, less what dealing the tenants at random would give."""
    return measure(facts, tenants_table(facts), net=True)
