"""The verbs: the only functions that change state. Each asserts its conditions and writes the log.

Replaying these events on the first day rebuilds the tables (``sim/results/audit.py``).
"""

from __future__ import annotations

import numpy as np

from sim.state.applications import Applications
from sim.state.dwellings import Dwellings
from sim.state.households import Households
from sim.words.codes import EventKind, Reason, Status
from sim.world.world import World

OPEN, HELD, HOUSED_STATUS = int(Status.OPEN), int(Status.HELD), int(Status.HOUSED)
# plain integers: reading a member of an enumeration is slow, and verbs are called a million times
ACCEPTED = int(EventKind.ACCEPTED)
DELIVERED = int(EventKind.DELIVERED)
DESIGNATED = int(EventKind.DESIGNATED)
EXPIRED = int(EventKind.EXPIRED)
FILED = int(EventKind.FILED)
HOUSED = int(EventKind.HOUSED)
LET_OUTSIDE = int(EventKind.LET_OUTSIDE)
NOTICE_GIVEN = int(EventKind.NOTICE_GIVEN)
OFFERED = int(EventKind.OFFERED)
ORIENTED = int(EventKind.ORIENTED)
RANKED = int(EventKind.RANKED)
RECOGNISED = int(EventKind.RECOGNISED)
RECOGNITION_EXPIRED = int(EventKind.RECOGNITION_EXPIRED)
REFUSED = int(EventKind.REFUSED)
REJECTED = int(EventKind.REJECTED)
RELEASED = int(EventKind.RELEASED)
RENEWED = int(EventKind.RENEWED)
RETRACTED = int(EventKind.RETRACTED)
VACATED = int(EventKind.VACATED)


class Impossible(RuntimeError):  # noqa: N818 - read as a sentence: raise Impossible(...)
    """A verb was asked for something that the state does not allow: a bug, never a result."""


def _require(condition: bool, text: str) -> None:
    if not condition:
        raise Impossible(text)


def file_applications(world: World, applications: Applications, newcomers: Households | None = None) -> np.ndarray:
    """Add applications (and the households of first-access ones); return their row numbers."""
    if newcomers is not None:
        rows = world.households.append(newcomers)
        applications.household[:] = rows
    rows = world.applications.append(applications)
    households = world.applications.household[rows]
    _require(bool((world.households.application[households] < 0).all()), "a household files while one is open")
    world.households.application[households] = rows
    world.grown()
    world.log.add_many(world.day, world.phase, FILED, application=rows, household=households)
    world.file_in_index(rows)
    return rows


def renew(world: World, rows: np.ndarray, due_days: np.ndarray) -> None:
    """Renew applications: seniority is kept (R441-2-7)."""
    _require(bool((world.applications.status[rows] <= HELD).all()), "only an application in progress is renewed")
    world.applications.renewal_due_day[rows] = due_days
    world.log.add_many(world.day, world.phase, RENEWED, application=rows, value=due_days)


def close(world: World, rows: np.ndarray, kind: EventKind, status: Status) -> None:
    """Close open applications unhoused: lapse or withdrawal (closed list of R441-2-8)."""
    if not len(rows):
        return
    a = world.applications
    _require(bool((a.status[rows] == OPEN).all()), "only an open application lapses or is withdrawn")
    world.waiting.leave(world.people(), rows)
    a.status[rows] = status
    a.closed_day[rows] = world.day
    world.households.application[a.household[rows]] = -1
    world.log.add_many(world.day, world.phase, kind, application=rows, household=a.household[rows])


def recognise(world: World, rows: np.ndarray, flags: np.ndarray) -> None:
    """Recognise applications as priority (DALO decision, PDALHPD label, mutation committee)."""
    a = world.applications
    _require(bool((a.status[rows] <= HELD).all()), "only an application in progress is recognised")
    a.recognition[rows] |= flags.astype(np.uint8)
    is_first = a.recognised_day[rows] < 0
    a.recognised_day[rows[is_first]] = world.day
    world.log.add_many(world.day, world.phase, RECOGNISED, application=rows, value=flags)
    world.refile(rows)


def expire_recognition(world: World, rows: np.ndarray, flags: np.ndarray) -> None:
    """Recognitions end: their time is over, or the benefit is lost (R441-16-3). The demand goes on."""
    a = world.applications
    _require(bool((a.status[rows] <= HELD).all()), "only an application in progress loses a recognition")
    _require(bool(((a.recognition[rows] & flags) == flags).all()), "only a recognition held can end")
    a.recognition[rows] &= ~flags.astype(np.uint8)
    world.log.add_many(world.day, world.phase, RECOGNITION_EXPIRED, application=rows, value=flags)
    world.refile(rows)


def give_notice(world: World, dwelling: int, reason: Reason) -> None:
    """A tenant gives notice: the search for candidates may begin."""
    household = int(world.dwellings.tenant[dwelling])
    _require(household >= 0, "an empty dwelling has nobody to give notice")
    world.log.add(world.day, world.phase, NOTICE_GIVEN, household=household, dwelling=dwelling, reason=reason)


def vacate(world: World, dwelling: int, reason: Reason) -> None:
    """The tenant leaves the dwelling."""
    h, d = world.households, world.dwellings
    household = int(d.tenant[dwelling])
    _require(household >= 0 and h.dwelling[household] == dwelling, "a tenant leaves the dwelling it rents")
    h.dwelling[household], h.lease_day[household] = -1, -1
    d.tenant[dwelling], d.vacant_day[dwelling] = -1, world.day
    world.log.add(world.day, world.phase, VACATED, household=household, dwelling=dwelling, reason=reason)


def announce(world: World, dwellings: Dwellings) -> np.ndarray:
    """Add dwellings under construction, so that candidates may be sought; return their row numbers."""
    rows = world.dwellings.append(dwellings)
    world.is_in_qpv = np.concatenate([world.is_in_qpv, world.in_qpv_today(dwellings.qpv_map[: len(dwellings)])])
    return rows


def deliver(world: World, rows: np.ndarray) -> None:
    """Dwellings enter service, empty."""
    _require(bool((world.dwellings.tenant[rows] < 0).all()), "a dwelling is delivered empty")
    world.dwellings.vacant_day[rows] = world.day
    world.log.add_many(world.day, world.phase, DELIVERED, dwelling=rows)


def orient(world: World, dwelling: int, holder: int) -> None:
    """Say which réservataire proposes candidates for a dwelling."""
    world.dwellings.reserved_for[dwelling] = holder
    world.book.oriented[world.dwellings.landlord[dwelling]][holder] += 1.0
    world.log.add(world.day, world.phase, ORIENTED, dwelling=dwelling, value=holder)


def designate(world: World, rows: np.ndarray, dwellings: np.ndarray, ranks: np.ndarray, reasons: np.ndarray) -> None:
    """Hold candidates, each for one dwelling: nobody is designated twice at a time."""
    a = world.applications
    _require(bool((a.status[rows] == OPEN).all()), "a held or closed application cannot be designated")
    _require(len(set(rows.tolist())) == len(rows), "nobody is designated for two dwellings at a time")
    a.status[rows], a.held_for[rows] = HELD, dwellings
    points = world.order.points(world.applicants(rows), world.day)
    world.log.add_many(
        world.day, world.phase, DESIGNATED, rows, -1, dwellings, ranks=ranks, reason=reasons, value=points
    )
    world.waiting.hold(world.people(), rows)


def examine(
    world: World,
    rows: np.ndarray,
    homes: np.ndarray,
    has_retracted: np.ndarray,
    is_rejected: np.ndarray,
    ranks: np.ndarray,
) -> None:
    """The commission's session: who had withdrawn, who is not retained, who gets the dwelling with a rank (R441-3).

    Parameters
    ----------
    rows, homes : numpy.ndarray
        Files held and the dwelling of each.
    has_retracted, is_rejected : numpy.ndarray
        bool, one per file, never both.
    ranks : numpy.ndarray
        Rank of those retained.
    """
    a, day, phase = world.applications, world.day, world.phase
    held = (a.status[rows] == HELD) & (a.held_for[rows] == homes)
    _require(bool(held.all()), "the commission examines files held for the dwelling")
    gone = has_retracted | is_rejected
    kinds = np.where(has_retracted, RETRACTED, np.where(is_rejected, REJECTED, RANKED))
    world.log.add_many(day, phase, kinds, rows, -1, homes, ranks=np.where(gone, 0, ranks))
    a.status[rows[gone]], a.held_for[rows[gone]] = OPEN, -1
    world.waiting.take_back(rows[gone].tolist())


def release(world: World, rows: list[int], dwelling: int, reason: Reason) -> None:
    """Give held candidates back to the list: an earlier rank has accepted."""
    status, held_for, log, day, phase = (
        world.applications.status, world.applications.held_for, world.log, world.day, world.phase,
    )  # fmt: skip
    for row in rows:
        _require(status[row] == HELD and held_for[row] == dwelling, "only a held application is released")
        status[row], held_for[row] = OPEN, -1
        log.add(day, phase, RELEASED, row, -1, dwelling, 0, reason)
    world.waiting.take_back(rows)


def rank_candidate(world: World, row: int, dwelling: int, rank: int) -> None:
    """The commission attributes the dwelling to a candidate, with a rank (R441-3 b)."""
    world.log.add(world.day, world.phase, RANKED, row, -1, dwelling, rank)


def offer(world: World, row: int, dwelling: int, rank: int) -> None:
    """Offer the dwelling to the held candidate of a rank."""
    a = world.applications
    _require(a.status[row] == HELD and a.held_for[row] == dwelling, "an offer goes to a candidate held for it")
    a.offers_count[row] = min(int(a.offers_count[row]) + 1, 255)
    a.last_offer[row] = dwelling
    world.log.add(world.day, world.phase, OFFERED, row, -1, dwelling, rank)


def decline(world: World, row: int, dwelling: int, rank: int, is_silent: bool) -> None:
    """The candidate refuses, or the ten days pass (silence is a refusal, R441-10): back to the list."""
    a = world.applications
    _require(a.last_offer[row] == dwelling and a.held_for[row] == dwelling, "only an offer can be refused")
    a.refusals_count[row] = min(int(a.refusals_count[row]) + 1, 255)
    a.status[row], a.held_for[row] = OPEN, -1
    kind = EXPIRED if is_silent else REFUSED
    world.log.add(world.day, world.phase, kind, row, -1, dwelling, rank)
    world.waiting.take_back([row])
    if world.order.counts_refusals:
        world.refile(np.array([row]))


def accept(world: World, row: int, dwelling: int, rank: int) -> None:
    """The candidate accepts; it stays held until the lease."""
    a = world.applications
    _require(a.held_for[row] == dwelling and a.last_offer[row] == dwelling, "only an offer can be accepted")
    world.log.add(world.day, world.phase, ACCEPTED, row, -1, dwelling, rank)


def house(world: World, row: int, dwelling: int, rank: int, files: int) -> int:
    """Sign the lease; return the dwelling left behind, -1 for a first access."""
    a, h, d, day = world.applications, world.households, world.dwellings, world.day
    household = int(a.household[row])
    _require(a.status[row] == HELD and a.held_for[row] == dwelling, "a lease goes to the candidate held for it")
    _require(a.last_offer[row] == dwelling, "a lease follows an offer")
    _require(d.tenant[dwelling] < 0, "a dwelling has at most one household")
    previous = int(h.dwelling[household])
    vacant_day = int(d.vacant_day[dwelling])
    if previous >= 0:
        vacate(world, previous, Reason.MOVED)
    world.waiting.leave_held(row)
    a.status[row], a.closed_day[row], a.held_for[row] = HOUSED_STATUS, day, -1
    h.application[household] = -1
    _occupy(world, household, dwelling)
    world.log.add(day, world.phase, HOUSED, row, household, dwelling, rank)
    world.leases.append(
        (
            day, row, household, dwelling, previous, int(a.filed_day[row]), int(world.quartile[row]),
            int(a.recognition[row]), int(a.grounds[row]), bool(a.is_mutation[row]), bool(world.is_in_qpv[dwelling]),
            int(d.reserved_for[dwelling]), rank, files, vacant_day, world.score(row),
        )
    )  # fmt: skip
    return previous


def let_outside(world: World, household: int, dwelling: int) -> None:
    """Let a dwelling outside the list (students, associations)."""
    _require(world.dwellings.tenant[dwelling] < 0, "a dwelling has at most one household")
    _occupy(world, household, dwelling)
    world.log.add(world.day, world.phase, LET_OUTSIDE, -1, household, dwelling)


def _occupy(world: World, household: int, dwelling: int) -> None:
    h, d = world.households, world.dwellings
    h.dwelling[household], h.lease_day[household] = dwelling, world.day
    d.tenant[dwelling], d.vacant_day[dwelling] = household, -1
    d.lettings_count[dwelling] += 1
