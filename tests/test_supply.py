"""The programme of production: where, when, how many; places stay outside the stock."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from sim.flows.programme import Plan, poisson_at
from sim.flows.relocation import Relocations
from sim.inputs.faults import Faults
from sim.inputs.law import load_law
from sim.inputs.stock_files import read_production
from sim.results.audit import audit
from sim.rules.production import commune_weights, rule_kept, sru_per_year
from sim.state.records import Replication
from sim.words.clock import first_day
from sim.words.codes import GONE, EventKind, Reason, Recognition, Status, Use
from sim.world.scanning import Scanning
from sim.world.waiting import Waiting
from tests.worlds import fingerprint, kept, live, territory, world

NOW = ("flows/deliveries/lead_months=0",)


def count(replication: Replication, kind: EventKind, reason: Reason | None = None) -> int:
    """Return how many events of a kind, and for a reason, a run has."""
    chosen = replication.events["kind"] == kind
    return int((chosen if reason is None else chosen & (replication.events["reason"] == reason)).sum())


def delivered(replication: Replication) -> int:
    """Return how many dwellings entered service during the run."""
    return count(replication, EventKind.DELIVERED)


def test_catch_up_follows_the_gap_to_the_legal_rate() -> None:
    law, day = load_law(), first_day(2024)
    shares, steps = law.at("sru.rattrapage_part", day), law.at("sru.rattrapage_seuils_points", day)
    rate, target = np.array([10.0, 17.0, 19.0, 25.0, np.nan]), np.array([20.0, 20.0, 20.0, 20.0, np.nan])
    due = sru_per_year(rate, target, np.array([300.0, 300.0, 300.0, 300.0, np.nan]), shares, steps, 3)
    assert due == pytest.approx([33.0, 50.0, 100.0, 0.0, 0.0])


def test_the_rule_of_thirty_per_cent() -> None:
    assert rule_kept(100, 30, 9, 0.3, 0.3)
    assert not rule_kept(100, 29, 29, 0.3, 0.3)
    assert not rule_kept(100, 30, 8, 0.3, 0.3)
    weights = commune_weights(
        np.array([100.0, 100.0, 0.0]), np.array([0.0, 0.5, 0.0]), np.array([0.0, 0.0, 12.0]), 0.3, 1.0
    )
    assert weights == pytest.approx([30.0, 15.0, 12.0])


def test_counts_grow_with_the_mean_and_keep_it() -> None:
    luck = (np.arange(4000) + 0.5) / 4000
    few, many = (np.array([poisson_at(u, mean) for u in luck]) for mean in (1.5, 3.0))
    assert few.mean() == pytest.approx(1.5, abs=0.02)
    assert many.mean() == pytest.approx(3.0, abs=0.02)
    assert (many >= few).all()


def test_the_programme_of_the_plh_is_that_of_action_17() -> None:
    total: Counter[tuple[bool, str]] = Counter()
    travellers = 0.0
    for line in read_production("programmes/plh_production.csv", territory()):
        if line.product == "gens_du_voyage":
            travellers += line.per_year
        elif line.product != "etudiant":
            total[line.is_place, line.financing] += round(1000 * line.per_year)
    assert total[False, "PLAI"] + total[True, "PLAI"] == 880_000
    assert total[False, "PLUS"] == 1420_000
    assert travellers == pytest.approx(30, abs=0.01)


def test_a_wrong_line_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "programme.csv"
    head = "de,a,produit,territoire,commune,financement,typologie,part_qpv,nombre,source\n"
    path.write_text(head + "2022,2021,familial,*,59999,PLAI,7,0,10,x\n", encoding="utf-8")
    with pytest.raises(Faults) as found:
        read_production(str(path), territory())
    assert [fault.line for fault in found.value.faults] == [2, 2, 2]


def test_nothing_of_a_programme_comes_before_its_lead_time() -> None:
    plan = Plan(world("production_2300"), 14)
    assert plan.first_day == first_day(2024)
    assert not plan.covers(first_day(2024) - 1)


def test_deliveries_follow_the_programme_and_its_realised_share() -> None:
    full, half = kept("production_2300", NOW, 1000, 2), kept("production_moitie", NOW, 1000, 2)
    scale, years = 1000 / 56_000, 2
    # 2 100 dwellings for families, 230 PLS; Poisson
    expected = 2330 * scale * years
    assert abs(delivered(full) - expected) < 3 * expected**0.5
    assert 0.3 < delivered(half) / delivered(full) < 0.7
    assert audit(full) == audit(half) == []


def test_places_take_from_the_list_and_are_no_dwellings() -> None:
    full = kept("production_2300", NOW, 1000, 2)
    assert count(full, EventKind.WITHDRAWN, reason=Reason.PLACE) > 0
    assert len(full.dwellings) - len(kept("reference", (), 1000, 2).dwellings) < 120


def test_social_dwellings_go_where_they_lack() -> None:
    communes = territory().communes
    lacks = communes["sru_missing"].to_numpy(float) > 0

    def share(catch_up: float) -> float:
        here = world("production_2300", (f"flows/deliveries/sru_catch_up={catch_up}",))
        weights = Plan(here, 14).weights(here, first_day(2023))
        assert here.law.day == first_day(2022)
        return float(weights[lacks].sum() / weights.sum())

    assert share(1.0) > share(0.0)


# Demolition and relocation

FAST = ("flows/demolition/empty_months=2", "flows/demolition/realised_share=1.5")


def test_what_is_demolished_is_never_let_again() -> None:
    done = kept("npnru", FAST, 1000, 2)
    d = done.dwellings
    gone = np.flatnonzero(d.use[: len(d)] == Use.DEMOLISHED)
    assert len(gone) > 5
    assert audit(done) == []
    assert (d.tenant[gone] < 0).all()
    events = done.events
    decided = (events["kind"] == EventKind.USE_CHANGED) & (events["value"] == Use.TO_DEMOLISH)
    for row in np.flatnonzero(decided):
        later = events[row:]
        assert not ((later["kind"] == EventKind.HOUSED) & (later["dwelling"] == events["dwelling"][row])).any()


def test_relocated_households_are_not_examined_by_the_commission() -> None:
    done = kept("npnru", FAST, 1000, 2)
    events, a = done.events, done.applications
    informed = np.flatnonzero(events["kind"] == EventKind.INFORMED)
    assert len(informed) > 10
    assert (a.recognition[events["application"][informed]] & int(Recognition.NPNRU) > 0).all()
    for row in informed:
        after = events[row + 1 :]
        mine = after[after["application"] == events["application"][row]]
        assert mine["kind"][0] == EventKind.OFFERED
    housed = done.leases[done.leases["recognition"] & int(Recognition.NPNRU) > 0]
    assert len(housed) > 5


def test_after_registration_nobody_is_designated_otherwise() -> None:
    done = kept("npnru", FAST, 1000, 2)
    events = done.events
    registered: set[int] = set()
    for event in events:
        row = int(event["application"])
        if event["kind"] == EventKind.RECOGNISED and int(event["value"]) & int(Recognition.NPNRU):
            registered.add(row)
        if event["kind"] == EventKind.DESIGNATED and row in registered:
            assert event["reason"] == Reason.RELOCATION


@pytest.mark.parametrize("name", ["npnru", "plh_complet"])
def test_the_index_is_a_scan_when_the_stock_lives(name: str) -> None:
    done, scanned = (live(name, (), 400, 2, index=index) for index in (Waiting, Scanning))
    assert fingerprint(done) == fingerprint(scanned)


def test_nobody_gets_a_fourth_offer() -> None:
    done = kept("npnru", FAST, 1000, 2)
    events = done.events
    informed = events["application"][events["kind"] == EventKind.INFORMED]
    assert np.bincount(informed).max() <= 3


def test_who_gave_notice_does_not_lose_the_right_to_stay_as_well() -> None:
    here = world("npnru")
    h, register = here.households, Relocations()
    here.applications.status[-1] = Status.OPEN  # the last row is what "no application" would read
    tenant = int(np.flatnonzero((h.dwelling[: len(h)] >= 0) & (h.application[: len(h)] < 0))[0])
    register.since[tenant] = register.refused_before[tenant] = 0
    register.last_refusal[tenant] = 3, 0
    register.end_rights(here)
    assert h.dwelling[tenant] >= 0


def test_the_stock_loses_what_is_demolished() -> None:
    done = kept("npnru", FAST, 1000, 2)
    d, size = done.dwellings, len(done.dwellings)
    gone = int((d.use[:size] >= GONE).sum())
    in_service = d.service_day[:size] <= done.last_day
    expected = done.day_one_rows["dwellings"] + delivered(done) - gone
    assert int((in_service & (d.use[:size] < GONE)).sum()) == expected
