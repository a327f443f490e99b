"""Commands that confront the engine with theory, and the model with published facts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sim.cli_options import Jobs, Json, Quiet
from sim.cli_studies import say
from sim.cli_usage import resumable


def verify(
    as_json: Json = False,
    inject: Annotated[str, typer.Option(help="Break the engine on purpose; --inject help lists the faults.")] = "",
    only: Annotated[str, typer.Option(help="Oracles asked for, such as O1,O3; all by default.")] = "",
    jobs: Jobs = 2,
    quiet: Quiet = False,
) -> None:
    """Confront the engine with closed forms of queueing theory; exit 1 if one fails."""
    from sim.verifying import run_verify

    if not run_verify(say, as_json, inject, only, jobs, quiet):
        raise typer.Exit(1)


def validate(
    run_folder: Annotated[Path, typer.Argument(metavar="RUN", help="A finished run folder.")],
    targets: Annotated[Path | None, typer.Option(help="A CSV of targets; default that of the territory.")] = None,
    every: Annotated[bool, typer.Option("--all", help="The facts used in the fit too.")] = False,
    as_json: Json = False,
) -> None:
    """Confront a run with published facts kept out of the fit: French table, HTML and Markdown."""
    from sim.validating import run_validate

    run_validate(say, run_folder, targets, every, as_json)


def calibrate(
    scenario: Annotated[str, typer.Argument(help="Scenario whose parameters are fitted.")] = "reference",
    until: Annotated[int, typer.Option(help="Back-test: fit to facts dated up to this year, predict the others.")] = 0,
    applicants: Annotated[int, typer.Option(help="Size of the worlds of the fit.", min=200)] = 5_600,
    years: Annotated[int, typer.Option(help="Years of each run; 4 reach the facts of 2025.", min=1)] = 4,
    first: Annotated[int, typer.Option(help="Runs over the prior ranges.", min=24)] = 64,
    second: Annotated[int, typer.Option(help="Runs around the first posterior.", min=0)] = 56,
    third: Annotated[int, typer.Option(help="Runs of draws of the second posterior.", min=0)] = 56,
    check: Annotated[
        int, typer.Option(help="Draws of the last posterior that are run: the sample; at most 400.", min=8)
    ] = 40,
    full_size: Annotated[bool, typer.Option(help="Draws are run at the size of the territory.")] = True,
    jobs: Jobs = 2,
    out: Annotated[Path, typer.Option(help="Posterior sample; runs and sheet are kept beside it.")] = Path(
        "calibrated.yaml"
    ),
    backtest: Annotated[list[Path] | None, typer.Option(help="What --until wrote, for the sheet (repeatable).")] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Fit parameters to published facts: a posterior sample, what the facts identify, a sheet; can be resumed."""
    from sim.calibrate.fitting import CROWD, Plan
    from sim.calibrating import run_calibrate
    from sim.inputs.faults import Fault, Faults

    if check > CROWD:
        raise Faults([Fault("--check", 1, f"the last posterior has {CROWD} draws, no more can be run: not {check}")])

    plan = Plan(first=first, second=second, third=third, check=check)
    with resumable("the same command goes on where it was"):
        run_calibrate(
            say, scenario, until, applicants, years, plan, jobs, out, backtest or [], full_size, as_json, quiet
        )
