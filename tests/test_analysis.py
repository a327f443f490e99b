"""Sensitivity and search: known effects and fronts are found, studies resume, what is wrong is said with its place."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sim.analysis import running, search, sensitivity
from sim.analysis.experiment import ANSWERS, Experiment
from sim.analysis.levers import at, hypotheses, not_known, now, parse, spans_of
from sim.analysis.responses import Response, Wait, indicator_response
from sim.analysis.telling import change, effects_lines, front_lines
from sim.cli import app, guarded
from sim.inputs.faults import Faults
from sim.inputs.scenario import Loaded, load
from sim.inputs.schema_studies import Lever
from sim.report.study_figures import wait_words
from sim.results.store import load_run, read_parquet
from sim.results.workers import Local
from tests.fake_engines import ANSWERING, DEADLY

ARRIVALS = Lever(path="flows/arrivals/per_year", low=10_000, high=60_000)
FILES = Lever(path="rules/designation/shortlist_files", low=3, high=9)


@pytest.fixture(scope="module")
def loaded() -> Loaded:
    return load("reference", replications=1, years=1)


# levers


def test_levers_go_from_the_unit_cube_to_values(loaded: Loaded) -> None:
    spans = spans_of(loaded, [ARRIVALS, FILES, Lever(path="flows.exits.per_year_share", low=0, high=0.1)], "search")
    values = at(spans, [0.5, 0.49, 1.0])
    assert values["flows/arrivals/per_year"] == 35_000
    assert values["rules/designation/shortlist_files"] == 6
    assert isinstance(values["rules/designation/shortlist_files"], int)
    assert [values[f"flows/exits/per_year_share/{year}"] for year in (2022, 2025)] == [0.1, 0.1]
    per_year = loaded.scenario.flows.arrivals.per_year
    assert now(spans)[0] == pytest.approx((per_year - 10_000) / 50_000)


def test_what_is_not_known_is_declared_or_every_hypothesis(loaded: Loaded, tmp_path: Path) -> None:
    spans = hypotheses(loaded)
    assert len(spans) > 30
    assert all(span.low < span.high for span in spans)
    assert not any("ci-dessous" in span.label for span in spans)  # a figure shows labels without their neighbours
    assert not any(span.path.startswith(("run/", "search/", "sensitivity/")) for span in spans)
    spans_of(loaded, [Lever(path=s.path, low=s.low, high=s.high) for s in spans], "search")  # all are possible
    path = tmp_path / "own.yaml"
    path.write_text("extends: reference\ntitle: x\nuncertainty: {behaviour/refuse/qpv: [0, 1]}\n", encoding="utf-8")
    assert [span.path for span in not_known(load(path))] == ["behaviour/refuse/qpv"]


def test_levers_of_the_command_line() -> None:
    assert parse(["a/b=1:2.5"]) == (Lever(path="a/b", low=1, high=2.5),)
    assert parse(["law/quota.x@2025-01-01=0:1"])[0].path == "law/quota.x@2025-01-01"
    with pytest.raises(Faults) as found:
        parse(["a/b", "a/b=2:1", "a/b=1:x"])
    assert [(fault.file, fault.line) for fault in found.value.faults] == [("--lever", n) for n in (1, 2, 3)]


# responses


def test_a_response_reads_sums_over_years() -> None:
    frame = pd.DataFrame(
        {
            "year": [2022, 2023] * 2, "indicator": ["part_q1"] * 2 + ["attributions"] * 2, "scope": "mel",
            "group": "mel", "numerator": [10.0, 30.0, 50.0, 100.0], "denominator": [50.0, 100.0, np.nan, np.nan],
            "value": [0.2, 0.3, 50.0, 100.0],
        }
    )  # fmt: skip
    assert Response("part_q1").read(frame, frame) == pytest.approx(40 / 150)
    assert Response("part_q1", year=2023).read(frame, frame) == pytest.approx(0.3)
    assert Response("attributions").read(frame, frame) == 75
    assert np.isnan(Response("taux_vacance").read(frame, frame))
    assert Response("part_q1", "public", "mutation", 2023).key == "part_q1@public=mutation@2023"


def test_the_restricted_wait_is_the_area_over_the_curve() -> None:
    days = np.arange(0, 121) * 30.4375
    waits = pd.DataFrame({"class": "mel", "group": "mel", "days": np.floor(days), "incidence": 1 - np.exp(-days / 400)})
    horizon = 36 * 30.4375
    exact = 400 * (1 - np.exp(-horizon / 400))
    assert Wait("mel", "mel", 36).read(waits, waits) == pytest.approx(exact, rel=0.04)
    assert Wait("mel", "mel", 12).read(waits.assign(incidence=0.0), waits.assign(incidence=0.0)) == 12 * 30.4375
    assert np.isnan(Wait("quartile", "1", 12).read(waits, waits))


# experiments


def test_an_experiment_does_not_depend_on_jobs_and_resumes(loaded: Loaded, tmp_path: Path) -> None:
    settings = [{}, {"flows/arrivals/per_year": 50_000.0}]
    responses = [Response("demandes_nouvelles"), Wait("mel", "mel", 12)]
    told: list[int] = []
    one = Experiment(loaded, responses, tmp_path / "one", engine=ANSWERING, tell=told.append)
    values = one.run(settings, [0, 1])
    assert values.shape == (2, 2, 2)
    assert (values[1, :, 0] > values[0, :, 0]).all()
    assert told == [0, 1, 2, 3, 4]
    two = Experiment(loaded, responses, tmp_path / "two", Local(2), engine=ANSWERING)
    assert np.array_equal(values, two.run(settings, [0, 1]))
    names = [sorted(p.name for p in (tmp_path / n / ANSWERS).iterdir()) for n in ("one", "two")]
    assert names[0] == names[1]
    (tmp_path / "one" / ANSWERS / names[0][0]).unlink()
    again = Experiment(loaded, responses, tmp_path / "one", engine=ANSWERING, tell=told.append)
    assert np.array_equal(values, again.run(settings, [0, 1]))
    assert told[5:] == [3, 4]


def test_a_failed_setting_is_told_and_stops_no_other(loaded: Loaded, tmp_path: Path) -> None:
    experiment = Experiment(loaded, [Response("attributions")], tmp_path, Local(2), engine=DEADLY)
    values = experiment.run([{}, {"flows/arrivals/per_year": 50_000.0}], [0, 1])
    assert np.isnan(values[:, 1, 0]).all()
    assert np.isfinite(values[:, 0, 0]).all()
    assert len(experiment.failures) == 2
    assert "the process died" in experiment.failures[0]


# sensitivity


def toy_evaluate(spans: Sequence[Any], weights: Sequence[float]) -> Any:
    """Return a linear function of levers, in place of the simulator."""

    def evaluate(settings: Sequence[dict[str, float]], replications: Sequence[int]) -> np.ndarray:
        rows = [
            sum(w * (s.get(x.path, x.low) - x.low) / (x.high - x.low) for w, x in zip(weights, spans, strict=True))
            for s in settings
        ]
        return np.array(rows)[:, None, None] + np.zeros((1, len(replications), 2))

    return evaluate


LEVERS = tuple(
    Lever(path=path, low=0, high=1)
    for path in ("behaviour/refuse/qpv", "behaviour/refuse/effort", "behaviour/refuse/mutation")
)


def test_morris_finds_a_linear_function(loaded: Loaded) -> None:
    design = sensitivity.plan(loaded, LEVERS, ["attributions"], trajectories=5)
    assert design.cost == 5 * 4 + 1
    table = sensitivity.analyse(design, toy_evaluate(design.spans, (2.0, -5.0, 0.0)))
    own = table[table["response"] == "attributions"]
    assert list(own["lever"]) == ["behaviour/refuse/effort", "behaviour/refuse/qpv", "behaviour/refuse/mutation"]
    assert list(own["mu"]) == pytest.approx([-5, 2, 0], abs=1e-9)
    assert list(own["mu_star"]) == pytest.approx([5, 2, 0], abs=1e-9)
    assert list(own["sigma"]) == pytest.approx([0, 0, 0], abs=1e-9)
    (line,) = (line for line in effects_lines(table[table["response"] == "attributions"]) if "effort (" in line)
    assert line.split("behaviour")[0].split() == ["mu*", "5.00", "mu", "-5.00", "sigma", "0.00"]
    assert list(effects_lines(table))[-1].startswith("behaviour/refuse/mutation changes no indicator")


def test_sobol_shares_the_variance_of_a_linear_function(loaded: Loaded) -> None:
    design = sensitivity.plan(loaded, LEVERS, ["attributions"], method="sobol", base=512)
    assert design.cost == 512 * 5 + 1
    table = sensitivity.analyse(design, toy_evaluate(design.spans, (1.0, 2.0, 0.0)))
    own = table[table["response"] == "attributions"].set_index("lever")
    assert list(own.loc[[lever.path for lever in LEVERS], "st"]) == pytest.approx([0.2, 0.8, 0.0], abs=0.02)
    assert list(own.loc[[lever.path for lever in LEVERS], "s1"]) == pytest.approx([0.2, 0.8, 0.0], abs=0.04)
    half = own.loc["behaviour/refuse/effort", "st_half"]
    assert half > 0
    (line,) = (x for x in effects_lines(table[table["response"] == "attributions"]) if "refuse/effort" in x)
    st = own.loc["behaviour/refuse/effort", "st"]
    assert line.split("alone")[0].split() == [
        "total",
        "80",
        "%",
        f"[{100 * (st - half):.0f};",
        f"{100 * (st + half):.0f}]",
    ]


def test_differences_are_signed_and_shares_in_points() -> None:
    assert change(0.0123, "share") == "+1.23 points"
    assert change(-30.44, "days") == "-1.00 months"
    assert change(0.5, "share", signed=False) == "50.00 points"
    assert change(float("nan"), "share") == "-"


def test_a_design_is_the_same_twice_and_another_with_another_seed(loaded: Loaded) -> None:
    points = [sensitivity.plan(one, LEVERS).points for one in (loaded, loaded, load("reference", seed=3))]
    assert np.array_equal(points[0], points[1])
    assert not np.array_equal(points[0], points[2])


def test_a_sensitivity_writes_its_folder_and_resumes(loaded: Loaded, tmp_path: Path) -> None:
    design = sensitivity.plan(loaded, [ARRIVALS, FILES], ["demandes_nouvelles"], trajectories=2, replications=2)
    seen: list[int] = []

    def stop(step: str, done: int, total: int | None = None) -> None:
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        running.run_sensitivity(loaded, design, running.Way(tmp_path, engine=ANSWERING, advance=stop))
    (partial,) = tmp_path.glob(".sensibilite-*.partial")
    kept = len(list((partial / ANSWERS).glob("*.json")))
    said: list[str] = []
    way = running.Way(tmp_path, Local(2), 2, ANSWERING, said.append, lambda step, done, total=None: seen.append(done))
    folder, table = running.run_sensitivity(loaded, design, way)
    assert seen[-1] == design.cost == 14
    assert kept >= 5
    assert said[0] == "cost: 14 simulations"
    assert "one simulation takes" in said[1]
    assert not list(tmp_path.glob(".*"))
    own = table[table["response"] == "demandes_nouvelles"]
    assert own["lever"].iloc[0] == ARRIVALS.path
    assert own["mu"].iloc[0] > 0 == own["mu_star"].iloc[1]
    assert own["base_sd"].iloc[0] >= 0
    assert len(read_parquet(folder / "sensibilite.parquet")) == len(table)
    figure = (folder / "figures" / "sensibilite_demandes_nouvelles.svg").read_text(encoding="utf-8")
    assert "ce qui compte le plus" in figure
    assert json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["status"] == "finished"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"method": "moris"}, "did you mean 'morris'"),
        ({"method": "sobol", "base": 100}, "power of two"),
        ({"responses": ["atributions"]}, "--indicator:1: unknown indicator 'atributions'; did you mean 'attributions'"),
        ({"levers": [ARRIVALS, ARRIVALS]}, "--lever:2: lever flows/arrivals/per_year is named twice"),
        ({"levers": [Lever(path="flows/arrivals/mutation_share", low=0, high=2)]}, "--lever:1: .*must be at most 1"),
        ({"levers": [Lever(path="run/seed", low=0, high=2)]}, "is no lever"),
    ],
)
def test_a_wrong_sensitivity_is_refused(loaded: Loaded, options: dict[str, Any], said: str) -> None:
    with pytest.raises(Faults, match=said):
        sensitivity.plan(loaded, **options)


# search


def toy(noise: float = 0.0) -> search.Simulate:
    """Return a function whose front is known: reaching x costs x², and any y but 0.3 costs more."""
    rng = np.random.default_rng(0)

    def simulate(points: np.ndarray) -> np.ndarray:
        x, y = points[:, 0], points[:, 1]
        chance = noise * rng.standard_normal((2, len(points)))
        return np.column_stack([x + chance[0], x**2 + (y - 0.3) ** 2 + chance[1]])

    return simulate


GOAL = search.Goal(Response("part_q1"), 0.6, True)


@pytest.mark.parametrize(("noise", "near"), [(0.0, 0.02), (0.01, 0.06)])
def test_the_search_finds_a_known_front(noise: float, near: float) -> None:
    found = search.look(toy(noise), [GOAL], np.array([0.0, 0.9]), 40, 4, seed=1)
    best = found.points[search.to_check(found, 1)[0]]
    cheapest = best[0] ** 2 + (best[1] - 0.3) ** 2
    assert best[0] > 0.6 - near
    assert cheapest == pytest.approx(0.36, abs=2 * near)
    searched = np.flatnonzero(found.is_front & (np.arange(40) >= 13))
    assert len(searched) >= 4
    exact = found.points[searched, 0] ** 2  # the front: y = 0.3
    assert np.median(found.values[searched, -1] - exact) < near
    assert found.points[searched, 0].min() < 0.5  # along the front, not at its end alone
    again = search.look(toy(noise), [GOAL], np.array([0.0, 0.9]), 40, 4, seed=1)
    assert np.array_equal(again.points, found.points)


def test_the_front_is_what_nothing_beats() -> None:
    missed = np.array([0.0, 0.0, 0.5, 0.5, 1.0, np.inf, 0.0])
    cost = np.array([3.0, 4.0, 2.0, 2.0, 5.0, 0.0, np.nan])
    assert list(search.front(missed, cost)) == [True, False, True, False, False, False, False]


def test_a_ceiling_is_missed_from_above() -> None:
    goal = search.Goal(Response("taux_vacance"), 0.5, False)
    assert list(goal.missed(np.array([0.4, 0.6, np.nan]))) == pytest.approx([0, 0.2, np.inf])


def test_failed_settings_stop_no_search() -> None:
    def simulate(points: np.ndarray) -> np.ndarray:
        values = toy()(points)
        values[points[:, 0] > 0.8] = np.nan
        return values

    found = search.look(simulate, [GOAL], np.array([0.0, 0.9]), 24, 4, seed=1)
    assert not found.is_front[np.isnan(found.values[:, 0])].any()
    assert found.missed.min() < 0.05


SEARCH = """\
extends: reference
title: Recherche
search:
  targets:
    - {indicator: demandes_nouvelles, at_least: 120}
    - {indicator: part_q1, at_most: 0.9}
  levers:
    - {path: flows/arrivals/per_year, low: 10000, high: 60000, label: Demandes nouvelles}
  cost: {among: mel, group: mel, horizon_months: 12}
  settings: 8
  replications: 1
  fresh_replications: 2
  checked: 2
"""


def written(tmp_path: Path, text: str = SEARCH) -> Path:
    path = tmp_path / "recherche.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_search_writes_its_folder_and_is_checked_afresh(tmp_path: Path) -> None:
    loaded = load(written(tmp_path), years=1)
    plan = search.plan(loaded)
    results = [
        running.run_search(loaded, plan, running.Way(tmp_path / name, Local(jobs), jobs, ANSWERING))
        for name, jobs in (("one", 1), ("two", 2))
    ]
    one, two = results
    pd.testing.assert_frame_equal(one.settings, two.settings)
    pd.testing.assert_frame_equal(one.checks, two.checks)
    assert len(one.settings) == 8
    assert one.settings["extra_days"][0] == 0
    assert {"searched", "fresh", "fresh_low", "difference"} <= set(one.checks.columns)
    manifest = json.loads((one.folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["fresh_seed"] != loaded.scenario.run.seed
    assert manifest["checked"]
    for number in manifest["checked"]:
        again = load(one.folder / f"reglage_{number}.yaml")
        assert again.scenario.flows.arrivals.per_year == one.settings["flows/arrivals/per_year"][number]
    assert "objectifs" in (one.folder / "figures" / "recherche_pareto.svg").read_text(encoding="utf-8")
    lines = list(front_lines(plan, one.settings, one.checks))
    assert any("checked on fresh replications" in line for line in lines)
    assert any(line.startswith("  scenario") for line in lines)
    assert not any("no indicator" in line for line in lines)


def test_a_setting_found_says_what_it_is(tmp_path: Path) -> None:
    loaded = load(written(tmp_path), years=1)
    found = running.run_search(loaded, search.plan(loaded), running.Way(tmp_path / "out", engine=ANSWERING))
    number = json.loads((found.folder / "manifest.json").read_text(encoding="utf-8"))["checked"][0]
    scenario = load(found.folder / f"reglage_{number}.yaml").scenario
    assert scenario.title == f"Réglage {number} trouvé par recherche, à partir de « Recherche »"
    assert "au moins 120 ; " in scenario.summary
    assert "au plus 90,0\u00a0%. Leviers fixés : Demandes nouvelles (flows/arrivals/per_year) : " in scenario.summary


def test_a_lever_that_changes_nothing_is_told(tmp_path: Path) -> None:
    idle = "    - {path: rules/designation/shortlist_files, low: 3, high: 9, label: Liste}\n"
    text = SEARCH.replace("  cost:", idle + "  cost:").replace("settings: 8", "settings: 12")
    loaded = load(written(tmp_path, text), years=1)
    plan = search.plan(loaded)
    said: list[str] = []
    seen: list[tuple[int, int | None]] = []
    way = running.Way(
        tmp_path / "out",
        engine=ANSWERING,
        say=said.append,
        advance=lambda step, done, total=None: seen.append((done, total)),
    )
    found = running.run_search(loaded, plan, way)
    assert [span.path for span in found.idle] == ["rules/designation/shortlist_files"]
    lines = list(front_lines(plan, found.settings, found.checks, found.idle))
    assert lines[-1].startswith("rules/designation/shortlist_files changes no indicator looked at")
    figure = (found.folder / "figures" / "recherche_pareto.svg").read_text(encoding="utf-8")
    assert "Sans effet sur les indicateurs" in html.unescape(figure)
    most = running.search_cost(loaded, plan)
    assert said[0] == f"cost: at most {most} simulations"
    assert seen[0] == (0, most)
    assert seen[-1][0] == seen[-1][1] <= most  # the bar ends full, however many settings were checked


def test_a_gain_of_waiting_is_not_a_loss() -> None:
    assert [wait_words(days) for days in (-61, 61, 1)] == [
        "2,0\u00a0mois d'attente en moins", "2,0\u00a0mois d'attente en plus", "sans attente de plus",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "line", "said"),
    [
        ("demandes_nouvelles", "demandes_nouveles", 5, "did you mean 'demandes_nouvelles'"),
        ("at_least: 120", "at_leest: 120", 5, "at_leest"),
        ("at_least: 120", "at_least: 1, at_most: 2", 5, "give at_least or at_most"),
        ("at_most: 0.9", "at_most: 90.0", 6, "write 0.25 for 25 %"),
        ("per_year, low", "per_yeer, low", 8, "did you mean 'flows/arrivals/per_year'"),
        ("low: 10000", "low: 70000", 8, "must be less than high"),
        ("low: 10000", "low: -10", 8, "must be at least 0"),
        ("among: mel", "among: quartil", 9, "did you mean 'quartile'"),
        ("settings: 8", "settings: 2", 10, "must be at least 4"),
    ],
)
def test_a_wrong_search_is_one_line_with_its_place(
    tmp_path: Path, before: str, after: str, line: int, said: str
) -> None:
    path = written(tmp_path, SEARCH.replace(before, after))
    with pytest.raises(Faults) as found:
        search.plan(load(path, years=1))
    assert any(fault.line == line and said in fault.text for fault in found.value.faults), found.value.faults
    assert all(len(str(fault)) < 200 for fault in found.value.faults)


def test_a_search_by_options(loaded: Loaded) -> None:
    plan = search.plan(loaded, ["part_prioritaires>=0.5", "taux_vacance <= 0.03"], [ARRIVALS])
    assert [(g.response.key, g.value, g.is_floor) for g in plan.goals] == [
        ("part_prioritaires", 0.5, True),
        ("taux_vacance", 0.03, False),
    ]
    for targets, levers, said in (
        ((), (ARRIVALS,), "nothing to reach"),
        (("part_q1>=0.2",), (), "nothing to move"),
        (("part_q1=0.2",), (ARRIVALS,), "--target:1: write INDICATOR>=VALUE"),
        (("part_q1>=x",), (ARRIVALS,), "--target:1: write INDICATOR>=VALUE"),
        (("part_q1>=20",), (ARRIVALS,), "--target:1: .*share from 0 to 1"),
    ):
        with pytest.raises(Faults, match=said):
            search.plan(loaded, targets, levers)


def test_an_indicator_needs_its_group(loaded: Loaded) -> None:
    scenario = loaded.scenario
    assert (
        indicator_response("attributions", scenario, ("x", 1), "commune", "Lille").key == "attributions@commune=Lille"
    )
    for words, said in ((("commune",), "needs a group"), (("nowhere",), "is not told by"), (("mel", "", 1999), "1999")):
        with pytest.raises(Faults, match=said):
            indicator_response("attributions", scenario, ("x", 1), *words)
    with pytest.raises(Faults, match="the scenario opens no exchange"):
        indicator_response("echanges_menages", scenario, ("x", 1))
    assert indicator_response("echanges_menages", load("bourse_paires").scenario, ("x", 1)).key == "echanges_menages"


# commands, on the production engine


def command(*words: Any) -> int:
    try:
        return guarded(lambda: app([str(word) for word in words], prog_name="simhlm"))
    except SystemExit as done:
        return int(done.code or 0)


def test_the_commands_on_a_small_world(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small = ("--applicants", 400, "--years", 1, "--jobs", 1, "--out", tmp_path, "--quiet", "--json")
    grid = ("--lever", "grid/dalo=0:200", "--lever", "grid/seniority=0:3")
    assert command("sensitivity", "cotation", *grid, "--trajectories", 2, "--indicator", "part_dalo", *small) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["simulations"] == 7
    assert {row["lever"] for row in told["effects"]} == {"grid/dalo", "grid/seniority"}
    targets = ("--target", "part_prioritaires>=0.3")
    assert (
        command("search", "cotation", *grid, *targets, "--settings", 6, "--replications", 1, "--fresh", 2, *small) == 0
    )
    told = json.loads(capsys.readouterr().out)
    assert len(told["settings"]) == 6
    assert told["front"]
    folder = Path(told["study"])
    for path in folder.glob("reglage_*.yaml"):
        load(path)  # its grid was written beside it
    assert command("search", "cotation", "--target", "part_prioritaires>=0.3", *small) == 2
    assert command("sensitivity", "cotation", "--lever", "grid/dallo=0:1", *small) == 2
    answer = capsys.readouterr()
    assert answer.out == ""
    assert "did you mean 'dalo'" in answer.err


def test_run_resume_and_expand_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small = ("--applicants", 400, "--years", 1, "--jobs", 1, "--quiet", "--no-bilan")
    words = ("--override", "run/precision/indicator=attributions", "--override", "run/precision/half_width=30.0")
    words += ("--override", "run/precision/minimum=2")
    assert command("run", "reference", *small, *words, "--out", tmp_path) == 0
    assert "precision of attributions 2022: half-width" in capsys.readouterr().out
    (folder,) = tmp_path.iterdir()
    has = load_run(folder).manifest["replications"]
    assert command("expand", folder, "--replications", has + 1, "--jobs", 1, "--quiet", "--no-bilan") == 0
    assert load_run(folder).manifest["replications"] == has + 1
    assert command("expand", folder, "--replications", 1, "--quiet") == 2
    assert command("resume", folder, "--quiet") == 2
    path = tmp_path / "uncertain.yaml"
    path.write_text(
        "extends: reference\ntitle: x\nrun: {draws: 2}\nuncertainty: {behaviour/refuse/base_share: [0.1, 0.4]}\n",
        encoding="utf-8",
    )
    capsys.readouterr()
    drawn = ("--applicants", 400, "--years", 1, "--jobs", 1, "--quiet", "--replications", 2)
    assert command("run", path, *drawn, "--out", tmp_path / "drawn") == 0
    assert "2 draws of what is not known" in capsys.readouterr().out
    (folder,) = (tmp_path / "drawn").iterdir()
    assert "tirages des" in (folder / "bilan.html").read_text(encoding="utf-8")
