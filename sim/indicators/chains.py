"""Vacancy chains: a tenant who moves frees a dwelling for the next; and the typology wanted beside the one obtained."""

from __future__ import annotations

import numpy as np

from sim.indicators.exchanges import groups
from sim.indicators.facts import Facts, Preparation
from sim.indicators.grid import ROOMS, Population, attach
from sim.indicators.measures import Measure, count, indicator, mean, share

CHAIN_SCOPES = ("mel", "territoire", "bailleur", "typologie", "financement", "qpv", "reservataire")
LONGEST = 4


def lengths(leases: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how many households each lease houses, itself and those that follow in turn; and which start a chain.

    A lease follows another when it is the first on the dwelling that its household left. Chains are cut at the
    end of the run: those of its last months are shorter than they would be.
    """
    size = len(leases)
    homes, left = leases["dwelling"].tolist(), leases["previous_dwelling"].tolist()
    length, starts = np.ones(size, dtype=np.int64), np.ones(size, dtype=bool)
    next_on: dict[int, int] = {}
    for i in range(size - 1, -1, -1):
        follower = next_on.pop(left[i], None) if left[i] >= 0 else None
        if follower is not None:
            length[i] += length[follower]
            starts[follower] = False
        next_on[homes[i]] = i
    return length, starts


def chains(prepared: Preparation) -> Population:
    """Chains, counted in the year and at the place of their first lease."""
    swapped, kept = np.flatnonzero(prepared.is_exchange), np.ones(len(prepared.r.leases), dtype=bool)
    kept[swapped[~groups(prepared.r.leases[swapped])[1]]] = False  # a cycle of exchange opens and follows nothing
    leases = prepared.r.leases[kept]
    length, starts = lengths(leases)
    rows = np.flatnonzero(starts)
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
