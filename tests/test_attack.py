"""No count under secrecy is given back by any table that is shipped: the tests try."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sim.inputs.files import find_territory
from sim.inputs.scenario import load
from sim.inputs.territory import load as load_territory
from sim.report import bilan
from sim.report.bilan import Settings
from sim.report.comparison import Compared
from sim.report.comparison_page import build
from sim.report.secrecy import THRESHOLD, recoverable
from sim.report.tables import Quantity, Table
from sim.results.compare import Comparison, compare
from sim.results.ensemble import load_run, run_ensemble
from tests.attacker import Attack, Disturbed, quotients

SIZE: dict[str, Any] = {"applicants": 900, "years": 1, "replications": 2}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    out = tmp_path_factory.mktemp("secret")
    return [run_ensemble(load(name, **SIZE), out) for name in ("reference", "cia")]


@pytest.fixture(scope="module")
def comparison(runs: list[Path]) -> Comparison:
    return compare(runs)


def tables_of(runs: list[Path], secrecy: int) -> list[Table]:
    territory = load_territory(find_territory("mel"))
    run, base = (Disturbed(load_run(path), nested()) for path in runs)
    subject = bilan.read(run, territory, Settings(secrecy=secrecy), base)
    return list(bilan.all_tables(subject).values())


def nested() -> dict[str, str]:
    communes = load_territory(find_territory("mel")).communes
    return dict(zip(communes["nom"], communes["territoire"], strict=True))


def of_comparison(comparison: Comparison, secrecy: int) -> list[Table]:
    content = build(Compared(comparison, threshold=secrecy))
    return [*content.tables.values(), *content.yearly, *(figure.table for figure in content.winners)]


def counts_of(tables: list[Table]) -> list[float]:
    return [float(c.value) for t in tables for row in t.rows for c in row
            if isinstance(c, Quantity) and c.kind == "count" and c.value is not None]  # fmt: skip


def test_no_table_of_the_bilan_gives_a_masked_count_back(runs: list[Path]) -> None:
    masked, true = (tables_of(runs, secrecy) for secrecy in (THRESHOLD, 0))
    attack = Attack(masked, true, nested())
    assert len(attack.hidden) > 200
    assert len(attack.sums()) > 100
    assert attack.given_back() == set()
    assert quotients(attack) == []


def test_no_table_of_the_comparison_gives_a_masked_count_back(comparison: Comparison) -> None:
    masked, true = (of_comparison(comparison, secrecy) for secrecy in (THRESHOLD, 0))
    assert [t.name for t in masked] == [t.name for t in true]
    counted = [t for t in masked if t.name != "comparaisons"]  # which counts comparisons, not households
    assert not any(0 < count < THRESHOLD for count in counts_of(counted))
    (table,) = (t for t in masked if t.name.startswith("gagnants"))
    heads = table.head[1:9]
    rows = {str(row[0]): dict(zip(heads, row[1:9], strict=True)) for row in table.rows}
    hidden = {(name, head) for name, row in rows.items() for head, cell in row.items() if cell.is_secret}
    sums: list[Any] = [((name, heads[0]), [(name, head) for head in heads[1:]]) for name in rows]
    for label in {name.partition(" : ")[0] for name in rows} - {"Ensemble", "Public"}:
        groups = [name for name in rows if name.startswith(f"{label} : ")]
        sums += [(("Ensemble", head), [(name, head) for name in groups]) for head in heads]
    assert hidden
    assert not recoverable(hidden, sums)
    for name, row in zip(rows, table.rows, strict=True):  # who wins less who loses would give the last one back
        lost = [head for head in heads[:5] if (name, head) in hidden]
        assert not lost or all(cell.is_secret for cell in row[9:])


def test_differences_by_group_hide_what_either_bilan_hides(comparison: Comparison) -> None:
    c = Compared(comparison)
    side, seen = c.sides.alternatives[0], 0
    for scope in ("territoire", "public", "commune"):
        for group in c.members(scope):
            row = c.row(side, "attributions", c.year, scope, group)
            if row is not None and any(0 < size < THRESHOLD for size in (row.base, row.value)):
                seen += 1
                assert c.gap(side, "attributions", c.year, scope, group).is_secret
                assert c.gap(side, "delai_attribution_moyen", c.year, scope, group).value is None
    assert seen > 20


def test_the_attack_finds_what_a_lone_mask_gives_back() -> None:
    def table(*values: float, hidden: int | None = None) -> list[Table]:
        cells = [Quantity(v, "count") for v in values]
        rows = [(f"Commune {i}", c.secret() if i == hidden else c) for i, c in enumerate(cells)]
        return [Table("t", "T", ("Commune", "Attributions"), (*rows, ("Ensemble", Quantity(sum(values), "count"))))]

    assert Attack(table(5.5, 30.25, 41.0, hidden=0), table(5.5, 30.25, 41.0)).given_back()
