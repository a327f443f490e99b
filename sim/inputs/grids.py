"""Cotation grids: points by criterion. Criteria are code (``sim/rules/criteria.py``), grids are data.

Points of ``criteria`` add up (Lyon). Inside a rubric they add up or only the highest counts, and
rubrics add up (Paris). ``residence`` holds points that depend on the dwelling offered.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from sim.inputs.faults import Fault, Faults
from sim.inputs.files import scenarios_dir
from sim.inputs.models import as_tuples, explain
from sim.inputs.parameters import Strict
from sim.inputs.yaml_lines import Document, Route, read_file
from sim.words.registry import nearest


class Seniority(Strict):
    """Points for time waited; without cap when ``cap_months`` is null."""

    points_per_month: float = Field(ge=0, description="points by month since the demand was filed")
    cap_months: float | None = Field(default=None, ge=0, description="months beyond which nothing is added")
    threshold_months: float | None = Field(default=None, ge=0, description="delay whose passing gives a bonus")
    threshold_points: float = Field(default=0.0, ge=0, description="points given once when the delay is passed")


class Rubric(Strict):
    """Criteria that are read together."""

    label: str
    combine: Literal["sum", "max"] = Field(default="sum", description="all points add up, or only the highest counts")
    criteria: dict[str, float]


class OnResidence(Strict):
    """Points that depend on the dwelling offered (PLH action 30, "contexte logement")."""

    dwelling: Literal["en_qpv", "hors_qpv", "accessible"]
    applicant: Literal["tous", "premier_quartile", "hors_premier_quartile", "handicap", "prioritaire"]
    points: float


class Grid(Strict):
    """A cotation grid."""

    title: str
    is_demonstration: bool = Field(description="true when it is not the grid of any territory")
    is_partial: bool = Field(default=False, description="true when only some of the points were found")
    source: str
    reference: str
    criteria: dict[str, float] = Field(default={}, description="points that add up")
    rubrics: tuple[Rubric, ...] = ()
    residence: tuple[OnResidence, ...] = ()
    seniority: Seniority
    refusal_points: float = Field(default=0.0, le=0, description="points by refusal of an offer")

    @property
    def groups(self) -> tuple[Rubric, ...]:
        """Every rubric, the plain criteria first as one that adds up."""
        plain = (Rubric(label="critères", criteria=self.criteria),) if self.criteria else ()
        return (*plain, *self.rubrics)

    @property
    def names(self) -> list[str]:
        """Names of the criteria, in order, each once."""
        return list(dict.fromkeys(name for group in self.groups for name in group.criteria))


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
    faults = list(_unknown(document, criteria)) if criteria is not None else []
    try:
        grid = Grid.model_validate(as_tuples(document.data))
    except ValidationError as error:
        faults += explain(error, Grid, lambda route: (document.file, document.line(route)))
    if not faults:
        faults = list(_meaning(document, grid))
    if faults:
        raise Faults(faults)
    return grid


def _unknown(document: Document, criteria: Collection[str]) -> Iterator[Fault]:
    """Yield the criteria that do not exist."""
    maps: list[tuple[Route, object]] = [(("criteria",), document.data.get("criteria"))]
    rubrics = document.data.get("rubrics")
    for rank, rubric in enumerate(rubrics if isinstance(rubrics, list) else []):
        if isinstance(rubric, dict):
            maps.append((("rubrics", rank, "criteria"), rubric.get("criteria")))
    for route, points in maps:
        for key in points if isinstance(points, dict) else ():
            if key not in criteria:
                yield document.fault((*route, key), f"unknown criterion {key!r}{nearest(str(key), criteria)}")


def _meaning(document: Document, grid: Grid) -> Iterator[Fault]:
    """Yield what types cannot say."""
    if not grid.groups:
        yield document.fault((), "a grid needs criteria, or rubrics of criteria")
    counted = [name for group in grid.groups for name in group.criteria]
    for name in sorted({name for name in counted if counted.count(name) > 1}):
        yield document.fault(("rubrics",), f"the criterion {name!r} is in two rubrics: it would count twice")
    if bool(grid.seniority.threshold_points) != (grid.seniority.threshold_months is not None):
        yield document.fault(("seniority",), "threshold_months and threshold_points go together")


def pair_fault(grid: Grid, mutations: Grid) -> str:
    """Return why two grids cannot rank one list together, or an empty text.

    A list stays sorted because all scores rise at one rate; seniority may also not count at all in one of the grids.
    """
    rates = {g.seniority.points_per_month for g in (grid, mutations)} - {0.0}
    if len(rates) > 1:
        return f"seniority gives {' and '.join(f'{r:g}' for r in sorted(rates))} points a month: one rate, or none"
    if grid.residence != mutations.residence:
        return "the two grids give different points to the residence: these apply to the dwelling, not to the demand"
    return ""
