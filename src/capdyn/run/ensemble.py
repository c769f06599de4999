"""Ensembles: many members of one model, a SIMD lane each, blocks of them on all cores.

A member's numbers do not depend on its place, its neighbours, the number of threads or of lanes: bitwise, tested.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from ..emit.engine import Engine
from ..errors import ArgumentError
from . import label
from .clock import Clock
from .failure import first_failure
from .open import Model
from .scenario import Settings, locate, resolve
from .simulate import begin, fill, given_states, read_clock, sow

OK, NOT_FINITE = 0, 1
_MOST_BYTES = 4 * 2**30


@dataclass(frozen=True)
class _Sample:
    """Parameter slots that differ between members, and their values. values : shape (n_slots, n_members)."""

    slots: np.ndarray
    values: np.ndarray


def ensemble(
    model: Model,
    parameters: Mapping[str, Any],
    scenario: str | Path | Mapping[str, Any] | None = None,
    outputs: Iterable[str] | None = None,
    method: str | None = None,
    threads: int | None = None,
    *,
    lanes: int | None = None,
    seed: int = 0,
) -> xr.Dataset:
    """Runs many members at once.

    Parameters
    ----------
    model : Model
    parameters : mapping
        Constants by Vensim name, `"Trust decay"` or `"Lever intensity[network_broker,Home]"`, each with an array of one
        number a member, shape (n_members,). A name without subscripts sets all elements of an array alike.
    scenario : str, Path or mapping, optional
        What all members share.
    outputs : iterable of str, optional
        Variables to keep; all by default, if they fit into 4 GiB.
    method : str, optional
        A fixed-step method; by default the scenario's or the model's.
    threads : int, optional
        Threads; by default one for each core. Results do not depend on it.
    lanes : int, optional
        Members a vector, for tests. Results do not depend on it.
    seed : int
        Of the random functions, from 0 to 2**53 - 1; each member has numbers of its own, the first those of `simulate`.

    Returns
    -------
    xarray.Dataset
        As from `capdyn.simulate`, with `member` as first dimension, and for each member `status` (0 ok, 1 not finite),
        `failed_time` and `failed_variable`. A member that fails does not touch the others.

    Raises
    ------
    ScenarioError, ArgumentError
        Unknown names, arrays of different lengths, values out of range, results that would not fit.
    """
    settings = resolve(model.system, scenario, model.folder, None, None, None, method)
    machine = model.engine("kernel", given_states(settings), lanes)
    sample = _sample(model, machine, parameters)
    names = label.chosen(model, outputs)
    kept = label.kept_slots(machine.layout, names)
    first = machine.values()
    fill(machine, first, settings)
    _place(first, sample, np.arange(1))
    sow(machine, first, seed, np.arange(1))
    clock = read_clock(machine, first, settings, model)
    if not clock.is_fixed:
        raise ArgumentError(
            f"An ensemble runs with a fixed step; {clock.method} is adaptive.",
            remedy="Choose method='rk4' or 'euler', or call capdyn.simulate for each member.",
        )
    n_members = sample.values.shape[1]
    out = np.empty((n_members, len(clock.times), len(kept)))
    _check_size(out.nbytes, len(names))
    constants = np.empty((n_members, machine.layout.size))
    failed = np.full(n_members, -1, dtype=np.int64)

    def block(start: int) -> None:
        """Runs the members from `start` on that fit into the lanes; lanes that are left over repeat the last."""
        members = np.arange(start, min(start + machine.lanes, n_members))
        values = machine.values()
        fill(machine, values, settings)
        _place(values, sample, members)
        sow(machine, values, seed, members)
        read_clock(machine, values, settings, model)
        begin(machine, values, clock)
        part = np.empty((out.shape[1], len(kept), machine.lanes))
        marks = np.empty(machine.lanes, dtype=np.int64)
        machine.march(clock.method, values, clock.steps, kept, part, marks)
        out[members] = np.moveaxis(part, 2, 0)[: len(members)]
        constants[members] = values.T[: len(members)]
        failed[members] = marks[: len(members)]

    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        for _ in pool.map(block, range(0, n_members, machine.lanes)):
            pass
    dataset = label.members(model, machine.layout, settings, clock, names, out, constants)
    dataset = _with_status(dataset, machine, settings, sample, clock, failed, out, seed)
    return dataset.assign_attrs(seed=seed)


def _sample(model: Model, machine: Engine, parameters: Mapping[str, Any]) -> _Sample:
    """Slots and values of what differs between members, checked against the declared ranges."""
    slots: list[int] = []
    rows: list[np.ndarray] = []
    lengths: dict[str, int] = {}
    for name, numbers in parameters.items():
        array = np.asarray(numbers, dtype=float)
        if array.ndim != 1 or not len(array):
            raise ArgumentError(
                f"parameters: '{name}' has shape {array.shape}.",
                remedy="Give one number for each member, shape (n_members,).",
            )
        symbol, offsets = locate(model.system, name)
        low, high = model.system.symbols[symbol].limits
        outside = array[
            (array < (-np.inf if low is None else low))
            | (array > (np.inf if high is None else high))
            | ~np.isfinite(array)
        ]
        if len(outside):
            raise ArgumentError(
                f"parameters: '{name}' gets {outside[0]:g}, outside its range [{low}, {high}].",
                remedy="Stay within it, or widen the range in the equation file.",
            )
        lengths[name] = len(array)
        for offset in offsets:
            slots.append(machine.layout.start[symbol] + offset)
            rows.append(array)
    if len(set(lengths.values())) != 1:
        counts = ", ".join(f"'{name}' {count}" for name, count in lengths.items()) or "none given"
        raise ArgumentError(f"parameters: arrays of one length are needed, one number a member ({counts}).")
    return _Sample(np.array(slots, dtype=np.int64), np.array(rows))


def _place(values: np.ndarray, sample: _Sample, members: np.ndarray) -> None:
    """Writes the members' numbers into the lanes; lanes that are left over repeat the last member."""
    lanes = np.minimum(np.arange(values.shape[1]), len(members) - 1)
    values[sample.slots] = sample.values[:, members[lanes]]


def _check_size(size: int, count: int) -> None:
    if size > _MOST_BYTES:
        raise ArgumentError(
            f"The results of {count} variables would take {size / 2**30:.1f} GiB.",
            remedy="Name the variables you need in outputs=[...], or use fewer members at a time.",
        )


def _with_status(
    dataset: xr.Dataset,
    machine: Engine,
    settings: Settings,
    sample: _Sample,
    clock: Clock,
    failed: np.ndarray,
    out: np.ndarray,
    seed: int,
) -> xr.Dataset:
    """Adds `status`, `failed_time` and `failed_variable`; a failed member is run once more to see where it broke."""
    broken = (failed >= 0) | ~np.isfinite(out).all(axis=(1, 2))
    times = np.full(len(failed), np.nan)
    variables = np.full(len(failed), "", dtype=object)
    for member in np.flatnonzero(broken):
        values = machine.values()
        fill(machine, values, settings)
        _place(values, sample, np.array([member]))
        sow(machine, values, seed, np.array([member]))
        begin(machine, values, clock)
        failure = first_failure(machine, values, clock, int(failed[member]))
        if failure is not None:
            times[member] = failure.time
            variables[member] = machine.layout.name_of(failure.slot)
    status = np.where(broken, NOT_FINITE, OK).astype(np.int8)
    about = {
        "long_name": "Outcome of the run",
        "flag_values": [OK, NOT_FINITE],
        "flag_meanings": "ok not_finite",
    }
    return dataset.assign(
        status=("member", status, about),
        failed_time=(
            "member",
            times,
            {
                "long_name": "Time of the first value that was not finite",
                "units": dataset["time"].attrs["units"],
            },
        ),
        failed_variable=(
            "member",
            variables.astype(str),
            {"long_name": "First variable that was not finite"},
        ),
    )
