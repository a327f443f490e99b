"""The stock that lives: which vacancies are let again, and the stories that take some of them away."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.flows.demolition import demolitions
from sim.flows.levers import lower_rents
from sim.flows.relocation import Relocations, relocations
from sim.flows.sales import Sales, sales
from sim.flows.works import Works, ban, works
from sim.words.codes import LETTABLE
from sim.world.world import World


class Stock:
    """What decides whether a dwelling that falls vacant is let again; asked by ``search.start_search``.

    On the first day nothing is kept back: what was under way goes on.
    """

    def __init__(self, world: World) -> None:
        flows = world.scenario.flows
        self.world = world
        self.sales = Sales(world) if flows.sales.on else None
        self.works = Works(world) if flows.rehabilitation.on else None
        self.bans = flows.energy_ban.on

    def keeps(self, dwellings: np.ndarray, ready_days: Any) -> np.ndarray:
        """Return which dwellings are let again; those that are not get the use that says why."""
        days = np.broadcast_to(ready_days, dwellings.shape)
        if self.world.day > self.world.first:
            if self.works is not None:
                self.works.take(dwellings[self._free(dwellings)], days[self._free(dwellings)])
            if self.bans:
                ban(self.world, dwellings[self._free(dwellings)], days[self._free(dwellings)])
            if self.sales is not None:
                self.sales.take(dwellings[self._free(dwellings)])
        is_let_again = self._free(dwellings)
        lower_rents(self.world, dwellings[is_let_again])
        return is_let_again

    def _free(self, dwellings: np.ndarray) -> np.ndarray:
        return np.asarray(self.world.dwellings.use[dwellings] <= LETTABLE)


def start_stock(world: World) -> None:
    """Start the stories of the stock that are on."""
    flows = world.scenario.flows
    named = (flows.demolition, flows.sales, flows.rehabilitation, flows.energy_ban)
    if not any(flow.on for flow in named) and not flows.rents.relettings_share:
        return
    stock = Stock(world)
    world.keeps_back = stock.keeps
    if flows.demolition.on:
        register = Relocations()
        world.start(demolitions(world, register))
        world.start(relocations(world, register))
    if stock.sales is not None:
        world.start(sales(world, stock.sales))
    if stock.works is not None:
        world.start(works(world, stock.works))
