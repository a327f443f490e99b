"""Recognition as priority: a procedure of its own, apart from being eligible (rules.md 1.7)."""

from __future__ import annotations

import numpy as np

from sim.words.clock import Phase
from sim.words.codes import MUTATION_GROUNDS, PDALHPD_GROUNDS, Recognition, Status
from sim.world import moves
from sim.world.world import Calendar, Story, World


class Procedures:
    """Files before the DALO commission, the PDALHPD and the mutation committee, by day of decision.

    Applications open on the first day keep what they were given then; only those filed less than the
    mean delay before still have a decision to come.
    """

    def __init__(self, world: World) -> None:
        self.calendar = Calendar()
        rows = world.open_rows()
        recent = rows[world.applications.recognition[rows] == 0]
        self.add(world, recent)

    def add(self, world: World, rows: np.ndarray) -> None:
        """Draw who will be recognised, and when."""
        a, p = world.applications, world.scenario.flows.recognitions
        if not p.on:
            return
        grounds, ids = a.grounds[rows], a.luck_id[rows]
        is_first_access = ((grounds & np.uint32(PDALHPD_GROUNDS)) > 0) & ~a.is_mutation[rows]
        is_mutation = ((grounds & np.uint32(MUTATION_GROUNDS)) > 0) & a.is_mutation[rows]
        luck = world.luck.uniform("recognition", ids)
        is_labelled = is_first_access & (luck < p.pdalhpd_share + p.dalo_share)
        is_labelled |= is_mutation & (luck < p.mutation_share)
        delay = -np.log1p(-world.luck.uniform("recognition_delay", ids)) * p.delay_mean_days
        day = a.filed_day[rows] + np.maximum(1, np.rint(delay)).astype(np.int64)
        is_ahead = is_labelled & (day >= world.day)
        self.calendar.add(day[is_ahead], rows[is_ahead].astype(np.int64))

    def flags(self, world: World, rows: np.ndarray) -> np.ndarray:
        """Return what a favourable decision recognises, one per application."""
        p, a = world.scenario.flows.recognitions, world.applications
        is_dalo = world.luck.uniform("recognition", a.luck_id[rows]) < p.dalo_share
        label = np.where(is_dalo, int(Recognition.DALO), int(Recognition.PDALHPD))
        return np.where(a.is_mutation[rows], int(Recognition.MUTATION), label)


def recognitions(world: World, procedures: Procedures) -> Story:
    """Each day, the decisions of the day."""
    for day in range(world.first, world.last + 1):
        yield world.until(day, Phase.RECOGNITIONS)
        rows = procedures.calendar.pop(day)
        rows = rows[world.applications.status[rows] <= Status.HELD]
        if len(rows):
            moves.recognise(world, rows, procedures.flags(world, rows))
