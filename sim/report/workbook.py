"""Excel and CSV forms of the tables of a report."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.report.tables import Quantity, Table

# Excel stores these in the English convention and shows the reader's own separators: 56 000 and 25,5 % in French.
NUMBER_FORMATS = {
    "count": "#,##0",
    "share": "0.0%",
    "months": "0.0",
    "days": "0",
    "ratio": "0.00",
    "points": "0.0",
    "year": "0",
    "number": "General",
    "rate": "0.0#%",
    "index": "0.000",
    "gap_index": "+0.000;-0.000;0.000",
    "gap_points": '+0.0" pt";-0.0" pt";0.0" pt"',
    "gap_months": '+0.0" mois";-0.0" mois";0.0" mois"',
    "gap_days": '+0" j";-0" j";0" j"',
    "gap_count": "+#,##0.0;-#,##0.0;0",
    "gap_ratio": "+0.00;-0.00;0.00",
    "gap_number": "+0.0000;-0.0000;0",
}
UNIT_NOTE = {"share": "%", "months": "mois", "days": "jours", "points": "points"}


@dataclass(frozen=True)
class Chart:
    """A native chart of some columns of a table, its first column giving the categories."""

    kind: str
    columns: tuple[str, ...]
    stacked: bool = False


CHART_ROWS = 19
"""Rows that a chart covers."""


def write_workbook(
    path: Path,
    sheets: Sequence[tuple[str, Sequence[Table]]],
    *,
    warning: Sequence[str],
    charts: Mapping[str, Chart] | None = None,
    title: str,
) -> Path:
    """Write the tables of a report into one Excel file and return its path.

    Parameters
    ----------
    path : Path
        Wanted file. When Excel holds it open, ``name (2).xlsx`` is written instead.
    sheets : sequence of (name, tables)
        Sheets in their order, the tables of each one under the other.
    warning : sequence of str
        Sentences of the first sheet.
    charts : mapping, optional
        Chart of the first table of some sheets, by name.
    title : str
        Title of the document.
    """
    target = free_path(path)
    import xlsxwriter

    with xlsxwriter.Workbook(target, {"default_date_format": "dd/mm/yyyy"}) as book:
        book.set_properties({"title": title, "comments": "Simulation : données simulées"})
        _text_sheet(book, "Avertissement", warning)
        for name, tables in sheets:
            sheet = book.add_worksheet(name)
            sheet.set_landscape()
            sheet.set_paper(9)
            sheet.fit_to_pages(1, 0)
            row = 0
            for number, table in enumerate(tables):
                row, place = _write_table(book, sheet, table, row, freeze=len(tables) == 1)
                if charts and name in charts and number == 0:
                    _chart(book, sheet, name, table, place, charts[name], row)
                    row += CHART_ROWS
        _text_sheet(book, "Notes", ["Notes", *_notes(sheets)])
    return target


def _notes(sheets: Sequence[tuple[str, Sequence[Table]]]) -> list[str]:
    """Return the notes of every table, and what the cells mean."""
    head = [
        "Les colonnes (bas) et (haut) bornent l'intervalle à 95 % de la moyenne entre réplications ; n est l'effectif "
        "du dénominateur ; s : secret statistique ; une case vide : dénominateur nul ou valeur absente.",
        "Les délais sont en mois de 30,44 jours, sauf le délai entre deux baux, en jours.",
    ]
    return head + [f"{name} : {note}" for name, tables in sheets for table in tables for note in table.notes]


def free_path(path: Path) -> Path:
    """Return ``path``, or ``name (2).ext`` (3, 4, ...) when another program holds the file open."""
    for number in range(1, 100):
        candidate = path if number == 1 else path.with_name(f"{path.stem} ({number}){path.suffix}")
        try:
            with candidate.open("ab"):
                return candidate
        except PermissionError:
            continue
    raise PermissionError(f"{path} and its numbered copies are all open in another program")


def _text_sheet(book: Any, name: str, warning: Sequence[str]) -> None:
    """Write a sheet of sentences under a title."""
    sheet = book.add_worksheet(name)
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, 110)
    bold, wrapped = (
        book.add_format({"bold": True, "font_size": 14, "font_color": "#003F72"}),
        book.add_format({"text_wrap": True, "valign": "top"}),
    )
    sheet.write(0, 0, warning[0], bold)
    for row, sentence in enumerate(warning[1:], start=2):
        sheet.write(row, 0, sentence, wrapped)


def _write_table(book: Any, sheet: Any, table: Table, row: int, *, freeze: bool) -> tuple[int, tuple[int, list[str]]]:
    """Write one table at ``row``; return the next free row, and where its header is with its column titles."""
    bold = book.add_format({"bold": True, "font_size": 12, "font_color": "#003F72"})
    header = book.add_format({"bold": True, "bg_color": "#E4EEF6", "bottom": 1, "text_wrap": True, "valign": "top"})
    note, text = (
        book.add_format({"italic": True, "font_color": "#55606E"}),
        book.add_format({"text_wrap": True, "valign": "top"}),
    )
    numbers = {kind: book.add_format({"num_format": code, "valign": "top"}) for kind, code in NUMBER_FORMATS.items()}
    head, cells, kinds = table.flat()
    titles = [
        f"{title} ({UNIT_NOTE[kind]})" if kind in UNIT_NOTE else title for title, kind in zip(head, kinds, strict=True)
    ]
    sheet.write(row, 0, table.caption, bold)
    start = row + 1
    for column, title in enumerate(titles):
        sheet.write(start, column, title, header)
        longest = max((len(line[column][0]) for line in cells if isinstance(line[column][0], str)), default=0)
        sheet.set_column(column, column, min(60, max(11, longest + 2 if kinds[column] == "text" else 14)))
    for offset, line in enumerate(cells, start=1):
        for column, (value, kind) in enumerate(line):
            if isinstance(value, str):
                sheet.write_string(start + offset, column, value, text)
            elif value is None:
                sheet.write_blank(start + offset, column, None, text)
            else:
                sheet.write_number(start + offset, column, value, numbers.get(kind, numbers["number"]))
    if freeze:
        sheet.freeze_panes(start + 1, 1)
    end = start + len(cells) + 1
    for sentence in table.notes:
        sheet.write(end, 0, sentence, note)
        end += 1
    return end + 1, (start, head)


def _chart(
    book: Any, sheet: Any, name: str, table: Table, place: tuple[int, list[str]], wanted: Chart, row: int
) -> None:
    """Add a native chart of some columns, with an alternative text."""
    start, head = place
    chart = book.add_chart({"type": wanted.kind} | ({"subtype": "stacked"} if wanted.stacked else {}))
    is_total = str(table.rows[-1][0]) == "Ensemble"
    last = start + len(table.rows) - is_total  # a total beside its parts would hide them
    colors = ("#003F72", "#C75B00", "#2A9D8F", "#A0459B")
    found = [c for c in wanted.columns if c in head]
    kinds = {
        title: next((c.kind for c in column if isinstance(c, Quantity)), "count") for title, column in _columns(table)
    }
    for color, title in zip(colors, found, strict=False):
        column = head.index(title)
        look = {"line": {"color": color, "width": 2.25}, "marker": {"type": "automatic", "size": 5}}
        chart.add_series(
            {
                "name": title,
                "categories": [name, start + 1, 0, last, 0],
                "values": [name, start + 1, column, last, column],
                **(look if wanted.kind == "line" else {"fill": {"color": color}}),
            }
        )
    chart.set_title({"name": table.caption, "name_font": {"size": 12}})
    kind = kinds.get(found[0], "count") if found else "count"
    axis = {"num_format": "0%" if kind == "share" else NUMBER_FORMATS[kind], "min": 0}
    if kind in UNIT_NOTE and kind != "share":
        axis["name"] = UNIT_NOTE[kind]
    chart.set_y_axis(axis | {"major_gridlines": {"visible": True, "line": {"color": "#E3E6EA"}}})
    chart.set_legend({"position": "bottom"})
    chart.set_size({"width": 760, "height": 340})
    words = f"{table.caption} : {', '.join(found)} (valeurs dans le tableau)"
    sheet.insert_chart(row, 0, chart, {"description": words})


def _columns(table: Table) -> list[tuple[str, list[Any]]]:
    """Return the columns of a table with their titles."""
    return [(title, [row[i] for row in table.rows]) for i, title in enumerate(table.head)]


def write_csv(folder: Path, tables: Sequence[Table], stem: str) -> list[Path]:
    """Write each table as ``stem_name.csv``: semicolons, decimal commas, UTF-8 with BOM, CRLF, for French Excel."""
    written = []
    for table in tables:
        path = free_path(folder / f"{stem}_{table.name}.csv")
        head, cells, _ = table.flat()
        with path.open("w", encoding="utf-8-sig", newline="") as stream:
            writer = csv.writer(stream, delimiter=";", lineterminator="\r\n")
            writer.writerow(head)
            writer.writerows([[_plain(value) for value, _ in line] for line in cells])
        written.append(path)
    return written


def _plain(value: Any) -> str:
    """Return a CSV cell: a decimal comma for numbers, empty for a missing value."""
    if value is None:
        return ""
    return f"{value:.10g}".replace(".", ",") if isinstance(value, (int, float)) else str(value)
