"""Sensitivities: how every output changes with every constant, over time, in one call.

The model and its tangent (`capdyn.passes.tangent`) are compiled once, with one direction; which constant that
is stands in a parameter, so that each SIMD lane follows another constant, and blocks of lanes run on all cores.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from ..emit.engine import Engine
from ..emit.layout import lay_out
from ..errors import ArgumentError, NumericalError
from ..lang.model import CONTROLS
from ..passes.crossings import Crossing, watch
from ..passes.differentiate import tangent_name
from ..passes.initials import give_initial
from ..passes.system import System
from ..passes.tangent import seed_name, tangent
from . import label
from .adaptive import thresholds_of
from .address import everywhere
from .blocks import cores
from .clock import Clock
from .failure import describe, first_failures
from .follow import follow
from .grid import behind_the_clock
from .inputs import Input, find_inputs
from .open import Model
from .scenario import Settings, resolve
from .simulate import begin, fill, given_states, read_clock

OK, NOT_FINITE = 0, 1
_MOST_BYTES = 4 * 2**30


def sensitivities(
    model: Model,
    parameters: Iterable[str] | None = None,
    scenario: str | Path | Mapping[str, Any] | None = None,
    outputs: Iterable[str] | None = None,
    method: str | None = None,
    *,
    initial: Iterable[str] = (),
    threads: int | None = None,
    rtol: float = 1e-8,
    atol: float = 1e-10,
    crossings: str = "locate",
) -> xr.Dataset:
    """Derivatives of outputs in constants, over time: exact ones, not differences of runs.

    With 'euler' or 'rk4' they are the derivatives of the numbers that `capdyn.simulate` gives, step for step. The
    time at which something switches (STEP, PULSE, a lever) is then part of the grid: its derivative is 0. An
    adaptive method gives the derivatives of the solution itself, those in switch times included and those in the times
    at which the state crosses a threshold. On a grid, a crossing is taken to stay in its step.

    Parameters
    ----------
    model : Model
    parameters : iterable of str, optional
        Constants by Vensim name, `"Trust decay"` or `"Lever intensity[network_broker,Home]"`; a name without subscripts
        stands for each of its elements. By default all constants that the equation file gives a range.
    scenario : str, Path or mapping, optional
        The run about which derivatives are taken.
    outputs : iterable of str, optional
        Variables to differentiate; all by default, if they fit into 4 GiB.
    method : str, optional
        As for `capdyn.simulate`.
    initial : iterable of str, optional
        Stocks whose first values are inputs as well, in the same form.
    threads : int, optional
        Threads of a fixed-step method; by default one for each core. Results do not depend on it.
    rtol, atol : float
        Tolerances of an adaptive method, for variables and derivatives alike.
    crossings : str
        As for `capdyn.simulate`. With 'ignore' a crossing is taken to stay where it is: derivatives are wrong where
        flows jump there.

    Returns
    -------
    xarray.Dataset
        As from `capdyn.simulate`, with `parameter` as first dimension, labelled `Name[Element]`, with the coordinates
        `parameter_value` and `parameter_units`. A variable is in its unit per unit of the parameter. `status` is
        0, or 1 where a derivative stopped being finite (an infinite slope) while the run itself went well.

    Raises
    ------
    ScenarioError, ArgumentError
        Unknown names, time settings as parameters, results that would not fit.
    NumericalError
        The run itself stopped being finite.
    """
    settings = resolve(model.system, scenario, model.folder, None, None, None, method)
    if model.system.floored:
        name = model.system.symbols[model.system.floored[0]].variable
        raise ArgumentError(
            f"'{name}' may not be negative, and a run is not differentiable where it is kept from it.",
            remedy="Write the limit into its outflow, for example MIN(outflow, stock/TIME STEP).",
        )
    inputs = find_inputs(model, parameters, initial)
    _check_times(model, inputs)
    names = label.chosen(model, outputs)
    clock = _clock(model, settings)
    thresholds = () if clock.is_fixed else thresholds_of(model, crossings)
    machine = _machine(model, inputs, settings, clock, thresholds)
    values = machine.values()
    fill(machine, values, settings)
    given = np.array([values[i.slot(machine), 0] if i.symbol.kind == "parameter" else np.nan for i in inputs])
    _check_size(len(inputs) * len(clock.times) * _moving(model, names) * 8, len(names))
    run = _Run(model, machine, settings, clock, inputs, names)
    result = run.march(threads) if clock.is_fixed else run.adapt(thresholds, rtol, atol)
    tolerances = "" if clock.is_fixed else f"rtol {rtol:g}, atol {atol:g}, crossings {crossings}"
    return _labelled(run, result, given, tolerances)


def _check_times(model: Model, inputs: list[Input]) -> None:
    """Refuses inputs that the times of a run follow from."""
    for control in CONTROLS:
        clock = behind_the_clock(model.system, [control])
        for given in inputs:
            if given.symbol.name in clock:
                raise ArgumentError(
                    f"parameters: '{control.upper()}' is computed from '{given.label}', "
                    "and a run is not differentiable in it.",
                    remedy="Leave it out; capdyn.simulate shows what another value changes.",
                )


def _clock(model: Model, settings: Settings) -> Clock:
    """The run's time settings, read without compiling anything."""
    machine = model.engine("interpret", given_states(settings))
    values = machine.values()
    fill(machine, values, settings)
    return read_clock(machine, values, settings, model)


def _machine(
    model: Model,
    inputs: list[Input],
    settings: Settings,
    clock: Clock,
    thresholds: tuple[Crossing, ...],
) -> Engine:
    """The model and its tangent with one free direction over all inputs."""
    symbols = {i.symbol.name: i.symbol for i in inputs}
    free = {(symbol.name, place): 0.0 for symbol in symbols.values() for place in everywhere(symbol)}

    def derive(system: System) -> System:
        return tangent(watch(system)[0] if thresholds else system, [free], jumps=not clock.is_fixed)

    how = "on a grid" if clock.is_fixed else "with crossings" if thresholds else "with jumps"
    what = f"tangent {how} in {', '.join(sorted(symbols))}"
    return model.derived(what, derive, given=given_states(settings))


def _moving(model: Model, names: list[str]) -> int:
    return sum(s.size for s in map(model.system.symbols.__getitem__, names) if label.varies(s))


def _check_size(size: int, count: int) -> None:
    if size > _MOST_BYTES:
        raise ArgumentError(
            f"The derivatives of {count} variables would take {size / 2**30:.1f} GiB.",
            remedy="Name the variables you need in outputs=[...], or fewer parameters at a time.",
        )


@dataclass(frozen=True)
class _Result:
    """out : shape (n_inputs, n_times, n_kept); constants : shape (n_inputs, n_slots); failed : shape (n_inputs,)."""

    out: np.ndarray
    constants: np.ndarray
    failed: np.ndarray


class _Run:
    """One call's choices, and the two ways through it."""

    def __init__(
        self,
        model: Model,
        machine: Engine,
        settings: Settings,
        clock: Clock,
        inputs: list[Input],
        names: list[str],
    ):
        self.model, self.machine, self.settings, self.clock = model, machine, settings, clock
        self.inputs, self.names = inputs, names
        self.layout = lay_out(give_initial(model.system, given_states(settings)))
        system = machine.layout.system
        self.seeds = np.array([i.slot(machine, seed_name(model.system, i.symbol.name)) for i in inputs])
        # Of the wanted variables, those that vary and depend on an input; the columns of the others stay zero.
        columns: list[int] = []
        slots: list[int] = []
        taken = 0
        for symbol in (model.system.symbols[name] for name in names):
            if label.varies(symbol):
                if tangent_name(symbol.name) in system.symbols:
                    columns += range(taken, taken + symbol.size)
                    slots += machine.layout.slots(tangent_name(symbol.name))
                taken += symbol.size
        self.columns, self.width = np.array(columns, dtype=np.int64), taken
        self.slots = np.array(slots, dtype=np.int64)

    def _empty(self) -> _Result:
        count = len(self.inputs)
        return _Result(
            np.zeros((count, len(self.clock.times), self.width)),
            np.zeros((count, self.layout.size)),
            np.zeros(count, dtype=bool),
        )

    def begin(self, members: np.ndarray) -> np.ndarray:
        """Values at the start, each lane in the direction of its input; lanes that are left over go nowhere."""
        values = self.machine.values()
        fill(self.machine, values, self.settings)
        values[self.seeds[members], np.arange(len(members))] = 1.0
        begin(self.machine, values, self.clock)
        return values

    def _keep_constants(self, result: _Result, members: np.ndarray, values: np.ndarray) -> None:
        layout = self.machine.layout
        for symbol in (self.model.system.symbols[name] for name in self.names):
            if not label.varies(symbol) and tangent_name(symbol.name) in layout.system.symbols:
                found = values[list(layout.slots(tangent_name(symbol.name))), : len(members)]
                result.constants[np.ix_(members, np.array(self.layout.slots(symbol.name)))] = found.T

    def march(self, threads: int | None) -> _Result:
        """Fixed step: a block of lanes at a time, on all cores."""
        result, lanes = self._empty(), self.machine.lanes

        def block(first: int) -> None:
            members = np.arange(first, min(first + lanes, len(self.inputs)))
            values = self.begin(members)
            self._keep_constants(result, members, values)
            part = np.empty((len(self.clock.times), len(self.slots), lanes))
            marks = np.empty(lanes, dtype=np.int64)
            self.machine.march(self.clock.method, values, self.clock.steps, self.slots, part, marks)
            found = np.moveaxis(part, 2, 0)[: len(members)]
            result.out[np.ix_(members, np.arange(part.shape[0]), self.columns)] = found
            result.failed[members] = (marks[: len(members)] >= 0) | ~np.isfinite(found).all(axis=(1, 2))

        with ThreadPoolExecutor(threads or cores()) as pool:
            for _ in pool.map(block, range(0, len(self.inputs), lanes)):
                pass
        if result.failed.any():
            self._check_run()
        return result

    def _check_run(self) -> None:
        """Raises if it is the run itself that fails, and not only a derivative."""
        machine = self.model.engine("kernel", given_states(self.settings))
        values = machine.values()
        fill(machine, values, self.settings)
        begin(machine, values, self.clock)
        before = values.copy()
        marks = np.empty(machine.lanes, dtype=np.int64)
        every = np.arange(machine.layout.size, dtype=np.int64)
        out = np.empty((len(self.clock.times), len(every), machine.lanes))
        machine.march(self.clock.method, values, self.clock.steps, every, out, marks)
        values[:] = before
        (failure,) = first_failures(machine, values, self.clock, marks[:1])
        if failure is not None:
            raise NumericalError(describe(failure, self.clock, machine.layout))

    def adapt(self, thresholds: tuple[Crossing, ...], rtol: float, atol: float) -> _Result:
        """Adaptive: the stocks once, with the tangents of a block of lanes beside them."""
        result = self._empty()
        for first in range(0, len(self.inputs), self.machine.lanes):
            members = np.arange(first, min(first + self.machine.lanes, len(self.inputs)))
            values = self.begin(members)
            self._keep_constants(result, members, values)
            own = [self.inputs[m] for m in members]
            moved = np.array([i.slot(self.machine) if i.symbol.kind == "parameter" else -1 for i in own])
            part = follow(
                self.model,
                self.machine,
                self.settings,
                self.clock,
                values,
                moved,
                self.slots,
                thresholds,
                rtol,
                atol,
            )
            result.out[np.ix_(members, np.arange(part.shape[0]), self.columns)] = np.moveaxis(part, 2, 0)
            result.failed[members] = ~np.isfinite(part).all(axis=(0, 1))
        return result


def _labelled(run: _Run, result: _Result, given: np.ndarray, tolerances: str) -> xr.Dataset:
    model = run.model
    dataset = label.members(
        model, run.layout, run.settings, run.clock, run.names, result.out, result.constants, tolerances
    )
    if "parameter" in dataset.dims:
        raise ArgumentError(
            "A subscript range is called 'parameter', and so is the dimension of the result.",
            remedy="Rename the range.",
        )
    for name, variable in dataset.data_vars.items():
        unit = f"{variable.attrs['units']} per unit of the parameter".strip()
        kept = {k: v for k, v in variable.attrs.items() if k not in ("valid_min", "valid_max")}
        variable.attrs = kept | {"units": unit, "long_name": f"Derivative of {name}"}
    units = [model.source.variables[i.symbol.name].units for i in run.inputs]
    about = {
        "long_name": "Whether the derivatives are finite",
        "flag_values": [OK, NOT_FINITE],
        "flag_meanings": "ok not_finite",
    }
    return (
        dataset.rename(member="parameter")
        .assign_coords(
            parameter=("parameter", [i.label for i in run.inputs], {"long_name": "Constant or first value"}),
            parameter_value=("parameter", given, {"long_name": "Value of the constant in this run"}),
            parameter_units=("parameter", units, {"long_name": "Unit of the constant"}),
        )
        .assign(status=("parameter", result.failed.astype(np.int8), about))
    )
