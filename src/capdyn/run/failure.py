"""A run that stopped being finite: which variable, when, and what to do."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..emit.engine import Engine
from ..emit.layout import Layout
from ..errors import Problem
from ..passes.system import is_part
from .clock import Clock


@dataclass(frozen=True)
class Failure:
    """The first slot that was not finite, the value that it had, and when."""

    slot: int
    value: float
    time: float


def first_failures(
    machine: Engine, values: np.ndarray, clock: Clock, failed: np.ndarray
) -> list[Failure | None]:
    """Runs a block of members again and looks closely.

    Parameters
    ----------
    values : ndarray, shape (n_slots, lanes)  as they were at the beginning; changed.
    failed : ndarray of int64, shape (n_members,), n_members <= lanes
        First step at whose beginning a state is not finite, or -1 if the states stayed finite.

    Returns
    -------
    list
        One a member; None where nothing is found.
    """
    looked_at = [_steps_to_look_at(clock, int(step)) for step in failed]
    saves = np.unique(np.concatenate(looked_at))
    slots = _in_order(machine.layout)
    out = np.empty((len(saves), len(slots), machine.lanes))
    marks = np.empty(machine.lanes, dtype=np.int64)
    machine.march(clock.method, values, replace(clock.steps, saves=saves), slots, out, marks)
    found: list[Failure | None] = []
    for lane, steps in enumerate(looked_at):
        broken = np.argwhere(~np.isfinite(out[np.searchsorted(saves, steps), :, lane]))
        if not len(broken):
            found.append(None)
            continue
        row, place = broken[0]
        number = out[np.searchsorted(saves, steps[row]), place, lane]
        found.append(Failure(int(slots[place]), float(number), float(clock.steps.at(steps[row]))))
    return found


def _steps_to_look_at(clock: Clock, failed: int) -> np.ndarray:
    return clock.steps.saves if failed < 0 else np.arange(max(failed - 1, 0), failed + 1, dtype=np.int64)


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


def _in_order(layout: Layout) -> np.ndarray:
    """Slots in order of evaluation, so that the first that is not finite is a cause and not a consequence."""
    system = layout.system
    names = [s.name for s in system.of_kind("parameter")] + [e.target for e in system.constants]
    names += [s.name for s in system.of_kind("state")] + [e.target for e in (*system.flows, *system.outputs)]
    shown = [name for name in dict.fromkeys(names) if not is_part(name)]
    return np.array([slot for name in shown for slot in layout.slots(name)], dtype=np.int64)
