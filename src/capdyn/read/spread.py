"""What XMILE leaves unsaid about arrays, and its own names for things: written out.

An equation for all elements may name another array without subscripts, `a[*]` and SUM(a) mean all elements.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..lang.expressions import Call, Expression, Number, Reference
from .source import Mistake

OVER = {"sum": "sum", "prod": "prod", "vmin xmile": "vmin", "vmax xmile": "vmax"}
NAMES = {"dt": "time step", "starttime": "initial time", "stoptime": "final time"}


@dataclass(frozen=True)
class Arrays:
    """dimensions : of each array by key. tables : keys of the variables that are tables."""

    dimensions: dict[str, tuple[str, ...]]
    tables: frozenset[str]


def spread(
    expression: Expression, subscripts: tuple[str, ...], own: tuple[str, ...], arrays: Arrays
) -> Expression:
    """The expression with all subscripts written.

    subscripts : of the equation, ranges or elements. own : dimensions of its variable, in the same order.

    Raises
    ------
    Mistake
        If an array without subscripts cannot be matched with those of the equation, or a function is not known.
    """

    def go(here: Expression, reduced: bool) -> Expression:
        if isinstance(here, Reference):
            return _reference(here, subscripts, own, arrays, reduced)
        if not isinstance(here, Call):
            return here
        if (
            here.function == "lookup"
            and len(here.arguments) == 2
            and isinstance(here.arguments[0], Reference)
        ):
            table = here.arguments[0]
            here = Call(table.name, here.arguments[1:], table.subscripts)
        over = here.function in OVER
        arguments = tuple(go(argument, reduced or over) for argument in here.arguments)
        return _call(replace(here, arguments=arguments, function=OVER.get(here.function, here.function)))

    return go(expression, False)


def _call(call: Call) -> Expression:
    if call.function == "log10" and len(call.arguments) == 1:
        return Call("log", (*call.arguments, Number(10.0)))
    return replace(call, function="xint") if call.function == "int" else call


def _reference(
    here: Reference, subscripts: tuple[str, ...], own: tuple[str, ...], arrays: Arrays, reduced: bool
) -> Expression:
    dimensions = arrays.dimensions.get(here.name, ())
    if here.name in ("pi", "inf") and not here.subscripts:
        return Call(here.name, ())
    if not dimensions:
        return replace(here, name=NAMES.get(here.name, here.name))
    if here.subscripts:
        if "*" in here.subscripts and not reduced:
            raise Mistake(
                f"'{here.name}[*]' stands outside of SUM, PROD, MIN and MAX.",
                0,
                "Name one element, or its dimension.",
            )
        written = [
            f"{dimension}!" if subscript == "*" else subscript
            for subscript, dimension in zip(here.subscripts, dimensions, strict=False)
        ]
        return replace(here, subscripts=(*written, *here.subscripts[len(written) :]))
    if reduced:
        return replace(here, subscripts=tuple(f"{dimension}!" for dimension in dimensions))
    by_dimension = dict(zip(own, subscripts, strict=False))
    if not all(dimension in by_dimension for dimension in dimensions):
        raise Mistake(
            f"'{here.name}' is an array and has no subscripts here.",
            0,
            f"Write {here.name}[{', '.join(dimensions)}], or the elements that are meant.",
        )
    return replace(here, subscripts=tuple(by_dimension[dimension] for dimension in dimensions))
