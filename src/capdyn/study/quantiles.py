"""Quantiles over the members of a study or an ensemble, however many there are: part by part, from disk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import xarray as xr

from ..errors import ArgumentError
from .job import NOT_RUN, OK

_PART = 128 * 2**20  # bytes in memory at a time


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
        Each variable of numbers along `member`, but for the inputs, with `quantile` in the place of `member`: linear between order
        statistics, as `numpy.quantile`. A crossing that never came is infinite, later than all others; a quantile between a
        number and infinity is infinite. `n_runs` counts the runs that are in, `n_left_out` those that
        were not finite. Not-a-number where no run is left.

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
    status = dataset["status"].transpose("member", ...).values
    if (status == NOT_RUN).any():
        raise ArgumentError(
            f"{(status == NOT_RUN).sum():,} of {status.size:,} runs are not there yet.",
            remedy="Go on with the command that made the study.",
        )
    ok = status == OK
    found = {}
    for name, variable in dataset.data_vars.items():
        if "member" in variable.dims and variable.dtype.kind == "f" and name not in ("sample", "failed_time"):
            found[name] = _of_variable(variable, dataset["status"], wanted)
    counts = {
        "n_runs": (dataset["status"].dims[:-1], ok.sum(axis=0)),
        "n_left_out": (dataset["status"].dims[:-1], (~ok).sum(axis=0)),
    }
    coords = {"quantile": ("quantile", wanted, {"long_name": "Share of the runs that are below"})}
    return xr.Dataset(found).assign(counts).assign_coords(coords).assign_attrs(dataset.attrs)
