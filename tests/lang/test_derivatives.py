"""The table of derivatives: complete, and each row right, also where a rule has a special case."""

import math

import pytest

import capdyn
from capdyn.lang.derivatives import DERIVATIVES, PIECEWISE_CONSTANT, REDUCE_DERIVATIVES
from capdyn.lang.functions import FUNCTIONS

# formula in a and b, values of a and b
SMOOTH = {
    "+": ("a + b", 2.0, 3.0),
    "-": ("a - b", 2.0, 3.0),
    "*": ("a * b", 2.0, 3.0),
    "/": ("a / b", 2.0, -3.0),
    "^": ("a ^ b", 2.0, -1.5),
    "negative": ("-a", 2.0, 0.0),
    "if then else": ("IF THEN ELSE(a > 1, a*b, a/b)", 2.0, 3.0),
    "min": ("MIN(a, b*b)", 2.0, 1.2),
    "max": ("MAX(a, b*b)", 2.0, 1.2),
    "abs": ("ABS(a*b)", -2.0, 3.0),
    "sqrt": ("SQRT(a)", 2.0, 0.0),
    "modulo": ("MODULO(a, b)", -7.5, 2.2),
    "exp": ("EXP(a)", -0.7, 0.0),
    "ln": ("LN(a)", 0.3, 0.0),
    "sin": ("SIN(a)", 0.3, 0.0),
    "cos": ("COS(a)", 0.3, 0.0),
    "tan": ("TAN(a)", 0.3, 0.0),
    "arcsin": ("ARCSIN(a)", 0.3, 0.0),
    "arccos": ("ARCCOS(a)", 0.3, 0.0),
    "arctan": ("ARCTAN(a)", 0.3, 0.0),
    "sinh": ("SINH(a)", 0.3, 0.0),
    "cosh": ("COSH(a)", 0.3, 0.0),
    "tanh": ("TANH(a)", 0.3, 0.0),
    # written out by capdyn.passes.expand, and so without rows of their own
    "log": ("LOG(a, b)", 2.0, 3.0),
    "zidz": ("ZIDZ(a, b)", 2.0, 3.0),
    "xidz": ("XIDZ(a, 0, b)", 2.0, 3.0),
    "quantum": ("QUANTUM(a, 0.5) + b", 2.2, 3.0),
}

ONE_SIDED = {
    "max at the kink follows its first argument": ("MAX(a, b)", 0.0, 0.0, 1.0, 0.0),
    "min at the kink follows its first argument": ("MIN(a, b)", 2.0, 2.0, 1.0, 0.0),
    "abs at 0 from the right": ("ABS(a)", 0.0, 0.0, 1.0, 0.0),
    "integer": ("INTEGER(a)", 1.7, 0.0, 0.0, 0.0),
    "comparison": ("IF THEN ELSE(a > b, 1, 2)", 1.0, 1.0, 0.0, 0.0),
    "the branch that is not taken does no harm": ("IF THEN ELSE(b > 0, a, SQRT(b - 1))", 2.0, 1.0, 1.0, 0.0),
    "sqrt of something at rest at 0": ("SQRT(a - 2) + b", 2.0, 3.0, math.inf, 1.0),
    "0 ^ 2": ("a ^ b", 0.0, 2.0, 0.0, 0.0),
    "0 ^ 1": ("a ^ b", 0.0, 1.0, 1.0, 0.0),
    "0 ^ 0": ("a ^ b", 0.0, 0.0, 0.0, 0.0),
    "0 ^ 0.5": ("a ^ b", 0.0, 0.5, math.inf, 0.0),
    "(-3) ^ 2": ("a ^ b", -3.0, 2.0, -6.0, math.nan),
    "(-3) ^ 2, exponent at rest": ("a ^ 2 + b", -3.0, 0.0, -6.0, 1.0),
    "x ^ 1": ("a ^ 1", 5.0, 0.0, 1.0, 0.0),
    "x ^ 0": ("a ^ 0", 5.0, 0.0, 0.0, 0.0),
    "tanh far out": ("TANH(a)", 25.0, 0.0, 1.0 / math.cosh(25.0) ** 2, 0.0),
    "modulo between its jumps": ("MODULO(a, b)", 7.0, 2.0, 1.0, -3.0),
    "sum with an infinite slope elsewhere": ("SQRT(a) + SQRT(b)", 0.0, 4.0, math.inf, 0.25),
}


def slopes(model, formula, a, b):
    """dy/da and dy/db."""
    found = capdyn.sensitivities(model(f"a = {a}\nb = {b}\ny = {formula}"), ["a", "b"], outputs=["y"])
    return found["y"].values.tolist()


@pytest.mark.parametrize("function", [key for key, row in FUNCTIONS.items() if row.kind == "value"])
def test_every_value_function_has_a_row(function):
    assert (function in DERIVATIVES) != (function in PIECEWISE_CONSTANT)
    assert function in PIECEWISE_CONSTANT or function in SMOOTH, "no test of this row"


@pytest.mark.parametrize("function", [key for key, row in FUNCTIONS.items() if row.kind == "reduce"])
def test_every_reduce_function_has_a_row(function):
    assert function in REDUCE_DERIVATIVES


def test_no_row_without_a_function():
    assert {*DERIVATIVES, *PIECEWISE_CONSTANT, *REDUCE_DERIVATIVES} <= set(FUNCTIONS)


@pytest.mark.parametrize("function", SMOOTH)
def test_a_row_is_the_limit_of_differences(model, function):
    formula, a, b = SMOOTH[function]
    here = {"a": a, "b": b}
    m = model(f"a = {a}\nb = {b}\ny = {formula}")

    def at(name, value):
        return float(capdyn.simulate(m, parameters={**here, name: value}, outputs=["y"])["y"])

    def difference(name, h):
        return (at(name, here[name] + h) - at(name, here[name] - h)) / (2 * h)

    # Richardson: the error is of fourth order in the step
    expected = [(4 * difference(name, 1e-3) - difference(name, 2e-3)) / 3 for name in here]
    found = capdyn.sensitivities(m, ["a", "b"], outputs=["y"])["y"].values.tolist()
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-11)


@pytest.mark.parametrize("case", ONE_SIDED)
def test_the_side_taken_at_kinks_and_poles(model, case):
    formula, a, b, *expected = ONE_SIDED[case]
    assert slopes(model, formula, a, b) == pytest.approx(expected, rel=1e-14, nan_ok=True)


@pytest.mark.parametrize(
    "x, expected",
    [(-1, 0), (0, 2), (0.5, 2), (1, -1), (2.5, -1), (3, 0), (9, 0)],
    ids=["before", "first point", "first piece", "corner", "second piece", "last point", "behind"],
)
def test_the_slope_of_a_lookup(model, x, expected):
    m = model(f"f((0,0),(1,2),(3,0))\na = {x}\ny = f(a)")
    assert float(capdyn.sensitivities(m, ["a"])["y"].squeeze()) == expected


@pytest.mark.parametrize(
    "values, formula, expected",
    [
        ("1,2,3", "SUM(x[R!]*x[R!])", [2, 4, 6]),
        ("2,3,4", "PROD(x[R!])", [12, 8, 6]),
        ("2,0,4", "PROD(x[R!])", [0, 8, 0]),
        ("0,0,4", "PROD(x[R!])", [0, 0, 0]),
        ("3,1,2", "VMIN(x[R!])", [0, 1, 0]),
        ("3,1,1", "VMIN(x[R!])", [0, 1, 0]),
        ("3,1,2", "VMAX(x[R!])", [1, 0, 0]),
        ("3,3,2", "VMAX(x[R!]*2)", [2, 0, 0]),
        # (x1 + s)(x2 + s)(x3 + s) with s = x1 + x2, at 4, 5 and 6
        ("1,2,3", "PROD(x[R!] + SUM(x[S!]))", [2 * 30 + 24 + 20, 30 + 2 * 24 + 20, 20]),
    ],
)
def test_reductions(model, values, formula, expected):
    m = model(f"R: r1, r2, r3\nS: r1, r2\nx[R] = {values}\ny = {formula}")
    found = capdyn.sensitivities(m, ["x"])["y"].values.ravel()
    assert found.tolist() == expected
