"""Legal situations written so that a jurist could: ``tests/cases/*.yaml``, one list item per case.

A case says what is ``given`` and on which day, which ``question`` is asked (a function of
``tests/questions``), and what is to ``expect``. ``trap`` is the number of rules.md, section 9.
"""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

import tests.questions
from tests.questions.registry import QUESTIONS

CASES = Path(__file__).parent / "cases"
for module in pkgutil.iter_modules(tests.questions.__path__):
    importlib.import_module(f"tests.questions.{module.name}")


def read(path: Path) -> list[dict[str, Any]]:
    """Return the cases of a file."""
    return list(YAML(typ="safe").load(path.read_text(encoding="utf-8")) or [])


ALL = [(path.stem, case) for path in sorted(CASES.glob("*.yaml")) for case in read(path)]


@pytest.mark.parametrize(("theme", "case"), ALL, ids=[f"{theme}: {case['case']}"[:90] for theme, case in ALL])
def test_case(theme: str, case: dict[str, Any]) -> None:
    """The rules answer as the law says."""
    answer = QUESTIONS[case["question"]](case["given"], case["on"])
    assert {name: answer[name] for name in case["expect"]} == case["expect"]


def test_every_case_is_complete() -> None:
    """A case says its reference, and uses no key that the runner does not know."""
    for theme, case in ALL:
        assert {"case", "reference", "on", "question", "given", "expect"} <= set(case), f"{theme}: {case.get('case')}"
        assert set(case) <= {"case", "trap", "reference", "on", "question", "given", "expect", "note"}, case["case"]
        assert case["expect"], f"{case['case']}: nothing is expected"
