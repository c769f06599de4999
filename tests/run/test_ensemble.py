"""Ensembles on small models: failed members, wrong input, results that would not fit."""

import numpy as np
import pytest

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
        "'FINAL TIME' differs between members of an ensemble. Run one ensemble for each value.",
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
