"""The list: how many wait, how they come and go, and the three delays (each named in full, never merged)."""

from __future__ import annotations

import numpy as np

from sim.indicators.facts import Facts
from sim.indicators.incidence import estimate, median_days
from sim.indicators.measures import ALL_SCOPES, WISH_SCOPES, Measure, count, indicator, mean, median, ratio, share

DELAY_SCOPES = ("mel", "territoire", "typologie", "public")


@indicator(
    "demandes_en_stock",
    label="Demandes en stock au 31 décembre",
    unit="count",
    reference="8.4, D(31/12)",
    scopes=WISH_SCOPES,
)
def stock(facts: Facts) -> Measure:
    """Applications valid on 31 December; commune and territory are those wished first."""
    return count(facts.stock)


@indicator(
    "demandes_nouvelles", label="Demandes nouvelles de l'année", unit="count", reference="8.4, E", scopes=WISH_SCOPES
)
def entries(facts: Facts) -> Measure:
    """Applications filed in the year."""
    return count(facts.filed)


@indicator(
    "radiations_sans_attribution",
    label="Radiations sans attribution",
    unit="count",
    reference="8.4, L",
    scopes=WISH_SCOPES,
)
def exits(facts: Facts) -> Measure:
    """Applications closed unhoused in the year."""
    return count(facts.left)


@indicator(
    "taux_pression",
    label="Taux de pression (demandes par attribution)",
    unit="ratio",
    reference="8.4 n° 1",
    scopes=WISH_SCOPES,
)
def pressure(facts: Facts) -> Measure:
    """Stock on 31 December over attributions: wanted over obtained type, first choice over place obtained."""
    return ratio(facts.stock.total(), facts.leases.total())


@indicator(
    "taux_satisfaction", label="Taux de satisfaction", unit="share", reference="8.4 n° 3", scopes=("mel", "public")
)
def satisfaction(facts: Facts) -> Measure:
    """Attributions over attributions and those still waiting on 31 December."""
    housed = facts.leases.total()
    return ratio(housed, housed + facts.stock.total())


@indicator(
    "part_mutations_demandes",
    label="Part des locataires HLM parmi les demandes en stock",
    unit="share",
    reference="8.4, mut",
    scopes=("mel", "territoire", "commune", "typologie"),
)
def tenants_waiting(facts: Facts) -> Measure:
    """HLM tenants in the stock."""
    return share(facts.stock, facts.stock["mutation"])


@indicator(
    "part_eligibles_prioritaires_stock",
    label="Éligibles au sens du CCH parmi les demandes en stock",
    unit="share",
    reference="8.4 n° 10, parmi D(31/12)",
    scopes=WISH_SCOPES,
)
def eligible_waiting(facts: Facts) -> Measure:
    """Eligible in the CCH sense, recognised or not, among those waiting."""
    return share(facts.stock, facts.stock["éligibles CCH"])


@indicator(
    "delai_attribution_moyen", label="Délai d'attribution moyen", unit="days", reference="8.4 n° 4", scopes=ALL_SCOPES
)
def delay_mean(facts: Facts) -> Measure:
    """Days from filing to lease, of those housed."""
    return mean(facts.leases, facts.leases["delay_days"])


@indicator(
    "delai_attribution_median", label="Délai d'attribution médian", unit="days", reference="8.4 n° 4", scopes=ALL_SCOPES
)
def delay_median(facts: Facts) -> Measure:
    """Days from filing to lease, of those housed."""
    return median(facts.leases, facts.leases["delay_days"])


@indicator(
    "delai_attribution_p25",
    label="Délai d'attribution, premier quart",
    unit="days",
    reference="8.4 n° 4",
    scopes=DELAY_SCOPES,
)
def delay_first_quarter(facts: Facts) -> Measure:
    """Days from filing to lease within which a quarter of those housed were."""
    return median(facts.leases, facts.leases["delay_days"], 1 / 4)


@indicator(
    "delai_attribution_p75",
    label="Délai d'attribution, troisième quart",
    unit="days",
    reference="8.4 n° 4",
    scopes=DELAY_SCOPES,
)
def delay_third_quarter(facts: Facts) -> Measure:
    """Days from filing to lease within which three quarters of those housed were."""
    return median(facts.leases, facts.leases["delay_days"], 3 / 4)


@indicator(
    "anciennete_stock_moyenne",
    label="Ancienneté moyenne des demandes en stock",
    unit="days",
    reference="8.4 n° 5",
    scopes=WISH_SCOPES,
)
def age_mean(facts: Facts) -> Measure:
    """Days from filing to 31 December, of those waiting."""
    return mean(facts.stock, facts.stock["age_days"])


@indicator(
    "anciennete_stock_mediane",
    label="Ancienneté médiane des demandes en stock",
    unit="days",
    reference="8.4 n° 5",
    scopes=WISH_SCOPES,
)
def age_median(facts: Facts) -> Measure:
    """Days from filing to 31 December, of those waiting."""
    return median(facts.stock, facts.stock["age_days"])


@indicator(
    "delai_corrige_median",
    label="Délai corrigé médian (incidence, sorties concurrentes)",
    unit="days",
    reference="8.4 n° 6",
    scopes=("mel", "territoire", "typologie", "public"),
)
def corrected_delay(facts: Facts) -> Measure:
    """Age at which half would be housed at the year's rates, leaving being a competing exit; null if never."""
    curves = [estimate(facts.spells, first, last) for first, last in facts.windows]
    followed, value = np.full(facts.grid.shape, np.nan), np.full(facts.grid.shape, np.nan)
    for year, curve in enumerate(curves):
        followed[year, facts.spells.labels] = curve.spells
        value[year, facts.spells.labels] = median_days(curve)
    return Measure(np.full(value.shape, np.nan), followed, value)
