"""Conservation laws of a stock that lives: what may be let, what is gone for good, the identity of the stock."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd

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
    """Start + delivered - demolished - sold = end, in every commune on every 31 December."""
    faults: list[str] = []
    changes = log.of(K.USE_CHANGED)
    gone = changes[log.value[changes] >= GONE]
    delivered, table = log.of(K.DELIVERED), replication.dwellings
    size = int(table.commune[: table.count].max(initial=0)) + 1

    def by_commune(rows: np.ndarray) -> np.ndarray:
        return np.bincount(table.commune[rows], minlength=size)

    start = by_commune(np.arange(replication.day_one_rows["dwellings"]))
    for end in replication.year_ends:
        if not len(end.uses):
            continue
        day = first_day(end.year + 1) - 1
        until = int(np.searchsorted(log.day, day, side="right"))
        expected = start + by_commune(log.dwelling[delivered[delivered < until]])
        expected -= by_commune(log.dwelling[gone[gone < until]])
        in_service = table.service_day[: len(end.uses)] <= day
        found = by_commune(np.flatnonzero(in_service & (end.uses < GONE)))
        wrong = np.flatnonzero(found != expected)
        faults += told(len(wrong), f"{to_date(day)}: stock other than the log says, in commune", wrong)
        holders = end.tenants[end.uses >= GONE]
        faults += told(int((holders >= 0).sum()), f"{to_date(day)}: dwelling that left the stock and is let", holders)
    return faults


def stock_agrees(table: pd.DataFrame, log: Log, day_one: int) -> list[str]:
    """Return where the saved indicators of the stock, by commune and year, break its identity or differ from the log.

    Parameters
    ----------
    table : pandas.DataFrame
        Saved indicators of one replication, all scopes.
    day_one : int
        Dwellings of the first day.
    """
    table = table[table["scope"].isin(["mel", "commune"]) & table["indicator"].isin(STOCK)]
    cells = table.pivot_table(
        index=["scope", "group"], columns=["indicator", "year"], values="value", aggfunc="sum", observed=True
    ).fillna(0.0)
    if cells.empty:
        return []
    faults = []
    years = sorted(cells[STOCK[0]].columns)
    for before, year in pairwise(years):
        delivered, demolished, sold = (cells[name, year] for name in STOCK[1:])
        gap = cells[STOCK[0], before] + delivered - demolished - sold - cells[STOCK[0], year]
        names = np.array([group for _, group in cells.index[gap.to_numpy() != 0]])
        faults += told(len(names), f"{year}: start + delivered - demolished - sold is not the end, in", names)
    changes = log.of(K.USE_CHANGED)
    gone = int((log.value[changes] >= GONE).sum())
    expected = day_one + len(log.of(K.DELIVERED)) - gone
    last = first_day(years[-1] + 1) - 1
    if (
        len(log)
        and log.day[-1] <= last
        and (found := int(cells.loc[("mel", "mel"), (STOCK[0], years[-1])])) != expected
    ):
        faults.append(f"{years[-1]}: {found} dwellings in the indicators, {expected} in the log")
    return faults


STOCK = ("logements_parc", "livraisons", "demolitions", "ventes_hlm")
"""Indicators that the identity of the stock ties together: end, and what enters and leaves."""
