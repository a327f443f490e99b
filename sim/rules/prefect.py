"""The prefect: substitution to a landlord that misses the first quartile.

CCH L441-1, al. 33 and 34 (loi égalité et citoyenneté). Dates and windows are law
(``lec.*``); real enforcement is rare, hence a switch (``rules.lec_substitution``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np

from sim.state.quota_book import Tally


def is_checkpoint(day: dt.date, stops: Sequence[str]) -> bool:
    """Return whether attributions outside QPV are stopped and sent to the prefect on this day.

    Parameters
    ----------
    stops : sequence of str
        Law ``lec.dates_arret``: months and days, ``"06-30"``.
    """
    return f"{day:%m-%d}" in stops


def is_substituted(
    was: bool, target: float, control: Tally, release: Tally, *, at_checkpoint: bool, is_declared: bool = True
) -> bool:
    """Return whether the prefect attributes a landlord's dwellings freed outside QPV.

    Parameters
    ----------
    was : bool
        Whether he already does.
    target : float
        Objective outside QPV.
    control, release : Tally
        The landlord's flow over the window of control (six months) and of release (twelve).
    at_checkpoint : bool
        A new substitution begins at a stop only; one that runs ends as soon as the release window is met.
    is_declared : bool
        Missing or incomplete data count as a miss.
    """
    if was:
        return release.denominator == 0 or release.share < target
    missed = control.denominator > 0 and control.share < target
    return at_checkpoint and (missed or not is_declared)


def substituted(own: np.ndarray, serves: np.ndarray) -> np.ndarray:
    """Return the holder's preference under substitution: only those who serve the objective are proposed."""
    return np.where(serves, np.maximum(own, 0), -1)
