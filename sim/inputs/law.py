"""Dated legal parameters, each value with the text it comes from.

A reform is a dated value: in ``scenarios/law`` when it is in force, in a scenario when it is a question.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from sim.inputs.faults import Fault, Faults, quoted
from sim.inputs.files import scenarios_dir
from sim.inputs.yaml_lines import Document, Route, read_file
from sim.words.clock import to_date, to_day
from sim.words.codes import UNITS
from sim.words.registry import nearest

STATUSES = ("legal", "cia_mel", "hypothese", "scenario")
CONFIDENCES = ("A", "A-", "B", "B-", "C")
SIGNED_UNITS = ("coefficient", "degree", "points")
DESCRIBING_KEYS = ("counts", "among", "per")
PARAMETER_KEYS = ("label", "unit", "values", *DESCRIBING_KEYS)
VALUE_KEYS = ("from", "is", "status", "reference", "confidence", "url", "note")


@dataclass(frozen=True)
class DatedValue:
    """A value and the day it comes into force (days since 1970-01-01)."""

    from_day: int
    is_: Any
    status: str = "scenario"
    reference: str = ""
    confidence: str = ""
    url: str = ""
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the value as law files write it, with an ISO date; empty notes and addresses are left out."""
        value = self.is_.isoformat() if isinstance(self.is_, dt.date) else self.is_
        row = {
            "from": to_date(self.from_day).isoformat(), "is": value, "status": self.status,
            "reference": self.reference, "confidence": self.confidence, "url": self.url, "note": self.note,
        }  # fmt: skip
        return {key: item for key, item in row.items() if key not in ("url", "note") or item}


@dataclass(frozen=True)
class LawParameter:
    """One legal parameter; ``values`` ascend by date, ``extra`` says who counts, among what and judged by what."""

    name: str
    label: str
    unit: str
    values: tuple[DatedValue, ...]
    extra: Mapping[str, Any] = field(default_factory=dict)

    def at(self, day: int) -> DatedValue:
        """Return the value in force on a day, or raise ``ValueError`` before the first one."""
        rank = bisect_right(self.values, day, key=lambda value: value.from_day)
        if rank == 0:
            asked, first = to_date(day), to_date(self.values[0].from_day)
            raise ValueError(f"{self.name} has no value on {asked}: its first value starts on {first}")
        return self.values[rank - 1]

    def as_dict(self) -> dict[str, Any]:
        """Return the parameter as ``simhlm describe law --json`` lists it."""
        values = [value.as_dict() for value in self.values]
        return {"name": self.name, "label": self.label, "unit": self.unit, "values": values, **self.extra}


class Law(Mapping[str, LawParameter]):
    """Legal parameters by name."""

    def __init__(self, parameters: Mapping[str, LawParameter]) -> None:
        self._parameters = dict(sorted(parameters.items()))

    def __getitem__(self, name: str) -> LawParameter:
        """Return a parameter, or raise ``KeyError`` with the nearest name."""
        try:
            return self._parameters[name]
        except KeyError:
            raise KeyError(f"unknown law parameter {name!r}{nearest(name, self._parameters)}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._parameters)

    def __len__(self) -> int:
        return len(self._parameters)

    def names(self) -> list[str]:
        """Return the names, in alphabetical order."""
        return list(self._parameters)

    def at(self, name: str, day: int) -> Any:
        """Return the value in force on a day (``KeyError`` for the name, ``ValueError`` for the date)."""
        return self[name].at(day).is_


class LawView:
    """The law on the current day of a run; notes every dated value that was read.

    Parameters
    ----------
    law : Law
        Never changed.
    day : int
        Current day, days since 1970-01-01; set it as time passes.
    """

    def __init__(self, law: Law, day: int = 0) -> None:
        self.law, self.day = law, day
        self._read: dict[tuple[str, int], DatedValue] = {}

    def __getitem__(self, name: str) -> Any:
        """Return the value in force on ``day``."""
        value = self.law[name].at(self.day)
        self._read[name, value.from_day] = value
        return value.is_

    @property
    def read(self) -> list[dict[str, Any]]:
        """Every dated value read so far, by name then date: name, from, is, reference, confidence, status."""
        return [{"name": name, **self._read[name, day].as_dict()} for name, day in sorted(self._read)]

    @property
    def unread(self) -> list[str]:
        """Names of the parameters never read."""
        seen = {name for name, _ in self._read}
        return [name for name in self.law if name not in seen]


def law_files(folder: Path | None = None) -> list[Path]:
    """Return the law files, in alphabetical order."""
    return sorted((folder or scenarios_dir() / "law").glob("*.yaml"))


def load_law(folder: Path | None = None) -> Law:
    """Read every file of a folder of law (default: ``scenarios/law``).

    Raises
    ------
    Faults
        A value without reference, a unit outside the closed list, dates that do not ascend, a name in two files...
    """
    return _load_law(tuple((path, path.stat().st_mtime_ns) for path in law_files(folder)))


@lru_cache(maxsize=4)
def _load_law(files: tuple[tuple[Path, int], ...]) -> Law:
    """Read law files, once for each state of them: comparisons load several scenarios."""
    faults: list[Fault] = []
    parameters: dict[str, LawParameter] = {}
    for path, _ in files:
        try:
            document = read_file(path)
        except Faults as found:
            faults += found.faults
            continue
        for name in map(str, document.data):
            if name in parameters:
                faults.append(document.fault((name,), f"{name} is already defined in another law file"))
            made = _parameter(name, document, faults)
            if made is not None:
                parameters[name] = made
    if faults:
        raise Faults(faults)
    return Law(parameters)


def describe_law(folder: Path | None = None) -> list[dict[str, Any]]:
    """Return every parameter with its dated values, as ``simhlm describe law --json`` prints them."""
    return [parameter.as_dict() for parameter in load_law(folder).values()]


def check_law_file(path: Path) -> list[Fault]:
    """Return the faults of one law file."""
    try:
        document = read_file(path)
    except Faults as found:
        return found.faults
    faults: list[Fault] = []
    for name in document.data:
        _parameter(str(name), document, faults)
    return faults


def amend(law: Law, amendments: Mapping[str, tuple[DatedValue, ...]]) -> Law:
    """Return the law with values added; a value of the same date replaces. Names must exist."""
    parameters = dict(law)
    for name, values in amendments.items():
        known = law[name]
        merged = {value.from_day: value for value in (*known.values, *values)}
        ascending = tuple(merged[day] for day in sorted(merged))
        parameters[name] = LawParameter(name, known.label, known.unit, ascending, known.extra)
    return Law(parameters)


def read_values(rows: Any, unit: str, document: Document, route: Route, faults: list[Fault]) -> tuple[DatedValue, ...]:
    """Check the ``values`` of a parameter and return those that are right; faults are appended to ``faults``."""
    if not isinstance(rows, list) or not rows:
        faults.append(document.fault(route, f"{_key(route)} must be a list of dated values {{from: ..., is: ...}}"))
        return ()
    values: list[DatedValue] = []
    last: dt.date | None = None
    for rank, row in enumerate(rows):
        at = (*route, rank)
        texts = [] if isinstance(row, dict) else ["must be a map with from, is and reference"]
        if isinstance(row, dict):
            texts = list(_value_faults(row, unit))
            start = row.get("from")
            if isinstance(start, dt.date):
                if last is not None and start == last:
                    texts.append(f"overlapping dates: two values start on {start}")
                elif last is not None and start < last:
                    texts.append(f"dates must ascend: {start} comes after {last}")
                last = start
        faults += [document.fault(at, f"{_key(at)}: {text}") for text in texts]
        if isinstance(row, dict) and not texts:
            rest = {key: str(row[key]) for key in VALUE_KEYS[2:] if row.get(key) is not None}
            values.append(DatedValue(to_day(row["from"]), row["is"], **rest))
    return tuple(values)


def _key(route: Route) -> str:
    return "/".join(str(part) for part in route if part != "values")


def _value_faults(row: dict[Any, Any], unit: str) -> Iterator[str]:
    for key in row:
        if key not in VALUE_KEYS:
            yield f"unknown key {quoted(key)}{nearest(str(key), VALUE_KEYS)}"
    if not isinstance(row.get("from"), dt.date):
        yield f"'from' must be a date such as 2024-01-01, not {quoted(row.get('from'))}"
    if row.get("is") is None:
        yield "'is' (the value) is missing"
    else:
        yield from amount_faults(row["is"], unit)
    if not isinstance(row.get("reference"), str) or not row["reference"].strip():
        yield "a value must have a reference (the text it comes from)"
    if row.get("status", "scenario") not in STATUSES:
        yield f"status {quoted(row['status'])} is not one of {', '.join(STATUSES)}"
    if row.get("confidence", "C") not in CONFIDENCES:
        yield f"confidence {quoted(row['confidence'])} is not one of {', '.join(CONFIDENCES)}"


def amount_faults(value: Any, unit: str) -> Iterator[str]:
    """Yield what is wrong with a value (or a list of values) of a unit."""
    for item in value if isinstance(value, list) else [value]:
        if unit in ("date", "name"):
            if not isinstance(item, str | dt.date):
                yield f"{quoted(item)} is not a {unit}"
        elif unit == "bool":
            if not isinstance(item, bool):
                yield f"{quoted(item)} is not true or false"
        elif isinstance(item, bool) or not isinstance(item, int | float):
            yield f"{quoted(item)} is not a number ({unit})"
        elif item < 0 and unit not in SIGNED_UNITS:
            yield f"{item} is negative: a value in {unit} cannot be"
        elif unit == "share" and item > 1:
            yield f"{item} is not a share: write 0.25 for 25 %"


def _parameter(name: str, document: Document, faults: list[Fault]) -> LawParameter | None:
    """Return one parameter of a law file, or ``None`` when something is wrong with it."""
    before = len(faults)
    block = document.data.get(name)
    if not isinstance(block, dict):
        faults.append(document.fault((name,), f"{name} must be a map with label, unit and values"))
        return None
    for key in block:
        if key not in PARAMETER_KEYS:
            text = f"{name}: unknown key {quoted(key)}{nearest(str(key), PARAMETER_KEYS)}"
            faults.append(document.fault((name, key), text))
    if not isinstance(block.get("label"), str):
        faults.append(document.fault((name,), f"{name}: a label in French is missing"))
    unit = block.get("unit")
    if unit not in UNITS:
        text = f"{name}: unknown unit {quoted(unit)}{nearest(str(unit), UNITS)}"
        faults.append(document.fault((name, "unit"), text))
    values = read_values(block.get("values"), str(unit), document, (name, "values"), faults)
    if len(faults) > before:
        return None
    extra = {key: block[key] for key in DESCRIBING_KEYS if key in block}
    return LawParameter(name, block["label"], str(unit), values, extra)
