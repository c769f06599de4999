"""Where each number of a System lives: one slot an element, in one flat array."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from ..passes.system import Symbol, System, is_part

_ORDER = (
    "parameter",
    "setting",
    "guess",
    "constant",
    "state",
    "derivative",
    "memory",
    "next",
    "lag",
    "auxiliary",
)


@dataclass(frozen=True)
class Layout:
    """Slots of a System. States lie side by side, and their derivatives in the same order behind them.

    So do memories and what they take up next; those with a lag come first, those stocks that may not be negative last.

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
    def given(self) -> range:
        """What a run begins with: parameters and settings. All else is computed from them."""
        return range(max((self._span(kind).stop for kind in ("parameter", "setting")), default=0))

    @cached_property
    def states(self) -> range:
        return self._span("state")

    @cached_property
    def derivatives(self) -> range:
        return self._span("derivative")

    @cached_property
    def floored(self) -> range:
        """States that may not become negative: the last ones."""
        return self._of(name for name in self.system.derivatives if name in self.system.floored)

    @cached_property
    def lags(self) -> range:
        return self._span("lag")

    @cached_property
    def lagged(self) -> range:
        """Memories with a lag."""
        return self._of(self.system.lags)

    @cached_property
    def lagged_next(self) -> range:
        return self._of(self.system.memories[name] for name in self.system.lags)

    @cached_property
    def plain(self) -> range:
        """Memories that take up their next value at each step."""
        return self._of(name for name in self.system.memories if name not in self.system.lags)

    @cached_property
    def plain_next(self) -> range:
        return self._of(next_ for name, next_ in self.system.memories.items() if name not in self.system.lags)

    @cached_property
    def own(self) -> int:
        """Number of slots that belong to the System as it was built; parts that `passes.hoist` made lie behind."""
        return min((slot for name, slot in self.start.items() if is_part(name)), default=self.size)

    def _span(self, kind: str) -> range:
        return self._of(symbol.name for symbol in self.system.of_kind(kind))

    def _of(self, names: Iterable[str]) -> range:
        slots = [self.slots(name) for name in names]
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
    """Slots for all symbols, kind by kind. Derivatives follow the order of their states, and so on.

    Parts that `passes.hoist` made come last: the slots of all others are the same with and without them.
    """
    states = sorted(system.of_kind("state"), key=lambda state: state.name in system.floored)
    memories = sorted(system.of_kind("memory"), key=lambda memory: memory.name not in system.lags)
    in_order = {
        "state": states,
        "derivative": [system.symbols[system.derivatives[state.name]] for state in states],
        "memory": memories,
        "next": [system.symbols[system.memories[memory.name]] for memory in memories],
        "lag": [system.symbols[system.lags[m.name]] for m in memories if m.name in system.lags],
    }
    ordered: list[Symbol] = []
    for kind in _ORDER:
        ordered += in_order.get(kind) or system.of_kind(kind)
    ordered.sort(key=lambda symbol: is_part(symbol.name))
    start, slot = {}, 0
    for symbol in ordered:
        start[symbol.name] = slot
        slot += symbol.size
    return Layout(system, start, slot)
