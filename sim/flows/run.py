"""One replication: build the world, start the flows, run, hand over."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.flows.arrivals import arrivals
from sim.flows.caleol import commissions
from sim.flows.control import months
from sim.flows.deliveries import deliveries
from sim.flows.exits import Departures, exits, start_year
from sim.flows.first_day import pipeline
from sim.flows.levers import entries, evictions, help_to_move
from sim.flows.lives import Lives, live
from sim.flows.offers import answers, leases
from sim.flows.places import places
from sim.flows.programme import Plan
from sim.flows.recognitions import Procedures, recognitions
from sim.flows.renewals import Anniversaries, renewals, strikes
from sim.flows.reviews import reviews
from sim.flows.stock import start_stock
from sim.flows.yearly import dated_changes, new_years, photograph
from sim.inputs.schema import EXCHANGE
from sim.inputs.territory import Territory
from sim.population.build import FirstDay
from sim.rules.policy import policy_of
from sim.state.living import APPLICATIONS, DWELLINGS, HOUSEHOLDS
from sim.state.luck import Luck
from sim.state.records import ROUND, Replication
from sim.state.tables import Table
from sim.words.clock import to_day, year_of
from sim.world.waiting import Waiting
from sim.world.world import World

if TYPE_CHECKING:
    from sim.inputs.scenario import Loaded


def build_world(
    loaded: Loaded, territory: Territory, first_day: FirstDay, replication: int, index: type[Waiting] = Waiting
) -> World:
    """Return the world of a replication on its first day, nothing started."""
    run = loaded.scenario.run
    world = World(
        loaded.scenario,
        territory,
        loaded.law,
        policy_of(loaded),
        first_day.households.copy(),
        first_day.applications.copy(),
        first_day.dwellings.copy(),
        first_day.places,
        Luck(run.seed, replication),
        to_day(run.start),
        to_day(run.end),
        first_day.newcomers,
        index,
    )
    world.refresh_law()
    world.file_in_index(world.open_rows())
    return world


def start_flows(world: World) -> None:
    """Start one story per flow that is on, and one commission per landlord."""
    flows = world.scenario.flows
    batch_days = flows.deliveries.every_days
    departures, anniversaries, procedures = Departures(), Anniversaries(world), Procedures(world)
    world.start(new_years(world, [lambda w: start_year(w, departures)]))
    world.start(dated_changes(world))
    world.start(pipeline(world, departures))
    if flows.commission.inadmissible_share:
        world.start(strikes(world))
    if flows.renewals.on:
        world.start(renewals(world, anniversaries))
    if flows.arrivals.on:
        world.start(arrivals(world, anniversaries, procedures))
    if flows.recognitions.on:
        world.start(recognitions(world, procedures))
    if flows.exits.on:
        world.start(exits(world, departures))
    if flows.deliveries.on:
        plan = Plan(world, batch_days) if flows.deliveries.programme else None
        world.start(deliveries(world, plan))
        if plan is not None:
            world.start(places(world, plan, batch_days, anniversaries, procedures))
    start_stock(world)
    if flows.evictions.per_year:
        world.start(evictions(world, anniversaries, procedures))
    if flows.entries:
        world.start(entries(world, anniversaries, procedures, batch_days))
    if flows.help_to_move.per_year:
        world.start(help_to_move(world, anniversaries, batch_days))
    if flows.life.on:
        world.start(live(world, Lives(anniversaries, procedures, departures)))
    world.start(months(world))
    if flows.reviews.on:
        world.start(reviews(world))
    if EXCHANGE not in world.scenario.closed:
        from sim.flows.exchanges import exchanges  # its solvers weigh 30 MB, for those who trade alone

        world.start(exchanges(world))
    world.start(answers(world))
    world.start(leases(world))
    for turn in range(world.turns):
        world.start(commissions(world, turn))


@contextmanager
def no_garbage_collection() -> Iterator[None]:
    """Spare a run the search for cycles: it makes none but the world itself, which holds its own stories."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def simulate(
    loaded: Loaded, territory: Territory, first_day: FirstDay, replication: int, index: type[Waiting] = Waiting
) -> Replication:
    """Simulate one replication.

    Parameters
    ----------
    loaded : Loaded
        Resolved scenario and law.
    territory : Territory
        Where.
    first_day : FirstDay
        Tables of day one; left untouched.
    replication : int
        Number of the replication, a part of every key of luck.
    index : type
        The index of who waits for what, or its slow twin.
    """
    began = time.process_time()
    world = build_world(loaded, territory, first_day, replication, index)
    start_flows(world)
    with no_garbage_collection():
        world.run()
    photograph(world, year_of(world.last))
    validity = int(loaded.law.at("demande.validite_days", world.first))
    tables = {
        "household": born(world.households, first_day.households),
        "application": born(world.applications, first_day.applications, validity),
        "dwelling": born(world.dwellings, first_day.dwellings),
    }
    for key, names in (("household", HOUSEHOLDS), ("application", APPLICATIONS), ("dwelling", DWELLINGS)):
        world.originals[key].restore(tables[key], names)
    return Replication(
        number=replication,
        events=world.log.to_array(),
        leases=world.leases.to_array(),
        year_ends=world.year_ends,
        households=world.households,
        applications=world.applications,
        dwellings=world.dwellings,
        households_born=tables["household"],
        applications_born=tables["application"],
        dwellings_born=tables["dwelling"],
        day_one_rows={
            "households": len(first_day.households),
            "applications": len(first_day.applications),
            "dwellings": len(first_day.dwellings),
        },
        first_day=world.first,
        last_day=world.last,
        legal_values_read=world.law.read,
        rounds=np.array(world.exchange_rounds, dtype=ROUND),
        closed=world.scenario.closed,
        seconds=time.process_time() - began,
    )


def born(final: Any, day_one: Table, validity_days: int = 0) -> Any:
    """Return a table with day-one rows as on day one and later rows as they were added.

    Columns that a run never changes are final from birth; the others start at their default, save
    the end of validity, which is set by filing. The others are shared with the final table.
    """
    changes = {name for name, spec in final.specs().items() if spec["mutable"]}
    columns = {name: values.copy() if name in changes else values for name, values in final.columns()}
    table = type(final)(**columns)
    for name, spec in final.specs().items():
        if spec["mutable"] and not spec["living"]:
            values = columns[name]
            values[len(day_one) :] = spec["default"]
            values[: len(day_one)] = getattr(day_one, name)[: len(day_one)]
    if validity_days:
        table.renewal_due_day[len(day_one) :] = table.filed_day[len(day_one) :] + validity_days
    return table
