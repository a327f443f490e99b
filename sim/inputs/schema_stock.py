"""What makes the stock live: places, demolition, sale, works, rents. Off by default: ``reference`` has none of them."""

from __future__ import annotations

from sim.inputs.parameters import Strict, parameter, technical


class Places(Strict):
    """Places outside the stock that a programme opens (foyers, résidences, student rooms, pensions de famille)."""

    stay_mean_months: float = parameter(18.0, unit="months", doc="durée moyenne de séjour dans une place", gt=0)
    back_on_list_share: float = parameter(
        0.5, unit="share", doc="sortants d'une place qui déposent une demande de logement social", ge=0, le=1
    )


class Demolition(Strict):
    """Demolition in quarters under renewal, with relocation ex officio."""

    on: bool = technical(False, doc="whether the flow exists")
    programme: str = technical("programmes/npnru_demolition.csv", doc="CSV of demolitions by year and place")
    realised_share: float = parameter(1.0, unit="share", doc="part réalisée du programme", ge=0, le=2)
    empty_months: int = parameter(
        18, unit="months", doc="délai au moins entre l'entrée en relogement et la démolition", ge=0
    )
    interlandlord_days: int = parameter(
        180, unit="days", doc="délai après lequel les logements des autres bailleurs sont proposés aussi", ge=0
    )
