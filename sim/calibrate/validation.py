"""Confront simulated results with published facts: the 95 % range of runs, misses with their size."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import pandas as pd
from scipy.stats import norm, t

from sim.calibrate.targets import Target, twin_of
from sim.report import french
from sim.report.french import NBSP

CONFIDENCE = 0.95
Z = float(norm.ppf((1 + CONFIDENCE) / 2))
NUMBERS = {"share": (100.0, f"{NBSP}%", 1), "ratio": (1.0, "", 2), "days": (1.0, f"{NBSP}jours", 0)}


@dataclass(frozen=True)
class Line:
    """A target beside its simulated twin.

    Attributes
    ----------
    mean, low, high : float
        Mean over replications and 95 % range of one more run; NaN when the run does not reach the year.
    naive : float
        The latest earlier fact about the same thing ("same as last year"), NaN when there is none.
    """

    target: Target
    mean: float
    low: float
    high: float
    runs: int
    naive: float = math.nan

    @property
    def is_judged(self) -> bool:
        """Whether the run says something about it."""
        return not math.isnan(self.mean)

    @property
    def margin(self) -> float:
        """What the fact itself leaves open, beyond its range if it has one."""
        return 0.0 if self.target.has_range else Z * self.target.error

    @property
    def miss(self) -> float:
        """How far the fact, with its own uncertainty, is outside the range of runs; 0 inside, signed."""
        low = self.target.low if self.target.has_range else self.target.value - self.margin
        high = self.target.high if self.target.has_range else self.target.value + self.margin
        if self.low > high:
            return self.low - high
        return self.high - low if self.high < low else 0.0

    @property
    def is_strictly_inside(self) -> bool:
        """Whether the published value alone lies in the range of runs."""
        return self.low <= self.target.value <= self.high

    @property
    def is_reproduced(self) -> bool:
        """Whether the fact and the range of runs agree."""
        return self.is_judged and self.miss == 0.0


def confront(
    indicators: pd.DataFrame, targets: Sequence[Target], scale: float, earlier: Sequence[Target] = ()
) -> list[Line]:
    """Return one line per target that has a twin; what a later fact overtook only serves as naive forecast.

    Parameters
    ----------
    indicators : pandas.DataFrame
        Of all replications, with a column ``replication``.
    scale : float
        Size of the world relative to the territory.
    earlier : sequence of Target
        Where naive forecasts are looked for besides.
    """
    runs = [rows for _, rows in indicators.groupby("replication", sort=True)]
    lines = []
    for target in targets:
        if not target.twin or target.use == "anterieur":
            continue
        values = np.array([twin_of(rows, target, scale) for rows in runs])
        values = values[~np.isnan(values)]
        mean, low, high = spread(values)
        lines.append(Line(target, mean, low, high, len(values), naive_of(target, [*targets, *earlier])))
    return lines


def spread(values: np.ndarray) -> tuple[float, float, float]:
    """Return the mean and the 95 % prediction interval of one more run."""
    if not len(values):
        return math.nan, math.nan, math.nan
    mean = float(values.mean())
    if len(values) == 1:
        return mean, mean, mean
    half = float(t.ppf((1 + CONFIDENCE) / 2, len(values) - 1) * values.std(ddof=1) * math.sqrt(1 + 1 / len(values)))
    return mean, mean - half, mean + half


def naive_of(target: Target, targets: Sequence[Target]) -> float:
    """Return the latest earlier fact about the same twin, NaN when there is none."""
    same = [
        other
        for other in targets
        if (other.indicator, other.twin, other.unit) == (target.indicator, target.twin, target.unit)
        and other.fact_year < target.fact_year
    ]
    return max(same, key=lambda other: other.fact_year).value if same and target.indicator else math.nan


def number(value: float, unit: str) -> str:
    """Write a number in French."""
    if math.isnan(value):
        return "–"
    factor, mark, decimals = NUMBERS.get(unit, (1.0, "", 0))
    return french.number(value * factor, decimals) + mark


def gap(value: float, unit: str) -> str:
    """Write a difference, signed; shares in points."""
    _, mark, decimals = NUMBERS.get(unit, (1.0, "", 0))
    return french.points(value) if unit == "share" else french.signed(value, decimals) + mark


COLUMNS = ("", "Fait", "Année", "Publié", "Simulé", "Étendue à 95 %", "Écart", "Naïf", "Usage", "Remarque")


def cells(line: Line) -> list[str]:
    """Return the cells of a line, in French."""
    target = line.target
    published = number(target.value, target.unit)
    if target.has_range:
        published = f"{number(target.low, target.unit)} à {number(target.high, target.unit)}"
    verdict = "non simulé" if not line.is_judged else "reproduit" if line.is_reproduced else "manqué"
    return [
        verdict,
        f"{target.label} ({target.id}, {target.confidence})",
        target.year,
        published,
        number(line.mean, target.unit),
        f"{number(line.low, target.unit)} à {number(line.high, target.unit)}" if line.is_judged else "",
        gap(line.miss, target.unit) if line.is_judged and line.miss else "",
        number(line.naive, target.unit),
        {"ajustement": "ajustement", "controle": "contrôle"}.get(target.use, target.use),
        target.note,
    ]


def headline(lines: Sequence[Line]) -> str:
    """Return how many facts are reproduced."""
    judged = [line for line in lines if line.is_judged]
    kept = [line for line in judged if line.target.use == "controle"]
    strict = sum(line.is_strictly_inside for line in judged)
    met = sum(line.is_reproduced for line in judged)
    return (
        f"{met} faits sur {len(judged)} sont reproduits à leur incertitude près, dont "
        f"{sum(line.is_reproduced for line in kept)} sur {len(kept)} gardés pour le contrôle ; la valeur publiée "
        f"elle-même est dans l'étendue des répétitions pour {strict} faits."
    )


def markdown(lines: Sequence[Line], title: str) -> str:
    """Return the report in Markdown, misses in bold."""
    rows = ["# " + title, "", headline(lines), "", "| " + " | ".join(COLUMNS) + " |", "|" + "---|" * len(COLUMNS)]
    for line in lines:
        texts = cells(line)
        if texts[0] == "manqué":
            texts = [f"**{text}**" if text and place in (0, 1, 6) else text for place, text in enumerate(texts)]
        rows.append("| " + " | ".join(text.replace("|", "/") for text in texts) + " |")
    return "\n".join([*rows, "", *sources(lines)]) + "\n"


def sources(lines: Sequence[Line]) -> list[str]:
    """Return one line per fact with its scope and source."""
    return [f"- {line.target.id} : {line.target.scope} ; {line.target.source}" for line in lines]


def html(lines: Sequence[Line], title: str) -> str:
    """Return the report as a page of its own."""
    head = "".join(f"<th>{escape(name)}</th>" for name in COLUMNS)
    body = []
    for line in lines:
        texts = cells(line)
        mark = ' class="manque"' if texts[0] == "manqué" else ""
        body.append(f"<tr{mark}>" + "".join(f"<td>{escape(text)}</td>" for text in texts) + "</tr>")
    listed = "".join(f"<li>{escape(text[2:])}</li>" for text in sources(lines))
    return (
        f'<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>{escape(title)}</title><style>'
        "body{font:15px/1.5 system-ui,sans-serif;max-width:76rem;margin:2rem auto;padding:0 1rem}"
        "table{border-collapse:collapse;width:100%}th,td{border-bottom:1px solid #ccc;padding:.3rem .5rem;"
        "text-align:left;vertical-align:top}tr.manque td:nth-child(-n+7){font-weight:bold}</style></head><body>"
        f"<h1>{escape(title)}</h1><p>{escape(headline(lines))}</p><table><thead><tr>{head}</tr></thead>"
        f"<tbody>{''.join(body)}</tbody></table><h2>Sources</h2><ul>{listed}</ul></body></html>\n"
    )
