"""The run folder: same bytes whatever the jobs, honest about failures, never overwritten."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from sim.indicators.compute import not_fed
from sim.inputs.faults import Faults
from sim.inputs.scenario import Loaded, load
from sim.results.audit_run import audit_run
from sim.results.cube import KEYS, NUMBERS, read_cube
from sim.results.ensemble import list_runs, load_run, run_ensemble, summarise
from sim.results.store import MANIFEST, OF_REPLICATION, POOLED, Run, free_name, sha256_of, write_parquet
from sim.words.codes import EventKind
from tests.fake import ENGINE, failing_simulate, interrupted_simulate, make_replication


@pytest.fixture(scope="module")
def loaded() -> Loaded:
    return load("reference", replications=3, years=2)


@pytest.fixture(scope="module")
def folder(loaded: Loaded, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run_ensemble(loaded, tmp_path_factory.mktemp("runs"), engine=ENGINE)


def spoiled(folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / folder.name))


def rewrite(path: Path, change: str) -> None:
    """Rewrite a Parquet file with an SQL change of its columns."""
    with duckdb.connect() as db:
        db.execute(f"CREATE TABLE t AS SELECT * {change} FROM read_parquet('{path}')")
        db.execute(f"COPY t TO '{path}' (FORMAT parquet)")


def test_the_folder_holds_what_the_contract_says(folder: Path, loaded: Loaded) -> None:
    assert folder.name.startswith("reference-20")
    assert not list(folder.parent.glob(".*"))
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    for key in (
        "simhlm",
        "commit",
        "packages",
        "scenario",
        "scenario_sha256",
        "inputs",
        "seed",
        "durations",
        "law",
        "indicators_not_fed",
    ):
        assert key in manifest, key
    assert manifest["audit"] == {"0": "ok", "1": "ok", "2": "ok"}
    assert manifest["replications"] == 3
    assert manifest["seed"] == loaded.scenario.run.seed
    assert "echanges_menages" in manifest["indicators_not_fed"]
    assert manifest["indicators_not_fed"] == not_fed(loaded.scenario.closed)
    assert not_fed(load("bourse_paires").scenario.closed) == []
    assert manifest["events"] == sum(len(make_replication(n).events) for n in range(3))
    files = {p.relative_to(folder).as_posix() for p in folder.rglob("*.parquet")}
    assert files == {f"{n}.parquet" for n in POOLED} | {f"replications/0000/{n}.parquet" for n in OF_REPLICATION}
    assert manifest["tables"] == {name: sha256_of(folder / name) for name in files}
    assert any(name.startswith("law/") for name in manifest["inputs"])


def test_the_law_read_is_listed_with_its_targets(folder: Path) -> None:
    law = load_run(folder).manifest["law"]
    assert {"name", "label", "unit", "from", "is", "status", "reference"} <= set(law[0])
    names = {row["name"] for row in law}
    assert {
        "quota.premier_quartile_hors_qpv",
        "quota.prioritaires",
        "sur_occupation.surface_m2",
        "qpv.carte",
    } <= names
    assert len({(row["name"], row["from"]) for row in law}) == len(law)


def test_the_resolved_scenario_loads_to_the_same(folder: Path, loaded: Loaded) -> None:
    again = load(folder / "scenario.yaml")
    assert again.sha256 == loaded.sha256 == load_run(folder).manifest["scenario_sha256"]


def test_frames_have_the_columns_of_the_contract(folder: Path) -> None:
    run = load_run(folder)
    columns = ["replication", "year", "indicator", "scope", "group", "numerator", "denominator", "value", "unit"]
    assert list(run.indicators().columns) == columns
    assert {"replication", "class", "group", "days", "at_risk", "housed", "left", "incidence"} <= set(
        run.waits().columns
    )
    assert {"replication", "luck_id", "filed_day", "closed_day", "outcome", "dwelling"} <= set(run.outcomes().columns)
    headings = {"reservataire", "typologie", "financement", "qpv", "commune", "periode", "bailleur"}
    assert headings | {"replication", "year", "count", "q1", "mutations"} <= set(run.attributions().columns)
    for frame in (run.indicators(), run.attributions(), run.outcomes(), run.waits()):
        assert sorted(frame["replication"].unique()) == [0, 1, 2]


def test_null_is_null_and_never_nan(folder: Path) -> None:
    with duckdb.connect() as db:
        counts = "count(*) FILTER (value IS NULL), count(*) FILTER (isnan(value))"
        query = f"SELECT {counts} FROM read_parquet('{folder}/indicators.parquet')"
        nulls, nans = db.execute(query).fetchone() or (0, 0)
    assert nulls > 100
    assert nans == 0


def test_attributions_and_outcomes_tell_the_leases(folder: Path) -> None:
    run = load_run(folder)
    leases = run.replication(0)["leases"]
    counts = run.attributions()
    assert counts.loc[counts["replication"] == 0, "count"].sum() == len(leases)
    assert counts.loc[counts["replication"] == 0, "q1"].sum() == (leases["quartile"] == 1).sum()
    years = counts["year"].between(2022, 2022)
    by_commune = counts[years].groupby("commune")["count"].sum()
    added = run.attributed(2022, 2022).groupby("commune")["count"].sum()
    pd.testing.assert_series_equal(added, by_commune, check_dtype=False, check_index_type=False)
    outcomes = run.outcomes()
    housed = outcomes[(outcomes["replication"] == 0) & (outcomes["outcome"] == "attributaire, bail signé")]
    assert sorted(housed["application"]) == sorted(leases["application"])
    assert (housed["dwelling"] >= 0).all()
    assert outcomes.loc[outcomes["replication"] == 0, "luck_id"].is_unique


def test_waits_are_cumulative_and_account_for_all(folder: Path) -> None:
    waits, leases = load_run(folder).waits(), load_run(folder).replication(0)["leases"]
    own = waits[waits["replication"] == 0]
    whole = own[own["class"] == "mel"]
    assert (whole["incidence"].diff().dropna() >= 0).all()
    assert (whole["incidence"] + whole["left_incidence"] <= 1 + 1e-9).all()
    assert whole["housed"].sum() == len(leases)
    for name in ("parcours", "quartile", "typologie", "taille", "territoire", "commune"):
        assert own.loc[own["class"] == name, "housed"].sum() == len(leases), name
    paths = set(own.loc[own["class"] == "parcours", "group"])
    assert paths == {"premier accès", "mutation"}
    some = waits[waits["group"].isin(paths)].reset_index(drop=True)
    pd.testing.assert_frame_equal(load_run(folder).waits(paths), some)
    recognised = own[own["class"] == "priorite"]
    told = (leases["recognition"] & 3 > 0).sum() + (leases["recognition"] & 4 > 0).sum()
    assert recognised.loc[recognised["group"] != "non reconnus", "housed"].sum() == told


def test_the_same_bytes_twice_and_with_two_jobs(loaded: Loaded, folder: Path, tmp_path: Path) -> None:
    tables = load_run(folder).manifest["tables"]
    for name, jobs in (("again", 1), ("two", 2)):
        other = run_ensemble(loaded, tmp_path / name, jobs=jobs, engine=ENGINE)
        assert load_run(other).manifest["tables"] == tables


def test_a_file_is_written_the_same_twice(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "a": np.arange(300_000),
            "b": pd.Categorical(["é", "x"] * 150_000),
            "c": np.where(np.arange(300_000) % 3, 0.5, np.nan),
        }
    )
    write_parquet(frame, tmp_path / "one.parquet")
    write_parquet(frame, tmp_path / "two.parquet")
    assert sha256_of(tmp_path / "one.parquet") == sha256_of(tmp_path / "two.parquet")


@pytest.mark.parametrize("first_day", ["redrawn", "shared"])
def test_keep_all_and_both_kinds_of_first_day(first_day: str, tmp_path: Path) -> None:
    loaded = load("reference", ["run/keep=all", f"run/first_day={first_day}"], replications=2, years=2)
    run = load_run(run_ensemble(loaded, tmp_path, engine=ENGINE))
    assert run.kept() == [0, 1]
    assert audit_run(run.path) == {0: [], 1: []}


def test_replications_draw_a_first_day_each_unless_they_share_one(tmp_path: Path) -> None:
    for first_day, differ in (("redrawn", True), ("shared", False)):
        asked = ["run/keep=all", f"run/first_day={first_day}"]
        run = load_run(run_ensemble(load("reference", asked, applicants=200, replications=2, years=1), tmp_path))
        tables = [(run.path / f"replications/{n:04d}/applications.parquet").as_posix() for n in (0, 1)]
        ages = [duckdb.sql(f"SELECT filed_day FROM '{table}' LIMIT 200").fetchall() for table in tables]
        assert (ages[0] != ages[1]) == differ


def test_a_failing_replication_is_told_and_stops_nobody(loaded: Loaded, tmp_path: Path) -> None:
    engine = dataclasses.replace(ENGINE, simulate=failing_simulate)
    run = load_run(run_ensemble(loaded, tmp_path, jobs=2, engine=engine))
    assert run.manifest["replications"] == 2
    assert run.manifest["replications_asked"] == 3
    assert "a household files while one is open" in run.manifest["audit"]["1"][0]
    assert "Traceback" in run.manifest["failures"]["1"]
    assert sorted(run.indicators()["replication"].unique()) == [0, 2]


def test_when_all_fail_the_first_reason_is_given(tmp_path: Path) -> None:
    engine = dataclasses.replace(ENGINE, first_day=failing_first_day)
    with pytest.raises(RuntimeError, match="no such population"):
        run_ensemble(load("reference", ["run/first_day=redrawn"], replications=1, years=2), tmp_path, engine=engine)


def failing_first_day(loaded: object, territory: object, number: int) -> int:
    raise ValueError("no such population")


def test_interrupted_then_resumed_gives_the_same(loaded: Loaded, folder: Path, tmp_path: Path) -> None:
    engine = dataclasses.replace(ENGINE, simulate=interrupted_simulate)
    with pytest.raises(KeyboardInterrupt):
        run_ensemble(loaded, tmp_path, engine=engine)
    (partial,) = tmp_path.glob(".*.partial")
    (row,) = list_runs(tmp_path)
    assert row["status"] == "unfinished"
    with pytest.raises(Faults, match="interrupted"):
        load_run(partial)
    with pytest.raises(Faults, match="another scenario"):
        run_ensemble(load("reference", replications=3, years=2, seed=7), tmp_path, engine=ENGINE, resume=partial)
    done: list[int] = []
    again = load(partial / "scenario.yaml")
    finished = run_ensemble(again, tmp_path, advance=lambda step, n: done.append(n), engine=ENGINE, resume=partial)
    assert done[:2] == [0, 2]  # the first two were kept
    assert load_run(finished).manifest["tables"] == load_run(folder).manifest["tables"]
    assert load_run(finished).manifest["scenario_sha256"] == loaded.sha256
    assert not list(tmp_path.glob(".*"))


def test_progress_is_told(loaded: Loaded, tmp_path: Path) -> None:
    steps: list[tuple[str, int]] = []
    run_ensemble(loaded, tmp_path, advance=lambda step, done: steps.append((step, done)), engine=ENGINE)
    assert steps[0] == ("first day", 0)
    assert [done for step, done in steps if step == "replications"] == [0, 1, 2, 3]


def test_a_run_is_never_overwritten(tmp_path: Path) -> None:
    assert free_name(tmp_path, "cia-1") == "cia-1"
    (tmp_path / "cia-1").mkdir()
    assert free_name(tmp_path, "cia-1") == "cia-1-2"
    (tmp_path / ".cia-1-2.partial").mkdir()
    assert free_name(tmp_path, "cia-1") == "cia-1-3"


def test_what_is_no_run_is_said(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    broken = spoiled(folder, tmp_path)
    (broken / "waits.parquet").unlink()
    for path, text in (
        (tmp_path / "nowhere", "no such"),
        (tmp_path / "empty", "not a run folder"),
        (broken, "missing"),
    ):
        with pytest.raises(Faults, match=text):
            load_run(path)
    with pytest.raises(Faults, match="not kept"):
        load_run(folder).replication(1)


def test_runs_are_listed(folder: Path, tmp_path: Path) -> None:
    (row,) = list_runs(folder.parent)
    assert row["scenario"] == "reference"
    assert row["status"] == "finished"
    assert row["years"] == "2022-2023"
    assert list_runs(tmp_path / "nowhere") == []


def test_summarise_gives_means_and_intervals(folder: Path) -> None:
    summary = summarise(load_run(folder).indicators())
    assert sorted(summary) == [2022, 2023]
    leases = [len(make_replication(n).leases) for n in range(3)]
    found = [summary[y]["attributions"]["mean"] for y in summary]
    assert sum(found) == pytest.approx(np.mean(leases))
    one = summary[2022]["attributions"]
    assert one["low"] < one["mean"] < one["high"]
    assert summary[2022]["echanges_menages"] == {"mean": None, "low": None, "high": None}
    json.dumps(summary, allow_nan=False)


def test_the_interval_is_students() -> None:
    frame = pd.DataFrame(
        {"year": 2022, "indicator": "x", "scope": "mel", "group": "mel", "value": [1.0, 2.0, 3.0, np.nan]}
    )
    one = summarise(frame)[2022]["x"]
    assert one["mean"] == 2
    assert one["high"] - one["mean"] == pytest.approx(4.302653 / np.sqrt(3), rel=1e-6)
    assert summarise(frame.head(1))[2022]["x"] == {"mean": 1.0, "low": None, "high": None}


def test_a_saved_run_audits_clean(folder: Path) -> None:
    assert audit_run(folder) == {0: []}


@pytest.mark.parametrize(
    ("file", "change", "told"),
    [
        (
            "replications/0000/events",
            f"REPLACE (CASE WHEN kind = {int(EventKind.HOUSED)} AND rowid_ % 7 = 0 THEN 5 ELSE kind END AS kind)",
            "attributions",
        ),
        ("replications/0000/leases", "REPLACE (dwelling + 1 AS dwelling)", "leases: not those of the log"),
        ("outcomes", "REPLACE (closed_day + 1 AS closed_day)", "outcomes: other closing days"),
        ("indicators", "REPLACE (value + 1 AS value)", "in the indicators"),
    ],
)
def test_a_changed_file_fails_the_audit(folder: Path, tmp_path: Path, file: str, change: str, told: str) -> None:
    copy = spoiled(folder, tmp_path)
    rewrite(copy / f"{file}.parquet", change.replace("rowid_", "day"))
    faults = audit_run(copy)[0]
    assert any(told in fault for fault in faults), faults
    assert any("is not the file that the run wrote" in fault for fault in faults)


def test_the_rows_of_a_place_are_those_of_the_frame(tmp_path: Path) -> None:
    """Of the groups and years asked about, in every replication and in their order; of the others, nothing."""
    places = [("mel", "mel", 2022), ("commune", "L'Épine", 2023), ("commune", "Roubaix", 2022), ("mel", "mel", 2023)]
    rows = [(number, *place, name, float(number)) for number in range(3) for place in places for name in ("a", "b")]
    frame = pd.DataFrame(rows, columns=["replication", "scope", "group", "year", "indicator", "value"])
    write_parquet(frame.astype({"year": "int16"}), tmp_path / "indicators.parquet")
    asked = [*places[1:3], ("commune", "Roubaix", 2099), places[1]]
    found = Run(tmp_path, {}).indicators_at(asked)
    wanted = frame[[key in asked for key in zip(frame["scope"], frame["group"], frame["year"], strict=True)]]
    pd.testing.assert_frame_equal(found, wanted.reset_index(drop=True), check_dtype=False)
    assert len(found) == 12
    assert Run(tmp_path, {}).indicators_at([]).empty


def test_the_cube_holds_what_the_frame_holds(tmp_path: Path) -> None:
    """Every number is at its replication and cell, null where a replication has no such row, draws kept."""
    rng = np.random.default_rng(5)
    cells = [(f"i{n}", scope, f"{scope} {n % 3}", 2022 + n % 2) for n in range(40) for scope in ("mel", "commune")]
    rows = [
        (number, number % 2, number // 2, *cell, "share", *rng.random(3))
        for number in (0, 1, 2, 5)
        for cell in cells
        if rng.random() < 0.9
    ]
    names = ["replication", "draw", "luck", *KEYS, "unit", *NUMBERS]
    frame = pd.DataFrame(rows, columns=names)
    path = tmp_path / "indicators.parquet"
    write_parquet(frame, path)
    cube = read_cube(path)
    assert cube.replications.tolist() == [0, 1, 2, 5]
    assert cube.worlds["draw"].tolist() == [0, 1, 0, 1]
    assert sorted(cube.place) == sorted(set(frame[KEYS].itertuples(index=False, name=None)))
    told = frame.set_index(["replication", *KEYS])
    for line, number in enumerate(cube.replications.tolist()):
        for cell, column in cube.place.items():
            for name in NUMBERS:
                found = getattr(cube, name)[line, column]
                if (number, *cell) in told.index:
                    assert found == told.loc[(number, *cell), name]
                else:
                    assert np.isnan(found)
    assert np.array_equal(cube.by_draw(np.arange(4.0)), [[0, 2, np.nan], [1, np.nan, 3]], equal_nan=True)
