"""Macros: each call has equations, stocks and names of its own."""

import warnings

import numpy as np
import pytest

import capdyn
from capdyn.read import read

LAG = """:MACRO: LAG(input, time to lag)
LAG = INTEG((input - LAG)/time to lag, input) ~ input ~ |
:END OF MACRO:
"""
CONTROLS = "\nINITIAL TIME = 0 ~~|\nFINAL TIME = 4 ~~|\nTIME STEP = 1 ~~|\nSAVEPER = 1 ~~|\n"


@pytest.fixture
def opened(tmp_path, monkeypatch):
    """A function from macros and equations (one a line) to an opened model called m.mdl in the working folder."""
    monkeypatch.chdir(tmp_path)

    def from_text(macros: str, equations: str) -> capdyn.Model:
        lines = "".join(f"{line.strip()} ~~|\n" for line in equations.strip().splitlines())
        (tmp_path / "m.mdl").write_text(macros + lines + CONTROLS, encoding="utf-8")
        return capdyn.open_model("m.mdl")

    return from_text


def test_what_is_read(tmp_path):
    path = tmp_path / "m.mdl"
    path.write_text(
        ":MACRO: My_Lag(input , time \\\n to lag : the rate)\nmy lag = INTEG(the rate, 1) ~ Year ~ Why. |\n"
        "the rate = input/TIME STEP$ ~~|\n:END OF MACRO:\nx = 1 ~~|"
    )
    macro = read(path).macros["my lag"]
    assert (macro.name, macro.parameters, macro.outputs) == (
        "My_Lag",
        ("input", "time to lag"),
        ("the rate",),
    )
    assert list(macro.variables) == ["my lag", "the rate"]
    assert (macro.where.line, macro.variables["the rate"].where.line) == (1, 4)
    assert (macro.variables["my lag"].units, macro.variables["my lag"].comment) == ("Year", "Why.")


# name, macros, equations, variable, values at 0, 1, 2, 3, 4
CASES = [
    ("a stock of its own", LAG, "x = LAG(STEP(4, 1), 2)", "x", [0, 0, 2, 3, 3.5]),
    ("two calls, two stocks", LAG, "x = LAG(STEP(4, 1), 2) - LAG(STEP(4, 1), 1)", "x", [0, 0, -2, -1, -0.5]),
    ("a call in an argument", LAG, "x = LAG(LAG(STEP(4, 1), 1), 1)", "x", [0, 0, 0, 4, 4]),
    ("in an expression", LAG, "a = 3\nx = 1 + a*LAG(STEP(4, 1), 2)", "x", [1, 1, 7, 10, 11.5]),
    (
        "a macro that calls a macro",
        ":MACRO: TWICE(input)\nTWICE = LAG(LAG(input, 1), 1) ~~|\n:END OF MACRO:\n" + LAG,
        "x = TWICE(STEP(4, 1))",
        "x",
        [0, 0, 0, 4, 4],
    ),
    (
        "names inside have nothing to do with those outside",
        ":MACRO: M(a)\nM = a + k ~~|\nk = 10 ~~|\n:END OF MACRO:\n",
        "a = 1\nk = 2\nx = M(k) + a + 0*Time",
        "x",
        [13] * 5,
    ),
    (
        "a name of the model by $",
        ":MACRO: M(a)\nM = a + TIME STEP$ + k$ + time$ + Time ~~|\n:END OF MACRO:\n",
        "k = 2\nx = M(10)",
        "x",
        [13, 15, 17, 19, 21],
    ),
    (
        "outputs after the colon",
        ":MACRO: M(a : b, c)\nM = a*2 ~~|\nb = a*3 ~~|\nc = b*2 ~~|\n:END OF MACRO:\n",
        "m = M(Time : y, z)\nx = m + 10*y + 100*z",
        "x",
        [0, 632, 1264, 1896, 2528],
    ),
    (
        "a lookup handed on",
        ":MACRO: M(f, a)\nM = f(a) + N(own, a) ~~|\nown((0,0),(4,40)) ~~|\n:END OF MACRO:\n"
        ":MACRO: N(g, b)\nN = g(b) ~~|\n:END OF MACRO:\n",
        "table((0,0),(4,4))\nx = M(table, Time)",
        "x",
        [0, 11, 22, 33, 44],
    ),
    (
        "a number handed on stays one, as an order must",
        ":MACRO: M(a, n)\nM = SMOOTH3I(a, n, 0) ~~|\n:END OF MACRO:\n",
        "x = M(8, 6)",
        "x",
        [0, 0, 0, 1, 2.5],
    ),
    (
        "a macro may take the name of a function",
        ":MACRO: SMOOTH(a, b)\nSMOOTH = a*b ~~|\n:END OF MACRO:\n",
        "x = SMOOTH(Time, 3)",
        "x",
        [0, 3, 6, 9, 12],
    ),
]


@pytest.mark.parametrize("engine", ["kernel", "interpret"])
@pytest.mark.parametrize(
    "macros, equations, name, expected", [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_value(opened, macros, equations, name, expected, engine):
    result = capdyn.simulate(opened(macros, equations), method="euler", engine=engine)
    np.testing.assert_allclose(result[name].values, expected, rtol=1e-14)


def test_a_stock_for_each_element(opened):
    model = opened(
        LAG, "R: a, b\nup[R] = 4, 8\nx[R] = LAG(STEP(up[R], 1), 2)\ny[a] = LAG(up[a], 2)\ny[b] = 0"
    )
    result = capdyn.simulate(model, method="euler")
    np.testing.assert_array_equal(result["x"].sel(R="b"), [0, 0, 4, 6, 7])
    np.testing.assert_array_equal(result["y"].sel(R="a"), [4] * 5)
    assert model.system.symbols["#LAG 1: lag"].shape == (2,)


def test_exceptions_hold_inside_too(opened):
    """The excepted element would divide by zero in the macro; nothing of it is computed."""
    model = opened(LAG, "R: a, b\ntau[R] = 0, 2\nx[R] :EXCEPT: [a] = LAG(STEP(4, 1), tau[R])\nx[a] = 7")
    result = capdyn.simulate(model, method="euler")
    np.testing.assert_array_equal(result["x"].values[-1], [7, 3.5])


def test_what_macros_make_is_hidden(opened):
    model = opened(LAG, "x = LAG(STEP(4, 1), 2)")
    result = capdyn.simulate(model)
    assert set(result.data_vars) == {"x", "INITIAL TIME", "FINAL TIME", "TIME STEP", "SAVEPER"}
    assert result["x"].attrs["equation"] == "x = LAG(STEP(4, 1), 2)"
    assert list(model.source.variables) == ["x", "initial time", "final time", "time step", "saveper"]


def test_a_quoted_name_that_looks_like_a_hidden_one(opened):
    model = opened(LAG, '"#LAG 1: input" = 5\nx = LAG("#LAG 1: input", 2)')
    result = capdyn.simulate(model)
    assert float(result["#LAG 1: input"]) == 5 and result["x"].values.tolist() == [5] * 5


MISTAKES = [
    (
        "too few arguments",
        LAG,
        "x = LAG(1)",
        "m.mdl:4:5: The macro 'LAG' takes 2 arguments; here it has 1. It reads LAG(input, time to lag), see line 1.",
    ),
    (
        "outputs that are not there",
        LAG,
        "x = LAG(1, 2 : y)",
        "m.mdl:4:5: The macro 'LAG' takes 0 outputs; here it has 1. It reads LAG(input, time to lag), see line 1.",
    ),
    (
        "calls itself",
        ":MACRO: M(a)\nM = a + M(a) ~~|\n:END OF MACRO:\n",
        "x = 1",
        "m.mdl:2:9: A macro calls itself: M -> M. Take one of the calls out: a macro cannot go on without end.",
    ),
    (
        "call one another",
        ":MACRO: M(a)\nM = N(a) ~~|\n:END OF MACRO:\n:MACRO: N(a)\nN = M(a) ~~|\n:END OF MACRO:\n",
        "x = 1",
        "m.mdl:5:5: A macro calls itself: M -> N -> M. Take one of the calls out: a macro cannot go on without end.",
    ),
    (
        "a name from outside",
        ":MACRO: M(a)\nM = a + k ~~|\n:END OF MACRO:\n",
        "K = 2\nx = M(1)\ny = M(2)",
        "m.mdl:2:9: 'k' is not defined in the macro 'M'. Write K$ for the variable of the model, or make it an input.",
    ),
    (
        "a name that is nowhere",
        ":MACRO: M(input)\nM = inputs ~~|\n:END OF MACRO:\n",
        "x = M(1)",
        "m.mdl:2:5: 'inputs' is not defined in the macro 'M'. Did you mean 'input'?",
    ),
    (
        "an argument that is nowhere",
        LAG,
        "x = LAG(a, 2)",
        "m.mdl:4:9: 'a' is not defined. Define it, or correct the name.",
    ),
    (
        "in a sum",
        LAG,
        "R: a, b\nup[R] = 1, 2\nx = SUM(LAG(up[R!], 2))",
        "m.mdl:6:9: The call of the macro 'LAG' stands inside a sum. Give it a variable of its own and sum that.",
    ),
    (
        "a subscript inside",
        ":MACRO: M(a)\nM = a[R] ~~|\n:END OF MACRO:\n",
        "R: r1, r2\ny[R] = 1\nx[R] = M(y[R])",
        "m.mdl:2:5: There are no subscripts inside a macro; 'a' has one. Leave it out: each call has its own "
        "subscripts.",
    ),
    (
        "an output that is there already",
        ":MACRO: M(a : b)\nM = a ~~|\nb = a ~~|\n:END OF MACRO:\n",
        "y = 1\nx = M(1 : y)",
        "m.mdl:6:1: 'y' is an output of a macro here, and has an equation in line 5. Rename one.",
    ),
    (
        "a colon in another call",
        "",
        "x = MAX(1 : y)",
        "m.mdl:1:1: A ':' stands in a call that is not the call of a macro. Only outputs of a macro stand after ':'.",
    ),
]


@pytest.mark.parametrize(
    "macros, equations, message", [case[1:] for case in MISTAKES], ids=[case[0] for case in MISTAKES]
)
def test_mistake(opened, macros, equations, message):
    with pytest.raises(capdyn.ModelError) as caught:
        opened(macros, equations)
    assert str(caught.value) == message


def test_macros_that_multiply_end_soon(opened):
    chain = "".join(
        f":MACRO: M{i}(a)\nM{i} = M{i - 1}(a) + M{i - 1}(a) ~~|\n:END OF MACRO:\n" for i in range(1, 30)
    )
    with pytest.raises(capdyn.ModelError, match="called more than 10000 times"):
        opened(":MACRO: M0(a)\nM0 = a ~~|\n:END OF MACRO:\n" + chain, "x = M29(1)")


def test_pysd_agrees(opened, tmp_path):
    model = opened(LAG, "a = STEP(3, 2)\nx = LAG(a, 2) + LAG(Time, 4)")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pysd

        witness = pysd.read_vensim(str(tmp_path / "m.mdl")).run()
    np.testing.assert_allclose(capdyn.simulate(model, method="euler")["x"], witness["x"], rtol=1e-12)
