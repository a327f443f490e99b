"""Paired differences: intervals that cover, equal to SciPy's; comparisons counted; winners and losers by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from sim.inputs.faults import Faults
from sim.results.differences import benjamini_hochberg, holm, paired, spared, unpaired_half
from sim.results.pairing import refuse_unlike
from sim.results.restricted import HORIZON_DAYS, WHOLE, follow, prices, ratio_interval
from sim.results.winners import KINDS, count, fates
from sim.words.clock import first_day
from sim.words.codes import Status

FIRST, LAST = first_day(2022), first_day(2024) - 1


def test_paired_is_scipys_test_on_the_pairs() -> None:
    rng = np.random.default_rng(1)
    before, after = rng.normal(10, 2, (6, 5)), rng.normal(11, 2, (6, 5))
    found = paired(after - before)
    known = stats.ttest_rel(after, before)
    bounds = known.confidence_interval(0.95)
    assert np.allclose(found.p_value, known.pvalue)
    assert np.allclose([found.low, found.high], [bounds.low, bounds.high])
    assert np.allclose(found.p_positive, stats.ttest_rel(after, before, alternative="greater").pvalue * -1 + 1)


def test_missing_values_are_left_out_of_the_pairs() -> None:
    gaps = np.array([[1.0, np.nan, np.nan], [2.0, 3.0, np.nan], [4.0, 5.0, np.nan]])
    found = paired(gaps)
    assert found.pairs.tolist() == [3, 2, 0]
    assert found.mean[1] == 4.0
    assert found.low[1] == pytest.approx(paired(gaps[1:, 1:2]).low[0])
    assert np.isnan([found.mean[2], found.low[2], found.p_positive[2]]).all()


def test_one_replication_has_a_difference_and_no_interval() -> None:
    found = paired(np.array([[0.3, 0.0]]))
    assert found.mean.tolist() == [0.3, 0.0]
    assert np.isnan([found.low, found.high, found.p_positive, found.p_value]).all()


def test_the_same_difference_everywhere_is_judged_by_its_sign() -> None:
    found = paired(np.array([[0.0, 1.0, -1.0]] * 4), 10.0)
    assert found.low.tolist() == found.high.tolist() == [0.0, 1.0, -1.0]
    assert found.p_value.tolist() == [1.0, 0.125, 0.125]
    assert found.p_positive.tolist() == [0.5, 1 - 0.5**4, 0.5**4]
    rounding = paired(np.array([[1e-14], [0.0], [-2e-14], [1e-14]]), 0.25)
    assert (rounding.mean[0], rounding.p_value[0]) == (0.0, 1.0)


def test_one_household_in_every_replication_is_no_certainty() -> None:
    """One vacant dwelling less out of about 60 everywhere: nearly constant, yet it is only one dwelling."""
    before, after = 2 / np.array([61.0, 61.0, 62.0, 61.0]), 1 / np.array([61.0, 62.0, 61.0, 61.0])
    gaps = (after - before)[:, None]
    assert paired(gaps, 0.03).p_value[0] < 1e-5
    assert 0.01 < paired(gaps, 0.03, 1 / 61).p_value[0] < 0.05
    assert paired(np.array([[20.0], [22.0], [25.0]]), 100.0, 1.0).error == pytest.approx(
        paired(np.array([[20.0], [22.0], [25.0]]), 100.0).error, rel=0.02
    )


@pytest.mark.parametrize("replications", [4, 20])
def test_intervals_contain_a_known_difference(replications: int) -> None:
    """Two thousand studies: values share their luck, the difference is known, also for counts."""
    rng = np.random.default_rng(replications)
    luck = rng.normal(0, 5, (replications, 2_000))
    before, after = (100 + shift + luck + rng.normal(0, 1, luck.shape) for shift in (0.0, 1.5))
    found = paired(after - before, 100.0)
    assert np.mean((found.low <= 1.5) & (found.high >= 1.5)) == pytest.approx(0.95, abs=0.015)
    unpaired = np.sqrt((before.var(axis=0, ddof=1) + after.var(axis=0, ddof=1)) / replications)
    assert np.mean(found.error) < np.mean(unpaired) / 2
    common = rng.poisson(30, luck.shape)
    counts = paired((common + rng.poisson(8, luck.shape)) - (common + rng.poisson(5, luck.shape)), 35.0)
    assert 0.91 <= np.mean((counts.low <= 3) & (counts.high >= 3)) <= 0.98


def test_holm_and_benjamini_hochberg_on_known_values() -> None:
    p = np.array([0.01, 0.04, np.nan, 0.03, 0.005])
    assert np.allclose(holm(p), [0.03, 0.06, np.nan, 0.06, 0.02], equal_nan=True)
    assert np.allclose(benjamini_hochberg(p), [0.02, 0.04, np.nan, 0.04, 0.02], equal_nan=True)
    assert np.isnan(holm(np.full(3, np.nan))).all()


def test_null_pairs_are_seldom_established_and_true_ones_are() -> None:
    """Family-wise error of Holm, false discoveries of Benjamini-Hochberg: 600 families of 40 comparisons."""
    rng = np.random.default_rng(3)
    null = rng.normal(0, 1, (10, 600 * 40))
    families = paired(null).p_value.reshape(600, 40)
    raw = np.mean((families < 0.05).any(axis=1))
    assert raw > 0.8  # what would be said without a correction
    assert np.mean([holm(f).min() < 0.05 for f in families]) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 600)
    assert np.mean([benjamini_hochberg(f).min() < 0.05 for f in families]) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 600)
    null.reshape(10, 600, 40)[:, :, :20] += 1.5
    mixed = paired(null).p_value.reshape(600, 40)
    found = np.array([benjamini_hochberg(f) < 0.05 for f in mixed])
    false_share = found[:, 20:].sum(axis=1) / np.maximum(found.sum(axis=1), 1)
    assert false_share.mean() <= 0.05
    assert found[:, :20].mean() > 0.9


SCENARIO = {
    "territory": "mel",
    "first_day": {},
    "run": {"seed": 1, "start": "2022-01-01", "end": "2023-12-31", "applicants": 2000, "first_day": "shared"},
}


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("seed", 2, "seed 2 against 1"),
        ("start", "2023-01-01", "first day '2023-01-01' against '2022-01-01'"),
        ("end", "2024-12-31", "last day"),
        ("applicants", 500, "size 500 against 2000"),
    ],
)
def test_what_is_not_comparable_is_refused_in_one_line(key: str, value: object, said: str) -> None:
    other = SCENARIO | {"run": SCENARIO["run"] | {key: value}}  # type: ignore[operator]
    with pytest.raises(Faults) as refused:
        refuse_unlike([("a", SCENARIO), ("b", SCENARIO), ("c", other)])
    (fault,) = refused.value.faults
    assert fault.file == "c"
    assert said in str(fault)
    assert "not comparable with a" in str(fault)


def outcomes(*rows: tuple[int, str, int], **columns: object) -> pd.DataFrame:
    """Applications given by identity, end and closing day; all else alike."""
    luck, end, closed = zip(*rows, strict=True)
    base: dict[str, object] = {
        "luck_id": np.array(luck, dtype=np.uint64), "outcome": end, "closed_day": np.array(closed),
        "filed_day": FIRST - 100, "parcours": "premier accès", "quartile": 1, "typologie": "T3",
        "territoire": "Est", "taille": 1, "composition": "personne seule", "birth_year": 1980,
        "recognition": 0, "recognised_day": -1, "is_cch": False,
    }  # fmt: skip
    return pd.DataFrame(base | columns)


HOUSED, OPEN, LAPSED = Status.HOUSED.label, Status.OPEN.label, Status.LAPSED.label


def test_winners_and_losers_by_hand() -> None:
    base = outcomes(
        (1, HOUSED, FIRST + 50),  # earlier
        (2, HOUSED, FIRST + 50),  # later
        (3, HOUSED, FIRST + 50),  # the same day
        (4, OPEN, -1),  # housed here only, censored in the base
        (5, HOUSED, FIRST + 50),  # in the base only, censored here
        (6, LAPSED, FIRST + 60),  # housed here only, gone in the base
        (7, OPEN, -1),  # waits in both
        (8, LAPSED, FIRST + 60),  # gone in both
        (9, LAPSED, FIRST + 60),  # gone in the base, waits here: nothing can be said
        (10, OPEN, -1),  # not in the other world
        quartile=[1, 1, 2, 2, 3, 3, 4, 4, 4, 1],
    )
    other = outcomes(
        (9, OPEN, -1), (8, LAPSED, FIRST + 10), (7, OPEN, -1), (6, HOUSED, LAST), (5, OPEN, -1),
        (4, HOUSED, LAST - 30), (3, HOUSED, FIRST + 50), (2, HOUSED, FIRST + 57), (1, HOUSED, FIRST + 40),
        (11, OPEN, -1), (12, OPEN, -1),
    )  # fmt: skip
    table = count(base, other, FIRST, LAST).set_index(["class", "group"])
    whole = table.loc[("mel", "mel")]
    assert {kind: int(whole[kind]) for kind in KINDS} == {
        "earlier": 1, "later": 1, "same_day": 1, "only_here": 2, "only_base": 1, "waiting": 2, "left": 1,
    }  # fmt: skip
    assert whole["applications"] == 9
    assert (whole["file_only_base"], whole["file_only_here"]) == (1, 2)
    assert whole["days_gained"] == 10 - 7 + 30 + 0 - (LAST - FIRST - 50)
    assert table.loc[("quartile", "1"), ["earlier", "later", "applications"]].tolist() == [1, 1, 2]
    assert table.loc[("quartile", "3"), ["only_base", "only_here"]].tolist() == [1, 1]
    for name in ("parcours", "quartile", "composition", "taille", "age", "typologie", "territoire"):
        assert table.loc[name, "applications"].sum() == 9, name
    assert table.loc[("age", "30 à 44 ans"), "applications"] == 9
    assert table.loc[("public", "non reconnus"), "applications"] == 9


def test_fates_ask_for_the_same_applications() -> None:
    with pytest.raises(ValueError, match="same applications"):
        fates(outcomes((1, OPEN, -1)), outcomes((2, OPEN, -1)), LAST)


def test_restricted_mean_is_the_mean_of_what_is_seen_when_nothing_is_censored() -> None:
    """All filed on the first day and followed past the horizon: the plain mean of the time, capped, is the answer."""
    last = FIRST + HORIZON_DAYS + 500
    rng = np.random.default_rng(4)
    wait = rng.integers(1, 3_000, 400)
    ends = np.where(wait < 2_000, np.where(rng.random(400) < 0.6, HOUSED, LAPSED), OPEN)
    frame = outcomes(*[(i, str(end), int(FIRST + w)) for i, (w, end) in enumerate(zip(wait, ends, strict=True))])
    frame = frame.assign(filed_day=FIRST, quartile=1 + np.arange(400) % 4)
    time = np.where(ends == HOUSED, np.minimum(wait, HORIZON_DAYS), HORIZON_DAYS)
    found = follow(frame, FIRST, last)
    assert found[WHOLE].means[0] == pytest.approx(time.mean())
    first = np.arange(400) % 4 == 0
    assert found["premier quartile"].means == pytest.approx([time[first].mean(), time[~first].mean()])
    assert found["premier quartile"].followed.tolist() == [100, 300]
    assert found["premier quartile"].leases.sum() == (ends == HOUSED).sum()


def test_recognised_households_are_others_until_the_eve() -> None:
    frame = outcomes((1, HOUSED, FIRST + 50), (2, HOUSED, FIRST + 9), (3, OPEN, -1), filed_day=FIRST)
    frame = frame.assign(recognition=[1, 1, 0], recognised_day=[FIRST + 20, FIRST, -1])
    found = follow(frame, FIRST, LAST)["reconnus DALO ou PDALHPD"]
    assert found.followed.tolist() == [2, 2]  # the second was recognised when filing: never one of the others
    assert found.leases.tolist() == [2, 0]
    assert found.means[1] == HORIZON_DAYS


def test_ratio_interval_covers_and_refuses_a_bottom_near_zero() -> None:
    rng = np.random.default_rng(6)
    hits, studies = 0, 800
    for _ in range(studies):
        luck = rng.normal(0, 1, 8)
        found = ratio_interval(20 + 2 * luck + rng.normal(0, 1, 8), 10 + luck + rng.normal(0, 0.5, 8))
        assert found is not None
        hits += found[1] <= 2.0 <= found[2]
    assert hits / studies == pytest.approx(0.95, abs=0.025)
    assert ratio_interval(np.array([1.0, 2.0, 3.0]), np.array([-1.0, 0.2, 1.0])) is None
    assert ratio_interval(np.array([1.0]), np.array([1.0])) is None


def test_the_price_of_a_priority_by_hand() -> None:
    """The others wait 10 days more and the public gets 5 homes more, in every replication: 2 days per home."""
    rows = [
        {"scenario": name, "replication": r, "public": public, "days": 500.0, "others_days": 700.0 + r + 10 * extra,
         "leases": 40 + r + 5 * extra, "others": 200}
        for extra, name in enumerate(("base", "quota")) for r in range(3)
        for public in ("prioritaires reconnus (DALO, PDALHPD, mutations, NPNRU)", "reconnus DALO ou PDALHPD",
                       "mutations reconnues ou NPNRU", "éligibles CCH", "premier quartile",
                       "locataires HLM (mutations)")
    ]  # fmt: skip
    price = prices(pd.DataFrame(rows), "base", "quota")[0]
    assert (price.before, price.after) == (701.0, 711.0)
    assert (price.longer.mean[0], price.extra.mean[0]) == (10.0, 5.0)
    assert price.per_attribution == pytest.approx((2.0, 2.0, 2.0))
    assert price.in_total == pytest.approx((400.0, 400.0, 400.0))
    assert price.quotient is not None
    assert price.quotient[0] == pytest.approx(701 / 711)


def test_the_unpaired_half_width_is_welchs() -> None:
    rng = np.random.default_rng(3)
    before, after = rng.normal(10, 1, (12, 5)), rng.normal(10.5, 3, (12, 5))
    before[:4, 1] = after[:4, 1] = np.nan
    before[1:, 2] = after[1:, 2] = np.nan
    after[:, 3] = before[:, 3] = 7.0
    got = unpaired_half(before, after)
    for cell in (0, 1, 4):
        known = ~np.isnan(before[:, cell])
        told = stats.ttest_ind(after[known, cell], before[known, cell], equal_var=False).confidence_interval()
        assert got[cell] == pytest.approx((told.high - told.low) / 2)
    assert np.isnan(got[2]), "one replication tells nothing"
    assert got[3] == 0.0
    frame = pd.DataFrame(
        {"scope": ["mel", "mel", "commune", "mel"], "low": [0.0, 0, 0, 1], "high": [1.0, 2, 1, 1]}
    ).assign(unpaired_half=[1.0, 4.0, 9.0, 0.0])
    assert spared(frame) == pytest.approx((2 + 4) / 2)
    assert np.isnan(spared(frame[frame["scope"] == "commune"]))
