"""Quotas as objects: same counting as before, whole-number limits, windows, reserves, and their files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.checking import check_scenario
from sim.indicators.publics import is_first_term, is_second_term
from sim.inputs.faults import Faults
from sim.inputs.files import scenarios_dir
from sim.inputs.law import load_law
from sim.inputs.objective_tables import load_table
from sim.inputs.scenario import differences, load
from sim.inputs.schema_objectives import Expression, Objective, objective_of_law, objectives_of_law
from sim.rules import quotas
from sim.rules.designation import served_order
from sim.rules.objectives import (
    OVERRIDING,
    Home,
    State,
    applies,
    binds,
    counts,
    holds,
    preferences,
    reserves_behind,
    total,
)
from sim.rules.reservations import PREFERENCES
from sim.rules.segments import (
    BASE_SEGMENTS,
    FACTS,
    PUBLICS,
    base_codes,
    extra_codes,
    fact_names,
    segment_criteria,
    segment_facts,
)
from sim.rules.targets import MUTATION_VOLUME, declared, followed, tables_of, target_at
from sim.state.quota_book import QuotaBook, Tally
from sim.words.codes import Reservataire
from tests import plain_quotas, small_market

STEERED = [name for name in plain_quotas.OBJECTIVES if name != MUTATION_VOLUME]
PUBLIC = np.arange(BASE_SEGMENTS) // (BASE_SEGMENTS // PUBLICS)
IS_FIRST_QUARTILE = segment_facts()["premier_quartile"]
Q1 = Expression(all_of=("premier_quartile",))


def quota(**changes: object) -> Objective:
    return Objective.model_validate({"label": "test", "counts": Q1, "effect": "ferme", "path": {2022: 0.25}, **changes})


# The law's objectives are the ones that were code


@pytest.mark.parametrize("name", STEERED)
@pytest.mark.parametrize("is_in_qpv", [False, True])
def test_objectives_of_the_law_count_as_before(name: str, is_in_qpv: bool) -> None:
    law = load_law()
    objective = objective_of_law(law[name])
    facts = {**segment_facts(), "relogement_npnru": np.zeros(BASE_SEGMENTS, dtype=bool)}
    assert applies(objective, Home(is_in_qpv=is_in_qpv)) == plain_quotas.applies(name, is_in_qpv)
    assert counts(objective, facts).tolist() == plain_quotas.serves(name, PUBLIC, IS_FIRST_QUARTILE).tolist()


def test_every_objective_of_the_law_says_who_counts() -> None:
    law = load_law()
    assert set(STEERED) < set(objectives_of_law(law))
    for name in objectives_of_law(law):
        assert set(objective_of_law(law[name]).criteria) <= set(fact_names())


def test_publics_are_those_of_the_indicators() -> None:
    flags, moving = (a.reshape(-1) for a in np.meshgrid(np.arange(16), [False, True]))
    public = quotas.public_of(flags, moving)
    assert ((public == quotas.FIRST_ACCESS) == is_first_term(flags, moving)).all()
    assert ((public == quotas.MUTATION) == is_second_term(flags, moving)).all()


def test_segments_tell_the_base_facts() -> None:
    public, quartile, comes_first, capped = (
        a.reshape(-1) for a in np.meshgrid(range(PUBLICS), [1, 3], [False, True], [False, True])
    )
    codes = base_codes(public, quartile, comes_first, capped)
    assert sorted(codes.tolist()) == list(range(BASE_SEGMENTS))
    assert ((codes >> 1) & 1).tolist() == comes_first.tolist()
    assert (codes & 1).tolist() == capped.tolist()
    facts = segment_facts()
    assert facts["premier_quartile"][codes].tolist() == (quartile == 1).tolist()
    assert facts["prioritaire_premier_acces"][codes].tolist() == (public == quotas.FIRST_ACCESS).tolist()
    assert facts["prioritaire_mutation_npnru"][codes].tolist() == (public == quotas.MUTATION).tolist()
    assert facts["mutation_ordinaire"][codes].tolist() == (public == quotas.ORDINARY_MUTATION).tolist()


def test_a_further_criterion_is_one_more_bit() -> None:
    workers = quota(counts=Expression(any_of=("travailleur_essentiel", "premier_quartile")))
    relodged = quota(counts=Expression(all_of=("relogement_npnru",)), effect="pilote")
    measured = quota(counts=Expression(all_of=("dalo",)), effect="mesure")
    extra = segment_criteria([workers, relodged, measured])
    assert extra == ("travailleur_essentiel", "relogement_npnru")
    facts = segment_facts(extra)
    assert all(len(values) == 4 * BASE_SEGMENTS for values in facts.values())
    own = {"travailleur_essentiel": np.array([False, True]), "relogement_npnru": np.array([True, True])}
    codes = 5 + np.asarray(extra_codes(extra, own))
    for name, values in own.items():
        assert facts[name][codes].tolist() == values.tolist()
    assert segment_criteria([]) == ()
    assert extra_codes((), {}) == 0


@given(st.data())
def test_steering_orders_segments_as_before(data: st.DataObject) -> None:
    loaded = load("cia")
    rules = loaded.scenario.rules
    in_qpv = data.draw(st.booleans())
    pairs = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
    tallies = {name: Tally(*data.draw(pairs)) for name in (*rules.steering.objectives, MUTATION_VOLUME)}
    targets = {name: float(loaded.law.at(name, 19_500)) for name in rules.steering.objectives}
    behind = {name: max(0.0, target - tallies[name].share) / target for name, target in targets.items()}
    rest = 1.0 - rules.steering.mutation_share_max
    behind[MUTATION_VOLUME] = max(0.0, rest - tallies[MUTATION_VOLUME].share) * OVERRIDING
    scores = plain_quotas.scores(behind, in_qpv, PUBLIC, IS_FIRST_QUARTILE)
    objectives = {n: o for n, o in declared(rules, loaded.law).items() if applies(o, Home(is_in_qpv=in_qpv))}
    states = {n: State(tallies[n], targets.get(n, rest)) for n in objectives}
    facts = {**segment_facts(), "relogement_npnru": np.zeros(BASE_SEGMENTS, dtype=bool)}
    for holder in Reservataire:
        own = np.array(PREFERENCES[holder])[PUBLIC]
        found, before = preferences(objectives, states, facts, own), served_order(np.round(scores, 9), own)
        asked = own >= 0
        assert ((found < 0) == ~asked).all()
        for a in np.flatnonzero(asked)[::4]:  # the same order, ties included, up to rounding of sums
            for b in np.flatnonzero(asked)[::4]:
                if abs(scores[a] - scores[b]) > 1e-9 or scores[a] == scores[b]:
                    assert np.sign(found[a] - found[b]) == np.sign(before[a] - before[b])


# What binds, and what does not


@pytest.mark.parametrize("holder", list(Reservataire))
def test_a_slack_quota_changes_nothing(holder: Reservataire) -> None:
    own = np.array(PREFERENCES[holder])[PUBLIC]
    tally = Tally(30, 100)
    objectives = {
        "floor": quota(path={2022: 0.25}),
        "ceiling": quota(kind="plafond", path={2022: 0.40}),
        "reserve": quota(kind="reserve", path={2022: 0.25}),
        "steered": quota(effect="pilote", path={2022: 0.25}),
        "measured": quota(effect="mesure", path={2022: 0.99}),
        "not yet": quota(path={2030: 0.99}),
    }
    states = {name: State(tally, None if name == "not yet" else o.path[2022]) for name, o in objectives.items()}
    neutral = served_order(np.zeros(BASE_SEGMENTS), own)
    assert preferences(objectives, states, segment_facts(), own).tolist() == neutral.tolist()


@given(st.floats(0.0, 1.0), st.integers(1, 60), st.integers(0, 1000))
def test_a_hard_floor_with_candidates_is_met_within_one(target: float, homes: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    people = {f"{k}": (["premier_quartile"] if rng.random() < 0.5 else []) for k in range(60)}
    people |= {f"more {k}": ["premier_quartile"] for k in range(60)}
    served = small_market.allot(people, {"q1": quota(path={2022: target})}, [Home()] * homes)
    reached = served.book.tally("q1")
    assert reached.denominator == homes
    assert reached.numerator > target * homes - 1


@given(st.floats(0.0, 1.0), st.integers(1, 60), st.integers(0, 1000))
def test_a_hard_ceiling_is_passed_by_less_than_one(target: float, homes: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    people = {f"{k}": (["premier_quartile"] if rng.random() < 0.5 else []) for k in range(60)}
    people |= {f"more {k}": [] for k in range(60)}
    served = small_market.allot(people, {"q1": quota(kind="plafond", path={2022: target})}, [Home()] * homes)
    reached = served.book.tally("q1")
    assert reached.denominator == homes
    assert reached.numerator < target * homes + 1


def test_limits_are_whole_numbers() -> None:
    assert not binds(Tally(0, 2), 0.25, "plancher")
    assert binds(Tally(0, 3), 0.25, "plancher")
    assert binds(Tally(28, 99), 0.29, "plancher")  # 0.29 x 100 is under 29 in floating point
    assert not binds(Tally(29, 99), 0.29, "plancher")
    assert binds(Tally(0, 0), 1.0, "plancher")
    assert binds(Tally(0, 0), 0.0, "plafond")
    assert not binds(Tally(0, 0), 0.1, "plafond")


def test_floors_come_in_precedence() -> None:
    facts = {"a": np.array([True, False, True, False]), "b": np.array([False, True, True, False])}
    floors = {
        "b": quota(counts=Expression(all_of=("b",)), precedence=1),
        "a": quota(counts=Expression(all_of=("a",)), precedence=2),
    }
    behind = {name: State(Tally(0, 99), 0.5) for name in floors}
    assert preferences(floors, behind, facts, np.zeros(4, dtype=int)).tolist() == [2, 1, 0, 3]


def test_members_are_judged_apart() -> None:
    people = {f"old {k}": [] for k in range(20)} | {f"q1 {k}": ["premier_quartile"] for k in range(20)}
    homes = [Home(territoire=t) for t in ("Est", "Nord")] * 8
    served = small_market.allot(people, {"q1": quota(per="territoire", path={2022: 0.5})}, homes)
    assert served.book.members("q1") == [("Est",), ("Nord",)]
    assert all(served.book.tally("q1", (t,)) == Tally(4, 8) for t in ("Est", "Nord"))
    assert served.book.total("q1") == total([Tally(4, 8), Tally(4, 8)]) == Tally(8, 16)


def test_swapped_precedence_gives_other_allocations() -> None:
    """The shipped example: two overlapping reserves, in one order and in the other."""
    rng = np.random.default_rng(2022)
    names = ("prioritaire_premier_acces", "premier_quartile")
    people = {f"{k}": [name for name in names if rng.random() < 0.3] for k in range(200)}
    runs = []
    for scenario in ("reserves_a", "reserves_b"):
        objectives = dict(load(scenario).scenario.rules.objectives)
        runs.append(small_market.allot(people, objectives, [Home()] * 40))
        states = small_market.states_of(objectives, Home(), runs[-1].book)
        assert len(reserves_behind(objectives, states)) <= 2
        assert {o.guarantee for o in objectives.values()} == {"en_plus"}
    assert runs[0].names != runs[1].names
    assert runs[0].units[3] == "reserve_prioritaires"
    assert runs[1].units[3] == "reserve_premier_quartile"
    assert [path for path, _, _ in differences(load("reserves_b"))] == [
        "rules/objectives/reserve_prioritaires/precedence",
        "rules/objectives/reserve_premier_quartile/precedence",
    ]


# Expressions


def test_expressions() -> None:
    facts = {"a": np.array([True, True, False]), "b": np.array([True, False, False])}
    assert holds(Expression(), facts).tolist() == [True] * 3
    assert holds(Expression(any_of=("a", "b")), facts).tolist() == [True, True, False]
    assert holds(Expression(all_of=("a",), none_of=("b",)), facts).tolist() == [False, True, False]
    with pytest.raises(KeyError):
        holds(Expression(all_of=("c",)), facts)


# Windows


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=60))
def test_rolling_windows_against_the_whole_list(steps: list[tuple[int, bool]]) -> None:
    book, month, told = QuotaBook(), 24_000, []
    for wait, counted in steps:
        month += wait
        book.start_month(month)
        book.count("q", counted)
        told.append((month, counted))
    for window, months in (("glissant_6_mois", 6), ("glissant_12_mois", 12)):
        recent = [counted for m, counted in told if m > month - months]
        assert book.tally("q", window=window) == Tally(sum(recent), len(recent))
    assert book.tally("q") == Tally(sum(c for _, c in told), len(told))
    book.start_year()
    assert book.tally("q") == Tally(0, 0)
    assert book.tally("q", window="glissant_12_mois") == Tally(sum(recent), len(recent))


# Files


def test_targets_of_the_progressive_scenario_rise() -> None:
    loaded = load("cia_progressive")
    objectives = declared(loaded.scenario.rules, loaded.law)
    objective, tables = objectives["q2_q4_en_qpv_progressif"], tables_of(objectives, loaded)
    path = [target_at(objective, {}, y, ("Territoire Roubaisien",), tables) for y in range(2022, 2030)]
    assert path == sorted(path)
    assert path[0] == 0.50
    assert path[-2:] == [0.75, 0.75]
    assert target_at(objective, {}, 2023, ("Territoire Lillois",), tables) == 0.75
    assert "objectifs/cia_progressive.csv" in loaded.files
    assert "quota.non_premier_quartile_en_qpv" in followed(loaded.scenario.rules, loaded.law)  # still measured


def test_a_table_tells_each_wrong_line(tmp_path: Path) -> None:
    path = tmp_path / "annexe.csv"
    path.write_text(
        "bailleur,secteur,annee,part,enjeu_prioritaire,source\n"
        "LMH,Est,2024,0.3,false,x\n"
        "LHM,Est,2024,0.3,false,x\n"
        "LMH,Est,2024,30,false,x\n"
        "LMH,Est,2024,0.4,false,x\n"
        "LMH,Est,2025,,oui,x\n",
        encoding="utf-8",
    )
    with pytest.raises(Faults) as found:
        load_table(path, ["LMH"], ["Est"])
    told = [(fault.line, fault.text) for fault in found.value.faults]
    assert [line for line, _ in told] == [3, 4, 5, 6, 6]
    assert "did you mean 'LMH'" in told[0][1]
    assert "given twice (line 2)" in told[2][1]


def test_shipped_tables_are_right() -> None:
    for path in sorted((scenarios_dir() / "objectifs").glob("*.csv")):
        assert load_table(path).paths


GOOD = "extends: reference\ntitle: x\nrules:\n  objectives:\n    q1:\n      label: Un\n"


@pytest.mark.parametrize(
    ("below", "line", "text"),
    [
        ("      path: {2022: 0.3}\n      counts: {all_of: [premier_quartil]}\n", 8, "did you mean 'premier_quartile'"),
        ("      path: {2022: 0.3}\n      among: {bailleurs: [LHM]}\n", 8, "did you mean 'LMH'"),
        ("      path: {2022: 0.3}\n      knd: plancher\n", 8, "unknown key 'knd' in rules/objectives/q1; did you mean"),
        ("      path: {2022: 0.3}\n      kind: planche\n", 8, "is not one of plancher, plafond, reserve"),
        ("      target: quota.prioritaire\n", 7, "did you mean 'quota.prioritaires'"),
        ("      path: {2022: 0.3}\n      target: quota.prioritaires\n", 5, "give one of target, path and table"),
        ("      path: {2022: 30}\n", 5, "shares from 0 to 1"),
        ("      table: cia_progresive.csv\n", 7, "did you mean 'cia_progressive.csv'"),
        ("      path: {2022: 0.3}\n      guarantee: en_plus\n", 5, "is for a reserve"),
    ],
)
def test_wrong_objectives_are_told_with_their_line(tmp_path: Path, below: str, line: int, text: str) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(GOOD + below, encoding="utf-8")
    with pytest.raises(Faults) as found:
        check_scenario(str(path))
    fault = found.value.faults[0]
    assert (fault.line, text in fault.text) == (line, True), str(fault)


def test_an_option_reaches_inside_an_objective() -> None:
    loaded = load("reserves_a", ["rules/objectives/reserve_prioritaires/precedence=9"])
    assert loaded.scenario.rules.objectives["reserve_prioritaires"].precedence == 9
    with pytest.raises(Faults, match="did you mean"):
        load("reserves_a", ["rules/objectives/reserve_prioritaires/precedance=9"])


def test_facts_have_a_label() -> None:
    assert all(entry.label and entry.doc for entry in FACTS)
