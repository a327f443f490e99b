"""Reads the text files of a folder, cell by cell, and gathers every fault with its line."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from sim.inputs.faults import Fault, Faults, quoted, shown
from sim.inputs.yaml_lines import Document, read_file
from sim.words.registry import nearest


class Column(NamedTuple):
    """What a column of a file may hold: ``low`` and ``high`` bound numbers, ``among`` bounds words."""

    kind: type
    low: float = 0.0
    high: float = math.inf
    optional: bool = False
    among: tuple[str, ...] = ()
    many: bool = False

    @property
    def nothing(self) -> Any:
        """What stands for a cell that is empty or wrong."""
        return () if self.many else "" if self.kind is str else None


class Reader:
    """Reads the files of one folder and gathers their faults; frames are indexed by line number until the end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.faults: list[Fault] = []
        self.files: dict[str, Path] = {}

    def say(self, file: str, line: Hashable, text: str) -> None:
        """Note one fault."""
        self.faults.append(Fault(shown(self.folder / file), int(str(line)), text))

    def text(self, file: str) -> str:
        """Return the text of a file, or an empty string after noting why there is none."""
        path = self.folder / file
        try:
            text = path.read_bytes().decode("utf-8-sig")
        except OSError as error:
            self.say(file, 1, "missing file" if not path.exists() else f"cannot be read: {error.strerror}")
        except UnicodeDecodeError as error:
            self.say(file, error.object[: error.start].count(b"\n") + 1, "not a text file in UTF-8")
        else:
            self.files[file] = path
            if "\0" in text:
                self.say(file, 1, "binary file: a text file in UTF-8 is expected")
            elif not text.strip():
                self.say(file, 1, "empty file")
            else:
                return text
        return ""

    def table(self, file: str, columns: Mapping[str, Column]) -> pd.DataFrame:
        """Return a CSV file as a frame indexed by line; what is wrong becomes NaN or an empty word."""
        lines = csv.reader(io.StringIO(self.text(file), newline=""), strict=True)
        rows: dict[int, list[str]] = {}
        header: list[str] = []
        try:
            header = [name.strip() for name in next(lines, [])]
            for cells in lines:
                rows[lines.line_num] = [cell.strip() for cell in cells]
        except csv.Error as error:
            self.say(file, max(lines.line_num, 1), f"not a CSV line: {error}")
        if header:
            self._header(file, header, columns)
            if not rows:
                self.say(file, 1, "no row below the header")
        for line, cells in list(rows.items()):
            if len(cells) != len(header):
                self.say(file, line, f"{len(cells)} cells, {len(header)} expected")
                del rows[line]
        place = {name: i for i, name in enumerate(header)}
        read: dict[str, Any] = {}
        for name, column in columns.items():
            if name in place:
                cells_read = [self._cell(file, n, name, cells[place[name]], column) for n, cells in rows.items()]
            else:
                cells_read = [column.nothing] * len(rows)
            wide = object if column.kind is str else bool if column.kind is bool and None not in cells_read else float
            whole = column.kind is int and not column.optional and None not in cells_read
            read[name] = pd.Series(cells_read, index=list(rows), dtype="int64" if whole else wide)
        return pd.DataFrame(read, index=list(rows))

    def _header(self, file: str, header: list[str], columns: Mapping[str, Column]) -> None:
        for name in columns:
            if name not in header:
                self.say(file, 1, f"missing column {name!r}{nearest(name, set(header) - set(columns))}")
        for name in dict.fromkeys(header):
            if header.count(name) > 1:
                self.say(file, 1, f"column {name!r} given twice")
            if name not in columns:
                self.say(file, 1, f"unknown column {quoted(name)}{nearest(name, columns)}")

    def _cell(self, file: str, line: int, name: str, text: str, column: Column) -> Any:
        if column.many:
            return tuple(text.split())
        if not text:
            if not column.optional:
                self.say(file, line, f"{name} is empty")
            return column.nothing
        what = quoted(text)
        if column.kind is str:
            if column.among and text not in column.among:
                self.say(file, line, f"unknown {name} {what}{nearest(text, column.among)}")
            return text
        if column.kind is bool:
            if text not in ("true", "false"):
                self.say(file, line, f"{name} is {what}: true or false expected")
            return text == "true"
        try:
            number = int(text) if column.kind is int else float(text)
        except ValueError:
            self.say(file, line, f"{name} is {what}: a{' whole' if column.kind is int else ''} number expected")
            return None
        if not (column.low <= number <= column.high and math.isfinite(number)):
            self.say(file, line, f"{name} is {what}: between {column.low:g} and {column.high:g} expected")
            return None
        return number

    def document(self, file: str) -> Document:
        """Return a YAML file with its lines, or an empty document after noting why."""
        path = self.folder / file
        try:
            document = read_file(path)
        except Faults as error:
            self.faults.extend(error.faults)
            return Document(shown(path))
        self.files[file] = path
        return document

    def keys(self, document: Document, at: tuple[Any, ...], tree: Any, expected: tuple[str, ...]) -> bool:
        """Note the keys that a mapping lacks or should not have; return whether it is as expected."""
        of = f"{quoted(at[-1])}: " if at else ""
        if not isinstance(tree, dict):
            self.faults.append(document.fault(at, f"{of}a map is expected: {', '.join(expected)}"))
            return False
        for key in expected:
            if key not in tree:
                self.faults.append(document.fault(at, f"{of}missing key {key!r}"))
        for key in tree:
            if key not in expected:
                near = nearest(str(key), expected)
                self.faults.append(document.fault((*at, key), f"{of}unknown key {quoted(str(key))}{near}"))
        return set(tree) == set(expected)
