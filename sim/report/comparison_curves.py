"""Overlaid incidence curves of scenarios, and their paired differences at a few ages."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.report import french
from sim.report.comparison import MONTHS, Compared, over_runs, spread
from sim.report.reading import HORIZON_MONTHS, Curve, interval
from sim.report.tables import Cell, Quantity, Table
from sim.results.differences import paired
from sim.words.clock import DAYS_PER_MONTH

PANELS = (
    ("mel", "mel", "Ensemble"),
    ("parcours", "premier accès", "Premier accès"),
    ("parcours", "mutation", "Mutation"),
    ("quartile", "1", "Premier quartile"),
    ("priorite", "reconnus DALO ou PDALHPD", "Reconnus DALO ou PDALHPD"),
    ("priorite", "non reconnus", "Non reconnus"),
)
FEWEST = 11
"""Applications still followed under which a curve is no longer drawn."""


@dataclass(frozen=True)
class Overlay:
    """One class of household: the curve of each scenario, base first, and each replication's own."""

    title: str
    curves: list[Curve]
    shares: list[np.ndarray]  # one per scenario, shape (replications, months)


def overlays(c: Compared) -> list[Overlay]:
    """Return the curves of the main classes, cut where fewer than ``FEWEST`` applications are followed."""
    waits = [side.run.waits({group for _, group, _ in PANELS}) for side in c.sides.all]
    waits = [frame[frame["replication"].isin(c.sides.replications)] for frame in waits]
    found = []
    for name, group, title in PANELS:
        own = [f[(f["class"] == name) & (f["group"] == group)] for f in waits]
        if any(frame.empty for frame in own):
            continue
        tables = [frame.pivot(index="replication", columns="days", values="incidence") for frame in own]
        risks = [frame.pivot(index="replication", columns="days", values="at_risk").to_numpy() for frame in own]
        months = np.round(tables[0].columns.to_numpy() / DAYS_PER_MONTH)
        last = min([HORIZON_MONTHS, *(last_month(risk, months) for risk in risks)])
        kept = months <= last
        if not last:
            continue
        shares = [table.to_numpy(dtype=float)[:, kept] for table in tables]
        curves = [
            curve(side.title, months[kept], share, risk[:, kept].mean(axis=0))
            for side, share, risk in zip(c.sides.all, shares, risks, strict=True)
        ]
        found.append(Overlay(title, curves, shares))
    return found


def last_month(at_risk: np.ndarray, months: np.ndarray) -> int:
    """Return the last month before the mean number followed falls under ``FEWEST`` (0 if never above)."""
    thin = np.flatnonzero(at_risk.mean(axis=0)[1:] < FEWEST)
    return int(months[thin[0]] if len(thin) else months[-1])


def curve(label: str, months: np.ndarray, shares: np.ndarray, at_risk: np.ndarray) -> Curve:
    """Return a mean curve with the interval of the mean over replications."""
    spans = [interval(column) for column in shares.T]
    several = len(shares) > 1
    return Curve(
        label,
        months.tolist(),
        [mean or 0.0 for mean, _, _ in spans],
        [max(0.0, low or 0.0) for _, low, _ in spans] if several else None,
        [min(1.0, high or 0.0) for _, _, high in spans] if several else None,
        at_risk.tolist(),
    )


def incidence_table(c: Compared, items: list[Overlay]) -> Table:
    """Return the share housed at a few ages in each scenario, with the paired differences."""
    rows: list[tuple[Cell, ...]] = []
    for item in items:
        months = item.curves[0].months
        for month in MONTHS:
            if month not in months:
                continue
            at = months.index(month)
            cells: list[Cell] = [f"{item.title}, {month}{french.NBSP}mois", over_runs(item.shares[0][:, at], "share")]
            for own in item.shares[1:]:
                gap = 100 * (own[:, at] - item.shares[0][:, at])
                cells.append(Quantity(float(own[:, at].mean()), "share"))
                cells.append(spread(paired(gap[:, None], 100.0), "gap_points", told=True))
            rows.append(tuple(cells))
    head = ["Classe et temps depuis le dépôt", c.sides.base.title]
    for side in c.sides.alternatives:
        head += [side.title, "Écart" if len(c.sides.alternatives) == 1 else f"Écart, {side.title}"]
    note = f"Une courbe s'arrête où moins de {FEWEST} demandes sont encore suivies. Écarts appariés par réplication."
    return Table("incidence", "Part déjà logée selon le temps depuis le dépôt", tuple(head), tuple(rows), (note,))
