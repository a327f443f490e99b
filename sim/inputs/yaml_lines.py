"""YAML 1.2 as plain data, with the line of every key: what faults are told with.

The document is only composed into nodes, never constructed: no code of a file can run, and scalars are
read by the YAML 1.2 core schema (``no`` is a word, a duplicate key is a fault) plus ISO dates.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from sim.inputs.faults import Fault, Faults, quoted, shown

Route = tuple[Any, ...]
"""Keys and list ranks that lead to a value."""

_PATTERNS: tuple[tuple[re.Pattern[str], Callable[[str], Any]], ...] = (
    (re.compile(r"~|null|Null|NULL|"), lambda text: None),
    (re.compile(r"true|True|TRUE|false|False|FALSE"), lambda text: text.lower() == "true"),
    (re.compile(r"[-+]?[0-9]{1,30}"), int),
    (re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?"), float),
    (re.compile(r"\d{4}-\d{2}-\d{2}"), dt.date.fromisoformat),
)

_TAGS = {"map", "seq", "str", "null", "bool", "int", "float", "timestamp", "merge", "value"}


@dataclass
class Document:
    """A YAML file: plain data, and the line of each path (line 1 for the whole)."""

    file: str
    data: dict[Any, Any] = field(default_factory=dict)
    lines: dict[Route, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def line(self, path: Route) -> int:
        """Return the line of a path, or of the nearest value around it."""
        while path not in self.lines and path:
            path = path[:-1]
        return self.lines.get(path, 1)

    def fault(self, path: Route, text: str) -> Fault:
        """Return a fault at a path of this document."""
        return Fault(self.file, self.line(path), text)


def read_scalar(text: str) -> Any:
    """Return the value that a plain (unquoted) scalar means: null, bool, int, finite float, date or text."""
    for pattern, make in _PATTERNS:
        if pattern.fullmatch(text):
            try:
                value = make(text)
            except ValueError:  # 2022-02-30 looks like a date and is none
                return text
            return text if value in (math.inf, -math.inf) else value
    return text


def read_file(path: Path) -> Document:
    """Read one YAML file.

    Raises
    ------
    Faults
        Missing, a folder, unreadable, binary, empty, not a map at the top, not YAML, or a key given twice.
    """
    file = shown(path)
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise Faults([Fault(file, 1, "no such file")]) from None
    except IsADirectoryError:
        raise Faults([Fault(file, 1, "this is a folder, not a file")]) from None
    except OSError as error:
        raise Faults([Fault(file, 1, f"cannot be read: {error.strerror}")]) from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise Faults([Fault(file, line, "not a text file in UTF-8")]) from None
    if "\x00" in text:
        raise Faults([Fault(file, 1, "a binary file, not text")])
    return read_text(text, file)


def read_text(text: str, file: str) -> Document:
    """Read YAML text; ``file`` is the name that messages give it. Raises ``Faults`` as ``read_file`` does."""
    node = _compose(text, file)
    if node is None or (isinstance(node, ScalarNode) and node.value == ""):
        raise Faults([Fault(file, 1, "the file is empty")])
    if not isinstance(node, MappingNode):
        raise Faults([Fault(file, 1, "must be a map of keys (name: value) at the top")])
    document = Document(file)
    document.data = _plain(node, (), document)
    if document.faults:
        raise Faults(document.faults)
    return document


def read_value(text: str) -> Any:
    """Read a value given on the command line: a scalar, a list or a map.

    Raises
    ------
    ValueError
        When the text is not YAML.
    """
    try:
        node = _compose(text, "value")
        if node is None:
            return None
        document = Document("value")
        value = _plain(node, (), document)
    except Faults as faults:
        raise ValueError(faults.faults[0].text) from None
    if document.faults:
        raise ValueError(document.faults[0].text)
    return value


def _compose(text: str, file: str) -> Node | None:
    try:
        return YAML(typ="safe", pure=True).compose(text)  # type: ignore[no-any-return]
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise Faults([Fault(file, line, f"not YAML: {error.problem or error.context}")]) from None
    except YAMLError as error:
        raise Faults([Fault(file, 1, f"not YAML: {str(error).splitlines()[0]}")]) from None
    except RecursionError:
        raise Faults([Fault(file, 1, "nested too deeply")]) from None


def _plain(node: Node, path: Route, document: Document) -> Any:
    """Turn a node into plain data, filling in the lines and the faults of ``document``."""
    line = node.start_mark.line + 1
    document.lines.setdefault(path, line)
    if node.anchor is not None:  # shared or recursive values would not be what their place says
        document.faults.append(Fault(document.file, line, "anchors (&, *) are not supported: write the value again"))
        return None
    if str(node.tag).removeprefix("tag:yaml.org,2002:") not in _TAGS:
        document.faults.append(Fault(document.file, line, f"tags such as {quoted(str(node.tag))} are not supported"))
        return None
    if isinstance(node, ScalarNode):
        return read_scalar(node.value) if node.style is None else node.value
    if isinstance(node, SequenceNode):
        return [_plain(child, (*path, rank), document) for rank, child in enumerate(node.value)]
    result: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        at = key_node.start_mark.line + 1
        key = _plain(key_node, (*path, None), document) if isinstance(key_node, ScalarNode) else None
        if not isinstance(key, str | int) or isinstance(key, bool):
            document.faults.append(Fault(document.file, at, "a key must be a word or a whole number"))
            continue
        if key in result:
            first = document.lines[(*path, key)]
            text = f"key {quoted(key)} is given twice (first on line {first})"
            document.faults.append(Fault(document.file, at, text))
            continue
        document.lines[(*path, key)] = at
        result[key] = _plain(value_node, (*path, key), document)
    return result
