"""Diagrams of a model's structure: what hands what to whom, and circles of variables. Graph data in, a Figure out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch

from .figures import new_figure
from .quantities import wrap
from .style import COLOURS, INK, MUTED, TEXT_SIZE, TITLE_SIZE, styled

Ring = tuple[str, Sequence[tuple[str, bool]], Sequence[tuple[str, int]]]
_MAP = (640.0, 470.0)  # of the sector map, in points
_CELL = (232.0, 196.0)  # of one ring
_COLUMNS = 3
_LETTERS = 17  # of a name, before it goes on in the next line
_SHORT = 11  # of a sector: those at the bottom stand side by side
_SIGNS = {
    "+": ("+", COLOURS[1]),
    "-": ("\N{MINUS SIGN}", COLOURS[2]),
}  # blue and vermilion: told apart by all eyes


def sector_map(sectors: Sequence[str], flows: Mapping[tuple[str, str], int]) -> Figure:
    """Sectors in a round, in the order given, clockwise from the top; an arrow where one hands variables to another.

    Parameters
    ----------
    sectors : sequence of str
    flows : mapping from (giver, taker) to the number of variables handed over
        The width of an arrow, which has the colour of its giver. Single variables are thin and pale.
    """
    with styled():
        figure = new_figure(*_MAP)
        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        axes.set_xlim(0, _MAP[0])
        axes.set_ylim(0, _MAP[1])
        axes.axis("off")
        centre, radii = np.array(_MAP) / 2, np.array(_MAP) / 2 - np.array([118.0, 62.0])
        angles = math.pi / 2 - 2 * math.pi * np.arange(len(sectors)) / max(len(sectors), 1)
        outward = {s: np.array([math.cos(a), math.sin(a)]) for s, a in zip(sectors, angles, strict=True)}
        colours = {s: COLOURS[1:][i % (len(COLOURS) - 1)] for i, s in enumerate(sectors)}
        most = max(flows.values(), default=1)
        for (giver, taker), count in sorted(flows.items(), key=lambda item: item[1]):
            ends = (centre + radii * outward[giver], centre + radii * outward[taker])
            width, alpha = (0.5, 0.3) if count == 1 else (0.8 + 3.2 * count / most, 0.85)
            axes.add_patch(_arrow(*ends, colours[giver], width, alpha))
        for sector, way in outward.items():
            words = wrap(sector, max([_SHORT, *map(len, sector.split())]))
            sides = "left" if way[0] > 0.35 else "right" if way[0] < -0.35 else "center"
            axes.text(
                *_pair(centre + radii * way + 13 * way), words, size=TITLE_SIZE, weight="bold",
                color=INK, ha=sides, va="bottom" if way[1] > 0.9 else "top" if way[1] < -0.9 else "center",
                linespacing=0.95, bbox=_box(colours[sector]), zorder=5,
            )  # fmt: skip
        return figure


def loop_rings(rings: Sequence[Ring]) -> Figure:
    """Feedback loops as rings, side by side.

    Parameters
    ----------
    rings : sequence of (title, marks, links)
        marks : (variable, whether it stands out), clockwise from the top; links : from each mark to the next, (sign,
        number of variables that are not drawn).
    """
    with styled():
        columns = min(_COLUMNS, max(len(rings), 1))
        rows = math.ceil(len(rings) / columns)
        width, height = columns * _CELL[0], rows * _CELL[1]
        figure = new_figure(width, height)
        for number, ring in enumerate(rings):
            column, row = number % columns, number // columns
            box = (column * _CELL[0], height - (row + 1) * _CELL[1], *_CELL)
            axes = figure.add_axes((box[0] / width, box[1] / height, box[2] / width, box[3] / height))
            axes.set_xlim(0, _CELL[0])
            axes.set_ylim(0, _CELL[1])
            axes.axis("off")
            _draw_ring(axes, ring)
        return figure


def _draw_ring(axes: Axes, ring: Ring) -> None:
    title, marks, links = ring
    axes.text(6, _CELL[1] - 14, wrap(title, 34, 1), size=TITLE_SIZE, weight="bold", color=INK)
    centre, radii = np.array([_CELL[0] / 2, _CELL[1] / 2 - 8]), np.array([72.0, 58.0])
    angles = math.pi / 2 - 2 * math.pi * np.arange(len(marks)) / len(marks)

    def place(angle: float) -> np.ndarray:
        return np.asarray(centre + radii * [math.cos(angle), math.sin(angle)])

    step = 2 * math.pi / len(marks)
    for angle, (sign, hidden) in zip(angles, links, strict=True):
        words, colour = _SIGNS.get(sign, (sign, MUTED))
        path = np.array([place(angle - step * part) for part in np.linspace(0.0, 1.0, 33)])
        axes.plot(*path.T, color=colour, linewidth=1.3, zorder=1)
        ahead = 20 if len(marks) > 1 else 16
        axes.annotate(
            "", path[ahead + 1], path[ahead], zorder=2,
            arrowprops={"arrowstyle": "-|>", "color": colour, "shrinkA": 0, "shrinkB": 0, "mutation_scale": 11},
        )  # fmt: skip
        outside = place(angle - step * 0.5) + 13 * (path[16] - centre) / np.linalg.norm(path[16] - centre)
        count = f" ({hidden})" if hidden else ""
        axes.text(
            *_pair(outside), words + count, size=TEXT_SIZE, color=colour, ha="center", va="center", zorder=3
        )
    for angle, (name, strong) in zip(angles, marks, strict=True):
        axes.text(
            *_pair(place(angle)), wrap(name, _LETTERS), size=TEXT_SIZE - 0.5, ha="center", va="center", color=INK,
            weight="bold" if strong else "normal", linespacing=0.95, zorder=4,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.2},
        )  # fmt: skip


def _arrow(start: np.ndarray, end: np.ndarray, colour: str, width: float, alpha: float) -> FancyArrowPatch:
    return FancyArrowPatch(
        tuple(start), tuple(end), connectionstyle="arc3,rad=0.16", arrowstyle="-|>", mutation_scale=6 + 2.5 * width,
        shrinkA=2, shrinkB=4, linewidth=width, color=colour, alpha=alpha,
    )  # fmt: skip


def _pair(point: np.ndarray) -> tuple[float, float]:
    return float(point[0]), float(point[1])


def _box(colour: str) -> dict[str, object]:
    return {"facecolor": "white", "edgecolor": colour, "boxstyle": "round,pad=0.35", "linewidth": 1.4}
