"""Rules on entry, resources, demand and recognition work on arrays as on one case, and agree with the tables."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from sim.inputs.law import LawView, load_law
from sim.inputs.schema import Run
from sim.inputs.schema_demand import Dalo, MutationCommittee, Pdalhpd, Recognitions
from sim.rules import demand, eligibility, occupancy, recognition, resources
from sim.words.clock import months_later, to_date, to_day
from sim.words.codes import (
    GROUND_LABELS,
    L441_1,
    MUTATION_GROUNDS,
    PDALHPD_GROUNDS,
    Financing,
    Ground,
    Radiation,
    Recognition,
)
from sim.world.terms import law_terms
from tests.worlds import loaded, territory, world

DAY = to_day(dt.date(2025, 3, 1))


@pytest.fixture
def law() -> LawView:
    return LawView(load_law(), DAY)


def test_months_later_is_the_calendars() -> None:
    days = np.arange(to_day(dt.date(2023, 1, 1)), to_day(dt.date(2025, 1, 1)))
    for months in (1, 3, 6, 18):
        for day, later in zip(days, months_later(days, months), strict=True):
            start = to_date(int(day))
            index = start.year * 12 + start.month - 1 + months
            last = (dt.date((index + 1) // 12, (index + 1) % 12 + 1, 1) - dt.timedelta(1)).day
            assert to_date(int(later)) == dt.date(index // 12, index % 12 + 1, min(start.day, last))


def test_the_ceilings_of_the_rule_are_those_of_the_engine(law: LawView) -> None:
    norms = eligibility.norms_of(law)
    terms = law_terms(law, loaded().scenario.rules.affordability)
    assert np.abs(norms.ceiling_eur_year - terms.ceiling_eur_year).max() <= 0.5, "PLS: rounded to the euro"


@pytest.mark.parametrize("year", range(2022, 2029))
def test_published_pls_ceilings_are_the_ratio_of_the_plus_ones(year: int) -> None:
    law = LawView(load_law(), to_day(dt.date(year, 6, 1)))
    plus = np.array(law["plafond.plus_eur_year"], dtype=float)
    assert np.abs(np.array(law["plafond.pls_eur_year"]) - plus * law["plafond.pls_coefficient"]).max() <= 0.5
    assert (np.array(law["plafond.plai_eur_year"]) <= law["plafond.plai_max_share"] * plus + 100).all()


def test_categories_of_the_population_are_those_of_the_law(law: LawView) -> None:
    w = world()
    homes, norms = w.households, eligibility.norms_of(law)
    n = len(homes)
    size, dependants, couple = homes.size[:n], homes.dependants_count[:n], homes.is_couple[:n]
    ages = 2 * (2022 - homes.birth_year[:n].astype(int))
    young = eligibility.is_young_couple(size, couple, dependants, ages, norms.young_couple_ages_years)
    ours = eligibility.household_category(size, couple, dependants, young, homes.is_disabled[:n], norms.categories)
    assert (ours == homes.ceiling_category[:n]).all()
    assert (homes.is_disabled[:n] & young).any() or (homes.is_disabled[:n] & ~couple & (dependants > 0)).any()


def test_arrays_answer_as_single_cases(law: LawView) -> None:
    norms = eligibility.norms_of(law)
    rng = np.random.default_rng(5)
    persons, income = rng.integers(1, 10, 200), rng.uniform(5_000, 90_000, 200)
    category = eligibility.household_category(persons, persons > 2, 0 * persons, persons < 0, persons % 2 == 0, 6)
    ceiling = eligibility.ceiling_eur_year(Financing.PLAI, category, persons, norms)
    bars = eligibility.bar_to_entry(income, ceiling, exempt=persons == 4, raised_share=0.3 * (persons == 5))
    for i in range(200):
        n = int(persons[i])
        one = eligibility.household_category(n, n > 2, 0, False, n % 2 == 0, 6)
        limit = eligibility.ceiling_eur_year(Financing.PLAI, one, n, norms)
        assert limit == ceiling[i]
        assert bars[i] == eligibility.bar_to_entry(income[i], limit, exempt=n == 4, raised_share=0.3 * (n == 5))
    assert not occupancy.is_under_occupied(np.uint8(1), np.uint8(5), 1), "no wrap-around of bytes"


@pytest.mark.parametrize("dwellings", [10, 20, 30, 70, 90, 110, 130])
def test_a_programme_at_its_exact_shares_is_compliant(law: LawView, dwellings: int) -> None:
    norms = eligibility.norms_of(law)
    modest, over = dwellings * 3 // 10, dwellings // 10
    ratios = np.repeat([0.6, 1.0, 1.2], [modest, dwellings - modest - over, over])
    ceilings = np.full(dwellings, 23_201.0)
    assert eligibility.plus_mix(ratios * ceilings, ceilings, norms).is_compliant
    assert not eligibility.has_room_over_ceiling(over, dwellings, norms)
    assert eligibility.has_room_over_ceiling(over - 1, dwellings, norms)
    assert not eligibility.must_be_modest(modest, 1, dwellings, norms)
    assert eligibility.must_be_modest(modest - 1, 1, dwellings, norms)


def test_a_quarter_of_the_applicants_is_under_their_own_threshold(law: LawView) -> None:
    per_unit = np.random.default_rng(3).lognormal(9.5, 0.5, 4_001)
    own = resources.own_threshold_eur_year_cu(per_unit, law)
    assert own == np.percentile(per_unit, 25)
    assert (per_unit < own).mean() == pytest.approx(0.25, abs=1e-3)
    assert np.isnan(resources.own_threshold_eur_year_cu(np.array([]), law))


def test_the_list_of_radiation_causes_is_closed() -> None:
    causes = [what.cause for what in demand.Happening if what.cause is not None]
    assert sorted(causes) == sorted(Radiation), "each cause once, nothing else"


def test_blocked_mutations_are_a_share_of_all_applicants() -> None:
    """Trap 5: 8 350 households are 15 % of all applicants, not 15 % of the mutations."""
    values = territory().values
    blocked = values["demande.mutations_bloquees"].is_
    everybody = Run().applicants
    assert blocked / everybody == pytest.approx(0.15, abs=0.002)
    assert blocked / (0.43 * everybody) > 0.3


def test_no_household_keeps_two_open_demands() -> None:
    rng = np.random.default_rng(11)
    homes, filed, is_open = rng.integers(0, 20, 100), rng.integers(0, 50, 100), rng.random(100) < 0.7
    kept = is_open & ~demand.surplus(homes, filed, is_open)
    for home in range(20):
        mine = np.flatnonzero(is_open & (homes == home))
        assert kept[mine].sum() == min(len(mine), 1)
        if len(mine):
            assert filed[mine[kept[mine]]][0] == filed[mine].min()


def test_every_situation_is_labelled_and_counted_once() -> None:
    assert set(GROUND_LABELS) == set(Ground)
    assert (PDALHPD_GROUNDS.bit_count(), MUTATION_GROUNDS.bit_count()) == (14, 7)
    assert list(L441_1) == [*"abcdefg", "g bis", *"hijklm"]
    masks = list(L441_1.values())
    assert sum(m.bit_count() for m in masks) == np.bitwise_or.reduce(masks).bit_count(), "no situation has two letters"


def test_recognition_shares_are_those_of_the_scenario(law: LawView) -> None:
    p = Recognitions()
    luck = (np.arange(10_000) + 0.5) / 10_000
    first = recognition.favourable(np.uint32(Ground.P01_SANS_LOGEMENT), np.zeros(10_000, bool), luck, p)
    assert (first == Recognition.DALO).mean() == pytest.approx(p.dalo.share)
    assert (first == Recognition.PDALHPD).mean() == pytest.approx(p.pdalhpd.share)
    moving = recognition.favourable(np.uint32(Ground.M04_ENVIRONNEMENT), np.ones(10_000, bool), luck, p)
    assert (moving == Recognition.MUTATION).mean() == pytest.approx(p.mutation.share)
    days = recognition.decision_days(np.full(10_000, DAY), np.full(10_000, int(Recognition.MUTATION)), luck, p, law)
    assert (days > DAY).all()
    assert (days - DAY).mean() == pytest.approx(p.mutation.delay_mean_days, rel=0.01)


def test_only_what_expires_reads_the_validity(law: LawView) -> None:
    flags = np.array([Recognition.DALO, Recognition.PDALHPD, Recognition.MUTATION, 0])
    assert (recognition.expiry_days(np.full(4, DAY), flags, Recognitions(), law) == recognition.NEVER).all()
    assert law.read == []
    p = Recognitions(pdalhpd=Pdalhpd(expires=True), mutation=MutationCommittee(expires=True))
    ends = recognition.expiry_days(np.full(4, DAY), flags, p, law)
    assert ends.tolist() == [-1, to_day(dt.date(2027, 3, 1)), to_day(dt.date(2027, 3, 1)), -1]


def test_only_an_adapted_offer_costs_the_dalo() -> None:
    p = Recognitions(dalo=Dalo(loss_share=0.5))
    lost = recognition.loses_dalo(
        np.array([1, 1, 2, 1]), np.array([True, True, True, False]), np.array([0.4, 0.6, 0, 0]), p
    )
    assert lost.tolist() == [True, False, False, False]
