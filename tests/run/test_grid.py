"""Runs whose times are computed: laid out before they begin, the same for all members, and changed by scenarios."""

import numpy as np
import pytest

import capdyn

CHANGING = """
    k = 0.5 ~ ~ |
    x = INTEG(y, 1)
    y = PULSE(1, 1) + TIME STEP - k*x
"""
TIMES = {
    "time_step": "IF THEN ELSE(Time < 1, 0.25, 0.5)",
    "final_time": 6,
    "saveper": "IF THEN ELSE(Time < 2, 0.5, 2)",
}


@pytest.mark.parametrize("step", ["1/8", "k/8", "IF THEN ELSE(Time < 1, 0.125, 0.25)"])
def test_equations_see_the_setting_that_a_scenario_gives(model, step):
    opened = model("k = 1\nx = TIME STEP\ny = FINAL TIME", time_step=step, final_time="4*k")
    run = capdyn.simulate(opened, {"time": {"step": 0.5, "final": 2}})
    for name, value in {"x": 0.5, "y": 2, "TIME STEP": 0.5, "FINAL TIME": 2}.items():
        np.testing.assert_array_equal(run[name].values, np.full(run[name].shape, value))
    np.testing.assert_array_equal(run["time"], [0, 0.5, 1, 1.5, 2])


@pytest.mark.parametrize("method", ["euler", "rk4"])
def test_members_are_the_runs(model, method):
    opened = model(CHANGING, **TIMES)
    k = np.linspace(0, 1, 11)
    runs = capdyn.ensemble(opened, {"k": k}, method=method)
    for member in (0, 5, 10):
        run = capdyn.simulate(opened, parameters={"k": k[member]}, method=method)
        np.testing.assert_array_equal(run["x"], runs["x"][member])


@pytest.mark.parametrize("method", ["euler", "rk4", "lsoda"])
def test_derivatives(model, method):
    opened = model(CHANGING, **TIMES)
    found = capdyn.sensitivities(opened, ["k"], method=method)["x"][0]
    low, high = (capdyn.simulate(opened, parameters={"k": 0.5 + d}, method=method) for d in (-1e-4, 1e-4))
    np.testing.assert_allclose(found, (high["x"] - low["x"]) / 2e-4, atol=1e-6)


@pytest.mark.parametrize("step, saveper", [("k/4", "TIME STEP"), ("0.25", "IF THEN ELSE(Time < k, 1, 2)")])
def test_members_share_their_times(model, step, saveper):
    """Whichever block a member is in: lanes of one alone would not show it."""
    opened = model("k = 1\nx = INTEG(1, 0)", time_step=step, saveper=saveper)
    with pytest.raises(capdyn.ArgumentError, match="'k' differs between members of an ensemble"):
        capdyn.ensemble(opened, {"k": [1.0] * 8 + [2.0] * 8}, lanes=8)
    with pytest.raises(capdyn.ArgumentError, match="is computed from 'k'"):
        capdyn.sensitivities(opened, ["k"])


def test_a_run_that_fails_says_when(model):
    opened = model("x = INTEG(1/(1.5 - Time), 1)", **TIMES)
    with pytest.raises(capdyn.NumericalError, match=r"at time 1\.5 "):
        capdyn.simulate(opened)


def test_checks_run(model):
    assert {finding.kind for finding in capdyn.check(model(CHANGING, **TIMES), draws=5)} >= {"step"}
