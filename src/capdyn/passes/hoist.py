"""The same numbers with less work: what an equation would compute again and again is computed once.

Three cases of one idea, a part of an equation becoming a hidden symbol `#part n`:

    constant over the run     moves to the program `constants`, once a member
    the same in a whole loop  `a[i] * exp(b[j])` takes one exp a j and not one for each i and j
    written more than once    `(x/y)^k` in two equations

A part is the very expression that stood in its place, so values keep their bits, in every engine; tested.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from .system import (
    Axis,
    Clock,
    Const,
    Equation,
    Index,
    Interpolate,
    Load,
    Node,
    Op,
    Position,
    Reduce,
    Root,
    Symbol,
    System,
    Unknown,
    free_axes,
    inside,
    rebuild,
)

# What functions cost in additions, roughly, as vector code; what is not here costs one.
_COSTS = {
    "^": 60, "/": 8, "sqrt": 10, "modulo": 60, "exp": 25, "ln": 25, "sin": 40, "cos": 40, "tan": 50, "arcsin": 30,
    "arccos": 30, "arctan": 30, "sinh": 30, "cosh": 30, "tanh": 30,
}  # fmt: skip
_TO_KEEP = 2  # what it costs to put a number into memory and to get it back


def hoist(system: System) -> System:
    """The System with repeated work taken out of `flows` and `outputs`; all its symbols keep their meaning."""
    parts = _Parts(system)
    equations = (*system.flows, *system.outputs)
    for equation in equations:
        parts.count(equation.node, equation.size)
    flows = [new for equation in system.flows for new in parts.rewrite(equation)]
    outputs = [new for equation in system.outputs for new in parts.rewrite(equation)]
    return replace(
        system,
        symbols=system.symbols | {symbol.name: symbol for symbol in parts.symbols},
        constants=(*system.constants, *parts.constants),
        flows=tuple(flows),
        outputs=tuple(outputs),
    )


@dataclass
class _Use:
    """How often a part is computed as written, and once it is hoisted; `cost` is that of one computation."""

    cost: int
    size: int
    times: int = 0

    @property
    def pays(self) -> bool:
        return self.cost * self.times > (self.cost + _TO_KEEP) * self.size + _TO_KEEP * self.times


@dataclass
class _Parts:
    """Parts found so far, by what they compute."""

    system: System
    uses: dict[Equation, _Use] = field(default_factory=dict)
    names: dict[Equation, str] = field(default_factory=dict)
    symbols: list[Symbol] = field(default_factory=list)
    constants: list[Equation] = field(default_factory=list)
    _costs: dict[int, int] = field(default_factory=dict)
    _still: dict[int, bool] = field(default_factory=dict)

    def count(self, node: Node, times: int) -> None:
        """Notes what is computed where, `times` being how often the node's place is visited."""
        if self.is_constant(node) or isinstance(node, Root):
            return
        if _may_pay(node):
            form, _ = _canonical(node)
            use = self.uses.setdefault(form, _Use(self.cost(node), form.size))
            use.times += times
            if use.times > times:
                return  # what is inside was counted with the first one
            if use.pays:
                times = use.size
        if isinstance(node, Reduce):
            times *= node.size
        for child in inside(node):
            self.count(child, times)

    def rewrite(self, equation: Equation) -> Iterable[Equation]:
        """The equation on its parts, and before it those that it is the first to need."""
        needed: list[Equation] = []
        node = self._replaced(equation.node, needed, equation)
        return [*needed, replace(equation, node=node)]

    def _replaced(self, node: Node, needed: list[Equation], owner: Equation) -> Node:
        # A search for a root stays whole: its unknown has a value inside it only.
        if isinstance(node, Const | Load | Clock | Position | Unknown | Root):
            return node
        if self.is_constant(node):
            return self._load(node, self.constants, "constant", owner) if _has_load(node) else node
        if _may_pay(node):
            use = self.uses.get(_canonical(node)[0])
            if use is not None and use.pays:
                return self._load(node, needed, "auxiliary", owner)
        return self._inside(node, needed, owner)

    def _inside(self, node: Node, needed: list[Equation], owner: Equation) -> Node:
        changed = {i: self._replaced(child, needed, owner) for i, child in enumerate(inside(node))}
        return rebuild(node, changed)

    def _load(self, node: Node, into: list[Equation], kind: str, owner: Equation) -> Node:
        """The part that computes the node; made, with its equation in `into`, if there is none yet."""
        form, axes = _canonical(node)
        if form not in self.names:
            name = f"#part {len(self.names) + 1}"
            self.names[form] = name
            lengths = tuple(axes.values())
            self.symbols.append(Symbol(name, kind, lengths, where=owner.where))
            # A constant's own parts are constant too, and LLVM finds them: only what moves is looked into.
            body = form.node if kind == "constant" else self._inside(form.node, into, owner)
            into.append(Equation(name, form.block, body, owner.where))
        index = tuple(Axis(axis, tuple(range(length))) for axis, length in axes.items())
        return Load(self.names[form], index)

    def cost(self, node: Node) -> int:
        """Of one computation of the node."""
        known = self._costs.get(id(node))
        if known is None:
            known = sum(self.cost(child) for child in inside(node))
            if isinstance(node, Op):
                known += 1 if _is_small_power(node) else _COSTS.get(node.function, 1)
            elif isinstance(node, Reduce):
                known = (known + 1) * node.size
            elif isinstance(node, Interpolate):
                known += 4 * max(len(table.x) for table in node.tables)
            self._costs[id(node)] = known
        return known

    def is_constant(self, node: Node) -> bool:
        """Whether the node depends on constants only."""
        known = self._still.get(id(node))
        if known is None:
            if isinstance(node, Load):
                known = self.system.symbols[node.symbol].kind in ("parameter", "constant")
            else:
                known = not isinstance(node, Clock | Unknown) and all(
                    self.is_constant(child) for child in inside(node)
                )
            self._still[id(node)] = known
        return known


def _may_pay(node: Node) -> bool:
    """Only what is dear in itself is worth a place in memory."""
    if isinstance(node, Op):
        dear = node.function in _COSTS and not _is_small_power(node)
    else:
        dear = isinstance(node, Reduce | Interpolate)
    return dear and not _is_open(node)


def _is_open(node: Node) -> bool:
    """Whether it holds the unknown of a root around it, and so means nothing elsewhere."""
    if isinstance(node, Unknown):
        return True
    return not isinstance(node, Root) and any(_is_open(child) for child in inside(node))


def _is_small_power(node: Op) -> bool:
    return node.function == "^" and node.arguments[1] == Const(2.0)


def _has_load(node: Node) -> bool:
    return isinstance(node, Load) or any(_has_load(child) for child in inside(node))


def _canonical(node: Node) -> tuple[Equation, dict[int, int]]:
    """The node as an equation without a target, axes numbered by appearance, and its axes here with their lengths.

    Two nodes that compute the same have the same equation, wherever they stand.
    """
    axes = free_axes(node)
    numbers = {axis: place for place, axis in enumerate(axes)}
    block = tuple(tuple(range(length)) for length in axes.values())
    return Equation("", block, _numbered(node, numbers, len(axes))), axes


def _numbered(node: Node, numbers: dict[int, int], following: int) -> Node:
    """The node with its loop axes called by other numbers; those that it brings along count from `following`."""

    def index(old: Index) -> Index:
        return Axis(numbers[old.axis], old.positions) if isinstance(old, Axis) else old

    if isinstance(node, Load):
        return Load(node.symbol, tuple(map(index, node.index)))
    if isinstance(node, Position):
        return Position(index(node.index))
    if isinstance(node, Interpolate):
        argument = _numbered(node.argument, numbers, following)
        return Interpolate(node.tables, node.shape, tuple(map(index, node.index)), argument)
    if isinstance(node, Reduce):
        body = _numbered(node.body, {**numbers, node.axis: following}, following + 1)
        return Reduce(node.function, following, node.size, body)
    return rebuild(node, {i: _numbered(child, numbers, following) for i, child in enumerate(inside(node))})
