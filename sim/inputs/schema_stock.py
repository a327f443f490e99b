"""What makes the stock live: places, demolition, sale, works, rents. Off by default: ``reference`` has none of them."""

from __future__ import annotations

from sim.inputs.parameters import Strict, parameter


class Places(Strict):
    """Places outside the stock that a programme opens (foyers, résidences, student rooms, pensions de famille)."""

    stay_mean_months: float = parameter(18.0, unit="months", doc="durée moyenne de séjour dans une place", gt=0)
    back_on_list_share: float = parameter(
        0.5, unit="share", doc="sortants d'une place qui déposent une demande de logement social", ge=0, le=1
    )
