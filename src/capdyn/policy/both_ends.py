"""The same world begun low and begun high: whether what starts a take-off is more than what sustains it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from ..errors import ArgumentError
from ..run.address import address_of, labels_of, write_address
from ..run.ensemble import ensemble
from ..run.open import Model
from ..run.scenario import locate
from ..run.simulate import simulate
from .compare import OUTCOME, unit_of
from .levers import read_levers
from .outlay import pick

BEGUN = ("low", "high")


def from_both_ends(
    model: Model,
    low: str | None = None,
    high: str = "third_generation",
    *,
    constant: str | None = None,
    levers: Iterable[str] | None = None,
    factors: Iterable[float] | None = None,
    scenario: str | Path | Mapping[str, Any] | None = None,
    outcome: str = OUTCOME,
    years: float = 40.0,
    level: float | None = None,
) -> xr.Dataset:
    """Runs two scenarios to their end, and goes on from both with one thing changed, by more and by less.

    Parameters
    ----------
    model : Model
    low, high : str
        Scenarios whose last states are the two beginnings; low is `baseline`, or the model as it is, by default.
    constant : str, optional
        What is changed: all its elements, or those that the address names, times the factor, within its range.
    levers : iterable of str, optional
        Instead: the intensity of these levers in the first region, all at the factor, for good.
    factors : iterable of float, optional
        By default 41 from 0 to 1 for levers, to 2 for a constant.
    scenario : str, Path or mapping, optional
        What holds while it goes on; by default `low`.
    outcome : str
        The state that is looked at, at the end.
    years : float
        How long it goes on, in the model's unit of time.
    level : float, optional
        The state above which the cluster counts as high; by default half of the highest found.

    Returns
    -------
    xarray.Dataset
        `state` over `begun` and `factor`, nan where a run failed; `threshold` over `begun`: the factor at which the
        state first passes the level, nan where it never does, or always.
    """
    low = low if low is not None else "baseline" if "baseline" in model.scenarios else None
    sweep = (
        np.array(list(factors))
        if factors is not None
        else np.linspace(0.0, 1.0 if levers is not None else 2.0, 41)
    )
    if (constant is None) == (levers is None):
        raise ArgumentError(
            "A constant or levers: one of them is needed.", remedy="Give --constant or --levers."
        )
    if not (sweep.size > 1 and (np.diff(sweep) > 0).all()):
        raise ArgumentError("The factors are not ascending.", remedy="Give two or more, each above the last.")
    name, members = _varied(model, constant, levers, sweep)
    states, end = [], 0.0
    for begun in (low, high):
        run = simulate(model, begun)
        end = float(run["time"].values[-1])
        held = low if scenario is None else scenario
        going_on = (
            dict(held) if isinstance(held, Mapping) else {} if held is None else {"inherits": str(held)}
        )
        going_on |= {"initial": _last(model, run), "time": {"initial": end, "final": end + years}}
        runs = ensemble(model, members, going_on, [outcome.partition("[")[0]], reduce=["final"])
        found = pick(runs, outcome, _region(model)).isel(statistic=0).values
        states.append(np.where(runs["status"].values == 0, found, np.nan))
    both = np.stack(states)
    usual = 0.5 * float(np.nanmax(both)) if np.isfinite(both).any() else np.nan
    border = usual if level is None else level
    thresholds = [_crossing(sweep, row, border) for row in both]
    return xr.Dataset(
        {
            "state": (("begun", "factor"), both, {"long_name": "State at the end", "units": unit_of(model, outcome)}),
            "threshold": ("begun", thresholds, {"long_name": "Factor at which the state passes the level"}),
        },
        {"begun": list(BEGUN), "factor": ("factor", sweep, {"long_name": name})},
        {
            "model": model.name, "outcome": outcome, "level": border, "from": end, "years": years,
            "low": low or "model", "high": high,
        },
    )  # fmt: skip


def _region(model: Model) -> str:
    return read_levers(model.system).region if "lever intensity" in model.system.symbols else ""


def _varied(
    model: Model, constant: str | None, levers: Iterable[str] | None, sweep: np.ndarray
) -> tuple[str, dict[str, np.ndarray]]:
    """What the axis is called, and the numbers of each element that varies."""
    if levers is not None:
        known = read_levers(model.system)
        named = [known.find(lever) for lever in levers]
        never = np.full(len(sweep), 1000.0)
        found = {known.address(lever): np.minimum(sweep, known.most) for lever in named}
        found |= {f"Lever start[{lever}]": np.zeros(len(sweep)) for lever in named}
        found |= {f"Lever stop[{lever}]": never for lever in named}
        return "Intensity of " + (", ".join(named) if len(named) < 4 else f"{len(named)} levers"), found
    assert constant is not None
    symbol_name, offsets = locate(model.system, constant)
    symbol = model.system.symbols[symbol_name]
    low, high = (
        end if end is not None else usual for end, usual in zip(symbol.limits, (-np.inf, np.inf), strict=True)
    )
    found = {}
    for offset in offsets:
        place = tuple(int(i) for i in np.unravel_index(offset, symbol.shape)) if symbol.shape else ()
        found[address_of(symbol, place)] = np.clip(sweep * symbol.values[offset], low, high)
    return f"{constant}, relative to the model", found


def _last(model: Model, run: xr.Dataset) -> dict[str, float]:
    """The last value of every stock that has a name, by address."""
    found = {}
    for symbol in model.system.of_kind("state"):
        if symbol.variable:
            values = run[symbol.variable].isel(time=-1).values
            for place in np.ndindex(*symbol.shape):
                found[write_address(symbol.variable, labels_of(symbol, place))] = float(values[place])
    return found


def _crossing(sweep: np.ndarray, states: np.ndarray, level: float) -> float:
    """Where the states first rise from below to at least the level, on a straight line between two factors."""
    for i in range(len(sweep) - 1):
        a, b = states[i], states[i + 1]
        if a < level <= b:
            return float(sweep[i] + (sweep[i + 1] - sweep[i]) * (level - a) / (b - a))
    return np.nan
