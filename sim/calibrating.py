"""The body of ``simhlm calibrate``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sim.calibrate.fitting import Plan, calibrate
from sim.calibrate.simulator import FIT_SEED, Simulator, Store
from sim.calibrate.targets import read_targets
from sim.calibrate.writing import document, write
from sim.inputs.files import find_territory, hash_of, label_of
from sim.inputs.scenario import load
from sim.progress import progress_bar
from sim.results.provenance import software

METHOD = (
    "plan de Sobol sur les a priori, substitut quadratique par vagues à aléas communs, postérieure échantillonnée sur "
    "le substitut avec son erreur et le bruit d'une simulation, tirages revus par de vraies simulations"
)


def run_calibrate(
    say: Callable[[str], None], scenario: str, until: int, applicants: int, years: int, plan: Plan, jobs: int,
    out: Path, as_json: bool, quiet: bool,
) -> None:  # fmt: skip
    """Fit, and write the posterior sample; a fit that was interrupted goes on from its file of runs.

    Parameters
    ----------
    until : int
        Only facts dated up to this year are fitted to (back-tests); all when 0.
    """
    loaded = load(scenario)
    path = find_territory(loaded.scenario.territory) / "targets.csv"
    last = loaded.scenario.run.start.year + years - 1
    seen = tuple(t for t in read_targets(path) if t.twin and t.twin_year <= last)
    simulator = Simulator(scenario, applicants, years, seen, until=until)
    store = Store(out.with_suffix(".runs.jsonl"), simulator.key)
    out.parent.mkdir(parents=True, exist_ok=True)
    known = len(store.known)
    with progress_bar(plan.runs, quiet or as_json) as advance:

        def tell() -> None:
            advance("runs", len(store.known))

        found = calibrate(simulator, store, plan, jobs, tell)
    provenance: dict[str, Any] = {
        "scenario": scenario, "scenario_sha256": loaded.sha256, "targets": label_of(path),
        "targets_sha256": hash_of(path), "facts_until": until or None, "applicants": applicants, "years": years,
        "runs": plan.runs, "fit_seed": FIT_SEED, "method": METHOD, "software": software(),
    }  # fmt: skip
    told = document(found, simulator, provenance)
    write(out, told)
    if as_json:
        say(
            json.dumps(
                {"written": str(out), **{k: told[k] for k in ("information", "parameters", "targets", "predictions")}}
            )
        )
        return
    if known:
        say(f"{known} runs were there already")
    for line in told["parameters"]:
        low, high = line["interval_90"]
        mark = "" if line["is_identified"] else "  non identifié"
        say(f"{line['label']:<52}{line['mean']:>11.5g}  90 % : {low:.5g} à {high:.5g}{mark}")
    for line in told["targets"]:
        low, high = line["predicted_95"]
        say(f"{line['id']:<5}{line['label']:<48}{line['value']:>10.5g}  ajusté {line['predicted_mean']:.5g}")
    for line in told["predictions"]:
        low, high = line["predicted_95"]
        mark = "" if line["is_reproduced"] else f"  MANQUÉ de {line['miss']:.4g}"
        naive = "" if line["naive"] is None else f"  naïf {line['naive']:.5g}"
        say(f"{line['id']:<5}{line['label']:<48}{line['value']:>10.5g}  prédit {low:.5g} à {high:.5g}{naive}{mark}")
    facts = told["information"]
    say(f"{facts['identified_directions']} directions identifiées sur {len(told['parameters'])} paramètres")
    say(f"calibration {out}")
