"""Where the files that analysts may change are, and which one a name means."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from sim.inputs.faults import Fault, Faults, shown
from sim.words.registry import nearest

PACKAGE = Path(__file__).resolve().parents[1]


def scenarios_dir() -> Path:
    """Return the folder of scenarios: inside the installed package, else at the top of the repository."""
    inside = PACKAGE / "_data" / "scenarios"
    return inside if inside.is_dir() else PACKAGE.parent / "scenarios"


def scenario_names() -> list[str]:
    """Return the bare names of the shipped scenarios, in alphabetical order."""
    return sorted(path.stem for path in scenarios_dir().glob("*.yaml"))


def find_scenario(name_or_path: str | Path, folder: Path | None = None, where: tuple[str, int] | None = None) -> Path:
    """Return the file that a path, or the bare name of a shipped scenario, means.

    Parameters
    ----------
    name_or_path : str or Path
        A bare name is looked for in ``folder`` first, then among the shipped scenarios.
    folder : Path, optional
        Folder that relative paths start from (that of the child, for ``extends``); default the current one.
    where : (str, int), optional
        File and line that ask for it, for the message.

    Raises
    ------
    Faults
        When there is no such file; the nearest shipped name is given.
    """
    base = folder or Path()
    name = str(name_or_path)
    is_bare = not name.endswith((".yaml", ".yml")) and "/" not in name and "\\" not in name
    tried = [base / f"{name}.yaml", scenarios_dir() / f"{name}.yaml"] if is_bare and name else []
    if is_bare and folder is None:
        tried.reverse()  # on the command line a shipped name always means the shipped scenario
    for path in [*tried, base / name]:
        if path.is_file():
            return path
    file, line = where or (shown(name) or "scenario", 1)
    if not is_bare and (base / name).exists():
        raise Faults([Fault(file, line, f"{shown(base / name)} is a folder, not a scenario file")])
    hint = nearest(Path(name).stem, scenario_names())
    what = f"no scenario named {name!r}" if is_bare else f"no such file as {name!r}"
    raise Faults([Fault(file, line, what + hint)])


def find_territory(name: str, where: tuple[str, int] | None = None) -> Path:
    """Return the folder of a territory: a name in ``scenarios/territories``, or the path of a folder.

    Raises
    ------
    Faults
        When there is no such folder; the nearest name is given.
    """
    shipped = scenarios_dir() / "territories"
    for path in (shipped / name, Path(name)):
        if name and path.is_dir():
            return path
    known = [path.name for path in shipped.iterdir() if path.is_dir()] if shipped.is_dir() else []
    raise Faults([Fault(*(where or ("territory", 1)), f"unknown territory {name!r}{nearest(name, known)}")])


def find_posterior(name: str) -> Path:
    """Return the file of draws that a scenario names: a path, or that of a shipped one (``calibrated/mel.yaml``)."""
    shipped = scenarios_dir() / name
    return shipped if shipped.is_file() and not Path(name).is_file() else Path(name)


def hash_of(path: Path) -> str:
    """Return the sha256 of a file, in hexadecimal."""
    return sha256(path.read_bytes()).hexdigest()


def label_of(path: Path) -> str:
    """Return how a manifest names an input file: from ``scenarios/`` on when it lies there, else its bare name."""
    try:
        return path.resolve().relative_to(scenarios_dir().resolve()).as_posix()
    except ValueError:
        return path.name
