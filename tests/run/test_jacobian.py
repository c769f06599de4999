"""The exact Jacobian in the implicit methods: Robertson's stiff problem, counts, poles."""

import importlib

import numpy as np
import pytest

import capdyn
from capdyn.solve.adaptive import IMPLICIT, integrate

adaptive_module = importlib.import_module("capdyn.run.adaptive")

# Robertson (1966), The solution of a set of reaction rate equations; Hairer, Wanner, Solving Ordinary Differential
# Equations II (1996), section IV.1, equation (1.4).
ROBERTSON = """
k1 = 0.04
k2 = 3e7
k3 = 1e4
slow = k1*A
fast = k2*B*B
back = k3*B*C
A = INTEG(back - slow, 1)
B = INTEG(slow - back - fast, 0)
C = INTEG(fast, 0)
"""
# t = 40, the end of Hairer and Wanner's figure: on the ten figures given here Radau, BDF and LSODA in several
# independent programs agree. t = 1e11: Mazzia, Magherini, Test Set for Initial Value Problem Solvers, release 2.4
# (2008), problem ROBER.
REFERENCE = {
    40.0: (0.7158270687194, 0.9185534764558e-5, 0.2841637457458),
    1e11: (0.2083340149701255e-7, 0.8333360770334713e-13, 0.9999999791665050),
}


@pytest.fixture
def solutions(monkeypatch):
    """Every Solution of a run, in order; `exact` False takes the Jacobian away from the solver."""

    class Seen(list):
        exact = True

    seen = Seen()

    def spy(rhs, y0, saves, switches, method, rtol, atol, jac=None, *more):
        seen.append(
            integrate(rhs, y0, saves, switches, method, rtol, atol, jac if seen.exact else None, *more)
        )
        return seen[-1]

    monkeypatch.setattr(adaptive_module, "integrate", spy)
    return seen


@pytest.mark.parametrize("end", REFERENCE)
def test_robertson(model, solutions, end):
    m = model(ROBERTSON, final_time=end, time_step=end)
    found = capdyn.simulate(m, method="radau", rtol=1e-8, atol=1e-20)
    end_state = [float(found[name][-1]) for name in "ABC"]
    np.testing.assert_allclose(end_state, REFERENCE[end], rtol=1e-6)
    assert sum(end_state) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("method", sorted(IMPLICIT))
def test_fewer_evaluations_than_with_finite_differences(model, solutions, method):
    m = model(ROBERTSON, final_time=40, time_step=40)
    capdyn.simulate(m, method=method, rtol=1e-8, atol=1e-14)
    solutions.exact = False
    capdyn.simulate(m, method=method, rtol=1e-8, atol=1e-14)
    exact, differences = solutions
    assert exact.jacobians > 0
    assert differences.jacobians == 0
    assert exact.evaluations < differences.evaluations


@pytest.mark.parametrize("engine", ["kernel", "interpret"])
@pytest.mark.parametrize("method", ["lsoda", "radau", "bdf", "dop853"])
def test_methods_and_engines_agree(model, method, engine):
    m = model("R: r1, r2, r3\nk[R] = 1,10,100\nx[R] = INTEG(SUM(x[R!])/9 - k[R]*SMOOTH(x[R], 2), 1)")
    found = capdyn.simulate(m, method=method, engine=engine, outputs=["x"])["x"]
    expected = capdyn.simulate(m, method="rk45", outputs=["x"], rtol=1e-11, atol=1e-13)["x"]
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("method", ["radau", "bdf"])
def test_an_infinite_slope_does_not_stop_the_run(model, method):
    """dx/dt = 1 - sqrt(x) from 0, where the root's slope is infinite: t = -2 (sqrt(x) + ln(1 - sqrt(x)))."""
    x = capdyn.simulate(model("x = INTEG(1 - SQRT(MAX(x, 0)), 0)"), method=method)["x"][1:].values
    np.testing.assert_allclose(-2 * (np.sqrt(x) + np.log(1 - np.sqrt(x))), [1, 2, 3, 4], rtol=1e-5)


def test_an_explicit_method_asks_for_none(model):
    m = model(ROBERTSON, final_time=0.01, time_step=0.01)
    capdyn.simulate(m, method="rk45")
    assert len(m._engines) == 1


def test_a_scenario_reaches_the_jacobian(model, solutions):
    """Constants and given first values are those of the run: the counts are as small as for the file itself."""
    changed = ROBERTSON.replace("k3 = 1e4", "k3 = 1").replace("3e7", "1")
    m = model(ROBERTSON, final_time=40, time_step=40)
    capdyn.simulate(m, method="radau")
    other = model(changed, "other.mdl", final_time=40, time_step=40)
    capdyn.simulate(other, method="radau", parameters={"k3": 1e4, "k2": 3e7}, initial={"A": 1.0})
    assert solutions[0].evaluations == solutions[1].evaluations
    np.testing.assert_array_equal(solutions[0].y, solutions[1].y)


def test_given_first_values(model):
    m = model("x = INTEG(-x*y, y)\ny = INTEG(-y, 2)")
    a = capdyn.simulate(m, method="radau", initial={"y": 1.0, "x": 3.0})
    b = capdyn.simulate(m, method="rk45", initial={"y": 1.0, "x": 3.0})
    np.testing.assert_allclose(a["x"], b["x"], rtol=1e-6)
    assert float(a["x"][0]) == 3.0
