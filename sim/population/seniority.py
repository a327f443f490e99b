"""How long those who wait have waited: attributes are drawn given seniority (length bias).

With steady arrivals, the stock holds an applicant of attributes x with weight W(x), its mean stay, and
its age has density S(t | x) / W(x), where S is the chance of still waiting after t years: housed at a
rate h(x), lapsed with probability q at each anniversary. Both are exact here, no pre-history is needed.
"""

from __future__ import annotations

import numpy as np

from sim.population.shapes import Shapes
from sim.population.wishes import EFFECT_OF_OPTION


def housing_rate(
    rooms_wanted: np.ndarray, option: np.ndarray, mutation: bool, score: np.ndarray, shapes: Shapes
) -> np.ndarray:
    """Return the yearly rate at which applicants of these wishes were housed before the first day.

    Parameters
    ----------
    score : numpy.ndarray
        Latent income score; only its place among those given counts.
    """
    effect = shapes.effects("waiting.effects")
    by_rooms = np.array([0.0] + [effect[f"wants_{r}"] for r in range(1, 6)])
    by_option = np.array([effect[name] for name in EFFECT_OF_OPTION])
    standard = (score - score.mean()) / max(float(score.std()), 1e-9) if len(score) else score
    log = by_rooms[rooms_wanted] + by_option[option] + effect["income"] * np.clip(standard, -2, 2)
    return np.asarray(shapes.value("first_day.housed_per_year") * np.exp(log + effect["mutation"] * mutation))


def mean_stay_years(rate: np.ndarray, lapse_share: float) -> np.ndarray:
    """Return W, the mean stay in the list, in years: (1 - e^-h) / h / (1 - e^-h (1 - q))."""
    year = np.exp(-rate)
    return np.asarray((1 - year) / rate / (1 - year * (1 - lapse_share)))


def ages_days(rate: np.ndarray, lapse_share: float, rng: np.random.Generator) -> np.ndarray:
    """Draw the age of applications in stock, in whole days from 1.

    Whole years are geometric, the rest of the year is an exponential cut at one year.
    """
    kept = np.exp(-rate) * (1 - lapse_share)
    years = np.floor(np.log1p(-rng.random(len(rate))) / np.log(kept))
    within = -np.log1p(-rng.random(len(rate)) * (1 - np.exp(-rate))) / rate
    return np.asarray(np.maximum(1, (years + within) * 365).astype(np.int64))
