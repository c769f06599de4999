"""A run as plain arrays with names. It is what tables and files are made from; a Dataset of it is made on demand.

To import xarray takes longer than to run a model, and the Dataset's first array makes it import dask where that is
installed; whoever only wants to see numbers should not wait for either.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True, eq=False)
class Labelled:
    """An array with the names of its dimensions.

    values : ndarray, one axis for each of `dims`, in the unit that `attrs` says.
    attrs : units, long_name and so on; see docs/architecture.md, "Dataset".
    """

    dims: tuple[str, ...]
    values: np.ndarray
    attrs: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Result:
    """What a Dataset holds.

    scenario : its name. coords : labels along dimensions, by the dimension's name, and what else belongs to the axes.
    variables : by Vensim name.
    describe : makes `attrs`, when somebody asks: to find the versions of packages takes its time.
    """

    scenario: str
    coords: dict[str, Labelled]
    variables: dict[str, Labelled]
    describe: Callable[[], dict[str, Any]]

    @cached_property
    def attrs(self) -> dict[str, Any]:
        """Where the run comes from."""
        return self.describe()


def to_dataset(result: Result) -> xr.Dataset:
    """The same as an xarray Dataset; the arrays are shared."""
    import pandas as pd
    import xarray as xr
    from xarray.indexes import PandasIndex

    # Arrays that are arrays already, and indexes that are pandas', are not looked at to see whether they are dask's.
    made: dict[str, Any] = {
        name: xr.Variable(array.dims, array.values, array.attrs, fastpath=True)
        for name, array in (result.coords | result.variables).items()
    }
    indexes = {
        name: PandasIndex(pd.Index(array.values), name, coord_dtype=array.values.dtype)
        for name, array in result.coords.items()
        if array.dims == (name,)
    }
    for name, index in indexes.items():
        made |= index.create_variables({name: made[name]})
    coords = xr.Coordinates({name: made.pop(name) for name in result.coords}, indexes)
    return xr.Dataset(made, coords, result.attrs)


def plain(
    run: xr.Dataset | Result, encode: Callable[[xr.Variable], xr.Variable] = lambda array: array
) -> Result:
    """A Dataset as plain arrays, each through `encode`; a Result is plain already."""
    if isinstance(run, Result):
        return run
    arrays = {}
    for name, variable in run.variables.items():
        array = encode(variable)
        arrays[str(name)] = Labelled(tuple(map(str, array.dims)), array.values, dict(array.attrs))
    coords = {str(name): arrays.pop(str(name)) for name in run.coords}
    return Result(str(run.attrs.get("scenario", "")), coords, arrays, lambda: dict(run.attrs))
