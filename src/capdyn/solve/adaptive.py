"""Adaptive and stiff methods, from switch time to switch time.

The methods are scipy's solvers; ours is the loop over their steps, in which no step crosses a time at which the
right-hand side jumps, nor a threshold that the state comes to (`capdyn.solve.crossings`).
Source of the practice: Hairer, Norsett, Wanner,
Solving Ordinary Differential Equations I, section II.6.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .crossings import Sides

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
    sides: Sides | None = None,
    longest: float = math.inf,
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
    sides : thresholds at which rhs jumps or kinks, depending on the state; the solver starts anew at each crossing.
    longest : no step is longer; two crossings within one step are not seen.
    """
    from scipy import integrate as solvers

    result = np.full((len(saves), len(y0)), np.nan)
    result[0] = y = np.array(y0, dtype=float)
    start, end = float(saves[0]), float(saves[-1])
    if not len(y0) or end <= start:
        return Solution(np.broadcast_to(y, result.shape).copy())
    inner = np.unique(switches[(switches > start) & (switches < end)])
    watched = _Watched(rhs, jac)
    options: dict[str, Any] = {"rtol": rtol, "atol": atol, "vectorized": True, "max_step": longest}
    if jac is not None and method in IMPLICIT:
        options["jac"] = watched.jacobian
    for a, b in zip([start, *inner], [*inner, end], strict=True):
        # The piece sees only the open interval: what holds at a itself may still be the piece before, at b the next.
        watched.begin(math.nextafter(a, math.inf), b - 4.0 * math.ulp(b))
        if sides is not None:
            sides.begin(watched.first, y)
        while a < b:
            try:
                solver = getattr(solvers, METHODS[method])(watched, a, y, b, **options)
                a, y, message = _until(solver, watched, saves, result, sides)
            except _Stuck as stuck:
                message = str(stuck)
            if message:
                return watched.solution(result, message)
        if jump is not None and b < end:
            y = jump(b, y)
    return watched.solution(result)


def _until(
    solver: Any, watched: _Watched, saves: np.ndarray, result: np.ndarray, sides: Sides | None
) -> tuple[float, np.ndarray, str]:
    """Steps to the solver's end or to the next crossing, and fills `result` on the way.

    Returns where it came to, the state there, and why it stopped before, or ''.
    """
    while solver.status == "running":
        message = solver.step()
        if solver.status == "failed":
            return solver.t, solver.y, message
        if not np.isfinite(solver.y).all():
            return solver.t, solver.y, "The state stopped being finite."
        found = None if sides is None else sides.next(solver.t_old, solver.t, solver.y, solver.dense_output)
        reached = solver.t if found is None else found[0]
        due = (saves > solver.t_old) & (saves <= reached)
        if due.any():
            result[due] = solver.dense_output()(saves[due]).T
        if sides is not None and found is not None:
            time, y, crossed = found
            watched.begin(min(max(math.nextafter(time, math.inf), watched.first), watched.last), watched.last)
            return time, sides.cross(watched.first, y, crossed), ""
    return solver.t, solver.y, ""


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
