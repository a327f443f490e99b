"""Bounds of the linear programme against brute force, and ``simhlm feasible`` on the shipped territory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ruamel.yaml import YAML

from sim.cli import app
from sim.feasibility import assess
from sim.inputs.models import as_tuples
from sim.inputs.schema_objectives import Objective
from sim.rules.bounds import Aim, Bound, Market, bounds
from sim.rules.objectives import Home, applies, counts
from tests import worlds
from tests.test_engine import shares_of

CASES = sorted((Path(__file__).parent / "feasibility").glob("*.yaml"))


@dataclass
class Case:
    """A small market, person by person, with its objectives."""

    market: Market
    aims: list[Aim]
    expect: dict[str, Any]


def read(path: Path) -> Case:
    data = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    applicants, dwellings = data["applicants"], data["dwellings"]
    names = sorted({fact for a in applicants.values() for fact in a["facts"]})
    objectives = {n: Objective.model_validate(as_tuples(o)) for n, o in data["objectives"].items()}
    names += [c for o in objectives.values() for c in o.criteria]
    facts = {n: np.array([n in a["facts"] for a in applicants.values()]) for n in names}
    homes = [Home(**home) for home in dwellings.values()]
    eligible = np.array([[float(home in a["takes"]) for home in dwellings] for a in applicants.values()])
    aims = [
        Aim(n, counts(o, facts), np.array([applies(o, h) for h in homes]), o.path[2022], o.kind == "plafond")
        for n, o in objectives.items()
    ]
    return Case(Market(np.ones(len(applicants)), np.ones(len(homes)), eligible), aims, data["expect"])


def assignments(eligible: np.ndarray) -> Iterator[tuple[int, ...]]:
    """Yield every way to let as many dwellings as can be: the applicant of each dwelling, -1 when empty."""

    def extend(chosen: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        if len(chosen) == eligible.shape[1]:
            yield chosen
            return
        for i in [-1, *np.flatnonzero(eligible[:, len(chosen)]).tolist()]:
            if i < 0 or i not in chosen:
                yield from extend((*chosen, i))

    every = list(extend(()))
    most = max(sum(i >= 0 for i in chosen) for chosen in every)
    yield from (chosen for chosen in every if sum(i >= 0 for i in chosen) == most)


def share(aim: Aim, chosen: tuple[int, ...]) -> float | None:
    let = [i for home, i in enumerate(chosen) if i >= 0 and aim.among[home]]
    return sum(bool(aim.counts[i]) for i in let) / len(let) if let else None


def meets(aim: Aim, chosen: tuple[int, ...]) -> bool:
    value = share(aim, chosen)
    if value is None:
        return True
    return value <= aim.target + 1e-9 if aim.is_ceiling else value >= aim.target - 1e-9


def check(case: Case, found: list[Bound]) -> None:
    """No assignment does better than a bound, and what is called infeasible is."""
    every = list(assignments(case.market.eligible))
    kept: list[Aim] = []
    for aim, bound in zip(case.aims, found, strict=True):
        values = [v for v in (share(aim, chosen) for chosen in every) if v is not None]
        assert (bound.alone is None) == (not values)
        if values:
            best = min(values) if aim.is_ceiling else max(values)
            assert bound.alone == pytest.approx(best, abs=1e-4)  # people one by one: the bound is reached
        if not bound.holds_alone:
            assert not any(meets(aim, chosen) for chosen in every)
        if not bound.holds_together:
            assert not any(all(meets(a, chosen) for a in [*kept, aim]) for chosen in every)
        elif bound.alone is not None:
            kept.append(aim)


def test_there_are_twenty_cases() -> None:
    assert len(CASES) >= 20


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_shipped_cases(path: Path) -> None:
    case = read(path)
    found = bounds(case.market, case.aims)
    told = {b.name: {"alone": b.holds_alone, "together": b.holds_together} for b in found}
    assert told == case.expect
    check(case, found)


@pytest.mark.parametrize("seed", range(30))
def test_random_markets(seed: int) -> None:
    rng = np.random.default_rng(seed)
    people, homes = int(rng.integers(2, 6)), int(rng.integers(1, 5))
    eligible = (rng.random((people, homes)) < 0.6).astype(float)
    aims = [
        Aim(str(k), rng.random(people) < 0.5, rng.random(homes) < 0.8, float(rng.choice([0.25, 0.5, 0.75])), k == 2)
        for k in range(3)
    ]
    case = Case(Market(np.ones(people), np.ones(homes), eligible), aims, {})
    check(case, bounds(case.market, case.aims))


def test_chains_let_more_dwellings() -> None:
    """One dwelling, a tenant and a newcomer: the tenant's own dwelling can house the newcomer (O11)."""
    eligible = np.array([[1.0, 0.0], [1.0, 1.0]])
    freed = np.array([[0.0, 1.0], [0.0, 0.0]])
    everywhere = np.ones(2, dtype=bool)
    aim = Aim("mutations", np.array([True, False]), everywhere, 0.5)
    found = bounds(Market(np.ones(2), np.array([1.0, 0.0]), eligible, freed), [aim])
    assert found[0].alone == pytest.approx(0.5, abs=1e-4)  # one of two attributions


def test_what_binds_is_told() -> None:
    few = Market(np.array([1.0, 9.0]), np.array([10.0]), np.ones((2, 1)))
    aim = Aim("q1", np.array([True, False]), np.array([True]), 0.5)
    assert bounds(few, [aim])[0].binding["demandeurs"] > 0.9
    poor = Market(np.array([50.0, 50.0]), np.array([10.0]), np.array([[0.02], [1.0]]))
    assert bounds(poor, [aim])[0].binding["solvables"] > 0.9


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    with pytest.raises(SystemExit) as left:
        app(list(words), standalone_mode=True)
    return int(left.value.code or 0), capsys.readouterr().out


def test_the_mel_is_answered(capsys: pytest.CaptureFixture[str]) -> None:
    code, out = run(capsys, "feasible", "cia", "--json")
    answer = json.loads(out)
    assert {"scenario", "feasible", "first_infeasible", "objectives"} <= set(answer)
    assert code == (0 if answer["feasible"] else 1)
    for row in answer["objectives"]:
        assert row["alone"] is None or 0 <= row["alone"] <= 1.0001
        assert row["together"] is None or row["together"] <= row["alone"] + 1e-3


def test_an_impossible_target_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    name = "quota.prioritaires_premier_acces"
    code, out = run(capsys, "feasible", "cia", "--override", f"law/{name}@2022-01-01=0.99", "--json")
    answer = json.loads(out)
    assert code == 1
    assert answer["first_infeasible"] == name
    row = next(row for row in answer["objectives"] if row["name"] == name)
    assert row["missing"] > 0
    assert row["binding"]


@pytest.mark.parametrize("name", ["reference", "cia"])
def test_no_simulated_share_exceeds_its_bound(name: str) -> None:
    years = 2
    shares = shares_of([worlds.kept(name, (), 1_000, years)])
    found = {line.name: line.bound for line in assess(worlds.loaded(name, (), 1_000, years), years)}
    for objective, share in shares.items():
        bound = found[objective]
        assert bound is not None
        assert bound.alone is not None
        assert share <= bound.alone + 0.01, objective  # expected flows: chance may add a little


def test_each_territory_is_bounded_apart() -> None:
    lines = assess(worlds.loaded("cia_progressive", (), 2_000, 2), 2)
    split = [line for line in lines if line.name == "q2_q4_en_qpv_progressif"]
    assert [line.member for line in split] == worlds.territory().territoires
    assert next(line for line in split if line.member == "Territoire Roubaisien").target == pytest.approx(0.521)
