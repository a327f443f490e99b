"""Foyers, résidences sociales, student rooms, pensions de famille, sublet dwellings: places outside the stock.

They pass before no CALEOL. The list only sees who leaves it for one of them, and who comes back from one.
"""

from __future__ import annotations

import numpy as np

from sim.flows.arrivals_again import file_again
from sim.flows.programme import Plan, lowest
from sim.flows.recognitions import Procedures
from sim.flows.renewals import Anniversaries
from sim.inputs.stock_files import PLACES
from sim.rules.places import suits
from sim.words.clock import DAYS_PER_MONTH, Phase, year_of
from sim.words.codes import Ground, Occupation, Reason, Status
from sim.world import moves_stock
from sim.world.calendar import Calendar
from sim.world.world import Story, World

BACK_AS = {
    "etudiant": Occupation.STUDENT,
    "intermediation": Occupation.SUBLET,
    "prive_conventionne": Occupation.PRIVATE,
}
TRANSITION = int(Ground.P09_TRANSITION)


class Residents:
    """Households in places, by the day on which they leave, one calendar for each kind of place."""

    def __init__(self) -> None:
        self.leaving = {kind: Calendar() for kind in PLACES}


def places(world: World, plan: Plan, batch_days: int, anniversaries: Anniversaries, procedures: Procedures) -> Story:
    """Each fortnight places open, residents whose stay is over leave, and others of the list come in."""
    residents = Residents()
    for day in range(world.first, world.last + 1, batch_days):
        yield world.until(day, Phase.VACANCIES)
        if plan.covers(day):
            for number, line, count in plan.counts(world, plan.places, day, "places_count"):
                fill(world, residents, line.product, count, number)
        for kind, calendar in residents.leaving.items():
            gone = calendar.pop(day)
            if len(gone):
                come_back(world, kind, gone, anniversaries, procedures)
                fill(world, residents, kind, len(gone), 0)


def fill(world: World, residents: Residents, kind: str, count: int, occasion: int) -> None:
    """Take from the list as many households as there are places, drawn among those whom the place suits."""
    a, p = world.applications, world.scenario.flows.places
    if not count:
        return
    rows = np.flatnonzero(a.status[: len(a)] == Status.OPEN)
    rows = rows[~a.is_mutation[rows]]
    people = world.applicants(rows)
    age = year_of(world.day) - people.birth_year.astype(np.int32)
    rows = rows[suits(kind, people, age, int(world.law["jeunes.age_max_years"]))]
    luck = world.luck.uniform(f"place_{kind}", a.luck_id[rows], world.day + occasion)
    rows = lowest(rows, luck, count)
    if not len(rows):
        return
    households = a.household[rows].astype(np.int64)
    in_stock = world.households.dwelling[households] >= 0
    rows, households = rows[~in_stock], households[~in_stock]
    moves_stock.house_elsewhere(world, rows, Reason.PLACE)
    stay = world.luck.uniform("place_stay", world.households.luck_id[households], world.day)
    mean_days = p.stay_mean_months * DAYS_PER_MONTH
    leaves = world.day + np.maximum(1, np.rint(-np.log1p(-stay) * mean_days)).astype(np.int64)
    residents.leaving[kind].add(leaves, households)


def come_back(
    world: World, kind: str, households: np.ndarray, anniversaries: Anniversaries, procedures: Procedures
) -> None:
    """Some of those who leave a place ask for a dwelling."""
    share = world.scenario.flows.places.back_on_list_share
    luck = world.luck.uniform("place_back", world.households.luck_id[households], world.day)
    rows = households[(luck < share) & (world.households.application[households] < 0)]
    occupation = BACK_AS.get(kind, Occupation.FOYER)
    file_again(world, rows, TRANSITION if occupation == Occupation.FOYER else 0, anniversaries, procedures)
