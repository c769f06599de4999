"""Figures that show the runs of a study one by one: scatter pairs, failures; boxes of scenario discovery."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from .figures import axes_at, heading, new_figure, value_limits, write
from .quantities import shorten, unit_words
from .study_figures import BAR, BOTTOM, NAME_LETTERS, TOP, WIDTH
from .style import FAINT, INK, MUTED, TEXT_SIZE, line_of, styled, text_width

PAIR, GAP = 176.0, 46.0
MOST_PAIRS = 4
YES, NO = line_of(2).colour, line_of(6).colour


def scatter(results: xr.Dataset, scenario: str, feature: str, inputs: list[str]) -> Figure:
    """Runs one by one: the feature against each input; ticks at the foot are runs without a finite number.

    inputs : names, at most `MOST_PAIRS` are drawn.
    """
    y = results["shown_y"].sel(scenario=scenario, feature=feature).values
    finite = np.isfinite(y)
    limits = value_limits(xr.DataArray(y[finite]))
    inputs = inputs[:MOST_PAIRS]
    with styled():
        columns = min(len(inputs), 2)
        rows = -(-len(inputs) // 2)
        height = TOP + rows * (PAIR * 0.75 + 48)
        figure = new_figure(54 + columns * (PAIR + GAP), height)
        for place, name in enumerate(inputs):
            x = results["shown_values"].sel(input=name).values
            left = 48 + (place % 2) * (PAIR + GAP)
            bottom = height - TOP - (place // 2) * (PAIR * 0.75 + 48) - PAIR * 0.75
            axes = axes_at(figure, (left, bottom, PAIR, PAIR * 0.75))
            size = 2.4 if finite.sum() > 300 else 3.5
            axes.plot(
                x[finite],
                y[finite],
                "o",
                color=line_of(1).colour,
                alpha=0.45,
                markersize=size,
                mew=0,
                rasterized=True,
            )
            axes.plot(
                x[~finite], np.full((~finite).sum(), limits[0]), "|", color=YES, markersize=7, alpha=0.6
            )
            axes.set_ylim(*limits)
            axes.set_xlabel(_named(results, name), size=TEXT_SIZE)
        heading(
            figure,
            height,
            feature,
            f"{unit_words(_unit(results, feature))}, {scenario}, {finite.sum():,} runs",
        )
        return figure


def failure_map(results: xr.Dataset, scenario: str) -> Figure:
    """Where runs fail: each run in the two inputs that tell failures best, and the box that holds them."""
    here = results.sel(scenario=scenario)
    failed = here["shown_failed"].values > 0.5
    low, high = here["failure_low"].values, here["failure_high"].values
    words = f"{scenario}: {int(here['n_failed'])} of {results.attrs['runs']:,} runs did not stay finite"
    every = np.ones(len(failed), dtype=bool)
    return _plane(results, failed, every, low, high, "Where runs fail", words, ("failed", "went well"))


def event_map(results: xr.Dataset, event: str) -> Figure:
    """Runs in which something happens, in the two inputs that PRIM's box restricts most."""
    here = results.sel(event=event)
    shown = here["shown_events"].values
    low = np.nan_to_num(here["box_low"].values, nan=0.0)
    high = np.nan_to_num(here["box_high"].values, nan=1.0)
    return _plane(
        results, shown > 0.5, np.isfinite(shown), low, high, event,
        f"In {100 * float(here['event_share']):.3g} % of {int(here['event_runs']):,} runs", ("happens", "does not"),
    )  # fmt: skip


def box_ranges(results: xr.Dataset, event: str) -> Figure:
    """The box of scenario discovery: for each input that it restricts, the part of the range that lies in it."""
    here = results.sel(event=event)
    low, high = here["box_low"].values, here["box_high"].values
    chosen = [int(n) for n in np.flatnonzero((low > 0) | (high < 1))]
    chosen.sort(key=lambda n: high[n] - low[n])
    names = [shorten(str(results["input"].values[n]), NAME_LETTERS) for n in chosen]
    with styled():
        left = max((text_width(name) for name in names), default=40.0) + 12
        plot = len(names) * BAR + 6
        height = TOP + plot + BOTTOM
        figure = new_figure(WIDTH, height)
        axes = axes_at(figure, (left, BOTTOM, WIDTH - left - 14, plot))
        axes.grid(visible=False)
        rows = np.arange(len(names), dtype=float)[::-1]
        axes.barh(rows, np.ones(len(names)), height=0.5, color=FAINT)
        axes.barh(rows, (high - low)[chosen], left=low[chosen], height=0.66, color=YES)
        axes.set_yticks(rows, names)
        axes.tick_params(axis="y", length=0, labelcolor=INK)
        axes.set_xlim(0, 1)
        axes.set_ylim(-0.6, max(len(names), 1) - 0.4)
        axes.set_xlabel("Quantile of the input; orange: in the box", size=TEXT_SIZE)
        coverage, density = float(here["box_coverage"]), float(here["box_density"])
        said = f"Holds {100 * coverage:.0f} % of the cases; {100 * density:.0f} % of its runs are cases"
        heading(figure, height, event, said)
        return figure


def peeling(results: xr.Dataset, event: str) -> Figure:
    """PRIM's trade-off: each box of the peeling path by how many of the cases it holds and how pure it is."""
    here = results.sel(event=event)
    coverage, density, count = (here[f"peel_{word}"].values for word in ("coverage", "density", "inputs"))
    with styled():
        height = TOP + 180 + BOTTOM
        figure = new_figure(300, height)
        axes = axes_at(figure, (48, BOTTOM, 236, 180))
        axes.plot(coverage, density, "-", color=FAINT, linewidth=1)
        axes.plot(coverage, density, "o", color=line_of(1).colour, markersize=4, clip_on=False)
        changes = [
            n for n in range(len(count)) if np.isfinite(count[n]) and (n == 0 or count[n] != count[n - 1])
        ]
        for n in changes:
            axes.annotate(
                f"{count[n]:.0f}", (coverage[n], density[n]), xytext=(4, 4), textcoords="offset points", color=MUTED,
                size=TEXT_SIZE - 1,
            )  # fmt: skip
        axes.plot(
            float(here["box_coverage"]),
            float(here["box_density"]),
            "D",
            color=YES,
            markersize=7,
            clip_on=False,
        )
        axes.set_xlim(0, 1.02)
        axes.set_ylim(0, 1.02)
        axes.set_xlabel("Coverage: share of all cases", size=TEXT_SIZE)
        axes.set_ylabel("Density: share of its runs", size=TEXT_SIZE)
        heading(figure, height, shorten(event, 44), "Numbers: inputs restricted; orange: the box told of")
        return figure


def _plane(
    results: xr.Dataset,
    yes: np.ndarray,
    counted: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    title: str,
    words: str,
    kinds: tuple[str, str],
) -> Figure:
    """Runs in the two inputs that a box restricts most, or that come first where it restricts fewer."""
    order = np.argsort(high - low, kind="stable")[:2]
    if len(order) < 2:
        order = np.array([order[0], order[0]])
    values = results["shown_values"].values
    names = [str(results["input"].values[n]) for n in order]
    with styled():
        height = TOP + 220 + BOTTOM
        figure = new_figure(WIDTH, height)
        axes = axes_at(figure, (66, BOTTOM, WIDTH - 170, 220))
        for which, colour, back in ((counted & ~yes, NO, 1), (counted & yes, YES, 2)):
            axes.plot(
                values[which, order[0]], values[which, order[1]], "o", color=colour, markersize=3, alpha=0.7, mew=0,
                zorder=back, rasterized=True,
            )  # fmt: skip
        _draw_box(axes, results, order, low, high)
        axes.grid(visible=False)
        axes.set_xlabel(_named(results, names[0]), size=TEXT_SIZE)
        axes.set_ylabel(_named(results, names[1]), size=TEXT_SIZE)
        for place, (kind, colour) in enumerate(zip(kinds, (YES, NO), strict=True)):
            write(figure, WIDTH - 92, BOTTOM + 208 - 16 * place, f"● {kind}", colour=colour)
        heading(figure, height, title, words)
        return figure


def _draw_box(axes: Axes, results: xr.Dataset, order: np.ndarray, low: np.ndarray, high: np.ndarray) -> None:
    """The box in the inputs' values, read off the runs that are shown: quantiles become values by interpolation."""
    corners = []
    for number in order:
        x, values = results["shown_x"].values[:, number], results["shown_values"].values[:, number]
        rank = np.argsort(x)
        ends = np.interp([low[number], high[number]], x[rank], values[rank])
        corners.append(
            (values.min() if low[number] <= 0 else ends[0], values.max() if high[number] >= 1 else ends[1])
        )
    (left, right), (bottom, top) = corners
    if all(low[n] <= 0 and high[n] >= 1 for n in order):
        return
    axes.add_patch(
        Rectangle(
            (left, bottom), right - left, top - bottom, fill=False, edgecolor=INK, linewidth=1.4, zorder=3
        )
    )


def _named(results: xr.Dataset, name: str) -> str:
    unit = unit_words(str(results["input_units"].sel(input=name).values))
    return shorten(name, 34) + (f" ({unit})" if unit != "index" and len(name) < 26 else "")


def _unit(results: xr.Dataset, feature: str) -> str:
    return str(results["feature_units"].sel(feature=feature).values)
