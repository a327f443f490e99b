"""The verbs: the only functions that change state. Each asserts its conditions and writes the log.

Each takes the rows of all those whom it concerns at one moment, so that a busy day costs little more than a quiet one.
Replaying these events on the first day rebuilds the tables (``sim/results/audit.py``).
"""

from __future__ import annotations

import numpy as np

from sim.rules.commission import Decision, Motive
from sim.rules.mechanisms import joins_buffer
from sim.state.applications import Applications
from sim.state.dwellings import Dwellings
from sim.state.households import Households
from sim.words.codes import LETTABLE, EventKind, Reason, Status
from sim.world.buckets import ROOMS
from sim.world.world import World

OPEN, HELD, HOUSED_STATUS = int(Status.OPEN), int(Status.HELD), int(Status.HOUSED)
# plain integers: numpy and the log take them as they are
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
INADMISSIBLE = int(EventKind.INADMISSIBLE)
REVIEWED = int(EventKind.REVIEWED)
SUBSTITUTED = int(EventKind.SUBSTITUTED)


REASON_OF_MOTIVE = np.zeros(len(Motive), dtype=np.uint8)
for _motive, _reason in (
    (Motive.ADEQUACY, Reason.ADEQUACY), (Motive.OWNER, Reason.OWNER), (Motive.FRAGILITY, Reason.FRAGILITY),
):  # fmt: skip
    REASON_OF_MOTIVE[_motive] = _reason


class Impossible(RuntimeError):  # noqa: N818 - read as a sentence: raise Impossible(...)
    """A verb was asked for something that the state does not allow: a bug, never a result."""


def _require(condition: np.ndarray | bool, text: str) -> None:
    if not (condition if isinstance(condition, bool) else condition.all()):
        raise Impossible(text)


def _note(world: World, kind: np.ndarray | int, rows: int, **given: np.ndarray | float) -> None:
    """Write ``rows`` events of now."""
    world.log.write(world.day, world.phase, kind, rows, **given)


def _distinct(rows: np.ndarray) -> bool:
    return len(rows) < 2 or len(set(rows.tolist())) == len(rows)


def file_applications(world: World, applications: Applications, newcomers: Households) -> np.ndarray:
    """Add applications; return their row numbers.

    Parameters
    ----------
    applications : Applications
        ``household`` is -1 for those whose household comes with them.
    newcomers : Households
        These households, in the same order.
    """
    if not len(applications):
        return np.empty(0, dtype=np.int64)
    households = applications.household.copy()
    households[households < 0] = world.households.append(newcomers)
    rows = world.applications.append(applications)
    world.applications.household[rows] = households
    _require(world.households.application[households] < 0, "a household files while one is open")
    _require(_distinct(households), "a household files once")
    world.households.application[households] = rows
    world.grown()
    _note(world, FILED, len(rows), application=rows, household=households)
    world.file_in_index(rows)
    return rows


def renew(world: World, rows: np.ndarray, due_days: np.ndarray) -> None:
    """Renew applications: seniority is kept (R441-2-7)."""
    _require(world.applications.status[rows] <= HELD, "only an application in progress is renewed")
    world.applications.renewal_due_day[rows] = due_days
    _note(world, RENEWED, len(rows), application=rows, value=due_days)


def close(world: World, rows: np.ndarray, kind: EventKind, status: Status) -> None:
    """Close open applications unhoused: lapse, withdrawal or irrecevabilité (closed list of R441-2-8)."""
    if not len(rows):
        return
    a = world.applications
    _require(a.status[rows] == OPEN, "only an open application lapses or is withdrawn")
    world.waiting.leave(rows)
    a.status[rows] = status
    a.closed_day[rows] = world.day
    world.households.application[a.household[rows]] = -1
    _note(world, kind, len(rows), application=rows, household=a.household[rows])


def recognise(world: World, rows: np.ndarray, flags: np.ndarray) -> None:
    """Recognise applications as priority (DALO decision, PDALHPD label, mutation committee)."""
    a = world.applications
    _require(a.status[rows] <= HELD, "only an application in progress is recognised")
    a.recognition[rows] |= flags.astype(np.uint8)
    is_first = a.recognised_day[rows] < 0
    a.recognised_day[rows[is_first]] = world.day
    _note(world, RECOGNISED, len(rows), application=rows, value=flags)
    world.refile(rows)


def expire_recognition(world: World, rows: np.ndarray, flags: np.ndarray) -> None:
    """Recognitions end: their time is over, or the benefit is lost (R441-16-3). The demand goes on."""
    a = world.applications
    _require(a.status[rows] <= HELD, "only an application in progress loses a recognition")
    _require((a.recognition[rows] & flags) == flags, "only a recognition held can end")
    a.recognition[rows] &= ~flags.astype(np.uint8)
    _note(world, RECOGNITION_EXPIRED, len(rows), application=rows, value=flags)
    world.refile(rows)


def give_notice(world: World, dwellings: np.ndarray, reason: Reason) -> None:
    """Tenants give notice: the search for candidates may begin."""
    households = world.dwellings.tenant[dwellings]
    _require(households >= 0, "an empty dwelling has nobody to give notice")
    _note(world, NOTICE_GIVEN, len(dwellings), household=households, dwelling=dwellings, reason=reason)


def vacate(world: World, dwellings: np.ndarray, reason: Reason) -> None:
    """The tenants leave their dwellings."""
    h, d = world.households, world.dwellings
    households = d.tenant[dwellings]
    _require(households >= 0, "an empty dwelling has nobody to leave it")
    _require(h.dwelling[households] == dwellings, "a tenant leaves the dwelling it rents")
    _require(_distinct(dwellings), "a dwelling is left once")
    h.dwelling[households], h.lease_day[households] = -1, -1
    d.tenant[dwellings], d.vacant_day[dwellings] = -1, world.day
    _note(world, VACATED, len(dwellings), household=households, dwelling=dwellings, reason=reason)


def announce(world: World, dwellings: Dwellings) -> np.ndarray:
    """Add dwellings under construction, so that candidates may be sought; return their row numbers."""
    rows = world.dwellings.append(dwellings)
    world.let_in(rows)
    return rows


def deliver(world: World, rows: np.ndarray) -> None:
    """Dwellings enter service, empty."""
    _require(world.dwellings.tenant[rows] < 0, "a dwelling is delivered empty")
    world.dwellings.vacant_day[rows] = world.day
    _note(world, DELIVERED, len(rows), dwelling=rows)


def orient(world: World, dwellings: np.ndarray, holders: np.ndarray | int, reason: Reason) -> None:
    """Say which réservataire proposes candidates for each dwelling, and why when it is not the first."""
    world.dwellings.reserved_for[dwellings] = holders
    _note(world, ORIENTED, len(dwellings), dwelling=dwellings, value=holders, reason=int(reason))


def designate(world: World, rows: np.ndarray, dwellings: np.ndarray, ranks: np.ndarray, reasons: np.ndarray) -> None:
    """Hold candidates, each for one dwelling: nobody is designated twice at a time."""
    a = world.applications
    _require(a.status[rows] == OPEN, "a held or closed application cannot be designated")
    _require(_distinct(rows), "nobody is designated for two dwellings at a time")
    a.status[rows], a.held_for[rows] = HELD, dwellings
    points = world.order.points(world.applicants(rows), world.day)
    _note(world, DESIGNATED, len(rows), application=rows, dwelling=dwellings, rank=ranks, reason=reasons, value=points)


def examine(
    world: World,
    rows: np.ndarray,
    homes: np.ndarray,
    has_retracted: np.ndarray,
    decisions: np.ndarray,
    motives: np.ndarray,
    ranks: np.ndarray,
) -> None:
    """The commission's session: who had withdrawn, who is not retained, who gets the dwelling with a rank (R441-3).

    Parameters
    ----------
    rows, homes : numpy.ndarray
        Files held and the dwelling of each.
    has_retracted : numpy.ndarray
        bool, one per file: withdrawn before the session.
    decisions, motives : numpy.ndarray
        ``Decision`` and ``Motive`` of those examined.
    ranks : numpy.ndarray
        Rank of those retained, 0 for the others.
    """
    _require(_is_held(world, rows, homes), "the commission examines files held for the dwelling")
    gone = ranks == 0
    kinds = np.where(decisions == Decision.INADMISSIBLE, INADMISSIBLE, REJECTED)
    kinds = np.where(has_retracted, RETRACTED, np.where(gone, kinds, RANKED))
    reasons = np.where(has_retracted, int(Reason.NONE), REASON_OF_MOTIVE[motives])
    value = np.where(has_retracted, 0, decisions)
    _note(world, kinds, len(rows), application=rows, dwelling=homes, rank=ranks, reason=reasons, value=value)
    _set_free(world, rows[gone])


def rank_candidates(world: World, rows: np.ndarray, dwellings: np.ndarray, ranks: np.ndarray) -> None:
    """The commission attributes dwellings to candidates, with a rank (R441-3 b)."""
    _note(world, RANKED, len(rows), application=rows, dwelling=dwellings, rank=ranks)


def release(world: World, rows: np.ndarray, dwellings: np.ndarray, reason: Reason) -> None:
    """Give held candidates back to the list: an earlier rank has accepted."""
    _require(_is_held(world, rows, dwellings), "only a held application is released")
    _set_free(world, rows)
    _note(world, RELEASED, len(rows), application=rows, dwelling=dwellings, reason=reason)


def _is_held(world: World, rows: np.ndarray, dwellings: np.ndarray) -> np.ndarray:
    a = world.applications
    return np.asarray((a.status[rows] == HELD) & (a.held_for[rows] == dwellings))


def _set_free(world: World, rows: np.ndarray) -> None:
    world.applications.status[rows], world.applications.held_for[rows] = OPEN, -1


def _one_more(column: np.ndarray, rows: np.ndarray) -> None:
    """Count in one byte, without passing 255."""
    column[rows] = np.minimum(column[rows], 254) + 1


def offer(
    world: World, rows: np.ndarray, dwellings: np.ndarray, ranks: np.ndarray, reason: Reason = Reason.NONE
) -> None:
    """Offer each dwelling to the held candidate of a rank."""
    _require(_is_held(world, rows, dwellings), "an offer goes to a candidate held for it")
    _one_more(world.applications.offers_count, rows)
    world.applications.last_offer[rows] = dwellings
    _note(world, OFFERED, len(rows), application=rows, dwelling=dwellings, rank=ranks, reason=int(reason))


def decline(world: World, rows: np.ndarray, dwellings: np.ndarray, ranks: np.ndarray, is_silent: np.ndarray) -> None:
    """Candidates refuse, or the ten days pass (silence is a refusal, R441-10): back to the list."""
    a = world.applications
    _require(_is_held(world, rows, dwellings) & (a.last_offer[rows] == dwellings), "only an offer can be refused")
    _one_more(a.refusals_count, rows)
    _set_free(world, rows)
    kinds = np.where(is_silent, EXPIRED, REFUSED)
    _note(world, kinds, len(rows), application=rows, dwelling=dwellings, rank=ranks)
    if world.order.counts_refusals:
        lose_rank(world, rows, dwellings)
        world.refile(rows)


def lose_rank(world: World, rows: np.ndarray, dwellings: np.ndarray) -> None:
    """What a refusal does to the place on the list, where the mechanism says so (never a radiation: R441-2-8)."""
    a, d, standing, rule = world.applications, world.dwellings, world.standing, world.order.rule
    if rule.refusal == "rang_perdu":
        standing.since_day[rows] = world.day
    if rule.name == "files_tampons":
        types = a.first_commune.astype(np.int64) * ROOMS + a.rooms_wanted
        count = len(a)
        waits = (standing.joined_day[:count] >= 0) & (a.status[:count] <= HELD)
        inside = np.bincount(types[:count][waits], minlength=int(types[:count].max()) + 1)
        is_its_type = (d.commune[dwellings] == a.first_commune[rows]) & (d.rooms[dwellings] == a.rooms_wanted[rows])
        joins = joins_buffer(rule, inside[types[rows]], is_its_type) & (standing.joined_day[rows] < 0)
        standing.joined_day[rows[joins]] = world.day


def accept(
    world: World, rows: np.ndarray, dwellings: np.ndarray, ranks: np.ndarray, reason: Reason = Reason.NONE
) -> None:
    """Candidates accept; they stay held until the lease."""
    is_offered = world.applications.last_offer[rows] == dwellings
    _require(_is_held(world, rows, dwellings) & is_offered, "only an offer can be accepted")
    _note(world, ACCEPTED, len(rows), application=rows, dwelling=dwellings, rank=ranks, reason=int(reason))


def house(
    world: World,
    rows: np.ndarray,
    dwellings: np.ndarray,
    ranks: np.ndarray,
    files: np.ndarray,
    reason: Reason = Reason.MOVED,
) -> np.ndarray:
    """Sign leases; return the dwelling that each leaves behind, -1 for a first access.

    Those who sign on one day may take each other's dwelling (``Reason.EXCHANGED``): all leave before any enters.
    """
    a, h, d, day = world.applications, world.households, world.dwellings, world.day
    households = a.household[rows]
    _require(_is_held(world, rows, dwellings), "a lease goes to the candidate held for it")
    _require(a.last_offer[rows] == dwellings, "a lease follows an offer")
    vacant_day, previous = d.vacant_day[dwellings], h.dwelling[households]
    points = world.order.points(world.applicants(rows), day)
    vacate(world, previous[previous >= 0], reason)
    is_exchange = reason is Reason.EXCHANGED
    world.waiting.leave(rows)
    a.status[rows], a.closed_day[rows], a.held_for[rows] = HOUSED_STATUS, day, -1
    h.application[households] = -1
    _occupy(world, households, dwellings)
    why = int(reason) if is_exchange else 0
    _note(world, HOUSED, len(rows), application=rows, household=households, dwelling=dwellings, rank=ranks, reason=why)
    vacant_day = np.where(vacant_day < 0, day, vacant_day)  # a dwelling exchanged is never empty
    world.leases.add(
        len(rows), day=day, application=rows, household=households, dwelling=dwellings, previous_dwelling=previous,
        filed_day=a.filed_day[rows], quartile=world.quartile[rows], recognition=a.recognition[rows],
        grounds=a.grounds[rows], is_mutation=a.is_mutation[rows], is_in_qpv=world.is_in_qpv[dwellings],
        reservataire=d.reserved_for[dwellings], rank=ranks, files=files, vacant_day=vacant_day, points=points,
    )  # fmt: skip
    return np.asarray(previous)


def let_outside(world: World, households: np.ndarray, dwellings: np.ndarray) -> None:
    """Let dwellings outside the list (students, associations)."""
    _occupy(world, households, dwellings)
    _note(world, LET_OUTSIDE, len(dwellings), household=households, dwelling=dwellings)


def _occupy(world: World, households: np.ndarray, dwellings: np.ndarray) -> None:
    h, d = world.households, world.dwellings
    _require(d.tenant[dwellings] < 0, "a dwelling has at most one household")
    _require(d.use[dwellings] <= LETTABLE, "no dwelling is let while in works, banned, for sale, sold or demolished")
    _require(_distinct(dwellings) and _distinct(households), "a lease binds one household and one dwelling")
    h.dwelling[households], h.lease_day[households] = dwellings, world.day
    d.tenant[dwellings], d.vacant_day[dwellings] = households, -1
    d.lettings_count[dwellings] += 1


def review(world: World, households: np.ndarray, dwellings: np.ndarray, flags: np.ndarray) -> None:
    """Note the occupancy that the three-year review refers to the commission (L442-5-2)."""
    _require(world.dwellings.tenant[dwellings] == households, "a review is of the tenant of the dwelling")
    _note(world, REVIEWED, len(households), household=households, dwelling=dwellings, value=flags)


def substitute(world: World, landlord: int, is_on: bool) -> None:
    """The prefect attributes a landlord's dwellings outside QPV, or no longer does (L441-1 al. 34)."""
    if is_on:
        world.substituted.add(landlord)
    else:
        world.substituted.discard(landlord)
    _note(world, SUBSTITUTED, 1, rank=int(is_on), value=landlord)
