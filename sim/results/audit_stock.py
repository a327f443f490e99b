"""Conservation laws of a stock that lives: what may be let, what is gone for good, the identity of the stock."""

from __future__ import annotations

import numpy as np

from sim.results.replay import LEASES, K, Log
from sim.state.records import Replication
from sim.words.clock import first_day, to_date
from sim.words.codes import GONE, LETTABLE


def told(count: int, text: str, rows: np.ndarray) -> list[str]:
    """Return one fault with its first rows, or nothing."""
    return [f"{text}: {count} ({', '.join(str(r) for r in rows[:3])}{', ...' if count > 3 else ''})"] if count else []


def let_only_what_is_offered(log: Log) -> list[str]:
    """No lease begins in a dwelling in works, banned, for sale, sold or demolished."""
    return told_uses(log, LEASES, LETTABLE, "dwelling let while it was not offered, row")


def gone_for_good(log: Log) -> list[str]:
    """What is demolished or sold does not come back."""
    return told_uses(log, (K.USE_CHANGED,), GONE - 1, "dwelling that left the stock and changed use, row")


def told_uses(log: Log, kinds: tuple[K, ...], largest: int, text: str) -> list[str]:
    """Return a fault when an event of some kinds finds a dwelling in a use beyond the largest allowed."""
    at = log.of(*{*kinds, K.USE_CHANGED})
    order = at[np.argsort(log.dwelling[at], kind="stable")]
    dwelling, value = log.dwelling[order], log.value[order]
    is_change = log.kind[order] == K.USE_CHANGED
    place = np.arange(len(order))
    last = np.maximum.accumulate(np.where(is_change, place, -1))
    before = np.concatenate([[-1], last[:-1]]) if len(last) else last  # the last change strictly before
    known = (before >= 0) & (dwelling[np.maximum(before, 0)] == dwelling)
    use = np.where(known, value[np.maximum(before, 0)], 0)
    wrong = np.isin(log.kind[order], kinds) & (use > largest)
    return told(int(wrong.sum()), text, np.unique(dwelling[wrong]))


def stock_identity(replication: Replication, log: Log) -> list[str]:
    """Start + delivered - demolished - sold = end, on every 31 December."""
    faults: list[str] = []
    changes = log.of(K.USE_CHANGED)
    gone = changes[log.value[changes] >= GONE]
    delivered = log.of(K.DELIVERED)
    table = replication.dwellings
    for end in replication.year_ends:
        if not len(end.uses):
            continue
        day = first_day(end.year + 1) - 1
        until = int(np.searchsorted(log.day, day, side="right"))
        expected = replication.day_one_rows["dwellings"] + int((delivered < until).sum()) - int((gone < until).sum())
        in_service = table.service_day[: len(end.uses)] <= day
        found = int((in_service & (end.uses < GONE)).sum())
        if found != expected:
            faults.append(f"{to_date(day)}: {found} dwellings in the stock, the log says {expected}")
    return faults
