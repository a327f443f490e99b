"""Maps: contours that the user gives, else a schematic map made from the communes' centroids and labelled so.

Importing this file imports matplotlib: do it late.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path as Outline

from sim.report import french, style

COLORS = ("#E4EEF6", "#B5CFE4", "#7FAACB", "#3F7BA8", "#003F72")
REACH_KM = 4.2
"""Farthest a schematic commune goes from its centroid."""
CORNERS = 40
CODES = ("code", "insee", "INSEE_COM", "code_insee", "codgeo", "CODGEO", "insee_com")
KM_PER_DEGREE = 111.2


@dataclass(frozen=True)
class Shape:
    """The outline of one commune: rings of points, in km."""

    code: str
    rings: tuple[np.ndarray, ...]


def to_km(lon: np.ndarray, lat: np.ndarray, middle: float) -> np.ndarray:
    """Return plane coordinates in km, right at the latitude ``middle``."""
    return np.stack([lon * KM_PER_DEGREE * math.cos(math.radians(middle)), lat * KM_PER_DEGREE], axis=-1)


def schematic(codes: list[str], centres: np.ndarray) -> list[Shape]:
    """Return Voronoi cells of some points (km), each cut at ``REACH_KM`` from its point."""
    angles = np.linspace(0, 2 * math.pi, CORNERS, endpoint=False)
    disc = REACH_KM * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    shapes = []
    for i, code in enumerate(codes):
        ring = centres[i] + disc
        gaps = centres - centres[i]
        far = np.hypot(gaps[:, 0], gaps[:, 1])
        for j in np.argsort(far):
            if 0 < far[j] < 2 * REACH_KM and len(ring):
                ring = _cut(ring, (centres[i] + centres[j]) / 2, gaps[j])
        shapes.append(Shape(code, (ring,)))
    return shapes


def _cut(ring: np.ndarray, point: np.ndarray, normal: np.ndarray) -> np.ndarray:
    """Return the part of a convex ring that lies behind a line (Sutherland and Hodgman)."""
    side = (ring - point) @ normal
    kept = []
    for k in range(len(ring)):
        n = (k + 1) % len(ring)
        if side[k] <= 0:
            kept.append(ring[k])
        if (side[k] < 0 < side[n]) or (side[n] < 0 < side[k]):
            kept.append(ring[k] + (ring[n] - ring[k]) * side[k] / (side[k] - side[n]))
    return np.array(kept).reshape(-1, 2)


def contours(path: Path, middle: float) -> list[Shape]:
    """Return the outlines of a GeoJSON file (longitude, latitude), by INSEE code.

    Raises
    ------
    ValueError
        If a feature has no INSEE code under one of the usual names, or is not a polygon.
    """
    shapes = []
    for feature in json.loads(path.read_text(encoding="utf-8"))["features"]:
        properties, geometry = feature["properties"], feature["geometry"]
        code = next((str(properties[name]) for name in CODES if name in properties), None)
        if code is None or geometry["type"] not in ("Polygon", "MultiPolygon"):
            raise ValueError(f"{path.name}: each feature needs an INSEE code ({', '.join(CODES)}) and a polygon")
        parts = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
        rings = tuple(_plane(ring, middle) for part in parts for ring in part)
        shapes.append(Shape(code, rings))
    return shapes


def _plane(ring: list[list[float]], middle: float) -> np.ndarray:
    points = np.array(ring, dtype=float)
    return to_km(points[:, 0], points[:, 1], middle)


def classes(values: list[float], decimals: int = 3) -> list[float]:
    """Return at most four limits between values, rounded as they are shown, so that each class holds some of them."""
    known = sorted(values)
    if len(known) < 2:
        return []
    return sorted({round(float(np.quantile(known, q)), decimals) for q in (0.2, 0.4, 0.6, 0.8)})


@style.house
def choropleth(
    communes: list[dict[str, Any]],
    panels: Sequence[tuple[str, str, Mapping[str, float | None]]],
    *,
    title: str,
    source: str,
    outline: Path | None = None,
) -> style.Drawing:
    """Draw values by territory side by side, in at most five classes; what has no value is hatched.

    Parameters
    ----------
    communes : list of dict
        Rows of the territory's communes.
    panels : list of (title, kind, values)
        Values by territory.
    outline : Path, optional
        GeoJSON of the communes; the map is schematic without it.
    """
    codes = [str(row["code_insee"]) for row in communes]
    lon, lat = (np.array([float(row[name]) for row in communes]) for name in ("lon", "lat"))
    middle = float(lat.mean())
    centres = to_km(lon, lat, middle)
    shapes = contours(outline, middle) if outline else schematic(codes, centres)
    of = {code: str(row["territoire"]) for code, row in zip(codes, communes, strict=True)}
    figure = style.blank(10.6, 5.5)
    low, high = centres.min(axis=0) - REACH_KM, centres.max(axis=0) + REACH_KM
    for number, (name, kind, values) in enumerate(panels):
        axes = style.panel(figure, 0.1 + number * 5.3, 0.1, 5.1, 4.1)
        axes.set_axis_off()
        axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal")
        limits = classes([v for v in values.values() if v is not None], 3 if kind == "share" else 1)
        for shape in shapes:
            value = values.get(of.get(shape.code, ""))
            color = None if value is None else COLORS[_class_of(value, limits)]
            _draw(axes, shape, color)
        _labels(axes, centres, [of[code] for code in codes], values, kind)
        bounds = [None, *limits, None]
        handles = [
            Patch(facecolor=COLORS[i], edgecolor=style.GRID, label=_words(bounds[i], bounds[i + 1], kind))
            for i in range(len(bounds) - 1)
        ]
        axes.text(0.02, 1.235, name, transform=axes.transAxes, fontweight="bold", fontsize=10.5, va="top")
        axes.legend(
            handles=handles, loc="upper left", bbox_to_anchor=(0.0, 1.19), fontsize=8.6, ncols=3, handlelength=1.2,
            columnspacing=1.2,
        )  # fmt: skip
    kind_of_map = "Contours des communes fournis." if outline else (
        "Carte schématique : chaque commune est dessinée autour de son centre, ses limites ne sont pas les vraies."
    )  # fmt: skip
    return style.finish(
        figure, "carte", title=title, measure=f"Par territoire du PLH. {kind_of_map}", source=source,
        description=f"{title}. Valeurs par territoire dans le tableau qui suit.",
    )  # fmt: skip


def _labels(
    axes: Any, centres: np.ndarray, territories: list[str], values: Mapping[str, float | None], kind: str
) -> None:
    """Write name and value in each territory, moved up or down so that labels do not cover each other."""
    names = sorted(set(territories))
    member = np.array(territories)
    places = np.array([centres[member == name].mean(axis=0) for name in names])
    for _ in range(ROUNDS):
        for i in range(len(names)):
            for j in range(i):
                gap = places[i] - places[j]
                if abs(gap[0]) < LABEL_KM[0] and abs(gap[1]) < LABEL_KM[1]:
                    push = (LABEL_KM[1] - abs(gap[1])) / 2 * (1 if gap[1] >= 0 else -1)
                    places[i, 1] += push
                    places[j, 1] -= push
    for name, place in zip(names, places, strict=True):
        value = values.get(name)
        words = french.on_map(name).replace(" - ", "\n")
        text = f"{words}\n{french.quantity(value, kind) if value is not None else 'non montré'}"
        axes.text(
            float(place[0]), float(place[1]), text, ha="center", va="center", fontsize=8.6, fontweight="bold",
            linespacing=1.15, bbox=LABEL_BOX,
        )  # fmt: skip


LABEL_KM = (9.5, 4.4)
"""Room of a label: width and height."""
LABEL_BOX = {"boxstyle": "round,pad=0.22", "facecolor": "white", "edgecolor": "none", "alpha": 0.86}
"""What stands behind a label, so that it is read on the darkest colour too."""
ROUNDS = 40


def _class_of(value: float, limits: list[float]) -> int:
    return int(np.searchsorted(limits, value, side="right"))


def _words(low: float | None, high: float | None, kind: str) -> str:
    """Return ``moins de x``, ``x à y`` or ``y et plus``."""
    if low is None and high is None:
        return "une seule valeur"
    if low is None:
        return f"moins de {french.quantity(high, kind)}"
    if high is None:
        return f"{french.quantity(low, kind)} et plus"
    return f"{french.quantity(low, kind, suffix=False)} à {french.quantity(high, kind)}"


def _draw(axes: Any, shape: Shape, color: str | None) -> None:
    points, codes = [], []
    for ring in shape.rings:
        if len(ring) < 3:
            continue
        points += [*ring, ring[0]]
        codes += [Outline.MOVETO, *[Outline.LINETO] * (len(ring) - 1), Outline.CLOSEPOLY]
    if not points:
        return
    patch = PathPatch(Outline(np.array(points), codes), facecolor=color or "white", edgecolor="white", linewidth=0.7)
    if color is None:
        patch.set(hatch="////", edgecolor="#C9CFD6")
    axes.add_patch(patch)
