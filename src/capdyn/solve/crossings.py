"""Thresholds on the way of an adaptive run: on which side it is, and when it comes to the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

# A threshold that is crossed so many times in a row, each within this part of the run, is one that neither side leaves.
_MOST_AT_ONCE = 10
_AT_ONCE = 1e-6
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
    """

    def __init__(self, watch: Watch, span: float):
        self.watch, self.span = watch, span
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

    def cross(self, time: float, y: np.ndarray, crossed: np.ndarray) -> None:
        """Goes to the other side of some thresholds (shape (n,), their places), and of what follows from that.

        Raises
        ------
        Sliding
            Where the flows lead back again and again, and are not the same on both sides.
        """
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

    def _settle(self, time: float, y: np.ndarray, crossed: np.ndarray) -> None:
        """Takes all thresholds but those just crossed to the side where they are now."""
        left = np.ones(self.watch.count, dtype=bool)
        left[crossed] = False
        for _ in range(_SETTLING):
            self.watch.keep(self.sides)
            actual, _, gaps = self.watch.see(time, y)
            wrong = left & (gaps < 0.0)
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
        crossed = np.flatnonzero(self.watch.see(time, y)[2] < 0.0)
        if not len(crossed):
            return None
        from scipy.optimize import brentq

        state = dense_output()
        times = np.empty(len(crossed))
        for i, k in enumerate(crossed.tolist()):

            def gap(t: float, k: int = k) -> float:
                return float(self.watch.see(t, state(t))[2][k])

            over = gap(before) <= 0.0  # it was just left, and the flows lead back
            times[i] = before if over else brentq(gap, before, time, xtol=4 * _EPS, rtol=4 * _EPS)
        first = float(times.min())
        return first, state(first), crossed[times == first]
