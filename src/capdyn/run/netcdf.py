"""Runs as NetCDF-4 files that any NetCDF reader opens.

NetCDF cannot hold every Vensim name. One that it cannot hold is stored under its identifier; the true one is in the
variable's `long_name` and, for all of them, in the file's attribute `true_names`, from which `load` puts them back.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import StoreError
from ..lang.names import identifier
from .atomic import whole_file
from .result import Labelled, Result, plain

if TYPE_CHECKING:
    import xarray as xr

_TRUE_NAMES = "true_names"
_LONGEST = 255  # bytes; NC_MAX_NAME of netcdf.h is 256 with its end mark
# NC_check_name of the NetCDF C library: no slash, no control characters, a letter, digit or _ first, no space last.
_HOLDABLE = r"(?!_nc4_non_coord_)[A-Za-z0-9_\u0080-\U0010ffff](?:[^/\x00-\x1f\x7f]*[^/\x00-\x1f\x7f\s])?"
_RESERVED = {
    "CLASS", "NAME", "REFERENCE_LIST", "DIMENSION_LIST", "_Netcdf4Dimid", "_Netcdf4Coordinates", "_nc3_strict",
    "_NCProperties",
}  # fmt: skip
_NUMBERS = {np.dtype(code) for code in ("f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8")}


def save(run: xr.Dataset | Result, path: str | Path) -> None:
    """Writes a Dataset as a NetCDF-4 file, whole or not at all. The same Dataset gives the same bytes.

    Parameters
    ----------
    run : Dataset
        Of numbers, truth values, dates or texts.
    path : str or Path
        Its folder must exist; an existing file is replaced.

    Raises
    ------
    StoreError
        The file cannot be written, or NetCDF cannot hold what is to be in it; nothing is left behind.
    """
    from .hdf5 import netcdf4  # h5py takes as long to import as numpy

    # Made in memory, written by us: HDF5 on a full disk leaves files open and errors that say nothing.
    variables, attrs = _holdable(plain(run, _as_numbers))
    try:
        content = netcdf4(variables, attrs)
    except ValueError as error:  # of texts: characters without a code, or with code 0
        raise StoreError(
            f"'{path}' cannot be written: {error}.", remedy="Take them out of the text."
        ) from None
    with whole_file(Path(path)) as part:
        part.write_bytes(content)


def load(path: str | Path) -> xr.Dataset:
    """Reads a Dataset that `save` has written, with all names as they were; the file is closed again.

    Raises
    ------
    StoreError
        The file is not there, or no NetCDF.
    """
    import xarray as xr

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


def _as_numbers(variable: xr.Variable) -> xr.Variable:
    """Truth values and dates as the numbers that xarray reads as such."""
    from xarray.conventions import encode_cf_variable

    kept = variable.copy(deep=False)
    # Nothing of how it was stored before; and without this xarray marks every array of floats with a fill value.
    kept.encoding = {"_FillValue": None}
    return encode_cf_variable(kept)


def _holdable(run: Result) -> tuple[dict[str, Labelled], dict[str, Any]]:
    """Variables and attributes as NetCDF can hold them."""
    arrays = run.coords | run.variables
    names = _names(arrays)
    variables = {}
    for name, array in arrays.items():
        stored = names[name, array.dims == (name,)]
        attrs = {word: _attribute(word, value) for word, value in array.attrs.items()}
        if stored != name:
            attrs["long_name"] = name
        dims = tuple(names[dim, True] for dim in array.dims)
        variables[stored] = Labelled(dims, _numbers_or_texts(name, array.values), attrs)
    attrs = {word: _attribute(word, value) for word, value in run.attrs.items()}
    beside = [names[name, False] for name, array in run.coords.items() if array.dims != (name,)]
    _point_to(variables, attrs, beside)
    true_names = {stored: name for (name, _), stored in names.items() if stored != name}
    if true_names:
        attrs[_TRUE_NAMES] = json.dumps(true_names, ensure_ascii=False)
    return variables, attrs


def _names(variables: Mapping[str, Labelled]) -> dict[tuple[str, bool], str]:
    """What each variable (name, False) and each dimension with its labels (name, True) is called in the file."""
    dims = dict.fromkeys(dim for array in variables.values() for dim in array.dims)
    every = [(name, array.dims == (name,)) for name, array in variables.items()]
    every += [(dim, True) for dim in dims]
    # xarray allows a variable with the name of a dimension that is not its own, NetCDF does not.
    names = {one: one[0] for one in every if _is_holdable(one[0]) and (one[1] or one[0] not in dims)}
    taken = set(names.values())
    for one in every:
        if one in names:
            continue
        stem = (
            identifier(unicodedata.normalize("NFC", one[0])).encode()[: _LONGEST - 8].decode(errors="ignore")
        )
        candidate, number = stem, 2
        while candidate in taken:
            candidate, number = f"{stem}_{number}", number + 1
        names[one] = candidate
        taken.add(candidate)
    return names


def _is_holdable(name: str) -> bool:
    fits = re.fullmatch(_HOLDABLE, name) is not None and len(name.encode()) <= _LONGEST
    return fits and unicodedata.is_normalized("NFC", name)


def _point_to(variables: dict[str, Labelled], attrs: dict[str, Any], beside: Sequence[str]) -> None:
    """Says of which variables the coordinates without a dimension of their own are; others are the file's.

    Source: https://cfconventions.org/cf-conventions/cf-conventions.html#coordinate-system
    """
    beside = [name for name in beside if " " not in name]  # the list has spaces between names
    lonely = set(beside)
    for name, array in variables.items():
        own = [c for c in beside if name not in beside and set(variables[c].dims) <= set(array.dims)]
        if own and array.dims != (name,):
            array.attrs.setdefault("coordinates", " ".join(own))
            lonely -= set(own)
    if lonely:
        attrs.setdefault("coordinates", " ".join(sorted(lonely)))


def _numbers_or_texts(name: str, values: np.ndarray) -> np.ndarray:
    """The values as an array of numbers or texts.

    Raises
    ------
    StoreError
        They are neither.
    """
    if values.dtype.kind == "O":
        kinds = {type(value) for value in values.flat}
        if all(issubclass(kind, str) for kind in kinds):
            return values.astype(str)
        if all(issubclass(kind, int | float | np.number) and kind is not bool for kind in kinds):
            values = np.array(values.tolist())
    if values.dtype.kind == "U" or values.dtype.newbyteorder("=") in _NUMBERS:
        return values
    raise StoreError(
        f"'{name}' holds neither numbers nor texts, but {values.dtype}.",
        remedy="Convert it before it is saved.",
    )


def _attribute(word: str, value: Any) -> Any:
    """An attribute as text, number or array of either.

    Raises
    ------
    StoreError
        NetCDF keeps its name to itself.
    """
    if word in _RESERVED:
        raise StoreError(f"NetCDF has an attribute '{word}' of its own.", remedy="Give yours another name.")
    array = np.asarray("" if value is None else value)
    if array.dtype.kind == "b":
        array = array.astype(np.int8)
    elif array.dtype.kind == "S":
        array = np.char.decode(array, "utf-8", "replace")
    if array.dtype in _NUMBERS:
        return array.ravel()  # a number is an array of one, as the NetCDF library has it
    if array.dtype.kind == "U":
        return array.ravel() if array.ndim else array.item()
    return json.dumps(value, default=str, ensure_ascii=False)
