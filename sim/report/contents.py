"""Key figures, years, published figures and objectives: every number comes from the run's own tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sim.indicators.compute import INDICATORS
from sim.report import french
from sim.report.definitions import CARDS, DEFINITIONS, KIND_OF
from sim.report.reading import KIND_OF_UNIT, Estimate, Period, Reading
from sim.report.secrecy import COMPLEMENTS, is_small, protect
from sim.report.sources import (
    MET,
    OBJECTIVES,
    Objective,
    is_steered,
    published,
    target_of,
    verdict,
)
from sim.report.tables import Cell, Quantity, Table

OF_PUBLIC = {
    "part_dalo", "part_dalo_pdalhpd", "part_sortants_hebergement", "part_sans_abri", "part_q1",
    "part_mutations_attributions", "part_prioritaires_cch", "part_mutations_demandes",
    "part_eligibles_prioritaires_stock",
}  # fmt: skip
"""Shares whose numerator is printed as a count in another table."""
SHARED_OUT = {"part_q1", "part_mutations_attributions", "part_mutations_demandes"}
"""Those of which the rest is printed too."""


@dataclass(frozen=True)
class Card:
    """One key figure of the year, with one line under it."""

    label: str
    quantity: Quantity
    note: str


def shown(reading: Reading, code: str, year: int | Period, scope: str = "mel", group: str = "mel") -> Quantity:
    """Return an indicator as a table cell, durations in months (in days for the time between two leases).

    Under secrecy, a count under the threshold, or a share of so few, is hidden; what hides it from
    subtraction is decided by the tables that cross it.
    """
    estimate = reading.estimate(code, year, scope, group)
    found = estimate.quantity(KIND_OF.get(code))
    size = estimate.mean if estimate.unit == "count" else estimate.count
    if KIND_OF.get(code) == "index":
        size = None  # the denominator of an index of Theil is an entropy, not a number of households
    if code in OF_PUBLIC and estimate.mean is not None and estimate.count is not None:
        size = estimate.mean * estimate.count  # the share of a public gives back how many they are
        if code in SHARED_OUT and is_small(estimate.count - size, reading.threshold):
            size = estimate.count - size  # and how many the others are
    if code == "taux_satisfaction" and scope == "public":
        size = reading.estimate("attributions", year, scope, group).mean
    return found.secret() if is_small(size, reading.threshold) else found


def of_public(reading: Reading, code: str, year: int | Period, public: str) -> Quantity:
    """Return an indicator of a public, hidden also when it would give back how many the others are."""
    found = shown(reading, code, year, "public", public)
    sizes = ("attributions", "demandes_en_stock") if code == "taux_satisfaction" else (code,)
    return found.secret() if any(public in veiled_publics(reading, size, year) for size in sizes) else found


def veiled_publics(reading: Reading, code: str, year: int | Period) -> set[str]:
    """Return the publics that are few, and those that share everybody out with one that is."""
    size = "demandes_en_stock" if code in ("demandes_en_stock", "anciennete_stock_moyenne") else "attributions"
    key = (size, str(year))
    if key not in reading.veiled:
        found = {p: reading.estimate(size, year, "public", p).mean for p in reading.members("public")}
        known = {public: mean for public, mean in found.items() if mean is not None}
        reading.veiled[key] = protect(known, [(None, pair) for pair in COMPLEMENTS], reading.threshold)
    return reading.veiled[key]


def by_year(reading: Reading, name: str, caption: str, codes: tuple[str, ...], *notes: str) -> Table:
    """Return a table of indicators (rows) by year (columns); those without any value are named in a note."""
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (label_of(c), *(shown(reading, c, year) for year in reading.years)) for c in codes if reading.has(c)
    )
    empty = [label_of(c) for c in codes if not reading.has(c)]
    if empty:
        notes += (f"Sans valeur dans cette simulation : {' ; '.join(empty)}.",)
    return Table(name, caption, ("Indicateur", *map(str, reading.years)), rows, notes)


def label_of(code: str) -> str:
    """Return the French label of an indicator; one that the model does not know keeps its code."""
    if code in DEFINITIONS:
        return DEFINITIONS[code].label
    return INDICATORS[code].label if code in INDICATORS.names() else code


def others(reading: Reading, listed: set[str]) -> Table:
    """Return the indicators of the run that no other table shows, so that a new one is never lost."""
    codes = reading.codes("mel")
    return by_year(reading, "autres", "Autres indicateurs", tuple(code for code in codes if code not in listed))


def cards(reading: Reading, year: Period) -> list[Card]:
    """Return the key figures of the year, each with its objective or its change since the year before."""
    objectives = {o.indicator: o for o in OBJECTIVES}
    found = []
    for code in CARDS:
        estimate = reading.estimate(code, year)
        is_known = year.before().first in reading.years
        before = reading.estimate(code, year.before()) if is_known else Estimate(None, None, None, None, "")
        target = target_of(objectives[code], reading.manifest, year) if code in objectives else None
        note = ""
        if target is not None:
            note = f"objectif {french.quantity(target, 'share', decimals=0)} : {verdict(estimate, target)}"
        elif estimate.mean is not None and before.mean is not None:
            note = f"{before.quantity().text} en {year.before()}"
        found.append(Card(DEFINITIONS[code].label, shown(reading, code, year), note))
    return found


def observed(reading: Reading, territory: Any) -> Table:
    """Return published figures beside simulated ones, with the field of the publication when it is not the MEL."""
    rows: list[tuple[Cell, ...]] = []
    for row in sorted(published(reading, territory), key=lambda r: (int(r["year"]), str(r["indicator"]))):
        code, year, unit = str(row["indicator"]), int(row["year"]), str(row["unit"])
        kind = KIND_OF.get(code) or KIND_OF_UNIT.get(unit, "number")
        value = french.to_months(float(row["value"])) if kind == "months" and unit == "days" else float(row["value"])
        rows.append(
            (
                label_of(code),
                str(year),
                Quantity(value, kind),
                field_name(row),
                shown(reading, code, year),
                str(row["confidence"]),
                f"{row['source']} ({row['note']})"
                if isinstance(row["note"], str) and row["note"]
                else str(row["source"]),
            )
        )
    head = ("Indicateur", "Année", "Observé", "Champ observé", "Simulé (MEL)", "Confiance", "Source")
    note = (
        "Un champ autre que la MEL (Nord, Hauts-de-France, un bailleur) ne se compare pas terme à terme "
        "à la MEL simulée."
    )
    return Table("observe", "Chiffres publiés et chiffres simulés", head, tuple(rows), (note,))


def field_name(row: dict[str, Any]) -> str:
    """Return the field of a published figure: ``MEL``, or the name of another one (Nord, Hauts-de-France, LMH)."""
    return "MEL" if str(row["scope"]) == "mel" and str(row["group"]).lower() == "mel" else str(row["group"])


def commitment_row(reading: Reading, objective: Objective, year: int | Period) -> tuple[Cell, ...]:
    """Return title, target, simulated share, gap, n and verdict of one objective for the whole."""
    estimate, target = reading.estimate(objective.indicator, year), target_of(objective, reading.manifest, year)
    state = verdict(estimate, target)
    if state == MET and is_slack(reading, objective, year, target):
        state = "atteint sans pilotage : objectif lâche (slack)"
    gap = french.points(estimate.mean - target) if estimate.mean is not None and target is not None else french.MISSING
    return (
        objective.title,
        Quantity(target, "share"),
        estimate.quantity("share"),
        gap,
        Quantity(estimate.count, "count"),
        state,
    )


def is_slack(reading: Reading, objective: Objective, year: int | Period, target: float | None) -> bool:
    """Whether a rule that ignores the objective meets it too: this run, or the run laid beside it."""
    if not is_steered(reading.manifest, objective):
        return True
    base = reading.base
    if base is None or is_steered(base.manifest, objective):
        return False
    return verdict(base.estimate(objective.indicator, year), target) == MET


def commitments(reading: Reading, year: int | Period) -> Table:
    """Return the objectives of the MEL against what the run gives."""
    rows = tuple(commitment_row(reading, objective, year) for objective in OBJECTIVES)
    head = ("Objectif", "Cible", f"Simulé en {year}", "Écart", "n", "État")
    notes = (
        "Une attribution peut compter dans plusieurs objectifs : ils ne s'additionnent pas, "
        "sauf premier accès et mutations, disjoints.",
        "Lâche (slack) : l'objectif est dépassé sans que le scénario oriente les désignations vers lui ; "
        "il ne contraint rien. Un scénario qui le pilote ne peut en porter le résultat à son crédit si le scénario "
        "auquel il est comparé l'atteint aussi.",
    )
    return Table("objectifs", f"Objectifs à l'échelle de la MEL, {year}", head, rows, notes)
