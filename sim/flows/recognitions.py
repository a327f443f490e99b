"""Recognition as priority: a procedure of its own, apart from being eligible (rules.md 1.7)."""

from __future__ import annotations

import numpy as np

from sim.rules.recognition import (
    dalo_decision_days,
    dalo_ground,
    dalo_seisin_days,
    dalo_situation,
    decision_days,
    expiry_days,
    favourable,
)
from sim.words.clock import Phase
from sim.words.codes import DaloGround, Recognition, Status
from sim.world import moves
from sim.world.calendar import Calendar
from sim.world.world import Story, World

DALO, LABEL = int(Recognition.DALO), int(Recognition.PDALHPD)
TIMED = np.uint8(Recognition.PDALHPD | Recognition.MUTATION)
"""Recognitions that may end with time; a DALO decision does not."""


class Procedures:
    """Files before the DALO commission, the PDALHPD and the mutation committee, by day of decision.

    Who will have a DALO decision seises the commission on the first day on which it has a ground; if this is not
    that of filing, it asks for the label of the PDALHPD first. Applications open on the first day keep what they
    were given then; of the others, only decisions still to come are taken.
    """

    def __init__(self, world: World) -> None:
        self.labels, self.dalo, self.endings = Calendar(), Calendar(), Calendar()
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
        dalo = rows[flags == DALO]
        seised = dalo_seisin_days(world.applicants(dalo), world.law)
        file(self.dalo, dalo_decision_days(seised, world.law), dalo, world.first)
        waits = dalo[seised > a.filed_day[dalo]]
        asks = np.concatenate([rows[(flags > 0) & (flags != DALO)], waits])
        kinds = np.concatenate([flags[(flags > 0) & (flags != DALO)], np.full(len(waits), LABEL)])
        luck = world.luck.uniform("recognition_delay", a.luck_id[asks])
        file(self.labels, decision_days(a.filed_day[asks], kinds, luck, p, world.law), asks, world.first)

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

    def decide(self, world: World, day: int) -> None:
        """Take the decisions of a day: labels and mutations, then the mediation commission."""
        a = world.applications
        rows = self.labels.pop(day)
        flags = self.flags(world, rows)
        flags = np.where(flags == DALO, LABEL, flags)
        is_new = (a.status[rows] <= Status.HELD) & ((a.recognition[rows] & (flags | DALO)) == 0)
        parts = [(rows[is_new], flags[is_new])]
        rows = self.dalo.pop(day)
        rows = rows[(a.status[rows] <= Status.HELD) & ((a.recognition[rows] & DALO) == 0)]
        situation = dalo_situation(world.applicants(rows), day, world.law)
        rows = rows[dalo_ground(situation, world.law) != int(DaloGround.NONE)]
        parts.append((rows, np.full(len(rows), DALO)))
        for rows, flags in parts:
            if len(rows):
                moves.recognise(world, rows, flags)
                self.end_in_time(world, rows)


def file(calendar: Calendar, days: np.ndarray, rows: np.ndarray, first_day: int) -> None:
    """Note the decisions that the run takes: those due before its first day were not."""
    is_ahead = days >= first_day
    calendar.add(days[is_ahead], rows[is_ahead].astype(np.int64))


def recognitions(world: World, procedures: Procedures) -> Story:
    """On each office day, the decisions since the one before, then the recognitions that end."""
    for day in world.office_days:
        yield world.until(day, Phase.RECOGNITIONS)
        procedures.decide(world, day)
        a, rows = world.applications, procedures.endings.pop(day)
        rows = rows[(a.status[rows] <= Status.HELD) & ((a.recognition[rows] & TIMED) > 0)]
        if len(rows):
            moves.expire_recognition(world, rows, a.recognition[rows] & TIMED)
