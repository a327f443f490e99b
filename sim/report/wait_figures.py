"""Curves of waiting time: groups of one class laid over each other, or side by side, each against the whole.

Importing this file imports matplotlib: do it late.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from sim.indicators.classes import CLASSES
from sim.report import french, style
from sim.report.waits import label, method_words, period_words
from sim.results.waits import Study, Waits

PERCENT = FuncFormatter(lambda value, _: french.quantity(value, "share", decimals=0))
COUNT = FuncFormatter(lambda value, _: french.number(value))
LAST_MONTH = 60
MESSAGE_MONTH = 24
ACROSS = 4
"""Panels in a row."""
MOST_PANELS = 24
MEASURE = "Incidence cumulée du premier bail ; entrée différée, radiation comptée comme sortie concurrente."
BAND = 0.16


def draw(study: Study, name: str, source: str) -> style.Drawing | None:
    """Return the figure of a class: overlaid when it has few groups, else side by side; None when none is followed.

    Parameters
    ----------
    study : Study
        The waits of a run; it holds the class ``mel`` where the whole is to be drawn behind the panels.
    name : str
        Among ``CLASSES``.
    source : str
        Where the numbers come from, in one sentence.
    """
    groups = [w for w in study.waits if w.name == name and w.incidence.followed_days > 0]
    if not groups:
        return None
    if len(groups) <= len(style.SERIES):
        return overlay(study, name, groups, source)
    groups = sorted(groups, key=lambda w: -w.incidence.spells)[:MOST_PANELS] if len(groups) > MOST_PANELS else groups
    return panels(study, name, groups, source)


def until(waits: Waits) -> int:
    """Return the last month drawn."""
    return min(LAST_MONTH, int(np.isfinite(waits.incidence.curve[0]).sum()) - 1)


def title_of(name: str, groups: list[Waits]) -> str:
    """Return the message: who is housed most and least at the month of the message."""
    at = {label(w): w.incidence.curve[0, MESSAGE_MONTH] for w in groups}
    known = {words: float(share) for words, share in at.items() if math.isfinite(share)}
    if not known:
        return f"{CLASSES[name]} : part logée selon le temps écoulé"
    best, worst = max(known, key=lambda w: known[w]), min(known, key=lambda w: known[w])
    first = f"{french.quantity(known[best], 'share', decimals=0)} ({best})"
    if len(known) == 1:
        return f"Part logée en {MESSAGE_MONTH} mois : {first}"
    last = f"{french.quantity(known[worst], 'share', decimals=0)} ({worst})"
    return f"Part logée en {MESSAGE_MONTH} mois : de {last} à {first}"


def since(name: str) -> str:
    """Return the words of the horizontal axis."""
    return "de la reconnaissance" if name == "reconnaissance" else "du dépôt de la demande"


@style.house
def overlay(study: Study, name: str, groups: list[Waits], source: str) -> style.Drawing:
    """Draw up to five groups over each other, named at the end of their curve, with the numbers still followed."""
    figure = style.blank(11.4, 5.2 + 0.26 * len(groups))
    axes = style.panel(figure, 2.75, 1.25 + 0.26 * len(groups), 5.7, 3.7)
    limit = top_of(groups)
    last = max(until(w) for w in groups)
    for waits, (color, line, _) in zip(groups, style.SERIES, strict=False):
        trace(axes, waits, color, line)
    ends = [float(w.incidence.curve[0, until(w)]) for w in groups]
    places = style.spread(ends, 0.115 * limit, 0.03 * limit, 0.95 * limit)
    for waits, (color, _, _), place in zip(groups, style.SERIES, places, strict=False):
        share, low, high = (float(x) for x in waits.incidence.curve[:, until(waits)])
        ink: Any = style.TEXT_OF[color]
        axes.text(last * 1.02, place, label(waits), fontweight="bold", va="bottom", fontsize=10, color=ink)
        text = f"{french.quantity(share, 'share')} à {until(waits)} mois {french.interval(low, high, 'share')}"
        axes.text(last * 1.02, place, text, va="top", fontsize=9, color=ink)
    axes.set(xlim=(0, last), ylim=(0, limit), xlabel=f"Mois écoulés depuis le jour {since(name)}")
    axes.set_xticks(range(0, last + 1, 12) if last >= MESSAGE_MONTH else range(0, last + 1, 6))
    axes.yaxis.set_major_formatter(PERCENT)
    _at_risk(axes, figure, groups)
    return finished(study, f"attente_{name}", name, groups, source, figure)


def _at_risk(axes: Axes, figure: Figure, groups: list[Waits]) -> None:
    """Write how many are still followed under the axis, each number under its tick; nothing past a curve's end."""
    height = axes.get_position().height * figure.get_figheight()
    place: dict[str, Any] = {"transform": axes.get_xaxis_transform(), "fontsize": 9, "clip_on": False, "va": "center"}
    start, last = -0.82 / height, axes.get_xlim()[1]
    axes.text(-0.055 * last, start, "Suivies, par réplication", ha="right", color=style.INK_SOFT, **place)
    for row, (waits, (color, _, _)) in enumerate(zip(groups, style.SERIES, strict=False), start=1):
        y = start - 0.26 * row / height
        bold: dict[str, Any] = {"color": style.TEXT_OF[color], "fontweight": "bold"}
        axes.text(-0.055 * last, y, label(waits), ha="right", **bold, **place)
        for tick in axes.get_xticks():
            if tick <= until(waits):
                followed = french.number(float(waits.incidence.at_risk[int(tick)]))
                axes.text(tick, y, followed, ha="center", color=style.INK_SOFT, **place)


@style.house
def panels(study: Study, name: str, groups: list[Waits], source: str) -> style.Drawing:
    """Draw each group in a panel of its own, the whole in grey behind it."""
    whole = next((w for w in study.waits if w.name == "mel"), None)
    across = min(ACROSS, len(groups))
    rows = math.ceil(len(groups) / across)
    width, tall = 10.6 / across, 2.35
    figure = style.blank(11.2, rows * tall + 0.75)
    limit = top_of(groups)
    for number, waits in enumerate(groups):
        row, column = divmod(number, across)
        axes = style.panel(figure, 0.65 + column * width, 0.75 + (rows - 1 - row) * tall, width - 0.35, tall - 0.72)
        if whole is not None:
            axes.plot(range(until(whole) + 1), whole.incidence.curve[0, : until(whole) + 1], color="#9AA3AE", lw=1.4)
        trace(axes, waits, style.BLUE, "solid")
        share = waits.incidence.curve[0, until(waits)]
        words = f"{french.quantity(float(share), 'share', decimals=0)} à {until(waits)} mois"
        axes.set_title(label(waits), loc="left", fontsize=10, fontweight="bold", pad=16)
        place: dict[str, Any] = {"transform": axes.transAxes, "fontsize": 8.6, "color": style.INK_SOFT}
        axes.text(0, 1.04, f"{words} ; {french.number(waits.incidence.spells)} suivies", va="bottom", **place)
        axes.set(xlim=(0, LAST_MONTH), ylim=(0, limit), xticks=range(0, LAST_MONTH + 1, 12))
        axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))
        axes.yaxis.set_major_formatter(PERCENT)
        if column:
            axes.tick_params(labelleft=False)
    behind = " En gris : l'ensemble des demandes." if whole is not None else ""
    axis = f"Mois écoulés depuis le jour {since(name)}.{behind}"
    figure.text(0.65 / 11.2, 0.16 / figure.get_figheight(), axis, fontsize=9.5, color=style.INK_SOFT)
    return finished(study, f"attente_{name}", name, groups, source, figure)


def trace(axes: Axes, waits: Waits, color: str, line: Any) -> None:
    """Draw one curve with its interval, while enough are followed."""
    stop = until(waits) + 1
    mean, low, high = waits.incidence.curve[:, :stop]
    axes.fill_between(range(stop), low, high, color=color, alpha=BAND, linewidth=0)
    axes.plot(range(stop), mean, color=color, linestyle=line)


def top_of(groups: list[Waits]) -> float:
    """Return the top of the vertical axis: room for every curve, and for intervals up to twice the highest one."""
    curves = max(float(np.nanmax(w.incidence.curve[0, : until(w) + 1])) for w in groups)
    bounds = max(float(np.nanmax(w.incidence.curve[2, : until(w) + 1])) for w in groups)
    return min(1.0, max(0.1, 1.12 * min(bounds, 2 * curves)))


def finished(study: Study, key: str, name: str, groups: list[Waits], source: str, figure: Figure) -> style.Drawing:
    """Return the drawing with its message, what is measured and its source."""
    title = title_of(name, groups)
    return style.finish(
        figure,
        key,
        title=title,
        measure=MEASURE,
        source=source,
        description=f"{title}. {CLASSES[name]}, {period_words(study.period)}. {method_words(study.method)}",
    )


def write_figures(study: Study, manifest: dict[str, Any], folder: Path) -> list[Path]:
    """Write the figure of every class of a study as SVG and return the files."""
    source = (
        f"Source : simulation simhlm, scénario « {manifest['scenario']['title']} », {period_words(study.period)}, "
        f"graine {manifest['seed']}, {french.plural(study.replications, 'réplication')}. Bandes : "
        f"{'entre réplications' if study.replications > 1 else 'Aalen-Johansen, une réplication'}, 95 %."
    )
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name in dict.fromkeys(w.name for w in study.waits):
        drawing = draw(study, name, source)
        if drawing is not None:
            path = folder / f"{drawing.key}.svg"
            path.write_text(drawing.titled, encoding="utf-8")
            written.append(path)
    return written
