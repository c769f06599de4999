"""ALLOCATE AVAILABLE and ALLOCATE BY PRIORITY: who gets how much of what is scarce.

Each request falls with a priority along a curve from all of it to nothing; the priority at which the sum of what is
left is what there is, is found by halving an interval 64 times: to the last digit of a double. So an allocation is
wrong by about 1e-16 of its request for each width that its priority is away from zero. Sources:
https://www.vensim.com/documentation/allocation_overview.html and the pages below it; the algorithm of W. T. Wood,
https://vensim.com/allocation-by-priority/ .
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..lang.expressions import Array, Expression, Number, Reference
from .arrays import ONE, ZERO, LastAxis, choose, op
from .draft import Hidden
from .system import Axis, Const, Fixed, Load, Node, Root, Unknown

if TYPE_CHECKING:
    from .lower import Lowering

_HALVINGS = 64
_WIDTHS = Const(40.0)  # from its centre, after which each curve is at its end to the last digit
HALF = Const(0.5)


def _rectangle(z: Node, width: Node) -> Node:
    return op("max", ZERO, op("min", ONE, op("-", HALF, op("/", z, width))))


def _triangle(z: Node, width: Node) -> Node:
    """Twice the square of the distance from the nearer end, in widths."""
    share = op("/", z, width)
    above = op("max", ZERO, op("-", HALF, share))
    below = op("max", ZERO, op("+", HALF, share))
    upper = op("*", Const(2.0), op("*", above, above))
    lower = op("-", ONE, op("*", Const(2.0), op("*", below, below)))
    return choose(op("<", z, ZERO), lower, upper)


def _normal(z: Node, width: Node) -> Node:
    return op("#normal cumulative", op("negative", op("/", z, width)))


def _exponential(z: Node, width: Node) -> Node:
    tail = op("*", HALF, op("exp", op("negative", op("/", op("abs", z), width))))
    return choose(op("<", z, ZERO), op("-", ONE, tail), tail)


# Share of a request that is met at a distance z above its own priority. Types of
# https://www.vensim.com/documentation/24335.html ; 0 (fixed quantity) and 5 (constant elasticity) are not here.
_CURVES: dict[int, Callable[[Node, Node], Node]] = {1: _rectangle, 2: _triangle, 3: _normal, 4: _exponential}


def _share(kind: Node, z: Node, width: Node) -> Node:
    found: Node = Const(float("nan"))
    for number, curve in _CURVES.items():
        found = choose(op("=", kind, Const(float(number))), curve(z, width), found)
    return found


class _Market:
    """The search for the priority at which requests are as large as the supply."""

    def __init__(self, lowering: Lowering, request: Expression, supply: Expression):
        self.last = LastAxis(lowering)
        self.request = self.last.vector(request)
        lengths = lowering.hidden.lengths[:-1]
        self.outer = Hidden(
            lowering.hidden.draft,
            lowering.hidden.variable,
            lengths,
            lowering.hidden.where,
            lowering.hidden.label,
        )
        self.supply = self.outer.once("supply", lowering.lower(supply))

    def allocate(self, priority: Node, width: Node, share: Callable[[Node], Node]) -> Node:
        """What each gets. `share` gives what part of a request is met at a distance above its priority."""
        last, all_of = self.last, self.last.all_of
        reach = op("*", _WIDTHS, width)
        low = last.over("vmin", all_of(op("-", priority, reach)))
        high = last.over("vmax", all_of(op("+", priority, reach)))
        met = op("*", self.request, share(op("-", Unknown(), priority)))
        excess = op("-", last.over("sum", all_of(met)), self.supply)
        found = self.outer.keep("clearing priority", Root(excess, low, high, _HALVINGS))
        total = self.outer.keep("requests", last.over("sum", all_of(self.request)))
        scarce = op("*", self.request, share(op("-", found, priority)))
        rationed = choose(op("<=", self.supply, ZERO), ZERO, scarce)
        return choose(op(">=", self.supply, total), self.request, rationed)


def _by_priority(
    lowering: Lowering,
    request: Expression,
    priority: Expression,
    size: Expression,
    width: Expression,
    supply: Expression,
) -> Node:
    """Source: https://www.vensim.com/documentation/fn_allocate_by_priority.html : rectangles of one width."""
    market = _Market(lowering, request, supply)
    if lowering.fixed(size) != market.last.length:
        raise ValueError(f"its size is not that of the array, {market.last.length}.")
    rank = market.last.vector(priority)
    wide = market.outer.once("width", lowering.lower(width))
    return market.allocate(rank, wide, lambda z: _rectangle(z, wide))


def _available(lowering: Lowering, request: Expression, profile: Expression, supply: Expression) -> Node:
    """Source: https://www.vensim.com/documentation/fn_allocate_available.html ."""
    market = _Market(lowering, request, supply)
    node = lowering.lower(profile)
    if not (isinstance(profile, Reference) and isinstance(node, Load) and node.index):
        raise ValueError(
            "its second argument is a variable whose last subscript holds type, priority and width."
        )
    symbol, (*before, which) = node.symbol, node.index
    if not any(isinstance(index, Axis) and index.axis == market.last.axis for index in before):
        raise ValueError(
            "the last subscript but one of its second argument must be the last one on the left."
        )
    count = len(lowering.scope.ranges.elements[lowering.scope.dims[symbol][-1]])
    first = which.position if isinstance(which, Fixed) else -1
    if first != 0 or count < 3:
        raise ValueError(
            "the last subscript of its second argument is the first element of a range of four: the type."
        )
    _check_types(lowering, symbol, count)
    kind, priority, width = (Load(symbol, (*before, Fixed(place))) for place in range(3))
    return market.allocate(priority, width, lambda z: _share(kind, z, width))


def _check_types(lowering: Lowering, symbol: str, count: int) -> None:
    """Where the profile is written as numbers, its types are checked now."""
    types: list[float] = []
    for component in lowering.scope.variables[symbol].components:
        expression, last = component.expression, component.subscripts[-1]
        if isinstance(expression, Array) and lowering.scope.ranges.is_range(last):
            types += expression.values[::count]
        elif (
            isinstance(expression, Number)
            and last == lowering.scope.ranges.elements[lowering.scope.dims[symbol][-1]][0]
        ):
            types.append(expression.value)
    strange = [number for number in types if number not in _CURVES]
    if strange:
        raise ValueError(
            f"a curve of type {strange[0]:g} is not supported; use 1 (rectangle), 2 (triangle), 3 (normal) or "
            "4 (exponential)."
        )


ALLOCATION: dict[str, Callable[..., Node]] = {
    "allocate by priority": _by_priority,
    "allocate available": _available,
}
