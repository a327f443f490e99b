"""How an indicator is written: a count, a share, a mean or a median of a population, at every scope at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sim.indicators.facts import Facts
from sim.indicators.grid import SCOPES, Population
from sim.words.registry import Registry


@dataclass(frozen=True)
class Measure:
    """One indicator, shape (years, groups); NaN where it has no meaning.

    ``denominator`` is NaN for a count, ``numerator`` for a median. ``value`` is NaN when the denominator is 0.
    """

    numerator: np.ndarray
    denominator: np.ndarray
    value: np.ndarray


Indicator = Callable[[Facts], Measure]
INDICATORS: Registry[Indicator] = Registry("indicator")

DWELLING_SCOPES = ("mel", "territoire", "commune", "quartier", "bailleur", "typologie", "financement", "qpv")
LEASE_SCOPES = (*DWELLING_SCOPES, "reservataire")
ALL_SCOPES = SCOPES
WISH_SCOPES = ("mel", "territoire", "commune", "typologie", "public")


def indicator(
    code: str, *, label: str, unit: str, reference: str, scopes: tuple[str, ...] = ALL_SCOPES, needs: str = ""
) -> Callable[[Indicator], Indicator]:
    """Register an indicator.

    Parameters
    ----------
    code : str
        Its name in every output.
    label : str
        In French.
    unit : str
        One of ``codes.UNITS``.
    reference : str
        Formula, by its number in section 8.4 of the rules.
    scopes : tuple of str
        Scopes in which it has a meaning; those that its populations lack are left out.
    needs : str
        What a scenario must open for it to be fed (a name of ``Scenario.closed``): else it is null and listed as such.
    """
    return INDICATORS.register(code, label=label, unit=unit, reference=reference, scopes=scopes, needs=needs)


def ratio(numerator: np.ndarray, denominator: np.ndarray) -> Measure:
    """Return a quotient; null where the denominator is 0."""
    value = np.full(numerator.shape, np.nan)
    np.divide(numerator, denominator, out=value, where=denominator > 0)
    return Measure(numerator, denominator, value)


def count(population: Population, mask: np.ndarray | None = None) -> Measure:
    """Return how many rows (of a mask) there are."""
    total = population.total(mask)
    return Measure(total, np.full(total.shape, np.nan), total)


def share(population: Population, mask: np.ndarray, among: np.ndarray | None = None) -> Measure:
    """Return the share of a mask among all rows, or among those of another mask."""
    return ratio(population.total(mask if among is None else mask & among), population.total(among))


def mean(population: Population, values: np.ndarray, among: np.ndarray | None = None) -> Measure:
    """Return the mean of values, of all rows or of those of a mask."""
    return ratio(population.total(values if among is None else np.where(among, values, 0)), population.total(among))


def median(population: Population, values: np.ndarray, share: float = 1 / 2) -> Measure:
    """Return the median of values, or another quantile."""
    total = population.total()
    value = np.where(np.isnan(total), np.nan, population.quantile(values, share))
    return Measure(np.full(total.shape, np.nan), total, value)


def nothing(facts: Facts) -> Measure:
    """Return an indicator without any value."""
    empty = np.full(facts.grid.shape, np.nan)
    return Measure(empty, empty, empty)
