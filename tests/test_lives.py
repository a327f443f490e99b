"""Households change: composition, what the law derives from it, the place on the list, the seniority of both."""

from __future__ import annotations

import numpy as np
import pytest

from sim.population.people import derive
from sim.results.audit import audit
from sim.rules import lives
from sim.rules.lives import Composition
from sim.state.records import Replication
from sim.words.codes import EventKind, Reason, Status
from tests.worlds import fingerprint, first_day, kept, live, world

LIFE = ("flows/life/on=true",)


def family(size: int, children: int, dependants: int, couple: bool) -> Composition:
    """Return one household."""
    return Composition(*(np.array([value]) for value in (size, children, dependants, couple)))


def told(of: Composition) -> tuple[int, int, int, bool]:
    """Return one household as plain numbers."""
    return int(of.size[0]), int(of.children[0]), int(of.dependants[0]), bool(of.is_couple[0])


@pytest.mark.parametrize(
    ("rule", "before", "after"),
    [
        (lives.birth, (2, 0, 0, True), (3, 1, 1, True)),
        (lives.growth, (3, 1, 1, True), (3, 0, 1, True)),
        (lives.departure, (3, 0, 1, True), (2, 0, 0, True)),
        (lives.departure, (3, 1, 1, True), (3, 1, 1, True)),
        (lives.union, (1, 0, 0, False), (2, 0, 0, True)),
        (lives.widowhood, (2, 0, 0, True), (1, 0, 0, False)),
    ],
)
def test_events_change_the_composition(rule: object, before: tuple[int, ...], after: tuple[int, ...]) -> None:
    assert told(rule(family(*before))) == after  # type: ignore[operator]


def test_a_separation_loses_nobody() -> None:
    for takes in (True, False):
        stay, go = lives.separation(family(5, 2, 3, True), np.array([takes]))
        assert int(stay.size[0] + go.size[0]) == 5
        assert int(stay.children[0] + go.children[0]) == 2
        assert int(stay.dependants[0] + go.dependants[0]) == 3
        assert not stay.is_couple[0]
        assert not go.is_couple[0]


def changed(replication: Replication) -> np.ndarray:
    """Return the CHANGED events of a run."""
    found: np.ndarray = replication.events[replication.events["kind"] == EventKind.CHANGED]
    return found


def test_the_log_rebuilds_households_that_changed() -> None:
    done = kept("reference", LIFE, 1000, 2)
    assert len(changed(done)) > 1000
    assert audit(done) == []


def test_what_the_law_derives_follows_the_composition() -> None:
    done, shapes = kept("reference", LIFE, 1000, 2), first_day(1000).newcomers.shapes
    rows = np.unique(changed(done)["household"])
    rows = rows[rows >= 0]
    homes, again = done.households.take(rows), done.households.take(rows)
    derive(again, shapes, done.last_day)
    assert np.allclose(homes.consumption_units, again.consumption_units)
    assert (homes.family_type == again.family_type).all()
    assert (homes.size >= 1 + homes.is_couple + homes.children_count).all()


def test_both_keep_the_seniority_after_a_separation() -> None:
    done = kept("reference", LIFE, 1000, 2)
    events, a = done.events, done.applications
    split = events[(events["kind"] == EventKind.CHANGED) & (events["reason"] == Reason.SEPARATION)]
    days = set(split["day"].tolist())
    filed = events[(events["kind"] == EventKind.FILED) & np.isin(events["day"], list(days))]
    older = a.filed_day[filed["application"]] < filed["day"]
    assert older.any()


def test_a_world_without_changes_is_as_before() -> None:
    still = live("reference", ("flows/life/on=true", *NOTHING), 300, 1)
    assert fingerprint(still) == fingerprint(kept("reference", (), 300, 1))


NOTHING = (
    "flows/life/birth_profile=[[18, 0.0]]",
    "flows/life/union_profile=[[18, 0.0]]",
    "flows/life/death_profile=[[18, 0.0]]",
    "flows/life/disability_profile=[[18, 0.0]]",
    "flows/life/separation_per_year=0.0",
    "flows/life/income_moves_share=0.0",
    "flows/life/grown_stay_years=1e12",
    "law/uc.age_enfant_years@2017-01-29=1000000000",
    "law/retraite.age_years@2014-01-01=200",
)


def test_departures_to_ownership_free_dwellings() -> None:
    base = kept("reference", LIFE, 1000, 2)
    more = kept("reference", (*LIFE, "flows/life/ownership_per_year=2000.0"), 1000, 2)

    def left(replication: Replication) -> int:
        events = replication.events
        return int(((events["kind"] == EventKind.VACATED) & (events["reason"] == Reason.LEFT_SECTOR)).sum())

    expected = 2000 * 1000 / 56_000 * 2
    assert 0.5 * expected < left(more) - left(base) < 1.5 * expected


def test_the_death_of_an_applicant_housed_since_closes_nothing() -> None:
    from sim.flows.lives import happen

    here = world("reference", LIFE)
    here.applications.status[-1] = Status.OPEN  # the last row is what "no application" would read
    h = here.households
    tenants = np.flatnonzero((h.dwelling[: len(h)] >= 0) & (h.application[: len(h)] < 0))[:3]
    before = len(here.log.to_array())
    happen(here, None, "death", tenants)  # type: ignore[arg-type]
    assert len(here.log.to_array()) == before


def test_wishes_and_quartiles_follow() -> None:
    here = world("reference", LIFE)
    rows = here.open_rows()
    row = rows[here.households.size[here.applications.household[rows]] == 1][:1]
    before = int(here.applications.rooms_wanted[row[0]])
    from sim.flows.lives import compose

    household = here.applications.household[row].astype(np.int64)
    compose(
        here, household, lives.birth(lives.birth(lives.composition_of(here.households.take(household)))), Reason.BIRTH
    )
    assert int(here.households.size[household[0]]) == 3
    assert int(here.applications.rooms_wanted[row[0]]) > before or before == 5
    assert here.waiting.is_in(int(row[0]))
