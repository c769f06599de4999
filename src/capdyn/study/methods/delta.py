"""Borgonovo's delta: how far the density of an output moves when an input is known (Borgonovo 2007).

The estimator is SALib's (Plischke, Borgonovo and Smith 2013), with its correction of the bias by the bootstrap.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .bootstrap import varies

RESAMPLES = 50


@dataclass(frozen=True)
class Delta:
    """delta, half_width : ndarray, shape (n_outputs, n_inputs), the index and half the width of its interval."""

    delta: np.ndarray
    half_width: np.ndarray


def delta(
    x: np.ndarray, y: np.ndarray, confidence: float = 0.95, resamples: int = RESAMPLES, seed: int = 0
) -> Delta:
    """Borgonovo's delta from any sample.

    Parameters
    ----------
    x : ndarray, shape (n_runs, n_inputs)
    y : ndarray, shape (n_runs, n_outputs)

    Returns
    -------
    Delta
        Not-a-number for an output that does not vary, and for one that takes few values: it has no density.
    """
    from SALib.analyze import delta as salib

    n_inputs = x.shape[1]
    problem = {
        "num_vars": n_inputs,
        "names": [f"x{i}" for i in range(n_inputs)],
        "bounds": [[0, 1]] * n_inputs,
    }
    found = np.full((y.shape[1], n_inputs), np.nan)
    half = np.full((y.shape[1], n_inputs), np.nan)
    for output in np.flatnonzero(varies(y) & has_density(y)):
        with np.errstate(all="ignore"):
            result = salib.analyze(
                problem,
                x,
                y[:, output],
                num_resamples=resamples,
                conf_level=confidence,
                seed=seed,
                method="delta",
            )
        found[output], half[output] = result["delta"], result["delta_conf"]
    return Delta(found, half)


def has_density(y: np.ndarray) -> np.ndarray:
    """Whether no value of an output comes in more than a twentieth of the runs. shape (n_outputs,)"""
    most = [np.unique(column, return_counts=True)[1].max() for column in y.T]
    return np.array(most) <= max(1, len(y) // 20)
