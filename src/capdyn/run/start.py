"""How a run begins: constants, the stocks' first values, and those that need one another."""

from __future__ import annotations

import numpy as np

from ..emit.engine import Engine
from ..errors import NumericalError, Problem
from ..solve.circle import agree


def start(machine: Engine, values: np.ndarray, time: float, held: float, step: float) -> None:
    """Fills constants and first values; where the latter need one another and do not agree, they are nan.

    time, held, step : as for `Engine.run`.
    """
    machine.run("constants", values, time, held, step)
    layout = machine.layout
    circles = layout.system.circles
    pairs = [pair for circle in circles for pair in zip(circle.guesses, circle.targets, strict=True)]
    if pairs:
        guesses = [slot for guess, _ in pairs for slot in layout.slots(guess)]
        targets = [slot for _, target in pairs for slot in layout.slots(target)]

        def around(u: np.ndarray) -> np.ndarray:
            values[guesses] = u
            machine.run("initial", values, time, held, step)
            return values[targets]

        values[guesses] = agree(around, len(guesses), machine.lanes)
    machine.run("initial", values, time, held, step)


def check_start(machine: Engine, values: np.ndarray) -> None:
    """Raises NumericalError with each circle of first values that the first lane found no numbers for."""
    layout = machine.layout
    problems = [
        Problem(
            f"Circular initial value: {circle.path}. No numbers were found that agree.",
            circle.where,
            "Give one of them an initial value that does not depend on the others, or use ACTIVE INITIAL.",
        )
        for circle in layout.system.circles
        if any(np.isnan(values[list(layout.slots(guess)), 0]).any() for guess in circle.guesses)
    ]
    if problems:
        raise NumericalError(problems)
