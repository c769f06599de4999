"""Designs: where they put their points, and that doubling keeps the rows that are there."""

import numpy as np
import pytest

from capdyn.errors import ArgumentError
from capdyn.study.distributions import Distribution, copula_factor, correlate
from capdyn.study.sampling import DESIGNS, space

GROUPED = space(4, np.array([0, 1, 1, 2]))
EXTENDABLE = ["latin_hypercube", "sobol_sequence", "halton", "saltelli", "morris"]


@pytest.mark.parametrize("times", [2, 4])
@pytest.mark.parametrize("name", EXTENDABLE)
def test_twice_the_size_keeps_all_rows(name, times):
    small, large = (DESIGNS[name](GROUPED, 16, 7, by) for by in (1, times))
    assert len(large.unit) == times * len(small.unit)
    np.testing.assert_array_equal(large.unit[: len(small.unit)], small.unit)
    np.testing.assert_array_equal(large.block[: len(small.block)], small.block)


def test_twice_the_curves_keep_all_rows():
    small, large = (DESIGNS["efast"](space(3), 65, 7, times, curves=2) for times in (1, 2))
    np.testing.assert_array_equal(large.unit[: len(small.unit)], small.unit)
    assert large.block[-1] == 11


@pytest.mark.parametrize("name", [*DESIGNS])
def test_points_lie_in_the_unit_cube_and_depend_on_the_seed_alone(name):
    size = {"efast": 65, "factorial": 3}.get(name, 8)
    first, again, other = (DESIGNS[name](space(3), size, seed) for seed in (0, 0, 1))
    assert first.unit.min() >= 0 and first.unit.max() <= 1
    np.testing.assert_array_equal(first.unit, again.unit)
    if name not in ("factorial", "one_at_a_time"):
        assert not np.array_equal(first.unit, other.unit)
    assert len(first.block) == len(first.unit)


@pytest.mark.parametrize("times", [1, 2, 8])
def test_a_doubled_latin_hypercube_has_one_point_in_each_stratum(times):
    unit = DESIGNS["latin_hypercube"](space(5), 10, 3, times).unit
    strata = np.sort(np.floor(unit * len(unit)).astype(int), axis=0)
    np.testing.assert_array_equal(strata, np.tile(np.arange(len(unit))[:, None], 5))


def test_a_block_of_saltelli_exchanges_one_group_at_a_time():
    design = DESIGNS["saltelli"](GROUPED, 4, 0, second_order=True)
    blocks = design.unit.reshape(4, 2 + 2 * 3, 4)
    for a, ab0, ab1, ab2, ba0, _, _, b in blocks:
        np.testing.assert_array_equal(ab0, [b[0], a[1], a[2], a[3]])
        np.testing.assert_array_equal(ab1, [a[0], b[1], b[2], a[3]])
        np.testing.assert_array_equal(ab2, [a[0], a[1], a[2], b[3]])
        np.testing.assert_array_equal(ba0, [a[0], b[1], b[2], b[3]])


def test_a_trajectory_of_morris_moves_each_group_once_by_the_same_distance():
    design = DESIGNS["morris"](GROUPED, 10, 0)
    for number, trajectory in enumerate(design.unit.reshape(10, 4, 4)):
        moves = np.diff(trajectory, axis=0)
        for group, members in enumerate(([0], [1, 2], [3])):
            moved = np.zeros(4)
            moved[members] = design.about["up"][number, group] * 2 / 3
            np.testing.assert_allclose(moves[design.about["step"][number, group]], moved, atol=1e-12)


def test_one_at_a_time_leaves_the_others_at_their_centre():
    unit = DESIGNS["one_at_a_time"](space(2, centre=np.array([0.3, 0.6])), 1, 0, low=0.1, high=0.9).unit
    np.testing.assert_allclose(unit, [[0.3, 0.6], [0.1, 0.6], [0.9, 0.6], [0.3, 0.1], [0.3, 0.9]])


@pytest.mark.parametrize(
    ("name", "size", "times", "message"),
    [
        ("saltelli", 100, 1, "100 is no power of 2.*Take 64 or 128"),
        ("sobol_sequence", 64, 3, "192 is no power of 2"),
        ("latin_hypercube", 10, 3, "extended by doubling"),
        ("factorial", 2, 2, "complete"),
        ("efast", 64, 1, "at least 65"),
    ],
)
def test_what_a_design_cannot_do(name, size, times, message):
    with pytest.raises(ArgumentError, match=message):
        DESIGNS[name](space(3), size, 0, times)


def test_too_many_combinations():
    with pytest.raises(ArgumentError, match=r"10\^30 runs"):
        DESIGNS["factorial"](space(30), 10, 0)


DISTRIBUTIONS = [
    Distribution("uniform", -1.0, 3.0),
    Distribution("log_uniform", 0.01, 100.0),
    Distribution("triangular", 0.0, 4.0, (("mode", 1.0),)),
    Distribution("normal", 0.0, 4.0, (("mean", 1.0), ("sd", 2.0))),
]
MEANS = [1.0, 99.99 / np.log(1e4), 5 / 3, None]


@pytest.mark.parametrize(("distribution", "mean"), [*zip(DISTRIBUTIONS, MEANS, strict=True)])
def test_values_and_quantiles_are_inverse_and_stay_within_the_ends(distribution, mean):
    u = (np.arange(20000) + 0.5) / 20000
    values = distribution.values_at(u)
    ends = distribution.values_at(np.array([0.0, 1.0]))
    assert ends.tolist() == pytest.approx([distribution.low, distribution.high], rel=1e-14)
    assert distribution.low <= ends[0] and ends[1] <= distribution.high
    assert [distribution.quantile_of(v) for v in values[::4000]] == pytest.approx(u[::4000].tolist())
    if mean is not None:
        assert values.mean() == pytest.approx(mean, rel=1e-4)


def test_a_truncated_normal_has_the_moments_of_its_closed_form():
    values = DISTRIBUTIONS[3].values_at((np.arange(200000) + 0.5) / 200000)
    # Mean of a normal cut off at a and b: m + s (phi(a) - phi(b)) / (Phi(b) - Phi(a)), at a = -0.5, b = 1.5.
    phi_a, phi_b, mass = 0.3520653267642995, 0.12951759566589174, 0.624655260005155
    assert values.mean() == pytest.approx(1 + 2 * (phi_a - phi_b) / mass, rel=1e-6)


def test_discrete_values_come_with_their_weights():
    coin = Distribution("discrete", 1.0, 5.0, values=(1.0, 2.0, 5.0), weights=(0.5, 0.25, 0.25))
    values = coin.values_at((np.arange(1000) + 0.5) / 1000)
    assert [np.mean(values == v) for v in (1, 2, 5)] == [0.5, 0.25, 0.25]
    assert coin.quantile_of(2.0) == 0.625


def test_the_copula_gives_the_rank_correlation_that_was_asked_for():
    from scipy.stats import spearmanr

    wanted = np.eye(3)
    wanted[0, 1] = wanted[1, 0] = 0.7
    wanted[1, 2] = wanted[2, 1] = -0.4
    unit = correlate(DESIGNS["sobol_sequence"](space(3), 8192, 0).unit, wanted)
    np.testing.assert_allclose(spearmanr(unit).statistic, wanted, atol=0.01)
    np.testing.assert_allclose(unit.mean(axis=0), 0.5, atol=0.005)


def test_impossible_correlations():
    impossible = np.array([[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]])
    assert copula_factor(impossible) is None
