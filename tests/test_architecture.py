"""The house rules that a program can check: one direction of imports, small files, named luck, units."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import re
import sys
import tomllib
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from sim.inputs.schema import Scenario
from sim.state.tables import Table
from sim.words.codes import UNITS

ROOT = Path(__file__).resolve().parents[1]
ROOMS = (
    "words", "inputs", "state", "rules", "behaviour", "exchange", "world",
    "population", "flows", "indicators", "results", "report", "analysis", "verify", "calibrate", "app",
)  # fmt: skip
"""From the ground up. Files directly in ``sim/`` (the command line, the public names) stand on top."""

LONGEST_FILE = 420
LONGEST_FUNCTION = 60
FILES = sorted((ROOT / "sim").rglob("*.py"))
TREES = {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path in FILES}
MODULES = {name.removesuffix(".py").removesuffix("/__init__").replace("/", "."): name for name in TREES}

every_file = pytest.mark.parametrize("name", TREES)


def imported(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Yield ``(dotted module, line)`` of each import; of ``from a import b``, both ``a`` and ``a.b`` if a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: imports are absolute"
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            modules = [module for module in inner if module in MODULES]
            yield from ((module, node.lineno) for module in modules)
            if len(modules) < len(inner):
                yield str(node.module), node.lineno


def own_imports(name: str) -> list[tuple[str, int]]:
    """Return the files of ``sim/`` that a file imports, with the line."""
    return [(MODULES[module], line) for module, line in imported(TREES[name]) if module in MODULES]


def storey(name: str) -> int:
    """Return the rank of a file's room; files directly in ``sim/`` come last."""
    parts = name.split("/")
    return ROOMS.index(parts[1]) if len(parts) > 2 else len(ROOMS)


def outside_functions(tree: ast.Module) -> Iterator[ast.stmt]:
    """Yield the statements that run when a module is imported."""
    waiting: list[ast.stmt] = list(tree.body)
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            waiting.extend(node.orelse)
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            waiting.extend(child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt))


def test_every_folder_is_a_known_room() -> None:
    folders = {path.parent.relative_to(ROOT / "sim").parts[:1] for path in FILES} - {()}
    assert {folder for (folder,) in folders} <= set(ROOMS)


@every_file
def test_imports_point_one_way(name: str) -> None:
    faults = [f"{name}:{line} imports {other}" for other, line in own_imports(name) if storey(other) > storey(name)]
    assert not faults


def test_no_import_cycle() -> None:
    try:
        TopologicalSorter({name: {other for other, _ in own_imports(name)} for name in TREES}).prepare()
    except CycleError as error:
        pytest.fail("import cycle: " + " -> ".join(error.args[1]))


def test_simpy_is_imported_in_one_file() -> None:
    users = {
        name for name, tree in TREES.items() if any(module.split(".")[0] == "simpy" for module, _ in imported(tree))
    }
    assert users == {"sim/world/world.py"}


@every_file
def test_matplotlib_is_imported_late(name: str) -> None:
    if name.startswith("sim/report/"):
        return
    for node in outside_functions(TREES[name]):
        if isinstance(node, ast.Import | ast.ImportFrom):
            assert not any(module.split(".")[0] == "matplotlib" for module, _ in imported(node)), f"line {node.lineno}"


def test_third_party_imports_are_the_declared_dependencies() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    names = {re.split(r"[^\w.-]", line)[0].replace("-", "_") for line in declared}
    modules = {module for tree in TREES.values() for module, _ in imported(tree)}
    used = {module for module in modules if module.split(".")[0] not in {"sim", *sys.stdlib_module_names}}
    found = {module: next((name for name in names if f"{module}.".startswith(f"{name}.")), None) for module in used}
    assert not [module for module, name in found.items() if name is None], "imported, not declared"
    assert names == set(found.values()), "declared, not imported"


@every_file
def test_luck_has_a_name(name: str) -> None:
    """Draws come from named streams: neither ``random`` nor numpy's hidden global generator is used."""
    allowed = {"Generator", "BitGenerator", "PCG64", "Philox", "SeedSequence", "default_rng"}
    assert not any(module == "random" for module, _ in imported(TREES[name]))
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) in {"np.random", "numpy.random"}:
            assert node.attr in allowed, f"line {node.lineno}: np.random.{node.attr}"
        if isinstance(node, ast.ImportFrom) and node.module == "numpy.random":
            assert {alias.name for alias in node.names} <= allowed, f"line {node.lineno}"
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("default_rng"):
            assert node.args or node.keywords, f"line {node.lineno}: a generator without a seed"


@every_file
def test_files_and_functions_are_short(name: str) -> None:
    assert len((ROOT / name).read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
            lines = (body[-1].end_lineno or 0) - body[0].lineno + 1
            assert lines <= LONGEST_FUNCTION, f"line {node.lineno}: {node.name} has {lines} lines"


SUFFIXES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("_eur_month_cu", ("eur/month/cu",)),
    ("_eur_year_cu", ("eur/year/cu",)),
    ("_eur_month", ("eur/month",)),
    ("_eur_year", ("eur/year",)),
    ("_per_year", ("per_year", "count/year")),
    ("_day", ("day",)),
    ("_days", ("days",)),
    ("_months", ("months",)),
    ("_years", ("years",)),
    ("_year", ("year",)),
    ("_m2", ("m2",)),
    ("_count", ("count", "persons")),
    ("_share", ("share",)),
    ("_points", ("points",)),
    ("_rooms", ("rooms",)),
)
"""What the end of a name says of its unit; the first that fits decides."""

SAID_BY_THE_NAME = {
    "day", "days", "months", "years", "year", "m2", "share", "count",
    "eur/month", "eur/year", "eur/month/cu", "eur/year/cu",
}  # fmt: skip
"""Units that a column's name must show."""


def tables() -> list[type[Table]]:
    """Return every table, once all files of ``sim/state`` are imported."""
    for module in MODULES:
        if module.startswith("sim.state."):
            importlib.import_module(module)
    return Table.__subclasses__()


@pytest.mark.parametrize("table", tables(), ids=lambda table: table.__name__)
def test_columns_have_a_unit_that_their_name_shows(table: type[Table]) -> None:
    for name, spec in table.specs().items():
        unit = spec["unit"]
        assert unit in UNITS, f"{name}: {unit!r} is not one of codes.UNITS"
        assert spec["doc"], f"{name}: no sentence"
        fits = next((units for suffix, units in SUFFIXES if name.endswith(suffix)), None)
        assert fits is None or unit in fits, f"{name} is in {unit}"
        assert fits is not None or unit not in SAID_BY_THE_NAME, f"{name} does not say {unit}"
        assert name.startswith(("is_", "has_")) == (unit == "bool") == (spec["dtype"] == "?"), name


def parameters(model: type[BaseModel], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield ``(path, what is said of it)`` of every parameter of a scenario."""
    for name, field in model.model_fields.items():
        place = f"{path}{name}"
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from parameters(field.annotation, f"{place}.")
        elif isinstance(field.json_schema_extra, dict) and "unit" in field.json_schema_extra:
            yield place, {"doc": field.description, **field.json_schema_extra}


@pytest.mark.parametrize(("place", "said"), list(parameters(Scenario)))
def test_parameters_have_unit_sentence_and_source(place: str, said: dict[str, Any]) -> None:
    assert said["unit"] in UNITS
    assert said["doc"]
    assert said["source"], "no source: write 'hypothèse'"
    assert said["confidence"] in {"A", "B", "C"}


def test_tables_are_dataclasses_of_their_own() -> None:
    assert all(dataclasses.is_dataclass(table) and "__dataclass_fields__" in vars(table) for table in tables())


def project_files() -> list[Path]:
    """Return the text files of the repository, without environments, caches and results."""
    skipped = {".git", ".venv", "runs", "build", "dist", "htmlcov"}
    shown = {".ci", ".gitignore", ".pre-commit-config.yaml"}
    endings = {".py", ".md", ".toml", ".yaml", ".yml", ".csv", ".json", ".ipynb", ".lock", ".html", ".css", ".j2", ""}
    found = []
    for top in sorted(ROOT.iterdir()):
        if top.name in skipped or (top.name.startswith(".") and top.name not in shown):
            continue
        found += [path for path in ([top] if top.is_file() else top.rglob("*")) if path.is_file()]
    return [path for path in found if path.suffix in endings and "__pycache__" not in path.parts]


def test_no_file_names_a_place_of_one_machine() -> None:
    machine = re.compile(r"(?<![\w./<>*~-])/(?:home|Users|root|tmp|work|opt|mnt|srv)/[\w.-]|\b[A-Z]:\\Users\\")
    faults = []
    for path in project_files():
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="ignore").splitlines(), start=1):
            if machine.search(line):
                faults.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}")
    assert not faults
