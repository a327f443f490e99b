"""The table of levers: each moves its indicator in the direction and by the size that its arithmetic says.

Common random numbers: base and moved runs share the first day and the luck of each replication.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as student

from sim.describe import levers
from sim.indicators.compute import INDICATORS, compute, not_fed
from sim.indicators.grid import Names
from sim.inputs.faults import Faults
from sim.inputs.law import LawView
from sim.inputs.plh_levers import Lever, plh_levers
from sim.inputs.scenario import flatten, parameters
from sim.results.provenance import norms_of
from tests.worlds import fingerprint, kept, live, loaded, territory

REPLICATIONS, FULL = 4, 56_000
ASKED = (2, 3, 4, 12, 14, 15, 17, 18, 19, 24, 25, *range(28, 40))


@cache
def year(scenario: str, overrides: tuple[str, ...], size: int, replication: int) -> pd.Series:
    """Return the indicators of one year of one replication, by code, scope and group."""
    done = live(scenario, overrides, size, 1, replication)
    norms = norms_of(LawView(loaded(scenario, overrides, size, 1).law), [2022])
    table = compute(done, Names.of(territory()), norms)
    return table.set_index(["indicator", "scope", "group"])["value"]


def difference(lever: Lever) -> np.ndarray:
    """Return moved less base, one value per replication, counts at the size of the whole MEL."""
    place = (lever.indicator, lever.scope, lever.group)
    is_count = INDICATORS[lever.indicator].unit in ("count", "eur/year")
    both = (("reference", lever.base), (lever.scenario, (*lever.base, *lever.moved)))
    base, moved = (
        np.array([year(*one, lever.applicants, i)[place] for i in range(REPLICATIONS)], dtype=float) for one in both
    )
    if lever.indicator in not_fed(loaded("reference", lever.base, lever.applicants, 1).scenario.closed):
        assert np.isnan(base).all()
        base = np.zeros(REPLICATIONS)
    return np.asarray((moved - base) * (FULL / lever.applicants if is_count else 1.0))


@pytest.mark.parametrize("name", plh_levers().levers)
def test_a_lever_does_what_its_arithmetic_says(name: str) -> None:
    lever = plh_levers().levers[name]
    found = difference(lever)
    width = student.ppf(0.975, REPLICATIONS - 1) * found.std(ddof=1) / REPLICATIONS**0.5
    low, high = found.mean() - width, found.mean() + width
    assert low * high > 0, f"{low:.4g} to {high:.4g}"
    assert 0.5 <= found.mean() / lever.expected <= 2, f"{found.mean():.4g}, {lever.expected:g} expected"


def test_levers_written_at_their_default_change_nothing() -> None:
    defaults = {row["path"]: row["default"] for row in parameters()}
    defaults |= dict(flatten(loaded("reference").scenario.model_dump(mode="json")))
    written = []
    for lever in plh_levers().levers.values():
        value = defaults[lever.key]
        if value not in ("", {}, [], "aucun"):
            written.append(f"{lever.key}={str(value).lower() if isinstance(value, bool) else value}")
    assert len(written) > 15
    same = live("reference", tuple(w for w in written if "rules/designation" not in w), 300, 1)
    assert fingerprint(same) == fingerprint(kept("reference", (), 300, 1))


def test_every_action_that_touches_allocation_has_its_key_or_its_reason() -> None:
    rows = levers("mel")
    by_action = {row["action"]: row for row in rows if row["action"]}
    assert set(ASKED) <= set(by_action)
    for row in rows:
        assert set(row) == set(rows[0])
        if row["action"] and not row["not_modelled"]:
            assert all(row[name] for name in ("path", "unit", "source", "indicator", "expected", "arithmetic", "trial"))
            assert row["default"] is not None, row["path"]
    assert by_action[15]["not_modelled"]
    assert any(row["path"] == "flows/caleol/files_mean" for row in rows)


def test_every_lever_names_an_indicator_and_moves_its_key() -> None:
    for name, lever in plh_levers().levers.items():
        assert lever.indicator in INDICATORS.names(), name
        told = (*lever.moved, *lever.base) if lever.scenario == "reference" else (lever.key,)
        assert any(one.startswith(lever.key) for one in told), name


def test_a_wrong_key_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    import sim.inputs.plh_levers as module

    text = (module.scenarios_dir() / module.FILE).read_text(encoding="utf-8")
    folder = tmp_path / "plh"  # type: ignore[operator]
    folder.mkdir()
    (folder / "leviers.yaml").write_text(text.replace("flows/sales/on\n", "flows/sale/on\n"), encoding="utf-8")
    monkeypatch.setattr(module, "scenarios_dir", lambda: tmp_path)
    with pytest.raises(Faults, match="did you mean 'flows/sales/on'"):
        module.plh_levers.__wrapped__()
