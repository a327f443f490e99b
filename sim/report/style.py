"""How figures look: sober, printable, readable in black and white and by colour-blind readers.

Importing this file imports matplotlib: do it late. Colours are always doubled by a marker or a line
style. The theme (colours, font) is this file alone, so that an institution may put its own.
"""

from __future__ import annotations

import io
import re
import textwrap
from dataclasses import dataclass
from html import escape
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.figure import Figure

BLUE, ORANGE, GREEN, VIOLET, GREY = "#003F72", "#C75B00", "#2A9D8F", "#A0459B", "#4A4A4A"
ORANGE_TEXT, GREEN_TEXT, VIOLET_TEXT = "#A84C00", "#1F766C", "#8A3A86"
INK, INK_SOFT, GRID, GOOD_ZONE = "#1D2530", "#55606E", "#E3E6EA", "#E9F3F1"
TEXT_OF = {BLUE: BLUE, ORANGE: ORANGE_TEXT, GREEN: GREEN_TEXT, VIOLET: VIOLET_TEXT, GREY: GREY}
SERIES = (
    (BLUE, "solid", "o"),
    (ORANGE, (0, (5, 2)), "s"),
    (GREEN, (0, (1, 1.2)), "^"),
    (VIOLET, "dashdot", "D"),
    (GREY, (0, (3, 1)), "v"),
)
"""Colour, line style and marker of the successive series."""

SETTINGS: dict[Any, Any] = {
    "font.family": ["DejaVu Sans"],
    "font.size": 10.5,
    "axes.titlesize": 11,
    "axes.labelsize": 10,
    "axes.labelcolor": INK_SOFT,
    "axes.edgecolor": "#9AA3AE",
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "axes.axisbelow": True,
    "xtick.color": INK_SOFT,
    "ytick.color": INK_SOFT,
    "xtick.labelsize": 9.5,
    "ytick.labelsize": 9.5,
    "xtick.major.size": 3,
    "ytick.major.size": 0,
    "text.color": INK,
    "lines.linewidth": 2.2,
    "lines.solid_capstyle": "round",
    "legend.frameon": False,
    "figure.facecolor": "white",
    "axes.prop_cycle": cycler(color=[color for color, _, _ in SERIES]),
    "svg.fonttype": "path",
    "svg.hashsalt": "simhlm",
    "axes.unicode_minus": True,
}

house = mpl.rc_context(SETTINGS)
"""Decorator: the function draws in the house style, and the caller's own settings are left alone."""


@dataclass(frozen=True)
class Drawing:
    """A finished figure: its message, what is measured, where it comes from, and its two SVG forms.

    ``inline`` has no drawn title (the page gives it as text, for screen readers); ``titled`` stands alone in a slide.
    """

    key: str
    title: str
    measure: str
    source: str
    description: str
    inline: str
    titled: str


def blank(width: float, height: float) -> Figure:
    """Return an empty figure of a size in inches, in the house style."""
    return Figure(figsize=(width, height))


def panel(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Return axes at a place given in inches from the lower left corner, so that margins never depend on the texts."""
    full_width, full_height = figure.get_size_inches()
    return figure.add_axes((left / full_width, bottom / full_height, width / full_width, height / full_height))


def spread(positions: list[float], gap: float, low: float, high: float) -> list[float]:
    """Return the positions moved apart so that neighbours are ``gap`` away, inside ``low`` and ``high``."""
    order = sorted(range(len(positions)), key=lambda i: positions[i])
    placed = list(positions)
    floor = low
    for i in order:
        placed[i] = floor = max(positions[i], floor)
        floor += gap
    ceiling = high
    for i in reversed(order):
        placed[i] = ceiling = min(placed[i], ceiling)
        ceiling -= gap
    return placed


def to_svg(figure: Figure, prefix: str) -> str:
    """Return the figure as SVG text, the same bytes each time, identifiers prefixed so that none clash in a page."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    text = buffer.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)
    text = re.sub(r'\bid="([^"]+)"', rf'id="{prefix}-\1"', text)
    text = re.sub(r'((?:xlink:)?href=")#', rf"\1#{prefix}-", text)
    return re.sub(r"url\(#", f"url(#{prefix}-", text)


def finish(figure: Figure, key: str, *, title: str, measure: str, source: str, description: str) -> Drawing:
    """Return both SVG forms of a figure: without a title, then with title, measure and source in added margins."""
    inline = accessible(to_svg(figure, key), key, title, description)
    width, height = figure.get_size_inches()
    headline = textwrap.fill(title, int(8.4 * width), break_long_words=False)
    footline = textwrap.fill(source, int(14 * width), break_long_words=False)
    top, foot = 0.7 + 0.25 * (headline.count("\n") + 1), 0.4 + 0.16 * footline.count("\n")
    boxes = [(axes, axes.get_position()) for axes in figure.axes]
    texts = [(text, text.get_position()) for text in figure.texts]
    full = height + top + foot
    for legend in figure.legends:
        legend.set_bbox_to_anchor((0.0, foot / full, 1.0, height / full), transform=figure.transFigure)
    figure.set_size_inches(width, full)
    for axes, box in boxes:
        axes.set_position((box.x0, (box.y0 * height + foot) / full, box.width, box.height * height / full))
    for text, (x, y) in texts:
        text.set_position((x, (y * height + foot) / full))
    figure.text(
        0.14 / width, 1 - 0.14 / full, headline, fontsize=14, fontweight="bold", va="top", linespacing=1.3, color=INK
    )
    figure.text(0.14 / width, 1 - (top - 0.45) / full, measure, fontsize=10.5, va="top", color=INK_SOFT)
    figure.text(0.14 / width, 0.12 / full, footline, fontsize=8.2, va="bottom", color=INK_SOFT)
    return Drawing(
        key, title, measure, source, description, inline, accessible(to_svg(figure, key), key, title, description)
    )


def accessible(svg: str, prefix: str, title: str, description: str) -> str:
    """Return the SVG with ``role="img"``, a title and a description that screen readers read."""
    head = f'<title id="{prefix}-titre">{escape(title)}</title>'
    head += f'<desc id="{prefix}-description">{escape(description)}</desc>'
    opening = re.match(r"<svg[^>]*>", svg)
    if opening is None:
        raise ValueError("not an SVG text")
    tag = opening.group(0)[:-1] + f' role="img" aria-labelledby="{prefix}-titre {prefix}-description">'
    return tag + head + svg[opening.end() :]
