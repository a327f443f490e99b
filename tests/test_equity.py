"""Theil's index: known values, exact splits, and what chance alone gives."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import entropy

from sim.indicators.compute import compute, prepare
from sim.indicators.equity import attributions_table, by_chance, contributions, theil
from tests.fake import fake_names, fake_norms, make_replication

RNG = np.random.default_rng(5)
MIX = RNG.integers(0, 40, size=(12, 4))
IN_QPV = np.arange(12) % 2 == 1


def test_no_segregation_and_full_segregation() -> None:
    same = theil(np.outer([10, 20, 30], [1, 2, 3, 4]), np.array([False, True, False]))
    assert same is not None
    assert same.whole == pytest.approx(0)
    apart = theil(np.diag([7, 7, 7, 7]), np.array([False, True, False, True]))
    assert apart is not None
    assert apart.whole == pytest.approx(apart.entropy) == pytest.approx(np.log(4))
    assert theil(np.zeros((3, 4)), np.array([False, True, False])) is None


def test_it_is_the_fall_of_entropy_inside_quarters() -> None:
    """The textbook form: mean over quarters of (entropy of all less entropy of the quarter), by SciPy's entropy."""
    found = theil(MIX, IN_QPV)
    assert found is not None
    sizes = MIX.sum(axis=1)
    fall = np.average([entropy(MIX.sum(axis=0)) - entropy(row) for row in MIX], weights=sizes)
    assert found.whole == pytest.approx(fall)
    assert found.entropy == pytest.approx(entropy(MIX.sum(axis=0)))


@pytest.mark.parametrize("net", [False, True])
def test_parts_add_up_to_the_whole(net: bool) -> None:
    found = theil(MIX, IN_QPV, net)
    assert found is not None
    assert found.between + found.inside.sum() == pytest.approx(found.whole)
    assert found.quartiles.sum() == pytest.approx(found.whole)


def test_the_part_inside_qpv_is_the_index_of_the_qpv_alone() -> None:
    whole, alone = theil(MIX, IN_QPV), theil(MIX[IN_QPV], np.ones(6, dtype=bool))
    assert whole is not None
    assert alone is not None
    assert whole.inside[1] == pytest.approx(alone.whole * MIX[IN_QPV].sum() / MIX.sum())


@pytest.mark.parametrize("size", [60, 4_000])
def test_chance_is_what_dealing_at_random_gives(size: int) -> None:
    """The law of few and the expansion of many, against shuffles of the same margins."""
    places = RNG.choice(30, size=size, p=np.arange(1, 31) / np.arange(1, 31).sum())
    quartiles = RNG.choice(4, size=size, p=(0.4, 0.3, 0.2, 0.1))
    table = np.zeros((30, 4))
    np.add.at(table, (places, quartiles), 1)
    shuffled = []
    for _ in range(400):
        mixed = np.zeros((30, 4))
        np.add.at(mixed, (places, RNG.permutation(quartiles)), 1)
        shuffled.append(contributions(mixed).sum())
    error = np.std(shuffled) / np.sqrt(len(shuffled))
    assert by_chance(table).sum() == pytest.approx(np.mean(shuffled), abs=4 * error)


def test_indicators_of_a_replication() -> None:
    replication = make_replication(applicants=300, dwellings=500, years=3, filings=12, exits=6)
    table, facts = compute(replication, fake_names(), fake_norms()), prepare(replication, fake_names(), fake_norms())
    quarters = np.flatnonzero(facts.grid.mask(["quartier"]))
    counts = attributions_table(facts)[:, 1][:, quarters].T
    assert counts.sum() == facts.leases.total()[1, 0]
    wanted = theil(counts, np.arange(len(quarters)) % 2 == 1)
    assert wanted is not None
    rows = table[(table["indicator"] == "theil_attributions") & (table["year"] == 2023)].set_index("group")["value"]
    assert rows["mel"] == pytest.approx(wanted.whole / wanted.entropy)
    assert rows["premier quartile"] + rows["quartiles 2 à 4"] == pytest.approx(rows["mel"])
    assert rows["en QPV"] == pytest.approx(wanted.inside[1] / wanted.entropy)
    tenants = table[(table["indicator"] == "theil_locataires") & (table["scope"] == "mel")]
    assert tenants["value"].between(0, 1).all()
