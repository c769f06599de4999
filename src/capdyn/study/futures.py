"""Policies over futures: each member is a future, the same in every scenario. Differences, regret, how often
aims are met."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True)
class Differences:
    """Scenarios against the first, run by run.

    mean : ndarray, shape (n_scenarios, n_outputs). quantiles : shape (n_scenarios, n_outputs, len(QUANTILES)).
    above : shape (n_scenarios, n_outputs), share of futures in which the scenario has more than the first.
    """

    mean: np.ndarray
    quantiles: np.ndarray
    above: np.ndarray


def differences(y: np.ndarray) -> Differences:
    """y : ndarray, shape (n_scenarios, n_runs, n_outputs), finite"""
    less = y - y[0]
    quantiles = np.moveaxis(np.quantile(less, QUANTILES, axis=1), 0, -1)
    return Differences(less.mean(axis=1), quantiles, (less > 0).mean(axis=1))


def regret(y: np.ndarray, better: int) -> np.ndarray:
    """How far each scenario stays behind the best one in each future (Savage 1951).

    Parameters
    ----------
    y : ndarray, shape (n_scenarios, n_runs)
    better : int
        +1 where more is better, -1 where less is.

    Returns
    -------
    ndarray, shape (n_scenarios, n_runs)
        0 or more, in the output's unit. An infinite output, such as the time of what never comes, is
        infinitely far behind.
    """
    score = better * y
    best = score.max(axis=0)
    # Where all are equally infinite nobody is behind.
    return np.where(score == best, 0.0, best - np.where(score == best, 0.0, score))


def wilson(hits: int, runs: int, confidence: float = 0.95) -> tuple[float, float]:
    """Interval of a share (Wilson 1927)."""
    from scipy.stats import binomtest

    if runs == 0:
        return np.nan, np.nan
    interval = binomtest(hits, runs).proportion_ci(confidence, method="wilson")
    return float(interval.low), float(interval.high)
