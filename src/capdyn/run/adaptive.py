"""Adaptive runs: the flows as a right-hand side, the times and thresholds at which they jump, and what comes out."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np

from ..emit.engine import Engine
from ..errors import ArgumentError, NumericalError, Problem
from ..passes.crossings import Crossing, watch
from ..passes.initials import State
from ..passes.system import System
from ..solve.adaptive import IMPLICIT, Solution, integrate
from ..solve.crossings import Sides, Sliding
from .clock import Clock, just_after
from .jacobian import jacobian_of
from .open import Model

CROSSINGS = ("locate", "ignore", "refuse")


def thresholds_of(model: Model, crossings: str) -> tuple[Crossing, ...]:
    """The thresholds that an adaptive run is to look for. crossings : as for `capdyn.simulate`.

    Raises
    ------
    ArgumentError
        `crossings` is none of `CROSSINGS`; or 'refuse', and there are some; or a function needs a fixed step.
    """
    check_adaptive(model.system)
    if crossings not in CROSSINGS:
        raise ArgumentError(
            f"crossings: '{crossings}' is not known.", remedy=f"Choose one of {', '.join(CROSSINGS)}."
        )
    found = () if crossings == "ignore" else watch(model.system)[1]
    if found and crossings == "refuse":
        raise ArgumentError(
            [
                Problem(
                    "The flows jump or kink where the state crosses a threshold.",
                    crossing.where,
                    "Choose crossings='locate', or a method with a fixed step.",
                )
                for crossing in found
            ]
        )
    return found


def engine_for(model: Model, kind: str, given: State, thresholds: tuple[Crossing, ...]) -> Engine:
    """The engine of an adaptive run that looks for thresholds. kind, given : as for `Model.engine`."""
    if not thresholds:
        return model.engine(kind, given)
    return model.derived("crossings", lambda system: watch(system)[0], kind, given)


def adapt(
    model: Model,
    kind: str,
    given: State,
    machine: Engine,
    values: np.ndarray,
    clock: Clock,
    kept: np.ndarray,
    crossings: tuple[Crossing, ...],
    rtol: float,
    atol: float,
) -> np.ndarray:
    """Runs one member from the states in `values`; shape (n_saves, n_kept). machine, crossings : from `engine_for`."""
    flows = _Flows(machine, values, crossings)
    jac = jacobian_of(model, kind, given, machine, values) if clock.method in IMPLICIT else None
    sides = Sides(flows, clock.final - clock.initial) if crossings else None
    first = values[flows.states, 0].copy()
    states = solve(model, clock, flows, first, switch_times(machine, values, clock), rtol, atol, jac, sides)
    return flows.keep_outputs(clock.times, states, kept, 1)[:, :, 0]


def solve(
    model: Model,
    clock: Clock,
    flows: Flows,
    first: np.ndarray,
    switches: np.ndarray,
    rtol: float,
    atol: float,
    jac: Callable[[float, np.ndarray], Any] | None,
    sides: Sides | None,
    jump: Callable[[float, np.ndarray], np.ndarray] | None = None,
) -> np.ndarray:
    """States at the save times, shape (n_saves, n_states); otherwise as `capdyn.solve.adaptive.integrate`.

    Raises
    ------
    NumericalError
        It did not reach its end, or slides along a threshold.
    """
    longest = clock.step if sides else math.inf
    try:
        solution = integrate(
            flows.rates, first, clock.times, switches, clock.method, rtol, atol, jac, jump, sides, longest
        )
    except Sliding as sliding:
        raise NumericalError(
            f"{sliding} Where it is above, the flows lead below, and the other way round.",
            flows.of[sliding.place].where,
            "Use euler or rk4, let what switches have two thresholds, or choose crossings='ignore'.",
        ) from None
    if solution.message:
        raise gave_up(solution, clock, model)
    return solution.y


class Flows(ABC):
    """The flows of a machine as a right-hand side, with thresholds; a `capdyn.solve.crossings.Watch`.

    of : the threshold at each of `count` places.
    """

    def __init__(self, machine: Engine, values: np.ndarray, crossings: tuple[Crossing, ...]):
        self.machine, self.values = machine, values
        layout = machine.layout
        self.sides, self._actual, self._beyond, self.gaps = (
            [slot for crossing in crossings for slot in layout.slots(getattr(crossing, what))]
            for what in ("side", "actual", "beyond", "gap")
        )
        self.count = len(self.sides)
        self.of = [crossing for crossing in crossings for _ in layout.slots(crossing.side)]
        self.keep(np.full(self.count, np.nan))

    @abstractmethod
    def put(self, y: np.ndarray) -> None:
        """Writes a state into the values."""

    @abstractmethod
    def rates(self, time: float, y: np.ndarray) -> np.ndarray:
        """y : shape (n_states,) or (n_states, n_columns)."""

    def at(self, time: float, y: np.ndarray) -> None:
        """Everything at a time and state, in every lane; y : shape (n_states,)."""
        self.put(y)
        self.machine.run("flows", self.values, time, just_after(time), 0.0)

    def keep(self, sides: np.ndarray) -> None:
        self.values[self.sides] = sides[:, None]

    def see(self, time: float, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        self.at(time, y)
        return self.values[self._actual, 0], self.values[self._beyond, 0], self.values[self.gaps, 0]

    def keep_outputs(self, times: np.ndarray, states: np.ndarray, kept: np.ndarray, lanes: int) -> np.ndarray:
        """The slots `kept` at each time, of the first lanes, no threshold held; shape (n_times, n_kept, lanes)."""
        self.keep(np.full(self.count, np.nan))
        out = np.empty((len(times), len(kept), lanes))
        for i, time in enumerate(times.tolist()):
            self.at(time, states[i])
            self.machine.run("outputs", self.values, time, just_after(time), 0.0)
            out[i] = self.values[kept, :lanes]
        return out


class _Flows(Flows):
    """Those of a model: the stocks are the state."""

    def __init__(self, machine: Engine, values: np.ndarray, crossings: tuple[Crossing, ...]):
        super().__init__(machine, values, crossings)
        layout = machine.layout
        self.states = slice(layout.states.start, layout.states.stop)
        self._rates = slice(layout.derivatives.start, layout.derivatives.stop)

    def put(self, y: np.ndarray) -> None:
        self.values[self.states] = y[:, None]

    def rates(self, time: float, y: np.ndarray) -> np.ndarray:
        columns = y.reshape(len(y), -1)
        result = np.empty_like(columns)
        for first in range(0, columns.shape[1], self.machine.lanes):
            part = columns[:, first : first + self.machine.lanes]
            self.values[self.states, : part.shape[1]] = part
            self.machine.run("flows", self.values, time, just_after(time), 0.0)
            result[:, first : first + part.shape[1]] = self.values[self._rates, : part.shape[1]]
        return result.reshape(y.shape)


def check_adaptive(system: System) -> None:
    """Refuses a System with functions that make sense on a fixed step only."""
    if system.grid_only:
        function, variable = system.grid_only[0]
        raise ArgumentError(
            f"'{variable}' uses {function}, which makes sense on a fixed step only.",
            remedy="Choose euler, rk2 or rk4.",
        )


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
