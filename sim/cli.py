"""The command line. Heavy libraries are imported by the commands that need them, not before."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from sim.inputs.faults import Fault, Faults

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Simulate social-housing (HLM) allocation and print the bilan.",
)
Json = Annotated[bool, typer.Option("--json", help="Machine-readable answer on stdout, nothing else there.")]
Override = Annotated[
    list[str] | None,
    typer.Option("--override", help="KEY=VALUE, a path in the scenario; law/NAME@DATE=VALUE for the law."),
]


def say(text: str = "", err: bool = False) -> None:
    """Print one line."""
    typer.echo(text, err=err)


@app.command()
def run(
    scenario: Annotated[str, typer.Argument(help="A file, or the bare name of a shipped scenario.")],
    replications: Annotated[int | None, typer.Option(help="Runs that differ by chance only.", min=1)] = None,
    seed: Annotated[int | None, typer.Option(help="Root of all randomness.", min=0)] = None,
    start: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="First day.")] = None,
    years: Annotated[int | None, typer.Option(help="Whole years simulated.", min=1)] = None,
    jobs: Annotated[int, typer.Option(help="Processes; results never depend on it.", min=1)] = 2,
    applicants: Annotated[
        int | None, typer.Option(help="Size of the world; all else is scaled alike.", min=200)
    ] = None,
    out: Annotated[Path, typer.Option(help="Parent folder of the run folder.")] = Path("runs"),
    override: Override = None,
    as_json: Json = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress.")] = False,
    bilan: Annotated[bool, typer.Option(help="Write bilan.html and bilan.xlsx.")] = True,
) -> None:
    """Simulate a scenario: writes one run folder with its bilan."""
    from sim.checking import check_start
    from sim.inputs.scenario import load
    from sim.progress import progress_bar
    from sim.results.ensemble import run_ensemble

    options = {"replications": replications, "seed": seed, "applicants": applicants, "years": years}
    options["start"] = start.date() if start else None  # type: ignore[assignment]
    loaded = load(scenario, override or [], **{k: v for k, v in options.items() if v is not None})
    check_start(loaded)
    with progress_bar(loaded.scenario.run.replications, quiet) as advance:
        folder = run_ensemble(loaded, out, jobs, advance)
    written: list[Path] = []
    if bilan:
        from sim.inputs.files import find_territory
        from sim.inputs.territory import load as load_territory
        from sim.report.bilan import write_bilan

        written = write_bilan(folder, load_territory(find_territory(loaded.scenario.territory)))
    report_run(folder, written, as_json)


def report_run(folder: Path, written: list[Path], as_json: bool) -> None:
    """Print what a run obtained, and where it is."""
    from sim.results.ensemble import load_run, summarise

    finished = load_run(folder)
    summary = summarise(finished.indicators())
    manifest = finished.manifest
    if as_json:
        answer = {
            "run": str(folder),
            "replications": len(manifest["audit"]),
            "seconds": manifest["durations"]["total_seconds"],
            "events": manifest["events"],
            "years": sorted(int(y) for y in summary),
            "indicators": summary,
        }
        say(json.dumps(answer, ensure_ascii=False))
    else:
        from sim.describe import print_summary

        print_summary(summary)
        say(f"run    {folder}")
        for path in written:
            if path.suffix in (".html", ".xlsx"):
                say(f"bilan  {path}")
    bad = {n: verdict for n, verdict in manifest["audit"].items() if verdict != "ok"}
    for number, verdict in bad.items():
        say(f"replication {number}: {verdict}", err=True)
    if bad:
        raise typer.Exit(1)


@app.command()
def runs(folder: Annotated[Path, typer.Argument(help="Where to look.")] = Path("runs"), as_json: Json = False) -> None:
    """List the run folders: scenario, date, replications, size, finished or not."""
    from sim.describe import print_table
    from sim.results.ensemble import list_runs

    rows = list_runs(folder)
    say(json.dumps(rows, ensure_ascii=False, default=str)) if as_json else print_table(rows)


@app.command()
def bilan(
    run_folder: Annotated[Path, typer.Argument(metavar="RUN", help="A finished run folder.")],
    year: Annotated[int | None, typer.Option(help="Year reported; default the last one.")] = None,
    formats: Annotated[str, typer.Option("--format", help="Among html,xlsx,csv.")] = "html,xlsx",
    out: Annotated[Path | None, typer.Option(help="Where to write; default the run folder.")] = None,
    against: Annotated[Path | None, typer.Option(help="Another run: say who waits more, who waits less.")] = None,
) -> None:
    """Write the bilan of a run (HTML, XLSX, CSV), in French."""
    from sim.inputs.files import find_territory
    from sim.inputs.territory import load as load_territory
    from sim.report.bilan import write_bilan
    from sim.results.ensemble import load_run

    finished = load_run(run_folder)
    wanted = tuple(part.strip() for part in formats.split(",") if part.strip())
    unknown = [part for part in wanted if part not in ("html", "xlsx", "csv")]
    if unknown or not wanted:
        raise Faults([Fault("--format", 1, f"unknown format {unknown or formats!r}: html, xlsx or csv")])
    years = sorted(int(y) for y in finished.indicators()["year"].unique())
    if year is not None and year not in years:
        raise Faults([Fault("--year", 1, f"{year} was not simulated: {years[0]} to {years[-1]}")])
    territory = load_territory(find_territory(finished.manifest["scenario"]["territory"]))
    for path in write_bilan(run_folder, territory, year=year, formats=wanted, out=out, against=against):
        if path.suffix != ".svg":
            say(str(path))


@app.command()
def audit(run_folder: Annotated[Path, typer.Argument(metavar="RUN")], as_json: Json = False) -> None:
    """Check conservation again, from the saved log; exit 1 if one law fails."""
    from sim.results.audit_run import audit_run

    verdicts = audit_run(run_folder)
    if as_json:
        say(json.dumps({str(n): faults or "ok" for n, faults in verdicts.items()}, ensure_ascii=False))
    else:
        for number, faults in verdicts.items():
            say(f"replication {number}: {'ok' if not faults else '; '.join(faults)}")
    if any(verdicts.values()):
        raise typer.Exit(1)


@app.command()
def show(
    run_folder: Annotated[Path, typer.Argument(metavar="RUN")],
    application: Annotated[int | None, typer.Option(help="Row of the application.")] = None,
    attribution: Annotated[int | None, typer.Option(help="Row of the lease.")] = None,
) -> None:
    """Tell one household's story, or one attribution; without an ID, list interesting ones."""
    from sim import story
    from sim.results.ensemble import load_run

    for line in story.tell(load_run(run_folder), application, attribution):
        say(line)


@app.command()
def check(
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH...", help="Scenarios, law files, grids, territory or run folders.")
    ],
) -> None:
    """Check scenarios, law files, grids, territory and run folders: every fault; legal values never read."""
    from sim.checking import check_paths

    for line in check_paths(paths):
        say(line)


@app.command()
def feasible(
    scenario: Annotated[str, typer.Argument(help="A file, or the bare name of a shipped scenario.")],
    years: Annotated[int | None, typer.Option(help="Years of flows; default the whole run.", min=1)] = None,
    applicants: Annotated[int | None, typer.Option(help="Size of the world.", min=200)] = None,
    override: Override = None,
    as_json: Json = False,
) -> None:
    """Bound each objective by the expected flows, before running anything; exit 1 if one cannot hold."""
    from sim.checking import check_start
    from sim.feasibility import assess, first_infeasible, print_lines
    from sim.feasible_flows import period_years
    from sim.inputs.scenario import load

    loaded = load(scenario, override or [], **({"applicants": applicants} if applicants else {}))
    check_start(loaded)
    lines = assess(loaded, years)
    worst = first_infeasible(lines)
    if as_json:
        answer = {
            "scenario": loaded.name,
            "years": years or period_years(loaded),
            "feasible": worst is None,
            "first_infeasible": worst.name if worst else None,
            "objectives": [line.as_dict() for line in lines],
        }
        say(json.dumps(answer, ensure_ascii=False))
    else:
        print_lines(lines, loaded.scenario.title, years or period_years(loaded))
    if worst is not None:
        raise typer.Exit(1)


@app.command()
def describe(
    what: Annotated[str, typer.Argument(help="columns, scenario, law, hypotheses, indicators, mechanisms.")],
    as_json: Json = False,
    territory: Annotated[str, typer.Option(help="Territory, for hypotheses.")] = "mel",
) -> None:
    """Print the living data dictionary."""
    from sim.describe import TOPICS, dated_lines, print_table
    from sim.words.registry import nearest

    if what not in TOPICS:
        raise Faults([Fault("describe", 1, f"unknown topic {what!r}{nearest(what, TOPICS)}: {', '.join(TOPICS)}")])
    rows = TOPICS[what](territory)
    if as_json:
        say(json.dumps(rows, ensure_ascii=False, default=str))
    else:
        print_table(dated_lines(rows) if what == "law" else rows)


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="Name of the new scenario, or a file.")],
    parent: Annotated[str, typer.Option("--from", help="Scenario to start from.")] = "reference",
) -> None:
    """Write a commented scenario file to start from."""
    from sim.checking import write_new

    path = write_new(name, parent)
    say(f"{path}  (edit it, then: simhlm check {path}; simhlm run {path})")


@app.command()
def bench(as_json: Json = False, applicants: Annotated[int, typer.Option(min=500)] = 5_600) -> None:
    """Measure the project's own speed, beside a slow obvious twin that scans the whole list."""
    from sim.bench import measure

    result = measure(applicants)
    if as_json:
        say(json.dumps(result))
    else:
        for name, value in result.items():
            say(f"{name:<42}{value}")


@app.command()
def verify(
    as_json: Json = False,
    inject: Annotated[str, typer.Option(help="Break the engine on purpose; --inject help lists the faults.")] = "",
    only: Annotated[str, typer.Option(help="Oracles asked for, such as O1,O3; all by default.")] = "",
    jobs: Annotated[int, typer.Option(help="Processes; results never depend on it.", min=1)] = 2,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress.")] = False,
) -> None:
    """Confront the engine with closed forms of queueing theory; exit 1 if one fails."""
    from sim.verifying import run_verify

    if not run_verify(say, as_json, inject, only, jobs, quiet):
        raise typer.Exit(1)


@app.command()
def validate(
    run_folder: Annotated[Path, typer.Argument(metavar="RUN", help="A finished run folder.")],
    targets: Annotated[Path | None, typer.Option(help="A CSV of targets; default that of the territory.")] = None,
    every: Annotated[bool, typer.Option("--all", help="The facts used in the fit too.")] = False,
    as_json: Json = False,
) -> None:
    """Confront a run with published facts kept out of the fit: French table, HTML and Markdown."""
    from sim.validating import run_validate

    run_validate(say, run_folder, targets, every, as_json)


@app.command()
def calibrate(
    scenario: Annotated[str, typer.Argument(help="Scenario whose parameters are fitted.")] = "reference",
    until: Annotated[int, typer.Option(help="Fit to facts dated up to this year only; 0: all.")] = 0,
    applicants: Annotated[int, typer.Option(help="Size of the worlds of the fit.", min=200)] = 2_000,
    years: Annotated[int, typer.Option(help="Years of each run; 4 reach the facts of 2025.", min=1)] = 4,
    first: Annotated[int, typer.Option(help="Runs over the prior ranges.", min=24)] = 40,
    second: Annotated[int, typer.Option(help="Runs around the first posterior.", min=0)] = 24,
    jobs: Annotated[int, typer.Option(help="Processes.", min=1)] = 2,
    out: Annotated[Path, typer.Option(help="Posterior sample; runs are kept beside it.")] = Path("calibrated.yaml"),
    as_json: Json = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress.")] = False,
) -> None:
    """Fit parameters to published facts: a posterior sample and what the facts identify; can be resumed."""
    from sim.calibrate.fitting import Plan
    from sim.calibrating import run_calibrate

    plan = Plan(first=first, second=second)
    run_calibrate(say, scenario, until, applicants, years, plan, jobs, out, as_json, quiet)


def guarded(command: Callable[[], Any]) -> int:
    """Run a command line; return the exit code of the contract (0, 1, 2, 130)."""
    try:
        command()
    except Faults as faults:
        for fault in faults.faults:
            print(fault, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted: what was finished stays usable", file=sys.stderr)
        return 130
    except typer.Exit as done:
        return done.exit_code
    return 0


def main() -> None:
    """Entry point of ``simhlm``."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a cp1252 console must not crash on an accent
            stream.reconfigure(encoding="utf-8", errors="replace")
    sys.exit(guarded(lambda: app(standalone_mode=True)))
