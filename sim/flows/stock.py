"""The stock that lives: which vacancies are let again, and the stories that take some of them away."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.flows.demolition import demolitions
from sim.flows.relocation import Relocations, relocations
from sim.words.codes import LETTABLE
from sim.world.world import World


class Stock:
    """What decides whether a dwelling that falls vacant is let again; asked by ``search.start_search``."""

    def __init__(self, world: World) -> None:
        self.world = world

    def keeps(self, dwellings: np.ndarray, ready_days: Any) -> np.ndarray:
        """Return which dwellings are let again."""
        return np.asarray(self.world.dwellings.use[dwellings] <= LETTABLE)


def start_stock(world: World) -> None:
    """Start the stories of the stock that are on."""
    flows = world.scenario.flows
    if not flows.demolition.on:
        return
    world.keeps_back = Stock(world).keeps
    if flows.demolition.on:
        register = Relocations()
        world.start(demolitions(world, register))
        world.start(relocations(world, register))
