"""Profiles of a calibration: how fast the fit gets worse as one constant leaves its best value."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from .figures import new_figure
from .quantities import shorten, units_are_plain
from .style import COLOURS, FAINT, INK, MUTED, TEXT_SIZE, TITLE_SIZE, styled

_CELL = (250.0, 180.0)
_COLUMNS = 2
_LIMIT = 3.84  # of chi-square with one degree of freedom, 95 %


def profiles(found: xr.Dataset) -> Figure:
    """A panel a constant: sum of squares above the least, with the others fitted anew, and the 95 % limit.

    found : Dataset from `capdyn.calibrate`.
    """
    with styled():
        count = found.sizes["free"]
        rows = -(-count // _COLUMNS)
        width, height = _CELL[0] * min(count, _COLUMNS), _CELL[1] * rows + 26
        figure = new_figure(width, height)
        figure.text(
            4 / width,
            (height - 16) / height,
            str(found.attrs["title"]),
            size=TITLE_SIZE,
            weight="bold",
            color=INK,
        )
        for number, name in enumerate(found["free"].values):
            one = found.sel(free=name)
            left = (number % _COLUMNS) * _CELL[0] + 38
            bottom = height - 26 - (number // _COLUMNS + 1) * _CELL[1] + 34
            axes = figure.add_axes(
                (left / width, bottom / height, (_CELL[0] - 54) / width, (_CELL[1] - 66) / height)
            )
            x, above = one["profile_value"].values, one["profile_cost"].values - found.attrs["least_cost"]
            axes.plot(x, above, color=COLOURS[1], marker="o", markersize=3.5, linewidth=1.4)
            axes.axhline(_LIMIT, color=COLOURS[2], linewidth=0.9, linestyle=(0, (3, 2)))
            axes.plot(float(one["best"]), 0.0, marker="o", markersize=7, color=COLOURS[2], clip_on=False)
            axes.set_ylim(0.0, max(1.6 * _LIMIT, min(float(np.nanmax(above)), 20.0)))
            if x[0] > 0.0:
                axes.set_xscale("log")
                axes.set_xticks([x[0], float(np.sqrt(x[0] * x[-1])), x[-1]])
                axes.set_xticklabels([f"{v:.2g}" for v in (x[0], np.sqrt(x[0] * x[-1]), x[-1])])
                axes.set_xticks([], minor=True)
            axes.grid(axis="y", color=FAINT, linewidth=0.6)
            unit = str(one["units"].values)
            words = shorten(str(name), 34) + ("" if units_are_plain(unit) else f" ({unit})")
            figure.text(
                (left - 4) / width,
                (bottom + _CELL[1] - 60) / height,
                words,
                size=TEXT_SIZE,
                weight="bold",
                color=INK,
            )
        figure.text(
            (width - 4) / width,
            (height - 16) / height,
            "dashed: 95 %",
            size=TEXT_SIZE,
            color=MUTED,
            ha="right",
        )
        return figure
