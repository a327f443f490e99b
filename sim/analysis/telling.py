"""What sensitivity and search say on screen: plain English tables."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from sim.words.clock import DAYS_PER_MONTH

if TYPE_CHECKING:
    import pandas as pd

    from sim.analysis.levers import Span
    from sim.analysis.search import Plan

SHOWN = 8


def amount(value: float, unit: str, decimals: int = 1) -> str:
    """Return a value with its unit: shares in per cent, days in months."""
    if not math.isfinite(value):
        return "-"
    if unit == "share":
        return f"{100 * value:.{decimals}f} %"
    if unit == "days":
        return f"{value / DAYS_PER_MONTH:.{decimals}f} months"
    return f"{value:.{decimals}f}" if abs(value) < 100 else f"{value:,.0f}".replace(",", " ")


def change(value: float, unit: str, decimals: int = 2, signed: bool = True) -> str:
    """Return a difference with its unit: shares in points, days in months."""
    if not math.isfinite(value):
        return "-"
    times, name = {"share": (100.0, " points"), "days": (1 / DAYS_PER_MONTH, " months")}.get(unit, (1.0, ""))
    return f"{times * value:{'+' if signed else ''}.{decimals}f}{name}"


def effects_lines(table: pd.DataFrame) -> Iterator[str]:
    """Yield the largest effects on each response, then the levers that have none on any."""
    is_morris = "mu_star" in table
    for response, rows in table.groupby("response", sort=False):
        first = rows.iloc[0]
        unit = str(first["unit"])
        chance = (
            f", chance alone {change(first['base_sd'], unit, signed=False)}" if math.isfinite(first["base_sd"]) else ""
        )
        yield f"{response}: {amount(first['base'], unit)}{chance}"
        for row in rows.head(SHOWN).itertuples():
            if is_morris:
                star, sigma = (change(x, unit, signed=False) for x in (row.mu_star, row.sigma))
                effect = f"mu* {star:<14} mu {change(row.mu, unit):<14} sigma {sigma:<14}"
            else:
                effect = f"total {shares(row.st, row.st_half):<20} alone {shares(row.s1, row.s1_half):<20}"
            yield f"  {effect} {row.lever} ({row.low:g} to {row.high:g})"
    size = table["mu_star" if is_morris else "st"].groupby(table["lever"], sort=False)
    yield from idle_lines([str(lever) for lever, found in size if (found == 0).all()])


def shares(middle: float, half: float) -> str:
    """Return a share of the variance with its 95 % interval, in per cent."""
    if not math.isfinite(middle):
        return "-"
    return f"{100 * middle:.0f} % [{100 * (middle - half):.0f}; {100 * (middle + half):.0f}]"


def idle_lines(paths: Sequence[str]) -> Iterator[str]:
    """Yield one sentence on the levers that change nothing."""
    if paths:
        verb = "change" if len(paths) > 1 else "changes"
        yield f"{', '.join(paths)} {verb} no indicator looked at: does anything of the scenario read it?"


def front_lines(plan: Plan, settings: pd.DataFrame, checks: pd.DataFrame, idle: Sequence[Span] = ()) -> Iterator[str]:
    """Yield the front, what fresh luck says of the settings checked, side by side, and the levers without effect."""
    goals, cost = plan.goals, plan.cost
    for goal in goals:
        sign = ">=" if goal.is_floor else "<="
        yield f"target {goal.response.key} {sign} {amount(goal.value, goal.response.unit)}"
    yield f"cost   {cost.key}: mean wait cut at the horizon, in excess of the scenario"
    yield "Pareto front (missed: share of the targets, added up; 0 = all met)"
    front = settings[settings["is_front"]].sort_values(["missed", "extra_days"])
    for row in front.to_dict("records"):
        reached = ", ".join(f"{g.response.key} {amount(row[g.response.key], g.response.unit)}" for g in goals)
        moved = ", ".join(f"{span.path} {row[span.path]:.4g}" for span in plan.spans)
        extra = change(row["extra_days"], "days")
        yield f"  setting {row['number']:>3}  missed {100 * row['missed']:5.1f} %  extra wait {extra}"
        yield f"               {reached}"
        yield f"               {moved}"
    yield "checked on fresh replications (searched | fresh, with 95 % interval | paired difference with the scenario)"
    for row in checks.to_dict("records"):
        unit = row["unit"]
        low, high = amount(row["fresh_low"], unit), amount(row["fresh_high"], unit)
        gap = f"{change(row['difference'], unit)} [{change(row['difference_low'], unit)}; "
        gap += f"{change(row['difference_high'], unit)}]"
        name = "scenario" if row["number"] == 0 else f"setting {row['number']}"
        met = "" if row["missed"] <= 0 else "  NOT MET"
        values = f"{amount(row['searched'], unit)} | {amount(row['fresh'], unit)} [{low}; {high}]"
        yield f"  {name:<12} {row['response']}: {values}" + (f" | {gap}" if row["number"] else "") + met
    yield from idle_lines([span.path for span in idle])
