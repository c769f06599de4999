"""One input at a time: what each end of a range does while everything else stands where it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Tornado:
    """centre : ndarray, shape (n_outputs,). low, high : shape (n_outputs, n_groups), the output with a group
    at an end."""

    centre: np.ndarray
    low: np.ndarray
    high: np.ndarray


def tornado(y: np.ndarray) -> Tornado:
    """From the runs of `capdyn.study.sampling.one_at_a_time`. y : ndarray, shape (1 + 2 * n_groups, n_outputs)

    Not-a-number where a run at an end failed; each bar stands alone.
    """
    ends = y[1:].reshape(-1, 2, y.shape[1])
    return Tornado(y[0], ends[:, 0].T, ends[:, 1].T)
