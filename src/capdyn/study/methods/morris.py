"""Elementary effects: what a step of a group through its range changes, here and there in the space (Morris 1991)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .bootstrap import RESAMPLES, interval, varies, weights, where


@dataclass(frozen=True)
class Morris:
    """Elementary effects, in the output's unit over the group's whole range (a step over its length in quantiles).

    mean, mean_absolute, deviation : ndarray, shape (n_outputs, n_groups), Morris' mu, the mu* of Campolongo et
    al. (2007), sigma.
    mean_absolute_interval : shape (n_outputs, n_groups, 2).
    """

    mean: np.ndarray
    mean_absolute: np.ndarray
    deviation: np.ndarray
    mean_absolute_interval: np.ndarray


def morris(
    y: np.ndarray,
    step: np.ndarray,
    up: np.ndarray,
    delta: float,
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Morris:
    """Elementary effects from the trajectories of `capdyn.study.sampling.morris`.

    Parameters
    ----------
    y : ndarray, shape (n_blocks * (n_groups + 1), n_outputs)
    step, up : ndarray, shape (n_blocks, n_groups)
        In which step a group moves, and whether up (+1) or down (-1).
    delta : float
        The length of a step, in quantiles.

    Returns
    -------
    Morris
    """
    n_blocks, n_groups = step.shape
    varied = varies(y)
    runs = y.reshape(n_blocks, n_groups + 1, -1)
    moves = np.take_along_axis(np.diff(runs, axis=1), step[:, :, None], axis=1)
    effects = moves * up[:, :, None] / delta  # shape (n_blocks, n_groups, n_outputs)
    draws = weights(n_blocks, resamples, seed)
    resampled = np.tensordot(draws, np.abs(effects), axes=1)
    deviation = effects.std(axis=0, ddof=1) if n_blocks > 1 else np.full(effects.shape[1:], np.nan)
    return Morris(
        where(varied, effects.mean(axis=0).T, 1),
        where(varied, np.abs(effects).mean(axis=0).T, 1),
        where(varied, deviation.T, 1),
        where(varied, interval(np.swapaxes(resampled, 1, 2), confidence), 2),
    )
