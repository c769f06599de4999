"""The meaning column of the function table: IEEE results for impossible arguments, never an exception."""

import math

import pytest

from capdyn.lang.functions import FUNCTIONS, UNSUPPORTED, nearest_functions

INF, NAN = math.inf, math.nan

# function, arguments, value
IMPOSSIBLE = [
    ("/", (1.0, 0.0), INF),
    ("/", (-1.0, 0.0), -INF),
    ("/", (1.0, -0.0), -INF),
    ("/", (0.0, 0.0), NAN),
    ("/", (NAN, 0.0), NAN),
    ("^", (-2.0, 0.5), NAN),
    ("^", (0.0, -1.0), INF),
    ("^", (-0.0, -1.0), -INF),
    ("^", (-0.0, -2.0), INF),
    ("^", (-0.0, -0.5), INF),
    ("^", (0.0, 0.0), 1.0),
    ("^", (10.0, 400.0), INF),
    ("^", (-10.0, 401.0), -INF),
    ("^", (-10.0, 400.0), INF),
    ("sqrt", (-1.0,), NAN),
    ("ln", (0.0,), -INF),
    ("ln", (-1.0,), NAN),
    ("ln", (INF,), INF),
    ("exp", (1000.0,), INF),
    ("exp", (-1000.0,), 0.0),
    ("sinh", (1000.0,), INF),
    ("sinh", (-1000.0,), -INF),
    ("cosh", (-1000.0,), INF),
    ("sin", (INF,), NAN),
    ("arcsin", (2.0,), NAN),
    ("modulo", (5.0, 0.0), NAN),
    ("modulo", (INF, 2.0), NAN),
    ("modulo", (-5.0, 3.0), -2.0),
    ("integer", (-1.9,), -1.0),
    ("integer", (INF,), INF),
    ("min", (NAN, 1.0), NAN),
    ("min", (1.0, NAN), NAN),
    ("max", (NAN, 1.0), NAN),
    ("vmin", (NAN, 1.0), NAN),
    ("if then else", (NAN, 1.0, 2.0), 1.0),
    ("<", (NAN, 1.0), 0.0),
    ("<>", (NAN, NAN), 1.0),
    ("=", (NAN, NAN), 0.0),
    ("not", (NAN,), 0.0),
]


@pytest.mark.parametrize("name, arguments, expected", IMPOSSIBLE)
def test_ieee(name, arguments, expected):
    found = FUNCTIONS[name].meaning(*arguments)
    assert found == expected or (math.isnan(expected) and math.isnan(found))
    assert math.copysign(1.0, found) == math.copysign(1.0, expected) or math.isnan(expected)


@pytest.mark.parametrize("name, arguments, expected", IMPOSSIBLE)
def test_the_kernel_does_the_same(name, arguments, expected):
    """The same table through the compiled code."""
    from capdyn.emit.kernel import Kernel
    from capdyn.passes.system import Const, Equation, Load, Op, Symbol, System

    symbols = {f"a{i}": Symbol(f"a{i}", "parameter", values=(a,)) for i, a in enumerate(arguments)}
    symbols["x"] = Symbol("x", "auxiliary")
    pair = {"vmin": "min"}.get(name, name)
    node = Op("+", (Op(pair, tuple(Load(f"a{i}") for i in range(len(arguments)))), Const(0.0)))
    kernel = Kernel(System("one", symbols, (), (), (), (Equation("x", (), node),), {}))
    values = kernel.values()
    for i, a in enumerate(arguments):
        values[kernel.layout.start[f"a{i}"]] = a
    for program in ("constants", "outputs"):
        kernel.run(program, values, 0.0, 0.0, 0.0)
    found = values[kernel.layout.start["x"]]
    assert ((found == expected) | (math.isnan(expected) & (found != found))).all()


def test_each_row_has_what_its_kind_needs():
    for row in FUNCTIONS.values():
        assert (row.meaning is not None) == (row.kind in ("value", "reduce")), row.key
        assert 0 <= row.arity[0] <= row.arity[1], row.key


def test_nothing_is_both_supported_and_not():
    assert not FUNCTIONS.keys() & UNSUPPORTED.keys()


def test_nearest_functions():
    assert nearest_functions("smoth")[0] == "SMOOTH"
    assert nearest_functions("xyzzy") == []
