"""What drives the result: Morris screening, or Sobol shares of the variance, on common random numbers (SALib).

Points differ by their levers alone: all are simulated with the same luck, so that chance does not drown their effects.
What chance alone makes is measured beside, on the scenario itself, when there are several replications.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.analysis.levers import Span, at, not_known, spans_of
from sim.analysis.responses import AnyResponse, indicator_response, wait_response
from sim.inputs.faults import Fault, Faults
from sim.inputs.schema_studies import Lever
from sim.words.registry import nearest

if TYPE_CHECKING:
    import pandas as pd

    from sim.inputs.scenario import Loaded

LEVELS = 4
"""Levels of a Morris walk."""
RESAMPLES = 200
Evaluate = Callable[[Sequence[dict[str, float]], Sequence[int]], np.ndarray]


@dataclass(frozen=True)
class Design:
    """Points to simulate, before anything is.

    Parameters
    ----------
    method : str
        ``morris`` or ``sobol``.
    spans : list of Span
        Levers.
    responses : list
        What is looked at.
    points : np.ndarray
        Points of the unit cube, shape (points, levers).
    replications : int
        Of each point.
    seed : int
        Of the design and of the intervals.
    """

    method: str
    spans: list[Span]
    responses: list[AnyResponse]
    points: np.ndarray
    replications: int
    seed: int

    @property
    def cost(self) -> int:
        """Simulations, those of the scenario itself included."""
        return (len(self.points) + 1) * self.replications


def plan(
    loaded: Loaded, levers: Sequence[Lever] | None = None, responses: Sequence[str] | None = None, **options: Any
) -> Design:
    """Return the design of a scenario's block ``sensitivity``, or of options that replace it.

    Parameters
    ----------
    loaded : Loaded
        The scenario.
    levers : sequence of Lever, optional
        Given on the command line.
    responses : sequence of str, optional
        Indicators given on the command line.
    **options
        ``method``, ``trajectories``, ``base``, ``replications``; None keeps what the scenario says.

    Raises
    ------
    Faults
        What is wrong with levers, indicators or options.
    """
    given = {key: value for key, value in options.items() if value is not None}
    said = loaded.scenario.sensitivity.model_copy(update=given)
    if said.method not in ("morris", "sobol"):
        raise Faults(
            [Fault("--method", 1, f"unknown method {said.method!r}{nearest(said.method, ('morris', 'sobol'))}")]
        )
    if said.method == "sobol" and said.base & (said.base - 1):
        raise Faults([Fault("--base", 1, f"the base of Sobol is a power of two (32, 64, 128...), not {said.base}")])
    chosen = levers or said.levers
    spans = spans_of(loaded, chosen, "sensitivity", given=bool(levers)) if chosen else not_known(loaded)
    looked: list[AnyResponse] = []
    for rank, code in enumerate(responses or said.responses):
        where = ("--indicator", rank + 1) if responses else loaded.line_of(("sensitivity", "responses", rank))
        looked.append(indicator_response(code, loaded.scenario, where))
    looked.append(wait_response(loaded.scenario.search.cost, loaded.line_of(("search", "cost", "among"))))
    seed = loaded.scenario.run.seed
    size = said.trajectories if said.method == "morris" else said.base
    return Design(said.method, spans, looked, sample(said.method, len(spans), size, seed), said.replications, seed)


def problem(count: int) -> dict[str, Any]:
    """Return the unit cube as SALib wants it."""
    return {"num_vars": count, "names": [str(i) for i in range(count)], "bounds": [[0.0, 1.0]] * count}


def sample(method: str, count: int, size: int, seed: int) -> np.ndarray:
    """Return points of shape (points, levers): ``size`` Morris walks, or Sobol with a base of ``size``."""
    if method == "morris":
        from SALib.sample import morris

        return np.asarray(morris.sample(problem(count), size, num_levels=LEVELS, seed=seed), dtype=float)
    from SALib.sample import sobol

    return np.asarray(sobol.sample(problem(count), size, calc_second_order=False, seed=seed), dtype=float)


def analyse(design: Design, evaluate: Evaluate) -> pd.DataFrame:
    """Simulate the points of a design and return the effects.

    Parameters
    ----------
    design : Design
        From ``plan``.
    evaluate : callable
        Settings and replications in, responses out, shape (settings, replications, responses).

    Returns
    -------
    pandas.DataFrame
        One row per response and lever, the largest effect first: ``response, label, unit, lever, lever_label, low,
        high, base, base_sd`` and, for Morris, ``mu, mu_star, mu_star_low, mu_star_high, sigma`` (in the unit of the
        response, for the whole range of the lever); for Sobol, ``s1, s1_half, st, st_half`` (shares). ``base_sd`` is
        the standard deviation between replications of the scenario itself: what chance alone does.
    """
    import pandas as pd

    numbers = range(design.replications)
    base = evaluate([{}], numbers)[0]
    values = evaluate([at(design.spans, point) for point in design.points], numbers).mean(axis=1)
    tables = []
    for rank, response in enumerate(design.responses):
        effects = effects_of(design, values[:, rank])
        spread = float(base[:, rank].std(ddof=1)) if design.replications > 1 else np.nan
        table = pd.DataFrame(
            {
                "response": response.key, "label": response.label, "unit": response.unit,
                "lever": [span.path for span in design.spans], "lever_label": [span.label for span in design.spans],
                "low": [span.low for span in design.spans], "high": [span.high for span in design.spans],
                "base": float(base[:, rank].mean()), "base_sd": spread, **effects,
            }
        )  # fmt: skip
        by = "mu_star" if design.method == "morris" else "st"
        tables.append(table.sort_values(by, ascending=False, kind="stable", na_position="last"))
    return pd.concat(tables, ignore_index=True)


def effects_of(design: Design, values: np.ndarray) -> dict[str, np.ndarray]:
    """Return the effects of levers on one response; NaN when a simulation of the design failed."""
    count = len(design.spans)
    if not np.isfinite(values).all():
        names = ("mu", "mu_star", "mu_star_low", "mu_star_high", "sigma")
        names = names if design.method == "morris" else ("s1", "s1_half", "st", "st_half")  # type: ignore[assignment]
        return {name: np.full(count, np.nan) for name in names}
    if design.method == "morris":
        from SALib.analyze import morris

        found = morris.analyze(
            problem(count), design.points, values, num_levels=LEVELS, num_resamples=RESAMPLES, seed=design.seed
        )
        star, half = (np.asarray(found[key], dtype=float) for key in ("mu_star", "mu_star_conf"))
        return {
            "mu": np.asarray(found["mu"], dtype=float), "mu_star": star, "mu_star_low": np.maximum(star - half, 0),
            "mu_star_high": star + half, "sigma": np.asarray(found["sigma"], dtype=float),
        }  # fmt: skip
    if np.ptp(values) == 0:  # nothing moves: no variance to share
        return {name: np.zeros(count) for name in ("s1", "s1_half", "st", "st_half")}
    from SALib.analyze import sobol

    found = sobol.analyze(problem(count), values, calc_second_order=False, num_resamples=RESAMPLES, seed=design.seed)
    return {
        "s1": np.asarray(found["S1"]), "s1_half": np.asarray(found["S1_conf"]),
        "st": np.asarray(found["ST"]), "st_half": np.asarray(found["ST_conf"]),
    }  # fmt: skip
