"""Ensembles: draws apart from chance, precision, resume and expand, Dask; the same files whatever the way."""

from __future__ import annotations

import dataclasses
import json
import math
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sim.cli_studies import how_sure
from sim.inputs.faults import Faults
from sim.inputs.scenario import load
from sim.inputs.schema_studies import Precision
from sim.inputs.varying import changes, knob, vary
from sim.report.annexes import NOT_SPLIT, uncertainty
from sim.report.reading import Reading
from sim.results import growing, replicating, workers
from sim.results.audit_run import audit_run
from sim.results.drawing import draw_parameters, luck_and_draw
from sim.results.ensemble import load_run, run_ensemble, summarise
from sim.results.precision import half_width, next_count
from sim.results.replicating import OtherSoftwareError, Study, Task, fingerprint, receive, work
from sim.results.store import MANIFEST
from sim.results.uncertainty import components, interval_over_draws, split_variance
from tests.fake import ENGINE
from tests.fake_engines import ANSWERING, DEADLY, INTERRUPTED

ROOT = Path(__file__).resolve().parents[1]


def tables(folder: Path) -> Any:
    return load_run(folder).manifest["tables"]


def fake_run(tmp_path: Path, replications: int, *overrides: str, engine: Any = ENGINE, **options: Any) -> Path:
    loaded = load("reference", overrides, replications=replications, years=2)
    return run_ensemble(loaded, tmp_path, engine=engine, **options)


# expand and resume


def test_expanding_gives_the_files_of_all_at_once(tmp_path: Path) -> None:
    at_once = fake_run(tmp_path / "all", 5, "run/outcomes=4")
    run = fake_run(tmp_path / "some", 2, "run/outcomes=4")
    (run / "bilan.html").write_text("of two replications")
    grown = growing.expand(run, 5, 1, engine=ENGINE)
    assert grown == run
    assert tables(grown) == tables(at_once)
    mine, other = load_run(grown).manifest, load_run(at_once).manifest
    for key in ("scenario_sha256", "audit", "events", "by_replication", "replications", "replications_asked", "law"):
        untimed = [json.dumps(m[key], sort_keys=True).split("_seconds")[0] for m in (mine, other)]
        assert untimed[0] == untimed[1], key
    assert not (grown / "bilan.html").exists()  # it told of two replications
    assert audit_run(grown) == {0: []}
    assert sorted(p.name for p in grown.parent.iterdir()) == [run.name]
    assert sorted(load_run(grown).outcomes()["replication"].unique()) == load_run(grown).followed() == [0, 1, 2, 3]


def test_an_interrupted_expansion_is_resumed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIMHLM_TEST_MARK", str(tmp_path / "mark"))
    run = fake_run(tmp_path / "runs", 2)
    with pytest.raises(KeyboardInterrupt):
        growing.expand(run, 6, 1, engine=INTERRUPTED)
    assert load_run(run).manifest["replications"] == 2  # still whole
    with pytest.raises(Faults, match="simhlm resume"):
        growing.expand(run, 6, 1, engine=ENGINE)
    told: list[int] = []
    grown = growing.resume(run, 1, lambda step, done, total=None: told.append(done), engine=ENGINE)
    assert told[1] == 4
    assert tables(grown) == tables(fake_run(tmp_path / "all", 6))


def test_an_expansion_must_add_and_be_of_the_same_software(tmp_path: Path) -> None:
    run = fake_run(tmp_path, 2)
    with pytest.raises(Faults, match="has 2 replications already"):
        growing.expand(run, 2, 1, engine=ENGINE)
    with pytest.raises(Faults, match="finished"):
        growing.resume(run, 1, engine=ENGINE)
    with pytest.raises(Faults, match="no interrupted run"):
        growing.resume(tmp_path / "nothing", 1, engine=ENGINE)
    manifest = json.loads((run / MANIFEST).read_text(encoding="utf-8"))
    for change, said in (
        ({"packages": manifest["packages"] | {"numpy": "1.0"}}, "numpy went from 1.0"),
        ({"inputs": manifest["inputs"] | {"law/quotas.yaml": "0"}}, "law/quotas.yaml changed"),
    ):
        (run / MANIFEST).write_text(json.dumps(manifest | change), encoding="utf-8")
        with pytest.raises(Faults, match=said):
            growing.expand(run, 3, 1, engine=ENGINE)


def test_a_killed_run_is_resumed_with_the_same_files(tmp_path: Path) -> None:
    words = ["run", "reference", "--applicants", "400", "--years", "1", "--replications", "6", "--jobs", "2"]
    words += ["--no-bilan", "--quiet", "--out", str(tmp_path / "runs")]
    process = subprocess.Popen([sys.executable, "-m", "sim", *words], cwd=ROOT)
    deadline = time.monotonic() + 120
    while not list(tmp_path.glob("runs/.*/pieces/*/report.json")) and time.monotonic() < deadline:
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    (partial,) = (tmp_path / "runs").glob(".*.partial")
    kept = len(list(partial.glob("pieces/*/report.json")))
    assert 1 <= kept <= 6
    finished = growing.resume(partial, 1)
    at_once = run_ensemble(load("reference", applicants=400, years=1, replications=6), tmp_path / "all")
    assert tables(finished) == tables(at_once)
    assert audit_run(finished) == {0: []}


# failures


def test_a_dying_process_takes_only_its_own_replication(tmp_path: Path) -> None:
    run = load_run(fake_run(tmp_path, 4, engine=DEADLY, jobs=2))
    assert run.manifest["replications"] == 3
    assert "the process died" in run.manifest["audit"]["1"][0]
    assert sorted(run.indicators()["replication"].unique()) == [0, 2, 3]


# precision


def test_the_next_count_follows_the_spread() -> None:
    asked = Precision(indicator="attributions", half_width=1.0, minimum=4, maximum=50)
    wide = [0.0, 10.0, 0.0, 10.0]
    assert half_width(wide) == pytest.approx(3.18245 * np.std(wide, ddof=1) / 2, rel=1e-5)
    assert next_count(asked, wide, 4) == 8  # doubled at most
    assert next_count(asked, [1.0, 1.1, 1.0, 1.1], 4) is None
    assert next_count(asked, [0.0, 1.2, 0.0, 1.2], 4) == math.ceil(4 * half_width([0.0, 1.2, 0.0, 1.2]) ** 2)
    assert next_count(asked, wide * 12, 48) == 50
    assert next_count(asked, wide * 12, 50) is None
    assert next_count(asked, [math.nan] * 4, 4) == 8


def test_a_precision_chooses_the_replications_and_says_it(tmp_path: Path) -> None:
    asked = ("run/precision/indicator=attributions", "run/precision/half_width=8.0", "run/precision/minimum=3")
    told: list[tuple[Any, ...]] = []
    one = fake_run(tmp_path / "one", 1, *asked, advance=lambda *words: told.append(words))
    manifest = load_run(one).manifest
    precision, count = manifest["precision"], manifest["replications"]
    assert precision["replications"] == count == precision["stages"][-1] > 3
    assert precision["is_reached"]
    assert precision["half_width_reached"] <= 8
    rows = load_run(one).indicators().query("indicator == 'attributions' and scope == 'mel' and year == 2023")
    assert half_width(rows["value"]) == pytest.approx(precision["half_width_reached"])
    assert half_width(rows["value"][: precision["stages"][-2]]) > 8
    assert ("replications", precision["stages"][-2], count) in told  # the bar learns its new length
    two = fake_run(tmp_path / "two", 1, *asked, jobs=2)
    assert tables(two) == tables(one) == tables(fake_run(tmp_path / "plain", count))
    grown = growing.expand(one, count + 2, 1, engine=ENGINE)
    assert tables(grown) == tables(fake_run(tmp_path / "more", count + 2))


def test_a_precision_out_of_reach_is_said(tmp_path: Path) -> None:
    asked = ("run/precision/indicator=attributions", "run/precision/half_width=0.01", "run/precision/minimum=2")
    run = load_run(fake_run(tmp_path, 1, *asked, "run/precision/maximum=3"))
    assert not run.manifest["precision"]["is_reached"]
    assert run.manifest["replications"] == 3


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["indicator=atributions", "half_width=1.0"], "did you mean 'attributions'"),
        (["indicator=attributions"], "half_width must be more than 0"),
        (["indicator=attributions", "half_width=1.0", "year=2050"], "2050 is not simulated"),
        (["indicator=taux_satisfaction", "half_width=1.0", "scope=commune"], "not told by 'commune'"),
        (["indicator=echanges_menages", "half_width=1.0"], "nothing feeds echanges_menages here"),
        (["maximum=5"], "maximum 5 is less than minimum 10"),
    ],
)
def test_a_wrong_precision_is_refused(tmp_path: Path, overrides: list[str], said: str) -> None:
    with pytest.raises(Faults, match=said) as found:
        fake_run(tmp_path / "runs", 1, *(f"run/precision/{text}" for text in overrides))
    assert all(len(str(fault)) < 200 for fault in found.value.faults)
    assert not (tmp_path / "runs").exists()


# draws


@pytest.fixture
def uncertain(tmp_path: Path) -> Path:
    path = tmp_path / "uncertain.yaml"
    path.write_text(
        "extends: reference\ntitle: Incertain\nrun: {draws: 3}\n"
        "uncertainty:\n  flows/arrivals/per_year: [20000, 60000]\n  rules/designation/shortlist_files: [3, 9]\n",
        encoding="utf-8",
    )
    return path


def test_draws_are_told_apart_from_chance(uncertain: Path, tmp_path: Path) -> None:
    loaded = load(uncertain, replications=2, years=2)
    one = run_ensemble(loaded, tmp_path / "one", engine=ANSWERING)
    two = run_ensemble(loaded, tmp_path / "two", engine=ANSWERING, jobs=2)
    assert tables(one) == tables(two)
    run = load_run(one)
    rows = run.indicators()
    assert list(rows.columns[:3]) == ["replication", "draw", "luck"]
    keys = rows[["replication", "draw", "luck"]].drop_duplicates().itertuples(index=False)
    assert [tuple(k) for k in keys] == [(n, n % 3, n // 3) for n in range(6)]
    assert len(run.manifest["draws"]) == 3
    assert all(20_000 <= d["flows/arrivals/per_year"] <= 60_000 for d in run.manifest["draws"])
    assert all(isinstance(d["rules/designation/shortlist_files"], int) for d in run.manifest["draws"])
    filed = rows.query("indicator == 'demandes_nouvelles' and scope == 'mel' and year == 2023").set_index("replication")
    asked = [d["flows/arrivals/per_year"] for d in run.manifest["draws"]]
    assert np.corrcoef(filed["value"][:3], asked)[0, 1] > 0.9
    split = split_variance(rows).query("indicator == 'demandes_nouvelles' and scope == 'mel'")
    assert (split["ignorance_share"] > 0.8).all()
    summary = summarise(rows)[2023]["demandes_nouvelles"]
    assert summary["high"] - summary["mean"] > 4.3 * np.std(filed["value"][:3], ddof=1)
    grown = growing.expand(one, 3, 1, engine=ANSWERING)
    assert tables(grown) == tables(run_ensemble(load(uncertain, replications=3, years=2), tmp_path, engine=ANSWERING))
    assert growing.scenario_of(load_run(grown), 4)[1] == 1
    drawn = growing.scenario_of(load_run(grown), 4)[0].scenario.flows.arrivals.per_year
    assert drawn == asked[1]


@pytest.mark.parametrize(("draws", "replications"), [(3, 1), (1, 3), (2, 2)])
def test_what_cannot_be_told_apart_is_said(uncertain: Path, tmp_path: Path, draws: int, replications: int) -> None:
    loaded = load(uncertain, [f"run/draws={draws}"], replications=replications, years=1)
    run = load_run(run_ensemble(loaded, tmp_path, engine=ANSWERING))
    lines, table = list(how_sure(run)), uncertainty(Reading(run))
    if min(draws, replications) == 1:
        assert len(lines) == 1
        assert "chance cannot be told from ignorance" in lines[0]
        assert [row[0] for row in table.rows] == [NOT_SPLIT]
    else:
        assert len(lines) > 1
        assert NOT_SPLIT not in [row[0] for row in table.rows]


def test_the_first_draws_are_the_same_however_many(uncertain: Path) -> None:
    few, many = (draw_parameters(load(uncertain, [f"run/draws={n}"])) for n in (3, 11))
    assert many[:3] == few
    assert len(many) == 11
    assert draw_parameters(load(uncertain, seed=9)) != few
    assert "flows/exits/qpv_ratio" in few[0], "the calibrated sample that reference names is drawn as well"
    alone = draw_parameters(load(uncertain, ['run/posterior=""']))
    assert [set(one) for one in alone] == [{"flows/arrivals/per_year", "rules/designation/shortlist_files"}] * 3
    assert all(one.items() <= whole.items() for one, whole in zip(alone, few, strict=True)), (
        "ranges win over the sample"
    )


def test_draws_of_a_posterior(tmp_path: Path) -> None:
    path = tmp_path / "posterior.csv"
    path.write_text("flows/arrivals/per_year,weight,_note\n30000,1,a\n31000,0,b\n32000,3,c\n", encoding="utf-8")
    drawn = draw_parameters(load("reference", [f"run/posterior={path}", "run/draws=400"]))
    values = [d["flows/arrivals/per_year"] for d in drawn]
    assert set(values) == {30_000.0, 32_000.0}
    assert values.count(32_000.0) == pytest.approx(300, abs=40)
    path.write_text("flows.arrivals.per_year\n30000\n31000\n", encoding="utf-8")
    assert len(draw_parameters(load("reference", [f"run/posterior={path}", "run/draws=2"]))) == 2
    for text, said in (
        ("flows/arrivals/per_yeer\n1\n", "did you mean 'flows/arrivals/per_year'"),
        ("flows/arrivals/per_year\nx\n", "posterior.csv:2: flows/arrivals/per_year: 'x' is not a number"),
        ("flows/arrivals/per_year\n1\n", "asks for 2 draws"),
        ("flows/arrivals/per_year\n-1\n-2\n", "must be at least 0"),
        ("", "a line of paths"),
    ):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(Faults, match=said):
            draw_parameters(load("reference", [f"run/posterior={path}", "run/draws=2"]))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("flows/arrivals/per_yeer: [1, 2]", "did you mean 'flows/arrivals/per_year'"),
        ("flows/arrivals/mutation_share: [0.2, 1.2]", "must be at most 1"),
        ("flows/arrivals/per_year: [2, 1]", "2 must be less than 1"),
        ("flows/arrivals: [1, 2]", "a group of parameters"),
        ("run/seed: [1, 2]", "is no lever"),
        ("flows/arrivals/on: [0, 1]", "is not a number"),
    ],
)
def test_a_wrong_range_is_refused_with_its_line(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(f"extends: reference\ntitle: x\nrun: {{draws: 2}}\nuncertainty:\n  {line}\n", encoding="utf-8")
    with pytest.raises(Faults, match=said) as found:
        draw_parameters(load(path))
    assert found.value.faults[0].line == 5


def test_draws_need_a_source() -> None:
    with pytest.raises(Faults, match="what is not known"):
        draw_parameters(load("reference", ["run/draws=2", 'run/posterior=""']))
    assert draw_parameters(load("reference")) == ()
    assert luck_and_draw(7, 3) == (2, 1)
    assert luck_and_draw(7, 0) == (7, None)


def test_the_split_of_variance_finds_known_variances() -> None:
    rng = np.random.default_rng(1)
    cube = (
        10 + 3 * rng.standard_normal((400, 12, 1)) + 2 * rng.standard_normal((400, 1, 8))
        + rng.standard_normal((400, 12, 8))
    )  # fmt: skip
    chance, ignorance = components(cube)
    assert chance.mean() == pytest.approx(5, rel=0.1)
    assert ignorance.mean() == pytest.approx(9, rel=0.1)
    assert np.isnan(components(cube[:, :1])).all()
    with pytest.raises(KeyError, match="no draws"):
        split_variance(pd.DataFrame({"replication": [0]}))


def test_the_interval_over_draws_covers() -> None:
    rng, inside = np.random.default_rng(2), 0
    for _ in range(400):
        values = 5 + 2 * rng.standard_normal((8, 1)) + rng.standard_normal((1, 6)) + rng.standard_normal((8, 6))
        found = interval_over_draws(values)
        assert found is not None
        inside += found[1] <= 5 + 2 * rng.standard_normal() <= found[2]
    assert 0.9 < inside / 400 < 0.995
    assert interval_over_draws(np.full((2, 2), np.nan)) is None


# variants


def test_a_variant_is_the_scenario_with_a_value_moved(tmp_path: Path) -> None:
    loaded = load("cotation")
    assert vary(loaded, {}) is loaded
    same = vary(loaded, {"flows/arrivals/per_year": loaded.scenario.flows.arrivals.per_year})
    assert same.sha256 == loaded.sha256
    whole = knob(loaded, "flows/exits/per_year_share")
    moved = vary(
        loaded, changes([whole], [0.04]) | {"law/quota.prioritaires@2025-01-01": 0.4, "grid/dalo": 7.0}, tmp_path
    )
    assert set(moved.scenario.flows.exits.per_year_share.values()) == {0.04}
    assert moved.law.at("quota.prioritaires", 20_200) == 0.4
    assert "dalo: 7.0" in Path(moved.scenario.rules.designation.grid).read_text(encoding="utf-8")
    assert knob(loaded, "grid/dalo").value == 50
    for path, said in (
        ("grid/dallo", "did you mean 'dalo'"),
        ("law/quota.prioritaire@2025-01-01", "quota.prioritaires"),
        ("law/quota.prioritaires@soon", "a date such as"),
        ("first_day/nothing", "no value"),
    ):
        with pytest.raises(Faults, match=said):
            knob(loaded, path)
    with pytest.raises(Faults, match="ranks nobody by a grid"):
        knob(load("reference"), "grid/dalo")


# Dask


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, scheduler_port=0, silence_logs=50
    ) as found:
        yield found


def test_dask_gives_the_same_files(cluster: Any, tmp_path: Path) -> None:
    loaded = load("reference", applicants=400, years=1, replications=3)
    local = run_ensemble(loaded, tmp_path / "local")
    away = run_ensemble(loaded, tmp_path / "dask", workers=workers.choose("dask", cluster.scheduler_address))
    assert tables(away) == tables(local)


def test_dask_workers_that_do_not_see_the_folder_send_the_pieces_back(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def elsewhere(*words: Any, **more: Any) -> Task:
        return dataclasses.replace(Task(*words, **more), token="of another machine")

    monkeypatch.setattr("sim.results.ensemble.Task", elsewhere)
    away = fake_run(tmp_path / "dask", 3, workers=workers.Dask(cluster.scheduler_address))
    monkeypatch.undo()
    assert tables(away) == tables(fake_run(tmp_path / "local", 3))


def test_a_failing_replication_stops_no_other_on_dask(cluster: Any, tmp_path: Path) -> None:
    from tests.fake import failing_simulate

    engine = replicating.Engine(ENGINE.territory, ENGINE.first_day, failing_simulate)
    run = load_run(fake_run(tmp_path, 3, engine=engine, workers=workers.Dask(cluster.scheduler_address)))
    assert sorted(run.indicators()["replication"].unique()) == [0, 2]


def test_what_travels_is_small() -> None:
    assert len(Study(ENGINE, load("cia_progressive")).packed()) < 200_000


def test_a_worker_of_another_software_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = load("reference", replications=1, years=2)
    study = Study(ENGINE, loaded).packed()
    task = Task(study, fingerprint().replace("numpy", "numpy 0.1 or"), tmp_path, "t", 0, True, True)
    with pytest.raises(OtherSoftwareError, match="numpy"):
        work(task)
    monkeypatch.setattr("sim.results.ensemble.fingerprint", lambda: "simhlm 0.0.0")
    with pytest.raises(Faults, match="--scheduler"):
        run_ensemble(loaded, tmp_path / "runs", engine=ENGINE)
    assert not list((tmp_path / "runs").iterdir())  # bad input leaves nothing behind


def test_pieces_sent_back_are_written(tmp_path: Path) -> None:
    study = Study(ENGINE, load("reference", replications=1, years=2)).packed()
    done = work(Task(study, fingerprint(), tmp_path / "nowhere", "t", 0, True, True))
    assert {"pieces/0000/indicators.parquet", "replications/0000/events.parquet"} <= set(done.files)
    receive(tmp_path / "here", done)
    assert (tmp_path / "here/pieces/0000/report.json").is_file()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("dusk", None), "unknown engine"), (("dask", None), "needs the address"),
        (("local", "tcp://x:1"), "is for --engine dask"),
    ],
)  # fmt: skip
def test_wrong_engines_are_refused(words: tuple[str, str | None], said: str) -> None:
    with pytest.raises(Faults, match=said):
        workers.choose(*words)


def test_no_scheduler_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "PATIENCE_SECONDS", 1)
    with pytest.raises(Faults, match="no Dask scheduler answers"):
        list(workers.Dask("tcp://127.0.0.1:9").run(len, ["a"], lambda task, why: 0))


def test_a_folder_moved_is_still_a_run(tmp_path: Path) -> None:
    run = fake_run(tmp_path / "runs", 2)
    moved = Path(shutil.move(run, tmp_path / "elsewhere"))
    assert tables(growing.expand(moved, 3, 1, engine=ENGINE)) == tables(fake_run(tmp_path / "all", 3))
