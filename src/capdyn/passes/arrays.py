"""Functions of a whole array, written out over loop axes: selecting, sorting, inverting.

Nothing here is a loop of its own: sorting counts for each element how many come before it, an inverse is a chain of
hidden arrays, one for each pivot. Kernel and interpreter follow the same equations.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from ..lang.expressions import Expression
from .draft import Hidden
from .system import Axis, Const, Equation, Fixed, Index, Load, Node, Op, Position, Reduce, free_axes, moved

if TYPE_CHECKING:
    from .lower import Lowering

ZERO, ONE = Const(0.0), Const(1.0)


def op(function: str, *arguments: Node) -> Op:
    """A 'value' function applied to nodes."""
    return Op(function, arguments)


def choose(condition: Node, yes: Node, no: Node) -> Node:
    """IF THEN ELSE."""
    return op("if then else", condition, yes, no)


def place(axis: int, length: int) -> Node:
    """Where a loop axis stands, from 0."""
    return op("-", Position(Axis(axis, tuple(range(length)))), ONE)


class LastAxis:
    """The last loop axis of an equation, over which a function works as a whole; `inner` runs over it once more."""

    def __init__(self, lowering: Lowering):
        subscripts = lowering.component.subscripts
        if not subscripts or not lowering.scope.ranges.is_range(subscripts[-1]):
            raise ValueError(
                "it gives a whole array: its variable needs a subscript range as its last subscript."
            )
        self.hidden = lowering.hidden
        self.axis = len(subscripts) - 1
        self.length = len(lowering.axes[self.axis])
        self.inner = self.fresh(lowering)
        self._lowering = lowering

    def fresh(self, lowering: Lowering) -> int:
        """Number of a loop axis of the same elements that nothing else uses."""
        lowering.axes.append(lowering.axes[self.axis])
        return len(lowering.axes) - 1

    def vector(self, expression: Expression) -> Node:
        """An argument that runs along the axis."""
        node = self._lowering.lower(expression)
        if self.axis not in free_axes(node):
            raise ValueError("the last subscript of its arguments must be that of the variable on the left.")
        return self.hidden.once("vector", node)

    def all_of(self, node: Node, axis: int | None = None) -> Node:
        """The node with the inner axis (or another) in place of the last one."""
        return moved(node, {self.axis: self.inner if axis is None else axis})

    def over(self, function: str, body: Node, axis: int | None = None) -> Node:
        return Reduce(function, self.inner if axis is None else axis, self.length, body)


def _ranks(lowering: Lowering, vector: Expression, direction: Expression) -> tuple[LastAxis, Node]:
    """How many elements come before each one; of equal ones the first comes first."""
    last = LastAxis(lowering)
    sign = choose(op(">", lowering.lower(direction), ZERO), ONE, Const(-1.0))
    value = last.hidden.keep("value", op("*", last.vector(vector), sign))
    other = last.all_of(value)
    earlier = op("<", place(last.inner, last.length), place(last.axis, last.length))
    before = op("or", op("<", other, value), op("and", op("=", other, value), earlier))
    return last, last.hidden.keep("rank", last.over("sum", before))


def _vector_rank(lowering: Lowering, vector: Expression, direction: Expression) -> Node:
    """Source: https://www.vensim.com/documentation/fn_vector_rank.html ."""
    _, ranks = _ranks(lowering, vector, direction)
    return op("+", ranks, ONE)


def _vector_sort_order(lowering: Lowering, vector: Expression, direction: Expression) -> Node:
    """Source: https://www.vensim.com/documentation/fn_vector_sort_order.html : places from 0, in order."""
    last, ranks = _ranks(lowering, vector, direction)
    here = op("=", last.all_of(ranks), place(last.axis, last.length))
    return last.over("sum", choose(here, place(last.inner, last.length), ZERO))


def _vector_reorder(lowering: Lowering, vector: Expression, order: Expression) -> Node:
    """Source: https://www.vensim.com/documentation/fn_vector_reorder.html ; not-a-number for a place that is none."""
    last = LastAxis(lowering)
    values = last.all_of(last.vector(vector))
    wanted = last.vector(order)
    here = op("=", place(last.inner, last.length), wanted)
    found = last.over("sum", choose(here, values, ZERO))
    return choose(op(">", last.over("sum", here), ZERO), found, Const(math.nan))


def _vector_elm_map(lowering: Lowering, origin: Expression, offset: Expression) -> Node:
    """The element that stands some places behind another along the last subscript; not-a-number outside the range.

    Source: https://www.vensim.com/documentation/22095.html .
    """
    node = lowering.lower(origin)
    if not (isinstance(node, Load) and node.index):
        raise ValueError("its first argument is an element of an array, such as x[first].")
    *before, start = node.index
    length = len(lowering.scope.ranges.elements[lowering.scope.dims[node.symbol][-1]])
    lowering.axes.append(tuple(map(str, range(length))))
    inner = len(lowering.axes) - 1
    wanted = op("+", op("-", Position(start), ONE), lowering.lower(offset))
    here = op("<", op("abs", op("-", place(inner, length), wanted)), Const(0.5))
    values = Load(node.symbol, (*before, Axis(inner, tuple(range(length)))))
    found = lowering.reduce("sum", [inner], choose(here, values, ZERO))
    return choose(op(">", lowering.reduce("sum", [inner], here), ZERO), found, Const(math.nan))


# Numerical action of VECTOR SELECT: what is done with (weight, value) of the selected elements, and how it starts.
_ACTIONS: dict[float, tuple[str, Callable[[Node, Node], Node]]] = {
    0: ("sum", lambda weight, value: op("*", weight, value)),
    1: ("prod", lambda weight, value: op("*", weight, value)),
    2: ("vmin", lambda weight, value: op("*", weight, value)),
    3: ("vmax", lambda weight, value: op("*", weight, value)),
    4: ("mean", lambda weight, value: op("*", weight, value)),
    # The manual says weight ^ value; PySD notes that Vensim computes value ^ weight.
    5: ("prod", lambda weight, value: op("^", value, weight)),
    6: ("sum", lambda weight, value: value),
    7: ("prod", lambda weight, value: value),
    8: ("vmin", lambda weight, value: value),
    9: ("vmax", lambda weight, value: value),
    10: ("mean", lambda weight, value: value),
}
_NEUTRAL = {"sum": 0.0, "prod": 1.0, "vmin": math.inf, "vmax": -math.inf}


def _vector_select(
    lowering: Lowering,
    selection: Expression,
    expression: Expression,
    missing: Expression,
    action: Expression,
    error: Expression,
) -> Node:
    """Source: https://www.vensim.com/documentation/fn_vector_select.html ; its errors make not-a-number.

    error : 1 if none is selected, 2 if more than one, 3 both.
    """
    how, strict = lowering.fixed(action), lowering.fixed(error)
    if how not in _ACTIONS or strict not in (0, 1, 2, 3):
        raise ValueError(
            "its numerical action is a whole number from 0 to 10, its error action one from 0 to 3."
        )
    (weight, value), axes = lowering.over([selection, expression])
    if not axes:
        raise ValueError("it has no range with '!' to run over.")
    function, term = _ACTIONS[how]
    chosen = op("<>", weight, ZERO)
    count = lowering.reduce("sum", axes, chosen)
    reducing = "sum" if function == "mean" else function
    total = lowering.reduce(reducing, axes, choose(chosen, term(weight, value), Const(_NEUTRAL[reducing])))
    result = choose(op("=", count, ZERO), lowering.lower(missing), total)
    if function == "mean":
        result = choose(op("=", count, ZERO), lowering.lower(missing), op("/", total, op("max", count, ONE)))
    if strict in (1, 3):
        result = choose(op("=", count, ZERO), Const(math.nan), result)
    if strict in (2, 3):
        result = choose(op(">", count, ONE), Const(math.nan), result)
    return result


def _invert_matrix(lowering: Lowering, matrix: Expression, size: Expression | None = None) -> Node:
    """Gauss and Jordan's elimination with partial pivoting: Golub, Van Loan, Matrix Computations, section 3.4.

    Rows and columns are those of the argument's last two subscripts, whatever their order on the left.
    Source: https://www.vensim.com/documentation/fn_invert_matrix.html .
    """
    count = len(lowering.component.subscripts)
    row, column = count - 2, count - 1
    if count < 2 or len(lowering.axes[row]) != len(lowering.axes[column]):
        raise ValueError(
            "it gives a square array: its variable needs two subscripts of the same length at its end."
        )
    length = len(lowering.axes[row])
    if size is not None and lowering.fixed(size) != length:
        raise ValueError(f"its size is not that of the array, {length}.")
    node = lowering.lower(matrix)
    if not {row, column} <= free_axes(node).keys():
        raise ValueError("the last two subscripts of its argument must be those of the variable on the left.")
    if isinstance(node, Load):
        axes = [index.axis for index in node.index if isinstance(index, Axis) and index.axis >= row]
        if axes == [column, row]:
            node = moved(node, {row: column, column: row})
    lowering.axes.append(lowering.axes[row])
    work = _Elimination(lowering.hidden, row, length, len(lowering.axes) - 1)
    return work.inverse(node)


class _Elimination:
    """Hidden arrays [matrix, identity], then one for each pivot, at last [identity, inverse].

    Their loop axes are those of the equation before `row`, then row, then column; `inner` is one more for maxima.
    """

    def __init__(self, hidden: Hidden, row: int, length: int, inner: int):
        self.hidden, self.row, self.length, self.inner = hidden, row, length, inner
        self.outer = tuple(Axis(axis, tuple(range(n))) for axis, n in enumerate(hidden.lengths[:row]))
        self.rows = Axis(row, tuple(range(length)))

    def inverse(self, matrix: Node) -> Node:
        n, row, column = self.length, self.row, self.row + 1
        work = self._symbol("matrix", (n, 2 * n))
        self._give(work, matrix, (tuple(range(n)), tuple(range(n))))
        here = op("=", place(row, n), place(column, n))
        self._give(work, here, (tuple(range(n)), tuple(range(n, 2 * n))))
        for k in range(n):
            work = self._eliminate(work, k)
        return Load(work, (*self.outer, self.rows, Axis(column, tuple(range(n, 2 * n)))))

    def _eliminate(self, work: str, k: int) -> str:
        """One pivot: columns up to k become those of the identity, and are not stored any more."""
        n, row = self.length, self.row
        inner = Axis(self.inner, tuple(range(n)))
        size = op("abs", Load(work, (*self.outer, inner, Fixed(k))))
        left = op(">=", place(self.inner, n), Const(float(k)))
        greatest = self._keep("pivot", (), Reduce("vmax", self.inner, n, choose(left, size, Const(-1.0))))
        found = op("and", left, op("=", size, Load(greatest, self.outer)))
        first = Reduce("vmin", self.inner, n, choose(found, place(self.inner, n), Const(math.inf)))
        pivot = Load(self._keep("pivot row", (), first), self.outer)
        # The pivot's row, divided by the pivot; here the columns are the loop axis behind the outer ones.
        columns = tuple(range(k + 1, 2 * n))
        along = Axis(row, columns)
        taken = op("=", place(self.inner, n), pivot)

        def of_pivot_row(index: Index) -> Node:
            return Reduce("sum", self.inner, n, choose(taken, Load(work, (*self.outer, inner, index)), ZERO))

        divided = self._symbol("row", (2 * n,))
        self._give(divided, op("/", of_pivot_row(along), of_pivot_row(Fixed(k))), (columns,))
        across = Axis(row + 1, columns)
        swapped = op("=", place(row, n), pivot)

        def after_swap(index: Index) -> Node:
            own = Load(work, (*self.outer, self.rows, index))
            return choose(swapped, Load(work, (*self.outer, Fixed(k), index)), own)

        normal = Load(divided, (*self.outer, across))
        reduced = op("-", after_swap(across), op("*", after_swap(Fixed(k)), normal))
        following = self._symbol("matrix", (n, 2 * n))
        own_row = op("=", place(row, n), Const(float(k)))
        self._give(following, choose(own_row, normal, reduced), (tuple(range(n)), columns))
        return following

    def _symbol(self, what: str, shape: tuple[int, ...]) -> str:
        lengths = self.hidden.lengths[: self.row] + shape
        symbol = replace(self.hidden.symbol(what, "auxiliary"), shape=lengths)
        self.hidden.draft.symbols[symbol.name] = symbol
        return symbol.name

    def _give(self, name: str, node: Node, block: tuple[tuple[int, ...], ...]) -> None:
        outer = tuple(axis.positions for axis in self.outer)
        self.hidden.draft.auxiliaries.append(Equation(name, (*outer, *block), node, self.hidden.where))

    def _keep(self, what: str, shape: tuple[int, ...], node: Node) -> str:
        name = self._symbol(what, shape)
        self._give(name, node, tuple(tuple(range(length)) for length in shape))
        return name


ARRAYS: dict[str, Callable[..., Node]] = {
    "vector rank": _vector_rank,
    "vector sort order": _vector_sort_order,
    "vector reorder": _vector_reorder,
    "vector elm map": _vector_elm_map,
    "vector select": _vector_select,
    "invert matrix": _invert_matrix,
}
