"""What ``simhlm waits`` tells: three delays kept apart, classes, predicted waits widened step by step."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sim.cli import app, guarded
from sim.indicators.classes import CLASSES, COMPOSITIONS, KINDS, PATHS, age_code, composition_code
from sim.indicators.grid import ROOMS
from sim.indicators.incidence import HORIZON_DAYS
from sim.inputs.faults import Faults
from sim.inputs.scenario import load
from sim.report.wait_figures import write_figures
from sim.report.waits import HOUSED, INCIDENCE, WAITING, as_json, tables
from sim.results.ensemble import run_ensemble
from sim.results.prediction import LEAST_HOUSED, LEAST_SPELLS, predict
from sim.results.profiles import KEYS, ORDER, read_profile
from sim.results.store import Run, load_run, write_parquet
from sim.results.waits import Waits, chosen_classes, days_of, period_of, read_outcomes, study
from sim.words.clock import first_day
from sim.words.codes import Status
from tests.fake import ENGINE

FIRST, LAST = first_day(2022), first_day(2026) - 1
LEAVE = 0.3
RATES = {"premier accès": 0.4, "mutation": 0.15}
"""Rates per year of leaving unhoused and of being housed."""
COMMUNES = {"Lille": "Territoire Lillois", "Loos": "Couronne Sud", "Haubourdin": "Couronne Sud"}


def outcomes_of(number: int, count: int) -> pd.DataFrame:
    """Return the applications of one replication of a world whose rates are known, filed since 2006."""
    rng = np.random.default_rng([8, number])
    filed = rng.integers(first_day(2006), LAST, count)
    path = rng.choice(PATHS, count, p=[0.6, 0.4])
    house = np.array([RATES[p] for p in path])
    housed, left = (np.ceil(rng.exponential(365.25 / rate, count)).astype(int) for rate in (house, LEAVE))
    closed = filed + np.minimum(housed, left)
    outcome = np.where(housed <= left, Status.HOUSED.label, Status.LAPSED.label)
    is_open = closed > LAST
    recognised = (rng.random(count) < 0.1) & (filed + 30 <= np.minimum(closed, LAST))
    commune = rng.choice(list(COMMUNES), count, p=[0.7, 0.25, 0.05])
    frame = pd.DataFrame({
        "replication": number, "parcours": path, "quartile": rng.integers(1, 5, count).astype(np.uint8),
        "typologie": rng.choice(ROOMS, count), "territoire": [COMMUNES[c] for c in commune], "commune": commune,
        "taille": rng.integers(1, 8, count).astype(np.uint8), "composition": rng.choice(COMPOSITIONS, count),
        "birth_year": rng.integers(1940, 2000, count).astype(np.int16),
        "recognition": np.where(recognised, 2, 0).astype(np.uint8),
        "recognised_day": np.where(recognised, filed + 30, -1).astype(np.int32), "filed_day": filed.astype(np.int32),
        "closed_day": np.where(is_open, -1, closed).astype(np.int32),
        "outcome": np.where(is_open, Status.OPEN.label, outcome),
    })  # fmt: skip
    return frame[(frame["closed_day"] < 0) | (frame["closed_day"] >= FIRST)]


def write_run(folder: Path, replications: int, count: int) -> Run:
    """Write the smallest run folder that waits are read from."""
    folder.mkdir()
    frames = [outcomes_of(number, count) for number in range(replications)]
    write_parquet(pd.concat(frames, ignore_index=True), folder / "outcomes.parquet")
    days = {"first_day": FIRST, "last_day": LAST}
    manifest = {
        "status": "finished", "tables": {}, "seed": 1, "years": [2022, 2023, 2024, 2025],
        "scenario": {"title": "Monde aux taux connus"}, "by_replication": {str(n): days for n in range(replications)},
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return load_run(folder)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return write_run(tmp_path_factory.mktemp("waits") / "run", 4, 12_000)


@pytest.fixture(scope="module")
def fake(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run of the toy engine, with its indicators and curves."""
    return load_run(
        run_ensemble(load("reference", replications=3, years=2), tmp_path_factory.mktemp("r"), engine=ENGINE)
    )


def one(waits: list[Waits], name: str, group: str) -> Waits:
    return next(w for w in waits if (w.name, w.group) == (name, group))


def share(rate: float, months: float) -> float:
    return rate / (rate + LEAVE) * (1 - math.exp(-(rate + LEAVE) * days_of(months) / 365.25))


def test_each_class_has_the_curve_of_its_rates(run: Run) -> None:
    told = study(run, list(CLASSES))
    for path, rate in RATES.items():
        found = one(told.waits, "parcours", path).incidence
        for months, number in found.shares.items():
            assert number.mean == pytest.approx(share(rate, months), abs=0.02), (path, months)
            assert number.low is not None
            assert number.low < share(rate, months) < (number.high or 0)
        gone = LEAVE / rate * share(rate, 24)
        assert found.left[24].mean == pytest.approx(gone, abs=0.02)
    assert {w.name for w in told.waits} == set(CLASSES)
    for name in set(CLASSES) - {"priorite", "reconnaissance"}:
        assert sum(w.incidence.spells for w in told.waits if w.name == name) == told.waits[0].incidence.spells, name
    old = (FIRST - read_outcomes(run)["filed_day"] > HORIZON_DAYS).sum()  # not followed past ten years
    assert told.waits[0].incidence.spells == len(read_outcomes(run)) - old
    assert [w.group for w in told.waits if w.name == "typologie"] == list(ROOMS)
    assert one(told.waits, "reconnaissance", "PDALHPD").incidence.spells > 0


def test_the_three_delays_are_three_numbers(run: Run) -> None:
    """Rates 0.4 and 0.3: those housed have waited 1 / 0.7 year, whoever waits is as old, and only 57 % are housed."""
    found = one(study(run, ["parcours"]).waits, "parcours", "premier accès")
    assert found.housed.mean.months().mean == pytest.approx(12 / 0.7, rel=0.05)
    assert found.waiting.mean.months().mean == pytest.approx(12 / 0.7, rel=0.05)
    assert found.incidence.quantiles[0.5].mean == pytest.approx(365.25 * math.log(8) / 0.7, rel=0.1)
    unhoused = sum(1 - 4 / 7 * (1 - math.exp(-0.7 * day / 365.25)) for day in range(days_of(60)))
    assert found.incidence.unhoused.mean == pytest.approx(unhoused, rel=0.02)


def test_a_year_is_a_period_table(run: Run) -> None:
    whole, year = study(run, ["mel"]), study(run, ["mel"], 2024)
    assert (year.period.first_day, year.period.last_day) == (first_day(2024), first_day(2025) - 1)
    assert year.waits[0].incidence.housed < whole.waits[0].incidence.housed / 2
    assert year.waits[0].incidence.shares[24].mean == pytest.approx(whole.waits[0].incidence.shares[24].mean, abs=0.03)
    with pytest.raises(Faults, match="2019 was not simulated"):
        study(run, ["mel"], 2019)


def test_they_agree_with_the_indicators_and_the_curves_of_the_run(fake: Run) -> None:
    indicators, curves = fake.indicators(), fake.waits()
    year = int(indicators["year"].max())
    chosen = indicators[(indicators["year"] == year) & (indicators["scope"] == "mel")]
    value = chosen.groupby("indicator")["value"].mean()
    told = study(fake, ["mel", "parcours"], year)
    whole = told.waits[0]
    assert whole.housed.count == pytest.approx(value["attributions"])
    assert whole.housed.mean.mean == pytest.approx(value["delai_attribution_moyen"])
    assert whole.housed.median.mean == pytest.approx(value["delai_attribution_median"])
    assert whole.waiting.count == pytest.approx(value["demandes_en_stock"])
    assert whole.waiting.mean.mean == pytest.approx(value["anciennete_stock_moyenne"])
    assert whole.waiting.median.mean == pytest.approx(value["anciennete_stock_mediane"])
    saved = curves[(curves["class"] == "mel") & (curves["days"] == days_of(12))]
    mean = study(fake, ["mel"]).waits[0].incidence.shares[12].mean
    assert saved["incidence"].min() - 1e-9 <= (mean or 0) <= saved["incidence"].max() + 1e-9
    assert (curves["incidence_se"] >= 0).all()
    named = set(curves["class"].unique())
    assert named <= set(CLASSES)
    assert {"age", "composition", "quartile", "priorite", "territoire"} <= named


def test_compositions_and_ages() -> None:
    size, couple, dependants = (
        np.array([1, 2, 2, 4, 3]),
        np.array([0, 1, 0, 1, 0], dtype=bool),
        np.array([0, 0, 1, 2, 0]),
    )
    assert [COMPOSITIONS[i] for i in composition_code(size, couple, dependants)] == list(COMPOSITIONS)
    filed = np.full(4, first_day(2024))
    assert age_code(np.array([1995, 1994, 1960, 1959], dtype=np.int16), filed).tolist() == [0, 1, 2, 3]


def test_classes_are_chosen_by_name() -> None:
    assert chosen_classes(["age,taille", "mel"]) == (["mel", "age", "taille"], [c for c in CLASSES if c not in
                                                                             ("mel", "age", "taille")])  # fmt: skip
    assert chosen_classes(["all"]) == (list(CLASSES), [])
    assert "mel" in chosen_classes(None)[0]
    with pytest.raises(Faults, match="did you mean 'quartile'"):
        chosen_classes(["quartil"])


# Predicted waits


def test_a_common_profile_needs_no_step_and_has_the_curve_of_its_rates(run: Run) -> None:
    found = predict(run, ["mutation=non", "commune=lille"])
    assert found.steps == []
    assert found.is_enough
    assert found.waits.incidence.shares[24].mean == pytest.approx(share(0.4, 24), abs=0.02)
    after = predict(run, ["mutation=non", "anciennete=12"])
    assert after.waits.incidence.shares[24].mean == pytest.approx(share(0.4, 24), abs=0.03)  # constant rates


def test_a_rare_profile_is_widened_in_the_order_said(run: Run) -> None:
    words = ["typologie=T3", "commune=Haubourdin", "taille=4", "quartile=1", "mutation=oui", "priorite=non"]
    found = predict(run, words)
    assert found.steps[0] == "4 personnes → 3 à 5 personnes"
    assert found.steps[1] == "Haubourdin → territoire Couronne Sud"
    assert found.is_enough
    assert found.used["mutation"] == "mutation"
    assert found.waits.incidence.spells >= LEAST_SPELLS
    assert found.waits.incidence.housed >= LEAST_HOUSED
    assert found.since == "le dépôt"
    number = found.waits.incidence.shares[24]
    assert (number.low or 0) < share(0.15, 24) < (number.high or 0)


def test_a_recognised_household_waits_from_its_recognition(run: Run) -> None:
    found = predict(run, ["priorite=PDALHPD"])
    assert found.since == "la reconnaissance"
    assert found.waits.incidence.shares[24].mean == pytest.approx(
        0.6 * share(0.4, 24) + 0.4 * share(0.15, 24), abs=0.04
    )


def test_the_short_name_of_a_composition(run: Run) -> None:
    assert predict(run, ["composition=couple avec enfants"]).used["composition"] == "couple avec personnes à charge"
    assert predict(run, ["composition=SEULE", "typologie=t5"]).used["typologie"] == "T5 et plus"


def test_a_profile_too_rare_whatever_is_done_is_said(tmp_path: Path) -> None:
    found = predict(write_run(tmp_path / "small", 2, 300), ["typologie=T1", "priorite=dalo", "mutation=oui"])
    assert not found.is_enough
    assert found.steps[-1] == "mutation → premier accès et mutations"


def test_every_step_is_of_a_known_key() -> None:
    assert {key for key, _ in ORDER} <= set(KEYS)
    assert max(KINDS.values()) < 256


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["typolgie=T3"], "unknown key 'typolgie'; did you mean 'typologie'?"),
        (["typologie"], "is not KEY=VALUE"),
        (["typologie="], "is not KEY=VALUE"),
        (["taille=3", "taille=4"], "taille: given twice"),
        (["anciennete=3"], "no profile"),
        (["commune=Lille", "territoire=Territoire Lillois"], "give one of them"),
    ],
)
def test_words_that_are_not_a_profile(words: list[str], told: str) -> None:
    with pytest.raises(Faults) as error:
        read_profile(words)
    assert told in str(error.value)


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("commune=Lile", "did you mean 'Lille'?"),
        ("typologie=T9", "unknown value 'T9'"),
        ("taille=zéro", "not a whole number from 1 to 30"),
        ("quartile=5", "from 1 to 4"),
        ("mutation=peut-être", "oui, non"),
        ("priorite=dallo", "did you mean 'dalo'?"),
        ("composition=monoparental", "did you mean 'monoparentale'?"),
        ("age=7", "from 16 to 120"),
    ],
)
def test_unknown_values_name_the_nearest(run: Run, word: str, told: str) -> None:
    with pytest.raises(Faults) as error:
        predict(run, [word])
    assert told in str(error.value)
    assert len(error.value.faults) == 1


# The command


@pytest.fixture
def waits(run: Run, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple]:
    """Run ``simhlm waits`` and return exit code, output, errors."""
    monkeypatch.setenv("COLUMNS", "180")

    def call(*words: str) -> tuple[int, str, str]:
        capfd.readouterr()
        try:
            code = guarded(lambda: app(["waits", str(run.path), *words], prog_name="simhlm"))
        except SystemExit as done:
            code = int(done.code or 0)
        return (code, *capfd.readouterr())

    return call


def test_the_command_names_each_delay_in_full(waits: Callable[..., tuple]) -> None:
    code, out, err = waits()
    assert (code, err) == (0, "")
    places = [out.index(words) for words in (HOUSED, WAITING, INCIDENCE)]
    assert places == sorted(places)
    assert "entre réplications" in out
    assert "restreint à 60 mois" in out
    assert "premier accès" in out
    assert not set("\u202f\u00a0\u2212") & set(out)


def test_the_command_in_json(waits: Callable[..., tuple]) -> None:
    code, out, err = waits("--json", "--class", "parcours", "--year", "2023")
    told = json.loads(out)
    assert (code, err) == (0, "")
    assert (told["from"], told["to"], told["replications"]) == ("2023-01-01", "2023-12-31", 4)
    assert [w["group"] for w in told["waits"]] == list(PATHS)
    first = told["waits"][0]
    assert {"delay_of_the_housed", "age_of_the_waiting", "cumulative_incidence"} <= set(first)
    within = first["cumulative_incidence"]["housed_within"]
    assert list(within) == ["12", "24", "36", "60"]
    assert within["12"]["low"] < within["12"]["mean"] < within["12"]["high"]


def test_the_command_predicts_a_wait(waits: Callable[..., tuple]) -> None:
    profile = ("--for", "typologie=T3", "commune=Haubourdin", "taille=4", "quartile=1", "mutation=non", "priorite=non")
    code, out, err = waits(*profile)
    assert (code, err) == (0, "")
    for words in (
        "profil élargi en",
        "1. 4 personnes → 3 à 5 personnes",
        "demandes suivies",
        "dans les 24 mois",
        "(a)",
    ):
        assert words in out, words
    code, out, _ = waits(*profile, "--json")
    told = json.loads(out)
    assert code == 0
    assert told["for"]["commune"] == "Haubourdin"
    assert told["steps"]
    assert told["enough"]


@pytest.mark.parametrize(
    "words",
    [("--for", "comune=Lille"), ("--for", "commune=Lile"), ("--class", "quartil"), ("--year", "1999"), ("autre",)],
)
def test_bad_words_are_one_line_and_exit_2(waits: Callable[..., tuple], words: tuple[str, ...]) -> None:
    code, out, err = waits(*words)
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert len(err) < 200


def test_a_single_replication_says_where_its_intervals_come_from(tmp_path: Path) -> None:
    told = study(write_run(tmp_path / "alone", 1, 6000), ["mel", "parcours"])
    assert "dans la réplication" in as_json(told)["intervals"]
    number = told.waits[0].incidence.shares[24]
    assert number.low is not None
    assert number.low < (number.mean or 0)
    assert told.waits[0].housed.mean.low is not None


def test_figures_and_tables_hold_every_group(run: Run, tmp_path: Path) -> None:
    told = study(run, list(CLASSES))
    written = write_figures(told, run.manifest, tmp_path / "figures")
    assert {path.stem for path in written} >= {"attente_mel", "attente_parcours", "attente_taille", "attente_commune"}
    svg = (tmp_path / "figures" / "attente_parcours.svg").read_text(encoding="utf-8")
    assert "<title" in svg
    assert "Part logée en 24 mois" in svg
    again = write_figures(told, run.manifest, tmp_path / "again")
    assert all(a.read_bytes() == b.read_bytes() for a, b in zip(written, again, strict=True))
    housed, waiting, incidence = tables(told)
    assert len(housed.rows) == len(waiting.rows) == len(incidence.rows) == len(told.waits) + len(CLASSES) - 1
    assert (housed.caption, waiting.caption, incidence.caption) == (HOUSED, WAITING, INCIDENCE)


def test_a_run_of_an_earlier_version_is_told(tmp_path: Path, run: Run) -> None:
    folder = tmp_path / "old"
    folder.mkdir()
    write_parquet(run.outcomes().drop(columns="composition"), folder / "outcomes.parquet")
    (folder / "manifest.json").write_text((run.path / "manifest.json").read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(Faults, match="no column composition: an earlier version made this run"):
        study(load_run(folder), ["composition"])
    assert period_of(run).first_day == FIRST
