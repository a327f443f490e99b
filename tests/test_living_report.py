"""The bilan of a scenario whose stock lives: its summary at the head, supply, NPNRU, chains, orientations 3 and 5."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from sim.report import bilan
from sim.report.bilan import Settings
from sim.report.tables import Quantity, Table
from sim.results.audit_run import audit_run
from sim.results.ensemble import run_ensemble
from sim.results.store import Run, load_run
from tests.worlds import loaded, territory

OVERRIDES = ("flows/deliveries/lead_months=0", "flows/demolition/empty_months=2", "run/replications=1")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = run_ensemble(loaded("plh_complet", OVERRIDES, 400, 3), tmp_path_factory.mktemp("runs"))
    return load_run(folder)


@pytest.fixture(scope="module")
def tables(run: Run) -> dict[str, Table]:
    return bilan.all_tables(bilan.read(run, territory(), Settings(2024, secrecy=0)))


def numbers(table: Table, first: str) -> list[float | None]:
    """Return the numbers of the row that starts with a text."""
    (row,) = [row for row in table.rows if row[0] == first]
    return [cell.value for cell in row if isinstance(cell, Quantity)]


def test_the_summary_of_the_scenario_is_at_the_head(run: Run, tmp_path: Path) -> None:
    bilan.write(run, tmp_path, territory(), Settings(2024, ("html",)))
    page = re.sub(r"\s+", " ", (tmp_path / "bilan.html").read_text(encoding="utf-8"))
    summary = str(run.manifest["scenario"]["summary"]).replace("'", "&#39;")
    assert 0 < page.index(" ".join(summary.split())) < page.index("<section")
    for title in ("Le parc par année", "NPNRU : démolitions", "Qui gagne à chaque rang", "Pression sur le parc social"):
        assert title in page


def test_the_stock_of_each_territory_adds_up(tables: dict[str, Table]) -> None:
    table = tables["parc_territoires"]
    assert len(table.rows) == 9
    for row in table.rows:
        start, delivered, demolished, sold, end = (cell.value for cell in row if isinstance(cell, Quantity))
        assert None not in (start, delivered, demolished, sold, end)
        assert float(start or 0) + float(delivered or 0) - float(demolished or 0) - float(sold or 0) == end
    whole = numbers(table, "Ensemble")
    assert all(value for value in whole)


def test_chains_and_the_npnru_have_their_tables(tables: dict[str, Table]) -> None:
    steps = [numbers(tables["chaines_rangs"], f"{n}")[0] for n in ("1er rang", "2e rang", "3e rang")]
    assert steps == sorted(steps, key=lambda value: -float(value or 0))
    assert (
        sum(float(row[1].value or 0) for row in tables["chaines_typologies"].rows if isinstance(row[1], Quantity))
        == (steps[0])
    )
    assert any(numbers(tables["npnru"], "Ménages relogés"))
    assert {"plh_accessible", "plh_pression", "parc", "chaines_origines"} <= set(tables)
    plus, plai = (numbers(tables["plh_pression"], str(row[0])) for row in tables["plh_pression"].rows[1:])
    assert all(float(high or 0) > float(low or 0) for low, high in zip(plus, plai, strict=True))


def test_the_rule_of_thirty_per_cent_is_counted_over_three_years(run: Run, tables: dict[str, Table]) -> None:
    rows = tables["regle_30"].rows
    parts, whole = np.array([numbers(tables["regle_30"], str(row[0]))[:2] for row in rows]), rows[-1]
    assert parts[:-1].sum(axis=0) == pytest.approx(parts[-1])
    assert 0.5 < parts[-1, 0] / (3 * 6200 * 400 / 56_000) < 1  # less what lies in QPV
    found = run.indicators()
    mine = found[(found["scope"] == "mel") & (found["indicator"] == "livraisons_sociales")]
    assert parts[-1, 1] == mine["value"].sum() > 0
    assert str(whole[-1]).endswith("sur 95")
    two_years = bilan.read(run, territory(), Settings(2023, secrecy=0))
    assert "regle_30" not in bilan.all_tables(two_years)


def test_the_saved_run_passes_its_audit(run: Run) -> None:
    assert audit_run(run.path) == {0: []}
