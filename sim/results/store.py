"""The run folder: Parquet files with the same bytes for the same results, and a manifest.

Written under a temporary name and renamed when complete: a folder named ``.<name>.partial`` was interrupted.
"""

from __future__ import annotations

import hashlib
import json
import math
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.inputs.faults import Fault, Faults, shown
from sim.results.connection import connect
from sim.results.cube import Cube, read_cube
from sim.results.uncertainty import interval_of_mean, interval_over_draws
from sim.state.records import Replication
from sim.state.tables import Table

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

MANIFEST, SCENARIO = "manifest.json", "scenario.yaml"
SAME_COMMAND = "the same command goes on where it was"
"""What to do with an interrupted study."""
POOLED = ("indicators", "attributions", "outcomes", "waits")
"""Parquet files at the top of a run folder: all replications, in order."""
OF_REPLICATION = ("events", "households", "applications", "dwellings", "leases")
"""Parquet files of each replication whose log is kept; tables are as born: day one, later rows as added."""


def write_parquet(frame: pd.DataFrame, path: Path) -> None:
    """Write a frame; categories become text, NaN becomes null.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns of numbers, booleans, text or categories.
    path : Path
        File to write.
    """
    columns = [
        f'CASE WHEN isnan("{name}") THEN NULL ELSE "{name}" END AS "{name}"'
        if frame[name].dtype.kind == "f"
        else f'CAST("{name}" AS VARCHAR) AS "{name}"' if str(frame[name].dtype) == "category" else f'"{name}"'
        for name in frame.columns
    ]  # fmt: skip
    with connect() as connection:
        connection.register("frame", frame)
        copy(connection, f"SELECT {', '.join(columns)} FROM frame", path)


def copy(connection: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
    """Write the answer to a query as Parquet."""
    target = str(path).replace("'", "''")
    connection.execute(f"COPY ({query}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)")


def join_parquet(parts: Sequence[Path], path: Path) -> None:
    """Write several files of the same columns one after the other, as one file."""
    files = ", ".join("'" + str(part).replace("'", "''") + "'" for part in parts)
    with connect() as connection:
        copy(connection, f"SELECT * FROM read_parquet([{files}])", path)


def split_parquet(path: Path, number: int, piece: Path) -> None:
    """Write the rows of one replication of a joined file as the file that it came from.

    Through a table of the database, so that row groups are cut at the same rows as when the piece was written.
    """
    with connect() as connection:
        query = "CREATE TABLE rows_of AS SELECT * FROM read_parquet(?) WHERE replication = ?"
        connection.execute(query, [str(path), number])
        copy(connection, "SELECT * FROM rows_of", piece)


def read_parquet(path: Path) -> pd.DataFrame:
    """Read a Parquet file as a frame, rows in their order."""
    with connect() as connection:
        frame: pd.DataFrame = connection.execute("SELECT * FROM read_parquet(?)", [str(path)]).df()
    return frame


def table_frame(table: Table) -> pd.DataFrame:
    """Return a table of the state as a frame."""
    import pandas as pd

    return pd.DataFrame(dict(table.columns()))


def record_frame(records: np.ndarray) -> pd.DataFrame:
    """Return a structured array as a frame."""
    import pandas as pd

    return pd.DataFrame({name: np.ascontiguousarray(records[name]) for name in records.dtype.names or ()})


def replication_folder(folder: Path, number: int) -> Path:
    """Return the folder of one replication."""
    return folder / "replications" / f"{number:04d}"


def write_replication(replication: Replication, folder: Path, number: int | None = None) -> None:
    """Write the log, the tables as born and the leases of one replication into a run folder, under a number."""
    target = replication_folder(folder, replication.number if number is None else number)
    target.mkdir(parents=True, exist_ok=True)
    frames = {
        "events": record_frame(replication.events),
        "households": table_frame(replication.households_born),
        "applications": table_frame(replication.applications_born),
        "dwellings": table_frame(replication.dwellings_born),
        "leases": record_frame(replication.leases),
    }
    for name, frame in frames.items():
        write_parquet(frame, target / f"{name}.parquet")


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def hash_tables(folder: Path, without: str = "") -> dict[str, str]:
    """Return ``{relative path: sha256}`` of every Parquet file of a run folder, one of its folders left out."""
    files = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*.parquet"))
    return {name: sha256_of(folder / name) for name in files if not without or name.split("/")[0] != without}


def write_json(content: Mapping[str, Any], path: Path) -> None:
    """Write readable JSON; NaN is refused."""
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False) + "\n", encoding="utf-8")


def free_name(parent: Path, name: str) -> str:
    """Return the name, or the name with -2, -3... if a run of that name is there, finished or not."""
    number, found = 1, name
    while (parent / found).exists() or partial_path(parent, found).exists():
        number += 1
        found = f"{name}-{number}"
    return found


def partial_path(parent: Path, name: str) -> Path:
    """Return where a run is written until it is complete."""
    return parent / f".{name}.partial"


def way_on(partial: Path) -> str:
    """Return the command that goes on with a run, given its partial folder."""
    return (
        f"simhlm resume {shlex.quote(shown(partial.parent / partial.name.removeprefix('.').removesuffix('.partial')))}"
    )


@dataclass
class Run:
    """A finished run folder; frames are read when asked for, once."""

    path: Path
    manifest: dict[str, Any]
    _frames: dict[str, pd.DataFrame] = field(default_factory=dict, repr=False)

    def _frame(self, name: str) -> pd.DataFrame:
        if name not in self._frames:
            self._frames[name] = read_parquet(self.path / f"{name}.parquet")
        return self._frames[name]

    def _some(self, name: str, column: str, value: str | int) -> pd.DataFrame:
        """Return the rows of a table where a column has a value, without reading the others."""
        with connect() as connection:
            asked = [str(self.path / f"{name}.parquet"), value]
            return connection.execute(f'SELECT * FROM read_parquet(?) WHERE "{column}" = ?', asked).df()

    def indicators(self, scope: str = "") -> pd.DataFrame:
        """Return one row per replication, year, indicator, scope and group; of one scope, or all of them."""
        return self._some("indicators", "scope", scope) if scope else self._frame("indicators")

    def indicators_at(self, places: Iterable[tuple[str, str, int]]) -> pd.DataFrame:
        """Return the rows of some (scope, group, year) in all replications, without reading the others."""
        import pandas as pd

        asked = pd.DataFrame(sorted(set(places)), columns=["scope", "group", "year"])
        with connect() as connection:
            connection.register("asked", asked.astype({"scope": str, "group": str, "year": "int64"}))
            query = 'SELECT * FROM read_parquet(?) SEMI JOIN asked USING (scope, "group", year)'
            return connection.execute(query, [str(self.path / "indicators.parquet")]).df()

    def of_replication(self, name: str, number: int) -> pd.DataFrame:
        """Return the rows of one replication in a table of the run (one of ``POOLED``)."""
        return self._some(name, "replication", number)

    @cached_property
    def cube(self) -> Cube:
        """The indicators by replication and cell."""
        return read_cube(self.path / "indicators.parquet")

    def attributions(self) -> pd.DataFrame:
        """Return counts per replication and year of the R441-5-1 cross-table."""
        return self._frame("attributions")

    def attributed(self, first: int, last: int) -> pd.DataFrame:
        """Return the attributions of the cross-table over some years, all replications added."""
        headings = "reservataire, typologie, financement, qpv, commune, periode, bailleur"
        with connect() as connection:
            return connection.execute(
                f'SELECT {headings}, sum("count")::BIGINT AS "count" FROM read_parquet(?) '
                "WHERE year BETWEEN ? AND ? GROUP BY ALL",
                [str(self.path / "attributions.parquet"), first, last],
            ).df()

    def outcomes(self) -> pd.DataFrame:
        """Return one row per replication and application."""
        return self._frame("outcomes")

    def waits(self, groups: Iterable[str] = ()) -> pd.DataFrame:
        """Return curves per replication, class and group; of some groups, or all of them."""
        if not (asked := list(groups)):
            return self._frame("waits")
        with connect() as connection:
            query = 'SELECT * FROM read_parquet(?) WHERE "group" IN (SELECT unnest(?::VARCHAR[]))'
            return connection.execute(query, [str(self.path / "waits.parquet"), asked]).df()

    def followed(self) -> list[int]:
        """Return the replications whose applications are in ``outcomes.parquet``, one by one."""
        asked = self.manifest["scenario"]["run"]
        numbers = sorted(int(number) for number in self.manifest["by_replication"])
        return [n for n in numbers if asked["keep"] == "all" or n < asked["outcomes"]]

    def kept(self) -> list[int]:
        """Return the replications whose log was kept."""
        return sorted(int(p.name) for p in (self.path / "replications").glob("[0-9]*") if p.is_dir())

    def replication(self, number: int = 0) -> dict[str, pd.DataFrame]:
        """Return the log, the tables as born and the leases of one replication, by name.

        Raises
        ------
        Faults
            If its log was not kept.
        """
        if number not in self.kept():
            kept = ", ".join(map(str, self.kept())) or "none"
            raise Faults([Fault(shown(self.path), 1, f"the log of replication {number} was not kept (kept: {kept})")])
        folder = replication_folder(Path(), number).as_posix()
        return {name: self._frame(f"{folder}/{name}") for name in OF_REPLICATION}


def load_run(path: Path | str) -> Run:
    """Open a finished run folder.

    Raises
    ------
    Faults
        If it is not one: absent, interrupted, or a file is missing.
    """
    path = Path(path)

    def fault(text: str) -> Faults:
        return Faults([Fault(shown(path), 1, text)])

    partial = path if path.name.startswith(".") else partial_path(path.parent, path.name)
    if not path.is_dir() and (partial / MANIFEST).is_file():
        path = partial
    if not path.is_dir():
        raise fault("no such run folder")
    try:
        manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise fault(f"not a run folder: it has no {MANIFEST}") from None
    except ValueError:
        raise fault(f"{MANIFEST} is not readable JSON") from None
    if not isinstance(manifest, dict):
        raise fault(f"{MANIFEST} is not that of a run")
    is_finished = manifest.get("status") == "finished"
    if "study" in manifest:
        raise fault("a study, not a run" + ("" if is_finished else f" (interrupted: {SAME_COMMAND})"))
    if not is_finished:
        raise fault(f"this run was interrupted; to go on: {way_on(partial)}")
    absent = [name for name in manifest["tables"] if not (path / name).is_file()]
    if absent:
        raise fault(f"files are missing: {', '.join(absent[:3])}")
    return Run(path, manifest)


def list_runs(parent: Path | str) -> list[dict[str, Any]]:
    """Return the folders of runs and studies of a folder, finished or not, by name: one dictionary each.

    ``kind`` is ``run``, or that of the study, which has ``simulations`` in place of replications and years.
    """
    parent, rows = Path(parent), []
    for path in sorted(parent.iterdir()) if parent.is_dir() else []:
        try:
            manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
            is_study = "study" in manifest
            rows.append(
                {
                    "run": str(path),
                    "kind": manifest["study"] if is_study else "run",
                    "scenario": manifest["name"],
                    "date": manifest["created"],
                    "replications": None if is_study else manifest["replications"],
                    "simulations": len(list(path.glob("answers/*.json"))) if is_study else None,
                    "years": None if is_study else f"{manifest['years'][0]}-{manifest['years'][-1]}",
                    "mb": round(sum(f.stat().st_size for f in path.rglob("*") if f.is_file()) / 1e6, 1),
                    "status": "unfinished" if manifest["status"] == "running" else manifest["status"],
                }
            )
        except (OSError, ValueError, KeyError, TypeError):
            continue  # not a run folder
    return rows


def summarise(indicators: pd.DataFrame, scope: str = "mel", group: str | None = None) -> dict[int, dict[str, Any]]:
    """Return means over replications with Student's 95 % intervals.

    Parameters
    ----------
    indicators : pandas.DataFrame
        As ``Run.indicators`` gives them.
    scope, group : str
        What is summarised; the group is that of the scope ``mel`` by default.

    Returns
    -------
    dict
        ``{year: {code: {"mean", "low", "high"}}}``; None where no replication has a value, and no interval
        with fewer than two. With draws, the interval tells what is not known as well as chance.
    """
    chosen = indicators[(indicators["scope"] == scope) & (indicators["group"] == (group or scope))]
    answer: dict[int, dict[str, Any]] = {}
    for (year, code), rows in chosen.groupby(["year", "indicator"], sort=False, observed=True):
        if "draw" in rows:
            found = interval_over_draws(rows.pivot(index="draw", columns="luck", values="value").to_numpy(dtype=float))
        else:
            found = interval_of_mean(rows["value"].dropna().to_numpy(dtype=float))
        told = [None if x is None or math.isnan(x) else x for x in found or (None, None, None)]
        answer.setdefault(int(year), {})[str(code)] = dict(zip(("mean", "low", "high"), told, strict=True))
    return answer
