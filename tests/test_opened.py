"""Reports as programs open them: Chromium (pages, accessibility, printing) and LibreOffice (workbooks).

One bilan and one comparison of small worlds serve all tests. They carry markers, by which ``conftest.py`` leaves them
out where the programs are not installed.
"""

from __future__ import annotations

import csv
import html
import importlib.util
import json
import re
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from sim.inputs.files import find_territory
from sim.inputs.scenario import load
from sim.inputs.territory import load as load_territory
from sim.report.bilan import write_bilan
from sim.report.comparison_page import write_comparison
from sim.results.compare import compare
from sim.results.ensemble import run_ensemble
from tests.conftest import program

CHROMIUM, OFFICE = program("browser"), program("libreoffice")
SIZE: dict[str, Any] = {"applicants": 1_000, "years": 1, "replications": 2}
PAGES = ("bilan.html", "note.html", "compared/comparison.html", "compared/note.html")
SHEET = Path(__file__).parents[1] / "calibration" / "fiche.html"
SERIOUS = {"serious", "critical"}
A4_MM = (186.0, 269.0)
"""Width and height that the style leaves to a printed page: A4 less its margins."""
AUDIT = """
addEventListener('load', async () => {
  const found = await axe.run(document, {resultTypes: ['violations']});
  const faults = found.violations.map(v => [v.impact, v.id, v.nodes.length, v.nodes[0].html.slice(0, 200)]);
  const fetched = performance.getEntriesByType('resource').map(entry => entry.name);
  const printed = [...document.styleSheets[0].cssRules].filter(r => r.media && r.media.mediaText === 'print');
  const sheet = document.createElement('style');
  sheet.textContent = printed.flatMap(r => [...r.cssRules]).map(r => r.cssText).join(' ') + ' body { width: 186mm }';
  document.head.append(sheet);
  const mm = box => [box.width, box.height, box.right].map(x => x * 25.4 / 96);
  const sizes = [...document.querySelectorAll('figure')].map(f => mm(f.getBoundingClientRect()));
  const drawn = [...document.querySelectorAll('figure svg')].map(s => mm(s.getBoundingClientRect()));
  const tables = [...document.querySelectorAll('table')].map(t => mm(t.getBoundingClientRect()));
  const told = document.createElement('pre');
  told.id = 'audit';
  told.textContent = JSON.stringify({faults, fetched, sizes, drawn, tables});
  document.body.append(told);
});
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bilan in all formats and a comparison, in a folder with a space and an accent."""
    out = tmp_path_factory.mktemp("rapports é")
    runs = [run_ensemble(load(name, **SIZE), out) for name in ("reference", "cia")]
    write_bilan(runs[0], load_territory(find_territory("mel")), formats=("html", "xlsx", "csv"), out=out)
    write_comparison(compare(runs), out / "compared")
    return out


def chromium(*arguments: str) -> str:
    quiet = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")
    done = subprocess.run([str(CHROMIUM), *quiet, *arguments], capture_output=True, text=True, timeout=240, check=True)
    return done.stdout


@cache
def audit(path: Path) -> dict[str, Any]:
    """Return what a copy of a page says of itself, axe-core injected."""
    place = importlib.util.find_spec("axe_core_python")
    assert place is not None  # it is in the lock file
    assert place.submodule_search_locations
    axe = (Path(next(iter(place.submodule_search_locations))) / "axe.min.js").read_text(encoding="utf-8")
    copy = path.with_name(f"audit_{path.name}")
    script = f"<script>{axe}</script><script>{AUDIT}</script>"
    before, body, after = path.read_text(encoding="utf-8").rpartition("</body>")
    copy.write_text(before + script + body + after, encoding="utf-8")
    dumped = chromium("--virtual-time-budget=200000", "--dump-dom", copy.as_uri())
    found = re.search(r'<pre id="audit">(.*?)</pre>', dumped, re.DOTALL)
    assert found, dumped[-500:]
    told: dict[str, Any] = json.loads(html.unescape(found.group(1)))
    return told


@pytest.mark.browser
@pytest.mark.parametrize("name", PAGES)
class TestPages:
    def test_opens_without_network_and_without_serious_fault(self, folder: Path, name: str) -> None:
        told = audit(folder / name)
        assert told["fetched"] == []
        assert [fault for fault in told["faults"] if fault[0] in SERIOUS] == []

    def test_no_figure_is_cut_when_printed(self, folder: Path, name: str) -> None:
        told = audit(folder / name)
        assert len(told["drawn"]) >= 4
        for width, height, right in (*told["sizes"], *told["drawn"]):
            assert 0 < width <= A4_MM[0] + 1
            assert right <= A4_MM[0] + 1
            assert 0 < height <= A4_MM[1]  # `break-inside: avoid` then keeps it on one page

    def test_no_table_is_cut_when_printed(self, folder: Path, name: str) -> None:
        told = audit(folder / name)
        assert all(right <= A4_MM[0] + 1 for _, _, right in told["tables"])


@pytest.mark.browser
def test_the_calibration_sheet_is_accessible_and_prints_whole(tmp_path: Path) -> None:
    path = tmp_path / "fiche.html"
    path.write_text(SHEET.read_text(encoding="utf-8"), encoding="utf-8")
    told = audit(path)
    assert told["fetched"] == []
    assert [fault for fault in told["faults"] if fault[0] in SERIOUS] == []
    assert len(told["tables"]) > 5
    for width, _, right in told["tables"]:
        assert 0 < width <= A4_MM[0] + 1
        assert right <= A4_MM[0] + 1


@pytest.mark.browser
def test_a_request_would_be_seen(folder: Path, tmp_path: Path) -> None:
    page = (folder / "note.html").read_text(encoding="utf-8")
    path = tmp_path / "note.html"
    path.write_text(page.replace("<main>", '<main><img src="http://127.0.0.1:9/x.png">'), encoding="utf-8")
    told = audit(path)
    assert len(told["fetched"]) == 1
    assert "image-alt" in {fault[1] for fault in told["faults"] if fault[0] in SERIOUS}


@pytest.mark.browser
@pytest.mark.parametrize("sentences", [1, 4])
@pytest.mark.parametrize("name", ["note.html", "compared/note.html"])
def test_notes_print_on_two_pages(folder: Path, tmp_path: Path, name: str, sentences: int) -> None:
    """However long what is said is (several alternatives): figures give way, no title leaves its figure."""
    page = (folder / name).read_text(encoding="utf-8")
    longer = re.sub(r"(</h2>\s*)<p>(.*?)</p>", lambda m: f"{m[1]}<p>{sentences * m[2]}</p>", page)
    assert (longer == page) == (sentences == 1)
    path = tmp_path / "note.html"
    path.write_text(longer, encoding="utf-8")
    chromium(f"--print-to-pdf={tmp_path / 'note.pdf'}", "--no-pdf-header-footer", path.as_uri())
    printed = (tmp_path / "note.pdf").read_bytes()
    assert printed.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 2


@pytest.mark.libreoffice
def test_workbooks_open_in_libreoffice_with_numbers_as_numbers(folder: Path, tmp_path: Path) -> None:
    calamine = pytest.importorskip("python_calamine")
    books = {"bilan": folder / "bilan.xlsx", "comparison": folder / "compared" / "comparison.xlsx"}
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    subprocess.run([str(OFFICE), profile, "--headless", "--convert-to", "ods", "--outdir", str(tmp_path),
                    *map(str, books.values())], capture_output=True, timeout=240, check=True)  # fmt: skip
    for name, path in books.items():
        ours = calamine.CalamineWorkbook.from_path(str(path))
        theirs = calamine.CalamineWorkbook.from_path(str(tmp_path / f"{name}.ods"))
        assert theirs.sheet_names == ours.sheet_names
        numbers = 0
        for sheet in ours.sheet_names:
            rows, read = (book.get_sheet_by_name(sheet).to_python() for book in (ours, theirs))
            for row, other in zip(rows, read, strict=False):
                for cell, seen in zip(row, other, strict=False):
                    if isinstance(cell, float):
                        assert isinstance(seen, float), (sheet, cell, seen)
                        assert seen == pytest.approx(cell, rel=1e-9), sheet
                        numbers += 1
            assert not any("Err:" in str(cell) or "#N/A" in str(cell) for row in read for cell in row)
        assert numbers > 200


@pytest.mark.libreoffice
def test_csv_opens_in_a_french_libreoffice_with_numbers_as_numbers(folder: Path, tmp_path: Path) -> None:
    calamine = pytest.importorskip("python_calamine")
    path = folder / "bilan_tendance.csv"
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    french = "CSV:59,34,76,1,,1036,false,true"  # semicolon, quote, UTF-8, from row 1, French, numbers detected
    subprocess.run([str(OFFICE), profile, "--headless", f"--infilter={french}", "--convert-to", "ods",
                    "--outdir", str(tmp_path), str(path)], capture_output=True, timeout=240, check=True)  # fmt: skip
    read = calamine.CalamineWorkbook.from_path(str(tmp_path / "bilan_tendance.ods")).get_sheet_by_index(0).to_python()
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file, delimiter=";"))
    assert len(read) == len(rows)
    for row, seen in zip(rows[1:], read[1:], strict=True):
        for text, cell in zip(row[1:], seen[1:], strict=False):
            if re.fullmatch(r"-?\d+(,\d+)?(e-?\d+)?", text):
                assert cell == pytest.approx(float(text.replace(",", "."))), row[0]
