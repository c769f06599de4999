"""Sobol' indices: shares of an output's variance that groups of inputs explain, alone and with all others.

First order by the estimator of Saltelli et al. (2010), total by that of Jansen (1999), second order by that of
Saltelli (2002).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .bootstrap import RESAMPLES, interval, varies, weights, where

_LEAST_BLOCKS = 16  # of the smallest part of the runs that convergence is shown for


@dataclass(frozen=True)
class Sobol:
    """Indices of each output for each group.

    first, total : ndarray, shape (n_outputs, n_groups); first_interval, total_interval : shape (n_outputs,
    n_groups, 2).
    second, second_interval : shape (n_outputs, n_groups, n_groups[, 2]), above the diagonal; None where not
    asked for.
    variance : shape (n_outputs,), in the output's unit squared.
    """

    first: np.ndarray
    total: np.ndarray
    first_interval: np.ndarray
    total_interval: np.ndarray
    variance: np.ndarray
    second: np.ndarray | None = None
    second_interval: np.ndarray | None = None


def sobol(
    y: np.ndarray,
    n_groups: int,
    second_order: bool = False,
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Sobol:
    """Sobol' indices from the runs of `capdyn.study.sampling.saltelli`.

    Parameters
    ----------
    y : ndarray, shape (n_blocks * (2 + n_groups or 2 + 2 n_groups), n_outputs)
        Whole blocks only.
    n_groups : int
    second_order : bool
        Whether the blocks hold the runs for it.
    confidence : float
        Of the intervals.
    resamples, seed : int
        Of the bootstrap, over blocks.

    Returns
    -------
    Sobol
    """
    each = 2 + n_groups * (1 + second_order)
    varied = varies(y)
    runs = y.reshape(-1, each, y.shape[1])
    runs = runs - runs.mean(axis=(0, 1))  # smaller errors: the products are of deviations
    products = _products(runs, n_groups, second_order)
    draws = weights(len(runs), resamples, seed)
    ones = np.full((1, len(runs)), 1 / len(runs))
    point = _indices(ones @ products, y.shape[1], n_groups, second_order)
    spread = _indices(draws @ products, y.shape[1], n_groups, second_order)
    found: dict[str, np.ndarray] = {}
    for name in ("first", "total", "second"):
        if name in point:
            after = point[name].ndim - 2
            found[name] = where(varied, point[name][0], after)
            found[f"{name}_interval"] = where(varied, interval(spread[name], confidence), after + 1)
    return Sobol(variance=point["variance"][0], **found)


def _products(runs: np.ndarray, n_groups: int, second_order: bool) -> np.ndarray:
    """What the estimators are means of, side by side: shape (n_blocks, n_sums * n_outputs)."""
    a, b = runs[:, 0], runs[:, -1]
    ab = runs[:, 1 : 1 + n_groups]
    # Every run is distributed as the output is; with all of them a rare event does not fall out of the variance.
    parts = [runs.mean(axis=1)[:, None], (runs**2).mean(axis=1)[:, None]]
    parts += [b[:, None] * (ab - a[:, None]), (a[:, None] - ab) ** 2 / 2]
    if second_order:
        ba = runs[:, 1 + n_groups : 1 + 2 * n_groups]
        pairs = [ba[:, j] * ab[:, k] - a * b for j in range(n_groups) for k in range(j + 1, n_groups)]
        parts += [np.stack(pairs, axis=1)] if pairs else []
    flat = np.concatenate(parts, axis=1)
    return flat.reshape(len(flat), -1)


def _indices(means: np.ndarray, n_outputs: int, n_groups: int, second_order: bool) -> dict[str, np.ndarray]:
    """The indices from means of products, a row a resample. means : shape (resamples, n_sums * n_outputs)"""
    sums = np.moveaxis(means.reshape(len(means), -1, n_outputs), 1, 2)
    variance = sums[..., 1] - sums[..., 0] ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = sums[..., 2:] / variance[..., None]
    first, total = shares[..., :n_groups], shares[..., n_groups : 2 * n_groups]
    found = {"variance": variance, "first": first, "total": total}
    if second_order:
        second = np.full((*first.shape, n_groups), np.nan)
        j, k = np.triu_indices(n_groups, 1)
        second[..., j, k] = shares[..., 2 * n_groups :] - first[..., j] - first[..., k]
        found["second"] = second
    return found


def parts(n_blocks: int) -> list[int]:
    """Numbers of blocks at which convergence is looked at: the whole, its half, and so on, the smallest first."""
    found = [n_blocks]
    while len(found) < 5 and found[0] // 2 >= _LEAST_BLOCKS:
        found.insert(0, found[0] // 2)
    return found
