"""One row per function: its tangent, as an expression in the function's own arguments.

A row of `DERIVATIVES` is written in the names of `ARGUMENTS` (a, b, c), in those of their tangents (da, db, dc), and in
`value`, the function's own result. It is linear in the tangents, so that a partial derivative is the row with one
tangent 1 and the others 0. Choices stay choices (and not products with 0 and 1), so that an infinite slope in the
branch that is not taken does no harm; where a slope may be infinite, a tangent that is 0 gives 0.

At a kink a row gives one side, always that of the value itself: MIN and MAX follow the first of equal arguments (so
MAX(x, 0) has slope 1 at 0), VMIN and VMAX the first of equal elements, ABS the right-hand side, a lookup the piece
that begins there. A jump has slope 0 (`PIECEWISE_CONSTANT`): comparisons, logic, INTEGER, a random draw. MODULO has
the slope between its jumps. The slope of a^b in b is value*ln(a); at a = 0 it is taken as 0, which is right for
b > 0; for a < 0, where neighbouring exponents give no number, it is not a number.

Source of the method: Griewank, Walther, Evaluating Derivatives, 2nd ed. (2008), chapter 3 (forward mode)
and chapter 14 (kinks).
"""

from __future__ import annotations

from dataclasses import dataclass

from .expressions import Call, Expression, Number, Reference

ARGUMENTS = ("a", "b", "c")
TANGENTS = ("da", "db", "dc")


@dataclass(frozen=True)
class ReduceTangent:
    """Tangent of a 'reduce' function: the SUM over its elements of weight times the element's tangent.

    over : the reduction that makes the weight out of all pairs of this element and another; '' for a weight of 1.
    pair : what goes into it, in the names own, other (the two values), place, other place (their places, from 1).
    chooses : the weight is a truth value: the element's tangent where it holds, else nothing.
    """

    over: str = ""
    pair: Expression = Number(1.0)  # noqa: RUF009  frozen
    chooses: bool = False


def _call(function: str, *arguments: Expression) -> Expression:
    return Call(function, arguments)


def _times(x: Expression, y: Expression) -> Expression:
    return _call("*", x, y)


def _over(x: Expression, y: Expression) -> Expression:
    return _call("/", x, y)


def _choose(condition: Expression, yes: Expression, no: Expression) -> Expression:
    return _call("if then else", condition, yes, no)


def _unless_still(tangent: Expression, slope: Expression) -> Expression:
    """Tangent times a slope that may be infinite: nothing where the tangent is nothing."""
    return _choose(_call("=", tangent, ZERO), ZERO, _times(slope, tangent))


A, B, C = (Reference(name) for name in ARGUMENTS)
DA, DB, DC = (Reference(name) for name in TANGENTS)
VALUE = Reference("value")
OWN, OTHER, PLACE, OTHER_PLACE = (Reference(name) for name in ("own", "other", "place", "other place"))
ZERO, ONE, TWO = Number(0.0), Number(1.0), Number(2.0)
_SINE_SLOPE = _over(ONE, _call("sqrt", _times(_call("-", ONE, A), _call("+", ONE, A))))

_ROOT_TWO_PI = Number(2.5066282746310002)


def _bell(x: Expression) -> Expression:
    return _call("exp", _times(Number(-0.5), _times(x, x)))


PIECEWISE_CONSTANT = frozenset({"=", "<>", "<", "<=", ">", ">=", "and", "or", "not", "integer", "#draw"})

DERIVATIVES: dict[str, Expression] = {
    # operators
    "+": _call("+", DA, DB),
    "-": _call("-", DA, DB),
    "*": _call("+", _times(DA, B), _times(A, DB)),
    "/": _over(_call("-", DA, _times(VALUE, DB)), B),
    "^": _call(
        "+",
        _choose(
            _call("or", _call("=", DA, ZERO), _call("=", B, ZERO)),
            ZERO,
            _times(_times(B, _call("^", A, _call("-", B, ONE))), DA),
        ),
        _choose(
            _call("or", _call("=", DB, ZERO), _call("=", A, ZERO)),
            ZERO,
            _times(_times(VALUE, _call("ln", A)), DB),
        ),
    ),
    "negative": _call("negative", DA),
    # choice and arithmetic
    "if then else": _choose(A, DB, DC),
    "min": _choose(_call("<", B, A), DB, DA),
    "max": _choose(_call(">", B, A), DB, DA),
    "abs": _choose(_call("<", A, ZERO), _call("negative", DA), DA),
    "sqrt": _unless_still(DA, _over(ONE, _times(TWO, VALUE))),
    # a - b*trunc(a/b): the whole number of times that b goes into a is read off the remainder
    "modulo": _call("-", DA, _times(_over(_call("-", A, VALUE), B), DB)),
    # transcendental
    "exp": _times(VALUE, DA),
    "ln": _over(DA, A),
    "sin": _times(_call("cos", A), DA),
    "cos": _call("negative", _times(_call("sin", A), DA)),
    "tan": _times(_call("+", ONE, _times(VALUE, VALUE)), DA),
    "arcsin": _unless_still(DA, _SINE_SLOPE),
    "arccos": _call("negative", _unless_still(DA, _SINE_SLOPE)),
    "arctan": _over(DA, _call("+", ONE, _times(A, A))),
    "sinh": _times(_call("cosh", A), DA),
    "cosh": _times(_call("sinh", A), DA),
    # 1 - value^2 would lose all figures where tanh is flat
    "tanh": _over(_over(DA, _call("cosh", A)), _call("cosh", A)),
    # the bell curve at the argument, and one over the bell curve at the result
    "#normal cumulative": _over(_times(_bell(A), DA), _ROOT_TWO_PI),
    "#normal quantile": _over(_times(_ROOT_TWO_PI, DA), _bell(VALUE)),
}

REDUCE_DERIVATIVES: dict[str, ReduceTangent] = {
    "sum": ReduceTangent(),
    # the product of the others: right where elements are zero, at n^2 multiplications
    "prod": ReduceTangent("prod", _choose(_call("=", PLACE, OTHER_PLACE), ONE, OTHER)),
    "vmin": ReduceTangent(
        "vmin",
        _choose(_call("<", OTHER_PLACE, PLACE), _call("<", OWN, OTHER), _call("<=", OWN, OTHER)),
        chooses=True,
    ),
    "vmax": ReduceTangent(
        "vmin",
        _choose(_call("<", OTHER_PLACE, PLACE), _call(">", OWN, OTHER), _call(">=", OWN, OTHER)),
        chooses=True,
    ),
}
