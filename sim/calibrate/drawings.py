"""Figures of the calibration sheet, in French. Importing this file imports matplotlib: do it late."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from sim.report import french, style

ROW_INCHES = 0.36
LEFT, RIGHT = 4.1, 0.3  # inches, of the labels and of the other side


@style.house
def priors(parameters: Sequence[Mapping[str, Any]]) -> str:
    """Draw the 90 % interval of each parameter inside its prior range."""
    figure = style.blank(9.4, ROW_INCHES * len(parameters) + 0.8)
    axes = style.panel(figure, LEFT, 0.6, 9.4 - LEFT - RIGHT, ROW_INCHES * len(parameters))
    for row, one in enumerate(parameters):
        low, high = one["prior"]
        first, last = ((v - low) / (high - low) for v in one["interval_90"])
        colour = style.BLUE if one["is_identified"] else style.ORANGE
        axes.plot([0, 1], [row, row], color=style.GRID, linewidth=9, zorder=1)
        axes.plot([first, last], [row, row], color=colour, linewidth=6, zorder=2)
        axes.plot([(one["mean"] - low) / (high - low)], [row], marker="o", color="white", markersize=4, zorder=3)
        for place, value in ((0.0, low), (1.0, high)):
            align = "left" if place == 0 else "right"
            axes.annotate(french.trimmed(value), (place, row), xytext=(0, 8), textcoords="offset points", ha=align,
                          fontsize=7.5, color=style.INK_SOFT)  # fmt: skip
    axes.set_yticks(range(len(parameters)), [textwrap.fill(one["label"], 46) for one in parameters])
    axes.set_xticks([0, 0.5, 1], ["bas de l'a priori", "milieu", "haut de l'a priori"])
    first_label, *_, last_label = axes.get_xticklabels()
    first_label.set_horizontalalignment("left")
    last_label.set_horizontalalignment("right")  # inside the frame, or it is cut
    axes.set_ylim(len(parameters) - 0.5, -0.8)
    axes.set_xlim(-0.02, 1.02)
    axes.grid(visible=False)
    told = "Pour chaque paramètre, l'intervalle à 90 % de la postérieure dans sa plage de départ."
    return style.accessible(style.to_svg(figure, "plages"), "plages", "Plages de départ et d'arrivée", told)


@style.house
def profiles(parameters: Sequence[Mapping[str, Any]]) -> str:
    """Draw the smallest misfit along each parameter, the others free."""
    columns = 4
    rows = -(-len(parameters) // columns)
    figure = style.blank(9.4, 1.75 * rows + 0.3)
    for place, one in enumerate(parameters):
        left, bottom = 0.45 + 2.25 * (place % columns), 1.75 * (rows - 1 - place // columns) + 0.45
        axes = style.panel(figure, left, bottom, 1.85, 0.95)
        line, (low, high) = one["profile"], one["prior"]
        lowest = min(line["misfit"])
        values = [low + position * (high - low) for position in line["prior_position"]]
        axes.plot(values, [min(m - lowest, 12) for m in line["misfit"]], linewidth=1.6,
                  color=style.BLUE if one["is_identified"] else style.ORANGE)  # fmt: skip
        axes.axhline(2.7, color=style.GREY, linewidth=0.8, linestyle=(0, (2, 2)))
        axes.set_ylim(0, 12)
        axes.set_xticks([low, high], [french.trimmed(low), french.trimmed(high)])
        axes.set_title(textwrap.fill(one["label"], 30), fontsize=7.5, loc="left")
        axes.tick_params(labelsize=7.5)
    told = "Un creux étroit : les faits désignent une valeur. Une ligne basse et plate : ils n'en disent rien."
    return style.accessible(style.to_svg(figure, "profils"), "profils", "Profils du désaccord", told)


@style.house
def agreement(lines: Sequence[Mapping[str, Any]]) -> str:
    """Draw what the posterior predicts of each fact, in units of the uncertainty of the fact."""
    figure = style.blank(9.4, ROW_INCHES * len(lines) + 0.8)
    axes = style.panel(figure, LEFT, 0.6, 9.4 - LEFT - RIGHT, ROW_INCHES * len(lines))
    axes.axvspan(-1, 1, color=style.GOOD_ZONE, zorder=0)
    most = 3.0
    for row, one in enumerate(lines):
        low, high = one["range"] or (one["value"], one["value"])
        half = (high - low) / 2 if one["range"] else 1.96 * one["standard_error"]
        first, mean, last = (
            max(-most, min(most, (v - (low + high) / 2) / half))
            for v in (one["predicted_95"][0], one["predicted_mean"], one["predicted_95"][1])
        )
        colour = style.BLUE if one["is_reproduced"] else style.ORANGE
        axes.plot([first, last], [row, row], color=colour, linewidth=3)
        axes.plot([mean], [row], marker="o" if one["is_reproduced"] else "X", color=colour, markersize=7)
    axes.set_yticks(range(len(lines)), [textwrap.shorten(f"{one['label']} ({one['id']})", 52) for one in lines])
    axes.set_ylim(len(lines) - 0.5, -0.8)
    axes.set_xlim(-most - 0.1, most + 0.1)
    axes.set_xticks([-1, 0, 1], ["bas", "publié", "haut"])
    axes.grid(visible=False)
    told = "En vert, ce que le fait publié laisse ouvert à 95 % ; barre : étendue prédite ; croix : fait manqué."
    return style.accessible(style.to_svg(figure, "accord"), "accord", "Faits publiés et prédits", told)
