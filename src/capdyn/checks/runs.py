"""Checks that run the model: over the ranges of its constants, and at half the step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise

import numpy as np
import xarray as xr

from ..emit.engine import FIXED_METHODS
from ..errors import NumericalError
from ..run.address import address_of, parse_address, write_address
from ..run.ensemble import ensemble
from ..run.simulate import simulate
from .case import Case
from .finding import Finding

STEP_TOLERANCE = 1e-3  # of a variable's largest value
_ROUNDING = 1e-9  # of a stock's largest value: less below zero is no more than rounding
_MOST_ROUNDS = 40
_MOST_PIECES = 64
_MOST_CULPRITS = 8
_SHORTER = "Take a shorter TIME STEP"
_LOOK = "ook for a division by zero, LN, SQRT or a power in its equation, or narrow the ranges."


def finite(case: Case) -> Iterator[Finding]:
    """Members of the ensemble that stop being finite: how many, where, why, and whether a shorter step helps."""
    if isinstance(case.run, NumericalError):
        for problem in case.run.problems:
            yield Finding("finite", "", problem.where, problem.what, problem.remedy)
    members = case.members
    if members is None:
        return
    broken = _breaks(members)
    names = np.array(
        [parse_address(str(name))[0] if name else "" for name in members["failed_variable"].values]
    )
    for name in dict.fromkeys(names[broken].tolist()):
        these = np.flatnonzero(broken & (names == name))
        first = int(these[0])
        symbol = next((s for s in case.model.system.symbols.values() if s.variable == name), None)
        outputs = [name] if symbol else None
        culprits = _culprits(case, first, _breaks, outputs)
        healed = _healed(case, these, outputs)
        if len(healed) == len(these):
            remedy = f"{_SHORTER}: all of them run through at a quarter of the step."
        elif len(healed):
            remedy = (
                f"{_SHORTER}: {len(healed)} of them run through at a quarter of the step, the others perhaps at less. "
                f"If not, l{_LOOK}"
            )
        else:
            remedy = f"A quarter of the step does not help. L{_LOOK}"
        yield Finding(
            "finite",
            name,
            symbol.where if symbol else None,
            f"'{members['failed_variable'].values[first]}' stops being finite in {len(these)} of {len(broken)} members "
            f"over the ranges (seed {case.seed}); first in member {first}, at time "
            f"{float(members['failed_time'].values[first]):g}{culprits}.",
            remedy,
        )


def _healed(case: Case, these: np.ndarray, outputs: list[str] | None) -> np.ndarray:
    """Those of the members that stay finite at a quarter of the step."""
    short: dict[str, object] = {"time": {"step": case.step / 4}}
    if case.scenario:
        short["inherits"] = case.scenario
    sample = {name: values[these] for name, values in case.sample.items()}
    runs = ensemble(case.model, sample, short, outputs, case.method)
    return these[~_breaks(runs)]


def negative(case: Case) -> Iterator[Finding]:
    """Stocks that become negative in the ensemble although the range that they declare begins at zero or above."""
    members = case.members
    if members is None:
        return
    for symbol in case.model.system.of_kind("state"):
        low = symbol.limits[0]
        if not symbol.variable or low is None or low < 0.0 or symbol.name in case.model.system.floored:
            continue
        below = _below_zero(members[symbol.variable])
        if not below.any():
            continue
        which = np.flatnonzero(_empties(symbol.variable, members))
        first = int(which[0])
        values = members[symbol.variable].values[first]
        place = tuple(np.argwhere(below[first])[0])
        time = float(members["time"].values[place[0]])
        name = symbol.variable
        culprits = _culprits(case, first, partial(_empties, name), [name])
        yield Finding(
            "negative",
            name,
            symbol.where,
            f"The stock '{address_of(symbol, tuple(int(i) for i in place[1:]))}' becomes negative in {len(which)} of "
            f"{len(below)} members over the ranges (seed {case.seed}), although its range begins at {low:g}; "
            f"first in member {first}, {values[place]:.4g} at time {time:g}{culprits}.",
            "Let its outflow vanish as it empties, narrow the ranges, or take a shorter step.",
        )


def _empties(name: str, runs: xr.Dataset) -> np.ndarray:
    """Whether a stock becomes negative in each member, shape (n_members,)."""
    return np.asarray(_below_zero(runs[name]).reshape(runs.sizes["member"], -1).any(axis=1))


def _breaks(runs: xr.Dataset) -> np.ndarray:
    """Whether each member stops being finite, shape (n_members,)."""
    return np.asarray(runs["status"].values != 0)


def _below_zero(data: xr.DataArray) -> np.ndarray:
    """Where values are negative by more than rounding; members that are not finite say nothing."""
    values = data.values
    axes = tuple(range(1, values.ndim))
    scale = np.nanmax(np.abs(np.where(np.isfinite(values), values, 0.0)), axis=axes, keepdims=True)
    return np.asarray(np.where(np.isfinite(values), values, 0.0) < -_ROUNDING * scale)


def _culprits(
    case: Case, member: int, offends: Callable[[xr.Dataset], np.ndarray], outputs: list[str] | None
) -> str:
    """A small set of the member's constants that does it alone, all others as in the file.

    Parts of the set are tried, all at once as an ensemble; the first that still offends is divided further (delta
    debugging: Zeller and Hildebrandt, IEEE Transactions on Software Engineering 28 (2002) 183).
    """
    base = _base(case)
    chosen = {name: float(case.sample[name][member]) for name in base}

    def first(trials: list[list[str]]) -> list[str] | None:
        """The first of the sets that does it."""
        rows = {
            name: np.array([chosen[name] if name in trial else base[name] for trial in map(set, trials)])
            for name in kept
        }
        runs = ensemble(case.model, rows, case.scenario, outputs, case.method)
        return next((trial for trial, bad in zip(trials, offends(runs), strict=True) if bad), None)

    kept, pieces = list(chosen), 2
    if not kept or first([kept]) is None:
        return ""
    for _ in range(_MOST_ROUNDS):
        pieces = min(pieces, len(kept))
        if pieces < 2:
            break
        bounds = np.linspace(0, len(kept), pieces + 1).astype(int)
        parts = [kept[a:b] for a, b in pairwise(bounds)]
        rests = [[name for name in kept if name not in set(part)] for part in parts]
        found = first(parts + (rests if pieces > 2 else []))
        if found is not None:
            pieces = 2 if len(found) <= len(kept) // pieces + 1 else max(pieces - 1, 2)
            kept = found
        elif pieces in (len(kept), _MOST_PIECES):
            break
        else:
            pieces = min(2 * pieces, _MOST_PIECES)
    listed = ", ".join(f"{name} = {chosen[name]:.6g}" for name in kept[:_MOST_CULPRITS])
    rest = f" and {len(kept) - _MOST_CULPRITS} more" if len(kept) > _MOST_CULPRITS else ""
    return f" with {listed}{rest}"


def _base(case: Case) -> dict[str, float]:
    """The value of each sampled constant where nothing is varied, the scenario's; without those outside their range."""
    data = case.run if isinstance(case.run, xr.Dataset) else None
    found: dict[str, float] = {}
    for symbol in case.constants:
        low, high = symbol.limits
        values = np.array(symbol.values) if data is None else data[symbol.variable].values.ravel()
        for place, value in zip(np.ndindex(*symbol.shape), values, strict=True):
            address = address_of(symbol, place)
            if address in case.sample and low is not None and high is not None and low <= value <= high:
                found[address] = float(value)
    return found


def circles(case: Case) -> Iterator[Finding]:
    """First values that need one another, and where the search for them came out."""
    run = case.run
    for circle in case.model.system.circles:
        symbols = [case.model.system.symbols[name] for name in circle.targets]
        if isinstance(run, NumericalError):
            solved = not any(circle.path in problem.what for problem in run.problems)
            found = "They are solved before the run" if solved else "No numbers were found that agree"
        else:
            begins = [f"'{s.variable}' begins at {_first(run[s.variable])}" for s in symbols if s.variable]
            found = ", ".join(["They are solved before the run", *begins])
        yield Finding(
            "circles",
            next((s.variable for s in symbols), ""),
            circle.where,
            f"First values need one another: {circle.path}. {found}.",
            "If another solution is meant, give one of them an initial value of its own, or use ACTIVE INITIAL.",
        )


def _first(values: xr.DataArray) -> str:
    """A variable's first value, or from which to which its elements begin."""
    first = values.isel(time=0) if "time" in values.dims else values
    low, high = float(first.min()), float(first.max())
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


def step(case: Case) -> Iterator[Finding]:
    """What changes when the step of a fixed-step method is halved."""
    whole = case.run
    if isinstance(whole, NumericalError) or whole.attrs["method"] not in FIXED_METHODS:
        return
    length = float(whole.attrs["step"])
    try:
        half = simulate(case.model, case.scenario, step=length / 2)
    except NumericalError as error:
        for problem in error.problems:
            yield Finding("step", "", problem.where, f"At half the step: {problem.what}", problem.remedy)
        return
    worst: list[tuple[float, str, float]] = []
    for name in map(str, whole.data_vars):
        found = _difference(whole[name], half[name])
        if found and found[0] > STEP_TOLERANCE:
            worst.append((found[0], write_address(name, found[1]), found[2]))
    if not worst:
        return
    worst.sort(key=lambda row: -row[0])
    relative, address, time = worst[0]
    name = parse_address(address)[0]
    many = f"{len(worst)} variables move" if len(worst) > 1 else "One variable moves"
    yield Finding(
        "step",
        name,
        next((s.where for s in case.model.system.symbols.values() if s.variable == name), None),
        f"{many} by more than {STEP_TOLERANCE:.1%} when the step of {length:g} is halved ({whole.attrs['method']}); "
        f"most of all '{address}', by {relative:.2%} of its largest value at time {time:g}.",
        "Take half the TIME STEP, or a method of higher order (rk4).",
    )


def _difference(whole: xr.DataArray, half: xr.DataArray) -> tuple[float, list[str], float] | None:
    """The largest difference of a variable relative to its element's largest value, with the element and the time."""
    if "time" not in whole.dims or not whole.size:
        return None
    half = half.sel(time=whole["time"], method="nearest")
    a, b = whole.transpose("time", ...).values, half.transpose("time", ...).values
    scale = np.maximum(np.abs(a), np.abs(b)).max(axis=0, keepdims=True)
    relative = np.abs(a - b) / np.where(scale > 0.0, scale, 1.0)
    if not np.isfinite(relative).any():
        return None
    place = np.unravel_index(int(np.nanargmax(relative)), relative.shape)
    dims = [dim for dim in whole.dims if dim != "time"]
    labels = [str(whole[dim].values[i]) for dim, i in zip(dims, place[1:], strict=True)]
    return float(relative[place]), labels, float(whole["time"].values[place[0]])
