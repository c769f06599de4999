"""Expected trajectories by plain loops, one rule a function. Independent of capdyn: floats and lists only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

Rate = Callable[[float, list[float]], Sequence[float]]


def euler(
    rate: Rate, first: Sequence[float], steps: int, length: float = 1.0, start: float = 0.0
) -> list[list[float]]:
    """Levels at the beginning of each step; rate(time, levels) -> flows."""
    levels = [float(level) for level in first]
    found = [levels]
    for k in range(steps):
        flows = rate(start + k * length, levels)
        levels = [level + length * flow for level, flow in zip(levels, flows, strict=True)]
        found.append(levels)
    return found


def rk4(
    rate: Rate, first: Sequence[float], steps: int, length: float = 1.0, start: float = 0.0
) -> list[list[float]]:
    """The classical rule of fourth order."""
    y = [float(level) for level in first]
    found = [y]

    def ahead(flows: Sequence[float], by: float) -> list[float]:
        return [level + by * flow for level, flow in zip(y, flows, strict=True)]

    for k in range(steps):
        t = start + k * length
        one = rate(t, y)
        two = rate(t + length / 2, ahead(one, length / 2))
        three = rate(t + length / 2, ahead(two, length / 2))
        four = rate(t + length, ahead(three, length))
        y = [
            level + length * (a + 2 * b + 2 * c + d) / 6
            for level, a, b, c, d in zip(y, one, two, three, four, strict=True)
        ]
        found.append(y)
    return found


def smooth(
    inputs: Sequence[float], times: Sequence[float], first: float, order: int, length: float = 1.0
) -> list[float]:
    """The output of a chain of `order` averages, input and adjustment time given at each step (Euler)."""
    cells = [float(first)] * order
    found = [cells[-1]]
    for value, time in zip(inputs[:-1], times[:-1], strict=True):
        before = [value, *cells[:-1]]
        cells = [cell + length * (v - cell) * order / time for cell, v in zip(cells, before, strict=True)]
        found.append(cells[-1])
    return found


def delay(
    inputs: Sequence[float], times: Sequence[float], first: float, order: int, length: float = 1.0
) -> list[float]:
    """The outflow of a chain of `order` levels that hold a share of the delay time each (Euler)."""
    levels = [first * times[0] / order] * order
    found = []
    for value, time in zip(inputs, times, strict=True):
        out = [level * order / time for level in levels]
        found.append(out[-1])
        levels = [
            level + length * (i - o) for level, i, o in zip(levels, [value, *out[:-1]], out, strict=True)
        ]
    return found


def line(points: Sequence[tuple[float, float]], x: float) -> float:
    """Straight lines between points, end values held."""
    if x <= points[0][0]:
        return points[0][1]
    for (x0, y0), (x1, y1) in pairwise(points):
        if x0 <= x <= x1 and x1 > x0:
            return y0 + (y1 - y0) * (x - x0) / (x1 - x0)
    return points[-1][1]
