"""Scenarios: loading, writing back, comparing with the parent, and the list of all parameters."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.nodes import Node
from ruamel.yaml.representer import SafeRepresenter

from sim.inputs.allocation_files import allocation_files, read_allocation
from sim.inputs.faults import Fault, Faults, shown
from sim.inputs.files import find_territory, hash_of, label_of
from sim.inputs.grids import find_grid, load_grid, pair_fault
from sim.inputs.law import SIGNED_UNITS, Law, amend, law_files, load_law
from sim.inputs.merging import Merged, ask, merge, override, read_chain, set_run
from sim.inputs.models import as_plain, as_tuples, explain, field_of, leaves
from sim.inputs.objective_tables import find_table
from sim.inputs.schema import Scenario
from sim.inputs.schema_designation import RANKED_BY_ANOTHER
from sim.inputs.stock_files import check_stock_files
from sim.inputs.yaml_lines import Route, read_scalar
from sim.words.registry import nearest

TOLERANCE = 1e-9
DEFAULT = "default"


@dataclass(frozen=True)
class Loaded:
    """A scenario ready to run, and all that says where it came from.

    Parameters
    ----------
    scenario : Scenario
        Strict model.
    law : Law
        ``scenarios/law`` with the scenario's amendments.
    source : dict
        Resolved plain data, every default included.
    origins : dict
        Path of each value (parts joined by ``/``) to the file, or option, that gave it; ``default`` otherwise.
    files : dict
        Input files read, to their sha256.
    path : Path
        The scenario's file.
    parent : Path, optional
        The file it extends.
    where : dict
        Route of each value given to its file and line, for later messages.
    """

    scenario: Scenario
    law: Law
    source: dict[str, Any]
    origins: dict[str, str]
    files: dict[str, str]
    path: Path
    parent: Path | None = None
    where: dict[Route, tuple[str, int]] = field(default_factory=dict)

    def line_of(self, route: Route) -> tuple[str, int]:
        """Return the file and line that gave a value, or the nearest one around it."""
        while route and route not in self.where:
            route = route[:-1]
        return self.where.get(route, (shown(self.path), 1))

    @property
    def name(self) -> str:
        """Bare name of the scenario."""
        return self.path.stem

    @property
    def sha256(self) -> str:
        """Hash of the resolved scenario."""
        text = json.dumps(self.source, sort_keys=True, ensure_ascii=False, default=str)
        return sha256(text.encode()).hexdigest()


def load(name_or_path: str | Path, overrides: Sequence[str] = (), **run_options: Any) -> Loaded:
    """Load a scenario with its parents, the law and the options of the command line.

    Parameters
    ----------
    name_or_path : str or Path
        A file, or the bare name of a shipped scenario.
    overrides : sequence of str
        ``KEY=VALUE``: a path in the resolved scenario, or ``law/NAME@DATE=VALUE``.
    **run_options
        Keys of ``run`` (``seed``, ``replications``, ``start``, ``applicants``...) and ``years``; ``None`` is ignored.

    Raises
    ------
    Faults
        Everything that is wrong, one line each with file and line.
    """
    law = load_law()
    chain = read_chain(ask(name_or_path))
    merged = Merged(law)
    for _, document in chain:
        merge(merged, document)
    for rank, text in enumerate(overrides, start=1):
        override(merged, text, rank)
    set_run(merged, run_options)
    return resolve(merged, [path for path, _ in chain])


def resolve(merged: Merged, paths: Sequence[Path]) -> Loaded:
    """Check merged data and return it as a scenario ready to run; ``paths`` are its files, the oldest parent first.

    Raises
    ------
    Faults
        Everything that is wrong, one line each.
    """
    merged.data["law"] = _amendments(merged)
    scenario: Scenario | None = None
    try:
        scenario = Scenario.model_validate(as_tuples(merged.data))
    except ValidationError as error:
        merged.faults += explain(error, Scenario, merged.line_of)
    if scenario is not None:
        merged.faults += _meaning_faults(scenario, merged)
    if merged.faults or scenario is None:
        raise Faults(merged.faults)
    source = as_plain(scenario.model_dump())
    given = {"/".join(map(str, route)): where[0] for route, where in merged.where.items()}
    read = [*paths, *law_files()]
    read += [*map(find_grid, grids_of(scenario)), *allocation_files(scenario)]
    for name, objective in scenario.rules.objectives.items():
        if objective.table:
            where = merged.line_of(("rules", "objectives", name, "table"))
            read.append(find_table(objective.table, paths[-1].parent, where))
    return Loaded(
        scenario=scenario,
        law=_amended(merged),
        source=source,
        origins={path: given.get(path, DEFAULT) for path, _ in flatten(source)},
        files={label_of(path): hash_of(path) for path in read},
        path=paths[-1],
        parent=paths[-2] if len(paths) > 1 else None,
        where=dict(merged.where),
    )


def _amended(merged: Merged) -> Law:
    """Return the law with the scenario's amendments."""
    return amend(merged.law, {name: tuple(values.values()) for name, values in merged.amendments.items()})


def _amendments(merged: Merged) -> dict[str, Any]:
    """Return the amendments as a scenario writes them, ascending by date."""
    written: dict[str, Any] = {}
    for name, values in sorted(merged.amendments.items()):
        rows = [{key: item for key, item in values[day].as_dict().items() if item != ""} for day in sorted(values)]
        written[name] = {"values": [{**row, "from": dt.date.fromisoformat(row["from"])} for row in rows]}
    return written


def _meaning_faults(scenario: Scenario, merged: Merged) -> Iterator[Fault]:
    """Yield what types cannot say."""
    run, rules = scenario.run, scenario.rules
    if run.end < run.start:
        where = merged.latest(("run", "end"), ("run", "start"))
        yield Fault(*where, f"run/end {run.end} is before run/start {run.start}")
    shares = {key: value for key, value in rules.reservation.model_dump().items() if isinstance(value, float)}
    if sum(shares.values()) > 1 + TOLERANCE:
        where = merged.latest(*(("rules", "reservation", key) for key in shares))
        total = f"{sum(shares.values()):.4g}"
        yield Fault(*where, f"shares of rules/reservation add up to {total}: at most 1 ({', '.join(shares)})")
    quotas = [name for name in merged.law if name.startswith("quota.") and merged.law[name].unit == "share"]
    route: Route = ("rules", "steering", "objectives")
    for rank, name in enumerate(rules.steering.objectives):
        if name not in quotas:
            yield Fault(*merged.line_of((*route, rank)), f"unknown objective {name!r}{nearest(name, quotas)}")
    if rules.steering.name == "objectifs" and not rules.steering.objectives:
        where = merged.latest(("rules", "steering", "name"), route)
        yield Fault(*where, f"rules/steering/objectives is empty: name some, such as {quotas[0]}")
    for route in leaves(Scenario):
        yield from _negative_faults(route, scenario, merged)
    for check in (
        lambda: find_territory(scenario.territory, merged.line_of(("territory",))),
        lambda: _check_grids(scenario, merged),
        lambda: read_allocation(scenario, _amended(merged), merged.line_of),
        lambda: check_stock_files(scenario, merged.line_of),
    ):
        try:
            check()
        except Faults as found:
            yield from found.faults


def grids_of(scenario: Scenario) -> list[str]:
    """Return the names of the grids that rank applications."""
    rule = scenario.rules.designation
    ranks = rule.name == "cotation" or (rule.ranks_by == "cotation" and rule.name in RANKED_BY_ANOTHER)
    return [name for name in (rule.grid, rule.mutation_grid) if name] if ranks else []


def _check_grids(scenario: Scenario, merged: Merged) -> None:
    """Read the grids named; two must be able to rank one list."""
    rule, route = scenario.rules.designation, ("rules", "designation")
    grid = load_grid(rule.grid, None, merged.line_of((*route, "grid")))
    if rule.mutation_grid:
        where = merged.line_of((*route, "mutation_grid"))
        fault = pair_fault(grid, load_grid(rule.mutation_grid, None, where))
        if fault:
            raise Faults([Fault(*where, f"grids {rule.grid} and {rule.mutation_grid}: {fault}")])


def _negative_faults(route: Route, scenario: Scenario, merged: Merged) -> Iterator[Fault]:
    """Refuse negative amounts inside lists and maps, where a limit on the field does not reach."""
    extra = field_of(Scenario, route).json_schema_extra
    unit = extra.get("unit", "coefficient") if isinstance(extra, dict) else "coefficient"
    value: Any = scenario
    for part in route:
        value = getattr(value, part)
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, tuple) else ()
    for key, item in items:
        if unit not in SIGNED_UNITS and any(x < 0 for x in (item if isinstance(item, tuple) else (item,))):
            path = "/".join(map(str, (*route, key)))
            yield Fault(*merged.line_of((*route, key)), f"{path} is negative: a value in {unit} cannot be")


def flatten(data: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield ``(path, value)`` of every value of nested maps; a dated value of the law is ``law/NAME@DATE``."""
    if path.startswith("law/") and isinstance(data, dict) and set(data) == {"values"}:
        for row in data["values"]:
            yield f"{path}@{row['from']}", row["is"]
    elif isinstance(data, dict):
        for key, value in data.items():
            yield from flatten(value, f"{path}/{key}" if path else str(key))
    else:
        yield path, data


def differences(loaded: Loaded, parent: Loaded | None = None) -> list[tuple[str, Any, Any]]:
    """Return ``(path, value of the parent, value)`` of all that a scenario changes, titles apart.

    Parameters
    ----------
    loaded : Loaded
        The scenario.
    parent : Loaded, optional
        What it is compared with; default the file it extends, or itself without options when it extends none.
    """
    base = parent or load(loaded.parent or loaded.path)
    before, after = dict(flatten(base.source)), dict(flatten(loaded.source))
    paths = [*after, *(path for path in before if path not in after)]
    changed = [path for path in paths if path not in ("title", "summary") and before.get(path) != after.get(path)]
    changed = [path for path in changed if path in before or loaded.origins.get(path) != DEFAULT]  # of a new object
    return [(path, before.get(path, _in_force(path, base.law)), after.get(path)) for path in changed]


def _in_force(path: str, law: Law) -> Any:
    """Return what the law said before an amendment, on the day it starts; ``None`` for any other path."""
    if not path.startswith("law/"):
        return None
    name, _, start = path.removeprefix("law/").partition("@")
    day = (dt.date.fromisoformat(start) - dt.date(1970, 1, 1)).days
    first = law[name].values[0].from_day
    return law.at(name, day) if day >= first else None


class _Representer(SafeRepresenter):
    """Quotes every text that would be read back as something else."""


def _write_text(representer: SafeRepresenter, text: str) -> Node:
    style = None if isinstance(read_scalar(text), str) else '"'
    return representer.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Representer.add_representer(str, _write_text)


def dump(loaded: Loaded) -> str:
    """Return the resolved scenario as YAML: complete, without parent; loading it gives the same data and hash."""
    yaml = YAML(typ="safe", pure=True)
    yaml.Representer = _Representer
    yaml.default_flow_style, yaml.allow_unicode, yaml.width = None, True, 120
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment] # ruamel annotates only its default
    stream = io.StringIO()
    stream.write("# Resolved scenario: complete, with every default; it extends nothing.\n")
    yaml.dump(loaded.source, stream)
    return stream.getvalue()


def parameters(model: type[BaseModel] = Scenario) -> list[dict[str, Any]]:
    """Return every parameter: path, default, unit, doc, source, confidence.

    Settings that are no statement about the world (names, dates, seed) have no unit, source or confidence.
    """
    rows: list[dict[str, Any]] = []
    for route in leaves(model):
        field = field_of(model, route)
        extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        default = None if field.is_required() else as_plain(field.default)
        row = {"path": "/".join(route), "default": default.isoformat() if isinstance(default, dt.date) else default}
        row |= {"unit": extra.get("unit", ""), "doc": field.description or ""}
        rows.append(row | {"source": extra.get("source", ""), "confidence": extra.get("confidence", "")})
    return rows
