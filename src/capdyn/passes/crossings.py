"""Thresholds that a run crosses at times that nobody knows before: jumps and kinks that depend on the state.

A comparison, MIN, MAX, ABS, INTEGER or MODULO of something that changes is watched: the run keeps it on one side, so
that the flows are smooth, until the state has crossed, and goes on from there on the other side. This pass writes
the System in which it can be kept; `capdyn.solve.crossings` finds the crossings. What is known before the run
(`capdyn.passes.switches`) and equalities, which hold at an instant only, are left alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from ..errors import Where
from .switches import is_constant, times
from .system import (
    Axis,
    Const,
    Equation,
    Load,
    Node,
    Op,
    Root,
    Symbol,
    System,
    free_axes,
    inside,
    moved,
    rebuild,
)

# How far behind a threshold a crossing counts, relative to what is compared: rounding alone is no crossing.
SLACK = 1e-13

ZERO, ONE = Const(0.0), Const(1.0)


@dataclass(frozen=True)
class Crossing:
    """Symbols of one watched place, all of one shape.

    side : written from outside: the value that it is kept at, nan where it is not kept.
    actual : the value that it has by itself. beyond : the one that comes after `side`.
    gap : positive as long as `side` is right.
    """

    side: str
    actual: str
    beyond: str
    gap: str
    where: Where | None


def _op(function: str, *arguments: Node) -> Op:
    return Op(function, arguments)


def _distance(side: Node, above: Node, below: Node) -> Node:
    """How far `above` is over `below` if `side` is 1, under it if `side` is 0, the slack added."""
    slack = _op("*", Const(SLACK), _op("+", _op("abs", above), _op("abs", below)))
    sign = _op("-", _op("*", Const(2.0), side), ONE)
    return _op("+", _op("*", sign, _op("-", above, below)), slack)


def _below(side: Node, x: Node) -> Node:
    """How far x is over the lowest of the numbers that INTEGER takes to `side`: towards 0, so that 0 has two units."""
    return _op("-", x, _op("-", side, _op("<=", side, ZERO)))


def _above(side: Node, x: Node) -> Node:
    return _op("-", _op("+", side, _op(">=", side, ZERO)), x)


def _room(side: Node, x: Node) -> Node:
    return _op("+", _op("min", _below(side, x), _above(side, x)), _op("*", Const(SLACK), _op("abs", x)))


def _neighbour(side: Node, x: Node) -> Node:
    upward = _op("<", _above(side, x), _below(side, x))
    return _op("+", side, _op("if then else", upward, ONE, Const(-1.0)))


def _other(side: Node, *_: Node) -> Node:
    return _op("-", ONE, side)


@dataclass(frozen=True)
class _Rule:
    """actual(a, b): what is kept. gap, beyond (side, a, b). value(side, a, b): the function from what is kept."""

    actual: Callable[..., Node]
    gap: Callable[..., Node]
    value: Callable[..., Node]
    beyond: Callable[..., Node] = _other


def _comparison(function: str, upward: bool) -> _Rule:
    return _Rule(
        lambda a, b: _op(function, a, b),
        lambda side, a, b: _distance(side, a, b) if upward else _distance(side, b, a),
        lambda side, a, b: side,
    )


def _choice(function: str) -> _Rule:
    above = _comparison(function, upward=function == ">")
    return replace(above, value=lambda side, a, b: _op("if then else", side, a, b))


RULES: dict[str, _Rule] = {
    ">": _comparison(">", upward=True),
    ">=": _comparison(">=", upward=True),
    "<": _comparison("<", upward=False),
    "<=": _comparison("<=", upward=False),
    "min": _choice("<"),
    "max": _choice(">"),
    "abs": _Rule(
        lambda a: _op(">", a, ZERO),
        lambda side, a: _distance(side, a, ZERO),
        lambda side, a: _op("if then else", side, a, _op("negative", a)),
    ),
    "integer": _Rule(lambda x: _op("integer", x), _room, lambda side, x: side, _neighbour),
    "modulo": _Rule(
        lambda a, b: _op("integer", _op("/", a, b)),
        lambda side, a, b: _room(side, _op("/", a, b)),
        lambda side, a, b: _op("-", a, _op("*", side, b)),
        lambda side, a, b: _neighbour(side, _op("/", a, b)),
    ),
}


def watch(system: System) -> tuple[System, tuple[Crossing, ...]]:
    """The System with each of its thresholds kept where the run says, and the thresholds.

    With all sides nan, every symbol has the value that it has in the System itself.
    """
    watcher = _Watcher(system)
    flows = tuple(part for equation in system.flows for part in watcher.rewritten(equation))
    symbols = system.symbols | {symbol.name: symbol for symbol in watcher.symbols}
    return replace(system, symbols=symbols, flows=flows), tuple(watcher.crossings)


@dataclass
class _Watcher:
    system: System
    symbols: list[Symbol] = field(default_factory=list)
    crossings: list[Crossing] = field(default_factory=list)
    _known: dict[Equation, int] = field(default_factory=dict)

    def rewritten(self, equation: Equation) -> list[Equation]:
        """The equation, and before it those of the thresholds that it is the first to meet."""
        before: list[Equation] = []
        node = self._node(equation.node, before, equation.where)
        return [*before, replace(equation, node=node)]

    def _node(self, node: Node, before: list[Equation], where: Where | None) -> Node:
        symbols = self.system.symbols
        if isinstance(node, Root) or is_constant(node, symbols) or times(node, symbols):
            return node
        node = rebuild(node, {i: self._node(child, before, where) for i, child in enumerate(inside(node))})
        if not isinstance(node, Op) or node.function not in RULES:
            return node
        rule = RULES[node.function]
        side = self._side(node, rule, before, where)
        return rule.value(side, *node.arguments)

    def _side(self, node: Op, rule: _Rule, before: list[Equation], where: Where | None) -> Node:
        """What is kept at a node, as a node of its own."""
        axes = free_axes(node)
        lengths = tuple(axes.values())
        block = tuple(tuple(range(length)) for length in lengths)
        bare = moved(node, {axis: place for place, axis in enumerate(axes)})
        form = Equation("", block, bare)
        if form not in self._known:
            self._known[form] = len(self.crossings)
            self._watch(form, rule, before, where)
        crossing = self.crossings[self._known[form]]
        index = tuple(Axis(axis, tuple(range(length))) for axis, length in axes.items())
        return self._kept(Load(crossing.side, index), Load(crossing.actual, index))

    def _kept(self, side: Load, actual: Load) -> Node:
        return _op("if then else", _op("=", side, side), side, actual)  # nan is not equal to itself

    def _watch(self, form: Equation, rule: _Rule, before: list[Equation], where: Where | None) -> None:
        number = len(self.crossings) + 1
        crossing = Crossing(
            f"#side {number}", f"#actual {number}", f"#beyond {number}", f"#gap {number}", where
        )
        self.crossings.append(crossing)
        shape = tuple(len(positions) for positions in form.block)
        self.symbols.append(Symbol(crossing.side, "setting", shape, where=where))
        seen = (crossing.actual, crossing.beyond, crossing.gap)
        self.symbols += [Symbol(name, "auxiliary", shape, where=where) for name in seen]
        side = Load(crossing.side, tuple(Axis(axis, positions) for axis, positions in enumerate(form.block)))
        assert isinstance(form.node, Op)
        arguments = form.node.arguments
        before += [
            Equation(crossing.actual, form.block, rule.actual(*arguments), where),
            Equation(crossing.beyond, form.block, rule.beyond(side, *arguments), where),
            Equation(crossing.gap, form.block, rule.gap(side, *arguments), where),
        ]
