"""Run the worlds, ask every oracle, and say what agrees with theory."""

from __future__ import annotations

import math
import multiprocessing
import time
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Any

import numpy as np

from sim.verify import exchanges, oracles, orderings
from sim.verify.checks import ORACLES, Check, Paths
from sim.verify.faults import FAULTS, injected
from sim.verify.worlds import VARIANTS, Path, run_variant
from sim.words.registry import Entry

MODULES = (oracles, orderings, exchanges)
"""Imported so that their oracles are registered."""

Task = tuple[str, int, str]
Advance = Callable[[str, int], None]


def wanted_oracles(only: Sequence[str] = ()) -> list[Entry[Any]]:
    """Return the oracles asked for, all when none is named."""
    return [ORACLES[name] for name in only] if only else list(ORACLES)


def tasks_of(entries: Sequence[Entry[Any]], fault: str) -> list[Task]:
    """Return the runs that oracles need, the longest first."""
    names = dict.fromkeys(name for entry in entries for name in entry.extra["worlds"])
    return [(name, number, fault) for name in names for number in range(VARIANTS[name].replications)]


def play(task: Task) -> tuple[Task, Path | str]:
    """Run one world; a failure of the engine is an answer too."""
    name, number, fault = task
    try:
        return task, run_variant(VARIANTS[name], number, fault)
    except Exception as error:
        return task, f"{type(error).__name__}: {error}"


def run_worlds(tasks: Sequence[Task], jobs: int, advance: Advance) -> tuple[Paths, dict[str, str]]:
    """Return the paths of each variant and what went wrong in those that failed."""
    answers: dict[Task, Path | str] = {}
    if jobs == 1:
        for done, task in enumerate(tasks, start=1):
            answers[task] = play(task)[1]
            advance(task[0], done)
    else:
        with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
            pending = [pool.submit(play, task) for task in tasks]
            for done, future in enumerate(as_completed(pending), start=1):
                task, answer = future.result()
                answers[task] = answer
                advance(task[0], done)
    failed = {name: answer for (name, _, _), answer in answers.items() if isinstance(answer, str)}
    paths: Paths = {}
    for task in tasks:
        answer = answers[task]
        if isinstance(answer, Path):
            paths.setdefault(task[0], []).append(answer)
    return paths, failed


def verify(
    fault: str = "", only: Sequence[str] = (), jobs: int = 2, advance: Advance = lambda _name, _done: None
) -> dict[str, Any]:
    """Compare the engine with theory.

    Parameters
    ----------
    fault : str
        Name of a fault of ``sim/verify/faults.py`` to inject, empty for the engine as it is.
    only : sequence of str
        Oracles asked for; all by default.
    jobs : int
        Processes; results do not depend on it.
    advance : callable
        Told the world that ended and how many have.

    Returns
    -------
    dict
        ``passed``, ``seconds``, ``fault``, and one entry per oracle: what its least comfortable comparison says
        (``predicted``, ``simulated``, ``low``, ``high``), whether all hold, and all its comparisons.

    Raises
    ------
    KeyError
        If a fault or an oracle has no such name; the nearest one is named.
    """
    began = time.perf_counter()
    if fault:
        FAULTS[fault]
    entries = wanted_oracles(only)
    paths, failed = run_worlds(tasks_of(entries, fault), jobs, advance)
    with injected(fault):
        found = [verdict(entry, paths, failed) for entry in entries]
    return {
        "passed": all(line["holds"] for line in found),
        "fault": fault,
        "seconds": round(time.perf_counter() - began, 1),
        "oracles": found,
    }


def verdict(entry: Entry[Any], paths: Paths, failed: dict[str, str]) -> dict[str, Any]:
    """Return what an oracle found."""
    broken = [f"{name}: {failed[name]}" for name in entry.extra["worlds"] if name in failed]
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a broken engine leaves groups empty: the check says so
        checks: list[Check] = [] if broken else entry.function(paths)
    worst = max(checks, key=lambda check: check.strain, default=Check("", math.nan, math.nan, math.nan, ""))
    return {
        "name": entry.name,
        "label": entry.label,
        "source": entry.reference,
        "holds": not broken and all(check.holds for check in checks),
        "failure": "; ".join(broken),
        **compared_as_told(worst),
        "checks": [{"name": check.name, **compared_as_told(check), "holds": check.holds} for check in checks],
    }


def compared_as_told(check: Check) -> dict[str, Any]:
    """Return the numbers of a comparison: the interval is that of what theory predicts."""
    return {
        "predicted": told(check.predicted),
        "simulated": told(check.simulated),
        "low": told(check.predicted - check.tolerance),
        "high": told(check.predicted + check.tolerance),
        "unit": check.unit,
    }


def told(number: float) -> float | None:
    """Return a number as JSON has it: none when there is nothing to compare."""
    return round(number, 6) if math.isfinite(number) else None


def shown(number: float | None) -> str:
    """Write a number."""
    return "-" if number is None else f"{number:.4g}"


def lines(answer: dict[str, Any]) -> list[str]:
    """Return the answer as lines of text."""
    text = []
    for one in answer["oracles"]:
        text.append(f"{'ok  ' if one['holds'] else 'FAIL'} {one['name']:<4} {one['label']} ({one['source']})")
        if one["failure"]:
            text.append(f"       {one['failure']}")
        for check in one["checks"]:
            mark = " " if check["holds"] else "*"
            text.append(
                f"     {mark} {check['name']:<48}{shown(check['simulated']):>11}  theory {shown(check['predicted']):>9}"
                f" ({shown(check['low'])} to {shown(check['high'])}) {check['unit']}"
            )
    passed = sum(one["holds"] for one in answer["oracles"])
    fault = f", engine broken by {answer['fault']}" if answer["fault"] else ""
    text.append(f"{passed} of {len(answer['oracles'])} oracles agree with theory{fault} ({answer['seconds']} s)")
    return text
