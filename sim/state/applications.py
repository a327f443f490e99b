"""Applications for social housing (demandes de logement social)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.state.tables import Table, column


@dataclass
class Applications(Table):
    """One row per application; its household is ``household``."""

    luck_id: np.ndarray = column("u8", unit="id", doc="identity for keyed draws, shared by scenarios")
    household: np.ndarray = column("i4", unit="row", default=-1, doc="row of Households")
    filed_day: np.ndarray = column("i4", unit="day", default=-1, doc="day the application was filed: seniority")
    is_mutation: np.ndarray = column("?", unit="bool", doc="filed by a tenant of the stock")
    rooms_min: np.ndarray = column("u1", unit="rooms", default=1, doc="smallest dwelling accepted", living=True)
    rooms_max: np.ndarray = column(
        "u1", unit="rooms", default=5, doc="largest dwelling accepted (5 = T5 and more)", living=True
    )
    rooms_wanted: np.ndarray = column("u1", unit="rooms", default=1, doc="typology asked for first", living=True)
    first_commune: np.ndarray = column("i2", unit="code", doc="commune wished first")
    place_set: np.ndarray = column("i4", unit="code", doc="index of the set of places wished (see state/places.py)")
    grounds: np.ndarray = column("u4", unit="flags", doc="Ground: situations that make it eligible as priority")
    head_start_days: np.ndarray = column(
        "i2", unit="days", doc="how far in practice the file is ahead of its seniority"
    )
    renewal_due_day: np.ndarray = column("i4", unit="day", default=-1, doc="end of validity", mutable=True)
    status: np.ndarray = column("u1", unit="code", doc="Status", mutable=True)
    closed_day: np.ndarray = column("i4", unit="day", default=-1, doc="day it was closed, -1 = open", mutable=True)
    held_for: np.ndarray = column(
        "i4", unit="row", default=-1, doc="dwelling it is designated for, -1 = free", mutable=True
    )
    recognition: np.ndarray = column("u1", unit="flags", doc="Recognition obtained", mutable=True)
    recognised_day: np.ndarray = column("i4", unit="day", default=-1, doc="day of the first recognition", mutable=True)
    offers_count: np.ndarray = column("u1", unit="count", doc="offers received", mutable=True)
    refusals_count: np.ndarray = column("u1", unit="count", doc="offers refused, silence included", mutable=True)
    last_offer: np.ndarray = column("i4", unit="row", default=-1, doc="dwelling last offered, -1 = none", mutable=True)
