"""Kinds of trajectories, told apart by where they go and not by their numbers. One row a kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Shape:
    """What the kinds are told apart by. All : ndarray, shape (n_runs,)

    end, peak : last and largest value. level, margin : as `capdyn.study.study.Classes` says.
    """

    end: np.ndarray
    peak: np.ndarray
    level: float
    margin: float


KINDS: dict[str, Callable[[Shape], np.ndarray]] = {
    "locks in": lambda s: s.peak < s.level,
    "relapses": lambda s: (s.peak >= s.level) & (s.end < s.level),
    "overshoots": lambda s: (s.end >= s.level) & (s.end < (1 - s.margin) * s.peak),
    "takes off": lambda s: (s.end >= s.level) & (s.end >= (1 - s.margin) * s.peak),
}
"""Kinds: never reaches the level; reaches it and falls back below; stays above but well below its peak;
reaches it and stays."""


def classify(values: np.ndarray, level: float, margin: float) -> np.ndarray:
    """The number of the kind in `KINDS` of each trajectory, -1 where it is not finite.

    Parameters
    ----------
    values : ndarray, shape (n_runs, n_times)
    level, margin : float

    Returns
    -------
    ndarray of int, shape (n_runs,)
    """
    finite = np.isfinite(values).all(axis=1)
    clean = np.where(finite[:, None], values, 0.0)
    shape = Shape(clean[:, -1], clean.max(axis=1), level, margin)
    found = np.full(len(values), -1)
    for number, kind in enumerate(KINDS.values()):
        found[finite & kind(shape)] = number
    return found
