"""What leaves the stock, for good or for a time: sales under their framework, works, banned labels."""

from __future__ import annotations

import numpy as np
import pytest

from sim.flows import search
from sim.flows.exits import Departures, give_notice
from sim.inputs.law import load_law
from sim.results.audit import audit
from sim.rules.energy import first_banned, is_banned
from sim.rules.sales import Framework, Home, SaleBar, sale_bars
from sim.words.clock import first_day
from sim.words.codes import LETTABLE, Energy, EventKind, Financing, Use
from tests import worlds
from tests.worlds import kept

RULE = Framework(10.0, int(Energy.E), True, True, (1, 2, 5), False)
PLAIN = {
    "financing": Financing.PLUS, "rooms": 3, "energy": Energy.D, "age_years": 30.0, "has_low_rent": True,
    "is_in_qpv": False, "is_sru": False, "has_agreement": False, "is_saturated": False, "is_water": False,
}  # fmt: skip


def bar(is_occupant: bool = False, rule: Framework = RULE, **changes: object) -> SaleBar:
    """Return what keeps one dwelling from being sold."""
    home = Home(**{name: np.array([value]) for name, value in {**PLAIN, **changes}.items()})
    return SaleBar.of(int(sale_bars(home, is_occupant, rule)[0]))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, SaleBar.NONE),
        ({"age_years": 9.0}, SaleBar.TOO_RECENT),
        ({"energy": Energy.F}, SaleBar.LABEL),
        ({"energy": Energy.E}, SaleBar.NONE),
        ({"financing": Financing.PLAI}, SaleBar.PLAI),
        ({"rooms": 2}, SaleBar.TYPOLOGY),
        ({"rooms": 2, "is_in_qpv": True}, SaleBar.NONE),
        ({"rooms": 2, "has_low_rent": False}, SaleBar.NONE),
        ({"is_sru": True}, SaleBar.SRU),
        ({"is_sru": True, "has_agreement": True}, SaleBar.NONE),
        ({"is_sru": True, "financing": Financing.PLS}, SaleBar.SRU),
        ({"is_saturated": True}, SaleBar.SATURATED),
        ({"is_saturated": True, "financing": Financing.PLS}, SaleBar.NONE),
        ({"is_water": True}, SaleBar.WATER),
    ],
)
def test_the_framework_of_action_19(changes: dict[str, object], expected: SaleBar) -> None:
    assert bar(**changes) is expected


def test_occupants_may_buy_in_sru_communes_and_works_are_planned_for_e() -> None:
    assert bar(is_occupant=True, is_sru=True) is SaleBar.NONE
    assert bar(rule=RULE._replace(has_works_plan=False), energy=Energy.E) is SaleBar.WORKS_PLAN
    assert bar(rule=RULE._replace(offers_ownership=True), is_sru=True, financing=Financing.PLS) is SaleBar.NONE


def test_without_the_framework_the_law_alone_bars() -> None:
    rule = RULE._replace(is_on=False)
    assert bar(rule=rule, financing=Financing.PLAI, is_sru=True, is_water=True) is SaleBar.NONE
    assert bar(rule=rule, energy=Energy.G) is SaleBar.LABEL


def test_sales_respect_the_framework_and_their_number() -> None:
    done = kept("vente_encadree", (), 1000, 2)
    d, size = done.dwellings, len(done.dwellings)
    sold = np.flatnonzero(d.use[:size] == Use.SOLD)
    expected = 990 * 1000 / 56_000 * 2
    assert 0.6 * expected < len(sold) <= expected + 2
    assert audit(done) == []
    assert not (d.financing[sold] == Financing.PLAI).any()
    assert (d.energy[sold] <= Energy.E).all()
    assert (d.tenant[sold] < 0).all()


def test_labels_fall_under_the_ban_on_their_dates() -> None:
    law = load_law()
    days = np.array([first_day(2024), first_day(2025) - 1, first_day(2025), first_day(2028), first_day(2034)])
    assert first_banned(law, days).tolist() == [len(Energy), len(Energy), Energy.G, Energy.F, Energy.E]
    assert is_banned(np.array([Energy.G, Energy.F]), np.array([first_day(2026)] * 2), law).tolist() == [True, False]


EARLY = ("flows/energy_ban/on=true", "law/location.etiquette_interdite@2022-06-01=E")


def test_banned_labels_are_not_let_until_they_are_rehabilitated() -> None:
    done = kept("reference", EARLY, 1000, 2)
    d, size = done.dwellings, len(done.dwellings)
    assert audit(done) == []
    banned = np.flatnonzero(d.use[:size] == Use.BANNED)
    assert len(banned) > 10
    assert (d.energy[banned] >= Energy.E).all()
    events = done.events
    late = events[(events["kind"] == EventKind.HOUSED) & (events["day"] >= first_day(2023))]["dwelling"]
    assert (d.energy[late] < Energy.E).mean() > 0.99  # what was under way on the day of the ban is finished


def test_works_empty_some_dwellings_for_a_time_and_lift_the_ban() -> None:
    done = kept("reference", (*EARLY, "flows/rehabilitation/on=true", "flows/rehabilitation/works_months=3"), 1000, 2)
    assert audit(done) == []
    changes = done.events[done.events["kind"] == EventKind.USE_CHANGED]
    in_works = changes["dwelling"][changes["value"] == Use.IN_WORKS]
    renovated = changes["dwelling"][changes["value"] == Use.RENOVATED]
    assert len(in_works) > 3
    assert np.isin(in_works, renovated).any()
    expected = 3000 * 1000 / 56_000 * 2
    assert 0.6 * expected < len(np.unique(renovated)) < 1.2 * expected
    assert (done.dwellings.use[: len(done.dwellings)] <= LETTABLE).any()


def test_a_tenant_gives_notice_once_though_the_dwelling_is_kept_back_before_it_leaves() -> None:
    """Nobody accepts a dwelling whose tenant is still there; it is then sold or emptied: the notice holds."""
    world = worlds.world()
    let = np.flatnonzero(world.dwellings.tenant[: len(world.dwellings)] >= 0)[:1]
    empty = np.flatnonzero(world.dwellings.tenant[: len(world.dwellings)] < 0)[:1]
    tenant = world.dwellings.tenant[let].astype(np.int64)
    departures = Departures()
    assert give_notice(world, departures, tenant, world.day + 30).tolist() == let.tolist()
    world.ready_day[empty] = world.day
    world.keeps_back = lambda dwellings, ready_days: np.zeros(len(dwellings), dtype=bool)
    search.give_back(world, np.concatenate([let, empty]))
    assert world.ready_day[let[0]] >= world.day + 30
    assert world.ready_day[empty[0]] == -1
    assert not len(give_notice(world, departures, tenant, world.day + 45))
