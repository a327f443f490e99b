"""Rebuild the tables from the first day and the event log: what the log does not say did not happen.

The last event on a row decides, and numpy keeps the last of repeated assignments, so each column is one assignment
in the order of the log.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.state.applications import Applications
from sim.state.dwellings import Dwellings
from sim.state.households import Households
from sim.state.living import APPLICATIONS, COLUMNS, HOUSEHOLDS
from sim.state.log import by_kind, positions_of
from sim.words.codes import EventKind, Recognition, Status

K = EventKind
LEASES = (K.HOUSED, K.LET_OUTSIDE)
LEAVINGS = (K.LAPSED, K.WITHDRAWN, K.STRUCK_OFF)
CLOSINGS = (K.HOUSED, *LEAVINGS)
SET_FREE = (K.RELEASED, K.RETRACTED, K.REJECTED, K.INADMISSIBLE, K.REFUSED, K.EXPIRED)
REFUSALS = (K.REFUSED, K.EXPIRED)
CAP = 255
"""Largest value of the one-byte counters of offers and refusals."""

_CLOSED_AS = {kind: Status[kind.name] for kind in CLOSINGS}


class Tables(NamedTuple):
    """The three tables."""

    households: Households
    applications: Applications
    dwellings: Dwellings


class Log:
    """The log by columns, with the positions of each kind of event in order.

    Parameters
    ----------
    events : np.ndarray
        dtype ``EVENT``.
    """

    def __init__(self, events: np.ndarray) -> None:
        self.day = np.ascontiguousarray(events["day"])
        self.kind = np.ascontiguousarray(events["kind"])
        self.application = np.ascontiguousarray(events["application"])
        self.household = np.ascontiguousarray(events["household"])
        self.dwelling = np.ascontiguousarray(events["dwelling"])
        self.rank = np.ascontiguousarray(events["rank"])
        self.reason = np.ascontiguousarray(events["reason"])
        self.value = np.ascontiguousarray(events["value"])
        self._positions = by_kind(self.kind)

    def of(self, *kinds: EventKind) -> np.ndarray:
        """Return the positions of some kinds, in the order of the log."""
        return positions_of(self._positions, kinds)

    def __len__(self) -> int:
        """Return the number of events."""
        return len(self.day)


def replay(born: Tables, log: Log) -> Tables:
    """Return the tables at the end of the log.

    Parameters
    ----------
    born : Tables
        Rows as on day one, and later rows as they were added.
    log : Log
        The events.
    """
    tables = Tables(born.households.copy(), born.applications.copy(), born.dwellings.copy())
    _applications(tables.applications, log)
    _households(tables, log)
    _dwellings(tables.dwellings, log)
    _living(tables, log)
    return tables


def _living(tables: Tables, log: Log) -> None:
    """Write the last value of each column that changes (``state.living``)."""
    at = log.of(K.CHANGED)
    for code, name in enumerate(COLUMNS):
        mine = at[log.rank[at] == code]
        if not len(mine):
            continue
        if name in HOUSEHOLDS:
            column, rows = getattr(tables.households, name), log.household[mine]
        elif name in APPLICATIONS:
            column, rows = getattr(tables.applications, name), log.application[mine]
        else:
            column, rows = getattr(tables.dwellings, name), log.dwelling[mine]
        column[rows] = log.value[mine].astype(column.dtype)


def _applications(table: Applications, log: Log) -> None:
    at = log.of(K.RENEWED)
    table.renewal_due_day[log.application[at]] = log.value[at].astype(np.int32)
    held = log.of(K.DESIGNATED, *SET_FREE)
    rows, holds = log.application[held], log.kind[held] == K.DESIGNATED
    table.status[rows] = np.where(holds, Status.HELD, Status.OPEN)
    table.held_for[rows] = np.where(holds, log.dwelling[held], -1)
    at = log.of(*CLOSINGS)  # after what was held: a closed application never opens again
    rows = log.application[at]
    closed_as = np.zeros(len(EventKind), dtype=np.uint8)
    for kind, status in _CLOSED_AS.items():
        closed_as[kind] = status
    table.status[rows], table.closed_day[rows], table.held_for[rows] = closed_as[log.kind[at]], log.day[at], -1
    at = log.of(K.RECOGNISED)
    rows = log.application[at]
    changed = log.of(K.RECOGNISED, K.RECOGNITION_EXPIRED)
    bits = log.value[changed].astype(np.uint8)
    for flag in Recognition:  # of each recognition, the last event decides
        on = changed[(bits & int(flag)) > 0]
        gained, of = log.kind[on] == K.RECOGNISED, log.application[on]
        without = table.recognition[of] & ~np.uint8(flag)
        table.recognition[of] = np.where(gained, without | np.uint8(flag), without)
    first = np.full(table.count, -1, dtype=np.int32)
    first[rows[::-1]] = log.day[at][::-1]
    table.recognised_day[:] = np.where(table.recognised_day < 0, first, table.recognised_day)
    at = log.of(K.OFFERED)
    table.last_offer[log.application[at]] = log.dwelling[at]
    _count(table.offers_count, log.application[at])
    _count(table.refusals_count, log.application[log.of(*REFUSALS)])


def _count(column: np.ndarray, rows: np.ndarray) -> None:
    column[:] = np.minimum(column + np.bincount(rows, minlength=len(column)), CAP)


def _households(tables: Tables, log: Log) -> None:
    table = tables.households
    at = log.of(K.FILED, *CLOSINGS)
    filed = log.application[at]
    table.application[tables.applications.household[filed]] = np.where(log.kind[at] == K.FILED, filed, -1)
    at = log.of(K.VACATED, *LEASES)
    rows, leaves = log.household[at], log.kind[at] == K.VACATED
    table.dwelling[rows] = np.where(leaves, -1, log.dwelling[at])
    table.lease_day[rows] = np.where(leaves, -1, log.day[at])


def _dwellings(table: Dwellings, log: Log) -> None:
    at = log.of(K.USE_CHANGED)
    table.use[log.dwelling[at]] = log.value[at].astype(np.uint8)
    at = log.of(K.ORIENTED)
    table.reserved_for[log.dwelling[at]] = log.value[at].astype(np.uint8)
    at = log.of(K.VACATED, *LEASES)
    table.tenant[log.dwelling[at]] = np.where(log.kind[at] == K.VACATED, -1, log.household[at])
    at = log.of(K.VACATED, K.DELIVERED, *LEASES)
    let = np.isin(log.kind[at], LEASES)
    table.vacant_day[log.dwelling[at]] = np.where(let, -1, log.day[at])
    table.lettings_count[:] += np.bincount(log.dwelling[log.of(*LEASES)], minlength=table.count).astype(np.int16)
