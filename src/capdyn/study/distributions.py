"""Distributions of inputs: one row each, from quantile to value and back. All have ends, so that no sample
leaves a range."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from scipy import stats


@dataclass(frozen=True)
class Distribution:
    """A distribution with its numbers.

    kind : a row of `KINDS`. low, high : its ends, in the input's unit. shape : the row's other numbers by name.
    values, weights : of a discrete one; weights add up to 1. points : of draws, ascending.
    """

    kind: str
    low: float
    high: float
    shape: tuple[tuple[str, float], ...] = ()
    values: tuple[float, ...] = ()
    weights: tuple[float, ...] = ()
    points: tuple[float, ...] = field(default=(), repr=False)

    def __getitem__(self, name: str) -> float:
        return dict(self.shape)[name]

    def values_at(self, quantiles: np.ndarray) -> np.ndarray:
        """The values at quantiles, shape as given; never outside the ends."""
        found = np.asarray(KINDS[self.kind].values(self, np.asarray(quantiles, dtype=float)))
        return np.clip(found, self.low, self.high)

    def quantile_of(self, value: float) -> float:
        """The quantile at which a value stands, 0 or 1 outside the ends; of a discrete one the middle of its step."""
        if self.values:
            return float(KINDS[self.kind].quantile(self, value))
        if value <= self.low:
            return 0.0
        return 1.0 if value >= self.high else float(KINDS[self.kind].quantile(self, value))

    @property
    def is_continuous(self) -> bool:
        return not self.values

    def __str__(self) -> str:
        """As the report writes it: `uniform, 0 to 1`."""
        if self.values:
            pairs = zip(self.values, self.weights, strict=True)
            return f"{self.kind}: " + ", ".join(f"{value:g} ({weight:.3g})" for value, weight in pairs)
        if self.points:
            return f"{len(self.points)} draws, {self.low:g} to {self.high:g}"
        extra = "".join(f", {name} {number:g}" for name, number in self.shape)
        return f"{self.kind.replace('_', '-')}, {self.low:g} to {self.high:g}{extra}"


@dataclass(frozen=True)
class Kind:
    """What a kind of distribution needs beside its ends, and its quantile function and distribution function.

    wrong : a sentence if the numbers do not fit together, else ''.
    """

    needs: tuple[str, ...]
    values: Callable[[Distribution, np.ndarray], np.ndarray]
    quantile: Callable[[Distribution, float], float]
    wrong: Callable[[Distribution], str]


def _uniform(d: Distribution, u: np.ndarray) -> np.ndarray:
    return d.low * (1 - u) + d.high * u  # a weighted mean: exact at both ends


def _log_uniform(d: Distribution, u: np.ndarray) -> np.ndarray:
    return d.low * (d.high / d.low) ** u


def _triangular(d: Distribution) -> stats.rv_continuous:
    return stats.triang((d["mode"] - d.low) / (d.high - d.low), d.low, d.high - d.low)


def _normal(d: Distribution) -> stats.rv_continuous:
    mean, sd = d["mean"], d["sd"]
    return stats.truncnorm((d.low - mean) / sd, (d.high - mean) / sd, mean, sd)


def _discrete(d: Distribution, u: np.ndarray) -> np.ndarray:
    steps = np.cumsum(d.weights)[:-1]
    return np.asarray(d.values)[np.searchsorted(steps, u, side="right")]


def _discrete_quantile(d: Distribution, value: float) -> float:
    """The middle of the step nearest to a value."""
    nearest = int(np.argmin(np.abs(np.asarray(d.values) - value)))
    before = float(sum(d.weights[:nearest]))
    return before + d.weights[nearest] / 2


def _drawn(d: Distribution, u: np.ndarray) -> np.ndarray:
    """The draw of that rank, and nothing between two of them."""
    count = len(d.points)
    return np.asarray(d.points)[np.minimum((u * count).astype(np.int64), count - 1)]


def _fine(d: Distribution) -> str:
    return ""


KINDS: dict[str, Kind] = {
    "uniform": Kind((), _uniform, lambda d, x: (x - d.low) / (d.high - d.low), _fine),
    "log_uniform": Kind(
        (),
        _log_uniform,
        lambda d, x: float(np.log(x / d.low) / np.log(d.high / d.low)),
        lambda d: "" if d.low > 0 else f"begins at {d.low:g}; a logarithm needs an end above 0",
    ),
    "triangular": Kind(
        ("mode",),
        lambda d, u: _triangular(d).ppf(u),
        lambda d, x: float(_triangular(d).cdf(x)),
        lambda d: "" if d.low <= d["mode"] <= d.high else f"has its mode {d['mode']:g} outside its ends",
    ),
    "normal": Kind(
        ("mean", "sd"),
        lambda d, u: _normal(d).ppf(u),
        lambda d, x: float(_normal(d).cdf(x)),
        lambda d: "" if d["sd"] > 0 else f"has a standard deviation of {d['sd']:g}",
    ),
    "discrete": Kind((), _discrete, _discrete_quantile, _fine),
    "switch": Kind((), _discrete, _discrete_quantile, _fine),
    "draws": Kind((), _drawn, lambda d, x: float(np.searchsorted(d.points, x)) / len(d.points), _fine),
}
STATED = tuple(name for name in KINDS if name != "draws")
"""Those that a study file can name; draws come from a file."""


def correlate(unit: np.ndarray, correlation: np.ndarray) -> np.ndarray:
    """Independent quantiles made dependent by a Gaussian copula (Iman and Conover 1982 give the same ranks).

    Parameters
    ----------
    unit : ndarray, shape (n_runs, n_inputs)
        Quantiles, 0 to 1.
    correlation : ndarray, shape (n_inputs, n_inputs)
        Rank correlations (Spearman), positive definite as `copula_factor` says.

    Returns
    -------
    ndarray, shape (n_runs, n_inputs)
    """
    factor = copula_factor(correlation)
    if factor is None:
        raise ValueError("the correlations are not positive definite")
    tiny = np.finfo(float).eps
    return np.asarray(stats.norm.cdf(stats.norm.ppf(np.clip(unit, tiny, 1 - tiny)) @ factor.T))


def copula_factor(correlation: np.ndarray) -> np.ndarray | None:
    """Cholesky factor of the normal correlations behind rank correlations, 2 sin(pi r / 6); None if there is none."""
    try:
        normal = 2 * np.sin(np.pi * correlation / 6)
        np.fill_diagonal(normal, 1.0)
        return np.linalg.cholesky(normal)
    except np.linalg.LinAlgError:
        return None
