"""The end state of a model over two inputs, as a grid: where the boundary between its basins runs."""

from __future__ import annotations

import numpy as np
import xarray as xr

from ..errors import ArgumentError
from .study import Study


def state_map(study: Study, runs: xr.Dataset, feature: str | None = None) -> xr.DataArray:
    """A feature over the two inputs of a full factorial study.

    Parameters
    ----------
    study : Study
        With `sample = "factorial"` and two inputs.
    runs : Dataset
        From `run_study`.
    feature : str, optional
        By default the first.

    Returns
    -------
    xarray.DataArray
        Dimensions `scenario` and the names of the inputs, with their values as coordinates; nan where a run failed. The
        attribute `nominal` of each coordinate is the value in the study's first scenario.

    Raises
    ------
    ArgumentError
        Another design, or an unknown feature.
    """
    if study.design != "factorial" or len(study.inputs) != 2:
        raise ArgumentError(
            f"'{study.title}' varies {len(study.inputs)} inputs in the design {study.design}.",
            remedy='A map needs two inputs and sample = "factorial" in [method].',
        )
    names = [str(name) for name in runs["feature"].values]
    if feature is not None and feature not in names:
        raise ArgumentError(f"The study has no feature '{feature}'.", remedy=f"It has {', '.join(names)}.")
    chosen = runs["features"].sel(feature=feature or names[0]).transpose("scenario", "member")
    inputs = study.values(study.draw().unit)
    axes = [np.unique(inputs[:, i]) for i in range(2)]
    shape = tuple(len(axis) for axis in axes)
    values = np.where(runs["status"].values == 0, chosen.values, np.nan).reshape(-1, *shape)
    grid = inputs.reshape(*shape, 2)
    assert (grid[:, 0, 0] == axes[0]).all() and (grid[0, :, 1] == axes[1]).all(), "row-major, ascending"
    coords = {
        own.name: (own.name, axis, {"units": own.units, "nominal": own.nominal})
        for own, axis in zip(study.inputs, axes, strict=True)
    }
    units = str(chosen["feature_units"].values)
    about = {"long_name": str(chosen["feature"].values), "units": units, "title": study.title}
    dims = ("scenario", *(own.name for own in study.inputs))
    return xr.DataArray(values, coords | {"scenario": runs["scenario"].values}, dims, attrs=about)
