"""Elements of a variable that no equation gives: allowed as long as nothing uses them.

Source: https://vensim.com/documentation/22215.html : "you can sometimes use missing types intentionally", and a missing
component that is used is an error. In a System they are zeros that nothing reads; in results they are nan.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import product

from ..errors import Problem
from ..lang.expressions import Table
from .system import Equation, Fixed, Index, Interpolate, Load, Node, Reduce, Symbol, inside

NO_TABLE = Table((0.0,), (0.0,))  # of an element of a lookup that has no points


NOT_THERE = -1  # the position of an element that a variable does not have


def check(equations: Iterable[Equation], symbols: Mapping[str, Symbol], problems: list[Problem]) -> None:
    """Notes equations that use an element without an equation, or a lookup without points."""
    lacking = {s.name: frozenset(s.missing) for s in symbols.values() if s.missing}
    for equation in equations:
        lengths = {axis: len(positions) for axis, positions in enumerate(equation.block)}
        for what in dict.fromkeys(_used(equation.node, lengths, lacking, symbols)):
            problems.append(Problem(what, equation.where, "Give it one, or use a smaller range here."))


def _used(
    node: Node, lengths: dict[int, int], lacking: Mapping[str, frozenset[int]], symbols: Mapping[str, Symbol]
) -> Iterator[str]:
    """What a node uses and is not there; the first element of each variable."""
    if isinstance(node, Reduce):
        lengths = {**lengths, node.axis: node.size}
    if isinstance(node, Load) and (node.symbol in lacking or _may_leave(node.index)):
        symbol = symbols[node.symbol]
        none: frozenset[int] = frozenset()
        for place in _places(node.index, lengths):
            if NOT_THERE in place:
                yield f"'{symbol.variable}' is used here at an element that it does not have."
                return
            if offset(place, symbol.shape) in lacking.get(node.symbol, none):
                labels = [symbol.elements[dim][position] for dim, position in enumerate(place)]
                yield f"'{symbol.variable}[{','.join(labels)}]' is used here and has no equation."
                return
    if isinstance(node, Interpolate) and (
        any(table is NO_TABLE for table in node.tables) or _may_leave(node.index)
    ):
        for place in _places(node.index, lengths):
            if NOT_THERE in place or node.tables[offset(place, node.shape)] is NO_TABLE:
                at = ", ".join(str(position + 1) for position in place)
                yield f"A lookup is used here at its element {at}, which has no points."
                return
    for child in inside(node):
        yield from _used(child, lengths, lacking, symbols)


def _may_leave(index: tuple[Index, ...]) -> bool:
    return any(NOT_THERE in (i.positions if not isinstance(i, Fixed) else (i.position,)) for i in index)


def _places(index: tuple[Index, ...], lengths: Mapping[int, int]) -> Iterator[tuple[int, ...]]:
    """All places that an index comes to."""
    axes = sorted({i.axis for i in index if not isinstance(i, Fixed)})
    for at in product(*(range(lengths[axis]) for axis in axes)):
        here = dict(zip(axes, at, strict=True))
        yield tuple(i.position if isinstance(i, Fixed) else i.positions[here[i.axis]] for i in index)


def offset(place: tuple[int, ...], shape: tuple[int, ...]) -> int:
    """Row-major number of a place."""
    number = 0
    for position, length in zip(place, shape, strict=True):
        number = number * length + position
    return number
