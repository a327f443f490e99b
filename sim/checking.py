"""``simhlm check`` and ``simhlm new``: help with the files that analysts write."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Collection, Iterable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from sim.inputs.faults import Fault, Faults
from sim.inputs.files import find_scenario, find_territory
from sim.inputs.law import check_law_file, load_law
from sim.inputs.yaml_lines import read_file
from sim.words.clock import to_day

if TYPE_CHECKING:
    from sim.inputs.scenario import Loaded


def check_paths(paths: list[str]) -> list[str]:
    """Check scenarios, law files, grids, territory folders and run folders; return what is to say of the good ones.

    Raises
    ------
    Faults
        With every fault of every path.
    """
    faults: list[Fault] = []
    lines: list[str] = []
    for name in paths:
        try:
            lines += _check_of(name)(name)
        except Faults as found:
            faults += found.faults
    if faults:
        raise Faults(faults)
    return lines


def _check_of(name: str) -> Callable[[str], list[str]]:
    """Return how to check a path: by what a folder holds, by what the keys of a file are."""
    path = Path(name)
    if path.is_dir():
        return check_run if (path / "manifest.json").is_file() else check_territory
    if path.is_file():
        keys = [str(key) for key in read_file(path).data]
        if any("." in key for key in keys):  # no key of a scenario or of a grid has a dot, all names of the law have
            return check_law
        if "rubrics" in keys or "criteria" in keys:
            return check_grid
    return check_scenario


def check_territory(name: str) -> list[str]:
    """Load a territory folder, and its targets if it has some."""
    from sim.inputs.territory import load as load_territory

    territory, targets = load_territory(Path(name)), Path(name) / "targets.csv"
    told = f"{name}: valid territory, {len(territory.communes)} communes"
    if not targets.is_file():
        return [told]
    from sim.calibrate.targets import read_targets

    return [f"{told}, {len(read_targets(targets))} targets"]


def check_law(name: str) -> list[str]:
    """Check a law file, and tell which of its values nothing reads."""
    faults = check_law_file(Path(name))
    if faults:
        raise Faults(faults)
    names = [str(key) for key in read_file(Path(name)).data]
    return [f"{name}: valid law file, {len(names)} parameters", *_unread_line(names)]


def check_grid(name: str) -> list[str]:
    """Check a cotation grid and that its criteria exist."""
    from sim.inputs.grids import load_grid
    from sim.rules.criteria import CRITERIA

    grid = load_grid(name, CRITERIA.names())
    return [f"{name}: valid grid « {grid.title} », {len(grid.criteria)} criteria"]


def check_run(name: str) -> list[str]:
    """Tell which values of the law a finished run never read: reforming those would have changed nothing in it."""
    from sim.results.ensemble import load_run

    manifest = load_run(Path(name)).manifest
    read = {str(value["name"]) for value in manifest["law"]}
    unread = [parameter for parameter in load_law() if parameter not in read]
    lines = [f"{name}: run of « {manifest['scenario']['title']} », {len(read)} legal parameters read"]
    lines += _amended_in_vain(manifest["scenario"].get("law", {}), read, "this run")
    if unread:
        lines.append(f"  legal parameters that this run never read ({len(unread)}): {', '.join(unread)}")
    return lines


def check_scenario(name: str) -> list[str]:
    """Load a scenario with its territory and law; say what differs from its parent, and what is amended in vain."""
    from sim.inputs.scenario import differences, load
    from sim.inputs.territory import load as load_territory
    from sim.rules.targets import check_names

    loaded = load(name)
    territory = load_territory(find_territory(loaded.scenario.territory))
    territory.with_values(loaded.scenario.first_day)
    check_names(loaded, territory)
    lines = [f"{name}: valid scenario « {loaded.scenario.title} »"]
    lines += [f"  {path}: {before} -> {after}" for path, before, after in differences(loaded)]
    lines += _amended_in_vain(loaded.scenario.law, read_by_the_code(tuple(loaded.law)), "the code")
    return lines + _unread_line(loaded.law)


def _amended_in_vain(amended: Iterable[str], read: Collection[str], reader: str) -> list[str]:
    vain = [name for name in amended if name not in read]
    return [f"  WARNING: this reform changes nothing, {reader} never reads {name}" for name in vain]


def _unread_line(names: Iterable[str]) -> list[str]:
    """Return the line on legal parameters that nothing reads: known, sourced, without effect yet."""
    names = tuple(names)
    unread = [name for name in names if name not in read_by_the_code(names)]
    return [f"  legal parameters that no code reads ({len(unread)}): {', '.join(unread)}"] if unread else []


@lru_cache(maxsize=8)
def read_by_the_code(names: tuple[str, ...]) -> frozenset[str]:
    """Return the legal parameters that the package's source names, whole or as a pattern.

    An f-string such as ``f"uc.{part}"`` names all that fit it, a text that ends with a dot (``"quota."``) all that
    start with it. It is a reading of the source: a name found may still be on a path that a scenario never takes,
    which ``simhlm check RUN`` tells.
    """
    texts, patterns = _names_in_source()
    wholly = re.compile("|".join(patterns)) if patterns else None
    return frozenset(n for n in names if n in texts or (wholly is not None and wholly.fullmatch(n)))


@lru_cache(maxsize=1)
def _names_in_source() -> tuple[frozenset[str], tuple[str, ...]]:
    """Return every text of the source that could name a legal parameter, and the patterns of f-strings."""
    texts: set[str] = set()
    patterns: set[str] = set()
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        inside: set[int] = set()  # the parts of an f-string are no texts of their own
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr) and "." in (_text(node.values[0]) if node.values else ""):
                inside |= {id(part) for part in node.values}
                patterns.add("".join(re.escape(_text(part)) or "[^.]+" for part in node.values))
            elif id(node) not in inside and LEGAL_NAME.fullmatch(_text(node)):
                texts.add(_text(node))
    patterns |= {re.escape(text) + ".+" for text in texts if text.endswith(".")}
    return frozenset(texts), tuple(sorted(patterns))


def _text(node: ast.AST) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


LEGAL_NAME = re.compile(r"[a-z]\w*\.\w*")


def check_start(loaded: Loaded) -> None:
    """Refuse names that do not exist, and a first day before a legal value that the flows read.

    Raises
    ------
    Faults
        One line for each wrong name; or one, for the value whose first date is the latest.
    """
    from sim.inputs.scenario import grids_of

    if loaded.scenario.rules.objectives or grids_of(loaded.scenario):
        from sim.inputs.territory import load as load_territory
        from sim.rules.targets import check_names

        check_names(loaded, load_territory(find_territory(loaded.scenario.territory)))
    start = to_day(loaded.scenario.run.start)
    names = read_by_the_code(tuple(loaded.law))
    read = [parameter for parameter in loaded.law.values() if parameter.name in names]
    latest = max(read, key=lambda parameter: parameter.values[0].from_day)
    if latest.values[0].from_day > start:
        try:
            latest.at(start)
        except ValueError as error:
            raise Faults([Fault("run/start", 1, str(error))]) from None


TEMPLATE = """\
# A scenario says only what changes from its parent. Lists are replaced whole.
# Every key: simhlm describe scenario. Check this file: simhlm check {file}
extends: {parent}
title: {name}
summary: >-
  Ce qui change, depuis quand, et d'où vient l'idée (une ou deux phrases en français, en tête du bilan).

# run:
#   replications: 10          # more replications, narrower intervals

# rules:
#   designation: {{name: cotation, grid: demonstration}}   # pratique, anciennete or cotation
#   reservation: {{etat: 0.30}}                            # shares of the holders; the rest is the landlord's

# flows:
#   deliveries: {{per_year: 2300.0}}                       # the PLH's objective instead of half of it

# A reform is a dated value of the law:
# law:
#   quota.premier_quartile_hors_qpv:
#     values: [{{from: 2027-01-01, is: 0.30, status: scenario, reference: "question posée à la CIL"}}]
"""


def write_new(name: str, parent: str) -> Path:
    """Write a commented scenario; an existing file is never overwritten.

    Raises
    ------
    Faults
        If the parent does not exist, the name is no file name, or the file exists.
    """
    find_scenario(parent)
    path = Path(name if name.endswith((".yaml", ".yml")) else f"{name}.yaml")
    if not re.fullmatch(r"[\w.\- ]+", path.stem):
        raise Faults([Fault("new", 1, f"{name!r} is no file name: letters, digits, - and _ only")])
    if path.exists():
        raise Faults([Fault(str(path), 1, "this file exists already: choose another name")])
    path.write_text(TEMPLATE.format(file=path, parent=parent, name=path.stem.replace("_", " ")), encoding="utf-8")
    return path
