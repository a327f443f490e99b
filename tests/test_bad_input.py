"""Bad input: every fault at once, one short line each, with the file, the line and the nearest right spelling."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sim.inputs.faults import Fault, Faults
from sim.inputs.files import scenarios_dir
from sim.inputs.grids import load_grid
from sim.inputs.scenario import load


def told(*arguments: object, **options: object) -> list[str]:
    """Return the lines told when loading, checking that each is one short line with file and line."""
    with pytest.raises(Faults) as caught:
        load(*arguments, **options)  # type: ignore[arg-type]
    lines = [str(fault) for fault in caught.value.faults]
    for line in lines:
        assert re.match(r"[^:]+:\d+: \S", line), line
        assert len(line) < 200
        assert "\n" not in line
        assert "Traceback" not in line
    return lines


def write(folder: Path, text: str | bytes, name: str = "mine.yaml") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


LAW = "law: {quota.prioritaires: {values: [%s]}}"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("rules:\n  designatoin: {name: cotation}", 3, "key 'designatoin' in rules; did you mean 'designation'"),
        ("flows:\n  arrivals:\n    on: true\n    peryear: 3", 5, "did you mean 'per_year'"),
        ("seed: 3", 2, "unknown key 'seed'; it belongs to run"),
        ("titel: x", 2, "did you mean 'title'"),
        ("run:\n  seed: many", 3, "run/seed must be a whole number, not 'many'"),
        ("run: {seed: 2.5}", 2, "run/seed must be a whole number, not 2.5"),
        ("run:\n  start: '2022-01-01'", 3, "run/start must be a date such as 2024-01-01"),
        ("run:\n  start: 2022-02-30", 3, "run/start must be a date"),
        ("run: 3", 2, "run must be a map of keys, not 3"),
        ("run:", 2, "run must be a map of keys, not None"),
        ("title: 12", 2, "title must be text"),
        ("flows: {arrivals: {on: no}}", 2, "flows/arrivals/on must be true or false, not 'no'"),
        ("rules:\n  reservation: {etat: '0,25'}", 3, "rules/reservation/etat must be a number, not '0,25'"),
        ("flows: {deliveries: {per_year: -5}}", 2, "flows/deliveries/per_year must be at least 0.0, not -5"),
        ("flows:\n  exits:\n    per_year_share: {2022: -0.1}", 4, "flows/exits/per_year_share/2022 is negative"),
        ("rules: {affordability: {energy_eur_month_m2: -1}}", 2, "must be at least 0.0"),
        ("rules: {reservation: {etat: 0.9}}", 2, "shares of rules/reservation add up to 1.25"),
        ("rules: {designation: {name: hasard}}", 2, "'hasard' is not one of pratique, anciennete, cotation"),
        ("rules: {designation: {grid: demonstrtion}}", 2, "unknown grid 'demonstrtion'; did you mean 'demonstration'"),
        ("rules:\n  steering:\n    name: aucun\n    objectives:\n      - quota.prioritaire", 6, "unknown objective"),
        ("rules: {steering: {name: objectifs}}", 2, "objectives is empty"),
        ("territory: mle", 2, "unknown territory 'mle'; did you mean 'mel'"),
        ("run: {start: 2025-01-01,\n  end: 2024-01-01}", 3, "run/end 2024-01-01 is before run/start 2025-01-01"),
        ("flows: {arrivals: {seasonality: [1, 2]}}", 2, "must hold 12 values, not 2"),
        ("run: {seed: 1, seed: 2}", 2, "key 'seed' is given twice (first on line 2)"),
        ("law:\n  quota.prioritaire: {values: []}", 3, "did you mean 'quota.prioritaires'"),
        (LAW % "{from: 2027-01-01, is: 0.6, reference: R},\n {from: 2027-01-01, is: 0.7, reference: R}", 3,
         "overlapping dates"),
        (LAW % "{from: 2027-01-01, is: 0.6}", 2, "must have a reference"),
        (LAW % "{from: 2027-01-01, is: -0.6, reference: R}", 2, "is negative"),
        (LAW % "{from: 2027-01-01, is: 60, reference: R}", 2, "is not a share"),
        ("law: {quota.prioritaires: {is: 3}}", 2, "unknown key 'is' in law/quota.prioritaires"),
        ("law: 3", 2, "law must be a map"),
        ("a: [", 3, "not YAML"),
        ("a: &x 1\nb: *x", 2, "anchors"),
        ("a: !!python/object:os.system x", 2, "tags"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_line_and_the_right_spelling(tmp_path: Path, text: str, line: int, words: str) -> None:
    lines = told(write(tmp_path, f"extends: reference\n{text}\n"))
    assert len(lines) == 1, lines
    assert words in lines[0], lines
    assert f"mine.yaml:{line}: " in lines[0], lines


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the file is empty"),
        (b"\n# only a comment\n", "the file is empty"),
        (b"\x89PNG\r\n\x1a\n\x00\xff", "not a text file in UTF-8"),
        (b"title: a\x00b", "a binary file"),
        (b"- a\n- b\n", "must be a map of keys"),
        (b"just words", "must be a map of keys"),
        (b"run: {seed: 1}", "title is missing"),
        (b"[" * 1500, "nested too deeply"),
    ],
)
def test_files_that_are_no_scenario(tmp_path: Path, content: bytes, words: str) -> None:
    lines = told(write(tmp_path, content))
    assert len(lines) == 1
    assert words in lines[0]


def test_files_that_are_not_there(tmp_path: Path) -> None:
    assert "no such file" in told(tmp_path / "absent.yaml")[0]
    assert "no scenario named 'referense'; did you mean 'reference'" in told("referense")[0]
    (tmp_path / "folder.yaml").mkdir()
    assert "is a folder" in told(tmp_path / "folder.yaml")[0]
    assert told("") != []


def test_parents_that_cannot_be(tmp_path: Path) -> None:
    absent = told(write(tmp_path, "title: x\nextends: referenc\n"))
    assert "mine.yaml:2: no scenario named 'referenc'; did you mean 'reference'" in absent[0]
    itself = told(write(tmp_path, "extends: mine\n"))
    assert "mine.yaml:1: a scenario cannot extend itself" in itself[0]
    write(tmp_path, "title: x\nextends: third.yaml\n", "second.yaml")
    write(tmp_path, "\nextends: mine.yaml\n", "third.yaml")
    circle = told(write(tmp_path, "extends: second.yaml\n"))
    assert "third.yaml:2: extends goes round in a circle: mine -> second -> third -> mine" in circle[0]
    two = told(write(tmp_path, "extends: [reference, cia]\n"))
    assert "the name or the path of one scenario" in two[0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("seed=3", "unknown key 'seed'; it belongs to run"),
        ("run/sed=3", "did you mean 'run/seed'"),
        ("rules.designatoin.name=x", "did you mean 'rules/designation'"),
        ("rules/designation=cotation", "a group of keys: give one of them, such as rules/designation/name"),
        ("run/seed/deep=3", "nothing lies below run/seed"),
        ("run/seed", "write KEY=VALUE"),
        ("=3", "write KEY=VALUE"),
        ("run/seed=x", "run/seed must be a whole number"),
        ("run/seed=[", "not YAML"),
        ("run/seed=", "give one value or a list"),
        ("run={seed: 3}", "give one value or a list"),
        ("law/quota.prioritaire@2027-01-01=0.6", "did you mean 'quota.prioritaires'"),
        ("law/quota.prioritaires=0.6", "law/quota.prioritaires@DATE=VALUE"),
        ("law/quota.prioritaires@soon=0.6", "law/quota.prioritaires@DATE=VALUE"),
        ("law/quota.prioritaires@2027-01-01=60", "is not a share"),
        ("extends=cia", "unknown key 'extends'"),
        ("flows/arrivals/per_year=1e999", "must be a number"),
    ],
)
def test_overrides_that_cannot_be(text: str, words: str) -> None:
    lines = told("reference", ["run/replications=2", text])
    assert len(lines) == 1, lines
    assert lines[0].startswith("--override:2: ")
    assert words in lines[0]


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    text = "extends: reference\nrun: {seed: x}\nflows: {exit: {}}\nlaw: {nothing: {}}\ntitle: 3\n"
    lines = told(write(tmp_path, text), ["foo=1"])
    assert len(lines) == 5
    assert [int(line.split("mine.yaml:")[1].split(":")[0]) for line in lines if "mine.yaml" in line] != []


def test_a_fault_of_a_parent_names_the_parent(tmp_path: Path) -> None:
    write(tmp_path, "extends: reference\n\nrun: {seed: x}\n", "parent.yaml")
    assert "parent.yaml:3: run/seed" in told(write(tmp_path, "extends: parent\ntitle: x\n"))[0]


def test_a_run_option_out_of_its_limits_names_the_option() -> None:
    assert told("reference", (), replications=0)[0].startswith("--replications:1: run/replications must be at least 1")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("dalo: 50", "dallo: 50", "unknown criterion 'dallo'; did you mean 'dalo'"),
        ("dalo: 50", "dalo: fifty", "criteria/dalo must be a number, not 'fifty'"),
        ("refusal_points: -10", "refusal_points: 10", "refusal_points must be at most 0"),
        ("cap_months: 48", "cap_month: 48", "unknown key 'cap_month' in seniority; did you mean 'cap_months'"),
        ("title:", "titre:", "title"),
    ],
)
def test_grids_that_cannot_be(tmp_path: Path, old: str, new: str, words: str) -> None:
    shipped = (scenarios_dir() / "grids" / "demonstration.yaml").read_text(encoding="utf-8")
    path = write(tmp_path, shipped.replace(old, new), "grid.yaml")
    with pytest.raises(Faults) as caught:
        load_grid(str(path), ["dalo", *re.findall(r"^  (\w+):", shipped, re.M)])
    assert any(words in str(fault) for fault in caught.value.faults)


def test_a_long_message_is_shortened() -> None:
    assert len(str(Fault("a" * 300 + ".yaml", 12, "b" * 300))) < 200
    assert str(Fault("a.yaml", 3, "two\nlines")) == "a.yaml:3: two lines"
