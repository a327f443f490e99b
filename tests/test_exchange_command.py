"""``simhlm exchange``: instances read, what is wrong said in one line, the answer of the contract."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sim.cli import app, guarded
from sim.exchange.instances import read_instance
from sim.inputs.faults import Faults

RING = {
    "nodes": [{"id": "a"}, {"id": "b", "rooms": 3}, {"id": 3}, {"id": "d"}, {"id": "vide", "vacant": True}],
    "edges": [
        {"from": "a", "to": "b", "weight": 1},
        {"from": "b", "to": 3, "weight": 1.0},
        {"from": 3, "to": "a", "weight": 1},
        {"from": "b", "to": "a"},
        {"from": "d", "to": "vide", "weight": 1},
    ],
}

KIDNEYS = """# FILE NAME: toy.wmd
# NUMBER ALTERNATIVES: 4
# NUMBER EDGES: 6
# ALTERNATIVE NAME 1: Pair 1
# ALTERNATIVE NAME 2: Pair 2
# ALTERNATIVE NAME 3: Pair 3
# ALTERNATIVE NAME 4: Altruist 4
1,2,1.0
2,3,1.0
3,1,1.0
1, 4, 0.0
3,4,0.0
4,2,1.0
"""


def command(*arguments: str) -> int:
    return guarded(lambda: app(list(arguments), standalone_mode=False) or None)


def write(path: Path, content: Any) -> str:
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("mechanism", "moved"), [("none", 0), ("pairs", 2), ("cycles", 3), ("ttc", 3), ("greedy", 2), ("chains", 4)]
)
def test_json_answer_is_that_of_the_contract(
    mechanism: str, moved: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("exchange", write(tmp_path / "i.json", RING), "--mechanism", mechanism, "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert {"mechanism", "moved", "weight", "cycles", "bound", "gap", "optimal", "seconds"} <= set(answer)
    edges = {(e["from"], e["to"]) for e in RING["edges"]}
    for cycle in answer["cycles"]:
        assert all((u, v) in edges for u, v in zip(cycle, [*cycle[1:], cycle[0]], strict=True))
    assert answer["bound"] >= answer["weight"] >= answer["moved"] - 1e-9
    if mechanism != "ttc":  # equal weights: the order of the file decides whom b prefers
        assert answer["moved"] == moved
    assert answer["chains"] == ([["d", "vide"]] if mechanism == "chains" else [])


def test_length_and_survival_are_options(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path / "i.json", RING)
    assert command("exchange", file, "--max-length", "2", "--json") == 0
    assert json.loads(capsys.readouterr().out)["moved"] == 2
    assert command("exchange", file, "--survival", "0.5", "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["moved"] == 2  # a pair is worth 0.5, the triangle 0.375
    assert answer["weight"] == pytest.approx(0.5)
    assert command("exchange", file) == 0
    assert "a -> b -> 3" in capsys.readouterr().out


def test_kidney_instances_are_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path / "toy.wmd", KIDNEYS)
    graph = read_instance(Path(file)).graph
    assert graph.is_vacant.tolist() == [False, False, False, True]
    assert command("exchange", file, "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["moved"] == 3
    cycle = answer["cycles"][0]  # in the direction of the file: who gives to whom
    assert {(u, v) for u, v in zip(cycle, [*cycle[1:], cycle[0]], strict=True)} == {(1, 2), (2, 3), (3, 1)}
    assert command("exchange", file, "--mechanism", "chains", "--max-length", "2", "--json") == 0
    assert json.loads(capsys.readouterr().out)["chains"] == [[4, 2, 3]]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "i.json:1:"),
        ([1, 2], "an instance is"),
        ({"nodes": [], "edges": {}}, "an instance is"),
        ({"nodes": [1], "edges": []}, "node 1"),
        ({"nodes": [{"id": "a"}, {"id": "a"}], "edges": []}, "already a node"),
        ({"nodes": [{"id": "a", "vacant": 1}], "edges": []}, "vacant is true or false"),
        ({"nodes": [{"id": "alpha"}, {"id": "b"}], "edges": [{"from": "alpa", "to": "b"}]}, "did you mean 'alpha'"),
        ({"nodes": [{"id": "a"}], "edges": [{"from": "a"}]}, "edge 1"),
        ({"nodes": [{"id": "a"}], "edges": [{"from": "a", "to": "a"}]}, "already has its own"),
        ({"nodes": [{"id": "a"}, {"id": "b"}], "edges": [{"from": "a", "to": "b", "weight": "x"}]}, "weight"),
        ({"nodes": [{"id": "a"}, {"id": "b"}], "edges": [{"from": "a", "to": "b", "weight": -1}]}, "weight"),
        ('{"nodes": [{"id": "a"}, {"id": "b"}], "edges": [{"from": "a", "to": "b", "weight": NaN}]}', "weight"),
        ({"nodes": [{"id": "a"}, {"id": "b"}], "edges": [{"from": "a", "to": "b"}] * 2}, "given twice"),
        ({"nodes": [{"id": "a", "vacant": True}, {"id": "b"}], "edges": [{"from": "a", "to": "b"}]}, "takes nothing"),
        ({"nodes": [{"id": "a"}], "edges": [{"from": ["a"], "to": "a"}]}, "is no node"),
    ],
)
def test_bad_input_is_one_line(content: Any, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("exchange", write(tmp_path / "i.json", content)) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert says in lines[0]
    assert len(lines[0]) < 200


@pytest.mark.parametrize(
    ("content", "says"),
    [("1,2,1\n", "toy.wmd:1"), (KIDNEYS + "1,9,1\n", "toy.wmd:14"), (KIDNEYS + "1,2\n", "14"), (KIDNEYS + "x", "14")],
)
def test_bad_kidney_files_are_told_by_line(content: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(Faults, match=says):
        read_instance(Path(write(tmp_path / "toy.wmd", content)))


def test_unknown_mechanism_and_missing_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("exchange", write(tmp_path / "i.json", RING), "--mechanism", "cycle") == 2
    assert "did you mean 'cycles'" in capsys.readouterr().err
    assert command("exchange", str(tmp_path / "none.json")) == 2
    assert "cannot be read" in capsys.readouterr().err
