"""Figures of policy at equal outlay: packages, pairs of levers, the order of two packages over many worlds."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.colors import SymLogNorm
from matplotlib.figure import Figure

from .figures import new_figure
from .levers import words_of
from .quantities import MINUS, shorten
from .style import COLOURS, INK, MUTED, TEXT_SIZE, TITLE_SIZE, styled, text_width

_ROW = 30.0
_CELL = 15.0
_MOST_ROWS = 30
_PARTS, _INTERACTION, _LESS = COLOURS[6], COLOURS[1], COLOURS[2]


def package_bars(found: xr.Dataset) -> Figure:
    """Gain of each package, and what its levers gain alone.

    found : Dataset from `capdyn.compare_policies`; at most 30 packages, the best.
    """
    with styled():
        order = np.argsort(-np.nan_to_num(found["gain"].values, nan=-np.inf), kind="stable")[:_MOST_ROWS]
        names = [shorten(words_of(str(found["package"].values[i])), 34) for i in order]
        left = max(text_width(name) for name in names) + 16
        width, height = left + 330.0, 66.0 + _ROW * len(order) + 34
        figure = new_figure(width, height)
        axes = figure.add_axes((left / width, 34 / height, 300 / width, _ROW * len(order) / height))
        rows = np.arange(len(order))[::-1]
        gain, parts = found["gain"].values[order], found["parts"].values[order]
        axes.barh(rows + 0.17, np.nan_to_num(gain), height=0.32, color=_INTERACTION)
        axes.barh(rows - 0.17, np.nan_to_num(parts), height=0.32, color=_PARTS)
        for row, name, broken in zip(rows, names, ~np.isfinite(gain), strict=True):
            axes.text(
                -8 / 300, row, name + (" (failed)" if broken else ""), ha="right", va="center", color=INK,
                transform=axes.get_yaxis_transform(),
            )  # fmt: skip
        for row, both in zip(rows, zip(gain, parts, strict=True), strict=True):
            for value, up in zip(both, (0.17, -0.17), strict=True):
                if np.isfinite(value):
                    words = f"{value:.2g}".replace("-", MINUS)
                    axes.annotate(
                        words, (max(value, 0.0), row + up), (4, 0), textcoords="offset points", va="center",
                        color=MUTED, size=TEXT_SIZE - 1,
                    )  # fmt: skip
        axes.axvline(0.0, color=MUTED, linewidth=0.8)
        axes.set_yticks([])
        axes.set_ylim(-0.6, len(order) - 0.4)
        axes.spines["left"].set_visible(False)
        axes.locator_params(axis="x", nbins=5)
        _title(figure, height, "Gain at equal outlay", _about(found))
        figure.text(4 / width, (height - 46) / height, "the package", color=_INTERACTION, weight="bold")
        figure.text(
            (14 + text_width("the package") * 1.12) / width, (height - 46) / height,
            "its levers one by one, added up", color="#2a7aa8", weight="bold",
        )  # fmt: skip
        return figure


def pair_matrix(found: xr.Dataset) -> Figure:
    """What every two levers add to one another at equal outlay, a cell a pair.

    found : Dataset from `capdyn.compare_policies(in_pairs=True)`.
    """
    with styled():
        intensity = found["intensity"].values > 0.0
        used = np.flatnonzero(intensity.any(axis=0))
        names = [shorten(words_of(str(found["lever"].values[i])), 26) for i in used]
        cells = np.full((len(used), len(used)), np.nan)
        place = {int(lever): i for i, lever in enumerate(used)}
        for row, value in zip(intensity, found["interaction"].values, strict=True):
            pair = [place[int(lever)] for lever in np.flatnonzero(row)]
            if len(pair) == 2:
                cells[max(pair), min(pair)] = value
        left = max(text_width(name) for name in names) + 12
        side = _CELL * len(used)
        width, height = left + side + 96, side + left + 52
        figure = new_figure(width, height)
        axes = figure.add_axes((left / width, (height - side - 44) / height, side / width, side / height))
        most = float(np.nanmax(np.abs(cells))) if np.isfinite(cells).any() else 1.0
        # Thresholds make a few pairs a thousand times stronger than the others: a scale that shows both.
        norm = SymLogNorm(most / 1e4 or 1.0, vmin=-most or -1.0, vmax=most or 1.0)
        image = axes.imshow(cells, cmap="RdBu", norm=norm)
        axes.set_xticks(range(len(used)), names, rotation=90)
        axes.set_yticks(range(len(used)), names)
        axes.tick_params(length=0, labelcolor=INK)
        for spine in axes.spines.values():
            spine.set_visible(False)
        bar = figure.add_axes(
            ((left + side + 18) / width, (height - 44 - 150) / height, 10 / width, 150 / height)
        )
        marks = [-most, -most / 30, -most / 1000, 0.0, most / 1000, most / 30, most]
        figure.colorbar(image, cax=bar).set_ticks(
            marks, labels=[f"{mark:.1g}".replace("-", MINUS) for mark in marks]
        )
        _title(figure, height, "What two levers add to one another at equal outlay", _about(found))
        return figure


def order_of_worlds(worlds: xr.Dataset) -> Figure:
    """The lead of one package over another in each world, in order.

    worlds : Dataset from `capdyn.compare_over_ranges`.
    """
    with styled():
        gain = worlds["gain"].values
        lead = np.sort((gain[:, 0] - gain[:, 1])[np.isfinite(gain).all(axis=1)])
        width, height = 430.0, 250.0
        figure = new_figure(width, height)
        axes = figure.add_axes((60 / width, 40 / height, 350 / width, 150 / height))
        if len(lead):
            share = (np.arange(len(lead)) + 0.5) / len(lead)
            for chosen, colour in ((lead > 0, _INTERACTION), (lead < 0, _LESS)):
                axes.fill_between(
                    share, 0.0, np.where(chosen, lead, np.nan), color=colour, step="mid", linewidth=0
                )
        axes.set_yscale("symlog", linthresh=1e-3)
        most = float(np.abs(lead).max(initial=1e-3))
        marks = [sign * 10.0**power for power in range(-3, 13) if 10.0**power <= most for sign in (-1, 1)]
        axes.set_yticks([0.0, *marks], ["0", *(f"{mark:g}".replace("-", MINUS) for mark in marks)])
        axes.set_yticks([], minor=True)
        axes.axhline(0.0, color=MUTED, linewidth=0.8)
        axes.set_xlim(0, 1)
        axes.set_xlabel(f"share of the {len(lead)} worlds that ran (of {len(gain)})", size=TEXT_SIZE)
        first, second = (str(name) for name in worlds["package"].values)
        within = float(worlds.attrs["within"])
        reach = (
            "whole ranges of all constants"
            if within == 1.0
            else f"{within:.0%} of the ranges of all constants"
        )
        _title(
            figure,
            height,
            f"Lead of the {first} over the {second}",
            f"{worlds.attrs['outcome']}, equal outlay; {reach}",
        )
        return figure


def _about(found: xr.Dataset) -> str:
    return (
        f"{found.attrs['outcome']}, {found.attrs['at']}; discounted outlay {float(found['budget']):.3g} each"
    )


def _title(figure: Figure, height: float, title: str, about: str) -> None:
    width = figure.get_size_inches()[0] * 72
    figure.text(4 / width, (height - 16) / height, title, size=TITLE_SIZE, weight="bold", color=INK)
    figure.text(4 / width, (height - 30) / height, about, color=MUTED)
