"""The times of a run whose end, step or save period changes, laid out before it begins.

Vensim's controls "can be defined with any equation" (https://www.vensim.com/documentation/ref_sim_control_params.html).
What follows from Time and constants alone is known before the run; `capdyn.passes.assemble` refuses the rest. Each
control counts as it stands at the beginning of a step, as in PySD:

    TIME STEP   how long the step is that begins there
    FINAL TIME  no step is taken that would end behind it
    SAVEPER     the step is kept if a multiple of it, counted from INITIAL TIME, lies nearer than to any other step;
                where it is no longer than the step, every step is kept, and the last one always
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from ..emit.engine import Engine, Steps
from ..errors import ArgumentError
from ..lang.model import CONTROLS
from ..passes.system import System

MOVING = CONTROLS[1:]
SLACK = 1e-6  # rounding allowed when steps are counted: FINAL TIME 40 at a step of .1 is 400 steps, not 399
_MOST_STEPS = 10**6
_ROUNDS = 10


def moving(system: System, given: Mapping[str, float]) -> bool:
    """Whether a control changes during the run. given : controls that the settings of a run put in the file's place."""
    return any(system.symbols[name].kind == "auxiliary" and name not in given for name in MOVING)


def behind_the_clock(system: System, controls: Iterable[str] = CONTROLS) -> set[str]:
    """The controls and all that they are computed from, by symbol."""
    from ..passes.order import behind

    return behind((*system.constants, *system.flows, *system.outputs), controls)


def lay(system: System, machine: Engine, values: np.ndarray, given: Mapping[str, float]) -> Steps:
    """All steps of a run.

    Parameters
    ----------
    machine, values : any engine of the System, with parameters and constants in their slots; the first lane counts.
    given : controls that the settings of a run put in the file's place.

    Raises
    ------
    ArgumentError
        A control that is no number, a step that is not positive, a run without an end.
    """
    controls = _Controls(system, machine, values, given)
    start, now, since = controls.initial, controls.initial, 0
    begins: list[float] = []
    lengths: list[float] = []
    periods: list[float] = []
    while True:
        length, final, saveper = controls.at(now, lengths[-1] if lengths else 0.0)
        if length <= 0.0 and lengths and now >= final - SLACK * lengths[-1]:
            length = lengths[-1]  # MIN(1, FINAL TIME - Time) is 0 at the end, where no step begins
        if lengths and length != lengths[-1]:
            start, since = now, len(begins)
        begins.append(now)
        lengths.append(length)
        periods.append(saveper)
        if length <= 0.0 or now + length == now:
            what = f"The time step is {length:g} at time {now:g}."
            raise ArgumentError(what, system.symbols["time step"].where, "It must be positive.")
        if now + length > final + SLACK * length:
            break
        if len(begins) > _MOST_STEPS:
            raise ArgumentError(
                f"After {_MOST_STEPS:,} steps the run is at time {now:.10g}, and FINAL TIME is {final:.10g} there.",
                system.symbols["final time"].where,
                "Let FINAL TIME come to an end, or take a longer TIME STEP.",
            )
        now = start + (len(begins) - since) * length  # counted, so that no rounding piles up
    places = np.array(begins)
    saves = np.flatnonzero(_kept(places, np.array(lengths), np.array(periods)))
    saves = np.append(saves[saves < len(begins) - 1], len(begins) - 1)
    return Steps(begins[0], lengths[0], saves, places, np.array(lengths))


def _kept(begins: np.ndarray, lengths: np.ndarray, periods: np.ndarray) -> np.ndarray:
    """Which steps are kept. shape (n_steps,)"""
    far = begins - begins[0]
    periods = np.maximum(periods, lengths)
    nearest = np.rint(far / periods) * periods - far  # from the step's beginning to the nearest multiple
    before = np.append(np.inf, lengths[:-1])
    slack = SLACK * lengths
    return np.array(
        (periods <= lengths + slack) | ((nearest > slack - before / 2) & (nearest <= lengths / 2 + slack))
    )


class _Controls:
    """The controls at any time, computed by themselves: a model may be large, and they need little of it."""

    def __init__(self, system: System, machine: Engine, values: np.ndarray, given: Mapping[str, float]):
        from ..emit.interpret import Interpreter

        needed = behind_the_clock(system)
        part = replace(
            system,
            symbols={name: system.symbols[name] for name in system.symbols if name in needed},
            constants=(),
            initial=(),
            flows=(),
            outputs=tuple(e for e in (*system.flows, *system.outputs) if e.target in needed),
            derivatives={},
            memories={},
            lags={},
            held=(),
            floored=(),
            circles=(),
        )
        self.given, self.engine = given, Interpreter(part)
        self.values = self.engine.values()
        for symbol in part.symbols.values():
            if symbol.kind in ("parameter", "constant"):
                numbers = values[list(machine.layout.slots(symbol.name)), :1]
                self.values[list(self.engine.layout.slots(symbol.name))] = numbers
        self.initial = self._read("initial time")

    def at(self, time: float, before: float) -> tuple[float, float, float]:
        """TIME STEP, FINAL TIME and SAVEPER at a time. before : the length of the step that ends there."""
        length = before
        for _ in range(_ROUNDS):  # STEP and PULSE look half a step ahead
            self.engine.run("outputs", self.values, time, time, length)
            length, last = self._read("time step"), length
            if length == last:
                break
        else:
            raise ArgumentError(
                f"TIME STEP at time {time:g} depends on itself: it is {last:g} if it is {length:g}.",
                self.engine.layout.system.symbols["time step"].where,
                "Write IF THEN ELSE(Time >= ..., ...) for its STEP or PULSE.",
            )
        for name in MOVING:
            if not math.isfinite(self._read(name)):
                what = f"{name.upper()} is {self._read(name)} at time {time:g}."
                where = self.engine.layout.system.symbols[name].where
                raise ArgumentError(what, where, "Look at its equation.")
        return length, self._read("final time"), self._read("saveper")

    def _read(self, name: str) -> float:
        if name in self.given:
            return float(self.given[name])
        return float(self.values[self.engine.layout.start[name], 0])
