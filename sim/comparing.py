"""``simhlm compare``: run what has to be run with common luck, compare, write the folder, print the essential."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.inputs.faults import Fault, Faults, shown
from sim.results.store import MANIFEST
from sim.words.clock import DAYS_PER_MONTH

if TYPE_CHECKING:
    from sim.inputs.scenario import Loaded
    from sim.results.compare import Comparison
    from sim.results.workers import Workers

SUMMARY = (
    "attributions", "demandes_en_stock", "taux_pression", "part_prioritaires", "part_q1_hors_qpv", "part_q2_q4_en_qpv",
    "part_mutations_attributions", "part_attributions_qpv", "delai_attribution_moyen", "anciennete_stock_moyenne",
    "theil_attributions_net", "theil_locataires",
)  # fmt: skip


NARROWEST = 100
"""Columns of the console under which a table of differences would fold its numbers."""


def is_run(name: str) -> bool:
    """Whether an argument is meant as a run folder rather than as a scenario."""
    path = Path(name)
    return (path / MANIFEST).is_file() or (len(path.parts) > 1 and path.suffix not in (".yaml", ".yml"))


def prepare(names: Sequence[str], options: dict[str, Any], overrides: Sequence[str]) -> list[Path | Loaded]:
    """Return the run folders and the scenarios loaded, refused before anything runs if they cannot be compared.

    Raises
    ------
    Faults
        What is wrong with a scenario, a run folder or their likeness; options of run without a scenario to run.
    """
    from sim.checking import check_start
    from sim.inputs.scenario import load
    from sim.results.pairing import refuse_unlike
    from sim.results.store import load_run

    if all(map(is_run, names)) and (options or overrides):
        given = ", ".join([f"--{name}" for name in options] + ["--override"] * bool(overrides))
        raise Faults([Fault("compare", 1, f"{given}: only scenarios are run, and these are all run folders")])
    items: list[Path | Loaded] = [Path(name) if is_run(name) else load(name, overrides, **options) for name in names]
    scenarios = []
    for name, item in zip(names, items, strict=True):
        if isinstance(item, Path):
            scenarios.append((shown(item), load_run(item).manifest["scenario"]))
        else:
            check_start(item)
            scenarios.append((name, item.scenario.model_dump(mode="json")))
    refuse_unlike(scenarios)
    return items


def run_all(items: Sequence[Path | Loaded], out: Path, workers: Workers, quiet: bool) -> list[Path]:
    """Simulate the scenarios, nothing reused, and return the run folders."""
    from sim.progress import progress_bar
    from sim.results.ensemble import run_ensemble

    folders = []
    for item in items:
        if isinstance(item, Path):
            folders.append(item)
        else:
            with progress_bar(item.scenario.run.replications, quiet) as advance:
                folders.append(run_ensemble(item, out, advance=advance, workers=workers))
    return folders


def compare(folders: Sequence[Path], out: Path, secrecy: int) -> tuple[Comparison, Path, list[Path]]:
    """Compare run folders and write the comparison; return it, its folder and the files that people read."""
    from sim.report.comparison_page import write_comparison
    from sim.results import compare as results

    comparison = results.compare(folders)
    partial, folder = results.new_folder(comparison.sides, out)
    try:
        results.write_tables(comparison, partial)
        written = [path.relative_to(partial) for path in write_comparison(comparison, partial, secrecy=secrecy)]
    except BaseException:
        shutil.rmtree(partial)  # nothing in it is worth resuming
        raise
    partial.rename(folder)
    return comparison, folder, [folder / path for path in written]


def print_comparison(comparison: Comparison) -> None:
    """Print the main differences of the whole territory in the last full year, one table per alternative."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    from sim.report.comparison import ESTABLISHED, TO_CONFIRM, Compared, verdict

    marks = {ESTABLISHED: "**", TO_CONFIRM: "*"}
    c = Compared(comparison)
    for side in c.sides.alternatives:
        table = Table(box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True, show_edge=False)
        for head in (str(c.year), c.sides.base.name, side.name, "diff.", "95 %", ""):
            left = head in (str(c.year), "")
            table.add_column(head, justify="left" if left else "right", no_wrap=left)
        for code in SUMMARY:
            row = c.row(side, code, c.year)
            if row is None or row.replications == 0:
                continue
            span = "-" if row.replications == 1 else f"{gap(code, row.low)} to {gap(code, row.high)}"
            table.add_row(
                code,
                number(code, row.base),
                number(code, row.value),
                gap(code, row.difference),
                span,
                marks.get(verdict(row), ""),
            )
        Console(width=max(NARROWEST, Console().width)).print(table)
    frame = comparison.differences
    made, kept = int(frame["p_value"].notna().sum()), int((frame["p_fdr"] < 0.05).sum())
    count = len(c.sides.replications)
    asked = {side.name: len(side.run.manifest["by_replication"]) for side in c.sides.all}
    if set(asked.values()) != {count}:
        told = ", ".join(f"{name} {own}" for name, own in asked.items())
        print(f"only the {count} replications that all have are compared (there are: {told})")
    print("delays in months, shares in points; differences are paired by replication")
    if count == 1:
        print("one replication: differences without intervals, none established")
    else:
        print(f"{count} replications; ** established (Holm, 5 %, within the scope), * to confirm; over all {made}")
        print(f"comparisons, groups and years included, {kept} hold after Benjamini-Hochberg at 5 %")


def gap(code: str, difference: float) -> str:
    """Return a signed difference for the console: points for shares, months for durations."""
    return (
        f"{100 * difference:+.1f}" if code.startswith("part_") else f"{difference:+}"[0] + number(code, abs(difference))
    )


def number(code: str, value: float) -> str:
    """Return a value for the console: percent for shares, months for durations."""
    if code.startswith("part_"):
        return f"{100 * value:.1f} %"
    if code.startswith(("delai_", "anciennete_")):
        return f"{value / DAYS_PER_MONTH:.1f}"
    return f"{value:.4f}" if code.startswith("theil") else f"{value:.2f}" if abs(value) < 100 else f"{value:.0f}"
