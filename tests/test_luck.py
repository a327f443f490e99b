"""Luck: uniform, without memory, the same for everybody whatever the order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sim.flows.programme import poisson_at
from sim.population.raking import choose, even, mark
from sim.state.luck import Luck, identities, mix, mix_many

DRAWS = 200_000
FIVE_SIGMAS = 5 / np.sqrt(DRAWS)
IDS = np.arange(DRAWS, dtype=np.uint64)
"""The worst identities one could give: neighbours."""


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    return abs(float(np.corrcoef(a, b)[0, 1]))


@pytest.mark.parametrize("ids", [IDS, identities("first_access", 18993, DRAWS)], ids=["neighbours", "hashes"])
def test_keyed_draws_are_uniform(ids: np.ndarray) -> None:
    luck = Luck(2022, 0).uniform("refuse", ids)
    assert luck.min() >= 0.0
    assert luck.max() < 1.0
    counts = np.histogram(luck, bins=1000, range=(0, 1))[0]
    assert stats.chisquare(counts).pvalue > 1e-4


def test_low_bits_are_uniform_too() -> None:
    luck = Luck(2022, 0).uniform("refuse", IDS)
    low = np.floor(luck * 2.0**53).astype(np.uint64) & np.uint64(0xFF)
    assert stats.chisquare(np.bincount(low.astype(int), minlength=256)).pvalue > 1e-4


@pytest.mark.parametrize("lag", [1, 2, 7, 64, 1000])
def test_neighbours_do_not_look_alike(lag: int) -> None:
    luck = Luck(2022, 0).uniform("refuse", IDS)
    assert correlation(luck[:-lag], luck[lag:]) < FIVE_SIGMAS


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((0, 0, "refuse", 0), (1, 0, "refuse", 0)),
        ((2022, 0, "refuse", 0), (2023, 0, "refuse", 0)),
        ((2022, 0, "refuse", 0), (2022, 1, "refuse", 0)),
        ((2022, 1, "refuse", 0), (2023, 0, "refuse", 0)),
        ((2022, 0, "refuse", 0), (2022, 0, "silence", 0)),
        ((2022, 0, "exit", 2022), (2022, 0, "exit", 2023)),
        ((2022, 0, "exit", 2022), (2022, 0, "exit_day", 2022)),
    ],
)
def test_no_key_repeats_another(one: tuple[int, int, str, int], other: tuple[int, int, str, int]) -> None:
    first, second = (Luck(seed, number).uniform(name, IDS, when) for seed, number, name, when in (one, other))
    assert correlation(first, second) < FIVE_SIGMAS
    assert not np.intersect1d(first[:1000], second).size


def test_replications_are_no_shifts_of_each_other() -> None:
    first, second = (Luck(2022, number).uniform("refuse", IDS) for number in (0, 1))
    assert all(correlation(np.roll(first, shift), second) < FIVE_SIGMAS for shift in range(-50, 51))


def test_streams_are_independent_and_addressed_by_name() -> None:
    luck = Luck(2022, 0)
    people = luck.stream("arrivals_people").random(DRAWS)
    assert np.array_equal(Luck(2022, 0).stream("arrivals_people").random(DRAWS), people)
    for other in (
        luck.stream("deliveries"),
        Luck(2022, 1).stream("arrivals_people"),
        Luck(1, 0).stream("arrivals_people"),
    ):
        assert correlation(people, other.random(DRAWS)) < FIVE_SIGMAS


def test_asking_for_one_stream_does_not_move_another() -> None:
    alone, after = Luck(7, 3), Luck(7, 3)
    after.stream("deliveries").random(10)
    after.uniform("refuse", IDS[:10])
    assert alone.stream("outside").integers(1 << 60) == after.stream("outside").integers(1 << 60)
    assert alone.uniform_one("works", 12, 1) == after.uniform_one("works", 12, 1)


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1), st.integers(0, 2**63), st.integers(0, 5000))
def test_one_and_many_give_the_same_number(identity: int, occasion: int, seed: int, replication: int) -> None:
    luck = Luck(seed, replication)
    many = luck.uniform("refuse", np.array([identity], dtype=np.uint64), np.array([occasion], dtype=np.uint64))
    assert many[0] == luck.uniform_one("refuse", identity, occasion)


def test_batches_and_order_do_not_matter() -> None:
    luck, shuffled = Luck(2022, 0), np.random.default_rng(0).permutation(IDS[:999])
    assert np.array_equal(luck.uniform("refuse", shuffled), luck.uniform("refuse", IDS[:999])[shuffled])
    occasions = np.arange(999, dtype=np.uint64)
    each = [luck.uniform("refuse", IDS[i : i + 1], i)[0] for i in range(999)]
    assert np.array_equal(luck.uniform("refuse", IDS[:999], occasions), each)


def test_two_names_that_share_a_key_are_refused() -> None:
    luck = Luck(2022, 0)  # a known pair of words with one CRC-32
    luck.uniform("plumless", IDS[:1])
    with pytest.raises(ValueError, match="share one key"):
        luck.stream("buckeroo")


def test_identities_are_unique() -> None:
    days, sources = range(18993, 18993 + 400), ("first_access", "mutation", "outside", "deliveries")
    made = np.concatenate([identities(source, day, 100) for source in sources for day in days])
    assert len(np.unique(made)) == len(made)
    assert len(np.unique(identities("first_day.households", 18993, 2_000_000))) == 2_000_000


def test_one_more_newcomer_changes_nobody_else() -> None:
    before, after = identities("first_access", 18993, 83), identities("first_access", 18993, 84)
    assert np.array_equal(before, after[:83])
    assert np.array_equal(identities("first_access", 18994, 10), identities("first_access", 18994, 11)[:10])
    assert not np.isin(identities("first_access", 18994, 84), after).any()


def test_mixing_is_splitmix64() -> None:
    # First output of the published generator for seed 0: its state is the golden gamma.
    assert mix(0x9E3779B97F4A7C15) == 0xE220A8397B1DCDAF
    values = np.random.default_rng(1).integers(0, 2**64 - 1, 100, dtype=np.uint64)
    assert [mix(int(v)) for v in values] == mix_many(values).tolist()


def test_own_draws_are_those_of_each_identity_whoever_is_there() -> None:
    """One more household in a batch redraws nobody: not its uniforms, not what shares or groups give it."""
    ids = identities("mutation", 18993, 400)
    shares = np.array([[0.2, 0.5, 0.3], [0.6, 0.3, 0.1]])
    group = (np.arange(400) % 2).astype(np.int64)

    def drawn(kept: np.ndarray) -> list[np.ndarray]:
        own = Luck(1, 2).draws("mutation", ids[kept], 19000)
        return [
            own.random(len(kept)), even(own, len(kept)), choose(own, shares, group[kept]),
            own.binomial(np.where(kept == 17, 5, group[kept]), np.full(len(kept), 0.4)), mark(own, 0.3 + 0 * kept),
            own.standard_normal(len(kept)), own.normal(2.0, 3.0, len(kept)),
        ]  # fmt: skip

    everybody, some = np.arange(400), np.delete(np.arange(400), [0, 17, 399])
    for whole, part in zip(drawn(everybody), drawn(some), strict=True):
        np.testing.assert_array_equal(whole[some], part)
    with pytest.raises(ValueError, match="3 draws asked of 400 identities"):
        Luck(1, 2).draws("mutation", ids).random(3)


def test_own_draws_have_the_law_asked() -> None:
    own, count = Luck(2022, 0).draws("people", IDS), len(IDS)
    one, other = own.random(count), own.random(count)
    assert correlation(one, other) < FIVE_SIGMAS
    assert stats.kstest(own.standard_normal(count), "norm").pvalue > 1e-4
    hits = np.bincount(own.binomial(np.full(count, 5), np.full(count, 0.3)), minlength=6)
    assert stats.chisquare(hits, stats.binom.pmf(np.arange(6), 5, 0.3) * count).pvalue > 1e-4
    assert abs(mark(own, np.full(count, 0.1)).mean() - 0.1) < FIVE_SIGMAS


@pytest.mark.parametrize("mean", [0.0, 0.01, 0.7, 20.0, 83.4, 2_740.0])
def test_counts_are_the_quantiles_of_poissons_law_however_large_the_mean(mean: float) -> None:
    quantiles = [0.0, 1e-9, *np.linspace(0.001, 0.999, 200).tolist()]
    expected = np.maximum(stats.poisson.ppf(quantiles, mean), 0)
    assert [poisson_at(q, mean) for q in quantiles] == expected.tolist()
