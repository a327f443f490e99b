"""The cross-table of CCH R441-5-1, in the cuts that can be read: every cell comes from ``attributions.parquet``."""

from __future__ import annotations

from sim.report.masks import Masks
from sim.report.reading import Period
from sim.report.tables import Cell, Quantity, Table
from sim.words.codes import Financing, Reservataire
from sim.words.codes import Period as Built

PLACES = ("hors QPV", "en QPV")
MEANS = "Moyenne des réplications ; les cellules arrondies peuvent ne pas faire exactement le total."


def cell(masks: Masks, **members: str) -> Quantity:
    """Return the attributions of a cell, hidden if secrecy asks for it."""
    found = Quantity(masks.value(**members), "count")
    return found.secret() if masks.is_hidden(**members) else found


def ordered(masks: Masks, name: str, order: list[str]) -> list[str]:
    """Return the members of a heading in the order of the codes, the others after."""
    present = masks.members(name)
    return [m for m in order if m in present] + [m for m in present if m not in order]


def whole(masks: Masks) -> Quantity:
    """Return all attributions."""
    return Quantity(masks.total, "count")


def crossed(masks: Masks, period: Period) -> list[Table]:
    """Return the cuts of the cross-table, from the shortest to the longest."""
    holders = ordered(masks, "reservataire", [r.label for r in Reservataire])
    financing = ordered(masks, "financement", [f.label for f in Financing])
    built = ordered(masks, "periode", [p.label for p in Built])
    rooms = masks.members("typologie")
    return [
        _by_place(masks, period, holders),
        _by_age(masks, period, built, financing),
        _full(masks, period, holders, rooms, financing),
        _communes(masks, period, holders),
    ]


def _by_place(masks: Masks, period: Period, holders: list[str]) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (h, *(cell(masks, reservataire=h, qpv=q) for q in PLACES), cell(masks, reservataire=h)) for h in holders
    ]
    rows.append(("Ensemble", *(cell(masks, qpv=q) for q in PLACES), whole(masks)))
    caption = f"Attributions par réservataire et localisation, {period}"
    return Table("attributions", caption, ("Réservataire", "Hors QPV", "En QPV", "Ensemble"), tuple(rows), (MEANS,))


def _by_age(masks: Masks, period: Period, built: list[str], financing: list[str]) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (b, *(cell(masks, periode=b, financement=f) for f in financing), cell(masks, periode=b)) for b in built
    ]
    rows.append(("Ensemble", *(cell(masks, financement=f) for f in financing), whole(masks)))
    caption = f"Attributions par période de construction et financement, {period}"
    head = ("Période de construction", *financing, "Ensemble")
    return Table("attributions_periode", caption, head, tuple(rows), (MEANS,))


def _full(masks: Masks, period: Period, holders: list[str], rooms: list[str], financing: list[str]) -> Table:
    places = [(f, q) for f in financing for q in PLACES]
    rows: list[tuple[Cell, ...]] = []
    for h in holders:
        for r in rooms:
            values = [cell(masks, reservataire=h, typologie=r, financement=f, qpv=q) for f, q in places]
            rows.append((h, r, *values, cell(masks, reservataire=h, typologie=r)))
    head = ("Réservataire", "Typologie", *(f"{f}, {q}" for f, q in places), "Ensemble")
    caption = f"Attributions par réservataire, typologie, financement et QPV, {period}"
    return Table("attributions_r441_5_1", caption, head, tuple(rows), (MEANS,))


def _communes(masks: Masks, period: Period, holders: list[str]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for c in masks.members("commune"):
        places = [cell(masks, commune=c, qpv=q) for q in PLACES]
        rows.append((c, *(cell(masks, commune=c, reservataire=h) for h in holders), *places, cell(masks, commune=c)))
    head = ("Commune", *holders, "Hors QPV", "En QPV", "Ensemble")
    caption = f"Attributions par commune, réservataire et localisation, {period}"
    return Table("attributions_communes", caption, head, tuple(rows), (MEANS,))
