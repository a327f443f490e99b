"""Speed of the exchange on the synthetic tenants who ask to move: ``python -m sim.exchange_bench [TENANTS] [SECONDS]``.

The whole first day (56 000 applications) has about 24 000 of them.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import numpy as np


def measure(tenants: int, seconds: float = 60.0, applicants: int = 56_000) -> dict[str, Any]:
    """Build the pool and its graph, and run every mechanism; return CPU seconds and what each obtains.

    Parameters
    ----------
    tenants : int
        Tenants kept, drawn among those who ask to move.
    seconds : float
        Time allowed to each mechanism.
    applicants : int
        Size of the world they are drawn from.
    """
    from sim.exchange.mechanisms import Request, run
    from sim.exchange.packing import assignment_bound
    from sim.exchange.solving import compile_once
    from sim.exchange.wanting import swap_arrays

    pool, given = _pool(tenants, applicants)
    compile_once()
    swap_arrays(pool, given)  # compiles
    began = time.process_time()
    graph = swap_arrays(pool, given)
    result: dict[str, Any] = {
        "tenants": graph.nodes,
        "edges": graph.edges,
        "swaps_of_two": int((graph.mate >= 0).sum() // 2),
        "graph_cpu_seconds": round(time.process_time() - began, 2),
        "assignment_bound": assignment_bound(graph),
    }
    for name in ("greedy", "ttc", "pairs", "cycles"):
        began = time.process_time()
        found = run(name, Request(graph, seconds=seconds))
        result |= {
            f"{name}_moved": found.moved,
            f"{name}_bound": found.bound,
            f"{name}_gap": round(found.gap, 5),
            f"{name}_cpu_seconds": round(time.process_time() - began, 2),
        }
    return result


def _pool(tenants: int, applicants: int) -> tuple[Any, Any]:
    """Return tenants of the reference scenario who ask to move, and the terms of its first day."""
    from sim.exchange.pool import Stock, Usage, pool_of, wished_communes
    from sim.exchange.wanting import SwapTerms
    from sim.flows.run import build_world
    from sim.inputs.files import find_territory
    from sim.inputs.scenario import load
    from sim.inputs.territory import load as load_territory
    from sim.results.ensemble import first_day_of
    from sim.rules.eligibility import norms_of

    loaded = load("reference", [], applicants=applicants)
    territory = load_territory(find_territory(loaded.scenario.territory))
    world = build_world(loaded, territory, first_day_of(loaded, territory), 0)
    a, law = world.applications, world.law
    rows = np.flatnonzero(a.is_mutation[: len(a)] & (a.status[: len(a)] == 0))
    rows = rows[world.households.dwelling[a.household[rows]] >= 0]
    rows = np.sort(world.luck_stream("exchange_bench").permutation(rows)[:tenants])
    stock = Stock(world.households, a, world.dwellings, world.zone_of_commune, world.is_in_qpv, norms_of(law))
    usage = Usage(int(law["sous_occupation.pieces_en_trop"]), tuple(law["sur_occupation.surface_m2"]))
    wishes = wished_communes(world.places, world.territory_place, world.whole_place)
    return pool_of(stock, rows), SwapTerms(world.terms, usage, wishes)


if __name__ == "__main__":
    tenants_asked, seconds_asked = [*map(float, sys.argv[1:]), 24_000.0, 600.0][:2]
    for key, value in measure(int(tenants_asked), seconds_asked).items():
        print(f"{key:<28}{value}")
