"""Compiled pieces of the mechanisms: keyed luck, bids, registrations, buffers, a draw for each dwelling.

They are called by the inner loop of the index, one application at a time. ``chance`` gives
the number of ``Luck.uniform`` for the same decision, identity and occasion (a test compares).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from sim.state.luck import Luck, keyed_uniform

KINDS = ("all", "bidders", "registered", "buffered")
ALL, BIDDERS, REGISTERED, BUFFERED = range(len(KINDS))


class Filter(NamedTuple):
    """Who may be designated beyond what buckets and eligibility say."""

    kind: int  # ALL, BIDDERS, REGISTERED or BUFFERED
    base: np.uint64
    second_base: np.uint64
    share: float
    other_commune_ratio: float
    other_rooms_ratio: float
    bids_max: int
    landlords: int


class Seeker(NamedTuple):
    """What a filter reads of one application."""

    identity: np.uint64
    first_commune: int
    rooms_wanted: int
    rooms_min: int
    rooms_max: int
    place_set: int


class Adverts(NamedTuple):
    """Dwellings advertised together (a week), and who wishes to live where."""

    identity: np.ndarray  # uint64: luck_id of the dwelling + lettings_count, see occasion
    commune: np.ndarray
    rooms: np.ndarray
    wishes: np.ndarray  # bool (sets of places, communes): whether a set holds the commune


def base_of(luck: Luck, decision: str) -> np.uint64:
    """Return the key of a decision in a replication."""
    return np.uint64(luck._base(decision))


@njit(cache=True)
def chance(base, identity, occasion):  # type: ignore[no-untyped-def]
    """Return the keyed uniform in [0, 1) of an identity for an occasion."""
    return keyed_uniform(np.uint64(identity), np.uint64(occasion), np.uint64(base))


@njit(cache=True)
def chance_to_bid(f, first_commune, rooms_wanted, commune, rooms):  # type: ignore[no-untyped-def]
    """Return the probability that an advert that fits an applicant interests it enough to bid."""
    probability = f.share
    if commune != first_commune:
        probability *= f.other_commune_ratio
    if rooms != rooms_wanted:
        probability *= f.other_rooms_ratio
    return probability


@njit(cache=True)
def may_bid(f, identity, first_commune, rooms_wanted, commune, rooms, occasion):  # type: ignore[no-untyped-def]
    """Whether an advert that fits an applicant interests it enough to bid."""
    return chance(f.base, identity, occasion) < chance_to_bid(f, first_commune, rooms_wanted, commune, rooms)


@njit(cache=True)
def interest(f, identity, first, wanted, low, high, commune, rooms, occasion):  # type: ignore[no-untyped-def]
    """Return how little an advert of a wished commune interests an applicant: under 1 it would bid, smallest first."""
    probability = chance_to_bid(f, first, wanted, commune, rooms)
    if rooms < low or rooms > high or probability <= 0.0:
        return np.inf
    return chance(f.base, identity, occasion) / probability


@njit(cache=True)
def bids_on(f, identity, first, wanted, low, high, wishes, advert, adverts, communes, rooms, week):  # type: ignore[no-untyped-def]
    """Whether an applicant bids on an advert: it interests, and fewer than ``bids_max`` others interest more.

    Scalars and arrays only (``wishes`` by commune): taking arrays out of tuples would cost more than the comparison.
    """
    here, occasion = communes[advert], adverts[advert] + np.uint64(week)
    mine = interest(f, identity, first, wanted, low, high, here, rooms[advert], occasion)
    if mine >= 1.0 or not wishes[here]:
        return False
    ahead = 0
    for other in range(len(adverts)):
        there, occasion = communes[other], adverts[other] + np.uint64(week)
        if not wishes[there] or rooms[other] < low or rooms[other] > high:
            continue
        if interest(f, identity, first, wanted, low, high, there, rooms[other], occasion) < mine:
            ahead += 1
            if ahead >= f.bids_max:
                return False
    return True


@njit(cache=True)
def bids(f, seeker, advert, adverts, week):  # type: ignore[no-untyped-def]
    """Whether an applicant bids on an advert (see ``bids_on``)."""
    return bids_on(
        f, seeker.identity, seeker.first_commune, seeker.rooms_wanted, seeker.rooms_min, seeker.rooms_max,
        adverts.wishes[seeker.place_set], advert, adverts.identity, adverts.commune, adverts.rooms, week,
    )  # fmt: skip


@njit(cache=True)
def is_registered(f, identity, landlord):  # type: ignore[no-untyped-def]
    """Whether an application is on a landlord's own list; everybody is on one at least."""
    home = np.int64(chance(f.second_base, identity, 0) * f.landlords)
    return home == landlord or chance(f.base, identity, landlord) < f.share


@njit(cache=True)
def is_its_type(seeker, commune, rooms):  # type: ignore[no-untyped-def]
    """Whether a dwelling is of the type an applicant in a buffer waits for: first commune, typology wanted."""
    return commune == seeker.first_commune and rooms == seeker.rooms_wanted


@njit(cache=True)
def admits(f, seeker, is_buffered, advert, landlord, adverts, week):  # type: ignore[no-untyped-def]
    """Whether the mechanism lets an applicant be designated for a dwelling (``advert``: its place in ``adverts``)."""
    if f.kind == BIDDERS:
        return bids(f, seeker, advert, adverts, week)
    if f.kind == REGISTERED:
        return is_registered(f, seeker.identity, landlord)
    if f.kind == BUFFERED:
        return not is_buffered or is_its_type(seeker, adverts.commune[advert], adverts.rooms[advert])
    return True


@njit(cache=True)
def drawn_between(rows, identities, base, occasion, low, high):  # type: ignore[no-untyped-def]
    """Return the rows whose draw for this occasion lies in [low, high), in the order of the draw.

    An order at random without sorting everybody: the index asks for a first window of draws, then for
    the next one until enough candidates pass.

    Parameters
    ----------
    rows : numpy.ndarray
        Candidates, each once.
    identities : numpy.ndarray
        uint64 ``luck_id`` of every application (by row number).
    occasion : int
        Dwelling and letting: ``luck_id + lettings_count``, as elsewhere.
    """
    kept = np.empty(len(rows), dtype=rows.dtype)
    draws = np.empty(len(rows), dtype=np.float64)
    count = 0
    for row in rows:
        draw = chance(base, identities[row], occasion)
        if low <= draw < high:
            kept[count], draws[count] = row, draw
            count += 1
    return kept[:count][np.argsort(draws[:count])]
