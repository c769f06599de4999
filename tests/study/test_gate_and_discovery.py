"""Failed runs are counted, located and treated as asked; boxes are found where they were put."""

import numpy as np
import pytest

from capdyn.study.classes import KINDS, classify
from capdyn.study.discover import cart, choose, cleared, prim
from capdyn.study.futures import differences, regret, wilson
from capdyn.study.gate import gate
from capdyn.study.sampling import DESIGNS, space

U = DESIGNS["latin_hypercube"](space(5), 4000, 0).unit
CORNER = (U[:, 1] < 0.3) & (U[:, 3] > 0.6)


def test_prim_finds_the_corner_and_only_it():
    path = prim(U, CORNER)
    box = choose(path, U, CORNER)
    assert np.flatnonzero(box.restricted).tolist() == [1, 3]
    assert box.high[1] == pytest.approx(0.3, abs=0.02) and box.low[3] == pytest.approx(0.6, abs=0.02)
    assert box.coverage > 0.93 and box.density > 0.93
    assert (box.p_values[[1, 3]] < 1e-6).all()


def test_the_peeling_path_trades_coverage_for_density():
    noisy = np.random.default_rng(0).random(len(U)) < np.where(CORNER, 0.9, 0.1)
    path = prim(U, noisy)
    assert path[0].coverage == 1 and path[0].mass == 1
    coverages = [box.coverage for box in path]
    assert coverages == sorted(coverages, reverse=True)
    assert path[-1].density > path[0].density
    for box in path:
        inside = box.holds(U)
        assert box.runs == inside.sum() and box.density == noisy[inside].mean()
        assert box.coverage == noisy[inside].sum() / noisy.sum()


def test_prim_of_nothing_and_of_noise():
    assert prim(U, np.zeros(len(U), dtype=bool)) == []
    random = np.random.default_rng(1).random(len(U)) < 0.5
    box = choose(prim(U, random), U, random)
    assert box is None or box.density < 0.65


def test_prim_peels_discrete_inputs_whole():
    x = U.copy()
    x[:, 0] = np.where(U[:, 0] < 0.5, 0.25, 0.75)
    box = choose(prim(x, x[:, 0] > 0.5), x, x[:, 0] > 0.5)
    assert (box.low[0], box.high[0], box.density, box.coverage) == (0.5, 1.0, 1.0, 1.0)


def test_a_tree_finds_two_corners():
    two = CORNER | (U[:, 0] > 0.9)
    tree = cart(U, two)
    assert tree.accuracy > 0.97 > tree.naive
    assert sum(box.coverage for box in tree.boxes) > 0.95
    assert all(box.density > 0.9 for box in tree.boxes[:2])
    assert cart(U, U[:, 0] > 0.999) is None


def test_nothing_failed():
    passed = gate(U, np.arange(len(U)), np.zeros(len(U), dtype=bool), "refuse")
    assert passed.keep.all() and passed.n_failed == 0 and not passed.refusal


@pytest.mark.parametrize("policy", ["refuse", "drop", "restrict"])
def test_whole_blocks_or_nothing(policy):
    design = DESIGNS["saltelli"](space(5), 512, 0)
    broken = (design.unit[:, 1] < 0.1) & (design.unit[:, 3] > 0.5)
    passed = gate(design.unit, design.block, broken, policy)
    assert passed.n_failed == broken.sum() and passed.n_runs == len(broken)
    assert np.flatnonzero(passed.where.restricted).tolist() == [1, 3]
    assert passed.where.density > 0.9
    assert not (passed.keep & broken).any()
    per_block = passed.keep.reshape(512, -1)
    assert (per_block.all(axis=1) == per_block.any(axis=1)).all()
    assert passed.n_kept == per_block.all(axis=1).sum()
    if policy == "refuse":
        assert not passed.keep.any() and passed.refusal
    if policy == "restrict":
        assert passed.within.holds(design.unit[passed.keep]).all()
        assert not broken[passed.within.holds(design.unit)].any()


def test_too_little_left_is_nothing():
    design = DESIGNS["saltelli"](space(5), 32, 0)
    broken = design.unit[:, 0] > 0.2
    passed = gate(design.unit, design.block, broken, "drop")
    assert not passed.keep.any() and "of 32 blocks of runs are left" in passed.refusal


def test_a_block_or_two_are_not_enough_even_if_all_went_well():
    passed = gate(U[:3], np.arange(3), np.zeros(3, dtype=bool), "drop")
    assert not passed.keep.any() and "only 3 of 3 blocks" in passed.refusal


def test_a_curve_of_efast_cannot_be_restricted():
    design = DESIGNS["efast"](space(3), 65, 0)
    passed = gate(design.unit, design.block, design.unit[:, 0] < 0.05, "restrict", restrictable=False)
    assert not passed.keep.any() and "narrow the inputs' ranges" in passed.refusal


def test_the_cleared_box_is_clear_and_large():
    box = cleared(U, CORNER)
    assert not CORNER[box.holds(U)].any()
    assert box.mass > 0.5


def test_differences_are_run_by_run():
    y = np.array([[[1.0], [10.0], [100.0]], [[2.0], [11.0], [101.0]]])
    found = differences(y)
    assert found.mean[1, 0] == 1 and np.ptp(found.quantiles[1, 0]) == 0 and found.above[1, 0] == 1


def test_regret():
    y = np.array([[1.0, 5.0, np.inf, np.inf], [3.0, 2.0, 7.0, np.inf]])
    np.testing.assert_array_equal(regret(y, -1), [[0, 3, np.inf, 0], [2, 0, 0, 0]])
    np.testing.assert_array_equal(regret(y[:, :2], 1), [[2, 0], [0, 3]])


def test_wilson():
    """Newcombe (1998), table I: 15 of 148 by the score method without continuity correction."""
    assert wilson(15, 148) == pytest.approx((0.0624, 0.1605), abs=1e-4)


def test_kinds_of_trajectories():
    t = np.linspace(0, 1, 50)
    curves = np.array(
        [0.2 * t, t, np.where(t < 0.5, 2 * t, 0.1), np.minimum(2 * t, 1.6 - 0.9 * t), t * np.nan]
    )
    assert classify(curves, 0.5, 0.1).tolist() == [
        [*KINDS].index(k) for k in ("locks in", "takes off", "relapses", "overshoots")
    ] + [-1]
