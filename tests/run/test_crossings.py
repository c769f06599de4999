"""Adaptive methods find the times at which the state crosses a threshold, and do not step over it."""

import math

import numpy as np
import pytest

import capdyn
from equations import mdl

METHODS = ("lsoda", "radau", "bdf", "dop853", "rk45")


def run(tmp_path, text, method="dop853", rtol=1e-10, atol=1e-12, **options):
    controls = {k: options.pop(k) for k in ("final_time", "time_step", "saveper") if k in options}
    path = tmp_path / "model.mdl"
    path.write_text(mdl(text, **controls))
    return capdyn.simulate(capdyn.open_model(path), method=method, rtol=rtol, atol=atol, **options)


def bounce(t: float) -> float:
    """A ball of mass 1 that falls from height 1 onto a spring of stiffness 400, both without loss.

    In the air x = 1 - 5 s^2 until it touches at sqrt(1/5); then x'' = -10 - 400 x: a sine about -1/40.
    """
    fall = math.sqrt(0.2)
    speed = 10 * fall
    w = 20.0
    rest = -10 / 400
    # x - rest = A cos(w s) + B sin(w s), A = -rest, B = -speed / w; back at 0 after `touch`.
    touch = 2 * (math.pi - math.atan2(speed / w, -rest)) / w
    t = t % (2 * fall + touch)
    if t > fall + touch:
        t = 2 * fall + touch - t
    if t <= fall:
        return 1 - 5 * t * t
    s = t - fall
    return rest - rest * math.cos(w * s) - speed / w * math.sin(w * s)


BALL = """x = INTEG(v, 1)
v = INTEG(-10 + push, 0)
push = IF THEN ELSE(x < 0, -400*x, 0)"""


@pytest.mark.parametrize(
    "push", ["IF THEN ELSE(x < 0, -400*x, 0)", "MAX(0, -400*x)", "-400*MIN(x, 0)", "200*(ABS(x) - x)"]
)
@pytest.mark.parametrize("engine", ["kernel", "interpret"])
def test_bouncing_ball(tmp_path, push, engine):
    text = BALL.replace("IF THEN ELSE(x < 0, -400*x, 0)", push)
    found = run(tmp_path, text, engine=engine)
    expected = [bounce(t) for t in found["time"].values]
    np.testing.assert_allclose(found["x"], expected, atol=1e-8)


def staircase(t: float, height: float = 2.0) -> float:
    """dx/dt = 1 below 1, `height` above; x(0) = 0."""
    return t if t < 1 else 1 + height * (t - 1)


@pytest.mark.parametrize("method", METHODS)
def test_a_jump(tmp_path, method):
    found = run(tmp_path, "x = INTEG(IF THEN ELSE(x > 1, 2, 1), 0)", method)
    np.testing.assert_allclose(found["x"], [staircase(t) for t in found["time"].values], atol=1e-8)


def test_many_jumps_and_without_location(tmp_path):
    """dx/dt = 1 + INTEGER(x): doubling, tripling ... ; x passes n at the harmonic number of n."""
    text = "x = INTEG(1 + INTEGER(x), 0)"
    harmonic = np.cumsum(1 / np.arange(1, 40))
    n = int(np.searchsorted(harmonic, 4.0))
    expected = n + (4.0 - harmonic[n - 1]) * (n + 1)
    error = {
        crossings: abs(
            float(run(tmp_path, text, "rk45", 1e-6, 1e-6, crossings=crossings)["x"][-1]) - expected
        )
        for crossings in ("locate", "ignore")
    }
    assert error["locate"] < 1e-8 < 1e-5 < error["ignore"]


def test_modulo_of_a_stock(tmp_path):
    """dy/dt = MODULO(x, 1), dx/dt = 2: a saw; y = n/4 + r^2/4 with 2 t = n + r."""
    found = run(tmp_path, "x = INTEG(2, 0)\ny = INTEG(MODULO(x, 1), 0)", final_time=3.3, saveper=0.1)
    n, r = np.divmod(2 * found["time"].values, 1)
    np.testing.assert_allclose(found["y"], n / 4 + r**2 / 4, atol=1e-8)


def test_one_threshold_moves_another(tmp_path):
    """At x = 1 z jumps over the threshold of w without being on it."""
    text = "x = INTEG(1, 0)\nz = IF THEN ELSE(x > 1, 5, 0)\ny = INTEG(IF THEN ELSE(z > 2, 1, 0), 0)"
    found = run(tmp_path, text)
    np.testing.assert_allclose(found["y"], [0, 0, 1, 2, 3], atol=1e-10)


def test_a_jump_onto_another_threshold(tmp_path):
    """INTEGER(INTEGER(x)): as the inner one jumps to 1, the outer one's argument is right on its own threshold."""
    found = run(tmp_path, "x = INTEG(1, 0)\ny = INTEG(INTEGER(INTEGER(x)), 0)", time_step=0.125)
    expected = [sum(min(max(t - n, 0), 1) * n for n in range(1, 4)) for t in found["time"].values]
    np.testing.assert_allclose(found["y"], expected, atol=1e-8)


def test_a_touch_within_one_step(tmp_path):
    """x = (t - 2.03)^2 - 0.0001 is below 0 for 0.02 only; dy/dt is 1 there.

    x moves at 0.02 when it crosses: an error of 1e-9 in it, ten times the tolerance, makes 5e-8 at each crossing.
    """
    text = "x = INTEG(2*(Time - 2.03), 2.03^2 - 0.0001)\ny = INTEG(IF THEN ELSE(x < 0, 1, 0), 0)"
    for method in METHODS:
        found = run(tmp_path, text, method, time_step=1)
        assert abs(float(found["y"][-1]) - 0.02) < 1e-7, method


def test_arrays_and_sums(tmp_path):
    text = """R: r1, r2, r3
rate[R] = 1, 2, 4
x[R] = INTEG(rate[R], 0)
y = INTEG(SUM(IF THEN ELSE(x[R!] >= 3, 1, 0)), 0)"""
    found = run(tmp_path, text)
    expected = [sum(max(t - 3 / k, 0) for k in (1, 2, 4)) for t in range(5)]
    np.testing.assert_allclose(found["y"], expected, atol=1e-8)


def test_a_condition_on_time_that_is_no_switch(tmp_path):
    """On while sin(2 pi t) > 1/2: a third of each turn."""
    text = "y = INTEG(IF THEN ELSE(SIN(2*3.141592653589793*Time) > 0.5, 1, 0), 0)"
    np.testing.assert_allclose(run(tmp_path, text, time_step=0.125)["y"][::8], np.arange(5) / 3, atol=1e-8)


@pytest.mark.parametrize("method", METHODS)
def test_sliding_is_said(tmp_path, method):
    """Below 1 it rises, above it falls: neither side holds at 1, which it reaches at time 0.5."""
    with pytest.raises(
        capdyn.NumericalError, match=r"m.*:2:.*slides along a threshold from time 0\.5 on"
    ) as caught:
        run(tmp_path, "x = INTEG(IF THEN ELSE(x > 1, -1, 1), 0.5)", method)
    assert "euler" in caught.value.problems[0].remedy


def test_a_kink_that_rounding_crosses_again_and_again(tmp_path):
    """x stays at the kink but for rounding, where both sides say the same: that is no sliding."""
    text = "x = INTEG(MIN(1, 2 - x) - IF THEN ELSE(x < 1, 1, x), 1)"
    np.testing.assert_allclose(run(tmp_path, text)["x"], 1.0, rtol=1e-12)


def test_at_rest_on_a_threshold(tmp_path):
    found = run(tmp_path, "x = INTEG(MAX(x, 0) - MIN(x, 0)*2 + ABS(x), 0)")
    assert (found["x"] == 0.0).all()


def test_refused(tmp_path):
    with pytest.raises(capdyn.ArgumentError) as caught:
        run(tmp_path, BALL, crossings="refuse")
    (problem,) = caught.value.problems
    assert problem.where.line == 4 and "locate" in problem.remedy
    assert "x" in run(tmp_path, "x = INTEG(-x, 1)", crossings="refuse")
    with pytest.raises(capdyn.ArgumentError, match="locate, ignore, refuse"):
        run(tmp_path, BALL, crossings="no")
