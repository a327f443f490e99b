"""New dwellings delivered during a run."""

from __future__ import annotations

import numpy as np

from sim.inputs.schema_flows import Deliveries
from sim.population.dwellings import IN_2015, IN_2024, delivery_shares, furnish, landlord_table
from sim.population.raking import choose, mark
from sim.population.shapes import Shapes
from sim.state.dwellings import Dwellings
from sim.words.codes import Channel, Financing, Period


class Builder:
    """Makes new dwellings; tables are prepared once.

    Parameters
    ----------
    shapes : Shapes
    rent_scale : numpy.ndarray
        Factor on rents by Period, as set on the first day.
    """

    def __init__(self, shapes: Shapes, rent_scale: np.ndarray) -> None:
        self.shapes, self.rent_scale = shapes, rent_scale
        self.communes = delivery_shares(shapes)
        table = landlord_table(shapes.territory)[0].sum(axis=1)
        stock = shapes.territory.landlords["stock_share"].to_numpy(float)
        table = np.where(table.sum(axis=1, keepdims=True) > 0, table, stock[None, :])
        self.landlords = table / table.sum(axis=1, keepdims=True)
        self.qpv = shapes.territory.communes["qpv2024_share"].to_numpy(float)

    def make(self, count: int, deliveries: Deliveries, rng: np.random.Generator, day: int) -> Dwellings:
        """Return ``count`` empty dwellings that enter service on ``day``.

        Those in a QPV go to communes that have one; the others follow needs (SRU, PLH objectives).
        """
        homes = Dwellings.build(
            count, service_day=day, vacant_day=day, channel=int(Channel.LIST), period=int(Period.AFTER_2012)
        )
        in_qpv = mark(rng, np.full(count, deliveries.qpv_share if self.qpv.any() else 0.0))
        homes.qpv_map[:] = np.where(in_qpv, IN_2015 | IN_2024, 0)
        inside = self.communes * self.qpv if self.qpv.any() else self.communes
        homes.commune[:] = choose(rng, np.stack([self.communes, inside]), in_qpv.astype(int))
        homes.landlord[:] = choose(rng, self.landlords, homes.commune)
        homes.rooms[:] = 1 + choose(rng, self.shapes["dwellings.rooms_new"], count)
        financing = np.zeros(len(Financing))
        financing[[Financing.PLAI, Financing.PLS]] = deliveries.plai_share, deliveries.pls_share
        financing[Financing.PLUS] = max(0.0, 1 - financing.sum())
        homes.financing[:] = choose(rng, financing, count)
        homes.energy[:] = choose(rng, self.shapes["dwellings.energy_new"], count)
        furnish(homes, self.shapes, rng)
        homes.rent_eur_month *= np.float32(self.rent_scale[Period.AFTER_2012])
        return homes
