"""Who takes part in an exchange: tenants with their dwelling, and dwellings that stand empty.

The class body is the list of the attributes of the nodes of the swap graph.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.rules.eligibility import Norms, raise_share
from sim.rules.occupancy import is_over_occupied, is_under_occupied
from sim.state.applications import Applications
from sim.state.dwellings import Dwellings
from sim.state.households import Households
from sim.state.places import PlaceSets
from sim.state.tables import Table, column


@dataclass
class Pool(Table):
    """One row per node: a tenant who asks to move and its dwelling, or an empty dwelling (``is_vacant``)."""

    luck_id: np.ndarray = column("u8", unit="id", doc="identity for keyed draws")
    household: np.ndarray = column("i4", unit="row", default=-1, doc="row of Households, -1 = empty dwelling")
    application: np.ndarray = column("i4", unit="row", default=-1, doc="row of Applications")
    dwelling: np.ndarray = column("i4", unit="row", default=-1, doc="row of Dwellings")
    is_vacant: np.ndarray = column("?", unit="bool", doc="an empty dwelling, which starts a chain")
    has_arrears: np.ndarray = column("?", unit="bool", doc="rent in arrears: takes no part")
    is_withdrawn: np.ndarray = column("?", unit="bool", doc="dwelling in a sale plan, demolition or heavy works")
    # the household
    size: np.ndarray = column("u1", unit="persons", default=1, doc="persons to house")
    birth_year: np.ndarray = column("i2", unit="year", default=1980, doc="reference person")
    is_disabled: np.ndarray = column("?", unit="bool", doc="a member is disabled")
    grounds: np.ndarray = column("u4", unit="flags", doc="Ground: situations of the household")
    filed_day: np.ndarray = column("i4", unit="day", doc="day its application was filed: seniority")
    income_eur_month: np.ndarray = column("f4", unit="eur/month", default=1.0, doc="declared monthly resources")
    consumption_units: np.ndarray = column("f4", unit="cu", default=1.0, doc="consumption units")
    tax_income_eur_year: np.ndarray = column("f4", unit="eur/year", doc="revenu fiscal de référence N-2")
    ceiling_category: np.ndarray = column("u1", unit="code", default=1, doc="category of the income ceilings")
    persons_over_six: np.ndarray = column("u1", unit="persons", doc="persons beyond the sixth, for the ceilings")
    family_type: np.ndarray = column("u1", unit="code", doc="APL: 0 alone, 1 couple, 2 + n with n dependants")
    # what it asks for
    rooms_min: np.ndarray = column("u1", unit="rooms", default=1, doc="smallest dwelling accepted")
    rooms_max: np.ndarray = column("u1", unit="rooms", default=5, doc="largest dwelling accepted")
    rooms_wanted: np.ndarray = column("u1", unit="rooms", default=1, doc="typology asked for first")
    first_commune: np.ndarray = column("i2", unit="code", doc="commune wished first")
    place_set: np.ndarray = column("i4", unit="code", doc="set of places wished")
    is_accessible_needed: np.ndarray = column("?", unit="bool", doc="needs an accessible dwelling")
    # its dwelling
    landlord: np.ndarray = column("i2", unit="code", doc="landlord of its dwelling")
    commune: np.ndarray = column("i2", unit="code", doc="commune of its dwelling")
    rooms: np.ndarray = column("u1", unit="rooms", default=1, doc="typology of its dwelling")
    lodged_m2: np.ndarray = column("f4", unit="m2", doc="living area of its dwelling")
    rent_eur_month: np.ndarray = column("f4", unit="eur/month", doc="principal rent at a new lease")
    charges_eur_month: np.ndarray = column("f4", unit="eur/month", doc="recoverable charges")
    financing: np.ndarray = column("u1", unit="code", doc="Financing of its dwelling")
    zone: np.ndarray = column("u1", unit="code", doc="APL: 0 zone 2, 1 zone 3")
    is_accessible: np.ndarray = column("?", unit="bool", doc="its dwelling is accessible")
    raised_share: np.ndarray = column("f8", unit="share", doc="by how much ceilings are raised there (R441-1-2)")

    @property
    def may_swap(self) -> np.ndarray:
        """Whether each row takes part: no arrears, and a dwelling that its landlord does not withdraw."""
        return np.asarray(~self.has_arrears & ~self.is_withdrawn)


@dataclass(frozen=True)
class Usage:
    """What the law of a day says of occupation; see ``usage_of``."""

    excess_rooms: int  # sous_occupation.pieces_en_trop
    surfaces_m2: tuple[float, ...]  # sur_occupation.surface_m2

    def is_under(self, rooms: np.ndarray, persons: np.ndarray) -> np.ndarray:
        """Return which households under-occupy these dwellings (L621-2)."""
        return is_under_occupied(rooms, persons, self.excess_rooms)

    def is_over(self, surface_m2: np.ndarray, persons: np.ndarray) -> np.ndarray:
        """Return which households over-occupy these dwellings (L822-10)."""
        return is_over_occupied(surface_m2, persons, self.surfaces_m2)


def wished_communes(places: PlaceSets, territory_place: np.ndarray, whole_place: int) -> np.ndarray:
    """Return bool (sets of places, communes): whether a set holds a commune, by itself, by its territory or whole.

    Parameters
    ----------
    places : PlaceSets
        Sets of places wished.
    territory_place : numpy.ndarray
        Number of the place "any commune of the territory", for each commune.
    whole_place : int
        Number of the place "any commune".
    """
    offsets, members = places.ragged()
    communes = np.arange(len(territory_place))
    sets = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    wishes = np.zeros((len(offsets) - 1, len(communes)), dtype=bool)
    for place in (communes, territory_place, np.full(len(communes), whole_place)):
        np.logical_or.at(wishes, sets, members[:, None] == place[None, :])
    return wishes


@dataclass(frozen=True)
class Stock:
    """What a pool is made of: the tables, and what the day says of dwellings."""

    households: Households
    applications: Applications
    dwellings: Dwellings
    zone_of_commune: np.ndarray  # 0 zone 2, 1 zone 3
    is_in_qpv: np.ndarray  # bool, one per dwelling
    norms: Norms
    waiver_share: float = 0.0  # granted by the delegation convention (R441-1-2), 0 = none


def pool_of(
    stock: Stock,
    applications: np.ndarray,
    vacant: np.ndarray | None = None,
    has_arrears: np.ndarray | bool = False,
    is_withdrawn: np.ndarray | bool = False,
) -> Pool:
    """Return the pool of some mutation applications, then of some empty dwellings.

    Parameters
    ----------
    stock : Stock
        Tables.
    applications : numpy.ndarray
        Rows of tenants who ask to move; raises ``ValueError`` if one rents no dwelling of the stock.
    vacant : numpy.ndarray, optional
        Rows of empty dwellings that may start a chain.
    has_arrears : numpy.ndarray or bool
        One per application.
    is_withdrawn : numpy.ndarray or bool
        One per dwelling of the stock: sale plan, demolition, heavy works.
    """
    a, h, d = stock.applications, stock.households, stock.dwellings
    households = a.household[applications]
    dwellings = h.dwelling[households]
    if (dwellings < 0).any():
        raise ValueError("only a tenant of the stock may exchange its dwelling")
    vacant = np.empty(0, dtype=np.int64) if vacant is None else vacant
    withdrawn = np.broadcast_to(np.asarray(is_withdrawn, dtype=bool), len(d))
    gathered = {
        name: getattr(table, name)[rows]
        for table, rows in ((h, households), (a, applications))
        for name in Pool.names()
        if name in table.names()
    }
    gathered |= {"household": households, "application": applications, "dwelling": dwellings}
    needs = h.is_disabled[households] & d.is_accessible[dwellings]  # what is adapted today stays so
    tenants = Pool.build(
        len(applications), **gathered, **_home(stock, dwellings), has_arrears=has_arrears,
        is_withdrawn=withdrawn[dwellings], is_accessible_needed=needs,
    )  # fmt: skip
    if len(vacant):
        tenants.append(
            Pool.build(
                len(vacant), **_home(stock, vacant), luck_id=d.luck_id[vacant], dwelling=vacant, is_vacant=True,
                is_withdrawn=withdrawn[vacant],
            )
        )  # fmt: skip
    return tenants.copy()


def _home(stock: Stock, dwellings: np.ndarray) -> dict[str, np.ndarray]:
    d = stock.dwellings
    names = ("landlord", "commune", "rooms", "rent_eur_month", "charges_eur_month", "financing", "is_accessible")
    raised = raise_share(stock.waiver_share, stock.is_in_qpv[dwellings], 0.0, 0.0, stock.norms)
    home = {name: getattr(d, name)[dwellings] for name in names}
    return home | {
        "lodged_m2": d.surface_m2[dwellings],
        "zone": stock.zone_of_commune[d.commune[dwellings]],
        "raised_share": raised,
    }
