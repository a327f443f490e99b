"""Households change: births, unions, separations, children who grow, deaths, disability, incomes.

Each happens at most once a year to a household, on a day of its own, drawn on 1 January and kept in due-day
calendars: nothing is done per household per day, and it is noted on the office day that follows. Composition
decides occupancy, grounds for moving, quartile.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sim.flows.exits import Departures
from sim.flows.recognitions import Procedures
from sim.flows.renewals import Anniversaries
from sim.population.again import first_access_requests
from sim.population.people import derive
from sim.rules import lives as rules
from sim.rules.lives import Composition
from sim.state.households import Households
from sim.state.luck import offspring
from sim.words.clock import Phase, first_day, year_of
from sim.words.codes import Channel, Employment, Occupation, Reason, Status
from sim.world import moves, moves_stock
from sim.world.buckets import ROOMS as LARGEST
from sim.world.calendar import Calendar
from sim.world.world import Story, World

COMPOSED = (
    "size", "children_count", "dependants_count", "is_couple", "consumption_units", "ceiling_category",
    "persons_over_six", "family_type",
)  # fmt: skip
ROOMS = ("rooms_min", "rooms_max", "rooms_wanted")
SAME: dict[str, tuple[Callable[[Composition], Composition], Reason]] = {
    "birth": (rules.birth, Reason.BIRTH),
    "growth": (rules.growth, Reason.CHILD_GROWN),
    "departure": (rules.departure, Reason.CHILD_GROWN),
    "union": (rules.union, Reason.NONE),
    "widowhood": (rules.widowhood, Reason.DEATH),
}
"""Events after which the household is the same one."""
OTHERS = ("separation", "income", "disability", "retirement", "death", "ownership")


class Lives:
    """What is to happen, by kind and day."""

    def __init__(self, anniversaries: Anniversaries, procedures: Procedures, departures: Departures) -> None:
        self.due = {kind: Calendar() for kind in (*SAME, *OTHERS)}
        self.anniversaries, self.procedures, self.departures = anniversaries, procedures, departures


def living(world: World) -> np.ndarray:
    """Return the households that rent in the stock or ask for a dwelling."""
    h = world.households
    return np.flatnonzero((h.dwelling[: len(h)] >= 0) | (h.application[: len(h)] >= 0))


def profile(points: tuple[tuple[int, float], ...], age: np.ndarray) -> np.ndarray:
    """Return a rate at each age, by straight lines; nothing before the first age."""
    ages, rates = zip(*points, strict=True)
    return np.asarray(np.interp(age, ages, rates) * (age >= ages[0]))


def draw_year(world: World, lives: Lives, from_day: int) -> None:
    """Draw what happens to whom in the year, and when."""
    h, p, year = world.households, world.scenario.flows.life, year_of(from_day)
    rows = living(world)
    homes = h.take(rows)
    who, age = rules.composition_of(homes), year - homes.birth_year.astype(int)
    alone, couple, is_tenant = who.size == 1, who.is_couple, homes.dwelling >= 0
    single = ~couple
    birth = profile(p.birth_profile, age) * np.where(couple, 1.0, p.birth_single_ratio)
    death = profile(p.death_profile, age)
    rates = {
        "birth": birth,
        "growth": who.children / float(world.law["uc.age_enfant_years"]),
        "departure": rules.grown_others(who) / p.grown_stay_years,
        "union": profile(p.union_profile, age) * single,
        "widowhood": 2 * death * couple,
        "separation": p.separation_per_year * couple,
        "income": np.full(len(rows), p.income_moves_share),
        "disability": profile(p.disability_profile, age) * ~homes.is_disabled,
        "retirement": (age >= float(world.law["retraite.age_years"])) & (homes.employment != Employment.RETIRED),
        "death": death * alone * ~is_tenant,
        "ownership": is_tenant * p.ownership_per_year * world.scale / max(int(is_tenant.sum()), 1),
    }
    length = first_day(year + 1) - from_day
    part = length / (first_day(year + 1) - first_day(year))
    for kind, rate in rates.items():
        happens = world.luck.uniform(f"life_{kind}", homes.luck_id[: len(rows)], year) < rate * part
        luck = world.luck.uniform(f"life_day_{kind}", homes.luck_id[happens], year)
        lives.due[kind].add(from_day + (luck * length).astype(np.int64), rows[happens])


def live(world: World, lives: Lives) -> Story:
    """On each office day, what happened since the one before, kind after kind."""
    starts = {world.first + 1, *(first_day(year) for year in range(year_of(world.first) + 1, year_of(world.last) + 1))}
    for day in sorted(starts | {day for day in world.office_days if day > world.first}):
        yield world.until(day, Phase.RENEWALS)
        if day in starts:
            draw_year(world, lives, day)
        for kind, calendar in lives.due.items():
            rows = calendar.pop(day)
            h = world.households
            rows = rows[(h.dwelling[rows] >= 0) | (h.application[rows] >= 0)]
            if len(rows):
                happen(world, lives, kind, rows)


def happen(world: World, lives: Lives, kind: str, rows: np.ndarray) -> None:
    """Let one kind of event happen to some households."""
    h, p = world.households, world.scenario.flows.life
    if kind in SAME:
        rule, reason = SAME[kind]
        compose(world, rows, rule(rules.composition_of(h.take(rows))), reason)
    elif kind == "separation":
        separate(world, lives, rows[h.is_couple[rows]])
    elif kind == "income":
        first, second = (world.luck.uniform(f"life_income_{i}", h.luck_id[rows], world.day) for i in (1, 2))
        normal = np.sqrt(-2 * np.log1p(-first)) * np.cos(2 * np.pi * second)
        factor = np.exp(p.income_spread * normal - p.income_spread**2 / 2)
        scale_income(world, rows, factor, Reason.INCOME_MOVED)
    elif kind == "disability":
        homes = h.take(rows)
        homes.is_disabled[:] = True
        rewrite(world, rows, homes, ("is_disabled",), Reason.NONE)
    elif kind == "retirement":
        values = np.full(len(rows), int(Employment.RETIRED))
        moves_stock.change(world, {"employment": values}, rows, Reason.NONE)
    elif kind == "death":
        files = h.application[rows].astype(np.int64)
        files = files[files >= 0]  # some were housed since the day was drawn
        files = files[world.applications.status[files] == Status.OPEN]
        moves_stock.house_elsewhere(world, files, Reason.DEATH)
    else:  # tenants who leave for a home of their own give notice like others (flows/exits.py)
        is_listed = world.dwellings.channel[np.maximum(h.dwelling[rows], 0)] == Channel.LIST
        lives.departures.notices.add_group(world.day, rows[(h.dwelling[rows] >= 0) & is_listed])


def compose(world: World, rows: np.ndarray, to: Composition, reason: Reason) -> None:
    """Give households a new composition, and all that the law derives from it."""
    homes = world.households.take(rows)
    homes.size[:], homes.children_count[:] = to.size, to.children
    homes.dependants_count[:], homes.is_couple[:] = to.dependants, to.is_couple
    rewrite(world, rows, homes, (), reason)


def rewrite(world: World, rows: np.ndarray, homes: Households, names: tuple[str, ...], reason: Reason) -> None:
    """Write what changed in households; their applications ask for other rooms and are ranked again."""
    h, a = world.households, world.applications
    derive(homes, world.newcomers.shapes, world.day)
    files = h.application[rows].astype(np.int64)
    asks = files >= 0
    by_size = np.array(world.law["typologie.pieces_min"], dtype=int)
    shift = rules.rooms_shift(h.size[rows].astype(int), homes.size.astype(int), by_size)[asks]
    files = files[asks]
    wishes = {name: np.clip(getattr(a, name)[files].astype(int) + shift, 1, LARGEST) for name in ROOMS}

    def write() -> None:
        values = {name: getattr(homes, name) for name in (*COMPOSED, *names)}
        moves_stock.change(world, values, rows, reason)
        moves_stock.change(world, wishes, files, reason)

    world.relist(files, write)


def scale_income(world: World, rows: np.ndarray, factor: np.ndarray, reason: Reason) -> None:
    """Multiply resources and tax income."""
    h = world.households
    values = {name: getattr(h, name)[rows] * factor for name in ("income_eur_month", "tax_income_eur_year")}
    files = h.application[rows].astype(np.int64)
    world.relist(files[files >= 0], lambda: moves_stock.change(world, values, rows, reason))


def separate(world: World, lives: Lives, rows: np.ndarray) -> None:
    """Couples part: one stays; the other files an application, or keeps the seniority of theirs (L441-1 al. 2)."""
    if not len(rows):
        return
    h, a, p = world.households, world.applications, world.scenario.flows.life
    luck = world.luck.uniform("life_children", h.luck_id[rows], world.day)
    stay, go = rules.separation(rules.composition_of(h.take(rows)), luck < p.separation_takes_children_share)
    files = h.application[rows].astype(np.int64)
    filed = np.where(files >= 0, a.filed_day[np.maximum(files, 0)], world.day)
    partner = h.take(rows)
    partner.size[:], partner.children_count[:] = go.size, go.children
    partner.dependants_count[:], partner.is_couple[:] = go.dependants, go.is_couple
    partner.dwelling[:], partner.application[:], partner.lease_day[:] = -1, -1, -1
    partner.occupation[:] = Occupation.THIRD_PARTY
    for column in (partner.income_eur_month, partner.tax_income_eur_year):
        column *= np.float32(1 - p.separation_income_share)
    derive(partner, world.newcomers.shapes, world.day)
    partner.luck_id[:] = offspring(h.luck_id[rows], "separation", world.day)
    compose(world, rows, stay, Reason.SEPARATION)
    scale_income(world, rows, np.full(len(rows), p.separation_income_share), Reason.SEPARATION)
    everyone, draws = np.arange(len(partner)), world.own_draws("separation", partner.luck_id)
    made = first_access_requests(world.newcomers, partner, everyone, draws, world.day)
    validity = int(world.law["demande.validite_days"])
    made.household[:], made.filed_day[:], made.renewal_due_day[:] = -1, filed, filed + validity
    made.luck_id[:] = partner.luck_id
    filed_rows = moves.file_applications(world, made, partner)
    moves.renew(world, filed_rows, np.full(len(filed_rows), world.day + validity))
    lives.anniversaries.add(world, filed_rows)
    lives.procedures.add(world, filed_rows)
