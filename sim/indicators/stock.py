"""Offers and commissions, the dwellings, and how tenants live in them."""

from __future__ import annotations

from sim.indicators.facts import Facts
from sim.indicators.measures import (
    ALL_SCOPES,
    DWELLING_SCOPES,
    LEASE_SCOPES,
    Measure,
    count,
    indicator,
    mean,
    ratio,
)


@indicator(
    "taux_refus_par_offre",
    label="Taux de refus par offre, silence compris",
    unit="share",
    reference="8.4 n° 13",
    scopes=ALL_SCOPES,
)
def refusals(facts: Facts) -> Measure:
    """Refusals and silences of the year over offers made after the CALEOL."""
    return ratio(facts.answers.total(facts.answers["is_refusal"]), facts.answers.total(facts.answers["is_offer"]))


@indicator(
    "candidats_par_logement",
    label="Candidats examinés par logement en CALEOL",
    unit="ratio",
    reference="8.4 n° 18",
    scopes=LEASE_SCOPES,
)
def candidates(facts: Facts) -> Measure:
    """Files ranked or rejected, per dwelling brought before a session."""
    return mean(facts.sessions, facts.sessions["files"])


@indicator("taux_mobilite", label="Taux de mobilité", unit="share", reference="8.4 n° 14", scopes=DWELLING_SCOPES)
def mobility(facts: Facts) -> Measure:
    """Dwellings in service for a year or more whose current lease began in the year, by the list or not."""
    return ratio(
        facts.dwellings.total(facts.dwellings["moved_into"]), facts.dwellings.total(facts.dwellings["a_year_old"])
    )


@indicator(
    "taux_vacance",
    label="Taux de vacance au 31 décembre",
    unit="share",
    reference="8.4 n° 15, totale",
    scopes=DWELLING_SCOPES,
)
def vacancy(facts: Facts) -> Measure:
    """Empty on 31 December over dwellings offered."""
    return ratio(facts.dwellings.total(facts.dwellings["vacant"]), facts.dwellings.total(facts.dwellings["offered"]))


@indicator(
    "delai_relocation_moyen", label="Délai moyen de relocation", unit="days", reference="8.4 n° 16", scopes=LEASE_SCOPES
)
def reletting(facts: Facts) -> Measure:
    """Days from the exit to the next lease, first lettings left out."""
    return mean(facts.leases, facts.leases["empty_days"], among=facts.leases["is_reletting"])


@indicator(
    "attributions_hors_sne",
    label="Locations hors SNE (étudiants, associations)",
    unit="count",
    reference="8.4 n° 14",
    scopes=DWELLING_SCOPES,
)
def outside(facts: Facts) -> Measure:
    """Lettings that bypass the list: in mobility, not in attributions."""
    return count(facts.outside)


@indicator(
    "logements_liberes_par_mutation",
    label="Logements libérés par mutation",
    unit="count",
    reference="8.4, chaînes",
    scopes=DWELLING_SCOPES,
)
def freed(facts: Facts) -> Measure:
    """Dwellings left by tenants who moved inside the stock, by dwelling left."""
    return count(facts.freed)


@indicator(
    "part_sous_occupation",
    label="Locataires en sous-occupation",
    unit="share",
    reference="8.4 n° 21",
    scopes=DWELLING_SCOPES,
)
def under_occupied(facts: Facts) -> Measure:
    """Tenants whose rooms exceed persons by more than the law admits."""
    return ratio(
        facts.dwellings.total(facts.dwellings["under_occupied"]), facts.dwellings.total(facts.dwellings["let"])
    )


@indicator(
    "part_sur_occupation",
    label="Locataires en sur-occupation",
    unit="share",
    reference="8.4 n° 21",
    scopes=DWELLING_SCOPES,
)
def over_occupied(facts: Facts) -> Measure:
    """Tenants whose dwelling is smaller than R822-25 asks for their number."""
    return ratio(facts.dwellings.total(facts.dwellings["over_occupied"]), facts.dwellings.total(facts.dwellings["let"]))
