"""A comparison reads applications one by one only in the replications that keep them; indicators in all."""

from __future__ import annotations

from pathlib import Path

from sim.inputs.scenario import load
from sim.results.compare import compare
from sim.results.ensemble import run_ensemble
from tests.fake import ENGINE


def test_winners_are_told_where_applications_are_kept(tmp_path: Path) -> None:
    runs = [
        run_ensemble(load("reference", ["run/outcomes=2"], replications=3, years=2), tmp_path / name, engine=ENGINE)
        for name in ("base", "other")
    ]
    comparison = compare(runs)
    assert comparison.sides.replications == (0, 1, 2)
    assert comparison.sides.followed == (0, 1)
    assert set(comparison.winners["replication"]) == {0, 1}
