"""Derivatives over the space: an upper bound of the total index from mean squares (Sobol' and Kucherenko 2009)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .bootstrap import RESAMPLES, interval, varies, weights, where


@dataclass(frozen=True)
class Dgsm:
    """mean_square : ndarray, shape (n_outputs, n_inputs), of the derivative in the quantile, in the output's
    unit squared.

    bound, bound_interval : shape (n_outputs, n_inputs[, 2]), the upper bound of the total index, mean square /
    (pi^2 variance), which holds for inputs in their quantiles, uniform on 0 to 1.
    """

    mean_square: np.ndarray
    bound: np.ndarray
    bound_interval: np.ndarray


def dgsm(
    y: np.ndarray,
    slopes: np.ndarray,
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Dgsm:
    """Measures from derivatives at the points of a sample.

    Parameters
    ----------
    y : ndarray, shape (n_runs, n_outputs)
    slopes : ndarray, shape (n_runs, n_outputs, n_inputs)
        Derivatives of the outputs in the quantiles of the inputs: those in the inputs times dx/du.

    Returns
    -------
    Dgsm
    """
    varied = varies(y)
    squares = slopes**2
    centred = y - y.mean(axis=0)
    draws = weights(len(y), resamples, seed)
    resampled = np.tensordot(draws, squares, axes=1)
    spread = draws @ centred**2 - (draws @ centred) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        bound = squares.mean(axis=0) / (np.pi**2 * y.var(axis=0)[:, None])
        bounds = resampled / (np.pi**2 * spread[:, :, None])
    return Dgsm(
        where(varied, squares.mean(axis=0), 1),
        where(varied, bound, 1),
        where(varied, interval(bounds, confidence), 2),
    )
