"""New dwellings of a dated programme: a given product, financing and place."""

from __future__ import annotations

import numpy as np

from sim.inputs.stock_files import ANYWHERE, Line
from sim.inputs.territory import Territory
from sim.population.deliveries import Builder
from sim.population.dwellings import IN_2015, IN_2024, furnish
from sim.population.raking import choose, mark
from sim.state.dwellings import Dwellings
from sim.words.codes import Channel, Financing, Period

SECOND = 1  # column of T2 in tables by typology


def production_by_commune(territory: Territory) -> np.ndarray:
    """Return the dwellings of all kinds that the PLH aims at a year, by commune (objective of its territory)."""
    communes, cells = territory.communes, territory.distributions
    population = communes["population"].to_numpy(float)
    mine = cells[cells["table"] == "deliveries.territory_objective"]
    objective = dict(zip(mine["row"], mine["value"].astype(float), strict=True))
    part = communes["territoire_index"].to_numpy(int)
    wanted = np.array([objective[name] for name in communes["territoire"]])
    return np.asarray(wanted * population / np.bincount(part, weights=population)[part])


def where(line: Line, weights: np.ndarray, builder: Builder) -> np.ndarray:
    """Return the weight of each commune for a line: that of the rules, inside the place that the line names."""
    communes = builder.shapes.territory.communes
    inside = np.ones(len(communes), dtype=bool)
    if line.commune != ANYWHERE:
        return np.asarray(communes["code_insee"] == line.commune, dtype=float)
    if line.territory != ANYWHERE:
        inside = (communes["territoire"] == line.territory).to_numpy()
    return np.asarray(np.where(inside, weights, 0.0))


def make(
    builder: Builder, line: Line, count: int, weights: np.ndarray, t2_ratio: float, rng: np.random.Generator, day: int
) -> Dwellings:
    """Return ``count`` empty dwellings of a line, in service on ``day``.

    Parameters
    ----------
    weights : numpy.ndarray
        As ``where``.
    t2_ratio : float
        Weight of T2 relative to what new programmes hold.
    """
    shapes = builder.shapes
    homes = Dwellings.build(
        count, service_day=day, vacant_day=-1, channel=int(Channel.LIST), period=int(Period.AFTER_2012),
        financing=int(Financing[line.financing]),
    )  # fmt: skip
    inside = weights * builder.qpv
    in_qpv = mark(rng, np.full(count, line.qpv_share if inside.any() else 0.0))
    homes.qpv_map[:] = np.where(in_qpv, IN_2015 | IN_2024, 0)
    homes.commune[:] = choose(rng, np.stack([weights, inside if inside.any() else weights]), in_qpv.astype(int))
    homes.landlord[:] = choose(rng, builder.landlords, homes.commune)
    rooms = shapes["dwellings.rooms_new"].ravel().copy()
    rooms[SECOND] *= t2_ratio
    homes.rooms[:] = line.rooms or 1 + choose(rng, rooms, count)
    homes.energy[:] = choose(rng, shapes["dwellings.energy_new"], count)
    furnish(homes, shapes, rng)
    homes.rent_eur_month *= np.float32(builder.rent_scale[Period.AFTER_2012])
    return homes
