"""The posterior of a calibration: its draws, constant by constant and in pairs."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .figures import new_figure
from .quantities import shorten, units_are_plain
from .style import COLOURS, INK, MUTED, TEXT_SIZE, TITLE_SIZE, styled

_CELL, _LEFT, _BOTTOM, _TOP = 130.0, 64.0, 46.0, 34.0
_GAP = 14.0
_MOST = 6  # constants; more would be too small to read
_MOST_POINTS = 3000


def pairs(found: xr.Dataset) -> Figure:
    """On the diagonal how the draws of each constant are spread, with mean and 95 %; below it each two of them.

    found : Dataset from `capdyn.posterior`; the first six constants are drawn.
    """
    names = [str(name) for name in found["free"].values[:_MOST]]
    count = len(names)
    width, height = _LEFT + count * _CELL, _TOP + count * _CELL + _BOTTOM
    thin = max(1, found.sizes["draw"] // _MOST_POINTS)
    with styled():
        figure = new_figure(max(width, 260.0), height)
        width = max(width, 260.0)
        at = (height - 16) / height
        figure.text(4 / width, at, str(found.attrs["title"]), size=TITLE_SIZE, weight="bold", color=INK)
        words = "blue: 95 %, line: mean" if count == 1 else "diagonal: 95 % and mean"
        figure.text((width - 4) / width, at, words, size=TEXT_SIZE, color=MUTED, ha="right")
        for i in range(count):
            for j in range(i + 1):
                left, bottom = _LEFT + j * _CELL, _BOTTOM + (count - 1 - i) * _CELL
                side = _CELL - _GAP
                axes = figure.add_axes((left / width, bottom / height, side / width, side / height))
                x = found.sel(free=names[j])
                if i == j:
                    _spread(axes, x)
                else:
                    y = found["value"].sel(free=names[i]).values
                    axes.plot(x["value"].values[::thin], y[::thin], ".", markersize=1.5, color=COLOURS[1],
                              alpha=0.35, rasterized=False)  # fmt: skip
                axes.set_xlim(*_ends(found, names[j]))
                if i != j:
                    axes.set_ylim(*_ends(found, names[i]))
                _edges(axes, found, names, i, j)
        return figure


def _ends(found: xr.Dataset, name: str) -> tuple[float, float]:
    values = found["value"].sel(free=name).values
    low, high = float(values.min()), float(values.max())
    margin = 0.04 * (high - low) or 1.0
    return low - margin, high + margin


def _spread(axes: Axes, one: xr.Dataset) -> None:
    """A histogram, what lies within 95 % in colour."""
    heights, edges = np.histogram(one["value"].values, bins=36)
    middles = (edges[1:] + edges[:-1]) / 2
    within = (middles >= float(one["low"])) & (middles <= float(one["high"]))
    colours = [COLOURS[1] if inside else "#c9ced6" for inside in within]
    axes.bar(middles, heights, width=np.diff(edges), color=colours, linewidth=0)
    axes.axvline(float(one["mean"]), color=COLOURS[2], linewidth=1.2)
    axes.set_yticks([])


def _edges(axes: Axes, found: xr.Dataset, names: list[str], i: int, j: int) -> None:
    """Ticks and names stand at the left and at the bottom only."""
    axes.locator_params(axis="x", nbins=3)
    if i == len(names) - 1:
        axes.set_xlabel(_words(found, names[j]), size=TEXT_SIZE)
    else:
        axes.set_xticklabels([])
    if i == j:
        return
    axes.locator_params(axis="y", nbins=4)
    if j == 0:
        axes.set_ylabel(_words(found, names[i]), size=TEXT_SIZE)
    else:
        axes.set_yticklabels([])


def _words(found: xr.Dataset, name: str) -> str:
    unit = str(found["units"].sel(free=name).values)
    return shorten(name, 22) + ("" if units_are_plain(unit) else f" ({unit})")
