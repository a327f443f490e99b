"""The folder of a study: what was asked, the answers known so far, and what people read. It resumes by itself."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.inputs.scenario import dump
from sim.results import store
from sim.results.provenance import software

if TYPE_CHECKING:
    import pandas as pd

    from sim.inputs.scenario import Loaded
    from sim.report.style import Drawing


def open_folder(loaded: Loaded, kind: str, asked: dict[str, Any], out: Path) -> Path:
    """Return the partial folder of a study: that of the same one when it was interrupted, else a new one.

    Parameters
    ----------
    loaded : Loaded
        The scenario.
    kind : str
        ``sensibilite`` or ``recherche``: the beginning of the folder's name.
    asked : dict
        What, with the scenario, decides the study.
    out : Path
        Parent folder.
    """
    content = json.dumps([kind, loaded.sha256, asked], sort_keys=True, ensure_ascii=False, default=str)
    mark = sha256(content.encode()).hexdigest()
    for folder in sorted(out.glob(f".{kind}-*.partial")):
        try:
            head = json.loads((folder / store.MANIFEST).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if head.get("study_sha256") == mark:
            return folder
    now = dt.datetime.now().astimezone().replace(microsecond=0)
    name = store.free_name(out, f"{kind}-{loaded.name}-{now:%Y%m%d-%H%M%S}")
    folder = store.partial_path(out, name)
    folder.mkdir(parents=True)
    (folder / store.SCENARIO).write_text(dump(loaded), encoding="utf-8")
    head = {
        "status": "running", "study": kind, "run": name, "name": loaded.name, "created": now.isoformat(), **software(),
        "scenario_sha256": loaded.sha256, "study_sha256": mark, "inputs": loaded.files, "asked": asked,
    }  # fmt: skip
    store.write_json(json.loads(json.dumps(head, default=str)), folder / store.MANIFEST)
    return folder


def close_folder(folder: Path, found: dict[str, Any], tables: dict[str, pd.DataFrame], drawings: list[Drawing]) -> Path:
    """Write tables, figures and the manifest of a finished study, and give the folder its name."""
    for name, table in tables.items():
        store.write_parquet(table, folder / f"{name}.parquet")
    figures = folder / "figures"
    figures.mkdir(exist_ok=True)
    for drawing in drawings:
        (figures / f"{drawing.key}.svg").write_text(drawing.titled, encoding="utf-8")
    head = json.loads((folder / store.MANIFEST).read_text(encoding="utf-8"))
    head |= {"status": "finished", **found, "tables": store.hash_tables(folder)}
    store.write_json(head, folder / store.MANIFEST)
    return folder.rename(folder.parent / head["run"])


class Clock:
    """Announces the cost of a study: the first simulation is timed, and tells how long the others will take.

    Parameters
    ----------
    total : int
        Simulations.
    jobs : int
        Done at the same time.
    say : callable
        Told one line, in English.
    """

    def __init__(self, total: int, jobs: int, say: Callable[[str], None]) -> None:
        self.total, self.jobs, self.say = total, max(1, jobs), say
        self.began = time.perf_counter()

    def announce(self, at_most: bool = False) -> None:
        """Say how many simulations are to be done."""
        self.say(f"cost: {'at most ' if at_most else ''}{self.total} simulations")

    def first_done(self) -> None:
        """Say how long it will take, once one has been timed."""
        each = time.perf_counter() - self.began
        minutes = each * max(0, self.total - 1) / self.jobs / 60
        shown = f"{60 * minutes:.0f} seconds" if minutes < 2 else f"{minutes:.0f} minutes"
        self.say(f"cost: one simulation takes {each:.1f} s, about {shown} to go with {self.jobs} at a time")
