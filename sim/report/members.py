"""Tables with one line per territory, commune, quarter, landlord or holder."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from sim.report.contents import label_of, shown
from sim.report.definitions import CONTROL
from sim.report.masks import Masks
from sim.report.reading import Estimate, Panel, Period, Reading
from sim.report.sources import (
    MIN_JUDGED,
    PANELS,
    PER_HOLDER,
    Landlords,
    Objective,
    member_name,
    target_of,
    verdict,
    weak_territories,
)
from sim.report.tables import Cell, Quantity, Table
from sim.words.codes import Reservataire

PLACE_OF = {"attributions hors QPV": "hors QPV", "attributions en QPV": "en QPV"}
NO_AVERAGE = "Les taux sont des sommes d'attributions, jamais des moyennes de taux."
NOT_JUDGED = f"Sous {MIN_JUDGED} attributions, une part est montrée sans être jugée."

OF_LEASES = {"taux_pression", "taux_satisfaction", "part_attributions_qpv", "part_attributions_reservataire"}
"""Quotients from which a reader works the attributions out."""


@dataclass
class Subject:
    """What a report is about: a run, its territory, the years; and what secrecy hides in it."""

    reading: Reading
    territory: Any
    period: Period
    masks: Masks = field(init=False)

    def __post_init__(self) -> None:
        """Decide once what is hidden."""
        self.masks = Masks(self.reading, self.territory, self.period)

    def is_hidden(self, scope: str, group: str, place: str = "") -> bool:
        """Whether the attributions of a member (in a place: ``hors QPV``, ``en QPV``) are hidden."""
        members = {scope: member_name(scope, group)} | ({"qpv": place} if place else {})
        return self.masks.is_hidden(**members)

    def judged(self, objective: Objective, scope: str, group: str) -> Quantity:
        """Return a share with its interval, the size of its denominator and the verdict."""
        estimate = self.reading.estimate(objective.indicator, self.period, scope, group)
        return self.shielded(judged(estimate, self.target(objective)), scope, group, PLACE_OF.get(objective.among, ""))

    def shielded(self, cell: Quantity, scope: str, group: str, place: str = "") -> Quantity:
        """Return a cell, emptied when secrecy hides how many it speaks of."""
        is_small = self.masks.is_small(cell.count)
        return cell.secret() if is_small or self.is_hidden(scope, group, place) else cell

    def target(self, objective: Objective) -> float | None:
        """Return the target in force."""
        return target_of(objective, self.reading.manifest, self.period)

    def attributions(self, scope: str, group: str) -> Quantity:
        """Return the attributions of a member."""
        cell = shown(self.reading, "attributions", self.period, scope, group)
        return cell.secret() if self.is_hidden(scope, group) else cell

    def landlords(self) -> tuple[dict[str, str], dict[str, str]]:
        """Return named landlords, by volume, then hypothetical ones under a letter, in the territory's order."""
        known, present = Landlords.of(self.territory), self.reading.members("bailleur")
        volume = {g: self.reading.estimate("attributions", self.period, "bailleur", g).mean or 0.0 for g in present}
        named = {g: g for g in sorted(set(present) & set(known.named), key=lambda g: (-volume[g], g))}
        return named, {group: label for group, label in known.letters.items() if group in present}

    def territories(self) -> dict[str, str]:
        """Return the territories of the run, those of uncertain outline marked with a star."""
        weak = weak_territories(self.territory)
        return {g: f"{g} *" if g in weak else g for g in self.reading.members("territoire")}

    def holders(self) -> dict[str, str]:
        """Return the holders of the run, in the order of the codes."""
        order = [r.label for r in Reservataire]
        names = {group: member_name("reservataire", group) for group in self.reading.members("reservataire")}
        return dict(sorted(names.items(), key=lambda item: order.index(item[1]) if item[1] in order else 99))

    def columns(self, scope: str, names: dict[str, str], codes: tuple[str, ...]) -> list[tuple[Cell, ...]]:
        """Return one line per member, with some indicators; counts are hidden so that none is given back."""
        by_code = {code: self._column(code, scope, names) for code in codes}
        stock = by_code.get("demandes_en_stock", {})
        for group, cell in by_code.get("taux_pression", {}).items():
            if stock and stock[group].is_secret:  # pressure times attributions would give the stock back
                by_code["taux_pression"][group] = cell.secret()
        return [(label, *(by_code[code][group] for code in codes)) for group, label in names.items()]

    def _column(self, code: str, scope: str, names: dict[str, str]) -> dict[str, Quantity]:
        cells = {group: shown(self.reading, code, self.period, scope, group) for group in names}
        estimates = {group: self.reading.estimate(code, self.period, scope, group) for group in names}
        if code == "attributions":
            return {group: self.attributions(scope, group) for group in names}
        if code in OF_LEASES:
            return {g: cell.secret() if self.is_hidden(scope, g) else cell for g, cell in cells.items()}
        sizes = {g: e.mean for g, e in estimates.items() if e.unit == "count" and e.mean is not None}
        parts = [list(sizes)] if scope != "commune" else self._by_territory(sizes)
        hidden = self.masks.among(sizes, parts) if scope != "public" else set()
        return {g: cell.secret() if g in hidden else cell for g, cell in cells.items()}

    def _by_territory(self, groups: dict[str, float]) -> list[list[str]]:
        of = self.masks.territory_of
        return [[g for g in groups if of.get(g) == t] for t in sorted(set(of.values()))]


def judged(estimate: Estimate, target: float | None) -> Quantity:
    """Return a share with its interval, the size of its denominator, the gap to the target and the verdict."""
    gap = None if estimate.mean is None or target is None else estimate.mean - target
    return replace(estimate.quantity("share"), count=estimate.count, gap=gap, state=verdict(estimate, target))


def by_member(
    subject: Subject,
    scope: str,
    names: dict[str, str],
    *,
    name: str,
    caption: str,
    header: str,
    notes: tuple[str, ...] = (),
) -> Table:
    """Return the three commitments for each member of a scope: share with interval, gap, n, verdict."""
    head = (header, "Attributions", *(o.title for o in PANELS))
    rows: list[tuple[Cell, ...]] = [
        (label, subject.attributions(scope, group), *(subject.judged(o, scope, group) for o in PANELS))
        for group, label in names.items()
    ]
    return Table(name, caption, head, tuple(rows), notes)


def territories(subject: Subject) -> Table:
    """Return the commitments by PLH territory."""
    names = subject.territories()
    weak = ("* Périmètre reconstitué (confiance C), à confirmer.",) if any("*" in v for v in names.values()) else ()
    caption = f"Objectifs par territoire, {subject.period}"
    return by_member(
        subject,
        "territoire",
        names,
        name="territoires",
        caption=caption,
        header="Territoire",
        notes=(NO_AVERAGE, *weak),
    )


def communes(subject: Subject) -> Table:
    """Return the commitments by commune; communes without attribution are left out."""
    names = {g: g for g in subject.reading.members("commune") if subject.masks.value(commune=g) > 0}
    caption = f"Objectifs par commune, {subject.period}"
    return by_member(
        subject, "commune", names, name="communes", caption=caption, header="Commune", notes=(NO_AVERAGE, NOT_JUDGED)
    )


def quarters(subject: Subject) -> Table:
    """Return the attributions and priority share of the part in QPV and of the rest of each commune that has both."""
    rows: list[tuple[Cell, ...]] = []
    priority = PANELS[2]
    for group in subject.reading.members("quartier"):
        commune, _, place = group.rpartition(" – ")
        where = "en QPV" if place == "QPV" else place
        if not subject.masks.value(commune=commune, qpv="en QPV"):
            continue
        count = shown(subject.reading, "attributions", subject.period, "quartier", group)
        if subject.is_hidden("commune", commune, where):
            count = count.secret()
        objective = PANELS[1] if where == "en QPV" else PANELS[0]
        cells = [
            subject.shielded(
                judged(subject.reading.estimate(o.indicator, subject.period, "quartier", group), subject.target(o)),
                "commune", commune, where,
            )
            for o in (objective, priority)
        ]  # fmt: skip
        rows.append((commune, where, count, objective.title, *cells))
    head = ("Commune", "Quartier", "Attributions", "Objectif d'équilibre", "Part", priority.title)
    notes = (NOT_JUDGED, "Le modèle connaît, dans chaque commune, la part en QPV et le reste, pas chaque quartier.")
    return Table("quartiers", f"Objectifs dans les communes qui ont un QPV, {subject.period}", head, tuple(rows), notes)


def landlords(subject: Subject) -> tuple[Table, Table]:
    """Return the commitments of named landlords, by volume, then of hypothetical ones, unnamed and unranked."""
    named, hidden = subject.landlords()
    first = by_member(
        subject, "bailleur", named, name="bailleurs", caption=f"Objectifs par bailleur, {subject.period}",
        header="Bailleur", notes=("Classés par nombre d'attributions.",),
    )  # fmt: skip
    second = by_member(
        subject, "bailleur", hidden, name="bailleurs_hypothetiques",
        caption=f"Bailleurs hypothétiques (non nommés), {subject.period}", header="Bailleur",
        notes=("Le parc de ces bailleurs est une hypothèse : ils ne sont ni nommés ni classés.",),
    )  # fmt: skip
    return first, second


def control(subject: Subject) -> Table:
    """Return the rolling flows on which the prefect judges the first quartile outside QPV, by landlord.

    No size is told: half-years add up to the year. A landlord with one small half-year shows neither.
    """
    reading, period, objective = subject.reading, subject.period, PANELS[0]
    named, hidden = subject.landlords()
    rows: list[tuple[Cell, ...]] = []
    for scope, group, label in (("mel", "mel", "MEL"), *(("bailleur", g, n) for g, n in {**named, **hidden}.items())):
        found = [reading.estimate(code, period.last, scope, group) for code in CONTROL]
        is_small = any(subject.masks.is_small(e.count) for e in found)
        told = [replace(judged(e, subject.target(objective)), count=None) for e in found]
        rows.append((label, *(q.secret() if is_small else q for q in told)))
    months = {str(v["name"]): v["is"] for v in sorted(reading.manifest["law"], key=lambda v: str(v["from"]))}
    stops = [str(stop) for stop in months.get("lec.dates_arret", ())]
    flows = [months.get(f"lec.fenetre_{name}_months", "") for name in ("controle", "sortie")]
    head = [f"{length} mois au {stop[3:]}/{stop[:2]}/{period.last}" for stop in stops for length in flows]
    notes = (
        "Flux glissants de l'article L441-1, al. 33 et 34 : arrêtés et transmis au préfet deux fois l'an ; l'objectif "
        "est contrôlé sur le flux court, le flux long met fin aux attributions par le préfet. Vide quand la simulation "
        "n'a vu qu'une partie de ces mois.",
    )
    caption = f"Contrôle glissant du 1er quartile hors QPV, par bailleur, {period.last}"
    kept = rows if len(head) == len(CONTROL) and any(reading.has(code) for code in CONTROL) else []
    return Table("controle_lec", caption, ("Bailleur", *(head or CONTROL)), tuple(kept), notes)


def holders(subject: Subject) -> Table:
    """Return the priority share of each holder against the law's 25 %, DALO apart."""
    rows: list[tuple[Cell, ...]] = []
    for group, label in subject.holders().items():
        dalo = shown(subject.reading, "part_dalo", subject.period, "reservataire", group)
        rows.append(
            (
                label,
                Quantity(subject.target(PER_HOLDER), "share"),
                subject.judged(PER_HOLDER, "reservataire", group),
                dalo.secret() if subject.is_hidden("reservataire", group) else dalo,
            )
        )
    head = ("Réservataire", "Cible", "Part de prioritaires", "dont DALO")
    return Table("reservataires", f"Ménages prioritaires par réservataire, {subject.period}", head, tuple(rows))


def panels(subject: Subject, scope: str, names: dict[str, str], objectives: tuple[Objective, ...]) -> list[Panel]:
    """Return some objectives by member, for the gauges; what secrecy hides has no value."""
    found = []
    for o in objectives:
        rows = [subject.reading.estimate(o.indicator, subject.period, scope, group) for group in names]
        cells = [subject.judged(o, scope, group) for group in names]
        blank = Estimate(None, None, None, None, "share")
        kept = [blank if c.is_secret else e for c, e in zip(cells, rows, strict=True)]
        found.append(Panel(o.title, subject.target(o), kept))
    return found


def table_of(
    subject: Subject, scope: str, names: dict[str, str], codes: tuple[str, ...], *, name: str, caption: str,
    header: str, notes: tuple[str, ...] = (),
) -> Table:  # fmt: skip
    """Return some indicators of each member of a scope; those without any value are left out."""
    there = set(subject.reading.codes(scope))
    told = tuple(c for c in codes if c in there and subject.reading.has(c))
    rows = tuple(subject.columns(scope, names, told)) if told else ()
    return Table(name, caption, (header, *(label_of(c) for c in told)), rows, notes)
