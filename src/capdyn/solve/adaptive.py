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


@dataclass(frozen=True)
class Solution:
    """What an adaptive run gives.

    y : ndarray, shape (n_saves, n_states)  states at the save times, nan behind a failure.
    message : '' or why the solver stopped; failed_at : time that it reached then.
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
        wanted = np.flatnonzero((saves > a) & (saves <= b))
        found = solve_ivp(
            lambda t, y, first=first, last=last: rhs(min(max(t, first), last), y),
            (a, b),
            y,
            METHODS[method],
            t_eval=np.append(saves[wanted][saves[wanted] < b], b),
            rtol=rtol,
            atol=atol,
            vectorized=True,
        )
        evaluations += found.nfev
        if not found.success or not np.isfinite(found.y).all():
            reached = float(found.t[-1]) if len(found.t) else a
            return Solution(result, found.message or "The state stopped being finite.", reached, evaluations)
        result[wanted] = found.y.T[: len(wanted)]
        y = found.y[:, -1]
    return Solution(result, evaluations=evaluations)
