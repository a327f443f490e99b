"""The documents keep their word: commands, folders and files that they name exist."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
SET_UP = (
    "python3 -m venv .venv && .venv/bin/pip install -q -r requirements.lock"
    " && .venv/bin/pip install -q --no-deps --no-build-isolation . && "
)


@pytest.mark.parametrize("last", [".venv/bin/simhlm run reference", ".venv/bin/python -m pytest -q"])
def test_readme_gives_each_command_once_in_one_line(last: str) -> None:
    assert README.splitlines().count(SET_UP + last) == 1


@pytest.mark.parametrize("last", [r".venv\Scripts\simhlm run reference", r".venv\Scripts\python -m pytest -q"])
def test_readme_gives_the_same_commands_for_windows(last: str) -> None:
    windows = SET_UP.replace("python3", "py -3").replace(".venv/bin/", ".venv\\Scripts\\")
    assert README.splitlines().count(f'cmd /c "{windows}{last}"') == 1


def test_ci_takes_the_test_command_from_the_readme() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    pattern = re.search(r"grep -E '([^']+)' README\.md", script)
    assert pattern is not None
    assert [line for line in README.splitlines() if re.search(pattern[1], line)] == [
        SET_UP + ".venv/bin/python -m pytest -q"
    ]
    assert "pytest -q" not in script


def test_readme_maps_every_folder() -> None:
    section = README.split("## Folder map")[1].split("\n## ")[0]
    named = {Path(name) for name in re.findall(r"^\| `([^`]+)/` \|", section, flags=re.MULTILINE)}
    rooms = {path.parent.relative_to(ROOT) for path in (ROOT / "sim").glob("*/__init__.py")}
    assert all((ROOT / folder).is_dir() for folder in named)
    assert rooms <= named


@pytest.mark.parametrize("text", [README, CONTRIBUTING], ids=["README", "CONTRIBUTING"])
def test_paths_named_exist(text: str) -> None:
    named = re.findall(r"`((?:sim|scenarios|tests|calibration|notebooks|\.ci)/[\w./-]*)`", text)
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_links_inside_the_readme_lead_somewhere() -> None:
    titles = {
        re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-")
        for title in re.findall(r"^#+ (.+)", README, re.M)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", README)) <= titles


@pytest.mark.parametrize("command", sorted(set(re.findall(r"`simhlm (\w+)", README + CONTRIBUTING))))
def test_commands_named_exist(command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sim", command, "--help"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def requirements() -> list[str]:
    """Return the entries of the lock file, each with its hashes."""
    return re.split(r"\n(?=\S)", LOCK.strip())


def test_lock_names_no_host_and_no_path() -> None:
    assert "://" not in LOCK
    assert not re.search(r"^\s*(-i|-f|-e|--(?!hash=)|file:|/|\.)|@ ", LOCK, flags=re.MULTILINE)


def test_lock_has_a_hash_for_everything() -> None:
    for entry in requirements():
        assert re.match(r"[\w.-]+(\[[\w,-]+\])?==[\w.+!]+ ", entry), entry[:60]
        assert "--hash=sha256:" in entry, entry[:60]


def test_lock_holds_what_the_project_declares() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    names = [*declared["project"]["dependencies"], *declared["project"]["optional-dependencies"]["dev"]]
    names += declared["build-system"]["requires"]
    locked = {re.sub(r"[._-]+", "-", entry.split("==")[0]).lower() for entry in requirements()}
    assert {re.sub(r"[._-]+", "-", re.split(r"[^\w.-]", name)[0]).lower() for name in names} <= locked


def test_changelog_and_licence_exist() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert re.search(rf"^## \[.*{re.escape(version)}", changelog, flags=re.MULTILINE)
    assert "[changes results]" in changelog
    assert (ROOT / "LICENSE").read_text(encoding="utf-8").startswith("MIT License")


def test_lock_file_keeps_the_extras_that_a_package_asks_for() -> None:
    """Without them pip looks for `package[extra]` beside the pinned package, and fails the day a newer one is out."""
    locked = [Requirement(line.rstrip(" \\")) for line in LOCK.splitlines() if re.match(r"[a-z]", line)]
    extras = {(canonicalize_name(need.name), extra) for need in locked for extra in need.extras}
    names = {canonicalize_name(need.name) for need in locked}
    asked = {
        (canonicalize_name(need.name), extra)
        for each in distributions()
        if canonicalize_name(each.name) in names
        for need in map(Requirement, each.requires or ())
        if need.marker is None or need.marker.evaluate({"extra": ""})
        for extra in need.extras
    }
    assert asked <= extras
