"""Commissions (CALEOL): files, decisions of R441-3, ranks, refusals by offer, by applicant and by dwelling."""

from __future__ import annotations

import numpy as np

from sim.indicators.facts import Facts, Preparation
from sim.indicators.grid import Population, attach
from sim.indicators.measures import ALL_SCOPES, LEASE_SCOPES, Measure, count, indicator, mean, ratio, share
from sim.rules.commission import Decision
from sim.words.codes import EventKind, Reason

EXAMINED = (EventKind.RANKED, EventKind.REJECTED, EventKind.INADMISSIBLE)


def files(prepared: Preparation) -> Population:
    """Files brought before a session, withdrawn ones included, by dwelling."""
    events = prepared.r.events
    positions = prepared.of(*EXAMINED, EventKind.RETRACTED)
    rows, year = events["dwelling"][positions], prepared.year(events["day"][positions])
    places = prepared.at_dwelling(rows, prepared.in_qpv(rows, year))
    places["reservataire"] = prepared.holder(rows, positions)
    columns = {
        "is_examined": events["kind"][positions] != EventKind.RETRACTED,
        "decision": events["value"][positions].astype(np.uint8),
        "reason": events["reason"][positions],
    }
    return attach(prepared.grid, year, places, columns=columns)


def answering(prepared: Preparation) -> Population:
    """Applicants who got an offer in a year, each counted once a year."""
    events = prepared.r.events
    positions = prepared.outside_exchange(EventKind.OFFERED, EventKind.REFUSED, EventKind.EXPIRED)
    who, year = events["application"][positions], prepared.year(events["day"][positions])
    _, first, place = np.unique(who.astype(np.int64) * 10_000 + year, return_index=True, return_inverse=True)
    refusals = np.bincount(place, weights=events["kind"][positions] != EventKind.OFFERED, minlength=len(first))
    year = year[first]
    return attach(prepared.grid, year, {}, prepared.publics(who[first], year), {"has_refused": refusals > 0})


def offers_before(prepared: Preparation) -> np.ndarray:
    """Return, for each lease, how many offers were made for the dwelling since its last letting."""
    events = prepared.r.events
    positions = prepared.of(EventKind.OFFERED, EventKind.HOUSED, EventKind.LET_OUTSIDE)
    order = np.lexsort((positions, events["dwelling"][positions]))
    kinds, homes = events["kind"][positions][order], events["dwelling"][positions][order]
    so_far = np.cumsum(kinds == EventKind.OFFERED)
    lettings = np.flatnonzero(kinds != EventKind.OFFERED)
    starts = np.searchsorted(homes, homes[lettings], side="left")
    base = np.where(starts > 0, so_far[np.maximum(starts, 1) - 1], 0)
    is_same = np.zeros(len(lettings), dtype=bool)
    is_same[1:] = homes[lettings][1:] == homes[lettings][:-1]
    previous = np.where(is_same, so_far[np.roll(lettings, 1)] if len(lettings) else 0, base)
    offers = so_far[lettings] - previous
    is_lease = kinds[lettings] == EventKind.HOUSED
    found = np.zeros(len(prepared.r.leases), dtype=np.int64)
    # leases stand in the order of the log
    found[np.argsort(np.argsort(positions[order][lettings][is_lease]))] = offers[is_lease]
    return found


@indicator(
    "dossiers_caleol", label="Dossiers examinés en CALEOL", unit="count", reference="8.4 n° 18", scopes=LEASE_SCOPES
)
def examined(facts: Facts) -> Measure:
    """Files on which the commission decided."""
    found = facts.made(files)
    return count(found, found["is_examined"])


@indicator(
    "part_desistements",
    label="Désistements avant la commission",
    unit="share",
    reference="8.4 n° 13, comptés à part",
    scopes=LEASE_SCOPES,
)
def withdrawn(facts: Facts) -> Measure:
    """Files withdrawn before the session, among those designated and brought to it."""
    found = facts.made(files)
    return share(found, ~found["is_examined"])


DECISIONS = {
    "part_decisions_attribution": (Decision.ATTRIBUTED, "Attributions sans autre rang (décision a)"),
    "part_decisions_rang": (Decision.RANKED, "Attributions avec rang (décision b)"),
    "part_decisions_condition": (Decision.CONDITIONAL, "Attributions sous condition suspensive (décision c)"),
    "part_decisions_non_attribution": (Decision.NOT_ATTRIBUTED, "Non-attributions (décision d)"),
    "part_decisions_irrecevabilite": (Decision.INADMISSIBLE, "Irrecevabilités (décision e)"),
}
MOTIVES = {
    "part_rejets_adequation": (Reason.ADEQUACY, "Non-attributions : inadaptation au logement"),
    "part_rejets_proprietaire": (Reason.OWNER, "Non-attributions : propriétaire d'un logement adapté"),
    "part_rejets_fragilite": (Reason.FRAGILITY, "Non-attributions : fragilité de la résidence"),
}


def _decision(code: str, decision: Decision, label: str) -> None:
    @indicator(code, label=label, unit="share", reference="8.4 n° 18, R441-3", scopes=LEASE_SCOPES)
    def measure(facts: Facts) -> Measure:
        """One decision among the files examined."""
        found = facts.made(files)
        return share(found, found["decision"] == decision, among=found["is_examined"])


def _motive(code: str, reason: Reason, label: str) -> None:
    @indicator(code, label=label, unit="share", reference="8.4 n° 18, R441-3 d", scopes=LEASE_SCOPES)
    def measure(facts: Facts) -> Measure:
        """One motive among the files not retained (decision d)."""
        found = facts.made(files)
        is_refused = found["is_examined"] & (found["decision"] == Decision.NOT_ATTRIBUTED)
        return share(found, found["reason"] == reason, among=is_refused)


for _code, (_value, _label) in DECISIONS.items():
    _decision(_code, _value, _label)
for _code, (_reason, _label) in MOTIVES.items():
    _motive(_code, _reason, _label)


@indicator(
    "part_moins_du_minimum",
    label="Logements examinés avec moins de dossiers que le minimum (3)",
    unit="share",
    reference="8.4 n° 18, R441-3",
    scopes=LEASE_SCOPES,
)
def too_few(facts: Facts) -> Measure:
    """Dwellings brought before a session with fewer files than R441-3 asks for, lawful exceptions included."""
    return share(facts.sessions, facts.sessions["files"] < facts.sessions["minimum"])


@indicator(
    "part_rang_1",
    label="Baux signés par le rang 1",
    unit="share",
    reference="8.4 n° 18",
    scopes=(*LEASE_SCOPES, "public"),
)
def first_rank(facts: Facts) -> Measure:
    """Leases signed by the first of the list."""
    return share(facts.leases, facts.leases["rank"] == 1)


@indicator(
    "taux_refus_par_demandeur",
    label="Demandeurs ayant refusé au moins une proposition",
    unit="share",
    reference="8.4 n° 13, par demandeur",
    scopes=("mel", "public"),
)
def refusing(facts: Facts) -> Measure:
    """Applicants with a refusal or a silence in the year, among those who got an offer."""
    found = facts.made(answering)
    return share(found, found["has_refused"])


@indicator(
    "propositions_par_bail",
    label="Propositions par logement jusqu'au bail",
    unit="ratio",
    reference="8.4 n° 13, par logement",
    scopes=(*LEASE_SCOPES, "public"),
)
def offers_per_lease(facts: Facts) -> Measure:
    """Offers made for a dwelling until it was let; exchanges are none."""
    return mean(facts.leases, offers_before(facts.source), among=~facts.source.is_exchange)


@indicator("propositions", label="Propositions faites", unit="count", reference="8.4 n° 13", scopes=ALL_SCOPES)
def offers(facts: Facts) -> Measure:
    """Offers made after a commission."""
    return count(facts.answers, facts.answers["is_offer"])


@indicator(
    "demandeurs_avec_proposition",
    label="Demandeurs ayant reçu une proposition",
    unit="share",
    reference="8.4 n° 13, parmi D(31/12) et logés",
    scopes=("mel", "public"),
)
def reached(facts: Facts) -> Measure:
    """Applicants who got an offer in the year, over those housed or still waiting."""
    return ratio(facts.made(answering).total(), facts.leases.total() + facts.stock.total())
