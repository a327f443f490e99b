"""Vacancy chains: a tenant who moves frees a dwelling for the next; and the typology wanted beside the one obtained."""

from __future__ import annotations

import numpy as np

from sim.indicators.exchanges import groups
from sim.indicators.facts import Facts, Preparation
from sim.indicators.grid import ROOMS, Population, attach
from sim.indicators.measures import Measure, count, indicator, mean, share

CHAIN_SCOPES = ("mel", "territoire", "bailleur", "typologie", "financement", "qpv", "reservataire")
LONGEST = 4


def followers(leases: np.ndarray) -> np.ndarray:
    """Return the lease that follows each one, -1 = none: the first on the dwelling that its household left.

    Chains are cut at the end of the run: those of its last months are shorter than they would be.
    """
    size, left = len(leases), leases["previous_dwelling"].astype(np.int64)
    place = np.arange(size)
    keys = leases["dwelling"].astype(np.int64) * (size + 1) + place
    order = np.argsort(keys)
    at = np.searchsorted(keys[order], left * (size + 1) + place)
    found = order[np.minimum(at, size - 1)] if size else place
    follows = (left >= 0) & (at < size) & (leases["dwelling"][found] == left)
    return np.asarray(np.where(follows, found, -1))


def walk(leases: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return, for each lease, the lease that its chain starts from, and its step in the chain (1 = the first)."""
    follower = followers(leases)
    origin, step = np.arange(len(leases)), np.zeros(len(leases), dtype=np.int64)
    starts = np.ones(len(leases), dtype=bool)
    starts[follower[follower >= 0]] = False
    here, number = np.flatnonzero(starts), 1
    while len(here):
        step[here] = number
        after = follower[here]
        goes_on = after >= 0
        origin[after[goes_on]] = origin[here[goes_on]]
        here, number = after[goes_on], number + 1
    return origin, step


def in_chains(prepared: Preparation) -> np.ndarray:
    """Return the rows of the leases that chains are made of: a cycle of exchange opens and follows nothing."""
    swapped, kept = np.flatnonzero(prepared.is_exchange), np.ones(len(prepared.r.leases), dtype=bool)
    kept[swapped[~groups(prepared.r.leases[swapped])[1]]] = False
    return np.flatnonzero(kept)


def chains(prepared: Preparation) -> Population:
    """Chains, counted in the year and at the place of their first lease."""
    leases = prepared.r.leases[in_chains(prepared)]
    origin, step = walk(leases)
    rows = np.flatnonzero(step == 1)
    length = np.bincount(origin, minlength=len(leases))
    year = prepared.year(leases["day"][rows])
    places = prepared.at_dwelling(leases["dwelling"][rows], leases["is_in_qpv"][rows])
    places["reservataire"] = leases["reservataire"][rows]
    return attach(prepared.grid, year, places, columns={"length": length[rows]})


def wanted(facts: Facts) -> np.ndarray:
    """Return the typology that each household housed had asked for, as an index of ``ROOMS``."""
    rooms = facts.source.r.applications.rooms_wanted[facts.leases["application"]]
    return np.asarray(np.clip(rooms, 1, len(ROOMS)) - 1)


@indicator(
    "chaines_ouvertes",
    label="Chaînes de relogement ouvertes",
    unit="count",
    reference="8.4, chaînes",
    scopes=CHAIN_SCOPES,
)
def opened(facts: Facts) -> Measure:
    """Leases on a dwelling delivered, or left by a household that went out of the stock."""
    return count(facts.made(chains))


@indicator(
    "longueur_chaines",
    label="Ménages logés par chaîne de relogement",
    unit="ratio",
    reference="8.4, chaînes",
    scopes=CHAIN_SCOPES,
)
def length_of_chains(facts: Facts) -> Measure:
    """Households housed in turn from one first vacancy."""
    found = facts.made(chains)
    return mean(found, found["length"])


def _of_length(number: int) -> None:
    code = f"chaines_de_{number}"
    label = f"Chaînes de {number} ménage{'s' if number > 1 else ''}{' et plus' if number == LONGEST else ''}"

    @indicator(code, label=label, unit="count", reference="8.4, chaînes", scopes=("mel",))
    def measure(facts: Facts) -> Measure:
        """Chains of one length."""
        found = facts.made(chains)
        return count(found, found["length"] == number if number < LONGEST else found["length"] >= number)


for _number in range(1, LONGEST + 1):
    _of_length(_number)


@indicator(
    "part_typologie_voulue",
    label="Ménages logés dans la typologie demandée",
    unit="share",
    reference="8.3, typologie demandée × obtenue",
    scopes=("mel", "territoire", "typologie", "public", "reservataire"),
)
def as_wanted(facts: Facts) -> Measure:
    """Rooms obtained equal to rooms asked for, by typology obtained."""
    leases = facts.leases
    rooms = facts.source.r.dwellings.rooms[leases["dwelling"]]
    return share(leases, np.clip(rooms, 1, len(ROOMS)) - 1 == wanted(facts))


def _wanted(place: int, name: str) -> None:
    @indicator(
        f"attributions_voulant_t{place + 1}",
        label=f"Attributions à des ménages demandant un {name}",
        unit="count",
        reference="8.3, typologie demandée × obtenue",
        scopes=("mel", "typologie"),
    )
    def measure(facts: Facts) -> Measure:
        """Leases by typology asked for, and by typology obtained in the scope ``typologie``."""
        return count(facts.leases, wanted(facts) == place)


for _place, _name in enumerate(ROOMS):
    _wanted(_place, _name)
