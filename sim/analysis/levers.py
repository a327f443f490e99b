"""What a study moves: numbers of a scenario between two bounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sim.inputs.faults import Fault, Faults, quoted
from sim.inputs.models import field_of
from sim.inputs.parameters import HYPOTHESIS
from sim.inputs.scenario import parameters
from sim.inputs.schema import Scenario
from sim.inputs.schema_studies import Lever
from sim.inputs.varying import FORBIDDEN, Knob, changes, is_number, knob
from sim.results.drawing import check_bounds, ranges

if TYPE_CHECKING:
    from sim.inputs.scenario import Loaded

SPREAD_SHARE = 0.25
"""A hypothesis without a declared range is moved by a quarter of itself, each way."""
FROM_ZERO = 0.1
"""Width given to a hypothesis that is zero."""


@dataclass(frozen=True)
class Span:
    """A number that is moved, and its bounds."""

    knob: Knob
    low: float
    high: float
    label: str

    @property
    def path(self) -> str:
        """Path of the number."""
        return self.knob.path


def at(spans: Sequence[Span], point: Sequence[float] | np.ndarray) -> dict[str, float]:
    """Return the values of levers at a point of the unit cube, as ``vary`` takes them."""
    values = (span.low + float(u) * (span.high - span.low) for span, u in zip(spans, point, strict=True))
    return changes((span.knob for span in spans), values)


def alone(spans: Sequence[Span]) -> list[dict[str, float]]:
    """Return the settings that move one lever only, to each of its bounds: two by lever, in their order."""
    return [changes([span.knob], [bound]) for span in spans for bound in (span.low, span.high)]


def now(spans: Sequence[Span]) -> np.ndarray:
    """Return the point of the unit cube where the scenario is; a value out of its bounds is put on the nearest."""
    found = [(span.knob.value - span.low) / (span.high - span.low) for span in spans]
    return np.asarray(np.clip(np.array(found, dtype=float), 0, 1))


def parse(texts: Sequence[str]) -> tuple[Lever, ...]:
    """Return levers given on the command line: ``PATH=LOW:HIGH``.

    Raises
    ------
    Faults
        One line per option that is not that.
    """
    found, faults = [], []
    for rank, text in enumerate(texts, start=1):
        path, _, bounds = text.rpartition("=")
        try:
            low, high = (float(part) for part in bounds.split(":"))
            found.append(Lever(path=path.strip(), low=low, high=high))
        except ValueError:
            faults.append(Fault("--lever", rank, f"write PATH=LOW:HIGH, LOW less than HIGH, not {quoted(text)}"))
    if faults:
        raise Faults(faults)
    return tuple(found)


def spans_of(loaded: Loaded, levers: Sequence[Lever], block: str, given: bool = False) -> list[Span]:
    """Return levers checked against a scenario.

    Parameters
    ----------
    loaded : Loaded
        The scenario.
    levers : sequence of Lever
        As declared.
    block : str
        Block of the scenario that declares them, ``search`` or ``sensitivity``.
    given : bool
        Whether they come from the options of the command line.

    Raises
    ------
    Faults
        Every lever that is no number of the scenario, is named twice, or whose bounds it cannot take.
    """
    faults: list[Fault] = []
    found: list[Span] = []
    for rank, lever in enumerate(levers):
        where = ("--lever", rank + 1) if given else loaded.line_of((block, "levers", rank))
        try:
            one = knob(loaded, lever.path, where)
            check_bounds(loaded, one, lever.low, lever.high, where)
            if any(set(one.paths) & set(other.knob.paths) for other in found):
                raise Faults([Fault(*where, f"lever {lever.path} is named twice")])
            found.append(Span(one, lever.low, lever.high, lever.label or one.label))
        except Faults as wrong:
            faults += wrong.faults
    if faults:
        raise Faults(faults)
    return found


def not_known(loaded: Loaded) -> list[Span]:
    """Return what a scenario says it does not know (``uncertainty``), else every hypothesis, by a quarter each way."""
    declared = [Span(one, low, high, one.label) for one, low, high in ranges(loaded)]
    return declared or hypotheses(loaded)


def movable(loaded: Loaded) -> list[Knob]:
    """Return every number of a scenario that is a statement about the world."""
    paths = [str(row["path"]) for row in parameters() if row["unit"]]
    kept = [path for path in paths if path.partition("/")[0] not in FORBIDDEN and is_number(_value(loaded, path))]
    return [knob(loaded, path) for path in kept]


def hypotheses(loaded: Loaded) -> list[Span]:
    """Return the parameters without a source, each between its value less and plus a quarter, within its limits."""
    found = []
    for row in parameters():
        path = str(row["path"])
        if not str(row["source"]).startswith(HYPOTHESIS) or path.partition("/")[0] in FORBIDDEN:
            continue
        value = _value(loaded, path)
        if not is_number(value):
            continue
        one = knob(loaded, path)
        width = max(SPREAD_SHARE * abs(one.value), FROM_ZERO if one.value == 0 else 0.0)
        width = max(width, 1.0) if one.is_whole else width
        least, most = _limits(path)
        low, high = max(one.value - width, least), min(one.value + width, most)
        if low < high:
            found.append(Span(one, low, high, one.label))
    return found


def _value(loaded: Loaded, path: str) -> object:
    value: object = loaded.source
    for part in path.split("/"):
        value = value[part] if isinstance(value, dict) else None
    return value


def _limits(path: str) -> tuple[float, float]:
    """Return the limits that the schema sets to a parameter; a strict one is kept a hundredth away."""
    least, most = -np.inf, np.inf
    for rule in field_of(Scenario, tuple(path.split("/"))).metadata:
        least = max(least, getattr(rule, "ge", -np.inf), getattr(rule, "gt", -np.inf) + 0.01)
        most = min(most, getattr(rule, "le", np.inf), getattr(rule, "lt", np.inf) - 0.01)
    return float(least), float(most)
