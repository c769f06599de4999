"""Where each number of a System lives: one slot an element, in one flat array."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from ..passes.hoist import is_part
from ..passes.system import Symbol, System

_ORDER = ("parameter", "constant", "state", "derivative", "auxiliary")


@dataclass(frozen=True)
class Layout:
    """Slots of a System. States lie side by side, and their derivatives in the same order behind them.

    start : first slot of each symbol; its elements follow in row-major order.
    """

    system: System
    start: dict[str, int]
    size: int

    def slots(self, name: str) -> range:
        """All slots of a symbol, row-major."""
        return range(self.start[name], self.start[name] + self.system.symbols[name].size)

    @cached_property
    def parameters(self) -> range:
        return self._span("parameter")

    @cached_property
    def states(self) -> range:
        return self._span("state")

    @cached_property
    def derivatives(self) -> range:
        return self._span("derivative")

    def _span(self, kind: str) -> range:
        slots = [self.slots(symbol.name) for symbol in self.system.of_kind(kind)]
        return range(min(s.start for s in slots), max(s.stop for s in slots)) if slots else range(0)

    def name_of(self, slot: int) -> str:
        """Variable and element that a slot belongs to, as people write it."""
        symbol = next(s for s in self.system.symbols.values() if slot in self.slots(s.name))
        rest, labels = slot - self.start[symbol.name], []
        for elements in reversed(symbol.elements):
            rest, position = divmod(rest, len(elements))
            labels.append(elements[position])
        name = symbol.variable or symbol.name.removeprefix("#")
        if symbol.kind == "derivative":
            state = next(state for state, rate in self.system.derivatives.items() if rate == symbol.name)
            name = f"net flow of {self.system.symbols[state].variable or state.removeprefix('#')}"
        return f"{name}[{','.join(reversed(labels))}]" if labels else name


def strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Row-major strides, in elements."""
    steps, step = [], 1
    for length in reversed(shape):
        steps.append(step)
        step *= length
    return tuple(reversed(steps))


def lay_out(system: System) -> Layout:
    """Slots for all symbols, kind by kind. Derivatives follow the order of their states.

    Parts that `passes.hoist` made come last: the slots of all others are the same with and without them.
    """
    ordered: list[Symbol] = []
    for kind in _ORDER:
        if kind == "derivative":
            ordered += [system.symbols[system.derivatives[state.name]] for state in system.of_kind("state")]
        else:
            ordered += system.of_kind(kind)
    ordered.sort(key=lambda symbol: is_part(symbol.name))
    start, slot = {}, 0
    for symbol in ordered:
        start[symbol.name] = slot
        slot += symbol.size
    return Layout(system, start, slot)
