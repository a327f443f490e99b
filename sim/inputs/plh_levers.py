"""The actions of the PLH that touch allocation and the keys that stand for them (``scenarios/plh/leviers.yaml``)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from pydantic import Field, ValidationError

from sim.inputs.faults import Faults
from sim.inputs.files import scenarios_dir
from sim.inputs.models import as_tuples, explain
from sim.inputs.parameters import Strict
from sim.inputs.scenario import parameters
from sim.inputs.yaml_lines import read_file
from sim.words.registry import nearest

FILE = "plh/leviers.yaml"


class Lever(Strict):
    """A key of a scenario, what it moves, in which direction and by how much, and the trial that shows it."""

    key: str = Field(description="path in a scenario")
    indicator: str
    scope: str = "mel"
    group: str = "mel"
    expected: float = Field(description="difference of the indicator in a year, moved less base, whole MEL")
    arithmetic: str = Field(description="where the expected difference comes from")
    scenario: str = Field(default="reference", description="scenario of the moved run; the base is reference")
    base: tuple[str, ...] = Field(default=(), description="overrides of both runs")
    moved: tuple[str, ...] = Field(default=(), description="overrides of the moved run only")
    applicants: int = Field(default=500, description="size of the world of the trial; some publics need more people")

    @property
    def place(self) -> str:
        """The indicator with the group it is read in."""
        return self.indicator if self.scope == "mel" else f"{self.indicator} ({self.group})"


class Action(Strict):
    """An action of the PLH: the levers that stand for it, or why there is none."""

    number: int
    title: str
    levers: tuple[str, ...] = ()
    note: str = Field(default="", description="what of the action the levers leave out")
    not_modelled: str = ""


class Table(Strict):
    """Actions and levers."""

    actions: tuple[Action, ...]
    levers: dict[str, Lever]


@lru_cache(maxsize=1)
def plh_levers() -> Table:
    """Return the shipped table.

    Raises
    ------
    Faults
        A key, a lever or a type that is wrong.
    """
    document = read_file(scenarios_dir() / FILE)
    try:
        table = Table.model_validate(as_tuples(document.data))
    except ValidationError as error:
        raise Faults(explain(error, Table, lambda route: (document.file, document.line(route)))) from None
    keys = [row["path"] for row in parameters()]
    faults = [
        document.fault(("levers", name, "key"), f"unknown key {lever.key!r}{nearest(lever.key, keys)}")
        for name, lever in table.levers.items()
        if lever.key not in keys
    ]
    for rank, action in enumerate(table.actions):
        if bool(action.levers) == bool(action.not_modelled):
            faults.append(document.fault(("actions", rank), "an action has levers, or says why it is not modelled"))
        faults += [
            document.fault(("actions", rank, "levers"), f"unknown lever {name!r}{nearest(name, table.levers)}")
            for name in action.levers
            if name not in table.levers
        ]
    if faults:
        raise Faults(faults)
    return table


def rows() -> list[dict[str, Any]]:
    """Return one row per action and lever: key, default, unit, source, indicator, sign and size with the arithmetic."""
    table, known = plh_levers(), {row["path"]: row for row in parameters()}
    found = []
    for action in table.actions:
        head = {"action": action.number, "title": action.title}
        if not action.levers:
            found.append(head | _blank() | {"not_modelled": action.not_modelled})
        for name in action.levers:
            source = f"MEL, PLH 2022-2028, action {action.number}"
            found.append(head | _row(table.levers[name], known, source) | {"not_modelled": "", "note": action.note})
    named = {name for action in table.actions for name in action.levers}
    for name, lever in table.levers.items():
        if name not in named:
            row = _row(lever, known, "voir simhlm describe scenario")
            found.append({"action": "", "title": "hors PLH"} | row | {"not_modelled": "", "note": ""})
    return found


def _row(lever: Lever, known: dict[str, dict[str, Any]], source: str) -> dict[str, Any]:
    declared = known[lever.key]
    return {
        "path": lever.key,
        "default": declared["default"] if declared["default"] != "" else "aucun",
        "unit": declared["unit"] or "réglage",
        "source": declared["source"] or source,
        "trial": " ".join(("reference", *lever.base, "->", lever.scenario, *lever.moved)),
        "indicator": lever.place,
        "expected": f"{lever.expected:+g}",
        "arithmetic": lever.arithmetic,
    }


def _blank() -> dict[str, Any]:
    names = ("path", "default", "unit", "source", "trial", "indicator", "expected", "arithmetic", "note")
    return dict.fromkeys(names, "")
