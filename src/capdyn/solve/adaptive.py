"""Adaptive and stiff methods, from switch time to switch time.

The methods are scipy's (`scipy.integrate.solve_ivp`); ours is only that no step crosses a time at which the
right-hand side jumps. Source of the practice: Hairer, Norsett, Wanner,
Solving Ordinary Differential Equations I, section II.6.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

METHODS = {"lsoda": "LSODA", "radau": "Radau", "bdf": "BDF", "dop853": "DOP853", "rk45": "RK45"}


# Evaluations without getting on by a ten-billionth of the piece, after which a solver counts as stuck: near an
# infinity LSODA would go on for ever with t + h = t.
_PATIENCE = 20_000
_PROGRESS = 1e-10


@dataclass(frozen=True)
class Solution:
    """What an adaptive run gives.

    y : ndarray, shape (n_saves, n_states)  states at the save times, nan behind a failure.
    message : '' or why the solver stopped; failed_at : latest time that it looked at then.
    evaluations : calls of the right-hand side.
    """

    y: np.ndarray
    message: str = ""
    failed_at: float = math.nan
    evaluations: int = 0


def integrate(
    rhs: Callable[[float, np.ndarray], np.ndarray],
    y0: np.ndarray,
    saves: np.ndarray,
    switches: np.ndarray,
    method: str,
    rtol: float,
    atol: float,
) -> Solution:
    """Integrates y' = rhs(t, y) from the first save time to the last.

    Parameters
    ----------
    rhs : callable (t, y) -> dy, both of shape (n_states, n_columns)
    y0 : ndarray, shape (n_states,)  at saves[0].
    saves : ndarray, shape (n_saves,)  ascending times at which the states are wanted.
    switches : ndarray  times at which rhs may jump; the solver starts anew at each.
    method : key of `METHODS`.
    rtol, atol : relative and absolute tolerance of a step.
    """
    from scipy.integrate import solve_ivp

    result = np.full((len(saves), len(y0)), np.nan)
    result[0] = y = np.array(y0, dtype=float)
    start, end = float(saves[0]), float(saves[-1])
    if not len(y0) or end <= start:
        return Solution(np.broadcast_to(y, result.shape).copy())
    inner = np.unique(switches[(switches > start) & (switches < end)])
    evaluations = 0
    for a, b in zip([start, *inner], [*inner, end], strict=True):
        # The piece sees only the open interval: what holds at a itself may still be the piece before, at b the next.
        first, last = math.nextafter(a, math.inf), b - 4.0 * math.ulp(b)

        watched = _Watched(rhs, first, last)
        wanted = np.flatnonzero((saves > a) & (saves <= b))
        stops = np.append(saves[wanted][saves[wanted] < b], b)
        try:
            found = solve_ivp(
                watched, (a, b), y, METHODS[method], t_eval=stops, rtol=rtol, atol=atol, vectorized=True
            )
        except _Stuck:
            return Solution(result, "The step became too small to get on.", watched.reached)
        evaluations += found.nfev
        if not found.success or not np.isfinite(found.y).all():
            message = found.message if not found.success else "The state stopped being finite."
            return Solution(result, message, watched.reached, evaluations)
        result[wanted] = found.y.T[: len(wanted)]
        y = found.y[:, -1]
    return Solution(result, evaluations=evaluations)


class _Stuck(Exception):
    """A solver that no longer gets on."""


class _Watched:
    """A right-hand side on an open interval that notices when the solver no longer gets on."""

    def __init__(self, rhs: Callable[[float, np.ndarray], np.ndarray], first: float, last: float):
        self.rhs, self.first, self.last = rhs, first, last
        self.reached = first
        self._mark, self._calls = first, 0

    def __call__(self, t: float, y: np.ndarray) -> np.ndarray:
        t = min(max(t, self.first), self.last)
        self.reached = max(self.reached, t)
        self._calls += 1
        if self.reached - self._mark > _PROGRESS * (self.last - self.first):
            self._mark, self._calls = self.reached, 0
        if self._calls > _PATIENCE:
            raise _Stuck
        return self.rhs(t, y)
