"""Adaptive and stiff methods, from switch time to switch time.

The methods are scipy's (`scipy.integrate.solve_ivp`); ours is only that no step crosses a time at which the
right-hand side jumps. Source of the practice: Hairer, Norsett, Wanner,
Solving Ordinary Differential Equations I, section II.6.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

METHODS = {"lsoda": "LSODA", "radau": "Radau", "bdf": "BDF", "dop853": "DOP853", "rk45": "RK45"}
IMPLICIT = frozenset({"lsoda", "radau", "bdf"})  # those that want the Jacobian of the right-hand side


# Evaluations without getting on by a ten-billionth of the piece, after which a solver counts as stuck: near an
# infinity LSODA would go on for ever with t + h = t.
_PATIENCE = 20_000
_PROGRESS = 1e-10


@dataclass(frozen=True)
class Solution:
    """What an adaptive run gives.

    y : ndarray, shape (n_saves, n_states)  states at the save times, nan behind a failure.
    message : '' or why the solver stopped; failed_at : latest time that it looked at then.
    evaluations : right-hand sides computed, one a column, those for finite differences included.
    jacobians : calls of `jac`.
    """

    y: np.ndarray
    message: str = ""
    failed_at: float = math.nan
    evaluations: int = 0
    jacobians: int = 0


def integrate(
    rhs: Callable[[float, np.ndarray], np.ndarray],
    y0: np.ndarray,
    saves: np.ndarray,
    switches: np.ndarray,
    method: str,
    rtol: float,
    atol: float,
    jac: Callable[[float, np.ndarray], Any] | None = None,
    jump: Callable[[float, np.ndarray], np.ndarray] | None = None,
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
    jac : callable (t, y) -> d rhs / dy, shape (n_states, n_states), dense or sparse, y of shape (n_states,); without
        it the methods in `IMPLICIT` take finite differences; the others need none.
    jump : callable (t, y) -> y  what becomes of the state at a switch; by default it goes on as it is.
    """
    from scipy.integrate import solve_ivp

    result = np.full((len(saves), len(y0)), np.nan)
    result[0] = y = np.array(y0, dtype=float)
    start, end = float(saves[0]), float(saves[-1])
    if not len(y0) or end <= start:
        return Solution(np.broadcast_to(y, result.shape).copy())
    inner = np.unique(switches[(switches > start) & (switches < end)])
    watched = _Watched(rhs, jac)
    more = {"jac": watched.jacobian} if jac is not None and method in IMPLICIT else {}
    for a, b in zip([start, *inner], [*inner, end], strict=True):
        # The piece sees only the open interval: what holds at a itself may still be the piece before, at b the next.
        watched.begin(math.nextafter(a, math.inf), b - 4.0 * math.ulp(b))
        wanted = np.flatnonzero((saves > a) & (saves <= b))
        stops = np.append(saves[wanted][saves[wanted] < b], b)
        try:
            found = solve_ivp(
                watched, (a, b), y, METHODS[method], stops, rtol=rtol, atol=atol, vectorized=True, **more
            )
        except _Stuck as stuck:
            return watched.solution(result, str(stuck))
        if not found.success or not np.isfinite(found.y).all():
            return watched.solution(
                result, found.message if not found.success else "The state stopped being finite."
            )
        result[wanted] = found.y.T[: len(wanted)]
        y = found.y[:, -1]
        if jump is not None and b < end:
            y = jump(b, y)
    return watched.solution(result)


class _Stuck(Exception):
    """A solver that no longer gets on, with the reason."""


class _Watched:
    """A right-hand side on an open interval that counts, and notices when the solver no longer gets on."""

    def __init__(
        self,
        rhs: Callable[[float, np.ndarray], np.ndarray],
        jac: Callable[[float, np.ndarray], Any] | None,
    ):
        self.rhs, self.jac = rhs, jac
        self.evaluations = self.jacobians = 0

    def begin(self, first: float, last: float) -> None:
        """Goes to the next interval."""
        self.first, self.last = first, last
        self.reached = first
        self._mark, self._calls = first, 0

    def __call__(self, t: float, y: np.ndarray) -> np.ndarray:
        t = min(max(t, self.first), self.last)
        self.reached = max(self.reached, t)
        self.evaluations += 1 if y.ndim == 1 else y.shape[1]
        self._calls += 1
        if self.reached - self._mark > _PROGRESS * (self.last - self.first):
            self._mark, self._calls = self.reached, 0
        if self._calls > _PATIENCE:
            raise _Stuck("The step became too small to get on.")
        return self.rhs(t, y)

    def jacobian(self, t: float, y: np.ndarray) -> Any:
        """The given Jacobian; a column with an infinite slope (a square root at 0) by a finite difference."""
        assert self.jac is not None
        self.jacobians += 1
        found = self.jac(min(max(t, self.first), self.last), y)
        sparse = not isinstance(found, np.ndarray)
        if np.isfinite(found.data if sparse else found).all():
            return found
        dense = np.array(found.toarray() if sparse else found)
        for j in np.flatnonzero(~np.isfinite(dense).all(axis=0)):
            moved = y.copy()
            moved[j] += math.sqrt(np.finfo(float).eps) * max(abs(y[j]), 1.0)
            dense[:, j] = (self(t, moved) - self(t, y)) / (moved[j] - y[j])
        if not np.isfinite(dense).all():
            raise _Stuck("The derivatives of the flows stopped being finite.")
        return type(found)(dense) if sparse else dense

    def solution(self, y: np.ndarray, message: str = "") -> Solution:
        """What came out, with the counts so far."""
        failed_at = self.reached if message else math.nan
        return Solution(y, message, failed_at, self.evaluations, self.jacobians)
