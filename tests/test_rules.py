"""Rules: hand-computed values, orders, shares, signs."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.behaviour.refusing import refusal_probability
from sim.inputs.grids import Grid, Seniority, load_grid
from sim.inputs.law import LawView, load_law
from sim.inputs.schema_designation import Designation
from sim.inputs.schema_flows import Refuse
from sim.inputs.schema_objectives import objective_of_law
from sim.inputs.schema_reservations import Reservation
from sim.inputs.schema_rules import Affordability
from sim.rules import quotas
from sim.rules.affordability import (
    Terms,
    apl_eur_month,
    can_afford,
    income_ceiling_eur_year,
    net_cost_eur_month,
)
from sim.rules.cotation import Cotation
from sim.rules.criteria import CRITERIA, LETTERS, Today, meets
from sim.rules.designation import Order, served_order
from sim.rules.objectives import Home, State, applies, preferences
from sim.rules.reservations import PREFERENCES, most_behind, shares
from sim.rules.resources import thresholds_of
from sim.state.applications import Applications
from sim.state.dwellings import Dwellings
from sim.state.households import Households
from sim.state.quota_book import Tally
from sim.state.rows import Rows
from sim.words.clock import to_day
from sim.words.codes import Employment, Financing, Ground, Occupation, Recognition, Reservataire
from sim.world.terms import law_terms
from tests import plain_quotas

FEBRUARY_2022 = to_day(dt.date(2022, 2, 1))
ALONE, COUPLE, TWO_DEPENDANTS = 0, 1, 3
ZONE_2, ZONE_3 = 0, 1


@pytest.fixture(scope="module")
def terms() -> Terms:
    return law_terms(LawView(load_law(), FEBRUARY_2022), Affordability())


# Affordability, by hand from scenarios/law/apl.yaml on 1 February 2022


@pytest.mark.parametrize(
    ("rent", "income", "family", "zone", "amount"),
    [
        # 259.78 + 54.22 - max(35.39, 8.5 %) - 5
        (300.0, 0.0, ALONE, ZONE_2, 273.61),
        # under the ceiling: 200 + 54.22 - 35.39 - 5
        (200.0, 4_683.0, ALONE, ZONE_2, 213.83),
        # full rate: 0.0283 + 0.0045 x 0.30 + 0.0068 x 0.25 = 0.03135, x (10 000 - 4 683)
        (300.0, 10_000.0, ALONE, ZONE_2, 106.922),
        # couple: ceiling 317.97, 0.0315 + 0.00305 = 0.03455, x (9 000 - 6 709)
        (400.0, 9_000.0, COUPLE, ZONE_2, 317.97 + 54.22 - 35.39 - 0.03455 * 2_291 - 5),
        # two dependants in zone 3: reference rent 409.88, 0.0238 + 0.0045 x (200/409.88 - 0.45), x (12 000 - 8 182)
        (200.0, 12_000.0, TWO_DEPENDANTS, ZONE_3, 146.8896),
        # two dependants, rent above the ceiling of zone 3 (378.37): ratio 0.92312
        (500.0, 12_000.0, TWO_DEPENDANTS, ZONE_3, 378.37 + 78.80 - 38.85945 - (0.0238 + 0.00135 + 0.0068 * 0.1731239) * 3_818 - 5),  # noqa: E501
        (300.0, 20_000.0, ALONE, ZONE_2, 0.0),
    ],
)  # fmt: skip
def test_allowance_by_hand(rent: float, income: float, family: int, zone: int, amount: float, terms: Terms) -> None:
    assert float(apl_eur_month(rent, income, family, zone, terms)) == pytest.approx(amount, abs=1e-3)


def test_allowance_of_arrays_is_that_of_each(terms: Terms) -> None:
    rng = np.random.default_rng(3)
    rent, income = rng.uniform(50, 900, 500), rng.uniform(0, 40_000, 500)
    family, zone = rng.integers(0, 10, 500), rng.integers(0, 2, 500)
    each = [float(apl_eur_month(*row, terms)) for row in zip(rent, income, family, zone, strict=True)]
    together = apl_eur_month(rent, income, family, zone, terms)
    assert together == pytest.approx(each)
    assert (together >= 0).all()
    assert (together <= apl_eur_month(rent, 0.0, family, zone, terms) + 1e-9).all()  # never rises with income


def test_allowance_helps_larger_families_more(terms: Terms) -> None:
    families = np.arange(2, 10)
    amounts = apl_eur_month(600.0, 15_000.0, families, ZONE_2, terms)
    assert (np.diff(amounts) > 0).all()


def test_ceilings_by_hand(terms: Terms) -> None:
    assert income_ceiling_eur_year(Financing.PLUS, 4, 0, terms) == 40_985
    assert income_ceiling_eur_year(Financing.HLMO, 4, 0, terms) == 40_985
    assert income_ceiling_eur_year(Financing.PLAI, 1, 0, terms) == 11_626
    assert income_ceiling_eur_year(Financing.PLUS, 6, 2, terms) == 54_338 + 2 * 6_061
    coefficient = load_law().at("plafond.pls_coefficient", FEBRUARY_2022)
    assert income_ceiling_eur_year(Financing.PLS, 3, 0, terms) == pytest.approx(coefficient * 33_949)


def test_ceilings_follow_the_date() -> None:
    year_2024 = law_terms(LawView(load_law(), to_day(dt.date(2024, 1, 1))), Affordability())
    assert income_ceiling_eur_year(Financing.PLUS, 1, 0, year_2024) == 22_642


def test_net_cost(terms: Terms) -> None:
    assert net_cost_eur_month(350.0, 60.0, 50.0, 120.0, terms) == pytest.approx(350 + 60 + 45 - 120)
    assert net_cost_eur_month(50.0, 0.0, 10.0, 300.0, terms) == 0.0


@pytest.mark.parametrize(
    ("cost", "income", "units", "holds"),
    [
        (330.0, 1_000.0, 1.0, True),  # effort 33 %, 22 eur a day left
        (331.0, 1_000.0, 1.0, False),  # effort above 33 %
        (100.0, 404.0, 1.0, False),  # 304 / 30.4375: 9.99 eur a day left
        (100.0, 404.5, 1.0, True),
        (300.0, 1_000.0, 2.5, False),  # 9.20 eur a day and consumption unit
    ],
)
def test_what_a_household_can_afford(cost: float, income: float, units: float, holds: bool, terms: Terms) -> None:
    assert bool(can_afford(cost, income, units, terms)) is holds


def test_quartile_thresholds_ascend() -> None:
    for year in range(2022, 2027):
        thresholds = thresholds_of(LawView(load_law(), to_day(dt.date(year, 6, 1))))
        assert (np.diff(thresholds) > 0).all()


# Criteria: one household that meets each, and one that meets none

MEETS: dict[str, dict[str, object]] = {
    "dalo": {"recognition": Recognition.DALO},
    "pdalhpd": {"recognition": Recognition.PDALHPD},
    "mutation_bloquee": {"recognition": Recognition.MUTATION},
    "menace_expulsion": {"grounds": Ground.P04_EXPULSION},
    "violences": {"grounds": Ground.M05_VIOLENCES},
    "sans_abri": {"occupation": Occupation.HOMELESS},
    "heberge": {"occupation": Occupation.THIRD_PARTY},
    "non_decent_insalubre": {"grounds": Ground.P10_INSALUBRE},
    "sur_occupation": {"grounds": Ground.MINEUR_SUROCCUPE},
    "handicap": {"is_disabled": True},
    "effort_excessif": {"grounds": Ground.P03_EFFORT_EXCESSIF},
    "parent_isole": {"is_couple": False, "dependants_count": 1},
    "en_emploi": {"employment": Employment.UNSTABLE},
    "eligible_cch": {"grounds": Ground.HANDICAP},
    "mutation": {"is_mutation": True},
    "npnru": {"recognition": Recognition.NPNRU},
    "jeune": {"birth_year": 1993},
    "senior": {"birth_year": 1956},
    "dal": {"filed_day": FEBRUARY_2022 - 1097},
    "l441_1_a": {"is_disabled": True},
    "l441_1_j": {"children_count": 1, "grounds": Ground.P07_NON_DECENT},
    **{g.name.lower(): {"grounds": g} for g in Ground if g.name[1:3].isdigit()},
    **{f"l441_1_{letter}": {"grounds": Ground[names[-1]]} for letter, (_, names) in LETTERS.items()},
}
NOBODY: dict[str, object] = {
    "occupation": Occupation.PRIVATE,
    "employment": Employment.RETIRED,
    "is_couple": True,
    "birth_year": 1980,
    "filed_day": FEBRUARY_2022 - 10,
}


def one(**values: object) -> Rows:
    """Return one application joined to its household."""
    files = {k: v for k, v in values.items() if k in Applications.specs()}
    home = {k: v for k, v in values.items() if k in Households.specs()}
    row = np.array([0])
    return Rows(Applications.build(1, household=0, **files), row, Rows(Households.build(1, **home), row))


def test_every_criterion_has_a_case() -> None:
    assert sorted(MEETS) == sorted(CRITERIA.names())


@pytest.mark.parametrize("name", MEETS)
def test_criterion(name: str) -> None:
    today = Today(FEBRUARY_2022, LawView(load_law(), FEBRUARY_2022))
    assert meets(name, one(**{**NOBODY, **MEETS[name]}), today).tolist() == [True]
    assert meets(name, one(**NOBODY), today).tolist() == [False]
    assert CRITERIA[name].label
    assert CRITERIA[name].doc


def test_demonstration_grid_adds_up() -> None:
    order = by_points(load_grid("demonstration", CRITERIA.names()))
    day, filed = FEBRUARY_2022, FEBRUARY_2022 - 1461  # 48 months exactly, the cap
    someone = one(**{**NOBODY, "filed_day": filed}, recognition=Recognition.DALO, is_disabled=True, refusals_count=2)
    assert order.points(someone, day) == pytest.approx([50 + 20 - 2 * 10 + 48])
    assert order.points(someone, day + 1000) == pytest.approx([98])
    assert order.points(someone, day - 1461) == pytest.approx([50])
    assert order.counts_refusals


# Orders: the static keys against the points of each day


def by_points(grid: Grid) -> Order:
    return Order(Designation(name="cotation"), Cotation(grid))


def grid(points_per_month: float, cap_months: float | None, refusal_points: float = -10.0) -> Grid:
    return Grid(
        title="essai",
        is_demonstration=True,
        source="test",
        reference="test",
        criteria={"dalo": 50.0, "handicap": 12.5, "en_emploi": 5.0},
        seniority=Seniority(points_per_month=points_per_month, cap_months=cap_months),
        refusal_points=refusal_points,
    )


def many(rng: np.random.Generator, count: int = 300) -> Rows:
    rows = np.arange(count)
    files = Applications.build(
        count,
        household=rows,
        filed_day=FEBRUARY_2022 - rng.integers(0, 3_000, count),
        recognition=rng.choice([0, 0, 0, 1, 2], count),
        refusals_count=rng.choice([0, 0, 1, 2], count),
        head_start_days=rng.integers(0, 1_500, count),
    )
    homes = Households.build(count, is_disabled=rng.random(count) < 0.1, employment=rng.integers(0, 6, count))
    return Rows(files, rows, Rows(homes, rows))


@pytest.mark.parametrize("cap", [None, 48, 24, 30.5, 0])
@pytest.mark.parametrize("rate", [1.0, 0.5, 2.0, 0.0])
def test_static_keys_rank_like_the_points_of_the_day(rate: float, cap: float | None) -> None:
    order, people = by_points(grid(rate, cap)), many(np.random.default_rng(5))
    filed = FEBRUARY_2022
    keys, is_capped, capping_day = order.keys(people, filed)
    for day in range(filed, filed + 1_200, 97):
        reached = (capping_day >= 0) & (capping_day <= day)  # refiled on the day they reach the cap
        refiled, capped_now, _ = order.keys(people, day)
        current = np.where(reached, refiled, keys) + np.where(is_capped | reached, order.ageing(day), 0)
        assert np.array_equal(is_capped | reached, capped_now)
        points = order.points(people, day)[np.argsort(current, kind="stable")]
        assert (np.diff(points) < A_DAY).all()


A_DAY = 1 / 30
"""Points of one day at one point a month: what breaks ties weighs less."""


@pytest.mark.parametrize("cap", [None, 12])
def test_at_equal_points_the_oldest_application_comes_first(cap: float | None) -> None:
    order = by_points(grid(1.0, cap))
    filed = FEBRUARY_2022 - np.array([2_000, 1_000, 950, 900, 400])  # rows are in the order of filing
    rows = np.arange(5)
    people = Rows(Applications.build(5, household=rows, filed_day=filed), rows, Rows(Households.build(5), rows))
    keys, is_capped, _ = order.keys(people, FEBRUARY_2022)
    assert is_capped.all() == (cap is not None)
    assert np.argsort(keys, kind="stable").tolist() == np.argsort(filed).tolist()


def test_keys_of_practice_and_of_seniority() -> None:
    people = many(np.random.default_rng(6))
    for day in (FEBRUARY_2022, FEBRUARY_2022 + 500):
        keys, is_capped, capping_day = Order(Designation(name="anciennete")).keys(people, day)
        assert np.array_equal(np.argsort(keys, kind="stable"), np.argsort(people.filed_day, kind="stable"))
        ahead, _, _ = Order(Designation()).keys(people, day)
        expected = people.filed_day.astype(int) - people.head_start_days
        assert np.array_equal(np.argsort(ahead, kind="stable"), np.argsort(expected, kind="stable"))
        assert not is_capped.any()
        assert (capping_day < 0).all()
    assert not Order(Designation(name="anciennete")).counts_refusals
    assert Order(Designation()).points(people, FEBRUARY_2022).min() >= 0.0


def test_served_order_puts_what_lags_first() -> None:
    scores = np.array([0.0, 0.2, 0.2, 0.5, 0.9])
    preference = np.array([0, 1, 0, 0, -1])
    assert served_order(scores, preference).tolist() == [3, 2, 1, 0, -1]
    assert served_order(np.zeros(4), np.array([1, 0, 1, -1])).tolist() == [1, 0, 1, -1]
    assert served_order(np.zeros(2), np.array([-1, -1])).tolist() == [-1, -1]


# Objectives and reservations

PUBLICS = np.repeat([quotas.ORDINARY, quotas.FIRST_ACCESS, quotas.MUTATION, quotas.ORDINARY_MUTATION], 2)
IS_Q1 = np.array([False, True] * 4)


def test_publics() -> None:
    flags = np.array([0, 1, 2, 4, 8, 1 | 4, 0, 1, 4])
    is_mutation = np.array([False] * 6 + [True] * 3)
    expected = [quotas.ORDINARY, *[quotas.FIRST_ACCESS] * 2, *[quotas.MUTATION] * 2, quotas.FIRST_ACCESS]
    expected += [quotas.ORDINARY_MUTATION, quotas.FIRST_ACCESS, quotas.MUTATION]  # DALO counts once, tenant or not
    assert quotas.public_of(flags, is_mutation).tolist() == expected


def test_segments_score_by_the_lags_they_serve() -> None:
    lags = {
        "quota.prioritaires_premier_acces": 0.4,
        "quota.prioritaires_mutation_npru": 0.1,
        "quota.premier_quartile_hors_qpv": 0.2,
        "quota.non_premier_quartile_en_qpv": 0.7,
        "quota.prioritaires": 0.0,
    }
    outside = plain_quotas.scores(lags, False, PUBLICS, IS_Q1)
    inside = plain_quotas.scores(lags, True, PUBLICS, IS_Q1)
    assert outside == pytest.approx([0.0, 0.2, 0.4, 0.6, 0.1, 0.3, 0.0, 0.2])
    assert inside == pytest.approx([0.7, 0.0, 1.1, 0.4, 0.8, 0.1, 0.7, 0.0])
    assert plain_quotas.scores({}, True, PUBLICS, IS_Q1).tolist() == [0.0] * 8


def test_steered_objectives_serve_segments_like_the_plain_sum_of_lags() -> None:
    """``preferences`` on objects against the hand-written scores above, in and out of a QPV."""
    law, lags = load_law(), {"quota.premier_quartile_hors_qpv": 0.2, "quota.prioritaires_premier_acces": 0.4}
    facts = {
        "premier_quartile": IS_Q1, "prioritaire_premier_acces": PUBLICS == quotas.FIRST_ACCESS,
        "prioritaire_mutation_npnru": PUBLICS == quotas.MUTATION, "relogement_npnru": np.zeros(8, dtype=bool),
    }  # fmt: skip
    objectives = {name: objective_of_law(law[name], effect="pilote") for name in lags}
    for is_in_qpv in (False, True):
        concerned = {n: o for n, o in objectives.items() if applies(o, Home(is_in_qpv=is_in_qpv))}
        states = {n: State(Tally(round(1_000 * (1 - lags[n])), 1_000), 1.0) for n in concerned}
        expected = served_order(plain_quotas.scores(lags, is_in_qpv, PUBLICS, IS_Q1), np.zeros(8, dtype=int))
        assert preferences(concerned, states, facts, np.zeros(8, dtype=int)).tolist() == expected.tolist()


def test_every_objective_is_in_the_law() -> None:
    law = load_law()
    for name in plain_quotas.OBJECTIVES:
        if name != plain_quotas.MUTATION_VOLUME:
            assert law[name].unit == "share"
    either = plain_quotas.serves("quota.prioritaires", PUBLICS, IS_Q1)
    assert either.tolist() == np.isin(PUBLICS, [quotas.FIRST_ACCESS, quotas.MUTATION]).tolist()
    usual = plain_quotas.serves(plain_quotas.MUTATION_VOLUME, PUBLICS, IS_Q1)
    assert usual.tolist() == (PUBLICS != quotas.ORDINARY_MUTATION).tolist()


@given(st.lists(st.floats(0.0, 1.0), min_size=6, max_size=6).filter(lambda s: sum(s) > 0.1), st.integers(1, 400))
def test_orientations_stay_within_one_dwelling_of_each_share(weights: list[float], vacancies: int) -> None:
    holder_shares = np.array(weights) / sum(weights)
    oriented = np.zeros(6)
    for count in range(1, vacancies + 1):
        holder = most_behind(oriented, holder_shares)
        oriented[holder] += 1
        assert holder_shares[holder] > 0
        assert oriented[holder] - holder_shares[holder] * count < 1.0  # nobody is ever one ahead
        assert (holder_shares * count - oriented < EXPECTED_LAG).all()


EXPECTED_LAG = 1.5
"""With six holders, several can fall due at once: the last served waits a little over one dwelling."""


def test_orientations_of_the_shipped_shares_stay_within_one_dwelling() -> None:
    holder_shares = shares(Reservation())
    assert holder_shares.sum() == pytest.approx(1.0)
    assert holder_shares[Reservataire.BAILLEUR] == pytest.approx(0.40)
    oriented = np.zeros(6)
    for count in range(1, 2_000):
        oriented[most_behind(oriented, holder_shares)] += 1
        assert np.abs(oriented - holder_shares * count).max() < 1.0


def test_each_holder_has_preferences() -> None:
    assert set(PREFERENCES) == set(Reservataire)
    proposed = [public for public, rank in enumerate(PREFERENCES[Reservataire.ETAT]) if rank >= 0]
    assert proposed == [quotas.FIRST_ACCESS]  # recognised first-access households only
    assert PREFERENCES[Reservataire.COLLECTIVITES].index(0) == quotas.MUTATION
    assert all(max(preference) >= 0 for preference in PREFERENCES.values())


# Refusals


def refusal(refuse: Refuse, effort: float = 0.3, is_in_qpv: bool = False, **changes: object) -> float:
    files = {"first_commune": 4, "rooms_wanted": 3, "is_mutation": False, "recognition": 0}
    homes = {"commune": 4, "rooms": 3}
    files |= {k: v for k, v in changes.items() if k in files}
    homes |= {k: v for k, v in changes.items() if k in homes}
    home = Rows(Dwellings.build(1, **homes), np.array([0]))
    return float(refusal_probability(one(**files), home, np.array([is_in_qpv]), np.array([effort]), refuse)[0])


def test_refusals_move_the_way_studies_say() -> None:
    refuse = Refuse(base_share=0.27)
    ordinary = refusal(refuse, effort=0.1)
    assert ordinary == pytest.approx(0.27)
    assert refusal(refuse, effort=0.20) == pytest.approx(0.27)  # only what exceeds 20 % counts
    assert refusal(refuse, effort=0.1, is_in_qpv=True) > ordinary
    assert refusal(refuse, effort=0.1, commune=5) > ordinary
    assert refusal(refuse, effort=0.1, rooms=2) > ordinary
    assert refusal(refuse, effort=0.1, is_mutation=True) > ordinary
    assert refusal(refuse, effort=0.1, recognition=1) < ordinary
    efforts = [refusal(refuse, effort=e) for e in np.linspace(0.2, 0.6, 9)]
    assert (np.diff(efforts) > 0).all()
    bases = [refusal(Refuse(base_share=b)) for b in np.linspace(0.05, 0.95, 10)]
    assert (np.diff(bases) > 0).all()


def test_constant_refusals_look_at_nothing() -> None:
    refuse = Refuse(name="constant", base_share=0.4)
    assert refusal(refuse) == refusal(refuse, 0.9, True, commune=9, is_mutation=True) == 0.4


@pytest.mark.filterwarnings("ignore:divide by zero")
@pytest.mark.parametrize("base", [0.0, 1.0])
def test_certain_answers_stay_certain(base: float) -> None:
    assert refusal(Refuse(base_share=base), 0.9, True, commune=9, is_mutation=True) == base
