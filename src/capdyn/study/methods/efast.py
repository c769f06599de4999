"""eFAST: shares of variance by the frequency at which each input swings (Saltelli, Tarantola and Chan 1999)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..sampling import INTERFERENCE, frequencies
from .bootstrap import varies, where


@dataclass(frozen=True)
class Efast:
    """First and total order from the mean over curves, and the least and largest of single curves.

    first, total : ndarray, shape (n_outputs, n_inputs). first_interval, total_interval : shape (n_outputs,
    n_inputs, 2), the span of the curves, which is no confidence interval. curves : shape (n_inputs,), how many
    counted.
    """

    first: np.ndarray
    total: np.ndarray
    first_interval: np.ndarray
    total_interval: np.ndarray
    curves: np.ndarray


def efast(y: np.ndarray, curve_of: np.ndarray, size: int, n_inputs: int) -> Efast:
    """Indices from the curves of `capdyn.study.sampling.efast`.

    Parameters
    ----------
    y : ndarray, shape (n_curves * size, n_outputs)
        Whole curves only.
    curve_of : ndarray, shape (n_curves,)
        The input that each curve is about.
    size, n_inputs : int
        Points of a curve, and inputs of the design.

    Returns
    -------
    Efast
        Not-a-number for an input of which no curve is left.
    """
    varied = varies(y)
    own, _ = frequencies(size, n_inputs)
    curves = y.reshape(-1, size, y.shape[1])
    power = np.abs(np.fft.rfft(curves, axis=1)[:, 1 : (size + 1) // 2]) ** 2
    variance = power.sum(axis=1)
    harmonics = np.arange(1, INTERFERENCE + 1) * own - 1
    with np.errstate(divide="ignore", invalid="ignore"):
        first = power[:, harmonics].sum(axis=1) / variance
        total = 1 - power[:, : own // 2].sum(axis=1) / variance
    shape = (y.shape[1], n_inputs)
    found = {name: np.full(shape, np.nan) for name in ("first", "total")}
    spans = {name: np.full((*shape, 2), np.nan) for name in ("first", "total")}
    counts = np.bincount(curve_of, minlength=n_inputs)
    for j in np.flatnonzero(counts):
        for name, shares in (("first", first), ("total", total)):
            these = shares[curve_of == j]
            found[name][:, j] = these.mean(axis=0)
            spans[name][:, j] = np.stack([these.min(axis=0), these.max(axis=0)], axis=-1)
    return Efast(
        where(varied, found["first"], 1),
        where(varied, found["total"], 1),
        where(varied, spans["first"], 2),
        where(varied, spans["total"], 2),
        counts,
    )
