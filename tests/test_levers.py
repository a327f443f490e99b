"""Levers of the PLH beyond supply: each moves what it says, in the direction and by the number expected."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sim.inputs.faults import Faults
from sim.inputs.scenario import load
from sim.results.audit import audit
from sim.state.luck import offspring
from sim.state.records import Replication
from sim.words.codes import EventKind, Ground, Occupation, Reason, Recognition
from tests.worlds import fingerprint, kept, live

SIZE, YEARS = 1000, 2
SCALE = SIZE / 56_000 * YEARS
BASE = ("reference", (), SIZE, YEARS)


def some(replication: Replication, kind: EventKind, reason: Reason | None = None) -> np.ndarray:
    """Return the events of a kind, and for a reason."""
    events = replication.events
    found: np.ndarray = events[(events["kind"] == kind) & ((events["reason"] == reason) if reason else True)]
    return found


def is_about(found: float, expected: float) -> bool:
    """Whether a count is within a factor of two of what is expected."""
    return expected / 2 < found < 2 * expected


@pytest.mark.parametrize("name", ["seniors", "jeunes", "plh_complet", "npnru", "vente_encadree", "production_moitie"])
def test_shipped_scenarios_differ_and_pass_the_audit(name: str) -> None:
    done = live(name, (), 500, 3)
    assert audit(done) == []
    assert fingerprint(done) != fingerprint(kept("reference", (), 500, 3))


def test_levers_at_their_default_change_nothing() -> None:
    at_default = (
        "flows/rents/reduction_share=0.5",
        "flows/evictions/back_days=5",
        "flows/deliveries/realised_share=0.1",
        "flows/deliveries/lead_months=1",
        "flows/sales/per_year=5000.0",
        "flows/life/separation_per_year=0.9",
        "flows/places/stay_mean_months=1.0",
    )
    assert fingerprint(live("reference", at_default, 300, 1)) == fingerprint(kept("reference", (), 300, 1))


def test_evictions_free_dwellings_and_come_back_to_the_list() -> None:
    done = kept("reference", ("flows/evictions/per_year=1000.0",), SIZE, YEARS)
    assert audit(done) == []
    assert is_about(len(some(done, EventKind.VACATED, Reason.EVICTED)), 1000 * SCALE)
    assert len(done.leases) > len(kept(*BASE).leases)
    evicted = some(done, EventKind.VACATED, Reason.EVICTED)["household"]
    back = np.isin(some(done, EventKind.FILED)["household"], evicted).sum()
    assert 0.3 * len(evicted) < back < 0.9 * len(evicted)


def test_rents_are_lowered_outside_qpv_only_and_once() -> None:
    done = kept("reference", ("flows/rents/relettings_share=1.0",), SIZE, YEARS)
    assert audit(done) == []
    lowered = some(done, EventKind.CHANGED, Reason.RENT_LOWERED)["dwelling"]
    assert len(lowered) == len(set(lowered.tolist())) > 50
    before, after = done.dwellings_born.rent_eur_month[lowered], done.dwellings.rent_eur_month[lowered]
    assert np.allclose(after, 0.85 * before)
    assert (done.dwellings.qpv_map[lowered] & 3 < 3).all()


PUBLIC = """extends: reference
title: essai
flows:
  entries:
    rue: {per_year: 1000.0, occupation: HOMELESS, grounds: [P01_SANS_LOGEMENT]}
"""


def write(folder: Path, text: str) -> str:
    """Write a scenario; return its path."""
    path = folder / "essai.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_publics_enter_the_list(tmp_path: Path) -> None:
    done, base = live(write(tmp_path, PUBLIC), (), SIZE, YEARS), kept(*BASE)
    assert audit(done) == []

    def homeless(replication: Replication) -> int:
        rows = some(replication, EventKind.FILED)["application"]
        households = replication.applications.household[rows]
        has_ground = replication.applications.grounds[rows] & np.uint32(int(Ground.P01_SANS_LOGEMENT)) > 0
        return int((has_ground & (replication.households.occupation[households] == Occupation.HOMELESS)).sum())

    assert is_about(homeless(done) - homeless(base), 1000 * SCALE)


def test_a_wrong_public_is_told(tmp_path: Path) -> None:
    with pytest.raises(Faults) as found:
        load(write(tmp_path, PUBLIC.replace("HOMELESS", "HOMELES")))
    assert "HOMELESS" in str(found.value)


def test_seniors_are_helped_towards_smaller_dwellings() -> None:
    done = kept("reference", ("flows/help_to_move/per_year=1500.0",), SIZE, YEARS)
    assert audit(done) == []
    who = done.applications.household[: len(done.applications)]
    asked = [
        offspring(done.households.luck_id[who], "help_to_move", day)
        for day in sorted(set(done.applications.filed_day.tolist()))
    ]
    rows = np.flatnonzero((np.array(asked) == done.applications.luck_id[None, : len(done.applications)]).any(axis=0))
    wants = done.applications.grounds[rows] & np.uint32(int(Ground.M01_SOUS_OCCUPATION)) > 0
    recognised = done.applications.recognition[rows] & int(Recognition.MUTATION) > 0
    assert is_about(int((wants & recognised).sum()), 1500 * SCALE)
    helped_rows = rows[wants & recognised]
    assert (done.households.birth_year[done.applications.household[helped_rows]] < 1990).all()
    moved = done.leases[np.isin(done.leases["application"], helped_rows)]
    rent = done.dwellings.rent_eur_month
    assert len(moved) > 2
    assert (rent[moved["dwelling"]] < rent[moved["previous_dwelling"]]).all()
    assert (done.dwellings.rooms[moved["dwelling"]] < done.dwellings.rooms[moved["previous_dwelling"]]).all()


def test_young_programmes_house_more_young(tmp_path: Path) -> None:
    share = kept("reference", ("flows/commission/youth_programme_share=0.5",), SIZE, YEARS)

    def young(replication: Replication) -> float:
        born = replication.households.birth_year[replication.leases["household"]]
        return float((born > 1992).mean())

    assert young(share) > young(kept(*BASE))
