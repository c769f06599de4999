"""Numbers that need one another: u = f(u), for several members side by side.

Going round the circle again and again, as Vensim's SIMULTANEOUS does, says which solution is meant if it leads to one;
Newton's method finds it, and others. Each lane is a problem of its own, and what is done to it does not depend on
the others, to the bit. The Jacobian is that of finite differences; steps that do not help are halved: Dennis,
Schnabel, Numerical Methods for Unconstrained Optimization and Nonlinear Equations (1983), sections 5.4 and 6.3.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

# Where the search begins: 1 first, since a zero is most often divided by.
STARTS = (1.0, 0.0, 100.0, -1.0, 0.01, 1e4)
TOLERANCE = 1e-9  # of what is found, relative to it; Newton's last step usually leaves rounding only
_ROUNDS = 60
_CLOSE = 1e-3  # relative gap from which on going round counts as leading to a solution
_HALVINGS = 12
_NUDGE = float(np.sqrt(np.finfo(float).eps))


def agree(f: Callable[[np.ndarray], np.ndarray], n_unknowns: int, n_lanes: int) -> np.ndarray:
    """Finds u with u = f(u).

    Parameters
    ----------
    f : callable, (n_unknowns, n_lanes) -> (n_unknowns, n_lanes); column by column.

    Returns
    -------
    ndarray, shape (n_unknowns, n_lanes)
        The first solution that is found from one of `STARTS`, all unknowns alike; nan in a lane where there is none,
        or where the equations do not say which.
    """
    found = np.full((n_unknowns, n_lanes), np.nan)
    with np.errstate(all="ignore"):
        for start in STARTS:
            open_ = np.isnan(found[0])
            if not open_.any():
                break
            u = _newton(f, _round_and_round(f, np.full((n_unknowns, n_lanes), start)))
            value = f(u)
            good = open_ & _within(u, value, TOLERANCE) & np.isfinite(_step(f, u, value)).all(axis=0)
            found[:, good] = u[:, good]
    return found


def _round_and_round(f: Callable[[np.ndarray], np.ndarray], start: np.ndarray) -> np.ndarray:
    """Where going round leads to, or the start in lanes where it leads nowhere."""
    u = start
    for _ in range(_ROUNDS):
        u, before = np.array(f(u)), u
    return np.where(_within(before, u, _CLOSE), u, start)


def _newton(f: Callable[[np.ndarray], np.ndarray], u: np.ndarray) -> np.ndarray:
    """Newton's steps from u, lane by lane until the gap no longer shrinks."""
    value = f(u)
    gap = _size(value - u)
    going = np.isfinite(gap)
    for _ in range(_ROUNDS):
        going &= gap > 0.0
        if not going.any():
            break
        step = _step(f, u, value)
        going &= np.isfinite(step).all(axis=0)
        share = np.where(going, 1.0, 0.0)
        better = np.zeros_like(going)
        for _ in range(_HALVINGS):
            trial = np.where(share > 0.0, u + share * step, u)
            there = f(trial)
            size = _size(there - trial)
            now = going & ~better & (size < gap)
            u = np.where(now, trial, u)
            value = np.where(now, there, value)
            gap = np.where(now, size, gap)
            better |= now
            share = np.where(going & ~better, 0.5 * share, 0.0)
            if not share.any():
                break
        going &= better
    return u


def _step(f: Callable[[np.ndarray], np.ndarray], u: np.ndarray, value: np.ndarray) -> np.ndarray:
    """The full step of each lane, nan where the equations do not determine it. shape (n_unknowns, n_lanes)"""
    n, lanes = u.shape
    slopes = np.empty((lanes, n, n))
    for j in range(n):
        moved = u.copy()
        size = np.maximum(np.abs(u[j]), np.abs(value[j]))
        moved[j] += _NUDGE * np.where(size > 0.0, size, 1.0)
        slopes[:, :, j] = ((f(moved) - value) / (moved[j] - u[j])).T
    matrices = np.eye(n) - slopes
    step = np.full((n, lanes), np.nan)
    for lane in range(lanes):
        matrix = matrices[lane]
        if np.isfinite(matrix).all() and np.linalg.cond(matrix) < 1.0 / _NUDGE:
            step[:, lane] = np.linalg.solve(matrix, (value - u)[:, lane])
    return step


def _size(gap: np.ndarray) -> np.ndarray:
    """The largest gap of each lane, inf where one is no number."""
    size = np.abs(gap).max(axis=0)
    return np.where(np.isfinite(size), size, np.inf)


def _within(u: np.ndarray, value: np.ndarray, tolerance: float) -> np.ndarray:
    """Whether all numbers of a lane agree with what they give; those that are nothing beside the largest may not."""
    sizes = np.maximum(np.abs(value), np.abs(u))
    return (np.abs(value - u) <= tolerance * np.maximum(sizes, _NUDGE * sizes.max(axis=0))).all(axis=0)
