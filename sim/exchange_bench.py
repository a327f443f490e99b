"""Speed of the exchange, beside what exists elsewhere: ``python -m sim.exchange_bench [TENANTS] [SECONDS]``.

Without arguments, one run compares the solver with ``networkx.simple_cycles`` and greedy packing, and with kep_solver
where it is installed (``--kep PYTHON`` names an interpreter that has it), on a pool of 2 000 tenants who would take
some 60 dwellings each, and on 50 kidney-exchange-like instances. With TENANTS, every mechanism runs on so many
synthetic tenants who ask to move: the first day of ``reference`` (56 000 applications) has about 24 000 of them. With
``--communes N``, on a synthetic town where each wishes N communes.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np

from sim.exchange.graph import SwapGraph
from sim.exchange_pools import saidman_graph, town_graph

OPEN_COMMUNES, OPEN_TENANTS = 5, 2_000  # some 60 dwellings each
INSTANCES, PAIRS = 50, 64
LONGEST = 3
KEP = """
import json, os, sys
from kep_solver.fileio import parse_json
from kep_solver.model import PICEF, CycleAndChainModel, TransplantCount
from kep_solver.programme import Programme

def cpu():
    return sum(os.times()[:4])

found = []
for text in json.load(open(sys.argv[1])):
    began = cpu()
    model = PICEF if sys.argv[2] == "picef" else CycleAndChainModel
    programme = Programme([TransplantCount()], 3, 1, "", full_details=False, model=model)
    solution, _ = programme.solve_single(parse_json(text))
    found.append((round(solution.values[0]), cpu() - began))
json.dump(found, sys.stdout)
"""
"""kep_solver on instances in its own format: the optimum of each, and CPU seconds, those of its solver included."""


def measure(tenants: int, seconds: float = 60.0, applicants: int = 56_000, communes: int = 0) -> dict[str, Any]:
    """Build the pool and its graph, and run every mechanism; return CPU seconds and what each obtains.

    Parameters
    ----------
    tenants : int
        Tenants kept, drawn among those who ask to move.
    seconds : float
        Time allowed to each mechanism.
    applicants : int
        Size of the world they are drawn from.
    communes : int
        Not from the world, but from a synthetic town where each wishes so many communes.
    """
    from sim.exchange.mechanisms import Request, run
    from sim.exchange.packing import assignment_bound
    from sim.exchange.solving import compile_once
    from sim.exchange.wanting import swap_arrays

    compile_once()
    if communes:
        began = time.process_time()
        graph = town_graph(tenants, communes, 1)
    else:
        pool, given = _pool(tenants, applicants)
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
        began, now = time.process_time(), time.perf_counter()
        found = run(name, Request(graph, seconds=seconds))
        result |= {
            f"{name}_moved": found.moved,
            f"{name}_bound": found.bound,
            f"{name}_gap": round(found.gap, 5),
            f"{name}_cpu_seconds": round(time.process_time() - began, 2),
            f"{name}_seconds": round(time.perf_counter() - now, 2),
        }
    return result


def against(kep: str, tenants: int = OPEN_TENANTS, instances: int = INSTANCES, seconds: float = 60.0) -> dict[str, Any]:
    """Compare with ``networkx.simple_cycles`` and greedy packing, and with kep_solver, in one run.

    Parameters
    ----------
    kep : str
        Python interpreter that may have kep_solver.
    tenants, instances : int
        Size of the open pool; kidney-exchange-like instances.
    seconds : float
        Time allowed to the solver on the pool.
    """
    graph, small = town_graph(tenants, OPEN_COMMUNES, 1), [saidman_graph(PAIRS, seed) for seed in range(instances)]
    own, cpu = _solved([graph], seconds)
    began = time.process_time()
    greedy = greedily(graph)
    by_greed = time.process_time() - began
    optima, small_cpu = _solved(small, seconds)
    result: dict[str, Any] = {
        "tenants": graph.nodes,
        "edges": graph.edges,
        "moved": own[0].moved,
        "gap": round(own[0].gap, 5),
        "cpu_seconds": round(cpu, 2),
        "simple_cycles_moved": greedy,
        "simple_cycles_cpu_seconds": round(by_greed, 2),
        "ratio_simple_cycles": round(by_greed / cpu, 1),
        "more_moved_than_greedy_share": round(own[0].moved / max(1, greedy) - 1, 3),
    }
    for name in ("cycle", "picef"):
        told = kep_optima(kep, [graph], name)
        if told is None:
            return result | {"kep_solver": f"left out: {kep} does not have it (pip install kep_solver)"}
        result |= {
            f"kep_{name}_moved": told[0][0],
            f"kep_{name}_cpu_seconds": round(told[0][1], 2),
            f"ratio_kep_{name}": round(told[0][1] / cpu, 1),
        }
    told = kep_optima(kep, small, "cycle") or []
    return result | {
        "saidman_instances": len(small),
        "saidman_same_optimum": sum(o.moved == k[0] and o.is_optimal for o, k in zip(optima, told, strict=True)),
        "saidman_cpu_seconds": round(small_cpu, 2),
        "saidman_kep_cpu_seconds": round(sum(k[1] for k in told), 2),
    }


def _solved(graphs: list[SwapGraph], seconds: float) -> tuple[list[Any], float]:
    """Return what ``cycles`` finds in each graph, and CPU seconds."""
    from sim.exchange.mechanisms import Request, run
    from sim.exchange.solving import compile_once

    compile_once()
    began = time.process_time()
    found = [run("cycles", Request(graph, longest=LONGEST, seconds=seconds)) for graph in graphs]
    return found, time.process_time() - began


def greedily(graph: SwapGraph) -> int:
    """Return how many move when cycles are listed by networkx, then taken longest first as long as they are free."""
    plain = nx.DiGraph(list(zip(graph.tails.tolist(), graph.heads.tolist(), strict=True)))
    taken: set[int] = set()
    for cycle in sorted(nx.simple_cycles(plain, length_bound=LONGEST), key=len, reverse=True):
        if taken.isdisjoint(cycle):
            taken.update(cycle)
    return len(taken)


def kep_optima(kep: str, graphs: list[SwapGraph], model: str) -> list[tuple[int, float]] | None:
    """Return the optimum and CPU seconds of kep_solver on each graph; ``None`` where it is not installed."""
    if shutil.which(kep) is None or subprocess.run([kep, "-c", "import kep_solver"], capture_output=True).returncode:
        return None
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "instances.json"
        file.write_text(json.dumps([json.dumps(kep_instance(graph)) for graph in graphs]), encoding="utf-8")
        answer = subprocess.run([kep, "-c", KEP, str(file), model], capture_output=True, check=True, text=True)
    return [(int(moved), float(cpu)) for moved, cpu in json.loads(answer.stdout)]


def kep_instance(graph: SwapGraph) -> dict[str, Any]:
    """Return a graph in the format of kep_solver: the donor of v gives to the patient u when u would take v's place."""
    starts, edges = graph.reverse

    def matches(v: int) -> list[dict[str, int]]:
        return [{"recipient": int(graph.tails[e]) + 1, "score": 1} for e in edges[starts[v] : starts[v + 1]]]

    return {
        "data": {
            str(v + 1): {
                "sources": [v + 1],
                "dage": 40,
                "matches": [
                    {"recipient": int(graph.tails[e]) + 1, "score": 1} for e in edges[starts[v] : starts[v + 1]]
                ],
            }
            for v in range(graph.nodes)
        }
    }


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
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tenants", type=int, nargs="?")
    parser.add_argument("seconds", type=float, nargs="?", default=600.0)
    parser.add_argument("--communes", type=int, default=0)
    parser.add_argument("--kep", default=sys.executable)
    asked = parser.parse_args()
    told = against(asked.kep) if asked.tenants is None else measure(
        asked.tenants, asked.seconds, communes=asked.communes
    )  # fmt: skip
    if sys.platform == "linux":
        import resource

        told["peak_memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    for key, value in told.items():
        print(f"{key:<32}{value}")
