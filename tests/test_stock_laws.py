"""The stock, every year and commune: its identity by a plain count, and audits that tell when it is broken."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from sim.indicators.compute import compute
from sim.indicators.grid import Names
from sim.inputs.law import LawView
from sim.results.audit import audit
from sim.results.audit_stock import STOCK, stock_agrees
from sim.results.provenance import norms_of
from sim.results.replay import Log
from sim.state.records import Replication
from sim.words.clock import year_of
from sim.words.codes import GONE, LETTABLE, EventKind, Use
from tests.worlds import kept, loaded, territory

SETTINGS = (
    "flows/deliveries/lead_months=0",
    "flows/demolition/empty_months=2",
    "flows/demolition/realised_share=2.0",
    "flows/rehabilitation/works_months=3",
    "law/location.etiquette_interdite@2022-06-01=E",
)
WORLD = ("plh_complet", SETTINGS, 1000, 2)


@pytest.fixture(scope="module")
def done() -> Replication:
    return kept(*WORLD)


@pytest.fixture(scope="module")
def table(done: Replication) -> pd.DataFrame:
    law = loaded(*WORLD).law
    return compute(done, Names.of(territory()), norms_of(LawView(law), range(2022, 2024)))


def test_start_and_deliveries_less_what_leaves_is_the_end_by_commune(done: Replication, table: pd.DataFrame) -> None:
    assert audit(done) == []
    names, commune = Names.of(territory()).communes, done.dwellings.commune
    stock = Counter(commune[: done.day_one_rows["dwellings"]].tolist())
    seen: Counter[Use] = Counter()
    saved = table[(table["scope"] == "commune") & (table["indicator"] == "logements_parc")]
    for year in (2022, 2023):
        for event in done.events:
            if year_of(int(event["day"])) != year:
                continue
            where = int(commune[event["dwelling"]])
            if event["kind"] == EventKind.DELIVERED:
                stock[where] += 1
            if event["kind"] == EventKind.USE_CHANGED:
                seen[Use.of(int(event["value"]))] += 1
                stock[where] -= event["value"] >= GONE
        mine = saved[saved["year"] == year].set_index("group")["value"]
        assert {names[c]: n for c, n in stock.items() if n} == {str(g): int(v) for g, v in mine.items() if v}
    assert min(seen[use] for use in (Use.DEMOLISHED, Use.SOLD, Use.IN_WORKS, Use.BANNED, Use.TO_DEMOLISH)) > 3


def test_nothing_is_let_while_demolished_sold_in_works_or_banned(done: Replication) -> None:
    use: Counter[int] = Counter()
    for event in done.events:
        home = int(event["dwelling"])
        if event["kind"] == EventKind.USE_CHANGED:
            use[home] = int(event["value"])
        elif event["kind"] in (EventKind.HOUSED, EventKind.LET_OUTSIDE):
            assert use[home] <= LETTABLE


def let_while_it_leaves(r: Replication) -> None:
    at = int(np.flatnonzero((r.events["kind"] == EventKind.USE_CHANGED) & (r.events["value"] == Use.SOLD))[0])
    lease = r.events[np.flatnonzero(r.events["kind"] == EventKind.HOUSED)[-1]].copy()
    lease["dwelling"] = r.events["dwelling"][at]
    r.events = np.insert(r.events, at + 1, lease)


def gone_elsewhere(r: Replication) -> None:
    end = r.year_ends[0]
    other = np.flatnonzero(r.dwellings.commune[: len(end.uses)] != r.dwellings.commune[first_gone(r)])
    row = other[end.uses[other] == Use.OFFERED][0]
    end.uses[first_gone(r)], end.uses[row] = Use.OFFERED, Use.DEMOLISHED


def first_gone(r: Replication) -> int:
    """Return the first dwelling that had left the stock at the end of the first year."""
    return int(np.flatnonzero(r.year_ends[0].uses >= GONE)[0])


def let_though_gone(r: Replication) -> None:
    r.year_ends[0].tenants[first_gone(r)] = 5


@pytest.mark.parametrize(
    ("breaks", "law"),
    [
        (let_while_it_leaves, "dwelling let while it was not offered"),
        (gone_elsewhere, "stock other than the log says, in commune: 2"),
        (let_though_gone, "dwelling that left the stock and is let"),
    ],
)
def test_a_broken_stock_is_told(done: Replication, breaks: Callable[[Replication], None], law: str) -> None:
    broken = copy.copy(done)
    broken.events = done.events.copy()
    broken.year_ends = [copy.deepcopy(end) for end in done.year_ends]
    breaks(broken)
    assert any(law in fault for fault in audit(broken))


def test_saved_indicators_are_tied_to_the_log(done: Replication, table: pd.DataFrame) -> None:
    log, day_one = Log(done.events), done.day_one_rows["dwellings"]
    assert stock_agrees(table, log, day_one) == []
    assert "dwellings in the indicators" in stock_agrees(table, log, day_one + 1)[0]
    for name in STOCK:
        wrong = table.copy()
        rows = (wrong["indicator"] == name) & (wrong["year"] == 2023) & (wrong["scope"] == "commune")
        wrong.loc[wrong.index[rows & (wrong["value"] > 0)][0], "value"] += 1
        assert "is not the end, in: 1" in stock_agrees(wrong, log, day_one)[0]
