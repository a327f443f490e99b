"""Declared resources per consumption unit, and the quartiles of the applicants (CCH L441-1, rules.md 1.6).

The first quartile is that of the applicants of the EPCI, not of its inhabitants, on the monthly resources they
declare, never on taxable income. The threshold that counts is the decree's; the list's own is shown beside it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sim.rules.eligibility import Law

MONTHS_PER_YEAR = 12


class Units(NamedTuple):
    """Consumption units of the law of a day."""

    first: float
    other: float
    child: float
    child_age_years: float


def units_of(law: Law) -> Units:
    """Gather the units of a day."""
    return Units(
        float(law["uc.premiere_personne"]),
        float(law["uc.autre_14_ans"]),
        float(law["uc.enfant"]),
        float(law["uc.age_enfant_years"]),
    )


def consumption_units(persons: Any, children: Any, units: Units) -> np.ndarray:
    """Return the consumption units of households of some persons, of whom some children (under the age of the law)."""
    persons, children = np.asarray(persons), np.asarray(children)
    return np.asarray(units.first + units.other * (persons - 1 - children) + units.child * children)


def children_among(ages_years: Any, units: Units) -> int:
    """Return how many of some persons count as children."""
    return int((np.asarray(ages_years) < units.child_age_years).sum())


def per_unit_eur_year(income_eur_month: Any, consumption_units: Any, index: float = 1.0) -> np.ndarray:
    """Return declared resources per consumption unit: monthly resources x 12 x index / units, eur/year/cu."""
    return np.asarray(np.asarray(income_eur_month) * MONTHS_PER_YEAR * index / np.asarray(consumption_units))


def thresholds_of(law: Law) -> np.ndarray:
    """Return the three thresholds of the decree in force, eur/year/cu."""
    names = ("premier", "deuxieme", "troisieme")
    return np.array([float(law[f"seuil.{name}_quartile_eur_year_cu"]) for name in names])


def quartile(per_unit: Any, thresholds: np.ndarray) -> np.ndarray:
    """Return the quartile 1 to 4; the first is *strictly* under its threshold (« inférieur », L441-1 al. 25)."""
    return np.asarray(1 + np.searchsorted(thresholds, per_unit, side="right"), dtype=np.uint8)


def own_threshold_eur_year_cu(per_unit: np.ndarray, law: Law) -> float:
    """Return the threshold that a list of applicants itself gives: the top of its poorest quarter; NaN without any."""
    share = float(law["seuil.premier_quartile_share"])
    return float(np.quantile(per_unit, share)) if len(per_unit) else float("nan")
