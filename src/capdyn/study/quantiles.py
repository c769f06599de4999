"""Quantiles over the members of a study or an ensemble, however many there are: part by part, from disk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import xarray as xr

from ..errors import ArgumentError
from .job import NOT_RUN, OK

_PART = 128 * 2**20  # bytes in memory at a time
_NO_RESULTS = ("sample", "failed_time")


def quantiles(dataset: xr.Dataset, levels: Sequence[float] = (0.05, 0.25, 0.5, 0.75, 0.95)) -> xr.Dataset:
    """Quantiles over `member`, of the runs that stayed finite.

    Parameters
    ----------
    dataset : Dataset
        From `capdyn.run_study`, `capdyn.load_study` or `capdyn.ensemble`; those on disk are read in parts of 128 MiB.
    levels : sequence of float
        From 0 to 1.

    Returns
    -------
    Dataset
        Each variable of numbers along `member`, but for the inputs, with `quantile` in its place: linear between order
        statistics, as in `numpy.quantile`. A crossing that never came is infinite, later than all others. Left out
        are runs that were not finite, counted in `n_left_out` beside `n_runs`, and numbers that are not-a-number
        in others, such as a difference to a run that was not finite. Not-a-number where nothing is left.

    Raises
    ------
    ArgumentError
        No members, levels that are none, or runs that have not been made yet.
    """
    wanted = np.asarray(levels, dtype=float)
    if wanted.ndim != 1 or not len(wanted) or not ((wanted >= 0) & (wanted <= 1)).all():
        raise ArgumentError(f"levels: {levels!r} are no quantiles.", remedy="Give numbers from 0 to 1.")
    if "status" not in dataset or "member" not in dataset.dims:
        raise ArgumentError(
            "The Dataset has no members with a status.", remedy="Give one from run_study or ensemble."
        )
    status = dataset["status"].values
    if (status == NOT_RUN).any():
        raise ArgumentError(
            f"{(status == NOT_RUN).sum():,} of {status.size:,} runs are not there yet.",
            remedy="Go on with the command that made the study.",
        )
    counts = {
        name: (dataset["status"] == OK) == kept for name, kept in (("n_runs", True), ("n_left_out", False))
    }
    found = {
        str(name): _of_variable(variable, dataset["status"], wanted)
        for name, variable in dataset.data_vars.items()
        if "member" in variable.dims and variable.dtype.kind == "f" and name not in _NO_RESULTS
    }
    coords = {"quantile": ("quantile", wanted, {"long_name": "Share of the runs that are below"})}
    summed = {name: count.sum("member").drop_attrs() for name, count in counts.items()}
    return xr.Dataset({**found, **summed}, coords, dataset.attrs)


def _of_variable(variable: xr.DataArray, status: xr.DataArray, levels: np.ndarray) -> xr.DataArray:
    """Part by part along what is neither `scenario` nor `member`."""
    lead = tuple(status.dims)
    rest = [dim for dim in variable.dims if dim not in lead]
    ordered = variable.transpose(*lead, *rest)
    shape = tuple(variable.sizes[dim] for dim in rest)
    out = np.empty((len(levels), *(status.sizes[dim] for dim in lead[:-1]), int(np.prod(shape))))
    ok = status.values == OK
    for scenario in np.ndindex(ok.shape[:-1]):
        whole = ordered[scenario]
        for part, taken in _parts(whole, shape):
            values = np.where(ok[scenario][:, None], taken, np.nan)
            out[(slice(None), *scenario, part)] = of_columns(values, levels)
    dims = ("quantile", *lead[:-1], *rest)
    coords = {n: c for n, c in variable.coords.items() if "member" not in c.dims}
    return xr.DataArray(out.reshape(*out.shape[:-1], *shape), coords, dims, attrs=variable.attrs)


def _parts(whole: xr.DataArray, shape: tuple[int, ...]) -> Iterator[tuple[slice, np.ndarray]]:
    """Columns of a variable, shape (n_members, ...), a few at a time: where they stand, and shape (n_members, n)."""
    if not shape:
        yield slice(0, 1), whole.values[:, None]
        return
    first, *others = shape
    width = int(np.prod(others))
    step = max(1, _PART // max(1, 8 * whole.shape[0] * width))
    for start in range(0, first, step):
        taken = whole[:, start : start + step].values
        stop = min(start + step, first)
        yield slice(start * width, stop * width), taken.reshape(len(taken), -1)


def of_columns(values: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Quantiles of each column, not-a-number left out. values : shape (n, n_columns) -> (n_levels, n_columns)"""
    ordered = np.sort(values, axis=0)  # not-a-number comes last
    count = (~np.isnan(ordered)).sum(axis=0)
    place = levels[:, None] * np.maximum(count - 1, 0)
    below = np.floor(place).astype(np.int64)
    low = np.take_along_axis(ordered, below, axis=0)
    high = np.take_along_axis(ordered, np.minimum(below + 1, np.maximum(count - 1, 0)), axis=0)
    with np.errstate(invalid="ignore"):
        between = low + (place - below) * (high - low)
    # Where both are infinite, or the place is that of a number, there is nothing between.
    return np.where((place == below) | (low == high), low, between)
