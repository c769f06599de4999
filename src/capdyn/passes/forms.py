"""Functions that look at their arguments as written: a range, a table, a number that shapes the equations.

A row of `FORMS` takes the lowering of the equation in hand and the arguments, not yet lowered, and gives a node. A
ValueError is a mistake of the modeller; its text follows the function's name.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from ..lang.expressions import Call, Expression, Reference, Table
from .allocation import ALLOCATION
from .arrays import ARRAYS
from .expand import STRUCTURES
from .system import Axis, Clock, Const, Fixed, Interpolate, Load, Node, Op, inside, rebuild

if TYPE_CHECKING:
    from .lower import Lowering


def _with_lookup(lowering: Lowering, argument: Expression, table: Expression) -> Node:
    assert isinstance(table, Table)
    return Interpolate((table,), (), (), lowering.lower(argument))


def _lookup(outside: str) -> Callable[..., Node]:
    """A lookup read in another way than by straight lines and held ends.

    Source: https://www.vensim.com/documentation/22825.html .
    """

    def build(lowering: Lowering, lookup: Expression, argument: Expression) -> Node:
        tables = lowering.scope.tables
        if not isinstance(lookup, Reference) or lookup.name not in tables:
            raise ValueError("its first argument is the name of a lookup.")
        node = lowering.lower(Call(lookup.name, (argument,), lookup.subscripts))
        if isinstance(node, Interpolate):
            return replace(node, tables=tuple(_read(table, outside) for table in node.tables))
        return node  # a problem was noted

    return build


def _read(table: Table, outside: str) -> Table:
    if outside != "forward":
        return replace(table, outside=outside)
    # The next y holds from just behind an x on; at x itself it is its own.
    behind = (table.x[0], *(math.nextafter(x, math.inf) for x in table.x[:-1]))
    return Table(behind, table.y, "hold")


def _elmcount(lowering: Lowering, range_: Expression) -> Node:
    """The number of elements of a range. Source: https://www.vensim.com/documentation/fn_elmcount.html ."""
    elements = lowering.scope.ranges.elements
    if not isinstance(range_, Reference) or range_.name not in elements:
        raise ValueError("it counts the elements of a subscript range, and needs the range's name.")
    return Const(float(len(elements[range_.name])))


def _get_time_value(lowering: Lowering, base: Expression, offset: Expression, measure: Expression) -> Node:
    """Time in the model's own unit, from now (0) or from the initial time (1).

    Source: https://www.vensim.com/documentation/fn_get_time_value.html . The computer's clock would make runs
    that cannot be repeated; years, months and days need a calendar, which an equation file does not hold.
    """
    if lowering.fixed(measure) != 0.0:
        raise ValueError("only measure 0 is supported, the model's own time unit.")
    starts: dict[float, Node] = {0.0: Clock("time"), 1.0: Load("initial time")}
    start = starts.get(lowering.fixed(base))
    if start is None:
        raise ValueError("the computer's clock would make a run that cannot be repeated; use base 0 or 1.")
    return Op("+", (start, lowering.lower(offset)))


def _ordered(name: str) -> Callable[..., Node]:
    """A structure whose last argument, its order, has to be known now."""

    def build(lowering: Lowering, *arguments: Expression) -> Node:
        order = Const(lowering.fixed(arguments[-1]))
        return STRUCTURES[name](lowering.hidden, *(lowering.lower(a) for a in arguments[:-1]), order)

    return build


def _sample_if_true(
    lowering: Lowering, condition: Expression, value: Expression, initial: Expression
) -> Node:
    """The input where the condition holds, otherwise what it was last; the variable's own name is its last value.

    Source: https://www.vensim.com/documentation/fn_sample_if_true.html .
    """
    own = lowering.variable.key
    whole = lowering.component.expression
    if not (isinstance(whole, Call) and whole.function == "sample if true"):
        own = ""  # inside a formula the variable's name means the variable, and makes a circle
    wanted, sample, first = (lowering.lower(argument) for argument in (condition, value, initial))
    samples: list[Node] = []

    def following(last: Node) -> Node:
        assert isinstance(last, Load)
        test, number = (_instead(node, own, last, lowering) for node in (wanted, sample))
        choice = Op("if then else", (test, number, last))
        samples.append(lowering.hidden.keep("sample", choice, held=True))
        return samples[0]

    lowering.hidden.memory("last", following, first)
    return samples[0]


def _instead(node: Node, own: str, last: Load, lowering: Lowering) -> Node:
    """The node with the variable's own element, the one that the equation gives, replaced by its last value."""
    if isinstance(node, Load) and node.symbol == own:
        here = []
        for axis, dim in enumerate(lowering.scope.dims[own]):
            along = lowering.scope.ranges.elements[dim]
            places = tuple(along.index(element) for element in lowering.axes[axis])
            here.append((Axis(axis, places), Fixed(places[0]) if len(places) == 1 else None))
        if all(index in own_index for index, own_index in zip(node.index, here, strict=True)):
            return last
    return rebuild(node, {i: _instead(child, own, last, lowering) for i, child in enumerate(inside(node))})


FORMS: dict[str, Callable[..., Node]] = {
    "with lookup": _with_lookup,
    "lookup extrapolate": _lookup("extrapolate"),
    "lookup forward": _lookup("forward"),
    "lookup backward": _lookup("hold"),
    "elmcount": _elmcount,
    "get time value": _get_time_value,
    "smooth n": _ordered("smooth n"),
    "delay n": _ordered("delay n"),
    "sample if true": _sample_if_true,
    **ARRAYS,
    **ALLOCATION,
}
