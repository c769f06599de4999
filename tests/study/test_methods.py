"""Methods on functions with known answers: arrays only, no model."""

import numpy as np
import pytest
from scipy import integrate

from capdyn.study.methods.delta import delta
from capdyn.study.methods.dgsm import dgsm
from capdyn.study.methods.efast import efast
from capdyn.study.methods.morris import morris
from capdyn.study.methods.pawn import pawn
from capdyn.study.methods.regional import holm, regional
from capdyn.study.methods.sobol import sobol
from capdyn.study.methods.tornado import tornado
from capdyn.study.sampling import DESIGNS, space


def ishigami(u, a=7.0, b=0.1):
    x = np.pi * (2 * u - 1)
    return (np.sin(x[:, 0]) + a * np.sin(x[:, 1]) ** 2 + b * x[:, 2] ** 4 * np.sin(x[:, 0]))[:, None]


# Closed form: Ishigami and Homma (1990) with a = 7, b = 0.1.
V1, V2, V13 = 0.5 * (1 + 0.1 * np.pi**4 / 5) ** 2, 49 / 8, 0.01 * np.pi**8 * (1 / 18 - 1 / 50)
V = V1 + V2 + V13
FIRST = np.array([V1, V2, 0.0]) / V
TOTAL = np.array([V1 + V13, V2, V13]) / V
G = np.array([0.0, 1.0, 4.5, 9.0, 99.0, 99.0])  # Sobol' G, Saltelli and Sobol' (1995)
G_PARTS = 1 / (3 * (1 + G) ** 2)
G_V = np.prod(1 + G_PARTS) - 1
G_FIRST = G_PARTS / G_V
G_TOTAL = G_PARTS * np.prod(1 + G_PARTS) / (1 + G_PARTS) / G_V


def g(u):
    return np.prod((np.abs(4 * u - 2) + G) / (1 + G), axis=1, keepdims=True)


CASES = {"ishigami": (ishigami, 3, FIRST, TOTAL), "g": (g, 6, G_FIRST, G_TOTAL)}


@pytest.mark.parametrize("size", [256, 1024, 4096])
@pytest.mark.parametrize("case", CASES)
def test_sobol_holds_the_closed_form_in_its_own_intervals(case, size):
    function, n, first, total = CASES[case]
    found = sobol(function(DESIGNS["saltelli"](space(n), size, 1).unit), n, confidence=0.99)
    for interval, true in ((found.first_interval[0], first), (found.total_interval[0], total)):
        assert (interval[:, 0] <= true).all() and (true <= interval[:, 1]).all()


def test_sobol_intervals_shrink_with_the_root_of_the_size():
    widths = [
        np.ptp(sobol(g(DESIGNS["saltelli"](space(6), size, 1).unit), 6).total_interval[0, 0])
        for size in (256, 4096)
    ]
    assert 2.5 < widths[0] / widths[1] < 6


def test_sobol_second_order_and_many_outputs_at_once():
    u = DESIGNS["saltelli"](space(3), 4096, 0, second_order=True).unit
    y = ishigami(u)
    both = sobol(np.hstack([y, 3 - 2 * y, np.full_like(y, 5.0)]), 3, second_order=True)
    assert both.second[0][0, 2] == pytest.approx(V13 / V, abs=0.02)
    assert abs(both.second[0][0, 1]) < 0.02
    assert np.isnan(both.second[0][2, 0])
    np.testing.assert_allclose(both.first[1], both.first[0], atol=1e-9)
    assert np.isnan(both.first[2]).all() and np.isnan(both.total_interval[2]).all()


def test_sobol_of_groups():
    u = DESIGNS["saltelli"](space(3, np.array([0, 1, 0])), 4096, 0).unit
    found = sobol(ishigami(u), 2)
    np.testing.assert_allclose(found.first[0], [1 - FIRST[1], FIRST[1]], atol=0.02)


def test_sobol_is_that_of_salib():
    from SALib.analyze import sobol as salib

    y = g(DESIGNS["saltelli"](space(6), 1024, 0).unit)
    theirs = salib.analyze(
        {"num_vars": 6, "names": [*"abcdef"]}, y[:, 0], calc_second_order=False, num_resamples=2
    )
    ours = sobol(y, 6)
    # SALib takes the variance from two runs of a block, we from all: the ratio is one number.
    ratio = ours.total[0] / theirs["ST"]
    assert ratio[0] == pytest.approx(1, abs=0.05)
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-9)
    np.testing.assert_allclose(ours.first[0], theirs["S1"] * ratio[0], atol=5e-3)


def test_sobol_of_a_rare_event_stays_a_share():
    """An output that is 0 but for one future in a hundred: totals are at most 1, as shares of a variance are."""
    u = DESIGNS["saltelli"](space(6), 256, 3).unit
    found = sobol(((u[:, 0] < 0.1) & (u[:, 1] < 0.1)).astype(float)[:, None] * (1 + u[:, 2:3]), 6)
    assert np.nanmax(found.total) <= 1.1


def test_morris_of_a_plane_is_its_slopes():
    design = DESIGNS["morris"](space(3), 10, 0)
    found = morris(design.unit @ np.array([[3.0], [-2.0], [0.0]]) + 1, **design.about)
    np.testing.assert_allclose(found.mean[0], [3, -2, 0], atol=1e-12)
    np.testing.assert_allclose(found.mean_absolute[0], [3, 2, 0], atol=1e-12)
    np.testing.assert_allclose(found.deviation[0], 0, atol=1e-12)


def test_morris_of_the_function_of_its_paper():
    """Morris (1991), section 5: inputs 1 to 10 matter, 11 to 20 do not; 8 to 10 linearly, with slopes of 40 over the range."""
    random = np.random.default_rng(5)
    one = np.concatenate([np.full(10, 20.0), random.normal(size=10)])
    two = random.normal(size=(20, 20))
    two[:6, :6] = -15
    three = np.zeros((20, 20, 20))
    three[:5, :5, :5] = -10

    def function(u):
        w = 2 * (u - 0.5)
        for i in (2, 4, 6):
            w[:, i] = 2 * (1.1 * u[:, i] / (u[:, i] + 0.1) - 0.5)
        y = w @ one
        for i in range(20):
            for j in range(i + 1, 20):
                y += two[i, j] * w[:, i] * w[:, j]
                for k in range(j + 1, 20):
                    if three[i, j, k]:
                        y += three[i, j, k] * w[:, i] * w[:, j] * w[:, k]
        return y[:, None] + 5 * np.prod(w[:, :4], axis=1, keepdims=True)

    design = DESIGNS["morris"](space(20), 60, 0)
    found = morris(function(design.unit.copy()), **design.about)
    assert found.mean_absolute[0, :10].min() > 1.5 * found.mean_absolute[0, 10:].max()
    np.testing.assert_allclose(found.mean[0, 7:10], 40, atol=6)
    assert found.deviation[0, :7].min() > found.deviation[0, 7:10].max()


def test_efast_of_ishigami():
    design = DESIGNS["efast"](space(3), 1025, 0, curves=4)
    found = efast(ishigami(design.unit), np.tile(np.arange(3), 4), 1025, 3)
    np.testing.assert_allclose(found.first[0], FIRST, atol=0.03)
    np.testing.assert_allclose(found.total[0], TOTAL, atol=0.06)
    assert found.curves.tolist() == [4, 4, 4]


def test_efast_without_the_curves_of_an_input_says_nothing_of_it():
    design = DESIGNS["efast"](space(3), 129, 0, curves=1)
    found = efast(ishigami(design.unit)[129:], np.array([1, 2]), 129, 3)
    assert np.isnan(found.first[0, 0]) and np.isfinite(found.first[0, 1:]).all()


def test_pawn_agrees_with_what_is_published():
    """Pianosi and Wagener (2018), Ishigami with a = 2, b = 1, 500 runs, medians over ten slices: 0.5, 0.16, 0.29, off a figure."""
    found = []
    for seed in range(20):
        u = DESIGNS["latin_hypercube"](space(3), 500, seed).unit
        found.append(pawn(u, ishigami(u, 2.0, 1.0), resamples=2).median[0])
    np.testing.assert_allclose(np.mean(found, axis=0), [0.5, 0.16, 0.29], atol=0.03)


def test_pawn_comes_with_the_noise_of_an_input_that_does_nothing():
    u = DESIGNS["latin_hypercube"](space(4), 1000, 0).unit
    found = pawn(u, ishigami(u))
    assert (found.median_interval[0, :, 0] <= found.median[0]).all()
    assert found.median[0, 3] < found.noise[0] < found.median[0, :2].min()


def test_pawn_is_that_of_salib():
    from SALib.analyze import pawn as salib

    u = DESIGNS["latin_hypercube"](space(3), 1000, 0).unit
    problem = {"num_vars": 3, "names": [*"abc"], "bounds": [[0, 1]] * 3}
    theirs = salib.analyze(problem, u, ishigami(u)[:, 0], S=10)
    ours = pawn(u, ishigami(u), slices=10, resamples=2)
    # SALib leaves the largest value of an input out of its last slice: one run in a hundred.
    np.testing.assert_allclose(ours.median[0], theirs["median"], atol=0.01)
    np.testing.assert_allclose(ours.largest[0], theirs["maximum"], atol=0.01)


def test_delta_of_ishigami():
    """0.210, 0.358, 0.155: Plischke, Borgonovo and Smith (2013), the numbers that SALib holds itself to."""
    u = DESIGNS["latin_hypercube"](space(3), 4096, 0).unit
    y = ishigami(u)
    found = delta(u, np.hstack([y, np.ones_like(y), np.round(y / 10)]), resamples=20)
    np.testing.assert_allclose(found.delta[0], [0.210, 0.358, 0.155], atol=0.03)
    assert np.isnan(found.delta[1:]).all()


def test_delta_by_quadrature():
    """y = z1 + z2 / 2 with standard normals: given one of them, y is normal with the spread of the other."""
    from scipy.stats import norm

    u = DESIGNS["latin_hypercube"](space(3), 4096, 0).unit
    found = delta(u, (norm.ppf(u[:, 0]) + norm.ppf(u[:, 1]) / 2)[:, None], resamples=20)
    grid, step = np.linspace(-8, 8, 4001, retstep=True)
    whole = norm.pdf(grid, 0, np.sqrt(1.25))

    def apart(own, other):
        known = norm.ppf((np.arange(500) + 0.5) / 500)
        return np.mean([np.abs(whole - norm.pdf(grid, own * z, other)).sum() * step / 2 for z in known])

    np.testing.assert_allclose(found.delta[0], [apart(1, 0.5), apart(0.5, 1), 0], atol=0.03)
    assert found.delta[0, 2] < found.noise[0] < found.delta[0, 1]


def test_dgsm_of_ishigami():
    """Mean squares 7.7, 24.5, 11: Sobol' and Kucherenko (2009), table 2, in x; in quantiles times (2 pi)^2."""
    u = DESIGNS["sobol_sequence"](space(3), 4096, 0).unit
    x = np.pi * (2 * u - 1)
    slopes = np.stack(
        [
            np.cos(x[:, 0]) * (1 + 0.1 * x[:, 2] ** 4),
            14 * np.sin(x[:, 1]) * np.cos(x[:, 1]),
            0.4 * x[:, 2] ** 3 * np.sin(x[:, 0]),
        ],
        axis=1,
    )[:, None] * (2 * np.pi)
    found = dgsm(ishigami(u), slopes)
    np.testing.assert_allclose(found.mean_square[0] / (2 * np.pi) ** 2, [7.7, 24.5, 11.0], rtol=0.01)
    assert (found.bound[0] > TOTAL).all()


def test_regional_tells_the_input_that_decides():
    u = DESIGNS["latin_hypercube"](space(4), 1000, 0).unit
    found = regional(u, u[:, 1] > 0.7)
    assert (
        found.distance[1] == 1 and found.p_value[1] < 1e-50 and found.shift[1] == pytest.approx(0.5, abs=0.01)
    )
    assert found.p_value[[0, 2, 3]].min() > 0.001
    assert np.isnan(regional(u, u[:, 1] > 2).distance).all()


def test_holm():
    np.testing.assert_allclose(holm(np.array([0.01, 0.04, 0.03])), [0.03, 0.06, 0.06])


def test_tornado():
    unit = DESIGNS["one_at_a_time"](space(2), 1, 0).unit
    found = tornado(unit @ np.array([[2.0], [-4.0]]))
    assert (found.centre, found.low.tolist(), found.high.tolist()) == (-1.0, [[-2.0, 1.0]], [[0.0, -3.0]])


def test_the_closed_forms_are_right():
    """By quadrature, so that no slip in the constants above goes unseen."""

    def inner(z):
        return integrate.quad(lambda v: (1 + 0.1 * np.pi**4 * (2 * v - 1) ** 4) ** z, 0, 1)[0]

    parts = 0.5 * inner(1) ** 2, 0.5 * (inner(2) - inner(1) ** 2)
    assert parts == pytest.approx((V1, V13))
