"""Rounds of the exchange inside a simulation: conservation, no dwelling freed, first access not slowed."""

from __future__ import annotations

import numpy as np
import pytest

from sim.results.audit import audit
from sim.state.records import Replication
from sim.words.codes import EventKind, Reason
from tests.worlds import fingerprint, live, random_overrides

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


def test_exchanges_do_not_take_first_access() -> None:
    """Internal moves free nothing and take nothing: entries stay within chance (rules.md 6.3)."""
    both = (live("reference", (), 1000), bourse("cycles"))
    entries = [int((r.leases["previous_dwelling"] < 0).sum()) for r in both]
    assert entries[1] == pytest.approx(entries[0], rel=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_any_scenario_with_exchanges_conserves(seed: int) -> None:
    rng = np.random.default_rng(seed)
    name = str(rng.choice(["pairs", "cycles", "chains", "ttc", "greedy"]))
    more = ("rules/exchange/every_days=7", "rules/exchange/delay_days=30", f"rules/exchange/name={name}")
    assert audit(live("reference", (*random_overrides(rng), *EASY, *more), 600)) == []
