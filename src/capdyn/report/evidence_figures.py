"""Figures of evidence: what a fact looked at, and the matrix of mechanisms and facts. Plain data in, Figures out.

The data are those of `capdyn evidence --json` and `capdyn ablate --json`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path
from matplotlib.ticker import MaxNLocator

from .figures import LABEL_GAP, LABEL_LETTERS, WIDTH, new_figure, ticks_of, value_limits
from .labels import label_ends, points, text_height
from .quantities import scale_of, shorten, wrap_all
from .style import FAINT, INK, MUTED, TEXT_SIZE, Line, line_of, styled, text_width

HEIGHT, TOP, BOTTOM = 96.0, 20.0, 30.0
MOST_LINES = 10
CELL = 11.0  # width and height of a cell of the matrix
NAME_LETTERS, FACT_LETTERS = 34, 30
FALLS, OWN, EMPTY = "#0072B2", "#D55E00", "#f2f2ef"  # a fact falls; what it is about; it stands


def fact_figure(fact: Mapping[str, Any]) -> Figure:
    """What a fact looked at: a line for each run and element, the level and the times that it asks for.

    fact : a row of `capdyn evidence --json` with at least one trace.
    """
    with styled():
        lines = _lines(fact)
        limits = value_limits(xr.DataArray(np.concatenate([y for _, _, y in lines] + [_level(fact)])))
        scale = scale_of(limits, fact["unit"])
        ticks, tick_words = ticks_of(limits, scale)
        names = wrap_all([name for name, _, _ in lines], LABEL_LETTERS)
        looks = [line_of(number) for number in range(len(lines))]
        height = max(HEIGHT, sum(text_height(name) for name in names) - 8)
        left = max((text_width(word) for word in tick_words), default=0.0) + 12
        box = (left, BOTTOM, WIDTH - left - max(map(text_width, names)) - 4 - LABEL_GAP, height)
        figure = new_figure(WIDTH, height + TOP + BOTTOM)
        axes = figure.add_axes(_share(figure, box))
        axes.set_ylim(*limits)
        first, last = min(t[0] for _, t, _ in lines), max(t[-1] for _, t, _ in lines)
        axes.set_xlim(first, last if last > first else first + 1)
        axes.xaxis.set_major_locator(MaxNLocator(nbins=4, steps=[1, 2, 5, 10]))
        axes.set_yticks(ticks, tick_words)
        axes.tick_params(length=3, pad=2.5)
        axes.grid(axis="y", color=FAINT, linewidth=0.6)
        axes.set_xlabel(fact["traces"][0]["time_unit"] or "Time", size=TEXT_SIZE)
        _asked(axes, fact)
        for (_, t, y), look in zip(lines, looks, strict=True):
            style: Any = (0.0, look.dash) if look.dash else "solid"
            axes.plot(t, y, color=look.colour, linestyle=style, linewidth=look.width * 0.8, clip_on=False)
        figure.text(4, height + BOTTOM + 8, scale.unit, size=TEXT_SIZE, color=MUTED, transform=points(figure))
        _name(figure, axes, lines, names, looks, box, limits)
        return figure


def _lines(fact: Mapping[str, Any]) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """Name, times and values of each line."""
    found = []
    for trace in fact["traces"]:
        alone = len(trace["elements"]) == 1
        for element, values in zip(trace["elements"], trace["values"], strict=True):
            inside = element[element.find("[") + 1 : -1] if element.endswith("]") else element
            name = ": ".join(filter(None, (trace["label"], "" if alone else inside)))
            y = np.array([np.nan if x is None else float(x) for x in values])
            found.append((name, np.array(trace["times"]), np.where(np.isfinite(y), y, np.nan)))
    return found[:MOST_LINES]


def _level(fact: Mapping[str, Any]) -> np.ndarray:
    return np.array([] if fact["level"] is None else [fact["level"]])


def _asked(axes: Any, fact: Mapping[str, Any]) -> None:
    """Level and times of the fact, behind the lines."""
    if fact["level"] is not None:
        axes.axhline(fact["level"], color=OWN, linewidth=0.9, linestyle=(0, (4, 2)))
    if len(fact["times"]) == 1:
        axes.axvline(fact["times"][0], color=OWN, linewidth=0.9, linestyle=(0, (4, 2)))
    elif fact["times"]:
        axes.axvspan(*fact["times"], color=EMPTY, linewidth=0)


def _name(
    figure: Figure,
    axes: Any,
    lines: Sequence[tuple[str, np.ndarray, np.ndarray]],
    names: Sequence[str],
    looks: Sequence[Line],
    box: tuple[float, float, float, float],
    limits: tuple[float, float],
) -> None:
    """Names at the ends of the lines that have a name and an end."""
    low, high = axes.get_xlim()
    ends, kept = [], []
    for number, (name, t, y) in enumerate(lines):
        finite = np.flatnonzero(np.isfinite(y))
        if not name or not len(finite):
            continue
        across = (t[finite[-1]] - low) / (high - low)
        up = (y[finite[-1]] - limits[0]) / (limits[1] - limits[0])
        ends.append((box[0] + box[2] * across, box[1] + box[3] * up))
        kept.append(number)
    reach = (BOTTOM - 4, BOTTOM + box[3] + 10)
    column = box[0] + box[2] + LABEL_GAP
    label_ends(figure, ends, [names[i] for i in kept], [looks[i] for i in kept], column, reach)


def matrix_figure(found: Mapping[str, Any]) -> Figure:
    """Mechanisms in rows, facts in columns; a cell is filled where the fact falls without the mechanism.

    found : what `capdyn ablate --json` prints. What a fact is about has an orange edge; beside each mechanism stands
    the largest change of a growing cluster.
    """
    with styled():
        effects, facts = found["ablations"], found["facts"]
        names = [shorten(effect["name"], NAME_LETTERS) for effect in effects]
        ids = [shorten(fact["id"], FACT_LETTERS) for fact in facts]
        left = max(map(text_width, [*names, "Mechanism"])) + 12
        top = max(map(text_width, [*ids, ""])) + 14
        right = text_width("broke off") + 16
        width, height = left + CELL * len(facts) + right, top + CELL * len(effects) + 10
        figure = new_figure(width, height)
        axes = figure.add_axes(_share(figure, (left, 10, CELL * len(facts), CELL * len(effects))))
        axes.set_xlim(0, max(len(facts), 1))
        axes.set_ylim(len(effects), 0)
        axes.set_axis_off()
        axes.add_patch(Rectangle((0, 0), len(facts), len(effects), facecolor=EMPTY, linewidth=0))
        axes.hlines(range(len(effects) + 1), 0, len(facts), color="white", linewidth=1)
        axes.vlines(range(len(facts) + 1), 0, len(effects), color="white", linewidth=1)
        places = [(r, c) for r in range(len(effects)) for c in range(len(facts))]
        falling = [(r, c) for r, c in places if facts[c]["id"] in effects[r]["falls"]]
        own = [(r, c) for r, c in places if effects[r]["name"] in facts[c]["own"]]
        axes.add_patch(_squares(falling, facecolor=FALLS, linewidth=0))
        axes.add_patch(_squares(own, facecolor="none", edgecolor=OWN, linewidth=1.2))
        for r, effect in enumerate(effects):
            y = height - top - CELL * (r + 0.75)
            change = effect["change"]
            words = "broke off" if change is None else f"{change:+.0%}".replace("-", "−")
            _words(figure, 4, y, names[r])
            _words(
                figure,
                width - right + 8,
                y,
                words,
                MUTED if change is not None and abs(change) < 0.01 else INK,
            )
        for c, name in enumerate(ids):
            x = left + CELL * (c + 0.75)
            _words(figure, x, height - top + 5, name, rotation=90, ha="right")
        _borders(axes, [effect["kind"] for effect in effects], [fact["case"] for fact in facts])
        return figure


def _squares(places: Sequence[tuple[int, int]], **look: Any) -> PathPatch:
    """Cells of the matrix as one shape: thousands of shapes would make a page of megabytes."""
    corners = np.array([(0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.1, 0.9), (0.1, 0.1)])
    codes = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY] * len(places)
    vertices = [corners + np.array((c, r)) for r, c in places]
    return PathPatch(Path(np.concatenate([*vertices, np.empty((0, 2))]), codes), **look)


def _borders(axes: Any, kinds: Sequence[str], cases: Sequence[str]) -> None:
    """Thin lines where the kind of mechanism or the case changes."""
    for r in range(1, len(kinds)):
        if kinds[r] != kinds[r - 1]:
            axes.axhline(r, color=MUTED, linewidth=0.6)
    for c in range(1, len(cases)):
        if cases[c] != cases[c - 1]:
            axes.axvline(c, color=MUTED, linewidth=0.6)


def _words(figure: Figure, x: float, y: float, text: str, colour: str = INK, **look: Any) -> None:
    figure.text(x, y, text, size=TEXT_SIZE, color=colour, transform=points(figure), **look)


def _share(figure: Figure, box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """A box in points as shares of the figure."""
    width, height = figure.get_size_inches() * 72
    return box[0] / width, box[1] / height, box[2] / width, box[3] / height
