"""What is asked for: rooms and places."""

from __future__ import annotations

import numpy as np

from sim.population.raking import choose
from sim.population.shapes import Shapes
from sim.state.luck import Draws
from sim.state.places import PlaceSets

KM_PER_DEGREE = 111.2
OPTIONS = ("one", "two_a", "two_b", "two_c", "three_a", "three_b", "four", "territory", "whole")
"""Columns of ``wishes.places``: which neighbours join the first commune."""
NEIGHBOURS = ((), (0,), (1,), (2,), (0, 1), (1, 2), (0, 1, 2))
"""Ranks of the neighbours of each option of one to four communes."""
EFFECT_OF_OPTION = ("one", "two", "two", "two", "three", "three", "four", "territory", "whole")
ROOM_GROUPS = ("alone_young", "alone", "alone_senior", "couple", "parent_one", "3", "4", "5", "6")
"""Rows of ``wishes.rooms``."""


class Geography:
    """Communes, their attraction and the catalogue of sets of places.

    Parameters
    ----------
    shapes : Shapes
    places : PlaceSets
        Filled with the whole catalogue, in a fixed order: about seven sets per commune.
    """

    def __init__(self, shapes: Shapes, places: PlaceSets) -> None:
        communes = shapes.territory.communes
        count, index = len(communes), communes["territoire_index"].to_numpy(int)
        offered = (communes["ls_let"] + communes["ls_vacant"]).to_numpy(float)
        population = communes["population"].to_numpy(float)
        weight = shapes.value("wishes.stock_weight")
        self.attraction = np.where(
            offered > 0, weight * offered / offered.sum() + (1 - weight) * population / population.sum(), 0.0
        )
        latitude = np.radians(communes["lat"].to_numpy(float))
        north = communes["lat"].to_numpy(float) * KM_PER_DEGREE
        east = communes["lon"].to_numpy(float) * KM_PER_DEGREE * np.cos(latitude.mean())
        self.km = np.hypot(north[:, None] - north[None, :], east[:, None] - east[None, :])
        pull = self.attraction[None, :] * np.exp(-self.km / shapes.value("wishes.neighbour_km"))
        np.fill_diagonal(pull, 0.0)
        self.near = pull
        self.stay_share = shapes.value("wishes.stay_share")
        neighbours = np.argsort(-pull, axis=1, kind="stable")[:, :3]
        self.catalogue = np.empty((count, len(OPTIONS)), dtype=np.int32)
        for commune in range(count):
            for option, ranks in enumerate(NEIGHBOURS):
                self.catalogue[commune, option] = places.number([commune, *neighbours[commune, list(ranks)].tolist()])
            self.catalogue[commune, -2] = places.number([count + int(index[commune])])
            self.catalogue[commune, -1] = places.number([count + len(shapes.territory.territoires)])

    def first_commune(self, count: int, rng: Draws) -> np.ndarray:
        """Draw the first commune of applicants from outside the stock."""
        return choose(rng, self.attraction, count)

    def first_commune_of_tenants(self, homes: np.ndarray, rng: Draws) -> np.ndarray:
        """Draw the first commune of tenants: their own, or one near it.

        Parameters
        ----------
        homes : numpy.ndarray
            Commune where each lives.
        """
        stays = rng.random(len(homes)) < self.stay_share
        return np.where(stays, homes, choose(rng, self.near, homes.astype(np.int64)))

    def options(self, count: int, mutation: bool, shapes: Shapes, rng: Draws) -> np.ndarray:
        """Draw how wide applicants ask: an index in ``OPTIONS``."""
        return choose(rng, shapes["wishes.places"][int(mutation)], count)


def rooms_wished(
    size: np.ndarray, is_couple: np.ndarray, age: np.ndarray, shapes: Shapes, rng: Draws
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw the smallest, largest and first typology asked for, given the household (rules.md 3.1)."""
    alone = np.where(age < 30, 0, np.where(age < 60, 1, 2))
    group = np.where(size == 1, alone, np.where(size == 2, np.where(is_couple, 3, 4), np.clip(size, 3, 6) + 2))
    drawn = shapes.rooms_asked[choose(rng, shapes["wishes.rooms"], group.astype(np.int64))]
    return drawn[:, 0], drawn[:, 1], drawn[:, 2]
