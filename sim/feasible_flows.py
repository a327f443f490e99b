"""Expected flows of a scenario as classes of applicants and of dwellings: what ``simhlm feasible`` bounds.

Everything comes from the generated first day and from the generators of newcomers; nothing is simulated. Each
choice errs on the generous side, because the answer is an upper bound: a class of dwellings is as affordable as
its cheapest one, a wish for one commune opens the whole territory, nobody leaves the list unhoused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.inputs.law import LawView
from sim.inputs.scenario import Loaded
from sim.inputs.territory import Territory
from sim.population.build import FirstDay
from sim.rules import affordability
from sim.rules.affordability import Terms
from sim.rules.bounds import Market
from sim.rules.criteria import Today
from sim.rules.resources import per_unit_eur_year, quartile, thresholds_of
from sim.rules.segments import Context, facts_of
from sim.rules.situations import is_in_qpv
from sim.state.applications import Applications
from sim.state.households import Households
from sim.state.luck import Luck
from sim.state.rows import Rows
from sim.words.clock import DAYS_PER_YEAR, months_later, to_day, year_of
from sim.words.codes import MUTATION_GROUNDS, PDALHPD_GROUNDS, Channel, Financing, Recognition
from sim.world.terms import law_terms

SAMPLE = 4_000
"""Newcomers drawn of each kind, and ordinary applicants kept of the first day; the recognised are all kept."""
ANYWHERE = -1
BEST_ZONE = 0  # zone 2 of the allowance, the higher of the two of the territory
COST_LEVELS = 2
"""Levels of rent per m2 told apart."""


@dataclass(frozen=True)
class Homes:
    """Classes of dwellings: where, which typology, which financing, and the cheapest of each."""

    is_in_qpv: np.ndarray
    territory: np.ndarray
    rooms: np.ndarray
    financing: np.ndarray
    rent: np.ndarray
    charges: np.ndarray
    surface: np.ndarray
    supply: np.ndarray


@dataclass(frozen=True)
class Files:
    """Applications with weights: how many each stands for over the period."""

    applications: Applications
    households: Households
    weight: np.ndarray
    home_class: np.ndarray  # class of the dwelling that a tenant would free, -1 = none


@dataclass(frozen=True)
class Flows:
    """What the bounds need: classes of applicants with their facts, classes of dwellings, and the market."""

    facts: dict[str, np.ndarray]
    homes: Homes
    available: np.ndarray
    eligible: np.ndarray  # (files, homes) bool
    class_of_file: np.ndarray
    weight: np.ndarray
    freed: np.ndarray

    def union(self, homes: np.ndarray) -> np.ndarray:
        """Return the share of each class eligible for one at least of these classes of dwellings."""
        some = self.eligible[:, homes].any(axis=1) * self.weight
        count = np.bincount(self.class_of_file, some, len(self.available))
        return np.asarray(count / np.maximum(self.available, 1e-9))

    def market(self, masks: list[np.ndarray]) -> Market:
        """Return the market, with the unions of classes of dwellings that objectives are about."""
        from scipy.sparse import csr_matrix

        files = len(self.weight)
        member = csr_matrix((self.weight, (self.class_of_file, np.arange(files))), (len(self.available), files))
        share = member @ self.eligible.astype(float)
        share /= np.maximum(self.available, 1e-9)[:, None]
        distinct = {mask.tobytes(): mask for mask in masks if mask.any()}
        unions = [(mask, self.union(mask)) for mask in distinct.values()]
        return Market(self.available, self.homes.supply, np.minimum(share, 1.0), self.freed, unions)


def flows_of(
    loaded: Loaded, territory: Territory, day_one: FirstDay, years: float, names: list[str], by_territory: bool
) -> Flows:
    """Return the expected flows of the first ``years`` years of a scenario.

    Parameters
    ----------
    names : list of str
        Criteria that tell classes of applicants apart, beside the largest typology accepted.
    by_territory : bool
        Whether classes of dwellings are told apart by territory (then not by financing); otherwise every wish
        reaches everywhere.
    """
    day = to_day(loaded.scenario.run.start)
    law = LawView(loaded.law, day)
    terms = law_terms(law, loaded.scenario.rules.affordability)
    fine, class_of_home = _homes(loaded, territory, day_one, years, law, by_territory)
    homes, coarse_of = _coarser(fine, [fine.is_in_qpv, fine.territory, fine.rooms] if by_territory else [])
    class_of_home = coarse_of[class_of_home]
    files = _files(loaded, territory, day_one, years, class_of_home)
    people = Rows(files.applications, np.arange(len(files.weight)), _rows(files.households))
    h = files.households
    per_unit = per_unit_eur_year(h.income_eur_month, h.consumption_units, terms.income_index)
    share = float(law["travailleurs_essentiels.part_des_actifs"])
    context = Context(quartile(per_unit, thresholds_of(law)), files.households.luck_id, share, Today(day, law))
    facts = facts_of(names, people, context)
    table = np.column_stack([*facts.values(), files.home_class >= 0, files.applications.rooms_max])
    kinds, class_of_file = np.unique(table.astype(np.int64), axis=0, return_inverse=True)
    class_of_file = class_of_file.reshape(-1)
    available = np.bincount(class_of_file, files.weight, len(kinds))
    freed = np.zeros((len(kinds), len(homes.supply)))
    moving = files.home_class >= 0
    np.add.at(freed, (class_of_file[moving], files.home_class[moving]), files.weight[moving])
    freed /= np.maximum(available, 1e-9)[:, None]
    eligible = np.zeros((len(files.weight), len(homes.supply)), dtype=bool)
    for place, column in zip(coarse_of, _eligible(files, fine, terms, territory, day_one).T, strict=True):
        eligible[:, place] |= column
    told = {name: kinds[:, place] == 1 for place, name in enumerate(facts)}
    return Flows(told, homes, available, eligible, class_of_file, files.weight, freed)


def _rows(table: Any) -> Rows:
    return Rows(table, np.arange(len(table)))


def _homes(
    loaded: Loaded, territory: Territory, day_one: FirstDay, years: float, law: LawView, by_territory: bool
) -> tuple[Homes, np.ndarray]:
    """Return classes of dwellings with their supply over the period, and the class of each dwelling of day one."""
    flows, scale = loaded.scenario.flows, _scale(loaded, territory)
    stock, day = day_one.dwellings, law.day
    new_luck = Luck(loaded.scenario.run.seed, 0).stream("feasible_deliveries")
    new = day_one.newcomers.new_dwellings(SAMPLE, flows.deliveries, new_luck, day)
    every = stock.copy()
    every.append(new)
    count = len(stock)
    in_qpv = is_in_qpv(every.qpv_map[: len(every)], int(law["qpv.carte"]))
    place = territory.communes["territoire_index"].to_numpy()[every.commune[: len(every)]]
    place = place if by_territory else np.full(len(every), ANYWHERE)
    rooms, financing, surface = (np.asarray(c[: len(every)]) for c in (every.rooms, every.financing, every.surface_m2))
    rent, charges = every.rent_eur_month[: len(every)], every.charges_eur_month[: len(every)]
    level = np.argsort(np.argsort(rent / surface, kind="stable"), kind="stable") * COST_LEVELS // len(every)
    table = np.column_stack([in_qpv, place, rooms, financing, level]).astype(np.int64)
    kinds, class_of = np.unique(table, axis=0, return_inverse=True)
    class_of = class_of.reshape(-1)
    weight = np.zeros(len(every))
    weight[:count] = _exits_per_year(loaded, day_one, in_qpv[:count], year_of(day)) * years
    listed = stock.channel[:count] == Channel.LIST
    weight[:count] += listed & (stock.tenant[:count] < 0)  # vacant on the first day
    weight[count:] = flows.deliveries.per_year * scale * years / SAMPLE if flows.deliveries.on else 0.0
    cheapest = [np.full(len(kinds), np.inf) for _ in range(3)]
    for least, values in zip(cheapest, (rent, charges, surface), strict=True):
        np.minimum.at(least, class_of, values)
    homes = Homes(
        kinds[:, 0] == 1, kinds[:, 1], kinds[:, 2], kinds[:, 3], cheapest[0], cheapest[1], cheapest[2],
        np.bincount(class_of, weight, len(kinds)),
    )  # fmt: skip
    return homes, class_of[:count]


def _coarser(homes: Homes, keys: list[np.ndarray]) -> tuple[Homes, np.ndarray]:
    """Return classes merged by keys, and the merged class of each; without keys, the same ones.

    Whoever is eligible for one is eligible for the merged class: the bound is looser, and still a bound.
    """
    if not keys:
        return homes, np.arange(len(homes.supply))
    _, first, merged = np.unique(np.column_stack(keys), axis=0, return_index=True, return_inverse=True)
    merged = merged.reshape(-1)
    columns = {name: getattr(homes, name)[first] for name in Homes.__dataclass_fields__}
    return Homes(**{**columns, "supply": np.bincount(merged, homes.supply)}), merged


def _scale(loaded: Loaded, territory: Territory) -> float:
    return float(loaded.scenario.run.applicants) / float(territory["demande.stock"])


def _exits_per_year(loaded: Loaded, day_one: FirstDay, in_qpv: np.ndarray, year: int) -> np.ndarray:
    """Return the chance that each dwelling let through the list is left in a year (as ``sim/flows/exits.py`` draws)."""
    p, d, h = loaded.scenario.flows.exits, day_one.dwellings, day_one.households
    chance = np.zeros(len(d))
    if not p.on:
        return chance
    let = np.flatnonzero(d.tenant[: len(d)] >= 0)
    is_outside = d.channel[let] == Channel.OUTSIDE
    age = year - h.birth_year[d.tenant[let]].astype(int)
    weight = np.interp(age, [a for a, _ in p.age_profile], [w for _, w in p.age_profile])
    weight = weight * np.array(p.rooms_profile)[d.rooms[let] - 1] * np.where(in_qpv[let], p.qpv_ratio, 1.0)
    known = [y for y in p.per_year_share if y <= year] or [min(p.per_year_share)]
    leaving = p.per_year_share[max(known)] * len(let) - p.outside_turnover_per_year * is_outside.sum()
    chance[let] = np.where(is_outside, 0.0, weight * leaving / max(weight[~is_outside].sum(), 1.0))
    return chance


def _files(loaded: Loaded, territory: Territory, day_one: FirstDay, years: float, class_of_home: np.ndarray) -> Files:
    """Return applications of the first day and of the period, weighted, before and after recognition."""
    flows, seed, day = loaded.scenario.flows, loaded.scenario.run.seed, to_day(loaded.scenario.run.start)
    luck, newcomers = Luck(seed, 0), day_one.newcomers
    a, h = day_one.applications, day_one.households
    rng = luck.stream("feasible_sample")
    ordinary, known = np.flatnonzero(a.recognition[: len(a)] == 0), np.flatnonzero(a.recognition[: len(a)] != 0)
    some = np.sort(rng.permutation(ordinary)[:SAMPLE])
    rows = np.concatenate([known, some])
    weight = [np.ones(len(known)), np.full(len(some), len(ordinary) / max(len(some), 1))]
    files, homes = a.take(rows), h.take(a.household[rows])
    per_year = flows.arrivals.per_year * _scale(loaded, territory) if flows.arrivals.on else 0.0
    comers, asked = newcomers.first_access(SAMPLE, luck.stream("feasible_first_access"), day)
    comers.luck_id[:] = rng.integers(0, 2**63, SAMPLE, dtype=np.uint64)
    who = newcomers.pick_mutation_filers(h, day_one.dwellings, SAMPLE, luck.uniform, day)
    moving = newcomers.mutation_requests(h, day_one.dwellings, who, luck.stream("feasible_mutations"), day)
    share = flows.arrivals.mutation_share
    for more, people, part in ((asked, comers, 1 - share), (moving, h.take(who), share)):
        files.append(more)
        homes.append(people)
        weight.append(np.full(len(more), per_year * years * part / max(len(more), 1)))
    files, homes = files.copy(), homes.copy()
    dwelling = np.where(files.is_mutation, homes.dwelling, -1)
    home_class = np.where(dwelling >= 0, class_of_home[dwelling], -1)
    return _recognised(Files(files, homes, np.concatenate(weight), home_class), loaded, day)


def _recognised(files: Files, loaded: Loaded, day: int) -> Files:
    """Split each application into what it is and what it may be recognised as, with the chances of the scenario."""
    p, a = loaded.scenario.flows.recognitions, files.applications
    is_open = (a.recognition == 0) * float(p.on)
    waited = np.maximum(0, day - a.filed_day)
    pending = np.exp(-waited / p.pdalhpd.delay_mean_days) * is_open
    decides = np.asarray(months_later(a.filed_day, int(loaded.law.at("dalo.delai_commission_months", day)))) > day
    is_first = ((a.grounds & np.uint32(PDALHPD_GROUNDS)) > 0) & ~a.is_mutation
    is_moving = ((a.grounds & np.uint32(MUTATION_GROUNDS)) > 0) & a.is_mutation
    chances = {
        Recognition.DALO: decides * is_open * is_first * p.dalo.share,
        Recognition.PDALHPD: pending * is_first * p.pdalhpd.share,
        Recognition.MUTATION: np.exp(-waited / p.mutation.delay_mean_days) * is_open * is_moving * p.mutation.share,
    }
    parts = [(np.arange(len(a)), np.zeros(len(a), dtype=np.uint8), 1.0 - sum(chances.values()))]
    for flag, chance in chances.items():
        rows = np.flatnonzero(chance > 0)
        parts.append((rows, np.full(len(rows), int(flag), dtype=np.uint8), chance[rows]))
    rows = np.concatenate([part[0] for part in parts])
    split, homes = a.take(rows), files.households.take(rows)
    split.recognition[:] |= np.concatenate([part[1] for part in parts])
    weight = files.weight[rows] * np.concatenate([part[2] for part in parts])
    return Files(split, homes, weight, files.home_class[rows])


def _eligible(files: Files, homes: Homes, terms: Terms, territory: Territory, day_one: FirstDay) -> np.ndarray:
    """Return who wishes, may have and can afford which class of dwellings (bool, files x homes)."""
    a, h = files.applications, files.households
    wishes = _territories_wished(territory, day_one)[a.place_set]
    income, tax_income = h.income_eur_month * terms.income_index, h.tax_income_eur_year * terms.income_index
    under = np.column_stack([
        tax_income <= affordability.income_ceiling_eur_year(int(f), h.ceiling_category, h.persons_over_six, terms)
        for f in Financing
    ])  # fmt: skip
    found = np.zeros((len(files.weight), len(homes.supply)), dtype=bool)
    for j in range(len(homes.supply)):
        fits = (a.rooms_min <= homes.rooms[j]) & (a.rooms_max >= homes.rooms[j]) & under[:, homes.financing[j]]
        rows = np.flatnonzero(fits & wishes[:, homes.territory[j]])  # ANYWHERE is the last column, all true
        rent, charges = homes.rent[j] * terms.rent_index, homes.charges[j] * terms.rent_index
        allowance = affordability.apl_eur_month(rent, tax_income[rows], h.family_type[rows], BEST_ZONE, terms)
        cost = affordability.net_cost_eur_month(rent, charges, homes.surface[j], allowance, terms)
        found[rows, j] = affordability.can_afford(cost, income[rows], h.consumption_units[rows], terms)
    return found


def _territories_wished(territory: Territory, day_one: FirstDay) -> np.ndarray:
    """Return which territories each set of places reaches (bool, sets x territories, then anywhere)."""
    communes, count = len(territory.communes), len(territory.territoires)
    index = territory.communes["territoire_index"].to_numpy()
    offsets, members = day_one.places.ragged()
    reached = np.zeros((len(offsets) - 1, count), dtype=bool)
    sets = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    is_commune, is_whole = members < communes, members >= communes + count
    part = ~is_commune & ~is_whole
    reached[sets[is_commune], index[members[is_commune]]] = True
    reached[sets[part], members[part] - communes] = True
    reached[sets[is_whole]] = True
    return np.column_stack([reached, np.ones(len(reached), dtype=bool)])


def period_years(loaded: Loaded) -> float:
    """Return the length of the run in years."""
    run = loaded.scenario.run
    return (to_day(run.end) - to_day(run.start) + 1) / DAYS_PER_YEAR
