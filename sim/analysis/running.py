"""Sensitivity and search from a scenario to a folder that people read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.analysis import search, sensitivity
from sim.analysis.experiment import ANSWERS, Experiment, Setting
from sim.analysis.levers import Span, alone
from sim.analysis.study import Clock, close_folder, open_folder
from sim.inputs.scenario import dump
from sim.inputs.varying import renamed, vary
from sim.report import french
from sim.results.replicating import PRODUCTION, Engine
from sim.results.uncertainty import interval_of_mean
from sim.results.workers import Local, Workers

if TYPE_CHECKING:
    import pandas as pd

    from sim.inputs.scenario import Loaded

FRESH = 1_000_003
"""Added to the seed of a search for its checks: their luck has nothing to do with that of the search."""


def silent(_: str) -> None:
    """Say nothing."""


@dataclass(frozen=True)
class Way:
    """How a study is carried out; results never depend on it."""

    out: Path = Path("runs")
    workers: Workers = field(default_factory=Local)
    jobs: int = 1
    engine: Engine = PRODUCTION
    say: Callable[[str], None] = silent
    advance: Callable[..., None] = lambda step, done, total=None: None


def source_of(loaded: Loaded, replications: int) -> str:
    """Return the line under a figure."""
    run = loaded.scenario.run
    years = f"{run.start.year}-{run.end.year}" if run.end.year > run.start.year else str(run.start.year)
    return (
        f"Données simulées : scénario « {loaded.scenario.title} », {years}, "
        f"{french.number(run.applicants)} demandes au départ, {french.plural(replications, 'réplication')} par réglage."
    )


def run_sensitivity(loaded: Loaded, design: sensitivity.Design, way: Way | None = None) -> tuple[Path, pd.DataFrame]:
    """Simulate a design and write its folder: ``sensibilite.parquet``, figures, manifest.

    Returns
    -------
    Path, pandas.DataFrame
        The folder, and the table of effects. An interrupted study of the same design goes on where it was.
    """
    from sim.report import study_figures as figures

    way = way or Way()
    levers = [(span.path, span.low, span.high) for span in design.spans]
    asked = {
        "method": design.method, "levers": levers, "points": len(design.points), "replications": design.replications,
        "responses": [one.key for one in design.responses],
    }  # fmt: skip
    folder = open_folder(loaded, "sensibilite", asked, way.out)
    clock = Clock(design.cost, way.jobs, way.say)
    clock.announce()
    experiment = Experiment(loaded, design.responses, folder, way.workers, way.engine)
    _time_one(experiment, clock, design.cost, way)
    table = sensitivity.analyse(design, experiment.run)
    draw = figures.morris if design.method == "morris" else figures.sobol
    source = source_of(loaded, design.replications)
    drawings = [
        draw(rows, source)
        for _, rows in table.groupby("response", sort=False)
        if rows["mu_star" if design.method == "morris" else "st"].notna().all()
    ]
    found = {"simulations": design.cost, "failures": experiment.failures}
    return close_folder(folder, found, {"sensibilite": table}, drawings), table


def _time_one(experiment: Experiment, clock: Clock, total: int, way: Way) -> np.ndarray:
    """Simulate the scenario itself once, here or there, say how long all will take, then count on the progress bar.

    Its responses are returned.
    """
    way.advance("first setting", 0, total)
    found: np.ndarray = experiment.run([{}], [0])[0, 0]
    clock.first_done()
    experiment.done = 0
    experiment.tell = lambda done: way.advance("settings", done, total)
    return found


@dataclass(frozen=True)
class Result:
    """What a search found: its folder, the table of settings, the effects of those checked, the levers without any."""

    folder: Path
    settings: pd.DataFrame
    checks: pd.DataFrame
    idle: list[Span]


def search_cost(loaded: Loaded, plan: search.Plan, checked: int | None = None) -> int:
    """Return the simulations of a search: each lever alone, the settings, those checked (at most, unless known)."""
    said = loaded.scenario.search
    checked = said.checked if checked is None else checked
    return 2 * len(plan.spans) + said.settings * said.replications + (checked + 1) * said.fresh_replications


def run_search(loaded: Loaded, plan: search.Plan, way: Way | None = None) -> Result:
    """Look for settings and write the folder of the search.

    ``reglages.parquet`` holds every setting simulated, ``verification.parquet`` those checked on fresh luck, side by
    side with what the search had found; ``reglage_N.yaml`` is a scenario with setting N, ready to be run.
    """
    from sim.report import study_figures as figures

    way, said = way or Way(), loaded.scenario.search
    goals = [(goal.response.key, goal.value, goal.is_floor) for goal in plan.goals]
    asked = {"targets": goals, "levers": [(s.path, s.low, s.high) for s in plan.spans], "cost": plan.cost.key}
    folder = open_folder(loaded, "recherche", asked | {"search": said.model_dump()}, way.out)
    total = search_cost(loaded, plan)
    clock = Clock(total, way.jobs, way.say)
    clock.announce(at_most=True)
    experiment = Experiment(loaded, plan.responses, folder, way.workers, way.engine)
    base = _time_one(experiment, clock, total, way)
    idle = search.idle(plan.spans, base, experiment.run(alone(plan.spans), [0])[:, 0])
    start, inside = search.start_of(plan)
    simulated: list[Setting] = []

    def simulate(points: np.ndarray) -> np.ndarray:
        batch = search.settings_of(plan, points, has_start=not simulated)
        simulated.extend(batch)
        values = experiment.run(batch, range(said.replications))
        return np.asarray(values.mean(axis=1))

    found = search.look(
        simulate, plan.goals, start, said.settings, said.batch, loaded.scenario.run.seed, is_inside=inside
    )
    settings = settings_table(plan, found, simulated)
    chosen = search.to_check(found, said.checked)
    known = search_cost(loaded, plan, len(chosen))  # the front may hold fewer settings than were to be checked
    experiment.tell = lambda done: way.advance("fresh checks", done, known)
    checks = check(loaded, plan, experiment, simulated, chosen, found)
    settings = with_checks(settings, checks)
    drawing = figures.pareto(
        settings, plan.cost.label, source_of(loaded, said.replications), [span.label for span in idle]
    )
    reached = [int(i) for i in np.flatnonzero(found.missed <= 0) if i in chosen]
    told = {
        "simulations": len(list((folder / ANSWERS).glob("*.json"))), "failures": experiment.failures,
        "front": [int(i) for i in np.flatnonzero(found.is_front)], "checked": chosen, "reached": reached,
        "idle_levers": [span.path for span in idle], "fresh_seed": loaded.scenario.run.seed + FRESH,
    }  # fmt: skip
    tables = {"reglages": settings, "verification": checks}
    finished = close_folder(folder, told, tables, [drawing])
    for number in chosen:
        write_setting(loaded, plan, simulated[number], number, finished)
    return Result(finished, settings, checks, idle)


def settings_table(plan: search.Plan, found: search.Found, simulated: Sequence[Setting]) -> pd.DataFrame:
    """Return one row per setting: number, levers, responses, what is missed, extra cost, whether on the front."""
    import pandas as pd

    columns: dict[str, Any] = {"number": np.arange(len(simulated))}
    for span in plan.spans:
        first = span.knob.paths[0]
        columns[span.path] = [float(one.get(first, span.knob.value)) for one in simulated]
    for rank, response in enumerate(plan.responses):
        columns[response.key] = found.values[:, rank]
    columns |= {"missed": found.missed, "extra_days": found.extra, "is_front": found.is_front}
    return pd.DataFrame(columns)


def check(
    loaded: Loaded, plan: search.Plan, experiment: Experiment, simulated: Sequence[Setting],
    chosen: Sequence[int], found: search.Found,
) -> pd.DataFrame:  # fmt: skip
    """Simulate the scenario and the chosen settings with fresh luck; return both findings side by side.

    One row per setting and response: ``number, response, label, unit, target, searched, fresh, fresh_low, fresh_high``
    and, against the scenario under the same fresh luck, ``difference, difference_low, difference_high`` (paired, 95 %).
    """
    import pandas as pd

    said, seed = loaded.scenario.search, loaded.scenario.run.seed + FRESH
    again = vary(loaded, {"run/seed": seed})
    other = Experiment(again, experiment.responses, experiment.folder, experiment.workers, experiment.engine)
    before, other.tell = experiment.done, lambda done: experiment.tell(before + done)
    settings: list[Setting] = [{}, *(simulated[number] for number in chosen)]
    values = other.run(settings, range(said.fresh_replications))
    experiment.failures += other.failures
    rows = []
    for rank, number in enumerate([0, *chosen]):
        for index, response in enumerate(plan.responses):
            own = values[rank, :, index]
            mean = interval_of_mean(own[np.isfinite(own)]) or (np.nan,) * 3
            paired = own - values[0, :, index]
            gap = interval_of_mean(paired[np.isfinite(paired)]) or (np.nan,) * 3
            goal = plan.goals[index] if index < len(plan.goals) else None
            rows.append(
                {
                    "number": number, "response": response.key, "label": response.label, "unit": response.unit,
                    "target": goal.value if goal else np.nan, "searched": found.values[number, index], "fresh": mean[0],
                    "fresh_low": mean[1], "fresh_high": mean[2],
                    "difference": gap[0], "difference_low": gap[1], "difference_high": gap[2],
                    "missed": float(goal.missed(np.array([mean[0]]))[0]) if goal else 0.0,
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def with_checks(settings: pd.DataFrame, checks: pd.DataFrame) -> pd.DataFrame:
    """Return the settings with what fresh luck says of those checked, the scenario aside."""
    by = checks.groupby("number")
    last = checks.drop_duplicates("number", keep="last").set_index("number")
    fresh = settings[["number"]].assign(
        fresh_missed=settings["number"].map(by["missed"].sum()),
        fresh_extra_days=settings["number"].map(last["difference"]),
    )
    fresh.loc[fresh["number"] == 0, ["fresh_missed", "fresh_extra_days"]] = np.nan
    return settings.merge(fresh, on="number")


def write_setting(loaded: Loaded, plan: search.Plan, setting: Setting, number: int, folder: Path) -> Path:
    """Write the whole scenario with a setting, ready to be run, and its grid if that was changed; return its path.

    Its title and summary are its own: those of the scenario would tell what it no longer does.
    """
    head = "".join(f"#   {path}: {value:g}\n" for path, value in setting.items())
    path = folder / f"reglage_{number}.yaml"
    title, summary = words_of(loaded, plan, setting, number)
    text = dump(renamed(vary(loaded, setting, folder / "grids"), title, summary))
    path.write_text(f"# Setting {number} of a search, which moved:\n{head}{text}", encoding="utf-8")
    return path


def words_of(loaded: Loaded, plan: search.Plan, setting: Setting, number: int) -> tuple[str, str]:
    """Return the French title and summary of a setting: found by a search, for which targets, with which levers."""
    goals = [
        f"{goal.response.label} {'au moins' if goal.is_floor else 'au plus'} {told_of(goal.value, goal.response.unit)}"
        for goal in plan.goals
    ]
    moved = [
        f"{span.label} ({span.path}) : {french.trimmed(setting.get(span.knob.paths[0], span.knob.value))}"
        for span in plan.spans
    ]
    title = f"Réglage {number} trouvé par recherche, à partir de « {loaded.scenario.title} »"
    return title, f"Objectifs visés : {' ; '.join(goals)}. Leviers fixés : {' ; '.join(moved)}."


def told_of(value: float, unit: str) -> str:
    """Return the value of a target in French: shares in percent, days in months."""
    if unit == "days":
        return french.quantity(french.to_months(value), "months")
    return french.quantity(value, "share" if unit == "share" else "number")
