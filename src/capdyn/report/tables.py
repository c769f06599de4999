"""Tables: end values by scenario, and where each run comes from."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from .panels import Panel
from .quantities import MISSING, Scale, scale_of

PROVENANCE = (  # attribute of a run, words for it
    ("model", "Model"),
    ("model_hash", "Model hash"),
    ("method", "Method"),
    ("step", "Step"),
    ("tolerances", "Tolerances"),
    ("seed", "Seed"),
    ("versions", "Versions"),
    ("created", "Run at"),
)


@dataclass(frozen=True)
class EndRow:
    """One output: a value and a difference from the reference for each scenario, in the panel's unit."""

    panel: Panel
    values: tuple[float, ...]
    differences: tuple[float, ...]
    scale: Scale


@dataclass(frozen=True)
class EndTable:
    """Values of all outputs at `time`, the last time that every run has reached."""

    time: float
    scenarios: tuple[str, ...]
    rows: tuple[EndRow, ...]
    same_end: bool  # whether all runs end at `time`


def end_values(ds: xr.Dataset, panels: Sequence[Panel]) -> EndTable:
    """Values of `panels` at the last time common to all runs, and differences from the first scenario.

    Between saved times a value is interpolated linearly; where a run has none it is NaN.
    """
    ends = [float(ds["time"].values[saved][-1]) for saved in ds["saved"].values]
    time = min(ends)
    rows = []
    for panel in panels:
        data = panel.values(ds)
        values = tuple(value_at(ds, data, number, time) for number in range(data.sizes["scenario"]))
        differences = tuple(value - values[0] for value in values)
        rows.append(EndRow(panel, values, differences, scale_of(values, panel.units, panel.note)))
    names = tuple(str(name) for name in ds["scenario"].values)
    return EndTable(time, names, tuple(rows), same_end=max(ends) == time)


def series_of(ds: xr.Dataset, data: xr.DataArray, scenario: int) -> tuple[np.ndarray, np.ndarray]:
    """Times and values of one scenario at its own saved times, each shape (n_saved,)."""
    saved = ds["saved"].values[scenario]
    return ds["time"].values[saved], data.values[scenario][saved]


def value_at(ds: xr.Dataset, data: xr.DataArray, scenario: int, time: float) -> float:
    """The value of one scenario at `time`; NaN outside its run or beside a value that is not finite."""
    times, values = series_of(ds, data, scenario)
    return float(np.interp(time, times, values, left=np.nan, right=np.nan))


def to_csv(table: EndTable) -> str:
    """The table as CSV, a line for each output and scenario, numbers in full."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["output", "variable", "region", "unit", "scenario", "time", "value", "difference"])
    for row in table.rows:
        panel = row.panel
        for name, value, difference in zip(table.scenarios, row.values, row.differences, strict=True):
            unit = "share" if panel.share else panel.units
            numbers = ["" if np.isnan(number) else repr(number) for number in (table.time, value, difference)]
            writer.writerow([panel.title, panel.variable, panel.place, unit, name, *numbers])
    return buffer.getvalue()


def provenance(runs: Sequence[xr.Dataset]) -> list[tuple[str, list[str]]]:
    """Rows of (words, one value if it is the same for all runs, else one a run); empty rows left out."""
    rows = []
    for name, words in PROVENANCE:
        values = [_plain(run.attrs.get(name)) for run in runs]
        if any(values):
            values = [value or MISSING for value in values]
            rows.append((words, values[:1] if len(set(values)) == 1 else values))
    return rows


def _plain(value: object) -> str:
    """An attribute as text; a mapping, or JSON of one, as `name version, name version`."""
    if isinstance(value, str) and value.startswith("{"):
        try:
            value = json.loads(value)
        except ValueError:
            return str(value)
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {part}" for key, part in value.items())
    return "" if value is None else str(value)
