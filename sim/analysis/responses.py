"""What a study looks at: one number per replication, an indicator or the mean wait of the others."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sim.indicators.compute import INDICATORS
from sim.inputs.faults import Fault, Faults
from sim.words.clock import DAYS_PER_MONTH
from sim.words.registry import nearest

if TYPE_CHECKING:
    import pandas as pd

    from sim.inputs.schema import Scenario
    from sim.inputs.schema_studies import Cost

CLASSES = ("mel", "parcours", "quartile", "typologie", "taille", "territoire", "commune", "priorite")
"""Classes of ``waits.parquet``."""


@dataclass(frozen=True)
class Response:
    """An indicator at a scope; ``year`` 0 is all years together: the ratio of sums where there is one, or the mean."""

    indicator: str
    scope: str = "mel"
    group: str = "mel"
    year: int = 0

    @property
    def key(self) -> str:
        """Name in tables."""
        place = "" if self.scope == "mel" else f"@{self.scope}={self.group}"
        return f"{self.indicator}{place}" + (f"@{self.year}" if self.year else "")

    @property
    def label(self) -> str:
        """Name for readers, in French."""
        place = "" if self.scope == "mel" else f", {self.group}"
        return INDICATORS[self.indicator].label + place + (f", {self.year}" if self.year else "")

    @property
    def unit(self) -> str:
        """Unit of the indicator."""
        return INDICATORS[self.indicator].unit

    def read(self, indicators: pd.DataFrame, waits: pd.DataFrame) -> float:
        """Return the value from the frames of one replication; NaN when there is none."""
        rows = indicators[
            (indicators["indicator"] == self.indicator)
            & (indicators["scope"] == self.scope)
            & (indicators["group"] == self.group)
        ]
        if self.year:
            rows = rows[rows["year"] == self.year]
        numerator, denominator = (rows[name].to_numpy(dtype=float) for name in ("numerator", "denominator"))
        if self.unit in ("share", "days") and len(rows) and np.isfinite(numerator).all() and denominator.sum() > 0:
            return float(numerator.sum() / denominator.sum())
        values = rows["value"].dropna().to_numpy(dtype=float)
        return float(values.mean()) if len(values) else math.nan


@dataclass(frozen=True)
class Wait:
    """Mean days before a home of a class of applicants, cut at a horizon; leaving unhoused is a competing exit.

    It is the area over the curve of incidence until the horizon: who is not housed by then, or left, counts the
    whole horizon.
    """

    among: str
    group: str
    horizon_months: int

    @property
    def key(self) -> str:
        """Name in tables."""
        return f"attente_restreinte@{self.among}={self.group}"

    @property
    def label(self) -> str:
        """Name for readers, in French."""
        who = "" if self.among == "mel" else f", {self.group}"
        return f"Attente moyenne restreinte à {self.horizon_months} mois{who}"

    @property
    def unit(self) -> str:
        """Days."""
        return "days"

    def read(self, indicators: pd.DataFrame, waits: pd.DataFrame) -> float:
        """Return the value from the frames of one replication; NaN when nobody is of the class."""
        rows = waits[(waits["class"] == self.among) & (waits["group"] == self.group)]
        if not len(rows):
            return math.nan
        days, incidence = rows["days"].to_numpy(dtype=float), rows["incidence"].to_numpy(dtype=float)
        horizon = self.horizon_months * DAYS_PER_MONTH
        steps = np.append(days[days < horizon], horizon)
        return float((np.diff(steps) * (1 - incidence[: len(steps) - 1])).sum())


AnyResponse = Response | Wait


def indicator_response(
    code: str, scenario: Scenario, where: tuple[str, int], scope: str = "mel", group: str = "", year: int = 0
) -> Response:
    """Return the response of an indicator.

    Raises
    ------
    Faults
        An unknown indicator, one that the scenario does not feed, a scope or a year that it has not.
    """
    run = scenario.run
    if code not in INDICATORS:
        raise Faults([Fault(*where, f"unknown indicator {code!r}{nearest(code, INDICATORS.names())}")])
    extra = INDICATORS[code].extra
    if extra["needs"] in scenario.closed:
        raise Faults([Fault(*where, f"nothing feeds {code} here: the scenario opens no {extra['needs']}")])
    if scope not in extra["scopes"]:
        text = f"{code} is not told by {scope!r}{nearest(scope, extra['scopes'])}: {', '.join(extra['scopes'])}"
        raise Faults([Fault(*where, text)])
    if scope != "mel" and not group:
        raise Faults([Fault(*where, f"scope {scope} needs a group")])
    if year and not run.start.year <= year <= run.end.year:
        raise Faults([Fault(*where, f"{year} is not simulated: {run.start.year} to {run.end.year}")])
    return Response(code, scope, group or scope, year)


def wait_response(cost: Cost, where: tuple[str, int]) -> Wait:
    """Return the response of a cost. Raises ``Faults`` when there is no such class."""
    if cost.among not in CLASSES:
        text = f"unknown class {cost.among!r}{nearest(cost.among, CLASSES)}: {', '.join(CLASSES)}"
        raise Faults([Fault(*where, text)])
    return Wait(cost.among, cost.group, cost.horizon_months)


def read_all(responses: Sequence[AnyResponse], indicators: pd.DataFrame, waits: pd.DataFrame) -> dict[str, float]:
    """Return ``{key: value}`` of responses from the frames of one replication."""
    return {one.key: one.read(indicators, waits) for one in responses}
