"""Several runs → one Dataset with a `scenario` dimension, the reference first."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence

import numpy as np
import xarray as xr

from ..errors import ArgumentError

REFERENCE = "baseline"  # a run of this name is what the others are compared with


def combine(runs: Sequence[xr.Dataset]) -> xr.Dataset:
    """Stack runs on `scenario`, on the union of their times.

    Parameters
    ----------
    runs : sequence of Dataset
        Single runs, or Datasets that already have a `scenario` dimension. Time axes may differ.

    Returns
    -------
    Dataset
        Numeric variables as float with `scenario` first; NaN where a run has no value. The coordinate
        `saved (scenario, time)` tells the times of a run from the times that only others have;
        `why (scenario)` is each scenario's sentence. The first scenario is the reference: the run
        named "baseline", or else the first.

    Raises
    ------
    ArgumentError
        No runs, or a run that is an ensemble (`member` dimension).
    """
    singles = [_numeric(run) for run in order_runs(runs)]
    times = np.unique(np.concatenate([np.asarray(run["time"].values, dtype=float) for run in singles]))
    names = scenario_names(singles)
    saved = np.stack([np.isin(times, run["time"].values) for run in singles])
    stacked = xr.concat(
        [run.reindex(time=times) for run in singles],
        dim="scenario",
        data_vars="all",
        coords="minimal",
        compat="override",
        join="outer",
        combine_attrs="override",
    )
    time_units = singles[0]["time"].attrs.get("units", "")
    stacked = stacked.assign_coords(
        scenario=names,
        saved=(("scenario", "time"), saved),
        why=("scenario", [str(parse_scenario(run).get("why", "")) for run in singles]),
    )
    stacked["time"].attrs["units"] = time_units
    return stacked


def order_runs(runs: Sequence[xr.Dataset]) -> list[xr.Dataset]:
    """The single runs, reference first. Raises ArgumentError as `combine` does."""
    singles = [single for run in runs for single in _split(run)]
    if not singles:
        raise ArgumentError("A report needs at least one run.", remedy="Simulate a scenario first.")
    first = next((i for i, run in enumerate(singles) if run.attrs.get("scenario") == REFERENCE), 0)
    return [singles[first], *singles[:first], *singles[first + 1 :]]


def scenario_names(runs: Sequence[xr.Dataset]) -> list[str]:
    """Names to show, one a run, all different: `fast_track` → "fast track"."""
    names: list[str] = []
    for number, run in enumerate(runs, start=1):
        name = " ".join(str(run.attrs.get("scenario") or f"run {number}").replace("_", " ").split())
        tail = 2
        unique = name
        while unique in names:
            unique, tail = f"{name} ({tail})", tail + 1
        names.append(unique)
    return names


def parse_scenario(run: xr.Dataset) -> dict[str, object]:
    """The scenario's TOML as a dict; empty if there is none or if it does not parse.

    A report is the last place to refuse a run because its label is damaged: the text itself is shown.
    """
    try:
        return tomllib.loads(str(run.attrs.get("scenario_text", "")))
    except tomllib.TOMLDecodeError:
        return {}


def _split(run: xr.Dataset) -> list[xr.Dataset]:
    """A Dataset of several scenarios as single runs."""
    if "member" in run.dims:
        raise ArgumentError(
            "A report compares single runs; this Dataset is an ensemble with a `member` dimension.",
            remedy="Select one member, or use the figures of the study.",
        )
    if "scenario" not in run.dims:
        return [run]
    labels = run["scenario"].values if "scenario" in run.coords else range(run.sizes["scenario"])
    return [
        run.isel(scenario=i).drop_vars("scenario", errors="ignore").assign_attrs(scenario=str(label))
        for i, label in enumerate(labels)
    ]


def _numeric(run: xr.Dataset) -> xr.Dataset:
    """Float variables on a `time` dimension without repeats; everything else dropped."""
    if "time" not in run.dims:
        run = run.drop_vars("time", errors="ignore").assign_coords(time=("time", [0.0]))
    units = run["time"].attrs.get("units", "")
    run = run.reset_coords(drop=True)
    kept = [name for name in run.data_vars if run.variables[name].dtype.kind in "fiub"]
    run = run[kept].astype(float)
    if "time" not in run.coords:
        run = run.assign_coords(time=("time", np.arange(run.sizes.get("time", 1), dtype=float)))
    run = run.drop_duplicates("time")
    run["time"].attrs["units"] = units
    return run
