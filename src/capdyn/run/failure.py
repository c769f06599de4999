"""A run that stopped being finite: which variable, when, and what to do."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..emit.engine import Engine, Steps
from ..emit.layout import Layout
from ..errors import Problem
from ..passes.hoist import is_part
from .clock import Clock


@dataclass(frozen=True)
class Failure:
    """The first slot that was not finite, the value that it had, and when."""

    slot: int
    value: float
    time: float


def first_failure(machine: Engine, values: np.ndarray, clock: Clock, failed_step: int) -> Failure | None:
    """Runs one member again and looks closely.

    Parameters
    ----------
    values : ndarray, shape (n_slots, lanes)  as they were at the beginning; changed.
    failed_step : int  first step at whose beginning a state is not finite, or -1 if the states stayed finite.
    """
    every = np.arange(machine.layout.size, dtype=np.int64)
    if failed_step < 0:
        saves = clock.steps.saves
    else:
        saves = np.arange(max(failed_step - 1, 0), failed_step + 1, dtype=np.int64)
    steps: Steps = replace(clock.steps, saves=saves)
    out = np.empty((len(saves), len(every), machine.lanes))
    machine.march(clock.method, values, steps, every, out, np.empty(machine.lanes, dtype=np.int64))
    for k, save in enumerate(saves):
        for slot in _in_order(machine.layout):
            number = out[k, slot, 0]
            if not np.isfinite(number):
                return Failure(slot, float(number), clock.initial + float(save) * clock.step)
    return None


def describe(failure: Failure, clock: Clock, layout: Layout) -> Problem:
    """The message for a failure."""
    name = layout.name_of(failure.slot)
    symbol = next(s for s in layout.system.symbols.values() if failure.slot in layout.slots(s.name))
    return Problem(
        f"The run stopped being finite: '{name}' is {failure.value} at time {failure.time:g} "
        f"(method {clock.method}, step {clock.step:g}).",
        symbol.where,
        f"Try a smaller step (--step {clock.step / 4:g}); if that does not help, look for a division by zero, "
        "LN or SQRT in its equation.",
    )


def _in_order(layout: Layout) -> list[int]:
    """Slots in order of evaluation, so that the first that is not finite is a cause and not a consequence."""
    system = layout.system
    names = [s.name for s in system.of_kind("parameter")] + [e.target for e in system.constants]
    names += [s.name for s in system.of_kind("state")] + [e.target for e in (*system.flows, *system.outputs)]
    return [slot for name in dict.fromkeys(names) if not is_part(name) for slot in layout.slots(name)]
