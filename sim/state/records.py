"""What one replication hands over: the log, the tables, and three records that save replaying it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from sim.state.applications import Applications
from sim.state.dwellings import Dwellings
from sim.state.households import Households

LEASE = np.dtype(
    [
        ("day", "i4"),
        ("application", "i4"),
        ("household", "i4"),
        ("dwelling", "i4"),
        ("previous_dwelling", "i4"),  # -1 for a first access
        ("filed_day", "i4"),
        ("quartile", "u1"),  # 1 to 4 on the day of the lease
        ("recognition", "u1"),  # Recognition flags on that day
        ("grounds", "u4"),
        ("is_mutation", "?"),
        ("is_in_qpv", "?"),  # by the QPV map in force
        ("reservataire", "u1"),
        ("rank", "u1"),
        ("files", "u1"),  # files examined by the CALEOL for this dwelling
        ("vacant_day", "i4"),  # day the dwelling became empty (or was delivered)
        ("points", "f4"),
    ]
)
"""One row per lease signed through the list (attribution)."""

STOCK = np.dtype([("application", "i4"), ("quartile", "u1"), ("recognition", "u1")])
"""One row per application open or held on 31 December."""

ROUND = np.dtype([("day", "i4"), ("registered", "i4"), ("proposed", "i4")])
"""One row per round of the exchange: tenants registered, and households that the mechanism proposes to move."""


@dataclass
class YearEnd:
    """The world on 31 December of a year, after the day's last phase."""

    year: int
    stock: np.ndarray  # dtype STOCK
    tenants: np.ndarray  # i4, one per dwelling in service: household, -1 = empty
    threshold_eur_year_cu: float  # first-quartile threshold in force
    endogenous_threshold_eur_year_cu: float  # 25th percentile of the stock's declared resources per UC
    uses: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.uint8))  # Use of dwellings; none = offered
    persons: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.uint8))  # in each, 0 = empty


@dataclass
class Replication:
    """All that one replication leaves. ``*_born`` hold day-one rows as on day one and later rows as filed."""

    number: int
    events: np.ndarray  # dtype EVENT
    leases: np.ndarray  # dtype LEASE
    year_ends: list[YearEnd]
    households: Households
    applications: Applications
    dwellings: Dwellings
    households_born: Households
    applications_born: Applications
    dwellings_born: Dwellings
    day_one_rows: dict[str, int]  # table name -> rows that existed on day one
    first_day: int
    last_day: int
    legal_values_read: list[dict[str, object]] = field(default_factory=list)
    rounds: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=ROUND))
    faults: list[str] = field(default_factory=list)  # conservation laws that failed while running
    seconds: float = 0.0
    closed: frozenset[str] = frozenset()  # what the scenario does not open (``Scenario.closed``)
