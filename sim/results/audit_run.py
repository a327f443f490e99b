"""Check a finished run again, from the files it saved: hashes, laws of the log, and the results built on it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sim.results.audit import Book, check_log, flows_at
from sim.results.audit_stock import stock_agrees
from sim.results.replay import LEAVINGS, K, Log, Tables
from sim.results.store import Run, load_run, replication_folder, sha256_of
from sim.state.applications import Applications
from sim.state.dwellings import Dwellings
from sim.state.households import Households
from sim.state.log import EVENT
from sim.state.tables import Table
from sim.words.clock import first_day, year_of
from sim.words.codes import Status


def audit_run(path: Path | str) -> dict[int, list[str]]:
    """Return, for each replication whose log was kept, what fails; empty lists when all holds.

    Parameters
    ----------
    path : Path
        A finished run folder.

    Raises
    ------
    Faults
        If it is not one.
    """
    run = load_run(path)
    return {number: audit_saved(run, number) for number in run.kept()}


def audit_saved(run: Run, number: int) -> list[str]:
    """Return what fails in the saved files of one replication."""
    own = replication_folder(Path(), number).as_posix()
    files = {name: told for name, told in run.manifest["tables"].items() if "/" not in name or name.startswith(own)}
    faults = [
        f"{name} is not the file that the run wrote"
        for name, told in files.items()
        if sha256_of(run.path / name) != told
    ]
    book = read_book(run, number)
    faults += check_log(book)
    return faults + results_agree(run, number, book)


def read_book(run: Run, number: int) -> Book:
    """Return the log and the born tables of a replication, read from its files."""
    saved, told = run.replication(number), run.manifest["by_replication"][str(number)]
    events = np.zeros(len(saved["events"]), dtype=EVENT)
    for name in EVENT.names or ():
        events[name] = saved["events"][name].to_numpy()
    born = Tables(
        read_table(Households, saved["households"]),
        read_table(Applications, saved["applications"]),
        read_table(Dwellings, saved["dwellings"]),
    )
    return Book(Log(events), born, told["day_one_rows"], told["first_day"], told["last_day"])


def read_table(kind: type[Any], frame: pd.DataFrame) -> Any:
    """Return a table of the state from its saved frame."""
    table: Table = kind.build(len(frame), **{name: frame[name].to_numpy() for name in kind.names()})
    return table


def results_agree(run: Run, number: int, book: Book) -> list[str]:
    """Return where outcomes, leases or indicators say other than the log."""
    faults = []
    outcomes = run.of_replication("outcomes", number)
    end = book.end.applications
    labels = np.array([status.label for status in Status])
    if not np.array_equal(labels[end.status], outcomes["outcome"].to_numpy(dtype=str)):
        faults.append("outcomes: other ends than the log replayed")
    if not np.array_equal(end.closed_day, outcomes["closed_day"].to_numpy()):
        faults.append("outcomes: other closing days than the log replayed")
    leases, at = run.replication(number)["leases"], book.log.of(K.HOUSED)
    if len(leases) != len(at) or any(
        (getattr(book.log, name)[at] != leases[name].to_numpy()).any()
        for name in ("day", "application", "household", "dwelling")
    ):
        faults.append("leases: not those of the log")
    table = run.of_replication("indicators", number)
    faults += indicators_agree(table[table["scope"] == "mel"], book)
    return faults + stock_agrees(table, book.log, book.day_one["dwellings"])


def indicators_agree(table: pd.DataFrame, book: Book) -> list[str]:
    """Return the yearly counts of the whole that are not those of the log (``table``: those of one replication)."""
    found = {(str(i), int(y)): v for i, y, v in zip(table["indicator"], table["year"], table["value"], strict=True)}
    log, faults = book.log, []
    for year in range(year_of(book.first_day), year_of(book.last_day) + 1):
        start, end = np.searchsorted(log.day, [first_day(year), first_day(year + 1)])

        def during(*kinds: K, start: int = start, end: int = end) -> int:
            return int(np.diff(np.searchsorted(log.of(*kinds), [start, end]))[0])

        expected = {
            "attributions": during(K.HOUSED),
            "demandes_nouvelles": during(K.FILED),
            "radiations_sans_attribution": during(*LEAVINGS),
            "attributions_hors_sne": during(K.LET_OUTSIDE),
        }
        if first_day(year + 1) - 1 <= book.last_day:
            expected["demandes_en_stock"] = flows_at(book, first_day(year + 1) - 1)[0]
        for code, count in expected.items():
            if found.get((code, year)) != count:
                faults.append(f"{code} {year}: {found.get((code, year))} in the indicators, {count} in the log")
    return faults
