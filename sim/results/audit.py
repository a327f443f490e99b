"""Conservation laws of a replication, checked on its log and tables; an empty list means that all hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sim.results.audit_stock import gone_for_good, let_only_what_is_offered, stock_identity, told
from sim.results.replay import CLOSINGS, LEASES, REFUSALS, SET_FREE, K, Log, Tables, replay
from sim.state.records import Replication
from sim.words.clock import first_day, to_date
from sim.words.codes import EventKind, Reason, Status

CLOSERS = (*SET_FREE, *CLOSINGS)
"""Events after which an application is no longer designated, and no offer to it is open."""

STEPS = (K.DESIGNATED, K.RANKED, K.OFFERED, K.ACCEPTED)
"""What happens to who is held for a dwelling."""


@dataclass(frozen=True)
class Book:
    """What the laws are checked on: the log, and rows as they were born."""

    log: Log
    born: Tables
    day_one: Mapping[str, int]  # rows on day one: households, applications, dwellings
    first_day: int
    last_day: int

    @cached_property
    def end(self) -> Tables:
        """The tables at the end of the log."""
        return replay(self.born, self.log)


Law = Callable[[Book], list[str]]


def in_list_on_day_one(book: Book) -> int:
    """Return how many applications were waiting on day one."""
    status = book.born.applications.status[: book.day_one["applications"]]
    return int(np.isin(status, (Status.OPEN, Status.HELD)).sum())


def empty_on_day_one(book: Book) -> int:
    """Return how many dwellings were empty and ready to be let on day one."""
    table, size = book.born.dwellings, book.day_one["dwellings"]
    return int(((table.tenant[:size] < 0) & (table.vacant_day[:size] >= 0)).sum())


def in_order(book: Book) -> list[str]:
    """Events are in the order of days, inside the run."""
    day = book.log.day
    faults = told(
        int((np.diff(day) < 0).sum()), "log not in the order of days, at event", np.flatnonzero(np.diff(day) < 0)
    )
    outside = np.flatnonzero((day < book.first_day) | (day > book.last_day))
    return faults + told(len(outside), "event outside the run, at event", outside)


def new_rows_are_filed(book: Book) -> list[str]:
    """Each application added after day one has one FILED event, and no other has one."""
    filed = np.bincount(book.log.application[book.log.of(K.FILED)], minlength=book.born.applications.count)
    expected = (np.arange(len(filed)) >= book.day_one["applications"]).astype(np.int64)
    rows = np.flatnonzero(filed != expected)
    return told(len(rows), "application added without one FILED event, row", rows)


def closed_once(book: Book) -> list[str]:
    """Nobody is housed twice, or housed after leaving: an application is closed once at most."""
    log = book.log
    times = np.bincount(log.application[log.of(*CLOSINGS)], minlength=book.born.applications.count)
    leases = np.bincount(log.application[log.of(K.HOUSED)], minlength=book.born.applications.count)
    return told(int((leases > 1).sum()), "application with two leases, row", np.flatnonzero(leases > 1)) + told(
        int((times > 1).sum()), "application closed twice, row", np.flatnonzero(times > 1)
    )


def silent_when_closed(book: Book) -> list[str]:
    """Nothing is offered to a closed application, and it is neither designated nor renewed."""
    log = book.log
    closed = np.full(book.born.applications.count, len(log), dtype=np.int64)
    at = log.of(*CLOSINGS)
    closed[log.application[at][::-1]] = at[::-1]  # the first one
    later = log.of(K.RENEWED, K.RECOGNISED, K.RECOGNITION_EXPIRED, K.DESIGNATED, K.RANKED, K.OFFERED, K.ACCEPTED)
    rows = np.unique(log.application[later[later > closed[log.application[later]]]])
    return told(len(rows), "event on a closed application, row", rows)


def _by(keys: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return positions sorted by key then by log order, their keys, and whether each is the first of its key."""
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    first = np.ones(len(keys), dtype=bool)
    first[1:] = keys[1:] != keys[:-1]
    return at[order], keys, first


def one_home_each(book: Book) -> list[str]:
    """At every moment a household lives in one dwelling at most, and a dwelling has one household at most."""
    log, born = book.log, book.born
    at = log.of(K.VACATED, *LEASES)
    faults = []
    for what, mine, other, start in (
        ("household", log.household, log.dwelling, born.households.dwelling),
        ("dwelling", log.dwelling, log.household, born.dwellings.tenant),
    ):
        where, keys, first = _by(mine[at], at)
        leaves = log.kind[where] == K.VACATED
        held = np.where(leaves, -1, other[where])
        before = np.where(first, start[keys], np.concatenate([[-1], held[:-1]]) if len(held) else held)
        wrong = np.where(leaves, before != other[where], before >= 0)
        text = f"{what} that signs while it has a lease, or leaves another than its own, row"
        faults += told(int(wrong.sum()), text, np.unique(keys[wrong]))
    return faults


def housed_after_an_offer(book: Book) -> list[str]:
    """Before each lease comes an offer of that dwelling, then its acceptance, and nothing in between."""
    log = book.log
    at = log.of(K.OFFERED, K.ACCEPTED, *REFUSALS, K.HOUSED)
    where, keys, first = _by(log.application[at], at)
    kind, dwelling = log.kind[where], log.dwelling[where]
    good = np.zeros(len(where), dtype=bool)
    good[2:] = (
        (kind[1:-1] == K.ACCEPTED) & (kind[:-2] == K.OFFERED)
        & (dwelling[1:-1] == dwelling[2:]) & (dwelling[:-2] == dwelling[2:])
        & ~first[2:] & ~first[1:-1]
    )  # fmt: skip
    wrong = (kind == K.HOUSED) & ~good
    return told(int(wrong.sum()), "lease without an accepted offer of that dwelling, application", keys[wrong])


def _never_twice(book: Book, kind: EventKind, text: str) -> list[str]:
    """Between two events of a kind, an application is set free or closed."""
    log = book.log
    at = log.of(kind, *CLOSERS)
    where, keys, first = _by(log.application[at], at)
    same = log.kind[where] == kind
    wrong = np.zeros(len(where), dtype=bool)
    wrong[1:] = same[1:] & same[:-1] & ~first[1:]
    return told(int(wrong.sum()), text, np.unique(keys[wrong]))


def one_open_offer(book: Book) -> list[str]:
    """No application has two open offers."""
    return _never_twice(book, K.OFFERED, "two open offers to one application, row")


def held_once(book: Book) -> list[str]:
    """No application is designated for two dwellings at a time."""
    return _never_twice(book, K.DESIGNATED, "application designated for two dwellings at once, row")


def held_for_what_is_sought(book: Book) -> list[str]:
    """Who is held at the end is held for the dwelling of its last step, sought since it was last let."""
    log, table = book.log, book.end.applications
    rows = np.flatnonzero(table.status == Status.HELD)
    homes = table.held_for[rows]

    def last(kinds: tuple[K, ...], of: np.ndarray, size: int) -> np.ndarray:
        """Return the position of the last event of some kinds about each row, -1 = none."""
        position = np.full(size, -1, dtype=np.int64)
        at = log.of(*kinds)
        position[of[at]] = at
        return position

    step = last(STEPS, log.application, table.count)[rows]
    lease, sought = (last(kinds, log.dwelling, book.end.dwellings.count)[homes] for kinds in (LEASES, (K.ORIENTED,)))
    let = (homes < 0) | (step < 0) | (step < lease)
    faults = told(int(let.sum()), "application held for a dwelling that is let, row", rows[let])
    swaps = log.reason[step] == Reason.EXCHANGED  # held for a dwelling that its tenant leaves on the same day
    lost = ~let & ((log.dwelling[step] != homes) | ((sought <= lease) & ~swaps))
    return faults + told(int(lost.sum()), "application held for a dwelling that is not sought, row", rows[lost])


def dwellings_balance(book: Book) -> list[str]:
    """Attributions = vacancies from outside + freed by moves - still vacant - let outside."""
    log = book.log
    empty = empty_on_day_one(book) + len(log.of(K.DELIVERED)) + len(log.of(K.VACATED)) - len(log.of(*LEASES))
    end = book.end.dwellings
    still = int(((end.tenant < 0) & (end.vacant_day >= 0)).sum())
    return [] if empty == still else [f"dwellings: {still} are empty, the log says {empty}"]


LAWS: tuple[Law, ...] = (
    in_order, new_rows_are_filed, closed_once, silent_when_closed, one_home_each, housed_after_an_offer,
    one_open_offer, held_once, held_for_what_is_sought, dwellings_balance,
)  # fmt: skip


def check_log(book: Book) -> list[str]:
    """Return the laws that the log breaks."""
    faults = [fault for law in LAWS for fault in law(book)]
    return faults + let_only_what_is_offered(book.log) + gone_for_good(book.log)


def compare(rebuilt: Tables, found: Tables) -> list[str]:
    """Return the mutable columns in which two sets of tables differ."""
    faults = []
    for mine, other in zip(rebuilt, found, strict=True):
        for name in type(mine).mutable_names():
            expected, got = getattr(mine, name)[: mine.count], getattr(other, name)[: other.count]
            if len(expected) != len(got):
                faults.append(f"{type(mine).__name__}: {len(got)} rows, {len(expected)} born")
                break
            rows = np.flatnonzero(expected != got)
            faults += told(len(rows), f"replay differs from the table in {type(mine).__name__}.{name}, row", rows)
    return faults


def leases_are_logged(replication: Replication, log: Log) -> list[str]:
    """Return whether the record of leases and the log tell the same attributions."""
    at, leases = log.of(K.HOUSED), replication.leases
    same = len(at) == len(leases) and all(
        np.array_equal(getattr(log, name)[at], leases[name]) for name in ("day", "application", "household", "dwelling")
    )
    return [] if same else [f"leases: {len(leases)} recorded, {len(at)} in the log, or not the same"]


def flows_at(book: Book, day: int) -> tuple[int, int]:
    """Return the applications on the list and the dwellings let at the end of a day, by the log."""
    log, until = book.log, int(np.searchsorted(book.log.day, day, side="right"))

    def number(*kinds: K) -> int:
        return int(np.searchsorted(log.of(*kinds), until))

    waiting = in_list_on_day_one(book) + number(K.FILED) - number(*CLOSINGS)
    tenants = int((book.born.dwellings.tenant[: book.day_one["dwellings"]] >= 0).sum())
    return waiting, tenants + number(*LEASES) - number(K.VACATED)


def year_ends_agree(replication: Replication, book: Book) -> list[str]:
    """Applications in = waiting + housed + left, and dwellings let, on every 31 December."""
    faults = []
    for end in replication.year_ends:
        day = first_day(end.year + 1) - 1
        waiting, let = flows_at(book, day)
        found = len(end.stock), int((end.tenants >= 0).sum())
        if found != (waiting, let):
            faults.append(f"{to_date(day)}: {found[0]} waiting and {found[1]} let, the log says {waiting} and {let}")
        people = end.tenants[end.tenants >= 0]
        if len(np.unique(people)) < len(people) or len(np.unique(end.stock["application"])) < len(end.stock):
            faults.append(f"{to_date(day)}: a household in two dwellings, or an application twice on the list")
    return faults


def audit(replication: Replication) -> list[str]:
    """Return the conservation laws that a replication breaks, those found while it ran included.

    Parameters
    ----------
    replication : Replication
        What the engine left.
    """
    born = Tables(replication.households_born, replication.applications_born, replication.dwellings_born)
    end = Tables(replication.households, replication.applications, replication.dwellings)
    log = Log(replication.events)
    book = Book(log, born, replication.day_one_rows, replication.first_day, replication.last_day)
    faults = list(replication.faults) + check_log(book)
    faults += compare(book.end, end)
    faults += leases_are_logged(replication, log) + year_ends_agree(replication, book)
    faults += stock_identity(replication, log)
    if (waiting := flows_at(book, replication.last_day)[0]) != (open_ := _open(end)):
        faults.append(f"applications: {open_} are open, the log says {waiting}")
    return faults


def _open(tables: Tables) -> int:
    status = tables.applications.status[: tables.applications.count]
    return int(np.isin(status, (Status.OPEN, Status.HELD)).sum())
