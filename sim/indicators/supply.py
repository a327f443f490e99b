"""Where dwellings to let come from, what the three-year review refers, and how affordable the stock is."""

from __future__ import annotations

import numpy as np

from sim.indicators.facts import Facts, Preparation
from sim.indicators.grid import Population, attach
from sim.indicators.measures import DWELLING_SCOPES, LEASE_SCOPES, Measure, count, indicator, ratio, share
from sim.rules.occupancy import Situation
from sim.words.codes import EventKind, Financing, Reason


def openings(prepared: Preparation) -> Population:
    """Dwellings delivered or left, in the year."""
    events = prepared.r.events
    positions = prepared.of(EventKind.DELIVERED, EventKind.VACATED)
    rows, year = events["dwelling"][positions], prepared.year(events["day"][positions])
    is_new = events["kind"][positions] == EventKind.DELIVERED
    columns = {"is_new": is_new, "is_departure": ~is_new & (events["reason"][positions] == Reason.LEFT_SECTOR)}
    return attach(prepared.grid, year, prepared.at_dwelling(rows, prepared.in_qpv(rows, year)), columns=columns)


def reviews(prepared: Preparation) -> Population:
    """Occupancies referred by the three-year review, in the year."""
    events = prepared.r.events
    positions = prepared.of(EventKind.REVIEWED)
    rows, year = events["dwelling"][positions], prepared.year(events["day"][positions])
    places = prepared.at_dwelling(rows, prepared.in_qpv(rows, year))
    return attach(prepared.grid, year, places, columns={"flags": events["value"][positions].astype(np.uint8)})


@indicator("livraisons", label="Logements livrés", unit="count", reference="8.3, offre", scopes=DWELLING_SCOPES)
def delivered(facts: Facts) -> Measure:
    """Dwellings that entered service."""
    found = facts.made(openings)
    return count(found, found["is_new"])


@indicator(
    "departs_du_parc",
    label="Logements libérés par un départ du parc social",
    unit="count",
    reference="8.3, offre",
    scopes=DWELLING_SCOPES,
)
def departures(facts: Facts) -> Measure:
    """Dwellings left by tenants who went out of the stock."""
    found = facts.made(openings)
    return count(found, found["is_departure"])


@indicator(
    "part_plai_attributions",
    label="PLAI parmi les attributions",
    unit="share",
    reference="R441-5-1, financement",
    scopes=(*LEASE_SCOPES, "public"),
)
def very_social(facts: Facts) -> Measure:
    """Leases on dwellings financed in PLAI."""
    return share(facts.leases, facts.source.r.dwellings.financing[facts.leases["dwelling"]] == Financing.PLAI)


@indicator(
    "part_plai_parc",
    label="PLAI dans le parc offert à la location",
    unit="share",
    reference="PLH, orientation 5",
    scopes=("mel",),
)
def very_social_stock(facts: Facts) -> Measure:
    """Dwellings financed in PLAI among those in service on 31 December."""
    offered, grid = facts.dwellings.total(facts.dwellings["offered"]), facts.grid
    part, whole = np.full(grid.shape, np.nan), np.full(grid.shape, np.nan)
    part[:, grid.start["mel"]] = offered[:, grid.number("financement", Financing.PLAI.label)]
    whole[:, grid.start["mel"]] = offered[:, grid.start["mel"]]
    return ratio(part, whole)


SITUATIONS = {
    "examens_sous_occupation": (Situation.UNDER_OCCUPIED, "Examen triennal : sous-occupations signalées"),
    "examens_sur_occupation": (Situation.OVER_OCCUPIED, "Examen triennal : sur-occupations signalées"),
    "examens_logement_adapte_sans_besoin": (
        Situation.ADAPTED_NOT_NEEDED,
        "Examen triennal : logements adaptés au handicap sans occupant concerné",
    ),
    "examens_logement_a_adapter": (Situation.TO_ADAPT, "Examen triennal : logements à adapter au handicap"),
    "examens_plafond_depasse": (Situation.ABOVE_CEILING, "Examen triennal : ressources au-dessus du plafond"),
}


@indicator(
    "examens_signales",
    label="Examen triennal : occupations signalées à la commission",
    unit="count",
    reference="L442-5-2",
    scopes=DWELLING_SCOPES,
)
def referred(facts: Facts) -> Measure:
    """Occupancies referred in the year; one may be referred for several situations."""
    return count(facts.made(reviews))


def _situation(code: str, flag: Situation, label: str) -> None:
    @indicator(code, label=label, unit="count", reference="L442-5-2", scopes=DWELLING_SCOPES)
    def measure(facts: Facts) -> Measure:
        """Occupancies referred for one situation."""
        found = facts.made(reviews)
        return count(found, (found["flags"] & int(flag)) != 0)


for _code, (_flag, _label) in SITUATIONS.items():
    _situation(_code, _flag, _label)
