"""The posterior of a calibration: draws of its free constants, by the ensemble sampler of emcee.

The sampler (Foreman-Mackey et al. 2013) moves by differences of walkers (ter Braak 2006) in the
quantiles of the priors, a unit cube in which the prior is flat. Walkers that move at once, half of them, are one
ensemble of the model.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from scipy.stats import qmc

from ..errors import ArgumentError, NumericalError
from ..run.notebook import Progress, listener
from ..run.summary import Table
from .calibration import Calibration, read_calibration
from .kept import Kept

LEVEL = 0.95  # of intervals
_SCOUTS = 16  # runs for each walker, the most likely of which are where walkers begin
_ENOUGH = 50  # autocorrelation times that a chain should have; emcee's own rule


def posterior(
    calibration: Calibration | str | Path,
    draws: int = 4000,
    walkers: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
    folder: str | Path | None = None,
) -> xr.Dataset:
    """Draws from the posterior of the free constants, given the targets.

    Each target has a Gaussian error of its `sd`, and a bound counts only where it is broken; the prior is what
    `distribution` says of each free constant, between its ends, uniform by default. A run that fails has likelihood
    zero. Walkers begin at the most likely points of a Latin hypercube, and
    half as many steps as are kept are thrown away before.

    Parameters
    ----------
    calibration : Calibration, str or Path
        As from `capdyn.read_calibration`, or its file.
    draws : int
        How many to keep, of all walkers together; rounded up to a whole number of steps.
    walkers : int, optional
        Even, at least 8 and twice the free constants; by default four times as many, and at least 32.
    seed : int
        From 0 to 2**32 - 1. The same seed gives the same draws.
    progress : callable, optional
        Called as `progress(done, total, what)`.
    folder : str or Path, optional
        Where steps are kept as they come: the same call goes on with them, and so does one for more draws. No number
        depends on it.

    Returns
    -------
    xarray.Dataset
        `value` (draw, free) in the constants' units, `log_likelihood` (draw) up to a constant, `found` (draw, target):
        the numbers that the targets speak of. Draws come step by step, with the coordinates `of_step` and `of_walker`.
        Over `free`: `autocorrelation_time` in steps, `effective_draws`, `mean`, `sd`, `low` and `high` (95 %).
        `acceptance` (walker): the share of moves that were taken. Attributes: `runs` and `failed_runs` in all,
        `warning` with what makes the draws doubtful, empty where nothing does; it is also given as a Python warning.
        `capdyn.Plan(model, tuple(found.free.values), found["value"].values, ...)` runs them as a study.

    Raises
    ------
    ArgumentError
        Numbers that do not fit together, or emcee is not installed.
    StoreError
        The folder holds draws of something else, or cannot be written.
    NumericalError
        Too few of the first runs are finite.
    """
    own = calibration if isinstance(calibration, Calibration) else read_calibration(calibration)
    count = len(own.free)
    many = max(32, 4 * count) if walkers is None else walkers
    _check(count, draws, many, seed)
    tell = listener(progress)
    kept = Kept(folder, "posterior", {**own.made_of(), "walkers": many, "seed": seed})
    target = _Target(own, kept)
    tell(0, 1, "first points")
    first = _scout(target, many, seed)
    steps = -(-draws // many)
    sampler = _sampler(target, many, seed)
    warm = -(-steps // 2)
    for number, _ in enumerate(sampler.sample(first, iterations=warm + steps)):
        tell(number + 1, warm + steps, "warming up" if number < warm else "draws")
    found = _labelled(own, target, sampler, warm, seed)
    if found.attrs["warning"]:
        warnings.warn(found.attrs["warning"], stacklevel=2)
    return found


def _check(count: int, draws: int, walkers: int, seed: int) -> None:
    least = max(8, 2 * count)
    if walkers < least or walkers % 2:
        raise ArgumentError(
            f"walkers: {walkers} is not an even number from {least}.",
            remedy=f"Take {max(32, 4 * count)}.",
        )
    if draws < 2 * walkers:
        raise ArgumentError(
            f"draws: {draws} is less than two of each of the {walkers} walkers.",
            remedy=f"Take {_ENOUGH * walkers} or more.",
        )
    if not 0 <= seed < 2**32:
        raise ArgumentError(f"seed: {seed} is not from 0 to 2**32 - 1.", remedy="Take 0.")


class _Target:
    """Log-likelihood at quantiles of the priors, and how many runs it took."""

    def __init__(self, calibration: Calibration, kept: Kept):
        self.calibration, self._kept = calibration, kept
        self.runs = self.failed = 0

    def values(self, unit: np.ndarray) -> np.ndarray:
        """Values at quantiles. unit : shape (..., n_free) -> the same shape"""
        free = self.calibration.free
        return np.stack([own.prior.values_at(unit[..., i]) for i, own in enumerate(free)], axis=-1)

    def __call__(self, unit: np.ndarray) -> np.ndarray:
        """Log-likelihood and numbers found, of all candidates in one batch; those outside the cube are not run.

        unit : shape (n_candidates, n_free) -> shape (n_candidates, 1 + n_targets)
        """
        inside = ((unit > 0.0) & (unit < 1.0)).all(axis=1)
        found = np.full((len(unit), len(self.calibration.targets)), np.nan)
        if inside.any():
            found[inside] = self._kept(self.values(unit[inside]), self.calibration.found_at)
        sums = (self.calibration.residuals_of(found) ** 2).sum(axis=1)
        fine = np.isfinite(sums)
        self.runs += int(inside.sum())
        self.failed += int((inside & ~fine).sum())
        return np.column_stack([np.where(fine, -0.5 * np.where(fine, sums, 0.0), -np.inf), found])


def _scout(target: _Target, walkers: int, seed: int) -> np.ndarray:
    """Where the walkers begin. shape (walkers, n_free)"""
    count = len(target.calibration.free)
    unit = qmc.LatinHypercube(d=count, rng=np.random.default_rng(seed)).random(_SCOUTS * walkers)
    likely = target(unit)[:, 0]
    fine = int(np.isfinite(likely).sum())
    if fine < walkers:
        raise NumericalError(
            f"Of {len(unit)} runs over the ranges of the free constants only {fine} are finite, "
            f"and there are {walkers} walkers.",
            remedy="Narrow the free constants; capdyn check says where runs fail.",
        )
    return unit[np.argsort(-likely, kind="stable")[:walkers]]


def _sampler(target: _Target, walkers: int, seed: int) -> Any:
    try:
        import emcee
    except ImportError:
        raise ArgumentError(
            "emcee is not installed.", remedy="Install it: pip install 'capdyn[bayes]'"
        ) from None
    # A whole difference leads from one mode to another (ter Braak 2006). emcee's DESnookerMove, which its pages add,
    # does not keep the target: of a known Gaussian its mean and spread come out wrong.
    moves = [(emcee.moves.DEMove(), 0.9), (emcee.moves.DEMove(gamma0=1.0), 0.1)]
    count = len(target.calibration.free)
    sampler = emcee.EnsembleSampler(walkers, count, target, moves=moves, vectorize=True)
    sampler.random_state = np.random.RandomState(seed).get_state()
    return sampler


def _labelled(own: Calibration, target: _Target, sampler: Any, warm: int, seed: int) -> xr.Dataset:
    chain = sampler.get_chain(discard=warm)
    steps, walkers = chain.shape[:2]
    values = target.values(chain.reshape(steps * walkers, -1))
    times = _autocorrelation(chain)
    warning = _doubt(times, steps)
    low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    blobs = np.asarray(sampler.get_blobs(discard=warm)).reshape(steps * walkers, len(own.targets))
    return xr.Dataset(
        {
            "value": (("draw", "free"), values),
            "log_likelihood": ("draw", sampler.get_log_prob(discard=warm).reshape(-1)),
            "found": (("draw", "target"), blobs),
            "autocorrelation_time": ("free", times, {"units": "steps"}),
            "effective_draws": ("free", steps * walkers / times),
            "mean": ("free", values.mean(axis=0)),
            "sd": ("free", values.std(axis=0, ddof=1)),
            "low": ("free", low),
            "high": ("free", high),
            "acceptance": ("walker", np.asarray(sampler.acceptance_fraction)),
            "wanted": ("target", [one.value for one in own.targets]),
            "target_sd": ("target", [one.sd for one in own.targets]),
        },
        {
            "free": [one.address for one in own.free],
            "units": ("free", [one.units for one in own.free]),
            "prior": ("free", [str(one.prior) for one in own.free]),
            "target": [one.name for one in own.targets],
            "kind": ("target", [one.kind for one in own.targets]),
            "of_step": ("draw", np.repeat(np.arange(steps), walkers)),
            "of_walker": ("draw", np.tile(np.arange(walkers), steps)),
        },
        {
            "title": own.title,
            "model": own.model.name,
            "model_hash": own.model.source.hash,
            "seed": seed,
            "steps": steps,
            "warm_up": warm,
            "runs": target.runs,
            "failed_runs": target.failed,
            "warning": warning,
        },
    )


def _autocorrelation(chain: np.ndarray) -> np.ndarray:
    """Steps after which a walker has forgotten where it was, infinitely many if one never moved.

    chain : shape (steps, walkers, n_free) -> (n_free,)
    """
    from emcee.autocorr import integrated_time

    with np.errstate(invalid="ignore"):
        found = np.asarray(integrated_time(chain, tol=0), dtype=float)  # how long is enough, _doubt says
    return np.where(np.isfinite(found), np.maximum(found, 1.0), np.inf)


def _doubt(times: np.ndarray, steps: int) -> str:
    """What makes the draws doubtful, in a sentence; empty where nothing does."""
    if not np.isfinite(times).all():
        return f"A walker stood still for all of {steps} steps: means and intervals are doubtful. Take more draws."
    longest = float(times.max())
    if steps >= _ENOUGH * longest:
        return ""
    return (
        f"The chain is short: {steps} steps are {steps / longest:.0f} autocorrelation times, and below {_ENOUGH} "
        f"means and intervals are doubtful. Take {int(np.ceil(1.2 * _ENOUGH * longest / steps))} times as many draws."
    )


def posterior_tables(found: xr.Dataset) -> list[Table]:
    """What the draws say of the free constants, and of the numbers that these were to agree with."""
    constants = [
        (
            str(name),
            str(one["units"].values),
            str(one["prior"].values),
            *(f"{float(one[word]):.4g}" for word in ("mean", "sd")),
            f"{float(one['low']):.3g} to {float(one['high']):.3g}",
            f"{float(one['effective_draws']):.0f}",
        )
        for name, one in ((name, found.sel(free=name)) for name in found["free"].values)
    ]
    numbers = []
    for name in found["target"].values:
        one = found.sel(target=name)
        low, middle, high = np.quantile(one["found"].values, [(1 - LEVEL) / 2, 0.5, (1 + LEVEL) / 2])
        kind = "" if one["kind"] == "at" else f"{one['kind'].values} "
        numbers.append(
            (str(name), f"{kind}{float(one['wanted']):g}", f"{middle:.4g}", f"{low:.4g} to {high:.4g}")
        )
    about = found.attrs
    said = f"{found.sizes['draw']} draws of {found.sizes['walker']} walkers, "
    said += f"{float(found['acceptance'].mean()):.0%} of moves accepted; "
    said += f"{about['failed_runs']} of {about['runs']} runs failed"
    return [
        Table(f"Posterior of the free constants ({said})",
              ("constant", "unit", "prior", "mean", "sd", f"{LEVEL:.0%}", "effective draws"), tuple(constants), 3),
        Table("Dated numbers under the posterior", ("number", "wanted", "median", f"{LEVEL:.0%}"), tuple(numbers)),
    ]  # fmt: skip
