"""The rolling control of the first quartile outside QPV, landlord by landlord (L441-1 al. 33 and 34).

On each day on which attributions are reported to the prefect, two flows are looked at: that of the control and
the longer one that ends his substitution. They cross calendar years; the year is that of the stop.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sim.indicators.attributions import has
from sim.indicators.facts import Facts, Norms
from sim.indicators.grid import attach
from sim.indicators.measures import Measure, indicator, nothing, share
from sim.indicators.publics import NPNRU
from sim.words.clock import first_day, months_later

REFERENCE = "8.4 n° 19"
SCOPES = ("mel", "bailleur")


def day_of(year: int, stop: str) -> int:
    """Return the day of a stop (month and day) in a year."""
    month, day = (int(part) for part in stop.split("-"))
    return int(months_later(first_day(year), month - 1)) + day - 1


def rolling(facts: Facts, stop: int, months_of: Callable[[Norms], int]) -> Measure:
    """Return indicator 7 over the months that end at a stop of each year; nothing when the run saw only part of them.

    Parameters
    ----------
    stop : int
        Rank of the stop among those of the year.
    months_of : callable
        Length of the flow, from the legal values of the year.
    """
    grid, leases, norms = facts.grid, facts.leases, facts.source.norms
    if any(len(norms[year].stops) <= stop for year in grid.years):
        return nothing(facts)
    day = leases["day"]
    seen = (facts.windows[0][0], facts.windows[-1][1])
    rows, years, known = [], [], []
    for index, year in enumerate(grid.years):
        last = day_of(year, norms[year].stops[stop])
        first = int(months_later(last + 1, -months_of(norms[year])))
        known.append(first >= seen[0] and last <= seen[1])
        rows.append(np.flatnonzero((day >= first) & (day <= last)))
        years.append(np.full(len(rows[-1]), index, dtype=np.int32))
    row = np.concatenate(rows)
    landlord = facts.source.r.dwellings.landlord[leases["dwelling"][row]]
    own = attach(grid, np.concatenate(years), {"bailleur": landlord}, known=np.array(known))
    counted = (leases["premier quartile"] | has(facts, NPNRU))[row]
    return share(own, counted, among=~leases["is_in_qpv"][row])


@indicator("part_q1_hors_qpv_controle_1", label="1er quartile hors QPV, flux de contrôle au 1er arrêt", unit="share",
           reference=REFERENCE, scopes=SCOPES)  # fmt: skip
def control_first(facts: Facts) -> Measure:
    """Flow of the control at the first stop of the year."""
    return rolling(facts, 0, lambda norm: norm.control_months)


@indicator("part_q1_hors_qpv_sortie_1", label="1er quartile hors QPV, flux de sortie au 1er arrêt", unit="share",
           reference=REFERENCE, scopes=SCOPES)  # fmt: skip
def release_first(facts: Facts) -> Measure:
    """Flow of the release at the first stop of the year."""
    return rolling(facts, 0, lambda norm: norm.release_months)


@indicator("part_q1_hors_qpv_controle_2", label="1er quartile hors QPV, flux de contrôle au 2e arrêt", unit="share",
           reference=REFERENCE, scopes=SCOPES)  # fmt: skip
def control_second(facts: Facts) -> Measure:
    """Flow of the control at the second stop of the year."""
    return rolling(facts, 1, lambda norm: norm.control_months)


@indicator("part_q1_hors_qpv_sortie_2", label="1er quartile hors QPV, flux de sortie au 2e arrêt", unit="share",
           reference=REFERENCE, scopes=SCOPES)  # fmt: skip
def release_second(facts: Facts) -> Measure:
    """Flow of the release at the second stop of the year."""
    return rolling(facts, 1, lambda norm: norm.release_months)
