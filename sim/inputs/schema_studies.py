"""What a scenario may say of how sure it wants to be, of what is not known, and of settings to look for."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from sim.inputs.parameters import Strict, parameter, technical


class Precision(Strict):
    """How sure an indicator must be: replications are added until its 95 % interval is narrow enough."""

    indicator: str = technical("", doc="indicator that must be sure; empty: run.replications as asked")
    half_width: float = technical(0.0, doc="half of the 95 % interval of its mean, in its own unit", ge=0)
    year: int = technical(0, doc="year judged; 0: the last one simulated")
    scope: str = technical("mel", doc="scope judged")
    group: str = technical("", doc="group judged; empty: the scope's name, as for the whole")
    minimum: int = technical(10, doc="replications of the pilot", ge=2)
    maximum: int = technical(200, doc="replications never exceeded", ge=2)

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        if self.indicator and self.half_width <= 0:
            raise ValueError("half_width must be more than 0, in the unit of the indicator")
        if self.maximum < self.minimum:
            raise ValueError(f"maximum {self.maximum} is less than minimum {self.minimum}")
        return self


class Target(Strict):
    """A value that settings must reach: an indicator, at least or at most."""

    indicator: str = technical(..., doc="indicator (simhlm describe indicators)")
    at_least: float | None = technical(None, doc="value to reach, in the unit of the indicator (0.5 for 50 %)")
    at_most: float | None = technical(None, doc="value not to exceed")
    scope: str = technical("mel", doc="scope of the indicator")
    group: str = technical("", doc="group of the scope; empty: the scope's name, as for the whole")
    year: int = technical(0, doc="year judged; 0: all years together")

    @model_validator(mode="after")
    def _has_one_side(self) -> Self:
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError("give at_least or at_most, one of them")
        return self


class Lever(Strict):
    """A value that may be moved, between two bounds."""

    path: str = technical(..., doc="path in the scenario, law/NAME@DATE, or grid/CRITERION (points of the grid)")
    low: float = technical(..., doc="lowest value")
    high: float = technical(..., doc="highest value")
    label: str = technical("", doc="intitulé en français ; vide : celui du paramètre")

    @model_validator(mode="after")
    def _has_a_width(self) -> Self:
        if not self.low < self.high:
            raise ValueError(f"low {self.low:g} must be less than high {self.high:g}")
        return self


class Cost(Strict):
    """What the others pay: their mean wait before a home, cut at a horizon (leaving is a competing exit)."""

    among: str = technical("priorite", doc="class of waits.parquet: mel, priorite, quartile, parcours, typologie...")
    group: str = technical("non reconnus", doc="group of the class")
    horizon_months: int = parameter(
        36, unit="months", doc="horizon de l'attente moyenne restreinte, en mois depuis le dépôt", ge=1, le=120
    )


class Search(Strict):
    """Settings to look for (``simhlm search``)."""

    targets: tuple[Target, ...] = technical((), doc="what must be reached")
    levers: tuple[Lever, ...] = technical((), doc="what may be moved")
    cost: Cost = Cost()
    settings: int = technical(40, doc="settings simulated", ge=4)
    batch: int = technical(4, doc="settings chosen at a time, once the first ones are known", ge=1)
    replications: int = technical(2, doc="replications of each setting", ge=1)
    fresh_replications: int = technical(5, doc="replications, of another seed, that check the best settings", ge=2)
    checked: int = technical(3, doc="settings checked", ge=1)


class Sensitivity(Strict):
    """What drives the result (``simhlm sensitivity``)."""

    method: Literal["morris", "sobol"] = technical("morris", doc="screening, or shares of the variance")
    levers: tuple[Lever, ...] = technical((), doc="what is moved; empty: uncertainty, else every hypothesis")
    responses: tuple[str, ...] = technical(
        ("part_prioritaires", "part_q1_hors_qpv", "delai_attribution_moyen", "attributions", "demandes_en_stock"),
        doc="indicators looked at",
    )
    trajectories: int = technical(6, doc="Morris: walks through the space of levers", ge=2)
    base: int = technical(64, doc="Sobol: size of the base sample, a power of two", ge=2)
    replications: int = technical(1, doc="replications of each point, of the same luck", ge=1)
