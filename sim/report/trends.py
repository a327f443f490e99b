"""The series by year behind the trends, and the sentences they say."""

from __future__ import annotations

from typing import Any

from sim.report import french
from sim.report.contents import field_name
from sim.report.reading import Curve, Reading, Series
from sim.report.sources import published
from sim.report.tables import Cell, Quantity, Table

NARROWER = {"part_q1_hors_qpv": "part_q1_strict_hors_qpv"}
"""Published figures of a narrower indicator that a trend also shows, named as such."""


def series(reading: Reading, territory: Any, code: str, title: str, target: float | None) -> Series:
    """Return one indicator by year with its target and its published points."""
    twins = {code: ""} | ({NARROWER[code]: ", Q1 seul"} if code in NARROWER else {})
    points = [
        (int(row["year"]), float(row["value"]), field_name(row) + twins[str(row["indicator"])])
        for row in published(reading, territory)
        if str(row["indicator"]) in twins
    ]
    values = [reading.estimate(code, y) for y in reading.years]
    return Series(
        title,
        "share" if target is not None or values[0].unit == "share" else "count",
        reading.years,
        values,
        target,
        points,
    )


def change_title(supply: list[Series]) -> str:
    """Return the message of the trend: how stock and attributions move between first and last year."""
    words = []
    for item, name in zip(supply, ("le stock de demandes", "le nombre d'attributions"), strict=True):
        first, last = item.values[0].mean, item.values[-1].mean
        if not first or last is None:
            words.append(f"{name} n'est pas renseigné")
            continue
        share = last / first - 1
        move = (
            "reste stable"
            if abs(share) < 0.01
            else ("augmente de " if share > 0 else "baisse de ") + french.quantity(abs(share), "share", decimals=0)
        )
        words.append(f"{name} {move}")
    span = (
        f"De {supply[0].years[0]} à {supply[0].years[-1]}, "
        if len(supply[0].years) > 1
        else f"En {supply[0].years[0]}, "
    )
    return span + " et ".join(words)


def goals_title(goals: list[Series]) -> str:
    """Return the message of the commitments: distance to the target in the last year."""
    words = []
    for item in goals:
        last = item.values[-1].mean
        if last is None or item.target is None:
            continue
        words.append(
            f"{item.title[0].lower()}{item.title[1:]} {french.quantity(last, 'share', decimals=0)} "
            f"pour un objectif de {french.quantity(item.target, 'share', decimals=0)}"
        )
    return f"En {goals[0].years[-1]} : " + (" ; ".join(words) or "aucun objectif lu")


def trend_table(name: str, caption: str, items: list[Series]) -> Table:
    """Return the data of a trend figure."""
    kinds = [item.unit for item in items]
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (str(year), *(item.values[i].quantity(kind) for item, kind in zip(items, kinds, strict=True)))
        for i, year in enumerate(items[0].years)
    )
    return Table(name, caption, ("Année", *(item.title for item in items)), rows)


def curve_table(lines: list[Curve]) -> Table:
    """Return the data of the incidence figure, every six months."""
    head = (
        "Mois depuis le dépôt",
        *(f"{line.label}, {what}" for line in lines for what in ("part logée", "encore suivies")),
    )
    rows: list[tuple[Cell, ...]] = []
    for i, month in enumerate(lines[0].months):
        if month % 6 == 0:
            cells = []
            for line in lines:
                low, high = (line.low[i], line.high[i]) if line.low and line.high else (None, None)
                cells += [Quantity(line.mean[i], "share", low, high), Quantity(line.at_risk[i], "count")]
            rows.append((french.number(month), *cells))
    return Table("incidence_donnees", "Incidence cumulée du premier bail et demandes encore suivies", head, tuple(rows))
