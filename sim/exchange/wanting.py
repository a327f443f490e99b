"""Who would take whose dwelling, and is eligible for it today (the edges of the swap graph).

``obstacles`` says why not, with the very rules that allocation uses; ``swap_graph`` is the NetworkX form built from
it. ``swap_arrays`` builds the same graph straight into arrays, compiled, for large pools: a test compares the two.
"""

from __future__ import annotations

from dataclasses import dataclass

import networkx as nx
import numpy as np
from numba import njit

from sim.exchange.graph import SwapGraph
from sim.exchange.pool import Pool, Usage
from sim.rules import affordability, eligibility
from sim.rules.affordability import Terms
from sim.words.codes import EntryBar, Label

FIRST_ROOM = 4096
ZONES = 2
NEAR = 32  # adverts looked at first


class Obstacle(Label):
    """Why a tenant does not take a dwelling today; none = an edge."""

    SELF = 1
    CONDITIONS = 2
    WISH = 4
    TYPOLOGY = 8
    UNDER_OCCUPATION = 16
    OVER_OCCUPATION = 32
    CEILING = 64
    EFFORT = 128
    ACCESSIBILITY = 256


@dataclass(frozen=True)
class SwapTerms:
    """The law and the practice of a day, for exchanges."""

    terms: Terms
    usage: Usage
    wishes: np.ndarray  # bool (sets of places, communes)


def obstacles(pool: Pool, u: int, given: SwapTerms) -> np.ndarray:
    """Return the ``Obstacle`` flags of one tenant to each dwelling of the pool (uint16).

    A new lease is signed: the income ceiling is that of the day, raised where the convention says so (R441-1-2), and
    *nonobstant* only for the landlord's cheaper offer to an under-occupying tenant (L442-3-1).
    """
    terms, usage = given.terms, given.usage
    persons = np.full(len(pool), pool.size[u])
    tax = np.float64(pool.tax_income_eur_year[u]) * terms.income_index
    limit = affordability.income_ceiling_eur_year(
        pool.financing, int(pool.ceiling_category[u]), int(pool.persons_over_six[u]), terms
    )
    exempt = eligibility.is_exempt(
        usage.is_under(pool.rooms[u : u + 1], pool.size[u : u + 1]),
        pool.landlord == pool.landlord[u],
        pool.rent_eur_month[u],
        pool.rent_eur_month,
    )
    bar = eligibility.bar_to_entry(tax, limit, exempt=exempt, raised_share=pool.raised_share)
    cost = _cost(pool, u, terms, np.arange(len(pool)))
    income = np.float64(pool.income_eur_month[u]) * terms.income_index
    pays = affordability.can_afford(cost, income, np.float64(pool.consumption_units[u]), terms)
    lacks = {
        Obstacle.SELF: np.arange(len(pool)) == u,
        Obstacle.CONDITIONS: ~pool.may_swap | ~pool.may_swap[u] | pool.is_vacant[u],
        Obstacle.WISH: ~given.wishes[pool.place_set[u]][pool.commune],
        Obstacle.TYPOLOGY: (pool.rooms < pool.rooms_min[u]) | (pool.rooms > pool.rooms_max[u]),
        Obstacle.UNDER_OCCUPATION: usage.is_under(pool.rooms, persons),
        Obstacle.OVER_OCCUPATION: usage.is_over(pool.lodged_m2, persons),
        Obstacle.CEILING: bar == EntryBar.INCOME,
        Obstacle.EFFORT: ~pays,
        Obstacle.ACCESSIBILITY: ~pool.is_accessible & pool.is_accessible_needed[u],
    }
    flags = np.zeros(len(pool), dtype=np.uint16)
    for obstacle, holds in lacks.items():
        flags |= np.where(holds, int(obstacle), 0).astype(np.uint16)
    return flags


def _cost(pool: Pool, u: int, terms: Terms, homes: np.ndarray) -> np.ndarray:
    """Return what dwellings would cost one tenant, allowance deducted, eur/month."""
    rent = pool.rent_eur_month[homes].astype(np.float64) * terms.rent_index
    tax, zone = np.float64(pool.tax_income_eur_year[u]) * terms.income_index, pool.zone[homes].astype(int)
    allowance = affordability.apl_eur_month(rent, tax, int(pool.family_type[u]), zone, terms)
    charges = pool.charges_eur_month[homes].astype(np.float64) * terms.rent_index
    surface = pool.lodged_m2[homes].astype(np.float64)
    return np.asarray(affordability.net_cost_eur_month(rent, charges, surface, allowance, terms))


def swap_graph(pool: Pool, given: SwapTerms) -> nx.DiGraph:
    """Return the swap graph in its public form.

    Nodes are the rows of the pool, with its columns as attributes (see ``Pool``; ``vacant`` is an empty dwelling).
    An edge u -> v says that u would take v's dwelling and is eligible for it today; its attributes are ``weight``
    (1: one household moves) and ``preference`` (how u ranks it: commune wished first, then typology, then effort).
    """
    graph = nx.DiGraph()
    for u in range(len(pool)):
        graph.add_node(u, vacant=bool(pool.is_vacant[u]), **{name: values[u].item() for name, values in pool.columns()})
    for u in range(len(pool)):
        taken = np.flatnonzero(obstacles(pool, u, given) == 0)
        income = max(1.0, float(pool.income_eur_month[u]) * given.terms.income_index)
        effort = _cost(pool, u, given.terms, taken) / income
        first = pool.commune[taken] == pool.first_commune[u]
        likes = 2.0 * first + (pool.rooms[taken] == pool.rooms_wanted[u]) + (1.0 - effort)
        graph.add_edges_from(
            (u, int(v), {"weight": 1.0, "preference": float(p)}) for v, p in zip(taken, likes, strict=True)
        )
    return graph


apl = njit(cache=True)(affordability.apl_eur_month)
net_cost = njit(cache=True)(affordability.net_cost_eur_month)
afford = njit(cache=True)(affordability.can_afford)
ceiling = njit(cache=True)(affordability.income_ceiling_eur_year)


@dataclass(frozen=True)
class Adverts:
    """What tenants look at: dwellings in one order, each from a place of its own, until some suit.

    Attributes
    ----------
    order : numpy.ndarray
        Nodes in the order of the adverts.
    first : numpy.ndarray
        Place in that order where each tenant begins.
    most : int
        A tenant stops after so many that suit.
    """

    order: np.ndarray
    first: np.ndarray
    most: int


def swap_arrays(
    pool: Pool, given: SwapTerms, adverts: Adverts | None = None, bearable: np.ndarray | None = None
) -> SwapGraph:
    """Return the swap graph of a pool, built straight into arrays (the same edges as ``swap_graph``).

    Parameters
    ----------
    pool : Pool
        Tenants and empty dwellings.
    given : SwapTerms
        Law and practice of the day.
    adverts : Adverts, optional
        What tenants look at, when not everything: only the edges that they see.
    bearable : numpy.ndarray, optional
        Largest gross cost that each row could ever bear in each APL zone (rows, zones), eur/month: dearer dwellings are
        passed over at one look. For speed only.
    """
    nodes = np.arange(len(pool))
    seen = Adverts(nodes, np.zeros_like(nodes), len(pool)) if adverts is None else adverts
    p = pool
    surfaces = np.asarray(given.usage.surfaces_m2, dtype=np.float64)
    persons = np.clip(p.size.astype(np.int64), 1, len(surfaces)) - 1
    homes = (
        p.commune.astype(np.int64), p.rooms.astype(np.int64), p.lodged_m2.astype(np.float64),
        p.rent_eur_month.astype(np.float64), p.charges_eur_month.astype(np.float64), p.financing.astype(np.int64),
        p.landlord.astype(np.int64), p.zone.astype(np.int64), p.is_accessible, p.raised_share,
    )  # fmt: skip
    people = (
        p.size.astype(np.int64), p.tax_income_eur_year.astype(np.float64), p.income_eur_month.astype(np.float64),
        p.consumption_units.astype(np.float64), p.ceiling_category.astype(np.int64),
        p.persons_over_six.astype(np.int64), p.family_type.astype(np.int64), p.is_accessible_needed,
        surfaces[persons],
    )  # fmt: skip
    wants = (
        p.rooms_min.astype(np.int64), p.rooms_max.astype(np.int64), p.rooms_wanted.astype(np.int64),
        p.first_commune.astype(np.int64), p.place_set.astype(np.int64),
    )  # fmt: skip
    starts, heads, preference = _build(
        p.may_swap,
        p.is_vacant,
        homes,
        people,
        wants,
        given.wishes,
        given.usage.excess_rooms,
        given.terms,
        seen.order,
        seen.first,
        seen.most,
        np.full((len(pool), ZONES), np.inf) if bearable is None else bearable,
    )
    return SwapGraph(starts, heads, np.ones(len(heads)), preference, p.is_vacant)


@njit(cache=True)
def _by_kind(commune, rooms, may_swap, order, wide, communes):  # type: ignore[no-untyped-def]
    """Return the places of the adverts by commune, then typology (a counting sort)."""
    at = np.zeros(communes * wide + 1, dtype=np.int64)
    for v in order:
        if may_swap[v]:
            at[commune[v] * wide + rooms[v] + 1] += 1
    at = np.cumsum(at)
    places, filled = np.empty(at[-1], dtype=np.int64), at.copy()
    for place in range(len(order)):
        v = order[place]
        if may_swap[v]:
            kind = commune[v] * wide + rooms[v]
            places[filled[kind]] = place
            filled[kind] += 1
    return at, places


@njit(cache=True)
def _build(may_swap, is_vacant, homes, people, wants, wishes, excess, terms, order, first, most, bearable):  # type: ignore[no-untyped-def]
    commune, rooms, surface, rent, charges, financing, landlord, zone, accessible, raised = homes
    size, tax_income, income, units, category, over_six, family, needs, least = people
    rooms_min, rooms_max, wanted, first_commune, place_set = wants
    n = len(may_swap)
    starts = np.zeros(n + 1, dtype=np.int64)
    heads, likes, m = np.empty(FIRST_ROOM, dtype=np.int32), np.empty(FIRST_ROOM), 0
    gross = (rent + charges) * terms.rent_index + surface * terms.energy_eur_month_m2
    wide = rooms.max() + 1 if n else 1
    at, places = _by_kind(commune, rooms, may_swap, order, wide, wishes.shape[1])
    near = np.empty(n, dtype=np.int64)
    for u in range(n):
        if may_swap[u] and not is_vacant[u]:
            wished, tax = wishes[place_set[u]], tax_income[u] * terms.income_index
            earns, is_under = income[u] * terms.income_index, rooms[u] - size[u] > excess
            low, high = rooms_min[u], min(rooms_max[u], size[u] + excess)
            total = 0  # of what suits by commune and typology
            for c in range(len(wished)):
                if wished[c]:
                    total += at[c * wide + min(high + 1, wide)] - at[c * wide + min(low, wide)]
            since, until = 0, n if total <= NEAR or most >= n else n * NEAR // total  # the nearest first: often enough
            while since < n:
                met = 0  # places, counted from where the tenant begins
                for c in range(len(wished)):
                    if wished[c]:
                        for i in range(at[c * wide + min(low, wide)], at[c * wide + min(high + 1, wide)]):
                            ahead = places[i] - first[u] if places[i] >= first[u] else places[i] - first[u] + n
                            if since <= ahead < until:
                                near[met] = ahead
                                met += 1
                for ahead in np.sort(near[:met]):
                    if m - starts[u] == most:
                        break
                    place = first[u] + ahead
                    v = order[place if place < n else place - n]
                    if v == u or bearable[u, zone[v]] < gross[v]:
                        continue
                    if surface[v] < least[u] or (needs[u] and not accessible[v]):
                        continue
                    limit = ceiling(financing[v], category[u], over_six[u], terms)
                    is_exempt = is_under and landlord[v] == landlord[u] and rent[v] < rent[u]
                    if tax / limit > 1.0 + raised[v] and not is_exempt:
                        continue
                    monthly = rent[v] * terms.rent_index
                    allowance = apl(monthly, tax, family[u], zone[v], terms)
                    cost = net_cost(monthly, charges[v] * terms.rent_index, surface[v], allowance, terms)
                    if not afford(cost, earns, units[u], terms):
                        continue
                    if m == len(heads):
                        heads = np.concatenate((heads, np.empty(m, dtype=np.int32)))
                        likes = np.concatenate((likes, np.empty(m)))
                    heads[m] = v
                    likes[m] = 2.0 * (commune[v] == first_commune[u]) + (rooms[v] == wanted[u]) + 1.0
                    likes[m] -= cost / max(1.0, earns)
                    m += 1
                since, until = until if m - starts[u] < most else n, n
        starts[u + 1] = m
    return _in_order(starts, heads[:m], likes[:m])


@njit(cache=True)
def _in_order(starts, heads, likes):  # type: ignore[no-untyped-def]
    """Return rows whose heads ascend: edges by the node that they enter, then back by the tenant (counting sorts)."""
    n = len(starts) - 1
    at = np.zeros(n + 1, dtype=np.int64)
    for v in heads:
        at[v + 1] += 1
    at = np.cumsum(at)
    tails, edges = np.empty(len(heads), dtype=np.int32), np.empty(len(heads), dtype=np.int32)
    for u in range(n):
        for e in range(starts[u], starts[u + 1]):
            tails[at[heads[e]]], edges[at[heads[e]]] = u, e
            at[heads[e]] += 1
    filled, sorted_heads, sorted_likes = starts[:-1].copy(), np.empty_like(heads), np.empty_like(likes)
    for k in range(len(heads)):
        place = filled[tails[k]]
        sorted_heads[place], sorted_likes[place] = heads[edges[k]], likes[edges[k]]
        filled[tails[k]] += 1
    return starts, sorted_heads, sorted_likes
