"""Tables of text, as Vensim and spreadsheets read and write them: one column an element, one row a time.

    Time,Trust[Home],Trust[Core]
    0,0.5,0.5

Several runs stand below one another with their names in a first column `scenario`. What does not change with time is
not in a table that we write: it is in the NetCDF file. Vensim writes such a number once, at the first time.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import ArgumentError, StoreError, Where
from .address import write_address
from .atomic import whole_file
from .result import Labelled, Result, plain

if TYPE_CHECKING:
    import xarray as xr

SUFFIXES = (".csv", ".tab", ".tsv", ".txt")
_TIME = re.compile(r"time(\s*\(.*\))?", re.IGNORECASE)
_SEPARATOR = re.compile(r'\s*"?(?:scenario|time(?:\s*\([^)]*\))?)"?\s*([\t,;])', re.IGNORECASE)


_Rows = list[tuple[int, list[str]]]  # line number and cells


@dataclass(frozen=True)
class Columns:
    """One run as columns.

    scenario : its name, or ''. times : ndarray, shape (n_times,).
    values : by address, shape (n_times,), or () for what does not change.
    """

    scenario: str
    times: np.ndarray
    values: dict[str, np.ndarray]


def columns(run: xr.Dataset | Result) -> list[Columns]:
    """The runs of a Dataset, one for each `scenario`.

    Raises
    ------
    ArgumentError
        The Dataset is an ensemble.
    """
    if not isinstance(run, Result):
        if "member" in run.dims:
            raise ArgumentError(
                "An ensemble does not fit into a table of runs.",
                remedy="Select one member: dataset.isel(member=0).",
            )
        if "scenario" in run.dims:
            each = [run.isel(scenario=i) for i in range(run.sizes["scenario"])]
            labels = _labels(plain(run).coords, "scenario", len(each))
            return [
                found
                for label, one in zip(labels, each, strict=True)
                for found in columns(one.drop_vars("scenario", errors="ignore").assign_attrs(scenario=label))
            ]
    return [_columns(plain(run))]


def _columns(run: Result) -> Columns:
    values: dict[str, np.ndarray] = {}
    for name, variable in run.variables.items():
        if variable.values.dtype.kind not in "fiub":
            continue
        dims = [dim for dim in variable.dims if dim != "time"]
        order = [variable.dims.index(dim) for dim in (*dims, "time") if dim in variable.dims]
        array = np.asarray(variable.values.transpose(order), dtype=float)
        labels = [_labels(run.coords, dim, size) for dim, size in zip(dims, array.shape, strict=False)]
        for place in np.ndindex(*array.shape[: len(dims)]):
            address = write_address(name, [axis[i] for axis, i in zip(labels, place, strict=True)])
            values[address] = array[place]
    times = np.atleast_1d(np.asarray((run.variables | run.coords)["time"].values, dtype=float))
    return Columns(run.scenario, times, values)


def _labels(coords: Mapping[str, Labelled], dim: str, size: int) -> list[str]:
    values = coords[dim].values if dim in coords else range(size)
    return [str(label) for label in values]


def to_csv(runs: xr.Dataset | Result | Sequence[xr.Dataset | Result], path: str | Path) -> None:
    """Writes what changes with time as a table, numbers in full; tabs for .tab and .tsv, else commas.

    Raises
    ------
    StoreError
        The file cannot be written; nothing is left behind.
    """
    path = Path(path)
    each = list(runs) if isinstance(runs, Sequence) else [runs]
    every = [found for run in each for found in columns(run)]
    heads = list(dict.fromkeys(name for run in every for name, value in run.values.items() if value.ndim))
    several = len(every) > 1
    with whole_file(path) as part, part.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(
            file, delimiter="\t" if path.suffix in (".tab", ".tsv") else ",", lineterminator="\n"
        )
        writer.writerow([*(["scenario"] if several else []), "Time", *heads])
        for run in every:
            kept = [run.values.get(head) for head in heads]
            for i, time in enumerate(run.times):
                numbers = ["" if value is None else _write(value[i]) for value in kept]
                writer.writerow([*([run.scenario] if several else []), _write(time), *numbers])


def _write(number: float) -> str:
    """The shortest text that reads back as the same number; 5.0 as 5."""
    return repr(float(number)).removesuffix(".0")


def read_table(path: str | Path) -> list[Columns]:
    """Reads a table of ours or one that Vensim has exported, times down or across.

    Raises
    ------
    StoreError
        It cannot be read, has no column `Time`, or a cell is no number; says the line.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        text = path.read_text(encoding="cp1252", errors="replace")  # Vensim on Windows
    except OSError as error:
        raise StoreError(f"'{path}' cannot be read: {error.strerror}.", remedy="Check the path.") from None
    separator = _SEPARATOR.match(text)
    if separator is None:
        raise StoreError(
            "The table has no column Time.",
            Where(str(path), 1),
            "Its first line should read Time, Name[Element], ... or Time, 0, 1, 2, ...",
        )
    reader = csv.reader(io.StringIO(text), delimiter=separator.group(1))
    rows = [(reader.line_num, row) for row in reader if any(row)]
    head = [cell.strip() for cell in rows[0][1]]
    if _TIME.fullmatch(head[0]) and len(head) > 1 and all(_is_number(cell) for cell in head[1:] if cell):
        return [_across(rows, path)]
    return _down(rows, path)


def _down(rows: _Rows, path: Path) -> list[Columns]:
    """Times in rows, below one another for each scenario."""
    head = [cell.strip() for cell in rows[0][1]]
    lead = 1 if head[0].lower() == "scenario" else 0
    if len(head) <= lead or not _TIME.fullmatch(head[lead]):
        raise StoreError("The table has no column Time.", Where(str(path), 1), "It should stand first.")
    found: dict[str, list[list[float]]] = {}
    for number, row in rows[1:]:
        scenario = row[0].strip() if lead else ""
        cells = [*row[lead:], *[""] * (len(head) - len(row))]
        found.setdefault(scenario, []).append(
            [_read(cell, path, number) for cell in cells[: len(head) - lead]]
        )
    runs = []
    for scenario, lines in found.items():
        numbers = np.array(lines)
        # A column without a number belongs to another scenario.
        values = {
            name: _settled(numbers[:, i])
            for i, name in enumerate(head[lead + 1 :], start=1)
            if name and not np.isnan(numbers[:, i]).all()
        }
        runs.append(Columns(scenario, numbers[:, 0], values))
    return runs


def _across(rows: _Rows, path: Path) -> Columns:
    """Times in the first line, a variable in each line below."""
    times = np.array([_read(cell, path, 1) for cell in rows[0][1][1:] if cell.strip()])
    values = {}
    for number, row in rows[1:]:
        cells = [*row[1:], *[""] * len(times)][: len(times)]
        values[row[0].strip()] = _settled(np.array([_read(cell, path, number) for cell in cells]))
    return Columns("", times, values)


def _settled(column: np.ndarray) -> np.ndarray:
    """A column as it is; shape () if only its first cell has a number."""
    return column if len(column) < 2 or not np.isnan(column[1:]).all() or np.isnan(column[0]) else column[0]


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _read(cell: str, path: Path, line: int) -> float:
    cell = cell.strip()
    if not cell:
        return math.nan
    try:
        return float(cell)
    except ValueError:
        raise StoreError(
            f"'{cell}' is not a number.", Where(str(path), line), "Write numbers as 0.5."
        ) from None
