"""Random functions: reproducible, independent of lanes and threads, and with the distributions of the Vensim manual.

https://www.vensim.com/documentation/fn_random.html : minimum, maximum, mean (shift), deviation (stretch), stream.
"""

import math

import numpy as np
import pytest
import scipy.stats

import capdyn
from capdyn.lang.functions import FUNCTIONS
from capdyn.lang.generator import threefry

LONG = {"final_time": 19_999}


@pytest.mark.parametrize(
    "counter, key, expected",
    [
        ((0, 0), (0, 0), (0xC2B6E3A8C2C69865, 0x6F81ED42F350084D)),
        ((2**64 - 1, 2**64 - 1), (2**64 - 1, 2**64 - 1), (0xE02CB7C4D95D277A, 0xD06633D0893B8B68)),
        (
            (0x243F6A8885A308D3, 0x13198A2E03707344),
            (0xA4093822299F31D0, 0x082EFA98EC4E6C89),
            (0x263C7D30BB0F0AF1, 0x56BE8361D3311526),
        ),
    ],
)
def test_known_answers_of_the_generator(counter, key, expected):
    """Published with Random123: threefry2x64, 20 rounds."""
    assert threefry(counter, key) == expected


@pytest.mark.parametrize("share", [1e-300, 1e-20, 1e-6, 0.02, 0.0749, 0.0751, 0.3, 0.5, 0.9, 1 - 1e-9])
def test_normal_quantile(share):
    found = FUNCTIONS["#normal quantile"].meaning(share)
    assert found == pytest.approx(scipy.stats.norm.ppf(share), rel=1e-14)


@pytest.mark.parametrize(
    "x", [-math.inf, -1e200, -40, -20, -7.08, -7.06, -3, -0.1, 0, 0.5, 2, 7.5, 39, math.inf]
)
def test_normal_cumulative(x):
    found = FUNCTIONS["#normal cumulative"].meaning(x)
    assert found == pytest.approx(scipy.stats.norm.cdf(x), abs=1e-15)


DISTRIBUTIONS = [
    ("RANDOM 0 1()", scipy.stats.uniform(0, 1)),
    ("RANDOM UNIFORM(-2, 6, 0)", scipy.stats.uniform(-2, 8)),
    ("RANDOM NORMAL(-1000, 1000, 5, 2, 0)", scipy.stats.norm(5, 2)),
    ("RANDOM NORMAL(4, 6, 5, 2, 0)", scipy.stats.truncnorm(-0.5, 0.5, 5, 2)),
    ("RANDOM NORMAL(9, 1e9, 5, 1, 0)", scipy.stats.truncnorm(4, 1e9, 5, 1)),
    ("RANDOM NORMAL(-5, -4, 5, 1, 0)", scipy.stats.truncnorm(-10, -9, 5, 1)),
    ("RANDOM NORMAL(14, 1e9, 5, 1, 0)", scipy.stats.truncnorm(9, 1e9, 5, 1)),
    ("RANDOM EXPONENTIAL(0, 1e9, 1, 3, 0)", scipy.stats.expon(1, 3)),
    ("RANDOM EXPONENTIAL(2, 5, 1, 3, 0)", scipy.stats.truncexpon(1, 2, 3)),
    ("RANDOM(3, 4)", scipy.stats.uniform(3, 1)),
    ("NORMAL(5, 2)", scipy.stats.norm(5, 2)),
]


@pytest.mark.parametrize("call, distribution", DISTRIBUTIONS, ids=[case[0] for case in DISTRIBUTIONS])
def test_distribution(model, call, distribution):
    """Twenty thousand steps; Kolmogorov's distance is below 1.95/sqrt(n) in 999 of 1000 seeds, and this is one seed."""
    drawn = capdyn.simulate(model(f"x = {call}", **LONG), method="euler")["x"].values
    assert scipy.stats.kstest(drawn, distribution.cdf).statistic < 1.95 / math.sqrt(len(drawn))
    one, other = drawn[:-1] - drawn.mean(), drawn[1:] - drawn.mean()
    assert abs((one * other).mean()) < 4 * drawn.var() / math.sqrt(len(drawn))


@pytest.mark.parametrize(
    "call, bits",
    [
        ("RANDOM 0 1()", True),
        ("RANDOM UNIFORM(-1, 3, 7)", True),
        ("RANDOM NORMAL(0, 10, 5, 2, 0)", False),
        ("RANDOM EXPONENTIAL(0, 10, 1, 2, 0)", False),
    ],
)
def test_engines_agree(model, call, bits):
    """Uniform numbers to the bit; the others go through a logarithm, where the engines may differ in the last place."""
    opened = model(f"Here: (a1-a20)\nx[Here] = {call}", final_time=20)
    fast, slow = (capdyn.simulate(opened, engine=engine)["x"].values for engine in ("kernel", "interpret"))
    np.testing.assert_allclose(fast, slow, rtol=0 if bits else 1e-13)
    assert len(np.unique(fast)) == fast.size


class TestReproducible:
    EQUATIONS = """Here: a, b, c
    x[Here] = RANDOM UNIFORM(0, 1, 0)
    y = RANDOM UNIFORM(0, 1, stream) + RANDOM UNIFORM(0, 1, stream)
    stream = 0
    s = INTEG(y, 0)"""

    def run(self, model, seed=0, **settings):
        return capdyn.simulate(model(self.EQUATIONS), seed=seed, **settings)

    def test_same_seed(self, model):
        one, other = self.run(model, 3), self.run(model, 3)
        assert one.equals(other) and one.attrs["seed"] == 3

    def test_zero_is_a_seed_and_the_default(self, model):
        assert self.run(model, 0).equals(self.run(model))
        assert self.run(model).attrs["seed"] == 0

    def test_other_seed_and_other_stream(self, model):
        runs = [self.run(model, 0), self.run(model, 1), self.run(model, 2**53 - 1)]
        runs.append(self.run(model, parameters={"stream": 1}))
        assert len({float(run["y"][2]) for run in runs}) == 4
        assert runs[0]["x"].equals(runs[3]["x"])

    def test_elements_and_places_differ(self, model):
        run = self.run(model)
        assert len(np.unique(run["x"])) == 15
        assert not np.allclose(run["y"] % 1, 2 * run["x"].isel(Here=0) % 1)

    def test_the_place_in_the_model_is_known_by_name(self, model):
        """An equation added before does not change the numbers of the others."""
        before = self.run(model)["x"]
        after = capdyn.simulate(model("z = RANDOM 0 1()\n" + self.EQUATIONS))["x"]
        np.testing.assert_array_equal(before, after)

    @pytest.mark.parametrize("seed", [-1, 2**53, 0.5, True, "1"])
    def test_wrong_seed(self, model, seed):
        with pytest.raises(capdyn.ArgumentError, match="Give a whole number from 0"):
            self.run(model, seed)

    def test_noise_seed_of_the_model(self, model):
        """As in Vensim, it moves the draws of stream 0 and no others."""
        opened = model("NOISE SEED = 1\nx = RANDOM UNIFORM(0, 1, 0)\ny = RANDOM UNIFORM(0, 1, 5)")
        one, other = (capdyn.simulate(opened, parameters={"NOISE SEED": seed}) for seed in (1, 2))
        assert (one["x"] != other["x"]).all() and one["y"].equals(other["y"])


class TestMembers:
    EQUATIONS = "a = 1\nx = a*RANDOM NORMAL(-9, 9, 0, 1, 0)\ns = INTEG(x, 0)"

    def test_each_has_its_own_numbers_whatever_the_lanes_and_threads(self, model):
        opened = model(self.EQUATIONS, final_time=10)
        runs = [
            capdyn.ensemble(opened, {"a": np.ones(21)}, seed=5, lanes=lanes, threads=threads)
            for lanes, threads in ((1, 1), (2, 2), (8, 1), (None, 2))
        ]
        for other in runs[1:]:
            np.testing.assert_array_equal(other["x"], runs[0]["x"])
        assert len(np.unique(runs[0]["x"])) == runs[0]["x"].size
        assert runs[0].attrs["seed"] == 5

    def test_the_first_member_is_the_single_run(self, model):
        opened = model(self.EQUATIONS, final_time=10)
        alone = capdyn.simulate(opened, seed=5)
        first = capdyn.ensemble(opened, {"a": np.ones(3)}, seed=5).isel(member=0)
        np.testing.assert_array_equal(alone["s"], first["s"])

    def test_a_failed_member_is_found_with_its_own_numbers(self, model):
        """Each member divides by zero in the first step in which its own number is below a tenth."""
        opened = model("a = 0.1\nu = RANDOM 0 1()\nx = 1/IF THEN ELSE(u < a, 0, 1)", final_time=60)
        run = capdyn.ensemble(opened, {"a": np.full(9, 0.1)}, outputs=["u", "x"])
        first = np.argmax(run["u"].values < 0.1, axis=1)
        np.testing.assert_array_equal(run["failed_time"], first)
        assert set(run["failed_variable"].values) == {"x"} and len(set(first)) > 3


@pytest.mark.parametrize("engine", ["kernel", "interpret"])
@pytest.mark.parametrize("method", ["rk2", "rk4"])
def test_held_over_the_stages_of_a_step(model, method, engine):
    """A stock that is filled with noise rises by what the noise was at the beginning of the step."""
    opened = model("x = RANDOM NORMAL(-9, 9, s, 0.1, 0)\ns = INTEG(x, 0)", time_step=0.5, saveper=0.5)
    run = capdyn.simulate(opened, method=method, engine=engine)
    np.testing.assert_allclose(np.diff(run["s"]), 0.5 * run["x"][:-1], rtol=1e-12)


def test_first_value_of_a_stock(model):
    run = capdyn.simulate(model("s = INTEG(0, x)\nx = RANDOM 0 1()"))
    np.testing.assert_array_equal(run["s"], run["x"][0])


@pytest.mark.parametrize(
    "call, expected",
    [
        ("RANDOM NORMAL(0, 10, 4, 0, 0)", 4),
        ("RANDOM NORMAL(5, 10, 4, 0, 0)", 5),
        ("RANDOM NORMAL(100, 101, 4, 1, 0)", 100),
        ("RANDOM NORMAL(-101, -100, 4, 1, 0)", -100),
        ("RANDOM UNIFORM(3, 3, 0)", 3),
        ("RANDOM EXPONENTIAL(0, 10, 2, 0, 0)", 2),
    ],
)
def test_no_spread(model, call, expected):
    assert capdyn.simulate(model(f"x = {call}"))["x"].values.tolist() == [expected] * 5


def test_an_adaptive_method_is_refused(model):
    with pytest.raises(
        capdyn.ArgumentError, match="'x' uses RANDOM NORMAL, which makes sense on a fixed step only"
    ):
        capdyn.simulate(model("x = RANDOM NORMAL(0, 1, 0, 1, 0)"), method="lsoda")


def test_not_to_be_called_by_people(model):
    with pytest.raises(capdyn.ModelError, match="is no function"):
        model("x = DRAW(1, 2, 3, 4, 5)")
