"""One function a figure: a combined Dataset in, a matplotlib Figure out.

Everything is laid out in points, so that a figure looks the same in the page, in its files and in print.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from .labels import label_ends, points, text_height
from .levers import LeverUse, lever_uses, run_span, words_of
from .panels import Grid, Panel
from .quantities import MINUS, Scale, scale_of, shorten, wrap, wrap_all, write_time
from .style import (
    FAINT,
    INK,
    MUTED,
    TEXT_SIZE,
    TITLE_SIZE,
    Line,
    line_of,
    styled,
    text_width,
    to_png,
)

WIDTH = 300.0  # of one panel; a page shows it at 330 to 390 pixels, so 9 points are 10 to 12 pixels
PLOT_HEIGHT = 122.0
TOP, BOTTOM = 44.0, 36.0  # title and unit above the plot, ticks and time below
LABEL_GAP = 10.0
LABEL_LETTERS = 16
GRID_PLOT_WIDTH, GRID_GAP = 150.0, 44.0
LANE, HEADING = 15.0, 20.0  # heights in the lever time line
LEVER_LETTERS = 30


def trajectory(ds: xr.Dataset, panel: Panel, limits: tuple[float, float] | None = None) -> Figure:
    """One output over time, a line a scenario, named at its end.

    Parameters
    ----------
    ds : Dataset
        Combined runs (see `combine`).
    panel : Panel
        What to draw (see `choose_panels`).
    limits : (float, float), optional
        Range of the vertical axis in the panel's unit, for panels that are to be compared.
    """
    with styled():
        data = panel.values(ds)
        lines = [line_of(number) for number in range(data.sizes["scenario"])]
        names = wrap_all([str(name) for name in ds["scenario"].values], LABEL_LETTERS)
        limits = limits or value_limits(data)
        scale = scale_of(limits, panel.units, panel.note)
        ticks, tick_words = ticks_of(limits, scale)
        label_width = max(text_width(name) for name in names) + 4
        left = max((text_width(word) for word in tick_words), default=0.0) + 12
        plot_height = max(PLOT_HEIGHT, sum(text_height(name) for name in names) - 8)
        height = TOP + plot_height + BOTTOM
        box = (left, BOTTOM, WIDTH - left - label_width - LABEL_GAP, plot_height)
        figure = new_figure(WIDTH, height)
        axes = axes_at(figure, box)
        ends = _draw_series(axes, ds, data, lines, limits, box)
        axes.set_yticks(ticks, tick_words)
        axes.set_xlabel(time_words(ds), size=TEXT_SIZE)
        heading(figure, height, panel.title, _unit_line(panel, scale))
        reach = (BOTTOM - 4, height - TOP + 12)  # not among the words of the time axis
        label_ends(
            figure,
            list(ends.values()),
            [names[i] for i in ends],
            [lines[i] for i in ends],
            box[0] + box[2] + LABEL_GAP,
            reach,
        )
        return figure


def small_multiples(ds: xr.Dataset, grid: Grid) -> Figure:
    """A grid of plots, a column an element (a region), a row an output; rows share their vertical axis.

    Scenarios are named at the end of their lines in the last column.
    """
    with styled():
        lines = [line_of(number) for number in range(ds.sizes["scenario"])]
        names = wrap_all([str(name) for name in ds["scenario"].values], LABEL_LETTERS + 4)
        row_height = max(86.0, sum(text_height(name) for name in names))
        limits = [_joint_limits([panel.values(ds) for panel in row]) for _, row in grid.rows]
        scales = [
            scale_of(bounds, row[0].units, row[0].note)
            for bounds, (_, row) in zip(limits, grid.rows, strict=True)
        ]
        ticks = [ticks_of(bounds, scale) for bounds, scale in zip(limits, scales, strict=True)]
        left = max(text_width(word) for _, words in ticks for word in words) + 12
        plot_right = left + len(grid.columns) * GRID_PLOT_WIDTH + (len(grid.columns) - 1) * (GRID_GAP - 26)
        width = plot_right + LABEL_GAP + max(text_width(name) for name in names) + 4
        height = 24.0 + len(grid.rows) * (row_height + 46) + 12
        figure = new_figure(width, height)
        for r, (label, row) in enumerate(grid.rows):
            bottom = height - 24.0 - (r + 1) * (row_height + 46) + 22
            unit = f"{label[:1].upper()}{label[1:]} ({scales[r].unit})"
            # Wide units must not run out of the figure.
            write(
                figure, 4, bottom + row_height + 7, fit(unit, width - 8, TEXT_SIZE, bold=True), weight="bold"
            )
            for c, panel in enumerate(row):
                box = (left + c * (GRID_PLOT_WIDTH + GRID_GAP - 26), bottom, GRID_PLOT_WIDTH, row_height)
                axes = axes_at(figure, box)
                ends = _draw_series(axes, ds, panel.values(ds), lines, limits[r], box)
                axes.set_yticks(ticks[r][0], ticks[r][1] if c == 0 else [""] * len(ticks[r][0]))
                if r == 0:
                    name = fit(grid.columns[c], GRID_PLOT_WIDTH, TITLE_SIZE)
                    write(figure, box[0], height - 16, name, size=TITLE_SIZE, weight="bold")
                if r == len(grid.rows) - 1:
                    axes.set_xlabel(time_words(ds), size=TEXT_SIZE)
                if c == len(row) - 1:
                    kept = list(ends)
                    label_ends(
                        figure,
                        [ends[i] for i in kept],
                        [names[i] for i in kept],
                        [lines[i] for i in kept],
                        plot_right + LABEL_GAP,
                        (bottom - 4, bottom + row_height + 4),
                    )
        return figure


def lever_timeline(ds: xr.Dataset, uses: Sequence[LeverUse] | None = None) -> Figure:
    """Which lever is pulled, by scenario, from start to stop; the height of a bar is the intensity.

    Parameters
    ----------
    ds : Dataset
        Combined runs.
    uses : sequence of LeverUse, optional
        In the order in which they are to be drawn; default: `lever_uses(ds)`.
    """
    with styled():
        uses = lever_uses(ds) if uses is None else uses
        scenarios = wrap_all([str(name) for name in ds["scenario"].values], 30, lines=1)
        right_words = [
            f"{scenarios[use.scenario]} {use.intensity:.2g}"
            + (f" ({shorten(use.region, 14)})" if use.region else "")
            for use in uses
        ]
        left_words = [shorten(words_of(use.lever), LEVER_LETTERS) for use in uses]
        left = max((text_width(word) for word in left_words), default=40.0) + 14
        right = max((text_width(word) for word in right_words), default=40.0) + 14
        headings = _group_starts([use.generation for use in uses])
        plot_height = len(uses) * LANE + len(headings) * HEADING + 4
        width, height = left + 230 + right, plot_height + BOTTOM + 6
        figure = new_figure(width, height)
        axes = axes_at(figure, (left, BOTTOM, 230, plot_height))
        axes.spines["left"].set_visible(False)
        axes.set_yticks([])
        axes.set_ylim(0, plot_height)
        axes.set_xlim(*_time_limits(ds))
        axes.set_xlabel(time_words(ds), size=TEXT_SIZE)
        top = plot_height
        for number, use in enumerate(uses):
            if number in headings:
                top -= HEADING
                write(figure, 4, BOTTOM + top + 5, headings[number], weight="bold")
            first_lane = number == 0 or number in headings or uses[number - 1].lever != use.lever
            if first_lane:
                axes.axhline(top, color=FAINT, linewidth=0.6, xmin=-left / 230, clip_on=False)
                write(figure, 10 if use.generation else 4, BOTTOM + top - LANE + 4, left_words[number])
            top -= LANE
            _bar(axes, use, top)
            line = line_of(use.scenario)
            write(figure, left + 236, BOTTOM + top + 4, right_words[number], colour=line.ink)
        return figure


def labels_are_numbered(ds: xr.Dataset) -> bool:
    """Whether long names had to be told apart by number at the ends of the lines."""
    names = [str(name) for name in ds["scenario"].values]
    return wrap_all(names, LABEL_LETTERS) != [wrap(name, LABEL_LETTERS) for name in names]


def new_figure(width: float, height: float) -> Figure:
    """A white figure of so many points, without pyplot."""
    return NotebookFigure(figsize=(width / 72, height / 72), facecolor="white")


class NotebookFigure(Figure):
    """A figure that a notebook shows, which it does not without pyplot."""

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        width, height = (round(96 * inches) for inches in self.get_size_inches())
        return to_png(self), {"width": width, "height": height}


def value_limits(data: xr.DataArray) -> tuple[float, float]:
    """Range of the vertical axis: all finite values, and zero where it is near; never empty."""
    finite = data.values[np.isfinite(data.values)]
    if finite.size == 0:
        return 0.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    if low >= 0 and low <= 0.6 * high:
        low = 0.0
    elif high <= 0 and high >= 0.6 * low:
        high = 0.0
    # Less than 2 % of the magnitude is drawn as the flat line that it is.
    magnitude = max(abs(low), abs(high))
    if high - low <= 0.02 * magnitude or magnitude == 0:
        pad = 0.1 * magnitude or 1.0
        return (0.0, 1.0) if magnitude == 0 else (low - pad, high + pad)
    pad = 0.05 * (high - low)
    return (low if low == 0 else low - pad), (high if high == 0 else high + pad)


def ticks_of(limits: tuple[float, float], scale: Scale) -> tuple[list[float], list[str]]:
    """Round tick values within `limits`, and their words in the unit of `scale`."""
    low, high = limits[0] / scale.divisor, limits[1] / scale.divisor
    locator = MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10])
    values = [float(v) for v in locator.tick_values(low, high) if low - 1e-9 <= v <= high + 1e-9 * abs(high)]
    step = values[1] - values[0] if len(values) > 1 else 1.0
    decimals = next((d for d in range(12) if abs(round(step, d) - step) < 1e-6 * step), 12)
    form = ".3g" if scale.scientific else f",.{decimals}f"
    words = [format(v + 0.0, form).replace("-", MINUS) for v in values]
    return [v * scale.divisor for v in values], words


def time_words(ds: xr.Dataset) -> str:
    """The horizontal axis in words: the time unit, or "Time"."""
    return str(ds["time"].attrs.get("units") or "Time")


def _draw_series(
    axes: Axes,
    ds: xr.Dataset,
    data: xr.DataArray,
    lines: Sequence[Line],
    limits: tuple[float, float],
    box: tuple[float, float, float, float],
) -> dict[int, tuple[float, float]]:
    """Draw each scenario on its own times; return where each ends, in points. Empty series are left out."""
    low, high = _time_limits(ds)
    axes.set_xlim(low, high)
    axes.set_ylim(*limits)
    if ds.sizes["time"] == 1:
        axes.set_xticks(ds["time"].values)
    ends: dict[int, tuple[float, float]] = {}
    for number, line in enumerate(lines):
        saved = ds["saved"].values[number]
        times, values = ds["time"].values[saved], data.values[number][saved]
        finite = np.isfinite(values)
        if not finite.any():
            continue
        style = (0.0, line.dash) if line.dash else "solid"
        axes.plot(times, values, color=line.colour, linestyle=style, linewidth=line.width, clip_on=False)
        alone = finite & ~np.append(False, finite[:-1]) & ~np.append(finite[1:], False)
        axes.plot(
            times[alone], values[alone], color=line.colour, linestyle="none", marker="o", markersize=4.5
        )
        last = int(np.flatnonzero(finite)[-1])
        ends[number] = (
            box[0] + box[2] * (float(times[last]) - low) / (high - low),
            box[1] + box[3] * (float(values[last]) - limits[0]) / (limits[1] - limits[0]),
        )
    return ends


def axes_at(figure: Figure, box: tuple[float, float, float, float]) -> Axes:
    """Axes in a box of points: left, bottom, width, height."""
    width, height = figure.get_size_inches() * 72
    axes = figure.add_axes((box[0] / width, box[1] / height, box[2] / width, box[3] / height))
    axes.xaxis.set_major_locator(MaxNLocator(nbins=4, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(lambda value, _: write_time(value) if abs(value) < 1e5 else f"{value:g}")
    axes.tick_params(length=3, pad=2.5)
    axes.grid(axis="y", color=FAINT, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.patch.set_visible(False)
    return axes


def heading(figure: Figure, height: float, title: str, unit: str) -> None:
    """Title and unit above the plot, cut to the figure's width."""
    width = figure.get_size_inches()[0] * 72 - 8
    write(figure, 4, height - 16, fit(title, width, TITLE_SIZE, bold=True), size=TITLE_SIZE, weight="bold")
    write(figure, 4, height - 30, fit(unit, width, TEXT_SIZE), colour=MUTED)


def write(
    figure: Figure,
    x: float,
    y: float,
    text: str,
    size: float = TEXT_SIZE,
    colour: str = INK,
    weight: str = "normal",
) -> None:
    """Words with their left end and baseline at (x, y), in points."""
    figure.text(x, y, text, size=size, color=colour, weight=weight, transform=points(figure))


def fit(text: str, width: float, size: float, bold: bool = False) -> str:
    """`text`, cut to `width` points."""
    wide = text_width(text, size) * (1.12 if bold else 1.0)
    return text if wide <= width else shorten(text, max(8, math.floor(len(text) * width / wide)))


def _unit_line(panel: Panel, scale: Scale) -> str:
    return ", ".join(filter(None, (panel.place, scale.unit)))


def _joint_limits(series: Sequence[xr.DataArray]) -> tuple[float, float]:
    return value_limits(xr.DataArray(np.concatenate([data.values.ravel() for data in series])))


def _time_limits(ds: xr.Dataset) -> tuple[float, float]:
    spans = [run_span(ds, number) for number in range(ds.sizes["scenario"])]
    low, high = min(first for first, _ in spans), max(last for _, last in spans)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _group_starts(generations: Sequence[str]) -> dict[int, str]:
    """Where a new generation begins, and its heading; nothing if the model has no generations."""
    if not any(generations):
        return {}
    return {
        number: wrap(f"{name.capitalize()} generation" if name else "Other levers", 30, 1)
        for number, name in enumerate(generations)
        if number == 0 or name != generations[number - 1]
    }


def _bar(axes: Axes, use: LeverUse, bottom: float) -> None:
    strength = min(max(use.intensity, 0.0), 1.0)
    axes.broken_barh(
        [(use.start, use.stop - use.start)],
        (bottom + 1, (LANE - 3) * max(strength, 0.1)),
        facecolor=line_of(use.scenario).colour,
        edgecolor=line_of(use.scenario).ink,
        linewidth=0.6,
        alpha=0.4 + 0.5 * strength,
    )
