"""The exchange: households registered, proposals, completions by length, what they solve, what they give back.

A cycle frees no dwelling; a chain takes an empty one and gives one back to the waiting list.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from sim.indicators import measures
from sim.indicators.facts import Facts, Preparation
from sim.indicators.grid import Population, attach
from sim.indicators.measures import Measure, count, mean, ratio
from sim.inputs.schema import EXCHANGE
from sim.rules.occupancy import is_over_occupied, is_under_occupied
from sim.words.codes import GROUND_LABELS, MUTATION_GROUNDS, EventKind, Ground, Reason

SCOPES = ("mel", "territoire", "bailleur", "typologie", "financement", "qpv", "public")
LONGEST = 4
PER = 10_000
indicator = partial(measures.indicator, needs=EXCHANGE)
"""What no exchange feeds has no value when the scenario opens none."""


def groups(leases: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how many households each leg of an exchange moves with it, itself included, and which are in a chain.

    Parameters
    ----------
    leases : numpy.ndarray
        dtype LEASE: the legs of exchanges. Each follows, on its day, the one that left the dwelling it takes.
    """
    leaver = {(int(x["day"]), int(x["previous_dwelling"])): i for i, x in enumerate(leases)}
    after = [leaver.get((int(x["day"]), int(x["dwelling"])), -1) for x in leases]
    size, is_chain = np.zeros(len(leases), dtype=np.int64), np.zeros(len(leases), dtype=bool)
    begins = sorted(set(range(len(leases))) - set(after))  # nobody takes what they leave: the first of a chain
    for first in [*begins, *range(len(leases))]:
        members = [first]
        while size[first] == 0 and after[members[-1]] not in (-1, first):
            members.append(after[members[-1]])
        if size[first] == 0:
            size[members], is_chain[members] = len(members), after[members[-1]] == -1
    return size, is_chain


def legs(prepared: Preparation) -> Population:
    """Households moved by an exchange, at the dwelling that they take, and what each changes in its occupancy."""
    r = prepared.r
    rows = np.flatnonzero(prepared.is_exchange)
    leases = r.leases[rows]
    size, is_chain = groups(leases)
    year, homes, left = prepared.year(leases["day"]), leases["dwelling"], leases["previous_dwelling"]
    persons, d = r.households.size[leases["household"]].astype(int), r.dwellings
    under, over = (np.zeros((2, len(rows)), dtype=bool) for _ in range(2))
    for index in np.unique(year).tolist():
        norm, at = prepared.norms[prepared.grid.years[index]], np.flatnonzero(year == index)
        for moment, dwellings in enumerate((left[at], homes[at])):
            under[moment, at] = is_under_occupied(d.rooms[dwellings], persons[at], norm.rooms_over)
            over[moment, at] = is_over_occupied(d.surface_m2[dwellings], persons[at], norm.surface_m2)
    columns = {
        "size": size,
        "is_chain": is_chain,
        "grounds": leases["grounds"],
        "is_inter": d.landlord[left] != d.landlord[homes],
        "under": under[1].astype(np.int64) - under[0],
        "over": over[1].astype(np.int64) - over[0],
    }
    places = prepared.at_dwelling(homes, leases["is_in_qpv"])
    publics = prepared.publics(leases["application"], year, quartile=leases["quartile"],
                               recognition=leases["recognition"])  # fmt: skip
    return attach(prepared.grid, year, places, publics, columns)


def rounds(prepared: Preparation) -> Population:
    """Rounds of the exchange."""
    found = prepared.r.rounds
    columns = {name: found[name].astype(np.int64) for name in ("registered", "proposed")}
    return attach(prepared.grid, prepared.year(found["day"]), {}, columns=columns)


def failures(prepared: Preparation) -> Population:
    """Households set free because their exchange failed, that of the commission that turned them down included."""
    events = prepared.r.events
    positions = prepared.of(EventKind.RELEASED, EventKind.REJECTED)
    positions = positions[events["reason"][positions] == Reason.EXCHANGE_FAILED]
    is_refused = events["kind"][positions] == EventKind.REJECTED
    return attach(prepared.grid, prepared.year(events["day"][positions]), {}, columns={"is_refused": is_refused})


@indicator(
    "echanges_menages",
    label="Ménages ayant échangé leur logement",
    unit="count",
    reference="8.4 n° 20",
    scopes=SCOPES,
)
def exchanges(facts: Facts) -> Measure:
    """Households moved by an exchange, in cycles and in chains."""
    return count(facts.made(legs))


@indicator("echanges_inscrits", label="Inscrits à la bourse, par tour", unit="count", reference="action 31",
           scopes=("mel",))  # fmt: skip
def registered(facts: Facts) -> Measure:
    """Mean number of tenants in a round."""
    found = facts.made(rounds)
    return mean(found, found["registered"])


@indicator("echanges_proposes", label="Ménages à qui la bourse propose un échange", unit="count", reference="action 31",
           scopes=("mel",))  # fmt: skip
def proposed(facts: Facts) -> Measure:
    """Households in the proposals of the rounds of the year, each time they are."""
    found = facts.made(rounds)
    return count(found, found["proposed"])


@indicator("echanges_non_aboutis", label="Ménages libérés d'un échange non abouti", unit="count", reference="action 31",
           scopes=("mel",))  # fmt: skip
def failed(facts: Facts) -> Measure:
    """Households that had been held for an exchange and were set free."""
    return count(facts.made(failures))


@indicator("echanges_refuses_caleol", label="dont non attribués en CALEOL", unit="count", reference="action 31",
           scopes=("mel",))  # fmt: skip
def turned_down(facts: Facts) -> Measure:
    """Those that the commission of the landlord of the dwelling turned down."""
    found = facts.made(failures)
    return count(found, found["is_refused"])


@indicator("part_echanges_aboutis", label="Échanges proposés qui aboutissent", unit="share", reference="action 31",
           scopes=("mel",))  # fmt: skip
def completed(facts: Facts) -> Measure:
    """Households moved in the year over households to whom a round of the year proposed to move."""
    found = facts.made(rounds)
    return ratio(facts.made(legs).total(), found.total(found["proposed"]))


@indicator("echanges_pour_10000_logements", label="Ménages ayant échangé, pour 10 000 logements loués", unit="ratio",
           reference="action 31", scopes=("mel",))  # fmt: skip
def turnover(facts: Facts) -> Measure:
    """Households moved by an exchange over ten thousands of dwellings let on 31 December."""
    return ratio(facts.made(legs).total(), facts.dwellings.total(facts.dwellings["let"]) / PER)


@indicator("echanges_entre_bailleurs", label="dont entre deux bailleurs", unit="count", reference="action 31",
           scopes=("mel", "bailleur"))  # fmt: skip
def between_landlords(facts: Facts) -> Measure:
    """Households that change landlord by an exchange."""
    found = facts.made(legs)
    return count(found, found["is_inter"])


@indicator("echanges_en_chaine", label="dont dans une chaîne ouverte par un logement vide", unit="count",
           reference="action 31", scopes=("mel",))  # fmt: skip
def in_chains(facts: Facts) -> Measure:
    """Households moved by a chain."""
    found = facts.made(legs)
    return count(found, found["is_chain"])


@indicator("logements_rendus_par_chaine", label="Logements rendus à la liste par une chaîne d'échange", unit="count",
           reference="action 31", scopes=("mel",))  # fmt: skip
def given_back(facts: Facts) -> Measure:
    """One per chain; a cycle gives none."""
    found = facts.made(legs)
    with np.errstate(divide="ignore"):
        return count(found, np.where(found["is_chain"], 1.0 / np.maximum(found["size"], 1), 0.0))


def _of_length(number: int) -> None:
    more = " et plus" if number == LONGEST else ""

    @indicator(f"echanges_a_{number}", label=f"dont échanges à {number}{more}", unit="count", reference="action 31",
               scopes=("mel",))  # fmt: skip
    def measure(facts: Facts) -> Measure:
        """Households moved by cycles of one length."""
        found = facts.made(legs)
        is_length = found["size"] == number if number < LONGEST else found["size"] >= number
        return count(found, is_length & ~found["is_chain"])


def _of_situation(code: str, label: str, mask: int) -> None:
    @indicator(code, label=label, unit="count", reference="action 31", scopes=("mel",))
    def measure(facts: Facts) -> Measure:
        """Households moved by an exchange that were in a situation of blocked or complex mutation."""
        found = facts.made(legs)
        return count(found, (found["grounds"].astype(np.int64) & mask) > 0)


def _net(name: str, label: str) -> None:
    @indicator(f"echanges_net_{label}_occupation", label=f"Variation nette de la {label}-occupation par les échanges",
               unit="count", reference="action 31", scopes=("mel",))  # fmt: skip
    def measure(facts: Facts) -> Measure:
        """Occupancies that begin less those that end, by exchange."""
        found = facts.made(legs)
        return count(found, found[name])


for _number in range(2, LONGEST + 1):
    _of_length(_number)
_of_situation("echanges_bloques", "dont en mutation bloquée ou complexe", MUTATION_GROUNDS)
for _ground in Ground:
    if int(_ground) & MUTATION_GROUNDS:
        _of_situation(f"echanges_{str(_ground.name)[:3]}".lower(), GROUND_LABELS[_ground], int(_ground))
for _column, _label in (("under", "sous"), ("over", "sur")):
    _net(_column, _label)
