"""PAWN: how far the distribution of an output moves when an input is held in a slice of its range (Pianosi and
Wagener 2015, 2018).

SALib computes the same medians; here many outputs go at once, with a bootstrap and the noise level of an input
that does nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from .bootstrap import draws, varies, where

RESAMPLES = 100  # each sorts everything again
_LEAST = 5  # runs in a slice


@dataclass(frozen=True)
class Pawn:
    """Kolmogorov-Smirnov distances between all runs and those of a slice, over the slices of an input.

    median, largest : ndarray, shape (n_outputs, n_inputs); median_interval : shape (n_outputs, n_inputs, 2).
    noise : shape (n_outputs,), the 95th percentile of the median for an input that does nothing; an index
    below it says nothing.
    """

    median: np.ndarray
    largest: np.ndarray
    median_interval: np.ndarray
    noise: np.ndarray


def pawn(
    x: np.ndarray,
    y: np.ndarray,
    slices: int = 10,
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Pawn:
    """PAWN indices from any sample.

    Parameters
    ----------
    x : ndarray, shape (n_runs, n_inputs)
        Values or quantiles; only their order counts.
    y : ndarray, shape (n_runs, n_outputs)
    slices : int
        Of an input's range, with equally many runs each; fewer where a slice would have fewer than five runs.
    confidence, resamples, seed
        Of the bootstrap over runs.

    Returns
    -------
    Pawn
    """
    varied = varies(y)
    slices = max(min(slices, len(x) // _LEAST), 1)
    found = _distances(x, y, slices)
    resampled = np.stack(
        [np.median(_distances(x[i], y[i], slices), axis=0) for i in draws(len(x), resamples, seed)]
    )
    median = np.median(found, axis=0)
    # Resampling adds noise, which only raises distances: its spread is right, its percentiles are too high.
    half = norm.ppf((1 + confidence) / 2) * resampled.std(axis=0)
    interval = np.clip(np.stack([median - half, median + half], axis=-1), 0.0, 1.0)
    random = np.random.default_rng([seed, 1])
    idle = random.random((len(x), max(resamples, 40)))
    noise = np.quantile(np.median(_distances(idle, y, slices), axis=0), 0.95, axis=-1)
    return Pawn(
        where(varied, median, 1),
        where(varied, found.max(axis=0), 1),
        where(varied, interval, 2),
        where(varied, noise),
    )


def _distances(x: np.ndarray, y: np.ndarray, slices: int) -> np.ndarray:
    """Largest distance of the two distribution functions. shape (slices, n_outputs, n_inputs)"""
    count, n_inputs = x.shape
    bounds = np.linspace(0, count, slices + 1).astype(int)
    sizes = np.diff(bounds)
    slice_of = np.empty((count, n_inputs), dtype=np.int64)
    rank = np.argsort(np.argsort(x, axis=0, kind="stable"), axis=0)
    slice_of = np.searchsorted(bounds, rank, side="right") - 1
    found = np.empty((slices, y.shape[1], n_inputs))
    for output in range(y.shape[1]):
        order = np.argsort(y[:, output], kind="stable")
        ranked = y[order, output]
        last = np.append(ranked[1:] != ranked[:-1], True)  # of equal values only the last counts
        whole = np.arange(1, count + 1)[last, None] / count
        mine = slice_of[order]
        for number in range(slices):
            part = np.cumsum(mine == number, axis=0)[last] / sizes[number]
            found[number, output] = np.abs(part - whole).max(axis=0)
    return found
