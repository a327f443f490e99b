"""One replication, wherever it is done: what must travel to it, and what comes back.

What travels is the resolved scenario (some tens of kilobytes): each process builds the first day itself, once. A
process that sees the run folder writes its pieces there; another one sends them back, compressed Parquet, with
the log if it is one of those kept.
"""

from __future__ import annotations

import ctypes
import gc
import pickle
import platform
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache, lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.indicators.compute import compute
from sim.indicators.grid import Names
from sim.inputs.faults import Fault, Faults, shown
from sim.inputs.files import find_territory, hash_of, scenarios_dir
from sim.inputs.law import LawView
from sim.inputs.varying import vary
from sim.results import frames, store
from sim.results.audit import audit
from sim.results.drawing import Draw, luck_and_draw
from sim.results.provenance import legal_values, norms_of, package_versions, version
from sim.state.records import Replication
from sim.words.clock import year_of

if TYPE_CHECKING:
    from sim.inputs.scenario import Loaded

M_MMAP_THRESHOLD, LARGE_ARRAY_BYTES = -3, 1 << 20  # malloc.h; any size gives the same results
PIECES, REPORT, TOKEN = "pieces", "report.json", "token"


@dataclass(frozen=True)
class Engine:
    """How a replication is made; functions of modules, so that workers find them by name."""

    territory: Callable[[Any], Any]
    first_day: Callable[[Any, Any, int], Any]
    simulate: Callable[[Any, Any, Any, int], Replication]


def load_territory(loaded: Loaded) -> Any:
    """Return the territory of a scenario, with the values that it replaces.

    Raises
    ------
    Faults
        If a value has no such name or is not a possible one.
    """
    from sim.inputs.territory import load

    territory = load(find_territory(loaded.scenario.territory))
    try:
        return territory.with_values(loaded.scenario.first_day)
    except (KeyError, ValueError) as error:
        raise Faults([Fault(shown(loaded.path), 1, f"first_day: {error.args[0]}")]) from None


def first_day_of(loaded: Loaded, territory: Any, replication: int = 0) -> Any:
    """Return the first day drawn with the luck of a replication."""
    from sim.population.build import build
    from sim.state.luck import Luck

    return build(territory, loaded.law, loaded.scenario, Luck(loaded.scenario.run.seed, replication).stream)


def simulate(loaded: Loaded, territory: Any, first_day: Any, replication: int) -> Replication:
    """Simulate one replication with the production engine, imported late because it compiles."""
    from sim.flows import run

    return run.simulate(loaded, territory, first_day, replication)


PRODUCTION = Engine(load_territory, first_day_of, simulate)


@dataclass(frozen=True)
class Study:
    """What all replications share, small enough to travel."""

    engine: Engine
    loaded: Loaded
    draws: tuple[Draw, ...] = ()

    def packed(self) -> bytes:
        """Return the study as bytes."""
        return pickle.dumps(self, protocol=5)


@dataclass(frozen=True)
class Task:
    """One replication to simulate for a run folder.

    ``token`` is in the file of that name of the folder: who finds it there sees the same folder.
    """

    study: bytes = field(repr=False)
    software: str
    folder: Path
    token: str
    number: int
    keep_log: bool
    keep_outcomes: bool


@dataclass(frozen=True)
class Done:
    """What comes back: the report, and the files when the folder was out of reach."""

    number: int
    report: dict[str, Any]
    files: dict[str, bytes] = field(default_factory=dict, repr=False)


class OtherSoftwareError(Exception):
    """A worker has not the same simhlm, packages or input files: its results would not be the same."""


@lru_cache(maxsize=1)
def fingerprint() -> str:
    """Return what results depend on besides the scenario: versions, law, grids and territories, as one line."""
    files = sorted(path for path in scenarios_dir().rglob("*") if path.suffix in (".yaml", ".csv", ".geojson"))
    top = scenarios_dir()
    names = [(path.relative_to(top).as_posix(), hash_of(path)) for path in files if path.parent != top]
    packages = ", ".join(f"{name} {number}" for name, number in package_versions().items() if name != "python")
    python = ".".join(platform.python_version_tuple()[:2])
    return f"simhlm {version()}, python {python}, {packages}, scenarios {sha256(repr(names).encode()).hexdigest()[:12]}"


def check_software(expected: str) -> None:
    """Raise ``OtherSoftwareError`` when this process is not what the study expects, naming what differs."""
    here, there = fingerprint().split(", "), expected.split(", ")
    differing = [f"{mine} here, {theirs} asked" for mine, theirs in zip(here, there, strict=False) if mine != theirs]
    if here != there:
        raise OtherSoftwareError(f"a worker on {platform.node()} differs: " + "; ".join(differing[:3]))


@lru_cache(maxsize=1)
def opened_study(study: bytes) -> Study:
    """Return a study from its bytes, once per process."""
    found: Study = pickle.loads(study)
    return found


@lru_cache(maxsize=1)
def prepared(study: bytes, draw: int | None) -> tuple[Loaded, Any, Any, float]:
    """Return scenario, territory and first day of a draw, and how long they took; once per process."""
    began = time.perf_counter()
    whole = opened_study(study)
    loaded = whole.loaded if draw is None else vary(whole.loaded, whole.draws[draw])
    territory = whole.engine.territory(loaded)
    first_day = None
    if loaded.scenario.run.first_day == "shared":
        first_day = whole.engine.first_day(loaded, territory, 0)
    return loaded, territory, first_day, time.perf_counter() - began


def forget() -> None:
    """Let go of what this process prepared."""
    prepared.cache_clear()
    opened_study.cache_clear()


def piece(folder: Path, number: int) -> Path:
    """Return where a replication leaves its results until they are joined."""
    return folder / PIECES / f"{number:04d}"


def sees(folder: Path, token: str) -> bool:
    """Whether this process sees the run folder of the process that asks."""
    try:
        return (folder / TOKEN).read_text(encoding="utf-8") == token
    except OSError:
        return False


@contextmanager
def workplace(task: Task) -> Iterator[tuple[Path, bool]]:
    """Yield where to write, and whether it is the run folder itself."""
    if sees(task.folder, task.token):
        yield task.folder, True
    else:
        with tempfile.TemporaryDirectory(prefix="simhlm-") as place:
            yield Path(place), False


@cache
def give_memory_back() -> None:
    """Have glibc return large arrays to the system once freed: a process that does many replications stays small.

    Left alone it raises its threshold to the size of the largest array it saw, and keeps what lies below.
    """
    with suppress(OSError, AttributeError):  # another system or C library
        ctypes.CDLL("libc.so.6").mallopt(M_MMAP_THRESHOLD, LARGE_ARRAY_BYTES)


def work(task: Task) -> Done:
    """Simulate one replication and write its pieces; a failure is a result too.

    Raises
    ------
    OtherSoftwareError
        When this process would give other results.
    """
    check_software(task.software)
    give_memory_back()
    with workplace(task) as (folder, is_here):
        target = piece(folder, task.number)
        target.mkdir(parents=True, exist_ok=True)
        try:
            report = one_replication(task, folder, target)
        except Exception as error:
            report = failure(f"{type(error).__name__}: {error}", traceback.format_exc())
        if is_here:
            store.write_json(report, target / REPORT)  # last: a piece with a report is complete
            return Done(task.number, report)
        files = {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*.parquet"))}
        return Done(task.number, report, files)


def failure(reason: str, details: str) -> dict[str, Any]:
    """Return the report of a replication that failed."""
    return {"audit": [f"failed: {reason}"], "failure": details}


def lost(task: Task, reason: str) -> Done:
    """Return the answer for a replication whose process died."""
    report = failure(reason, reason)
    piece(task.folder, task.number).mkdir(parents=True, exist_ok=True)
    store.write_json(report, piece(task.folder, task.number) / REPORT)
    return Done(task.number, report)


def receive(folder: Path, done: Done) -> None:
    """Write into the run folder what a worker that does not see it sent back."""
    if done.files or not (piece(folder, done.number) / REPORT).is_file():
        piece(folder, done.number).mkdir(parents=True, exist_ok=True)
        for name, content in done.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        store.write_json(done.report, piece(folder, done.number) / REPORT)


def one_replication(task: Task, folder: Path, target: Path) -> dict[str, Any]:
    """Simulate, audit, measure and write one replication; return what the manifest says of it."""
    study = opened_study(task.study)
    luck, draw = luck_and_draw(task.number, len(study.draws))
    loaded, territory, first_day, building = prepared(task.study, draw)
    if first_day is None:
        began = time.perf_counter()
        first_day = study.engine.first_day(loaded, territory, luck)
        building += time.perf_counter() - began
    replication = study.engine.simulate(loaded, territory, first_day, luck)
    gc.collect()  # the world and its stories hold each other
    began = time.perf_counter()
    names, view = Names.of(territory), LawView(loaded.law)
    norms = norms_of(view, range(year_of(replication.first_day), year_of(replication.last_day) + 1))
    results = {
        "indicators": compute(replication, names, norms),
        "attributions": frames.attributions_frame(replication, names),
        "waits": frames.waits_frame(replication, names),
    }
    if task.keep_outcomes:
        results["outcomes"] = frames.outcomes_frame(replication, names)
    for name, frame in results.items():
        frame.insert(0, "replication", task.number)
        if name == "indicators" and draw is not None:
            frame.insert(1, "draw", draw)
            frame.insert(2, "luck", luck)
        store.write_parquet(frame, target / f"{name}.parquet")
    del results, frame  # the audit needs the room
    faults = audit(replication)
    if task.keep_log:
        store.write_replication(replication, folder, task.number)
    return {
        "audit": faults,
        "events": len(replication.events),
        "first_day": replication.first_day,
        "last_day": replication.last_day,
        "day_one_rows": replication.day_one_rows,
        "first_day_seconds": round(building, 3),
        "simulated_seconds": round(replication.seconds, 3),
        "measured_seconds": round(time.perf_counter() - began, 3),
        "law": legal_values(loaded.law, [*replication.legal_values_read, *view.read]),
    }
