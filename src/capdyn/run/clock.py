"""Time settings of a run: when it begins and ends, its step, and at which steps results are kept."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from ..emit.engine import FIXED_METHODS, Steps
from ..errors import ArgumentError, Where
from ..lang.model import CONTROLS
from ..solve.adaptive import METHODS
from .grid import SLACK

_NAMES = ("initial", "final", "step", "saveper")
ALL_METHODS = (*FIXED_METHODS, *METHODS)
_MOST_STEPS = 10**9
_MOST_SAVES = 10**7  # each keeps every variable in memory


@dataclass(frozen=True)
class Clock:
    """initial, final, step and saveper in the model's time unit, and the method's name.

    laid : the steps where one of the others changes during the run; these are then its end and its shortest step.
    """

    initial: float
    final: float
    step: float
    saveper: float
    method: str
    laid: Steps | None = None

    @property
    def is_fixed(self) -> bool:
        return self.method in FIXED_METHODS

    @property
    def steps(self) -> Steps:
        """Save points by counting: save j is at step round(j * saveper / step), the last step always among them."""
        if self.laid is not None:
            return self.laid
        count = int((self.final - self.initial) / self.step + SLACK)
        every = max(self.saveper / self.step, 1.0)
        saves = np.rint(np.arange(int(count / every + SLACK) + 1) * every).astype(np.int64)
        saves = np.append(saves[saves < count], count)
        return Steps(self.initial, self.step, saves)

    @property
    def times(self) -> np.ndarray:
        """Save times, shape (n_saves,)."""
        return self.steps.at(self.steps.saves)


def check(clock: Clock, places: Mapping[str, Where | None] = MappingProxyType({})) -> Clock:
    """The clock itself, if a run can be made of it. places : where the equation file gives a control, by its name.

    Raises
    ------
    ArgumentError
        An unknown method, a step that is not positive, an end before the beginning, too many steps.
    """
    if clock.method not in ALL_METHODS:
        raise ArgumentError(
            f"Method '{clock.method}' is not known.", remedy=f"Choose one of {', '.join(ALL_METHODS)}."
        )
    for name, control in zip(_NAMES, CONTROLS, strict=True):
        if not np.isfinite(getattr(clock, name)):
            what = f"The {name} time is {getattr(clock, name)}."
            raise ArgumentError(what, places.get(control), "Give a number.")
    if clock.step <= 0.0:
        raise ArgumentError(
            f"The time step is {clock.step:g}.", places.get("time step"), "It must be positive."
        )
    if clock.final < clock.initial:
        raise ArgumentError(
            f"The run would end at {clock.final:g}, before it begins at {clock.initial:g}.",
            places.get("final time"),
            "Set FINAL TIME after INITIAL TIME.",
        )
    if (clock.final - clock.initial) / clock.step > _MOST_STEPS:
        raise ArgumentError(
            f"A step of {clock.step:g} makes more than {_MOST_STEPS:,} steps.",
            places.get("time step"),
            "Use a longer step.",
        )
    if (clock.final - clock.initial) / max(clock.saveper, clock.step) > _MOST_SAVES:
        raise ArgumentError(
            f"A SAVEPER of {clock.saveper:g} keeps more than {_MOST_SAVES:,} points in time.",
            places.get("saveper"),
            "Use a longer one.",
        )
    return clock


def just_after(time: float) -> float:
    """What time functions look at where there is no step: an instant later, so that STEP is on at its own time."""
    return math.nextafter(time, math.inf)
