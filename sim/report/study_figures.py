"""Figures of sensitivity and search, in French. Importing this file imports matplotlib: do it late."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from sim.report import french, style
from sim.words.clock import DAYS_PER_MONTH

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

SHOWN = 12
"""Levers drawn, the largest first."""
WIDTH_CHARS = 52


def shown(value: float, unit: str, decimals: int = 1) -> str:
    """Return a difference of an indicator with its unit: shares in points, days in months."""
    if not np.isfinite(value):
        return french.MISSING
    if unit == "share":
        return f"{french.number(100 * value, decimals)}{french.NBSP}point" + ("s" if abs(100 * value) >= 2 else "")
    if unit == "days":
        return f"{french.number(value / DAYS_PER_MONTH, decimals)}{french.NBSP}mois"
    return french.number(value, 0 if abs(value) >= 100 else decimals)


def scale(unit: str) -> tuple[float, str]:
    """Return by what a difference is multiplied on an axis, and the name of the unit there."""
    return {"share": (100.0, "points"), "days": (1 / DAYS_PER_MONTH, "mois")}.get(unit, (1.0, "unités de l'indicateur"))


def wrapped(label: str) -> str:
    """Return a label on two lines at most."""
    lines = textwrap.wrap(label, WIDTH_CHARS, max_lines=2, placeholder="…")
    return "\n".join(lines)


def key_of(text: str) -> str:
    """Return a name fit for a file and for an SVG identifier."""
    return re.sub(r"[^\w]+", "_", text).strip("_")


@style.house
def morris(table: pd.DataFrame, source: str) -> style.Drawing:
    """Draw the tornado and the mu*-sigma plane of one response.

    Parameters
    ----------
    table : pandas.DataFrame
        Rows of one response, as ``sensitivity.analyse`` gives them, the largest effect first.
    source : str
        What was simulated.
    """
    rows = table.head(SHOWN).reset_index(drop=True)
    label, unit = str(rows["label"][0]), str(rows["unit"][0])
    times, name = scale(unit)
    tall = 0.46 * len(rows)
    figure = style.blank(12.4, max(tall, 3.2) + 1.5)
    axes = style.panel(figure, 4.25, 0.95, 3.6, max(tall, 3.2))
    _bars(axes, rows, times, "mu_star", "mu_star_low", "mu_star_high", np.where(rows["mu"] < 0, -1, 1))
    spread = float(rows["base_sd"][0])
    if np.isfinite(spread):
        axes.axvspan(0, spread * times, color=style.GRID, linewidth=0, zorder=0)
    axes.set_xlabel(f"Effet moyen µ* d'un bord à l'autre des bornes ({name})")
    plane = style.panel(figure, 8.75, 0.95, 3.4, max(tall, 3.2))
    star, sigma = rows["mu_star"].to_numpy() * times, rows["sigma"].to_numpy() * times
    top = 1.15 * float(np.nanmax([*star, *sigma, 1e-12]))
    plane.plot((0, top), (0, top), color=style.INK_SOFT, linewidth=0.8, linestyle="dashed")
    plane.scatter(star, sigma, s=26, color=style.BLUE, zorder=3)
    for rank, (x, y) in enumerate(zip(star, sigma, strict=True), start=1):
        plane.annotate(str(rank), (x, y), xytext=(4, 3), textcoords="offset points", fontsize=8.5)
    plane.set(xlim=(0, top), ylim=(0, top), xlabel=f"µ* ({name})", ylabel=f"σ ({name})")
    plane.grid(axis="both")
    for axis in (plane.xaxis, plane.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda x, _: french.trimmed(x, 2)))
    handles: list[Any] = [
        Patch(facecolor=style.BLUE, label="augmente l'indicateur"),
        Patch(facecolor=style.ORANGE, hatch="///", edgecolor="white", label="le diminue"),
    ]
    if np.isfinite(spread):
        handles.append(Patch(facecolor=style.GRID, label="ce que le hasard seul fait (écart type)"))
    figure.legend(handles=handles, loc="lower left", ncols=3, fontsize=9, bbox_to_anchor=(0.0, 0.0, 1.0, 1.0))
    first = rows.iloc[0]
    title = f"{label} : ce qui compte le plus, « {first['lever_label']} » ({shown(first['mu_star'], unit)})"
    return style.finish(
        figure, key_of(f"sensibilite_{rows['response'][0]}"), title=title,
        measure="Criblage de Morris, mêmes tirages partout. À droite, au-dessus de la diagonale : effet non linéaire "
        "ou qui dépend des autres.",
        source=source, description=f"{title}. Les valeurs sont dans sensibilite.parquet.",
    )  # fmt: skip


@style.house
def sobol(table: pd.DataFrame, source: str) -> style.Drawing:
    """Draw the total shares of the variance of one response, with the part of each lever alone."""
    rows = table.head(SHOWN).reset_index(drop=True)
    label = str(rows["label"][0])
    tall = max(0.46 * len(rows), 3.2)
    figure = style.blank(10.4, tall + 1.5)
    axes = style.panel(figure, 4.25, 0.95, 5.6, tall)
    edges = rows.assign(low_=(rows["st"] - rows["st_half"]).clip(lower=0), high_=rows["st"] + rows["st_half"])
    _bars(axes, edges, 100.0, "st", "low_", "high_", np.ones(len(rows)))
    axes.plot(100 * rows["s1"].clip(lower=0), range(len(rows)), "D", color=style.INK, markersize=5, linestyle="none")
    axes.set_xlabel("Part de la variance, en % : barre, effet total ; losange, effet propre")
    first = rows.iloc[0]
    title = f"{label} : {french.quantity(float(first['st']), 'share', decimals=0)} de la variance vient du paramètre "
    title += f"« {first['lever_label']} »"
    return style.finish(
        figure, key_of(f"sensibilite_{rows['response'][0]}"), title=title,
        measure="Indices de Sobol, mêmes tirages partout ; traits : intervalle à 95 %.",
        source=source, description=f"{title}. Les valeurs sont dans sensibilite.parquet.",
    )  # fmt: skip


def _bars(axes: Axes, rows: pd.DataFrame, times: float, middle: str, low: str, high: str, signs: np.ndarray) -> None:
    """Draw one bar per lever, numbered, with its interval."""
    values = rows[middle].fillna(0).to_numpy() * times
    for rank, (value, sign) in enumerate(zip(values, signs, strict=True)):
        color, hatch = (style.BLUE, "") if sign >= 0 else (style.ORANGE, "///")
        axes.barh(rank, value, height=0.62, color=color, hatch=hatch, edgecolor="white", linewidth=0)
    edges = rows[[low, high]].fillna(0).to_numpy() * times
    axes.hlines(range(len(rows)), edges[:, 0], edges[:, 1], color=style.INK, linewidth=1.2)
    labels = [f"{wrapped(str(text))}  {rank}" for rank, text in enumerate(rows["lever_label"], start=1)]
    axes.set_yticks(range(len(rows)), labels, fontsize=8.6, color=style.INK)
    axes.set(ylim=(len(rows) - 0.4, -0.6), xlim=(0, 1.05 * max(float(edges.max()), float(values.max()), 1e-12)))
    axes.grid(axis="x")
    axes.grid(visible=False, axis="y")
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: french.trimmed(x, 2)))


def wait_words(days: float) -> str:
    """Return what the others wait more, or less, than in the scenario."""
    if round(days / DAYS_PER_MONTH, 1) == 0:
        return "sans attente de plus"
    return f"{shown(abs(days), 'days')} d'attente en {'plus' if days > 0 else 'moins'}"


def idle_words(labels: Sequence[str]) -> str:
    """Return the sentence on levers that change nothing, after a space; nothing when all change something."""
    if not labels:
        return ""
    alone = "déplacés un à un" if len(labels) > 1 else "déplacé seul"
    return f" Sans effet sur les indicateurs, {alone} d'une borne à l'autre : {' ; '.join(f'« {x} »' for x in labels)}."


@style.house
def pareto(table: pd.DataFrame, cost_label: str, source: str, idle: Sequence[str] = ()) -> style.Drawing:
    """Draw settings by what they miss of the targets and what they cost the others, with the front and its checks.

    Parameters
    ----------
    table : pandas.DataFrame
        ``missed`` (relative, 0 = all targets reached), ``extra_days``, ``is_front``, ``number`` and, for settings
        checked on fresh replications, ``fresh_missed`` and ``fresh_extra_days``.
    cost_label : str
        Name of the cost.
    source : str
        What was simulated.
    idle : sequence of str
        Levers that change no indicator, in French.
    """
    figure = style.blank(10.4, 6.0)
    axes = style.panel(figure, 1.0, 1.25, 9.0, 4.4)
    months = table["extra_days"].to_numpy(dtype=float) / DAYS_PER_MONTH
    missed = 100 * table["missed"].to_numpy(dtype=float)
    front = table["is_front"].to_numpy(dtype=bool)
    axes.axvspan(-100, 0, color=style.GOOD_ZONE, linewidth=0)
    axes.axhline(0, color=style.INK_SOFT, linewidth=0.8)
    axes.scatter(missed[~front], months[~front], s=22, color=style.GREY, alpha=0.55, label="autres réglages simulés")
    order = np.argsort(missed[front], kind="stable")
    line = (missed[front][order], months[front][order])
    axes.plot(*line, color=style.BLUE, marker="o", drawstyle="steps-post", label="front de Pareto")
    for number, x, y in zip(table["number"][front], missed[front], months[front], strict=True):
        axes.annotate(str(number), (x, y), xytext=(5, 5), textcoords="offset points", fontsize=9)
    checked = table["fresh_missed"].notna().to_numpy()
    fresh = 100 * table["fresh_missed"].to_numpy(dtype=float), table["fresh_extra_days"].to_numpy() / DAYS_PER_MONTH
    axes.scatter(
        fresh[0][checked], fresh[1][checked], s=46, marker="D", facecolor="white", edgecolor=style.ORANGE, zorder=4,
        label="les mêmes, sur des tirages neufs",
    )  # fmt: skip
    for x, y, u, v in zip(*(a[checked] for a in (missed, months, *fresh)), strict=True):
        axes.plot((x, u), (y, v), color=style.ORANGE, linewidth=0.8, linestyle="dotted")
    right = max(1.0, 1.05 * float(np.nanmax([*missed, *fresh[0][checked], 0])))
    axes.set(xlim=(-0.04 * right, right))
    axes.grid(axis="both")
    axes.set_xlabel("Ce qui manque aux objectifs, en % de chacun, additionné (0 : tous atteints)")
    axes.set_ylabel("Attente des autres, écart au scénario (mois)")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda x, _: french.trimmed(x, 2)))
    figure.legend(loc="lower left", ncols=3, fontsize=9, bbox_to_anchor=(0.0, 0.0, 1.0, 1.0))
    reached = table[front & (missed <= 1e-9)]
    if len(reached):
        best = reached.sort_values("extra_days").iloc[0]
        title = f"Réglage {best['number']} : objectifs atteints, {wait_words(float(best['extra_days']))}"
    else:
        best = table[front].sort_values("missed").iloc[0]
        title = f"Aucun réglage n'atteint tous les objectifs ; le plus proche, {best['number']}, en manque "
        title += french.quantity(float(best["missed"]), "share")
    return style.finish(
        figure, "recherche_pareto", title=title, measure=f"{cost_label}, écart au scénario de départ.",
        source=source + idle_words(idle), description=f"{title}. Les valeurs sont dans reglages.parquet.",
    )  # fmt: skip
