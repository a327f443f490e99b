"""Paired differences over replications, with intervals, and honesty about how many are looked at.

Scenarios share their luck, so the difference is taken replication by replication and Student's law is applied to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sim.results.cube import KEYS, Cube
from sim.results.pairing import Side, Sides

if TYPE_CHECKING:
    import pandas as pd

LEVEL = 0.95
ROUNDING = 1e-9
"""A spread under this share of the values compared is the rounding of sums, not chance."""


@dataclass(frozen=True)
class Paired:
    """Differences over replications, one element per comparison; NaN where nothing can be said.

    ``pairs`` replications where both sides have a value; ``low`` and ``high`` bound the mean difference at 95 % when
    there are two or more; ``p_positive`` is the probability that it is over 0 (flat prior, Student) and ``p_value`` the
    two-sided test that it is 0. A difference that is the same in all replications gives Student no spread to judge by:
    its interval is the point, and its probabilities are those of the sign test.
    """

    pairs: np.ndarray
    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    p_positive: np.ndarray
    p_value: np.ndarray
    error: np.ndarray  # standard error of the mean


def paired(differences: np.ndarray, size: np.ndarray | float = 0.0, grain: np.ndarray | float = 0.0) -> Paired:
    """Return what replications say of differences.

    Parameters
    ----------
    differences : np.ndarray
        Shape (replications, comparisons); NaN where one side has no value.
    size : np.ndarray or float
        Magnitude of the values compared, to tell chance from rounding; shape (comparisons,).
    grain : np.ndarray or float
        What one household or dwelling changes in a value: 1 in a count, 1/n in a share of n. A few small counts may
        differ by nearly the same in all replications by chance; the rounding of two values to whole units is added to
        their spread, so that they do not look certain. Same shape as ``size``.
    """
    from scipy.special import stdtr, stdtrit

    known = ~np.isnan(differences)
    pairs = known.sum(axis=0)
    some, several = pairs > 0, pairs > 1
    mean = np.where(some, np.where(known, differences, 0.0).sum(axis=0) / np.maximum(pairs, 1), np.nan)
    square = np.where(known, (differences - mean) ** 2, 0.0).sum(axis=0)
    spread = np.sqrt(square / np.maximum(pairs - 1, 1))
    is_still = spread <= ROUNDING * np.maximum(np.abs(size), np.abs(np.nan_to_num(mean)))
    mean = np.where(is_still & (np.abs(mean) <= ROUNDING * np.abs(size)), 0.0, mean)
    rounded = np.sqrt(spread**2 + np.asarray(grain) ** 2 / 6)  # a uniform error of one grain has variance 1/12
    error = np.where(several, np.where(is_still, 0.0, rounded / np.sqrt(np.maximum(pairs, 1))), np.nan)
    freedom = np.maximum(pairs - 1, 1)
    half = stdtrit(freedom, (1 + LEVEL) / 2) * error
    ratio = np.divide(mean, error, out=np.zeros_like(mean), where=error > 0)
    by_sign = np.where(mean == 0, 0.5, np.where(mean > 0, 1 - 0.5**pairs, 0.5**pairs))
    p_positive = np.where(several, np.where(error > 0, stdtr(freedom, ratio), by_sign), np.nan)
    p_value = np.where(several, np.minimum(1.0, 2 * np.minimum(p_positive, 1 - p_positive)), np.nan)
    return Paired(pairs, mean, mean - half, mean + half, p_positive, p_value, error)


def holm(p_values: np.ndarray) -> np.ndarray:
    """Return Holm's adjusted p-values (family-wise error); NaN stay out of the family."""
    adjusted = np.full(len(p_values), np.nan)
    known = np.flatnonzero(~np.isnan(p_values))
    order = known[np.argsort(p_values[known], kind="stable")]
    steps = p_values[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(steps)) if len(order) else steps
    return adjusted


def benjamini_hochberg(p_values: np.ndarray) -> np.ndarray:
    """Return Benjamini and Hochberg's adjusted p-values (false discovery rate); NaN stay out of the family."""
    from scipy.stats import false_discovery_control

    adjusted = np.full(len(p_values), np.nan)
    known = ~np.isnan(p_values)
    if known.any():
        adjusted[known] = false_discovery_control(p_values[known], method="bh")
    return adjusted


def compare_indicators(sides: Sides) -> pd.DataFrame:
    """Return the paired differences of every indicator, group and year, each alternative less the base.

    Columns: ``alternative``, the keys, ``unit``, ``base`` and ``value`` (means over the pairs), ``difference``,
    ``low``, ``high``, ``p_positive``, ``p_value``, ``unpaired_half``, ``replications`` (pairs), ``p_holm`` (family: one
    alternative and one scope), ``low_joint`` and ``high_joint`` (Bonferroni over that family), ``family`` (its size),
    ``p_fdr`` (Benjamini-Hochberg over all comparisons of all alternatives).

    A count that one side alone feeds (``indicators_not_fed``: nobody exchanges where there is no exchange) is 0 on the
    other side here, so that the difference is all that the other one does.
    """
    import pandas as pd

    base = sides.base.run.cube
    frames = []
    for side in sides.alternatives:
        frame = _compare(base, side.run.cube, sides.replications, (not_fed(sides.base), not_fed(side)))
        frame.insert(0, "alternative", side.name)
        frames.append(frame)
    whole = pd.concat(frames, ignore_index=True)
    whole["p_fdr"] = benjamini_hochberg(whole["p_value"].to_numpy())
    return whole


def not_fed(side: Side) -> frozenset[str]:
    """Return the indicators that nothing feeds in the scenario of a side."""
    return frozenset(side.run.manifest.get("indicators_not_fed", ()))


def _compare(
    base: Cube, other: Cube, replications: tuple[int, ...], empty: tuple[frozenset[str], frozenset[str]]
) -> pd.DataFrame:
    """Return the paired differences of one alternative, rows in the order of the base; nothing feeds ``empty``."""
    import pandas as pd

    rows = pd.concat([base.cells, other.cells]).drop_duplicates(KEYS, ignore_index=True)
    place = pd.Series(np.arange(len(rows)), index=pd.MultiIndex.from_frame(rows[KEYS]))

    def tables(cube: Cube) -> tuple[np.ndarray, np.ndarray]:
        found = np.full((2, len(replications), len(rows)), np.nan)
        columns = place.reindex(pd.MultiIndex.from_frame(cube.cells[KEYS])).to_numpy()
        lines = np.searchsorted(cube.replications, replications)
        found[0][:, columns], found[1][:, columns] = cube.value[lines], cube.denominator[lines]
        return found[0], found[1]

    (before, sizes_before), (after, sizes_after) = tables(base), tables(other)
    is_count = (rows["unit"] == "count").to_numpy()
    for values, mine, theirs in ((before, empty[0], empty[1]), (after, empty[1], empty[0])):
        values[:, is_count & rows["indicator"].isin(mine - theirs).to_numpy()] = 0.0
    gaps = after - before
    grain = grains(rows, np.fmin(np.fmin.reduce(sizes_before), np.fmin.reduce(sizes_after)))
    both = ~np.isnan(gaps)
    count = np.maximum(both.sum(axis=0), 1)
    means = {
        name: np.where(both.any(axis=0), np.where(both, values, 0.0).sum(axis=0) / count, np.nan)
        for name, values in (("base", before), ("value", after))
    }
    found = paired(gaps, np.maximum(np.abs(means["base"]), np.abs(means["value"])), grain)
    frame = rows.assign(
        **means,
        difference=found.mean,
        low=found.low,
        high=found.high,
        p_positive=found.p_positive,
        p_value=found.p_value,
        unpaired_half=unpaired_half(np.where(both, before, np.nan), np.where(both, after, np.nan)),
        replications=found.pairs,
    )
    return _judged(frame, found)


def unpaired_half(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Return the half-width of the 95 % interval that two studies of these replications with separate luck would give.

    Welch's interval for two independent samples: what the common luck spares is its quotient by the paired one.

    Parameters
    ----------
    before, after : np.ndarray
        Shape (replications, comparisons); NaN where one side has no value.
    """
    from scipy.special import stdtrit

    pairs = (~np.isnan(before)).sum(axis=0)
    parts = []
    for values in (before, after):
        mean = np.divide(np.nansum(values, axis=0), pairs, out=np.zeros(len(pairs)), where=pairs > 0)
        square = np.nansum((values - mean) ** 2, axis=0)
        parts.append(square / np.maximum(pairs - 1, 1) / np.maximum(pairs, 1))
    total, fourth = parts[0] + parts[1], parts[0] ** 2 + parts[1] ** 2
    freedom = np.divide(total**2 * np.maximum(pairs - 1, 1), fourth, out=np.ones(len(pairs)), where=fourth > 0)
    half = stdtrit(freedom, (1 + LEVEL) / 2) * np.sqrt(total)
    return np.where(pairs > 1, half, np.nan)


def spared(differences: pd.DataFrame) -> float:
    """Return how many times narrower pairing makes the interval, in the median over the MEL; NaN if none tells."""
    whole = differences[differences["scope"] == "mel"]
    paired_half, apart = (whole["high"] - whole["low"]) / 2, whole["unpaired_half"]
    tell = (paired_half > 0) & (apart > 0)
    return float((apart[tell] / paired_half[tell]).median()) if tell.any() else float("nan")


def grains(rows: pd.DataFrame, sizes: np.ndarray) -> np.ndarray:
    """Return what one household or dwelling changes in each indicator: 1 in a count, 1/n in a share or a mean of n."""
    smooth = rows["indicator"].astype(str).str.startswith("theil_").to_numpy()  # an index of entropy has no grain
    whole = np.where(rows["unit"].to_numpy() == "count", 1.0, sizes)
    known = (whole > 0) & ~smooth
    return np.divide(1.0, whole, out=np.zeros(len(rows)), where=known)


def _judged(frame: pd.DataFrame, found: Paired) -> pd.DataFrame:
    """Add what holds for all comparisons of a scope at once."""
    from scipy.special import stdtrit

    adjusted, low, high = (np.full(len(frame), np.nan) for _ in range(3))
    family = np.zeros(len(frame), dtype=np.int64)
    for positions in frame.groupby("scope", sort=False, observed=True).indices.values():
        p_values = found.p_value[positions]
        size = int((~np.isnan(p_values)).sum())
        family[positions] = size
        adjusted[positions] = holm(p_values)
        level = 1 - (1 - LEVEL) / (2 * max(size, 1))
        half = stdtrit(np.maximum(found.pairs[positions] - 1, 1), level) * found.error[positions]
        low[positions], high[positions] = found.mean[positions] - half, found.mean[positions] + half
    return frame.assign(p_holm=adjusted, low_joint=low, high_joint=high, family=family)


def as_json(differences: pd.DataFrame) -> list[Mapping[str, object]]:
    """Return the differences of one alternative as the contract prints them; None where there is no value."""
    columns = [*KEYS, "difference", "low", "high", "p_positive", "p_holm", "p_fdr", "replications"]
    plain = differences[columns].astype(object)
    records: list[Mapping[str, object]] = plain.where(plain.notna(), None).to_dict("records")
    return records
