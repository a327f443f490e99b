"""The figures of a bilan. Each computes its title (the message) from the numbers it draws.

Importing this file imports matplotlib: do it late.
"""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from sim.report import french, style
from sim.report.reading import Curve, Estimate, Panel, Series
from sim.report.sources import MET, MISSED, NO_INTERVAL, NO_TARGET, NOT_JUDGED, UNSURE, verdict

PERCENT = FuncFormatter(lambda value, _: french.quantity(value, "share", decimals=0))
COUNT = FuncFormatter(lambda value, _: french.number(value))
YEAR = FuncFormatter(lambda value, _: str(int(value)))
MARKS = {
    MET: ("o", style.GREEN, style.GREEN, style.GREEN_TEXT),
    MISSED: ("s", style.ORANGE, style.ORANGE, style.ORANGE_TEXT),
    UNSURE: ("D", "white", style.GREY, style.GREY),
    NO_INTERVAL: ("D", "white", style.GREY, style.GREY),
    NOT_JUDGED: ("x", style.GREY, style.GREY, style.INK_SOFT),
    NO_TARGET: ("D", "white", style.GREY, style.GREY),
}


@style.house
def incidence(curves: list[Curve], source: str) -> style.Drawing:
    """Draw the share housed against months since filing, with the numbers still followed underneath."""
    figure = style.blank(10.6, 5.2 + 0.26 * len(curves))
    base = 1.25 + 0.26 * len(curves)
    axes = style.panel(figure, 2.35, base, 5.7, 3.7)
    top = max(max(c.high or c.mean) for c in curves)
    limit = min(1.0, max(0.1, 1.12 * top))
    last = max(c.months[-1] for c in curves)
    for curve, (color, line, _) in zip(curves, style.SERIES, strict=False):
        if curve.low and curve.high:
            axes.fill_between(curve.months, curve.low, curve.high, color=color, alpha=0.16, linewidth=0)
        axes.plot(curve.months, curve.mean, color=color, linestyle=line)
    ends = style.spread([c.mean[-1] for c in curves], 0.115 * limit, 0.03 * limit, 0.95 * limit)
    for curve, (color, _, _), place in zip(curves, style.SERIES, ends, strict=False):
        span = "" if not curve.low or not curve.high else " " + french.interval(curve.low[-1], curve.high[-1], "share")
        axes.text(
            last * 1.02, place, curve.label, color=style.TEXT_OF[color], fontweight="bold", va="bottom", fontsize=10
        )
        text = f"{french.quantity(curve.mean[-1], 'share')} à {french.number(curve.months[-1])} mois{span}"
        axes.text(last * 1.02, place, text, color=style.TEXT_OF[color], va="top", fontsize=9)
    ticks = [float(m) for m in range(0, int(last) + 1, 12)] if last >= 12 else [0.0, last]
    axes.set(xlim=(0, last), ylim=(0, limit), xticks=ticks, xlabel="Mois écoulés depuis le dépôt de la demande")
    axes.yaxis.set_major_formatter(PERCENT)
    axes.xaxis.set_major_formatter(COUNT)
    _at_risk(figure, axes, curves, ticks)
    month, words = _message_month(curves)
    title = f"{french.number(month)} mois après le dépôt, {words}"
    return style.finish(
        figure,
        "incidence",
        title=title,
        measure="Incidence cumulée du premier bail ; entrée différée, radiation comptée comme sortie concurrente.",
        source=source,
        description=f"{title}. Courbes de 0 à {french.number(last)} mois ; les valeurs sont dans le tableau qui suit.",
    )


def _at_risk(figure: Figure, axes: Axes, curves: list[Curve], ticks: list[float]) -> None:
    """Write the table of households still followed under the axis, each number under its tick."""
    height = axes.get_position().height * figure.get_figheight()
    place: dict[str, Any] = {"transform": axes.get_xaxis_transform(), "fontsize": 9, "clip_on": False}
    start, last = -0.82 / height, axes.get_xlim()[1]
    axes.text(-0.055 * last, start, "Demandes encore suivies", ha="right", va="center", color=style.INK_SOFT, **place)
    for row, (curve, (color, _, _)) in enumerate(zip(curves, style.SERIES, strict=False), start=1):
        y = start - 0.26 * row / height
        axes.text(
            -0.055 * last,
            y,
            curve.label,
            ha="right",
            va="center",
            color=style.TEXT_OF[color],
            fontweight="bold",
            **place,
        )
        for tick in ticks:
            index = min(range(len(curve.months)), key=lambda i: abs(curve.months[i] - tick))
            axes.text(
                tick, y, french.number(curve.at_risk[index]), ha="center", va="center", color=style.INK_SOFT, **place
            )


def _message_month(curves: list[Curve]) -> tuple[float, str]:
    """Return the month of the message (36, or the last one) and its words, one share per class."""
    month = min(36.0, *(c.months[-1] for c in curves)) if len(curves) > 1 else min(36.0, curves[0].months[-1])
    parts = []
    for curve in curves:
        index = max(i for i, m in enumerate(curve.months) if m <= month)
        parts.append(f"{french.quantity(curve.mean[index], 'share', decimals=0)} ({curve.label.lower()})")
    return month, "part déjà logée : " + " ; ".join(parts)


@style.house
def gauges(
    labels: list[str],
    panels: list[Panel],
    year: object,
    source: str,
    *,
    key: str = "objectifs",
    by: str = "par territoire",
) -> style.Drawing:
    """Draw dot, interval and target by territory for each objective, with value, gap and n beside each dot."""
    tall = 0.42 * len(labels)
    figure = style.blank(11.6, tall + 1.75)
    left, plot, text, gap = 2.45, 1.6, 1.22, 0.2
    if len(panels) == 1:
        plot = 5.6
    states: list[str] = []
    for number, panel in enumerate(panels):
        axes = style.panel(figure, left + number * (plot + text + gap), 0.95, plot, tall)
        axes.grid(axis="x")
        axes.grid(visible=False, axis="y")
        low, high = _range(panel)
        if panel.target is not None:
            axes.axvspan(panel.target, high, color=style.GOOD_ZONE, linewidth=0)
            axes.axvline(panel.target, color=style.INK, linewidth=2)
            objective = f"objectif {french.quantity(panel.target, 'share', decimals=0)}"
            axes.text(
                panel.target,
                1.0,
                objective,
                transform=axes.get_xaxis_transform(),
                ha="center",
                va="bottom",
                fontsize=9,
                fontweight="bold",
            )
        for row, estimate in enumerate(panel.rows):
            state = _gauge(axes, row, estimate, panel.target)
            states.append(state)
        axes.set(xlim=(low, high), ylim=(len(labels) - 0.5, -0.5), yticks=range(len(labels)))
        axes.set_yticklabels(labels if number == 0 else [""] * len(labels), color=style.INK)
        axes.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))
        axes.xaxis.set_major_formatter(PERCENT)
        axes.spines["left"].set_visible(False)
        axes.text(
            0,
            1 + 0.3 / tall,
            panel.title,
            transform=axes.transAxes,
            ha="left",
            va="bottom",
            fontsize=10,
            fontweight="bold",
        )
    _legend(figure, states)
    judged = [s for s in states if s in (MET, MISSED, UNSURE)]
    title = _gauge_title(judged, year, by)
    return style.finish(
        figure,
        key,
        title=title,
        measure=f"Attributions simulées en {year} ; à droite de chaque point : valeur, écart à l'objectif, "
        "et n, le nombre d'attributions du dénominateur.",
        source=source,
        description=f"{title}. Un point par ligne et par objectif, avec son intervalle et la ligne de l'objectif.",
    )


def _gauge(axes: Axes, row: int, estimate: Estimate, target: float | None) -> str:
    """Draw one row of one panel and return its state."""
    state = verdict(estimate, target)
    beside: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "ha": "left", "va": "center", "fontsize": 8.6}
    if estimate.mean is None:
        words = "sans objet" if estimate.count == 0 else "non montré"
        axes.text(1.04, row, words, style="italic", color=style.INK_SOFT, **beside)
        return state
    marker, face, edge, ink = MARKS[state]
    if estimate.low is not None and estimate.high is not None:
        axes.plot([estimate.low, estimate.high], [row, row], color=edge, alpha=0.3, linewidth=6, solid_capstyle="butt")
    axes.plot(
        [estimate.mean],
        [row],
        marker=marker,
        markerfacecolor=face,
        markeredgecolor=edge,
        markersize=7.5,
        markeredgewidth=1.7,
        clip_on=False,
    )
    value = french.quantity(estimate.mean, "share", decimals=0)
    gap = "" if target is None else f" ({french.points(estimate.mean - target)})"
    axes.text(1.04, row - 0.17, value + gap, color=ink, **beside)
    axes.text(
        1.04,
        row + 0.21,
        f"n = {french.number(estimate.count or 0)}",
        color=style.INK_SOFT,
        **{**beside, "fontsize": 7.8},
    )
    return state


def _range(panel: Panel) -> tuple[float, float]:
    """Return horizontal limits that hold every dot, interval and the target, with a margin."""
    known = [v for e in panel.rows for v in (e.low, e.mean, e.high) if v is not None]
    known += [panel.target] if panel.target is not None else []
    if not known:
        return 0.0, 1.0
    margin = max(0.03, 0.12 * (max(known) - min(known)))
    return max(0.0, min(known) - margin), min(1.0, max(known) + margin)


def _legend(figure: Figure, states: list[str]) -> None:
    """Explain the marks that the figure uses, no others."""
    handles: list[Any] = []
    for state in (MET, UNSURE, MISSED, NO_INTERVAL, NOT_JUDGED):
        if state in states:
            marker, face, edge, _ = MARKS[state]
            words = f"objectif {state}" if state in (MET, UNSURE, MISSED) else state
            handles.append(
                Line2D(
                    [],
                    [],
                    marker=marker,
                    markerfacecolor=face,
                    markeredgecolor=edge,
                    linestyle="",
                    markersize=7,
                    label=words,
                )
            )
    handles.append(Line2D([], [], color=style.GREY, alpha=0.3, linewidth=6, label="intervalle à 95 %"))
    handles.append(Patch(color=style.GOOD_ZONE, label="zone conforme"))
    figure.legend(
        handles=handles,
        loc="lower center",
        ncols=len(handles),
        fontsize=8.8,
        bbox_to_anchor=(0.0, 0.0, 1.0, 1.0),
        handletextpad=0.6,
        columnspacing=1.6,
    )


def _gauge_title(judged: list[str], year: object, by: str) -> str:
    """Return the message: how many objectives are missed, met, uncertain."""
    if not judged:
        return f"Aucun objectif ne peut être jugé en {year} : trop peu d'attributions ou une seule réplication"
    missed, met = judged.count(MISSED), judged.count(MET)
    unsure = len(judged) - missed - met
    parts = [
        f"{french.number(missed)} {'manqué' if missed < 2 else 'manqués'}",
        f"{french.number(met)} {'atteint' if met < 2 else 'atteints'}",
        f"{french.number(unsure)} {'incertain' if unsure < 2 else 'incertains'}",
    ]
    return f"Sur {french.plural(len(judged), 'objectif')} {by} en {year} : {', '.join(parts)}"


@style.house
def trends(key: str, series: list[Series], *, title: str, measure: str, source: str) -> style.Drawing:
    """Draw indicators side by side by year, with intervals, targets and published points."""
    figure = style.blank(11.6, 3.95)
    width = 11.6 / len(series) - 1.1
    for number, item in enumerate(series):
        axes = style.panel(figure, 0.8 + number * 11.6 / len(series), 0.85, width, 2.55)
        _trend(axes, item, style.SERIES[number])
    points = [field for item in series for _, _, field in item.observed]
    handles: list[Any] = [
        Line2D([], [], color=style.GREY, marker="o", markersize=5, label="simulé, moyenne des réplications")
    ]
    if any(e.low is not None for item in series for e in item.values):
        handles.append(Patch(color=style.GREY, alpha=0.16, label="intervalle à 95 %"))
    if points:
        handles.append(
            Line2D(
                [],
                [],
                marker="D",
                markerfacecolor="white",
                markeredgecolor=style.INK,
                linestyle="",
                label="observé (champ indiqué)",
            )
        )
    if any(item.target is not None for item in series):
        handles.append(Line2D([], [], color=style.INK, linewidth=1.4, linestyle=(0, (4, 2)), label="objectif"))
    figure.legend(
        handles=handles, loc="lower center", ncols=len(handles), fontsize=8.8, bbox_to_anchor=(0.0, 0.0, 1.0, 1.0)
    )
    return style.finish(
        figure,
        key,
        title=title,
        measure=measure,
        source=source,
        description=f"{title}. Valeurs par année dans le tableau qui suit.",
    )


def _trend(axes: Axes, item: Series, look: tuple[Any, Any, Any]) -> None:
    """Draw one indicator by year."""
    color, line, marker = look
    known = [(y, e) for y, e in zip(item.years, item.values, strict=True) if e.mean is not None]
    years = [y for y, _ in known]
    means = [e.mean for _, e in known if e.mean is not None]
    if all(e.low is not None for _, e in known) and known:
        axes.fill_between(
            years,
            [e.low or 0.0 for _, e in known],
            [e.high or 0.0 for _, e in known],
            color=color,
            alpha=0.16,
            linewidth=0,
        )
    axes.plot(years, means, color=color, linestyle=line, marker=marker, markersize=4.5)
    for year, value, field in item.observed:
        axes.plot(
            [year],
            [value],
            marker="D",
            markerfacecolor="white",
            markeredgecolor=style.INK,
            linestyle="",
            markersize=6.5,
            zorder=5,
        )
        if field != "MEL":
            axes.annotate(
                field,
                (year, value),
                xytext=(-5, -15),
                textcoords="offset points",
                ha="left",
                fontsize=7.8,
                color=style.INK_SOFT,
            )
    values = means + [v for _, v, _ in item.observed] + ([item.target] if item.target is not None else [])
    span = [*years, *(y for y, _, _ in item.observed)]
    top = max([*values, *(e.high for _, e in known if e.high is not None)], default=1.0)
    axes.set(ylim=(0, 1.18 * top or 1.0), xlim=(min(span, default=0) - 0.4, max(span, default=1) + 0.7))
    _trend_words(axes, item, color, years, means)
    axes.set_title(item.title, loc="left", fontsize=10, fontweight="bold", pad=10)


def _trend_words(axes: Axes, item: Series, color: str, years: list[int], means: list[float]) -> None:
    """Write the target on its line, and the last value at the end of the curve."""
    if item.target is not None:
        axes.axhline(item.target, color=style.INK, linewidth=1.4, linestyle=(0, (4, 2)))
        words = f"objectif {french.quantity(item.target, 'share', decimals=0)}"
        axes.annotate(
            words,
            (0.01, item.target),
            xycoords=axes.get_yaxis_transform(),
            xytext=(0, 3),
            textcoords="offset points",
            fontsize=8.4,
            fontweight="bold",
        )
    if means:
        kind = "share" if item.unit == "share" else "count"
        below = item.target is not None and means[-1] < item.target
        axes.annotate(
            french.quantity(means[-1], kind),
            (years[-1], means[-1]),
            xytext=(0, -15 if below else 9),
            textcoords="offset points",
            ha="center",
            fontsize=9.2,
            fontweight="bold",
            color=style.TEXT_OF[color],
        )
    axes.yaxis.set_major_formatter(PERCENT if item.unit == "share" else COUNT)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
    axes.xaxis.set_major_formatter(YEAR)
