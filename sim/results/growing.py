"""Runs that go on: an interrupted one is resumed, a finished one is given more replications."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.inputs.faults import Fault, Faults, shown
from sim.inputs.scenario import dump, load
from sim.inputs.varying import vary
from sim.results import store
from sim.results.drawing import luck_and_draw
from sim.results.ensemble import Advance, head_of, inputs_of, other_software, run_ensemble
from sim.results.replicating import PRODUCTION, REPORT, Engine, piece
from sim.results.workers import Workers

if TYPE_CHECKING:
    from sim.inputs.scenario import Loaded


def find_interrupted(path: Path) -> Path:
    """Return the partial folder of an interrupted run, given it or the name that the run would have had.

    Raises
    ------
    Faults
        When there is none.
    """
    for candidate in (path, store.partial_path(path.parent, path.name)):
        if candidate.name.startswith(".") and (candidate / store.MANIFEST).is_file():
            return candidate
    text = "this run is finished: there is nothing to resume" if (path / store.MANIFEST).is_file() else ""
    raise Faults([Fault(shown(path), 1, text or "no interrupted run here (their folders are .NAME.partial)")])


def resume(path: Path, jobs: int, advance: Advance | None = None, engine: Engine = PRODUCTION,
           workers: Workers | None = None) -> Path:  # fmt: skip
    """Finish an interrupted run; what it had simulated is kept. Raises ``Faults`` as ``run_ensemble`` does."""
    folder = find_interrupted(path)
    loaded = load(folder / store.SCENARIO)
    return run_ensemble(loaded, folder.parent, jobs, advance, engine, resume=folder, workers=workers)


def expand(path: Path, replications: int, jobs: int, advance: Advance | None = None, engine: Engine = PRODUCTION,
           workers: Workers | None = None) -> Path:  # fmt: skip
    """Give a finished run more replications: the folder then holds what a run of that many would.

    Parameters
    ----------
    path : Path
        A finished run folder.
    replications : int
        How many there are to be in all (of each draw, if it has draws).
    jobs, advance, engine, workers
        As for ``run_ensemble``.

    Raises
    ------
    Faults
        Not a finished run, not more than it has, other software or law than it was made with.
    """
    run = store.load_run(path)
    loaded = wider(run, replications)
    folder = store.partial_path(path.parent, path.name)
    if (folder / store.MANIFEST).is_file():
        text = f"an expansion of this run was interrupted: simhlm resume {shown(path)}"
        raise Faults([Fault(shown(folder), 1, text)])
    territory = engine.territory(loaded)
    changed = other_software(run.manifest, inputs_of(loaded, territory))
    if changed:
        text = f"results would be mixed, {changed} since this run: run the scenario anew with more replications"
        raise Faults([Fault(shown(path), 1, text)])
    shutil.rmtree(folder, ignore_errors=True)  # an expansion that was stopped before it had begun
    folder.mkdir()
    unfold(run, folder)
    (folder / store.SCENARIO).write_text(dump(loaded), encoding="utf-8")
    manifest = run.manifest
    head = head_of(loaded, territory, manifest["name"], path.name, manifest["created"])
    head |= {"inputs": manifest["inputs"], "expands": manifest["replications_asked"]}
    store.write_json(head, folder / store.MANIFEST)  # last: from here on it can be resumed
    return run_ensemble(loaded, path.parent, jobs, advance, engine, resume=folder, workers=workers)


def wider(run: store.Run, replications: int) -> Loaded:
    """Return the scenario of a run with more replications; a precision that was asked is set aside."""
    draws = max(1, int(run.manifest["scenario"]["run"]["draws"]))
    has = int(run.manifest["replications_asked"]) // draws
    if replications <= has:
        text = (
            f"this run has {has} replications already: ask for more, {replications} is how many there are to be in all"
        )
        raise Faults([Fault("--replications", 1, text)])
    asked = bool(run.manifest["scenario"]["run"]["precision"]["indicator"])
    overrides = ['run/precision/indicator=""', "run/precision/half_width=0.0"] if asked else []
    return load(run.path / store.SCENARIO, overrides, replications=replications)


def unfold(run: store.Run, folder: Path) -> None:
    """Write the pieces of a finished run again, with their reports, and copy its logs."""
    manifest = run.manifest
    if (run.path / "replications").is_dir():
        shutil.copytree(run.path / "replications", folder / "replications")
    law = list(manifest["law"])  # of all together: the first one that finished carries it
    for number in range(int(manifest["replications_asked"])):
        target, verdict = piece(folder, number), manifest["audit"][str(number)]
        target.mkdir(parents=True)
        report: dict[str, Any] = {"audit": [] if verdict == "ok" else verdict}
        if str(number) in manifest["failures"]:
            report["failure"] = manifest["failures"][str(number)]
        else:
            report |= manifest["by_replication"][str(number)] | {"law": law}
            law = []
            for name in store.POOLED:
                if name != "outcomes" or keeps_outcomes(manifest, number):
                    store.split_parquet(run.path / f"{name}.parquet", number, target / f"{name}.parquet")
        store.write_json(report, target / REPORT)


def keeps_outcomes(manifest: dict[str, Any], number: int) -> bool:
    """Whether a run keeps the applications of a replication one by one."""
    asked = manifest["scenario"]["run"]
    return bool(asked["keep"] == "all" or number < asked["outcomes"])


def scenario_of(run: store.Run, number: int = 0) -> tuple[Loaded, int]:
    """Return the scenario that one replication of a run simulated, its draw applied, and the luck it had."""
    draws = run.manifest.get("draws", [])
    luck, draw = luck_and_draw(number, len(draws))
    loaded = load(run.path / store.SCENARIO)
    return (loaded if draw is None else vary(loaded, draws[draw])), luck
