"""Thresholds in pictures: the end state over two inputs, and from both ends over one."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .figures import new_figure
from .quantities import shorten, units_are_plain
from .style import COLOURS, FAINT, INK, MUTED, TEXT_SIZE, TITLE_SIZE, styled

_SIDE = (300.0, 230.0)
_BASIN = COLOURS[2]


def end_state_map(states: xr.DataArray, level: float | None = None) -> Figure:
    """The end state over two inputs, with the boundary of the basins.

    Parameters
    ----------
    states : DataArray
        From `capdyn.study.state_map`, one scenario; dimensions are the two inputs.
    level : float, optional
        The state at which the boundary is drawn; by default half of the highest.
    """
    with styled():
        vertical, across = (str(dim) for dim in states.dims)
        x, y, values = states[across].values, states[vertical].values, states.values
        found = values[np.isfinite(values)]
        boundary = level if level is not None else 0.5 * float(found.max(initial=0.0))
        width, height = _SIDE[0] + 150, _SIDE[1] + 100
        figure = new_figure(width, height)
        axes = figure.add_axes((62 / width, 44 / height, _SIDE[0] / width, _SIDE[1] / height))
        axes.set_facecolor(FAINT)  # shows where runs failed
        image = axes.pcolormesh(
            x, y, np.ma.masked_invalid(values), cmap="Blues", shading="nearest", rasterized=True
        )
        if len(found) and found.min() < boundary < found.max():
            axes.contour(x, y, values, levels=[boundary], colors=[_BASIN], linewidths=[2.0])
        for axis, name, numbers in (("x", across, x), ("y", vertical, y)):
            _scale(axes, axis, name, numbers, str(states[name].attrs.get("units", "")))
        nominal = [float(states[name].attrs.get("nominal", np.nan)) for name in (across, vertical)]
        axes.plot(
            *nominal, marker="o", markersize=6, markerfacecolor="white", markeredgecolor=INK, clip_on=False
        )
        bar = figure.add_axes(((62 + _SIDE[0] + 16) / width, 44 / height, 10 / width, _SIDE[1] / height))
        figure.colorbar(image, cax=bar).outline.set_visible(False)
        said = f"{states.attrs['long_name']}; {states['scenario'].item()}"
        _title(figure, width, height, str(states.attrs["title"]), shorten(said, 78))
        figure.text(62 / width, (height - 46) / height, f"line: {boundary:.2g}", color=_BASIN, weight="bold")
        figure.text(140 / width, (height - 46) / height, "circle: the model as it is", color=MUTED)
        return figure


def from_both_ends(ends: xr.Dataset) -> Figure:
    """The end state over one input, begun low and begun high.

    ends : Dataset from `capdyn.from_both_ends`.
    """
    with styled():
        width, height = 450.0, 290.0
        figure = new_figure(width, height)
        axes = figure.add_axes((56 / width, 44 / height, 300 / width, 190 / height))
        x = ends["factor"].values
        marks = []
        for start, colour, words in (("low", COLOURS[1], "begun low"), ("high", _BASIN, "begun high")):
            values = ends["state"].sel(begun=start).values
            axes.plot(x, values, color=colour, linewidth=1.8)
            threshold = float(ends["threshold"].sel(begun=start))
            if np.isfinite(threshold):
                axes.axvline(threshold, color=colour, linewidth=0.8, linestyle=(0, (3, 2)))
                words += f":\nthreshold {threshold:.3g}"
            marks.append(
                (float(values[np.isfinite(values)][-1]) if np.isfinite(values).any() else 0.0, words, colour)
            )
        for place, (_, words, colour) in enumerate(marks):
            axes.text(
                1.03,
                0.35 + 0.25 * place,
                words,
                transform=axes.transAxes,
                color=colour,
                weight="bold",
                va="center",
            )
        _scale(axes, "x", str(ends["factor"].attrs["long_name"]), x, "")
        axes.set_ylim(bottom=min(0.0, float(np.nanmin(ends["state"].values))))
        axes.grid(axis="y", color=FAINT, linewidth=0.6)
        _title(figure, width, height, "The same world, begun low and begun high", str(ends.attrs["outcome"]))
        return figure


def _scale(axes: Axes, which: str, name: str, numbers: np.ndarray, units: str) -> None:
    """Label and scale of an axis: logarithmic where the numbers are evenly spaced so."""
    words = name if units_are_plain(units) else f"{name} ({units})"
    axes.set(**{f"{which}label": shorten(words, 52 if which == "x" else 40)})
    if len(numbers) > 2 and numbers[0] > 0 and numbers[1] - numbers[0] < 0.5 * (numbers[-1] - numbers[-2]):
        axes.set(**{f"{which}scale": "log"})
        ticks = [t for t in (0.01, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 100) if numbers[0] <= t <= numbers[-1]]
        axis = axes.xaxis if which == "x" else axes.yaxis
        axis.set_ticks(ticks, labels=[f"{t:g}" for t in ticks])
        axis.set_ticks([], minor=True)


def _title(figure: Figure, width: float, height: float, title: str, about: str) -> None:
    figure.text(4 / width, (height - 16) / height, title, size=TITLE_SIZE, weight="bold", color=INK)
    figure.text(4 / width, (height - 30) / height, about, size=TEXT_SIZE, color=MUTED)
