"""Many settings of one scenario, each simulated with the same luck; what is known is kept, so a study resumes.

A task is a setting and a replication. Its answer, a few numbers, is a small file of the study's folder, named by what
decides it: studying again, or going on after an interruption, simulates only what is new.
"""

from __future__ import annotations

import gc
import json
import math
import pickle
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sim.analysis.responses import AnyResponse, read_all
from sim.indicators.compute import compute
from sim.indicators.grid import Names
from sim.inputs.faults import Fault, Faults
from sim.inputs.law import LawView
from sim.inputs.varying import vary
from sim.results import frames
from sim.results.provenance import norms_of
from sim.results.replicating import PRODUCTION, Engine, OtherSoftwareError, check_software, fingerprint
from sim.results.store import write_json
from sim.results.workers import Local, Workers
from sim.words.clock import year_of

if TYPE_CHECKING:
    from sim.inputs.scenario import Loaded

ANSWERS = "answers"
Setting = dict[str, float]


@dataclass(frozen=True)
class Asked:
    """One setting and one replication: all that a worker needs."""

    study: bytes = field(repr=False)  # engine, scenario, responses
    software: str
    setting: tuple[tuple[str, float], ...]
    replication: int
    name: str


@dataclass(frozen=True)
class Answer:
    """What comes back: the responses, or why there are none."""

    asked: Asked
    values: dict[str, float]
    failure: str = ""
    is_lost: bool = False  # its process died: it may be tried again


def simulate_setting(asked: Asked) -> Answer:
    """Simulate a setting with the luck of a replication; a failure is an answer too."""
    check_software(asked.software)
    engine, loaded, responses = pickle.loads(asked.study)
    try:
        with tempfile.TemporaryDirectory(prefix="simhlm-") as folder:
            return Answer(asked, one_setting(engine, vary(loaded, dict(asked.setting), Path(folder)), responses, asked))
    except Exception as error:
        return Answer(asked, {}, f"{type(error).__name__}: {error}")


def one_setting(engine: Engine, loaded: Loaded, responses: Sequence[AnyResponse], asked: Asked) -> dict[str, float]:
    """Return the responses of one simulation."""
    territory = engine.territory(loaded)
    luck = 0 if loaded.scenario.run.first_day == "shared" else asked.replication
    first_day = engine.first_day(loaded, territory, luck)
    replication = engine.simulate(loaded, territory, first_day, asked.replication)
    gc.collect()  # the world and its stories hold each other
    names, view = Names.of(territory), LawView(loaded.law)
    norms = norms_of(view, range(year_of(replication.first_day), year_of(replication.last_day) + 1))
    return read_all(responses, compute(replication, names, norms), frames.waits_frame(replication, names))


def gone(asked: Asked, reason: str) -> Answer:
    """Return the answer for a task whose process died."""
    return Answer(asked, {}, reason, is_lost=True)


@dataclass
class Experiment:
    """Simulates settings of a scenario.

    Parameters
    ----------
    loaded : Loaded
        The scenario; its seed is that of all settings (common random numbers).
    responses : sequence
        What is read from each simulation.
    folder : Path
        Where answers are kept.
    workers : Workers
        Where simulations are done.
    engine : Engine
        How replications are made.
    tell : callable
        Told how many simulations are done, after each.
    """

    loaded: Loaded
    responses: Sequence[AnyResponse]
    folder: Path
    workers: Workers = field(default_factory=Local)
    engine: Engine = PRODUCTION
    tell: Callable[[int], None] = lambda done: None
    done: int = 0
    failures: list[str] = field(default_factory=list)
    lost: set[str] = field(default_factory=set)

    def run(self, settings: Sequence[Setting], replications: Sequence[int]) -> np.ndarray:
        """Return the responses, shape (settings, replications, responses); NaN where a simulation failed.

        Raises
        ------
        Faults
            When a Dask worker is not of this software.
        RuntimeError
            When every simulation failed.
        """
        packed = pickle.dumps((self.engine, self.loaded, tuple(self.responses)), protocol=5)
        told = f"{self.loaded.sha256} {fingerprint()} {[one.key for one in self.responses]} {self.engine}"
        tasks = [self._asked(packed, told, setting, n) for setting in settings for n in replications]
        self.folder.joinpath(ANSWERS).mkdir(parents=True, exist_ok=True)
        unique = {task.name: task for task in tasks}
        missing = [task for task in unique.values() if not self._file(task.name).is_file()]
        self._count(len(tasks) - len(missing))
        try:
            for answer in self.workers.run(simulate_setting, missing, gone):
                self._keep(answer)
                self._count(1)
        except OtherSoftwareError as error:
            raise Faults([Fault("--scheduler", 1, str(error))]) from None
        values = np.array([[self._read(task.name, one.key) for one in self.responses] for task in tasks])
        if not np.isfinite(values).any():
            raise RuntimeError("every simulation failed; the first said: " + (self.failures or ["nothing"])[0])
        return values.reshape(len(settings), len(replications), len(self.responses))

    def _asked(self, packed: bytes, told: str, setting: Setting, replication: int) -> Asked:
        content = repr((told, sorted(setting.items()), replication))
        name = sha256(content.encode()).hexdigest()[:24]
        return Asked(packed, fingerprint(), tuple(setting.items()), replication, name)

    def _count(self, more: int) -> None:
        self.done += more
        self.tell(self.done)

    def _file(self, name: str) -> Path:
        return self.folder / ANSWERS / f"{name}.json"

    def _keep(self, answer: Answer) -> None:
        values = {key: None if math.isnan(value) else value for key, value in answer.values.items()}
        content = {"setting": dict(answer.asked.setting), "replication": answer.asked.replication, "values": values}
        if answer.is_lost:
            self.failures.append(f"{content['setting']}, replication {answer.asked.replication}: {answer.failure}")
            self.lost.add(answer.asked.name)
            return
        draft = self._file(answer.asked.name).with_suffix(".tmp")
        write_json(content | ({"failure": answer.failure} if answer.failure else {}), draft)
        draft.replace(self._file(answer.asked.name))  # an interruption leaves no half answer

    def _read(self, name: str, key: str) -> float:
        if name in self.lost:
            return math.nan
        content = json.loads(self._file(name).read_text(encoding="utf-8"))
        if "failure" in content:
            self.failures.append(f"{content['setting']}, replication {content['replication']}: {content['failure']}")
            return math.nan
        value = content["values"][key]
        return math.nan if value is None else float(value)
