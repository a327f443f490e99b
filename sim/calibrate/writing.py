"""The posterior sample on disk: parameters, provenance, what is identified, draws (``run.posterior`` reads them)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ruamel.yaml import YAML

from sim.calibrate.fitting import RANKED, Fit
from sim.calibrate.parameters import Free, values_of
from sim.calibrate.posterior import UNIFORM_SD, rank_uniformity
from sim.calibrate.simulator import Simulator
from sim.calibrate.validation import Line, Z, naive_of
from sim.results.drawing import of_fit

HEAD = """# A sample of the parameters that published facts leave possible (simhlm calibrate); never one point.
# Do not edit: run the command again. A parameter that is not identified keeps about its prior range.
"""


def document(found: Fit, simulator: Simulator, provenance: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is written, as plain data."""
    return {
        "provenance": dict(provenance),
        "information": {
            "eigenvalues": rounded(found.eigenvalues),
            "identified_directions": int((found.eigenvalues > 1).sum()),
            "checked_draws": len(found.draws),
            "effective_draws": round(found.effective, 1),
        },
        "recovery": recovery(found),
        "parameters": parameters(found, simulator.free),
        "targets": confronted(found, simulator, simulator.fitted),
        "predictions": confronted(found, simulator, to_predict(simulator)),
        "weights": rounded(found.weights),
        "sample": [rounded(row) for row in values_of(found.draws, simulator.free)],
    }


def recovery(found: Fit) -> dict[str, Any]:
    """Return how well known parameters are found again: coverage of 90 % intervals, and whether ranks are uniform."""
    place = found.recovery / RANKED
    inside = (place >= 0.05) & (place <= 0.95)
    return {
        "cases": len(place),
        "coverage_90": round(float(inside.mean()), 3),
        "rank_p_values": rounded([rank_uniformity(ranks.tolist(), RANKED) for ranks in found.recovery.T]),
    }


def to_predict(simulator: Simulator) -> np.ndarray:
    """Return which targets a fit predicts (bool): not fitted to, and later than what it knows in a back-test."""
    until = simulator.until
    later = [t.use != "anterieur" and (not until or t.fact_year > until) for t in simulator.targets]
    return np.asarray(~simulator.fitted & np.array(later))


def parameters(found: Fit, free: Sequence[Free]) -> list[dict[str, Any]]:
    """Return each parameter: prior, posterior, profile, and whether the facts identify it."""
    grid = [round(float(v), 3) for v in found.profiles[0][:, 0]]
    middle = values_of(found.centre, free)
    narrowed = 1 - found.crowd.std(axis=0) / UNIFORM_SD
    told = []
    for place, (one, column) in enumerate(zip(free, values_of(found.crowd, free).T, strict=True)):
        told.append(
            {
                "name": one.name, "label": one.label, "prior": [one.low, one.high], "source": one.source,
                "sets": [path for path, _ in one.writes], "factors": [factor for _, factor in one.writes],
                "mean": rounded([middle[place]])[0], "interval_90": rounded(np.quantile(column, [0.05, 0.95])),
                "narrowed": round(float(narrowed[place]), 3), "is_identified": bool(found.identified[place]),
                "profile": {"prior_position": grid, "misfit": rounded(found.profiles[place][:, 1])},
            }
        )  # fmt: skip
    return told


def confronted(found: Fit, simulator: Simulator, which: np.ndarray) -> list[dict[str, Any]]:
    """Return facts beside what the posterior predicts of one year of the territory, and the naive forecast.

    The naive forecast is the latest fact about the same thing that was known when the fit was made.
    """
    means, spreads = found.predicted
    known_then = [t for t in simulator.targets if not simulator.until or t.fact_year <= simulator.until]
    told = []
    for place in np.flatnonzero(which):
        target, mean, half = simulator.targets[place], float(means[place]), Z * float(spreads[place])
        line = Line(target, mean, mean - half, mean + half, len(found.draws), naive_of(target, known_then))
        told.append(
            {
                "id": target.id, "label": target.label, "year": target.year, "unit": target.unit, "use": target.use,
                "confidence": target.confidence, "value": target.value,
                "range": [target.low, target.high] if target.has_range else None,
                "standard_error": rounded([target.error])[0], "predicted_mean": rounded([mean])[0],
                "predicted_95": rounded([line.low, line.high]),
                "naive": None if np.isnan(line.naive) else line.naive, "is_reproduced": line.is_reproduced,
                "miss": rounded([line.miss])[0], "one_run_noise": rounded([found.noise[place]])[0],
                "surrogate_error": rounded([found.error[place]])[0], "slopes": rounded(found.slopes[place]),
                "note": target.note,
            }
        )  # fmt: skip
    return told


def rounded(values: np.ndarray | list[Any]) -> list[float]:
    """Return numbers with six significant digits."""
    return [float(f"{float(v):.6g}") for v in values]


def write(path: Path, told: Mapping[str, Any]) -> None:
    """Write the document; lists of numbers on one line."""
    yaml = YAML()
    yaml.width = 4_000
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        file.write(HEAD)
        yaml.dump(flowing(told), file)


def read(path: Path) -> dict[str, Any]:
    """Return a document as it was written.

    Raises
    ------
    Faults
        If the file is none.
    """
    of_fit(path)
    told: dict[str, Any] = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    return told


def flowing(data: Any) -> Any:
    """Return data whose lists of numbers are written on one line."""
    from ruamel.yaml.comments import CommentedSeq

    if isinstance(data, Mapping):
        return {key: flowing(value) for key, value in data.items()}
    if isinstance(data, list):
        made = CommentedSeq([flowing(value) for value in data])
        if all(not isinstance(value, list | Mapping) for value in data):
            made.fa.set_flow_style()
        return made
    return data


def overrides_of(path: Path, draw: int) -> list[str]:
    """Return one draw of a posterior sample as options of the command line; the sample is gone round."""
    names, values, _ = of_fit(path)
    return [f"{name}={value:g}" for name, value in zip(names, values[draw % len(values)], strict=True)]
