"""Simulate: the main job. Read this first.

settings  = what scenario and arguments change      (run.scenario)
engine    = the model, compiled                     (run.open, emit)
start     = constants and first values of the stocks
clock     = when, how long a step, what is kept     (run.clock)
march     = the run itself, fixed step or adaptive  (emit, run.adaptive, solve)
label     = numbers with names, units, provenance   (run.label)
result    = a Dataset of them, for whoever wants one (run.result)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..emit.engine import Engine
from ..errors import ArgumentError, NumericalError
from ..lang.model import CONTROLS
from ..passes.initials import State, parameter_for
from ..passes.system import MEMBER, SEED
from ..solve.adaptive import METHODS
from . import label
from .clock import Clock, check, just_after
from .grid import lay, moving
from .open import Model
from .result import Result, to_dataset
from .scenario import Scenario, Settings, resolve
from .start import check_start, start

if TYPE_CHECKING:
    import xarray as xr


def simulate(
    model: Model,
    scenario: Scenario | None = None,
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
    crossings: str = "locate",
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

    crossings : str
        What an adaptive method does with thresholds that depend on the state (IF THEN ELSE, MIN, MAX, ABS, INTEGER,
        MODULO): 'locate' each crossing and start anew there, 'ignore' them and leave it to the tolerances, or 'refuse'
        models that have any. Not seen are two crossings within a TIME STEP.

    Returns
    -------
    xarray.Dataset
        Dimensions `time` and the subscript ranges; each variable in its unit. See docs/architecture.md, "Dataset".

    Raises
    ------
    ScenarioError, ArgumentError
        Unknown names, values out of range, impossible settings; all of a scenario's at once.
    NumericalError
        The run stopped being finite, says which variable and when; or it slides along a threshold, says which.
    """
    return to_dataset(
        trajectories(
            model, scenario, parameters, initial, method, step, outputs,
            rtol=rtol, atol=atol, engine=engine, seed=seed, crossings=crossings,
        )
    )  # fmt: skip


def trajectories(
    model: Model,
    scenario: Scenario | None = None,
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
    crossings: str = "locate",
) -> Result:
    """The same as plain arrays, without xarray."""
    settings = resolve(model.system, scenario, model.folder, parameters, initial, step, method)
    given = given_states(settings)
    if (settings.method or model.source.method) in METHODS:
        from .adaptive import adapt, engine_for, thresholds_of

        thresholds = thresholds_of(model, crossings)
        machine = engine_for(model, engine, given, thresholds)
    else:
        machine = model.engine(engine, given)
    names = label.chosen(model, outputs)
    values = machine.values()
    fill(machine, values, settings)
    sow(machine, values, seed, np.zeros(1))
    clock = read_clock(machine, values, settings, model)
    begin(machine, values, clock)
    check_start(machine, values)
    kept = label.kept_slots(machine.layout, names)
    tolerances = "" if clock.is_fixed else f"rtol {rtol:g}, atol {atol:g}, crossings {crossings}"
    if clock.is_fixed:
        out = _march(machine, values, clock, kept)
    else:
        out = adapt(model, engine, given, machine, values, clock, kept, thresholds, rtol, atol)
    return label.single(model, machine.layout, settings, clock, names, out, values[:, 0], tolerances, seed)


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
    """The run's time settings: the settings' where they say something, else the equations' in the first lane."""
    machine.run("constants", values, 0.0, 0.0, 0.0)
    method = settings.method or model.source.method or "euler"
    symbols = model.system.symbols
    places = {name: symbols[name].where for name in CONTROLS if name not in settings.time}
    if moving(model.system, settings.time):
        laid = lay(model.system, machine, values, settings.time)
        assert laid.begins is not None and laid.lengths is not None
        shortest = float(laid.lengths.min())
        return check(Clock(laid.start, float(laid.begins[-1]), shortest, shortest, method, laid), places)
    start = machine.layout.start
    begins, ends, length, saveper = (
        float(settings.time.get(name, values[start[name], 0])) for name in CONTROLS
    )
    return check(Clock(begins, ends, length, saveper, method), places)


def begin(machine: Engine, values: np.ndarray, clock: Clock) -> None:
    """Constants, then the stocks' first values."""
    step = clock.steps.length if clock.is_fixed else 0.0
    held = clock.initial if clock.is_fixed else just_after(clock.initial)
    start(machine, values, clock.initial, held, step)


def _march(machine: Engine, values: np.ndarray, clock: Clock, kept: np.ndarray) -> np.ndarray:
    """Fixed-step run; shape (n_saves, n_kept)."""
    steps = clock.steps
    out = np.empty((len(steps.saves), len(kept), machine.lanes))
    failed = np.empty(machine.lanes, dtype=np.int64)
    before = values.copy()
    machine.march(clock.method, values, steps, kept, out, failed)
    if failed[0] >= 0 or not np.isfinite(out[:, :, 0]).all():
        from .failure import describe, first_failures

        again = machine.values()
        again[:] = before
        (failure,) = first_failures(machine, again, clock, failed[:1])
        if failure is not None:
            raise NumericalError(describe(failure, clock, machine.layout))
    return out[:, :, 0]
