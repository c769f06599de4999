"""Thresholds on the way of an adaptive run: on which side it is, and when it comes to the other."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol

import numpy as np

# A threshold that is crossed so many times in a row, each within this part of the run, is one that neither side leaves.
_MOST_AT_ONCE = 10
_AT_ONCE = 1e-6
_SAME_TIME = 1e-12
_NEAR = (
    0.5  # a gap whose parabola comes below this part of what was seen of it is looked at where it is lowest
)
_SETTLING = 50  # thresholds that depend on one another are gone through as often as this
_EPS = float(np.finfo(float).eps)


# Flows that differ by less, relative to the largest, are the same on both sides: a kink, and not a jump.
_SAME = 1e-9


class Sliding(Exception):
    """Neither side of a threshold holds: the flows of each lead to the other. place : which threshold."""

    def __init__(self, time: float, place: int):
        super().__init__(f"The state slides along a threshold from time {time:g} on.")
        self.time, self.place = time, place


class Watch(Protocol):
    """A right-hand side with thresholds, `count` of them, that can be kept on one side."""

    count: int

    def rates(self, time: float, y: np.ndarray) -> np.ndarray:
        """The right-hand side."""

    def keep(self, sides: np.ndarray) -> None:
        """Keeps each at a value, shape (count,); nan lets it go."""

    def see(self, time: float, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Their values by themselves, those beyond the side kept, and gaps, negative where that side is wrong."""


class Sides:
    """Where a run stands at each threshold, and when it comes to the next.

    span : length of the run.
    join : callable (time, y, places), called before the sides of the thresholds at `places` change; it gives a callable
        that is called once they have, and gives the state behind. By default the state goes on as it is.
    """

    def __init__(
        self,
        watch: Watch,
        span: float,
        join: Callable[[float, np.ndarray, np.ndarray], Callable[[], np.ndarray]] | None = None,
    ):
        self.watch, self.span, self.join = watch, span, join
        self.sides = np.full(watch.count, np.nan)
        self._free = np.zeros(watch.count, dtype=bool)
        self._times = np.full(watch.count, -np.inf)
        self._runs = np.zeros(watch.count, dtype=np.int64)

    def begin(self, time: float, y: np.ndarray) -> None:
        """Takes the sides on which the state is."""
        self.watch.keep(np.full(self.watch.count, np.nan))
        actual, _, _ = self.watch.see(time, y)
        self.sides = np.where(self._free, np.nan, actual)
        self.watch.keep(self.sides)

    def cross(self, time: float, y: np.ndarray, crossed: np.ndarray) -> np.ndarray:
        """Goes to the other side of some thresholds (shape (n,), their places), and of what follows from that.

        Returns the state behind the crossing.

        Raises
        ------
        Sliding
            Where the flows lead back again and again, and are not the same on both sides.
        """
        joined = None if self.join is None else self.join(time, y, crossed)
        at_once = time - self._times[crossed] < _AT_ONCE * self.span
        self._runs[crossed] = np.where(at_once, self._runs[crossed] + 1, 0)
        self._times[crossed] = time
        before = self.watch.rates(time, y)
        _, beyond, _ = self.watch.see(time, y)
        self.sides[crossed] = beyond[crossed]
        self._settle(time, y, crossed)
        stuck = crossed[self._runs[crossed] > _MOST_AT_ONCE]
        if len(stuck):
            gap = np.abs(self.watch.rates(time, y) - before)
            if (gap > _SAME * np.abs(before).max()).any():
                raise Sliding(time, int(stuck[0]))
            self._free[stuck] = True
            self.sides[stuck] = np.nan
            self.watch.keep(self.sides)
        return y if joined is None else joined()

    def _settle(self, time: float, y: np.ndarray, crossed: np.ndarray) -> None:
        """Takes all thresholds but those just crossed to the side where they are now.

        Some may have jumped with a crossing, and right onto their own threshold; those that were crossed this very
        moment may still seem to be on the side before, by rounding.
        """
        fresh = time - self._times <= _SAME_TIME * self.span
        left = np.ones(self.watch.count, dtype=bool)
        left[crossed] = False
        for _ in range(_SETTLING):
            self.watch.keep(self.sides)
            actual, _, gaps = self.watch.see(time, y)
            wrong = left & ((gaps < 0.0) | (~fresh & ~self._free & (actual != self.sides)))
            if not wrong.any():
                break
            self.sides[wrong] = actual[wrong]

    def next(
        self,
        before: float,
        time: float,
        y: np.ndarray,
        dense_output: Callable[[], Callable[[float], np.ndarray]],
    ) -> tuple[float, np.ndarray, np.ndarray] | None:
        """The first crossing within a step that has come to y, or None.

        dense_output : gives the state between the step's ends.

        Returns
        -------
        (time, y, places of the thresholds that are crossed), or None
        """
        from scipy.optimize import brentq

        state = dense_output()

        def gaps(t: float) -> np.ndarray:
            return np.array(self.watch.see(t, state(t))[2])

        ends = self._behind(before, time, gaps, np.array(self.watch.see(time, y)[2]))
        crossed = np.flatnonzero(np.isfinite(ends))
        if not len(crossed):
            return None
        times = np.empty(len(crossed))
        for i, k in enumerate(crossed.tolist()):
            over = gaps(before)[k] <= 0.0  # it was just left, and the flows lead back
            found = partial(_at, gaps, k)
            times[i] = before if over else brentq(found, before, ends[k], xtol=4 * _EPS, rtol=4 * _EPS)
        first = float(times.min())
        return first, state(first), crossed[times == first]

    def _behind(
        self, before: float, time: float, gaps: Callable[[float], np.ndarray], after: np.ndarray
    ) -> np.ndarray:
        """For each threshold a time within the step at which it has been crossed, or inf. shape (count,)

        Looked at are the end, the middle, and where the parabola through the three has its lowest point.
        """
        start, middle = gaps(before), gaps(0.5 * (before + time))
        ends = np.where(middle < 0.0, 0.5 * (before + time), np.where(after < 0.0, time, np.inf))
        bend, slope = 2.0 * (start + after - 2.0 * middle), 4.0 * middle - 3.0 * start - after
        with np.errstate(all="ignore"):
            place = -slope / (2.0 * bend)
            lowest = start - slope**2 / (4.0 * bend)
        least = np.minimum(np.minimum(start, middle), after)
        near = (ends == np.inf) & (bend > 0.0) & (place > 0.0) & (place < 1.0) & (lowest < _NEAR * least)
        for k in np.flatnonzero(near).tolist():
            between = before + float(place[k]) * (time - before)
            if gaps(between)[k] < 0.0:
                ends[k] = between
        return ends


def _at(gaps: Callable[[float], np.ndarray], place: int, time: float) -> float:
    return float(gaps(time)[place])
