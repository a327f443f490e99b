"""Objectives on the engine: what binds, what is slack, what precedence changes."""

from __future__ import annotations

import numpy as np
import pytest

from sim.flows import steering
from sim.rules.objectives import binds
from sim.rules.segments import is_key_worker
from sim.state.records import Replication
from sim.words.codes import EventKind
from tests import worlds

ONE = str(worlds.FILES / "one_objective.yaml")


def share_of(kind: str, share: float) -> tuple[str, ...]:
    """Return what makes the objective of ``ONE`` a floor, a ceiling or a reserve of a share."""
    return f"rules/objectives/essai/kind={kind}", f"rules/objectives/essai/path/2022={share}"


@pytest.mark.parametrize(("kind", "share"), [("plancher", 0.01), ("plafond", 0.999), ("reserve", 0.01)])
def test_a_slack_quota_changes_nothing(kind: str, share: float) -> None:
    done = worlds.live(ONE, share_of(kind, share))
    assert worlds.fingerprint(done) == worlds.fingerprint(worlds.kept())


def test_precedence_of_overlapping_reserves_changes_allocations() -> None:
    first, second = (worlds.live(name, applicants=600) for name in ("reserves_a", "reserves_b"))
    assert len(first.leases)
    assert len(second.leases)
    assert not np.array_equal(first.leases["application"], second.leases["application"])


def test_a_reserve_of_key_workers_houses_more_of_them() -> None:
    """L441-1: key workers are a public like any other, judged by the attribute that the bilan counts."""

    def housed(done: Replication) -> float:
        who = done.applications.household[done.leases["application"]]
        return float(is_key_worker(done.households.employment[who], done.households.luck_id[who], 0.2).mean())

    asked = ('rules/objectives/essai/counts/any_of=["travailleur_essentiel"]', *share_of("plancher", 0.3))
    assert housed(worlds.live(ONE, asked)) > 0.2 > housed(worlds.kept())


def test_a_dated_criterion_may_be_a_public() -> None:
    """Who is a senior changes on 1 January: the index follows, and a floor houses more of them."""

    def housed(done: Replication) -> float:
        who = done.applications.household[done.leases["application"]]
        return float((2022 - done.households.birth_year[who].astype(int) > 65).mean())

    asked = ('rules/objectives/essai/counts/any_of=["senior"]', *share_of("plancher", 0.3))
    assert housed(worlds.live(ONE, asked)) > 1.3 * housed(worlds.kept())


def test_a_hard_floor_binds_until_it_is_met_within_one() -> None:
    """With the abundant candidates of the first quartile, promises never fall behind by a whole dwelling."""
    share, applicants = 0.20, 1_200
    world = worlds.world(ONE, share_of("plancher", share), applicants)
    behind = []
    world.watch = lambda query, chosen, found: behind.append(
        binds(world.book.tally("essai"), share, "plancher") if found.sum() else None
    )
    worlds.run(world)
    numerator, denominator = world.book.tally("essai")
    assert denominator > 50
    assert numerator >= np.floor(share * denominator) - 1


def test_what_was_promised_is_taken_back_when_the_list_fails() -> None:
    world = worlds.world("cia", applicants=600)
    worlds.run(world)
    name = "quota.premier_quartile_hors_qpv"
    leases = world.leases.to_array()
    open_promises = sum(name in made.stand.members for made in world.promises.values())
    due = world.shortlists.dwelling[world.leases_due.pop(world.last + 3_650)]
    accepted = int((~leases["is_in_qpv"]).sum() + (~world.is_in_qpv[due]).sum())
    assert world.book.tally(name).denominator == accepted + open_promises


def test_orientation_stays_within_one_dwelling_of_each_share() -> None:
    world = worlds.world(overrides=("rules/reservation/mode=flux",), applicants=3_000)
    rng = np.random.default_rng(1)
    for landlord in rng.integers(0, len(world.territory.landlords), 2_000).tolist():
        world.ledger.count(landlord, world.ledger.choose(landlord))
    for done, shares in zip(world.ledger.oriented, world.ledger.shares, strict=True):
        assert max(abs(d - s * sum(done)) for d, s in zip(done, shares, strict=True)) <= 1


def test_the_watch_sees_every_designation() -> None:
    world, seen = worlds.world(applicants=300), []
    world.watch = lambda query, chosen, found: seen.append(int(found.sum()))
    worlds.run(world)
    designated = world.log.to_array()["kind"] == 9
    assert sum(seen) == designated.sum()


def test_a_prefect_substitutes_to_a_landlord_that_misses_the_objective() -> None:
    overrides = (
        "rules/lec_substitution/on=true",
        "law/quota.premier_quartile_hors_qpv@2017-01-29=0.95",
        "rules/reservation/mode=flux",
    )
    world = worlds.world(overrides=overrides, applicants=1_200)
    worlds.run(world)
    events = world.log.to_array()
    assert (events["kind"] == 24).sum() > 0
    landlords = events["value"][events["kind"] == 24].astype(int)
    assert set(landlords.tolist()) <= set(range(len(world.territory.landlords)))
    assert steering.PREFECT in world.book._counters


def test_a_commission_that_reorders_keeps_the_tiers_of_an_accessible_dwelling() -> None:
    """R441-4: its own order holds inside a tier; elsewhere it may put anybody first."""
    done = worlds.kept("reference", ("flows/commission/reorder_share=1.0",), 3_000)
    events, h = done.events, done.households
    ranked = events[events["kind"] == EventKind.RANKED]
    disabled = h.is_disabled[done.applications.household[ranked["application"]]]
    is_accessible = done.dwellings.is_accessible[ranked["dwelling"]]
    session = ranked["dwelling"].astype(np.int64) * 100_000 + ranked["day"]
    order = np.lexsort((ranked["rank"], session))
    follows = session[order][1:] == session[order][:-1]
    passed = follows & ~disabled[order][:-1] & disabled[order][1:]  # a disabled household behind another
    accessible = is_accessible[order][1:]
    assert (follows & accessible & disabled[order][:-1]).sum() > 20
    assert not passed[accessible].any()
    assert passed[~accessible].any()
