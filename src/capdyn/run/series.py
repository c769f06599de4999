"""Series for data variables from outside the equation file: `open_model(path, data={"Rainfall": ...})`.

A series is given as an xarray.DataArray with the dimension `time` and the subscripts of the variable, as a NetCDF
file of a run, or as a `.csv` or `.tab` file with the time in its first column and the names of variables above
the others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from ..errors import ArgumentError, Problem
from ..lang.expressions import Call, Table, Text
from ..lang.model import Component, Variable
from ..lang.model import Model as Source
from ..lang.names import did_you_mean, key
from ..passes.ranges import Ranges, flatten
from ..read.sheets import Folder, Grid, Unreadable, address
from .netcdf import load

_TEXT = (".csv", ".tab", ".txt", ".tsv", ".dat")


class _Wrong(Exception):
    """What is wrong with a series, and what to do about it."""

    def __init__(self, what: str, remedy: str):
        super().__init__(what)
        self.what, self.remedy = what, remedy


def with_data(source: Source, data: Mapping[str, Any]) -> Source:
    """The model with a series for each data variable in `data`, which its hash covers.

    data : DataArray or path by Vensim name.

    Raises
    ------
    ArgumentError
        Names that are no data variables without a series, and series that cannot be read or do not fit; all at once.
    """
    ranges = flatten(source, [])
    variables, digests, problems = dict(source.variables), [source.hash], []
    for name, given in data.items():
        try:
            variable = _awaiting(name, source)
            components = _filled(variable, given, ranges)
        except _Wrong as wrong:
            problems.append(Problem(f"data: {wrong.what}", None, wrong.remedy))
            continue
        variables[variable.key] = replace(variable, components=components)
        digests.append(f"{variable.key} {components!r}")
    if problems:
        raise ArgumentError(problems)
    return replace(source, variables=variables, hash=hashlib.sha256("\n".join(digests).encode()).hexdigest())


def _awaiting(name: str, source: Source) -> Variable:
    """The data variable of this name that the equation file gives no series."""
    variable = source.variables.get(key(name))
    waiting = [v.name for v in source.variables.values() if _waits(v)]
    if variable is None:
        raise _Wrong(
            f"'{name}' is not a variable of '{source.name}'.",
            did_you_mean(name, waiting) or "Correct the name.",
        )
    if not _waits(variable):
        raise _Wrong(
            f"'{variable.name}' has equations of its own.",
            f"Series can be given for {', '.join(waiting)}."
            if waiting
            else "In the equation file write its name with :INTERPOLATE: and no equation.",
        )
    return variable


def _waits(variable: Variable) -> bool:
    return all(
        isinstance(one.expression, Call)
        and one.expression.function == "data"
        and isinstance(one.expression.arguments[0], Text)
        for one in variable.components
    )


def _filled(variable: Variable, given: Any, ranges: Ranges) -> tuple[Component, ...]:
    """An equation for each element of a data variable, with its points."""
    filled: list[Component] = []
    for component in variable.components:
        axes = [ranges.elements.get(name, (name,)) for name in component.subscripts]
        assert isinstance(component.expression, Call)
        (mode,) = component.expression.arguments
        for place in product(*axes):
            table = _table(variable.name, [ranges.labels.get(e, e) for e in place], given)
            filled.append(replace(component, subscripts=place, expression=Call("data", (table, mode))))
    return tuple(filled)


def _table(name: str, labels: list[str], given: Any) -> Table:
    """The points of one element, those without a number left out."""
    written = f"{name}[{','.join(labels)}]" if labels else name
    if isinstance(given, str | Path):
        path = Path(given)
        if path.suffix.lower() in _TEXT:
            times, values = _column(path, written)
        else:
            run = load(path)
            if name not in run:
                raise _Wrong(
                    f"'{path}' has no variable '{name}'.",
                    did_you_mean(name, map(str, run.data_vars)) or "Correct the name or the file.",
                )
            times, values = _element(run[name], written, labels)
    elif isinstance(given, xr.DataArray):
        times, values = _element(given, written, labels)
    else:
        raise _Wrong(
            f"'{name}' is given as {type(given).__name__}.",
            "Give a DataArray with the dimension time, or the path of a .csv, .tab or .nc file.",
        )
    present = np.isfinite(values)
    times, values = times[present], values[present]
    if not len(times):
        raise _Wrong(f"The series of '{written}' has no numbers.", "Leave it out, or correct it.")
    if not np.isfinite(times).all() or (np.diff(times) <= 0).any():
        raise _Wrong(
            f"The times of the series of '{written}' do not increase.", "Sort them, one value for each."
        )
    return Table(tuple(times.tolist()), tuple(values.tolist()))


def _element(array: xr.DataArray, written: str, labels: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Times and values of one element; the dimensions beside time stand in the order of the subscripts."""
    dims = [str(dim) for dim in array.dims if dim != "time"]
    if "time" not in array.coords or len(dims) != len(labels):
        raise _Wrong(
            f"The series of '{written}' has the dimensions {', '.join(map(str, array.dims)) or 'none'}.",
            f"It needs time and {len(labels)} subscripts, with coordinates.",
        )
    for dim, label in zip(dims, labels, strict=True):
        here = [str(one) for one in array[dim].values]
        place = next((i for i, one in enumerate(here) if key(one) == key(label)), None)
        if place is None:
            raise _Wrong(
                f"The series of '{written}' has no '{label}' along its dimension {dim}.",
                did_you_mean(label, here) or f"It has {', '.join(here[:5])}.",
            )
        array = array.isel({dim: place})
    return np.asarray(array["time"].values, dtype=float), np.asarray(array.values, dtype=float)


def _column(path: Path, written: str) -> tuple[np.ndarray, np.ndarray]:
    """Times and values from a text file whose first line names the columns."""
    try:
        grid = Folder(path.parent).grid(path.name, "")
        heads = [str(grid.cell(0, column) or "") for column in range(grid.width)]
        column = next((i for i, head in enumerate(heads) if i and _same(head, written)), None)
        if column is None:
            raise _Wrong(
                f"'{path}' has no column '{written}'.",
                did_you_mean(written, heads[1:]) or "Its first line names the variables.",
            )
        return _numbers(grid, 0), _numbers(grid, column)
    except Unreadable as error:
        raise _Wrong(error.what, error.remedy) from None


def _same(head: str, written: str) -> bool:
    """Whether two names of an element are the same: `x[Home, small]` is `X[home,small]`."""
    return [key(part) for part in head.rstrip("] ").replace("[", ",").split(",")] == [
        key(part) for part in written.rstrip("]").replace("[", ",").split(",")
    ]


def _numbers(grid: Grid, column: int) -> np.ndarray:
    """The numbers of a column below its head, not-a-number where it is empty."""
    values = []
    for row in range(1, grid.height):
        number = grid.number(row, column)
        if column == 0 and number is None and any(cell is not None for cell in grid.rows[row]):
            raise _Wrong(
                f"Cell {address(row, 0)} of {grid.name} is empty; it should hold the time.", "Fill it in."
            )
        values.append(np.nan if number is None else number)
    return np.array(values)
