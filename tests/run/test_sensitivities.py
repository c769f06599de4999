"""Sensitivities: closed forms, differences of runs, the regional model at once, mistakes."""

from dataclasses import replace

import numpy as np
import pytest

import capdyn
from capdyn.lang.model import CONTROLS
from capdyn.run.scenario import locate

ADAPTIVE = ("lsoda", "radau", "bdf", "dop853", "rk45")


def differences(model, name, value, method=None, step=1e-4, outputs=None, **settings):
    """Central differences of runs with one Richardson step: an error of fourth order."""
    h = step * max(1.0, abs(value))

    def slope(h):
        runs = [
            capdyn.simulate(
                model, parameters={name: value + s * h}, method=method, outputs=outputs, **settings
            )
            for s in (1, -1)
        ]
        return (runs[0] - runs[1]) / (2 * h)

    return (4 * slope(h) - slope(2 * h)) / 3


# -- closed forms --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["rk4", *ADAPTIVE])
def test_exponential_decay(model, method):
    """x = x0 exp(-k t): dx/dk = -t x, dx/dx0 = exp(-k t)."""
    m = model("k = 0.3\nx0 = 2\nx = INTEG(-k*x, x0)", time_step=1 / 64, saveper=0.5)
    found = capdyn.sensitivities(m, ["k", "x0"], method=method, outputs=["x"], rtol=1e-10, atol=1e-12)
    t = found["time"].values
    expected = [-t * 2 * np.exp(-0.3 * t), np.exp(-0.3 * t)]
    np.testing.assert_allclose(found["x"], expected, rtol=1e-6, atol=1e-12)


def test_euler_is_differentiated_as_it_is(model):
    """x_n = (1 - k h)^n: dx_n/dk = -n h (1 - k h)^(n - 1), and not -t exp(-k t)."""
    found = capdyn.sensitivities(model("k = 0.3\nx = INTEG(-k*x, 1)"), ["k"], method="euler")["x"]
    n = np.arange(5)
    np.testing.assert_allclose(found[0], -n * 0.7 ** (n - 1.0), rtol=1e-14)


def test_first_values_of_stocks(model):
    """y follows from x at the start: a change of x's first value reaches it, a given one does not change with k."""
    m = model("k = 2\nx = INTEG(0, k)\ny = INTEG(0, 3*x)")
    found = capdyn.sensitivities(m, ["k"], initial=["x"], outputs=["x", "y"])
    assert found["parameter"].values.tolist() == ["k", "x"]
    assert found["x"][:, -1].values.tolist() == [1, 1]
    assert found["y"][:, -1].values.tolist() == [3, 3]
    given = capdyn.sensitivities(m, ["k"], {"initial": {"x": 5.0}}, initial=["x"], outputs=["x", "y"])
    assert given["x"][:, -1].values.tolist() == [0, 1]
    assert given["y"][:, -1].values.tolist() == [0, 3]


@pytest.mark.parametrize("method", ADAPTIVE)
def test_the_time_of_a_switch(model, method):
    """x = h (t - start) behind start, z its integral: dx/dstart = -h, dz/dstart = -h (t - start)."""
    m = model("start = 1.3\nh = 2\nx = INTEG(STEP(h, start), 0)\nz = INTEG(x, 0)")
    found = capdyn.sensitivities(m, ["start"], method=method).isel(parameter=0)
    since = np.maximum(found["time"].values - 1.3, 0.0)
    np.testing.assert_allclose(found["x"], np.where(since > 0, -2, 0), rtol=1e-6)
    np.testing.assert_allclose(found["z"], -2 * since, rtol=1e-6)


def test_two_switches_at_the_same_time_are_told_apart(model):
    m = model("one = 1.5\ntwo = 1.5\nx = INTEG(STEP(2, one) + STEP(3, two), 0)")
    found = capdyn.sensitivities(m, ["one", "two"], method="rk45")["x"][:, -1]
    np.testing.assert_allclose(found, [-2, -3], rtol=1e-6)


def test_a_pulse_that_moves_and_one_that_grows(model):
    m = model("on = 1.5\nwide = 1\nx = INTEG(5*PULSE(on, wide), 0)\ny = INTEG(x, 0)")
    found = capdyn.sensitivities(m, ["on", "wide"], method="dop853")
    np.testing.assert_allclose(found["x"][:, -1], [0, 5], atol=1e-6)
    np.testing.assert_allclose(found["y"][:, -1], [-5, 5 * 1.5], rtol=1e-6)


def test_switches_by_element(model):
    m = model("R: one, two, three\nat[R] = 0.5, 1.5, 2.5\nx = INTEG(SUM(STEP(2, at[R!])), 0)")
    found = capdyn.sensitivities(m, ["at"], method="rk45")["x"]
    np.testing.assert_allclose(found, -2.0 * (found["time"].values > [[0.5], [1.5], [2.5]]), atol=1e-6)


def test_two_switches_that_one_constant_would_part(model):
    """Both jump at 1.5, one of them twice as fast in k: which jump is whose cannot be seen from there."""
    m = model("k = 1.5\nx = INTEG(STEP(2, k) + STEP(3, 2*k - 1.5), 0)")
    with pytest.raises(capdyn.NumericalError, match=r"Two things switch at time 1\.5"):
        capdyn.sensitivities(m, ["k"], method="rk45")


def test_a_train_of_pulses_that_stretches(model):
    """Pulses of 1/4 at 0.5, 2 and 3.5: the second moves with the interval, the third twice as fast."""
    m = model("every = 1.5\nx = INTEG(PULSE TRAIN(0.5, 0.25, every, 100), 0)\ny = INTEG(x, 0)")
    found = capdyn.sensitivities(m, ["every"], method="dop853")
    np.testing.assert_allclose(found["x"][0], 0, atol=1e-6)
    np.testing.assert_allclose(found["y"][0], [0, 0, 0, -0.25, -0.75], atol=1e-6)


@pytest.mark.parametrize("method", ["radau", "lsoda", "rk45"])
def test_constants_that_touch_no_stock(model, method):
    m = model("k = 3\nx = INTEG(1, 0)\ny = k*x")
    assert capdyn.sensitivities(m, ["k"], method=method, outputs=["y"])["y"].values == pytest.approx(
        np.array([[0, 1, 2, 3, 4]])
    )
    m = model("k = 3\ny = k*Time")
    assert capdyn.sensitivities(m, ["k"], method=method)["y"].values.tolist() == [[0, 1, 2, 3, 4]]


def test_on_a_grid_a_switch_does_not_move(model):
    m = model("start = 1.3\nx = INTEG(STEP(2, start), 0)")
    assert (capdyn.sensitivities(m, ["start"], method="rk4")["x"] == 0).all()


# -- differences of runs -------------------------------------------------------------------------------------

FEATURES = {
    "smooth": "k = 0.7\nx = INTEG(-k*SMOOTH3(x, k*2), 2)",
    "delay": "k = 0.7\nx = INTEG(k - DELAY1(x, k), 1)\ny = DELAY3I(x, k*3, k)",
    "initial": "k = 0.7\nx = INTEG(-k*x, EXP(k))\ny = x/INITIAL(x*k)",
    "lookup": "k = 0.7\nf((0,0),(1,2),(2,2.5),(5,3))\nx = INTEG(1 - f(x*k), 0.3)",
    "tables by element": "R: r1, r2\nf[r1]((0,0),(1,2),(5,3))\nf[r2]((0,1),(2,0),(5,3))\nk = 0.7\n"
    "x[R] = INTEG(f[R](x[R]*k), 0.3)\ny = SUM(f[R!](k*x[R!]))",
    "lookup of time": "k = 0.7\nf((0,0),(1,2),(2,2.5),(5,3))\nx = INTEG(k*f(Time), 0)",
    "power": "k = 0.7\nx = INTEG(1 - x^k, 0.3)",
    "logistic": "k = 0.7\nx = INTEG(k*x*(1 - x/3), 0.3)",
    "choice": "k = 0.7\nx = INTEG(IF THEN ELSE(x > 1, k/2, k), 0.33)\ny = MAX(x, k) + MIN(x*k, 1) + ABS(x - k*4)",
    "step and ramp": "k = 0.7\nx = INTEG(STEP(k, 1) + RAMP(k, 2, 3) - k*x, 1)",
    "trigonometry": "k = 0.7\nx = INTEG(SIN(k*x) + COS(k*Time), 0.3)\ny = ARCTAN(x) + TANH(k*x)",
    "arrays": "R: r1, r2, r3\nk = 0.7\nw[R] = 1,2,3\nx[R] = INTEG(w[R]*k - x[R]*SUM(x[R!]), w[R])\n"
    "y = PROD(x[R!]) + VMAX(x[R!])",
    "chain": "R: r1, r2, r3\nlater: r2, r3\nbefore: r1, r2 -> later\nk = 0.7\ny[r1] = x\n"
    "y[later] = y[before]*k + 1\nx = INTEG(y[r3] - x*k, 1)",
    "constants in constants": "k = 0.7\nc = k*k\nx = INTEG(c*x, c)",
    "active initial": "k = 0.7\na = ACTIVE INITIAL(x*k, k*5)\nx = INTEG(-a, a)",
}


@pytest.mark.parametrize("method", ["euler", "rk4"])
@pytest.mark.parametrize("feature", FEATURES)
def test_one_feature_against_differences(model, feature, method):
    m = model(FEATURES[feature], time_step=0.125)
    found = capdyn.sensitivities(m, ["k"], method=method).isel(parameter=0)
    expected = differences(m, "k", 0.7, method, 1e-5)
    for name in found.data_vars:
        if name in expected:
            np.testing.assert_allclose(found[name], expected[name], rtol=1e-6, atol=1e-8, err_msg=name)
    assert any((abs(found[name]) > 0.01).any() for name in ("x", "y") if name in found)


@pytest.mark.parametrize("method", ["radau", "dop853"])
@pytest.mark.parametrize("feature", ["smooth", "initial", "lookup", "logistic", "step and ramp", "arrays"])
def test_adaptive_against_differences(model, feature, method):
    m = model(FEATURES[feature])
    tight = {"rtol": 1e-11, "atol": 1e-13}
    found = capdyn.sensitivities(m, ["k"], method=method, outputs=["x"], **tight)["x"][0]
    expected = differences(m, "k", 0.7, method, 1e-3, outputs=["x"], **tight)["x"]
    np.testing.assert_allclose(found, expected, rtol=2e-6, atol=1e-8)


# -- the regional model --------------------------------------------------------------------------------------


OUTPUTS = ["Relative capability", "Trust"]
SCENARIO = {"inherits": "third_generation", "time": {"final": 8}}


@pytest.fixture(scope="module")
def everything(regional):
    """All constants with a range, in one call."""
    return capdyn.sensitivities(regional, scenario=SCENARIO, outputs=OUTPUTS)


def test_regional_has_all_range_constants(regional, everything):
    ranged = [s for s in regional.system.of_kind("parameter") if s.limits != (None, None)]
    assert everything.sizes["parameter"] == sum(s.size for s in ranged if s.name not in CONTROLS)
    assert (everything["status"] == 0).all()


def test_regional_against_differences(regional, everything):
    """All of them, as members of four ensembles: a step up, a step down, and twice that."""
    names, value = everything["parameter"].values, everything["parameter_value"].values
    step = 4e-6 * np.maximum(1.0, abs(value))
    # A constant at the end of its range is moved out of it.
    symbols = {name: replace(s, limits=(None, None)) for name, s in regional.system.symbols.items()}
    wide = replace(regional, system=replace(regional.system, symbols=symbols), _engines={})

    def run(shift):
        numbers = {name: np.full(len(names), v) for name, v in zip(names, value, strict=True)}
        for i, name in enumerate(names):
            numbers[name][i] += shift * step[i]
        return capdyn.ensemble(wide, numbers, SCENARIO, OUTPUTS)

    def slope(shift):
        up, down = run(shift), run(-shift)
        return {name: (up[name] - down[name]).values.T / (2 * shift * step) for name in OUTPUTS}

    # A constant that ends where its meaning ends (a power of a number below zero) has no value on the other side.
    limits = {name: regional.system.symbols[locate(regional.system, name)[0]].limits for name in names}
    at_end = np.array([v in limits[name] for name, v in zip(names, value, strict=True)])
    once, twice = slope(1), slope(2)
    for name in OUTPUTS:
        expected = ((4 * once[name] - twice[name]) / 3).T
        defined = np.isfinite(expected).all(axis=tuple(range(1, expected.ndim)))
        assert (defined | at_end).all()
        assert defined.sum() > 0.99 * len(names)
        np.testing.assert_allclose(everything[name].values[defined], expected[defined], rtol=1e-6, atol=1e-8)
        expected = expected[defined]
        assert np.count_nonzero(abs(expected) > 1e-3) > 1000


# -- form and mistakes ---------------------------------------------------------------------------------------


def test_form(model):
    m = model(
        "R: one, two\nk[R] = 1,2 ~ 1/Year ~ rate |\nx[R] = INTEG(-k[R]*x[R], 3) ~ Person ~ people |\nc[R] = k[R]*k[R]"
    )
    found = capdyn.sensitivities(m, ["k"])
    assert found["x"].dims == ("parameter", "time", "R")
    assert found["parameter"].values.tolist() == ["k[one]", "k[two]"]
    assert found["parameter_value"].values.tolist() == [1, 2]
    assert found["parameter_units"].values.tolist() == ["1/Year", "1/Year"]
    assert found["x"].attrs["units"] == "Person per unit of the parameter"
    assert found["x"].attrs["long_name"] == "Derivative of x"
    assert found["c"].sel(R="two").values.tolist() == [0, 4]
    assert found["k"].values.tolist() == [[1, 0], [0, 1]]
    assert (found["x"].sel(parameter="k[one]", R="two") == 0).all()


def test_elements_of_an_array_each_once(model):
    m = model("R: one, two\nk[R] = 1,2\nx[R] = INTEG(-k[R]*x[R], 3)")
    assert capdyn.sensitivities(m, ["k[two]", "K"])["parameter"].values.tolist() == ["k[two]", "k[one]"]


def test_by_default_constants_with_a_range(model):
    m = model("a = 1 ~ ~ |\nb = 2 ~ dmnl [0,5] ~ |\nx = INTEG(a*b, 0)")
    assert capdyn.sensitivities(m)["parameter"].values.tolist() == ["b"]


def test_one_compilation_serves_all_elements(model):
    m = model("R: one, two\nk[R] = 1,2\nx[R] = INTEG(-k[R]*x[R], 3)")
    for parameters in (["k[one]"], ["k[two]"], ["k"]):
        capdyn.sensitivities(m, parameters)
    assert len(m._engines) == 1


def test_a_scenario_is_where_derivatives_are_taken(model):
    m = model("k = 1\nx = INTEG(k*k, 0)")
    found = capdyn.sensitivities(m, ["k"], {"parameters": {"k": 5.0}, "time": {"final": 2}})
    assert found["x"].values.tolist() == [[0, 10, 20]]
    assert found["parameter_value"].values.tolist() == [5]


def test_threads_and_company_do_not_matter(model):
    m = model("R: r1, r2, r3, r4, r5, r6, r7, r8, r9\nk[R] = 0.3\nx[R] = INTEG(-k[R]*SIN(SUM(x[R!])), 1)")
    together = capdyn.sensitivities(m, ["k"], threads=2)
    alone = capdyn.sensitivities(m, ["k[r9]"], threads=1)
    np.testing.assert_array_equal(together["x"].sel(parameter="k[r9]"), alone["x"].sel(parameter="k[r9]"))


def test_an_infinite_slope_touches_its_own_constant_only(model):
    """SQRT(a) at 0 has a value and no slope."""
    found = capdyn.sensitivities(model("a = 0\nb = 2\nx = INTEG(SQRT(a) + b, 0)"), ["a", "b"])
    assert found["status"].values.tolist() == [1, 0]
    assert found["x"].sel(parameter="b").values.tolist() == [0, 1, 2, 3, 4]
    assert not np.isfinite(found["x"].sel(parameter="a")[1:]).any()


@pytest.mark.parametrize("method", ["rk4", "rk45"])
def test_a_run_that_fails_is_told_as_by_simulate(model, method):
    m = model("k = 1\nx = INTEG(k*x*x*x*x, 1)", final_time=40)
    with pytest.raises(capdyn.NumericalError, match="at time"):
        capdyn.sensitivities(m, ["k"], method=method)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"parameters": ["kk"]}, "parameters: 'kk' is not in the model. Did you mean 'k'"),
        ({"parameters": ["x"]}, "'x' is a stock"),
        ({"parameters": ["c"]}, "'c' is computed by an equation"),
        ({"parameters": ["final time"]}, "'FINAL TIME' is a time setting"),
        ({"parameters": ["pace"]}, "'TIME STEP' is computed from 'pace'"),
        ({"parameters": ["k[a]"]}, "'k' has no subscripts"),
        ({"parameters": ["k"], "initial": ["k"]}, "initial: 'k' is a constant, not a stock"),
        ({"parameters": ["k"], "outputs": ["nothing"]}, "outputs: 'nothing' is not a variable"),
        ({"parameters": ["k"], "method": "heun"}, "heun"),
        ({}, "no constant of the model has a range"),
        ({"parameters": []}, "there is nothing to differentiate by"),
    ],
)
def test_mistakes(model, arguments, message):
    m = model("k = 1\nc = k*2\nx = INTEG(c, 0)\npace = 0.5", time_step="pace")
    with pytest.raises(capdyn.CapdynError) as caught:
        capdyn.sensitivities(m, **arguments)
    assert message in str(caught.value)


class TestCrossings:
    """An adaptive method follows the times at which the state crosses a threshold; closed forms and differences of runs."""

    def test_a_slope_that_changes(self, model):
        """dx/dt is 1 below k and 2 above: behind the crossing at k, x = k + 2(t - k) and dx/dk = -1."""
        opened = model("k = 1.5\nx = INTEG(IF THEN ELSE(x < k, 1, 2), 0)", saveper=1)
        found = capdyn.sensitivities(opened, ["k"], method="dop853")["x"].values[0]
        np.testing.assert_allclose(found, [0, 0, -1, -1, -1], atol=1e-8)

    @pytest.mark.parametrize("method", ["lsoda", "radau", "dop853"])
    @pytest.mark.parametrize(
        "flow",
        [
            "k*IF THEN ELSE(x > a, 1, 0) + MAX(x, a)",
            "INTEGER(7*x*k)",
            "MODULO(Time*k + x, 1.7)",
            "IF THEN ELSE(x > a, k, 0) + IF THEN ELSE(x >= a, 1, 2)",
            "STEP(1, 2*k) + IF THEN ELSE(2*x > Time*k, 1, 2)",
        ],
    )
    def test_against_differences(self, model, flow, method):
        opened = model(
            f"a = 0.3\nk = 0.61\nx = INTEG(v, 1)\nv = INTEG(-x, 0)\ny = INTEG({flow}, k)", time_step=0.125
        )
        found = capdyn.sensitivities(opened, ["a", "k"], method=method, rtol=1e-9, atol=1e-11)["y"]
        tight = {"method": "dop853", "rtol": 1e-12, "atol": 1e-13}  # rounding is divided by 2e-5 below
        for name, value in {"a": 0.3, "k": 0.61}.items():
            low, high = (
                capdyn.simulate(opened, parameters={name: value + d}, **tight)["y"] for d in (-1e-5, 1e-5)
            )
            np.testing.assert_allclose(found.sel(parameter=name), (high - low) / 2e-5, atol=3e-6)

    def test_where_there_is_none(self, model):
        opened = model("k = 1\nx = INTEG(v, 1)\nv = INTEG(-x, 0)\ny = INTEG(INTEGER(k*x), 0)")
        with pytest.raises(capdyn.NumericalError, match="touches a threshold") as caught:
            capdyn.sensitivities(opened, ["k"], method="dop853")
        assert caught.value.problems[0].where.line == 5

    def test_a_kink_may_be_touched(self, model):
        opened = model("k = 1\nx = INTEG(v, 1)\nv = INTEG(-x, 0)\ny = INTEG(MAX(k*x, 1), 0)")
        found = capdyn.sensitivities(opened, ["k"], method="dop853")["y"]
        assert np.isfinite(found).all()

    def test_may_be_ignored(self, model):
        opened = model("k = 1.5\nx = INTEG(IF THEN ELSE(x < k, 1, 2), 0)", saveper=1)
        found = capdyn.sensitivities(opened, ["k"], method="dop853", crossings="ignore")
        assert (found["x"] == 0).all() and "ignore" in found.attrs["tolerances"]
        with pytest.raises(capdyn.ArgumentError, match="crosses a threshold"):
            capdyn.sensitivities(opened, ["k"], method="dop853", crossings="refuse")
