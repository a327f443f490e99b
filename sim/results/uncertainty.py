"""How sure: what chance and what ignorance each put into an indicator, when a run has draws.

Replications of one draw differ by chance, draws differ by what is not known, and draws share their luck: a crossed
two-way design without repetition, split by its analysis of variance (random effects).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

KEYS = ["year", "indicator", "scope", "group"]


def split_variance(indicators: pd.DataFrame) -> pd.DataFrame:
    """Return the variance of each indicator, split between chance and ignorance.

    Parameters
    ----------
    indicators : pandas.DataFrame
        As ``Run.indicators`` gives them for a run with draws (columns ``draw`` and ``luck``).

    Returns
    -------
    pandas.DataFrame
        ``year, indicator, scope, group, draws, replications, mean, chance, ignorance, ignorance_share``. ``chance``
        is the variance between replications of one draw, ``ignorance`` the variance between draws of what an endless
        run of each would give; both in the squared unit of the indicator. A row needs two draws and two
        replications, all known; others are null. The share is null where nothing varies.

    Raises
    ------
    KeyError
        If the run has no draws.
    """
    if "draw" not in indicators:
        raise KeyError("this run has no draws (run.draws)")
    draws, lucks = np.unique(indicators["draw"]), np.unique(indicators["luck"])
    rows = indicators.groupby(KEYS, sort=False, observed=True, dropna=False).ngroup().to_numpy()
    found = indicators[KEYS].drop_duplicates().reset_index(drop=True)
    cube = np.full((len(found), len(draws), len(lucks)), np.nan)
    place = np.searchsorted(draws, indicators["draw"]), np.searchsorted(lucks, indicators["luck"])
    cube[rows, place[0], place[1]] = indicators["value"].to_numpy(dtype=float, na_value=np.nan)
    chance, ignorance = components(cube)
    whole = chance + ignorance
    return found.assign(
        draws=len(draws),
        replications=len(lucks),
        mean=cube.mean(axis=(1, 2)),
        chance=chance,
        ignorance=ignorance,
        ignorance_share=np.divide(ignorance, whole, out=np.full(len(found), np.nan), where=whole > 0),
    )


def components(cube: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the variances of chance and of ignorance of values of shape (rows, draws, replications).

    The model is mean + draw + luck + rest: chance is luck and rest, and what of the rest is left in the mean of a
    draw is taken off the variance between draws (never under 0).
    """
    rows, draws, lucks = cube.shape
    if draws < 2 or lucks < 2:
        return np.full(rows, np.nan), np.full(rows, np.nan)
    of_draw, of_luck = cube.mean(axis=2), cube.mean(axis=1)
    rest = cube - of_draw[:, :, None] - of_luck[:, None, :] + cube.mean(axis=(1, 2))[:, None, None]
    between_rest = (rest**2).sum(axis=(1, 2)) / ((draws - 1) * (lucks - 1))
    between_lucks = np.maximum(of_luck.var(axis=1, ddof=1) - between_rest / draws, 0)
    between_draws = np.maximum(of_draw.var(axis=1, ddof=1) - between_rest / lucks, 0)
    return between_lucks + between_rest, between_draws


def interval_of_mean(values: np.ndarray) -> tuple[float, float, float] | None:
    """Return mean, low and high of some values: Student's 95 % interval, NaN with fewer than two; None without any."""
    from scipy.special import stdtrit

    if not len(values):
        return None
    mean = float(values.mean())
    if len(values) < 2:
        return mean, math.nan, math.nan
    half = float(stdtrit(len(values) - 1, 0.975) * values.std(ddof=1) / math.sqrt(len(values)))
    return mean, mean - half, mean + half


def interval_over_draws(values: np.ndarray) -> tuple[float, float, float] | None:
    """Return mean, low and high of a table of values (draws, replications), NaN where one is not known.

    The 95 % interval holds what the indicator is expected to be, given all that is not known: Student's, with the
    spread of the means of the draws, and the error left by a finite number of replications. None without a value.
    """
    from scipy.special import stdtrit

    known = np.isfinite(values)
    if not known.any():
        return None
    mean = float(values[known].mean())
    full = values[known.all(axis=1)]
    if len(full) < 2:
        return mean, math.nan, math.nan
    variance = float(full.mean(axis=1).var(ddof=1))
    if full.shape[1] > 1:
        variance += float(full.mean(axis=0).var(ddof=1)) / full.shape[1]
    half = float(stdtrit(len(full) - 1, 0.975)) * math.sqrt(variance)
    return mean, mean - half, mean + half
