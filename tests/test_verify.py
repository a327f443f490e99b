"""Closed forms, and that ``simhlm verify`` passes on the engine and fails on a broken one."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from sim import cli
from sim.inputs.faults import Faults
from sim.verify import theory
from sim.verify.checks import ORACLES, Check, compared
from sim.verify.faults import FAULTS, injected
from sim.verify.oracles import chain_rates
from sim.verify.running import lines, verify
from sim.verify.worlds import VARIANTS, Variant, run_variant
from sim.verifying import run_verify
from sim.world import moves


def test_closed_forms_agree_with_one_another() -> None:
    theta, arrivals, served = 2 / 365, 3000 / 365, 2000 / 365
    law = theory.birth_death(arrivals, served, theta)
    assert law.mean == pytest.approx(theory.fluid_stock(arrivals, served, theta), rel=1e-3)
    assert law.variance == pytest.approx(arrivals / theta, rel=1e-2)
    assert law.unhoused_share == pytest.approx(1 - served / arrivals, rel=1e-3)
    wait = theory.seniority_wait(arrivals, served, theta)
    assert theory.common_wait([arrivals / 2, arrivals / 2], served, theta) == pytest.approx(wait)
    assert theory.marginal_wait(0.0, arrivals, served, theta) == pytest.approx(wait)
    stock = arrivals * (1 - math.exp(-theta * wait)) / theta
    assert stock == pytest.approx(theory.fluid_stock(arrivals, served, theta))
    assert theory.transient_stock(5.0, 9.0, theta, np.array([0.0, 1e6])).tolist() == [5.0, 9.0]
    first, second = theory.cobham([0.3, 0.3], 1.0, 2.0)
    assert 0.3 * first + 0.3 * second == pytest.approx(theory.work_conservation([0.6], 1.0, 2.0))
    assert theory.chain_multiplier(0.2) == pytest.approx(1.25)
    assert theory.lottery_wait(arrivals, served, theta) == pytest.approx((1 - served / arrivals) / theta)
    assert theory.age_under_seniority(1e9, theta) == pytest.approx(1 / theta)


def test_an_interval_holds_what_it_should() -> None:
    rng = np.random.default_rng(2)
    pairs = [(10 + e, 10.0) for e in rng.standard_normal(20)]
    assert compared("essai", pairs, "days").holds
    assert not compared("essai", [(s + 5, p) for s, p in pairs], "days").holds
    assert not Check("essai", math.nan, 0.0, 1.0, "days").holds


def test_every_world_is_used_and_every_world_asked_for_exists() -> None:
    asked = {name for entry in ORACLES for name in entry.extra["worlds"]}
    assert asked == set(VARIANTS)
    assert len(ORACLES.names()) >= 18


def test_a_fault_lasts_for_one_run_only() -> None:
    close = moves.close
    for entry in FAULTS:
        with injected(entry.name):
            pass
    assert moves.close is close
    with pytest.raises(KeyError, match="did you mean 'drop-renege'"), injected("drop-reneg"):
        pass


def test_orderings_agree_with_theory() -> None:
    answer = verify(only=("O8b", "O9b", "O10", "O12"), jobs=1)
    assert answer["passed"], lines(answer)


@pytest.mark.parametrize(("mutation_share", "arrivals"), [(0.0, 3000), (0.2, 3600), (0.4, 4500)])
def test_entrants_per_outside_vacancy_stay_and_attributions_grow(mutation_share: float, arrivals: int) -> None:
    settings = (f"flows/arrivals/mutation_share={mutation_share}", f"flows/arrivals/per_year={arrivals}")
    path = run_variant(Variant("essai", settings, years=2, applicants=300), 0)
    attributions, entrants, share = chain_rates(path, *path.years[0])
    assert entrants == pytest.approx(1.0, abs=0.01)
    assert attributions == pytest.approx(theory.chain_multiplier(share), rel=0.01)
    assert share == pytest.approx(mutation_share, abs=0.03)


def test_exchange_agrees_with_theory_and_broken_ones_do_not() -> None:
    answer = verify(only=("O13", "O14", "O15"), jobs=1)
    assert answer["passed"], lines(answer)
    for fault, caught in (("short-cycles", "O15"), ("least-wanted", "O14"), ("points-for-all", "O8b")):
        assert not verify(fault, (caught,), jobs=1)["passed"]


def test_each_oracle_tells_its_least_comfortable_comparison() -> None:
    (one,) = verify(only=("O15",), jobs=1)["oracles"]
    assert {"name", "predicted", "simulated", "low", "high", "holds"} <= set(one)
    assert one["low"] <= one["predicted"] <= one["high"]
    assert Check("x", 3.0, 1.0, 1.0, "days").strain == 2.0
    assert math.isinf(Check("x", math.nan, 0.0, 1.0, "days").strain)


@pytest.mark.slow
def test_the_engine_agrees_and_a_broken_one_does_not(capsys: pytest.CaptureFixture[str]) -> None:
    told: list[str] = []
    assert run_verify(told.append, True, "", "O2", 1, True), told
    assert not run_verify(told.append, False, "drop-renege", "O2", 1, True)
    assert "engine broken by drop-renege" in told[-1]


def test_unknown_names_are_answered_with_the_nearest() -> None:
    say: Any = [].append
    with pytest.raises(Faults, match="did you mean 'wrong-quota'"):
        run_verify(say, False, "wrong-quotas", "", 1, True)
    with pytest.raises(Faults, match="unknown oracle"):
        run_verify(say, False, "", "O99", 1, True)
    assert run_verify(say, False, "help", "", 1, True)
    assert cli.app.registered_commands
