"""One parent, deep merge, overrides: how a scenario file becomes resolved data, and where each value came from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sim.inputs.faults import Fault, Faults, quoted, shown
from sim.inputs.files import find_scenario
from sim.inputs.law import DatedValue, Law, amount_faults, read_values
from sim.inputs.models import defaults, elsewhere, leaves, place_of
from sim.inputs.schema import Run, Scenario
from sim.inputs.yaml_lines import Document, Route, read_file, read_scalar, read_value
from sim.words.clock import to_day
from sim.words.registry import nearest


@dataclass
class Merged:
    """Resolved data, the amendments of the law, and the file and line of each value."""

    law: Law
    data: dict[Any, Any] = field(default_factory=lambda: defaults(Scenario))
    amendments: dict[str, dict[int, DatedValue]] = field(default_factory=dict)
    where: dict[Route, tuple[str, int]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    file: str = ""

    def line_of(self, route: Route) -> tuple[str, int]:
        """Return the file and line of a value, or of the nearest one around it."""
        while route and route not in self.where:
            route = route[:-1]
        return self.where.get(route, (self.file, 1))

    def latest(self, *routes: Route) -> tuple[str, int]:
        """Return the file and line of the value given last: by an option, else by the scenario, else by a parent."""
        found = [self.where[route] for route in routes if route in self.where]
        order = sorted(found, key=lambda where: (where[0].startswith("--"), where[0] == self.file, where[1]))
        return order[-1] if order else self.line_of(routes[0])

    def put(self, route: Route, value: Any, where: tuple[str, int]) -> None:
        """Set one value, making the maps around it."""
        inside = self.data
        for part in route[:-1]:
            if not isinstance(inside.get(part), dict):
                inside[part] = {}
            inside = inside[part]
        inside[route[-1]] = value
        self.where[route] = where

    def amend(self, name: str, value: DatedValue, where: tuple[str, int]) -> None:
        """Add one dated value of the law; the same date replaces."""
        self.amendments.setdefault(name, {})[value.from_day] = value
        self.where[("law", f"{name}@{value.as_dict()['from']}")] = where


def read_chain(path: Path) -> list[tuple[Path, Document]]:
    """Return a scenario and its ancestors, the oldest first.

    Raises
    ------
    Faults
        A parent that does not exist, is the file itself, or comes back to it.
    """
    chain: list[tuple[Path, Document]] = []
    while True:
        document = read_file(path)
        chain.append((path, document))
        if "extends" not in document.data:
            return chain[::-1]
        parent = document.data["extends"]
        where = (document.file, document.line(("extends",)))
        if not isinstance(parent, str) or not parent:
            raise Faults([Fault(*where, f"extends must be the name or the path of one scenario, not {quoted(parent)}")])
        path = find_scenario(parent, path.parent, where)
        seen = [known.resolve() for known, _ in chain]
        if path.resolve() == seen[-1]:
            raise Faults([Fault(*where, "a scenario cannot extend itself")])
        if path.resolve() in seen:
            names = " -> ".join(known.stem for known, _ in chain)
            raise Faults([Fault(*where, f"extends goes round in a circle: {names} -> {path.stem}")])


def merge(merged: Merged, document: Document) -> None:
    """Lay a document over what is merged: maps deeply, lists and scalars whole, law values by date."""
    merged.file = document.file
    for key, value in document.data.items():
        if key == "law":
            _merge_law(merged, value, document)
        elif key != "extends":
            _merge_value(merged.data, key, value, (key,), merged.where, document)


def _merge_value(
    into: dict[Any, Any], key: Any, value: Any, route: Route, where: dict[Route, tuple[str, int]], document: Document
) -> None:
    where[route] = (document.file, document.line(route))
    if isinstance(value, dict):
        if not isinstance(into.get(key), dict):
            into[key] = {}
        for inner, item in value.items():
            _merge_value(into[key], inner, item, (*route, inner), where, document)
    else:
        into[key] = value
        for inner_route, line in document.lines.items():  # items of a list have lines of their own
            if isinstance(value, list) and inner_route[: len(route)] == route:
                where[inner_route] = (document.file, line)


def _merge_law(merged: Merged, blocks: Any, document: Document) -> None:
    if not isinstance(blocks, dict):
        merged.faults.append(document.fault(("law",), "law must be a map: NAME: {values: [{from: ..., is: ...}]}"))
        return
    for name, block in blocks.items():
        route: Route = ("law", name)
        if name not in merged.law:
            text = f"unknown law parameter {quoted(name)}{nearest(str(name), merged.law)}"
            merged.faults.append(document.fault(route, text))
        elif not isinstance(block, dict) or set(block) != {"values"}:
            extra = [key for key in block if key != "values"] if isinstance(block, dict) else []
            text = f"law/{name} must hold 'values', a list"
            text = f"unknown key {quoted(extra[0])} in law/{name}: only 'values'" if extra else text
            merged.faults.append(document.fault((*route, *extra[:1]), text))
        else:
            rows = (*route, "values")
            for value in read_values(block["values"], merged.law[name].unit, document, rows, merged.faults):
                merged.amend(name, value, (document.file, document.line(rows)))


def override(merged: Merged, text: str, rank: int) -> None:
    """Apply one ``KEY=VALUE``; ``KEY`` is a path joined by ``/`` or ``.``, or ``law/NAME@DATE``."""
    where = ("--override", rank)
    key, equals, written = text.partition("=")
    key = key.strip()
    try:
        value = read_value(written)
    except ValueError as error:
        merged.faults.append(Fault(*where, f"{key}: {error}"))
        return
    if not equals or not key:
        merged.faults.append(Fault(*where, f"write KEY=VALUE, not {quoted(text)}"))
    elif isinstance(value, dict) or value is None:
        merged.faults.append(Fault(*where, f"{key}: give one value or a list, not {quoted(written)}"))
    elif key[:4] in ("law/", "law."):
        _override_law(merged, key[4:], value, where)
    else:
        parts = key.split("/" if "/" in key else ".")
        route = tuple(read_scalar(part) if part.isdigit() else part for part in parts)
        problem = _wrong_key(route, key)
        if problem:
            merged.faults.append(Fault(*where, problem))
        else:
            merged.put(route, value, where)


def _wrong_key(route: Route, key: str) -> str:
    """Return what is wrong with the path of an override, or an empty string."""
    known = ["/".join(leaf) for leaf in leaves(Scenario)]
    keys, until = place_of(Scenario, route)
    if keys is None:
        below = [leaf for leaf in known if leaf.startswith("/".join(map(str, route)) + "/")]
        return f"{key} is a group of keys: give one of them, such as {below[0]}" if below else ""
    if not keys:
        return f"unknown key {quoted(key)}: nothing lies below {'/'.join(map(str, until[:-1]))}"
    hint = nearest(str(until[-1]), keys) or elsewhere(str(until[-1]), Scenario)
    hint = hint.replace("mean '", "mean '" + "".join(f"{part}/" for part in until[:-1]))  # a path, ready to be typed
    return f"unknown key {quoted(key)}{hint or nearest(key.replace('.', '/'), known)}"


def _override_law(merged: Merged, key: str, value: Any, where: tuple[str, int]) -> None:
    name, at, start = key.partition("@")
    date = read_scalar(start.strip())
    if name not in merged.law:
        texts = [f"unknown law parameter {quoted(name)}{nearest(name, merged.law)}"]
    elif not at or not isinstance(date, dt.date):
        texts = [f"a law value is law/{name}@DATE=VALUE with a date such as 2027-01-01"]
    else:
        texts = [f"law/{key}: {text}" for text in amount_faults(value, merged.law[name].unit)]
    if texts:
        merged.faults += [Fault(*where, text) for text in texts]
    else:
        merged.amend(name, DatedValue(to_day(date), value, "scenario", "--override"), where)


def set_run(merged: Merged, options: Mapping[str, Any]) -> None:
    """Apply options of the command line to the ``run`` block; ``years`` sets the end from the start."""
    given = {key: value for key, value in options.items() if value is not None}
    years = given.pop("years", None)
    for key, value in given.items():
        if key not in Run.model_fields:
            raise TypeError(f"unknown run option {key!r}{nearest(key, [*Run.model_fields, 'years'])}")
        merged.put(("run", key), value, (f"--{key}", 1))
    if years is not None:
        run = merged.data.get("run")
        start = run.get("start", Run().start) if isinstance(run, dict) else Run().start
        if isinstance(start, dt.date):
            after = dt.date(start.year + years, start.month, min(start.day, 28)) + dt.timedelta(max(0, start.day - 28))
            merged.put(("run", "end"), after - dt.timedelta(days=1), ("--years", 1))


def ask(name_or_path: str | Path) -> Path:
    """Return the file of a scenario named on the command line."""
    return find_scenario(name_or_path, None, (shown(name_or_path), 1))
