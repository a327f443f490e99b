"""``simhlm feasible``: before running, which objectives the flows allow, which one cannot hold, and what binds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.feasible_flows import Flows, flows_of, period_years
from sim.inputs.files import find_territory
from sim.inputs.law import LawView
from sim.inputs.objective_tables import EVERY, TargetTable
from sim.inputs.scenario import Loaded
from sim.inputs.schema_objectives import DIMENSIONS, Objective
from sim.inputs.territory import Territory
from sim.inputs.territory import load as load_territory
from sim.results.ensemble import first_day_of
from sim.rules.bounds import Aim, Bound, bounds
from sim.rules.objectives import counts, in_precedence
from sim.rules.targets import check_names, declared, followed, tables_of, target_at
from sim.words.clock import first_day, to_day
from sim.words.codes import Financing

UNSEEN = ("communes", "bailleurs", "reservataires", "enjeu_prioritaire")
"""Filters that classes of dwellings do not tell apart: an objective that uses one is listed, not bounded."""


@dataclass(frozen=True)
class Line:
    """One objective (or one of its territories) with its bound, None when it is not bounded."""

    name: str
    label: str
    member: str
    effect: str
    kind: str
    target: float | None
    bound: Bound | None
    binds: str

    def as_dict(self) -> dict[str, Any]:
        """Return the line as ``--json`` prints it."""
        b = self.bound
        told = {"name": self.name, "member": self.member, "label": self.label, "effect": self.effect}
        told |= {"kind": self.kind, "target": self.target}  # type: ignore[dict-item]
        if b is None:
            return {**told, "alone": None, "together": None, "holds_alone": None, "holds_together": None,
                    "missing": 0.0, "binding": {}, "binds": self.binds}  # fmt: skip
        return {**told, "alone": b.alone, "together": b.together, "holds_alone": b.holds_alone,
                "holds_together": b.holds_together, "missing": missing(b, self.kind), "binding": b.binding,
                "binds": self.binds}  # fmt: skip


def missing(bound: Bound, kind: str) -> float:
    """Return by how much a bound misses its target, in share (0 when it does not)."""
    reached = bound.together if bound.holds_alone else bound.alone
    if reached is None or bound.holds_together:
        return 0.0
    return reached - bound.target if kind == "plafond" else bound.target - reached


def assess(loaded: Loaded, years: float | None = None) -> list[Line]:
    """Return the bound of every objective of a scenario, in precedence, declared or of the law.

    Parameters
    ----------
    loaded : Loaded
        Any scenario; nothing is simulated.
    years : float, optional
        Years of flows, from the first day; default the whole run. Shares are those of the whole period.
    """
    territory = load_territory(find_territory(loaded.scenario.territory)).with_values(loaded.scenario.first_day)
    check_names(loaded, territory)
    objectives = followed(loaded.scenario.rules, loaded.law)
    years = years or period_years(loaded)
    names = list(dict.fromkeys(name for o in objectives.values() for name in o.counts.names))
    is_split = any("territoire" in DIMENSIONS[o.per] or o.among.territoires for o in objectives.values())
    flows = flows_of(loaded, territory, first_day_of(loaded, territory), years, names, is_split)
    tables = tables_of(objectives, loaded)
    lines: list[Line] = []
    aims: list[Aim] = []
    own = declared(loaded.scenario.rules, loaded.law)
    for name in sorted(in_precedence(objectives), key=lambda name: name not in own):  # what is only measured comes last
        for line, aim in _aims(name, objectives[name], flows, loaded, territory, tables, years):
            lines.append(line)
            aims += [aim] if aim else []
    inside = flows.homes.is_in_qpv
    found = {b.name: b for b in bounds(flows.market([inside, ~inside, *(a.among for a in aims)]), aims)}
    by_name = {aim.name: aim for aim in aims}
    return [_answered(line, found, by_name, flows) for line in lines]


def _aims(
    name: str, objective: Objective, flows: Flows, loaded: Loaded, territory: Territory,
    tables: dict[str, TargetTable], years: float,
) -> list[tuple[Line, Aim | None]]:  # fmt: skip
    """Return one aim per territory when the objective is judged by territory, else one."""
    unseen = [word for word in UNSEEN if getattr(objective.among, word)]
    if objective.among.financements and np.ptp(flows.homes.territory):
        unseen.append("financements et territoires à la fois")
    if unseen:
        line = Line(name, objective.label, "", objective.effect, objective.kind, None, None, "")
        return [(_with(line, f"non borné : filtre par {', '.join(unseen)}"), None)]
    is_split = "territoire" in DIMENSIONS[objective.per]
    wanted = objective.among.territoires or territory.territoires
    made: list[tuple[Line, Aim | None]] = []
    for place in wanted if is_split else [""]:
        target = _mean_target(objective, place, loaded, tables, years)
        line = Line(name, objective.label, place, objective.effect, objective.kind, target, None, "")
        mask = _among(objective, flows, territory)
        if place:
            mask = mask & (flows.homes.territory == territory.territoires.index(place))
        if target is None:
            made.append((_with(line, "rien n'est visé sur la période"), None))
        else:
            aim = Aim(f"{name} {place}", counts(objective, flows.facts), mask, target, objective.kind == "plafond")
            made.append((line, aim))
    return made


def _with(line: Line, binds: str, bound: Bound | None = None) -> Line:
    return Line(line.name, line.label, line.member, line.effect, line.kind, line.target, bound, binds)


def _among(objective: Objective, flows: Flows, territory: Territory) -> np.ndarray:
    a, homes = objective.among, flows.homes
    mask = np.ones(len(homes.supply), dtype=bool)
    if a.qpv != "tous":
        mask &= homes.is_in_qpv == (a.qpv == "dedans")
    if a.territoires:
        mask &= np.isin(homes.territory, [territory.territoires.index(t) for t in a.territoires])
    if a.typologies:
        mask &= np.isin(homes.rooms, a.typologies)
    if a.financements:
        mask &= np.isin(homes.financing, [int(Financing[f]) for f in a.financements])
    return mask


def _mean_target(
    objective: Objective, place: str, loaded: Loaded, tables: dict[str, TargetTable], years: float
) -> float | None:
    """Return the mean over years of the target; of several landlords, the least demanding (a necessary condition)."""
    start = loaded.scenario.run.start
    dims = DIMENSIONS[objective.per]
    landlords = sorted({key[0] for key in tables[objective.table].paths}) if objective.table else [EVERY]
    found: list[float] = []
    for year in range(start.year, start.year + max(1, round(years))):
        law = _LawOf(LawView(loaded.law, max(first_day(year), to_day(start))))
        asked = [
            target_at(objective, law, year, tuple(_word(d, landlord, place) for d in dims), tables)
            for landlord in (landlords if "bailleur" in dims else [EVERY])
        ]
        if all(t is not None for t in asked):
            found.append(min(t for t in asked if t is not None))
    return float(np.mean(found)) if found else None


def _word(dimension: str, landlord: str, place: str) -> str:
    return {"bailleur": landlord, "territoire": place}.get(dimension, EVERY)


class _LawOf(dict[str, Any]):
    """A view of the law as a mapping."""

    def __init__(self, view: LawView) -> None:
        super().__init__()
        self._view = view

    def __missing__(self, name: str) -> Any:
        return self._view[name]


def _answered(line: Line, found: dict[str, Bound], aims: dict[str, Aim], flows: Flows) -> Line:
    key = f"{line.name} {line.member}"
    if key not in found:
        return line
    bound, aim = found[key], aims[key]
    return _with(line, words(line, bound, aim, flows), bound)


def words(line: Line, bound: Bound, aim: Aim, flows: Flows) -> str:
    """Return in French what limits an objective: households who count, those who can afford, or dwellings."""
    if bound.alone is None:
        return "sans objet : aucun logement concerné"
    if not bound.binding:
        return "rien ne limite la part avant 100 %" if line.kind != "plafond" else "rien ne la tire vers le haut"
    waiting = flows.available[aim.counts].sum()
    able = (flows.available * flows.union(aim.among))[aim.counts].sum()
    homes = flows.homes.supply[aim.among].sum()
    figures = f"{_count(homes)} logements libérés ou livrés, hors chaînes"
    said = {
        "demandeurs": f"ménages comptés trop peu nombreux : {_count(waiting)} pour {figures}",
        "solvables": f"ménages comptés éligibles et solvables : {_count(able)} sur {_count(waiting)}, pour {figures}",
        "logements": f"logements que seuls d'autres ménages peuvent prendre, parmi {figures}",
    }
    return said[max(bound.binding, key=lambda name: bound.binding[name])]


def _count(number: float) -> str:
    return f"{round(number):,}".replace(",", "\u202f")


def first_infeasible(lines: list[Line]) -> Line | None:
    """Return the first objective, in precedence, that cannot hold with those before it."""
    return next((line for line in lines if line.bound and not line.bound.holds_together), None)


def print_lines(lines: list[Line], title: str, years: float) -> None:
    """Print the bounds as a table in French, then which objective cannot hold, by how much, and why."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"{title} : ce que permettent les flux attendus, sur {years:.0f} ans".replace(".", ","))
    for head in ("Objectif", "Visé", "Au mieux, seul", "Au mieux, avec les précédents", "Tient", "Ce qui limite"):
        table.add_column(head, overflow="fold")
    for line in lines:
        b = line.bound
        label = line.label + (f" ({line.member})" if line.member else "")
        state = "–" if b is None else "oui" if b.holds_together else "non" if not b.holds_alone else "seul seulement"
        bests = [_percent(b.alone if b else None), _percent(b.together if b else None)]
        table.add_row(label, _percent(line.target), *bests, state, line.binds)
    console = Console()
    console.print(table)
    worst = first_infeasible(lines)
    if worst is None or worst.bound is None:
        console.print("Aucun objectif n'est exclu par les flux. C'est une borne : la tenir n'est pas garanti.")
        return
    gap = _percent(missing(worst.bound, worst.kind)).replace(" %", " point(s)")
    with_others = "" if not worst.bound.holds_alone else " une fois tenus ceux qui le précèdent"
    console.print(f"Premier objectif hors d'atteinte{with_others} : {worst.label} {worst.member}".rstrip())
    console.print(f"Il y manque {gap} au moins. {worst.binds[:1].upper()}{worst.binds[1:]}.")


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * min(max(share, 0.0), 1.0):.1f} %".replace(".", ",")
