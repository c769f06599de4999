"""From arrays of outputs to arrays of indices: one row a method, each of its results with its dimensions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .methods import delta as _delta
from .methods import efast as _efast
from .methods import morris as _morris
from .methods import pawn as _pawn
from .methods import sobol as _sobol
from .methods import tornado as _tornado
from .sampling import Design

Results = dict[str, np.ndarray]


@dataclass(frozen=True)
class Sample:
    """The runs that passed the gate.

    design : of all runs. keep : ndarray of bool, shape (n_runs,), whole blocks. x : shape (n_runs, n_inputs),
    quantiles.
    n_groups, n_inputs, size : of the design. settings : keywords of the method. seed : of the bootstrap.
    """

    design: Design
    keep: np.ndarray
    x: np.ndarray
    n_groups: int
    n_inputs: int
    size: int
    settings: Mapping[str, Any]
    seed: int
    second_order: bool = False

    @property
    def blocks(self) -> np.ndarray:
        """Numbers of the blocks that are kept."""
        return np.unique(self.design.block[self.keep])


@dataclass(frozen=True)
class Row:
    """How a method is computed, and the dimensions of what it gives behind that of the outputs.

    headline : the result that ranks inputs. quick : keywords that make it affordable for each time of a series.
    """

    compute: Callable[[np.ndarray, Sample], Results]
    dims: Mapping[str, tuple[str, ...]]
    headline: str
    quick: Mapping[str, Any]


def _of_sobol(y: np.ndarray, sample: Sample) -> Results:
    found = _sobol.sobol(y, sample.n_groups, sample.second_order, seed=sample.seed, **sample.settings)
    results = {
        "first": found.first,
        "first_interval": found.first_interval,
        "total": found.total,
        "total_interval": found.total_interval,
        "variance": found.variance,
    }
    if found.second is not None and found.second_interval is not None:
        results |= {"second": found.second, "second_interval": found.second_interval}
    return results


def _of_morris(y: np.ndarray, sample: Sample) -> Results:
    about, blocks = sample.design.about, sample.blocks
    found = _morris.morris(
        y,
        about["step"][blocks],
        about["up"][blocks],
        float(about["delta"]),
        seed=sample.seed,
        **sample.settings,
    )
    return {
        "effect": found.mean,
        "absolute_effect": found.mean_absolute,
        "absolute_effect_interval": found.mean_absolute_interval,
        "effect_deviation": found.deviation,
    }


def _of_efast(y: np.ndarray, sample: Sample) -> Results:
    found = _efast.efast(y, sample.blocks % sample.n_inputs, sample.size, sample.n_inputs)
    return {
        "first": found.first,
        "first_interval": found.first_interval,
        "total": found.total,
        "total_interval": found.total_interval,
    }


def _of_pawn(y: np.ndarray, sample: Sample) -> Results:
    found = _pawn.pawn(sample.x[sample.keep], y, seed=sample.seed, **sample.settings)
    return {
        "pawn": found.median,
        "pawn_interval": found.median_interval,
        "pawn_largest": found.largest,
        "pawn_noise": found.noise,
    }


def _of_delta(y: np.ndarray, sample: Sample) -> Results:
    found = _delta.delta(sample.x[sample.keep], y, seed=sample.seed, **sample.settings)
    return {"delta": found.delta, "delta_interval": found.interval, "delta_noise": found.noise}


def _of_tornado(y: np.ndarray, sample: Sample) -> Results:
    every = np.full((len(sample.keep), y.shape[1]), np.nan)
    every[sample.keep] = y  # each bar stands alone: one that failed is missing, the others stay
    found = _tornado.tornado(every)
    return {
        "centre": found.centre,
        "at_low": found.low,
        "at_high": found.high,
        "swing": np.maximum(
            np.abs(found.low - found.centre[:, None]), np.abs(found.high - found.centre[:, None])
        ),
    }


_SHARES = {
    "first": ("group",),
    "first_interval": ("group", "bound"),
    "total": ("group",),
    "total_interval": ("group", "bound"),
}

ROWS: dict[str, Row] = {
    "sobol": Row(
        _of_sobol,
        {
            **_SHARES,
            "variance": (),
            "second": ("group", "other_group"),
            "second_interval": ("group", "other_group", "bound"),
        },
        "total",
        {},
    ),
    "morris": Row(
        _of_morris,
        {
            "effect": ("group",),
            "absolute_effect": ("group",),
            "absolute_effect_interval": ("group", "bound"),
            "effect_deviation": ("group",),
        },
        "absolute_effect",
        {},
    ),
    "efast": Row(
        _of_efast,
        {name: tuple("input" if d == "group" else d for d in dims) for name, dims in _SHARES.items()},
        "total",
        {},
    ),
    "pawn": Row(
        _of_pawn,
        {
            "pawn": ("input",),
            "pawn_interval": ("input", "bound"),
            "pawn_largest": ("input",),
            "pawn_noise": (),
        },
        "pawn",
        {"resamples": 2},
    ),
    "delta": Row(
        _of_delta,
        {"delta": ("input",), "delta_interval": ("input", "bound"), "delta_noise": ()},
        "delta",
        {"resamples": 4},
    ),
    "tornado": Row(
        _of_tornado,
        {"centre": (), "at_low": ("group",), "at_high": ("group",), "swing": ("group",)},
        "swing",
        {},
    ),
}
"""Methods that need nothing but the outputs; 'dgsm' needs derivatives of the model too, see `capdyn.study.slopes`."""
