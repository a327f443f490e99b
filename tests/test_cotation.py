"""Cotation: a spreadsheet by hand, static keys against the points of each day, dwellings, ties, the commission."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from sim.inputs.grids import Grid, OnResidence, Rubric, Seniority, grid_names, load_grid
from sim.inputs.law import LawView, load_law
from sim.rules.commission import Decision, ranks, session_order
from sim.rules.cotation import (
    KEY_LIMIT,
    Cotation,
    Segment,
    ranking,
    tied,
    whole_points,
)
from sim.rules.criteria import CRITERIA, Today, meets
from sim.state.applications import Applications
from sim.state.households import Households
from sim.state.rows import Rows
from sim.words.clock import DAYS_PER_MONTH, first_day
from tests.applicants import applicants

DAY = first_day(2025)
LAW = LawView(load_law(), DAY)
A_DAY = 1 / DAYS_PER_MONTH


def grid(**values: object) -> Grid:
    """Return a grid of ours, whatever is not given being the plainest."""
    plain = {"title": "essai", "is_demonstration": True, "source": "test", "reference": "test"}
    return Grid(**{**plain, "criteria": {"dalo": 50.0}, "seniority": Seniority(points_per_month=1.0), **values})  # type: ignore[arg-type]


def crowd(count: int = 400, seed: int = 4) -> Rows:
    """Return random applications, in the order of filing."""
    rng, rows = np.random.default_rng(seed), np.arange(count)
    files = Applications.build(
        count,
        household=rows,
        filed_day=np.sort(DAY - rng.integers(0, 3_000, count)),
        recognition=rng.choice([0, 0, 0, 1, 2, 3], count),
        refusals_count=rng.choice([0, 0, 1, 2], count),
        is_mutation=rng.random(count) < 0.4,
    )
    birth, disabled = rng.integers(1940, 2005, count), rng.random(count) < 0.2
    return Rows(files, rows, Rows(Households.build(count, birth_year=birth, is_disabled=disabled), rows))


def spreadsheet() -> list[dict[str, str]]:
    with (Path(__file__).parent / "tableur_cotation.csv").open(encoding="utf-8") as stream:
        return sorted(csv.DictReader(stream), key=lambda r: (-int(r["anciennete_jours"]), float(r["hasard"])))


def test_static_ranking_of_a_stock_equals_a_spreadsheet() -> None:
    lines = spreadsheet()
    people = applicants(
        [
            {
                "filed_day": DAY - int(line["anciennete_jours"]),
                "situations": [word for word in line["situations"].split("+") if word],
                "refusals_count": int(line["refus"]),
            }
            for line in lines
        ]
    )
    cotation = Cotation(load_grid("demonstration", CRITERIA.names()))
    points = cotation.points(people, DAY)
    assert points == pytest.approx([float(line["points"]) for line in lines])
    order = ranking(points, people.filed_day, np.array([float(line["hasard"]) for line in lines]))
    assert [int(lines[i]["position"]) for i in order] == list(range(1, 13))
    keys = cotation.keys(people, DAY)
    in_the_list = np.argsort(keys.key + keys.is_still * cotation.ageing(DAY), kind="stable")
    assert in_the_list.tolist() == order.tolist()
    assert tied(points).mean() == 6 / 12
    for row, line in enumerate(lines):
        person = Rows(people._table, np.array([row]), Rows(people._joined._table, np.array([row])))  # type: ignore[union-attr]
        assert sum(cotation.breakdown(person, DAY).values()) == pytest.approx(float(line["points"]))


FULL = grid(
    criteria={"dalo": 50.0, "dal": 15.0},
    rubrics=(
        Rubric(label="âge", combine="sum", criteria={"jeune": 8.0, "senior": 6.0}),
        Rubric(label="santé", combine="max", criteria={"handicap": 20.0, "l441_1_a": 12.0, "pdalhpd": 25.0}),
    ),
    seniority=Seniority(points_per_month=1.0, cap_months=60.5, threshold_months=30.0, threshold_points=7.0),
    refusal_points=-5.0,
)
STILL = grid(criteria={"dalo": 30.0}, seniority=Seniority(points_per_month=0.0))
GRIDS = {
    "full": Cotation(FULL),
    "two grids": Cotation(FULL, STILL),
    "cap and threshold": Cotation(
        grid(seniority=Seniority(points_per_month=0.5, cap_months=24, threshold_months=36.0, threshold_points=20.0))
    ),
    "toulouse": Cotation(load_grid("toulouse_partielle")),
    "lyon": Cotation(load_grid("lyon_partielle")),
    "mutations apart": Cotation(load_grid("demonstration"), load_grid("demonstration_mutation")),
}


@pytest.mark.parametrize("name", GRIDS)
def test_keys_are_right_until_the_day_they_name(name: str) -> None:
    """Refiled only on the day they asked for, applications stay in the order of the points of each day."""
    cotation, people = GRIDS[name], crowd()
    key, is_still, next_day = (column.copy() for column in cotation.keys(people, DAY, Today(DAY, LAW)))
    refiled = 0
    for day in range(DAY, DAY + 1_500):
        due = (next_day >= 0) & (next_day <= day)
        if due.any():
            again = cotation.keys(people, day, Today(day, LAW))
            key[due], is_still[due], next_day[due] = again.key[due], again.is_still[due], again.next_day[due]
            refiled += int(due.sum())
        if day % 50 == 0:
            now = cotation.keys(people, day, Today(day, LAW))
            assert np.array_equal(now.key, key)
            assert np.array_equal(now.is_still, is_still)
            points = cotation.points(people, day, Today(day, LAW))
            order = np.argsort(key + is_still * cotation.ageing(day), kind="stable")
            assert (np.diff(points[order]) < A_DAY).all()  # what breaks ties weighs less than a day
    assert np.abs(key).max() < KEY_LIMIT
    assert refiled > 0 or name == "lyon"


def test_whole_months_never_contradict_the_order_by_days() -> None:
    cotation, people = GRIDS["mutations apart"], crowd()
    points = cotation.points(people, DAY)
    shown = whole_points(points)
    assert (np.diff(shown[np.argsort(-points, kind="stable")]) <= 0).all()
    assert tied(shown).sum() > tied(points).sum()
    assert len(tied(np.array([]))) == 0
    assert tied(np.array([1.5, 1.5, 2.0, 2.0]), np.array([0, 1, 1, 1])).tolist() == [False, False, True, True]


def test_losing_the_rank_counts_seniority_from_the_refusal() -> None:
    cotation, people = Cotation(grid()), crowd(50)
    since = np.full(50, DAY - 10)
    assert cotation.points(people, DAY, since=since) == pytest.approx(
        meets("dalo", people) * 50.0 + 10 / DAYS_PER_MONTH
    )


# Points that depend on the dwelling


@pytest.mark.parametrize("in_qpv", [False, True])
@pytest.mark.parametrize("is_accessible", [False, True])
def test_points_of_the_residence_are_shifts_of_segments(in_qpv: bool, is_accessible: bool) -> None:
    residence = (
        OnResidence(dwelling="en_qpv", applicant="hors_premier_quartile", points=15.0),
        OnResidence(dwelling="hors_qpv", applicant="premier_quartile", points=12.5),
        OnResidence(dwelling="accessible", applicant="handicap", points=30.0),
        OnResidence(dwelling="hors_qpv", applicant="tous", points=1.0),
        OnResidence(dwelling="en_qpv", applicant="prioritaire", points=-4.0),
    )
    cotation, people = Cotation(grid(residence=residence)), crowd()
    bits = np.random.default_rng(1).integers(0, 8, len(people))
    segments = Segment(*(np.arange(8) & bit > 0 for bit in (1, 2, 4)))
    who = Segment(*(bits & bit > 0 for bit in (1, 2, 4)))
    home = {"en_qpv": in_qpv, "accessible": is_accessible}
    shifted = cotation.keys(people, DAY).key + cotation.residence_shifts(segments, home)[bits]
    for_this_home = cotation.points(people, DAY) + cotation.residence_points(who, home)
    assert (np.diff(for_this_home[np.argsort(shifted, kind="stable")]) < A_DAY).all()
    assert np.ptp(cotation.residence_shifts(segments, home)) > 0


# Grids that cannot be


def test_two_grids_rise_at_one_rate() -> None:
    with pytest.raises(ValueError, match=r"1 and 2 points a month"):
        Cotation(grid(), grid(seniority=Seniority(points_per_month=2.0)))
    with pytest.raises(ValueError, match="residence"):
        Cotation(grid(), grid(residence=(OnResidence(dwelling="en_qpv", applicant="tous", points=1.0),)))


def test_points_too_large_for_the_index_are_refused() -> None:
    with pytest.raises(ValueError, match="too large"):
        Cotation(grid(criteria={"dalo": 1e6}))


def test_a_dated_criterion_wants_the_day() -> None:
    with pytest.raises(ValueError, match="depends on the day"):
        Cotation(FULL).points(crowd(3), DAY)


@pytest.mark.parametrize("name", grid_names())
def test_shipped_grids_are_labelled(name: str) -> None:
    shipped = load_grid(name, CRITERIA.names())
    assert Cotation(shipped).rate_per_day >= 0
    assert shipped.is_demonstration != shipped.is_partial, "no complete real grid was found"
    assert ("fictive" in shipped.title) == shipped.is_demonstration


# The commission


def test_a_commission_that_follows_keeps_the_short_list_and_one_that_chooses_does_not() -> None:
    rng, homes, files = np.random.default_rng(8), 3_000, 5
    home, position = np.repeat(np.arange(homes), files), np.tile(np.arange(1, files + 1), homes)
    follows, choice = np.repeat(rng.random(homes), files), rng.random(homes * files)
    retained = np.full(homes * files, int(Decision.RANKED))

    def ranked(share: float) -> np.ndarray:
        return ranks(retained, home, session_order(position, choice, follows >= share)).reshape(homes, files)

    assert np.array_equal(ranked(1.0).ravel(), position)
    free = ranked(0.0)
    assert (np.sort(free, axis=1) == np.arange(1, files + 1)).all()
    assert np.bincount(free[:, 0])[1:] / homes == pytest.approx([0.2] * 5, abs=0.03)
    assert (ranked(0.6)[:, 0] == 1).mean() == pytest.approx(0.6 + 0.4 / files, abs=0.03)
