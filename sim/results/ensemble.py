"""Replications: one first day, many lives, one run folder. Results never depend on the number of jobs.

Each replication writes its pieces into the partial folder; they are joined in the order of their numbers.
An interrupted run keeps its pieces, so resuming it simulates only what is missing.
"""

from __future__ import annotations

import datetime as dt
import gc
import json
import multiprocessing
import pickle
import shutil
import signal
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.indicators.compute import compute, not_fed
from sim.indicators.grid import Names
from sim.inputs.faults import Fault, Faults, shown
from sim.inputs.files import hash_of, label_of
from sim.inputs.law import LawView
from sim.inputs.scenario import dump
from sim.results import frames, store
from sim.results.audit import audit
from sim.results.provenance import legal_values, norms_of, software
from sim.results.store import Run, list_runs, load_run, summarise
from sim.state.records import Replication
from sim.words.clock import year_of

if TYPE_CHECKING:
    from sim.inputs.scenario import Loaded

__all__ = ["Engine", "Run", "first_day_of", "list_runs", "load_run", "run_ensemble", "summarise"]

Advance = Callable[[str, int], None]
"""Told the step under way and how many replications are done."""

PIECES, SHARED, REPORT = "pieces", "shared.pickle", "report.json"


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
    from sim.inputs.files import find_territory
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
class Task:
    """One replication to simulate in a partial folder."""

    folder: Path
    number: int
    keep: bool


def run_ensemble(
    loaded: Loaded,
    out_dir: Path | str,
    jobs: int = 1,
    advance: Advance | None = None,
    engine: Engine = PRODUCTION,
    resume: Path | None = None,
) -> Path:
    """Simulate all replications of a scenario and write the run folder.

    Parameters
    ----------
    loaded : Loaded
        Resolved scenario and law.
    out_dir : Path
        Parent folder, made if needed; an existing run is never overwritten.
    jobs : int
        Processes; 1 stays in this one.
    advance : callable, optional
        Progress.
    engine : Engine
        How replications are made.
    resume : Path, optional
        Partial folder of an interrupted run of the same scenario.

    Returns
    -------
    Path
        The finished run folder.

    Raises
    ------
    Faults
        If ``resume`` is not an interrupted run of this scenario.
    RuntimeError
        If every replication failed; one that fails alone is told in the manifest.
    """
    began, out_dir = time.perf_counter(), Path(out_dir)
    tell = advance or (lambda step, done: None)
    territory = engine.territory(loaded)  # its faults are told before anything is written
    folder = resume or new_folder(loaded, territory, out_dir)
    head = opened(folder, loaded)
    run = loaded.scenario.run
    shared = folder / SHARED
    try:
        tell("first day", 0)
        first_day = engine.first_day(loaded, territory, 0) if run.first_day == "shared" else None
        shared.write_bytes(pickle.dumps((engine, loaded, territory, first_day), protocol=5))
        built = time.perf_counter()
        tasks = [
            Task(folder, number, number == 0 or run.keep == "all")
            for number in range(run.replications)
            if not (piece(folder, number) / REPORT).is_file()
        ]
        already = run.replications - len(tasks)
        tell("replications", already)
        for done, _ in enumerate(finish(tasks, jobs), start=already + 1):
            tell("replications", done)
    finally:
        shared.unlink(missing_ok=True)
    tell("run folder", run.replications)
    durations = {
        "first_day_seconds": round(built - began, 3),
        "replications_seconds": round(time.perf_counter() - built, 3),
    }
    return assemble(loaded, folder, out_dir, head, durations, began)


def new_folder(loaded: Loaded, territory: Any, out_dir: Path) -> Path:
    """Make the partial folder of a new run, with its scenario and the head of its manifest."""
    now = dt.datetime.now().astimezone().replace(microsecond=0)
    name = store.free_name(out_dir, f"{loaded.name}-{now:%Y%m%d-%H%M%S}")
    folder = store.partial_path(out_dir, name)
    folder.mkdir(parents=True)
    run = loaded.scenario.run
    inputs = loaded.files | {label_of(path): hash_of(path) for path in territory.files.values()}
    (folder / store.SCENARIO).write_text(dump(loaded), encoding="utf-8")
    head = {
        "status": "running",
        "run": name,
        "name": loaded.name,
        "created": now.isoformat(),
        **software(),
        "scenario": loaded.scenario.model_dump(mode="json"),
        "scenario_sha256": loaded.sha256,
        "inputs": dict(sorted(inputs.items())),
        "seed": run.seed,
        "replications": run.replications,
        "years": list(range(run.start.year, run.end.year + 1)),
    }
    store.write_json(head, folder / store.MANIFEST)
    return folder


def opened(folder: Path, loaded: Loaded) -> dict[str, Any]:
    """Return the head of the manifest of an unfinished run, checked to be of the same scenario."""
    try:
        head: dict[str, Any] = json.loads((folder / store.MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise Faults([Fault(shown(folder), 1, "not a run folder")]) from None
    if head.get("status") != "running":
        raise Faults([Fault(shown(folder), 1, "this run is finished: there is nothing to resume")])
    if head["scenario_sha256"] != loaded.sha256:
        raise Faults([Fault(shown(folder), 1, "the interrupted run is of another scenario")])
    return head


def finish(tasks: list[Task], jobs: int) -> Iterator[int]:
    """Simulate, yielding the numbers as they are done."""
    if jobs <= 1 or len(tasks) <= 1:
        for task in tasks:
            yield work(task)
        return
    before = set(multiprocessing.active_children())
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(jobs, len(tasks)), mp_context=context, initializer=ignore_interrupts) as pool:
        try:
            for future in as_completed([pool.submit(work, task) for task in tasks]):
                yield future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for child in set(multiprocessing.active_children()) - before:
                child.terminate()
            raise


def ignore_interrupts() -> None:
    """Let the main process decide what an interruption means."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@lru_cache(maxsize=1)
def shared_inputs(path: Path, written_ns: int) -> tuple[Engine, Any, Any, Any]:
    """Read what all replications share, once per process."""
    content: tuple[Engine, Any, Any, Any] = pickle.loads(path.read_bytes())
    return content


def piece(folder: Path, number: int) -> Path:
    """Return where a replication leaves its results until they are joined."""
    return folder / PIECES / f"{number:04d}"


def work(task: Task) -> int:
    """Simulate one replication and write its pieces; a failure is a result too."""
    target = piece(task.folder, task.number)
    target.mkdir(parents=True, exist_ok=True)
    try:
        report = one_replication(task, target)
    except Exception as error:
        report = {"audit": [f"failed: {type(error).__name__}: {error}"], "failure": traceback.format_exc()}
    store.write_json(report, target / REPORT)  # last: a piece with a report is complete
    return task.number


def one_replication(task: Task, target: Path) -> dict[str, Any]:
    """Simulate, audit, measure and write one replication; return what the manifest says of it."""
    shared = task.folder / SHARED
    engine, loaded, territory, first_day = shared_inputs(shared, shared.stat().st_mtime_ns)
    if first_day is None:
        first_day = engine.first_day(loaded, territory, task.number)
    replication = engine.simulate(loaded, territory, first_day, task.number)
    gc.collect()  # the world and its stories hold each other
    began = time.perf_counter()
    names, view = Names.of(territory), LawView(loaded.law)
    norms = norms_of(view, range(year_of(replication.first_day), year_of(replication.last_day) + 1))
    results = {
        "indicators": compute(replication, names, norms),
        "attributions": frames.attributions_frame(replication, names),
        "outcomes": frames.outcomes_frame(replication, names),
        "waits": frames.waits_frame(replication, names),
    }
    for name, frame in results.items():
        frame.insert(0, "replication", task.number)
        store.write_parquet(frame, target / f"{name}.parquet")
    faults = audit(replication)
    if task.keep:
        store.write_replication(replication, task.folder)
    return {
        "audit": faults,
        "events": len(replication.events),
        "first_day": replication.first_day,
        "last_day": replication.last_day,
        "day_one_rows": replication.day_one_rows,
        "simulated_seconds": round(replication.seconds, 3),
        "measured_seconds": round(time.perf_counter() - began, 3),
        "law": legal_values(loaded.law, [*replication.legal_values_read, *view.read]),
    }


def assemble(
    loaded: Loaded, folder: Path, out_dir: Path, head: dict[str, Any], durations: dict[str, float], began: float
) -> Path:
    """Join the pieces, write the manifest and give the folder its name."""
    numbers = range(loaded.scenario.run.replications)
    reports = {n: json.loads((piece(folder, n) / REPORT).read_text(encoding="utf-8")) for n in numbers}
    failures = {n: report["failure"] for n, report in reports.items() if "failure" in report}
    finished = [n for n in numbers if n not in failures]
    if not finished:
        raise RuntimeError("every replication failed; the first said:\n" + failures[0])
    for name in store.POOLED:
        store.join_parquet([piece(folder, n) / f"{name}.parquet" for n in finished], folder / f"{name}.parquet")
    shutil.rmtree(folder / PIECES)
    told = ("events", "first_day", "last_day", "day_one_rows", "simulated_seconds", "measured_seconds")
    manifest = head | {
        "status": "finished",
        "replications": len(finished),
        "replications_asked": len(numbers),
        "events": sum(reports[n]["events"] for n in finished),
        "audit": {str(n): report["audit"] or "ok" for n, report in reports.items()},
        "failures": {str(n): text for n, text in failures.items()},
        "indicators_not_fed": not_fed(),
        "law": legal_values(loaded.law, [value for n in finished for value in reports[n]["law"]]),
        "by_replication": {str(n): {key: reports[n][key] for key in told} for n in finished},
        "tables": store.hash_tables(folder),
        "durations": durations | {"total_seconds": round(time.perf_counter() - began, 3)},
    }
    store.write_json(manifest, folder / store.MANIFEST)
    name = head["run"] if not (out_dir / head["run"]).exists() else store.free_name(out_dir, head["run"])
    return folder.rename(out_dir / name)
