"""Regional analysis: how inputs differ between runs that do something and runs that do not (Hornberger and
Spear 1981)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats


@dataclass(frozen=True)
class Regional:
    """The two groups of runs compared.

    distance, p_value : ndarray, shape (n_inputs,), Kolmogorov-Smirnov; p-values corrected for the number of
    inputs by Holm (1979).
    shift : shape (n_inputs,), median quantile of the runs inside less that of those outside.
    inside : how many runs.
    """

    distance: np.ndarray
    p_value: np.ndarray
    shift: np.ndarray
    inside: int


def regional(unit: np.ndarray, inside: np.ndarray) -> Regional:
    """Compares the inputs of two groups of runs.

    Parameters
    ----------
    unit : ndarray, shape (n_runs, n_inputs)
        Quantiles of the inputs.
    inside : ndarray of bool, shape (n_runs,)

    Returns
    -------
    Regional
        Not-a-number where a group has fewer than two runs.
    """
    n_inputs = unit.shape[1]
    distance, p_value, shift = (np.full(n_inputs, np.nan) for _ in range(3))
    if 2 <= inside.sum() <= len(inside) - 2:
        tests = [stats.ks_2samp(column[inside], column[~inside], method="asymp") for column in unit.T]
        distance = np.array([test.statistic for test in tests])
        p_value = holm(np.array([test.pvalue for test in tests]))
        shift = np.median(unit[inside], axis=0) - np.median(unit[~inside], axis=0)
    return Regional(distance, p_value, shift, int(inside.sum()))


def holm(p_values: np.ndarray) -> np.ndarray:
    """p-values corrected for their number (Holm 1979)."""
    order = np.argsort(p_values)
    steps = p_values[order] * np.arange(len(p_values), 0, -1)
    corrected = np.empty(len(p_values))
    corrected[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return corrected
