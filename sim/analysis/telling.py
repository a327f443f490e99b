"""What sensitivity and search say on screen: plain English tables."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sim.words.clock import DAYS_PER_MONTH

if TYPE_CHECKING:
    import pandas as pd

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


def effects_lines(table: pd.DataFrame) -> Iterator[str]:
    """Yield the largest effects on each response."""
    is_morris = "mu_star" in table
    for response, rows in table.groupby("response", sort=False):
        first = rows.iloc[0]
        unit = str(first["unit"])
        chance = f", chance alone {amount(first['base_sd'], unit, 2)}" if math.isfinite(first["base_sd"]) else ""
        yield f"{response}: {amount(first['base'], unit)}{chance}"
        for row in rows.head(SHOWN).itertuples():
            if is_morris:
                sign = "+" if row.mu >= 0 else "-"
                effect = f"mu* {sign}{amount(row.mu_star, unit, 2):<14} sigma {amount(row.sigma, unit, 2):<12}"
            else:
                effect = f"total {100 * row.st:5.0f} %   alone {100 * row.s1:5.0f} %"
            yield f"  {effect} {row.lever} ({row.low:g} to {row.high:g})"


def front_lines(plan: Plan, settings: pd.DataFrame, checks: pd.DataFrame) -> Iterator[str]:
    """Yield the front, then what fresh luck says of the settings checked, side by side."""
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
        extra = amount(row["extra_days"], "days", 2)
        yield f"  setting {row['number']:>3}  missed {100 * row['missed']:5.1f} %  extra wait {extra}"
        yield f"               {reached}"
        yield f"               {moved}"
    yield "checked on fresh replications (searched | fresh, with 95 % interval | paired difference with the scenario)"
    for row in checks.to_dict("records"):
        unit = row["unit"]
        low, high = amount(row["fresh_low"], unit), amount(row["fresh_high"], unit)
        gap = f"{amount(row['difference'], unit, 2)} [{amount(row['difference_low'], unit, 2)}; "
        gap += f"{amount(row['difference_high'], unit, 2)}]"
        name = "scenario" if row["number"] == 0 else f"setting {row['number']}"
        met = "" if row["missed"] <= 0 else "  NOT MET"
        values = f"{amount(row['searched'], unit)} | {amount(row['fresh'], unit)} [{low}; {high}]"
        yield f"  {name:<12} {row['response']}: {values}" + (f" | {gap}" if row["number"] else "") + met
