"""Networks drawn on the schematic map: who goes from where to where.

Importing this file imports matplotlib: do it late.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch, PathPatch
from matplotlib.path import Path as Outline
from matplotlib.patheffects import withStroke

from sim.report import style
from sim.report.maps import REACH_KM, schematic, to_km

SPREAD_KM = 0.9
"""How far from the centre of its commune a household is drawn, so that arrows do not cover each other."""
GOLDEN = 2.399963
NAMED = 6
LABEL_KM = np.array([0.0, 1.3])


@style.house
def exchanges(
    communes: list[dict[str, Any]], legs: Sequence[Sequence[Any]], *, title: str, measure: str, source: str
) -> style.Drawing:
    """Draw one arrow per household, from the commune that it leaves to the one it goes to; a dot when it stays.

    Parameters
    ----------
    communes : list of dict
        Rows of the territory's communes.
    legs : sequence of (left, taken, is_done)
        Rows of the communes, and whether keys were given.
    """
    lon, lat = (np.array([float(row[name]) for row in communes]) for name in ("lon", "lat"))
    centres = to_km(lon, lat, float(lat.mean()))
    figure = style.blank(10.6, 6.9)
    axes = style.panel(figure, 1.6, 0.45, 8.9, 5.5)
    axes.set_axis_off()
    low, high = centres.min(axis=0) - REACH_KM, centres.max(axis=0) + REACH_KM
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal")
    for shape in schematic([str(row["code_insee"]) for row in communes], centres):
        for ring in shape.rings:
            axes.add_patch(PathPatch(Outline(ring), facecolor="#F4F6F8", edgecolor=style.GRID, linewidth=0.7))
    for number, (left, taken, is_done) in sorted(enumerate(legs), key=lambda leg: bool(leg[1][2])):
        turn = GOLDEN * number
        shift = SPREAD_KM * np.sqrt((number % 23) / 23) * np.array([np.cos(turn), np.sin(turn)])
        start, end = centres[int(left)] + shift, centres[int(taken)] + shift
        color = style.BLUE if is_done else style.ORANGE
        if int(left) == int(taken):
            axes.plot(*start, marker="o", markersize=5, color=color, markerfacecolor=color if is_done else "white")
            continue
        arrow = FancyArrowPatch(
            tuple(start), tuple(end), connectionstyle="arc3,rad=0.18", arrowstyle="-|>", mutation_scale=9, color=color,
            linewidth=1.5 if is_done else 0.9, linestyle="-" if is_done else (0, (3, 2)), alpha=1.0 if is_done else 0.6,
            shrinkA=0, shrinkB=0,
        )  # fmt: skip
        axes.add_patch(arrow)
    handles = [
        Line2D([], [], color=style.BLUE, linewidth=1.5, label="clés remises"),
        Line2D([], [], color=style.ORANGE, linewidth=0.9, linestyle=(0, (3, 2)), label="préparé, non abouti"),
        Line2D([], [], color=style.BLUE, marker="o", linestyle="", label="dans la même commune"),
    ]
    figure.legend(handles=handles, loc="upper left", fontsize=9, bbox_to_anchor=(0.01, 0.86))
    ends = np.bincount([int(row) for leg in legs for row in leg[:2]], minlength=len(communes))
    for row in np.argsort(-ends, kind="stable")[:NAMED].tolist():
        x, y = (centres[row] + LABEL_KM).tolist()
        axes.text(
            x, y, str(communes[row]["nom"]), ha="center", fontsize=9, fontweight="bold",
            path_effects=[withStroke(linewidth=2.6, foreground="white")],
        )  # fmt: skip
    return style.finish(
        figure, "reseau_echange", title=title, measure=measure, source=source,
        description=f"{title}. Un trait par ménage, d'une commune à l'autre ; les nombres sont dans le tableau.",
    )  # fmt: skip
