"""The audit passes a consistent replication and names every law that a broken one breaks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from sim.results.audit import audit
from sim.results.replay import Log, Tables, replay
from sim.state.living import APPLICATIONS, COLUMNS, HOUSEHOLDS
from sim.state.records import Replication
from sim.words.codes import EventKind as K
from sim.words.codes import Status
from tests import worlds
from tests.fake import make_replication


def fresh() -> Replication:
    return make_replication(applicants=120, dwellings=200, years=2)


def born(replication: Replication) -> Tables:
    return Tables(replication.households_born, replication.applications_born, replication.dwellings_born)


def first(replication: Replication, kind: K, nth: int = 0) -> int:
    return int(np.flatnonzero(replication.events["kind"] == kind)[nth])


def insert(replication: Replication, at: int, **fields: int) -> None:
    """Add a copy of an event right after it, with some fields changed."""
    event = replication.events[at].copy()
    for name, value in fields.items():
        event[name] = value
    replication.events = np.insert(replication.events, at + 1, event)


def test_a_consistent_replication_passes() -> None:
    for seed in range(3):
        assert audit(make_replication(seed=seed)) == []


def test_faults_found_while_running_are_told() -> None:
    replication = fresh()
    replication.faults.append("quota book: 3 leases, 2 counted")
    assert audit(replication) == ["quota book: 3 leases, 2 counted"]


def housed_twice(r: Replication) -> None:
    insert(r, first(r, K.HOUSED))


def housed_twice_elsewhere(r: Replication) -> None:
    at = first(r, K.HOUSED)
    other = r.events["dwelling"][first(r, K.HOUSED, 5)]
    insert(r, at, dwelling=int(other))


def lease_on_an_occupied_dwelling(r: Replication) -> None:
    at, other = first(r, K.HOUSED, 3), first(r, K.HOUSED, 1)
    r.events["dwelling"][at] = r.events["dwelling"][other]


def never_offered(r: Replication) -> None:
    at = first(r, K.HOUSED)
    offers = np.flatnonzero((r.events["kind"] == K.OFFERED) & (r.events["application"] == r.events["application"][at]))
    r.events = np.delete(r.events, offers[-1])


def never_accepted(r: Replication) -> None:
    r.events = np.delete(r.events, first(r, K.ACCEPTED))


def double_offer(r: Replication) -> None:
    insert(r, first(r, K.OFFERED, 2))


def designated_twice(r: Replication) -> None:
    insert(r, first(r, K.DESIGNATED), dwelling=0)


def lapse_forgotten(r: Replication) -> None:
    r.events = np.delete(r.events, first(r, K.LAPSED))


def lapsed_twice(r: Replication) -> None:
    insert(r, first(r, K.LAPSED))


def designated_after_leaving(r: Replication) -> None:
    at = first(r, K.LAPSED)
    insert(r, at, kind=int(K.DESIGNATED), dwelling=0)


def exit_forgotten(r: Replication) -> None:
    r.events = np.delete(r.events, first(r, K.VACATED))


def arrival_forgotten(r: Replication) -> None:
    r.events = np.delete(r.events, first(r, K.FILED))


def held_for_a_dwelling_that_is_let(r: Replication) -> None:
    """Forget that a candidate was set free when another one signed."""
    at = first(r, K.RELEASED, -1)
    row, home = (int(r.events[name][at]) for name in ("application", "dwelling"))
    later = np.flatnonzero((r.events["application"] == row) & (np.arange(len(r.events)) >= at))
    r.events = np.delete(r.events, later)
    r.applications.status[row], r.applications.held_for[row] = Status.HELD, home


def held_for_a_dwelling_that_nobody_seeks(r: Replication) -> None:
    """Designate, on the last day, a candidate for a dwelling that is let and not sought."""
    row = int(np.flatnonzero(r.applications.status[: r.applications.count] == Status.OPEN)[-1])
    home = int(np.flatnonzero(r.dwellings.tenant[: r.dwellings.count] >= 0)[-1])
    insert(r, len(r.events) - 1, kind=int(K.DESIGNATED), application=row, dwelling=home, household=-1)
    r.applications.status[row], r.applications.held_for[row] = Status.HELD, home


def table_written_in_secret(r: Replication) -> None:
    r.applications.recognition[3] ^= 1


def tenant_written_in_secret(r: Replication) -> None:
    r.dwellings.tenant[7] = -1


def lease_not_recorded(r: Replication) -> None:
    r.leases = r.leases[1:]


def stock_forgets_one(r: Replication) -> None:
    r.year_ends[0].stock = r.year_ends[0].stock[1:]


def tenant_twice_on_31_december(r: Replication) -> None:
    r.year_ends[0].tenants[10] = r.year_ends[0].tenants[11]


def log_out_of_order(r: Replication) -> None:
    r.events[[5, -5]] = r.events[[-5, 5]]


@pytest.mark.parametrize(
    ("breaks", "told"),
    [
        (housed_twice, "application with two leases"),
        (housed_twice_elsewhere, "household that signs while it has a lease"),
        (lease_on_an_occupied_dwelling, "dwelling that signs while it has a lease"),
        (never_offered, "lease without an accepted offer"),
        (never_accepted, "lease without an accepted offer"),
        (double_offer, "two open offers"),
        (designated_twice, "designated for two dwellings at once"),
        (lapse_forgotten, "replay differs from the table in Applications.status"),
        (lapsed_twice, "application closed twice"),
        (designated_after_leaving, "event on a closed application"),
        (exit_forgotten, "replay differs"),
        (arrival_forgotten, "application added without one FILED event"),
        (held_for_a_dwelling_that_is_let, "held for a dwelling that is let"),
        (held_for_a_dwelling_that_nobody_seeks, "held for a dwelling that is not sought"),
        (table_written_in_secret, "replay differs from the table in Applications.recognition"),
        (tenant_written_in_secret, "replay differs from the table in Dwellings.tenant"),
        (lease_not_recorded, "leases:"),
        (stock_forgets_one, "waiting and"),
        (tenant_twice_on_31_december, "a household in two dwellings"),
        (log_out_of_order, "log not in the order of days"),
    ],
)
def test_each_fault_is_named(breaks: Callable[[Replication], None], told: str) -> None:
    replication = fresh()
    breaks(replication)
    faults = audit(replication)
    assert any(told in fault for fault in faults), faults
    assert all(len(fault) < 200 for fault in faults)


def slow_replay(replication: Replication) -> Tables:
    """One event at a time: the obvious twin."""
    h, a, d = (table.copy() for table in born(replication))
    for e in replication.events:
        kind, day, row, household, home = (int(e[n]) for n in ("kind", "day", "application", "household", "dwelling"))
        if kind == K.FILED:
            h.application[a.household[row]] = row
        elif kind == K.RENEWED:
            a.renewal_due_day[row] = int(e["value"])
        elif kind in (K.LAPSED, K.WITHDRAWN, K.STRUCK_OFF, K.HOUSED):
            a.status[row] = Status[K(kind).name]
            a.closed_day[row], a.held_for[row] = day, -1
            h.application[a.household[row]] = -1
        elif kind == K.RECOGNISED:
            a.recognition[row] |= int(e["value"])
            if a.recognised_day[row] < 0:
                a.recognised_day[row] = day
        elif kind == K.RECOGNITION_EXPIRED:
            a.recognition[row] &= ~int(e["value"]) & 0xFF
        elif kind == K.VACATED:
            h.dwelling[household] = h.lease_day[household] = d.tenant[home] = -1
            d.vacant_day[home] = day
        elif kind == K.DELIVERED:
            d.vacant_day[home] = day
        elif kind == K.USE_CHANGED:
            d.use[home] = int(e["value"])
        elif kind == K.CHANGED:
            name = COLUMNS[int(e["rank"])]
            table, at = (h, household) if name in HOUSEHOLDS else (a, row) if name in APPLICATIONS else (d, home)
            getattr(table, name)[at] = e["value"]
        elif kind == K.ORIENTED:
            d.reserved_for[home] = int(e["value"])
        elif kind == K.DESIGNATED:
            a.status[row], a.held_for[row] = Status.HELD, home
        elif kind == K.OFFERED:
            a.offers_count[row] = min(int(a.offers_count[row]) + 1, 255)
            a.last_offer[row] = home
        if (
            kind in (K.RELEASED, K.RETRACTED, K.REJECTED, K.INADMISSIBLE, K.REFUSED, K.EXPIRED)
            and a.status[row] == Status.HELD
        ):
            a.status[row], a.held_for[row] = Status.OPEN, -1
        if kind in (K.REFUSED, K.EXPIRED):
            a.refusals_count[row] = min(int(a.refusals_count[row]) + 1, 255)
        if kind in (K.HOUSED, K.LET_OUTSIDE):
            h.dwelling[household], h.lease_day[household] = home, day
            d.tenant[home], d.vacant_day[home] = household, -1
            d.lettings_count[home] += 1
    return Tables(h, a, d)


def test_replay_against_the_slow_twin() -> None:
    replication = fresh()
    for fast, slow in zip(replay(born(replication), Log(replication.events)), slow_replay(replication), strict=True):
        for name, values in fast.columns():
            assert np.array_equal(values, getattr(slow, name)[: slow.count]), name


def test_replay_of_every_event_against_the_slow_twin() -> None:
    """A run of the engine in which everything happens."""
    replication = worlds.live("reference", EVERYTHING, 300, 1)
    missing = set(K) - {K(kind) for kind in np.unique(replication.events["kind"])}
    assert missing == set()
    assert audit(replication) == []
    for fast, slow in zip(replay(born(replication), Log(replication.events)), slow_replay(replication), strict=True):
        for name, values in fast.columns():
            assert np.array_equal(values[: slow.count], getattr(slow, name)[: slow.count]), name


EVERYTHING = (
    "flows/commission/inadmissible_share=0.2",
    "flows/recognitions/pdalhpd/expires=true",
    "flows/recognitions/mutation/expires=true",
    "rules/lec_substitution/on=true",
    "law/quota.premier_quartile_hors_qpv@2017-01-29=0.9",
    "flows/demolition/on=true",
    "flows/demolition/realised_share=2.0",
    "flows/life/on=true",
)


def test_replay_of_half_a_log() -> None:
    """A log stopped anywhere rebuilds the tables of that moment, held candidates included."""
    replication = fresh()
    replication.events = replication.events[: len(replication.events) // 2 + 7]
    for fast, slow in zip(replay(born(replication), Log(replication.events)), slow_replay(replication), strict=True):
        for name, values in fast.columns():
            assert np.array_equal(values, getattr(slow, name)[: slow.count]), name


def test_replay_leaves_what_it_is_given() -> None:
    replication = fresh()
    before = [table.copy() for table in born(replication)]
    replay(born(replication), Log(replication.events))
    for kept, table in zip(before, born(replication), strict=True):
        assert all(np.array_equal(values, getattr(table, name)) for name, values in kept.columns())
