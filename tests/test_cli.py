"""The command line: exit codes, what is printed where, what is written."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import get_type_hints

import pandas as pd
import pytest

from sim.calibrate.fitting import CROWD
from sim.cli import app, guarded
from sim.cli_studies import report_run, search, sensitivity
from sim.describe import TOPICS
from sim.inputs.schema_studies import Search, Sensitivity
from sim.results.store import POOLED, load_run
from sim.story import tell
from sim.words.clock import Phase
from sim.words.codes import EventKind

ROOT = Path(__file__).resolve().parents[1]
SMALL = ("--applicants", "400", "--years", "1", "--replications", "2")


@dataclass(frozen=True)
class Answer:
    """What a command left behind."""

    code: int
    out: str
    err: str


Simhlm = Callable[..., Answer]


@pytest.fixture
def simhlm(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Simhlm:
    """Run a command line in this process, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def call(*words: str | Path) -> Answer:
        capfd.readouterr()
        code = exit_code(*words)
        return Answer(code, *capfd.readouterr())

    return call


def exit_code(*words: str | Path) -> int:
    """Return the exit code that the shell would see."""
    try:
        return guarded(lambda: app([str(word) for word in words], prog_name="simhlm", standalone_mode=False))
    except SystemExit as done:
        return int(done.code or 0)


def refused(answer: Answer) -> list[str]:
    """Return the faults of a refused command, checked to be what the contract says."""
    lines = answer.err.splitlines()
    assert answer.code == 2
    assert answer.out == ""
    assert lines
    assert "Traceback" not in answer.err
    assert all(len(line) < 200 and line.count(":") >= 2 for line in lines), lines
    return lines


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run folder, with its bilan."""
    parent = tmp_path_factory.mktemp("runs")
    assert exit_code("run", "reference", *SMALL, "--jobs", "1", "--out", parent, "--quiet") == 0
    (folder,) = parent.iterdir()
    return folder


# run


def test_run_json_prints_json_and_nothing_else(simhlm: Simhlm, tmp_path: Path) -> None:
    answer = simhlm(
        "run", "reference", *SMALL, "--jobs", "1", "--out", tmp_path / "here", "--json", "--quiet", "--no-bilan"
    )
    assert answer.code == 0
    assert answer.err == ""
    told = json.loads(answer.out)
    assert set(told) == {"run", "replications", "seconds", "events", "years", "indicators"}
    folder = Path(told["run"])
    assert folder.parent == tmp_path / "here"
    assert (told["replications"], told["years"]) == (2, [2022])
    assert told["events"] > 1_000
    leases = told["indicators"]["2022"]["attributions"]
    assert leases["low"] <= leases["mean"] <= leases["high"]
    for name in (
        *(f"{n}.parquet" for n in POOLED),
        "manifest.json",
        "scenario.yaml",
        "replications/0000/events.parquet",
    ):
        assert (folder / name).is_file(), name
    assert not (folder / "replications/0001").exists()
    assert not (folder / "bilan.html").exists()


def test_run_shows_progress_and_a_summary(simhlm: Simhlm, tmp_path: Path) -> None:
    answer = simhlm("run", "reference", *SMALL, "--replications", "1", "--jobs", "1", "--no-bilan")
    assert answer.code == 0
    assert "attributions" in answer.out
    (folder,) = (tmp_path / "runs").iterdir()
    assert folder.name in answer.out.replace("\n", "")
    assert "replication" in answer.err or "run folder" in answer.err


def test_run_writes_its_bilan(finished: Path) -> None:
    manifest = json.loads((finished / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["status"] == "finished"
    assert manifest["audit"] == {"0": "ok", "1": "ok"}
    assert manifest["scenario"]["run"]["applicants"] == 400
    html = (finished / "bilan.html").read_text(encoding="utf-8")
    assert "2022" in html
    assert (finished / "bilan.xlsx").stat().st_size > 5_000


def tables(folder: Path) -> dict[str, str]:
    hashes: dict[str, str] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["tables"]
    return hashes


@pytest.mark.slow
def test_results_do_not_depend_on_the_number_of_jobs(simhlm: Simhlm, finished: Path, tmp_path: Path) -> None:
    answer = simhlm("run", "reference", *SMALL, "--jobs", "2", "--out", tmp_path, "--json", "--quiet", "--no-bilan")
    assert answer.code == 0
    assert tables(Path(json.loads(answer.out)["run"])) == tables(finished)


def test_the_saved_scenario_gives_the_same_hashes(simhlm: Simhlm, finished: Path, tmp_path: Path) -> None:
    words = ("--jobs", "1", "--out", tmp_path, "--json", "--quiet", "--no-bilan")
    answer = simhlm("run", finished / "scenario.yaml", *words)
    assert answer.code == 0
    assert tables(Path(json.loads(answer.out)["run"])) == tables(finished)


def test_options_change_the_scenario(simhlm: Simhlm, tmp_path: Path) -> None:
    words = ("--applicants", "300", "--years", "1", "--replications", "1", "--seed", "7", "--start", "2023-01-01")
    override = ("--override", "flows/arrivals/on=false", "--override", "rules.designation.name=anciennete")
    answer = simhlm("run", "reference", *words, *override, "--jobs", "1", "--json", "--quiet", "--no-bilan")
    assert answer.code == 0
    told = json.loads(answer.out)
    scenario = json.loads((Path(told["run"]) / "manifest.json").read_text(encoding="utf-8"))["scenario"]
    assert told["years"] == [2023]
    assert (scenario["run"]["start"], scenario["run"]["end"], scenario["run"]["seed"]) == (
        "2023-01-01",
        "2023-12-31",
        7,
    )
    assert scenario["rules"]["designation"]["name"] == "anciennete"
    assert told["indicators"]["2023"]["demandes_nouvelles"]["mean"] == 0
    assert told["indicators"]["2023"]["attributions"]["low"] is None  # one replication gives no interval


# What is read from a run


def test_runs_lists_folders(simhlm: Simhlm, finished: Path, tmp_path: Path) -> None:
    assert simhlm("runs", finished.parent).out.replace("\n", "").count("finished") == 1
    rows = json.loads(simhlm("runs", finished.parent, "--json").out)
    assert [row["run"] for row in rows] == [str(finished)]
    assert rows[0]["scenario"] == "reference"
    assert json.loads(simhlm("runs", tmp_path / "nothing", "--json").out) == []
    assert simhlm("runs").code == 0


def test_audit_says_ok(simhlm: Simhlm, finished: Path) -> None:
    assert simhlm("audit", finished) == Answer(0, "replication 0: ok\n", "")
    assert json.loads(simhlm("audit", finished, "--json").out) == {"0": "ok"}


def test_audit_fails_on_a_changed_file(simhlm: Simhlm, finished: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(finished, copy)
    shutil.copy(copy / "waits.parquet", copy / "attributions.parquet")
    answer = simhlm("audit", copy)
    assert answer.code == 1
    assert "attributions.parquet is not the file that the run wrote" in answer.out
    assert json.loads(simhlm("audit", copy, "--json").out)["0"] != "ok"


def test_bilan_against_another_run_says_who_waits_more(simhlm: Simhlm, finished: Path, tmp_path: Path) -> None:
    out = tmp_path / "against"
    assert simhlm("bilan", finished, "--against", finished, "--format", "html,csv", "--out", out).code == 0
    assert "Qui attend plus, qui attend moins que dans" in (out / "bilan.html").read_text(encoding="utf-8")
    gaps = (out / "bilan_ecarts.csv").read_text(encoding="utf-8-sig")
    assert "premier accès;0;" in gaps, "against itself every gap is nil"
    assert "ecarts" not in " ".join(path.name for path in finished.iterdir())


def test_bilan_again(simhlm: Simhlm, finished: Path, tmp_path: Path) -> None:
    answer = simhlm("bilan", finished, "--format", "csv", "--out", tmp_path / "tables")
    assert answer.code == 0
    assert answer.out.strip()
    assert all(Path(line).is_file() for line in answer.out.splitlines())
    assert refused(simhlm("bilan", finished, "--format", "pdf"))
    assert "2030 was not simulated" in refused(simhlm("bilan", finished, "--year", "2030"))[0]


def test_show_tells_stories(simhlm: Simhlm, finished: Path) -> None:
    ideas = simhlm("show", finished)
    assert ideas.code == 0
    assert "longest wait" in ideas.out
    attribution = simhlm("show", finished, "--attribution", "3")
    assert "bail signé" in attribution.out
    assert "candidature désignée" in attribution.out
    row = attribution.out.split("by application ")[1].split()[0]
    application = simhlm("show", finished, "--application", row)
    assert application.code == 0
    assert f"application {row}" in application.out
    assert "bail signé" in application.out
    for option in ("--application", "--attribution"):
        for identifier in ("999999", "-1"):
            assert "does not exist" in refused(simhlm("show", finished, option, identifier))[0]


def test_show_tells_a_recognition(simhlm: Simhlm, finished: Path) -> None:
    events = load_run(finished).replication(0)["events"]
    row = int(events.loc[events["kind"] == EventKind.RECOGNISED, "application"].iloc[0])
    assert "reconnaissance comme prioritaire" in simhlm("show", finished, "--application", str(row)).out


def test_show_of_a_run_without_attributions(finished: Path) -> None:
    run = load_run(finished)
    name = "replications/0000/leases"
    run.replication(0)
    run._frames[name] = run._frames[name].iloc[:0]
    assert any("application" in line for line in tell(run, None, None))


@pytest.mark.parametrize("command", ["bilan", "audit", "show"])
def test_what_is_no_run_folder_is_refused(command: str, simhlm: Simhlm, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("absent", "empty"):
        assert len(refused(simhlm(command, tmp_path / name))) == 1


# check, describe, new


def test_check_shipped_scenarios(simhlm: Simhlm) -> None:
    answer = simhlm("check", "reference", "cia", "cotation", "anciennete")
    assert answer.code == 0
    assert answer.err == ""
    assert answer.out.count("valid scenario") == 4
    assert "rules/designation/name: pratique -> cotation" in answer.out
    unread = [line for line in answer.out.splitlines() if "no flow reads" in line]
    assert not any("apl." in line for line in unread)  # the allowance is read


def test_check_a_territory(simhlm: Simhlm) -> None:
    answer = simhlm("check", ROOT / "scenarios/territories/mel")
    assert answer.code == 0
    assert "95 communes" in answer.out


def test_check_tells_every_fault_at_once(simhlm: Simhlm, tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(
        "extends: reference\ntitle: Essai\nflows:\n  arrivals: {per_yaer: 3}\n  caleol: {every_days: 0}\nregles: 1\n",
        encoding="utf-8",
    )
    lines = refused(simhlm("check", bad, "cottation"))
    assert len(lines) == 4
    assert any(line.startswith("bad.yaml:4:") and "per_year" in line for line in lines)
    assert any(line.startswith("bad.yaml:5:") for line in lines)
    assert any(line.startswith("bad.yaml:6:") and "rules" in line for line in lines)
    assert any("'cotation'" in line for line in lines)


@pytest.mark.parametrize("topic", TOPICS)
def test_describe(topic: str, simhlm: Simhlm) -> None:
    printed = simhlm("describe", topic)
    assert printed.code == 0
    assert len(printed.out.splitlines()) > 5
    told = simhlm("describe", topic, "--json")
    rows = json.loads(told.out)
    assert told.err == ""
    assert len(rows) > 3
    assert all(set(row) == set(rows[0]) or topic == "law" for row in rows)


def test_the_model_card_follows_stress_des_and_names_what_the_code_holds(simhlm: Simhlm) -> None:
    rows = json.loads(simhlm("describe", "card", "--json").out)
    numbers = [row["stress"] for row in rows if row["stress"]]
    assert numbers == [
        "1.1", "1.2", "1.3", "2.1", "2.2", "2.3", "2.4", "2.5.1", "2.5.2", "2.5.3", "2.5.4", "2.5.5",
        "3.1", "3.2", "3.3", "3.4", "4.1", "4.2", "4.3", "5.1", "5.2", "5.3", "5.4", "6.1",
    ]  # fmt: skip
    assert {row["odd"] for row in rows} >= set("1234567")
    listed = {row["title"]: "\n".join(row["items"]) for row in rows}
    assert len(listed["Une journée"].splitlines()) == len(Phase)
    told = {one["code"] for one in json.loads(simhlm("describe", "indicators", "--json").out)}
    assert told == {line.split(" : ")[0] for line in listed["Résultats"].splitlines()}
    guessed = json.loads(simhlm("describe", "hypotheses", "--json").out)
    assert len(listed["Hypothèses"].splitlines()) == len(guessed)
    assert "reference : " in listed["Questions posées"]
    assert len(listed["Limites"].splitlines()) > 4
    assert simhlm("describe", "card").out.startswith("# Fiche du modèle")


def test_describe_law_as_the_contract_says(simhlm: Simhlm) -> None:
    for parameter in json.loads(simhlm("describe", "law", "--json").out):
        assert {"name", "label", "unit", "values"} <= set(parameter)
        for value in parameter["values"]:
            assert {"from", "is", "status", "reference", "confidence"} <= set(value)


def test_describe_hypotheses_lists_scenario_territory_and_law(simhlm: Simhlm) -> None:
    frame = pd.DataFrame(json.loads(simhlm("describe", "hypotheses", "--json").out))
    assert {"scenario", "territory", "law"} <= set(frame["where"])
    assert "flows/arrivals/head_start_max_days" in set(frame["name"])
    assert frame.loc[frame["where"].isin(["scenario", "territory", "law"]), "meaning"].str.len().gt(0).all()


def test_describe_something_else(simhlm: Simhlm) -> None:
    assert "did you mean 'scenario'" in refused(simhlm("describe", "scenarios"))[0]


def test_new_writes_a_valid_scenario_once(simhlm: Simhlm, tmp_path: Path) -> None:
    answer = simhlm("new", "essai", "--from", "cia")
    assert answer.code == 0
    path = tmp_path / "essai.yaml"
    text = path.read_text(encoding="utf-8")
    assert "extends: cia" in text
    assert simhlm("check", "essai.yaml").code == 0
    path.write_text(text + "# mine\n", encoding="utf-8")
    assert "exists already" in refused(simhlm("new", "essai"))[0]
    assert path.read_text(encoding="utf-8").endswith("# mine\n")
    assert "no file name" in refused(simhlm("new", "a/b?"))[0]
    assert "did you mean" in refused(simhlm("new", "autre", "--from", "referense"))[0]
    assert [p.name for p in tmp_path.iterdir()] == ["essai.yaml"]


def test_a_new_scenario_works_with_every_line_uncommented(simhlm: Simhlm, tmp_path: Path) -> None:
    simhlm("new", "tout")
    path = tmp_path / "tout.yaml"
    lines = path.read_text(encoding="utf-8").splitlines()
    start = next(i for i, line in enumerate(lines) if line == "# run:")
    body = [line[2:] if line.startswith("# ") and not line.startswith("# A ") else line for line in lines[start:]]
    path.write_text("\n".join(lines[:start] + body) + "\n", encoding="utf-8")
    answer = simhlm("check", path)
    assert answer.code == 0, answer.err
    assert "rules/designation/name: pratique -> cotation" in answer.out


# Bad input, exit codes


@pytest.mark.parametrize(
    ("words", "faults", "hint"),
    [
        (("run", "referance"), 1, "did you mean 'reference'"),
        (("run", "absent/file.yaml"), 1, "no such file"),
        (("run", "reference", "--override", "flows/arrivals/per_yaer=3"), 1, "did you mean"),
        (("run", "reference", "--override", "rules/reservation/etat=2", "--override", "nothing"), 2, "--override:2"),
        (("run", "reference", "--override", "law/quota.prioritaire@2024-01-01=0.5"), 1, "quota.prioritaires"),
        (("run", "reference", "--override", "territory=lyon"), 1, "unknown territory"),
        (("run", "reference", "--start", "1990-01-01", "--years", "1"), 1, "1990"),
    ],
)
def test_bad_input_is_told_and_nothing_is_written(
    words: tuple[str, ...], faults: int, hint: str, simhlm: Simhlm, tmp_path: Path
) -> None:
    lines = refused(simhlm(*words))
    assert len(lines) == faults
    assert any(hint in line for line in lines)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("rnu",), "rnu:1: no such command; did you mean 'run'?"),
        (("run",), "run:1: missing argument 'scenario'"),
        (("compare", "reference"), "compare:1: missing argument 'ALT...'"),
        (("run", "reference", "--applicants", "10"), "--applicants:1: input should be greater than or equal to 200"),
        (("run", "reference", "--start", "2022-02-30"), "--start:1: value error, '2022-02-30' does not match"),
        (("run", "reference", "--yaers", "3"), "--yaers:1: no such option of run; did you mean '--years'?"),
        (("run", "reference", "--seed"), "--seed:1: option '--seed' requires an argument"),
        (("run", "reference", "--json=3"), "--json:1: option '--json' does not take a value"),
    ],
)
def test_a_misused_command_exits_2(words: tuple[str, ...], said: str, simhlm: Simhlm, tmp_path: Path) -> None:
    answer = simhlm(*words)
    assert answer.code == 2
    assert answer.out == ""
    (line,) = answer.err.splitlines()
    assert line.startswith(said)
    assert len(line) < 200
    assert not list(tmp_path.iterdir())


def test_nothing_asked_tells_what_may_be(simhlm: Simhlm) -> None:
    answer = simhlm()
    assert answer.code == 2
    assert "Usage" in answer.out + answer.err


@pytest.mark.parametrize("words", [("--help",), ("run", "--help"), ("describe", "--help")])
def test_help(words: tuple[str, ...], simhlm: Simhlm) -> None:
    answer = simhlm(*words)
    assert answer.code == 0
    assert "Usage" in answer.out


def test_the_help_of_studies_tells_defaults_and_forms_of_levers() -> None:
    for function, block, names in (
        (search, Search(), {"settings": "settings", "replications": "replications", "fresh": "fresh_replications"}),
        (sensitivity, Sensitivity(), {n: n for n in ("method", "trajectories", "base", "replications")}),
    ):
        told = {name: hint.__metadata__[0].help for name, hint in get_type_hints(function, include_extras=True).items()
                if hasattr(hint, "__metadata__")}  # fmt: skip
        for option, field in names.items():
            assert told[option].endswith(f"Default: {getattr(block, field)}."), option
        assert "law/NAME@DATE" in told["lever"]
        assert "grid/CRITERION" in told["lever"]


def test_a_fit_runs_no_more_draws_than_its_posterior_has(simhlm: Simhlm) -> None:
    (line,) = refused(simhlm("calibrate", "--check", str(CROWD + 1)))
    assert line == f"--check:1: the last posterior has {CROWD} draws, no more can be run: not {CROWD + 1}"
    assert f"at most {CROWD}." in " ".join(simhlm("calibrate", "--help").out.replace("│", " ").split())


def test_the_last_line_is_the_bilan_to_open(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written = [finished / name for name in ("bilan.html", "note.html", "bilan.xlsx")]
    report_run(finished, written, as_json=False)
    assert capsys.readouterr().out.splitlines()[-1] == f"bilan  {finished / 'bilan.html'}"


def test_an_interruption_exits_130(simhlm: Simhlm, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sim.inputs.scenario.load", interrupted)
    answer = simhlm("run", "reference")
    assert answer.code == 130
    assert answer.err.splitlines()[-1] == "interrupted: what was finished stays usable"


def test_an_interrupted_run_tells_how_to_go_on(
    simhlm: Simhlm, finished: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("sim.results.ensemble.simulate_all", interrupted)
    for words in (("run", "reference"), ("compare", finished, "reference")):
        answer = simhlm(*words, *SMALL, "--jobs", "1", "--quiet", "--out", "runs")
        (partial,) = (tmp_path / "runs").glob(".*.partial")
        wanted = f"runs/{partial.name[1:].removesuffix('.partial')}"
        assert answer.code == 130
        (line,) = answer.err.splitlines()
        assert line == f"interrupted: what was finished stays usable; to go on: simhlm resume {wanted}"
        for reader in (("bilan", wanted), ("validate", wanted), ("compare", finished, wanted), ("bilan", partial)):
            assert refused(simhlm(*reader))[0].endswith(f"this run was interrupted; to go on: simhlm resume {wanted}")
        lines = simhlm("runs").out.splitlines()
        assert lines[0] == f"runs/{partial.name}"
        assert lines[1].startswith("  unfinished, ")
        assert "reference, 2 replications, 2022-2022, " in lines[1]
        assert lines[2:] == [f"  to go on: simhlm resume {wanted}"]
        shutil.rmtree(partial)


def test_an_interrupted_study_is_listed_and_goes_on(
    simhlm: Simhlm, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    words = ("sensitivity", "reference", "--lever", "flows/arrivals/per_year=10000:20000", *SMALL, "--quiet")
    with monkeypatch.context() as patched:
        patched.setattr("sim.analysis.running.Experiment.run", interrupted)
        answer = simhlm(*words)
    assert answer.code == 130
    assert answer.err.splitlines()[-1].endswith("to go on: the same command goes on where it was")
    (partial,) = (tmp_path / "runs").glob(".*.partial")
    lines = simhlm("runs").out.splitlines()
    assert lines[0] == f"runs/{partial.name}"
    assert "sensibilite on reference, 0 simulations" in lines[1]
    (row,) = json.loads(simhlm("runs", "--json").out)
    assert (row["kind"], row["status"], row["simulations"]) == ("sensibilite", "unfinished", 0)
    assert "a study, not a run" in refused(simhlm("bilan", partial))[0]


def test_failed_replications_exit_1(finished: Path, simhlm: Simhlm, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(finished, copy)
    manifest = json.loads((copy / "manifest.json").read_text(encoding="utf-8"))
    manifest["audit"]["1"] = ["two leases"]
    (copy / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert guarded(lambda: report_run(copy, [], True)) == 1


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['simhlm', '--help']\n"
        "from sim.cli import main\n"
        "try: main()\n"
        "except SystemExit as done: assert not done.code\n"
        "heavy = {'numba', 'pandas', 'matplotlib', 'scipy', 'duckdb', 'simpy', 'numpy'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True)


def test_the_module_is_the_command(tmp_path: Path) -> None:
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONIOENCODING": "cp1252"}
    answers = [
        subprocess.run([sys.executable, "-m", "sim", *words], cwd=tmp_path, env=environment, capture_output=True)
        for words in (("check", "reference"), ("check", "referense"))
    ]
    assert [answer.returncode for answer in answers] == [0, 2]
    assert "Référence" in answers[0].stdout.decode("utf-8")  # French accents on any console
    assert answers[1].stderr.decode("utf-8").count("\n") == 1


@pytest.mark.slow
def test_bench_compares_with_the_twin(simhlm: Simhlm) -> None:
    told = json.loads(simhlm("bench", "--applicants", "500", "--json").out)
    assert told["same_leases"] is True
    assert told["events_per_cpu_second"] > 0
    assert "same_leases" in simhlm("bench", "--applicants", "500").out
