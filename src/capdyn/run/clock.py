"""Time settings of a run: when it begins and ends, its step, and at which steps results are kept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..emit.engine import FIXED_METHODS, Steps
from ..errors import ArgumentError
from ..solve.adaptive import METHODS
from .grid import SLACK

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


def check(clock: Clock) -> Clock:
    """The clock itself, if a run can be made of it.

    Raises
    ------
    ArgumentError
        An unknown method, a step that is not positive, an end before the beginning, too many steps.
    """
    if clock.method not in ALL_METHODS:
        raise ArgumentError(
            f"Method '{clock.method}' is not known.", remedy=f"Choose one of {', '.join(ALL_METHODS)}."
        )
    for name in ("initial", "final", "step", "saveper"):
        if not np.isfinite(getattr(clock, name)):
            raise ArgumentError(f"The {name} time is {getattr(clock, name)}.", remedy="Give a number.")
    if clock.step <= 0.0:
        raise ArgumentError(f"The time step is {clock.step:g}.", remedy="It must be positive.")
    if clock.final < clock.initial:
        raise ArgumentError(
            f"The run would end at {clock.final:g}, before it begins at {clock.initial:g}.",
            remedy="Set FINAL TIME after INITIAL TIME.",
        )
    if (clock.final - clock.initial) / clock.step > _MOST_STEPS:
        raise ArgumentError(
            f"A step of {clock.step:g} makes more than {_MOST_STEPS:,} steps.", remedy="Use a longer step."
        )
    if (clock.final - clock.initial) / max(clock.saveper, clock.step) > _MOST_SAVES:
        raise ArgumentError(
            f"A SAVEPER of {clock.saveper:g} keeps more than {_MOST_SAVES:,} points in time.",
            remedy="Use a longer one.",
        )
    return clock
