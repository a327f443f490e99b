"""Dwellings: those offered on the first day and those delivered later.

Counts by commune are RPLS; landlords, periods and typologies are raked to what is published; rents
are set so that the published share lies under the APL ceilings (PLH action 35).
"""

from __future__ import annotations

import datetime as dt

import numpy as np

from sim.inputs.territory import Territory
from sim.population.raking import choose, mark, rake, whole
from sim.population.shapes import Shapes
from sim.state.dwellings import Dwellings
from sim.words.clock import first_day, to_day
from sim.words.codes import Channel, Period

YEARS_OF_PERIOD = ((1900, 1948), (1949, 1974), (1975, 1989), (1990, 2004), (2005, 2012), (2013, 2100))
"""First and last year of each Period: its definition, not a hypothesis."""
TYPICAL_FAMILY = np.array([0, 0, 1, 2, 3, 4])
"""Family type (APL) for which a typology is built: alone, couple, one, two, three dependants."""
IN_2015, IN_2024 = 1, 2
MID_YEAR = 181


def landlord_table(territory: Territory) -> tuple[np.ndarray, float]:
    """Return expected shares by (commune, in QPV, landlord) and the largest gap left by the raking.

    Margins: offered dwellings by commune and QPV; stock and QPV share of each landlord (where it is
    not published, what the published ones leave); share of each in its favoured communes.
    """
    communes, landlords = territory.communes, territory.landlords
    offered = (communes["ls_let"] + communes["ls_vacant"]).to_numpy(float)
    offered = offered / offered.sum()
    in_qpv = communes["qpv2015_share"].to_numpy(float)
    places = np.stack([offered * (1 - in_qpv), offered * in_qpv], axis=1)
    stock = landlords["stock_share"].to_numpy(float)
    stock = stock / stock.sum()
    published = landlords["qpv_share"].to_numpy(float)
    known = ~np.isnan(published)
    split = np.stack([stock * (1 - published), stock * published])
    left = np.maximum(places.sum(axis=0) - split[:, known].sum(axis=1), 0.0)
    split[:, ~known] = np.outer(left / max(left.sum(), 1e-12), stock[~known])
    codes = communes["code_insee"].to_numpy(str)
    allowed = np.ones((len(codes), len(stock)))
    favoured = np.zeros_like(allowed, dtype=bool)
    for number, row in enumerate(landlords.itertuples()):
        if _codes(row.communes):
            allowed[:, number] = np.isin(codes, _codes(row.communes))
        favoured[:, number] = np.isin(codes, _codes(row.favoured_communes))
    table = places[:, :, None] * stock[None, None, :] * allowed[:, None, :]
    share = np.nan_to_num(landlords["favoured_share"].to_numpy(float))
    asked = favoured.any(axis=0) & (share > 0)
    for _ in range(60):
        for here, part in ((favoured, share), (~favoured, 1 - share)):
            got = (table * here[:, None, :]).sum(axis=(0, 1))
            scale = np.divide(part * stock, got, out=np.ones_like(got), where=asked & (got > 0))
            table *= np.where(here, scale, 1.0)[:, None, :]
        table, gap = rake(table, [((1, 2), split), ((0, 1), places)], rounds=1)
    return table, gap


def _codes(cell: object) -> list[str]:
    """Return the commune codes of a cell of landlords.csv (a list, or text parted by spaces)."""
    return cell.split() if isinstance(cell, str) else [] if cell is None or cell != cell else list(cell)  # type: ignore[call-overload]


def period_table(shapes: Shapes, qpv_share: float) -> np.ndarray:
    """Return shares by (in QPV, period) that keep the periods of the whole stock."""
    periods = shapes["dwellings.period"].ravel()
    seed = np.outer([1 - qpv_share, qpv_share], periods)
    seed[1] *= shapes["dwellings.period_qpv_odds"].ravel()
    return rake(seed, [((1,), periods / periods.sum()), ((0,), np.array([1 - qpv_share, qpv_share]))])[0]


def rooms_table(shapes: Shapes, periods: np.ndarray, outside_count: int) -> np.ndarray:
    """Return expected counts by (period, rooms) of the dwellings let through the list.

    The published typologies hold for the list and the rest together: what is let outside the list,
    small dwellings, is taken away first.
    """
    everything = shapes["dwellings.rooms"].ravel()
    count = periods.sum()
    left = everything / everything.sum() * (count + outside_count)
    left = np.maximum(left - outside_count * shapes["dwellings.rooms_outside"].ravel(), 0.005 * count)
    seed = np.outer(periods, left) * shapes["dwellings.rooms_by_period_odds"]
    return rake(seed, [((1,), left * count / left.sum()), ((0,), periods)])[0]


def energy_table(shapes: Shapes, periods: np.ndarray) -> np.ndarray:
    """Return shares by (period, energy label) that keep the labels of the whole stock."""
    labels = shapes["dwellings.energy"].ravel()
    seed = np.outer(periods, labels) * shapes["dwellings.energy_odds"]
    return rake(seed, [((1,), labels / labels.sum()), ((0,), periods / periods.sum())], rounds=200)[0]


def _lognormal(rng: np.random.Generator, spread: float, rows: int) -> np.ndarray:
    return np.exp(rng.normal(-(spread**2) / 2, spread, rows))


def furnish(homes: Dwellings, shapes: Shapes, rng: np.random.Generator) -> None:
    """Fill surface, charges, rent before scaling and accessibility from typology, period and financing."""
    count, value = len(homes), shapes.value
    by_rooms = shapes["dwellings.by_rooms"][homes.rooms - 1]
    by_period = shapes["dwellings.by_period"][homes.period]
    homes.surface_m2[:] = by_rooms[:, 0] * _lognormal(rng, value("population.surface_spread"), count)
    charges = value("population.charges_eur_m2_month") * _lognormal(rng, value("population.charges_spread"), count)
    homes.charges_eur_month[:] = charges * homes.surface_m2
    per_m2 = by_period[:, 0] * by_rooms[:, 1] * shapes["dwellings.rent_by_financing"].ravel()[homes.financing]
    per_m2 = per_m2 * np.where(homes.qpv_map & IN_2015, value("population.rent_qpv_ratio"), 1.0)
    homes.rent_eur_month[:] = per_m2 * homes.surface_m2 * _lognormal(rng, value("population.rent_spread"), count)
    homes.is_accessible[:] = mark(rng, by_period[:, 1])


def apl_ceiling_eur_month(homes: Dwellings, family: np.ndarray, shapes: Shapes) -> np.ndarray:
    """Return the APL rent ceiling plus flat charges of a family in each dwelling, base year, eur/month."""
    day = first_day(shapes.territory.base_year) + MID_YEAR
    zones = shapes.is_zone_3[homes.commune]
    return np.asarray(rent_caps_eur_month(shapes, day)[zones, family] + flat_charges_eur_month(shapes, day)[family])


def under_ceiling(homes: Dwellings, shapes: Shapes) -> np.ndarray:
    """Whether rent and charges of each dwelling lie under the APL ceiling of its typical family."""
    cost = homes.rent_eur_month + homes.charges_eur_month
    return np.asarray(cost <= apl_ceiling_eur_month(homes, TYPICAL_FAMILY[homes.rooms], shapes))


def rent_scale(homes: Dwellings, shapes: Shapes) -> np.ndarray:
    """Return the factor on rents, by period, that puts the published share under the APL ceilings.

    Source: PLH action 35 (C44): 47 % of all, 12 % of 2005-2012, 16 % after 2012.
    """
    ceiling = apl_ceiling_eur_month(homes, TYPICAL_FAMILY[homes.rooms], shapes)
    factor_needed = (ceiling - homes.charges_eur_month) / homes.rent_eur_month
    recent = {Period.FROM_2005: "population.under_apl_2005_share", Period.AFTER_2012: "population.under_apl_2013_share"}
    scale, met, rest = np.ones(len(Period)), 0.0, np.ones(len(homes), dtype=bool)
    for period, name in recent.items():
        rows = homes.period == period
        rest &= ~rows
        if rows.any():
            scale[period] = np.quantile(factor_needed[rows], 1 - shapes.value(name))
            met += shapes.value(name) * rows.sum()
    older = np.clip(
        (shapes.value("contexte.logements_sous_plafond_apl_share") * len(homes) - met) / max(rest.sum(), 1), 0.0, 1.0
    )
    scale[: min(recent)] = np.quantile(factor_needed[rest], 1 - older)
    return scale


def rent_caps_eur_month(shapes: Shapes, day: int) -> np.ndarray:
    """Return APL rent ceilings by (zone 2, zone 3) and family type 0 to 9, eur/month."""
    further = np.arange(8)
    lines = []
    for zone in (2, 3):
        alone, couple, one, each = (float(x) for x in shapes.law.at(f"apl.loyer_plafond_zone_{zone}_eur_month", day))
        lines.append(np.concatenate([[alone, couple], one + each * further]))
    return np.array(lines)


def flat_charges_eur_month(shapes: Shapes, day: int) -> np.ndarray:
    """Return the APL flat charges by family type 0 to 9, eur/month."""
    first, each = (float(x) for x in shapes.law.at("apl.forfait_charges_eur_month", day))
    return np.concatenate([[first], first + each * np.arange(9)])


def first_stock(shapes: Shapes, count: int, day: int, rng: np.random.Generator) -> tuple[Dwellings, float]:
    """Return ``count`` dwellings offered on the first day, all empty, and the gap left by the raking.

    Rows follow communes, then QPV, then landlords. Rents are not scaled yet (see ``rent_scale``).
    """
    table, gap = landlord_table(shapes.territory)
    cells = whole(table, count)
    commune, qpv, landlord = (np.repeat(axis.ravel(), cells.ravel()) for axis in np.indices(table.shape))
    homes = Dwellings.build(count, commune=commune, landlord=landlord)
    homes.qpv_map[:] = qpv * IN_2015 + in_qpv_2024(shapes.territory, commune, qpv, rng) * IN_2024
    outside = mark(rng, shapes.territory.communes["outside_share"].to_numpy(float)[commune], in_order=True)
    homes.channel[:] = np.where(outside, Channel.OUTSIDE, Channel.LIST)
    homes.period[:] = choose(rng, period_table(shapes, float(qpv.mean())), qpv)
    listed = np.flatnonzero(~outside)
    periods = np.bincount(homes.period[listed], minlength=len(Period)).astype(float)
    homes.rooms[listed] = 1 + choose(rng, rooms_table(shapes, periods, int(outside.sum())), homes.period[listed])
    homes.rooms[outside] = 1 + choose(rng, shapes["dwellings.rooms_outside"], int(outside.sum()))
    homes.financing[:] = choose(rng, shapes["dwellings.financing"], homes.period)
    homes.energy[:] = choose(
        rng, energy_table(shapes, np.bincount(homes.period, minlength=len(Period)).astype(float)), homes.period
    )
    furnish(homes, shapes, rng)
    homes.service_day[:] = service_days(homes.period, day, rng)
    return homes, gap


def in_qpv_2024(territory: Territory, commune: np.ndarray, qpv: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw who lies in a QPV of the 2024 map given the 2015 map: the two overlap as much as they can."""
    old = territory.communes["qpv2015_share"].to_numpy(float)[commune]
    new = territory.communes["qpv2024_share"].to_numpy(float)[commune]
    kept = np.divide(np.minimum(old, new), old, out=np.zeros_like(old), where=old > 0)
    added = np.divide(np.maximum(new - old, 0), 1 - old, out=np.zeros_like(old), where=old < 1)
    return mark(rng, np.where(qpv > 0, kept, added), in_order=True)


def service_days(period: np.ndarray, before: int, rng: np.random.Generator) -> np.ndarray:
    """Draw the day of entry into service, evenly over the period and before a day."""
    bounds = np.array(
        [(first_day(a), min(to_day(dt.date(min(b, 2100), 12, 31)), before - 1)) for a, b in YEARS_OF_PERIOD]
    )
    first, last = bounds[period, 0], np.maximum(bounds[period, 1], bounds[period, 0])
    return np.asarray(np.minimum(first + rng.random(len(period)) * (last - first + 1), before - 1).astype(np.int32))


def delivery_shares(shapes: Shapes) -> np.ndarray:
    """Return where new dwellings go, by commune: SRU missing dwellings and objectives of the PLH.

    Inside a territory the objective goes by population.
    """
    communes = shapes.territory.communes
    population = communes["population"].to_numpy(float)
    names = shapes.rows("deliveries.territory_objective")
    objective = dict(zip(names, shapes["deliveries.territory_objective"][:, 0], strict=True))
    wanted = np.array([objective[name] for name in communes["territoire"]])
    inside = population / np.bincount(communes["territoire_index"], weights=population)[communes["territoire_index"]]
    by_objective = wanted * inside
    missing = np.nan_to_num(communes["sru_missing"].to_numpy(float))
    weight = shapes.value("deliveries.missing_weight") if missing.sum() > 0 else 0.0
    return np.asarray(weight * missing / max(missing.sum(), 1) + (1 - weight) * by_objective / by_objective.sum())
