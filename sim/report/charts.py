"""More figures of a bilan: the stock and its movements, typologies, chains, reservations.

Importing this file imports matplotlib: do it late.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import MaxNLocator

from sim.report import french, style
from sim.report.figures import COUNT, PERCENT, YEAR

FEW = 10
"""Under this many replications percentiles say little: the band is their whole range."""
SCALE = ("#FFFFFF", "#E4EEF6", "#B5CFE4", "#7FAACB", "#3F7BA8", "#003F72")
DARK = 0.55
"""Part of the scale from which a number is written in white."""


@style.house
def fan(years: list[int], runs: np.ndarray, observed: list[tuple[int, float]], source: str) -> style.Drawing:
    """Draw the stock of each replication by year as a fan, after what was observed.

    Parameters
    ----------
    runs : numpy.ndarray
        Stock, shape (replications, years).
    observed : list of (year, value)
        Published figures of the same field.
    """
    figure = style.blank(9.6, 3.9)
    axes = style.panel(figure, 1.0, 0.75, 6.6, 2.85)
    middle = runs.mean(axis=0)  # the mean, as in the tables: two numbers for one thing would be read as two things
    is_few = len(runs) < FEW
    bands = ((0, 100, 0.2),) if is_few else ((5, 95, 0.14), (25, 75, 0.24))
    if len(runs) > 1:
        for low, high, alpha in bands:
            edges = np.percentile(runs, (low, high), axis=0)
            axes.fill_between(years, edges[0], edges[1], color=style.BLUE, alpha=alpha, linewidth=0)
    axes.plot(years, middle, color=style.BLUE, marker="o", markersize=5)
    if observed:
        axes.plot(
            *zip(*observed, strict=True),
            color=style.INK,
            marker="D",
            markerfacecolor="white",
            linestyle=(0, (2, 2)),
            linewidth=1.2,
        )
        axes.axvline(years[0] - 0.5, color=style.INK_SOFT, linewidth=0.8, linestyle=(0, (1, 2)))
    span = [*years, *(year for year, _ in observed)]
    top = max(float(runs.max()), *(value for _, value in observed)) if observed else float(runs.max())
    axes.set(ylim=(0, 1.15 * top), xlim=(min(span) - 0.5, max(span) + 0.5))
    axes.yaxis.set_major_formatter(COUNT)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=10))
    axes.xaxis.set_major_formatter(YEAR)
    axes.text(
        years[-1] + 0.6, middle[-1], f"{french.number(middle[-1])}", color=style.BLUE, fontweight="bold", va="bottom"
    )
    spread = f"[{french.number(runs[:, -1].min())}{french.NBSP}; {french.number(runs[:, -1].max())}]"
    axes.text(years[-1] + 0.6, middle[-1], f"{years[-1]}, {spread}", color=style.BLUE, va="top", fontsize=9)
    words = "étendue des réplications" if is_few else "50 % et 90 % des réplications"
    handles: list[Any] = [Line2D([], [], color=style.BLUE, marker="o", label="simulé, moyenne des réplications")]
    handles += [Patch(color=style.BLUE, alpha=0.2, label=words)] if len(runs) > 1 else []
    if observed:
        handles.append(
            Line2D([], [], color=style.INK, marker="D", markerfacecolor="white", linestyle=(0, (2, 2)), label="publié")
        )
    figure.legend(handles=handles, loc="lower center", ncols=3, fontsize=8.8)
    change = float(middle[-1] / middle[0] - 1) if middle[0] else 0.0
    move = (
        "reste au même niveau"
        if abs(change) < 0.01
        else f"{'augmente' if change > 0 else 'diminue'} de {french.quantity(abs(change), 'share', decimals=0)}"
    )
    title = (
        f"La demande en attente {move} de {years[0]} à {years[-1]}"
        if len(years) > 1
        else f"La demande en attente fin {years[0]}"
    )
    return style.finish(
        figure, "eventail", title=title, measure="Demandes valides au 31 décembre, MEL.", source=source,
        description=f"{title}. Valeurs par année dans le tableau qui suit.",
    )  # fmt: skip


@style.house
def waterfall(steps: list[tuple[str, float]], period: str, source: str) -> style.Drawing:
    """Draw how the stock goes from one 31 December to the next: first and last steps are levels, others movements."""
    figure = style.blank(9.6, 3.9)
    axes = style.panel(figure, 1.0, 0.75, 8.3, 2.9)
    level = 0.0
    tops = []
    for place, (_, value) in enumerate(steps):
        is_level = place in (0, len(steps) - 1)
        base = 0.0 if is_level else min(level, level + value)
        color = style.BLUE if is_level else style.ORANGE if value > 0 else style.GREEN
        hatch = "" if is_level else "//" if value > 0 else ".."
        axes.bar(place, abs(value), bottom=base, color=color, width=0.62, hatch=hatch, edgecolor="white", linewidth=0)
        previous, level = level, value if is_level else level + value
        if place:
            axes.plot([place - 0.69, place - 0.31], [previous, previous], color=style.INK_SOFT, linewidth=0.9)
        text = french.number(value) if is_level else french.signed(value)
        tops.append(base + abs(value))
        axes.text(place, base + abs(value), text, ha="center", va="bottom", fontweight="bold", fontsize=10)
    axes.set(ylim=(0, 1.14 * max(tops)), xlim=(-0.6, len(steps) - 0.4), xticks=range(len(steps)))
    axes.set_xticklabels([name.replace(" / ", "\n") for name, _ in steps], color=style.INK)
    axes.yaxis.set_major_formatter(COUNT)
    entries, exits = steps[1][1], -sum(value for _, value in steps[2:-1])
    title = f"{period} : {french.number(entries)} demandes entrent, {french.number(exits)} sortent de la liste"
    return style.finish(
        figure, "mouvements", title=title,
        measure="Du stock de demandes d'un 31 décembre au suivant, moyenne des réplications.",
        source=source, description=f"{title}. Valeurs dans le tableau qui suit.",
    )  # fmt: skip


@style.house
def matrix(names: Sequence[str], counts: np.ndarray, is_hidden: np.ndarray, period: str, source: str) -> style.Drawing:
    """Draw typology wanted (rows) against obtained (columns): share of each row, and the count.

    Parameters
    ----------
    counts : numpy.ndarray
        Attributions, shape (wanted, obtained).
    is_hidden : numpy.ndarray
        bool, cells under secrecy.
    """
    size = len(names)
    figure = style.blank(8.6, 0.62 * size + 0.75)
    axes = style.panel(figure, 2.3, 0.25, 5.6, 0.62 * size)
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, totals, out=np.zeros_like(counts), where=totals > 0)
    axes.grid(visible=False)
    for row in range(size):
        for column in range(size):
            share = shares[row, column]
            hidden = bool(is_hidden[row, column])
            color = "white" if hidden else SCALE[min(len(SCALE) - 1, int(np.ceil(share * (len(SCALE) - 1))))]
            box = Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor=color, edgecolor=style.GRID)
            if hidden:
                box.set(hatch="////", edgecolor="#C9CFD6")
            axes.add_patch(box)
            ink = "white" if share > DARK and not hidden else style.INK
            text = (
                "s"
                if hidden
                else french.quantity(share, "share", decimals=0)
                if counts[row, column]
                else french.MISSING
            )
            axes.text(column, row - 0.1, text, ha="center", va="center", fontsize=10.5, fontweight="bold", color=ink)
            if not hidden and counts[row, column]:
                axes.text(
                    column,
                    row + 0.25,
                    f"n = {french.number(counts[row, column])}",
                    ha="center",
                    va="center",
                    fontsize=8,
                    color=ink,
                )
    axes.set(xlim=(-0.5, size - 0.5), ylim=(size - 0.5, -0.5), xticks=range(size), yticks=range(size))
    axes.set_xticklabels([f"{n} obtenu" for n in names], color=style.INK)
    axes.set_yticklabels([f"{n} demandé" for n in names], color=style.INK)
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    for side in axes.spines.values():
        side.set_visible(False)
    same = float(np.trace(counts) / counts.sum()) if counts.sum() else 0.0
    title = f"{period} : {french.quantity(same, 'share', decimals=0)} des ménages logés ont la typologie demandée"
    return style.finish(
        figure, "typologies", title=title,
        measure="En ligne : où vont les ménages qui demandaient cette typologie (100 % par ligne).",
        source=source, description=f"{title}. Valeurs dans le tableau qui suit.",
    )  # fmt: skip


@style.house
def bars(
    key: str, labels: list[str], values: list[float], *, title: str, measure: str, source: str, unit: str = "share",
    targets: list[float | None] | None = None, beside: list[str] | None = None,
) -> style.Drawing:  # fmt: skip
    """Draw one horizontal bar per line, with its value, and its target as a black line where it has one."""
    tall = 0.44 * len(labels)
    figure = style.blank(9.6, tall + (1.15 if targets else 0.75))
    axes: Axes = style.panel(figure, 2.9, 0.85 if targets else 0.45, 4.3, tall)
    axes.grid(axis="x")
    axes.grid(visible=False, axis="y")
    axes.barh(range(len(labels)), values, color=style.BLUE, height=0.56)
    marks = [t for t in targets or [] if t is not None]
    limit = 1.12 * max([*values, *marks, 1e-9])
    for row, value in enumerate(values):
        target = targets[row] if targets else None
        if target is not None:
            axes.plot([target, target], [row - 0.4, row + 0.4], color="white", linewidth=5)
            axes.plot([target, target], [row - 0.4, row + 0.4], color=style.INK, linewidth=2.4)
        text = beside[row] if beside else french.quantity(value, unit)
        axes.text(1.02, row, text, transform=axes.get_yaxis_transform(), va="center", fontsize=9.2)
    axes.set(xlim=(0, limit), ylim=(len(labels) - 0.5, -0.5), yticks=range(len(labels)))
    axes.set_yticklabels(labels, color=style.INK)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_formatter(PERCENT if unit == "share" else COUNT)
    axes.spines["left"].set_visible(False)
    if targets:
        handles = [
            Patch(color=style.BLUE, label="simulé"),
            Line2D([], [], color=style.INK, linewidth=2.4, label="objectif"),
        ]
        figure.legend(handles=handles, loc="lower center", ncols=2, fontsize=8.8)
    return style.finish(
        figure, key, title=title, measure=measure, source=source,
        description=f"{title}. Valeurs dans le tableau qui suit.",
    )  # fmt: skip
