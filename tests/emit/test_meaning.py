"""What the language means: a few lines of equations in, exact numbers out, by the kernel and by the interpreter."""

import math

import numpy as np
import pytest

import capdyn

NAN = math.nan

# name, equations, settings, variable, expected values at t = 0, 1, 2, 3, 4 (or a single constant).
CASES = [
    # arithmetic and precedence
    ("left to right", "x = 10 - 4 - 3 + Time*0", {}, "x", [3] * 5),
    ("product before sum", "x = 2 + 3*4^2/8", {}, "x", 8.0),
    ("unary minus binds weaker than power", "x = -2^2", {}, "x", -4.0),
    ("negative base in brackets", "x = (-2)^2", {}, "x", 4.0),
    ("negative exponent", "x = 2^-1", {}, "x", 0.5),
    ("comparison as a number", "x = (Time >= 2) * 5", {}, "x", [0, 0, 5, 5, 5]),
    (
        "logic",
        "x = IF THEN ELSE(Time > 0 :AND: :NOT: Time = 3 :OR: Time = 4, 1, 0)",
        {},
        "x",
        [0, 1, 1, 0, 1],
    ),
    # choice and rounding
    ("if then else", "x = IF THEN ELSE(Time < 2, 7, 8)", {}, "x", [7, 7, 8, 8, 8]),
    (
        "only the chosen branch counts",
        "x = IF THEN ELSE(Time = 0, 0, 1/Time)",
        {},
        "x",
        [0, 1, 0.5, 1 / 3, 0.25],
    ),
    ("min and max", "x = MIN(Time, 2) + MAX(Time, 3)", {}, "x", [3, 4, 5, 5, 6]),
    ("integer truncates toward zero", "x = INTEGER(1.5*(Time - 2))", {}, "x", [-3, -1, 0, 1, 3]),
    ("modulo keeps the sign of the first", "x = MODULO(Time - 2, 2)", {}, "x", [0, -1, 0, 1, 0]),
    ("quantum", "x = QUANTUM(1.9*Time, 0.5)", {}, "x", [0, 1.5, 3.5, 5.5, 7.5]),
    ("abs", "x = ABS(Time - 2)", {}, "x", [2, 1, 0, 1, 2]),
    ("zidz is zero below a millionth", "x = ZIDZ(3, Time*0.5e-6)", {}, "x", [0, 0, 3e6, 2e6, 1.5e6]),
    ("xidz", "x = XIDZ(3, Time, 9)", {}, "x", [9, 3, 1.5, 1, 0.75]),
    # transcendental
    ("exp and ln undo each other", "x = LN(EXP(Time))", {}, "x", [0, 1, 2, 3, 4]),
    ("log to a base", "x = LOG(8, 2)", {}, "x", 3.0),
    ("square root", "x = SQRT(Time)", {}, "x", [0, 1, math.sqrt(2), math.sqrt(3), 2]),
    ("sine", "x = SIN(Time)", {}, "x", [math.sin(t) for t in range(5)]),
    ("arctan", "x = ARCTAN(Time)", {}, "x", [math.atan(t) for t in range(5)]),
    ("tanh", "x = TANH(Time)", {}, "x", [math.tanh(t) for t in range(5)]),
    # time
    ("step is on at its time", "x = STEP(5, 2)", {}, "x", [0, 0, 5, 5, 5]),
    ("step half-way between steps is on at the next", "x = STEP(5, 1.5)", {}, "x", [0, 0, 5, 5, 5]),
    ("pulse", "x = PULSE(1, 2)", {}, "x", [0, 1, 1, 0, 0]),
    ("pulse of no width lasts a step", "x = PULSE(1, 0)", {}, "x", [0, 1, 0, 0, 0]),
    ("pulse train", "x = PULSE TRAIN(0, 1, 2, 4)", {}, "x", [1, 0, 1, 0, 0]),
    ("ramp", "x = RAMP(2, 1, 3)", {}, "x", [0, 0, 2, 4, 4]),
    (
        "step not missed through rounding",
        "x = STEP(1, 0.3)",
        {"time_step": 0.1, "final_time": 0.4},
        "x",
        [0, 0, 0, 1, 1],
    ),
    # stocks and delays, Euler
    ("stock", "x = INTEG(2, 1)", {}, "x", [1, 3, 5, 7, 9]),
    ("stock sees the flow at the beginning of the step", "x = INTEG(Time, 0)", {}, "x", [0, 0, 1, 3, 6]),
    ("smooth starts at its input", "x = SMOOTH(3 + STEP(4, 1), 2)", {}, "x", [3, 3, 5, 6, 6.5]),
    ("smoothi is not truncated", "x = SMOOTHI(1.9, 2, 1)", {"final_time": 2}, "x", [1, 1.45, 1.675]),
    ("smooth3", "x = SMOOTH3I(8, 6, 0)", {}, "x", [0, 0, 0, 1, 2.5]),
    ("delay1 conserves", "x = DELAY1(3 + STEP(4, 1), 2)", {}, "x", [3, 3, 5, 6, 6.5]),
    ("delay1i", "x = DELAY1I(4, 2, 0)", {}, "x", [0, 2, 3, 3.5, 3.75]),
    ("delay3 in equilibrium", "x = DELAY3(5, 3)", {}, "x", [5] * 5),
    ("initial", "x = INITIAL(Time + 7)", {}, "x", [7] * 5),
    (
        "active initial breaks the first circle",
        "x = ACTIVE INITIAL(s + 1, 5)\ns = INTEG(1, x)",
        {},
        "x",
        [6, 7, 8, 9, 10],
    ),
    ("initial values by their own order", "a = INTEG(0, b*2)\nb = INTEG(0, c + 1)\nc = 3", {}, "a", [8] * 5),
    # lookups
    ("lookup clamps", "f((0,0),(1,10),(3,20))\nx = f(Time)", {}, "x", [0, 10, 15, 20, 20]),
    ("lookup below its first point", "f((1,4),(2,6))\nx = f(Time - 1)", {}, "x", [4, 4, 4, 6, 6]),
    ("with lookup", "x = WITH LOOKUP(Time, ([(0,0)-(4,8)],(0,0),(4,8)))", {}, "x", [0, 2, 4, 6, 8]),
    ("lookup that jumps", "f((0,0),(2,0),(2,1),(4,1))\nx = f(Time)", {}, "x", [0, 0, 1, 1, 1]),
    ("not available is a number", "x = :NA:", {}, "x", -(2.0**109)),
]


@pytest.mark.parametrize("engine", ["kernel", "interpret"])
@pytest.mark.parametrize(
    "equations, settings, name, expected", [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_value(model, equations, settings, name, expected, engine):
    result = capdyn.simulate(model(equations, **settings), method="euler", engine=engine)
    np.testing.assert_allclose(result[name].values, expected, rtol=1e-14, atol=1e-14)


RANGES = "Region: Home, Core\nSize: small, medium, large\n"

# name, equations, element to look at, expected value (all constant).
ARRAYS = [
    ("array of numbers", "a[Region, Size] = 1,2,3;4,5,6;", {"Region": "Core", "Size": "medium"}, 5),
    ("element by element", "a[Home] = 1\na[Core] = 2", {"Region": "Core"}, 2),
    ("formula along a range", "b[Region] = 1,2\na[Region] = b[Region]*10", {"Region": "Core"}, 20),
    ("element on the right", "b[Region] = 1,2\na[Region] = b[Home]*10", {"Region": "Core"}, 10),
    (
        "transposed",
        "b[Region,Size] = 1,2,3;4,5,6;\na[Size,Region] = b[Region,Size]",
        {"Region": "Core", "Size": "small"},
        4,
    ),
    (
        "sum over one",
        "b[Region,Size] = 1,2,3;4,5,6;\na[Region] = SUM(b[Region,Size!])",
        {"Region": "Core"},
        15,
    ),
    ("sum over two", "b[Region,Size] = 1,2,3;4,5,6;\na = SUM(b[Region!,Size!])", {}, 21),
    ("sum of products", "b[Region] = 2,3\nc[Region] = 5,7\na = SUM(b[Region!]*c[Region!])", {}, 31),
    (
        "sum within a sum",
        "b[Region,Size] = 1,2,3;4,5,6;\nc[Region] = 1,10\na = SUM(c[Region!]*SUM(b[Region!,Size!]))",
        {},
        231,
    ),
    ("product", "b[Size] = 2,3,4\na = PROD(b[Size!])", {}, 24),
    ("smallest and largest", "b[Size] = 2,-3,4\na = VMIN(b[Size!]) + 10*VMAX(b[Size!])", {}, 37),
    ("subrange", "Firms: small, medium\nb[Size] = 1,2,3\na[Firms] = b[Firms]*2", {"Firms": "medium"}, 4),
    ("sum over a subrange", "Firms: small, medium\nb[Size] = 1,2,3\na = SUM(b[Firms!])", {}, 3),
    ("except", "a[Size] :EXCEPT: [small] = 9\na[small] = 1", {"Size": "small"}, 1),
    ("except, the others", "a[Size] :EXCEPT: [small] = 9\na[small] = 1", {"Size": "large"}, 9),
    ("element as a number", "a[Size] = Size*10", {"Size": "large"}, 30),
    (
        "copy of a range",
        "Other <-> Region\nb[Region,Other] = 1,2;3,4;\na[Region] = SUM(b[Region,Other!])",
        {"Region": "Core"},
        7,
    ),
    (
        "mapped range",
        "Place: north, south -> Region\nb[Region] = 5,6\na[Place] = b[Region]",
        {"Place": "south"},
        6,
    ),
    ("numeric range", "Age: (age1-age4)\na[Age] = 1,2,3,4", {"Age": "age3"}, 3),
    (
        "chain along a range",
        "Young: small, medium -> Old\nOld: medium, large\na[small] = 1\na[Old] = a[Young]*2",
        {"Size": "large"},
        4,
    ),
    (
        "lookup an element",
        "f[Home]((0,0),(1,1))\nf[Core]((0,0),(1,5))\na[Region] = f[Region](1)",
        {"Region": "Core"},
        5,
    ),
    ("names ignore case and underscores", "My Value = 3\na = my_value + MY  VALUE", {}, 6),
    ("quoted names", '"R&D / sales" = 3\na = "R&D / sales"*2', {}, 6),
]


@pytest.mark.parametrize("engine", ["kernel", "interpret"])
@pytest.mark.parametrize(
    "equations, where, expected", [case[1:] for case in ARRAYS], ids=[case[0] for case in ARRAYS]
)
def test_array(model, equations, where, expected, engine):
    result = capdyn.simulate(model(RANGES + equations), engine=engine)
    assert float(result["a"].sel(where)) == expected


@pytest.mark.parametrize("engine", ["kernel", "interpret"])
def test_large_arrays_are_loops_and_give_the_same(model, engine):
    """Forty elements: more than are unrolled. The sum over 40 runs as a loop too."""
    opened = model(
        """Here: (a1-a40)
        There <-> Here
        b[Here] = Here*1
        d[Here,There] = ABS(b[Here] - b[There])
        s[Here] = INTEG(b[Here]*Time, b[Here])
        t[Here] = SUM(d[Here,There!]*s[There!])
        first: (a1-a39) -> second
        second: (a2-a40)
        u[a1] = 1
        u[second] = u[first] + b[second]""",
        final_time=2,
    )
    result = capdyn.simulate(opened, method="euler", engine=engine).isel(time=-1)
    numbers = np.arange(1, 41)
    distances = abs(numbers[:, None] - numbers)
    np.testing.assert_allclose(result["s"], 2 * numbers)
    np.testing.assert_allclose(result["t"], distances @ (2 * numbers))
    np.testing.assert_allclose(result["u"], 1 + np.cumsum(numbers) - 1)


@pytest.mark.parametrize("engine", ["kernel", "interpret"])
class TestRungeKutta:
    def test_step_into_a_stock_is_exact(self, model, engine):
        """A step held over all stages: STEP(1, 1) fills the stock by exactly 1 between 1 and 2."""
        result = capdyn.simulate(model("x = INTEG(STEP(1, 1), 0)"), method="rk4", engine=engine)
        assert result["x"].values.tolist() == [0, 0, 1, 2, 3]

    def test_order(self, model, engine):
        """Halving the step takes the error down sixteenfold, Euler's by a half."""
        opened = model("x = INTEG(-x, 1)")

        def error(method, step):
            return abs(
                float(capdyn.simulate(opened, method=method, step=step, engine=engine)["x"][-1])
                - math.exp(-4)
            )

        assert error("rk4", 0.1) / error("rk4", 0.05) == pytest.approx(16, rel=0.1)
        assert error("euler", 0.01) / error("euler", 0.005) == pytest.approx(2, rel=0.05)


def test_a_cup_of_tea_cools(model):
    """The classic: 180 degrees in a room of 70, by a method of eighth order as good as the closed form."""
    opened = model(
        "Cup = INTEG(-loss, 180)\nloss = (Cup - Room)/Time to cool\nRoom = 70\nTime to cool = 10",
        final_time=30,
    )
    result = capdyn.simulate(opened, method="dop853", rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(result["Cup"], 70 + 110 * np.exp(-result["time"].values / 10), rtol=1e-9)


@pytest.mark.parametrize("method", ["lsoda", "radau", "bdf", "dop853", "rk45"])
class TestAdaptive:
    def test_decay(self, model, method):
        result = capdyn.simulate(model("x = INTEG(-x, 1)"), method=method, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(result["x"], np.exp(-np.arange(5.0)), rtol=1e-6)

    def test_a_pulse_between_save_points_is_not_missed(self, model, method):
        """An impulse a thousandth of the run long, found because the solver stops at each switch."""
        opened = model("x = INTEG(PULSE(2.5, 0.004)*250, 0)", time_step=0.004, saveper=1)
        result = capdyn.simulate(opened, method=method)
        np.testing.assert_allclose(result["x"], [0, 0, 0, 1, 1], rtol=1e-9)

    def test_a_step_at_the_initial_time_is_on_from_the_start(self, model, method):
        result = capdyn.simulate(model("x = INTEG(1, STEP(5, 0))\ny = STEP(3, 2)"), method=method)
        np.testing.assert_allclose(result["x"], [5, 6, 7, 8, 9])
        assert result["y"].values.tolist() == [0, 0, 3, 3, 3]

    def test_written_out_switch_and_pulse_train(self, model, method):
        opened = model(
            "x = INTEG(IF THEN ELSE(Time - 1 > 0.5, 1, 0), 0)\ny = INTEG(PULSE TRAIN(0.5, 0.25, 1, 3), 0)",
            time_step=0.25,
            saveper=1,
        )
        result = capdyn.simulate(opened, method=method)
        np.testing.assert_allclose(result["x"], [0, 0, 0.5, 1.5, 2.5], atol=1e-9)
        np.testing.assert_allclose(result["y"], [0, 0.25, 0.5, 0.75, 0.75], atol=1e-9)


def test_a_function_of_the_grid_refuses_an_adaptive_method(tmp_path):
    path = tmp_path / "impulse.xmile"
    path.write_text(
        """<?xml version="1.0" encoding="utf-8"?>
<xmile version="1.0" xmlns="http://docs.oasis-open.org/xmile/ns/XMILE/v1.0">
<header><name>impulse</name></header>
<sim_specs><start>0</start><stop>4</stop><dt>1</dt></sim_specs>
<model><variables><aux name="shot"><eqn>PULSE(3, 2)</eqn></aux></variables></model>
</xmile>""",
        encoding="utf-8",
    )
    opened = capdyn.open_model(path)
    assert capdyn.simulate(opened, method="euler")["shot"].values.tolist() == [0, 0, 3, 0, 0]
    with pytest.raises(
        capdyn.ArgumentError, match="'shot' uses PULSE, which makes sense on a fixed step only"
    ):
        capdyn.simulate(opened, method="lsoda")
