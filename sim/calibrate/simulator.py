"""The simulator as a function of a point: a small world of the real scenario, the twins of the targets as outputs."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from sim.calibrate.parameters import MEL, Free, settings, values_of
from sim.calibrate.targets import Target, known, twin_of
from sim.indicators.compute import compute
from sim.indicators.grid import Names
from sim.inputs.files import hash_of
from sim.inputs.law import LawView
from sim.inputs.scenario import load
from sim.results.ensemble import first_day_of, load_territory
from sim.results.provenance import norms_of
from sim.words.clock import year_of

Tell = Callable[[int], None]
"""Called with how many more of the runs asked for are there, made now or found in the store."""
FIT_SEED = 7_001
"""Common to all points of a fit, and never that of a test or of ``reference``."""


@dataclass(frozen=True)
class Simulator:
    """What a point of the box is run with.

    Attributes
    ----------
    scenario : str
        Base scenario.
    applicants, years : int
        Size and length of the world.
    targets : tuple of Target
        Facts whose twins are returned: those fitted to, and those that a fit predicts.
    until : int
        Only facts dated up to this year are fitted to; all when 0.
    free : tuple of Free
        What a point sets.
    """

    scenario: str
    applicants: int
    years: int
    targets: tuple[Target, ...]
    free: tuple[Free, ...] = MEL
    until: int = 0

    @property
    def fitted(self) -> np.ndarray:
        """Which targets are fitted to (bool)."""
        names = {t.id for t in known(self.targets, self.until)}
        return np.array([t.id in names for t in self.targets])

    def overrides(self, values: Sequence[float]) -> list[str]:
        """Return a point as options of the command line."""
        return [f"{path}={value:g}" for path, value in settings(values, self.free).items()]

    def run(self, values: Sequence[float], seed: int) -> list[float]:
        """Return the twins of the targets at a point, full size (one replication)."""
        from sim.flows.run import simulate

        loaded = load(self.scenario, self.overrides(values), applicants=self.applicants, years=self.years, seed=seed)
        territory = load_territory(loaded)
        replication = simulate(loaded, territory, first_day_of(loaded, territory), 0)
        years = range(year_of(replication.first_day), year_of(replication.last_day) + 1)
        results = compute(replication, Names.of(territory), norms_of(LawView(loaded.law), years))
        return [twin_of(results, target, self.scale) for target in self.targets]

    @cached_property
    def scale(self) -> float:
        """Size of its worlds relative to the territory."""
        return self.applicants / float(load_territory(load(self.scenario))["demande.stock"])

    @property
    def key(self) -> str:
        """Hash of all that outputs depend on beside the point, the seed and the code: not of where the point stood."""
        middle = self.overrides(values_of(np.full(len(self.free), 0.5), self.free).tolist())
        loaded = load(self.scenario, middle, applicants=self.applicants, years=self.years)
        read = {name: told for name, told in loaded.files.items() if "/" in name}  # law, grids: not the scenarios
        read |= {name: hash_of(path) for name, path in load_territory(loaded).files.items() if path.stem != "targets"}
        names, sets = [t.id for t in self.targets], [one.writes for one in self.free]
        told = [loaded.scenario.model_dump(mode="json"), sorted(read.items()), names, sets]
        return hashlib.sha256(json.dumps(told, default=str).encode()).hexdigest()[:16]


Job = tuple[tuple[float, ...], int]
"""A point, in values of the parameters, and a seed."""


def work(simulator: Simulator, job: Job) -> tuple[Job, list[float]]:
    """Run one point, in a process of its own."""
    return job, simulator.run(*job)


class Store:
    """Runs already made, in a file of one JSON line each: a fit that was interrupted goes on from there."""

    def __init__(self, path: Path, key: str) -> None:
        self.path, self.key = path, key
        self.known: dict[Job, list[float]] = {}
        if path.is_file():
            for text in path.read_text(encoding="utf-8").splitlines():
                row = json.loads(text)
                if row["key"] == key:
                    self.known[(tuple(row["point"]), row["seed"])] = row["outputs"]

    def add(self, job: Job, outputs: list[float]) -> None:
        """Remember a run, on disk at once."""
        self.known[job] = outputs
        row = {"key": self.key, "point": list(job[0]), "seed": job[1], "outputs": outputs}
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")

    def run(self, simulator: Simulator, jobs: Iterable[Job], processes: int, tell: Tell) -> np.ndarray:
        """Return the outputs of jobs (jobs, targets), running those that are missing; all of them are told."""
        asked = list(jobs)
        missing = [job for job in dict.fromkeys(asked) if job not in self.known]
        if len(missing) < len(asked):
            tell(len(asked) - len(missing))
        if processes == 1 or len(missing) == 1:
            for job in missing:
                self.add(job, simulator.run(*job))
                tell(1)
        elif missing:
            with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
                for future in as_completed([pool.submit(work, simulator, job) for job in missing]):
                    self.add(*future.result())
                    tell(1)
        return np.array([self.known[job] for job in asked])
