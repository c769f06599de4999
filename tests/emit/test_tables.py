"""Lookups: kernel and interpreter give the same bits at every width, whatever the grid and the argument."""

import numpy as np
import pytest

from capdyn.emit.interpret import Interpreter, interpolate
from capdyn.emit.kernel import Kernel
from capdyn.emit.tables import _is_exact, _is_uniform
from capdyn.lang.expressions import Table
from capdyn.passes.system import Equation, Interpolate, Load, Symbol, System

DRAW = np.random.default_rng(7)


def _even(n):
    return tuple(float(x) for x in np.linspace(-1.0, 2.0, n))


def _uneven(n):
    return tuple(float(x) for x in np.cumsum(DRAW.uniform(0.01, 2.0, n)))


GRIDS = {f"{n} even": _even(n) for n in (1, 2, 3, 5, 9, 10, 17, 18, 200)}
GRIDS |= {f"{n} uneven": _uneven(n) for n in (2, 4, 5, 9, 16, 17, 100)}
GRIDS |= {f"{n} halves": tuple(k / 2 - 1 for k in range(n)) for n in (5, 8, 9, 10, 16, 17, 18)}
GRIDS["halves between halves"] = tuple(k / 2 + 0.25 for k in range(9))
GRIDS["eights far from zero"] = tuple(8.0 * k - 2.0**45 for k in range(12))
GRIDS["nearly even"] = tuple(k + 0.1 * (-1) ** k for k in range(12))
GRIDS["a step"] = (0.0, 1.0, 1.0, 2.0, 2.0, 3.0, 4.0)
GRIDS["steps at both ends"] = (0.0, 0.0, 1.0, 2.0, 3.0, 4.0, 4.0)
GRIDS["far from zero"] = tuple(1e9 + 0.1 * k for k in range(30))


def _arguments(x):
    """Points, their neighbours, what lies between and outside, and what is no number."""
    points = np.array(x)
    inside = DRAW.uniform(points[0] - 1, points[-1] + 1, 200)
    special = [np.inf, -np.inf, np.nan, 0.0, -0.0, 1e300, -1e300, 5e-324]
    return np.concatenate(
        [points, np.nextafter(points, -np.inf), np.nextafter(points, np.inf), inside, special]
    )


def _system(table):
    symbols = {"x": Symbol("x", "parameter"), "y": Symbol("y", "auxiliary")}
    equation = Equation("y", (), Interpolate((table,), (), (), Load("x")))
    return System("lookup", symbols, (), (), (equation,), (), {})


def _values(engine, arguments):
    found = []
    for first in range(0, len(arguments), engine.lanes):
        part = arguments[first : first + engine.lanes]
        values = engine.values()
        values[engine.layout.start["x"], : len(part)] = part
        for program in ("constants", "flows"):
            engine.run(program, values, 0.0, 0.0, 1.0)
        found += values[engine.layout.start["y"], : len(part)].tolist()
    return np.array(found)


@pytest.mark.parametrize("outside", ["clamp", "extrapolate", "hold"])
@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS)
def test_same_bits_everywhere(grid, outside):
    levels = DRAW.normal(size=len(grid))
    levels[1::5] = levels[::5][: len(levels[1::5])]  # some pieces are flat
    system = _system(Table(grid, tuple(levels.tolist()), outside))
    arguments = _arguments(grid)
    expected = _values(Interpreter(system), arguments)
    for lanes in (2, 16):
        found = _values(Kernel(system, lanes), arguments)
        np.testing.assert_array_equal(found, expected)
        numbers = ~np.isnan(expected)
        np.testing.assert_array_equal(np.signbit(found[numbers]), np.signbit(expected[numbers]))


def test_against_numpy():
    grid, levels = _uneven(40), tuple(DRAW.normal(size=40).tolist())
    x = DRAW.uniform(grid[0] - 3, grid[-1] + 3, 500)
    found = _values(Kernel(_system(Table(grid, levels))), x)
    np.testing.assert_allclose(found, np.interp(x, grid, levels), rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("outside", ["clamp", "hold"])
def test_a_point_of_the_table_gives_its_value_exactly(outside):
    for grid in GRIDS.values():
        levels = tuple(DRAW.normal(size=len(grid)).tolist())
        last = dict(zip(grid, levels, strict=True))  # where there are several, the last
        for x, y in last.items():
            assert interpolate(Table(grid, levels, outside), x) == y


def test_what_counts_as_even():
    assert _is_uniform(GRIDS["nearly even"])
    assert not _is_uniform((0.0, 1.0, 2.6, 3.0, 4.0))


def test_what_counts_as_exact():
    assert all(
        _is_exact(grid) for name, grid in GRIDS.items() if name.endswith("halves") and name[0].isdigit()
    )
    for name in ("halves between halves", "eights far from zero", "nearly even", "9 even", "far from zero"):
        assert not _is_exact(GRIDS[name])
    assert not _is_exact((0.1, 0.2, 0.3, 0.4)) and not _is_exact((0.0, 1.0, 2.0, 3.0 + 2.0**-51))
