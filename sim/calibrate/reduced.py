"""A reduced list in closed form, to check the calibrator itself: known truth, known noise, no simulation.

Steady fluid list of a territory of the MEL's size: entries, departures of tenants, lapses, refusals.
"""

from __future__ import annotations

import numpy as np

from sim.calibrate.parameters import Free

DWELLINGS = 126_000
NAMES = ("attributions", "stock", "pression", "refus", "delai")
PARAMETERS = (
    Free("departs", "Départs du parc", 0.045, 0.065, (), "essai"),
    Free("depots", "Demandes nouvelles par an", 27_000, 37_000, (), "essai"),
    Free("abandon", "Abandons par an et par demande", 0.25, 0.55, (), "essai"),
    Free("refus", "Refus", 0.2, 0.45, (), "essai"),
)
MUTATION_SHARE = 0.31


def outputs(values: np.ndarray) -> np.ndarray:
    """Return attributions, stock, demands per attribution, refusals, mean wait in days (points, 5)."""
    exits, entries, leaving, refusing = np.atleast_2d(values).T
    attributions = exits * DWELLINGS / (1 - MUTATION_SHARE)
    stock = (entries - attributions) / leaving
    return np.stack([attributions, stock, stock / attributions, refusing, 365 * stock / entries], axis=1)


def noisy(values: np.ndarray, relative: float, rng: np.random.Generator) -> np.ndarray:
    """Return outputs with a relative noise."""
    exact = outputs(values)
    return np.asarray(exact * (1 + relative * rng.standard_normal(exact.shape)))
