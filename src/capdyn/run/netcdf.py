"""Datasets as NetCDF-4 files that any NetCDF reader opens.

NetCDF cannot hold every Vensim name. One that it cannot hold is stored under its identifier; the true one is in the
variable's `long_name` and, for all of them, in the file's attribute `true_names`, from which `load` puts them back.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from ..errors import StoreError
from ..lang.names import identifier
from .atomic import whole_file

_TRUE_NAMES = "true_names"
_WORTH_COMPRESSING = 4096  # elements
_LONGEST = 255  # bytes; NC_MAX_NAME of netcdf.h is 256 with its end mark
# NC_check_name of the NetCDF C library: no slash, no control characters, a letter, digit or _ first, no space last.
_HOLDABLE = re.compile(
    r"(?!_nc4_non_coord_)[A-Za-z0-9_\u0080-\U0010ffff](?:[^/\x00-\x1f\x7f]*[^/\x00-\x1f\x7f\s])?"
)


def save(dataset: xr.Dataset, path: str | Path) -> None:
    """Writes a Dataset as a NetCDF-4 file, whole or not at all. The same Dataset gives the same bytes.

    Parameters
    ----------
    dataset : Dataset
    path : str or Path
        Its folder must exist; an existing file is replaced.

    Raises
    ------
    StoreError
        The file cannot be written; nothing is left behind.
    """
    stored = _with_holdable_names(dataset)
    stored.attrs = {name: _holdable(value) for name, value in stored.attrs.items()}
    encoding: dict[Hashable, dict[str, Any]] = {}
    for name, variable in stored.variables.items():
        variable.attrs = {attribute: _holdable(value) for attribute, value in variable.attrs.items()}
        # Without this xarray marks every array of floats with a fill value.
        encoding[name] = {"_FillValue": None}
        if variable.size >= _WORTH_COMPRESSING and variable.dtype.kind in "fiu":
            encoding[name] |= {"zlib": True, "complevel": 1, "shuffle": True}
    # Made in memory, written by us: HDF5 on a full disk leaves files open and errors that say nothing.
    content = stored.to_netcdf(engine="h5netcdf", encoding=encoding)
    with whole_file(Path(path)) as part:
        part.write_bytes(content)


def load(path: str | Path) -> xr.Dataset:
    """Reads a Dataset that `save` has written, with all names as they were; the file is closed again.

    Raises
    ------
    StoreError
        The file is not there, or no NetCDF.
    """
    path = Path(path)
    if not path.is_file():
        raise StoreError(f"There is no file '{path}'.", remedy="Check the path.")
    try:
        # Units such as "days" are units here, not a request to turn numbers into dates.
        with xr.open_dataset(path, engine="h5netcdf", decode_times=False, decode_timedelta=False) as opened:
            dataset = opened.load()
        true_names = json.loads(dataset.attrs.pop(_TRUE_NAMES, "{}"))
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise StoreError(f"'{path}' cannot be read as NetCDF: {error}.", remedy="Make it again.") from None
    for variable in dataset.variables.values():
        variable.encoding.clear()
    dataset.encoding.clear()
    return dataset.rename(true_names)


def _with_holdable_names(dataset: xr.Dataset) -> xr.Dataset:
    """A copy, its data shared, in which each name is one that NetCDF can hold."""
    # xarray allows a variable with the name of a dimension that is not its own, NetCDF does not.
    clashing = {name for name in dataset.variables if name in dataset.dims and dataset[name].dims != (name,)}
    every = [str(name) for name in dict.fromkeys([*dataset.variables, *dataset.dims])]
    taken = {name for name in every if _is_holdable(name)}
    renamed: dict[str, str] = {}
    for name in every:
        if name in taken and name not in clashing:
            continue
        stem = identifier(unicodedata.normalize("NFC", name)).encode()[: _LONGEST - 8].decode(errors="ignore")
        candidate, number = stem, 2
        while candidate in taken:
            candidate, number = f"{stem}_{number}", number + 1
        renamed[name] = candidate
        taken.add(candidate)
    variables = {name: new for name, new in renamed.items() if name in clashing}
    stored = dataset.copy(deep=False).rename_vars(variables)
    stored = stored.rename({name: new for name, new in renamed.items() if name not in clashing})
    for name, candidate in renamed.items():
        if candidate in stored.variables:
            stored[candidate].attrs["long_name"] = name
    if renamed:
        stored.attrs[_TRUE_NAMES] = json.dumps(
            {new: name for name, new in renamed.items()}, ensure_ascii=False
        )
    return stored


def _is_holdable(name: str) -> bool:
    fits = _HOLDABLE.fullmatch(name) is not None and len(name.encode()) <= _LONGEST
    return fits and unicodedata.is_normalized("NFC", name)


def _holdable(value: Any) -> Any:
    """An attribute as text, number or array of either."""
    if isinstance(value, bool | np.bool_):
        return int(value)
    if isinstance(value, str | int | float | np.number | np.ndarray):
        return value
    if isinstance(value, list | tuple) and value and all(isinstance(v, str | int | float) for v in value):
        return list(value)
    return "" if value is None else json.dumps(value, default=str, ensure_ascii=False)
