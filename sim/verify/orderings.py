"""Oracles on the orderings themselves, at daily resolution: one server, and the production keys.

A commission that treats one file at a time is a server; who comes next is decided by the mechanism of the
scenario (``sim/rules``), nothing else is simulated.
"""

from __future__ import annotations

import heapq
from typing import Any

import numpy as np

from sim.inputs.grids import Grid, Seniority
from sim.inputs.schema_designation import Designation
from sim.rules.cotation import Cotation
from sim.rules.designation import Order, order_of
from sim.rules.draws import base_of, drawn_between
from sim.rules.mechanisms import is_drawn, joins_buffer
from sim.state.applications import Applications
from sim.state.households import Households
from sim.state.luck import Luck, identities
from sim.state.rows import Rows
from sim.verify import theory
from sim.verify.checks import Check, Paths, compared, oracle
from sim.words.codes import Employment

SERVICE_DAYS = 100  # mean time that the server takes for a file: a day is a hundredth of it
FILES = 8_000  # of a batch
BATCHES = 12
LOAD = 0.6
BATCH_LUCK = 20_250_101


def people(filed: np.ndarray, is_first: np.ndarray) -> Rows:
    """Return applications filed on given days, some by people who work."""
    count = len(filed)
    files = Applications.build(count, filed_day=filed, household=np.arange(count))
    files.luck_id[:] = identities("verify", 0, count)
    homes = Households.build(count)
    homes.employment[:] = np.where(is_first, int(Employment.STABLE), int(Employment.UNEMPLOYED))
    return Rows(files, np.arange(count), Rows(homes, np.arange(count)))


def served_waits(order: Order, load: float, batch: int, share_first: float = 0.5) -> dict[str, Any]:
    """Let one server take files in the order of a mechanism; return waits, classes and services (days)."""
    rng = np.random.default_rng([BATCH_LUCK, batch])
    gaps = rng.exponential(SERVICE_DAYS / load, FILES)
    filed = np.floor(np.cumsum(gaps)).astype(np.int64)
    service = rng.exponential(SERVICE_DAYS, FILES)
    is_first = rng.random(FILES) < share_first
    keys = order.keys(people(filed, is_first), 0).key
    draws = draws_of(order, filed)
    waits, queue, free, coming = np.empty(FILES), [], 0.0, 0  # type: ignore[var-annotated]
    for occasion in range(FILES):
        if not queue:
            free = max(free, float(filed[coming]))
        while coming < FILES and filed[coming] <= free:
            heapq.heappush(queue, (int(keys[coming]), coming))
            coming += 1
        row = heapq.heappop(queue)[1] if draws is None else queue.pop(drawn_place(queue, draws, occasion))[1]
        waits[row] = free - filed[row]
        free += service[row]
    kept = slice(FILES // 10, None)
    realised = {"rate": FILES / float(filed[-1] - filed[0]), "mean": service.mean(), "second": (service**2).mean()}
    return {"waits": waits[kept], "is_first": is_first[kept], **realised}


Draws = tuple[np.ndarray, np.uint64]


def draws_of(order: Order, filed: np.ndarray) -> Draws | None:
    """Return identities and base of the draws of a mechanism that orders anew for each dwelling."""
    if not is_drawn(order.rule.name) or order.luck is None:
        return None
    return identities("verify", 0, len(filed)), base_of(order.luck, "tirage")


def drawn_place(queue: list[tuple[int, int]], draws: Draws, occasion: int) -> int:
    """Return the place in the queue of the one drawn for an occasion."""
    rows = np.array([row for _, row in queue])
    first = drawn_between(rows, draws[0], draws[1], occasion, 0.0, 1.0)[0]
    return int(np.flatnonzero(rows == first)[0])


def grid(points: float, per_month: float) -> Cotation:
    """Return a grid that gives points to those who work."""
    seniority = Seniority(points_per_month=per_month)
    return Cotation(Grid(title="essai", is_demonstration=True, source="hypothèse", reference="essai",
                         criteria={"en_emploi": points}, seniority=seniority))  # fmt: skip


@oracle("O8b", "Priorités d'une commission (Cobham)", "Cobham, Operations Research 2 (1954)")
def cobham(_: Paths) -> list[Check]:
    """Two classes under strict priority, M/M/1."""
    order = Order(Designation(name="cotation"), grid(points=10.0, per_month=0.0))
    pairs: tuple[list[tuple[float, float]], list[tuple[float, float]]] = ([], [])
    for batch in range(BATCHES):
        run = served_waits(order, LOAD, batch)
        rate = LOAD / SERVICE_DAYS / 2
        expected = theory.cobham([rate, rate], SERVICE_DAYS, 2 * SERVICE_DAYS**2)
        for rank, is_mine in enumerate((run["is_first"], ~run["is_first"])):
            pairs[rank].append((float(run["waits"][is_mine].mean()), expected[rank]))
    return [
        compared("attente de la première classe", pairs[0], "days", 1.0),
        compared("attente de la seconde classe", pairs[1], "days", 1.0),
    ]


@oracle("O9b", "Conservation du travail sous points", "Kleinrock 1964")
def conservation(_: Paths) -> list[Check]:
    """Whatever the points, sum rho_p W_p = rho W0 / (1 - rho)."""
    order = Order(Designation(name="cotation"), grid(points=5.0, per_month=1.0))
    pairs = []
    for batch in range(BATCHES):
        run = served_waits(order, LOAD, batch)
        rate = LOAD / SERVICE_DAYS
        total = theory.work_conservation([rate], SERVICE_DAYS, 2 * SERVICE_DAYS**2)
        pairs.append((LOAD * float(run["waits"].mean()), total))
    return [compared("somme des rho W", pairs, "days", 1.0)]


@oracle("O10", "Loterie et ancienneté, file stable", "Kingman 1962")
def stable_lottery(_: Paths) -> list[Check]:
    """Same mean wait; the second moment is 2 / (2 - rho) times that of first come."""
    first_come = order_of(Designation(name="anciennete"))
    means, seconds = [], []
    for batch in range(BATCHES):
        lottery = Order(Designation(name="loterie_independante"), luck=Luck(batch, 0))
        drawn, ranked = (served_waits(o, LOAD, batch)["waits"] for o in (lottery, first_come))
        means.append((float(drawn.mean()), float(ranked.mean())))
        seconds.append((float((drawn**2).mean() / (ranked**2).mean()), theory.random_order_ratio(LOAD)))
    return [
        compared("attente moyenne", means, "days", 1.0),
        compared("rapport des moments d'ordre 2", seconds, "ratio"),
    ]


@oracle("O12", "Files tampons", "Leshno, American Economic Review 112 (2022)")
def buffers(_: Paths) -> list[Check]:
    """The share misallocated with seniority buffers of given lengths."""
    checks = []
    for p, longest in ((0.5, (3, 3)), (0.6, (6, 4)), (0.7, (5, 2))):
        pairs = [
            (misallocated(p, longest, batch), theory.buffer_misallocation(p, *longest)) for batch in range(BATCHES)
        ]
        checks.append(compared(f"part mal attribuée, p = {p:g}", pairs, "share"))
    return checks


def misallocated(p: float, longest: tuple[int, int], batch: int, homes: int = 8_000) -> float:
    """Let dwellings of two types to an endless list whose members join the buffer of their type while it has room."""
    rng = np.random.default_rng([BATCH_LUCK, batch, int(1000 * p)])
    rules = [Designation(name="files_tampons", buffer_files_max=room) for room in longest]
    room = [[bool(joins_buffer(rules[own], np.array([n]), np.array([False]))[0]) for n in range(max(longest) + 1)]
            for own in (0, 1)]  # fmt: skip
    waiting, wrong = [0, 0], 0
    types, wants = rng.random(homes) >= p, iter((rng.random(40 * homes) >= p).tolist())
    for home in types.astype(int).tolist():
        if waiting[home]:
            waiting[home] -= 1
            continue
        for own in wants:
            if own == home:
                break
            if not room[own][waiting[own]]:
                wrong += 1
                break
            waiting[own] += 1
    return wrong / homes
