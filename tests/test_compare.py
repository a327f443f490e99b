"""``simhlm compare`` from scenarios and run folders to the page, on small worlds."""

from __future__ import annotations

import html
import json
import re
import shutil
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from sim.indicators.grid import SCOPES
from sim.inputs.faults import Faults
from sim.inputs.scenario import load
from sim.report.comparison import SCOPE_WORDS, Compared, scope_sizes
from sim.report.comparison_note import pages
from sim.report.comparison_page import write_comparison
from sim.results.compare import Comparison, compare
from sim.results.cube import KEYS
from sim.results.ensemble import run_ensemble
from sim.results.store import load_run
from sim.results.winners import KINDS
from tests.test_cli import exit_code, simhlm  # noqa: F401 # the fixture
from tests.test_exchanges_flow import EASY
from tests.test_report import Outline

SIZE: dict[str, Any] = {"applicants": 600, "years": 1, "replications": 4}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The reference twice, both simulated, and the CIA."""
    out = tmp_path_factory.mktemp("compared")
    return {
        name: run_ensemble(load(name.removesuffix("_again"), **SIZE), out)
        for name in ("reference", "reference_again", "cia")
    }


@pytest.fixture(scope="module")
def same(runs: dict[str, Path]) -> Comparison:
    return compare([runs["reference"], runs["reference_again"]])


@pytest.fixture(scope="module")
def cia(runs: dict[str, Path]) -> Comparison:
    return compare([runs["reference"], runs["cia"]])


def test_a_scenario_compared_with_itself_gives_zero_everywhere(same: Comparison) -> None:
    assert (same.differences["difference"].dropna() == 0).all()
    known = same.differences[same.differences["replications"] > 1]
    assert len(known) > 4_000
    assert (known[["difference", "low", "high", "low_joint", "high_joint"]] == 0).all(axis=None)
    assert (known[["p_value", "p_holm", "p_fdr"]] == 1).all(axis=None)
    assert (known["replications"] <= 4).all()
    table = same.winners
    assert (table[["earlier", "later", "only_here", "only_base", "days_gained"]] == 0).all(axis=None)
    assert (table[["file_only_base", "file_only_here"]] == 0).all(axis=None)
    days = same.means.pivot(index=["public", "replication"], columns="scenario", values=["days", "others_days"])
    for name in ("days", "others_days"):
        assert days[name]["reference"].equals(days[name]["reference (2)"])


def test_differences_are_those_of_the_two_tables(cia: Comparison, runs: dict[str, Path]) -> None:
    tables = [
        load_run(runs[name]).indicators().set_index([*KEYS, "replication"])["value"] for name in ("reference", "cia")
    ]
    gaps = (tables[1] - tables[0]).groupby(KEYS).mean()
    ours = cia.differences.set_index(KEYS)["difference"].reindex(gaps.index)
    assert np.allclose(ours, gaps, equal_nan=True, atol=1e-9)
    scopes = cia.differences.dropna(subset="p_value").groupby("scope").size()
    family = cia.differences.groupby("scope")["family"].first()
    assert (scopes == family[scopes.index]).all()


def test_common_luck_makes_differences_more_precise(cia: Comparison, runs: dict[str, Path]) -> None:
    """Spread of the paired difference against that of two worlds with lucks of their own, over many groups."""
    columns = ["indicator", "scope", "group", "year"]
    spreads = []
    frames = [load_run(runs[name]).indicators() for name in ("reference", "cia")]
    wanted = ("demandes_en_stock", "demandes_nouvelles", "anciennete_stock_moyenne", "radiations_sans_attribution")
    values = [
        f[f["indicator"].isin(wanted) & f["scope"].isin(["mel", "territoire", "typologie"])].pivot_table(
            index="replication", columns=columns, values="value"
        )
        for f in frames
    ]
    paired = (values[1] - values[0]).var(ddof=1)
    apart = values[0].var(ddof=1) + values[1].var(ddof=1)
    spreads = np.sqrt(paired[apart > 0] / apart[apart > 0])
    assert len(spreads) > 40
    assert np.median(spreads) < 0.6


def test_winners_and_losers_add_up(cia: Comparison, runs: dict[str, Path]) -> None:
    table = cia.winners
    assert (table[list(KINDS)].sum(axis=1) == table["applications"]).all()
    whole = table[table["class"] == "mel"].set_index("replication")
    for name in ("parcours", "quartile", "composition", "taille", "age", "typologie", "territoire"):
        part = table[table["class"] == name].groupby("replication")[["applications", "earlier", "only_base"]].sum()
        assert (part == whole[part.columns]).all(axis=None), name
    for replication, row in whole.iterrows():
        housed = {}
        for name in ("reference", "cia"):
            frame = load_run(runs[name]).outcomes()
            frame = frame[(frame["replication"] == replication) & (frame["outcome"] == "attributaire, bail signé")]
            housed[name] = set(frame["luck_id"])
        assert row["earlier"] + row["later"] + row["same_day"] == len(housed["reference"] & housed["cia"])
    recognised = table[table["group"] == "reconnus DALO ou PDALHPD"]
    assert recognised["days_gained"].sum() > 0 > table[table["group"] == "non reconnus"]["days_gained"].sum()


def changed(folder: Path, target: Path, change: Callable[[pd.DataFrame], pd.DataFrame]) -> Path:
    """Return a copy of a run folder with other indicators."""
    shutil.copytree(folder, target)
    frame = change(load_run(target).indicators())
    duckdb.from_df(frame).write_parquet(str(target / "indicators.parquet"))
    return target


def test_a_known_difference_is_found_and_the_others_are_not(runs: dict[str, Path], tmp_path: Path) -> None:
    def shift(frame: pd.DataFrame) -> pd.DataFrame:
        noise = np.random.default_rng(2).normal(0, 0.5, len(frame))
        is_moved = frame["indicator"] == "attributions"
        return frame.assign(value=frame["value"].where(~is_moved, frame["value"] + 20 + noise))

    found = compare([runs["reference"], changed(runs["reference"], tmp_path / "moved", shift)]).differences
    moved = found[(found["indicator"] == "attributions") & (found["replications"] == 4)]
    assert np.mean((moved["low"] <= 20) & (moved["high"] >= 20)) == pytest.approx(0.95, abs=0.08)
    assert (moved["p_positive"] > 0.99).all()
    assert (found.loc[found["indicator"] != "attributions", "difference"].dropna() == 0).all()
    assert (moved["low_joint"] < moved["low"]).all()


def test_missing_pairs_are_counted_and_never_zero(runs: dict[str, Path], tmp_path: Path) -> None:
    def holes(frame: pd.DataFrame) -> pd.DataFrame:
        gone = (frame["indicator"] == "attributions") & (frame["scope"] == "mel") & (frame["replication"] > 1)
        lost = (frame["indicator"] == "part_q1") & (frame["scope"] == "mel")
        return frame.assign(value=frame["value"].mask(gone))[~lost]

    found = compare([runs["reference"], changed(runs["reference"], tmp_path / "holes", holes)]).differences
    whole = found[found["scope"] == "mel"].set_index("indicator")
    assert whole.loc["attributions", "replications"] == 2
    assert whole.loc["part_q1", "replications"] == 0
    assert whole.loc["part_q1", ["difference", "low", "p_holm"]].isna().all()


def test_where_there_is_no_exchange_nobody_exchanges(runs: dict[str, Path], tmp_path: Path) -> None:
    """Null in the run without exchange, and the comparison counts it as nobody, in numbers and in words."""
    bourse = run_ensemble(load("reference", ("rules/exchange/name=cycles", *EASY), **SIZE), tmp_path)
    moved = load_run(bourse).indicators().set_index(["indicator", "scope", "group", "replication"])["value"]
    moved = moved.sort_index().xs(("echanges_menages", "mel", "mel"))
    assert moved.sum() > 0
    assert load_run(runs["reference"]).indicators().set_index("indicator").loc["echanges_menages", "value"].isna().all()
    for pair, sign in (([runs["reference"], bourse], 1), ([bourse, runs["reference"]], -1)):
        found = compare(pair)
        rows = found.differences.set_index(["indicator", "scope", "group"])
        row = rows.loc[("echanges_menages", "mel", "mel")]
        assert row["replications"] == 4
        assert row["difference"] == pytest.approx(sign * moved.mean())
        assert rows.loc[("part_echanges_aboutis", "mel", "mel"), "replications"] == 0
        parts = rows.loc["echanges_menages"].loc["territoire", "difference"]
        assert parts.sum() == pytest.approx(sign * moved.mean())
        write_comparison(found, tmp_path / str(sign), secrecy=0)
        page = (tmp_path / str(sign) / "comparison.html").read_text(encoding="utf-8")
        assert "aucun ménage n'y échange" in html.unescape(page)
    both = compare([runs["reference"], runs["cia"]]).differences
    assert both.loc[both["indicator"] == "echanges_menages", "difference"].isna().all()


def test_other_households_are_refused(runs: dict[str, Path], tmp_path: Path) -> None:
    other = Path(shutil.copytree(runs["cia"], tmp_path / "other"))
    with duckdb.connect() as db:
        db.execute(f"CREATE TABLE t AS SELECT * REPLACE (filed_day - 1 AS filed_day) FROM '{other}/outcomes.parquet'")
        db.execute(f"COPY t TO '{other}/outcomes.parquet' (FORMAT parquet)")
    with pytest.raises(Faults, match="other households on the first day"):
        compare([runs["reference"], other])


@pytest.fixture(scope="module")
def folder(cia: Comparison, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("comparaison é")
    write_comparison(cia, path)
    return path


def test_the_page_is_self_contained_and_accessible(folder: Path) -> None:
    page = (folder / "comparison.html").read_text(encoding="utf-8")
    outline = Outline(page)
    assert outline.lang == "fr"
    assert outline.levels.count(1) == 1
    assert all(b - a <= 1 for a, b in zip(outline.levels, outline.levels[1:], strict=False))
    assert len(outline.ids) == len(set(outline.ids))
    assert all(address.startswith("#") and address[1:] in outline.ids for address in outline.addresses)
    assert outline.count["caption"] == outline.count["table"]
    assert page.count('role="img"') == page.count("<figure>") == 4
    assert "script" not in outline.count
    assert "url(http" not in page
    assert not re.search(r"\bnan\b|None|theil_", page)
    for words in ("Gagnants et perdants", "Indice de Theil", "Holm", "réplications", "Ce que les scénarios changent"):
        assert words in page
    assert sorted(p.name for p in (folder / "figures").iterdir()) == [
        "delais.svg", "ecarts.svg", "gagnants-1.svg", "incidence.svg",
    ]  # fmt: skip
    for path in (folder / "figures").iterdir():
        ET.parse(path)


def test_the_same_comparison_gives_the_same_bytes(folder: Path, cia: Comparison, tmp_path: Path) -> None:
    write_comparison(cia, tmp_path)
    for name in ("comparison.html", "figures/ecarts.svg", "figures/gagnants-1.svg"):
        assert (folder / name).read_bytes() == (tmp_path / name).read_bytes()


def test_the_workbook_has_numbers(folder: Path) -> None:
    calamine = pytest.importorskip("python_calamine")
    book = calamine.CalamineWorkbook.from_path(str(folder / "comparison.xlsx"))
    assert book.sheet_names[:2] == ["Avertissement", "Écarts"]
    assert {"Gagnants et perdants", "Ségrégation", "Prix d'une priorité"} <= set(book.sheet_names)
    rows = book.get_sheet_by_name("Écarts").to_python()
    assert rows[1][0] == "Indicateur"
    assert isinstance(rows[2][1], float)


def test_a_note_of_several_alternatives_says_no_sentence_twice(runs: dict[str, Path]) -> None:
    for folders in ([runs["cia"], runs["reference"]], [runs["cia"], runs["reference"], runs["cia"]]):
        c = Compared(compare([runs["reference"], *folders]))
        first = pages(c, None)[0][0]
        assert first.sentence not in first.precision
        assert all(side.title in first.precision for side in c.sides.alternatives[1:])


def test_nothing_differs_is_said_in_words(same: Comparison, tmp_path: Path) -> None:
    write_comparison(same, tmp_path)
    page = (tmp_path / "comparison.html").read_text(encoding="utf-8")
    assert "les scénarios donnent exactement les mêmes résultats" in page
    assert "ni gagnant ni perdant" in page
    assert "aucun paramètre" in page


def test_the_command_runs_scenarios_with_common_luck(simhlm: Any, tmp_path: Path) -> None:  # noqa: F811
    answer = simhlm(
        "compare", "reference", "loterie", "cia", "--applicants", "400", "--years", "1", "--replications", "1",
        "--jobs", "1", "--out", tmp_path / "out", "--quiet", "--json",
    )  # fmt: skip
    assert (answer.code, answer.err) == (0, "")
    told = json.loads(answer.out)
    assert told["base"] == "reference"
    assert [a["name"] for a in told["alternatives"]] == ["loterie", "cia"]
    one = told["alternatives"][1]["differences"][0]
    assert {"indicator", "scope", "group", "year", "difference", "low", "high", "p_positive"} <= set(one)
    assert (one["low"], one["p_positive"]) == (None, None)  # one replication gives no interval
    made = Path(told["comparison"])
    assert made.parent == tmp_path / "out"
    assert {p.name for p in made.iterdir()} == {
        "comparison.html", "comparison.json", "comparison.parquet", "comparison.xlsx", "figures",
        "note.html", "restricted_means.parquet", "winners.parquet",
    }  # fmt: skip
    assert "Une seule réplication" in (made / "comparison.html").read_text(encoding="utf-8")
    assert len([p for p in (tmp_path / "out").iterdir() if p.name.startswith(".")]) == 0
    seeds = {
        json.loads((p / "manifest.json").read_text())["seed"]
        for p in made.parent.glob("*/manifest.json")
        for p in [p.parent]
    }
    assert len(seeds) == 1


def test_the_command_prints_a_short_table(simhlm: Any, runs: dict[str, Path], tmp_path: Path) -> None:  # noqa: F811
    answer = simhlm("compare", runs["reference"], runs["cia"], "--out", tmp_path)
    assert answer.code == 0
    assert "part_prioritaires" in answer.out
    assert "comparison.html" in answer.out
    assert len(answer.out.splitlines()) < 25


def test_fewer_common_replications_are_told(simhlm: Any, runs: dict[str, Path], tmp_path: Path) -> None:  # noqa: F811
    fewer = run_ensemble(load("cia", **(SIZE | {"replications": 2})), tmp_path)
    answer = simhlm("compare", runs["reference"], fewer, "--out", tmp_path)
    assert "only the 2 replications that all have are compared (there are: reference 4, cia 2)" in answer.out
    assert "only the" not in simhlm("compare", runs["reference"], runs["cia"], "--out", tmp_path).out


def test_the_table_of_comparisons_is_in_french(cia: Comparison) -> None:
    assert set(SCOPE_WORDS) == set(SCOPES)
    c = Compared(cia)
    (title,) = (side.title for side in c.sides.alternatives)
    rows = [str(row[0]) for row in scope_sizes(c).rows]
    assert f"{title} – par réservataire" in rows
    assert all(row.startswith(f"{title} – ") for row in rows)


def test_bad_input_exits_2_and_writes_nothing(simhlm: Any, runs: dict[str, Path], tmp_path: Path) -> None:  # noqa: F811
    for words, said in (
        ((runs["reference"], runs["cia"], "--seed", "3"), "--seed: only scenarios are run"),
        ((runs["reference"], tmp_path / "nothing"), "no such run folder"),
        ((runs["reference"], "cia", "--applicants", "700", "--years", "1"), "size 700 against 600"),
        (("reference", "refrence"), "did you mean 'reference'"),
        (("reference", "cia", "--engine", "dask"), "needs the address"),
    ):
        answer = simhlm("compare", *words, "--out", tmp_path / "out")
        assert answer.code == 2, words
        assert said in answer.err
        assert len(answer.err.splitlines()) == 1
        assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_refusal_differences_are_twice_as_precise_in_pairs(tmp_path: Path) -> None:
    """Refusal 0.35 against 0.40, 20 replications: paired intervals at most half as wide as unpaired ones.

    Measured on the MEL, first year, 100 replications: 0.12 to 0.2 for the list, attributions, pressure, QPV and ages,
    0.30 to 0.35 for mutations, priority and the mean delay, 0.41 to 0.45 for Q1, refusals and the median delay, 0.53
    for Q1 outside QPV. Twenty replications tell a ratio within a third. No luck brings that of refusals under the
    square root of 0.1, since one offer in twenty is answered otherwise: it is given the room of that third.
    """
    key = "behaviour/refuse/base_share"
    size = {"applicants": 1_000, "years": 1, "replications": 20}
    folders = [run_ensemble(load("reference", [f"{key}={share}"], **size), tmp_path) for share in (0.35, 0.40)]
    frames = [load_run(f).indicators() for f in folders]
    ratios = {}
    for code in (
        "demandes_en_stock",
        "attributions",
        "taux_pression",
        "anciennete_stock_moyenne",
        "taux_refus_par_offre",
        "part_prioritaires",
        "part_mutations_attributions",
        "part_attributions_qpv",
        "delai_attribution_moyen",
        "delai_attribution_median",
    ):
        a, b = (
            f[(f["indicator"] == code) & (f["scope"] == "mel")].sort_values("replication")["value"].to_numpy()
            for f in frames
        )
        ratios[code] = float(np.std(b - a, ddof=1) / np.sqrt(a.var(ddof=1) + b.var(ddof=1)))
    refusals = ratios.pop("taux_refus_par_offre")
    assert max(ratios.values()) <= 0.5, ratios
    assert refusals <= 0.6, refusals
