"""How many replications a wished precision needs: a pilot, then as many as its spread asks for, until it is reached.

The count depends on the results alone, never on jobs: stages are decided on whole sets of replications.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.inputs.faults import Fault, Faults
from sim.results.store import connect
from sim.words.registry import nearest

if TYPE_CHECKING:
    from sim.inputs.scenario import Loaded
    from sim.inputs.schema_studies import Precision


def check_precision(loaded: Loaded) -> None:
    """Raise ``Faults`` when ``run.precision`` names an indicator, a scope or a year that there is not."""
    from sim.indicators.compute import INDICATORS

    run = loaded.scenario.run
    asked = run.precision
    if not asked.indicator:
        return

    def fault(key: str, text: str) -> Faults:
        return Faults([Fault(*loaded.line_of(("run", "precision", key)), f"run/precision/{key}: {text}")])

    if asked.indicator not in INDICATORS:
        text = f"unknown indicator {asked.indicator!r}{nearest(asked.indicator, INDICATORS.names())}"
        raise fault("indicator", text)
    entry = INDICATORS[asked.indicator]
    if entry.extra["needs"] in loaded.scenario.closed:
        raise fault("indicator", f"nothing feeds {asked.indicator} here: the scenario opens no {entry.extra['needs']}")
    if asked.scope not in entry.extra["scopes"]:
        raise fault("scope", f"{asked.indicator} is not told by {asked.scope!r}: {', '.join(entry.extra['scopes'])}")
    if asked.year and not run.start.year <= asked.year <= run.end.year:
        raise fault("year", f"{asked.year} is not simulated: {run.start.year} to {run.end.year}")


def half_width(values: Sequence[float] | np.ndarray) -> float:
    """Return half of Student's 95 % interval of the mean of some values; infinite with fewer than two."""
    from scipy.special import stdtrit

    known = np.asarray(values, dtype=float)
    known = known[np.isfinite(known)]
    if len(known) < 2:
        return math.inf
    return float(stdtrit(len(known) - 1, 0.975) * known.std(ddof=1) / math.sqrt(len(known)))


def next_count(asked: Precision, values: Sequence[float] | np.ndarray, count: int) -> int | None:
    """Return how many replications to go on to, None when the precision is reached or the maximum is.

    At most doubled at a time: the spread of a pilot is not sure itself.
    """
    now = half_width(values)
    if now <= asked.half_width or count >= asked.maximum:
        return None
    if math.isinf(now):
        return min(asked.maximum, 2 * count)
    needed = math.ceil(count * (now / asked.half_width) ** 2)
    return min(asked.maximum, max(count + 1, min(needed, 2 * count)))


def values_of(pieces: Sequence[Path], asked: Precision, year: int) -> np.ndarray:
    """Return the indicator judged, one value per file of indicators; NaN where a file has none."""
    query = (
        "SELECT value FROM read_parquet(?) WHERE year = ? AND indicator = ? AND scope = ? "
        'AND "group" = ? AND value IS NOT NULL'
    )
    found = []
    with connect() as connection:
        for path in pieces:
            words = [str(path), asked.year or year, asked.indicator, asked.scope, asked.group or asked.scope]
            row = connection.execute(query, words).fetchone()
            found.append(math.nan if row is None else float(row[0]))
    return np.array(found)


def told(asked: Precision, year: int, values: np.ndarray, stages: Sequence[int]) -> dict[str, Any]:
    """Return what the manifest says of the precision reached."""
    reached = half_width(values)
    return {
        "indicator": asked.indicator,
        "scope": asked.scope,
        "group": asked.group or asked.scope,
        "year": asked.year or year,
        "half_width_asked": asked.half_width,
        "half_width_reached": None if math.isinf(reached) else reached,
        "is_reached": reached <= asked.half_width,
        "replications": stages[-1],
        "stages": list(stages),
    }
