"""Ensembles on small models: failed members, wrong input, results that would not fit."""

import _thread
import signal
import threading
import time

import numpy as np
import pytest
import xarray as xr

import capdyn

GROWTH = "Rate = 0.1\nLevel = INTEG(Rate*Level, 1)"


def test_members_and_simulate_agree(model):
    opened = model(GROWTH)
    rates = np.array([0.0, 0.1, -0.3, 2.5, 1.0])
    found = capdyn.ensemble(opened, {"Rate": rates})
    np.testing.assert_allclose(found["Level"].isel(time=-1), (1 + rates) ** 4, rtol=1e-14)
    np.testing.assert_array_equal(found["Rate"], rates)
    for member, rate in enumerate(rates):
        alone = capdyn.simulate(opened, parameters={"Rate": rate})
        np.testing.assert_array_equal(found["Level"][member], alone["Level"])


def test_a_failed_member_is_told_and_leaves_the_others_alone(model):
    """x = 1/(limit - Time): the member whose limit is met at a save time is infinite there; the rest is untouched."""
    opened = model("limit = 10\nx = 1/(limit - Time)\ny = x + Time")
    limits = np.array([10.0, 2.0, 7.5, 10.0])
    found = capdyn.ensemble(opened, {"limit": limits}, outputs=["y"])
    assert found["status"].values.tolist() == [0, 1, 0, 0]
    assert found["failed_variable"].values.tolist() == ["", "x", "", ""]
    np.testing.assert_array_equal(found["failed_time"], [np.nan, 2.0, np.nan, np.nan])
    times = np.arange(5.0)
    for member in (0, 2, 3):
        np.testing.assert_allclose(found["y"][member], 1 / (limits[member] - times) + times)


def test_a_state_that_overflows_is_told_with_its_step(model):
    opened = model("k = 1\nLevel = INTEG(k*Level, 1)", final_time=200, saveper=100)
    found = capdyn.ensemble(opened, {"k": [0.0, 1e3, 0.5]})
    assert found["status"].values.tolist() == [0, 1, 0]
    # 1001**102 is the last power below 1.8e308; the flow overflows one step before the stock.
    assert float(found["failed_time"][1]) == 102
    assert str(found["failed_variable"].values[1]) == "net flow of Level"


def test_array_parameters(model):
    opened = model("R: r1, r2\na[R] = 1,2\nx[R] = a[R]*10")
    one = capdyn.ensemble(opened, {"a[r2]": [5.0, 6.0]})
    np.testing.assert_array_equal(one["x"], [[10, 50], [10, 60]])
    both = capdyn.ensemble(opened, {"a": [5.0, 6.0]})
    np.testing.assert_array_equal(both["x"], [[50, 50], [60, 60]])


def test_given_initial_values_in_a_scenario(model):
    found = capdyn.ensemble(model(GROWTH), {"Rate": [0.0, 1.0]}, {"initial": {"Level": 3}})
    np.testing.assert_array_equal(found["Level"].isel(time=1), [3, 6])


MISTAKES = [
    (
        "no members",
        {"Rate": []},
        {},
        "parameters: 'Rate' has shape (0,). Give one number for each member, shape (n_members,).",
    ),
    (
        "a single number",
        {"Rate": 0.1},
        {},
        "parameters: 'Rate' has shape (). Give one number for each member, shape (n_members,).",
    ),
    (
        "nothing varies",
        {},
        {},
        "parameters: arrays of one length are needed, one number a member (none given).",
    ),
    (
        "lengths differ",
        {"Rate": [1, 2], "Other": [1, 2, 3]},
        {},
        "parameters: arrays of one length are needed, one number a member ('Rate' 2, 'Other' 3).",
    ),
    (
        "out of range",
        {"Bounded": [0.5, 1.5]},
        {},
        "parameters: 'Bounded' gets 1.5, outside its range [0.0, 1.0]. Stay within it, or widen the range in the equation file.",
    ),
    (
        "not a number",
        {"Bounded": [0.5, np.nan]},
        {},
        "parameters: 'Bounded' gets nan, outside its range [0.0, 1.0]. Stay within it, or widen the range in the equation file.",
    ),
    (
        "adaptive method",
        {"Rate": [1, 2]},
        {"method": "lsoda"},
        "An ensemble runs with a fixed step; lsoda is adaptive. "
        "Choose method='rk4' or 'euler', or call capdyn.simulate for each member.",
    ),
    (
        "the clock differs",
        {"FINAL TIME": [4, 5]},
        {},
        "'FINAL TIME' differs between members of an ensemble, and the run's times follow from it. "
        "Run one ensemble for each value.",
    ),
]


@pytest.mark.parametrize(
    "parameters, options, message", [row[1:] for row in MISTAKES], ids=[row[0] for row in MISTAKES]
)
def test_mistakes(model, parameters, options, message):
    opened = model(GROWTH + "\nOther = 1\nBounded = 0.5 ~ Dmnl [0,1] ~ |")
    with pytest.raises(capdyn.CapdynError) as caught:
        capdyn.ensemble(opened, parameters, **options)
    assert str(caught.value) == message


def test_unknown_parameter(model):
    with pytest.raises(capdyn.CapdynError, match="Did you mean 'Rate'"):
        capdyn.ensemble(model(GROWTH), {"Rat": [1.0]})


def test_results_that_would_not_fit(model):
    opened = model(GROWTH, final_time=100_000)
    with pytest.raises(
        capdyn.ArgumentError, match=r"would take .* GiB\. Name the variables you need in outputs"
    ):
        capdyn.ensemble(opened, {"Rate": np.zeros(10_000)})


DECAY = """
    R: r1, r2, r3
    Rate = 0.1
    Load[R] = INTEG(SIN(3*Time) - Rate*Load[R], 1)
    total = SUM(Load[R!])
    Twice = 2*Rate
"""


@pytest.fixture
def decay(model):
    return model(DECAY, time_step=0.125)


RATES = np.linspace(0, 2, 301)


def test_lanes_and_threads_change_no_bit(decay):
    expected = capdyn.ensemble(decay, {"Rate": RATES}, threads=1)
    for lanes in (1, 2, 4, 8, 64):
        for threads in (1, 3):
            found = capdyn.ensemble(decay, {"Rate": RATES}, lanes=lanes, threads=threads)
            found.attrs["created"] = expected.attrs["created"]
            xr.testing.assert_identical(found, expected)


def test_reductions_are_those_of_the_whole_trajectories(decay):
    whole = capdyn.ensemble(decay, {"Rate": RATES})
    short = capdyn.ensemble(decay, {"Rate": RATES}, reduce=["max", "final", "min", "mean"])
    assert short["statistic"].values.tolist() == ["max", "final", "min", "mean"]
    assert short["Load"].dims == ("member", "statistic", "R")
    for name in ("Load", "total"):
        np.testing.assert_array_equal(short[name].sel(statistic="final"), whole[name].isel(time=-1))
        np.testing.assert_array_equal(short[name].sel(statistic="max"), whole[name].max("time"))
        np.testing.assert_array_equal(short[name].sel(statistic="min"), whole[name].min("time"))
        np.testing.assert_allclose(short[name].sel(statistic="mean"), whole[name].mean("time"), rtol=1e-14)
    for name in ("Rate", "Twice", "status", "failed_time"):
        xr.testing.assert_identical(short[name], whole[name])
    assert short["total"].attrs == whole["total"].attrs


def test_a_failure_between_is_seen_by_a_reduction(model):
    """1/(limit - Time) is infinite at one save time only; the end alone would not tell."""
    opened = model("limit = 10\nx = 1/(limit - Time)")
    found = capdyn.ensemble(opened, {"limit": [10.0, 2.0]}, reduce=["final"])
    assert found["status"].values.tolist() == [0, 1]
    assert found["failed_time"].values[1] == 2


@pytest.mark.parametrize(
    "reduce, message",
    [
        (["median"], r"reduce: 'median' is no statistic\. Did you mean 'mean' or 'min'\?"),
        (["p90"], r"reduce: 'p90' is no statistic\. Choose among final, at, change, min, max, mean,"),
        ([], r"reduce: nothing named\. Choose among"),
    ],
)
def test_unknown_reductions(decay, reduce, message):
    with pytest.raises(capdyn.ArgumentError, match=message):
        capdyn.ensemble(decay, {"Rate": RATES}, reduce=reduce)


def test_many_members_fit_when_reduced(model):
    """5,000,000 numbers a trajectory of a member would not fit; one each does."""
    opened = model(GROWTH, final_time=5_000)
    members = {"Rate": np.linspace(-0.5, 0, 200_000)}
    with pytest.raises(capdyn.ArgumentError, match="GiB"):
        capdyn.ensemble(opened, members, outputs=["Level"])
    found = capdyn.ensemble(opened, {"Rate": members["Rate"][:2000]}, outputs=["Level"], reduce=["min"])
    assert found["Level"].shape == (2000, 1)


@pytest.fixture
def interruptible():
    """Ctrl-C as in a terminal, also where the tests' runner ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_an_interruption_is_heard(model, interruptible):
    """Ctrl-C while hours of work are left: back within a second, with no thread left behind."""
    opened = model(GROWTH, final_time=10_000)
    capdyn.ensemble(opened, {"Rate": np.zeros(3)}, outputs=["Level"])
    before = threading.active_count()
    alarm = threading.Timer(0.5, _thread.interrupt_main)
    started = time.monotonic()
    alarm.start()
    with pytest.raises(KeyboardInterrupt):
        capdyn.ensemble(opened, {"Rate": np.zeros(5_000_000)}, outputs=["Level"], reduce=["final"])
    assert time.monotonic() - started < 5.0  # one second on a machine with nothing else to do
    assert threading.active_count() <= before + 1
