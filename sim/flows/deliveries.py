"""New dwellings: announced while they are built, delivered, then let like any other."""

from __future__ import annotations

from sim.flows.programme import Plan
from sim.flows.search import start_search
from sim.state.dwellings import Dwellings
from sim.state.luck import identities
from sim.words.clock import DAYS_PER_MONTH, Phase
from sim.world import moves
from sim.world.calendar import Calendar
from sim.world.world import Story, World


def deliveries(world: World, plan: Plan | None = None) -> Story:
    """Every ``every_days`` a batch is announced ``notice_days`` ahead, and those that are ready enter service.

    A programme takes over on the day of its first deliveries; what was agreed before it goes on until then.
    """
    p = world.scenario.flows.deliveries
    counts = world.luck_stream("deliveries_counts")
    due = Calendar()
    per_batch = p.per_year * world.scale * p.every_days / (12 * DAYS_PER_MONTH)
    for service_day in range(world.first, world.first + p.notice_days, p.every_days):
        yield world.until(world.first, Phase.VACANCIES)
        announce(world, due, service_day, int(counts.poisson(per_batch)), plan)
    first_batch = world.first + p.notice_days
    for day in range(world.first, world.last + 1):
        yield world.until(day, Phase.VACANCIES)
        service_day = day + p.notice_days
        if (service_day - first_batch) % p.every_days == 0:
            announce(world, due, service_day, int(counts.poisson(per_batch)), plan)
        rows = due.pop(day)
        if len(rows):
            moves.deliver(world, rows)


def announce(world: World, due: Calendar, service_day: int, count: int, plan: Plan | None) -> None:
    """Announce what enters service on a day: of the programme, of the ordinary flow, or of both."""
    p = world.scenario.flows.deliveries
    is_planned = plan is not None and plan.covers(service_day)
    if plan is not None and is_planned:
        put_forward(world, due, service_day, plan.batch(world, service_day))
    if count and (not is_planned or p.programme_adds):
        batch = world.newcomers.new_dwellings(count, p, world.luck_stream("deliveries"), service_day)
        batch.vacant_day[:] = -1  # until it enters service
        batch.luck_id[:] = identities("deliveries", service_day, count)
        put_forward(world, due, service_day, batch)


def put_forward(world: World, due: Calendar, service_day: int, batch: Dwellings) -> None:
    """Add a batch of dwellings and start the search for their first tenants."""
    if not len(batch):
        return
    rows = moves.announce(world, batch)
    due.add_group(service_day, rows)
    start_search(world, rows, service_day)
