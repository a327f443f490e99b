"""The first day meets what is published, and newcomers look like it."""

from __future__ import annotations

import datetime as dt
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sim.inputs.law import load_law
from sim.inputs.schema import Run, Scenario
from sim.inputs.territory import load
from sim.population.build import FirstDay, build
from sim.population.head_starts import given_still_waiting, practices, settled
from sim.population.people import rooms_missing
from sim.population.raking import choose, mark, pick, rake, whole
from sim.population.seniority import ages_days, mean_stay_years
from sim.population.shapes import Shapes
from sim.population.wishes import EFFECT_OF_OPTION, OPTIONS
from sim.state.luck import Luck
from sim.words import codes
from sim.words.clock import to_day

FOLDER = Path(__file__).parents[1] / "scenarios"
TERRITORY, LAW = load(FOLDER / "territories" / "mel"), load_law(FOLDER / "law")


def rng_of(seed: int) -> Callable[[str], np.random.Generator]:
    return lambda name: np.random.default_rng([seed, zlib.crc32(name.encode())])


def make(applicants: int, seed: int = 1) -> tuple[FirstDay, Scenario]:
    scenario = Scenario(title="essai", run=Run(applicants=applicants))
    return build(TERRITORY, LAW, scenario, rng_of(seed)), scenario


@pytest.fixture(scope="module")
def full() -> FirstDay:
    return make(56_000)[0]


def check_references(first: FirstDay, day: int) -> None:
    people, files, homes = first.households, first.applications, first.dwellings
    let = np.flatnonzero(homes.tenant >= 0)
    assert np.array_equal(people.dwelling[homes.tenant[let]], let)
    assert np.array_equal(np.sort(homes.tenant[let]), np.flatnonzero(people.dwelling >= 0))
    assert np.array_equal(people.application[files.household], np.arange(files.count))
    assert (people.application >= 0).sum() == files.count
    assert np.array_equal(files.is_mutation, people.dwelling[files.household] >= 0)
    assert np.array_equal(people.occupation == codes.Occupation.HLM, people.dwelling >= 0)
    assert (homes.channel[people.dwelling[files.household[files.is_mutation]]] == codes.Channel.LIST).all()
    assert ((homes.vacant_day >= 0) == (homes.tenant < 0)).all()
    assert (homes.vacant_day[homes.tenant < 0] < day).all()
    assert (homes.service_day < day).all()
    assert (files.filed_day < day).all()
    assert (files.renewal_due_day > day).all()
    assert (files.renewal_due_day <= day + 365).all()
    assert ((files.renewal_due_day - files.filed_day) % 365 == 0).all()
    moving = files.household[files.is_mutation]
    assert (people.lease_day[moving] <= files.filed_day[files.is_mutation]).all()
    assert (people.lease_day[homes.tenant[let]] < day).all()
    assert ((files.rooms_min <= files.rooms_wanted) & (files.rooms_wanted <= files.rooms_max)).all()
    assert files.rooms_max.max() <= 5
    assert (files.place_set < len(first.places)).all()
    for table in (people, files, homes):
        assert len(np.unique(table.luck_id)) == table.count
        assert all(np.isfinite(values).all() for _, values in table.columns() if values.dtype.kind == "f")
    known = files.recognition > 0
    assert ((files.recognised_day >= 0) == known).all()
    assert (files.recognised_day[known] >= files.filed_day[known]).all()
    assert (files.recognised_day[known] < day).all()
    assert (files.grounds[known] > 0).all()


@pytest.mark.parametrize("applicants", [200, 2_000, 56_000])
def test_references_and_counts(applicants: int) -> None:
    first, scenario = make(applicants)
    check_references(first, to_day(scenario.run.start))
    assert first.applications.count == applicants
    assert first.applications.is_mutation.sum() == round(0.43 * applicants)
    wanted = float(TERRITORY["stock.offered_first_day"]) * applicants / float(TERRITORY["demande.stock"])
    assert first.dwellings.count == round(wanted)


def test_same_generators_same_world() -> None:
    one, two, other = make(2_000, 3)[0], make(2_000, 3)[0], make(2_000, 4)[0]
    for name in ("households", "applications", "dwellings"):
        for (column, a), (_, b) in zip(getattr(one, name).columns(), getattr(two, name).columns(), strict=True):
            assert np.array_equal(a, b), column
    assert not np.array_equal(one.applications.filed_day, other.applications.filed_day)
    assert [one.places[i] for i in range(len(one.places))] == [two.places[i] for i in range(len(two.places))]


def test_published_targets_are_met(full: FirstDay) -> None:
    fit = full.fit.set_index("label")
    assert list(full.fit.columns) == ["label", "target", "obtained", "gap", "source"]
    assert fit.index.is_unique
    shares = fit[(fit["target"] > 0) & (fit["target"] < 1)]
    free = ["prioritaires au sens du CCH"]  # derived from attributes: only near its target
    worst = shares.drop(index=free)["gap"].abs()
    assert worst.max() < 0.005, worst.idxmax()
    assert fit.loc["prioritaires au sens du CCH", "obtained"] == pytest.approx(0.55, abs=0.02)
    assert fit.loc["mutations bloquées ou complexes", "gap"] == pytest.approx(0, abs=90)
    assert fit.loc["communes avec parc que personne ne demande d'abord", "obtained"] == 0
    assert fit.loc["calage des bailleurs, plus grand écart relatif", "obtained"] < 1e-6
    assert 0.12 <= fit.loc["locataires en sous-occupation", "obtained"] <= 0.155
    assert 0.03 <= fit.loc["locataires en sur-occupation manifeste", "obtained"] <= 0.045
    assert 11 < fit.loc["ancienneté moyenne des baux, années", "obtained"] < 15
    assert 1.3 < fit.loc["ancienneté moyenne du stock, années", "obtained"] < 1.9


def test_first_quartile_is_the_legal_threshold(full: FirstDay) -> None:
    waiting = full.households.take(full.applications.household)
    per_unit = 12 * waiting.income_eur_month / waiting.consumption_units
    threshold = LAW.at("seuil.premier_quartile_eur_year_cu", to_day(Run().start.replace(year=2024, month=7)))
    assert (per_unit < threshold).mean() == pytest.approx(0.25, abs=0.005)
    poor = np.isin(waiting.occupation, [codes.Occupation.HOMELESS, codes.Occupation.SHELTER])
    assert (per_unit[poor] < threshold).mean() > 0.4


def test_those_who_wait_long_are_hard_to_house(full: FirstDay) -> None:
    files = full.applications
    age = to_day(Run().start) - files.filed_day
    old, young = age > 4 * 365, age < 365
    # small dwellings are the scarce ones: T4 and more are 42 % of the stock (C35) and house fast
    assert (files.rooms_wanted[old] <= 2).mean() > (files.rooms_wanted[young] <= 2).mean()
    assert files.is_mutation[old].mean() > files.is_mutation[young].mean()


def test_composition_follows_the_law(full: FirstDay) -> None:
    people = full.households
    others = people.size.astype(int) - 1
    assert (people.children_count <= people.dependants_count).all()
    assert (people.dependants_count <= others - people.is_couple).all()
    children = people.children_count.astype(int)
    assert np.allclose(people.consumption_units, 1 + 0.5 * (others - children) + 0.3 * children)
    assert people.ceiling_category.min() == 1
    assert people.ceiling_category.max() == 6
    single_parent = ~people.is_couple & (people.size == 2) & (people.dependants_count == 1) & ~people.is_disabled
    assert (people.ceiling_category[single_parent] == 3).all()
    assert (people.family_type[(people.size == 1)] == 0).all()
    assert (people.family_type[single_parent] == 2).all()


def test_sets_of_places(full: FirstDay) -> None:
    communes, parts = len(TERRITORY.communes), TERRITORY.communes["territoire_index"].to_numpy()
    assert len(full.places) < 1_000
    for number in range(len(full.places)):
        members = full.places[number]
        wide = [place for place in members if place >= communes]
        assert not wide or len(members) == 1
        assert len(members) <= 4
    files, whole_place = full.applications, communes + len(TERRITORY.territoires)
    first = full.places.ragged()
    sizes, lead = np.diff(first[0]), first[1][first[0][:-1]]
    place = lead[files.place_set]
    assert (place == whole_place).mean() == pytest.approx(0.07, abs=0.02)
    inside = (place >= communes) & (place < whole_place)
    assert inside.mean() == pytest.approx(0.27, abs=0.03)
    assert (parts[files.first_commune[inside]] == place[inside] - communes).all()
    assert sizes.min() == 1


def test_newcomers(full: FirstDay) -> None:
    day, source, rng = to_day(Run().start) + 100, full.newcomers, np.random.default_rng(5)
    homes, files = source.first_access(4_000, rng, day)
    assert (homes.dwelling == -1).all()
    assert (files.filed_day == day).all()
    assert (files.renewal_due_day == day + 365).all()
    assert not files.is_mutation.any()
    per_unit = 12 * homes.income_eur_month / homes.consumption_units
    assert (per_unit < 9_324).mean() == pytest.approx(0.25, abs=0.05)
    assert (files.grounds > 0).mean() == pytest.approx(0.6, abs=0.1)
    rows = source.pick_mutation_filers(full.households, full.dwellings, 500, Luck(7, 0).uniform, day)
    assert len(np.unique(rows)) == 500
    assert (full.households.application[rows] == -1).all()
    asked = source.mutation_requests(full.households, full.dwellings, rows, rng, day)
    assert np.array_equal(asked.household, rows)
    assert asked.is_mutation.all()
    assert not (asked.grounds & int(codes.Ground.M07_CINQ_ANS_SANS_OFFRE)).any()
    blocked = (asked.grounds & np.uint32(codes.MUTATION_GROUNDS)) > 0
    assert blocked.mean() == pytest.approx(0.33, abs=0.1)
    guests = source.outside_tenants(300, rng, day)
    assert (guests.employment == codes.Employment.STUDENT).mean() > 0.6
    assert (guests.income_eur_month >= 0).all()
    built = source.new_dwellings(1_000, Scenario(title="essai").flows.deliveries, rng, day)
    assert (built.service_day == day).all()
    assert (built.energy <= codes.Energy.B).all()
    assert ((built.qpv_map & 2) > 0).mean() == pytest.approx(0.1, abs=0.002)
    assert (built.financing == codes.Financing.PLAI).mean() == pytest.approx(0.36, abs=0.002)
    assert (built.rooms <= 3).mean() > 0.7
    for empty in (source.first_access(0, rng, day)[0], source.outside_tenants(0, rng, day)):
        assert empty.count == 0
    assert source.new_dwellings(0, Scenario(title="essai").flows.deliveries, rng, day).count == 0
    assert len(source.pick_mutation_filers(full.households, full.dwellings, 0, Luck(7, 0).uniform, day)) == 0


def test_tables_are_in_the_order_of_the_codes() -> None:
    shapes = Shapes(TERRITORY, LAW)
    periods = [p.name for p in codes.Period]
    for table in (
        "dwellings.financing",
        "dwellings.energy_odds",
        "dwellings.by_period",
        "dwellings.rooms_by_period_odds",
    ):
        assert shapes.rows(table) == periods
    columns = {
        "dwellings.period": codes.Period, "dwellings.financing": codes.Financing, "dwellings.energy": codes.Energy,
        "people.employment": codes.Employment, "first_access.occupation": codes.Occupation,
        "income.taxable_share": codes.Employment,
    }  # fmt: skip
    for table, code in columns.items():
        assert list(shapes.frame(table).columns) == [c.name for c in code]
    bands = shapes.rows("people.by_age")
    for table in ("people.employment", "couple.share", "first_access.size", "tenants.size_by_age_odds"):
        assert shapes.rows(table) == bands
    assert list(shapes.frame("wishes.places").columns) == list(OPTIONS)
    assert len(EFFECT_OF_OPTION) == len(OPTIONS)
    assert shapes.rows("deliveries.territory_objective") == list(TERRITORY.territoires)


def test_raking_meets_its_margins_or_says_so() -> None:
    rng = np.random.default_rng(1)
    seed, rows, columns = rng.random((5, 4)) + 0.1, np.array([1.0, 2, 3, 4, 5]), np.array([3.0, 3, 4, 5])
    table, gap = rake(seed, [((0,), rows), ((1,), columns)])
    assert gap < 1e-9
    assert np.allclose(table.sum(axis=0), columns)
    assert rake(seed, [((0,), rows), ((1,), columns * 1.5)])[1] > 0.1
    with pytest.raises(ValueError, match="margin"):
        rake(seed, [((0,), columns)])
    counts = whole(table * 10, 150)
    assert counts.sum() == 150
    assert np.abs(counts.sum(axis=1) - 10 * rows).max() <= 1


def test_draws_keep_their_margins() -> None:
    rng = np.random.default_rng(2)
    drawn = choose(rng, np.array([[0.2, 0.8], [0.5, 0.5]]), np.repeat([0, 1], 1_000))
    assert abs((drawn[:1_000] == 0).sum() - 200) <= 1
    assert abs((drawn[1_000:] == 0).sum() - 500) <= 1
    assert abs(mark(rng, np.full(1_000, 0.123)).sum() - 123) <= 1
    weights = np.repeat([0.0, 1.0, 3.0], 1_000)
    hits = sum(np.bincount(pick(rng, weights, 400) // 1_000, minlength=3) for _ in range(50))
    assert hits[0] == 0
    assert hits[2] / hits[1] == pytest.approx(3, rel=0.05)
    assert np.array_equal(pick(rng, np.array([1.0, 1e9, 1.0]), 3), [0, 1, 2])
    with pytest.raises(ValueError, match="can be drawn"):
        pick(rng, weights, 2_001)


def test_ages_have_the_stationary_law() -> None:
    rng, rate, lapse = np.random.default_rng(3), 0.2, 0.4
    years = ages_days(np.full(200_000, rate), lapse, rng) / 365
    grid = np.linspace(0, 40, 400_001)
    alive = np.exp(-rate * grid) * (1 - lapse) ** np.floor(grid)
    stay = np.trapezoid(alive, grid)
    assert mean_stay_years(np.array([rate]), lapse)[0] == pytest.approx(stay, rel=1e-3)
    assert years.mean() == pytest.approx(np.trapezoid(grid * alive, grid) / stay, rel=0.01)


def test_rooms_missing_by_the_norm_of_insee() -> None:
    cases = [  # persons, couple, children under 14, rooms, missing
        (1, False, 0, 1, 0), (2, True, 0, 2, 0), (2, False, 1, 2, 1), (4, True, 2, 3, 0), (6, True, 4, 3, 1),
        (5, False, 4, 1, 3),
    ]  # fmt: skip
    for size, couple, children, rooms, missing in cases:
        got = rooms_missing(*(np.array([x]) for x in (size, couple, children, rooms)))
        assert got[0] == missing


def test_the_practice_before_the_first_day_houses_as_many_as_published() -> None:
    """A list lived day by day: head starts even, a chance a day that grows up the list, lapses at anniversaries."""
    share, lapse, longest, spread = 0.4, 0.3, 3_000.0, 600.0
    practice = settled(longest, spread, share, lapse, 365)
    luck, count = np.random.default_rng(5), 200_000
    heads, ages = luck.random(count) * longest, np.arange(0, 30 * 365, 5.0)
    bound = -np.log(luck.random(count))  # housed when the cumulated chance reaches it
    lapses = 365 * luck.geometric(lapse, count)
    housed = np.full(count, np.inf)
    for age in ages:
        reached = (practice.load(heads, np.full(count, age)) >= bound) & np.isinf(housed)
        housed[reached] = age
    assert (housed < lapses).mean() == pytest.approx(share, abs=0.005)
    for age in (30.0, 700.0, 2_000.0):  # head starts of those who still wait
        waiting = heads[(housed > age) & (lapses > age)]
        drawn = given_still_waiting(practice, np.full(50_000, age), luck.random(50_000))
        assert np.quantile(drawn, [0.1, 0.5, 0.9]) == pytest.approx(np.quantile(waiting, [0.1, 0.5, 0.9]), abs=60)


def test_head_starts_of_the_first_day_are_rarer_the_longer_one_has_waited() -> None:
    shapes, scenario = Shapes(TERRITORY, LAW), Scenario(title="essai", run=Run(applicants=2_000))
    arrivals, day = scenario.flows.arrivals, to_day(scenario.run.start)
    first, mutation = practices(scenario, shapes, day)
    assert (first.longest, mutation.longest) == (arrivals.head_start_max_days, arrivals.mutation_head_start_max_days)
    fewer = scenario.flows.model_copy(update={"arrivals": arrivals.model_copy(update={"per_year": 60_000})})
    assert practices(scenario.model_copy(update={"flows": fewer}), shapes, day)[0].rate < first.rate
    files = build(TERRITORY, LAW, scenario, rng_of(1)).applications
    age = day - files.filed_day.astype(int)
    for is_mutation, practice in ((False, first), (True, mutation)):
        heads = [
            files.head_start_days[(files.is_mutation == is_mutation) & (low < age) & (age <= high)].mean()
            for low, high in ((0, 90), (365, 730), (1_500, 3_000))
        ]
        assert heads[0] == pytest.approx(practice.longest / 2, rel=0.15)
        assert heads[0] > heads[1] > heads[2]


def test_a_list_that_nobody_joins_has_its_head_starts_too() -> None:
    shapes, scenario = Shapes(TERRITORY, LAW), Scenario(title="essai", run=Run(applicants=300))
    alone = scenario.flows.model_copy(update={"arrivals": scenario.flows.arrivals.model_copy(update={"per_year": 0})})
    closed = scenario.model_copy(update={"flows": alone})
    files = build(TERRITORY, LAW, closed, rng_of(1)).applications
    assert np.isfinite(files.head_start_days).all()
    assert all(0 <= p.rate <= 1 for p in practices(closed, shapes, to_day(scenario.run.start)))


def test_a_later_first_day_is_carried_forward() -> None:
    shapes = Shapes(TERRITORY, LAW)
    then, later = to_day(dt.date(2022, 1, 1)), to_day(dt.date(2026, 1, 1))
    assert shapes.offered_on(then) == shapes.value("stock.offered_first_day")
    assert shapes.offered_on(later) - shapes.offered_on(then) == pytest.approx(4 * 600, rel=0.01)
    assert shapes.value_on("first_day.attributions_per_year", then) == 10_170
    assert shapes.value_on("first_day.attributions_per_year", later) == 9_020
    assert shapes.value_on("demande.stock", later) == 56_000, "no later fact is known: the last one is kept"
    first = build(
        TERRITORY, LAW, Scenario(title="essai", run=Run(start=dt.date(2026, 1, 1), applicants=2_000)), rng_of(1)
    )
    assert len(first.dwellings) == pytest.approx(shapes.offered_on(later) * 2_000 / 56_000, abs=1)
    assert (first.applications.filed_day < later).all()
