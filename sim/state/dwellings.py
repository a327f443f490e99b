"""Dwellings of the social stock that are offered for rent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.state.tables import Table, column


@dataclass
class Dwellings(Table):
    """One row per dwelling offered (let or vacant); those not yet delivered are added when they are."""

    luck_id: np.ndarray = column("u8", unit="id", doc="identity for keyed draws, shared by scenarios")
    landlord: np.ndarray = column("i2", unit="code", doc="index in the territory's landlords")
    commune: np.ndarray = column("i2", unit="code", doc="index in the territory's communes")
    qpv_map: np.ndarray = column("u1", unit="flags", doc="in a QPV: bit 0 = map of 2015, bit 1 = map of 2024")
    rooms: np.ndarray = column("u1", unit="rooms", default=1, doc="typology, 1 to 5 (5 = T5 and more)")
    surface_m2: np.ndarray = column("f4", unit="m2", doc="living area")
    rent_eur_month: np.ndarray = column(
        "f4", unit="eur/month", doc="principal rent, base year of the territory", living=True
    )
    charges_eur_month: np.ndarray = column(
        "f4", unit="eur/month", doc="recoverable charges, base year of the territory"
    )
    financing: np.ndarray = column("u1", unit="code", doc="Financing")
    period: np.ndarray = column("u1", unit="code", doc="Period of construction")
    energy: np.ndarray = column("u1", unit="code", doc="Energy label")
    is_accessible: np.ndarray = column("?", unit="bool", doc="accessible to disabled persons (PMR)")
    channel: np.ndarray = column("u1", unit="code", doc="Channel: let through the list or outside it")
    service_day: np.ndarray = column("i4", unit="day", default=-1, doc="day it entered service")
    use: np.ndarray = column("u1", unit="code", doc="Use: offered, in works, banned, sold...", mutable=True)
    reserved_for: np.ndarray = column("u1", unit="code", doc="Reservataire it was last oriented to", mutable=True)
    tenant: np.ndarray = column("i4", unit="row", default=-1, doc="household that rents it, -1 = empty", mutable=True)
    vacant_day: np.ndarray = column("i4", unit="day", default=-1, doc="day it became empty, -1 = let", mutable=True)
    lettings_count: np.ndarray = column("i2", unit="count", doc="leases signed during the run", mutable=True)
