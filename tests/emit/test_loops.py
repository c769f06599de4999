"""Time loops and sweeps: where numbers are kept and how many members a call runs changes no bit."""

import numpy as np
import pytest

from capdyn.emit import llvm, marches
from capdyn.emit.engine import FIXED_METHODS, Engine
from capdyn.emit.kernel import Kernel
from capdyn.run.scenario import resolve
from capdyn.run.simulate import begin, fill, read_clock

MODELS = {
    "two stocks": "p = 0.3\nx = INTEG(p*y - 0.1*x, 1)\ny = INTEG(-p*x, 2)\nboth = x + y",
    "no stock": "p = 0.3\nx = p*Time",
    "an array of stocks": "R: r1, r2, r3\np = 0.3\nx[R] = INTEG(p*SUM(x[R!]) - x[R]^2, 0.2)",
    "a loop": f"R: {', '.join(f'r{i}' for i in range(20))}\np = 0.3\nx[R] = INTEG(p*SUM(x[R!])/20 - R*x[R]/30, 0.2)",
    "a lookup": "p = 0.3\nx = INTEG(t(x)*p, 0)\nt((0,1),(0.5,2),(1,0.4),(2,0.1),(3,0))",
    "a memory": "p = 0.3\nx = INTEG(SAMPLE IF TRUE(Time > 1, x*p, 1), 1)",
    "a lag": "p = 0.3\nx = INTEG(p - DELAY FIXED(x, 1, 0)*0.2, 1)",
    "noise": "p = 0.3\nx = INTEG(p*RANDOM UNIFORM(-1, 1, 4), 1)",
    "first values that need one another": "p = 0.3\na = INTEG(p, 4 + b/2)\nb = INTEG(-p*a, a - 1)",
}


def _ready(model, kernel, method):
    """What runs of a model begin with. shape (n_slots, lanes)"""
    settings = resolve(model.system, None, None, None, None, None, method)
    first = kernel.values()
    fill(kernel, first, settings)
    return first, read_clock(kernel, first, settings, model)


def _swept(model, kernel, method, sweep, wanted=None):
    first, clock = _ready(model, kernel, method)
    slots = np.array(
        [s for s in range(kernel.layout.own) if s not in kernel.layout.parameters], dtype=np.int64
    )
    slots = slots if wanted is None else np.array(wanted, dtype=np.int64)
    rows = np.array([kernel.layout.start["p"]])
    numbers = np.linspace(0.1, 0.9, 3 * kernel.lanes)[None]
    still = np.array([kernel.layout.start["p"], kernel.layout.start["time step"]])
    found = sweep(
        kernel,
        lambda values: begin(kernel, values, clock),
        method,
        first,
        rows,
        numbers,
        clock.steps,
        slots,
        still,
    )
    return found.out, found.still, found.failed


@pytest.mark.parametrize("text", MODELS.values(), ids=MODELS)
def test_a_sweep_is_many_marches(model, text, method="rk4"):
    opened = model(text, time_step=0.25, saveper=0.5)
    kernel = Kernel(opened.system, 4)
    fast, slow = (_swept(opened, kernel, method, how) for how in (Kernel.sweep, Engine.sweep))
    for here, there in zip(fast, slow, strict=True):
        np.testing.assert_array_equal(here, there)
    assert np.ptp(fast[0][:, -1], axis=(0, 2)).any()  # members differ


@pytest.mark.parametrize(
    "text, method",
    [
        *((text, "rk4") for text in MODELS.values()),
        *((MODELS["a lookup"], m) for m in FIXED_METHODS if m != "rk4"),
    ],
)
def test_places_of_stocks_change_no_bit(model, text, method, monkeypatch):
    opened = model(text, time_step=0.25, saveper=0.5)
    expected = None
    for registers, lean in ((64, 600), (0, 600), (0, 0)):
        monkeypatch.setattr(marches, "REGISTERS", registers)
        monkeypatch.setattr(marches, "LEAN", lean)
        found = _swept(opened, Kernel(opened.system, 4), method, Kernel.sweep)
        for here, there in zip(found, expected or found, strict=True):
            np.testing.assert_array_equal(here, there)
        expected = found


@pytest.mark.parametrize("text", MODELS.values(), ids=MODELS)
def test_reading_from_memory_again_changes_no_bit(model, text, monkeypatch):
    opened = model(text, time_step=0.25, saveper=0.5)
    monkeypatch.setattr(marches, "REGISTERS", 0)
    runs = []
    for near in (0, 10**9):
        monkeypatch.setattr(llvm, "NEAR", near)
        runs.append(_swept(opened, Kernel(opened.system, 4), "rk4", Kernel.sweep))
    for here, there in zip(*runs, strict=True):
        np.testing.assert_array_equal(here, there)


@pytest.mark.parametrize("text", MODELS.values(), ids=MODELS)
def test_stocks_alone_are_the_same(model, text):
    """Where only stocks are kept, nothing else is computed at a save."""
    opened = model(text, time_step=0.25, saveper=0.5)
    kernel = Kernel(opened.system, 4)
    stocks = list(kernel.layout.states)
    alone, _, _ = _swept(opened, kernel, "rk4", Kernel.sweep, stocks)
    among, _, _ = _swept(opened, kernel, "rk4", Kernel.sweep, range(kernel.layout.own))
    np.testing.assert_array_equal(alone, among[:, :, stocks])


GROWS = "p = 0.3\nx = INTEG(x*x*p*100, 1)\nneeds = LN(x)"


@pytest.mark.parametrize("registers, remembered", [(0, 0), (0, 1000), (64, 1000)])
def test_the_first_step_that_is_not_finite(model, registers, remembered, monkeypatch):
    """x = x + 100 p x^2 a step: the same steps as in plain Python, also when stocks are looked at only at the end."""
    monkeypatch.setattr(marches, "REGISTERS", registers)
    monkeypatch.setattr(marches, "REMEMBERED", remembered)
    opened = model(GROWS, final_time=50, saveper=50)
    kernel = Kernel(opened.system, 4)
    _, _, failed = _swept(opened, kernel, "euler", Kernel.sweep)

    def fails_at(p):
        x, step = 1.0, 0
        while np.isfinite(x) and step <= 50:
            x, step = x + x * x * p * 100, step + 1
        return step

    with np.errstate(over="ignore"):
        assert failed.ravel().tolist() == [fails_at(p) for p in np.linspace(0.1, 0.9, 12)]
    assert 5 < failed.min() < failed.max()
