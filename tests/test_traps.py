"""The 38 traps of rules.md, section 9: each has a legal case, or a named test where it is about reporting."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sim.indicators.compute import compute
from sim.report import bilan
from sim.report.bilan import Settings
from sim.report.definitions import DEFINITIONS, DELAYS
from sim.state.records import Replication
from sim.words.clock import year_of
from tests.fake import fake_names, fake_norms, make_replication
from tests.fake_run import TERRITORY, FakeRun
from tests.test_cases import ALL

TRAPS = range(1, 39)
ROOMS = ("T1", "T2", "T3", "T4", "T5 et plus")


def named_tests() -> dict[int, set[str]]:
    """Return the tests whose name or docstring says which trap they are about."""
    found: dict[int, set[str]] = {}
    for path in Path(__file__).parent.glob("test_*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                words = f"{node.name} {ast.get_docstring(node) or ''}"
                for number in re.findall(r"trap[ _](\d+)", words, flags=re.IGNORECASE):
                    found.setdefault(int(number), set()).add(f"{path.name}::{node.name}")
    return found


def test_each_trap_has_a_case_or_a_named_test() -> None:
    by_case, by_name = {case["trap"] for _, case in ALL if "trap" in case}, named_tests()
    assert by_case <= set(TRAPS)
    assert set(by_name) <= set(TRAPS)
    assert sorted(set(TRAPS) - by_case - set(by_name)) == []


def test_the_mean_delay_of_the_housed_never_stands_alone(tmp_path: Path) -> None:
    """Trap 37: the median, the age of those waiting and a censored estimate stand beside the mean delay of the housed.

    What a run cannot estimate (fewer than half end up housed) is named in a note, never left out in silence.
    """
    subject = bilan.read(FakeRun(tmp_path, 2), TERRITORY, Settings(None, ("html",)))
    tables = bilan.all_tables(subject)
    codes = ("delai_attribution_moyen", "delai_attribution_median", "anciennete_stock_moyenne")
    mean, median, age = (DEFINITIONS[code].label for code in codes)
    assert "des ménages logés" in mean
    del tables["observe"], tables["definitions"]  # published facts; what words mean
    heads = {name: {str(cell) for cell in (*t.head, *(row[0] for row in t.rows))} for name, t in tables.items()}
    alone = [name for name, words in heads.items() if mean in words and not {median, age} <= words]
    assert alone == []
    assert {"tendance", "delais"} <= {name for name, words in heads.items() if mean in words}
    for code in DELAYS:
        label = DEFINITIONS[code].label
        assert label in heads["delais"] or any(label in note for note in tables["delais"].notes), label


@pytest.fixture(scope="module")
def replication() -> Replication:
    return make_replication(applicants=300, dwellings=500, years=2, filings=12, exits=6)


@pytest.fixture(scope="module")
def table(replication: Replication) -> pd.DataFrame:
    return compute(replication, fake_names(), fake_norms())


def test_typology_wanted_is_not_typology_obtained(table: pd.DataFrame, replication: Replication) -> None:
    """Trap 38: demand is counted by the typology asked for, lettings by the one obtained, and both are crossed."""
    r, end = replication, replication.year_ends[0]
    leases = pd.DataFrame(r.leases)
    leases = leases[[year_of(day) == end.year for day in leases["day"].tolist()]]
    asked = np.clip(r.applications.rooms_wanted[leases["application"]], 1, 5) - 1
    obtained = np.clip(r.dwellings.rooms[leases["dwelling"]], 1, 5) - 1
    waiting = np.clip(r.applications.rooms_wanted[end.stock["application"]], 1, 5) - 1
    assert (asked != obtained).any()

    def value(code: str, group: str) -> float:
        rows = table[(table["indicator"] == code) & (table["year"] == end.year) & (table["group"] == group)]
        return float(rows["value"].iloc[0])

    for size, name in enumerate(ROOMS):
        assert value("demandes_en_stock", name) == (waiting == size).sum()
        assert value("attributions", name) == (obtained == size).sum()
        assert value("taux_pression", name) == pytest.approx((waiting == size).sum() / (obtained == size).sum())
        assert value("part_typologie_voulue", name) == pytest.approx((asked == size)[obtained == size].mean())
        for wish in range(len(ROOMS)):
            crossed = ((asked == wish) & (obtained == size)).sum()
            assert value(f"attributions_voulant_t{wish + 1}", name) == crossed
