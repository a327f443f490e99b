"""Scenarios: one parent, deep merge, overrides, origins, writing back, and the list of parameters."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from sim.inputs.files import scenario_names, scenarios_dir
from sim.inputs.grids import grid_names, load_grid
from sim.inputs.parameters import HYPOTHESIS
from sim.inputs.scenario import Loaded, differences, dump, flatten, load, parameters
from sim.inputs.yaml_lines import read_scalar, read_text
from sim.rules.criteria import CRITERIA
from sim.words.clock import to_day
from sim.words.codes import UNITS


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def day(text: str) -> int:
    return to_day(dt.date.fromisoformat(text))


@pytest.mark.parametrize("name", scenario_names())
def test_shipped_scenarios_load_and_say_what_they_ask(name: str) -> None:
    loaded = load(name)
    assert loaded.name == name
    assert loaded.scenario.title
    assert loaded.scenario.summary
    assert loaded.parent is None or differences(loaded), "a scenario that changes nothing"


def test_the_reference_states_the_defaults_of_the_models_or_the_centre_of_the_calibrated_sample() -> None:
    defaults = {row["path"]: row["default"] for row in parameters() if row["path"] not in ("title", "summary")}
    loaded = load("reference")
    sample = YAML(typ="safe").load(scenarios_dir() / loaded.scenario.run.posterior)
    centre = {
        path: one["mean"] * factor
        for one in sample["parameters"]
        for path, factor in zip(one["sets"], one["factors"], strict=True)
    }
    values = dict(flatten(loaded.scenario.model_dump(mode="json")))
    for path, value in centre.items():
        assert float(values[path]) == pytest.approx(value, rel=0.005), path
    by_year = {path.rsplit("/", 1)[0] for path in centre if path.rsplit("/", 1)[1].isdigit()}
    fitted = {"run/posterior", *centre, *by_year}
    for path, value in ((p, v) for p, v in _leaves(loaded.source).items() if p in defaults and p not in fitted):
        assert str(value) == str(defaults[path]), path


def _leaves(data: object, path: str = "") -> dict[str, object]:
    if not isinstance(data, dict) or path in {row["path"] for row in parameters()}:
        return {path: data}
    found: dict[str, object] = {}
    for key, value in data.items():
        found |= _leaves(value, f"{path}/{key}" if path else str(key))
    return found


def test_a_child_merges_maps_and_replaces_lists(tmp_path: Path) -> None:
    write(
        tmp_path,
        "parent.yaml",
        """
title: Parent
rules:
  steering: {name: objectifs, objectives: [quota.prioritaires, quota.prioritaires_reservataire]}
  reservation: {etat: 0.2}
flows: {exits: {per_year_share: {2022: 0.06, 2023: 0.05}}}
""",
    )
    child = write(
        tmp_path,
        "child.yaml",
        """
extends: parent
rules:
  steering: {objectives: [quota.premier_quartile_hors_qpv]}
flows: {exits: {per_year_share: {2023: 0.04}}}
""",
    )
    loaded = load(child)
    assert loaded.scenario.title == "Parent"
    assert loaded.scenario.rules.steering.name == "objectifs"
    assert loaded.scenario.rules.steering.objectives == ("quota.premier_quartile_hors_qpv",)
    assert loaded.scenario.rules.reservation.etat == 0.2
    shares = loaded.scenario.flows.exits.per_year_share
    assert (shares[2022], shares[2023]) == (0.06, 0.04)
    assert loaded.origins["rules/reservation/etat"].endswith("parent.yaml")
    assert loaded.origins["rules/steering/objectives"].endswith("child.yaml")
    assert loaded.origins["rules/reservation/departement"] == "default"
    assert {"child.yaml", "parent.yaml", "law/quotas.yaml"} <= set(loaded.files)
    assert all(len(digest) == 64 for digest in loaded.files.values())


def test_amendments_of_the_law_add_dates_and_replace_them(tmp_path: Path) -> None:
    name = "quota.premier_quartile_hors_qpv"
    write(
        tmp_path,
        "one.yaml",
        f"""
extends: reference
law:
  {name}:
    values: [{{from: 2026-01-01, is: 0.28, reference: R}}, {{from: 2027-01-01, is: 0.29, reference: R}}]
""",
    )
    two = write(
        tmp_path,
        "two.yaml",
        f"""
extends: one
law: {{{name}: {{values: [{{from: 2027-01-01, is: 0.30, reference: R}}]}}}}
""",
    )
    loaded = load(two)
    assert [loaded.law.at(name, day(f"{year}-06-01")) for year in (2025, 2026, 2027)] == [0.25, 0.28, 0.30]
    assert differences(loaded) == [(f"law/{name}@2027-01-01", 0.29, 0.30)]
    assert load("reference").law.at(name, day("2027-06-01")) == 0.25


def test_the_example_of_the_guide_loads(tmp_path: Path) -> None:
    guide = (scenarios_dir() / "README.md").read_text(encoding="utf-8")
    loaded = load(write(tmp_path, "example.yaml", guide.split("```yaml\n")[1].split("```")[0]))
    assert loaded.law.at("quota.premier_quartile_hors_qpv", day("2027-01-01")) == 0.30


def test_overrides_reach_every_place() -> None:
    loaded = load("reference", [
        "rules/designation/name=anciennete", "flows.deliveries.per_year=2300", "flows/exits/per_year_share/2023=0.05",
        "rules.steering.name=objectifs", "rules.steering.objectives=[quota.prioritaires]", "flows/arrivals/on=false",
        "law/quota.prioritaires@2027-01-01=0.6", "law.caleol.candidats_min@2026-01-01=5", "run.start=2023-01-01",
    ])  # fmt: skip
    scenario = loaded.scenario
    assert scenario.rules.designation.name == "anciennete"
    assert scenario.flows.deliveries.per_year == 2300.0
    assert scenario.flows.exits.per_year_share[2023] == 0.05
    assert scenario.flows.exits.per_year_share[2022] == load("reference").scenario.flows.exits.per_year_share[2022]
    assert scenario.rules.steering.objectives == ("quota.prioritaires",)
    assert scenario.flows.arrivals.on is False
    assert scenario.run.start == dt.date(2023, 1, 1)
    assert loaded.law.at("quota.prioritaires", day("2027-01-01")) == 0.6
    assert loaded.law.at("caleol.candidats_min", day("2026-01-01")) == 5
    assert loaded.origins["flows/arrivals/on"] == "--override"


@pytest.mark.parametrize(
    ("options", "end"),
    [
        ({"years": 1}, "2022-12-31"),
        ({"years": 7}, "2028-12-31"),
        ({"start": dt.date(2023, 7, 1), "years": 2}, "2025-06-30"),
        ({"start": dt.date(2024, 2, 29), "years": 1}, "2025-02-28"),
        ({"years": None, "seed": None}, "2028-12-31"),
    ],
)
def test_years_give_the_last_day(options: dict[str, object], end: str) -> None:
    assert load("reference", (), **options).scenario.run.end == dt.date.fromisoformat(end)


def test_run_options_are_those_of_the_command_line() -> None:
    run = load("reference", (), seed=7, replications=2, applicants=5600).scenario.run
    assert (run.seed, run.replications, run.applicants) == (7, 2, 5600)
    with pytest.raises(TypeError, match="did you mean 'seed'"):
        load("reference", (), sed=7)


@pytest.mark.parametrize("name", scenario_names())
def test_what_is_dumped_loads_to_the_same_scenario(name: str, tmp_path: Path) -> None:
    asked = ["law/quota.prioritaires@2027-01-01=0.6", "law/plafond.plus_eur_year@2027-01-01=[1, 2, 3, 4, 5, 6, 7]"]
    before = load(name, [*asked, 'title="A: b # c"'], seed=3)
    after = load(write(tmp_path, "scenario.yaml", dump(before)))
    assert same(before, after)
    assert after.parent is None
    assert dump(after) == dump(before)


def same(one: Loaded, other: Loaded) -> bool:
    return one.source == other.source and one.sha256 == other.sha256 and dict(one.law) == dict(other.law)


def test_the_hash_changes_with_a_value_not_with_its_place(tmp_path: Path) -> None:
    base = load("reference")
    assert load("reference", ["run/seed=3"]).sha256 != base.sha256
    copy = write(tmp_path, "elsewhere.yaml", (scenarios_dir() / "reference.yaml").read_text(encoding="utf-8"))
    assert load(copy).sha256 == base.sha256


@given(st.text(max_size=30))
def test_any_text_survives_being_written(text: str) -> None:
    loaded = load("reference")
    source = {**loaded.source, "title": text}
    written = dump(Loaded(loaded.scenario, loaded.law, source, {}, {}, loaded.path))
    printable = all(character.isprintable() or character in "\n" for character in text)
    if printable:
        assert read_text(written, "written").data["title"] == text


@pytest.mark.parametrize(
    ("text", "value"),
    [("no", "no"), ("true", True), ("01001", 1001), ("1e3", 1000.0), (".5", 0.5), ("2022-01-01", dt.date(2022, 1, 1)),
     ("2022-02-30", "2022-02-30"), ("~", None), ("", None), (".nan", ".nan"), ("1e999", "1e999"), ("0,25", "0,25"),
     ("1_000", "1_000"), ("-3", -3)],
)  # fmt: skip
def test_scalars_follow_yaml_1_2(text: str, value: object) -> None:
    assert read_scalar(text) == value
    assert type(read_scalar(text)) is type(value)


def test_ruamel_reads_the_shipped_files_as_we_do() -> None:
    yaml = YAML(typ="safe", pure=True)
    for path in sorted(scenarios_dir().rglob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        if "territories" not in path.parts:
            assert read_text(text, path.name).data == yaml.load(text), path.name


def test_every_parameter_has_its_sentence_and_its_source() -> None:
    rows = parameters()
    assert len({row["path"] for row in rows}) == len(rows)
    for row in rows:
        assert set(row) == {"path", "default", "unit", "doc", "source", "confidence"}
        assert row["doc"], row["path"]
        if row["unit"]:
            assert row["unit"] in UNITS, row["path"]
            assert row["source"], row["path"]
            assert row["confidence"] in ("A", "A-", "B", "B-", "C")
            assert row["source"] != HYPOTHESIS or row["confidence"] == "C", row["path"]


@pytest.mark.parametrize("name", grid_names())
def test_grids_are_made_of_known_criteria(name: str) -> None:
    grid = load_grid(name, CRITERIA.names())
    assert grid.names
    assert grid.reference


def test_the_demonstration_grid_says_that_it_is_none() -> None:
    grid = load_grid("demonstration")
    assert grid.is_demonstration
    assert grid.criteria["dalo"] == 50
    assert (grid.seniority.points_per_month, grid.seniority.cap_months, grid.refusal_points) == (1, 48, -10)
