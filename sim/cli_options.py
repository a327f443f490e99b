"""Options that several commands share."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

Jobs = Annotated[int, typer.Option(help="Processes; results never depend on it.", min=1)]
EngineName = Annotated[str, typer.Option("--engine", help="local, or dask: workers of an existing scheduler.")]
Scheduler = Annotated[str | None, typer.Option("--scheduler", help="Address of the Dask scheduler.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress.")]
Json = Annotated[bool, typer.Option("--json", help="Machine-readable answer on stdout, nothing else there.")]
Bilan = Annotated[bool, typer.Option(help="Write bilan.html and bilan.xlsx.")]
Scenario = Annotated[str, typer.Argument(help="A file, or the bare name of a shipped scenario.")]
Levers = Annotated[
    list[str] | None,
    typer.Option(
        "--lever",
        help="PATH=LOW:HIGH, a number that moves (repeatable): of the scenario, of the law (law/NAME@DATE), or points "
        "of the grid (grid/CRITERION, grid/seniority).",
    ),
]
Years = Annotated[int | None, typer.Option(help="Whole years simulated.", min=1)]
Applicants = Annotated[int | None, typer.Option(help="Size of the world; all else is scaled alike.", min=200)]
Start = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="First day.")]
Seed = Annotated[int | None, typer.Option(help="Root of all randomness.", min=0)]
Out = Annotated[Path, typer.Option(help="Parent folder of the study's folder.")]
Draws = Annotated[
    int | None,
    typer.Option(help="Draws of what is not known, each with all replications; 0: chance only.", min=0),
]
Override = Annotated[
    list[str] | None,
    typer.Option("--override", help="KEY=VALUE, a path in the scenario; law/NAME@DATE=VALUE for the law."),
]
