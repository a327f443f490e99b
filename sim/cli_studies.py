"""Commands on many runs: resume and expand, sensitivity, search. Registered on the application of ``cli.py``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sim.inputs.scenario import Loaded
    from sim.results.store import Run

Jobs = Annotated[int, typer.Option(help="Processes; results never depend on it.", min=1)]
EngineName = Annotated[str, typer.Option("--engine", help="local, or dask: workers of an existing scheduler.")]
Scheduler = Annotated[str | None, typer.Option("--scheduler", help="Address of the Dask scheduler.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress.")]
Json = Annotated[bool, typer.Option("--json", help="Machine-readable answer on stdout, nothing else there.")]
Bilan = Annotated[bool, typer.Option(help="Write bilan.html and bilan.xlsx.")]
Finish = Callable[[Path, bool, bool], None]
SPLIT = ("attributions", "demandes_en_stock", "part_prioritaires", "part_q1_hors_qpv", "delai_attribution_moyen")
"""Indicators whose uncertainty is split on screen, when a run has draws."""


def bar(loaded: Loaded, quiet: bool) -> AbstractContextManager[Callable[..., None]]:
    """Return the progress bar of a run: replications of every draw, or those of the pilot of a precision."""
    from sim.progress import progress_bar
    from sim.results.drawing import worlds

    run = loaded.scenario.run
    return progress_bar(
        len(worlds(loaded, run.precision.minimum if run.precision.indicator else run.replications)), quiet
    )


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

        table = split_variance(run.indicators())
        whole = table[(table["scope"] == "mel") & (table["year"] == table["year"].max())]
        yield f"{len(manifest['draws'])} draws of what is not known; their share of the variance in the last year:"
        for row in whole[whole["indicator"].isin(SPLIT)].itertuples():
            share = "-" if row.ignorance_share != row.ignorance_share else f"{100 * row.ignorance_share:.0f} %"
            yield f"  {row.indicator:<34}{share:>7}"


def register(app: typer.Typer, finish: Finish) -> None:
    """Add the commands of this file to an application; ``finish`` writes the bilan of a run and prints it."""

    @app.command()
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
        finish(finished, bilan, as_json)

    @app.command()
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
        finish(finished, bilan, as_json)
