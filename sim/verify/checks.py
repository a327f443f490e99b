"""One comparison of an oracle: what the engine gives, what theory says, within which interval."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from sim.verify.worlds import Path
from sim.words.registry import Registry

CONFIDENCE = 0.999
"""Of each interval: about sixty comparisons are made, so that one false alarm in sixteen full runs is expected."""
DAY = 1.0  # resolution of the model: what happens within a day has no order


@dataclass(frozen=True)
class Check:
    """A comparison; ``tolerance`` is half the confidence interval plus the resolution of the model."""

    name: str
    simulated: float
    predicted: float
    tolerance: float
    unit: str

    @property
    def strain(self) -> float:
        """Distance to the prediction, over the tolerance; endless when there is nothing to compare."""
        gap = abs(self.simulated - self.predicted)
        return gap / self.tolerance if math.isfinite(gap) and self.tolerance > 0 else math.inf

    @property
    def holds(self) -> bool:
        """Whether what the engine gives lies within the interval."""
        return self.strain <= 1.0


Paths = dict[str, list[Path]]
Oracle = Callable[[Paths], list[Check]]
ORACLES: Registry[Oracle] = Registry("oracle")
"""One entry per closed form; ``worlds`` names the variants it reads (none: it needs no run)."""


def oracle(name: str, label: str, source: str, worlds: Sequence[str] = ()) -> Callable[[Oracle], Oracle]:
    """Register an oracle."""
    return ORACLES.register(name, label=label, reference=source, worlds=tuple(worlds))


def compared(name: str, pairs: Sequence[tuple[float, float]], unit: str, resolution: float = 0.0) -> Check:
    """Compare batches: each is (simulated, predicted) and their differences give the standard error."""
    table = np.array(pairs, dtype=float)
    simulated, predicted = table.mean(axis=0)
    gaps = table[:, 0] - table[:, 1]
    error = float(gaps.std(ddof=1)) / math.sqrt(len(gaps))
    width = float(student.ppf((1 + CONFIDENCE) / 2, len(gaps) - 1)) * error
    return Check(name, float(simulated), float(predicted), width + resolution, unit)


def counted(name: str, hits: int, total: int, share: float) -> Check:
    """Compare a share of independent draws with its probability."""
    width = float(student.ppf((1 + CONFIDENCE) / 2, 1e9)) * math.sqrt(share * (1 - share) / max(total, 1))
    return Check(name, hits / max(total, 1), share, width, "share")
