"""Variants of a scenario: the same, with some values moved. What draws, sensitivity and search have in common."""

from __future__ import annotations

import copy
import datetime as dt
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

from ruamel.yaml import YAML

from sim.inputs.faults import Fault, Faults, quoted, shown
from sim.inputs.files import find_territory, hash_of
from sim.inputs.grids import find_grid, load_grid
from sim.inputs.law import load_law
from sim.inputs.merging import Merged, merge, override
from sim.inputs.models import field_of
from sim.inputs.scenario import Loaded, flatten, resolve
from sim.inputs.schema import Scenario
from sim.inputs.territory import load as load_territory
from sim.inputs.yaml_lines import Document, read_file
from sim.words.clock import to_day
from sim.words.registry import nearest

Where = tuple[str, int]
GRID = "grid"
FORBIDDEN = ("run", "search", "sensitivity", "uncertainty", "territory", "title", "summary")
"""Settings of the study itself: they are no levers."""


@dataclass(frozen=True)
class Knob:
    """A number of a scenario that may be moved.

    Parameters
    ----------
    path : str
        Parts joined by ``/``; ``law/NAME@DATE``; ``grid/CRITERION``.
    value : float
        What the scenario says.
    label, unit : str
        In French.
    is_whole : bool
        Only whole numbers make sense.
    paths : tuple of str
        The values moved together: several when ``path`` is a map (the path of an objective).
    """

    path: str
    value: float
    label: str
    unit: str
    is_whole: bool
    paths: tuple[str, ...]


def knob(loaded: Loaded, path: str, where: Where = ("lever", 1)) -> Knob:
    """Return the number that a path means in a scenario.

    Raises
    ------
    Faults
        When nothing, or no number, is there; the nearest path is given.
    """

    def fault(text: str) -> Faults:
        return Faults([Fault(*where, text)])

    path = path if path.startswith("law/") or "/" in path else path.replace(".", "/")
    top, _, rest = path.partition("/")
    if top in FORBIDDEN:
        raise fault(f"{quoted(path)} is no lever: it says how to study, not what is studied")
    if top == GRID:
        return _grid_knob(loaded, rest, where)
    known = dict(flatten(loaded.source))
    if top == "first_day" and path not in known:
        return _first_day_knob(loaded, rest, where)
    paths = (path,) if path in known else tuple(p for p in known if p.startswith(f"{path}/") and is_number(known[p]))
    if top == "law" and path not in known:
        return _law_knob(loaded, path, where)
    if not paths or not all(is_number(known[p]) for p in paths):
        numbers = [p for p, value in known.items() if is_number(value) and p.partition("/")[0] not in FORBIDDEN]
        problem = f"{quoted(path)} is not a number" if path in known else f"no number at {quoted(path)}"
        raise fault(f"{problem}{nearest(path, numbers)}")
    if len(paths) > 1 and isinstance(_field(path), str):
        raise fault(f"{quoted(path)} is a group of parameters: name one, such as {paths[0]}")
    said = _said(paths[0])
    return Knob(path, float(known[paths[0]]), said[0], said[1], said[2], paths)


def is_number(value: Any) -> bool:
    """Whether a value is a plain number (a bool is none)."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _field(path: str) -> Any:
    """Return the field that a path of the scenario is, or an empty string when it is a group of fields."""
    route = tuple(path.split("/"))
    for depth in range(len(route), 0, -1):
        try:
            field = field_of(Scenario, route[:depth])
        except KeyError:
            continue
        is_map = "dict" in str(field.annotation)
        return field if depth == len(route) and (is_map or field.json_schema_extra) else field if is_map else ""
    return ""


def _said(path: str) -> tuple[str, str, bool]:
    """Return label, unit and whether a parameter is a whole number."""
    route = tuple(path.split("/"))
    for end in (len(route), len(route) - 1):
        try:
            field = field_of(Scenario, route[:end])
        except KeyError:
            continue
        extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        whole = field.annotation is int or get_args(field.annotation)[1:] == (int,)
        return field.description or path, str(extra.get("unit", "")), whole
    return path, "", False


def _law_knob(loaded: Loaded, path: str, where: Where) -> Knob:
    """Return a value of the law: ``law/NAME@DATE``; what is in force on that day is its value."""
    name, _, written = path.removeprefix("law/").partition("@")
    if name not in loaded.law:
        raise Faults([Fault(*where, f"unknown law parameter {quoted(name)}{nearest(name, loaded.law)}")])
    try:
        day = to_day(dt.date.fromisoformat(written))
    except ValueError:
        text = f"a law value is law/{name}@DATE with a date such as 2027-01-01, not {quoted(path)}"
        raise Faults([Fault(*where, text)]) from None
    parameter = loaded.law[name]
    first = parameter.values[0]
    value = parameter.at(day).is_ if first.from_day <= day else first.is_
    if not is_number(value):
        raise Faults([Fault(*where, f"law/{name} is not a number")])
    return Knob(path, float(value), parameter.label, parameter.unit, isinstance(value, int), (path,))


def _first_day_knob(loaded: Loaded, name: str, where: Where) -> Knob:
    """Return a value of the territory, that the scenario does not replace yet."""
    values = load_territory(find_territory(loaded.scenario.territory)).values
    if name not in values:
        raise Faults([Fault(*where, f"the territory has no value {quoted(name)}{nearest(name, values)}")])
    one = values[name]
    if not is_number(one.is_):
        raise Faults([Fault(*where, f"first_day/{name} is not a number")])
    path = f"first_day/{name}"
    return Knob(path, float(one.is_), one.label, one.unit, False, (path,))


def _grid_knob(loaded: Loaded, criterion: str, where: Where) -> Knob:
    """Return the points that the scenario's grid gives to a criterion, or ``seniority`` by month."""
    rule = loaded.scenario.rules.designation
    if rule.name != "cotation" and rule.ranks_by != "cotation":
        raise Faults([Fault(*where, f"the scenario ranks nobody by a grid (rules/designation/name: {rule.name})")])
    grid = load_grid(rule.grid)
    points = {name: value for group in grid.groups for name, value in group.criteria.items()}
    points["seniority"] = grid.seniority.points_per_month
    if criterion not in points:
        text = f"grid {rule.grid} has no criterion {quoted(criterion)}{nearest(criterion, points)}"
        raise Faults([Fault(*where, text)])
    unit = "points/month" if criterion == "seniority" else "points"
    label = "points par mois d'ancienneté" if criterion == "seniority" else f"points du critère {criterion}"
    return Knob(f"{GRID}/{criterion}", points[criterion], label, unit, False, (f"{GRID}/{criterion}",))


def changes(knobs: Iterable[Knob], values: Iterable[float]) -> dict[str, float]:
    """Return ``{path: value}`` of knobs at some values, whole where they must be."""
    found: dict[str, float] = {}
    for one, value in zip(knobs, values, strict=True):
        kept = round(float(value)) if one.is_whole else float(value)
        found |= dict.fromkeys(one.paths, kept)
    return found


def vary(loaded: Loaded, moved: Mapping[str, float], folder: Path | None = None) -> Loaded:
    """Return a scenario with some values moved; its name, files and luck stay the same.

    Parameters
    ----------
    loaded : Loaded
        Any scenario.
    moved : mapping
        Path to value, as ``changes`` gives them.
    folder : Path, optional
        Where a changed grid is written; needed when a path is ``grid/CRITERION``.

    Raises
    ------
    Faults
        A value that the scenario cannot take.
    """
    if not moved:
        return loaded
    source = copy.deepcopy(loaded.source)
    merged = Merged(load_law())
    merge(merged, Document(shown(loaded.path), source))
    merged.where |= loaded.where
    points = {path.partition("/")[2]: value for path, value in moved.items() if path.startswith(f"{GRID}/")}
    if points:
        if folder is None:
            raise ValueError("a changed grid needs a folder")
        written = write_grid(loaded.scenario.rules.designation.grid, points, folder)
        merged.data["rules"]["designation"]["grid"] = str(written)
    for rank, (path, value) in enumerate(moved.items(), start=1):
        if not path.startswith(f"{GRID}/"):
            if not math.isfinite(value):
                raise Faults([Fault("lever", rank, f"{path}: {value} is not a number")])
            override(merged, f"{path}={value!r}", rank)
    paths = [loaded.parent, loaded.path] if loaded.parent else [loaded.path]
    return resolve(merged, paths)


def renamed(loaded: Loaded, title: str, summary: str) -> Loaded:
    """Return a scenario under another title and summary: the same world."""
    scenario = loaded.scenario.model_copy(update={"title": title, "summary": summary})
    return replace(loaded, scenario=scenario, source=loaded.source | {"title": title, "summary": summary})


def write_grid(name: str, points: Mapping[str, float], folder: Path) -> Path:
    """Write a grid with other points in a folder, under a name that its content decides; return its path."""
    source = find_grid(name)
    data = read_file(source).data
    for criterion, value in points.items():
        if criterion == "seniority":
            data["seniority"]["points_per_month"] = value
            continue
        for group in (data.get("criteria", {}), *(rubric["criteria"] for rubric in data.get("rubrics", []))):
            if criterion in group:
                group[criterion] = value
    data["title"] = f"{data['title']} ({', '.join(f'{k} {v:g}' for k, v in points.items())})"
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f"{source.stem}.tmp.yaml"
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style, yaml.allow_unicode, yaml.width = False, True, 120
    with draft.open("w", encoding="utf-8") as stream:
        yaml.dump(data, stream)
    return draft.replace(folder / f"{source.stem}_{hash_of(draft)[:8]}.yaml")
