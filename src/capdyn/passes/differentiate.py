"""The tangent of a node and of an equation, from the rows of `capdyn.lang.derivatives`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import nextafter

from ..lang.derivatives import (
    ARGUMENTS,
    DERIVATIVES,
    PIECEWISE_CONSTANT,
    REDUCE_DERIVATIVES,
    TANGENTS,
)
from ..lang.expressions import Call, Expression, Number, Reference, Table
from ..lang.functions import FUNCTIONS
from .system import (
    Axis,
    Const,
    Equation,
    Fixed,
    Index,
    Interpolate,
    Load,
    Node,
    Op,
    Position,
    Reduce,
    indices,
    inside,
)

ZERO, ONE = Const(0.0), Const(1.0)


def tangent_name(symbol: str) -> str:
    """Name of the symbol that holds a symbol's tangent."""
    return f"#tangent of {symbol}"


@dataclass(frozen=True)
class Differentiator:
    """Writes tangents. Loop axis 0 is the direction; all others move up by one.

    count : number of directions. active : symbols that have a tangent.
    """

    count: int
    active: set[str]

    def equation(self, equation: Equation, seed: str = "") -> Equation:
        """The equation of the target's tangent; the target itself stands ready and is not computed anew."""
        index = tuple(Axis(axis + 1, positions) for axis, positions in enumerate(equation.block))
        node = self.of(equation.node, Load(equation.target, index))
        if seed:
            node = _op("+", node, Load(seed, (self._direction(), *index)))
        block = (tuple(range(self.count)), *equation.block)
        return Equation(tangent_name(equation.target), block, node, equation.where)

    def _direction(self) -> Index:
        return Axis(0, tuple(range(self.count)))

    def of(self, node: Node, value: Node | None = None) -> Node:
        """The tangent of a node; `value` is a cheaper way to its value."""
        if isinstance(node, Load):
            if node.symbol not in self.active:
                return ZERO
            return Load(tangent_name(node.symbol), (self._direction(), *map(_up, node.index)))
        if isinstance(node, Op):
            return self._op(node, value)
        if isinstance(node, Reduce):
            return self._reduce(node)
        if isinstance(node, Interpolate):
            inner = self.of(node.argument)
            slopes = tuple(slope_table(table) for table in node.tables)
            if inner == ZERO or not any(any(table.y) for table in slopes):
                return ZERO
            raised = raise_axes(node)
            assert isinstance(raised, Interpolate)
            return _op("*", replace(raised, tables=slopes), inner)
        return ZERO

    def _op(self, node: Op, value: Node | None) -> Node:
        if node.function in PIECEWISE_CONSTANT:
            return ZERO
        tangents = [self.of(argument) for argument in node.arguments]
        if all(found == ZERO for found in tangents):
            return ZERO
        known = dict(zip(TANGENTS, tangents, strict=False))
        known |= dict(zip(ARGUMENTS, map(raise_axes, node.arguments), strict=False))
        known["value"] = raise_axes(node) if value is None else value
        return _fill(DERIVATIVES[node.function], known)

    def _reduce(self, node: Reduce) -> Node:
        inner = self.of(node.body)
        if inner == ZERO:
            return ZERO
        row = REDUCE_DERIVATIVES[node.function]
        raised = raise_axes(node)
        assert isinstance(raised, Reduce)
        if row.over:
            axis = raised.axis
            other = _highest(raised) + 1
            every = tuple(range(node.size))
            known = {
                "own": raised.body,
                "other": move_axes(raised.body, {axis: other}),
                "place": Position(Axis(axis, every)),
                "other place": Position(Axis(other, every)),
            }
            weight = Reduce(row.over, other, node.size, _fill(row.pair, known))
            inner = _op("if then else", weight, inner, ZERO) if row.chooses else _op("*", weight, inner)
        return Reduce("sum", raised.axis, node.size, inner)


def slope_table(table: Table) -> Table:
    """The slope of a table as a step function: at a corner that of the piece that begins there, 0 where it is held."""
    pieces = [
        (x0, (y1 - y0) / (x1 - x0))
        for x0, x1, y0, y1 in zip(table.x, table.x[1:], table.y, table.y[1:], strict=False)
        if x1 > x0
    ]
    if table.outside == "hold" or not pieces:
        return Table((table.x[0],), (0.0,), "hold")
    if table.outside != "extrapolate":
        pieces = [(nextafter(pieces[0][0], float("-inf")), 0.0), *pieces, (table.x[-1], 0.0)]
    return Table(tuple(x for x, _ in pieces), tuple(slope for _, slope in pieces), "hold")


def _up(index: Index) -> Index:
    return index if isinstance(index, Fixed) else Axis(index.axis + 1, index.positions)


def raise_axes(node: Node) -> Node:
    """The node with every loop axis one higher, so that 0 is free for the direction."""
    return move_axes(node, {axis: axis + 1 for axis in _axes(node)})


def move_axes(node: Node, numbers: Mapping[int, int]) -> Node:
    """The node with loop axes renumbered, those of its own reductions included."""

    def index(old: Index) -> Index:
        return old if isinstance(old, Fixed) else Axis(numbers.get(old.axis, old.axis), old.positions)

    if isinstance(node, Load):
        return Load(node.symbol, tuple(map(index, node.index)))
    if isinstance(node, Position):
        return Position(index(node.index))
    if isinstance(node, Interpolate):
        argument = move_axes(node.argument, numbers)
        return Interpolate(node.tables, node.shape, tuple(map(index, node.index)), argument)
    if isinstance(node, Reduce):
        return Reduce(
            node.function, numbers.get(node.axis, node.axis), node.size, move_axes(node.body, numbers)
        )
    if isinstance(node, Op):
        return Op(node.function, tuple(move_axes(argument, numbers) for argument in node.arguments))
    return node


def _axes(node: Node) -> set[int]:
    found = {index.axis for index in indices(node) if isinstance(index, Axis)}
    if isinstance(node, Reduce):
        found.add(node.axis)
    return found.union(*(_axes(child) for child in inside(node)))


def _highest(node: Node) -> int:
    return max(_axes(node))


def _fill(row: Expression, known: Mapping[str, Node]) -> Node:
    """A row of the table as a node, its names replaced by what is known."""
    if isinstance(row, Number):
        return Const(row.value)
    if isinstance(row, Reference):
        return known[row.name]
    assert isinstance(row, Call)
    return _op(row.function, *(_fill(argument, known) for argument in row.arguments))


def _op(function: str, *arguments: Node) -> Node:
    """The operation, simplified where a tangent is nothing by its form: 0 times anything is nothing, not NaN."""
    if all(isinstance(argument, Const) for argument in arguments):
        meaning = FUNCTIONS[function].meaning
        assert meaning is not None
        return Const(meaning(*(argument.value for argument in arguments if isinstance(argument, Const))))
    rule = _SIMPLER.get(function)
    found = rule(*arguments) if rule else None
    return Op(function, arguments) if found is None else found


def _simpler_choice(condition: Node, yes: Node, no: Node) -> Node | None:
    if isinstance(condition, Const):
        return yes if condition.value != 0.0 else no
    return yes if yes == no else None


def _simpler_or(a: Node, b: Node) -> Node | None:
    for one, other in ((a, b), (b, a)):
        if isinstance(one, Const):
            return ONE if one.value != 0.0 else other
    return None


_SIMPLER: dict[str, Callable[..., Node | None]] = {
    "+": lambda a, b: b if a == ZERO else a if b == ZERO else None,
    "-": lambda a, b: a if b == ZERO else Op("negative", (b,)) if a == ZERO else None,
    "*": lambda a, b: ZERO if ZERO in (a, b) else b if a == ONE else a if b == ONE else None,
    "/": lambda a, b: ZERO if a == ZERO else a if b == ONE else None,
    "^": lambda a, b: ONE if b == ZERO else a if b == ONE else None,
    "or": _simpler_or,
    "if then else": _simpler_choice,
}
