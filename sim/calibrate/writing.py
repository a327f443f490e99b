"""The posterior sample on disk: parameters, provenance, what is identified, draws; and how a run reads a draw."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from ruamel.yaml import YAML

from sim.calibrate.fitting import Fit
from sim.calibrate.parameters import MEL, Free, settings, values_of
from sim.calibrate.simulator import Simulator
from sim.calibrate.targets import Target
from sim.calibrate.validation import Line, naive_of, spread
from sim.inputs.faults import Fault, Faults, shown

HEAD = """# A sample of the parameters that published facts leave possible (simhlm calibrate); never one point.
# Do not edit: run the command again. A parameter that is not identified keeps about its prior range.
"""


def document(found: Fit, simulator: Simulator, provenance: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is written, as plain data."""
    free = simulator.free
    values = values_of(found.draws, free)
    predicted = found.surrogate(found.draws)
    grid = [round(float(v), 3) for v in found.profiles[0][:, 0]]
    return {
        "provenance": dict(provenance),
        "information": {
            "eigenvalues": rounded(found.eigenvalues),
            "identified_directions": int((found.eigenvalues > 1).sum()),
            "checked_draws": len(found.checked),
            "effective_draws": round(found.effective, 1),
        },
        "parameters": [
            {
                "name": one.name, "label": one.label, "prior": [one.low, one.high], "source": one.source,
                "sets": [path for path, _ in one.writes], "mean": round(float(column.mean()), 6),
                "interval_90": rounded(np.quantile(column, [0.05, 0.95])), "is_identified": bool(known),
                "profile": {"prior_position": grid, "misfit": rounded(line[:, 1])},
            }
            for one, column, known, line in zip(free, values.T, found.identified, found.profiles, strict=True)
        ],
        "targets": [
            {
                "id": target.id, "label": target.label, "value": target.value, "standard_error": round(target.error, 6),
                "predicted_mean": round(float(column.mean()), 6),
                "predicted_95": rounded(np.quantile(column, [0.025, 0.975])),
                "one_run_noise": round(float(noise), 6), "surrogate_error": round(float(error), 6),
            }
            for target, column, noise, error in zip(
                fitted_of(simulator), predicted.T, found.noise, found.surrogate.error, strict=True
            )
        ],
        "predictions": predictions(found, simulator),
        "sample": [rounded(row) for row in values],
    }  # fmt: skip


def fitted_of(simulator: Simulator) -> list[Target]:
    """Return the targets that are fitted to."""
    return [t for t, is_used in zip(simulator.targets, simulator.fitted, strict=True) if is_used]


def predictions(found: Fit, simulator: Simulator) -> list[dict[str, Any]]:
    """Return the facts that were not fitted to beside real runs of posterior draws, and the naive forecast.

    The naive forecast is the latest earlier fact about the same thing ("same as last year").
    """
    told = []
    for target, is_used, column in zip(simulator.targets, simulator.fitted, found.real.T, strict=True):
        if is_used:
            continue
        line = Line(target, *spread(column), len(column), naive_of(target, simulator.targets))
        told.append(
            {
                "id": target.id, "label": target.label, "year": target.year, "value": target.value,
                "predicted_mean": round(line.mean, 6), "predicted_95": rounded(np.array([line.low, line.high])),
                "naive": None if np.isnan(line.naive) else line.naive,
                "is_reproduced": line.is_reproduced, "miss": round(line.miss, 6), "note": target.note,
            }
        )  # fmt: skip
    return told


def rounded(values: np.ndarray) -> list[float]:
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


def overrides_of(path: Path, draw: int, free: tuple[Free, ...] = MEL) -> list[str]:
    """Return one draw of a posterior sample as overrides, for an ensemble that carries what is not known.

    Parameters
    ----------
    draw : int
        Any whole number: the sample is gone round.

    Raises
    ------
    Faults
        If the file is no posterior sample of these parameters.
    """
    data = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    names = [line["name"] for line in data.get("parameters", [])] if isinstance(data, dict) else []
    if names != [one.name for one in free] or not data.get("sample"):
        raise Faults([Fault(shown(path), 1, "not a posterior sample of the parameters that simhlm calibrates")])
    row = data["sample"][draw % len(data["sample"])]
    return [f"{key}={value:g}" for key, value in settings(row, free).items()]
