"""The adaptive driver by itself: pieces between switches, failures that say when."""

import math

import numpy as np
import pytest

from capdyn.solve.adaptive import METHODS, integrate


def jump(t, y):
    """1 until t = 1, 0 from there: y = min(t, 1)."""
    return np.full_like(y, 1.0 if t < 1.0 else 0.0)


@pytest.mark.parametrize("method", METHODS)
def test_a_jump_is_not_crossed(method):
    saves = np.array([0.0, 0.5, 1.0, 2.0])
    found = integrate(jump, np.zeros(1), saves, np.array([1.0]), method, 1e-10, 1e-12)
    np.testing.assert_allclose(found.y[:, 0], [0, 0.5, 1, 1], atol=1e-12)


def test_crossing_it_costs_many_evaluations():
    """Why the driver stops at switches: the same method needs several times the work to find the jump itself."""
    saves = np.array([0.0, 2.0])
    known = integrate(jump, np.zeros(1), saves, np.array([1.0]), "rk45", 1e-10, 1e-12)
    unknown = integrate(jump, np.zeros(1), saves, np.array([]), "rk45", 1e-10, 1e-12)
    assert unknown.evaluations > 3 * known.evaluations


def test_the_right_hand_side_never_sees_a_switch_itself():
    seen = []

    def rhs(t, y):
        seen.append(t)
        return np.zeros_like(y)

    integrate(rhs, np.zeros(1), np.array([0.0, 3.0]), np.array([1.0, 2.0]), "rk45", 1e-6, 1e-9)
    assert not {1.0, 2.0} & set(seen)
    assert min(seen) > 0.0


@pytest.mark.parametrize("method", METHODS)
def test_infinity_is_told_with_its_time(method):
    """y' = y**2 from 1 reaches infinity at t = 1."""
    saves = np.array([0.0, 0.5, 2.0])
    with np.errstate(over="ignore", invalid="ignore"):
        found = integrate(lambda t, y: y * y, np.ones(1), saves, np.array([]), method, 1e-8, 1e-10)
    assert found.message
    assert 0.9 < found.failed_at <= 1.1
    assert math.isnan(found.y[-1, 0])


def test_no_states():
    found = integrate(jump, np.zeros(0), np.array([0.0, 1.0]), np.array([]), "rk45", 1e-6, 1e-9)
    assert found.y.shape == (2, 0)
    assert not found.message
