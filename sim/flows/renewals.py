"""Yearly renewal of applications, or lapse (R441-2-7, R441-2-8)."""

from __future__ import annotations

import numpy as np

from sim.words.clock import Phase
from sim.words.codes import EventKind, Status
from sim.world import moves
from sim.world.calendar import Calendar
from sim.world.world import Story, World


class Anniversaries:
    """Applications by the day on which their validity ends."""

    def __init__(self, world: World) -> None:
        self.calendar = Calendar()
        self.add(world, world.open_rows())

    def add(self, world: World, rows: np.ndarray) -> None:
        """File applications under the end of their validity."""
        self.calendar.add(world.applications.renewal_due_day[rows].astype(np.int64), rows.astype(np.int64))


def renewals(world: World, anniversaries: Anniversaries) -> Story:
    """Renew or close the applications whose year has ended since the last office day; those in progress are renewed."""
    parameters = world.scenario.flows.renewals
    validity = int(world.law["demande.validite_days"])
    for day in world.office_days:
        yield world.until(day, Phase.RENEWALS)
        rows = anniversaries.calendar.pop(day)
        rows = rows[world.applications.status[rows] <= Status.HELD]
        if not len(rows):
            continue
        a = world.applications
        share = np.where(a.is_mutation[rows], parameters.lapse_mutation_share, parameters.lapse_first_access_share)
        due = a.renewal_due_day[rows].astype(np.int64)
        year_number = (due - a.filed_day[rows]) // validity
        luck = world.luck.uniform("lapse", a.luck_id[rows], year_number)
        is_lapsed = (luck < share) & (a.status[rows] == Status.OPEN)
        moves.close(world, rows[is_lapsed], EventKind.LAPSED, Status.LAPSED)
        kept = rows[~is_lapsed]
        moves.renew(world, kept, due[~is_lapsed] + validity)
        anniversaries.add(world, kept)


def strikes(world: World) -> Story:
    """Inadmissible applications leave the list when their notice is over (R441-2-8 d); held ones, once free."""
    for day in range(world.first, world.last + 1):
        yield world.until(day, Phase.RENEWALS)
        rows = world.strike_due.pop(day)
        status = world.applications.status[rows]
        moves.close(world, rows[status == Status.OPEN], EventKind.STRUCK_OFF, Status.STRUCK_OFF)
        world.strike_due.add_group(day + 1, rows[status == Status.HELD])
