"""A reduced list in closed form, to check the calibrator itself: known truth, known noise, no simulation.

Steady fluid list of a territory of the MEL's size: entries, departures of tenants, lapses, refusals.
"""

from __future__ import annotations

import numpy as np

from sim.calibrate.parameters import Free, values_of
from sim.calibrate.posterior import Facts, sample
from sim.calibrate.surrogate import design, fit

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


def ranks_and_coverage(
    cases: int, seed: int, error: float = 0.03, draws: int = 49, level: float = 0.9
) -> tuple[np.ndarray, float]:
    """Return the ranks of known truths among their posterior draws, and the share of truths inside their interval.

    Truths come from the prior, facts from the model at the truth with a noise of size ``error``: if the sampler is
    right, ranks are uniform (simulation-based calibration, Talts et al. 2018).

    Returns
    -------
    tuple of numpy.ndarray and float
        Ranks (cases, parameters), 0 to ``draws``; coverage of intervals of this level.
    """
    rng, dimensions = np.random.default_rng(seed), len(PARAMETERS)
    unit = design(64, dimensions, seed)
    surrogate = fit(unit, outputs(values_of(unit, PARAMETERS)))
    ranks, inside, tail = np.empty((cases, dimensions), dtype=int), 0, (1 - level) / 2
    for case in range(cases):
        truth = rng.random(dimensions)
        exact = outputs(values_of(truth[None, :], PARAMETERS))[0]
        spread = error * np.abs(exact)
        seen = exact + spread * rng.standard_normal(len(exact))
        found = sample(Facts(seen, seen, spread), surrogate.predict, dimensions, 0.0, case, draws, walkers=100)
        low, high = np.quantile(found, [tail, 1 - tail], axis=0)
        inside += int(((low <= truth) & (truth <= high)).sum())
        ranks[case] = (found < truth).sum(axis=0)
    return ranks, inside / (cases * dimensions)
