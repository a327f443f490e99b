"""``simhlm describe formats`` against the files themselves: every column, in its order, with its type."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from sim.formats import WITHOUT_COLUMNS, as_text, read_files, rows
from sim.inputs.files import find_territory, scenarios_dir
from sim.inputs.scenario import load
from sim.inputs.territory import load as load_territory
from sim.report.bilan import write_bilan
from sim.report.comparison_page import write_comparison
from sim.results.compare import compare, write_tables
from sim.results.ensemble import run_ensemble
from sim.words.codes import UNITS

TYPES = {
    "BIGINT": "int64", "INTEGER": "int32", "SMALLINT": "int16", "TINYINT": "int8", "UBIGINT": "uint64",
    "UINTEGER": "uint32", "USMALLINT": "uint16", "UTINYINT": "uint8", "DOUBLE": "float64", "FLOAT": "float32",
    "VARCHAR": "text", "BOOLEAN": "bool",
}  # fmt: skip
OF_DRAWS = ("draw", "luck")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with its bilan, a run with draws and a comparison, under the names that the table gives them."""
    out = tmp_path_factory.mktemp("formats")
    size = {"applicants": 300, "years": 1, "replications": 2}
    runs = [run_ensemble(load(name, **size), out) for name in ("reference", "cia")]
    drawn = run_ensemble(load("reference", ("run/draws=2",), **(size | {"replications": 1})), out)
    write_bilan(runs[0], load_territory(find_territory("mel")), formats=("html", "xlsx", "csv"))
    comparison = compare(runs)
    (out / "COMPARE").mkdir()
    write_tables(comparison, out / "COMPARE")
    write_comparison(comparison, out / "COMPARE")
    runs[0].rename(out / "RUN")
    (out / "RUN" / "replications" / "0000").rename(out / "RUN" / "replications" / "NNNN")
    drawn.rename(out / "DRAWN")
    return out


def columns(path: Path) -> list[tuple[str, str]]:
    """Return the names and types of the columns of a Parquet file."""
    found = duckdb.sql(f"DESCRIBE SELECT * FROM '{path.as_posix()}'").fetchall()
    return [(str(row[0]), TYPES[str(row[1])]) for row in found]


def told(file: str) -> list[tuple[str, str]]:
    """Return the names and types that the table tells of a file."""
    return [(row["column"], row["type"]) for row in rows() if row["file"] == file]


def test_every_table_written_is_told_column_by_column(folder: Path) -> None:
    for path in [*(folder / "RUN").rglob("*.parquet"), *(folder / "COMPARE").glob("*.parquet")]:
        file = path.relative_to(folder).as_posix()
        assert [one for one in told(file) if one[0] not in OF_DRAWS] == columns(path), file
    assert told("RUN/indicators.parquet") == columns(folder / "DRAWN" / "indicators.parquet")
    named = {row["file"] for row in rows() if row["format"] == "Parquet"}
    assert all((folder / file).is_file() for file in named)


def test_every_other_file_written_is_told(folder: Path) -> None:
    names = " ".join(file for direction, file, *_ in WITHOUT_COLUMNS if direction == "written")
    for path in (*(folder / "RUN").iterdir(), *(folder / "COMPARE").iterdir()):
        if path.is_file() and path.suffix not in (".parquet", ".csv"):
            assert path.name in names, path.name
    assert list((folder / "RUN").glob("bilan_*.csv"))
    assert list((folder / "RUN" / "figures").glob("*.svg"))


def test_every_file_read_is_told_with_a_meaning_for_each_column() -> None:
    for file, (declared, meanings) in read_files().items():
        assert set(declared) <= set(meanings), file
    heads = {
        "TERRITORY/communes.csv": "territories/mel/communes.csv",
        "TERRITORY/targets.csv (validate --targets)": "territories/mel/targets.csv",
        "programme (flows.deliveries.programme)": "programmes/plh_production.csv",
        "targets (rules.objectives.NAME.table)": "objectifs/cia_progressive.csv",
    }
    for file, path in heads.items():
        head = (scenarios_dir() / path).read_text(encoding="utf-8").splitlines()[0].split(",")
        assert [name for name, _ in told(file)] == head


def test_units_are_of_the_closed_list_and_the_text_tells_each_file_once() -> None:
    found = rows()
    assert {row["unit"] for row in found if row["direction"] == "written"} <= {*UNITS, ""}
    assert all(row["meaning"] for row in found)
    text = as_text(found)
    assert all(text.count(f"  {file}  (") == 1 for file in {row["file"] for row in found})
