"""The tables of a comparison of scenarios: every number comes from its frames."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from sim.inputs.scenario import flatten
from sim.report import french
from sim.report.contents import OF_PUBLIC, label_of
from sim.report.definitions import KEY_FIGURES, KIND_OF, PRIORITIES
from sim.report.reading import KIND_OF_UNIT, Reading
from sim.report.secrecy import COMPLEMENTS, THRESHOLD, Sum, is_small, protect
from sim.report.tables import Cell, Quantity, Table
from sim.results.compare import Comparison
from sim.results.cube import KEYS
from sim.results.differences import Paired, paired
from sim.results.pairing import Side
from sim.results.restricted import HORIZON_MONTHS, WHOLE, Price, prices
from sim.words.clock import DAYS_PER_MONTH

SHOWN = tuple(
    dict.fromkeys(
        (
            *(code for code in KEY_FIGURES if code not in PRIORITIES),
            *PRIORITIES,
            "taux_refus_par_offre",
            "taux_mobilite",
            "taux_vacance",
        )
    )
)
BY_GROUP = ("attributions", "delai_attribution_moyen", "anciennete_stock_moyenne")
UNCHANGED, ESTABLISHED, TO_CONFIRM, UNSURE = "aucun écart", "établi", "à confirmer", "non établi"
ONE_RUN = "une réplication, sans intervalle"
LEVEL = 0.05
OF_STOCK = {"anciennete_stock_moyenne": "demandes_en_stock", "demandes_en_stock": "demandes_en_stock"}
"""Indicators of those who wait: how many they are decides whether they are shown."""
MONTHS = (12, 24, 36, 60)
MONTHS_OF_A_DAY = 1 / DAYS_PER_MONTH
RUN_ONLY = ("title", "summary", "run/replications", "run/keep")


class Row(NamedTuple):
    """One comparison, as the frame of differences holds it."""

    unit: str
    base: float
    value: float
    difference: float
    low: float
    high: float
    p_positive: float
    p_value: float
    p_holm: float
    replications: int


def none_if_nan(x: float) -> float | None:
    """Return a number, or None where there is none."""
    return None if np.isnan(x) else float(x)


def verdict(row: Row) -> str:
    """Return what a difference is worth once the number of comparisons is counted."""
    if row.replications == 0 or np.isnan(row.difference):
        return ""
    if row.replications == 1:
        return ONE_RUN
    if row.difference == row.low == row.high == 0:
        return UNCHANGED
    return ESTABLISHED if row.p_holm < LEVEL else TO_CONFIRM if row.p_value < LEVEL else UNSURE


def chance(p_positive: float) -> str:
    """Return the probability of the likelier sign, in words."""
    if np.isnan(p_positive) or p_positive == 0.5:
        return ""
    word, p = ("hausse", p_positive) if p_positive > 0.5 else ("baisse", 1 - p_positive)
    shown = f">{french.NBSP}99" if p > 0.99 else f"{100 * p:.0f}"
    return f"{word} probable à {shown}{french.NBSP}%"


def scaled(kind: str, unit: str) -> tuple[str, float]:
    """Return the kind of a difference and the factor to it."""
    if kind in ("share", "rate"):
        return "gap_points", 100.0
    if kind == "months" and unit == "days":
        return "gap_months", MONTHS_OF_A_DAY
    return f"gap_{kind}", 1.0


class Compared:
    """A comparison looked up by name; ``year`` is the one that tables of a single year show."""

    def __init__(self, comparison: Comparison, year: int | None = None, threshold: int = THRESHOLD) -> None:
        self.threshold = threshold  # smallest count shown; 0 shows all
        self._hidden: dict[tuple[str, str, int, str], set[str]] = {}
        self.comparison, self.sides = comparison, comparison.sides
        self.years = sorted(int(y) for y in comparison.differences["year"].unique())
        self.year = year or Reading(self.sides.base.run).last_full_year
        columns = ["alternative", *KEYS, *Row._fields]
        rows = comparison.differences[columns].itertuples(index=False, name=None)
        self._rows = {row[:5]: Row(*row[5:]) for row in rows}

    @property
    def title(self) -> str:
        """What is compared with what."""
        others = " ; ".join(f"« {side.title} »" for side in self.sides.alternatives)
        return f"{others} face à « {self.sides.base.title} »"

    def row(self, side: Side, code: str, year: int, scope: str = "mel", group: str = "mel") -> Row | None:
        """Return one comparison."""
        return self._rows.get((side.name, code, scope, group, year))

    def gap(self, side: Side, code: str, year: int, scope: str = "mel", group: str = "mel") -> Quantity:
        """Return a difference with its interval, the probability of its sign and what it is worth."""
        row = self.row(side, code, year, scope, group)
        if row is None or np.isnan(row.difference):
            return Quantity(None, "gap_number")
        kind, factor = scaled(kind_of(code, row.unit), row.unit)
        if self.is_hidden(side, code, year, scope, group):
            return Quantity(None, kind).secret()
        value, low, high = (None if np.isnan(x) else factor * x for x in (row.difference, row.low, row.high))
        state = ", ".join(word for word in (chance(row.p_positive), verdict(row)) if word)
        return Quantity(value, kind, low, high, state=state)

    def level(self, side: Side, code: str, year: int, scope: str = "mel", group: str = "mel") -> Quantity:
        """Return the mean value of an indicator in one scenario, over the pairs of replications."""
        other = self.sides.alternatives[0] if side is self.sides.base else side
        row = self.row(other, code, year, scope, group)
        if row is None:
            return Quantity(None, "number")
        kind = kind_of(code, row.unit)
        if self.is_hidden(other, code, year, scope, group):
            return Quantity(None, kind).secret()
        value = none_if_nan(row.base if side is self.sides.base else row.value)
        return Quantity(french.to_months(value) if kind == "months" and row.unit == "days" else value, kind)

    def is_hidden(self, side: Side, code: str, year: int, scope: str, group: str) -> bool:
        """Whether secrecy hides what is said of a group in one of two scenarios, hence their difference."""
        row = self.row(side, code, year, scope, group)
        if row is None or kind_of(code, row.unit) == "index":
            return False
        if scope == "mel":
            sizes = [row.base, row.value]
            if row.unit != "count":
                whole = self.row(side, "attributions", year) if code in OF_PUBLIC else None
                sizes = [] if whole is None else [row.base * whole.base, row.value * whole.value]
            return any(is_small(size, self.threshold) for size in sizes)
        return group in self._veiled(side, OF_STOCK.get(code, "attributions"), year, scope)

    def _veiled(self, side: Side, code: str, year: int, scope: str) -> set[str]:
        """Return the members of a scope that are few in the base or in the alternative, and who would tell them."""
        key = (side.name, code, year, scope)
        if key not in self._hidden:
            rows = {group: self.row(side, code, year, scope, group) for group in self.members(scope)}
            told = {group: row for group, row in rows.items() if row is not None}
            sums: list[Sum] = [(None, list(told))] if scope != "public" else [(None, pair) for pair in COMPLEMENTS]
            found: set[str] = set()
            for name in ("base", "value"):
                found |= protect({group: getattr(row, name) for group, row in told.items()}, sums, self.threshold)
            self._hidden[key] = found
        return self._hidden[key]

    def members(self, scope: str) -> list[str]:
        """Return the groups of a scope, in alphabetical order."""
        frame = self.comparison.differences
        return sorted(str(g) for g in frame.loc[frame["scope"] == scope, "group"].unique())

    @cached_property
    def prices(self) -> dict[str, list[Price]]:
        """The price of each public, by alternative."""
        base, means = self.sides.base.name, self.comparison.means
        return {side.name: prices(means, base, side.name) for side in self.sides.alternatives}


def is_told(cell: Cell) -> bool:
    """Whether a cell holds a number, or hides one."""
    return isinstance(cell, Quantity) and (cell.value is not None or cell.is_secret)


def kind_of(code: str, unit: str) -> str:
    """Return how an indicator is shown."""
    return KIND_OF.get(code) or KIND_OF_UNIT.get(unit, "number")


def indicators(c: Compared, name: str, caption: str, codes: Iterable[str]) -> Table:
    """Return the values of one year in each scenario and the differences, one indicator a row."""
    head = ["Indicateur", c.sides.base.title]
    for side in c.sides.alternatives:
        head += [side.title, "Écart" if len(c.sides.alternatives) == 1 else f"Écart, {side.title}"]
    rows: list[tuple[Cell, ...]] = []
    for code in codes:
        cells: list[Cell] = [label_of(code), c.level(c.sides.base, code, c.year)]
        for side in c.sides.alternatives:
            cells += [c.level(side, code, c.year), c.gap(side, code, c.year)]
        if any(is_told(cell) for cell in cells):
            rows.append(tuple(cells))
    return Table(name, caption, tuple(head), tuple(rows))


def yearly(c: Compared, side: Side) -> Table:
    """Return the differences of one alternative by year."""
    rows: list[tuple[Cell, ...]] = [(label_of(code), *(c.gap(side, code, year) for year in c.years)) for code in SHOWN]
    known = tuple(r for r in rows if any(is_told(q) for q in r))
    caption = f"Écarts par année, {side.title} moins {c.sides.base.title}"
    return Table(f"annees_{side.name}", caption, ("Indicateur", *map(str, c.years)), known)


def groups(c: Compared, scope: str, name: str, caption: str, first: str) -> Table:
    """Return the differences by group of a scope, one alternative after the other."""
    several = len(c.sides.alternatives) > 1
    rows: list[tuple[Cell, ...]] = []
    for side in c.sides.alternatives:
        for group in c.members(scope):
            cells: list[Cell] = [f"{side.title} – {group}" if several else group]
            cells += [c.gap(side, code, c.year, scope, group) for code in BY_GROUP]
            rows.append(tuple(cells))
    note = (
        "Une même demande compte dans plusieurs publics."
        if scope == "public"
        else "Attributions et délai : territoire du logement ; ancienneté : territoire du premier choix."
    )
    return Table(name, caption, (first, *map(label_of, BY_GROUP)), tuple(rows), (note,))


def restricted(c: Compared) -> Table:
    """Return the mean time without a lease up to the horizon, by class, over the whole simulation."""
    head = ["Classe", c.sides.base.title]
    for side in c.sides.alternatives:
        head += [side.title, "Écart" if len(c.sides.alternatives) == 1 else f"Écart, {side.title}"]
    rows: list[tuple[Cell, ...]] = []
    for label, public, column in CLASSES:
        base = mean_days(c, c.sides.base, public, column)
        cells: list[Cell] = [label, in_months(base)]
        for side in c.sides.alternatives:
            own = mean_days(c, side, public, column)
            cells += [in_months(own), gap_months(own - base)]
        rows.append(tuple(cells))
    caption = f"Temps moyen sans bail, restreint aux {HORIZON_MONTHS} premiers mois, toute la simulation"
    return Table("temps_sans_bail", caption, tuple(head), tuple(rows), (RESTRICTED_NOTE,))


CLASSES = (
    ("Ensemble", WHOLE, "days"),
    ("Premier accès", "locataires HLM (mutations)", "others_days"),
    ("Mutations", "locataires HLM (mutations)", "days"),
    ("Premier quartile", "premier quartile", "days"),
    ("Quartiles 2 à 4", "premier quartile", "others_days"),
    ("Reconnus DALO ou PDALHPD", "reconnus DALO ou PDALHPD", "days"),
    ("Éligibles CCH", "éligibles CCH", "days"),
)
"""Classes whose restricted mean is shown: name, public, column of the frame of means."""
RESTRICTED_NOTE = (
    f"Aire au-dessus de l'incidence cumulée du bail pendant {HORIZON_MONTHS} mois : entrée différée, radiation en "
    "sortie concurrente. Une demande radiée compte comme sans bail jusqu'au bout : décourager n'est pas loger. "
    "Les quartiles sont ceux des demandes du premier jour ; les reconnus comptent depuis leur reconnaissance. "
    "La fin de la courbe d'une classe peu nombreuse repose sur peu de demandes."
)


def mean_days(c: Compared, side: Side, public: str, column: str) -> np.ndarray:
    """Return the restricted mean of each replication, days."""
    means = c.comparison.means
    chosen = means[(means["scenario"] == side.name) & (means["public"] == public)].sort_values("replication")
    return np.asarray(chosen[column], dtype=float)


def in_months(days: np.ndarray) -> Quantity:
    """Return the mean over replications, months."""
    return Quantity(french.to_months(none_if_nan(float(np.mean(days)))), "months")


def gap_months(days: np.ndarray) -> Quantity:
    """Return a paired difference, months."""
    return spread(paired(days[:, None], 1.0), "gap_months", MONTHS_OF_A_DAY, told=True)


def over_runs(values: np.ndarray, kind: str) -> Quantity:
    """Return the mean over replications with Student's interval."""
    return spread(paired(np.asarray(values, dtype=float)[:, None], 1.0), kind)


def spread(found: Paired, kind: str, factor: float = 1.0, told: bool = False) -> Quantity:
    """Return one paired mean with its interval and, when ``told``, the probability of its sign."""
    bounds = (None if np.isnan(x[0]) else factor * float(x[0]) for x in (found.mean, found.low, found.high))
    mean, low, high = bounds
    return Quantity(mean, kind, low, high, state=chance(float(found.p_positive[0])) if told else "")


def changes(c: Compared) -> Table:
    """Return what the alternatives change in the scenario of the base."""
    base = dict(flatten(c.sides.base.run.manifest["scenario"]))
    others = [dict(flatten(side.run.manifest["scenario"])) for side in c.sides.alternatives]
    paths = list(dict.fromkeys(path for values in (base, *others) for path in values))
    rows = [
        (path, *(short(values.get(path)) for values in (base, *others)))
        for path in paths
        if path not in RUN_ONLY and any(values.get(path) != base.get(path) for values in others)
    ]
    caption = "Ce que les scénarios changent"
    head = ("Paramètre", c.sides.base.title, *(side.title for side in c.sides.alternatives))
    return Table("changements", caption, head, tuple(rows) or (("aucun paramètre", *("–" for _ in head[1:])),))


def short(value: Any) -> str:
    """Return a value of a scenario in one line."""
    if value is None or value == []:
        return "–"
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text.replace(".", ",") if isinstance(value, float) else text


SCOPE_WORDS = {
    "mel": "MEL entière",
    "territoire": "par territoire",
    "commune": "par commune",
    "quartier": "par quartier",
    "bailleur": "par bailleur",
    "reservataire": "par réservataire",
    "typologie": "par typologie",
    "financement": "par financement",
    "qpv": "en QPV et hors QPV",
    "public": "par public",
}


def scope_sizes(c: Compared) -> Table:
    """Return how many comparisons were made by scope, and how many are worth something."""
    rows: list[tuple[Cell, ...]] = []
    titles = {side.name: side.title for side in c.sides.alternatives}
    by = c.comparison.differences.groupby(["alternative", "scope"], sort=False, observed=True)
    for (side, scope), frame in by:
        known = frame[frame["p_value"].notna()]
        numbers = [len(known), int((known["p_value"] < LEVEL).sum()), int((known["p_holm"] < LEVEL).sum())]
        numbers.append(int((known["p_fdr"] < LEVEL).sum()))
        rows.append((f"{titles[side]} – {SCOPE_WORDS[scope]}", *(Quantity(float(n), "count") for n in numbers)))
    head = (
        "Scénario et échelle",
        "Comparaisons faites",
        "p < 5 % sans correction",
        "après Holm",
        "après Benjamini-Hochberg",
    )
    return Table("comparaisons", "Combien de comparaisons, et combien résistent", head, tuple(rows))
