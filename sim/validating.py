"""The body of ``simhlm validate``: a finished run beside published facts."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from sim.calibrate.targets import read_targets
from sim.calibrate.validation import cells, confront, headline, html, markdown
from sim.inputs.faults import Fault, Faults
from sim.inputs.files import find_territory
from sim.inputs.territory import load as load_territory
from sim.results.store import load_run


def run_validate(say: Callable[[str], None], run: Path, targets: Path | None, every: bool, as_json: bool) -> int:
    """Confront a run with targets, write ``validation.html`` and ``validation.md``; return how many are missed.

    Parameters
    ----------
    targets : Path, optional
        A table of targets; default the one of the run's territory.
    every : bool
        The facts used in the fit too, not only those kept apart.

    Raises
    ------
    Faults
        If the territory ships no targets, or the table is wrong.
    """
    finished = load_run(run)
    folder = find_territory(finished.manifest["scenario"]["territory"])
    path = targets or folder / "targets.csv"
    if not path.is_file():
        raise Faults([Fault(str(path), 1, "no table of targets: give one with --targets")])
    stock = float(load_territory(folder)["demande.stock"])
    scale = finished.manifest["scenario"]["run"]["applicants"] / stock
    facts = read_targets(path)
    chosen = [t for t in facts if t.twin and (every or targets is not None or t.use == "controle")]
    simulated = finished.indicators_at((t.twin_scope, t.twin_group, t.twin_year) for t in chosen)
    lines = confront(simulated, chosen, scale, facts)
    title = f"Validation : {finished.manifest['scenario']['title']}"
    (run / "validation.html").write_text(html(lines, title), encoding="utf-8")
    (run / "validation.md").write_text(markdown(lines, title), encoding="utf-8")
    missed = [line for line in lines if line.is_judged and not line.is_reproduced]
    if as_json:
        rows = [
            {
                "id": line.target.id, "label": line.target.label, "published": line.target.value,
                "mean": line.mean if line.is_judged else None, "low": line.low if line.is_judged else None,
                "high": line.high if line.is_judged else None, "reproduced": line.is_reproduced,
                "miss": line.miss if line.is_judged else None, "use": line.target.use, "runs": line.runs,
            }
            for line in lines
        ]  # fmt: skip
        say(json.dumps({"run": str(run), "missed": len(missed), "targets": rows}, ensure_ascii=False))
    else:
        for line in lines:
            verdict, label, _, published, mean, span, miss, *_ = cells(line)
            say(f"{verdict:<11}{label:<66}{published:>20}  {mean:>10}  {span}  {miss}")
        say(headline(lines))
        say(f"validation  {run / 'validation.html'}")
    return len(missed)
