"""No number of law or policy in Python: numbers live in scenarios/law, in a scenario or in a territory.

The syntax trees of the rooms that decide (rules, flows, behaviour, indicators) are walked. A literal passes when it
is one of a few bare numbers, a factor between units, or explained below with its reason. An explanation that no
longer explains anything fails too, so that the list only shrinks or is argued for.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("rules", "flows", "behaviour", "indicators", "exchange")

BARE = (0, 1, 2)
"""Counting, identity, halves and pairs; their opposites too (-1 is "none" or "the last")."""

FACTORS = (12, 100)
"""Months of a year and percent: only as a factor of a product or a quotient, or as a named constant."""

ALGORITHMS = {
    f"exchange/{name}.py"
    for name in (
        "cycles",
        "graph",
        "neighbourhoods",
        "packing",
        "prices",
        "pricing",
        "quick",
        "solving",
        "trading",
        "wanting",
    )
}
"""Solvers of graphs: their numbers are lengths of cycles, tolerances and sizes; none is of law or policy."""

EXPLAINED: dict[tuple[str, float], str] = {
    ("indicators/exchanges.py", 4): "length from which cycles are counted together",
    ("flows/exchanges.py", 4_000): "columns beyond which a round draws among its chains: speed, not policy",
    ("indicators/exchanges.py", 10_000): "the rate is told for 10 000 dwellings",
    ("indicators/exchanges.py", 3): "letters of the code of a ground",
    ("indicators/waiting.py", 3): "three quarters of those housed",
    ("indicators/waiting.py", 4): "quarters of those housed",
    ("rules/cotation.py", 304_375): "resolution of integer keys: one point a month is 10 000 units a day",
    ("rules/cotation.py", 37): "bits of a key of the index",
    ("rules/cotation.py", 1e-9): "rounding of points",
    ("rules/reservations.py", 1e-9): "rounding of shares",
    ("rules/reservations.py", 3): "names of the quartiles",
    ("rules/reservations.py", 4): "names of the quartiles",
    ("rules/reservations.py", 255): "all bits of a byte: every public",
    ("rules/bounds.py", 1e-6): "rounding of the linear programme",
    ("rules/bounds.py", 10): "tolerance of a share, in roundings",
    ("rules/designation.py", 4): "kinds of dwellings: in a QPV or not, accessible or not",
    ("rules/objectives.py", 1e3): "a tier beyond every other score",
    ("rules/objectives.py", 1e-9): "rounding of shares",
    ("rules/segments.py", 4): "layout of the index: publics, and the bit of the quartile",
    ("rules/segments.py", 8): "layout of the index: segments by public",
    ("rules/segments.py", 53): "bits of a keyed uniform",
    ("rules/segments.py", 11): "bits of a keyed uniform",
    ("rules/situations.py", 2015): "name of a map",
    ("rules/situations.py", 2024): "name of a map",
    ("rules/targets.py", 6): "typologies T1 to T5, the bound being open",
    ("flows/offers.py", 255): "values of a byte",
    ("flows/reviews.py", 31): "a month at most, looked at roughly before the exact anniversaries: speed only",
    ("flows/reviews.py", 4): "quarters of a day, in whole numbers: speed only",
    ("flows/reviews.py", 5): "margin of that rough look: speed only",
    ("flows/steering.py", 8): "layout of the index: segments by public",
    ("flows/exchanges.py", 32): "bits of a row number in a key",
    ("exchange/instances.py", 3): "columns of a file",
    ("exchange/weights.py", 3): "length of the shortest cycle that has a pair inside",
    ("exchange/mechanisms.py", 3): "default length of a cycle: an option of the command, rules.exchange.max_length",
    ("exchange/mechanisms.py", 60.0): "default time allowed: an option of the command",
    ("exchange/pool.py", 1980): "default of a column",
    ("exchange/pool.py", 5): "default of a column",
    ("indicators/equity.py", 20): "size of a cell: exact sum or expansion, precision only",
    ("indicators/equity.py", 4): "length of a sum beyond which nothing is left, precision only",
    ("indicators/classes.py", 1970): "origin of dates",
    ("indicators/classes.py", 45): "bounds of age classes of the published tables: presentation",
    ("indicators/intervals.py", 10): "fewest followed for a curve to be shown: presentation",
    ("indicators/intervals.py", 0.025): "tail of a confidence interval",
    ("indicators/intervals.py", 1e-12): "rounding of a variance",
    ("indicators/grid.py", 3): "name of the APL zone, as in communes.csv",
    ("indicators/intervals.py", 3): "power in the variance of a cumulative incidence",
    ("indicators/publics.py", 30): "in the name of a group, as published: moins de 30 ans",
    ("indicators/publics.py", 65): "in the name of a group, as published: 65 ans et plus",
    ("indicators/chains.py", 4): "longest chain told apart: presentation",
    ("indicators/commission.py", 10000): "packing of two numbers into one key",
    ("indicators/scores.py", 3): "first ranks shown: presentation",
    ("indicators/scores.py", 255): "largest value of a byte",
    ("indicators/facts.py", 1970): "origin of dates",
    ("indicators/grid.py", 31): "bits of an integer",
    ("indicators/incidence.py", 256): "values of a byte",
    ("indicators/incidence.py", 0.5): "a median",
    ("indicators/incidence.py", 3653): "horizon of a curve, ten years: presentation",
}
"""(file, number) -> why it is no number of law or policy."""


def numbers(tree: ast.AST) -> Iterator[tuple[float, int]]:
    """Yield ``(number, line)`` of every literal that is neither bare nor a factor, hidden in a text or not."""
    factors, named = set(), set()
    for node in ast.walk(tree):  # members of an enumeration, and names given by range(), are no quantities
        if isinstance(node, ast.ClassDef) and any(
            ast.unparse(base) in {"Code", "Label", "IntEnum"} for base in node.bases
        ):
            named |= {id(part) for line in node.body if isinstance(line, ast.Assign) for part in ast.walk(line.value)}
        elif isinstance(node, ast.Assign) and ast.unparse(node.value).startswith("range("):
            named |= {id(part) for part in ast.walk(node.value)}
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div | ast.FloorDiv | ast.Mod):
            factors |= {id(node.left), id(node.right)}
        elif isinstance(node, ast.Assign) and all(isinstance(t, ast.Name) and t.id.isupper() for t in node.targets):
            factors.add(id(node.value))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"float", "int", "Decimal", "Fraction"}:
            for argument in node.args:
                text = argument.value if isinstance(argument, ast.Constant) else ""
                if isinstance(text, str) and any(c.isdigit() for c in text):
                    yield float(text), node.lineno  # a number written as a text
        if not isinstance(node, ast.Constant) or isinstance(node.value, bool | str | bytes):
            continue
        is_factor = id(node) in named or (node.value in FACTORS and id(node) in factors)
        if isinstance(node.value, int | float) and node.value not in BARE and not is_factor:
            yield node.value, node.lineno


@cache
def found() -> dict[tuple[str, float], list[int]]:
    """Return the lines of every number of the rooms, by file and number."""
    seen: dict[tuple[str, float], list[int]] = {}
    for room in ROOMS:
        for path in sorted((ROOT / "sim" / room).glob("*.py")):
            if f"{room}/{path.name}" in ALGORITHMS:
                continue
            for number, line in numbers(ast.parse(path.read_text(encoding="utf-8"))):
                seen.setdefault((f"{room}/{path.name}", number), []).append(line)
    return seen


def test_no_number_of_law_or_policy_is_in_the_code() -> None:
    unexplained = [
        f"sim/{file}:{line}: {number} belongs to scenarios/law, a scenario or a territory (or explain it here)"
        for (file, number), lines in found().items()
        if (file, number) not in EXPLAINED
        for line in lines
    ]
    assert not unexplained, "\n".join(unexplained)


def test_every_explanation_still_explains_something() -> None:
    assert not [key for key in EXPLAINED if key not in found()]


@pytest.mark.parametrize(
    "code",
    [
        "share = 0.25", "if age > 65: pass", "def f(months=36): pass", "LIMIT = 9324", "x = income < 9_456.0",
        "rate = float('0.25')", "if months > 12: pass", "x = -3", "delay = [10]", "share = 1 / 4",
    ],
)  # fmt: skip
def test_a_number_of_law_would_be_found(code: str) -> None:
    assert list(numbers(ast.parse(code)))


@pytest.mark.parametrize("code", ["x = year / 12", "p = 100 * share", "n = -1", "half = x / 2", "MONTHS_PER_YEAR = 12"])
def test_counting_and_units_are_no_numbers_of_law(code: str) -> None:
    assert not list(numbers(ast.parse(code)))
