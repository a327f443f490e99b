"""The bilan: from a run folder to documents that people read."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from sim.report import annexes, bilan, french
from sim.report.bilan import Settings
from sim.report.reading import Period, Reading, curves
from sim.report.secrecy import recoverable
from sim.report.sources import (
    NO_INTERVAL,
    OBJECTIVES,
    Landlords,
    letter,
)
from sim.report.tables import Quantity
from sim.report.workbook import free_path
from sim.results.store import write_parquet
from tests.fake_run import TERRITORY, FakeRun


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bilan of five replications, in a folder with a space and an accent."""
    path = tmp_path_factory.mktemp("simulation é")
    bilan.write(FakeRun(path, 5), path, TERRITORY, Settings(None, ("html", "xlsx", "csv")))
    return path


@pytest.fixture(scope="module")
def page(folder: Path) -> str:
    return (folder / "bilan.html").read_text(encoding="utf-8")


class Outline(HTMLParser):
    """What accessibility rules look at: headings in order, identifiers, tables, addresses."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.levels: list[int] = []
        self.ids: list[str] = []
        self.addresses: list[str] = []
        self.count: dict[str, int] = {}
        self.lang = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.count[tag] = self.count.get(tag, 0) + 1
        if re.fullmatch("h[1-6]", tag):
            self.levels.append(int(tag[1]))
        if tag == "html":
            self.lang = found.get("lang") or ""
        if found.get("id"):
            self.ids.append(str(found["id"]))
        self.addresses += [str(found[key]) for key in ("src", "href", "xlink:href") if found.get(key)]


def test_page_is_self_contained_and_accessible(page: str) -> None:
    outline = Outline(page)
    assert outline.lang == "fr"
    assert outline.levels[0] == 1
    assert outline.levels.count(1) == 1
    assert all(b - a <= 1 for a, b in zip(outline.levels, outline.levels[1:], strict=False))
    assert len(outline.ids) == len(set(outline.ids))
    assert all(address.startswith("#") and address[1:] in outline.ids for address in outline.addresses)
    assert outline.count["caption"] == outline.count["table"]
    assert "script" not in outline.count
    assert page.count('role="img"') == page.count("<figure>") == outline.count["svg"] == 6
    assert page.count("<details>") >= 4
    assert "url(http" not in page
    assert "@import" not in page


def test_page_says_what_it_is_and_escapes_the_scenario(page: str) -> None:
    assert "Simulation — données simulées" in page
    assert "Pratique observée &lt;2022&gt;" in page
    assert "non imposés &amp; suivis" in page
    assert "graine 2022" in page
    assert "5\u00a0réplications" in page
    for name in (
        "Délai moyen d&#39;attribution des ménages logés",
        "Ancienneté médiane des demandes en attente",
        "Délai corrigé",
    ):
        assert name in page
    assert "None" not in page
    assert "nan" not in re.sub(r"<svg.*?</svg>", "", page, flags=re.DOTALL).split()


def test_numbers_come_from_the_run(folder: Path, page: str) -> None:
    values = duckdb.sql(
        f"select value from '{folder / 'indicators.parquet'}' "
        "where year = 2028 and scope = 'mel' and indicator = 'demandes_en_stock'"
    ).fetchall()
    assert french.number(float(np.mean(values))) in page
    ((total,),) = duckdb.sql(
        f"select sum(count) / 5 from '{folder / 'attributions.parquet'}' where year = 2028"
    ).fetchall()
    assert french.number(total) in page


def test_hypothetical_landlords_are_neither_named_nor_ranked(folder: Path, page: str) -> None:
    assert "Hypothétique" not in page
    assert page.index("Bailleur A") < page.index("Bailleur B")
    assert "Bailleurs hypothétiques (non nommés)" in page
    names = [name for name in folder.rglob("*") if name.suffix in (".csv", ".svg")]
    assert names
    assert not any("Hypothétique" in path.read_text(encoding="utf-8") for path in names)
    assert Landlords.of(TERRITORY).letters == {"Hypothétique 1": "Bailleur A", "Hypothétique 2": "Bailleur B"}
    assert [letter(i) for i in (0, 25, 26)] == ["A", "Z", "AA"]


def small_run(path: Path) -> FakeRun:
    """A run whose attributions are few and spread over communes."""
    run, rng = FakeRun(path, 3), np.random.default_rng(5)
    frame = run.attributions()
    frame["commune"] = rng.choice(["Aa", "Bb", "Cc", "Dd"], len(frame), p=[0.6, 0.3, 0.08, 0.02])
    frame["count"] = rng.poisson(0.9, len(frame))
    run.attributions = lambda: frame  # type: ignore[method-assign]
    return run


def test_no_masked_count_is_given_back_by_a_printed_table(tmp_path: Path) -> None:
    subject = bilan.read(small_run(tmp_path), TERRITORY, Settings(2025))
    tables = [t for name, t in bilan.all_tables(subject).items() if name.startswith("attributions")]
    masked: set[tuple[str, ...]] = set()
    sums: list[Any] = []
    for table in tables:
        labels = 2 if table.name == "attributions_r441_5_1" else 1
        whole = len(table.head) - 1
        for row in table.rows:
            name = " ".join(str(cell) for cell in row[:labels])
            keys = {i: (table.name, name, table.head[i]) for i in range(labels, len(row))}
            masked |= {keys[i] for i in keys if row[i].is_secret}  # type: ignore[union-attr]
            if table.name == "attributions_communes":
                sums += [(keys[whole], [keys[whole - 2], keys[whole - 1]])]
                sums += [(keys[whole], [keys[i] for i in range(1, whole - 2)])]
            else:
                sums.append((keys[whole], [keys[i] for i in range(labels, whole)]))
            for i in keys:
                assert not 0 < (row[i].value or 0) < subject.reading.threshold  # type: ignore[union-attr]
        if str(table.rows[-1][0]) == "Ensemble":
            for i in range(1, len(table.head)):
                column = [(table.name, str(row[0]), table.head[i]) for row in table.rows]
                sums.append((column[-1], column[:-1]))
    assert masked
    assert not recoverable(masked, sums)


def test_secrecy_is_lifted_only_when_asked_and_said(tmp_path: Path) -> None:
    bilan.write(small_run(tmp_path), tmp_path, TERRITORY, Settings(2025, ("html",), secrecy=0))
    page = (tmp_path / "bilan.html").read_text(encoding="utf-8")
    assert "Secret statistique levé" in page
    assert '<td class="n">s</td>' not in page
    bilan.write(small_run(tmp_path), tmp_path, TERRITORY, Settings(2025, ("html",)))
    page = (tmp_path / "bilan.html").read_text(encoding="utf-8")
    assert "les effectifs de 1 à 10 sont masqués" in page
    assert '<td class="n">s</td>' in page


def test_a_span_sums_counts_and_pools_shares(tmp_path: Path) -> None:
    run = FakeRun(tmp_path, 3)
    reading, frame = Reading(run), run.indicators()
    span = Period.of("2024-2026")
    rows = frame[(frame["scope"] == "mel") & frame["year"].between(2024, 2026)]
    share = rows[rows["indicator"] == "part_prioritaires"].groupby("replication")[["numerator", "denominator"]].sum()
    found = reading.estimate("part_prioritaires", span)
    assert found.mean == pytest.approx((share["numerator"] / share["denominator"]).mean())
    last = frame[(frame["indicator"] == "demandes_en_stock") & (frame["year"] == 2026)]
    assert reading.estimate("demandes_en_stock", span).mean == pytest.approx(last["value"].mean())
    bilan.write(run, tmp_path, TERRITORY, Settings("2024-2026", ("html",)))
    assert "logements sociaux, 2024-2026" in (tmp_path / "bilan.html").read_text(encoding="utf-8")
    for wrong in ("2026-2024", "x", "2024-2025-2026"):
        with pytest.raises(ValueError, match="neither a year nor a span"):
            Period.of(wrong)


def test_note_is_made_of_messages_with_their_uncertainty(folder: Path) -> None:
    page = (folder / "note.html").read_text(encoding="utf-8")
    outline = Outline(page)
    assert outline.lang == "fr"
    assert outline.levels.count(1) == 1
    assert page.count("<h2") >= 3
    assert outline.count["svg"] >= 3
    assert "intervalle à 95" in page
    assert all(address.startswith("#") for address in outline.addresses)


def test_workbook_says_what_the_run_says(folder: Path) -> None:
    calamine = pytest.importorskip("python_calamine")
    book = calamine.CalamineWorkbook.from_path(str(folder / "bilan.xlsx"))
    rows = book.get_sheet_by_name("Territoires").to_python()
    at = rows[1].index("Attributions")
    values = {
        str(name): value
        for name, value in duckdb.sql(
            f"select \"group\", avg(value) from '{folder / 'indicators.parquet'}' where year = 2028 "
            "and scope = 'territoire' and indicator = 'attributions' group by all"
        ).fetchall()
    }
    told = {str(row[0]).removesuffix(" *"): row[at] for row in rows[2:] if isinstance(row[at], float)}
    assert len(told) == len(values)
    assert all(value == pytest.approx(values[name]) for name, value in told.items())


def test_observed_figures_keep_their_field(page: str) -> None:
    assert re.search(r"18,1\u00a0%.*?<td[^>]*>Nord</td>", page, flags=re.DOTALL)
    assert "URH Hauts-de-France" in page


def test_figures_stand_alone_and_are_the_same_bytes_each_time(folder: Path, tmp_path: Path) -> None:
    bilan.write(FakeRun(tmp_path, 5), tmp_path, TERRITORY, Settings(None, ("html",)))
    names = sorted(path.name for path in (folder / "figures").iterdir())
    assert names == [
        "engagements.svg",
        "eventail.svg",
        "evolution.svg",
        "incidence.svg",
        "objectifs.svg",
        "objectifs_bailleurs.svg",
    ]
    for name in names:
        ET.parse(folder / "figures" / name)
        assert (folder / "figures" / name).read_bytes() == (tmp_path / "figures" / name).read_bytes()
    assert (folder / "bilan.html").read_bytes() == (tmp_path / "bilan.html").read_bytes()


def test_workbook_has_typed_cells_and_a_chart(folder: Path) -> None:
    calamine = pytest.importorskip("python_calamine")
    book = calamine.CalamineWorkbook.from_path(str(folder / "bilan.xlsx"))
    wanted = [
        "Avertissement",
        "Chiffres clés",
        "Attributions",
        "Délais",
        "Territoires",
        "Bailleurs",
        "Hypothèses",
        "Valeurs légales",
        "Notes",
    ]
    assert [name for name in book.sheet_names if name in wanted] == wanted
    rows = book.get_sheet_by_name("Chiffres clés").to_python()
    title = "Demandes en stock au 31 décembre"
    assert rows[1][:4] == ["Indicateur", title, f"{title} (bas)", f"{title} (haut)"]
    assert all(isinstance(cell, float) for row in rows[2:9] for cell in row[1:4])
    assert all(row[2] < row[1] < row[3] for row in rows[2:9])
    with zipfile.ZipFile(folder / "bilan.xlsx") as archive:
        assert "xl/charts/chart1.xml" in archive.namelist()
        assert "descr=" in archive.read("xl/drawings/drawing1.xml").decode()


def test_open_workbook_gets_a_numbered_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run, opened = FakeRun(tmp_path, 2), Path.open

    def locked(self: Path, *arguments: Any, **named: Any) -> Any:
        if self.name == "bilan.xlsx":
            raise PermissionError
        return opened(self, *arguments, **named)

    monkeypatch.setattr(Path, "open", locked)
    with pytest.warns(UserWarning, match=r"bilan\.xlsx is open"):
        (written,) = bilan.write(run, tmp_path, TERRITORY, Settings(2025, ("xlsx",)))
    assert written.name == "bilan (2).xlsx"
    monkeypatch.setattr(Path, "open", lambda *_, **__: (_ for _ in ()).throw(PermissionError()))
    with pytest.raises(PermissionError, match="all open"):
        free_path(tmp_path / "x.xlsx")


def test_one_replication_gives_no_interval_and_no_verdict(tmp_path: Path) -> None:
    bilan.write(FakeRun(tmp_path, 1), tmp_path, TERRITORY, Settings(2023, ("html",)))
    page = (tmp_path / "bilan.html").read_text(encoding="utf-8")
    assert "Une seule réplication" in page
    assert NO_INTERVAL in page
    assert 'class="plage">[' not in page
    assert "logements sociaux, 2023" in page


def test_bad_requests_are_refused_before_writing(tmp_path: Path) -> None:
    run, out = FakeRun(tmp_path, 1), tmp_path / "out"
    with pytest.raises(ValueError, match="unknown format 'pdf'"):
        bilan.write(run, out, TERRITORY, Settings(None, ("pdf",)))
    with pytest.raises(ValueError, match="year 2031 was not simulated"):
        bilan.write(run, out, TERRITORY, Settings(2031, ("html",)))
    run.manifest["scenario"]["run"].update(start="2028-02-01", end="2028-12-31")
    with pytest.raises(ValueError, match="no full year"):
        bilan.write(run, out, TERRITORY, Settings(None, ("html",)))
    assert not out.exists()


def test_slack_is_said_only_without_steering(tmp_path: Path) -> None:
    run = FakeRun(tmp_path, 5)
    assert run.manifest["scenario"]["rules"]["steering"]["name"] == "aucun"
    bilan.write(run, tmp_path, TERRITORY, Settings(None, ("csv",)))
    assert "objectif lâche" in (tmp_path / "bilan_objectifs.csv").read_text(encoding="utf-8-sig")
    run.manifest["scenario"]["rules"]["steering"] = {"name": "objectifs", "objectives": [o.law for o in OBJECTIVES]}
    bilan.write(run, tmp_path, TERRITORY, Settings(None, ("csv",)))
    assert "objectif lâche" not in (tmp_path / "bilan_objectifs.csv").read_text(encoding="utf-8-sig")


def test_missing_indicator_is_missing_not_zero(tmp_path: Path) -> None:
    reading = Reading(FakeRun(tmp_path, 2))
    assert reading.estimate("echanges_menages", 2025).mean is None
    assert reading.estimate("delai_corrige_median", 2025).mean is None
    assert not reading.has("delai_corrige_median")


def test_with_draws_what_is_chance_and_what_is_not_known_is_told(tmp_path: Path) -> None:
    run = FakeRun(tmp_path, 4)
    assert annexes.uncertainty(Reading(run)).rows == ()
    frame = run.indicators()
    split = frame.assign(draw=frame["replication"] % 2, luck=frame["replication"] // 2)
    write_parquet(split, run.path / "indicators.parquet")
    rows = annexes.uncertainty(Reading(run)).rows
    assert rows
    for _, unknown, chance in rows:
        assert isinstance(unknown, Quantity)
        assert isinstance(chance, Quantity)
        assert (unknown.value or 0) + (chance.value or 0) == pytest.approx(1)


def test_unknown_indicator_is_shown_all_the_same(page: str) -> None:
    assert "Autres indicateurs" in page
    assert "nouvel_indicateur" in page


def test_run_without_curves_is_refused(tmp_path: Path) -> None:
    waits = FakeRun(tmp_path, 1).waits()
    with pytest.raises(ValueError, match="no curve"):
        curves(waits[waits["group"] == "autre"])
