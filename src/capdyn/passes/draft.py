"""A System before it is put in order, and the hidden symbols that functions ask for on the way."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from ..errors import Where
from .system import MEMBER, SEED, Axis, Const, Equation, Load, Node, Op, Position, Symbol, free_axes

NOISE_SEED = "noise seed"
_COUNT = "#steps"


@dataclass
class Draft:
    """Symbols and equations before they are put in order.

    scalars : keys of the model's variables without subscripts.
    fixed : scalar constants whose values shaped the equations (the order of a delay), which no run may change.
    """

    scalars: frozenset[str] = frozenset()
    symbols: dict[str, Symbol] = field(default_factory=dict)
    auxiliaries: list[Equation] = field(default_factory=list)
    initials: list[Equation] = field(default_factory=list)
    flows: list[Equation] = field(default_factory=list)
    derivatives: dict[str, str] = field(default_factory=dict)
    grid_only: list[tuple[str, str]] = field(default_factory=list)
    memories: dict[str, str] = field(default_factory=dict)
    lags: dict[str, str] = field(default_factory=dict)
    held: set[str] = field(default_factory=set)
    floored: set[str] = field(default_factory=set)
    fixed: set[str] = field(default_factory=set)
    made: int = 0

    def add_state(self, symbol: Symbol) -> None:
        self.symbols[symbol.name] = symbol
        rate = f"#rate of {symbol.name}"
        self.symbols[rate] = replace(symbol, name=rate, kind="derivative", variable="")
        self.derivatives[symbol.name] = rate

    def add_memory(self, symbol: Symbol) -> str:
        """Adds a memory; gives the name of the symbol that it takes its next value from."""
        self.symbols[symbol.name] = symbol
        following = f"#next of {symbol.name}"
        self.symbols[following] = replace(symbol, name=following, kind="next")
        self.memories[symbol.name] = following
        return following

    def count(self) -> Node:
        """The number of steps taken."""
        if _COUNT not in self.memories:
            following = self.add_memory(Symbol(_COUNT, "memory"))
            self.initials.append(Equation(_COUNT, (), Const(0.0)))
            self.flows.append(Equation(following, (), Op("+", (Load(_COUNT), Const(1.0)))))
        return Load(_COUNT)

    def setting(self, name: str) -> Node:
        """A number that the run gives, such as its seed."""
        self.symbols.setdefault(name, Symbol(name, "setting"))
        return Load(name)


class Hidden:
    """Makes hidden symbols over the loop axes of one equation.

    variable : key of its variable. lengths : of its loop axes. label : tells this equation from all others.
    Each method gives the node that reads the new symbol; none can be used inside a sum, where a symbol of the
    equation's own axes would be too small (ValueError).
    """

    def __init__(self, draft: Draft, variable: str, lengths: tuple[int, ...], where: Where, label: str):
        self.draft = draft
        self.variable = variable
        self.lengths = lengths
        self.where = where
        self.label = label
        self._draws = 0

    def stock(self, what: str, flow: Callable[[Node], Node], initial: Node) -> Node:
        """A stock with a net flow that may depend on its level."""
        symbol = self.symbol(what, "state")
        rate = flow(self._load(symbol))
        self.draft.add_state(symbol)
        self._equation(self.draft.flows, self.draft.derivatives[symbol.name], rate)
        self._equation(self.draft.initials, symbol.name, initial)
        return self._load(symbol)

    def keep(self, what: str, node: Node, held: bool = False) -> Node:
        """The node's value, computed once; if `held`, once a step."""
        symbol = self.symbol(what, "auxiliary")
        self._equation(self.draft.auxiliaries, symbol.name, node)
        self.draft.symbols[symbol.name] = symbol
        if held:
            self.draft.held.add(symbol.name)
        return self._load(symbol)

    def once(self, what: str, node: Node) -> Node:
        """The same value for a node that is used several times: what is more than a symbol is kept."""
        return node if isinstance(node, Load | Const) else self.keep(what, node)

    def memory(
        self, what: str, following: Callable[[Node], Node], initial: Node, lag: Node | None = None
    ) -> Node:
        """What changes at the end of a step only: it takes up what `following` was at the beginning of that step.

        lag : how many steps back it takes it from, 1 by default; evaluated at the beginning of the run.
        """
        symbol = self.symbol(what, "memory")
        level = self._load(symbol)
        self._equation(self.draft.flows, self.draft.add_memory(symbol), following(level))
        self._equation(self.draft.initials, symbol.name, initial)
        if lag is not None:
            name = f"#lag of {symbol.name}"
            self.draft.symbols[name] = replace(symbol, name=name, kind="lag")
            self.draft.lags[symbol.name] = name
            self._equation(self.draft.initials, name, lag)
        return level

    def draw(self, stream: Node) -> Node:
        """A number between 0 and 1 that is new in each step, for each element and each place in the model.

        The place is known by name, so that the numbers stay when equations are added elsewhere.
        """
        self._draws += 1
        place = f"{self.label} {self._draws}".encode()
        number = float(zlib.crc32(place) << 20 | zlib.crc32(place[::-1]) >> 12)  # 52 bits: an exact double
        if NOISE_SEED in self.draft.scalars:
            stream = Op("if then else", (stream, stream, Load(NOISE_SEED)))
        element: Node = Const(0.0)
        for axis, length in enumerate(self.lengths):
            position = Op("-", (Position(Axis(axis, tuple(range(length)))), Const(1.0)))
            element = Op("+", (Op("*", (element, Const(float(length)))), position))
        settings = (self.draft.setting(SEED), self.draft.setting(MEMBER), self.draft.count())
        return self.keep(
            "draw", Op("#draw", (*settings, stream, Op("+", (Const(number), element)))), held=True
        )

    def symbol(self, what: str, kind: str) -> Symbol:
        """A symbol over the equation's loop axes, with a name that no other has."""
        self.draft.made += 1
        return Symbol(f"#{what} {self.draft.made} of {self.variable}", kind, self.lengths, where=self.where)

    def _load(self, symbol: Symbol) -> Load:
        return Load(
            symbol.name, tuple(Axis(axis, tuple(range(length))) for axis, length in enumerate(self.lengths))
        )

    def _equation(self, program: list[Equation], target: str, node: Node) -> None:
        if any(axis >= len(self.lengths) for axis in free_axes(node)):
            raise ValueError("it stands inside a sum; give it a variable of its own and sum that.")
        block = tuple(tuple(range(length)) for length in self.lengths)
        program.append(Equation(target, block, node, self.where))
