"""The body of ``simhlm calibrate``."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sim.calibrate.fitting import Plan, calibrate
from sim.calibrate.parameters import free_until
from sim.calibrate.sheet import sheet
from sim.calibrate.simulator import FIT_SEED, Simulator, Store
from sim.calibrate.targets import read_targets
from sim.calibrate.thresholds import thresholds
from sim.calibrate.writing import document, read, write
from sim.inputs.files import find_territory, hash_of, label_of
from sim.inputs.scenario import load
from sim.progress import progress_bar
from sim.results.provenance import software

METHOD = (
    "plan de Sobol sur les a priori, puis autour de la première postérieure, puis tirages de la deuxième ; pour chaque "
    "fait un substitut, processus gaussien autour d'un plan, à aléas communs (les graines tournent) ; postérieure "
    "échantillonnée sur le substitut, avec son erreur en chaque point et l'aléa d'une année du territoire{whole} ; "
    "tirages repris par de vraies simulations à d'autres graines, qui les pondèrent"
)
WHOLE = ", après que quelques simulations de taille réelle l'ont corrigé"


def run_calibrate(
    say: Callable[[str], None], scenario: str, until: int, applicants: int, years: int, plan: Plan, jobs: int,
    out: Path, backtests: Sequence[Path], at_full_size: bool, as_json: bool, quiet: bool,
) -> None:  # fmt: skip
    """Fit, write the posterior sample and its sheet; a fit that was interrupted goes on from its file of runs.

    Parameters
    ----------
    until : int
        Only facts dated up to this year are fitted to (back-tests); all when 0.
    backtests : sequence of Path
        What earlier fits with ``until`` wrote, told in the sheet.
    at_full_size : bool
        Whether draws are run at the size of the territory, and the surrogate corrected by some such runs.
    """
    loaded = load(scenario)
    path = find_territory(loaded.scenario.territory) / "targets.csv"
    last = loaded.scenario.run.start.year + years - 1
    everything = read_targets(path)
    seen = tuple(t for t in everything if t.twin and t.twin_year <= last)
    simulator = Simulator(scenario, applicants, years, seen, free_until(until), until)
    full = (
        dataclasses.replace(simulator, applicants=round(applicants / simulator.scale))
        if at_full_size and simulator.scale < 1
        else None
    )
    plan = dataclasses.replace(plan, shift=plan.shift if full else 0)
    store, *others = (Store(out.with_suffix(".runs.jsonl"), one.key) for one in (simulator, full) if one)
    out.parent.mkdir(parents=True, exist_ok=True)
    stores, asked = [store, *others], 0  # a store may also hold runs that other plans asked for, and this one does not
    known = sum(len(one.known) for one in stores)
    with progress_bar(plan.runs, quiet or as_json) as advance:

        def tell(more: int) -> None:
            nonlocal asked
            asked += more
            advance("runs", asked)

        found = calibrate(simulator, store, plan, jobs, tell, (full, others[0]) if full else None)
    reused = asked - sum(len(one.known) for one in stores) + known
    provenance: dict[str, Any] = {
        "scenario": scenario, "scenario_sha256": loaded.sha256, "targets": label_of(path),
        "targets_sha256": hash_of(path), "facts_until": until or None, "applicants": applicants,
        "applicants_of_draws": full.applicants if full else applicants, "years": years,
        "runs": plan.runs, "fit_seed": FIT_SEED, "method": METHOD.format(whole=WHOLE if full else ""),
        "software": software(),
    }  # fmt: skip
    told = document(found, simulator, provenance)
    if until:
        told["thresholds"] = thresholds(everything, until)
    write(out, told)
    page = out.with_suffix(".html")
    page.write_text(sheet(told, everything, [read(one) for one in backtests]), encoding="utf-8")
    if as_json:
        parts = ("information", "parameters", "targets", "predictions")
        say(json.dumps({"written": str(out), "sheet": str(page), **{part: told[part] for part in parts}}))
        return
    if reused:
        say(f"{reused} runs were there already")
    for line in lines(told):
        say(line)
    say(f"calibration {out}")
    say(f"fiche       {page}")


def lines(told: Mapping[str, Any]) -> Iterator[str]:
    """Yield what the screen shows of a fit."""
    for line in told["parameters"]:
        low, high = line["interval_90"]
        mark = "" if line["is_identified"] else "  non identifié"
        yield f"{line['label']:<52}{line['mean']:>11.5g}  90 % : {low:.5g} à {high:.5g}{mark}"
    for part, verb in (("targets", "ajusté"), ("predictions", "prédit")):
        for line in told[part]:
            low, high = line["predicted_95"]
            mark = "" if line["is_reproduced"] else f"  MANQUÉ de {line['miss']:.4g}"
            naive = "" if line["naive"] is None else f"  naïf {line['naive']:.5g}"
            shown = f"{verb} {line['predicted_mean']:.5g} ({low:.5g} à {high:.5g})"
            yield f"{line['id']:<5}{line['label']:<48}{line['value']:>10.5g}  {shown}{naive}{mark}"
    facts, sets = told["information"], len(told["parameters"])
    yield f"{facts['identified_directions']} directions identifiées sur {sets} paramètres"
    yield f"{facts['effective_draws']} tirages équivalents sur {facts['checked_draws']} simulés"
