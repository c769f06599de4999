"""The front of a search: what its packages reach, and what they are made of."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .figures import axes_at, heading, new_figure
from .quantities import shorten
from .style import INK, MUTED, TEXT_SIZE, styled, text_width

_PLOT, _SIDE, _GAP, _ACROSS = 168.0, 210.0, 62.0, 2
_TOP, _BOTTOM, _ROW = 46.0, 40.0, 16.0
_MOST_PAIRS, _LETTERS, _LEVER_LETTERS = 6, 34, 52
_SHADES = "Blues"


def pareto(front: xr.Dataset) -> Figure:
    """Packages that nothing else beats in all aims: each two aims, and below the levers of each package.

    The colour of a point is the place of its package in the lower part, which goes from the least of the first aim to
    the most.

    front : Dataset from `capdyn.search`; of more than four aims the first six pairs are drawn.
    """
    aims = [str(aim) for aim in front["aim"].values]
    pairs = list(combinations(aims, 2))[:_MOST_PAIRS]
    levers = [shorten(str(name), _LEVER_LETTERS) for name in front["input"].values]
    count = front.sizes["package"]
    rows = -(-len(pairs) // _ACROSS)
    left = max(text_width(name) for name in levers) + 12
    with styled():
        low = _BOTTOM + len(levers) * _ROW
        height = _TOP + rows * (_PLOT + 54) + low
        columns = min(len(pairs), _ACROSS)
        width = max(56 + columns * (_SIDE + _GAP), left + 260)
        figure = new_figure(width, height)
        heading(figure, height, "Pareto front", f"{count} packages, {front.attrs['aim_is']}")
        for number, (first, second) in enumerate(pairs):
            place = (
                56 + number % _ACROSS * (_SIDE + _GAP),
                height - _TOP - number // _ACROSS * (_PLOT + 54) - _PLOT,
            )
            _plane(axes_at(figure, (*place, _SIDE, _PLOT)), front, first, second)
        _packages(axes_at(figure, (left, _BOTTOM, width - left - 84, len(levers) * _ROW)), front, levers)
        return figure


def _plane(axes: Axes, front: xr.Dataset, first: str, second: str) -> None:
    x, y = (front["objective"].sel(aim=aim).values for aim in (first, second))
    axes.scatter(x, y, c=np.arange(len(x)), cmap="viridis", s=16, linewidths=0, clip_on=False, zorder=3)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda value, _: _number(value))
    for aim, say in ((first, axes.set_xlabel), (second, axes.set_ylabel)):
        better = str(front["better"].sel(aim=aim).values)
        say(f"{shorten(aim, _LETTERS)} ({'more' if better == 'high' else 'less'} is better)", size=TEXT_SIZE)


def _packages(axes: Axes, front: xr.Dataset, levers: list[str]) -> None:
    """Columns are packages, rows levers; dark is the upper end of a lever's range."""
    low, high = (front[end].values[:, None] for end in ("lever_low", "lever_high"))
    shares = (front["lever"].values.T - low) / (high - low)
    axes.imshow(shares, aspect="auto", cmap=_SHADES, vmin=0, vmax=1, interpolation="nearest", origin="upper")
    axes.set_yticks(np.arange(len(levers)), levers)
    axes.tick_params(axis="both", length=0, labelcolor=INK)
    axes.grid(visible=False)
    axes.set_xticks([])
    first = str(front["aim"].values[0])
    axes.set_xlabel(f"packages, by {shorten(first, _LETTERS)}", size=TEXT_SIZE)
    axes.annotate("white: low end\ndark: high end", (1.02, 0.5), xycoords="axes fraction", size=TEXT_SIZE,
                  color=MUTED, va="center")  # fmt: skip
    colours = np.linspace(0, 1, shares.shape[1])
    axes.scatter(np.arange(shares.shape[1]), np.full(shares.shape[1], -0.85), c=colours, cmap="viridis", s=9,
                 linewidths=0, clip_on=False)  # fmt: skip


def _number(value: float) -> str:
    if abs(value) >= 1e6:
        return f"{value / 1e6:,g} M"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:g}"
