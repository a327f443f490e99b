"""Cotation grids: points by criterion. Criteria are code (``sim/rules/criteria.py``), grids are data."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from pydantic import Field, ValidationError

from sim.inputs.faults import Fault, Faults
from sim.inputs.files import scenarios_dir
from sim.inputs.models import as_tuples, explain
from sim.inputs.parameters import Strict
from sim.inputs.yaml_lines import read_file
from sim.words.registry import nearest


class Seniority(Strict):
    """Points for time waited; without cap when ``cap_months`` is null."""

    points_per_month: float = Field(ge=0, description="points by month since the demand was filed")
    cap_months: float | None = Field(default=None, ge=0, description="months beyond which nothing is added")


class Grid(Strict):
    """A cotation grid; points of the criteria add up."""

    title: str
    is_demonstration: bool = Field(description="true when it is not the grid of any territory")
    source: str
    reference: str
    criteria: dict[str, float]
    seniority: Seniority
    refusal_points: float = Field(default=0.0, le=0, description="points by refusal of an offer")


def grid_names() -> list[str]:
    """Return the names of the shipped grids."""
    return sorted(path.stem for path in (scenarios_dir() / "grids").glob("*.yaml"))


def find_grid(name: str, where: tuple[str, int] | None = None) -> Path:
    """Return the file of a grid: a name in ``scenarios/grids``, or a path ending in ``.yaml``.

    Raises
    ------
    Faults
        When there is none; the nearest name is given. ``where`` is the file and line that ask for it.
    """
    path = Path(name) if name.endswith((".yaml", ".yml")) else scenarios_dir() / "grids" / f"{name}.yaml"
    if path.is_file():
        return path
    raise Faults([Fault(*(where or ("grid", 1)), f"unknown grid {name!r}{nearest(name, grid_names())}")])


def load_grid(name: str, criteria: Collection[str] | None = None, where: tuple[str, int] | None = None) -> Grid:
    """Read a cotation grid.

    Parameters
    ----------
    name : str
        As ``find_grid``.
    criteria : collection of str, optional
        The criteria that exist; others are refused. Not checked without it.
    where : (str, int), optional
        File and line that ask for the grid, for the message.

    Raises
    ------
    Faults
        All that is wrong with the file.
    """
    document = read_file(find_grid(name, where))
    faults: list[Fault] = []
    points = document.data.get("criteria")
    if criteria is not None and isinstance(points, dict):
        unknown = [key for key in points if key not in criteria]
        for key in unknown:
            text = f"unknown criterion {key!r}{nearest(str(key), criteria)}"
            faults.append(document.fault(("criteria", key), text))
    try:
        grid = Grid.model_validate(as_tuples(document.data))
    except ValidationError as error:
        faults += explain(error, Grid, lambda route: (document.file, document.line(route)))
    if faults:
        raise Faults(faults)
    return grid
