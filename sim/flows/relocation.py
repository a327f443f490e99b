"""Relocation ex officio (L442-6): registered by the landlord, three offers at most, the commission informed.

On each day on which commissions designate, the vacancies are looked at first for those to relocate: those of their
own landlord, near enough, then those of the others.
"""

from __future__ import annotations

import numpy as np

from sim.flows import steering
from sim.flows.caleol import ask_for
from sim.flows.offers import Files, open_shortlists, propose
from sim.rules.relocation import keeps_right_to_stay
from sim.state.households import Households
from sim.state.luck import offspring
from sim.words.clock import DAYS_PER_MONTH, Phase
from sim.words.codes import LETTABLE, Reason, Recognition, Status
from sim.world import moves, moves_stock
from sim.world.world import Story, World

NPNRU = int(Recognition.NPNRU)


class Relocations:
    """Households to relocate, in the order of their registration, and what each refused before."""

    def __init__(self) -> None:
        self.since: dict[int, int] = {}  # household -> day of registration
        self.refused_before: dict[int, int] = {}  # household -> refusals on that day
        self.last_refusal: dict[int, tuple[int, int]] = {}  # household -> refusals since, day of the last one

    def register(self, world: World, households: np.ndarray) -> None:
        """Enter tenants ex officio: their application, or one filed for them, is recognised and leaves the list."""
        h, a, d = world.households, world.applications, world.dwellings
        without = households[h.application[households] < 0]
        if len(without):
            draws = world.own_draws("relocation", h.luck_id[without])
            files = world.newcomers.mutation_requests(h, d, without, draws, world.day)
            files.luck_id[:] = offspring(h.luck_id[without], "relocation", world.day)
            moves.file_applications(world, files, Households.build(0))
        rows = h.application[households].astype(np.int64)
        fresh = (a.recognition[rows] & NPNRU) == 0
        moves.recognise(world, rows[fresh], np.full(fresh.sum(), NPNRU, dtype=np.uint8))
        world.waiting.take_out(world.people(), rows[world.waiting.segment_of[rows] >= 0])
        for household, row in zip(households.tolist(), rows.tolist(), strict=True):
            self.since.setdefault(household, world.day)
            self.refused_before[household] = int(a.refusals_count[row])

    def review(self, world: World) -> None:
        """Forget those relocated or gone; register again those whose application ended; the right to stay may end."""
        h, a, d = world.households, world.applications, world.dwellings
        lapsed = []
        for household in list(self.since):
            home = int(h.dwelling[household])
            if home < 0 or d.use[home] <= LETTABLE:
                del self.since[household]
            elif h.application[household] < 0 and world.ready_day[home] >= 0:
                continue  # gave notice
            elif h.application[household] < 0:
                lapsed.append(household)
            else:
                row = int(h.application[household])
                count = int(a.refusals_count[row]) - self.refused_before[household]
                if count > self.last_refusal.get(household, (0, 0))[0]:
                    self.last_refusal[household] = count, world.day
        self.register(world, np.array(lapsed, dtype=np.int64))
        self.end_rights(world)

    def end_rights(self, world: World) -> None:
        """Those who refused three offers leave, when the months that the law gives are over (L442-6 II)."""
        h, a = world.households, world.applications
        households = np.array([one for one in self.since if one in self.last_refusal], dtype=np.int64)
        if not len(households):
            return
        refusals = np.array([self.last_refusal[one][0] for one in households.tolist()])
        months = (world.day - np.array([self.last_refusal[one][1] for one in households.tolist()])) / DAYS_PER_MONTH
        limit, delay = int(world.law["relogement.refus_max"]), int(world.law["relogement.maintien_months"])
        loses = ~keeps_right_to_stay(refusals, limit, months, delay)
        rows = h.application[households]
        loses &= (rows >= 0) & (a.status[rows] == Status.OPEN)  # not those who gave notice meanwhile
        moves_stock.leave_dwelling(world, households[loses], Reason.RIGHT_LOST)

    def waiting(self, world: World) -> np.ndarray:
        """Return the households that wait for an offer, the oldest registration first."""
        h, a = world.households, world.applications
        limit = int(world.law["relogement.refus_max"])
        households = np.array(list(self.since), dtype=np.int64)
        rows = h.application[households]
        refused = np.array([self.last_refusal.get(one, (0, 0))[0] for one in households.tolist()])
        return np.asarray(
            households[
                (rows >= 0) & (h.dwelling[households] >= 0) & (a.status[rows] == Status.OPEN) & (refused < limit)
            ]
        )


def relocations(world: World, register: Relocations) -> Story:
    """On each day of designation, offer vacancies to those to relocate, before anybody else."""
    every = world.scenario.flows.caleol.every_days
    starts = {world.first + turn * every // world.turns: turn for turn in range(world.turns)}
    turns = {start % every: turn for start, turn in starts.items()}
    for day in range(world.first + 1, world.last + 1):
        if day % every not in turns:
            continue
        yield world.until(day, Phase.RECOGNITIONS)
        register.review(world)
        yield world.until(day, Phase.SESSIONS)
        if register.since:
            offer_vacancies(world, register, turns[day % every])


def offer_vacancies(world: World, register: Relocations, turn: int) -> None:
    """Give each vacancy of the day's landlords to the first household to relocate whom it suits."""
    h, d = world.households, world.dwellings
    homes = np.array(sorted(world.to_designate[turn]), dtype=np.int64)
    households = register.waiting(world)
    if not len(homes) or not len(households):
        return
    far = world.newcomers.geography.km > float(world.law["relogement.distance_km"])
    waited = world.day - np.array([register.since[one] for one in households.tolist()])
    is_open_to_all = waited > world.scenario.flows.demolition.interlandlord_days
    own, files = h.dwelling[households], h.application[households].astype(np.int64)
    may = (d.landlord[homes][:, None] == d.landlord[own]) | is_open_to_all
    may &= ~far[d.commune[own], d.commune[homes][:, None]]
    query = ask_for(world, homes, steering.unsteered(world, homes))
    found = world.waiting.first_suited(world.people(), world.homes(), world.terms, query, files, may)
    rows, homes = files[found[found >= 0]], homes[found >= 0]
    if not len(homes):
        return
    order = steering.order_for(world, homes)
    world.to_designate[turn].difference_update(homes.tolist())
    first = np.ones(len(rows), dtype=np.int64)
    moves.designate(world, rows, homes, first, np.full(len(rows), int(Reason.RELOCATION)))
    moves_stock.inform(world, rows, homes)
    steering.promise(world, homes, rows, order.stands if world.policy.objectives else [])
    lists = open_shortlists(world, Files(rows, homes, first, first, first, np.zeros(len(rows), dtype=bool)))
    propose(world, lists)
