"""Households: one row per household that rents a social dwelling or asks for one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.state.tables import Table, column


@dataclass
class Households(Table):
    """A household outlives its applications: it can lapse, file again, be housed, ask to move."""

    luck_id: np.ndarray = column("u8", unit="id", doc="identity for keyed draws, shared by scenarios")
    size: np.ndarray = column("u1", unit="persons", default=1, doc="persons to house", living=True)
    children_count: np.ndarray = column(
        "u1", unit="persons", doc="children under 14 (0.3 consumption unit each)", living=True
    )
    dependants_count: np.ndarray = column(
        "u1", unit="persons", doc="personnes à charge: children and others", living=True
    )
    is_couple: np.ndarray = column("?", unit="bool", doc="two adults in a couple", living=True)
    birth_year: np.ndarray = column(
        "i2", unit="year", default=1980, doc="reference person; age is computed, never stored"
    )
    is_disabled: np.ndarray = column("?", unit="bool", doc="a member is disabled", living=True)
    employment: np.ndarray = column("u1", unit="code", doc="Employment of the reference person", living=True)
    occupation: np.ndarray = column(
        "u1", unit="code", doc="Occupation: present housing; HLM while it rents in the stock"
    )
    income_eur_month: np.ndarray = column(
        "f4", unit="eur/month", doc="declared monthly resources, base year of the territory", living=True
    )
    consumption_units: np.ndarray = column(
        "f4", unit="cu", default=1.0, doc="1 + 0.5 per other person of 14 or more + 0.3 per child", living=True
    )
    tax_income_eur_year: np.ndarray = column(
        "f4", unit="eur/year", doc="revenu fiscal de référence N-2, base year of the territory", living=True
    )
    ceiling_category: np.ndarray = column(
        "u1", unit="code", default=1, doc="category 1 to 6 of the income ceilings", living=True
    )
    persons_over_six: np.ndarray = column(
        "u1", unit="persons", doc="persons beyond the sixth, for the ceilings", living=True
    )
    family_type: np.ndarray = column(
        "u1", unit="code", doc="APL: 0 alone, 1 couple, 2 + n with n dependants (capped at 9)", living=True
    )
    dwelling: np.ndarray = column(
        "i4", unit="row", default=-1, doc="dwelling rented in the stock, -1 = none", mutable=True
    )
    lease_day: np.ndarray = column("i4", unit="day", default=-1, doc="day its present lease began", mutable=True)
    application: np.ndarray = column("i4", unit="row", default=-1, doc="its open application, -1 = none", mutable=True)
