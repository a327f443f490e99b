"""Formats of the files that simhlm reads and writes (``simhlm describe formats``), from what the code checks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from sim.formats_written import FILES
from sim.inputs.reading import Column

Row = dict[str, Any]
CSV = "CSV, commas, decimal points, UTF-8"
KINDS = {str: "text", float: "number", int: "whole number", bool: "true or false"}
SOURCED = {
    "source": "publication, or « hypothèse », or « dérivé » with its arithmetic",
    "confidence": "A official, B secondary or derived, C weak",
    "unit": "unit of the value",
    "note": "what a reader must know",
}
PLACE = {
    "territoire": "name of a part of the territory; * for all",
    "commune": "code Insee; * for all",
    "de": "first year",
    "a": "last year, included",
}
COMMUNES = {
    "code_insee": "official code", "nom": "name", "territoire": "part of the territory it belongs to",
    "territoire_confidence": "how sure that is", "population": "inhabitants", "lon": "longitude of its centre",
    "lat": "latitude of its centre", "apl_zone": "zone of the housing benefit", "ls_total": "social dwellings (RPLS)",
    "ls_let": "let", "ls_vacant": "offered and vacant", "ls_empty": "empty for works or sale",
    "ls_association": "let to associations", "ls_other": "used otherwise", "ls_temporary": "let for a time",
    "sru_rate_pct": "SRU rate", "sru_target_pct": "rate that the law asks for; empty: not concerned",
    "sru_missing": "dwellings that it lacks", "standard_of_living_d1_eur": "first decile, a year and UC",
    "standard_of_living_median_eur": "median, a year and UC",
    "standard_of_living_d9_eur": "ninth decile, a year and UC",
    "poverty_pct": "poverty rate", "qpv2015_share": "of its stock in the QPV of 2015",
    "qpv2024_share": "of its stock in the QPV of 2024", "outside_share": "of its stock let outside the list",
}  # fmt: skip
LANDLORDS = {
    "code": "short name, for conventions and objectives", "nom": "name",
    "is_hypothetical": "true when its size is not published", "stock_share": "of the stock of the territory",
    "qpv_share": "of its stock in QPV; empty: not known", "communes": "where it is, codes Insee; empty: everywhere",
    "favoured_communes": "where most of it is", "favoured_share": "of its stock there", **SOURCED,
}  # fmt: skip
DISTRIBUTIONS = {
    "table": "what is drawn", "row": "group", "column": "outcome", "value": "share or count", **SOURCED,
}  # fmt: skip
OBSERVED = {
    "year": "of the fact", "indicator": "code (simhlm describe indicators)", "scope": "as in indicators.parquet",
    "group": "member of the scope", "value": "as published", **SOURCED,
}  # fmt: skip
SOURCES = {"file": "that the column is in", "column": "name", "date": "of the publication", **SOURCED}
TARGETS = {
    "id": "short name", "label": "in French", "value": "as published", "low": "of a published range",
    "high": "of a published range", "standard_error": "empty: from the confidence", "year": "period, as published",
    "scope": "field, as published", "use": "fitted to, kept to judge, overtaken, input, or not of the model",
    "twin": "function that reads it from results", "indicator": "its argument", "twin_scope": "its argument",
    "twin_group": "its argument", "twin_year": "its argument", **SOURCED,
}  # fmt: skip
PRODUCTION = {
    "produit": "dwellings of the list, or kind of place outside the stock", "financement": "of the dwellings",
    "typologie": "rooms, 1 to 5; * for any", "part_qpv": "in QPV", "nombre": "a year", **PLACE, **SOURCED,
}  # fmt: skip
DEMOLITION = {"phase": "of the programme", "nombre": "dwellings a year", **PLACE, **SOURCED}
CONVENTIONS = {
    "bailleur": "code of the landlord", "reservataire": "holder", "part": "of the yearly flux; empty: none signed",
}  # fmt: skip
RESIDENCES = {"commune": "code Insee", "part": "of its QPV dwellings in a résidence à enjeu prioritaire"}
OBJECTIVES = {
    "bailleur": "code of the landlord; * for all", "secteur": "territory or code Insee; * for all",
    "annee": "from which the share holds", "part": "target", "enjeu_prioritaire": "on résidences à enjeu", **SOURCED,
}  # fmt: skip
WITHOUT_COLUMNS = (
    ("read", "SCENARIO.yaml", "YAML 1.2", "what changes from its parent (simhlm describe scenario; simhlm new)"),
    ("read", "scenarios/law/*.yaml", "YAML 1.2", "dated values with reference (simhlm describe law)"),
    ("read", "scenarios/grids/*.yaml", "YAML 1.2", "criterion: points (simhlm describe criteria)"),
    ("read", "TERRITORY/territory.yaml, values*.yaml", "YAML 1.2", "names, parts, and values with unit and source"),
    ("read", "posterior (run.posterior)", "YAML or CSV", "what calibrate wrote, or a column per path, a row per draw"),
    ("read", "INSTANCE", "JSON or PrefLib .wmd", "nodes and edges of an exchange (simhlm exchange)"),
    ("read", "contours (bilan --contours)", "GeoJSON", "polygons of the communes, longitude and latitude, code Insee"),
    ("written", "RUN/manifest.json", "JSON", "versions, scenario, seed, inputs, hashes, audit, law read, durations"),
    ("written", "RUN/scenario.yaml", "YAML 1.2", "the resolved scenario: running it gives the same tables"),
    ("written", "RUN/bilan.html, note.html", "HTML", "one page without network; the note prints on two A4 pages"),
    ("written", "RUN/bilan.xlsx", "XLSX", "one sheet per table, numbers as numbers"),
    (
        "written",
        "bilan_TABLE.csv (bilan --format csv)",
        "CSV, semicolons, decimal commas, UTF-8 with BOM",
        "the same tables, for French Excel",
    ),
    ("written", "RUN/figures/*.svg", "SVG", "the figures of the bilan"),
    ("written", "COMPARE/comparison.html, note.html, comparison.xlsx", "HTML, XLSX", "the comparison, in French"),
    ("written", "COMPARE/comparison.json", "JSON", "runs compared, with their hashes"),
)
"""Files whose content is described elsewhere or is for people: read or written, name, format, what it holds."""


def read_files() -> dict[str, tuple[Mapping[str, Column], Mapping[str, str]]]:
    """Return the CSV files read, with what their columns may hold and mean."""
    from sim.calibrate import targets
    from sim.inputs import allocation_files, objective_tables, stock_files, territory_files

    rehabilitation = "programme (flows.demolition.programme, flows.rehabilitation.programme)"
    return {
        "TERRITORY/communes.csv": (territory_files.COMMUNES, COMMUNES),
        "TERRITORY/landlords.csv": (territory_files.LANDLORDS, LANDLORDS),
        "TERRITORY/distributions.csv": (territory_files.DISTRIBUTIONS, DISTRIBUTIONS),
        "TERRITORY/observed.csv": (territory_files.OBSERVED, OBSERVED),
        "TERRITORY/sources.csv": (territory_files.SOURCES, SOURCES),
        "TERRITORY/targets.csv (validate --targets)": (targets.COLUMNS, TARGETS),
        "programme (flows.deliveries.programme)": (stock_files.PRODUCTION, PRODUCTION),
        rehabilitation: (stock_files.DEMOLITION, DEMOLITION),
        "conventions (rules.reservation.conventions)": (allocation_files.CONVENTIONS, CONVENTIONS),
        "residences (flows.commission.residences_enjeu)": (allocation_files.RESIDENCES, RESIDENCES),
        "targets (rules.objectives.NAME.table)": (objective_tables.COLUMNS, OBJECTIVES),
    }


def accepts(column: Column) -> str:
    """Return what the cells of a column may hold."""
    said = "a list, separated by spaces" if column.many else ", ".join(column.among)
    if column.kind in (int, float) and not (column.low == -math.inf and column.high == math.inf):
        said = f"{column.low:g} or more" if column.high == math.inf else f"{column.low:g} to {column.high:g}"
    return "; ".join(word for word in (said, "may be empty" if column.optional else "") if word)


def rows() -> list[Row]:
    """Return one row per column of each table read or written, and one per other file."""
    from sim.state.applications import Applications
    from sim.state.dwellings import Dwellings
    from sim.state.households import Households

    blank = {"direction": "", "file": "", "format": "", "column": "", "type": "", "unit": "", "accepts": "",
             "meaning": ""}  # fmt: skip
    found = [
        {"direction": "read", "file": file, "format": CSV, "column": name, "type": KINDS[column.kind],
         "accepts": accepts(column), "meaning": meanings[name]}
        for file, (columns, meanings) in read_files().items()
        for name, column in columns.items()
    ]  # fmt: skip
    found += [
        {"direction": "written", "file": file, "format": "Parquet", "column": name, "type": column.dtype,
         "unit": column.unit, "meaning": column.meaning}
        for file, columns in FILES.items()
        for name, column in columns.items()
    ]  # fmt: skip
    for table in (Households, Applications, Dwellings):
        file = f"RUN/replications/NNNN/{table.__name__.lower()}.parquet"
        found += [
            {"direction": "written", "file": file, "format": "Parquet", "column": name,
             "type": np.dtype(spec["dtype"]).name, "unit": spec["unit"], "meaning": spec["doc"]}
            for name, spec in table.specs().items()
        ]  # fmt: skip
    found += [
        {"direction": direction, "file": file, "format": kind, "meaning": meaning}
        for direction, file, kind, meaning in WITHOUT_COLUMNS
    ]
    return [blank | row for row in sorted(found, key=lambda row: str(row["direction"]))]


def as_text(rows: list[Row]) -> str:
    """Return the rows as people read them: each file once, its columns under it."""
    lines, last = [], ""
    for row in rows:
        if row["file"] != last:
            last = row["file"]
            told = "" if row["column"] else f": {row['meaning']}"
            lines += ["", f"{row['direction']}  {last}  ({row['format']}){told}"]
        if row["column"]:
            kind = f"{row['type']}, {row['unit']}" if row["unit"] else row["type"]
            limits = f" [{row['accepts']}]" if row["accepts"] else ""
            lines.append(f"  {row['column']:<28} {kind}: {row['meaning']}{limits}")
    return "\n".join(lines[1:])
