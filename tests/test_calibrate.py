"""Targets, validation, calibration: what they refuse, and that known truths are found again."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from sim import validating
from sim.calibrate import fitting, reduced
from sim.calibrate.fitting import Plan, calibrate
from sim.calibrate.parameters import HEADS, MEL, free_until, settings, values_of
from sim.calibrate.posterior import Facts, information, is_identified, profile, rank_uniformity, reweighted, sample
from sim.calibrate.sheet import sheet
from sim.calibrate.simulator import Simulator, Store
from sim.calibrate.surrogate import design, fit, loss, plane, same
from sim.calibrate.targets import Target, known, read_targets, twin_of
from sim.calibrate.thresholds import thresholds
from sim.calibrate.validation import confront, gap, html, markdown
from sim.calibrate.writing import document, overrides_of, read, recovery, write
from sim.inputs.faults import Faults
from sim.inputs.files import find_posterior, find_territory
from sim.inputs.scenario import load
from sim.results.drawing import draw_parameters

TARGETS = find_territory("mel") / "targets.csv"
ERROR = 0.03  # relative, of each fact of the reduced model


def target(**changes: object) -> Target:
    """Return a target that expects 100 attributions in 2022."""
    given = {
        "id": "X1", "label": "Essai", "value": 100.0, "unit": "count", "low": math.nan, "high": math.nan,
        "standard_error": 1.0, "year": "2022", "scope": "MEL", "source": "essai", "confidence": "A", "use": "controle",
        "twin": "indicateur", "indicator": "attributions", "twin_scope": "mel", "twin_group": "mel", "twin_year": 2022,
        "note": "",
    }  # fmt: skip
    return Target(**(given | changes))  # type: ignore[arg-type]


def results(*values: float) -> pd.DataFrame:
    """Return indicators of some replications."""
    rows = [(n, 2022, "attributions", "mel", "mel", v) for n, v in enumerate(values)]
    return pd.DataFrame(rows, columns=["replication", "year", "indicator", "scope", "group", "value"])


def test_shipped_targets_are_read_and_say_their_ambiguity() -> None:
    targets = read_targets(TARGETS)
    assert len(targets) >= 40
    assert all(t.note for t in targets if t.use in ("entree", "hors_modele"))
    assert all(t.error > 0 for t in targets if t.twin)
    assert {t.use for t in targets} == {"ajustement", "controle", "anterieur", "entree", "hors_modele"}


def test_faults_of_a_table_of_targets_are_told_with_their_line(tmp_path: Path) -> None:
    lines = TARGETS.read_text(encoding="utf-8").splitlines()
    broken = [line.replace("demandes_en_stock", "demande_en_stock") for line in lines]
    broken.append(lines[1].replace("ajustement", "entree"))
    path = tmp_path / "targets.csv"
    path.write_text("\n".join(broken) + "\n", encoding="utf-8")
    with pytest.raises(Faults) as caught:
        read_targets(path)
    text = str(caught.value)
    assert "did you mean 'demandes_en_stock'" in text
    assert "given twice" in text
    assert "without a twin" in text


def test_a_range_counts_and_the_size_of_the_world_is_undone() -> None:
    ranged = target(low=90.0, high=110.0)
    assert ranged.distance(105.0) == 0
    assert ranged.distance(80.0) == -10
    assert twin_of(results(10.0), target(), 0.1) == pytest.approx(100.0)
    assert target(year="~2021-22").fact_year == 2022
    assert target(year="end 2020").fact_year == 2020


def test_misses_are_bold_with_their_size() -> None:
    near, far = target(), target(id="X2", value=200.0)
    never = target(id="X3", twin_year=2090)
    lines = confront(results(99.0, 100.0, 101.0), [near, far, never], 1.0)
    assert [line.is_reproduced for line in lines] == [True, False, False]
    assert lines[1].miss < -80
    assert not lines[2].is_judged
    text = markdown(lines, "Essai")
    assert "**manqué**" in text
    assert "non simulé" in text
    assert 'class="manque"' in html(lines, "Essai")
    gaps = [gap(-0.104, "share"), gap(0.001, "ratio"), gap(-1_200.0, "count"), gap(-3.2, "days")]
    assert gaps == ["−10,4\u00a0pts", "0,00", "−1\u202f200", "−3\u00a0jours"]


class Finished:
    """A finished run of half the list, two replications, of which only what the facts ask about is read."""

    manifest: ClassVar[dict[str, Any]] = {
        "scenario": {"territory": "mel", "title": "Essai", "run": {"applicants": 28_000}}
    }

    def indicators_at(self, places: Iterable[tuple[str, str, int]]) -> pd.DataFrame:
        assert set(places) == {("mel", "mel", 2022)}
        return results(49.0, 51.0)


def test_a_table_of_ones_own_is_confronted_with_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    head = TARGETS.read_text(encoding="utf-8").splitlines()[0]
    row = "M1,Baux de ma ville,{},count,,,1,2022,Ma ville,relevé,A,controle,indicateur,attributions,mel,mel,2022,"
    table = tmp_path / "mes_faits.csv"
    monkeypatch.setattr(validating, "load_run", lambda _: Finished())
    said: list[str] = []
    for value, missed in ((100, 0), (300, 1)):
        table.write_text(f"{head}\n{row.format(value)}\n", encoding="utf-8")
        assert validating.run_validate(said.append, tmp_path, table, every=False, as_json=True) == missed
    assert "**manqué**" in (tmp_path / "validation.md").read_text(encoding="utf-8")
    assert "Baux de ma ville" in (tmp_path / "validation.html").read_text(encoding="utf-8")
    assert json.loads(said[0])["targets"][0]["mean"] == 100.0


def test_a_point_of_the_box_is_a_scenario() -> None:
    middle = settings(values_of(np.full(len(MEL), 0.5), MEL).tolist(), MEL)
    loaded = load("reference", [f"{path}={value}" for path, value in middle.items()])
    assert loaded.scenario.flows.exits.per_year_share[2023] == pytest.approx(0.055)


def surrogate_of_reduced():  # type: ignore[no-untyped-def]
    unit = design(64, len(reduced.PARAMETERS), 1)
    return fit(unit, reduced.outputs(values_of(unit, reduced.PARAMETERS)))


def facts_at(unit: np.ndarray, rng: np.random.Generator) -> Facts:
    exact = reduced.outputs(values_of(unit, reduced.PARAMETERS))[0]
    error = ERROR * np.abs(exact)
    seen = exact + error * rng.standard_normal(len(exact))
    return Facts(seen, seen, error)


@pytest.mark.slow
def test_known_parameters_are_recovered_and_ranks_are_uniform() -> None:
    """Simulation-based calibration on the reduced model: 150 truths drawn from the prior."""
    ranks, coverage = reduced.ranks_and_coverage(150, 5)
    assert 0.80 <= coverage <= 0.98
    assert all(rank_uniformity(each.tolist(), 49) > 0.01 for each in ranks.T)


def test_what_facts_identify_is_told() -> None:
    rng, surrogate = np.random.default_rng(3), surrogate_of_reduced()
    truth = np.full(len(reduced.PARAMETERS), 0.5)
    facts = facts_at(truth[None, :], rng)
    blind = Facts(facts.low, facts.high, np.where(np.arange(5) == 3, 1e3, facts.error))  # nothing on refusals
    draws = sample(blind, surrogate.predict, len(truth), 0.0, 1)
    assert is_identified(draws).tolist()[3] is False
    assert is_identified(draws)[0]
    values = information(surrogate, truth, blind.error)
    assert (values > 1).sum() == 3
    flat = profile(blind, surrogate.predict, len(truth), 0.0, 3, truth)
    steep = profile(blind, surrogate.predict, len(truth), 0.0, 0, truth)
    assert np.ptp(flat[:, 1]) < 0.1 * np.ptp(steep[:, 1])


def test_real_runs_correct_a_wrong_surrogate() -> None:
    facts = Facts(np.array([1.0]), np.array([1.0]), np.array([0.1]))
    real, guessed = np.array([[1.0], [2.0]]), np.array([[1.0], [1.0]])
    error = np.full((2, 1), 0.3)
    sure = reweighted(real, guessed, facts, np.array([0.0]), error)
    assert sure[0] > 0.99
    noisy = reweighted(real, guessed, facts, np.array([9.0]), error)  # a run that says little moves little
    assert noisy[0] == pytest.approx(0.5, abs=0.05)
    assert rank_uniformity([0] * 100, 49) < 1e-6


def test_a_point_that_is_poorly_known_is_no_better_for_it() -> None:
    """The likelihood of a published value is a density: the wider, the lower; that of a range is not."""
    value, ranged = (Facts(np.array([low]), np.array([1.0]), np.array([0.1])) for low in (1.0, 0.0))
    outputs, error = np.array([[1.0], [1.0], [2.0], [2.0]]), np.array([[0.0], [1.0], [0.0], [1.0]])
    for facts in (value, ranged):
        sure, doubtful, wrong, far = facts.loss(outputs, error)
        assert wrong > far, "a gap counts less where outputs are poorly known"
        assert (doubtful > sure) == (facts is value)
    expected = [norm.logpdf(1.0, o, math.hypot(0.1, e)) for o, e in zip(outputs[:, 0], error[:, 0], strict=True)]
    assert np.ptp(value.loss(outputs, error) + expected) == pytest.approx(0, abs=1e-9)


def test_the_sampler_finds_both_ends_of_a_ridge_and_leaves_nobody_behind() -> None:
    """A thin shell in six dimensions, two modes along one of them: means, spreads and shares are known."""
    scale = np.array([0.02, 0.002, 0.02, 0.02, 0.02])

    def predict(unit: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        outputs = np.column_stack([(unit[:, 0] - 0.5) ** 2, unit[:, 1] - unit[:, 2], unit[:, 3:6]])
        return outputs, np.zeros_like(outputs)

    middle = np.array([0.09, 0.0, 0.3, 0.5, 0.7])
    draws = sample(Facts(middle, middle, scale), predict, 6, 0.0, 3, 400)
    outputs = predict(draws)[0]
    assert np.abs((outputs - middle) / scale).max() < 5
    assert 0.35 < (draws[:, 0] < 0.5).mean() < 0.65
    assert np.allclose(outputs[:, 1:].std(axis=0) / scale[1:], 1, atol=0.15)
    assert draws[:, 1].std() == pytest.approx(12**-0.5, rel=0.15), "what the facts leave open keeps its prior"


def test_the_luck_of_each_seed_is_set_apart_and_a_bend_is_followed() -> None:
    unit, rng = design(60, 2, 1), np.random.default_rng(4)
    seeds = np.arange(60) % 6
    luck = rng.normal(0, 0.5, 6)
    exact = 3 + 2 * unit[:, 0] - unit[:, 1] ** 2 + unit[:, 0] * unit[:, 1] + 0.3 * np.sin(6 * unit[:, 0])
    found = fit(unit, (exact + luck[seeds])[:, None], 0.5, seeds)
    gap = found(unit)[:, 0] - exact
    assert gap.std() < 0.05, "slopes are free of chance"
    assert abs(gap.mean() - luck.mean()) < 0.05, "the level is the mean over seeds"
    error = found.predict(unit)[1]
    assert 0.5 * luck.std() / math.sqrt(6) < error.mean() < 2 * luck.std() / math.sqrt(6)
    plain = fit(unit, (5 * unit[:, 0] + rng.normal(0, 1, 60))[:, None], 0.5)
    assert 0.75 < plain.noise[0] < 1.25, "a noise measured too low is put right by all the points"
    assert np.abs(plain(unit)[:, 0] - 5 * unit[:, 0]).mean() < 0.5, "noise does not buy a bend"


def test_the_surrogate_knows_how_wrong_it_is() -> None:
    """Fresh points of a bent function with noise: errors in units of what it says they are, and near and far points."""
    rng = np.random.default_rng(6)

    def bent(unit: np.ndarray) -> np.ndarray:
        return np.sin(5 * unit[:, :1]) + 3 * unit[:, 1:2] + np.exp(-20 * (unit[:, 2:] - 0.5) ** 2)

    unit, fresh = design(64, 3, 1), rng.random((400, 3))
    found = fit(unit, bent(unit) + rng.normal(0, 0.05, (64, 1)), 0.05)
    mean, error = found.predict(fresh)
    assert np.allclose(mean, found(fresh))
    assert 0.6 < ((mean - bent(fresh)) / error).std() < 1.6
    alone = found.without(5)
    assert alone.predict(unit[5:6])[1] > found.predict(unit[5:6])[1]
    moved = found.shifted(np.array([2.0]), np.array([0.3]))
    assert np.allclose(moved(fresh), mean + 2)
    assert (moved.predict(fresh)[1] >= 0.3).all()


def test_the_gradient_of_the_surrogates_likelihood_is_exact() -> None:
    unit, rng = design(20, 2, 3), np.random.default_rng(1)
    usual = np.log([0.5, 1.5, 1.5, 0.1, 0.1])
    apart = (unit.T[:, :, None] - unit.T[:, None, :]) ** 2
    at = loss(apart, plane(unit, unit), same(np.arange(20) % 4), rng.normal(size=20), usual, np.ones(5))
    place, step = usual + rng.normal(0, 0.3, 5), 1e-5 * np.eye(5)
    differences = [(at(place + one)[0] - at(place - one)[0]) / 2e-5 for one in step]
    assert np.allclose(at(place)[1], differences, rtol=1e-5, atol=1e-6)


@dataclass(frozen=True)
class Reduced(Simulator):
    """The reduced model in the place of the simulator."""

    scale = 1.0

    def run(self, values, seed):  # type: ignore[no-untyped-def]
        rng = np.random.default_rng([seed, 1])
        return reduced.noisy(np.array(values), 0.005, rng)[0].tolist()


def test_a_fit_finds_the_truth_resumes_and_writes_its_sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    truth = values_of(np.array([0.3, 0.6, 0.5, 0.7]), reduced.PARAMETERS)
    exact = reduced.outputs(truth)[0]
    facts = tuple(
        target(id=f"R{n}", value=float(v), standard_error=ERROR * abs(float(v)), use="ajustement")
        for n, v in enumerate(exact)
    )
    simulator = Reduced("essai", 1, 1, facts, reduced.PARAMETERS)
    plan, told_of = Plan(first=24, second=8, third=6, noise=8, shift=0, check=4), []
    Store(tmp_path / "runs.jsonl", "k").add(((0.0,) * 4, 99), exact.tolist())  # what another plan asked for
    found = calibrate(simulator, Store(tmp_path / "runs.jsonl", "k"), plan, 1, told_of.append)
    assert told_of == [1] * plan.runs, "a run that the plan does not ask for is no progress"
    monkeypatch.setattr(fitting, "recovered", lambda f, cases: found.recovery)  # half of the time, and no run
    told_of.clear()
    again = calibrate(simulator, Store(tmp_path / "runs.jsonl", "k"), plan, 1, told_of.append)
    assert told_of == [8, 24, 8, 6, 4], "nothing is run twice, and what is there already is progress"
    assert np.array_equal(found.draws, again.draws)
    low, high = np.quantile(values_of(found.crowd, reduced.PARAMETERS), [0.02, 0.98], axis=0)
    assert ((low <= truth) & (truth <= high)).all()
    assert 1 <= found.effective <= plan.check
    assert 0.8 <= recovery(found)["coverage_90"] <= 0.98
    origin = {"scenario": "essai", "facts_until": None, "targets": "t", "method": "m", "runs": plan.runs}
    origin |= {"applicants": 1, "applicants_of_draws": 1, "years": 1, "fit_seed": 1}
    told = document(found, simulator, origin)
    path = tmp_path / "fit.yaml"
    write(path, told)
    assert overrides_of(path, 3) == []
    page = sheet(read(path), facts, [told | {"provenance": told["provenance"] | {"facts_until": 2022}}])
    for heading in ("Données", "Identifiabilité", "Postérieure", "Rétro-prévision depuis 2022", "Limites"):
        assert f"<h2>{heading}" in page
    assert page.count('role="img"') == 3
    path.write_text("sample: []", encoding="utf-8")
    with pytest.raises(Faults, match="not a posterior sample"):
        overrides_of(path, 0)


def test_the_shipped_sheet_is_that_of_the_shipped_sample() -> None:
    folder = Path(__file__).parents[1] / "calibration"
    backtests = [read(folder / f"mel_{year}.yaml") for year in (2022, 2019)]
    page = sheet(read(find_posterior("calibrated/mel.yaml")), read_targets(TARGETS), backtests)
    assert (folder / "fiche.html").read_text(encoding="utf-8") == page


def test_a_draw_of_the_shipped_sample_is_a_scenario() -> None:
    path = find_posterior("calibrated/mel.yaml")
    assert overrides_of(path, 0) != overrides_of(path, 1)
    loaded = load("reference", overrides_of(path, 7))
    assert 26_000 <= loaded.scenario.flows.arrivals.per_year <= 37_000
    drawn = draw_parameters(load("reference", ["run/draws=6", "run/posterior=calibrated/mel.yaml"]))
    assert len(drawn) == 6
    assert all("flows/exits/per_year_share/2022" in draw for draw in drawn)


def test_a_back_test_knows_what_was_known_then() -> None:
    targets = read_targets(TARGETS)
    then, now = ({t.id for t in known(targets, until)} for until in (2019, 0))
    assert {"C05", "C09"} <= then
    assert not {"C05", "C09", "C02"} & now
    assert "C06" not in then
    assert {"C45", "C46", "C47"} <= now
    assert not {"C45", "C46", "C47"} & {t.id for t in known(targets, 2022)}
    assert free_until(2022)[0].name == "departs"
    assert free_until(0) == free_until(2025) == MEL
    assert set(HEADS) == {one.name for one in (*MEL, *free_until(2022))}, "each has a head of column in French"


def test_thresholds_ahead_use_what_was_published_then() -> None:
    targets = read_targets(TARGETS)
    assert thresholds(targets, 2019) == []
    ahead = thresholds(targets, 2022)
    assert [one["year"] for one in ahead] == [2024, 2025, 2026]
    assert all(one["naive"] == round(1.05 * 7891) for one in ahead)
    assert all(one["predicted_95"][0] < one["predicted_mean"] < one["predicted_95"][1] for one in ahead)
    assert all(one["predicted_mean"] > one["naive"] for one in ahead)


@pytest.mark.slow
def test_known_parameters_of_the_real_simulator_are_found_again(tmp_path: Path) -> None:
    """Each run of a small fit, taken out of it and put in the place of facts: 90 % intervals hold most truths."""
    free = tuple(one for one in MEL if one.name in ("departs_2022_2023", "refus"))
    facts = tuple(dataclasses.replace(t, twin_year=2022) for t in read_targets(TARGETS) if t.id in ("C07", "C20"))
    simulator = Simulator("reference", 300, 1, facts, free)
    plan = Plan(first=16, second=0, third=0, noise=3, shift=0, check=2)
    found = calibrate(simulator, Store(tmp_path / "runs.jsonl", "k"), plan, 1, lambda more: None)
    told = recovery(found)
    assert told["cases"] == 16
    assert 0.7 <= told["coverage_90"] <= 1.0
    assert min(told["rank_p_values"]) > 0.001


@pytest.mark.slow
def test_the_real_simulator_answers_at_a_point() -> None:
    facts = tuple(t for t in read_targets(TARGETS) if t.use == "ajustement" and t.twin_year == 2022)
    simulator = Simulator("reference", 300, 1, facts)
    point = values_of(np.full(len(MEL), 0.5), MEL).tolist()
    outputs = simulator.run(point, 1)
    assert outputs == simulator.run(point, 1)
    assert 40_000 < outputs[0] < 70_000
    assert len(simulator.key) == 16
