"""Expressions as a closed union of frozen types.

    Expression = Number | Reference | Table | Array | Text | Call

Operators, functions, stocks and delays are all `Call`s; what each means is a row of `capdyn.lang.functions`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Number:
    """A literal; `:NA:` is the number that Vensim uses for it, -2**109."""

    value: float


@dataclass(frozen=True)
class Reference:
    """A variable, a subscript element or a subscript range by its key (`capdyn.lang.names.key`).

    subscripts : keys of ranges or elements; a range that is summed over ends in '!'.
    """

    name: str
    subscripts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """A table of points, y over x, x not decreasing.

    outside : 'clamp' holds the end values (Vensim), 'extrapolate' goes on in a straight line,
    'hold' is a step function that keeps the last y.
    """

    x: tuple[float, ...]
    y: tuple[float, ...]
    outside: str = "clamp"


@dataclass(frozen=True)
class Array:
    """Literal numbers in row-major order; only as the whole right-hand side of an equation."""

    values: tuple[float, ...]
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Text:
    """A string argument, such as a file name."""

    value: str


@dataclass(frozen=True)
class Call:
    """A function, an operator or a dynamic structure applied to arguments.

    function : key of a row in `capdyn.lang.functions.FUNCTIONS`, or of a lookup variable or a macro.
    """

    function: str
    arguments: tuple[Expression, ...]
    subscripts: tuple[str, ...] = ()


Expression = Number | Reference | Table | Array | Text | Call


def children(expression: Expression) -> tuple[Expression, ...]:
    """The expressions directly inside this one."""
    return expression.arguments if isinstance(expression, Call) else ()


def walk(expression: Expression) -> Iterator[Expression]:
    """The expression and everything inside it, outermost first."""
    stack = [expression]
    while stack:
        here = stack.pop()
        yield here
        stack.extend(reversed(children(here)))


def is_literal(expression: Expression) -> bool:
    """Whether it is a plain number or an array of numbers: a constant that a scenario may change."""
    return isinstance(expression, Number | Array)
