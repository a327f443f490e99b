"""``simhlm bench``: speed, as ratios measured in one run."""

from __future__ import annotations

import time
from typing import Any

import numpy as np


def measure(applicants: int) -> dict[str, Any]:
    """Run ``reference`` for two years with the index and with its slow twin; compare lease by lease.

    Parameters
    ----------
    applicants : int
        Size of the world.

    Returns
    -------
    dict
        CPU seconds of both, their ratio, events per second, and whether the leases are the same.
    """
    from sim.flows.run import simulate
    from sim.inputs.files import find_territory
    from sim.inputs.scenario import load
    from sim.inputs.territory import load as load_territory
    from sim.results.ensemble import first_day_of
    from sim.world.scanning import Scanning
    from sim.world.waiting import Waiting

    loaded = load("reference", [], applicants=applicants, years=2)
    territory = load_territory(find_territory(loaded.scenario.territory))
    first_day = first_day_of(loaded, territory)
    simulate(loaded, territory, first_day, 0)  # compiles
    seconds, leases, events = {}, {}, 0
    for name, index in (("index", Waiting), ("scan", Scanning)):
        began = time.process_time()
        done = simulate(loaded, territory, first_day, 0, index)
        seconds[name] = time.process_time() - began
        leases[name], events = done.leases, len(done.events)
    return {
        "applicants": applicants,
        "years": 2,
        "index_cpu_seconds": round(seconds["index"], 3),
        "scan_cpu_seconds": round(seconds["scan"], 3),
        "ratio_scan_over_index": round(seconds["scan"] / seconds["index"], 2),
        "events_per_cpu_second": round(events / seconds["index"]),
        "same_leases": bool(np.array_equal(leases["index"], leases["scan"])),
    }
