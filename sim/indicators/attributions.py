"""Leases signed: objectives of law and of the MEL, publics, mutations."""

from __future__ import annotations

import numpy as np

from sim.indicators.facts import Facts
from sim.indicators.measures import ALL_SCOPES, LEASE_SCOPES, Measure, count, indicator, share
from sim.indicators.publics import DALO, NPNRU, PDALHPD, is_first_term, is_second_term
from sim.rules.reservations import serves_duty

AMONG_PUBLICS = (*LEASE_SCOPES, "public")


def has(facts: Facts, flags: int) -> np.ndarray:
    """Return which attributions went to households recognised with one of some flags."""
    found: np.ndarray = (facts.leases["recognition"] & flags) != 0
    return found


@indicator("attributions", label="Attributions (baux signés)", unit="count", reference="8.4, A", scopes=ALL_SCOPES)
def attributions(facts: Facts) -> Measure:
    """Leases signed in the year, through the list."""
    return count(facts.leases)


@indicator(
    "part_mutations_attributions",
    label="Part des mutations parmi les attributions",
    unit="share",
    reference="8.4 n° 12",
    scopes=LEASE_SCOPES,
)
def mutations(facts: Facts) -> Measure:
    """HLM tenants housed."""
    return share(facts.leases, facts.leases["is_mutation"])


@indicator(
    "part_attributions_qpv",
    label="Part des attributions en QPV",
    unit="share",
    reference="8.4, A en QPV ÷ A",
    scopes=("mel", "territoire", "commune", "bailleur", "reservataire", "typologie", "financement", "public"),
)
def in_qpv(facts: Facts) -> Measure:
    """Attributions in a QPV by the map in force."""
    return share(facts.leases, facts.leases["is_in_qpv"])


@indicator(
    "part_q1",
    label="Part du premier quartile parmi les attributions",
    unit="share",
    reference="8.4 n° 7, toutes localisations",
    scopes=LEASE_SCOPES,
)
def first_quartile(facts: Facts) -> Measure:
    """First quartile among all attributions."""
    return share(facts.leases, facts.leases["premier quartile"])


OUTSIDE_QPV = ("mel", "territoire", "commune", "bailleur", "reservataire", "typologie", "financement")


@indicator(
    "part_q1_hors_qpv",
    label="Premier quartile ou relogés, hors QPV",
    unit="share",
    reference="8.4 n° 7",
    scopes=OUTSIDE_QPV,
)
def first_quartile_outside(facts: Facts) -> Measure:
    """First quartile, or relocated by urban renewal whatever their income, among leases outside QPV."""
    return share(facts.leases, facts.leases["premier quartile"] | has(facts, NPNRU), among=~facts.leases["is_in_qpv"])


@indicator(
    "part_q1_strict_hors_qpv",
    label="Premier quartile seul, hors QPV",
    unit="share",
    reference="8.4 n° 7, version stricte",
    scopes=OUTSIDE_QPV,
)
def strict_first_quartile_outside(facts: Facts) -> Measure:
    """First quartile only, among leases outside QPV."""
    return share(facts.leases, facts.leases["premier quartile"], among=~facts.leases["is_in_qpv"])


@indicator("part_q2_q4_en_qpv", label="Quartiles 2 à 4 en QPV", unit="share", reference="8.4 n° 8", scopes=OUTSIDE_QPV)
def others_inside(facts: Facts) -> Measure:
    """Not of the first quartile, among leases in QPV."""
    return share(facts.leases, ~facts.leases["premier quartile"], among=facts.leases["is_in_qpv"])


@indicator(
    "part_prioritaires",
    label="Ménages prioritaires (objectif de la MEL, 50 %)",
    unit="share",
    reference="8.4 n° 10",
    scopes=LEASE_SCOPES,
)
def priority(facts: Facts) -> Measure:
    """Sum of the two terms: recognised households, each attribution once."""
    flags, mutation = facts.leases["recognition"], facts.leases["is_mutation"]
    return share(facts.leases, is_first_term(flags, mutation) | is_second_term(flags, mutation))


@indicator(
    "part_prioritaires_premier_acces",
    label="Prioritaires, premier accès (DALO, PDALHPD)",
    unit="share",
    reference="8.4 n° 10, 30 %",
    scopes=LEASE_SCOPES,
)
def priority_first(facts: Facts) -> Measure:
    """DALO, or PDALHPD not a tenant, recognised, over all attributions."""
    return share(facts.leases, is_first_term(facts.leases["recognition"], facts.leases["is_mutation"]))


@indicator(
    "part_prioritaires_mutation_npru",
    label="Prioritaires, mutations reconnues et NPNRU",
    unit="share",
    reference="8.4 n° 10, 20 %",
    scopes=LEASE_SCOPES,
)
def priority_second(facts: Facts) -> Measure:
    """Recognised blocked or complex mutation, or NPNRU, not DALO, over all attributions."""
    return share(facts.leases, is_second_term(facts.leases["recognition"], facts.leases["is_mutation"]))


@indicator(
    "part_prioritaires_reservataire",
    label="Prioritaires (DALO ou L441-1) par réservataire",
    unit="share",
    reference="8.4 n° 9",
    scopes=("mel", "reservataire"),
)
def priority_of_holder(facts: Facts) -> Measure:
    """DALO or eligible by CCH L441-1, among the attributions of each holder."""
    return share(facts.leases, serves_duty(has(facts, DALO), facts.leases["éligibles CCH"]))


@indicator(
    "part_prioritaires_cch",
    label="Éligibles au sens du CCH parmi les attributions",
    unit="share",
    reference="8.4 n° 10, CCH",
    scopes=LEASE_SCOPES,
)
def priority_cch(facts: Facts) -> Measure:
    """Eligible in the CCH sense, recognised or not."""
    return share(facts.leases, facts.leases["éligibles CCH"])


@indicator(
    "part_dalo_pdalhpd",
    label="Reconnus DALO ou PDALHPD parmi les attributions",
    unit="share",
    reference="bilan annuel de la DREAL",
    scopes=LEASE_SCOPES,
)
def recognised(facts: Facts) -> Measure:
    """Recognised DALO or PDALHPD, tenants or not."""
    return share(facts.leases, has(facts, DALO | PDALHPD))


@indicator(
    "part_dalo",
    label="DALO parmi les attributions",
    unit="share",
    reference="8.4 n° 9, DALO à part",
    scopes=LEASE_SCOPES,
)
def dalo(facts: Facts) -> Measure:
    """Recognised DALO."""
    return share(facts.leases, has(facts, DALO))


@indicator(
    "part_sortants_hebergement",
    label="Sortants d'hébergement parmi les attributions",
    unit="share",
    reference="Cerfa, structure d'hébergement ou hôtel",
    scopes=LEASE_SCOPES,
)
def from_shelter(facts: Facts) -> Measure:
    """In a shelter or a hotel when filing."""
    return share(facts.leases, facts.leases["sortants d'hébergement"])


@indicator(
    "part_sans_abri",
    label="Sans abri parmi les attributions",
    unit="share",
    reference="Cerfa, sans abri, campement ou squat",
    scopes=LEASE_SCOPES,
)
def homeless(facts: Facts) -> Measure:
    """Without a home when filing."""
    return share(facts.leases, facts.leases["sans abri"])
