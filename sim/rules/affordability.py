"""Housing allowance (APL), effort and what remains to live on.

This is what decides who can be housed where. Functions work on numbers and on arrays alike, and are
compiled once more by the waiting index, so that there is one formula.

APL = L + C - Pp with L = min(rent, ceiling of the zone and family), C = flat charges,
Pp = P0 + Tp x max(0, R - R0), P0 = max(P0min, 8.5 % of L + C), Tp = TF + TL
(CCH D823-16 to D823-18; amounts in ``scenarios/law/apl.yaml``).
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import numpy as np

from sim.words.clock import DAYS_PER_MONTH


class Terms(NamedTuple):
    """Law, practice and indices of one year, as arrays for compiled code."""

    ceiling_eur_year: np.ndarray  # (financing, 7): category 1 to 6, then per further person
    rent_cap_eur_month: np.ndarray  # (zone 0 = zone 2 / 1 = zone 3, family type 0 to 9)
    charges_flat_eur_month: np.ndarray  # (family type)
    income_free_eur_year: np.ndarray  # R0 by family type
    family_rate: np.ndarray  # TF by family type
    participation_min_eur_month: float
    participation_share: float
    rent_thresholds: np.ndarray  # TL: share of the reference rent where each rate starts
    rent_rates: np.ndarray  # TL: marginal rates
    flat_reduction_eur_month: float
    payment_threshold_eur_month: float
    effort_max_share: float
    remainder_min_eur_day_cu: float
    energy_eur_month_m2: float
    rent_index: float
    income_index: float


class Ceilings(Protocol):
    """What holds income ceilings: ``Terms``, or the ``Norms`` of ``rules/eligibility.py``."""

    @property
    def ceiling_eur_year(self) -> np.ndarray:
        """Return ceilings by financing: categories 1 to 6, then per further person."""


def apl_eur_month(rent: Any, income_year: Any, family: Any, zone: Any, terms: Terms) -> Any:
    """Return the monthly allowance in euros.

    Parameters
    ----------
    rent : float or numpy.ndarray
        Principal rent, eur/month.
    income_year : float or numpy.ndarray
        Taxable income counted by the allowance, eur/year.
    family, zone : int or numpy.ndarray
        Family type 0 to 9; 0 for zone 2, 1 for zone 3.
    terms : Terms
        Parameters of the year.
    """
    cap = terms.rent_cap_eur_month[zone, family]
    eligible = np.minimum(rent, cap) + terms.charges_flat_eur_month[family]
    p0 = np.maximum(terms.participation_min_eur_month, terms.participation_share * eligible)
    # TL follows the ratio of the eligible rent to the reference rent: the zone 2 ceiling
    ratio = np.minimum(rent, cap) / terms.rent_cap_eur_month[0, family]
    over_low = np.maximum(0.0, np.minimum(ratio, terms.rent_thresholds[1]) - terms.rent_thresholds[0])
    over_high = np.maximum(0.0, ratio - terms.rent_thresholds[1])
    rate = terms.family_rate[family] + terms.rent_rates[0] * over_low + terms.rent_rates[1] * over_high
    participation = p0 + rate * np.maximum(0.0, income_year - terms.income_free_eur_year[family])
    amount = eligible - participation - terms.flat_reduction_eur_month
    return np.maximum(0.0, amount) * (amount >= terms.payment_threshold_eur_month)


def net_cost_eur_month(rent: Any, charges: Any, surface: Any, allowance: Any, terms: Terms) -> Any:
    """Return rent, charges and flat water and heating, less the allowance (R441-3-1), eur/month."""
    return np.maximum(0.0, rent + charges + surface * terms.energy_eur_month_m2 - allowance)


def can_afford(cost: Any, income_month: Any, consumption_units: Any, terms: Terms) -> Any:
    """Whether effort and what remains to live on pass the landlord's practice (no legal threshold)."""
    remainder = (income_month - cost) / (consumption_units * DAYS_PER_MONTH)
    return (cost <= terms.effort_max_share * income_month) & (remainder >= terms.remainder_min_eur_day_cu)


def income_ceiling_eur_year(financing: Any, category: Any, persons_over_six: Any, terms: Ceilings) -> Any:
    """Return the ceiling of a financing for a category 1 to 6 and persons beyond the sixth, eur/year."""
    return terms.ceiling_eur_year[financing, category - 1] + persons_over_six * terms.ceiling_eur_year[financing, -1]
