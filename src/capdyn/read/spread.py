"""What XMILE leaves unsaid about arrays, and its own names for things: written out.

An equation for all elements may name another array without subscripts, `a[*]` and SUM(a) mean all elements.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import reduce

from ..lang.expressions import Call, Expression, Number, Reference, Table
from ..lang.functions import FUNCTIONS as LANGUAGE
from .source import Mistake

OVER = {"sum": "sum", "prod": "prod", "min": "vmin", "max": "vmax"}
NOT_RUN = frozenset({"mean", "rank", "size", "stddev"})  # over arrays too; later passes say what to write
NAMES = {"dt": "time step", "starttime": "initial time", "stoptime": "final time"}
FUNCTIONS = {"int": "xint", "logn": "ln"}


@dataclass(frozen=True)
class Arrays:
    """What is known of the variables by key.

    dimensions : of each. tables : those that are tables. graphs : of those with an equation and a graph, to be read at
    other places than that of the equation.
    """

    dimensions: dict[str, tuple[str, ...]]
    tables: frozenset[str]
    graphs: dict[str, Table] = field(default_factory=dict)


def spread(
    expression: Expression, subscripts: tuple[str, ...], own: tuple[str, ...], arrays: Arrays, name: str = ""
) -> Expression:
    """The expression with all subscripts written.

    subscripts : of the equation, ranges or elements. own : dimensions of its variable, in the same order. name : the
    variable's key, which SELF stands for.

    Raises
    ------
    Mistake
        If an array without subscripts cannot be matched with those of the equation, or a function is not known.
    """

    def go(here: Expression, reduced: bool) -> Expression:
        if isinstance(here, Reference):
            if here.name == "self" and name and "self" not in arrays.dimensions:
                here = Reference(name, here.subscripts)
            elif here.name not in arrays.dimensions or here.name == name:
                here = replace(here, name=NAMES.get(here.name, here.name))
                if here.name in ("pi", "inf") and not here.subscripts:
                    return Call(here.name, ())
            return _reference(here, subscripts, own, arrays, reduced)
        if not isinstance(here, Call):
            return here
        known = here.function in LANGUAGE or here.function in FUNCTIONS
        if (
            here.function == "lookup"
            and len(here.arguments) == 2
            and isinstance(here.arguments[0], Reference)
        ):
            table = here.arguments[0]
            here, known = Call(table.name, here.arguments[1:], table.subscripts), False
        if here.function in arrays.graphs and not known and len(here.arguments) == 1:
            here = Call("with lookup", (*here.arguments, arrays.graphs[here.function]))
        over = here.function in OVER and len(here.arguments) == 1
        arguments = tuple(go(a, reduced or over or here.function in NOT_RUN) for a in here.arguments)
        return _call(replace(here, arguments=arguments), over)

    return go(expression, False)


def _call(call: Call, over: bool) -> Expression:
    if over:
        return replace(call, function=OVER[call.function])
    if call.function in ("min", "max") and len(call.arguments) > 2:
        return reduce(lambda left, right: Call(call.function, (left, right)), call.arguments)
    if call.function == "log10" and len(call.arguments) == 1:
        return Call("log", (*call.arguments, Number(10.0)))
    return replace(call, function=FUNCTIONS.get(call.function, call.function))


def _reference(
    here: Reference, subscripts: tuple[str, ...], own: tuple[str, ...], arrays: Arrays, reduced: bool
) -> Expression:
    dimensions = arrays.dimensions.get(here.name, ())
    if not dimensions:
        return here
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
