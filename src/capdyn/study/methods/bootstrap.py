"""Resampling of blocks, and the intervals from it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

RESAMPLES = 400
_FLAT = 1e-12  # of the largest magnitude: a smaller spread is rounding


def weights(n_blocks: int, resamples: int, seed: int) -> np.ndarray:
    """How often each block is drawn in each resample, over the number of blocks. shape (resamples, n_blocks)

    Sums over drawn blocks are then one product of matrices, without an index.
    """
    random = np.random.default_rng([seed, n_blocks])
    return random.multinomial(n_blocks, np.full(n_blocks, 1 / n_blocks), size=resamples) / n_blocks


def draws(n_runs: int, resamples: int, seed: int) -> Iterator[np.ndarray]:
    """Numbers of the runs in each resample, shape (n_runs,) each, for what is no sum over runs."""
    random = np.random.default_rng([seed, n_runs])
    for _ in range(resamples):
        yield random.integers(0, n_runs, n_runs)


def interval(resampled: np.ndarray, confidence: float) -> np.ndarray:
    """Ends of the percentile interval (Efron 1979). resampled : shape (resamples, ...) -> shape (..., 2)"""
    tail = (1 - confidence) / 2
    return np.moveaxis(np.quantile(resampled, [tail, 1 - tail], axis=0), 0, -1)


def varies(y: np.ndarray) -> np.ndarray:
    """Whether each output varies by more than rounding. y : shape (n_runs, n_outputs) -> shape (n_outputs,)"""
    return np.ptp(y, axis=0) > _FLAT * np.abs(y).max(axis=0)


def where(condition: np.ndarray, values: np.ndarray, after: int = 0) -> np.ndarray:
    """Values, not-a-number where an output does not vary; `after` dimensions follow that of the outputs."""
    return np.where(condition.reshape(-1, *[1] * after), values, np.nan)
