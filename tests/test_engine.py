"""The engine as a whole, on small worlds: conservation, determinism, common luck, twins, flows, steering."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sim.flows.caleol import lags
from sim.population.build import FirstDay
from sim.results.audit import audit
from sim.rules.affordability import income_ceiling_eur_year
from sim.state.luck import identities
from sim.state.records import Replication
from sim.words.codes import Channel, Employment, EventKind, Reason, Recognition, Reservataire, Status
from sim.world.scanning import Scanning
from tests import worlds

K = EventKind
SCENARIOS = ("reference", "cia", "cotation", "anciennete")
SIZE, YEARS = 1_500, 2
RANDOM_SCENARIOS = 100


def run(name: str = "reference", overrides: tuple[str, ...] = (), replication: int = 0) -> Replication:
    """Return a replication of the usual size, simulated once."""
    return worlds.kept(name, overrides, SIZE, YEARS, replication)


def count(replication: Replication, *kinds: EventKind, reason: Reason | None = None) -> int:
    events = replication.events
    chosen = np.isin(events["kind"], kinds)
    return int((chosen if reason is None else chosen & (events["reason"] == reason)).sum())


def frame(replication: Replication) -> pd.DataFrame:
    return pd.DataFrame(replication.events)


# Conservation


@pytest.mark.parametrize("name", SCENARIOS)
def test_conservation(name: str) -> None:
    done = run(name)
    assert audit(done) == []
    assert len(done.leases) == count(done, K.HOUSED) > 200
    assert [end.year for end in done.year_ends] == [2022, 2023]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:divide by zero")
def test_conservation_whatever_the_scenario() -> None:
    """Scenarios that nobody would write: flows off, extreme shares, any rule."""
    broken = {}
    for seed in range(RANDOM_SCENARIOS):
        rng = np.random.default_rng(seed)
        applicants, overrides = int(rng.choice([200, 300, 400])), worlds.random_overrides(rng)
        faults = audit(worlds.live("reference", overrides, applicants))
        if faults:
            broken[seed, applicants, overrides] = faults
    assert not broken


def test_the_first_day_is_left_untouched() -> None:
    start = worlds.first_day(300)
    tables = (start.households, start.applications, start.dwellings)
    before = [table.copy() for table in tables]
    worlds.live()
    for table, copy in zip(tables, before, strict=True):
        for (name, now), (_, then) in zip(table.columns(), copy.columns(), strict=True):
            assert np.array_equal(now, then), name


# Determinism


def test_the_same_seed_gives_the_same_events() -> None:
    assert worlds.fingerprint(worlds.live()) == worlds.fingerprint(worlds.live())


def test_replications_and_seeds_differ() -> None:
    prints = {
        worlds.fingerprint(worlds.live(overrides=overrides, replication=number))
        for overrides, number in (((), 0), ((), 1), (("run/seed=7",), 0))
    }
    assert len(prints) == 3


def test_the_order_of_hashes_does_not_matter() -> None:
    code = "from tests import worlds; print(worlds.fingerprint(worlds.live('cia')))"
    root = Path(__file__).resolve().parents[1]
    path = os.pathsep.join([str(root), *filter(None, [os.environ.get("PYTHONPATH")])])
    printed = [
        subprocess.run(
            [sys.executable, "-c", code], cwd=root, env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": path},
            capture_output=True, text=True, check=True,
        ).stdout.strip()
        for seed in ("1", "4242")
    ]  # fmt: skip
    assert printed == [worlds.fingerprint(worlds.live("cia"))] * 2


# Luck that scenarios and neighbours share


def with_one_more(start: FirstDay) -> FirstDay:
    """Return the first day with one more first-access application, like an existing one."""
    source = np.flatnonzero(~start.applications.is_mutation)[:1]
    file = start.applications.take(source)
    home = start.households.take(file.household)
    home.application[:] = len(start.applications)
    file.household[:] = len(start.households)
    file.luck_id[:] = home.luck_id[:] = identities("one more", 0, 1)
    households, applications = start.households.copy(), start.applications.copy()
    households.append(home)
    applications.append(file)
    return dataclasses.replace(start, households=households.copy(), applications=applications.copy())


def first_access_arrivals(replication: Replication) -> pd.DataFrame:
    """Return who filed during the run from outside the stock, by identity, as they were born."""
    a, h = replication.applications_born, replication.households_born
    filed = np.flatnonzero(~a.is_mutation & (a.filed_day >= replication.first_day))
    homes = {f"household_{name}": values[a.household[filed]] for name, values in h.columns() if name != "application"}
    files = {name: values[filed] for name, values in a.columns() if name != "household"}
    return pd.DataFrame({**files, **homes})


def answers(replication: Replication) -> dict[tuple[int, int, int], EventKind]:
    """Return what was answered, by application, dwelling never let before in the run, and day of the offer."""
    a, d = replication.applications.luck_id, replication.dwellings.luck_id
    let: set[int] = set()
    offered: dict[int, tuple[int, int, int]] = {}
    told: dict[tuple[int, int, int], EventKind] = {}
    for event in replication.events:
        kind, row, home = K(event["kind"]), int(event["application"]), int(event["dwelling"])
        if kind in (K.HOUSED, K.LET_OUTSIDE):
            let.add(home)
        elif kind == K.OFFERED and home not in let:
            offered[row] = int(a[row]), int(d[home]), int(event["day"])
        elif kind in (K.REFUSED, K.EXPIRED, K.ACCEPTED) and row in offered:
            told[offered.pop(row)] = kind
    return told


def decisions(replication: Replication) -> pd.DataFrame:
    """Return when each application was recognised during the run, and when it was closed."""
    columns = dict(replication.applications.columns())
    day, closed, last = columns["recognised_day"], columns["closed_day"], replication.last_day
    table = {
        "luck_id": columns["luck_id"],
        "household": replication.households.luck_id[columns["household"]],
        "grounds": columns["grounds"],
        "day": day,
        "flags": columns["recognition"],
        "was": day >= replication.first_day,
        "closed": np.where(closed < 0, last + 1, closed),
    }
    return pd.DataFrame(table)


SAME_DEMAND = ["luck_id", "household", "grounds"]


def test_one_more_applicant_changes_nobody_elses_luck() -> None:
    alone = run()
    more = worlds.live(applicants=SIZE, years=YEARS, start=with_one_more(worlds.first_day(SIZE)))
    assert audit(more) == []
    assert more.day_one_rows["applications"] == alone.day_one_rows["applications"] + 1

    pd.testing.assert_frame_equal(first_access_arrivals(alone), first_access_arrivals(more))
    delivered = [(dict(r.dwellings.columns())["luck_id"], count(r, K.DELIVERED)) for r in (alone, more)]
    assert np.array_equal(delivered[0][0], delivered[1][0])
    assert delivered[0][1] == delivered[1][1]

    both = decisions(alone).merge(decisions(more), on=SAME_DEMAND, suffixes=("_0", "_1"), validate="1:1")
    same = both[both["was_0"] & both["was_1"]]
    assert len(same) > 50
    assert (same["day_0"] == same["day_1"]).all()
    assert (same["flags_0"] == same["flags_1"]).all()
    for mine, other in (("0", "1"), ("1", "0")):  # recognised in one world only: it had left the other
        single = both[both[f"was_{mine}"] & ~both[f"was_{other}"]]
        assert (single[f"closed_{other}"] <= single[f"day_{mine}"]).all()

    told = answers(alone), answers(more)
    common = told[0].keys() & told[1].keys()
    assert len(common) > 100
    assert all(told[0][key] == told[1][key] for key in common)


def test_scenarios_share_most_of_the_tenants_who_ask_to_move() -> None:
    """Whether a tenant may file depends on what became of it, but one tenant's fate does not redraw the others."""
    asked = []
    start = with_one_more(worlds.first_day(SIZE))
    more = worlds.live(applicants=SIZE, years=YEARS, start=start)
    for done in (run(), more, run("cia")):
        a = dict(done.applications.columns())
        filed = a["is_mutation"] & (a["filed_day"] >= done.first_day)
        who = done.households.luck_id[a["household"][filed]]
        asked.append(set(zip(who.tolist(), a["filed_day"][filed].tolist(), strict=True)))
    for other in asked[1:]:
        assert len(asked[0] & other) > 0.8 * len(asked[0])


def test_scenarios_share_those_who_come() -> None:
    arrived = [first_access_arrivals(run(name)) for name in SCENARIOS]
    for other in arrived[1:]:
        pd.testing.assert_frame_equal(arrived[0], other)


# The slow twin


@pytest.mark.parametrize("name", ["reference", "cia", "cotation"])
def test_the_index_houses_the_same_households_as_a_scan(name: str) -> None:
    scanned = worlds.live(name, (), SIZE, YEARS, index=Scanning)
    assert worlds.fingerprint(scanned) == worlds.fingerprint(run(name))


@pytest.mark.filterwarnings("ignore:divide by zero")
@pytest.mark.parametrize("seed", range(5))
def test_the_index_is_a_scan_whatever_the_scenario(seed: int) -> None:
    overrides = worlds.random_overrides(np.random.default_rng(10_000 + seed))
    both = (worlds.live(overrides=overrides, index=index) for index in (worlds.Waiting, Scanning))
    assert len({worlds.fingerprint(done) for done in both}) == 1


# Flows


@pytest.mark.parametrize(
    ("flow", "kinds"),
    [
        ("arrivals", (K.FILED,)),
        ("renewals", (K.RENEWED, K.LAPSED)),
        ("recognitions", (K.RECOGNISED,)),
        ("exits", (K.WITHDRAWN, K.LET_OUTSIDE)),
        ("deliveries", (K.DELIVERED,)),
    ],
)
def test_a_flow_switched_off_does_nothing(flow: str, kinds: tuple[EventKind, ...]) -> None:
    off = worlds.live(overrides=(f"flows/{flow}/on=false",), applicants=SIZE)
    assert audit(off) == []
    for kind in kinds:
        assert count(run(), kind) > 0
        assert count(off, kind) == 0
    if flow == "exits":
        assert count(off, K.NOTICE_GIVEN, K.VACATED, reason=Reason.LEFT_SECTOR) == 0
    assert len(off.leases) > 0


def test_recognitions_end_in_time_when_the_scenario_says_so() -> None:
    names = ("pdalhpd", "mutation")
    limited = worlds.live(
        overrides=tuple(f"flows/recognitions/{n}/expires=true" for n in names), applicants=SIZE, years=2
    )
    assert audit(limited) == []
    ended = limited.events[limited.events["kind"] == K.RECOGNITION_EXPIRED]
    assert len(ended) > 0
    since = ended["day"] - limited.applications.recognised_day[ended["application"]]
    assert (since >= 730).all()
    assert count(run(), K.RECOGNITION_EXPIRED) == 0


def test_nothing_moves_when_every_flow_is_off() -> None:
    overrides = tuple(f"flows/{flow}/on=false" for flow in worlds.FLOWS)
    still = worlds.live(overrides=overrides)
    assert audit(still) == []
    first_access_leases = int((~still.leases["is_mutation"]).sum())
    assert first_access_leases <= int((worlds.first_day().dwellings.tenant < 0).sum())  # only what stood empty


# What may happen to people


@pytest.fixture(scope="module")
def leases() -> pd.DataFrame:
    """The leases of ``reference`` with their households, applications and dwellings."""
    done = run()
    table = pd.DataFrame(done.leases)
    a, h, d = done.applications, done.households, done.dwellings
    for source, rows in ((a, "application"), (h, "household"), (d, "dwelling")):
        columns = {f"{rows}_{name}": values[table[rows].to_numpy()] for name, values in source.columns()}
        table = table.assign(**columns)
    return table


def test_leases_answer_what_was_asked_for(leases: pd.DataFrame) -> None:
    rooms = leases["dwelling_rooms"]
    assert (rooms >= leases["application_rooms_min"]).all()
    assert (rooms <= leases["application_rooms_max"]).all()
    assert (leases["dwelling_channel"] == Channel.LIST).all()
    assert (leases["application_status"] == Status.HOUSED).all()
    communes = worlds.territory().communes
    territory = len(communes) + communes["territoire_index"].to_numpy()
    whole = len(communes) + len(worlds.territory().territoires)
    places = worlds.first_day(SIZE).places
    for chosen, commune in zip(leases["application_place_set"], leases["dwelling_commune"], strict=True):
        assert {commune, int(territory[commune]), whole} & set(places[chosen])


def test_leases_respect_the_income_ceilings(leases: pd.DataFrame) -> None:
    first_year = leases[leases["day"] < worlds.world(applicants=SIZE).first + 365]
    terms = worlds.world(applicants=SIZE).terms
    ceiling = [
        income_ceiling_eur_year(*row, terms)
        for row in zip(
            first_year["dwelling_financing"], first_year["household_ceiling_category"],
            first_year["household_persons_over_six"], strict=True,
        )
    ]  # fmt: skip
    assert len(first_year) > 100
    assert (first_year["household_tax_income_eur_year"] * terms.income_index <= np.array(ceiling) + 0.01).all()


def test_holders_propose_their_own(leases: pd.DataFrame) -> None:
    state = leases[leases["reservataire"] == Reservataire.ETAT]
    first_access = int(Recognition.DALO | Recognition.PDALHPD)
    assert len(state)
    assert ((state["recognition"] & first_access) > 0).all()
    workers = leases[leases["reservataire"].isin([Reservataire.ETAT_AGENTS, Reservataire.ACTION_LOGEMENT])]
    assert len(workers)
    assert workers["household_employment"].isin([Employment.STABLE, Employment.UNSTABLE]).all()


def test_nobody_moves_into_a_dwelling_that_is_not_empty(leases: pd.DataFrame) -> None:
    assert (leases["vacant_day"] >= 0).all()
    assert (leases["vacant_day"] <= leases["day"]).all()
    assert (leases["previous_dwelling"] != leases["dwelling"]).all()
    assert ((leases["previous_dwelling"] >= 0) == leases["is_mutation"]).all()


def test_offers_follow_ranks_and_delays() -> None:
    done = run()
    events = frame(done)
    delay = int(worlds.loaded().law.at("offre.delai_reponse_days", done.first_day))
    steps = (K.OFFERED, K.REFUSED, K.EXPIRED, K.ACCEPTED)
    for _, told in events[events["kind"].isin(steps)].groupby("dwelling"):
        kinds, ranks, days = told["kind"].tolist(), told["rank"].tolist(), told["day"].tolist()
        for i in range(0, len(kinds) - 1, 2):
            assert kinds[i] == K.OFFERED  # one offer at a time for a dwelling, answered before the next one
            assert kinds[i + 1] != K.OFFERED
            assert ranks[i] == ranks[i + 1]
            waited = days[i + 1] - days[i]
            assert waited == delay + 1 if kinds[i + 1] == K.EXPIRED else waited <= delay
            if i >= 2 and kinds[i - 1] in (K.REFUSED, K.EXPIRED):
                assert ranks[i] in (1, ranks[i - 1] + 1)


@pytest.mark.parametrize(("name", "tolerance"), [("anciennete", 1e-3), ("cotation", 1 / 30)])
def test_candidates_are_designated_in_the_order_of_the_rule(name: str, tolerance: float) -> None:
    done = run(name)
    events, accessible = frame(done), done.dwellings.is_accessible
    holder: dict[int, int] = {}
    one_tier = {Reservataire.BAILLEUR, Reservataire.ETAT, Reservataire.ETAT_AGENTS, Reservataire.ACTION_LOGEMENT}
    last: dict[int, tuple[int, int, float]] = {}
    compared = 0
    kept = events[events["kind"].isin([K.ORIENTED, K.DESIGNATED])]
    for event in kept.itertuples():
        if event.kind == K.ORIENTED:
            holder[event.dwelling] = int(event.value)
        elif not accessible[event.dwelling] and holder[event.dwelling] in one_tier:
            day, rank, points = last.get(event.dwelling, (-1, 0, 0.0))
            if event.day == day and event.rank == rank + 1:
                assert event.value <= points + tolerance  # what breaks ties weighs less than a day of points
                compared += 1
            last[event.dwelling] = event.day, event.rank, event.value
    assert compared > 300


def test_nobody_stays_held_for_a_dwelling_that_was_let() -> None:
    done = run()
    a, events = done.applications, done.events
    let = np.full(done.dwellings.count, -1)  # position in the log of the last lease of each dwelling
    at = np.flatnonzero(np.isin(events["kind"], [K.HOUSED, K.LET_OUTSIDE]))
    let[events["dwelling"][at]] = at
    held = np.full(a.count, -1)
    at = np.flatnonzero(events["kind"] == K.DESIGNATED)
    held[events["application"][at]] = at
    rows = np.flatnonzero(a.status[: a.count] == Status.HELD)
    assert len(rows)
    assert (let[a.held_for[rows]] < held[rows]).all()


@pytest.mark.parametrize("name", SCENARIOS)
def test_identities_are_unique(name: str) -> None:
    done = run(name)
    for table in (done.households, done.applications, done.dwellings):
        ids = dict(table.columns())["luck_id"]
        assert len(np.unique(ids)) == len(ids)
        assert (ids > 0).all()


@pytest.mark.parametrize("name", SCENARIOS)
def test_rows_are_in_the_order_of_filing(name: str) -> None:
    """What makes a tie by row a tie by date of filing (L441-2-8), first day and mutations included."""
    filed = dict(run(name).applications.columns())["filed_day"]
    assert (np.diff(filed) >= 0).all()


def test_vacancies_do_not_pile_up() -> None:
    done = run()
    d = done.dwellings
    empty = (d.tenant[: d.count] < 0) & (d.vacant_day[: d.count] >= 0)
    assert 0.002 < empty.mean() < 0.05


def test_the_law_that_was_read_is_told() -> None:
    read = {str(value["name"]) for value in run().legal_values_read}
    assert {"demande.validite_days", "plafond.plus_eur_year", "seuil.premier_quartile_eur_year_cu", "qpv.carte"} <= read


# Steering


def shares_of(replications: list[Replication]) -> dict[str, float]:
    leases = np.concatenate([done.leases for done in replications])
    flags, is_q1, is_in_qpv = leases["recognition"], leases["quartile"] == 1, leases["is_in_qpv"]
    first_access = (flags & int(Recognition.DALO | Recognition.PDALHPD)) > 0
    mutation = ~first_access & ((flags & int(Recognition.MUTATION | Recognition.NPNRU)) > 0)
    return {
        "quota.prioritaires_premier_acces": float(first_access.mean()),
        "quota.prioritaires_mutation_npru": float(mutation.mean()),
        "quota.premier_quartile_hors_qpv": float(is_q1[~is_in_qpv].mean()),
        "quota.non_premier_quartile_en_qpv": float((~is_q1)[is_in_qpv].mean()),
    }


@pytest.mark.slow
def test_steering_raises_what_lags_and_houses_as_many() -> None:
    lives = {name: [worlds.live(name, (), 3_000, 2, number) for number in (0, 1)] for name in ("reference", "cia")}
    before, after = (shares_of(lives[name]) for name in ("reference", "cia"))
    law = worlds.loaded("cia").law
    lagging = 0
    for name, share in before.items():
        target = float(law.at(name, lives["cia"][0].first_day))
        if share < target - 0.03:
            lagging += 1
            assert after[name] > share + 0.02, name
        else:
            assert after[name] > target - 0.05, name
    assert lagging >= 2
    # Dwellings that come from outside (departures, deliveries) are let as often. Attributions follow, but for
    # the chains: recognised mutations are served more, and each frees a dwelling.
    from_outside = {name: sum(int((~d.leases["is_mutation"]).sum()) for d in done) for name, done in lives.items()}
    assert from_outside["cia"] == pytest.approx(from_outside["reference"], rel=0.05)
    every = {name: sum(len(d.leases) for d in done) for name, done in lives.items()}
    assert every["cia"] == pytest.approx(every["reference"], rel=0.10)


def test_lags_are_relative_to_targets() -> None:
    world = worlds.world("cia")
    steered = world.scenario.rules.steering.objectives
    assert [lags(world)[name] for name in steered] == [1.0] * len(steered)  # nothing attributed yet
    name = "quota.premier_quartile_hors_qpv"
    target = float(world.law[name])
    world.book.count(name, np.arange(10) == 0)
    assert lags(world)[name] == pytest.approx((target - 0.1) / target)
    world.book.count(name, np.ones(20, dtype=bool))
    assert lags(world)[name] == 0.0


def test_an_objective_of_zero_never_lags() -> None:
    name = "quota.premier_quartile_hors_qpv"
    assert lags(worlds.world("cia", (f"law/{name}@2020-01-01=0",)))[name] == 0.0
