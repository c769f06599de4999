"""Derivatives of features at the runs of a sample, from the model's tangent: what DGSM is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import xarray as xr

from ..errors import ArgumentError
from ..run.address import parse_address
from ..run.features import Feature
from ..run.sensitivities import sensitivities
from .study import Study

LINEAR = (
    "final",
    "at",
    "change",
    "mean",
    "integral",
)  # a feature of the derivative is the feature's derivative
_SMALL = 1e-4  # quantiles apart, for the slope of an input in its quantile


def slopes(
    study: Study,
    scenario: int,
    features: list[Feature],
    unit: np.ndarray,
    values: np.ndarray,
    compute: Callable[[Feature, np.ndarray, np.ndarray], np.ndarray],
    tell: Callable[[int, int, str], None],
) -> np.ndarray:
    """How each feature changes with the quantile of each input.

    Parameters
    ----------
    unit, values : ndarray, shape (n_runs, n_inputs)
        The inputs' quantiles and values.
    compute : callable
        `capdyn.run.features.compute`.
    tell : callable
        Progress: done, total, what.

    Returns
    -------
    ndarray, shape (n_runs, n_features, n_inputs)
        Not-a-number where the derivative is not finite.
    """
    check(study, features)
    targets = [target for own in study.inputs for target in own.targets]
    outputs = list(dict.fromkeys(parse_address(feature.variable)[0] for feature in features))
    stretch = _stretch(study, unit)
    found = np.full((len(unit), len(features), len(study.inputs)), np.nan)
    for run in range(len(unit)):
        tell(run, len(unit), "derivatives")
        derived = sensitivities(
            study.model, targets, _scenario(study, scenario, values[run]), outputs, study.run_method
        )
        for number, feature in enumerate(features):
            series = _element(derived, feature.variable)
            each = compute(feature, series.T, np.asarray(derived["time"].values))  # one a target
            found[run, number] = _by_input(study, each) * stretch[run]
    return found


def check(study: Study, features: list[Feature]) -> None:
    """Raises an ArgumentError for what has no derivative here."""
    for feature in features:
        if feature.statistic not in LINEAR or feature.against is not None:
            raise ArgumentError(
                f"dgsm: the derivative of '{feature.name}' ({feature.statistic}) is not computed.",
                remedy=f"Ask for {', '.join(LINEAR)}, without `against`, or take another method.",
            )
    for own in study.inputs:
        if not own.distribution.is_continuous:
            raise ArgumentError(
                f"dgsm: '{own.name}' takes single values, and nothing is differentiable in it.",
                remedy="Leave it out, or take another method.",
            )


def _stretch(study: Study, unit: np.ndarray) -> np.ndarray:
    """dx/du of each input at each run. shape (n_runs, n_inputs)"""
    low, high = np.clip(unit - _SMALL, 0, 1), np.clip(unit + _SMALL, 0, 1)
    return (study.values(high) - study.values(low)) / (high - low)


def _by_input(study: Study, each: np.ndarray) -> np.ndarray:
    """Derivatives in targets summed up to those in inputs. each : shape (n_targets,) -> (n_inputs,)"""
    found, taken = np.empty(len(study.inputs)), 0
    for number, own in enumerate(study.inputs):
        factors = np.array(own.base or (1.0,) * len(own.targets))
        found[number] = (each[taken : taken + len(factors)] * factors).sum()
        taken += len(factors)
    return found


def _scenario(study: Study, scenario: int, values: np.ndarray) -> Mapping[str, Any]:
    """The study's scenario with the inputs of one run."""
    parameters: dict[str, float] = {}
    for own, value in zip(study.inputs, values, strict=True):
        factors = own.base or (1.0,) * len(own.targets)
        parameters |= {t: float(value * f) for t, f in zip(own.targets, factors, strict=True)}
    name = study.scenarios[scenario]
    inherited = {} if name is None else {"inherits": str(name)}
    return {**inherited, "parameters": parameters}


def _element(runs: xr.Dataset, address: str) -> np.ndarray:
    """The series of one element in each direction. shape (n_targets, n_times)"""
    name, labels = parse_address(address)
    array = runs[name]
    dims = [d for d in array.dims if d not in ("parameter", "time")]
    return np.asarray(array.sel(dict(zip(dims, labels or (), strict=True))).values)
