"""Derivatives through memories, random numbers and whole arrays, beside differences of runs."""

import numpy as np
import pytest

import capdyn

RANGES = "b: b1, b2, b3\nc <-> b\nprofile: ptype, ppriority, pwidth, pextra\n"
CASES = [
    ("delay fixed", "x = DELAY FIXED(a*Time*Time, 2, a + 1)"),
    ("sample if true", "x = SAMPLE IF TRUE(MODULO(Time, 2) = 1, a*a*Time, 3*a)"),
    ("delay n", "x = DELAY N(Time, a, a, 2)"),
    ("delay n with a moving time", "x = DELAY N(Time, a + 0.1*Time, a, 2)"),
    ("smooth n", "x = SMOOTH N(Time, a, a, 2)"),
    ("trend", "x = TREND(5 + a*Time, 3, a)"),
    ("forecast", "x = FORECAST(5 + a*Time, a, 3)"),
    ("held over the stages", "s = INTEG(x - a*s, 1)\nx = SAMPLE IF TRUE(Time >= 0, s*a, 0)"),
    ("a delay in a loop", "s = INTEG(DELAY FIXED(s, 1, a)/3, a)\nx = s*s"),
    ("truncated normal", "x = RANDOM NORMAL(0, 10, a, a*a/8, 0)"),
    ("exponential", "x = RANDOM EXPONENTIAL(0, 10, a, a*a, 0)"),
    ("inverse", "m[b,c] = IF THEN ELSE(b = c, a, 1 + Time)\ni[b,c] = INVERT MATRIX(m[b,c], 3)\nx = i[b1,b3]"),
    ("select", "w[b] = 0, 1, 2\nv[b] = a*a*b\nx = VECTOR SELECT(w[b!], v[b!], 0, 5, 0)"),
    (
        "reorder",
        "v[b] = -a*b\no[b] = VECTOR SORT ORDER(v[b], 1)\ny[b] = VECTOR REORDER(v[b], o[b])\nx = y[b1]",
    ),
    (
        "allocation",
        "r[b] = 2, 3, 4\np[b,profile] = 1,5,2,0;2,6,2,0;3,6,1,0;\n"
        "y[b] = ALLOCATE AVAILABLE(r[b]*a, p[b,ptype], 6 + 0.1*Time)\nx = y[b1]",
    ),
    ("allocation in the supply", "r[b] = 2, 3, 4\ny[b] = ALLOCATE BY PRIORITY(r[b], b, 3, 2, a)\nx = y[b2]"),
]


@pytest.mark.parametrize("method", ["euler", "rk2", "rk4"])
@pytest.mark.parametrize("equations", [case[1] for case in CASES], ids=[case[0] for case in CASES])
def test_agrees_with_differences(model, equations, method):
    opened = model(RANGES + "a = 2.3\n" + equations, time_step=0.5, saveper=0.5)
    exact = capdyn.sensitivities(opened, ["a"], outputs=["x"], method=method)["x"].isel(parameter=0)
    h = 1e-5
    low, high = (
        capdyn.simulate(opened, parameters={"a": 2.3 + s}, outputs=["x"], method=method)["x"] for s in (-h, h)
    )
    np.testing.assert_allclose(exact, (high - low) / (2 * h), rtol=1e-6, atol=1e-7)


def test_delay_n_under_an_adaptive_method(model):
    """x = 4(1 - exp(-t/a)), and its derivative in a."""
    result = capdyn.sensitivities(model("a = 2\nx = DELAY N(4, a, 0, 1)"), ["a"], method="radau")
    time = np.arange(5)
    np.testing.assert_allclose(result["x"][0], -4 * np.exp(-time / 2) * time / 4, rtol=1e-5, atol=1e-6)


def test_a_stock_that_may_not_be_negative_is_refused(tmp_path):
    path = tmp_path / "model.xmile"
    path.write_text(
        """<?xml version="1.0" encoding="utf-8"?>
<xmile version="1.0" xmlns="http://docs.oasis-open.org/xmile/ns/XMILE/v1.0"><header><name>m</name></header>
<sim_specs><start>0</start><stop>4</stop><dt>1</dt></sim_specs><model><variables>
<aux name="a"><eqn>3</eqn></aux><stock name="x"><eqn>3</eqn><outflow>f</outflow><non_negative/></stock>
<flow name="f"><eqn>a</eqn></flow></variables></model></xmile>""",
        encoding="utf-8",
    )
    with pytest.raises(capdyn.ArgumentError, match="'x' may not be negative"):
        capdyn.sensitivities(capdyn.open_model(path), ["a"])
