"""Engines whose functions workers find by name: fast replications that fail, die, or answer to the scenario."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

from sim.state.records import Replication
from tests.fake import ENGINE, make_replication


def answering_simulate(loaded: Any, territory: Any, first_day: Any, number: int) -> Replication:
    """File more or fewer applications a month, as the scenario says."""
    return make_replication(number, filings=round(loaded.scenario.flows.arrivals.per_year / 10_000))


def deadly_simulate(loaded: Any, territory: Any, first_day: Any, number: int) -> Replication:
    """Kill the process at replication 1."""
    if number == 1:
        os._exit(9)
    return make_replication(number)


def once_interrupted_simulate(loaded: Any, territory: Any, first_day: Any, number: int) -> Replication:
    """Be interrupted at replication 4, the first time: a file remembers it."""
    mark = Path(os.environ["SIMHLM_TEST_MARK"])
    if number == 4 and not mark.exists():
        mark.touch()
        raise KeyboardInterrupt
    return make_replication(number)


ANSWERING = dataclasses.replace(ENGINE, simulate=answering_simulate)
DEADLY = dataclasses.replace(ENGINE, simulate=deadly_simulate)
INTERRUPTED = dataclasses.replace(ENGINE, simulate=once_interrupted_simulate)
