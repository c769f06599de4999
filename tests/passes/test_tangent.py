"""The tangent of a System: what it adds, and that both engines agree on it."""

import numpy as np
import pytest

from capdyn.emit.engine import Steps
from capdyn.emit.interpret import Interpreter
from capdyn.emit.kernel import Kernel
from capdyn.lang.expressions import Table
from capdyn.passes.differentiate import slope_table, tangent_name
from capdyn.passes.tangent import jacobian, seed_name, state_elements, tangent

EVERYTHING = """
R: r1, r2, r3
S: s1, s2
far: r2, r3
a[R] = 0.1, 0.2, 0.3
b = 2
c = b*b
weight[R,S] = 1,2;3,4;5,6
f((0,0),(1,1),(2,1.5),(4,0))
start = 1
late[R] = DELAY3(x[R], b)
slow = SMOOTH(SUM(x[R!]), c)
first = INITIAL(b*3)
chain[r1] = x[r1]*b
chain[far] = chain[r1] + x[far]
effect[R] = f(x[R])*SUM(weight[R,S!]*a[R])
change[R] = EXP(-a[R]*x[R])*(1 + SIN(b*Time))*effect[R] - MIN(x[R], late[R])/c + STEP(a[R], start)
x[R] = INTEG(change[R] + 0.01*slow*first - VMAX(chain[R!])/9, b*a[R] + PROD(a[R!]))
shown = SUM((1 + x[R!]*x[R!])^b) + VMIN(late[R!])
"""


def prepare(engine):
    values = engine.values()
    for symbol in engine.layout.system.of_kind("parameter"):
        values[list(engine.layout.slots(symbol.name))] = np.array(symbol.values)[:, None]
    engine.run("constants", values, 0.0, 0.0, 0.125)
    engine.run("initial", values, 0.0, 0.0, 0.125)
    return values


def march(engine, method="rk4"):
    """Everything at the end of a run. shape (n_slots,)"""
    values = prepare(engine)
    every = np.arange(engine.layout.size, dtype=np.int64)
    out = np.empty((2, len(every), engine.lanes))
    failed = np.empty(engine.lanes, dtype=np.int64)
    engine.march(method, values, Steps(0.0, 0.125, np.array([0, 16])), every, out, failed)
    assert (failed < 0).all()
    assert np.isfinite(out).all()
    return out[1, : engine.layout.own, 0]


def test_what_depends_gets_a_tangent_and_nothing_else(model):
    system = model(
        "p = 1\nq = 2\nboth = p*q\nonly q = q*2\non = IF THEN ELSE(p > 0, 1, 2)\n"
        "x = INTEG(both, on)\ny = INTEG(only q, 0)"
    ).system
    found = tangent(system, [{("p", ()): 1.0}])
    assert [name for name in found.symbols if name not in system.symbols] == [
        tangent_name(name) for name in ("p", "both", "x", "#rate of x")
    ]
    assert found.derivatives == system.derivatives | {"#tangent of x": "#tangent of #rate of x"}


def test_arrays_stay_arrays(model):
    """The number of equations does not grow with the number of elements or directions."""
    system = model("R: r1, r2, r3\np[R] = 1,2,3\nx[R] = INTEG(p[R]*x[R], 1)").system
    found = tangent(system, [{("p", (i,)): 1.0} for i in range(3)])
    assert found.symbols["#tangent of x"].shape == (3, 3)
    assert len(found.flows) == 2 * len(system.flows)


def test_the_run_itself_is_the_same(model):
    system = model(EVERYTHING).system
    plain, more = Kernel(system), Kernel(tangent(system, [{("b", ()): 1.0}]))
    a, b = march(plain), march(more)
    for name in system.symbols:
        np.testing.assert_array_equal(a[list(plain.layout.slots(name))], b[list(more.layout.slots(name))])


@pytest.mark.parametrize("method", ["euler", "rk4"])
def test_engines_agree(model, method):
    system = model(EVERYTHING).system
    directions = [
        {("a", (0,)): 1.0},
        {("b", ()): 1.0, ("a", (2,)): -0.5},
        {("x", (1,)): 1.0},
        {("weight", (2, 1)): 1},
    ]
    whole = tangent(system, directions)
    np.testing.assert_allclose(
        march(Kernel(whole), method), march(Interpreter(whole), method), rtol=1e-12, atol=1e-13
    )


def test_several_directions_are_one_direction_several_times(model):
    system = model(EVERYTHING).system
    directions = [{("a", (0,)): 1.0}, {("b", ()): 1.0}, {("x", (1,)): 1.0}]
    together = Kernel(tangent(system, directions))
    numbers = march(together)
    for i, direction in enumerate(directions):
        alone = Kernel(tangent(system, [direction]))
        found = march(alone)
        for name in alone.layout.system.symbols:
            if name.startswith("#tangent of ") and together.layout.system.symbols[name].kind != "parameter":
                size = alone.layout.system.symbols[name].size
                there = together.layout.start[name] + i * size
                np.testing.assert_allclose(
                    numbers[there : there + size],
                    found[list(alone.layout.slots(name))],
                    rtol=1e-13,
                    atol=1e-300,
                )


def test_tangents_are_linear_in_the_direction(model):
    system = model(EVERYTHING).system
    one, two = {("b", ()): 1.0}, {("a", (1,)): 2.0}
    engine = Kernel(tangent(system, [one, two, one | two]))
    x = march(engine)[list(engine.layout.slots("#tangent of shown"))]
    assert x[2] == pytest.approx(x[0] + x[1], rel=1e-12)


@pytest.mark.parametrize("length", [3, 40], ids=["unrolled", "loop"])
def test_small_and_large_arrays(model, length):
    """dx/dp of dx/dt = -p x + mean(x)*q, by differences."""
    elements = ", ".join(f"e{i}" for i in range(length))
    system = model(
        f"R: {elements}\np[R] = 0.5\nq = 0.1\nx[R] = INTEG(q*SUM(x[R!])/{length} - p[R]*x[R]*x[R], 1)"
    ).system

    def run(change):
        engine = Kernel(system)
        values = prepare(engine)
        values[engine.layout.start["p"] + 1] += change
        every = np.arange(engine.layout.size, dtype=np.int64)
        out = np.empty((1, len(every), engine.lanes))
        engine.march(
            "rk4", values, Steps(0.0, 0.125, np.array([16])), every, out, np.empty(engine.lanes, np.int64)
        )
        return out[0, list(engine.layout.slots("x")), 0]

    found = Kernel(tangent(system, [{("p", (1,)): 1.0}]))
    expected = (run(1e-5) - run(-1e-5)) / 2e-5
    np.testing.assert_allclose(
        march(found)[list(found.layout.slots("#tangent of x"))], expected, rtol=1e-7, atol=1e-11
    )


def test_jacobian_is_the_limit_of_differences(model):
    system = model(EVERYTHING).system
    engine = Interpreter(jacobian(system))
    states = slice(engine.layout.states.start, engine.layout.states.stop)
    rates = slice(engine.layout.derivatives.start, engine.layout.derivatives.stop)
    values = prepare(engine)
    y = values[states, 0] + np.linspace(0.01, 0.2, states.stop - states.start)

    def flows(state):
        values[states, 0] = state
        engine.run("flows", values, 2.0, 2.0, 0.0)
        return values[rates, 0].copy()

    h = 1e-6
    expected = np.stack([(flows(y + h * e) - flows(y - h * e)) / (2 * h) for e in np.eye(len(y))])
    flows(y)
    n, found = len(y), []
    for state in system.of_kind("state"):
        rate = tangent_name(system.derivatives[state.name])
        found.append(
            values[list(engine.layout.slots(rate)), 0].reshape(n, -1)
            if rate in engine.layout.start
            else np.zeros((n, state.size))
        )
    np.testing.assert_allclose(np.concatenate(found, axis=1), expected, rtol=1e-7, atol=1e-9)


def test_the_jacobian_holds_the_stocks(model):
    system = model("k = 2\nx = INTEG(-k*x, 1)\ny = INTEG(x, 0)").system
    found = jacobian(system)
    assert state_elements(system) == [("x", ()), ("y", ())]
    assert found.symbols["#tangent of x"].kind == "parameter"
    assert found.symbols["#tangent of x"].values == (1.0, 0.0)
    assert found.derivatives == system.derivatives
    assert found.initial == system.initial


def test_a_stock_is_seeded_by_a_parameter_of_its_own(model):
    system = model("p = 1\nx = INTEG(0, p)").system
    assert seed_name(system, "p") == "#tangent of p"
    assert seed_name(system, "x") == "#seed of x"


def test_what_is_neither_constant_nor_stock_is_no_direction(model):
    with pytest.raises(ValueError, match="neither a parameter nor a stock"):
        tangent(model("p = 1\ny = p*2").system, [{("y", ()): 1.0}])


@pytest.mark.parametrize("outside", ["clamp", "extrapolate", "hold"])
def test_slope_table(outside):
    """Compared with one-sided differences of the table itself, a vertical piece included."""
    from capdyn.emit.interpret import interpolate

    table = Table((0.0, 1.0, 1.0, 3.0), (0.0, 2.0, 5.0, 1.0), outside)
    h = 2.0**-20
    for x in (-1.0, 0.0, 0.5, 1.0, 2.0, 3.0, 4.0):
        expected = (interpolate(table, x + h) - interpolate(table, x)) / h
        assert interpolate(slope_table(table), x) == pytest.approx(expected, abs=1e-9)


def test_programs_are_in_order(model):
    """Nothing is read before it is given: with NaN everywhere at first, the result is finite."""
    system = tangent(model(EVERYTHING).system, [{("b", ()): 1.0, ("x", (0,)): 1.0}])
    engine = Interpreter(system)
    values = engine.values()
    values[:] = np.nan
    for symbol in system.of_kind("parameter"):
        values[list(engine.layout.slots(symbol.name)), 0] = symbol.values
    for program in ("constants", "initial", "flows", "outputs"):
        engine.run(program, values, 0.0, 0.0, 0.125)
    bad = [name for name in system.symbols if np.isnan(values[list(engine.layout.slots(name))]).any()]
    assert bad == []
