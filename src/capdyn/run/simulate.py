"""Simulate: the main job. Read this first.

settings  = what scenario and arguments change      (run.scenario)
engine    = the model, compiled                     (run.open, emit)
start     = constants and first values of the stocks
clock     = when, how long a step, what is kept     (run.clock)
march     = the run itself, fixed step or adaptive  (emit, solve)
label     = numbers with names, units, provenance   (run.label)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from ..emit.engine import Engine
from ..errors import ArgumentError, NumericalError
from ..lang.model import CONTROLS
from ..passes.draft import MEMBER, SEED
from ..passes.initials import State, parameter_for
from ..passes.system import System
from ..solve.adaptive import IMPLICIT, Solution, integrate
from . import label
from .clock import Clock, check
from .failure import describe, first_failures
from .jacobian import jacobian_of
from .open import Model
from .scenario import Settings, resolve


def simulate(
    model: Model,
    scenario: str | Path | Mapping[str, Any] | None = None,
    parameters: Mapping[str, Any] | None = None,
    initial: Mapping[str, Any] | None = None,
    method: str | None = None,
    step: float | None = None,
    outputs: Iterable[str] | None = None,
    *,
    rtol: float = 1e-8,
    atol: float = 1e-10,
    engine: str = "kernel",
    seed: int = 0,
) -> xr.Dataset:
    """One run of a model.

    Parameters
    ----------
    model : Model
        From `capdyn.open_model`.
    scenario : str, Path or mapping, optional
        Name of a scenario beside the model, a TOML file, or the same as a mapping.
    parameters, initial : mapping, optional
        Constants and initial values by Vensim name, on top of the scenario: `{"Trust decay": 0.1, "Trust[Home]": 0.4}`.
    method : str, optional
        'euler', 'rk2', 'rk4' (fixed step), 'lsoda', 'radau', 'bdf', 'dop853', 'rk45' (adaptive). By default the
        scenario's, else what the equation file asks for, else Euler, as in Vensim.
    step : float, optional
        Time step of a fixed-step method, in the model's time unit.
    outputs : iterable of str, optional
        Variables to keep; all by default.
    rtol, atol : float
        Tolerances of an adaptive method.
    engine : str
        'kernel' (compiled) or 'interpret' (slow and obvious, for checking).
    seed : int
        Of the random functions, from 0 to 2**53 - 1; the same seed gives the same numbers, on any machine.

    Returns
    -------
    xarray.Dataset
        Dimensions `time` and the subscript ranges; each variable in its unit. See docs/architecture.md, "Dataset".

    Raises
    ------
    ScenarioError, ArgumentError
        Unknown names, values out of range, impossible settings; all of a scenario's at once.
    NumericalError
        The run stopped being finite; says which variable and when.
    """
    settings = resolve(model.system, scenario, model.folder, parameters, initial, step, method)
    given = given_states(settings)
    machine = model.engine(engine, given)
    names = label.chosen(model, outputs)
    values = machine.values()
    fill(machine, values, settings)
    sow(machine, values, seed, np.zeros(1))
    clock = read_clock(machine, values, settings, model)
    begin(machine, values, clock)
    kept = label.kept_slots(machine.layout, names)
    tolerances = "" if clock.is_fixed else f"rtol {rtol:g}, atol {atol:g}"
    if clock.is_fixed:
        out = _march(machine, values, clock, kept)
    else:
        check_adaptive(machine.layout.system)
        jac = jacobian_of(model, engine, given, machine, values) if clock.method in IMPLICIT else None
        out = _adapt(machine, values, clock, kept, rtol, atol, model, jac)
    dataset = label.single(model, machine.layout, settings, clock, names, out, values[:, 0], tolerances)
    return dataset.assign_attrs(seed=seed)


def given_states(settings: Settings) -> State:
    """Elements of stocks whose initial values the settings give."""
    return frozenset((name, place) for name, places in settings.initial.items() for place in places)


def fill(machine: Engine, values: np.ndarray, settings: Settings) -> None:
    """Writes the parameters, those of the file and those of the settings, into every lane."""
    layout = machine.layout
    for symbol in layout.system.of_kind("parameter"):
        numbers = np.asarray(symbol.values, dtype=float)
        if symbol.name in settings.parameters:
            numbers = np.asarray(settings.parameters[symbol.name], dtype=float).ravel()
        values[list(layout.slots(symbol.name))] = numbers[:, None]
    for name, places in settings.initial.items():
        shape = layout.system.symbols[name].shape
        for place, number in places.items():
            offset = int(np.ravel_multi_index(place, shape)) if shape else 0
            values[layout.start[parameter_for(name)] + offset] = number


def sow(machine: Engine, values: np.ndarray, seed: int, members: np.ndarray) -> None:
    """Writes what random numbers depend on; lanes that are left over repeat the last of `members`.

    Raises
    ------
    ArgumentError
        A seed that is no whole number from 0 to 2**53 - 1.
    """
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not 0 <= seed < 2**53:
        raise ArgumentError(f"The seed is {seed!r}.", remedy="Give a whole number from 0 to 2**53 - 1.")
    start = machine.layout.start
    if SEED in start:
        values[start[SEED]] = float(seed)
        values[start[MEMBER]] = members[np.minimum(np.arange(machine.lanes), len(members) - 1)]


def read_clock(machine: Engine, values: np.ndarray, settings: Settings, model: Model) -> Clock:
    """The run's time settings: the settings' where they say something, else the equations'."""
    machine.run("constants", values, 0.0, 0.0, 0.0)
    layout = machine.layout
    numbers = []
    for control in CONTROLS:
        lanes = values[layout.start[control]]
        if not (lanes == lanes[0]).all():
            raise ArgumentError(
                f"'{control.upper()}' differs between members of an ensemble.",
                remedy="Run one ensemble for each value.",
            )
        numbers.append(float(settings.time.get(control, lanes[0])))
    method = settings.method or model.source.method or "euler"
    start, end, length, saveper = numbers
    return check(Clock(start, end, length, saveper, method))


def begin(machine: Engine, values: np.ndarray, clock: Clock) -> None:
    """Constants, then the stocks' first values."""
    step = clock.step if clock.is_fixed else 0.0
    held = clock.initial if clock.is_fixed else just_after(clock.initial)
    machine.run("constants", values, clock.initial, held, step)
    machine.run("initial", values, clock.initial, held, step)


def _march(machine: Engine, values: np.ndarray, clock: Clock, kept: np.ndarray) -> np.ndarray:
    """Fixed-step run; shape (n_saves, n_kept)."""
    steps = clock.steps
    out = np.empty((len(steps.saves), len(kept), machine.lanes))
    failed = np.empty(machine.lanes, dtype=np.int64)
    before = values.copy()
    machine.march(clock.method, values, steps, kept, out, failed)
    if failed[0] >= 0 or not np.isfinite(out[:, :, 0]).all():
        again = machine.values()
        again[:] = before
        (failure,) = first_failures(machine, again, clock, failed[:1])
        if failure is not None:
            raise NumericalError(describe(failure, clock, machine.layout))
    return out[:, :, 0]


def _adapt(
    machine: Engine,
    values: np.ndarray,
    clock: Clock,
    kept: np.ndarray,
    rtol: float,
    atol: float,
    model: Model,
    jac: Callable[[float, np.ndarray], np.ndarray] | None,
) -> np.ndarray:
    """Adaptive run; shape (n_saves, n_kept). jac : (time, y) -> derivatives of the flows in the stocks."""
    layout = machine.layout
    states = slice(layout.states.start, layout.states.stop)
    rates = slice(layout.derivatives.start, layout.derivatives.stop)

    def rhs(time: float, y: np.ndarray) -> np.ndarray:
        """y : shape (n_states,) or (n_states, n_columns); a column a lane."""
        columns = y.reshape(len(y), -1)
        result = np.empty_like(columns)
        for first in range(0, columns.shape[1], machine.lanes):
            part = columns[:, first : first + machine.lanes]
            values[states, : part.shape[1]] = part
            machine.run("flows", values, time, just_after(time), 0.0)
            result[:, first : first + part.shape[1]] = values[rates, : part.shape[1]]
        return result.reshape(y.shape)

    times = clock.times
    switches = switch_times(machine, values, clock)
    solution = integrate(rhs, values[states, 0].copy(), times, switches, clock.method, rtol, atol, jac)
    if solution.message:
        raise gave_up(solution, clock, model)
    out = np.empty((len(times), len(kept)))
    for i, time in enumerate(times):
        values[states] = solution.y[i][:, None]
        machine.run("flows", values, time, just_after(time), 0.0)
        machine.run("outputs", values, time, just_after(time), 0.0)
        out[i] = values[kept, 0]
    return out


def check_adaptive(system: System) -> None:
    """Refuses a System with functions that make sense on a fixed step only."""
    if system.grid_only:
        function, variable = system.grid_only[0]
        raise ArgumentError(
            f"'{variable}' uses {function}, which makes sense on a fixed step only.",
            remedy="Choose euler, rk2 or rk4.",
        )


def just_after(time: float) -> float:
    """What time functions look at where there is no step: an instant later, so that STEP is on at its own time."""
    return math.nextafter(time, math.inf)


def switch_times(machine: Engine, values: np.ndarray, clock: Clock) -> np.ndarray:
    """Times within the run at which the right-hand side may jump, ascending."""
    layout = machine.layout
    found: set[float] = set()
    for switch in layout.system.switches:
        times = values[list(layout.slots(switch.time)), 0]
        if switch.every:
            interval = float(values[layout.start[switch.every], 0])
            if interval > 0.0:
                count = int((clock.final - clock.initial) / interval) + 2
                first = np.ceil((clock.initial - times) / interval) * interval + times
                times = (first[:, None] + interval * np.arange(count)).ravel()
        found.update(times[np.isfinite(times)].tolist())
    return np.array(sorted(t for t in found if clock.initial < t < clock.final))


def gave_up(solution: Solution, clock: Clock, model: Model) -> NumericalError:
    """The message for an adaptive run that did not reach its end."""
    unit = model.source.variables["time step"].units or "time units"
    return NumericalError(
        f"{clock.method} gave up at time {solution.failed_at:g} {unit}: {solution.message}",
        remedy="Try radau or lsoda, a larger rtol, or rk4 with a small step to see what happens there.",
    )
