"""A dwelling is to be let: works, orientation to a réservataire, the list of its landlord's next designation."""

from __future__ import annotations

import numpy as np

from sim.rules.reservations import oriented_in_turn
from sim.words.codes import Reservataire
from sim.world import moves
from sim.world.world import World

LANDLORD = int(Reservataire.BAILLEUR)


def start_search(world: World, dwellings: np.ndarray, ready_days: np.ndarray | int) -> None:
    """Orient dwellings, in the order given, and put them on the list of the next designation."""
    world.ready_day[dwellings] = ready_days
    landlords = world.dwellings.landlord[dwellings]
    moves.orient(world, dwellings, oriented_in_turn(world.book.oriented, landlords, world.holder_shares))
    put_on_list(world, dwellings)


def put_on_list(world: World, dwellings: np.ndarray) -> None:
    """Candidates are to be designated at the landlord's next session."""
    landlords = world.dwellings.landlord[dwellings]
    for landlord, dwelling in zip(landlords.tolist(), dwellings.tolist(), strict=True):
        world.to_designate[landlord].add(dwelling)


def give_back(world: World, dwellings: np.ndarray) -> None:
    """The list is exhausted: the holder loses the dwelling, the landlord seeks again (rules.md 2.5)."""
    lost = dwellings[world.dwellings.reserved_for[dwellings] != LANDLORD]
    moves.orient(world, lost, LANDLORD)
    put_on_list(world, dwellings)


def works_days(world: World, dwellings: np.ndarray) -> np.ndarray:
    """Return the days of works before dwellings may be let again: 0.4 to 1.6 times the mean."""
    d = world.dwellings
    luck = world.luck.uniform("works", d.luck_id[dwellings], d.lettings_count[dwellings])
    return np.rint(world.scenario.flows.exits.works_mean_days * (0.4 + 1.2 * luck)).astype(np.int64)
