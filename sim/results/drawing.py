"""Parameter draws: what is not known, apart from chance.

A world has a number ``n``: its luck is ``n // draws`` and its draw is ``n % draws``. So the draws share their luck
(differences between draws are paired), and more replications only add numbers at the end.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sim.inputs.faults import Fault, Faults, quoted, shown
from sim.inputs.files import find_posterior
from sim.inputs.varying import Knob, changes, knob, vary
from sim.state.luck import Luck

if TYPE_CHECKING:
    from sim.inputs.scenario import Loaded

Draw = dict[str, float]
GOLDEN = (5**0.5 - 1) / 2


def worlds(loaded: Loaded, replications: int) -> range:
    """Return the numbers of the worlds of some replications of each draw."""
    return range(replications * max(1, loaded.scenario.run.draws))


def luck_and_draw(number: int, draws: int) -> tuple[int, int | None]:
    """Return the replication whose luck a world has, and its draw (None without draws)."""
    return (number // draws, number % draws) if draws else (number, None)


def draw_parameters(loaded: Loaded) -> tuple[Draw, ...]:
    """Return the draws of a scenario, ``{path: value}`` each; the first ones are the same however many are asked.

    They come from the rows of ``run.posterior``, and from the ranges of ``uncertainty`` (uniform, by a scrambled Sobol
    sequence), which win over a row where both name a parameter; always of the seed of the run.

    Raises
    ------
    Faults
        No source of draws, a path that is no number, a value that the scenario cannot take.
    """
    run = loaded.scenario.run
    if not run.draws:
        return ()
    if not (run.posterior or loaded.scenario.uncertainty):
        text = "run/draws needs uncertainty (path: [low, high]) or run/posterior: what is not known?"
        raise Faults([Fault(*loaded.line_of(("run", "draws")), text)])
    nothing: tuple[Draw, ...] = tuple({} for _ in range(run.draws))
    asked = from_ranges(loaded, run.draws) if loaded.scenario.uncertainty else nothing
    rows = from_posterior(loaded, find_posterior(run.posterior), run.draws) if run.posterior else nothing
    found = tuple(row | one for row, one in zip(rows, asked, strict=True))
    for one in found:
        vary(loaded, one)
    return found


def ranges(loaded: Loaded) -> Iterator[tuple[Knob, float, float]]:
    """Yield each parameter of ``uncertainty`` with its bounds, both possible.

    Raises
    ------
    Faults
        With the line of the range at fault.
    """
    for path, (low, high) in loaded.scenario.uncertainty.items():
        where = loaded.line_of(("uncertainty", path))
        if not low < high:
            raise Faults([Fault(*where, f"uncertainty of {path}: {low:g} must be less than {high:g}")])
        one = knob(loaded, path, where)
        check_bounds(loaded, one, low, high, where)
        yield one, low, high


def check_bounds(loaded: Loaded, one: Knob, low: float, high: float, where: tuple[str, int]) -> None:
    """Raise ``Faults``, with the place of a lever, when the scenario cannot take one of its bounds."""
    if one.path.startswith("grid/"):
        return  # any points will do
    for bound in (low, high):
        try:
            vary(loaded, changes([one], [bound]))
        except Faults as faults:
            raise Faults([Fault(*where, faults.faults[0].text)]) from None


def from_ranges(loaded: Loaded, count: int) -> tuple[Draw, ...]:
    """Return draws between the bounds of ``uncertainty``."""
    from scipy.stats import qmc

    spans = list(ranges(loaded))
    rng = Luck(loaded.scenario.run.seed, 0).stream("parameter draws")
    points = qmc.Sobol(len(spans), rng=rng).random_base2(max(1, int(count - 1).bit_length()))[:count]
    return tuple(
        changes(
            (one for one, _, _ in spans), (low + u * (high - low) for u, (_, low, high) in zip(row, spans, strict=True))
        )
        for row in points
    )


def from_posterior(loaded: Loaded, path: Path, count: int) -> tuple[Draw, ...]:
    """Return rows of a posterior file, in an order that the seed of the run decides.

    What ``simhlm calibrate`` wrote (YAML), or a CSV whose columns are paths of the scenario; a column ``weight``, if
    there is one, says how often a row deserves to come, and columns whose name starts with ``_`` are notes.

    Raises
    ------
    Faults
        With the file and line at fault.
    """
    try:
        names, values, weights = (of_fit if path.suffix in (".yaml", ".yml") else of_table)(path)
    except (OSError, UnicodeDecodeError) as error:
        raise Faults([Fault(*loaded.line_of(("run", "posterior")), f"{shown(path)} cannot be read: {error}")]) from None
    file = shown(path)
    knobs = [knob(loaded, name, (file, 1)) for name in names]
    if weights is None and count > len(values):
        text = f"run/draws asks for {count} draws, {file} has {len(values)}"
        raise Faults([Fault(*loaded.line_of(("run", "draws")), text)])
    whole = values if weights is None else np.column_stack([values, weights])
    if not (np.isfinite(whole).all() and (weights is None or ((weights >= 0).all() and weights.sum() > 0))):
        raise Faults([Fault(file, 1, "values must be finite, and weights 0 or more, not all 0")])
    rng = Luck(loaded.scenario.run.seed, 0).stream("parameter draws")
    if weights is None:
        chosen = rng.permutation(len(values))[:count]
    else:
        place = (rng.random() + GOLDEN * np.arange(count)) % 1  # spread out, so that few draws repeat a heavy row
        chosen = np.searchsorted(np.cumsum(weights) / weights.sum(), place, side="right").clip(max=len(values) - 1)
    return tuple(changes(knobs, values[row]) for row in chosen)


Rows = tuple[list[str], np.ndarray, np.ndarray | None]
"""Paths, values (rows, paths), and weights if there are some."""


def of_table(path: Path) -> Rows:
    """Read a CSV of draws."""
    file = shown(path)
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    if not rows:
        raise Faults([Fault(file, 1, "a posterior is a CSV: a line of paths, then one line per draw")])
    names = [name for name in rows[0] if name and name != "weight" and not name.startswith("_")]
    values = np.empty((len(rows), len(names) + 1))
    for rank, row in enumerate(rows):
        for column, name in enumerate([*names, "weight"]):
            try:
                values[rank, column] = float(row.get(name, 1.0) if name == "weight" else row[name])
            except (TypeError, ValueError):
                raise Faults([Fault(file, rank + 2, f"{name}: {quoted(row[name])} is not a number")]) from None
    return names, values[:, :-1], values[:, -1] if "weight" in rows[0] else None


def of_fit(path: Path) -> Rows:
    """Read what ``simhlm calibrate`` wrote: each parameter of a draw sets some paths, each with a factor."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        told = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
        sets = [(one["sets"], one["factors"]) for one in told["parameters"]]
        sample, weights = np.array(told["sample"], dtype=float), np.array(told["weights"], dtype=float)
        columns = [sample[:, place] * factor for place, (_, factors) in enumerate(sets) for factor in factors]
        names = [name for names, _ in sets for name in names]
        return names, np.array(columns).reshape(len(names), len(sample)).T, weights
    except (YAMLError, LookupError, TypeError, ValueError):
        raise Faults([Fault(shown(path), 1, "not a posterior sample that simhlm calibrate wrote")]) from None
