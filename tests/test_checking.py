"""``simhlm check``: what it tells apart, and the legal values that nothing reads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sim.checking import check_paths, check_start, read_by_the_code
from sim.inputs.faults import Faults
from sim.inputs.files import scenarios_dir
from sim.inputs.law import load_law
from sim.inputs.scenario import load
from tests.worlds import live, loaded

NAMES = tuple(load_law())
REFORM = """extends: reference
title: Essai
law:
  {name}:
    values: [{{from: 2027-01-01, is: {value}, status: scenario, reference: "question"}}]
"""


def test_every_value_that_a_run_reads_is_found_in_the_source() -> None:
    read = {value["name"] for value in live("cia", (), 300, 1).legal_values_read}
    assert read
    assert read <= read_by_the_code(NAMES)


def test_names_written_in_parts_are_found() -> None:
    found = read_by_the_code(NAMES)
    assert {
        "uc.premiere_personne",
        "apl.loyer_plafond_zone_2_eur_month",
        "seuil.deuxieme_quartile_eur_year_cu",
    } <= found


def test_a_name_that_nothing_reads_is_not_found() -> None:
    invented = ("dalo.inventee_months", "uc", "apl.loyer_plafond_zone_2_eur_month.bis")
    assert not read_by_the_code(invented)
    assert "demande.attestation_months" not in read_by_the_code(NAMES), "if a rule reads it now, take another example"


def test_a_reform_without_effect_is_told(tmp_path: Path) -> None:
    path = tmp_path / "essai.yaml"
    path.write_text(REFORM.format(name="demande.attestation_months", value=2), encoding="utf-8")
    warnings = [line for line in check_paths([str(path)]) if "WARNING" in line]
    assert len(warnings) == 1
    assert "demande.attestation_months" in warnings[0]
    path.write_text(REFORM.format(name="offre.delai_reponse_days", value=15), encoding="utf-8")
    assert not [line for line in check_paths([str(path)]) if "WARNING" in line]


def test_a_scenario_whose_grid_asks_an_unknown_question_is_refused_before_it_runs(tmp_path: Path) -> None:
    shipped = (scenarios_dir() / "grids" / "demonstration.yaml").read_text(encoding="utf-8")
    (tmp_path / "grid.yaml").write_text(shipped.replace("dalo:", "dallo:", 1), encoding="utf-8")
    text = f"extends: cotation\ntitle: x\nrules: {{designation: {{grid: {tmp_path / 'grid.yaml'}}}}}\n"
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    mine = str(tmp_path / "mine.yaml")
    for refuse in (lambda: check_paths([mine]), lambda: check_start(load(mine))):
        with pytest.raises(Faults, match="did you mean 'dalo'"):
            refuse()


def test_law_files_and_grids_are_told_from_scenarios(tmp_path: Path) -> None:
    root = scenarios_dir()
    for path in (root / "law").glob("*.yaml"):
        assert "valid law file" in check_paths([str(path)])[0]
    for path in (root / "grids").glob("*.yaml"):
        assert "valid grid" in check_paths([str(path)])[0]
    bad = tmp_path / "loi.yaml"
    bad.write_text("a.b_days: {label: A, unit: dais, values: []}\n", encoding="utf-8")
    with pytest.raises(Faults, match="did you mean 'days'"):
        check_paths([str(bad)])
    text = (root / "grids" / "demonstration.yaml").read_text(encoding="utf-8")
    bad.write_text(text.replace("  dalo:", "  dallo:"), encoding="utf-8")
    with pytest.raises(Faults, match="dallo"):
        check_paths([str(bad)])


def test_the_values_that_a_run_never_read_are_told(tmp_path: Path) -> None:
    from sim.results.ensemble import run_ensemble

    folder = run_ensemble(
        loaded("reference", ("run/replications=1", "flows/recognitions/on=false"), 300, 1), tmp_path, 1
    )
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    read = {value["name"] for value in manifest["law"]}
    told = check_paths([str(folder)])
    (line,) = [line for line in told if "never read" in line]
    unread = set(line.split(": ", 1)[1].split(", "))
    assert unread == set(NAMES) - read
    assert "dalo.delai_commission_months" in unread, "no recognition, no delay of the commission"


def test_an_empty_folder_is_no_territory(tmp_path: Path) -> None:
    with pytest.raises(Faults):
        check_paths([str(tmp_path)])
