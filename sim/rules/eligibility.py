"""Who may enter a dwelling: income ceilings, exemptions, mix of a PLUS programme, owner of a suitable home.

Ceilings are tested on the day a lease is to be signed and never again during it (rules.md 1.5). They look at taxable
income (RFR of year N-2); the first quartile looks at declared resources (``rules/resources.py``). Functions take
numbers or arrays; ``Norms`` holds what the law says on a day.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import numpy as np

from sim.rules.affordability import income_ceiling_eur_year
from sim.rules.occupancy import is_valid_offer
from sim.words.codes import EntryBar, Financing

COUPLE = 2


class Law(Protocol):
    """The law of a day: ``law["name"]`` is the value in force (``LawView``)."""

    def __getitem__(self, name: str) -> Any:
        """Return the value in force."""


class Norms(NamedTuple):
    """What the law of a day says on entering a dwelling."""

    ceiling_eur_year: np.ndarray  # (financing, categories 1 to 6 then per further person)
    income_drop_share: float
    modest_share: float
    modest_min_share: float
    over_ratio: float
    over_max_share: float
    raise_max_share: float
    raise_vacancy_share: float
    raise_apl_share: float
    surcharge_share: float
    young_couple_ages_years: float

    @property
    def categories(self) -> int:
        """Number of household categories; what lies beyond is counted per person."""
        return int(self.ceiling_eur_year.shape[-1]) - 1


def norms_of(law: Law) -> Norms:
    """Gather the law of a day (R441-1, L441-3, D331-12, R441-1-2, L442-12)."""
    plus = law["plafond.plus_eur_year"]
    by_financing = {
        Financing.HLMO: plus,  # the older stock follows the PLUS ceilings (rules.md 1.5)
        Financing.PLUS: plus,
        Financing.PLAI: law["plafond.plai_eur_year"],
        Financing.PLS: law["plafond.pls_eur_year"],
    }
    return Norms(
        ceiling_eur_year=np.array([by_financing[f] for f in Financing], dtype=float),
        income_drop_share=float(law["ressources.baisse_retenue_share"]),
        modest_share=float(law["plafond.plus_modeste_share"]),
        modest_min_share=float(law["plafond.plus_modeste_min_share"]),
        over_ratio=float(law["plafond.plus_depassement_coefficient"]),
        over_max_share=float(law["plafond.plus_depassement_max_share"]),
        raise_max_share=float(law["plafond.derogation_qpv_max_share"]),
        raise_vacancy_share=float(law["plafond.derogation_vacance_min_share"]),
        raise_apl_share=float(law["plafond.derogation_apl_min_share"]),
        surcharge_share=float(law["sls.depassement_min_share"]),
        young_couple_ages_years=float(law["jeune_menage.somme_ages_max_years"]),
    )


def is_young_couple(persons: Any, is_couple: Any, dependants: Any, ages_sum_years: Any, most_years: float) -> Any:
    """Whether a household is a *jeune ménage*: a couple alone, ages adding up to at most the norm of ``Norms``."""
    is_alone = is_couple & (np.asarray(persons) == COUPLE) & (np.asarray(dependants) == 0)
    return np.asarray(is_alone & (np.asarray(ages_sum_years) <= most_years))


def household_category(
    persons: Any, is_couple: Any, dependants: Any, is_young: Any, is_disabled: Any, categories: int
) -> np.ndarray:
    """Return the category 1 to 6 of a household (arrêté du 29 juillet 1987, rules.md 1.5).

    The definitions are alternatives and do not add up: the highest that fits counts, so that a young couple with a
    disabled member is in category 3, as either alone would be.

    Parameters
    ----------
    persons, dependants : int or numpy.ndarray
        Persons to house; among them, dependants (*personnes à charge*).
    is_couple, is_young, is_disabled : bool or numpy.ndarray
        Two adults in a couple; *jeune ménage*; at least one member is disabled.
    categories : int
        Number of categories, ``Norms.categories``.
    """
    persons, dependants = np.asarray(persons, dtype=int), np.asarray(dependants, dtype=int)
    is_single_parent = ~np.asarray(is_couple) & (dependants > 0) & (dependants == persons - 1)
    is_one_up = is_single_parent | np.asarray(is_young) | np.asarray(is_disabled)
    return np.asarray(np.minimum(persons + is_one_up, categories))


def ceiling_eur_year(financing: Any, category: Any, persons: Any, norms: Norms) -> np.ndarray:
    """Return the income ceiling of a financing for a household, eur/year."""
    beyond = np.maximum(np.asarray(persons, dtype=int) - norms.categories, 0)
    return np.asarray(income_ceiling_eur_year(financing, np.asarray(category), beyond, norms))


def income_counted_eur_year(rfr_n2: Any, rfr_n1: Any, last_twelve_months: Any, norms: Norms) -> np.ndarray:
    """Return the income compared with ceilings: RFR of N-2, or a later income that is lower enough (L442-12).

    Parameters
    ----------
    rfr_n2 : float or numpy.ndarray
        Revenu fiscal de référence of year N-2, eur/year.
    rfr_n1, last_twelve_months : float or numpy.ndarray
        Incomes of N-1 and of the last twelve months, NaN when unknown. One counts when it is lower than that of N-2
        by at least the law's share; a rise never counts.
    """
    reference = np.asarray(rfr_n2, dtype=float)
    counted = reference
    for later in (np.asarray(rfr_n1, dtype=float), np.asarray(last_twelve_months, dtype=float)):
        is_lower_enough = later <= reference * (1.0 - norms.income_drop_share)
        counted = np.asarray(np.where(is_lower_enough, np.fmin(counted, later), counted))
    return np.asarray(counted)


def raise_share(granted_share: Any, is_in_qpv: Any, vacant_share: Any, apl_share: Any, norms: Norms) -> np.ndarray:
    """Return by how much the ceilings are raised in a building (R441-1-2), 0 when no condition holds.

    Parameters
    ----------
    granted_share : float or numpy.ndarray
        What the delegation convention of the EPCI grants; the law caps it.
    is_in_qpv : bool or numpy.ndarray
        The building is in a QPV.
    vacant_share, apl_share : float or numpy.ndarray
        Dwellings of the building vacant for more than three months; occupants who receive the APL.
    """
    fits = np.asarray(is_in_qpv) | (np.asarray(vacant_share) > norms.raise_vacancy_share)
    fits = fits | (np.asarray(apl_share) > norms.raise_apl_share)
    return np.where(fits, np.minimum(granted_share, norms.raise_max_share), 0.0)


def is_exempt(is_under_occupied: Any, is_same_landlord: Any, rent_now: Any, rent_new: Any) -> np.ndarray:
    """Whether a move is made *nonobstant les plafonds*: the landlord's offer to an under-occupying tenant (L442-3-1).

    The dwelling offered has a lower principal rent.
    """
    is_cheaper = is_valid_offer(rent_now, rent_new)
    return np.asarray(np.asarray(is_under_occupied) & np.asarray(is_same_landlord) & is_cheaper)


def bar_to_entry(
    income: Any,
    ceiling: Any,
    *,
    exempt: Any = False,
    raised_share: Any = 0.0,
    over_ratio: Any = 1.0,
    owner: Any = False,
) -> np.ndarray:
    """Return what keeps a household from entering a dwelling, as an ``EntryBar`` code.

    Parameters
    ----------
    income, ceiling : float or numpy.ndarray
        Income counted and ceiling, eur/year; income equal to the ceiling is within it.
    exempt, raised_share : optional
        See ``is_exempt`` and ``raise_share``.
    over_ratio : float or numpy.ndarray
        ``Norms.over_ratio`` where ``has_room_over_ceiling`` says that the programme has room, else 1.
    owner : bool or numpy.ndarray
        Owns a dwelling suited to its needs and means (L441-2-2).
    """
    most = np.maximum(1.0 + np.asarray(raised_share), over_ratio)
    is_over = (_ratio(income, ceiling) > most) & ~np.asarray(exempt)
    bar = np.where(is_over, int(EntryBar.INCOME), int(EntryBar.NONE))
    return np.where(np.asarray(owner), int(EntryBar.OWNER), bar)


def owes_surcharge(income: Any, ceiling: Any, is_in_qpv: Any, norms: Norms) -> np.ndarray:
    """Whether a tenant owes the *supplément de loyer* (L441-3): income is no bar during the lease, it costs."""
    is_over = _ratio(income, ceiling) >= 1.0 + norms.surcharge_share
    return np.asarray(is_over & ~np.asarray(is_in_qpv))


class Mix(NamedTuple):
    """Households of a PLUS programme by income, and whether the programme's rules hold (D331-12)."""

    modest: int
    over: int
    too_high: int
    is_compliant: bool


def plus_mix(incomes: Any, ceilings: Any, norms: Norms) -> Mix:
    """Return the mix of a PLUS programme from the incomes and ceilings of its tenants at entry, eur/year.

    *Modest*: at most 60 % of the ceiling, at least 30 % of the dwellings. *Over*: above the ceiling and up to 120 %
    of it, at most 10 % of the dwellings. The shares are those of the day (``norms``).
    """
    ratio = _ratio(incomes, ceilings)
    modest = int((ratio <= norms.modest_share).sum())
    too_high = int((ratio > norms.over_ratio).sum())
    over = int((ratio > 1).sum()) - too_high
    holds = _ratio(modest, len(ratio)) >= norms.modest_min_share and _ratio(over, len(ratio)) <= norms.over_max_share
    return Mix(modest, over, too_high, bool(holds and not too_high))


def has_room_over_ceiling(over: Any, dwellings: Any, norms: Norms) -> np.ndarray:
    """Whether a PLUS programme may take one more household above the ceiling."""
    return np.asarray(_ratio(np.asarray(over) + 1, dwellings) <= norms.over_max_share)


def must_be_modest(modest: Any, to_let: Any, dwellings: Any, norms: Norms) -> np.ndarray:
    """Whether the next dwelling of a PLUS programme must go to a modest household for the minimum to hold.

    Parameters
    ----------
    modest, to_let, dwellings : int or numpy.ndarray
        Modest households so far, dwellings still to let (this one included), dwellings of the programme.
    """
    return np.asarray(_ratio(np.asarray(modest) + np.asarray(to_let) - 1, dwellings) < norms.modest_min_share)


def _ratio(part: Any, whole: Any) -> np.ndarray:
    """Return a quotient: unlike a product with a share, it equals the share exactly at the boundary."""
    return np.asarray(np.asarray(part, dtype=float) / np.asarray(whole, dtype=float))
