"""The tables that are shipped: their numbers are those of the run, and no count under secrecy is given back."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import duckdb
import pytest
import python_calamine as calamine

from sim.inputs.files import find_territory
from sim.inputs.scenario import load
from sim.inputs.territory import load as load_territory
from sim.report import bilan, french
from sim.report.bilan import Settings
from sim.report.comparison import Compared
from sim.report.comparison_page import build
from sim.report.contents import label_of
from sim.report.definitions import KIND_OF
from sim.report.reading import KIND_OF_UNIT
from sim.report.secrecy import THRESHOLD, recoverable
from sim.report.tables import Quantity, Table
from sim.report.waits import as_json
from sim.results.compare import Comparison, compare
from sim.results.ensemble import load_run, run_ensemble
from sim.results.waits import chosen_classes, study
from sim.words.codes import EventKind
from tests.attacker import Attack, Disturbed, quotients

SIZE: dict[str, Any] = {"applicants": 900, "years": 1, "replications": 2}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    out = tmp_path_factory.mktemp("secret")
    return [run_ensemble(load(name, **SIZE), out) for name in ("reference", "cia")]


@pytest.fixture(scope="module")
def comparison(runs: list[Path]) -> Comparison:
    return compare(runs)


def tables_of(runs: list[Path], secrecy: int) -> list[Table]:
    territory = load_territory(find_territory("mel"))
    run, base = (Disturbed(load_run(path), nested()) for path in runs)
    subject = bilan.read(run, territory, Settings(secrecy=secrecy), base)
    return list(bilan.all_tables(subject).values())


def nested() -> dict[str, str]:
    communes = load_territory(find_territory("mel")).communes
    return dict(zip(communes["nom"], communes["territoire"], strict=True))


def of_comparison(comparison: Comparison, secrecy: int) -> list[Table]:
    content = build(Compared(comparison, threshold=secrecy))
    return [*content.tables.values(), *content.yearly, *(figure.table for figure in content.winners)]


def counts_of(tables: list[Table]) -> list[float]:
    return [float(c.value) for t in tables for row in t.rows for c in row
            if isinstance(c, Quantity) and c.kind == "count" and c.value is not None]  # fmt: skip


def test_no_table_of_the_bilan_gives_a_masked_count_back(runs: list[Path]) -> None:
    masked, true = (tables_of(runs, secrecy) for secrecy in (THRESHOLD, 0))
    attack = Attack(masked, true, nested())
    assert len(attack.hidden) > 200
    assert len(attack.sums()) > 100
    assert attack.given_back() == set()
    assert quotients(attack) == []


def test_no_table_of_the_comparison_gives_a_masked_count_back(comparison: Comparison) -> None:
    masked, true = (of_comparison(comparison, secrecy) for secrecy in (THRESHOLD, 0))
    assert [t.name for t in masked] == [t.name for t in true]
    counted = [t for t in masked if t.name != "comparaisons"]  # which counts comparisons, not households
    assert not any(0 < count < THRESHOLD for count in counts_of(counted))
    (table,) = (t for t in masked if t.name.startswith("gagnants"))
    heads = table.head[1:9]
    rows = {str(row[0]): dict(zip(heads, row[1:9], strict=True)) for row in table.rows}
    hidden = {(name, head) for name, row in rows.items() for head, cell in row.items() if cell.is_secret}
    sums: list[Any] = [((name, heads[0]), [(name, head) for head in heads[1:]]) for name in rows]
    for label in {name.partition(" : ")[0] for name in rows} - {"Ensemble", "Public"}:
        groups = [name for name in rows if name.startswith(f"{label} : ")]
        sums += [(("Ensemble", head), [(name, head) for name in groups]) for head in heads]
    assert hidden
    assert not recoverable(hidden, sums)
    for name, row in zip(rows, table.rows, strict=True):  # who wins less who loses would give the last one back
        lost = [head for head in heads[:5] if (name, head) in hidden]
        assert not lost or all(cell.is_secret for cell in row[9:])


def test_differences_by_group_hide_what_either_bilan_hides(comparison: Comparison) -> None:
    c = Compared(comparison)
    side, seen = c.sides.alternatives[0], 0
    for scope in ("territoire", "public", "commune"):
        for group in c.members(scope):
            row = c.row(side, "attributions", c.year, scope, group)
            if row is not None and any(0 < size < THRESHOLD for size in (row.base, row.value)):
                seen += 1
                assert c.gap(side, "attributions", c.year, scope, group).is_secret
                assert c.gap(side, "delai_attribution_moyen", c.year, scope, group).value is None
    assert seen > 20


def test_the_attack_finds_what_a_lone_mask_gives_back() -> None:
    def table(*values: float, hidden: int | None = None) -> list[Table]:
        cells = [Quantity(v, "count") for v in values]
        rows = [(f"Commune {i}", c.secret() if i == hidden else c) for i, c in enumerate(cells)]
        return [Table("t", "T", ("Commune", "Attributions"), (*rows, ("Ensemble", Quantity(sum(values), "count"))))]

    assert Attack(table(5.5, 30.25, 41.0, hidden=0), table(5.5, 30.25, 41.0)).given_back()


def test_waits_of_few_households_are_masked_with_what_would_tell_them(runs: list[Path]) -> None:
    told = study(load_run(runs[0]), chosen_classes(["all"])[0], None)
    shown, bare = as_json(told), as_json(told, 0)
    for part in ("delay_of_the_housed", "age_of_the_waiting"):
        sizes = {(w["class"], w["group"]): w[part]["count"] for w in bare["waits"]}
        hidden = {(w["class"], w["group"]) for w in shown["waits"] if w[part] is None}
        assert {key for key, size in sizes.items() if 0 < size < THRESHOLD} <= hidden
        whole = next(key for key in sizes if key[0] == "mel")
        classes = {name for name, _ in sizes} - {"mel"}
        adding = [[key for key in sizes if key[0] == name] for name in classes]
        sums = [(whole, keys) for keys in adding if sum(sizes[k] for k in keys) == pytest.approx(sizes[whole])]
        assert hidden
        assert len(sums) > 1
        assert not recoverable(hidden, sums)


class Printed(HTMLParser):
    """The tables of a page: caption to lines of cells, each the text before its interval."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self.rows: list[list[str]] = []
        self.text: list[str] | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.rows = []
        elif tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th", "caption"):
            self.text = []
        elif tag == "span" and self.text is not None:
            self._close()
            self.text = None

    def handle_data(self, data: str) -> None:
        if self.text is not None:
            self.text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "caption":
            self.tables["".join(self.text or [])] = self.rows
        elif tag in ("td", "th") and self.text is not None:
            self._close()
        if tag in ("td", "th", "caption"):
            self.text = None

    def _close(self) -> None:
        self.rows[-1].append("".join(self.text or []))


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def test_every_number_of_a_bilan_is_that_of_the_tables_of_the_run(runs: list[Path], tmp_path: Path) -> None:
    territory = load_territory(find_territory("mel"))
    bilan.write(load_run(runs[0]), tmp_path, territory, Settings(secrecy=0))
    year = 2022
    rows = load_run(runs[0]).indicators().astype({"scope": str, "group": str, "indicator": str})
    mean = rows.groupby(["indicator", "scope", "group", "year"])["value"].mean()  # missing values are left out
    kinds, book = {}, calamine.CalamineWorkbook.from_path(str(tmp_path / "bilan.xlsx"))
    page = Printed((tmp_path / "bilan.html").read_text(encoding="utf-8"))
    codes = {label_of(code): code for code in mean.index.get_level_values(0)}
    seen = 0
    for caption, scope, sheet in (
        (f"Tension par commune, {year}", "commune", "Tension par commune"),
        (f"Tension par territoire, {year}", "territoire", "Tension par territoire"),
        (f"Tension par typologie, {year}", "typologie", "Tension par typologie"),
        (f"Les publics, de la demande à l'attribution, {year}", "public", "Publics"),
        (f"Offre par territoire, {year}", "territoire", "Offre par territoire"),
    ):
        head, *lines = page.tables[caption.replace(" :", "\u00a0:")]
        typed = {str(row[0]): row for row in book.get_sheet_by_name(sheet).to_python()}
        titles = next(row for row in typed.values() if any(str(cell).startswith(plain(head[1])) for cell in row))
        for line in lines:
            for title, text in zip(head[1:], line[1:], strict=True):
                code = codes[plain(title)]
                value = mean.get((code, scope, line[0].removesuffix(" *"), year))
                unit = str(rows.loc[rows["indicator"] == code, "unit"].iloc[0])
                kind = kinds.setdefault(code, KIND_OF.get(code) or KIND_OF_UNIT[unit])
                value = None if value is None or value != value else float(value)
                value = french.to_months(value) if kind == "months" else value
                assert text == french.quantity(value, kind), (caption, line[0], title)
                cell = typed[line[0]][next(i for i, t in enumerate(titles) if str(t).startswith(plain(title)))]
                assert (cell == "") if value is None else cell == pytest.approx(value), (sheet, line[0], title)
                seen += 1
    assert seen > 500


def test_totals_by_commune_by_landlord_and_of_the_log_agree(runs: list[Path]) -> None:
    run = load_run(runs[0])
    rows = run.indicators()
    own = rows[(rows["indicator"] == "attributions") & (rows["year"] == 2022)]
    log = duckdb.sql(f"select count(*) from '{runs[0]}/replications/0000/events.parquet' where kind = "
                     f"{int(EventKind.HOUSED)}").fetchall()[0][0]  # fmt: skip
    for number, part in own.groupby("replication"):
        sums = part.groupby("scope", observed=True)["value"].sum()
        whole = sums["mel"]
        for scope in (
            "commune",
            "bailleur",
            "territoire",
            "reservataire",
            "typologie",
            "financement",
            "quartier",
            "qpv",
        ):
            assert sums[scope] == whole
        counts = run.attributions()
        assert counts.loc[(counts["replication"] == number) & (counts["year"] == 2022), "count"].sum() == whole
        if number == 0:
            assert log == whole
