"""Rounds of the exchange inside a simulation: conservation, no dwelling freed, first access not slowed."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from sim.exchange.friction import Step
from sim.exchange.graph import SwapGraph, from_edges
from sim.flows import exchanges as flow
from sim.indicators.compute import compute
from sim.indicators.exchanges import groups
from sim.indicators.facts import Preparation, prepare
from sim.indicators.grid import Grid, Names
from sim.report import exchange, networks
from sim.report.reading import Period
from sim.results.audit import audit
from sim.state.records import LEASE, Replication
from sim.words.clock import to_day
from sim.words.codes import EventKind, Reason, Use
from tests.fake import fake_norms
from tests.worlds import fingerprint, kept, live, loaded, random_overrides, territory
from tests.worlds import world as fresh

EASY = (
    "rules/exchange/registered_share=0.2",
    "rules/exchange/friction/contact_share=1.0",
    "rules/exchange/friction/consent_share=0.8",
    "rules/exchange/friction/file_share=1.0",
    "rules/exchange/friction/caleol_share=0.9",
    "rules/exchange/friction/steadfast_share=0.95",
)
"""So little friction that a small world sees exchanges."""


def bourse(name: str, *more: str, applicants: int = 1000, years: int = 1) -> Replication:
    return live("reference", (f"rules/exchange/name={name}", *EASY, *more), applicants, years)


def opened(name: str, number: int = 0, years: int = 1, applicants: int = 1000) -> Replication:
    """Return a replication with little friction, remembered."""
    return kept("reference", (f"rules/exchange/name={name}", *EASY), applicants, years, number)


def swapped(r: Replication, kind: EventKind) -> np.ndarray:
    return r.events[(r.events["kind"] == kind) & (r.events["reason"] == Reason.EXCHANGED)]


@pytest.mark.parametrize("name", ["pairs", "cycles", "ttc", "chains", "greedy"])
def test_exchanges_conserve_everything_and_free_no_dwelling(name: str) -> None:
    r = bourse(name)
    assert audit(r) == []
    signed, left = swapped(r, EventKind.HOUSED), swapped(r, EventKind.VACATED)
    assert len(signed) > 0
    assert len(signed) == len(left)
    freed, taken = set(left["dwelling"].tolist()), set(signed["dwelling"].tolist())
    if name == "chains":
        assert len(freed - taken) <= len(taken - freed) or not freed - taken
    else:
        for day in np.unique(signed["day"]):
            one = set(signed["dwelling"][signed["day"] == day].tolist())
            assert one == set(left["dwelling"][left["day"] == day].tolist())
    assert np.isin(signed["application"], r.leases["application"]).all()


def test_no_exchange_by_default_and_twice_the_same() -> None:
    plain = live("reference", (), 300)
    assert not len(swapped(plain, EventKind.HOUSED))
    assert fingerprint(bourse("cycles")) == fingerprint(bourse("cycles"))


def test_default_friction_lets_few_through() -> None:
    r = live("reference", ("rules/exchange/name=pairs",), 2000, 1)
    assert audit(r) == []
    assert len(swapped(r, EventKind.HOUSED)) < 0.002 * len(r.dwellings)


@pytest.mark.parametrize("name", ["cycles", "chains"])
def test_in_steady_state_internal_moves_do_not_reduce_entries(name: str) -> None:
    """A cycle frees and takes nothing, a chain gives back what it takes: entries stay within chance (rules.md 6.3)."""
    years, swaps, gaps = 2, 0, []
    for number in range(3):
        base, with_it = kept("reference", (), 1000, years, number), opened(name, number, years)
        entries = [int((r.leases["previous_dwelling"] < 0).sum()) for r in (base, with_it)]
        swaps += len(swapped(with_it, EventKind.HOUSED))
        gaps.append(entries[1] - entries[0])
    assert swaps > 60
    error = np.std(gaps, ddof=1) / np.sqrt(len(gaps)) + 1
    assert abs(np.mean(gaps)) < max(4.3 * error, 0.02 * entries[0])
    assert abs(np.mean(gaps)) < swaps / len(gaps)  # far from one entry lost per move


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_any_scenario_with_exchanges_conserves(seed: int) -> None:
    rng = np.random.default_rng(seed)
    name = str(rng.choice(["pairs", "cycles", "chains", "ttc", "greedy"]))
    more = ("rules/exchange/every_days=7", "rules/exchange/delay_days=30", f"rules/exchange/name={name}")
    assert audit(live("reference", (*random_overrides(rng), *EASY, *more), 600)) == []


# what the law asks of each leg


@pytest.fixture(scope="module")
def chained() -> Replication:
    return opened("chains", 0, 2, 2000)


def test_each_leg_goes_before_the_commission_of_the_landlord_of_its_dwelling(chained: Replication) -> None:
    """One decision per lease (L441-2), on a day when that landlord's commission sits, before the keys."""
    events, landlord = chained.events, chained.dwellings.landlord
    decided, signed = swapped(chained, EventKind.RANKED), swapped(chained, EventKind.HOUSED)
    ordinary = events[(events["kind"] == EventKind.RANKED) & (events["reason"] != Reason.EXCHANGED)]
    ordinary = ordinary[ordinary["day"] > chained.first_day]
    every = fresh().scenario.flows.caleol.every_days
    sits = zip(landlord[ordinary["dwelling"]].tolist(), (ordinary["day"] % every).tolist(), strict=True)
    phase = dict(set(sits))  # each landlord sits on one day of the interval
    known = [e for e in decided if int(landlord[e["dwelling"]]) in phase]
    assert len(known) > 20
    for event in known:
        assert int(event["day"]) % every == phase[int(landlord[event["dwelling"]])]
    day_of = {(int(e["application"]), int(e["dwelling"])): int(e["day"]) for e in decided}
    for lease in signed:
        assert day_of[int(lease["application"]), int(lease["dwelling"])] <= int(lease["day"])
    assert len(decided) >= len(signed) > 0


def test_keys_are_given_on_one_day_and_who_fails_releases_the_others(chained: Replication) -> None:
    legs = chained.leases[Preparation(chained, grid(chained), fake_norms()).is_exchange]
    size, is_chain = groups(legs)
    assert (size[~is_chain] >= 2).all()
    left = set(zip(legs["day"].tolist(), legs["previous_dwelling"].tolist(), strict=True))
    taken = zip(legs["day"].tolist(), legs["dwelling"].tolist(), strict=True)
    assert all((pair in left) for pair, chain in zip(taken, is_chain, strict=True) if not chain)
    turned_down = chained.events[
        (chained.events["kind"] == EventKind.REJECTED) & (chained.events["reason"] == Reason.EXCHANGE_FAILED)
    ]
    assert len(turned_down) > 0
    freed = chained.events[chained.events["reason"] == Reason.EXCHANGE_FAILED]
    for event in turned_down[:20]:  # with the one turned down, the others are free on that day or swap between them
        assert (freed["day"] == event["day"]).sum() >= 2


def test_withdrawn_dwellings_take_no_part() -> None:
    """One truth: what ``use`` keeps from being let keeps its tenant out, and is looked at again on the day of keys."""
    here = fresh("reference", ("rules/exchange/name=cycles", *EASY), 1000)
    rows = flow.registered(here)
    homes = here.households.dwelling[here.applications.household[rows]]
    here.dwellings.use[homes[:5]] = [Use.IN_WORKS, Use.BANNED, Use.TO_DEMOLISH, Use.FOR_SALE, Use.RENOVATED]
    again = flow.registered(here)
    assert sorted(set(rows.tolist()) - set(again.tolist())) == sorted(rows[:4].tolist())
    pool = flow.pool_today(here)
    pairs = pool_graph(len(pool))
    proposal = flow.Proposal(flow.Round(pool, pairs, np.full(len(pool), int(Step.DONE))), [0, 1], False)
    flow.prepare(here, flow.Bourse(np.zeros((1, 1))), proposal, 30)
    assert flow.still_holds(here, proposal).all()
    assert proposal.keys_day >= max(proposal.sessions.values()) >= here.day + 30
    here.dwellings.use[pool.dwelling[1]] = Use.FOR_SALE
    assert flow.still_holds(here, proposal).tolist() == [False, True]


def pool_graph(nodes: int) -> SwapGraph:
    return from_edges(nodes, np.array([0, 1]), np.array([1, 0]))


def test_offers_of_an_exchange_are_no_offers_of_the_list(chained: Replication) -> None:
    """Neither the refusal rate nor the number of candidates of a dwelling looks at them; the flux switch is by law."""
    facts = prepare(chained, Names.of(territory()), fake_norms())
    events = chained.events
    offered = int((events["kind"] == EventKind.OFFERED).sum())
    assert int(facts.answers["is_offer"].sum()) == offered - len(swapped(chained, EventKind.OFFERED))
    table = compute(chained, Names.of(territory()), fake_norms())
    mel = table[table["scope"] == "mel"].set_index(["indicator", "year"])["value"]
    years = sorted(table["year"].unique())
    assert sum(mel["echanges_menages", y] for y in years) == len(swapped(chained, EventKind.HOUSED))
    parts = sum(mel[f"echanges_a_{n}", y] for n in (2, 3, 4) for y in years)
    in_chain = sum(mel["echanges_en_chaine", y] for y in years)
    assert parts + in_chain == len(swapped(chained, EventKind.HOUSED))
    given_back = sum(mel["logements_rendus_par_chaine", y] for y in years)
    homes = (set(swapped(chained, kind)["dwelling"].tolist()) for kind in (EventKind.VACATED, EventKind.HOUSED))
    assert given_back >= 1
    assert given_back == pytest.approx(round(given_back))
    assert len(next(homes)) > 0
    assert sum(mel["echanges_proposes", y] for y in years) == chained.rounds["proposed"].sum() > 0
    moved = (events["kind"] == EventKind.VACATED) & (events["reason"] == Reason.MOVED)
    assert sum(mel["logements_liberes_par_mutation", y] for y in years) == moved.sum() + round(given_back)


def test_groups_of_legs() -> None:
    legs = np.zeros(6, dtype=LEASE)
    legs["day"] = [1, 1, 2, 2, 2, 3]
    legs["previous_dwelling"], legs["dwelling"] = [10, 11, 20, 21, 22, 30], [11, 10, 99, 20, 21, 98]
    size, is_chain = groups(legs)
    assert size.tolist() == [2, 2, 3, 3, 3, 1]
    assert is_chain.tolist() == [False, False, True, True, True, True]


def test_rounds_begin_when_the_exchange_opens() -> None:
    r = live("bourse_cycles", ("rules/exchange/opens=2022-10-01",), 300)
    assert r.rounds["day"].min() > to_day(dt.date(2022, 10, 1))
    assert live("bourse_cycles", ("rules/exchange/opens=2024-01-01",), 300).rounds.size == 0


# what the bilan says


def test_report_states_the_friction_and_draws_what_ended(chained: Replication) -> None:
    scenario = {"scenario": {"rules": {"exchange": loaded("bourse_chaines").scenario.rules.exchange.model_dump()}}}
    told = exchange.friction(scenario)
    assert "accord 23" in told
    assert "1,1" in told
    assert exchange.friction({"scenario": {}}) == exchange.NONE
    tables = {
        "events": pd.DataFrame(chained.events),
        **{
            name: pd.DataFrame(dict(getattr(chained, f"{name}_born").columns()))
            for name in ("households", "applications", "dwellings")
        },
    }
    found = exchange.legs(tables, Period(2022, 2023))
    done = found[found["is_done"]]
    assert len(done) == len(swapped(chained, EventKind.HOUSED))
    legs = chained.leases[Preparation(chained, grid(chained), fake_norms()).is_exchange]
    commune = chained.dwellings.commune
    assert sorted(zip(done["left"], done["taken"], strict=True)) == sorted(
        zip(commune[legs["previous_dwelling"]], commune[legs["dwelling"]], strict=True)
    )
    communes = territory().communes.to_dict("records")
    drawn = networks.exchanges(communes, found.to_numpy().tolist()[:40], title="t", measure="m", source="s")
    assert drawn.key == "reseau_echange"
    assert "clés" in drawn.titled or "<path" in drawn.titled


def grid(r: Replication) -> Grid:
    return Grid((2022, 2023), Names.of(territory()))
