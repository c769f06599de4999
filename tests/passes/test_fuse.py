"""Large arrays that only a sum looks at, and large constants that members share: the same numbers, kept elsewhere."""

import numpy as np
import pytest

import capdyn
from capdyn.emit import marches
from capdyn.emit.kernel import Kernel
from capdyn.passes.fuse import fuse
from capdyn.passes.shared import shared_symbols

N = 70
RANGES = f"R: {', '.join(f'r{i}' for i in range(N))}\nP <-> R\npace = 0.05\nreach = 0.3\nplace[R] = R/{N}\n"
NEAR = "nearness[R,P] = EXP(-ABS(place[R] - place[P])/reach)\n"
GAPS = "gap[R,P] = nearness[R,P]*MAX(Known[P] - Known[R], 0)\n"
SPREAD = NEAR + GAPS + "Known[R] = INTEG(pace*SUM(gap[R,P!]) - 0.02*Known[R], 1 + place[R])"
CHAIN = NEAR + GAPS + "half[R,P] = gap[R,P]/2\nKnown[R] = INTEG(pace*SUM(half[R,P!]), 1 + place[R])"
TWICE = SPREAD + "\nalso[R] = SUM(gap[R,P!])\nSeen = INTEG(also[r1], 0)"
ACROSS = NEAR + GAPS + "Known[R] = INTEG(pace*SUM(gap[P!,R]), 1 + place[R])"
ONE_ROW = NEAR + GAPS + "Known[R] = INTEG(pace*SUM(gap[r1,P!]), 1 + place[R])"


def fused(model, text):
    system = model(RANGES + text).system
    kept = {equation.target for equation in fuse(system.flows, system.derivatives.values())}
    return {equation.target for equation in system.flows} - kept


@pytest.mark.parametrize(
    "text, gone",
    [
        (SPREAD, {"gap"}),
        (CHAIN, {"gap", "half"}),
        (ACROSS, {"gap"}),
        (TWICE, set()),  # would be computed twice
        (ONE_ROW, set()),  # would be computed once for each element
    ],
    ids=["a sum", "a chain", "over the first range", "two sums", "one row"],
)
def test_what_is_fused(model, text, gone):
    assert fused(model, text) == gone


@pytest.mark.parametrize("text", [SPREAD, CHAIN, ACROSS, TWICE, ONE_ROW])
@pytest.mark.parametrize("name", ["pace", "reach"])
def test_no_bit_changes(model, text, name, monkeypatch):
    """With everything written out and kept a lane each, or fused and shared as far as may be."""
    opened = model(RANGES + text, time_step=0.5)
    numbers = {name: np.linspace(0.1, 0.4, 11)}
    found = capdyn.ensemble(opened, numbers)
    monkeypatch.setattr(marches, "LEAN", 0)
    slow = capdyn.ensemble(model(RANGES + text, time_step=0.5), numbers, lanes=2)
    for variable in found.data_vars:
        np.testing.assert_array_equal(found[variable], slow[variable])
    assert np.ptp(found["Known"].isel(time=-1).values, axis=0).any()


def test_what_is_shared(model):
    """Only what no member differs in; a constant that a varying one reaches is not shared."""
    system = Kernel(model(RANGES + SPREAD).system).layout.system
    assert set(shared_symbols(system, {"pace"})) == {"nearness"}
    assert shared_symbols(system, {"reach"}) == {}
    assert shared_symbols(system, {"place"}) == {}
