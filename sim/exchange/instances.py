"""Exchange instances in files: JSON (nodes and edges) and PrefLib's ``.wmd``; what ``simhlm exchange`` answers."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sim.exchange.graph import SwapGraph, from_edges
from sim.exchange.mechanisms import Exchange
from sim.inputs.faults import Fault, Faults, quoted, shown
from sim.words.registry import nearest


@dataclass(frozen=True)
class Instance:
    """A graph read from a file.

    ``is_flipped``: an edge of the file gives instead of taking (kidneys): members are listed the other way.
    """

    graph: SwapGraph
    is_flipped: bool = False


def read_instance(path: Path) -> Instance:
    """Read an instance; ``Faults`` with one line per fault.

    JSON: ``{"nodes": [{"id": ..., "vacant": false}], "edges": [{"from": ..., "to": ..., "weight": 1}]}``; an edge
    says that ``from`` would take the dwelling of ``to``, ``vacant`` is an empty dwelling.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Faults([Fault(shown(path), 1, f"cannot be read: {type(error).__name__}")]) from None
    return _wmd(path, text) if path.suffix == ".wmd" else _json(path, text)


def _json(path: Path, text: str) -> Instance:
    file = shown(path)
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise Faults([Fault(file, error.lineno, f"not JSON: {error.msg}")]) from None
    except RecursionError:
        raise Faults([Fault(file, 1, "not an instance: nested too deep")]) from None
    lists = isinstance(data, dict) and [data.get("nodes"), data.get("edges")]
    if not lists or not all(isinstance(part, list) for part in lists):
        raise Faults([Fault(file, 1, 'an instance is {"nodes": [...], "edges": [...]}')])
    ids, vacant, faults = _nodes(file, data["nodes"])
    rows, wrong = _edges(file, data["edges"], ids, vacant)
    if faults or wrong:
        raise Faults([*faults, *wrong])
    return Instance(_graph(rows, list(ids), vacant))


def _nodes(file: str, nodes: list[Any]) -> tuple[dict[Any, int], np.ndarray, list[Fault]]:
    ids: dict[Any, int] = {}
    vacant, faults = np.zeros(len(nodes), dtype=bool), []
    for rank, node in enumerate(nodes):
        name = node.get("id") if isinstance(node, dict) else None
        if not isinstance(name, str | int) or isinstance(name, bool):
            faults.append(Fault(file, 1, f'node {rank + 1}: {{"id": a text or a whole number}} is wanted'))
        elif name in ids:
            faults.append(Fault(file, 1, f"node {rank + 1}: {quoted(name)} is already a node"))
        elif not isinstance(node.get("vacant", False), bool):
            faults.append(Fault(file, 1, f"node {quoted(name)}: vacant is true or false"))
        else:
            vacant[rank] = node.get("vacant", False)
            ids[name] = rank
    return ids, vacant, faults


def _edges(
    file: str, edges: list[Any], ids: dict[Any, int], vacant: np.ndarray
) -> tuple[list[tuple[int, int, float]], list[Fault]]:
    rows: dict[tuple[int, int], float] = {}
    faults = []
    for rank, edge in enumerate(edges):
        if not isinstance(edge, dict) or "from" not in edge or "to" not in edge:
            faults.append(Fault(file, 1, f'edge {rank + 1}: {{"from": ..., "to": ..., "weight": ...}} is wanted'))
            continue
        ends, weight = [edge["from"], edge["to"]], edge.get("weight", 1.0)
        unknown = [end for end in ends if not isinstance(end, str | int) or isinstance(end, bool) or end not in ids]
        is_number = isinstance(weight, int | float) and not isinstance(weight, bool)
        place = f"edge {rank + 1}, {quoted(ends[0])} to {quoted(ends[1])}"
        if unknown:
            faults.append(Fault(file, 1, f"{place}: {quoted(unknown[0])} is no node{nearest(str(unknown[0]), ids)}"))
        elif not is_number or not math.isfinite(weight) or weight < 0:
            faults.append(Fault(file, 1, f"{place}: weight {quoted(weight)} is not a finite number, 0 or more"))
        elif ends[0] == ends[1]:
            faults.append(Fault(file, 1, f"{place}: a tenant already has its own dwelling"))
        elif vacant[ids[ends[0]]]:
            faults.append(Fault(file, 1, f"{place}: an empty dwelling takes nothing"))
        elif (ids[ends[0]], ids[ends[1]]) in rows:
            faults.append(Fault(file, 1, f"{place}: given twice"))
        else:
            rows[ids[ends[0]], ids[ends[1]]] = float(weight)
    return [(u, v, weight) for (u, v), weight in rows.items()], faults


def _graph(rows: list[tuple[int, int, float]], ids: list[Any], vacant: np.ndarray) -> SwapGraph:
    table = np.array(rows, dtype=np.float64).reshape(-1, 3)
    tails, heads = table[:, 0].astype(np.int64), table[:, 1].astype(np.int64)
    return from_edges(len(ids), tails, heads, table[:, 2], is_vacant=vacant, ids=ids)


def _wmd(path: Path, text: str) -> Instance:
    """Read a kidney instance of PrefLib: an edge a, b, w says that the donor of a may give to the patient of b.

    A donor without patient is a node that edges enter with weight 0 only (they stand for the end of its chain).
    """
    file = shown(path)
    names: dict[str, str] = {}
    rows: list[tuple[str, str, float]] = []
    faults: list[Fault] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith("# ALTERNATIVE NAME"):
            key, _, name = line.partition(":")
            names[key.split()[-1]] = name.strip()
        elif line.strip() and not line.startswith("#"):
            parts = [part.strip() for part in line.split(",")]
            try:
                rows.append((parts[0], parts[1], float(parts[2])))
                is_right = len(parts) == 3 and math.isfinite(float(parts[2])) and float(parts[2]) >= 0
            except (ValueError, IndexError):
                is_right = False
            if not is_right or not {parts[0], parts[1]} <= set(names):
                faults.append(Fault(file, number, f"{quoted(line)} is not: node, node, weight of nodes named above"))
    if not names:
        faults.append(Fault(file, 1, "no line '# ALTERNATIVE NAME 1: ...': not a .wmd file of PrefLib"))
    if faults:
        raise Faults(faults)
    ids = list(names)
    place = {name: rank for rank, name in enumerate(ids)}
    entered, gives = np.full(len(ids), -1.0), np.zeros(len(ids), dtype=bool)
    for a, b, weight in rows:
        entered[place[b]] = max(entered[place[b]], weight)
        gives[place[a]] |= weight > 0
    vacant = (entered == 0) & gives
    kept = {(place[b], place[a]): w for a, b, w in rows if not vacant[place[b]] and a != b}
    return Instance(_graph([(u, v, w) for (u, v), w in kept.items()], [_plain(i) for i in ids], vacant), True)


def _plain(name: str) -> int | str:
    return int(name) if name.isdigit() else name


def answer(instance: Instance, found: Exchange) -> dict[str, Any]:
    """Return what ``simhlm exchange --json`` prints (contract): every member takes the dwelling of the next.

    In ``chains``, the last one takes an empty dwelling, and that of the first goes back to the waiting list.
    """

    def named(members: list[int]) -> list[Any]:
        ordered = list(reversed(members)) if instance.is_flipped else members
        return [instance.graph.name(node) for node in ordered]

    return {
        "mechanism": found.mechanism,
        "moved": found.moved,
        "weight": found.weight,
        "cycles": [named(cycle) for cycle in found.cycles],
        "chains": [named(chain) for chain in found.chains],
        "bound": found.bound,
        "gap": found.gap,
        "optimal": found.is_optimal,
        "seconds": round(found.seconds, 3),
    }
