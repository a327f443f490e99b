"""The tables of a bilan, from a reading of the run: every number comes from the run's own tables."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sim.report import french
from sim.report.definitions import CARDS, DEFINITIONS, KIND_OF, LISTED, STATUS_WORDS
from sim.report.reading import KIND_OF_UNIT, Estimate, Reading
from sim.report.sources import (
    MET,
    OBJECTIVES,
    PANELS,
    PER_HOLDER,
    Landlords,
    Objective,
    is_steered,
    member_name,
    parameters_used,
    published,
    records,
    target_of,
    verdict,
    weak_territories,
)
from sim.report.tables import Cell, Quantity, Table

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Card:
    """One key figure of the year, with one line under it."""

    label: str
    quantity: Quantity
    note: str


def shown(reading: Reading, code: str, year: int, scope: str = "mel", group: str = "mel") -> Quantity:
    """Return an indicator as a table cell, durations in months (in days for the time between two leases)."""
    estimate = reading.estimate(code, year, scope, group)
    return estimate.quantity(KIND_OF.get(code))


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
    """Return the French label of an indicator; one that the bilan does not know yet keeps its code."""
    return DEFINITIONS[code].label if code in DEFINITIONS else code


def others(reading: Reading) -> Table:
    """Return the indicators of the run that no other table shows, so that a new one is never lost."""
    codes = reading.codes("mel")
    return by_year(reading, "autres", "Autres indicateurs", tuple(code for code in codes if code not in LISTED))


def cards(reading: Reading, year: int) -> list[Card]:
    """Return the key figures of the year, each with its objective or its change since the year before."""
    objectives = {o.indicator: o for o in OBJECTIVES}
    found = []
    for code in CARDS:
        estimate = reading.estimate(code, year)
        before = reading.estimate(code, year - 1)
        target = target_of(objectives[code], reading.manifest, year) if code in objectives else None
        note = ""
        if target is not None:
            note = f"objectif {french.quantity(target, 'share', decimals=0)} : {verdict(estimate, target)}"
        elif estimate.mean is not None and before.mean is not None:
            note = f"{before.quantity().text} en {year - 1}"
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


def commitment_row(reading: Reading, objective: Objective, year: int) -> tuple[Cell, ...]:
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


def is_slack(reading: Reading, objective: Objective, year: int, target: float | None) -> bool:
    """Whether a rule that ignores the objective meets it too: this run, or the run laid beside it."""
    if not is_steered(reading.manifest, objective):
        return True
    base = reading.base
    if base is None or is_steered(base.manifest, objective):
        return False
    return verdict(base.estimate(objective.indicator, year), target) == MET


def commitments(reading: Reading, year: int) -> Table:
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


def judged(estimate: Estimate, target: float | None) -> Quantity:
    """Return a share with its interval, the size of its denominator and the verdict."""
    return replace(estimate.quantity("share"), count=estimate.count, state=verdict(estimate, target))


def by_member(
    reading: Reading,
    year: int,
    scope: str,
    names: dict[str, str],
    *,
    name: str,
    caption: str,
    header: str,
    notes: tuple[str, ...] = (),
) -> Table:
    """Return the three commitments for each member of a scope: share with interval, n, verdict."""
    targets = [target_of(o, reading.manifest, year) for o in PANELS]
    head = (header, "Attributions", *(o.title for o in PANELS))
    rows: list[tuple[Cell, ...]] = []
    for group, label in names.items():
        shares = [
            judged(reading.estimate(o.indicator, year, scope, group), t) for o, t in zip(PANELS, targets, strict=True)
        ]
        rows.append((label, shown(reading, "attributions", year, scope, group), *shares))
    return Table(name, caption, head, tuple(rows), notes)


def territory_labels(reading: Reading, territory: Any) -> dict[str, str]:
    """Return the territories of the run, those of uncertain outline marked with a star."""
    weak = weak_territories(territory)
    return {group: f"{group} *" if group in weak else group for group in reading.members("territoire")}


def territories(reading: Reading, year: int, territory: Any) -> Table:
    """Return the commitments by PLH territory."""
    names = territory_labels(reading, territory)
    notes = (
        "Les taux sont des sommes d'attributions, jamais des moyennes de taux.",
        *(
            ("* Périmètre reconstitué (confiance C), à confirmer.",)
            if any(v.endswith("*") for v in names.values())
            else ()
        ),
    )
    return by_member(
        reading,
        year,
        "territoire",
        names,
        name="territoires",
        caption=f"Objectifs par territoire, {year}",
        header="Territoire",
        notes=notes,
    )


def landlords(reading: Reading, year: int, territory: Any) -> tuple[Table, Table]:
    """Return the commitments of named landlords, by volume, then of hypothetical ones, unnamed and unranked."""
    known, present = Landlords.of(territory), reading.members("bailleur")
    volume = {group: reading.estimate("attributions", year, "bailleur", group).mean or 0.0 for group in present}
    named = {group: group for group in sorted(set(present) & set(known.named), key=lambda g: (-volume[g], g))}
    hidden = {group: label for group, label in known.letters.items() if group in present}
    first = by_member(
        reading,
        year,
        "bailleur",
        named,
        name="bailleurs",
        caption=f"Objectifs par bailleur, {year}",
        header="Bailleur",
        notes=("Classés par nombre d'attributions.",),
    )
    second = by_member(
        reading,
        year,
        "bailleur",
        hidden,
        name="bailleurs_hypothetiques",
        caption=f"Bailleurs hypothétiques (non nommés), {year}",
        header="Bailleur",
        notes=("Le parc de ces bailleurs est une hypothèse : ils ne sont ni nommés ni classés.",),
    )
    return first, second


def holders(reading: Reading, year: int) -> Table:
    """Return the priority share of each holder against the law's 25 %."""
    target = target_of(PER_HOLDER, reading.manifest, year)
    rows = tuple(
        (
            member_name("reservataire", group),
            Quantity(target, "share"),
            judged(reading.estimate(PER_HOLDER.indicator, year, "reservataire", group), target),
        )
        for group in reading.members("reservataire")
    )
    head = ("Réservataire", "Cible", "Part de prioritaires")
    return Table("reservataires", f"Ménages prioritaires par réservataire, {year}", head, rows)


def mean_count(table: pd.DataFrame, column: str, replications: int) -> Quantity:
    """Return the mean over replications of a sum of counts."""
    return Quantity(float(table[column].sum()) / replications, "count")


PUBLICS = {
    "count": "Attributions",
    "q1": "1er quartile",
    "dalo_pdalhpd": "DALO ou PDALHPD",
    "mutations": "Mutations",
}


def attributions(reading: Reading, year: int) -> tuple[Table, Table]:
    """Return the R441-5-1 cross-table of the year, mean over replications: compact, then with every column."""
    counts = reading.attributions
    counts = counts[counts["year"] == year]
    runs = int(reading.manifest["replications"])
    columns = [column for column in PUBLICS if column in counts.columns]
    total: tuple[Cell, ...] = ("Ensemble", "", *(mean_count(counts, column, runs) for column in columns))
    rows: list[tuple[Cell, ...]] = []
    for keys, part in counts.groupby(["reservataire", "qpv"], observed=True):
        rows.append(
            (
                member_name("reservataire", keys[0]),
                member_name("qpv", keys[1]),
                *(mean_count(part, column, runs) for column in columns),
            )
        )
    compact = Table(
        "attributions",
        f"Attributions par réservataire et localisation, {year}",
        ("Réservataire", "Localisation", *(PUBLICS[c] for c in columns)),
        (*rows, total),
        ("Moyenne des réplications.",),
    )
    places = [(f, q) for f in sorted(counts["financement"].unique()) for q in sorted(counts["qpv"].unique())]
    cells = counts.groupby(["reservataire", "typologie", "financement", "qpv"], observed=True)["count"].sum() / runs
    grid: list[tuple[Cell, ...]] = []
    for (holder, rooms), part in counts.groupby(["reservataire", "typologie"], observed=True):
        values = [Quantity(float(cells.get((holder, rooms, *place), 0.0)), "count") for place in places]
        grid.append(
            (
                member_name("reservataire", holder),
                member_name("typologie", rooms),
                *values,
                mean_count(part, "count", runs),
            )
        )
    head = (
        "Réservataire",
        "Typologie",
        *(f"{member_name('financement', f)}, {member_name('qpv', q)}" for f, q in places),
        "Ensemble",
    )
    full = Table(
        "attributions_r441_5_1",
        f"Attributions par réservataire, typologie, financement et QPV, {year}",
        head,
        tuple(grid),
        ("Moyenne des réplications ; les cellules arrondies peuvent ne pas faire exactement le total.",),
    )
    return compact, full


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


def panels(reading: Reading, year: int) -> list[tuple[Objective, float | None, list[Estimate]]]:
    """Return the three commitments by territory, for the gauges."""
    groups = reading.members("territoire")
    return [
        (
            o,
            target_of(o, reading.manifest, year),
            [reading.estimate(o.indicator, year, "territoire", g) for g in groups],
        )
        for o in PANELS
    ]


def definitions(reading: Reading) -> Table:
    """Return label and formula of each indicator the run gives."""
    rows = tuple((d.label, d.formula) for code, d in DEFINITIONS.items() if reading.has(code))
    return Table("definitions", "Définitions et formules", ("Indicateur", "Formule"), rows)
