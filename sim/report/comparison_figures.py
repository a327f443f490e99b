"""The figures of a comparison. Each computes its title from the numbers it draws.

Importing this file imports matplotlib: do it late.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from sim.report import french, style
from sim.report.comparison import ESTABLISHED
from sim.report.comparison_curves import Overlay
from sim.report.comparison_equity import Share
from sim.report.figures import COUNT, PERCENT
from sim.report.tables import Quantity

BASE_LOOK = (style.GREY, (0, (4, 1.6)), "D")
LOOKS: tuple[tuple[str, Any, str], ...] = (
    BASE_LOOK,
    style.SERIES[0],
    style.SERIES[1],
    style.SERIES[2],
    style.SERIES[3],
)
"""The base is grey and dashed; alternatives take the colours of the house."""
SOFT_GAIN, SOFT_LOSS = "#9CCFC8", "#EDBE98"


@dataclass(frozen=True)
class GapPanel:
    """Differences of one kind, on one axis: a row per indicator, a value per alternative."""

    title: str
    labels: list[str]
    rows: list[list[Quantity]]


@dataclass(frozen=True)
class DelayPanel:
    """One delay on an axis of its own: a row per class, a value per scenario, base first."""

    title: str
    rows: list[list[Quantity]]


def legend(figure: Figure, names: Sequence[str], *more: Any, base: bool = True) -> None:
    """Name the scenarios under a figure, each with its colour and mark."""
    looks = LOOKS if base else LOOKS[1:]
    handles: list[Any] = [
        Line2D([], [], color=color, linestyle=line, marker=mark, markersize=5, label=name)
        for name, (color, line, mark) in zip(names, looks, strict=False)
    ]
    figure.legend(
        handles=[*handles, *more],
        loc="lower center",
        ncols=min(4, len(handles) + len(more)),
        fontsize=8.8,
        bbox_to_anchor=(0.0, 0.0, 1.0, 1.0),
    )


@style.house
def gaps(panels: list[GapPanel], names: list[str], title: str, measure: str, source: str) -> style.Drawing:
    """Draw differences as dots with their intervals around 0; a filled dot is established, a hollow one is not."""
    step = 0.36 + 0.13 * (len(names) - 1)
    tall = [step * len(panel.labels) for panel in panels]
    figure = style.blank(11.2, sum(tall) + 0.8 * len(panels) + 0.75)
    bottom = figure.get_figheight()
    for panel, height in zip(panels, tall, strict=True):
        bottom -= height + 0.42
        axes = style.panel(figure, 4.4, bottom, 4.4, height)
        bottom -= 0.38
        _gap_panel(axes, panel)
    marks: list[Any] = [
        Line2D([], [], color=style.GREY, linewidth=5, alpha=0.3, label="intervalle à 95 %"),
        Line2D([], [], color=style.INK_SOFT, marker="o", linestyle="", label="établi (plein)"),
        Line2D(
            [], [], color=style.INK_SOFT, marker="o", linestyle="", markerfacecolor="white", label="non établi (vide)"
        ),
    ]
    legend(figure, names if len(names) > 1 else [], *marks, base=False)
    return style.finish(
        figure,
        "ecarts",
        title=title,
        measure=measure,
        source=source,
        description=f"{title}. Un point par indicateur et par scénario ; valeurs dans le tableau qui suit.",
    )


def _gap_panel(axes: Axes, panel: GapPanel) -> None:
    """Draw one panel of differences, each value written on the right."""
    axes.grid(axis="x")
    axes.grid(visible=False, axis="y")
    axes.axvline(0, color=style.INK, linewidth=1.2)
    known = [v for row in panel.rows for q in row for v in (q.value, q.low, q.high) if v is not None]
    edge = 1.12 * max([abs(v) for v in known if v] or [1.0])
    for number, row in enumerate(panel.rows):
        shift = 0.7 / len(row)
        for rank, (quantity, (color, _, mark)) in enumerate(zip(row, LOOKS[1:], strict=False)):
            y = number + (rank - (len(row) - 1) / 2) * shift
            if quantity.value is None:
                continue
            if quantity.low is not None and quantity.high is not None:
                axes.plot([quantity.low, quantity.high], [y, y], color=color, alpha=0.3, linewidth=5)
            face = color if ESTABLISHED in quantity.state.split(", ") else "white"
            axes.plot([quantity.value], [y], marker=mark, markerfacecolor=face, markeredgecolor=color, markersize=6.5)
            axes.text(
                1.02,
                y,
                str(quantity),
                transform=axes.get_yaxis_transform(),
                va="center",
                fontsize=8.4,
                color=style.TEXT_OF[color],
            )
    axes.set(xlim=(-edge, edge), ylim=(len(panel.labels) - 0.5, -0.5), yticks=range(len(panel.labels)))
    axes.set_yticklabels(panel.labels, color=style.INK, fontsize=9)
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: french.trimmed(value, 3)))
    axes.spines["left"].set_visible(False)
    axes.set_title(panel.title, loc="left", fontsize=10, fontweight="bold", pad=6)


@style.house
def incidence(items: list[Overlay], names: list[str], source: str) -> style.Drawing:
    """Draw the curves of all scenarios over each other, one panel per class, on the same axes."""
    rows = -(-len(items) // 3)
    figure = style.blank(11.6, 3.1 * rows + 0.75)
    top = max(max(curve.high or curve.mean) for item in items for curve in item.curves)
    last = max(item.curves[0].months[-1] for item in items)
    for number, item in enumerate(items):
        line, column = divmod(number, 3)
        axes = style.panel(figure, 0.75 + 3.72 * column, 0.85 + 3.1 * (rows - 1 - line) + 0.15, 3.05, 2.15)
        for curve, (color, stroke, _) in zip(item.curves, LOOKS, strict=False):
            if curve.low and curve.high:
                axes.fill_between(curve.months, curve.low, curve.high, color=color, alpha=0.13, linewidth=0)
            axes.plot(curve.months, curve.mean, color=color, linestyle=stroke, linewidth=1.9)
        axes.set(xlim=(0, last), ylim=(0, min(1.0, 1.08 * top)), xticks=list(range(0, int(last) + 1, 12)))
        axes.yaxis.set_major_formatter(PERCENT)
        axes.xaxis.set_major_formatter(COUNT)
        axes.set_title(item.title, loc="left", fontsize=10, fontweight="bold")
        if line == rows - 1:
            axes.set_xlabel("Mois depuis le dépôt", fontsize=9)
    band = Patch(color=style.GREY, alpha=0.16, label="intervalle à 95 % de la moyenne")
    legend(figure, names, *([band] if items[0].curves[0].low else []))
    title = _incidence_title(items[0])
    return style.finish(
        figure,
        "incidence",
        title=title,
        measure="Incidence cumulée du premier bail ; entrée différée, radiation comptée comme sortie concurrente.",
        source=source,
        description=f"{title}. Une case par classe de ménages ; les valeurs sont dans le tableau qui suit.",
    )


def _incidence_title(item: Overlay) -> str:
    """Return the share housed at 36 months (or the last month) in each scenario."""
    months = item.curves[0].months
    at = max(i for i, month in enumerate(months) if month <= 36)
    parts = [f"{french.quantity(curve.mean[at], 'share')} ({curve.label})" for curve in item.curves]
    return f"{french.number(months[at])} mois après le dépôt, part déjà logée : {' ; '.join(parts)}"


@style.house
def delays(labels: list[str], panels: list[DelayPanel], names: list[str], title: str, source: str) -> style.Drawing:
    """Draw the three delays side by side, each on its own axis: they are not to be compared with each other."""
    tall = (0.44 + 0.1 * (len(names) - 2)) * len(labels)
    figure = style.blank(11.6, tall + 1.75)
    for number, panel in enumerate(panels):
        axes = style.panel(figure, 2.2 + 3.18 * number, 0.95, 2.75, tall)
        axes.grid(axis="x")
        axes.grid(visible=False, axis="y")
        for row, quantities in enumerate(panel.rows):
            spots = [q.value for q in quantities if q.value is not None]
            if not spots:
                axes.text(0.5, row, "sans objet", transform=axes.get_yaxis_transform(), **NOTHING)
                continue
            axes.plot([min(spots), max(spots)], [row, row], color="#B9C1CA", linewidth=2.2, zorder=1)
            for quantity, (color, _, mark) in zip(quantities, LOOKS, strict=False):
                if quantity.value is not None:
                    axes.plot([quantity.value], [row], color=color, marker=mark, markersize=7, alpha=0.92)
        high = max([q.value for row in panel.rows for q in row if q.value is not None] or [1.0])
        axes.set(xlim=(0, 1.1 * high), ylim=(len(labels) - 0.5, -0.5), yticks=range(len(labels)))
        axes.set_yticklabels(labels if number == 0 else [""] * len(labels), color=style.INK)
        axes.xaxis.set_major_formatter(COUNT)
        axes.set_xlabel("mois", fontsize=9)
        axes.spines["left"].set_visible(False)
        axes.set_title(panel.title, loc="left", fontsize=9.4, fontweight="bold", pad=8)
    legend(figure, names)
    return style.finish(
        figure,
        "delais",
        title=title,
        measure="Trois mesures, trois axes : elles ne se comparent pas entre elles.",
        source=source,
        description=f"{title}. Un point par classe et par scénario ; les valeurs sont dans les tableaux qui suivent.",
    )


NOTHING: dict[str, Any] = {
    "ha": "center", "va": "center", "fontsize": 8.6, "style": "italic", "color": style.INK_SOFT,
}  # fmt: skip


@style.house
def winners(items: list[Share], key: str, title: str, source: str) -> style.Drawing:
    """Draw losers to the left and winners to the right, in percent of the applications of each class."""
    step = 0.25
    gap_rows = len({item.label for item in items}) - 1
    tall = step * (len(items) + 0.6 * gap_rows)
    figure = style.blank(11.2, tall + 1.3)
    axes = style.panel(figure, 4.0, 0.95, 4.5, tall)
    axes.grid(axis="x")
    axes.grid(visible=False, axis="y")
    places, y = [], 0.0
    for before, item in zip([None, *items], items, strict=False):
        y += 0.0 if before is None else 1.0 if before.label == item.label else 1.6
        places.append(y)
        _bars(axes, y, item)
        axes.text(
            1.02,
            y,
            f"{item.net} ; n = {french.number(item.applications)}",
            transform=axes.get_yaxis_transform(),
            va="center",
            fontsize=8,
            color=style.INK_SOFT,
        )
    edge = 1.08 * max([max(_gain(item), _loss(item)) for item in items] or [1.0]) or 1.0
    axes.axvline(0, color=style.INK, linewidth=1.2)
    axes.set(xlim=(-edge, edge), ylim=(y + 0.7, -0.7), yticks=places)
    axes.set_yticklabels([item.name for item in items], color=style.INK, fontsize=8.6)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: french.quantity(abs(value), "share", decimals=0)))
    axes.spines["left"].set_visible(False)
    words: dict[str, Any] = {"va": "bottom", "fontsize": 9, "fontweight": "bold", "transform": axes.transAxes}
    axes.text(0.0, 1.0 + 0.06 / tall, "perdent", color=style.ORANGE_TEXT, ha="left", **words)
    axes.text(1.0, 1.0 + 0.06 / tall, "gagnent", color=style.GREEN_TEXT, ha="right", **words)
    axes.text(1.02, 1.0 + 0.06 / tall, "solde ; nombre de demandes", color=style.INK_SOFT, ha="left", **words)
    handles = [
        Patch(facecolor=SOFT_LOSS, edgecolor=style.ORANGE, hatch="////", label="logées dans la base seulement"),
        Patch(facecolor=style.ORANGE, label="logées plus tard"),
        Patch(facecolor=style.GREEN, label="logées plus tôt"),
        Patch(facecolor=SOFT_GAIN, edgecolor=style.GREEN, hatch="////", label="logées dans ce scénario seulement"),
    ]
    figure.legend(handles=handles, loc="lower center", ncols=4, fontsize=8.8, bbox_to_anchor=(0.0, 0.0, 1.0, 1.0))
    return style.finish(
        figure,
        key,
        title=title,
        measure="Part des demandes de la classe, connues des deux scénarios, à l'horizon de la simulation.",
        source=source,
        description=f"{title}. Une barre par classe ; les valeurs sont dans le tableau qui suit.",
    )


def _gain(item: Share) -> float:
    return item.shares["earlier"] + item.shares["only_here"]


def _loss(item: Share) -> float:
    return item.shares["later"] + item.shares["only_base"]


def _bars(axes: Axes, y: float, item: Share) -> None:
    """Draw one class: what is sure nearest to the axis, what is housed in one scenario only beyond it, hatched."""
    earlier, later = item.shares["earlier"], item.shares["later"]
    axes.barh(y, earlier, height=0.72, color=style.GREEN)
    axes.barh(y, -later, height=0.72, color=style.ORANGE)
    look: dict[str, Any] = {"height": 0.72, "linewidth": 0.4, "hatch": "////"}
    axes.barh(y, item.shares["only_here"], left=earlier, color=SOFT_GAIN, edgecolor=style.GREEN, **look)
    axes.barh(y, -item.shares["only_base"], left=-later, color=SOFT_LOSS, edgecolor=style.ORANGE, **look)
