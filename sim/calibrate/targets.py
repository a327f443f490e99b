"""Targets: one row is one published fact; its simulated twin is a named function of results.

``scenarios/territories/<name>/targets.csv`` ships those of a territory; a file of the same columns may be given.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from sim.indicators.compute import INDICATORS
from sim.indicators.grid import SCOPES
from sim.inputs.faults import Faults
from sim.inputs.reading import Column, Reader
from sim.inputs.territory_files import CONFIDENCES
from sim.words.codes import UNITS
from sim.words.registry import Registry, nearest

TWINNED = ("ajustement", "controle", "anterieur")
USES = (*TWINNED, "entree", "hors_modele")
"""Fitted to; kept to judge; overtaken by a later fact about the same thing (fitted to by back-tests that stop before
that one); simply an input of the model; nothing of the model says it."""
RELATIVE_ERROR = {"A": 0.02, "A-": 0.02, "B": 0.05, "B-": 0.05, "C": 0.15}
"""Relative standard error by confidence, where a target states none."""
COUNTS = ("count", "count/year", "persons")
WORD = Column(str)
FREE = Column(str, optional=True)
NUMBER = Column(float, -math.inf, optional=True)
COLUMNS = {
    "id": WORD, "label": WORD, "value": Column(float, -math.inf), "unit": Column(str, among=UNITS), "low": NUMBER,
    "high": NUMBER, "standard_error": NUMBER, "year": WORD, "scope": WORD, "source": WORD,
    "confidence": Column(str, among=CONFIDENCES), "use": Column(str, among=USES), "twin": FREE, "indicator": FREE,
    "twin_scope": FREE, "twin_group": FREE, "twin_year": Column(int, 1990, 2100, optional=True), "note": FREE,
}  # fmt: skip


@dataclass(frozen=True)
class Target:
    """A published fact.

    Attributes
    ----------
    year : str
        Period of the fact, as published (``~2021-22``).
    scope : str
        Where it was measured, as published.
    low, high : float
        Published range; NaN when there is none.
    twin, indicator, twin_scope, twin_group, twin_year
        What is read from results: the function, and its arguments.
    note : str
        Its ambiguity, or why the model does not say it.
    """

    id: str
    label: str
    value: float
    unit: str
    low: float
    high: float
    standard_error: float
    year: str
    scope: str
    source: str
    confidence: str
    use: str
    twin: str
    indicator: str
    twin_scope: str
    twin_group: str
    twin_year: int
    note: str

    @property
    def has_range(self) -> bool:
        """Whether a range was published rather than a value."""
        return not (math.isnan(self.low) or math.isnan(self.high))

    @property
    def error(self) -> float:
        """Standard error: stated, a quarter of the range, or by confidence."""
        if not math.isnan(self.standard_error):
            return self.standard_error
        if self.has_range:
            return (self.high - self.low) / 4
        return RELATIVE_ERROR[self.confidence] * abs(self.value)

    @property
    def fact_year(self) -> int:
        """Last year that the period names, for back-tests."""
        digits = "".join(c if c.isdigit() else " " for c in self.year).split()
        years = [int(d) if len(d) == 4 else 2000 + int(d) for d in digits if len(d) in (2, 4)]
        return max((y for y in years if 1990 <= y <= 2100), default=0)

    def distance(self, value: float) -> float:
        """Return how far a value is from the fact: 0 inside the range, signed otherwise."""
        if self.has_range:
            return min(value - self.low, 0.0) + max(value - self.high, 0.0)
        return value - self.value


Twin = Callable[[pd.DataFrame, Target], float]
TWINS: Registry[Twin] = Registry("twin")


@TWINS.register("indicateur", label="l'indicateur de ce nom, pour la portée, le groupe et l'année")
def indicator(results: pd.DataFrame, target: Target) -> float:
    """Read one value of one replication (NaN when the run does not reach the year)."""
    return read(results, target.indicator, target.twin_year, target)


@TWINS.register("radiations_sur_actives", label="radiées sans attribution sur demandes actives dans l'année")
def dropped(results: pd.DataFrame, target: Target) -> float:
    """Demands dropped over the stock of 1 January and those of the year."""
    gone = read(results, "radiations_sans_attribution", target.twin_year, target)
    return gone / active(results, target)


@TWINS.register("nouvelles_sur_stock", label="demandes nouvelles sur stock au 1er janvier")
def renewed(results: pd.DataFrame, target: Target) -> float:
    """New demands of the year over the stock of 1 January."""
    new = read(results, "demandes_nouvelles", target.twin_year, target)
    return new / (active(results, target) - new)


def active(results: pd.DataFrame, target: Target) -> float:
    """Return the demands active in the year: those that left it in some way, and those still there at its end."""
    return sum(
        read(results, name, target.twin_year, target)
        for name in ("attributions", "radiations_sans_attribution", "demandes_en_stock")
    )


def read(results: pd.DataFrame, name: str, year: int, target: Target) -> float:
    """Return the value of an indicator in one replication, NaN when there is none."""
    rows = results[
        (results["indicator"] == name)
        & (results["year"] == year)
        & (results["scope"] == target.twin_scope)
        & (results["group"] == target.twin_group)
    ]
    return float(rows["value"].iloc[0]) if len(rows) else math.nan


def twin_of(results: pd.DataFrame, target: Target, scale: float) -> float:
    """Return the simulated twin of a target in one replication; counts are brought to the full size.

    Parameters
    ----------
    results : pandas.DataFrame
        Indicators of one replication.
    scale : float
        Size of the world relative to the territory.
    """
    value = TWINS[target.twin].function(results, target)
    return value / scale if target.unit in COUNTS else value


def read_targets(path: Path) -> list[Target]:
    """Read a table of targets.

    Raises
    ------
    Faults
        Everything that is wrong, with its line.
    """
    reader = Reader(path.parent)
    frame = reader.table(path.name, COLUMNS)
    for line, row in frame.iterrows():
        uses_results = row["use"] in TWINNED
        if uses_results != bool(row["twin"]):
            reader.say(path.name, line, f"use {row['use']!r} goes {'with' if uses_results else 'without'} a twin")
        if row["twin"]:
            check_twin(reader, path.name, line, row)
    for line in frame.index[frame.duplicated("id") & frame["id"].astype(bool)]:
        reader.say(path.name, line, f"id {frame.loc[line, 'id']!r} is given twice")
    if reader.faults:
        raise Faults(sorted(reader.faults, key=lambda fault: fault.line))
    return [Target(**{**row, "twin_year": int(row["twin_year"]) if row["twin"] else 0}) for row in records(frame)]


def known(targets: Sequence[Target], until: int = 0) -> list[Target]:
    """Return the facts that a fit may use: dated up to a year (0: all), the latest about each thing."""
    dated = [t for t in targets if t.twin and (not until or t.fact_year <= until)]
    fitted = [t for t in dated if t.use == "ajustement"]
    overtaken = {(t.twin, t.indicator, t.unit) for t in fitted}
    earlier = [t for t in dated if t.use == "anterieur" and until and (t.twin, t.indicator, t.unit) not in overtaken]
    last = {(t.twin, t.indicator, t.unit): t for t in sorted(earlier, key=lambda t: t.fact_year)}
    return [*fitted, *last.values()]


def check_twin(reader: Reader, file: str, line: object, row: pd.Series) -> None:
    """Note what is wrong with the twin of a row."""
    number = int(str(line))
    if row["twin"] not in TWINS:
        reader.say(file, number, f"unknown twin {row['twin']!r}{nearest(row['twin'], TWINS.names())}")
    if row["twin"] == "indicateur" and row["indicator"] not in INDICATORS:
        reader.say(
            file, number, f"unknown indicator {row['indicator']!r}{nearest(row['indicator'], INDICATORS.names())}"
        )
    if row["twin_scope"] not in SCOPES:
        reader.say(file, number, f"unknown twin_scope {row['twin_scope']!r}{nearest(row['twin_scope'], SCOPES)}")
    if pd.isna(row["twin_year"]):
        reader.say(file, number, "twin_year is empty")


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows as plain dictionaries; empty numbers are NaN."""
    return [{str(k): v for k, v in row.items()} for row in frame.astype(object).to_dict("records")]
