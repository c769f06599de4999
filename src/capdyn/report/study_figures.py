"""Figures of a study: its results Dataset in, a Figure out. Which inputs matter, how far outputs spread."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .figures import axes_at, heading, new_figure, ticks_of, time_words, value_limits, write
from .labels import label_ends
from .quantities import scale_of, shorten, unit_words, wrap
from .style import FAINT, INK, TEXT_SIZE, line_of, styled, text_width

MOST_BARS, MOST_LINES = 12, 6
BAR, WIDTH, PLOT = 19.0, 460.0, 150.0
TOP, BOTTOM = 44.0, 38.0
NAME_LETTERS = 34
UNSETTLED = 0.5  # an interval of a share of the variance that is wider says next to nothing
HEADLINES = {
    "total": "Share of the variance",
    "absolute_effect": "Mean absolute effect over the whole range",
    "pawn": "Shift of the distribution (PAWN)",
    "delta": "Shift of the density (delta)",
    "total_bound": "Upper bound of the total share of the variance",
}
"""Results that bars can be drawn of, and what they are."""


def index_bars(results: xr.Dataset, scenario: str, feature: str, word: str) -> Figure:
    """A bar an input, the largest first, with its interval; for shares of the variance the first-order share within.

    Parameters
    ----------
    results : Dataset
        As `capdyn.publish` gives it.
    scenario, feature : str
    word : str
        One of `HEADLINES`.
    """
    here = results.sel(scenario=scenario, feature=feature)
    label = here[word].dims[0]
    values = here[word].values
    order = _largest(values, MOST_BARS)
    names = [shorten(str(name), NAME_LETTERS) for name in here[label].values[order]]
    with styled():
        figure, axes, rows = _bars(names, feature, f"{HEADLINES[word]}, {scenario}")
        axes.barh(rows, values[order], height=0.66, color=_light(1) if word == "total" else line_of(1).colour)
        if word == "total" and "first" in here:
            axes.barh(rows, np.maximum(here["first"].values[order], 0), height=0.66, color=line_of(1).colour)
        if f"{word}_interval" in here:
            low, high = here[f"{word}_interval"].values[order].T
            axes.hlines(rows, low, high, color=INK, linewidth=1.1)
            axes.plot(low, rows, "|", high, rows, "|", color=INK, markersize=5)
        noise = f"{word}_noise"
        if noise in here:
            axes.axvline(float(here[noise]), color=line_of(2).colour, linewidth=1, linestyle=(0, (3, 2)))
        axes.set_xlim(left=min(0.0, float(np.nanmin(values[order], initial=0))))
        confidence = f"{100 * results.attrs.get('confidence', 0.95):g} % interval"
        said = {"total": "dark: alone; light: with all others; "}.get(word, "")
        said += "dashed: noise of an input that does nothing; " if noise in here else ""
        axes.set_xlabel(said + (confidence if f"{word}_interval" in here else ""), size=TEXT_SIZE)
        return figure


def tornado(results: xr.Dataset, scenario: str, feature: str) -> Figure:
    """What each end of each range does, the widest swing first; blue where the input is high."""
    here = results.sel(scenario=scenario, feature=feature)
    order = _largest(here["swing"].values, MOST_BARS)
    names = [shorten(str(name), NAME_LETTERS) for name in here["group"].values[order]]
    centre = float(here["centre"])
    unit = unit_words(str(here["feature_units"].values))
    with styled():
        figure, axes, rows = _bars(names, feature, f"One input at a time, {scenario}")
        for end, number in (("at_low", 2), ("at_high", 1)):
            width = here[end].values[order] - centre
            axes.barh(rows, width, left=centre, height=0.66, color=line_of(number).colour, alpha=0.85)
        axes.axvline(centre, color=INK, linewidth=1)
        axes.set_xlabel(f"{unit}; blue: input high, orange: input low", size=TEXT_SIZE)
        return figure


def morris_plane(results: xr.Dataset, scenario: str, feature: str) -> Figure:
    """Mean absolute effect against its spread: right matters, up depends on the others or bends."""
    here = results.sel(scenario=scenario, feature=feature)
    x, y = here["absolute_effect"].values, here["effect_deviation"].values
    order = _largest(x, MOST_LINES)
    with styled():
        figure = new_figure(WIDTH, TOP + 230 + BOTTOM)
        axes = axes_at(figure, (58, BOTTOM, WIDTH - 130, 230))
        axes.plot(x, y, "o", color=_light(1), markersize=5, clip_on=False)
        axes.plot(x[order], y[order], "o", color=line_of(1).colour, markersize=6, clip_on=False)
        top = max(float(np.nanmax(x, initial=0)), float(np.nanmax(y, initial=0)))
        axes.plot([0, top], [0, top], color=FAINT, linewidth=1, zorder=0)
        axes.set_xlim(0, 1.03 * (float(np.nanmax(x, initial=0)) or 1))
        # Rounding is not drawn as if it were a spread.
        axes.set_ylim(0, max(1.06 * float(np.nanmax(y, initial=0)), 0.05 * top) or 1)
        ends = [axes.transData.transform((x[n], y[n])) * 72 / figure.dpi for n in order]
        names = [wrap(str(name), 14) for name in here["group"].values[order]]
        looks = [line_of(1)] * len(order)
        label_ends(
            figure, [(float(a), float(b)) for a, b in ends], names, looks, WIDTH - 66, (BOTTOM, BOTTOM + 236)
        )
        axes.set_xlabel("Mean absolute effect over the whole range", size=TEXT_SIZE)
        axes.set_ylabel("Its standard deviation", size=TEXT_SIZE)
        heading(figure, TOP + 230 + BOTTOM, feature, scenario)
        return figure


def over_time(results: xr.Dataset, scenario: str, series: str, word: str) -> Figure:
    """The headline index of the inputs that matter most at any time, over time."""
    here = results[f"{word}_over_time"].sel(scenario=scenario, series=series)
    if f"{word}_interval_over_time" in results and word == "total":
        ends = results[f"{word}_interval_over_time"].sel(scenario=scenario, series=series)
        here = here.where((ends.sel(bound="high") - ends.sel(bound="low")) < UNSETTLED)
    label = next(str(d) for d in here.dims if d != "time")
    peaks = here.max("time", skipna=True).values
    order = _largest(peaks, MOST_LINES)
    times = results["time"].values
    with styled():
        names = [wrap(str(name), 18) for name in here[label].values[order]]
        right = max(text_width(name) for name in names) + 18
        figure = new_figure(WIDTH, TOP + PLOT + 40 + BOTTOM)
        box = (44.0, BOTTOM, WIDTH - 44 - right, PLOT + 40)
        axes = axes_at(figure, box)
        top = float(np.nanmax(peaks, initial=0)) * 1.06 or 1.0
        axes.set_xlim(times[0], times[-1])
        axes.set_ylim(0, top)
        ends_at: list[tuple[float, float]] = []
        for rank, number in enumerate(order):
            values = here.transpose("time", label).values[:, number]
            look = line_of(rank)
            axes.plot(
                times,
                values,
                color=look.colour,
                linestyle=(0, look.dash) if look.dash else "solid",
                linewidth=1.7,
            )
            last = values[np.isfinite(values)][-1]
            ends_at.append((box[0] + box[2], box[1] + box[3] * float(last) / top))
        looks = [line_of(rank) for rank in range(len(order))]
        label_ends(figure, ends_at, names, looks, box[0] + box[2] + 10, (BOTTOM - 4, BOTTOM + PLOT + 48))
        axes.set_xlabel(time_words(results), size=TEXT_SIZE)
        heading(figure, TOP + PLOT + 40 + BOTTOM, series, f"{HEADLINES[word]}, {scenario}")
        return figure


def fan(results: xr.Dataset, series: str) -> Figure:
    """Median and bands of runs over time, a panel a scenario: 50 % of the runs in the dark, 90 % in the light."""
    bands = results["bands"].sel(series=series)
    scenarios = [
        str(s) for s in results["scenario"].values if np.isfinite(bands.sel(scenario=s).values).any()
    ]
    times = results["time"].values
    limits = value_limits(bands)
    scale = scale_of(limits, str(results["series_units"].sel(series=series).values))
    with styled():
        ticks, words = ticks_of(limits, scale)
        left = max((text_width(word) for word in words), default=20.0) + 12
        each = 190.0
        width = max(left + len(scenarios) * (each + 20) + 10, 300.0)
        height = TOP + 16 + PLOT + BOTTOM
        figure = new_figure(width, height)
        for place, scenario in enumerate(scenarios):
            look = line_of(place)
            axes = axes_at(figure, (left + place * (each + 20), BOTTOM, each, PLOT))
            low, lower, middle, upper, high = (
                bands.sel(scenario=scenario).transpose("quantile", "time").values
            )
            axes.fill_between(times, low, high, color=look.colour, alpha=0.16, linewidth=0)
            axes.fill_between(times, lower, upper, color=look.colour, alpha=0.3, linewidth=0)
            axes.plot(times, middle, color=look.colour, linewidth=1.8)
            axes.set_xlim(times[0], times[-1])
            axes.set_ylim(*limits)
            axes.set_yticks(ticks, words if place == 0 else [""] * len(ticks))
            axes.set_xlabel(time_words(results), size=TEXT_SIZE)
            name = shorten(scenario, 30)
            write(figure, left + place * (each + 20), BOTTOM + PLOT + 7, name, colour=look.ink)
        heading(figure, height, series, scale.unit)
        return figure


def spread(results: xr.Dataset, feature: str) -> Figure:
    """How a feature is distributed over runs: the share of runs at or below each number, a line a scenario."""
    scenarios = [str(s) for s in results["scenario"].values]
    values = [results["shown_y"].sel(scenario=s, feature=feature).values for s in scenarios]
    finite = np.concatenate([v[np.isfinite(v)] for v in values])
    limits = value_limits(xr.DataArray(finite))
    scale = scale_of(limits, str(results["feature_units"].sel(feature=feature).values))
    with styled():
        names = [wrap(name, 16) for name in scenarios]
        right = max(text_width(name) for name in names) + 18
        height = TOP + PLOT + BOTTOM
        figure = new_figure(WIDTH, height)
        box = (44.0, BOTTOM, WIDTH - 44 - right, PLOT)
        axes = axes_at(figure, box)
        ends = []
        for number, own in enumerate(values):
            ranked = np.sort(own[np.isfinite(own)])
            share = np.arange(1, len(ranked) + 1) / max(len(own[~np.isnan(own)]), 1)
            look = line_of(number)
            axes.step(ranked, share, where="post", color=look.colour, linewidth=1.6)
            ends.append((box[0] + box[2], box[1] + box[3] * float(share[-1]) if len(share) else box[1]))
        axes.set_xlim(*limits)
        axes.set_ylim(0, 1.02)
        ticks, words = ticks_of(limits, scale)
        axes.set_xticks(ticks, words)
        axes.set_xlabel(scale.unit, size=TEXT_SIZE)
        axes.set_ylabel("Share of runs below", size=TEXT_SIZE)
        looks = [line_of(number) for number in range(len(values))]
        label_ends(figure, ends, names, looks, box[0] + box[2] + 10, (BOTTOM, BOTTOM + PLOT + 6))
        heading(figure, height, feature, "Distribution over runs")
        return figure


def convergence(results: xr.Dataset, scenario: str, feature: str, word: str) -> Figure:
    """The headline index at growing parts of the runs: flat lines have settled."""
    here = results[f"{word}_at"].sel(scenario=scenario, feature=feature)
    label = next(str(d) for d in here.dims if d != "part")
    order = _largest(here.isel(part=-1).values, MOST_LINES)
    parts = here["part"].values
    with styled():
        names = [wrap(str(name), 18) for name in here[label].values[order]]
        right = max(text_width(name) for name in names) + 18
        height = TOP + PLOT + BOTTOM
        figure = new_figure(WIDTH, height)
        box = (44.0, BOTTOM, WIDTH - 44 - right, PLOT)
        axes = axes_at(figure, box)
        top = (
            float(np.nanmax(here.values[..., order] if here.dims[-1] == label else here.values, initial=0))
            * 1.06
        )
        ends = []
        for rank, number in enumerate(order):
            values = here.transpose("part", label).values[:, number]
            axes.plot(
                np.log2(parts),
                values,
                "o-",
                color=line_of(rank).colour,
                linewidth=1.4,
                markersize=4,
                clip_on=False,
            )
            ends.append((box[0] + box[2], box[1] + box[3] * float(values[-1]) / (top or 1)))
        axes.set_ylim(0, top or 1)
        axes.set_xticks(np.log2(parts), [f"{100 * part:g} %" for part in parts])
        axes.set_xlabel("Part of the runs", size=TEXT_SIZE)
        looks = [line_of(rank) for rank in range(len(order))]
        label_ends(figure, ends, names, looks, box[0] + box[2] + 10, (BOTTOM, BOTTOM + PLOT + 6))
        heading(figure, height, feature, f"{HEADLINES[word]}, {scenario}")
        return figure


def _bars(names: Sequence[str], title: str, unit: str) -> tuple[Figure, Axes, np.ndarray]:
    """A figure with room for horizontal bars and their names; rows from the top."""
    left = max((text_width(name) for name in names), default=40.0) + 12
    plot = len(names) * BAR + 6
    height = TOP + plot + BOTTOM
    figure = new_figure(WIDTH, height)
    axes = axes_at(figure, (left, BOTTOM, WIDTH - left - 14, plot))
    axes.grid(axis="y", visible=False)
    axes.grid(axis="x", color=FAINT, linewidth=0.6)
    rows = np.arange(len(names), dtype=float)[::-1]
    axes.set_yticks(rows, names)
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.set_ylim(-0.6, len(names) - 0.4)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.3g}")
    heading(figure, height, title, unit)
    return figure, axes, rows


def _largest(values: np.ndarray, most: int) -> np.ndarray:
    """Places of the largest finite values, the largest first."""
    order = np.argsort(-np.nan_to_num(values, nan=-np.inf), kind="stable")
    return order[np.isfinite(values[order])][:most]


def _light(number: int) -> str:
    """A paler shade of a line's colour."""
    colour = line_of(number).colour
    parts = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    return "#" + "".join(f"{int(part + (255 - part) * 0.62):02X}" for part in parts)


__all__ = [
    "HEADLINES",
    "convergence",
    "fan",
    "index_bars",
    "morris_plane",
    "over_time",
    "spread",
    "tornado",
]
