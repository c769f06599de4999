"""MIN and MAX: not-a-number where either side is, the first where both are equal, whatever the width of a vector."""

import itertools

import numpy as np
import pytest

from capdyn.emit.interpret import Interpreter
from capdyn.emit.kernel import Kernel

NUMBERS = (1.5, -0.0, 0.0, np.inf, -np.inf, np.nan)
TEXT = """p = 1
q = 1
least = MIN(p, q)
most = MAX(p, q)
not below = MAX(p, 0)
not above = MIN(p, 0)
below first = MAX(0, p)
above first = MIN(0, p)
"""
WANTED = {
    "least": lambda p, q: _better(p, q, q < p),
    "most": lambda p, q: _better(p, q, q > p),
    "not below": lambda p, _: _better(p, 0.0, p < 0),
    "not above": lambda p, _: _better(p, 0.0, p > 0),
    "below first": lambda p, _: _better(0.0, p, p > 0),
    "above first": lambda p, _: _better(0.0, p, p < 0),
}


def _better(first, second, is_second):
    if np.isnan(first) or np.isnan(second):
        return np.nan
    return second if is_second else first


@pytest.mark.parametrize("make", [Interpreter, *(lambda s, n=n: Kernel(s, n) for n in (1, 2, 4, 8, 16))])
def test_extremes_of_all_kinds_of_numbers(model, make):
    engine = make(model(TEXT).system)
    lanes = getattr(engine, "lanes", 1)
    pairs = list(itertools.product(NUMBERS, NUMBERS))
    for first in range(0, len(pairs), lanes):
        here = (pairs[first : first + lanes] * lanes)[:lanes]
        values = engine.values()
        for name, numbers in zip("pq", zip(*here, strict=True), strict=True):
            values[engine.layout.start[name]] = numbers
        engine.run("constants", values, 0.0, 0.0, 1.0)
        for name, rule in WANTED.items():
            found = values[engine.layout.start[name]]
            expected = np.array([rule(*pair) for pair in here])
            np.testing.assert_array_equal(found, expected)
            numbers = ~np.isnan(expected)
            np.testing.assert_array_equal(np.signbit(found)[numbers], np.signbit(expected)[numbers])
