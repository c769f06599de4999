"""Functions with a memory, and the methods that step them: expected values by hand, by kernel and interpreter.

Rules from the Vensim manual, https://www.vensim.com/documentation/functions.html , and XMILE 1.0, section 3.5.
"""

import numpy as np
import pytest

import capdyn

ENGINES = pytest.mark.parametrize("engine", ["kernel", "interpret"])
LEVELS = "w = WITH LOOKUP(Time, ((0,1),(1,3),(2,2),(3,5),(4,4)))\n"

# name, equations, expected values of x at t = 0, 1, 2, 3, 4 by Euler with a step of 1.
CASES = [
    ("game is its argument", "x = GAME(Time*2)", [0, 2, 4, 6, 8]),
    ("elmcount", "Size: small, medium, large\nx = ELMCOUNT(Size) + Time", [3, 4, 5, 6, 7]),
    ("get time value from now", "x = GET TIME VALUE(0, 10, 0)", [10, 11, 12, 13, 14]),
    # avval starts at 100/(1 + 0.1*5) = 200/3, then moves by a fifth of the distance to 100.
    ("trend", "x = TREND(100 + 0*Time, 5, 0.1)", [0.1 * 0.8**k / (1.5 - 0.5 * 0.8**k) for k in range(5)]),
    ("trend of a negative input", "x = TREND(-100 - 0*Time, 5, 0)", [0] * 5),
    # AV: 10, 10, 10.5, 11.375, 12.53125; FORECAST = input*(1 + 3*(input - AV)/(4*AV)).
    (
        "forecast",
        "x = FORECAST(10 + 2*Time, 4, 3)",
        [10, 13.8, 17.5]
        + [v * (1 + 0.75 * (v - average) / average) for v, average in ((16, 11.375), (18, 12.53125))],
    ),
    ("smooth n", "x = SMOOTH N(8, 4, 0, 2)", [0, 0, 2, 4, 5.5]),
    ("smooth n, order in a constant", "n = 2\nx = SMOOTH N(8, 4, 0, n)", [0, 0, 2, 4, 5.5]),
    ("smooth n, order by counting", "R: a, b\nx = SMOOTH N(8, 4, 0, ELMCOUNT(R))", [0, 0, 2, 4, 5.5]),
    ("delay n is a chain", "x = DELAY N(4, 4, 0, 2)", [0, 0, 1, 2, 2.75]),
    ("delay n with cells of one step", "x = DELAY N(4, 2, 0, 2)", [0, 0, 4, 4, 4]),
    ("delay n cuts its order to the steps that there are", "x = DELAY N(4, 2, 0, 5)", [0, 0, 4, 4, 4]),
    ("delay n in equilibrium", "x = DELAY N(5, 4, 5, 3)", [5] * 5),
    # levels 16, 16, 16, 20, 23; the delay time is 2 until the step after it has changed.
    ("delay n knows the delay time of the step before", "x = DELAY N(8, 2 + STEP(2, 1), 8, 1)", [8, 8, 4, 5, 5.75]),
    ("delay fixed", "x = DELAY FIXED(Time, 2, -1)", [-1, -1, 0, 1, 2]),
    ("delay fixed of a constant", "x = DELAY FIXED(7, 2, -1)", [-1, -1, 7, 7, 7]),
    ("delay fixed lasts a step at least", "x = DELAY FIXED(Time, 0, -1)", [-1, 0, 1, 2, 3]),
    ("delay fixed between steps is rounded", "x = DELAY FIXED(Time, 1.5, -1)", [-1, -1, 0, 1, 2]),
    ("delay fixed takes its first delay time", "x = DELAY FIXED(Time, 1 + Time, -1)", [-1, 0, 1, 2, 3]),
    ("delay fixed longer than the run", "x = DELAY FIXED(Time, 1e12, -1)", [-1] * 5),
    ("two delays behind one another", "x = DELAY FIXED(y, 1, -1)\ny = DELAY FIXED(Time, 2, -2)", [-1, -2, -2, 0, 1]),
    ("a loop through a delay is no circle", "x = DELAY FIXED(x + 1, 2, 0)", [0, 0, 1, 1, 2]),
    ("sample if true", "x = SAMPLE IF TRUE(MODULO(Time, 2) = 1, Time*10, 7)", [7, 10, 10, 30, 30]),
    ("sample if true follows while it is true", "x = SAMPLE IF TRUE(Time >= 2, Time, 7)", [7, 7, 2, 3, 4]),
    ("sample if true sees its own last value", LEVELS + "x = SAMPLE IF TRUE(w > x, w, w)", [1, 3, 3, 5, 5]),
    ("sample if true catches the first time", "x = SAMPLE IF TRUE(x = 0 :AND: Time > 1, Time, 0)", [0, 0, 2, 2, 2]),
    ("initial value from a sample", "x = INTEG(0, s)\ns = SAMPLE IF TRUE(Time > 0, 5, 3)", [3] * 5),
    ("initial value from a delay", "x = INTEG(0, s)\ns = DELAY FIXED(Time, 2, 4)", [4] * 5),
]  # fmt: skip


@ENGINES
@pytest.mark.parametrize("equations, expected", [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_value(model, equations, expected, engine):
    result = capdyn.simulate(model(equations), method="euler", engine=engine)
    np.testing.assert_allclose(result["x"].values, expected, rtol=1e-14, atol=1e-14)


@ENGINES
def test_time_value_from_the_beginning(model, engine):
    opened = model("x = GET TIME VALUE(1, 10, 0) + 0*Time", initial_time=3)
    assert capdyn.simulate(opened, engine=engine)["x"].values.tolist() == [13, 13]


@ENGINES
class TestSecondOrder:
    """The midpoint rule: y + h f(t + h/2, y + h/2 f(t, y)); https://www.vensim.com/documentation/rungekutta.html ."""

    def test_decay(self, model, engine):
        """A factor of 1 - h + h*h/2 a step."""
        result = capdyn.simulate(model("x = INTEG(-x, 1)"), method="rk2", engine=engine)
        assert result["x"].values.tolist() == [1, 0.5, 0.25, 0.125, 0.0625]

    def test_time_in_the_middle(self, model, engine):
        result = capdyn.simulate(model("x = INTEG(Time, 0)"), method="rk2", engine=engine)
        assert result["x"].values.tolist() == [0, 0.5, 2, 4.5, 8]

    def test_step_is_held(self, model, engine):
        result = capdyn.simulate(model("x = INTEG(STEP(1, 1), 0)"), method="rk2", engine=engine)
        assert result["x"].values.tolist() == [0, 0, 1, 2, 3]


@ENGINES
@pytest.mark.parametrize("method", ["euler", "rk2", "rk4"])
@pytest.mark.parametrize(
    "flow, expected",
    [
        ("DELAY FIXED(Time, 1, 0)", [0, 0, 0, 1, 3]),
        ("SAMPLE IF TRUE(Time >= 0, Time, 0)", [0, 0, 1, 3, 6]),
        ("DELAY N(Time, 1, 0, 1)", [0, 0, 0, 1, 3]),
    ],
    ids=["delay fixed", "sample if true", "delay n"],
)
def test_held_over_the_stages_of_a_step(model, flow, expected, method, engine):
    """These change at the ends of steps only, whatever the method (Vensim manual, each function's note)."""
    result = capdyn.simulate(model(f"x = INTEG(flow, 0)\nflow = {flow}"), method=method, engine=engine)
    np.testing.assert_allclose(result["x"].values, expected, rtol=1e-14)


@ENGINES
def test_elements_delay_each_their_own(model, engine):
    """Twenty elements, more than are unrolled, each with its own delay time."""
    opened = model(
        """Here: (a1-a20)
        x[Here] = DELAY FIXED(Time*Here, Here, -Here)
        top[Here] = SAMPLE IF TRUE(Time*Here <= 20, Time*Here, 0)""",
        final_time=12,
    )
    result = capdyn.simulate(opened, method="euler", engine=engine)
    time, number = np.arange(13)[:, None], np.arange(1, 21)
    np.testing.assert_array_equal(result["x"], np.where(time >= number, (time - number) * number, -number))
    last = np.minimum(time, 20 // number)
    np.testing.assert_array_equal(result["top"], last * number)


def test_members_delay_each_their_own(model):
    """Lags differ between the lanes of a vector; the result does not depend on their number."""
    opened = model("d = 1\nx = DELAY FIXED(Time, d, -1)", final_time=9)
    delays = np.array([1.0, 7.0, 2.0, 30.0, 4.4, 4.6, 0.0, 3.0, 9.0, 5.0, 1.0])
    results = [
        capdyn.ensemble(opened, {"d": delays}, method="euler", lanes=lanes)["x"].values
        for lanes in (1, 2, 8, None)
    ]
    steps = np.maximum(np.rint(delays), 1)[:, None]
    time = np.arange(10)
    np.testing.assert_array_equal(results[0], np.where(time >= steps, time - steps, -1))
    for other in results[1:]:
        np.testing.assert_array_equal(other, results[0])


def test_delay_n_under_an_adaptive_method_is_the_chain(model):
    result = capdyn.simulate(model("x = DELAY N(4, 2, 0, 1)"), method="dop853")
    np.testing.assert_allclose(result["x"], 4 * (1 - np.exp(-np.arange(5) / 2)), rtol=1e-6)


@pytest.mark.parametrize(
    "equation, name",
    [
        ("x = DELAY FIXED(Time, 2, 0)", "DELAY FIXED"),
        ("x = SAMPLE IF TRUE(Time > 2, 1, 0)", "SAMPLE IF TRUE"),
    ],
)
def test_functions_of_the_grid_refuse_an_adaptive_method(model, equation, name):
    with pytest.raises(
        capdyn.ArgumentError,
        match=f"'x' uses {name}, which makes sense on a fixed step only. Choose euler, rk2",
    ):
        capdyn.simulate(model(equation), method="lsoda")


@pytest.mark.parametrize(
    "equation, message",
    [
        ("n = 2 + Time*0\nx = SMOOTH N(8, 4, 0, n)", "it needs a number here that is known before the run"),
        ("x = DELAY N(8, 4, 0, 1.5)", "The order of a delay is a whole number from 1 to 1000"),
        ("x = GET TIME VALUE(2, 0, 0)", "the computer's clock would make a run that cannot be repeated"),
        ("x = GET TIME VALUE(0, 0, 3)", "only measure 0 is supported"),
        ("n = 2\nx = ELMCOUNT(n)", "it counts the elements of a subscript range"),
        ("R: a, b\ny[R] = 1, 2\nx = SUM(DELAY FIXED(y[R!], 1, 0))", "it stands inside a sum"),
    ],
)
def test_mistake(model, equation, message):
    with pytest.raises(capdyn.ModelError, match=message):
        model(equation)


def test_a_circle_through_hidden_parts_names_the_variables(model):
    with pytest.raises(capdyn.ModelError) as caught:
        model("x = 1 + SAMPLE IF TRUE(x > 2, 1, 0)")
    assert "Circular definition: 'x'" in str(caught.value) and "#" not in str(caught.value)


def test_a_constant_that_shapes_the_equations_cannot_be_changed_in_a_run(model):
    with pytest.raises(capdyn.ScenarioError, match="'n'"):
        capdyn.simulate(model("n = 2\nx = SMOOTH N(8, 4, 0, n)"), parameters={"n": 3})


def xmile(tmp_path, variables, behavior=""):
    path = tmp_path / "model.xmile"
    path.write_text(
        f"""<?xml version="1.0" encoding="utf-8"?>
<xmile version="1.0" xmlns="http://docs.oasis-open.org/xmile/ns/XMILE/v1.0"><header><name>m</name></header>
<sim_specs><start>0</start><stop>4</stop><dt>1</dt></sim_specs>{behavior}
<model><variables>{variables}</variables></model></xmile>""",
        encoding="utf-8",
    )
    return capdyn.open_model(path)


@ENGINES
class TestXmile:
    @pytest.mark.parametrize(
        "equation, expected",
        [
            ("PULSE(3, 1, 2)", [0, 3, 0, 3, 0]),
            ("PULSE(3, 1, 0)", [0, 3, 0, 0, 0]),
            ("DELAY(TIME, 2, -1)", [-1, -1, 0, 1, 2]),
            ("SMTHN(8, 4, 2, 0)", [0, 0, 2, 4, 5.5]),
            ("DELAYN(4, 4, 2, 0)", [0, 0, 1, 2, 2.75]),
            ("TREND(100 + 0*TIME, 5)", [0] * 5),
            # AV: 12/(1 + 0.5*2) = 6, 9, 10.5, 11.25, 11.625, and 12*(1 + 4*(12 - AV)/(2*AV)).
            ("FORCST(12, 2, 4, 0.5)", [36, 20, 108 / 7, 13.6, 12 + 18 / 23.25]),
        ],
    )
    def test_value(self, tmp_path, equation, expected, engine):
        opened = xmile(tmp_path, f'<aux name="x"><eqn>{equation}</eqn></aux>')
        result = capdyn.simulate(opened, method="euler", engine=engine)
        np.testing.assert_allclose(result["x"].values, expected, rtol=1e-14, atol=1e-14)

    DRAIN = """<stock name="x"><eqn>3</eqn><outflow>drain</outflow><non_negative/></stock>
        <flow name="drain"><eqn>2 - STEP(3, 3)</eqn></flow>"""

    @pytest.mark.parametrize("method", ["euler", "rk2", "rk4"])
    def test_a_stock_that_may_not_be_negative(self, tmp_path, method, engine):
        """XMILE 1.0, section 4.2: it stops at zero, and can be filled again. STEP stays over the stages of a step."""
        result = capdyn.simulate(xmile(tmp_path, self.DRAIN), method=method, engine=engine)
        expected = {"euler": [3, 1, 0, 0, 1], "rk2": [3, 1, 0, 0, 1], "rk4": [3, 1, 0, 0, 1]}[method]
        np.testing.assert_allclose(result["x"].values, expected, rtol=1e-14)

    def test_a_flow_that_may_not_be_negative(self, tmp_path, engine):
        opened = xmile(
            tmp_path,
            """<stock name="x"><eqn>0</eqn><inflow>fill</inflow></stock>
            <flow name="fill"><eqn>2 - TIME</eqn><non_negative/></flow>""",
        )
        result = capdyn.simulate(opened, method="euler", engine=engine)
        assert result["fill"].values.tolist() == [2, 1, 0, 0, 0]
        assert result["x"].values.tolist() == [0, 2, 3, 3, 3]


def test_a_stock_that_may_not_be_negative_refuses_an_adaptive_method(tmp_path):
    with pytest.raises(capdyn.ArgumentError, match="'x' uses NON_NEGATIVE"):
        capdyn.simulate(xmile(tmp_path, TestXmile.DRAIN), method="lsoda")
