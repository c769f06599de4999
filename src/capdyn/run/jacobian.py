"""The exact Jacobian of a model's flows, for the methods that want one: a column a lane."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np

from ..emit.engine import Engine
from ..passes.differentiate import tangent_name
from ..passes.initials import State
from ..passes.system import System, is_part
from ..passes.tangent import jacobian, state_elements
from .open import Model


def jacobian_of(
    model: Model, kind: str, given: State, machine: Engine, values: np.ndarray
) -> Callable[[float, np.ndarray], np.ndarray]:
    """Derivatives of the flows in the stocks, as a function of time and state.

    Parameters
    ----------
    kind, given : as for `Model.engine`.
    machine : Engine  the model's; values : ndarray, shape (n_slots, n_lanes)  its constants, read from the first lane.

    Returns
    -------
    callable (time, y) -> ndarray, shape (n_states, n_states)
        y : shape (n_states,); entry [i, j] is the derivative of stock i's net flow in stock j.
    """

    @cache  # at the first call: a solver that never asks, costs no compilation
    def columns() -> _Columns:
        return _Columns(model.derived("jacobian", _flows_only, kind, given), machine, values)

    return lambda time, y: columns().at(time, y)


def _flows_only(system: System) -> System:
    """The Jacobian in one free direction; constants and first values come from the model's own engine."""
    free = dict.fromkeys(state_elements(system), 0.0)
    return replace(jacobian(system, [free]), constants=(), initial=(), outputs=())


class _Columns:
    """Computes the columns of the Jacobian, as many at a time as there are lanes."""

    def __init__(self, engine: Engine, machine: Engine, values: np.ndarray):
        layout, system = engine.layout, engine.layout.system
        self.engine, self.room = engine, engine.values()
        for symbol in (*system.of_kind("parameter"), *system.of_kind("constant")):
            there = machine.layout.system.symbols.get(symbol.name)
            if there is not None and there.kind == symbol.kind and not is_part(symbol.name):
                self.room[list(layout.slots(symbol.name))] = values[
                    list(machine.layout.slots(symbol.name)), :1
                ]
        states = system.of_kind("state")
        self.states = slice(layout.states.start, layout.states.stop)
        self.seeds = np.array(
            [slot for s in states for slot in layout.slots(tangent_name(s.name))], dtype=int
        )
        # Rows of stocks whose flow depends on some stock, and where their derivative stands.
        rates = [(s, tangent_name(system.derivatives[s.name])) for s in states]
        moving = np.concatenate([np.full(s.size, rate in system.symbols) for s, rate in rates])
        self.rows = np.flatnonzero(moving)
        self.slots = [slot for _, rate in rates if rate in system.symbols for slot in layout.slots(rate)]

    def at(self, time: float, y: np.ndarray) -> np.ndarray:
        """The Jacobian at a time and state."""
        lanes, count = self.engine.lanes, len(self.seeds)
        result = np.zeros((count, count))
        self.room[self.states] = y[:, None]
        for first in range(0, count, lanes):
            columns = np.arange(first, min(first + lanes, count))
            self.room[self.seeds] = 0.0
            self.room[self.seeds[columns], columns - first] = 1.0
            # What the compiled engine took out of the flows as constant may depend on the direction.
            self.engine.run("constants", self.room, time, time, 0.0)
            self.engine.run("flows", self.room, time, math.nextafter(time, math.inf), 0.0)
            result[np.ix_(self.rows, columns)] = self.room[self.slots, : len(columns)]
        return result
