"""Replications: many first days and lives, one run folder. Results never depend on jobs, engine or resume.

Each replication writes its pieces into the partial folder; they are joined in the order of their numbers.
An interrupted run keeps its pieces, so resuming it simulates only what is missing.
"""

from __future__ import annotations

import datetime as dt
import json
import secrets
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.indicators.compute import not_fed
from sim.inputs.faults import Fault, Faults, shown
from sim.inputs.files import find_posterior, hash_of, label_of
from sim.inputs.scenario import dump
from sim.results import store
from sim.results.drawing import draw_parameters, worlds
from sim.results.precision import check_precision, next_count, told, values_of
from sim.results.provenance import legal_values, software
from sim.results.replicating import (
    PIECES,
    PRODUCTION,
    REPORT,
    TOKEN,
    Engine,
    OtherSoftwareError,
    Study,
    Task,
    fingerprint,
    first_day_of,
    forget,
    load_territory,
    lost,
    piece,
    receive,
    work,
)  # fmt: skip
from sim.results.store import Run, list_runs, load_run, summarise
from sim.results.workers import Local, Workers

if TYPE_CHECKING:
    from sim.inputs.scenario import Loaded

__all__ = [
    "Engine", "Run", "first_day_of", "list_runs", "load_run", "load_territory", "run_ensemble", "summarise",
]  # fmt: skip

Advance = Callable[..., None]
"""Told the step under way, how many replications are done, and the new total when it changes."""


def run_ensemble(
    loaded: Loaded,
    out_dir: Path | str,
    jobs: int = 1,
    advance: Advance | None = None,
    engine: Engine = PRODUCTION,
    resume: Path | None = None,
    workers: Workers | None = None,
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
    workers : Workers, optional
        Where replications are done; default the jobs of this machine.

    Returns
    -------
    Path
        The finished run folder.

    Raises
    ------
    Faults
        What is wrong with the study, before anything is written; ``resume`` is not an interrupted run of this
        scenario and software; a Dask worker is not of this software.
    RuntimeError
        If every replication failed; one that fails alone is told in the manifest.
    """
    began, out_dir = time.perf_counter(), Path(out_dir)
    tell = advance or (lambda step, done, total=None: None)
    territory = engine.territory(loaded)  # its faults are told before anything is written
    check_precision(loaded)
    study = Study(engine, loaded, draw_parameters(loaded))
    folder = resume or new_folder(loaded, territory, out_dir)
    head = opened(folder, loaded, territory)
    tell("first day", 0)
    try:
        stages = simulate_all(study, folder, workers or Local(jobs), tell)
    except (OtherSoftwareError, Faults) as error:
        if resume is None and not any(folder.glob(f"{PIECES}/*/{REPORT}")):
            shutil.rmtree(folder)  # bad input leaves nothing behind
        if isinstance(error, Faults):
            raise
        raise Faults([Fault("--scheduler", 1, str(error))]) from None
    except KeyboardInterrupt as stop:
        stop.add_note(store.way_on(folder))
        raise
    finally:
        forget()
    numbers = worlds(loaded, stages[-1])
    tell("run folder", len(numbers))
    head |= {"draws": list(study.draws)} if study.draws else {}
    asked, year = loaded.scenario.run.precision, loaded.scenario.run.end.year
    if asked.indicator:
        head["precision"] = told(asked, year, by_luck(study, folder, stages[-1]), stages)
    return assemble(loaded, folder, out_dir, head, numbers, began)


def simulate_all(study: Study, folder: Path, workers: Workers, tell: Advance) -> list[int]:
    """Simulate what is missing, stage after stage when a precision is asked; return the replications of each stage."""
    run, packed = study.loaded.scenario.run, study.packed()
    token = secrets.token_hex(16)
    (folder / TOKEN).write_text(token, encoding="utf-8")
    stages = [run.precision.minimum if run.precision.indicator else run.replications]
    while True:
        numbers = worlds(study.loaded, stages[-1])
        missing = [n for n in numbers if not (piece(folder, n) / REPORT).is_file()]
        draws = max(1, run.draws)
        missing.sort(key=lambda n: (n % draws, n))  # worlds of one draw share their first day
        tasks = [
            Task(
                packed, fingerprint(), folder.resolve(), token, n,
                keep_log=n == 0 or run.keep == "all",
                keep_outcomes=n < run.outcomes or run.keep == "all",
            )
            for n in missing
        ]  # fmt: skip
        done = len(numbers) - len(tasks)
        tell("replications", done, *([len(numbers)] if run.precision.indicator else []))
        for one in workers.run(work, tasks, lost):
            receive(folder, one)
            done += 1
            tell("replications", done)
        if not run.precision.indicator:
            return stages
        more = next_count(run.precision, by_luck(study, folder, stages[-1]), stages[-1])
        if more is None:
            return stages
        stages.append(more)


def by_luck(study: Study, folder: Path, count: int) -> np.ndarray:
    """Return the indicator whose precision is asked, one value per replication, mean over its draws."""
    run = study.loaded.scenario.run
    files = [piece(folder, n) / "indicators.parquet" for n in worlds(study.loaded, count)]
    told_of = [path for path in files if "failure" not in report_of(path.parent)]
    found = dict(zip(told_of, values_of(told_of, run.precision, run.end.year), strict=True))
    table = np.array([found.get(path, np.nan) for path in files]).reshape(count, -1)
    known = np.isfinite(table)
    return np.where(known.all(axis=1), np.where(known, table, 0).mean(axis=1), np.nan)


def report_of(place: Path) -> dict[str, Any]:
    """Return the report of a piece."""
    report: dict[str, Any] = json.loads((place / REPORT).read_text(encoding="utf-8"))
    return report


def new_folder(loaded: Loaded, territory: Any, out_dir: Path) -> Path:
    """Make the partial folder of a new run, with its scenario and the head of its manifest."""
    now = dt.datetime.now().astimezone().replace(microsecond=0)
    name = store.free_name(out_dir, f"{loaded.name}-{now:%Y%m%d-%H%M%S}")
    folder = store.partial_path(out_dir, name)
    folder.mkdir(parents=True)
    (folder / store.SCENARIO).write_text(dump(loaded), encoding="utf-8")
    store.write_json(head_of(loaded, territory, loaded.name, name, now.isoformat()), folder / store.MANIFEST)
    return folder


def head_of(loaded: Loaded, territory: Any, scenario: str, name: str, created: str) -> dict[str, Any]:
    """Return the head of the manifest: what is known before anything is simulated."""
    run = loaded.scenario.run
    return {
        "status": "running",
        "run": name,
        "name": scenario,
        "created": created,
        **software(),
        "scenario": loaded.scenario.model_dump(mode="json"),
        "scenario_sha256": loaded.sha256,
        "inputs": inputs_of(loaded, territory),
        "seed": run.seed,
        "replications": len(worlds(loaded, run.replications)),
        "years": list(range(run.start.year, run.end.year + 1)),
    }


def inputs_of(loaded: Loaded, territory: Any) -> dict[str, str]:
    """Return the input files read, to their sha256."""
    found = loaded.files | {label_of(path): hash_of(path) for path in territory.files.values()}
    run = loaded.scenario.run
    if run.draws and run.posterior:
        found[label_of(find_posterior(run.posterior))] = hash_of(find_posterior(run.posterior))
    return dict(sorted(found.items()))


def opened(folder: Path, loaded: Loaded, territory: Any) -> dict[str, Any]:
    """Return the head of the manifest of an unfinished run, checked to be of the same scenario and software."""
    try:
        head: dict[str, Any] = json.loads((folder / store.MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise Faults([Fault(shown(folder), 1, "not a run folder")]) from None
    if head.get("status") != "running":
        raise Faults([Fault(shown(folder), 1, "this run is finished: there is nothing to resume")])
    if head["scenario_sha256"] != loaded.sha256:
        raise Faults([Fault(shown(folder), 1, "the interrupted run is of another scenario")])
    changed = other_software(head, inputs_of(loaded, territory))
    if changed:
        text = f"results would be mixed, {changed} since this run began: run the scenario anew"
        raise Faults([Fault(shown(folder), 1, text)])
    return head


def other_software(head: dict[str, Any], inputs: dict[str, str]) -> str:
    """Return what of software or shared input files is not what a manifest says, or an empty string."""
    now = software()
    for name in ("simhlm", "commit"):
        if head[name] != now[name]:
            return f"{name} went from {str(head[name])[:12]} to {str(now[name])[:12]}"
    for name, number in now["packages"].items():
        if head["packages"].get(name) != number:
            return f"{name} went from {head['packages'].get(name)} to {number}"
    changed = [
        label for label, digest in inputs.items() if "/" in label and head["inputs"].get(label, digest) != digest
    ]
    return f"{changed[0]} changed" if changed else ""


def assemble(
    loaded: Loaded, folder: Path, out_dir: Path, head: dict[str, Any], numbers: Sequence[int], began: float
) -> Path:
    """Join the pieces, write the manifest and give the folder its name."""
    reports = {n: report_of(piece(folder, n)) for n in numbers}
    failures = {n: report["failure"] for n, report in reports.items() if "failure" in report}
    finished = [n for n in numbers if n not in failures]
    if not finished:
        raise RuntimeError("every replication failed; the first said:\n" + failures[0])
    for name in store.POOLED:
        parts = [piece(folder, n) / f"{name}.parquet" for n in finished]
        store.join_parquet([part for part in parts if part.is_file()], folder / f"{name}.parquet")
    told_of = ("events", "first_day", "last_day", "day_one_rows", "simulated_seconds", "measured_seconds")
    simulated = sum(reports[n]["simulated_seconds"] for n in finished)
    replaces = head.pop("expands", None)
    manifest = head | {
        "status": "finished",
        "replications": len(finished),
        "replications_asked": len(numbers),
        "events": sum(reports[n]["events"] for n in finished),
        "audit": {str(n): report["audit"] or "ok" for n, report in reports.items()},
        "failures": {str(n): text for n, text in failures.items()},
        "indicators_not_fed": not_fed(loaded.scenario.closed),
        "law": legal_values(loaded.law, [value for n in finished for value in reports[n]["law"]]),
        "by_replication": {str(n): {key: reports[n][key] for key in told_of} for n in finished},
        "tables": store.hash_tables(folder, without=PIECES),
        "durations": {
            "first_day_seconds": max(reports[n].get("first_day_seconds", 0.0) for n in finished),
            "replications_seconds": round(simulated, 3),
            "total_seconds": round(time.perf_counter() - began, 3),
        },
    }
    store.write_json(manifest, folder / store.MANIFEST)
    shutil.rmtree(folder / PIECES)
    (folder / TOKEN).unlink(missing_ok=True)
    return settle(folder, out_dir, head["run"], replaces is not None)


def settle(folder: Path, out_dir: Path, name: str, replaces: bool) -> Path:
    """Give a complete folder its name; an expanded run takes the place of the one that it continues."""
    if not (out_dir / name).exists():
        return folder.rename(out_dir / name)
    if not replaces:
        return folder.rename(out_dir / store.free_name(out_dir, name))
    old = out_dir / f".{name}.old"
    (out_dir / name).rename(old)
    finished = folder.rename(out_dir / name)
    shutil.rmtree(old)
    return finished
