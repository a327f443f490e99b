"""The annexes of a report: definitions, formulae, values used, legal values read."""

from __future__ import annotations

from math import isfinite
from typing import Any

from sim.report import french
from sim.report.contents import label_of
from sim.report.definitions import DEFINITIONS, STATUS_WORDS
from sim.report.formulae import FORMULAE
from sim.report.reading import Reading
from sim.report.sources import parameters_used, records
from sim.report.tables import Cell, Quantity, Table
from sim.results.uncertainty import split_variance


def parameter_cells(value: Any, unit: str) -> tuple[Cell, str]:
    """Return the value (a number when it is one) and the words of its unit."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return Quantity(float(value), french.parameter_kind(unit)), french.unit_name(unit)
    return french.parameter_value(value, unit), french.unit_name(unit)


def sentence(text: str) -> str:
    """Return a label with a capital."""
    return text[:1].upper() + text[1:]


def hypotheses(reading: Reading, territory: Any) -> Table:
    """Return every sourced value used: parameters of the scenario, then values of the territory."""
    rows: list[tuple[Cell, ...]] = [
        (sentence(h.label), *parameter_cells(h.value, h.unit), h.source, h.confidence)
        for h in parameters_used(reading.manifest["scenario"])
    ]
    for row in records(territory.values):
        label = str(row["label"])
        rows.append(
            (
                sentence(label),
                *parameter_cells(row["is_"], str(row["unit"])),
                str(row["source"]),
                str(row["confidence"]),
            )
        )
    notes = (
        "« hypothèse » : aucune source ne l'établit. Confiance : A texte ou chiffre officiel, "
        "B source secondaire ou calcul explicite, C faible.",
    )
    return Table(
        "hypotheses",
        "Valeurs utilisées par la simulation",
        ("Paramètre", "Valeur", "Unité", "Source", "Confiance"),
        tuple(rows),
        notes,
    )


def legal_values(reading: Reading) -> Table:
    """Return the dated legal values that the run read."""
    rows: list[tuple[Cell, ...]] = [
        (
            str(v["label"]),
            french.date(str(v["from"])),
            *parameter_cells(v["is"], str(v["unit"])),
            STATUS_WORDS.get(str(v["status"]), str(v["status"])),
            str(v["reference"]),
        )
        for v in sorted(reading.manifest["law"], key=lambda v: (str(v["name"]), str(v["from"])))
    ]
    head = ("Paramètre", "Depuis", "Valeur", "Unité", "Statut", "Référence")
    return Table("valeurs_legales", "Valeurs de droit lues par la simulation", head, tuple(rows))


NOT_SPLIT = (
    "Non mesuré : avec un seul tirage des paramètres, ou une seule réplication de chacun, le hasard ne se distingue "
    "pas de ce qu'on ne sait pas"
)


def uncertainty(reading: Reading) -> Table:
    """Return, with draws, how much of the spread of each main indicator is chance and how much is ignorance."""
    rows: list[tuple[Cell, ...]] = []
    if reading.cube.has_draws:
        year = reading.years[-1]
        cells = reading.cells
        whole = reading.cube.rows(((cells["scope"] == "mel") & (cells["year"] == year)).to_numpy())
        split = split_variance(whole)
        for row in split.itertuples():
            if str(row.indicator) in DEFINITIONS and isfinite(row.ignorance_share):
                unknown = float(row.ignorance_share)
                label = f"{label_of(str(row.indicator))}, {year}"
                rows.append((label, Quantity(unknown, "share"), Quantity(1 - unknown, "share")))
        if min(split["draws"].max(), split["replications"].max()) < 2:
            rows.append((NOT_SPLIT, french.MISSING, french.MISSING))
    head = ("Indicateur", "Ce qu'on ne sait pas des paramètres", "Hasard d'une année")
    notes = (
        "Part de chacun dans la variance d'une simulation à l'autre. « Ce qu'on ne sait pas » : d'un tirage des "
        "paramètres à l'autre, à hasard égal ; plus de faits publiés le réduirait. Le hasard resterait.",
    )
    return Table(
        "incertitude", "Ce qui vient du hasard, ce qui vient de ce qu'on ne sait pas", head, tuple(rows), notes
    )


def definitions(reading: Reading) -> Table:
    """Return label and formula of each indicator the run gives."""
    rows = [(d.label, d.formula) for code, d in DEFINITIONS.items() if reading.has(code)]
    rows += [(label_of(code), formula) for code, formula in FORMULAE.items() if reading.has(code)]
    return Table("definitions", "Définitions et formules", ("Indicateur", "Formule"), tuple(rows))
