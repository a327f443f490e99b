"""Réservataires: what the flux gave each of them, and the dwellings that came back for want of candidates."""

from __future__ import annotations

import numpy as np

from sim.indicators.facts import Facts, Preparation
from sim.indicators.grid import Population, attach
from sim.indicators.measures import LEASE_SCOPES, Measure, count, indicator, ratio, share
from sim.words.codes import EventKind, Reason, Reservataire


def oriented(prepared: Preparation) -> Population:
    """Orientations, by the holder that got the dwelling, or that lost it when it came back to the landlord."""
    events = prepared.r.events
    positions = prepared.of(EventKind.ORIENTED)
    rows, year = events["dwelling"][positions], prepared.year(events["day"][positions])
    is_first = events["reason"][positions] == Reason.NONE
    holder = np.where(is_first, events["value"][positions], prepared.holder(rows, positions)).astype(np.int32)
    places = prepared.at_dwelling(rows, prepared.in_qpv(rows, year)) | {"reservataire": holder}
    has_rights = holder != Reservataire.BAILLEUR
    columns = {"is_first": is_first, "is_return": ~is_first & has_rights, "to_holder": is_first & has_rights}
    return attach(prepared.grid, year, places, columns=columns)


def of_all(part: np.ndarray, facts: Facts) -> Measure:
    """Return counts by group over the count of the whole."""
    start = facts.grid.start["mel"]
    whole = np.where(np.isnan(part), np.nan, part[:, start : start + 1])
    return ratio(part, whole)


@indicator(
    "orientations",
    label="Logements orientés (première orientation)",
    unit="count",
    reference="8.4 n° 11",
    scopes=LEASE_SCOPES,
)
def orientations(facts: Facts) -> Measure:
    """Vacancies given for the first time to who names candidates."""
    found = facts.made(oriented)
    return count(found, found["is_first"])


@indicator(
    "part_orientations",
    label="Part des orientations de l'année",
    unit="share",
    reference="8.4 n° 11, orientations ÷ flux",
    scopes=("mel", "reservataire"),
)
def share_of_flux(facts: Facts) -> Measure:
    """Orientations to a holder over all those of the year."""
    found = facts.made(oriented)
    return of_all(found.total(found["is_first"]), facts)


@indicator(
    "part_attributions_reservataire",
    label="Part des attributions de l'année",
    unit="share",
    reference="8.4 n° 11, baux ÷ flux",
    scopes=("mel", "reservataire"),
)
def share_of_leases(facts: Facts) -> Measure:
    """Leases on the rights of a holder over all those of the year."""
    return of_all(facts.leases.total(), facts)


@indicator(
    "part_orientations_rendues",
    label="Logements orientés revenus au bailleur faute de candidat",
    unit="share",
    reference="8.4 n° 11, retours",
    scopes=LEASE_SCOPES,
)
def given_back(facts: Facts) -> Measure:
    """Dwellings that came back to the landlord over those oriented to another holder in the year."""
    found = facts.made(oriented)
    return ratio(found.total(found["is_return"]), found.total(found["to_holder"]))


@indicator(
    "part_q1_reservataire",
    label="Premier quartile parmi les attributions du réservataire",
    unit="share",
    reference="8.4 n° 7, par réservataire",
    scopes=("mel", "reservataire"),
)
def first_quartile(facts: Facts) -> Measure:
    """First quartile among the attributions of each holder."""
    return share(facts.leases, facts.leases["premier quartile"])
