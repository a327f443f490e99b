"""Recognition as priority: a procedure of its own, apart from being eligible (rules.md 1.7)."""

from __future__ import annotations

import numpy as np

from sim.rules.recognition import decision_days, expiry_days, favourable
from sim.words.clock import Phase
from sim.words.codes import Recognition, Status
from sim.world import moves
from sim.world.calendar import Calendar
from sim.world.world import Story, World

TIMED = np.uint8(Recognition.PDALHPD | Recognition.MUTATION)
"""Recognitions that may end with time; a DALO decision does not."""


class Procedures:
    """Files before the DALO commission, the PDALHPD and the mutation committee, by day of decision.

    Applications open on the first day keep what they were given then; only those filed less than the
    delay before still have a decision to come.
    """

    def __init__(self, world: World) -> None:
        self.calendar, self.endings = Calendar(), Calendar()
        rows = world.open_rows()
        known = world.applications.recognition[rows] > 0
        self.add(world, rows[~known])
        self.end_in_time(world, rows[known])

    def add(self, world: World, rows: np.ndarray) -> None:
        """Draw who will be recognised, and when."""
        a, p = world.applications, world.scenario.flows.recognitions
        if not p.on:
            return
        flags = self.flags(world, rows)
        rows, flags = rows[flags > 0], flags[flags > 0]
        luck = world.luck.uniform("recognition_delay", a.luck_id[rows])
        day = decision_days(a.filed_day[rows], flags, luck, p, world.law)
        is_ahead = day >= world.day
        self.calendar.add(day[is_ahead], rows[is_ahead].astype(np.int64))

    def end_in_time(self, world: World, rows: np.ndarray) -> None:
        """Note when recognitions end; those of the first day whose time is over end on that day."""
        a, p = world.applications, world.scenario.flows.recognitions
        days = expiry_days(a.recognised_day[rows], a.recognition[rows], p, world.law)
        ends = days >= 0
        self.endings.add(np.maximum(days[ends], world.day), rows[ends].astype(np.int64))

    def flags(self, world: World, rows: np.ndarray) -> np.ndarray:
        """Return what each application is, or will be, recognised as; 0 for nothing."""
        a = world.applications
        luck = world.luck.uniform("recognition", a.luck_id[rows])
        return favourable(a.grounds[rows], a.is_mutation[rows], luck, world.scenario.flows.recognitions)


def recognitions(world: World, procedures: Procedures) -> Story:
    """On each office day, the decisions since the one before."""
    for day in world.office_days:
        yield world.until(day, Phase.RECOGNITIONS)
        a = world.applications
        rows = procedures.calendar.pop(day)
        rows = rows[a.status[rows] <= Status.HELD]
        if len(rows):
            moves.recognise(world, rows, procedures.flags(world, rows))
            procedures.end_in_time(world, rows)
        rows = procedures.endings.pop(day)
        rows = rows[(a.status[rows] <= Status.HELD) & ((a.recognition[rows] & TIMED) > 0)]
        if len(rows):
            moves.expire_recognition(world, rows, a.recognition[rows] & TIMED)
