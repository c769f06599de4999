"""Borgonovo's delta: how far the density of an output moves when an input is known (Borgonovo 2007).

The estimator is that of Plischke, Borgonovo and Smith (2013): densities within classes of an input, and a
bootstrap that corrects the bias. Densities come from binned kernels, so that all classes cost one Fourier
transform. SALib's takes seconds an output, a seed of 0 for none, and changes Python's warning filters.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from .bootstrap import draws, varies

RESAMPLES = 50
_BINS = 512
_IDLE = 20  # inputs that do nothing, to see what they get
_MOST_CLASSES = 48  # Plischke et al. (2013), as in their own code


@dataclass(frozen=True)
class Delta:
    """delta : ndarray, shape (n_outputs, n_inputs), less its bias. interval : shape (n_outputs, n_inputs, 2), normal.

    noise : shape (n_outputs,), the 95th percentile of what inputs that do nothing get; an index below it says
    nothing.
    """

    delta: np.ndarray
    interval: np.ndarray
    noise: np.ndarray


def delta(
    x: np.ndarray, y: np.ndarray, confidence: float = 0.95, resamples: int = RESAMPLES, seed: int = 0
) -> Delta:
    """Borgonovo's delta from any sample.

    Parameters
    ----------
    x : ndarray, shape (n_runs, n_inputs)
        Values or quantiles; only their order counts.
    y : ndarray, shape (n_runs, n_outputs)
    confidence, resamples, seed
        Of the bootstrap over runs.

    Returns
    -------
    Delta
        Not-a-number for an output that does not vary, and for one that takes few values: it has no density.
    """
    n_inputs = x.shape[1]
    x = np.hstack([x, np.random.default_rng([seed, 1]).random((len(x), _IDLE))])
    found = np.full((y.shape[1], x.shape[1]), np.nan)
    ends = np.full((*found.shape, 2), np.nan)
    for output in np.flatnonzero(varies(y) & has_density(y)):
        column = y[:, output]
        plain = _distances(x, column)
        drawn = np.stack([_distances(x[i], column[i]) for i in draws(len(x), resamples, seed)])
        found[output] = 2 * plain - drawn.mean(axis=0)
        half = norm.ppf((1 + confidence) / 2) * drawn.std(axis=0)
        ends[output] = np.stack([found[output] - half, found[output] + half], axis=-1)
    noise = np.quantile(found[:, n_inputs:], 0.95, axis=1)
    return Delta(found[:, :n_inputs], ends[:, :n_inputs], noise)


def has_density(y: np.ndarray) -> np.ndarray:
    """Whether no value of an output comes in more than a twentieth of the runs. shape (n_outputs,)"""
    most = [np.unique(column, return_counts=True)[1].max() for column in y.T]
    return np.array(most) <= max(1, len(y) // 20)


def _distances(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Mean distance of the densities in classes of each input from that of all runs, not corrected. shape
    (n_inputs,)"""
    count = len(y)
    classes = min(int(np.ceil(count ** (2 / (7 + np.tanh((1500 - count) / 500))))), _MOST_CLASSES)
    low, high = y.min(), y.max()
    place = np.minimum(((y - low) / (high - low) * _BINS).astype(np.int64), _BINS - 1)
    whole = _densities(np.bincount(place, minlength=_BINS)[None], np.array([y.std(ddof=1)]), high - low)
    found = np.empty(x.shape[1])
    for column in range(x.shape[1]):
        rank = np.argsort(np.argsort(x[:, column], kind="stable"))
        own = rank * classes // count
        counts = np.bincount(own * _BINS + place, minlength=classes * _BINS).reshape(classes, _BINS)
        sizes = counts.sum(axis=1)
        mean = np.bincount(own, y, classes) / sizes
        spread = np.sqrt(np.bincount(own, (y - mean[own]) ** 2, classes) / np.maximum(sizes - 1, 1))
        parts = _densities(counts, spread, high - low)
        apart = np.abs(parts - whole).sum(axis=1) / 2
        found[column] = (sizes * apart).sum() / count
    return found


def _densities(counts: np.ndarray, spread: np.ndarray, width: float) -> np.ndarray:
    """Share of each bin, smoothed by a Gaussian of Silverman's (1986) bandwidth.

    counts : ndarray, shape (n_classes, _BINS); spread : shape (n_classes,); width : of all bins together, as spread.
    -> shape (n_classes, 2 * _BINS), with room for the tails outside the bins
    """
    sizes = counts.sum(axis=1)
    bandwidth = spread * (3 * sizes / 4) ** -0.2 / (width / _BINS)
    frequency = 2 * np.pi * np.fft.rfftfreq(2 * _BINS)
    damped = np.fft.rfft(counts, 2 * _BINS, axis=1) * np.exp(-0.5 * (bandwidth[:, None] * frequency) ** 2)
    return np.asarray(np.fft.irfft(damped, 2 * _BINS, axis=1) / sizes[:, None])
