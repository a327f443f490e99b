"""What the files of a territory folder must hold, and the checks of each."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

import pandas as pd

from sim.inputs.faults import quoted
from sim.inputs.reading import Column, Reader
from sim.inputs.yaml_lines import Document
from sim.words.codes import UNITS
from sim.words.registry import nearest

Scalar = float | int | str | bool

CONFIDENCES = ("A", "A-", "B", "B-", "C")
PUBLISHED_UNITS = (*UNITS, "pct")
"""Units a source may publish: percents stay percents in the columns that repeat it."""
SCOPES = (
    "mel", "territoire", "commune", "quartier", "bailleur", "reservataire", "typologie", "financement", "qpv", "public",
    "departement", "region",
)  # fmt: skip
"""Scopes of the contract, and the two wider ones where the only published figure is of the département or region."""
SIGNED_UNITS = ("coefficient", "degree", "points")
STOCK_PARTS = ["ls_let", "ls_vacant", "ls_empty", "ls_association", "ls_other", "ls_temporary"]
SUM_TOLERANCE = 1e-6

WORD, SHARE, COUNT = Column(str), Column(float, 0, 1), Column(int)
NOTE = Column(str, optional=True)
EUROS, PERCENT = Column(float, optional=True), Column(float, 0, 100, optional=True)
CODES = Column(str, optional=True, many=True)
CONFIDENCE, UNIT = Column(str, among=CONFIDENCES), Column(str, among=UNITS)

COMMUNES = {
    "code_insee": WORD, "nom": WORD, "territoire": WORD, "territoire_confidence": CONFIDENCE,
    "population": COUNT, "lon": Column(float, -180, 180), "lat": Column(float, -90, 90), "apl_zone": Column(int, 1, 3),
    "ls_total": COUNT, **dict.fromkeys(STOCK_PARTS, COUNT),
    "sru_rate_pct": PERCENT, "sru_target_pct": PERCENT, "sru_missing": Column(float, optional=True),
    "standard_of_living_d1_eur": EUROS, "standard_of_living_median_eur": EUROS, "standard_of_living_d9_eur": EUROS,
    "poverty_pct": PERCENT, "qpv2015_share": SHARE, "qpv2024_share": SHARE, "outside_share": SHARE,
}  # fmt: skip
LANDLORDS = {
    "code": WORD, "nom": WORD, "is_hypothetical": Column(bool), "stock_share": SHARE,
    "qpv_share": Column(float, 0, 1, optional=True), "communes": CODES, "favoured_communes": CODES,
    "favoured_share": Column(float, 0, 1, optional=True), "source": WORD, "confidence": CONFIDENCE,
}  # fmt: skip
DISTRIBUTIONS = {
    "table": WORD, "row": WORD, "column": WORD, "value": Column(float, -math.inf), "unit": UNIT, "source": WORD,
    "confidence": CONFIDENCE,
}  # fmt: skip
OBSERVED = {
    "year": Column(int, 1990, 2100), "indicator": WORD, "scope": Column(str, among=SCOPES), "group": WORD,
    "value": Column(float), "unit": UNIT, "source": WORD, "confidence": CONFIDENCE, "note": NOTE,
}  # fmt: skip
SOURCES = {
    "file": WORD, "column": WORD, "source": WORD, "confidence": CONFIDENCE,
    "unit": Column(str, among=PUBLISHED_UNITS), "date": WORD, "note": NOTE,
}  # fmt: skip
SOURCED = {"communes.csv": COMMUNES, "landlords.csv": LANDLORDS}
VALUE_KEYS = ("is", "unit", "label", "source", "confidence")
PART_KEYS = ("name", "confidence", "note")
TERRITORY_KEYS = ("name", "label", "siren", "territoires", "values")


@dataclass(frozen=True)
class Value:
    """One number (or word) of the territory, with where it comes from."""

    name: str
    is_: Scalar
    unit: str
    label: str
    source: str
    confidence: str

    @property
    def is_hypothesis(self) -> bool:
        """Whether no publication supports it."""
        return is_hypothesis(self.source)


def is_hypothesis(source: str) -> bool:
    """Whether a source says that there is none."""
    return source.lower().startswith("hypothèse")


def read_head(reader: Reader) -> Document:
    """Return ``territory.yaml`` with its keys checked."""
    head = reader.document("territory.yaml")
    if head.data:
        reader.keys(head, (), head.data, TERRITORY_KEYS)
    for key in TERRITORY_KEYS[:3]:
        if key in head.data and not (isinstance(head.data[key], str) and head.data[key]):
            reader.faults.append(head.fault((key,), f"{key} must be a text (quoted if it looks like a number)"))
    return head


def read_territoires(reader: Reader, head: Document) -> list[str]:
    """Return the names of the parts of the territory."""
    names: list[str] = []
    listed = head.data.get("territoires", [])
    for number, part in enumerate(listed if isinstance(listed, list) else []):
        at = ("territoires", number)
        if not reader.keys(head, at, part, PART_KEYS):
            continue
        if part["confidence"] not in CONFIDENCES:
            reader.faults.append(head.fault(at, f"unknown confidence {quoted(part['confidence'])}"))
        if part["name"] in names or not (isinstance(part["name"], str) and part["name"]):
            reader.faults.append(head.fault(at, f"territoire {quoted(part['name'])} is given twice or is no text"))
        names.append(str(part["name"]))
    if "territoires" in head.data and not names:
        reader.faults.append(head.fault(("territoires",), f"territoires must list: {', '.join(PART_KEYS)}"))
    return names


def read_values(reader: Reader, head: Document) -> dict[str, Value]:
    """Return the scalars of ``territory.yaml`` and of every ``values*.yaml``, refusing two of one name."""
    documents = [head, *(reader.document(path.name) for path in sorted(reader.folder.glob("values*.yaml")))]
    values: dict[str, Value] = {}
    for document in documents:
        if document.data and document is not head:
            reader.keys(document, (), document.data, ("values",))
        block = document.data.get("values", {})
        if not isinstance(block, dict):
            reader.faults.append(
                document.fault(("values",), f"values must be a map: name: {{{', '.join(VALUE_KEYS)}}}")
            )
            continue
        for name, entry in block.items():
            at = ("values", name)
            if str(name) in values:
                reader.faults.append(document.fault(at, f"value {quoted(name)} is given in another file too"))
            if reader.keys(document, at, entry, VALUE_KEYS):
                values[str(name)] = _value(reader, document, at, entry)
    if "values" in head.data and "base_year" not in values:
        reader.faults.append(head.fault(("values",), "missing value 'base_year': year of the money"))
    return values


def _value(reader: Reader, document: Document, at: tuple[Any, ...], entry: dict[str, Any]) -> Value:
    name, unit = str(at[-1]), str(entry["unit"])
    wrong = []
    if unit not in UNITS:
        wrong.append(f"unknown unit {quoted(unit)}{nearest(unit, UNITS)}")
    elif misfit := unfit(entry["is"], unit):
        wrong.append(misfit)
    if entry["confidence"] not in CONFIDENCES:
        wrong.append(f"unknown confidence {quoted(entry['confidence'])}")
    wrong += [f"{key} is empty" for key in ("label", "source") if not (isinstance(entry[key], str) and entry[key])]
    reader.faults.extend(document.fault(at, f"value {quoted(name)}: {text}") for text in wrong)
    return Value(name, entry["is"], *(str(entry[key]) for key in VALUE_KEYS[1:]))


def unfit(number: Any, unit: str) -> str:
    """Return what is wrong with a value in its unit, or an empty string."""
    if unit == "bool" or isinstance(number, bool):
        return "" if unit == "bool" and isinstance(number, bool) else f"is {number!r}, in unit {unit}"
    if unit in ("name", "date", "id"):
        return "" if isinstance(number, str) and number else f"is {number!r}: a text is expected"
    if not isinstance(number, int | float):
        return f"is {quoted(number)}: a number is expected"
    if not math.isfinite(number) or (number < 0 and unit not in SIGNED_UNITS):
        return f"is {number}: a number of at least 0 is expected"
    return f"is {number}: a share is between 0 and 1" if unit == "share" and number > 1 else ""


def _repeated(reader: Reader, file: str, frame: pd.DataFrame, names: list[str]) -> None:
    """Note the rows whose key was given before."""
    for line, row in frame[frame.duplicated(names) & frame[names].astype(bool).all(axis=1)].iterrows():
        reader.say(file, line, f"{' '.join(names)} {quoted(' '.join(str(row[name]) for name in names))} given twice")


def check_communes(reader: Reader, communes: pd.DataFrame, territoires: list[str]) -> None:
    """Check codes, territoires, and the numbers of a commune against each other."""
    file = "communes.csv"
    _repeated(reader, file, communes, ["code_insee"])
    for line, row in communes.iterrows():
        if row["code_insee"] and not re.fullmatch(r"\d[\dAB]\d{3}", row["code_insee"]):
            reader.say(file, line, f"code_insee {quoted(row['code_insee'])}: five characters expected, such as 59350")
        if row["territoire"] and territoires and row["territoire"] not in territoires:
            near = nearest(row["territoire"], territoires)
            reader.say(file, line, f"unknown territoire {quoted(row['territoire'])}{near}")
        if (parts := row[STOCK_PARTS].sum()) > row["ls_total"]:
            reader.say(file, line, f"dwellings let, vacant, empty... are {parts:g}, more than ls_total")
        low, middle, high = (row[f"standard_of_living_{name}_eur"] for name in ("d1", "median", "d9"))
        if low > middle or middle > high:
            reader.say(file, line, "standards of living must ascend: d1, median, d9")


def check_landlords(reader: Reader, landlords: pd.DataFrame, communes: pd.DataFrame) -> None:
    """Check that landlords share the whole stock and that the communes can hold what is said of each."""
    file = "landlords.csv"
    _repeated(reader, file, landlords, ["code"])
    codes = set(communes["code_insee"])
    offered = communes.set_index("code_insee")[["ls_let", "ls_vacant"]].sum(axis=1)
    in_qpv = (offered * communes.set_index("code_insee")["qpv2015_share"]).sum()
    for line, row in landlords.iterrows():
        for name in ("communes", "favoured_communes"):
            for code in row[name]:
                if codes and code not in codes:
                    reader.say(file, line, f"{name}: unknown commune {quoted(code)}{nearest(code, codes)}")
        if bool(row["favoured_communes"]) != (not math.isnan(row["favoured_share"])):
            reader.say(file, line, "favoured_communes and favoured_share go together")
        there = offered[offered.index.isin(row["communes"])].sum()
        if row["communes"] and row["stock_share"] * offered.sum() > there > 0:
            reader.say(file, line, f"its stock is more than the {there:g} dwellings offered in its communes")
        if row["source"] and row["is_hypothetical"] != is_hypothesis(row["source"]):
            reader.say(file, line, "is_hypothetical is true exactly when the source starts with 'hypothèse'")
    if len(landlords) and abs((total := landlords["stock_share"].sum(skipna=False)) - 1) > SUM_TOLERANCE:
        reader.say(file, 1, f"stock_share sums to {total:.6g}, not to 1")
    known = (landlords["stock_share"] * landlords["qpv_share"]).sum() * offered.sum()
    if known > in_qpv > 0:
        reader.say(file, 1, f"landlords hold {known:.0f} dwellings in QPV, the communes only {in_qpv:.0f}")


def check_distributions(reader: Reader, rows: pd.DataFrame) -> None:
    """Check ranges, complete tables, and the sum of each row of shares.

    A table in unit ``share`` splits a whole, so each row sums to 1, unless the name of the table or of
    its columns ends in ``share``: then every cell is a probability of its own.
    """
    file = "distributions.csv"
    _repeated(reader, file, rows, ["table", "row", "column"])
    for line, row in rows.iterrows():
        if row["unit"] in UNITS and not math.isnan(row["value"]) and (wrong := unfit(row["value"], row["unit"])):
            reader.say(file, line, f"{row['table']}: value {wrong}")
    for table, group in rows.groupby("table", sort=False):
        columns = group["column"].nunique()
        if group["unit"].nunique() > 1:
            reader.say(file, group.index[0], f"{table}: one unit per table expected")
        apart = str(table).endswith("share") or group["column"].str.endswith("share").all()
        for name, cells in group.groupby("row", sort=False):
            if len(cells) < columns:
                reader.say(file, cells.index[0], f"{table}, row {name!r}: {len(cells)} columns of {columns}")
            total = cells["value"].sum(skipna=False)
            if not apart and (cells["unit"] == "share").all() and abs(total - 1) > SUM_TOLERANCE:
                reader.say(file, cells.index[0], f"{table}, row {name!r}: shares sum to {total:.6g}, not to 1")


def check_sources(reader: Reader, sources: pd.DataFrame) -> None:
    """Check that every column of communes and landlords has a source, and each source its column."""
    file = "sources.csv"
    _repeated(reader, file, sources, ["file", "column"])
    told = set(zip(sources["file"], sources["column"], strict=True))
    known = {(name, column) for name, columns in SOURCED.items() for column in columns}
    own = {("landlords.csv", "source"), ("landlords.csv", "confidence")}
    for line, row in sources.iterrows():
        if (row["file"], row["column"]) not in known:
            near = nearest(row["column"], SOURCED.get(row["file"], ()))
            reader.say(file, line, f"no column {quoted(row['column'])} in {quoted(row['file'])}{near}")
    for name, column in sorted(known - own - told) if len(sources) else ():
        reader.say(file, 1, f"no source for column {column!r} of {name}")
