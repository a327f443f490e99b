"""The command line. Heavy libraries are imported by the commands that need them, not before."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from sim import cli_studies, cli_theory
from sim.cli_options import (
    Applicants,
    Bilan,
    Draws,
    EngineName,
    Jobs,
    Json,
    Override,
    Quiet,
    Scenario,
    Scheduler,
    Seed,
    Start,
    Years,
)
from sim.cli_studies import finish_run, say
from sim.cli_usage import Interrupted, UsageError, fault_of, is_help, resumable
from sim.inputs.faults import Fault, Faults

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Simulate social-housing (HLM) allocation and print the bilan.",
)


@app.command()
def run(
    scenario: Scenario,
    replications: Annotated[int | None, typer.Option(help="Runs that differ by chance only.", min=1)] = None,
    draws: Draws = None,
    seed: Seed = None,
    start: Start = None,
    years: Years = None,
    jobs: Jobs = 2,
    applicants: Applicants = None,
    out: Annotated[Path, typer.Option(help="Parent folder of the run folder.")] = Path("runs"),
    override: Override = None,
    as_json: Json = False,
    quiet: Quiet = False,
    bilan: Bilan = True,
    engine: EngineName = "local",
    scheduler: Scheduler = None,
) -> None:
    """Simulate a scenario: writes one run folder with its bilan."""
    from sim.checking import check_start
    from sim.inputs.scenario import load
    from sim.results.ensemble import run_ensemble
    from sim.results.workers import choose

    options = {"replications": replications, "draws": draws, "seed": seed, "applicants": applicants, "years": years}
    options["start"] = start.date() if start else None  # type: ignore[assignment]
    loaded = load(scenario, override or [], **{k: v for k, v in options.items() if v is not None})
    check_start(loaded)
    workers = choose(engine, scheduler, jobs)
    with cli_studies.bar(loaded, quiet) as advance:
        folder = run_ensemble(loaded, out, jobs, advance, workers=workers)
    finish_run(folder, bilan, as_json)


@app.command()
def compare(
    base: Annotated[str, typer.Argument(metavar="BASE", help="A run folder, or a scenario to run.")],
    alternatives: Annotated[list[str], typer.Argument(metavar="ALT...", help="What is compared with it.")],
    replications: Annotated[int | None, typer.Option(help="Of the scenarios to run.", min=1)] = None,
    draws: Draws = None,
    seed: Annotated[int | None, typer.Option(help="Root of all randomness, common to the scenarios.", min=0)] = None,
    start: Start = None,
    years: Years = None,
    jobs: Jobs = 2,
    applicants: Applicants = None,
    out: Annotated[Path, typer.Option(help="Parent folder of the comparison, and of what is run.")] = Path("runs"),
    override: Override = None,
    secrecy: Annotated[int, typer.Option(help="Smallest count shown; 0 shows all, and says so.", min=0)] = 11,
    as_json: Json = False,
    quiet: Quiet = False,
    engine: EngineName = "local",
    scheduler: Scheduler = None,
) -> None:
    """Compare runs, or scenarios run with common luck: paired differences, winners and losers, in French."""
    from sim import comparing
    from sim.results.workers import choose

    workers = choose(engine, scheduler, jobs)
    given = {"replications": replications, "draws": draws, "seed": seed, "applicants": applicants, "years": years}
    given["start"] = start.date() if start else None  # type: ignore[assignment]
    options = {name: value for name, value in given.items() if value is not None}
    items = comparing.prepare([base, *alternatives], options, override or [])
    with resumable():
        folders = comparing.run_all(items, out, workers, quiet)
    comparison, folder, written = comparing.compare(folders, out, secrecy)
    if as_json:
        from sim.results.compare import as_text

        say(as_text(comparison, folder))
        return
    comparing.print_comparison(comparison)
    say(f"comparison  {folder}")
    for path in written:
        if path.suffix in (".html", ".xlsx"):
            say(f"            {path}")


@app.command()
def runs(folder: Annotated[Path, typer.Argument(help="Where to look.")] = Path("runs"), as_json: Json = False) -> None:
    """List the folders of runs and studies: scenario, date, replications, size, finished or not."""
    from sim.describe import print_runs
    from sim.results.ensemble import list_runs

    rows = list_runs(folder)
    say(json.dumps(rows, ensure_ascii=False, default=str)) if as_json else print_runs(rows)


@app.command()
def bilan(
    run_folder: Annotated[Path, typer.Argument(metavar="RUN", help="A finished run folder.")],
    year: Annotated[str | None, typer.Option(help="Year, or span (2025-2027); default the last full year.")] = None,
    formats: Annotated[str, typer.Option("--format", help="Among html,xlsx,csv.")] = "html,xlsx",
    out: Annotated[Path | None, typer.Option(help="Where to write; default the run folder.")] = None,
    against: Annotated[Path | None, typer.Option(help="Another run: say who waits more, who waits less.")] = None,
    secrecy: Annotated[int, typer.Option(help="Smallest count shown; 0 shows all, and says so.", min=0)] = 11,
    contours: Annotated[Path | None, typer.Option(help="GeoJSON of the communes, for the map.")] = None,
) -> None:
    """Write the bilan of a run (HTML, XLSX, CSV) and its note for elected members, in French."""
    from sim.inputs.files import find_territory
    from sim.inputs.territory import load as load_territory
    from sim.report.bilan import write_bilan
    from sim.results.ensemble import load_run

    finished = load_run(run_folder)
    wanted = tuple(part.strip() for part in formats.split(",") if part.strip())
    unknown = [part for part in wanted if part not in ("html", "xlsx", "csv")]
    if unknown or not wanted:
        raise Faults([Fault("--format", 1, f"unknown format {unknown or formats!r}: html, xlsx or csv")])
    territory = load_territory(find_territory(finished.manifest["scenario"]["territory"]))
    try:
        written = write_bilan(
            run_folder,
            territory,
            year=year,
            formats=wanted,
            out=out,
            against=against,
            secrecy=secrecy,
            outline=contours,
        )
    except ValueError as error:
        raise Faults([Fault("bilan", 1, str(error))]) from error
    for path in written:
        if path.suffix != ".svg":
            say(str(path))


@app.command()
def waits(
    run_folder: Annotated[Path, typer.Argument(metavar="RUN", help="A finished run folder.")],
    more: Annotated[list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="More words of --for.")] = None,
    profile: Annotated[
        list[str] | None,
        typer.Option("--for", help="KEY=VALUE ...: typologie, commune, territoire, taille, composition, age, quartile,"
                     " mutation, priorite, anciennete (months already waited)."),
    ] = None,
    classes: Annotated[
        list[str] | None, typer.Option("--class", help="Classes of households told, or all (see describe).")
    ] = None,
    year: Annotated[int | None, typer.Option(help="One calendar year; default the whole run.")] = None,
    figures: Annotated[Path | None, typer.Option(help="Folder where the curves are drawn (SVG).")] = None,
    secrecy: Annotated[int, typer.Option(help="Smallest count shown; 0 shows all, and says so.", min=0)] = 11,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Tell the three delays, each apart, and the cumulative incidence of being housed; or predict a wait (--for)."""
    from sim.report import waits as report
    from sim.results.prediction import predict
    from sim.results.store import load_run
    from sim.results.waits import chosen_classes, study

    finished = load_run(run_folder)
    if profile or more:
        found = predict(finished, [*(profile or []), *(more or [])], year)
        if as_json:
            say(json.dumps(report.prediction_json(found), ensure_ascii=False))
        else:
            report.print_prediction(found)
        return
    wanted, others = chosen_classes(classes)
    told = study(finished, wanted, year)
    if as_json:
        say(json.dumps(report.as_json(told, secrecy), ensure_ascii=False))
    else:
        report.print_study(told, others, secrecy)
    if figures is not None:
        from sim.report.wait_figures import write_figures

        for path in write_figures(told, finished.manifest, figures):
            say(str(path), err=as_json)


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
    scenario: Scenario,
    years: Annotated[int | None, typer.Option(help="Years of flows; default the whole run.", min=1)] = None,
    applicants: Applicants = None,
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
    what: Annotated[
        str,
        typer.Argument(
            help="columns, scenario, law, hypotheses, criteria, indicators, mechanisms, levers, formats, card."
        ),
    ],
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
    elif what == "card":
        from sim.model_card import markdown

        say(markdown(rows))
    elif what == "formats":
        from sim.formats import as_text

        say(as_text(rows))
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
def exchange(
    instance: Annotated[Path, typer.Argument(metavar="INSTANCE", help="JSON (nodes, edges) or PrefLib .wmd.")],
    mechanism: Annotated[str, typer.Option(help="pairs, cycles, ttc, chains, greedy or none.")] = "cycles",
    max_length: Annotated[int, typer.Option(help="Households in a cycle or a chain, at most.", min=2)] = 3,
    time_limit: Annotated[float, typer.Option(help="Seconds; the bound is proven whenever it stops.", min=0.1)] = 60.0,
    survival: Annotated[
        float, typer.Option(help="Chance that a leg survives: weights are then expected completed moves.", min=0, max=1)
    ] = 1.0,
    as_json: Json = False,
) -> None:
    """Solve one exchange instance: who takes whose dwelling, and what no exchange can exceed."""
    from sim.exchange.instances import answer, read_instance
    from sim.exchange.mechanisms import MECHANISMS, Request
    from sim.exchange.mechanisms import run as run_mechanism
    from sim.exchange.weights import Failure
    from sim.words.registry import nearest

    if mechanism not in MECHANISMS:
        known = MECHANISMS.names()
        text = f"unknown mechanism {mechanism!r}{nearest(mechanism, known)}: {', '.join(known)}"
        raise Faults([Fault("--mechanism", 1, text)])
    read = read_instance(instance)
    request = Request(
        read.graph, longest=max_length, longest_chain=max_length, failure=Failure(survival), seconds=time_limit
    )  # fmt: skip
    result = answer(read, run_mechanism(mechanism, request))
    if as_json:
        say(json.dumps(result, ensure_ascii=False))
        return
    for name in ("mechanism", "moved", "weight", "bound", "gap", "optimal", "seconds"):
        say(f"{name:<12}{result[name]}")
    for kind in ("cycles", "chains"):
        for members in result[kind]:
            say(f"{kind[:-1]:<12}{' -> '.join(map(str, members))}")


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


for command in (
    cli_studies.resume, cli_studies.expand, cli_studies.sensitivity, cli_studies.search,
    cli_theory.verify, cli_theory.validate, cli_theory.calibrate,
):  # fmt: skip
    app.command()(command)


INTERRUPTED = 130
"""Exit code of a command that the keyboard stopped; typer gives it too."""


def guarded(command: Callable[[], Any]) -> int:
    """Run a command line; return the exit code of the contract (0, 1, 2, 130)."""
    try:
        code = command()
    except Faults as faults:
        for fault in faults.faults:
            print(fault, file=sys.stderr)
        return 2
    except UsageError as error:
        print(error if is_help(error) else fault_of(error), file=sys.stderr)
        return 2
    except Interrupted as stop:
        print(f"interrupted: what was finished stays usable; to go on: {stop}", file=sys.stderr)
        return INTERRUPTED
    except KeyboardInterrupt:
        code = INTERRUPTED
    except typer.Exit as done:
        code = done.exit_code
    if code == INTERRUPTED:
        print("interrupted: what was finished stays usable", file=sys.stderr)
    return code if isinstance(code, int) else 0


def main() -> None:
    """Entry point of ``simhlm``."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a cp1252 console must not crash on an accent
            stream.reconfigure(encoding="utf-8", errors="replace")
    sys.exit(guarded(lambda: app(standalone_mode=False)))
