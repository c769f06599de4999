"""Words at the end of each line, spread so that none covers another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.transforms import Affine2D, Transform

from .style import LINE_HEIGHT, TEXT_SIZE, Line


def spread(wanted: Sequence[float], heights: Sequence[float], low: float, high: float) -> np.ndarray:
    """Centres of boxes of `heights`, none overlapping, as near to `wanted` as can be in least squares.

    Boxes keep the order of `wanted` and stay between `low` and `high` if they fit in at all. The gaps
    between neighbours are taken out first; what is left is an isotonic regression (pool adjacent
    violators), cut off at the bounds.
    """
    if len(wanted) == 0:
        return np.zeros(0)
    order = np.argsort(wanted, kind="stable")
    tall = np.asarray(heights, dtype=float)[order]
    offsets = np.concatenate([[0.0], np.cumsum((tall[:-1] + tall[1:]) / 2)])
    pools: list[tuple[float, int]] = []  # mean and size
    for target in np.asarray(wanted, dtype=float)[order] - offsets:
        mean, size = float(target), 1
        while pools and pools[-1][0] > mean:
            other, count = pools.pop()
            mean, size = (mean * size + other * count) / (size + count), size + count
        pools.append((mean, size))
    levels = np.concatenate([np.full(size, mean) for mean, size in pools])
    lowest, highest = low + tall[0] / 2, high - tall[-1] / 2 - offsets[-1]
    centres = np.empty(len(tall))
    centres[order] = np.clip(levels, lowest, max(lowest, highest)) + offsets
    return centres


def text_height(text: str, size: float = TEXT_SIZE) -> float:
    """Height in points of a label of one or more lines."""
    return (text.count("\n") + 1) * size * LINE_HEIGHT


def points(figure: Figure) -> Transform:
    """Coordinates in points from the lower left corner of the figure."""
    return Affine2D().scale(1 / 72) + figure.dpi_scale_trans


def label_ends(
    figure: Figure,
    ends: Sequence[tuple[float, float]],
    names: Sequence[str],
    lines: Sequence[Line],
    column: float,
    limits: tuple[float, float],
) -> None:
    """Write `names` at the height of line `ends`, in a column whose left edge is at `column`.

    All in points: `ends` are (x, y) where each line ends, `limits` the lowest and highest y of words.
    A thin line leads from a label to its end where the two are apart.
    """
    heights = [text_height(name) for name in names]
    centres = spread([y for _, y in ends], heights, *limits)
    for (x, y), name, line, centre in zip(ends, names, lines, centres, strict=True):
        figure.text(
            column,
            centre,
            name,
            color=line.ink,
            size=TEXT_SIZE,
            va="center",
            linespacing=1.05,
            transform=points(figure),
        )
        if abs(centre - y) > 1.5 or column - x > 12:
            figure.add_artist(
                Line2D(
                    [x + 1.5, column - 7, column - 2],
                    [y, centre, centre],
                    color=line.ink,
                    linewidth=0.5,
                    alpha=0.6,
                    transform=points(figure),
                )
            )
