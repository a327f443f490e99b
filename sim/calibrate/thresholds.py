"""Thresholds of the first quartile ahead: the engine reads them (law), so a back-test prolongs their trend instead."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import t

from sim.calibrate.targets import Target

REGION, TERRITORY = "C49", "C48"
"""First part of the identifiers of the two series: regional median, territory."""
RATIO, RATIO_ERROR = 1.05, 0.03
"""Territory over region: a hypothesis of the law files while no threshold of the territory was known; its error too."""


def series(targets: Sequence[Target], family: str) -> dict[int, float]:
    """Return year to value of one family of facts."""
    return {x.fact_year: x.value for x in targets if x.id == family or x.id.startswith(f"{family}-")}


def thresholds(targets: Sequence[Target], until: int) -> list[dict[str, Any]]:
    """Return the thresholds published after a year beside what was foreseeable then, with the naive forecast.

    Notes
    -----
    The regional median is a random walk with drift in logarithm, estimated on the years known then; the territory is
    a fixed ratio above it. With two yearly changes only, Student's interval is as wide as it should be. The naive
    forecast is the last year known. Nothing without three years known.
    """
    known = {year: value for year, value in sorted(series(targets, REGION).items()) if year <= until}
    if len(known) < 3:
        return []
    steps = np.diff(np.log(list(known.values())))
    last_year, last = max(known), RATIO * known[max(known)]
    told = []
    for year, value in sorted(series(targets, TERRITORY).items()):
        ahead = year - last_year
        if ahead <= 0:
            continue
        spread = math.sqrt(ahead * (1 + ahead / len(steps)) * float(steps.var(ddof=1)) + RATIO_ERROR**2)
        half = float(t.ppf(0.975, len(steps) - 1)) * spread
        mean = last * math.exp(ahead * float(steps.mean()))
        told.append(
            {
                "year": year, "value": value, "predicted_mean": round(mean),
                "predicted_95": [round(mean * math.exp(-half)), round(mean * math.exp(half))], "naive": round(last),
            }
        )  # fmt: skip
    return told
