"""The slow, obvious engine: walks the expressions in plain Python, one member at a time.

The kernel is tested against it.
"""

from __future__ import annotations

from itertools import product

import numpy as np

from ..lang.expressions import Table
from ..lang.functions import FUNCTIONS
from ..passes.system import (
    Clock,
    Const,
    Equation,
    Fixed,
    Index,
    Load,
    Node,
    Op,
    Position,
    Reduce,
    Root,
    System,
    Unknown,
)
from .engine import RULES, Engine, Rule, Steps
from .layout import Layout, lay_out, strides


class Interpreter(Engine):
    """See the module's first line. One lane."""

    def __init__(self, system: System):
        super().__init__(lay_out(system), 1)

    def run(self, program: str, values: np.ndarray, time: float, held: float, step: float) -> None:
        numbers = values[:, 0].tolist()
        walker = _Walker(self.layout, numbers, {"time": time, "held": held, "step": step})
        equations: tuple[Equation, ...] = getattr(self.layout.system, program)
        for equation in equations:
            walker.give(equation)
        values[:, 0] = numbers

    def march_evenly(
        self,
        method: str,
        values: np.ndarray,
        steps: Steps,
        slots: np.ndarray,
        out: np.ndarray,
        failed: np.ndarray,
    ) -> None:
        states = slice(self.layout.states.start, self.layout.states.stop)
        rates = slice(self.layout.derivatives.start, self.layout.derivatives.stop)
        failed[:] = -1
        saves = steps.saves.tolist()
        tape = self.tape(values, steps)
        for k in range(saves[-1] + 1):
            now = steps.start + k * steps.length
            if failed[0] < 0 and not np.isfinite(values[states]).all():
                failed[0] = k
            self.run("flows", values, now, now, steps.length)
            if k in saves:
                self.run("outputs", values, now, now, steps.length)
                out[saves.index(k)] = values[slots]
            if k == saves[-1]:
                return
            if tape.size:
                tape[k % len(tape)] = values[list(self.layout.lagged_next)]
            with np.errstate(
                all="ignore"
            ):  # as in the kernel: what stops being finite is found at the next step
                self._advance(RULES[method], values, states, rates, now, steps.length)
            self._remember(values, tape, k)

    def _advance(
        self, rule: Rule, values: np.ndarray, states: slice, rates: slice, now: float, step: float
    ) -> None:
        """One step of the rule; the first stage's rates are there already."""
        if not rule.stages:
            values[states] += step * values[rates]
            return
        start = values[states].copy()
        total = values[rates].copy() if rule.first else np.zeros_like(start)
        for ahead, weight in rule.stages:
            values[states] = start + (ahead * step) * values[rates]
            self.run("stages", values, now + ahead * step, now, step)
            total += weight * values[rates]
        values[states] = start + (step / rule.divisor) * total

    def _remember(self, values: np.ndarray, tape: np.ndarray, k: int) -> None:
        """What changes once a step, at the end of step k: memories, and stocks that may not be negative."""
        layout = self.layout
        floored = list(layout.floored)
        values[floored] = np.where(values[floored] < 0.0, 0.0, values[floored])
        values[list(layout.plain)] = values[list(layout.plain_next)]
        for j, slot in enumerate(layout.lagged):
            origin = k + 1 - int(values[layout.lags[j], 0])
            if origin >= 0:
                values[slot] = tape[origin % len(tape), j]


class _Walker:
    """Evaluates nodes on a list of numbers."""

    def __init__(self, layout: Layout, numbers: list[float], clock: dict[str, float]):
        self.layout = layout
        self.numbers = numbers
        self.clock = clock
        self.unknown = 0.0
        self.steps = {name: strides(symbol.shape) for name, symbol in layout.system.symbols.items()}

    def give(self, equation: Equation) -> None:
        """Evaluates an equation at each element of its block."""
        start, steps = self.layout.start[equation.target], self.steps[equation.target]
        for places in product(*(range(len(positions)) for positions in equation.block)):
            axes = dict(enumerate(places))
            slot = start + sum(p[i] * s for p, i, s in zip(equation.block, places, steps, strict=True))
            self.numbers[slot] = self.number(equation.node, axes)

    def number(self, node: Node, axes: dict[int, int]) -> float:
        """The value of a node with each loop axis at its place."""
        if isinstance(node, Const):
            return node.value
        if isinstance(node, Load):
            return self.numbers[
                self.layout.start[node.symbol] + _offset(node.index, self.steps[node.symbol], axes)
            ]
        if isinstance(node, Clock):
            return self.clock[node.which]
        if isinstance(node, Position):
            return _place(node.index, axes) + 1.0
        if isinstance(node, Op):
            meaning = FUNCTIONS[node.function].meaning
            assert meaning is not None
            return meaning(*[self.number(argument, axes) for argument in node.arguments])
        if isinstance(node, Reduce):
            row = FUNCTIONS[node.function]
            assert row.meaning is not None
            total = row.start
            for place in range(node.size):
                total = row.meaning(total, self.number(node.body, {**axes, node.axis: place}))
            return total
        if isinstance(node, Unknown):
            return self.unknown
        if isinstance(node, Root):
            return self._root(node, axes)
        table = node.tables[_offset(node.index, strides(node.shape), axes)]
        return interpolate(table, self.number(node.argument, axes))

    def _root(self, node: Root, axes: dict[int, int]) -> float:
        low, high = self.number(node.low, axes), self.number(node.high, axes)
        for _ in range(node.halvings):
            self.unknown = middle = 0.5 * (low + high)
            if self.number(node.body, axes) > 0.0:
                low = middle
            else:
                high = middle
        return 0.5 * (low + high)


def _place(index: Index, axes: dict[int, int]) -> int:
    return index.position if isinstance(index, Fixed) else index.positions[axes[index.axis]]


def _offset(index: tuple[Index, ...], steps: tuple[int, ...], axes: dict[int, int]) -> int:
    return sum(_place(i, axes) * step for i, step in zip(index, steps, strict=True))


def segments(table: Table) -> list[tuple[float, float, float]]:
    """The table as (x from which it holds, y there, slope), in order; vertical pieces drop out."""
    pieces = []
    for (x0, x1), (y0, y1) in zip(
        zip(table.x, table.x[1:], strict=False), zip(table.y, table.y[1:], strict=False), strict=True
    ):
        if x1 > x0:
            pieces.append((x0, y0, 0.0 if table.outside == "hold" else (y1 - y0) / (x1 - x0)))
    if table.outside != "extrapolate" or not pieces:
        pieces.append((table.x[-1], table.y[-1], 0.0))
    return pieces


def interpolate(table: Table, x: float) -> float:
    """Straight lines between the points; outside as the table says. Not-a-number stays so."""
    if x != x:
        return x
    pieces = segments(table)
    clamped = table.outside == "clamp" and len(pieces) > 1
    if clamped:
        if x >= table.x[-1]:
            return table.y[-1]
        x = max(x, pieces[0][0])
    x0, y0, slope = pieces[0]
    for piece in pieces:
        if x >= piece[0]:
            x0, y0, slope = piece
    if slope == 0.0 and not clamped:
        return y0  # an infinite x times zero is not a number
    return y0 + (x - x0) * slope
