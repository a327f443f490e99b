"""Tables, rows, log, sets of places and counters: what the state is made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from sim.state.applications import Applications
from sim.state.dwellings import Dwellings
from sim.state.households import Households
from sim.state.log import EVENT, EventLog
from sim.state.places import PlaceSets
from sim.state.quota_book import QuotaBook
from sim.state.rows import Rows
from sim.state.tables import Table, column
from sim.words.codes import EventKind


@dataclass
class Sheep(Table):
    """A table for tests."""

    age: np.ndarray = column("i2", unit="years", doc="age", default=1)
    shorn_day: np.ndarray = column("i4", unit="day", doc="day it was shorn", default=-1, mutable=True)


def test_build_gives_defaults_types_and_broadcasts() -> None:
    flock = Sheep.build(3, age=[4, 5, 6])
    assert flock.age.tolist() == [4, 5, 6]
    assert flock.age.dtype == np.int16
    assert flock.shorn_day.tolist() == [-1, -1, -1]
    assert Sheep.build(2, age=9).age.tolist() == [9, 9]
    assert len(Sheep.build(0)) == 0
    assert Sheep.names() == ["age", "shorn_day"]
    assert Sheep.mutable_names() == ["shorn_day"]


def test_an_unknown_column_is_refused() -> None:
    with pytest.raises(KeyError, match=r"Sheep has no column.*wool"):
        Sheep.build(1, wool=3)
    with pytest.raises(ValueError, match="broadcast"):
        Sheep.build(3, age=[1, 2])


def test_append_keeps_row_numbers_and_never_overlaps() -> None:
    flock = Sheep.build(2, age=[1, 2])
    assert flock.append(Sheep.build(3, age=[3, 4, 5])).tolist() == [2, 3, 4]
    for n in range(6, 200):
        assert flock.append(Sheep.build(1, age=n)).tolist() == [n - 1]
    assert len(flock) == 199
    assert dict(flock.columns())["age"].tolist() == list(range(1, 200))
    assert flock.append(Sheep.build(0)).tolist() == []


def test_what_is_appended_may_have_spare_room() -> None:
    small, other = Sheep.build(1, age=1), Sheep.build(2, age=[2, 3])
    other.append(Sheep.build(1, age=4))  # room is now larger than what is used
    assert len(other.age) > len(other)
    small.append(other)
    assert dict(small.columns())["age"].tolist() == [1, 2, 3, 4]


def test_copies_are_independent() -> None:
    flock = Sheep.build(3, age=[1, 2, 3])
    flock.append(Sheep.build(1, age=4))
    copy, some = flock.copy(), flock.take(np.array([3, 0, 0]))
    flock.age[:] = 0
    assert copy.age.tolist() == [1, 2, 3, 4]
    assert some.age.tolist() == [4, 1, 1]
    assert len(copy.age) == len(copy) == 4


@pytest.mark.parametrize("table", [Households, Applications, Dwellings])
def test_every_column_of_the_state_builds(table: type[Table]) -> None:
    rows = table.build(2)
    for name, values in rows.columns():
        assert values.dtype == np.dtype(table.specs()[name]["dtype"]), name
        assert (values == table.specs()[name]["default"]).all(), name


def test_rows_are_read_only_and_joined() -> None:
    people = Households.build(3, size=[1, 2, 3])
    files = Applications.build(2, household=[2, 0], filed_day=[10, 20])
    rows = np.array([1, 0])
    view = Rows(files, rows, Rows(people, files.household[rows]))
    assert len(view) == 2
    assert view.filed_day.tolist() == [20, 10]
    assert view.size.tolist() == [1, 3]
    with pytest.raises(AttributeError, match="read-only"):
        view.filed_day = np.zeros(2)
    with pytest.raises(AttributeError, match="no column 'colour'"):
        _ = view.colour
    view.filed_day[:] = 0  # a gathered copy: the table does not move
    assert files.filed_day.tolist() == [10, 20]


def test_the_log_keeps_every_field_exactly() -> None:
    log = EventLog()
    log.write(18993, 3, EventKind.DESIGNATED, 1, application=2**31 - 1, dwelling=7, rank=255, reason=1, value=93.5)
    log.write(18994, 1, EventKind.RENEWED, 2, application=np.array([4, 5]), value=np.array([19359, 19360]))
    log.write(18994, 4, EventKind.DELIVERED, 3, dwelling=np.array([8, 9, 10]))
    log.write(18994, 4, EventKind.DELIVERED, 1, dwelling=3)
    events = log.to_array()
    assert events.dtype == EVENT
    assert len(events) == len(log) == 7
    assert events[0].tolist() == (18993, 3, EventKind.DESIGNATED, 2**31 - 1, -1, 7, 255, 1, 93.5)
    assert events[1:3]["value"].tolist() == [19359.0, 19360.0]
    assert events["dwelling"][3:].tolist() == [8, 9, 10, 3]
    assert events["household"][1:].tolist() == [-1] * 6


def test_no_row_is_no_event() -> None:
    log, nobody = EventLog(), np.empty(0, dtype=np.int64)
    log.write(18993, 1, EventKind.RENEWED, 0, application=nobody, value=nobody)
    log.write(18993, 2, EventKind.FILED, 0, application=nobody, household=nobody)
    assert len(log) == 0
    assert len(log.to_array()) == 0


def test_sets_of_places_are_stored_once() -> None:
    sets = PlaceSets()
    assert sets.number([3, 1, 1]) == sets.number((1, 3)) == 0
    assert sets.number([7]) == 1
    assert len(sets) == 2
    assert sets[0] == (1, 3)
    offsets, members = sets.ragged()
    assert offsets.tolist() == [0, 2, 3]
    assert members.tolist() == [1, 3, 7]


def test_objectives_are_counted_by_year() -> None:
    book, name, member = QuotaBook(), "quota.prioritaires", ("LMH",)
    assert book.share(name) == 0.0
    for counted in (True, False, True, True):
        book.count(name, counted)
    book.count(name, True, member)
    assert book.share(name) == 0.75
    assert book.share(name, member) == 1.0
    assert book.total(name) == (4, 5)
    book.start_year()
    assert book.share(name) == book.share(name, member) == 0.0


def test_what_was_promised_may_be_taken_back() -> None:
    """In the month in which it was counted, and in the calendar year if it is not over."""
    book, name, december = QuotaBook(), "quota.prioritaires", 12 * 2022 + 11
    book.start_month(december)
    for counted in (True, False, True):
        book.count(name, counted)
    book.count(name, True, dwellings=-1)
    assert book.tally(name) == book.tally(name, window="glissant_6_mois") == (1, 2)
    book.start_year()
    book.start_month(december + 1)
    book.count(name, True)
    book.count(name, True, dwellings=-1, month=december)  # promised last year: this year never counted it
    assert book.tally(name) == (1, 1)
    assert book.tally(name, window="glissant_6_mois") == (1, 2)
    book.start_month(december + 12)
    book.count(name, False)
    book.count(name, False, dwellings=-1, month=december)  # too old to be looked at
    assert book.tally(name, window="glissant_12_mois") == (1, 2)
