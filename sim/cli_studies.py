"""Commands on many runs: resume and expand, sensitivity, search. ``cli.py`` makes commands of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.cli_options import (
    Applicants,
    Bilan,
    EngineName,
    Jobs,
    Json,
    Levers,
    Out,
    Override,
    Quiet,
    Scenario,
    Scheduler,
    Seed,
    Years,
)
from sim.cli_usage import resumable

if TYPE_CHECKING:
    import pandas as pd

    from sim.analysis.running import Way
    from sim.inputs.scenario import Loaded
    from sim.results.store import Run

SPLIT = ("attributions", "demandes_en_stock", "part_prioritaires", "part_q1_hors_qpv", "delai_attribution_moyen")
"""Indicators whose uncertainty is split on screen, when a run has draws."""


@contextmanager
def bar(loaded: Loaded, quiet: bool) -> Iterator[Callable[..., None]]:
    """Yield the progress bar of a run: replications of every draw, or those of the pilot of a precision."""
    from sim.progress import progress_bar
    from sim.results.drawing import worlds

    run = loaded.scenario.run
    total = len(worlds(loaded, run.precision.minimum if run.precision.indicator else run.replications))
    with resumable(), progress_bar(total, quiet) as advance:
        yield advance


def how_sure(run: Run) -> Iterator[str]:
    """Yield what is to say of the precision reached and of the shares of chance and ignorance."""
    manifest = run.manifest
    if "precision" in manifest:
        one = manifest["precision"]
        verb = "reached" if one["is_reached"] else "NOT reached within run/precision/maximum"
        width = "-" if one["half_width_reached"] is None else f"{one['half_width_reached']:.4g}"
        yield (
            f"precision of {one['indicator']} {one['year']}: half-width {width} for {one['half_width_asked']:g} asked, "
            f"{verb} with {one['replications']} replications (stages {', '.join(map(str, one['stages']))})"
        )
    if "draws" in manifest:
        from sim.results.uncertainty import split_variance

        table = split_variance(run.indicators("mel"))
        if min(table["draws"].max(), table["replications"].max()) < 2:
            yield (
                f"{len(manifest['draws'])} draws of what is not known; their share of the variance is not told: "
                "with one draw, or one replication of each, chance cannot be told from ignorance (ask for 2 or more)"
            )
            return
        whole = table[(table["scope"] == "mel") & (table["year"] == table["year"].max())]
        yield f"{len(manifest['draws'])} draws of what is not known; their share of the variance in the last year:"
        for row in whole[whole["indicator"].isin(SPLIT)].itertuples():
            share = "-" if row.ignorance_share != row.ignorance_share else f"{100 * row.ignorance_share:.0f} %"
            yield f"  {row.indicator:<34}{share:>7}"


def say(text: str = "", err: bool = False) -> None:
    """Print one line."""
    typer.echo(text, err=err)


def finish_run(folder: Path, bilan: bool, as_json: bool) -> None:
    """Write the bilan of a run if asked, and print what it obtained."""
    written: list[Path] = []
    if bilan:
        from sim.inputs.files import find_territory
        from sim.inputs.territory import load as load_territory
        from sim.report.bilan import write_bilan
        from sim.results.ensemble import load_run

        territory = str(load_run(folder).manifest["scenario"]["territory"])
        written = write_bilan(folder, load_territory(find_territory(territory)))
    report_run(folder, written, as_json)


def report_run(folder: Path, written: list[Path], as_json: bool) -> None:
    """Print what a run obtained, and where it is."""
    from sim.results.ensemble import load_run, summarise

    finished = load_run(folder)
    summary = summarise(finished.indicators("mel"))
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
        for line in how_sure(finished):
            say(line)
        say(f"run    {folder}")
        for path in sorted(written, key=lambda path: path.name == "bilan.html"):  # last: the one to open
            if path.suffix in (".html", ".xlsx"):
                say(f"bilan  {path}")
    bad = {n: verdict for n, verdict in manifest["audit"].items() if verdict != "ok"}
    for number, verdict in bad.items():
        say(f"replication {number}: {verdict}", err=True)
    if bad:
        raise typer.Exit(1)


def resume(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="An interrupted run: its folder, or its name.")],
    jobs: Jobs = 2,
    bilan: Bilan = True,
    as_json: Json = False,
    quiet: Quiet = False,
    engine: EngineName = "local",
    scheduler: Scheduler = None,
) -> None:
    """Finish an interrupted run; what it had simulated is kept."""
    from sim.inputs.scenario import load
    from sim.results import growing
    from sim.results.workers import choose

    workers = choose(engine, scheduler, jobs)
    folder = growing.find_interrupted(run)
    with bar(load(folder / "scenario.yaml"), quiet) as advance:
        finished = growing.resume(folder, jobs, advance, workers=workers)
    finish_run(finished, bilan, as_json)


def expand(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A finished run folder.")],
    replications: Annotated[int, typer.Option(help="How many there are to be in all.", min=1)],
    jobs: Jobs = 2,
    bilan: Bilan = True,
    as_json: Json = False,
    quiet: Quiet = False,
    engine: EngineName = "local",
    scheduler: Scheduler = None,
) -> None:
    """Add replications to a finished run: same files as if all had been asked at once."""
    from sim.results import growing
    from sim.results.store import load_run
    from sim.results.workers import choose

    workers = choose(engine, scheduler, jobs)
    with bar(growing.wider(load_run(run), replications), quiet) as advance:
        finished = growing.expand(run, replications, jobs, advance, workers=workers)
    finish_run(finished, bilan, as_json)


def sensitivity(
    scenario: Scenario,
    method: Annotated[
        str | None, typer.Option(help="morris (screening) or sobol (variance shares). Default: morris.")
    ] = None,
    lever: Levers = None,
    indicator: Annotated[
        list[str] | None, typer.Option(help="Indicator looked at (repeatable). Default: five main ones.")
    ] = None,
    trajectories: Annotated[
        int | None, typer.Option(help="Morris: walks; costs (levers + 1) each. Default: 6.", min=2)
    ] = None,
    base: Annotated[int | None, typer.Option(help="Sobol: base sample, a power of two. Default: 64.", min=2)] = None,
    replications: Annotated[
        int | None, typer.Option(help="Of each point, same luck everywhere. Default: 1.", min=1)
    ] = None,
    years: Years = None,
    applicants: Applicants = None,
    seed: Seed = None,
    jobs: Jobs = 2,
    out: Out = Path("runs"),
    override: Override = None,
    as_json: Json = False,
    quiet: Quiet = False,
    engine: EngineName = "local",
    scheduler: Scheduler = None,
) -> None:
    """Find what drives the result: Morris screening, or Sobol shares; interrupted, the same command goes on.

    What is not given is as the block sensitivity of the scenario says; levers: else what its uncertainty names, else
    every hypothesis.
    """
    from sim.analysis import levers as levers_
    from sim.analysis import running
    from sim.analysis import sensitivity as study

    loaded = loaded_of(scenario, override, years=years, applicants=applicants, seed=seed)
    design = study.plan(
        loaded, levers_.parse(lever or []), indicator or [],
        method=method, trajectories=trajectories, base=base, replications=replications,
    )  # fmt: skip
    with way_of(out, engine, scheduler, jobs, quiet or as_json, design.cost) as way:
        folder, table = running.run_sensitivity(loaded, design, way)
    if as_json:
        told = {"study": str(folder), "simulations": design.cost, "effects": records(table)}
        typer.echo(json.dumps(told, ensure_ascii=False))
        return
    from sim.analysis.telling import effects_lines

    for line in effects_lines(table):
        typer.echo(line)
    typer.echo(f"study  {folder}")


def search(
    scenario: Scenario,
    target: Annotated[
        list[str] | None,
        typer.Option(help="INDICATOR>=VALUE or INDICATOR<=VALUE (repeatable). Needed, unless the scenario has some."),
    ] = None,
    lever: Levers = None,
    settings: Annotated[int | None, typer.Option(help="Settings simulated. Default: 40.", min=4)] = None,
    replications: Annotated[int | None, typer.Option(help="Of each setting. Default: 2.", min=1)] = None,
    fresh: Annotated[
        int | None, typer.Option(help="Replications, of another seed, of the checks. Default: 5.", min=2)
    ] = None,
    years: Years = None,
    applicants: Applicants = None,
    seed: Seed = None,
    jobs: Jobs = 2,
    out: Out = Path("runs"),
    override: Override = None,
    as_json: Json = False,
    quiet: Quiet = False,
    engine: EngineName = "local",
    scheduler: Scheduler = None,
) -> None:
    """Find settings that meet targets at the least extra wait for the others; the Pareto front, checked.

    What is not given is as the block search of the scenario says; interrupted, the same command goes on.
    """
    from sim.analysis import levers as levers_
    from sim.analysis import running
    from sim.analysis import search as study

    options = {"settings": settings, "replications": replications, "fresh_replications": fresh}
    words = [f"search/{key}={value}" for key, value in options.items() if value is not None]
    loaded = loaded_of(scenario, [*(override or []), *words], years=years, applicants=applicants, seed=seed)
    plan = study.plan(loaded, target or [], levers_.parse(lever or []))
    with way_of(out, engine, scheduler, jobs, quiet or as_json, running.search_cost(loaded, plan)) as way:
        found = running.run_search(loaded, plan, way)
    if as_json:
        told = {
            "study": str(found.folder),
            "settings": records(found.settings),
            "front": records(found.settings[found.settings["is_front"]]),
            "checks": records(found.checks),
            "idle_levers": [span.path for span in found.idle],
        }
        typer.echo(json.dumps(told, ensure_ascii=False))
        return
    from sim.analysis.telling import front_lines

    for line in front_lines(plan, found.settings, found.checks, found.idle):
        typer.echo(line)
    typer.echo(f"study  {found.folder}")


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a table as JSON wants it: a list of rows, nothing for what is not known."""
    rows: list[dict[str, Any]] = json.loads(table.to_json(orient="records", double_precision=15))
    return rows


def loaded_of(scenario: str, override: list[str] | None, **options: Any) -> Loaded:
    """Return a scenario with the options of a study, checked as a run would."""
    from sim.checking import check_start
    from sim.inputs.scenario import load

    loaded = load(scenario, override or [], **options)
    check_start(loaded)
    return loaded


@contextmanager
def way_of(out: Path, engine: str, scheduler: str | None, jobs: int, quiet: bool, total: int) -> Iterator[Way]:
    """Yield how a study is carried out, with its progress bar; its cost is announced on stderr."""
    from sim.analysis.running import Way
    from sim.progress import progress_bar
    from sim.results.store import SAME_COMMAND
    from sim.results.workers import choose

    workers = choose(engine, scheduler, jobs)
    with resumable(SAME_COMMAND), progress_bar(total, quiet) as advance:
        yield Way(out, workers, jobs, say=lambda line: typer.echo(line, err=True), advance=advance)
