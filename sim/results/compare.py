"""Comparing runs: everything that people and machines read of a comparison, in one folder."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.results.differences import as_json, compare_indicators
from sim.results.pairing import Side, Sides, open_sides
from sim.results.provenance import software
from sim.results.restricted import restricted_means
from sim.results.store import free_name, partial_path, write_json, write_parquet
from sim.results.winners import winners

if TYPE_CHECKING:
    import pandas as pd

TABLES = ("comparison", "winners", "restricted_means")


@dataclass(frozen=True)
class Comparison:
    """Paired differences, winners and losers, and restricted means, of a base and its alternatives."""

    sides: Sides
    differences: pd.DataFrame
    winners: pd.DataFrame
    means: pd.DataFrame

    def of(self, side: Side) -> pd.DataFrame:
        """Return the differences of one alternative."""
        return self.differences[self.differences["alternative"] == side.name]


def compare(folders: Sequence[Path]) -> Comparison:
    """Compare run folders, the first being the base.

    Raises
    ------
    Faults
        If a folder is no finished run, or the runs are not comparable.
    """
    sides = open_sides(folders)
    return Comparison(sides, compare_indicators(sides), winners(sides), restricted_means(sides))


def new_folder(sides: Sides, parent: Path) -> tuple[Path, Path]:
    """Make the folder that a comparison is written in, and return it with the name it takes when complete."""
    names = "-".join(re.sub(r"[ ()]", "", side.name) for side in sides.all)[:80]
    wanted = free_name(parent, f"compare-{names}-{dt.datetime.now():%Y%m%d-%H%M%S}")
    folder = partial_path(parent, wanted)
    folder.mkdir(parents=True)
    return folder, parent / wanted


def write_tables(comparison: Comparison, folder: Path) -> None:
    """Write the tables and what says where they come from."""
    for name, frame in zip(TABLES, (comparison.differences, comparison.winners, comparison.means), strict=True):
        write_parquet(frame, folder / f"{name}.parquet")
    runs = [
        {
            "name": side.name,
            "title": side.title,
            "run": side.run.path.name,
            "scenario_sha256": side.run.manifest["scenario_sha256"],
            "tables": side.run.manifest["tables"],
        }
        for side in comparison.sides.all
    ]
    content = software() | {"replications": list(comparison.sides.replications), "runs": runs}
    write_json(content, folder / "comparison.json")


def summary(comparison: Comparison, folder: Path) -> dict[str, Any]:
    """Return what ``simhlm compare --json`` prints."""
    sides = comparison.sides
    return {
        "base": sides.base.name,
        "comparison": str(folder),
        "replications": len(sides.replications),
        "comparisons": int(comparison.differences["p_value"].notna().sum()),
        "alternatives": [
            {"name": side.name, "run": str(side.run.path), "differences": as_json(comparison.of(side))}
            for side in sides.alternatives
        ],
    }


def as_text(comparison: Comparison, folder: Path) -> str:
    """Return the machine summary as JSON text; NaN is refused."""
    return json.dumps(summary(comparison, folder), ensure_ascii=False, allow_nan=False)
