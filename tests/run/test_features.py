"""Features of trajectories against closed forms: statistics, windows, crossings, what is not finite."""

import numpy as np
import pytest

import capdyn
from capdyn import Feature
from capdyn.run.features import STATISTICS, compute

TIMES = np.linspace(0, 10, 21)
LINES = np.stack([TIMES, 10 - 2 * TIMES], axis=1)  # two members: t and 10 - 2t


CASES = [
    (Feature("final"), [10, -10]),
    (Feature("at", at=2.5), [2.5, 5]),
    (Feature("at", at=2.6), [2.6, 4.8]),
    (Feature("at", at=0), [0, 10]),
    (Feature("change"), [10, -20]),
    (Feature("change", since=1.25, until=2), [0.75, -1.5]),
    (Feature("min"), [0, -10]),
    (Feature("max", until=4.3), [4.3, 10]),
    (Feature("mean", since=1, until=2), [1.5, 7]),
    (Feature("integral"), [50, 0]),
    (Feature("integral", since=0.2, until=0.4), [0.06, 1.88]),
    (Feature("time of min"), [0, 10]),
    (Feature("time of max", since=3), [10, 3]),
    (Feature("crossing", level=4.2), [4.2, 0]),
    (Feature("crossing", level=4.2, since=5), [5, np.inf]),
    (Feature("crossing", level=4.2, down=True), [0, 2.9]),
    (Feature("crossing", level=11.0), [np.inf, np.inf]),
    (Feature("crossing", level=11.0, never=99.0), [99, 99]),
    (Feature("crossing", level=10.0), [10, 0]),
]


@pytest.mark.parametrize("feature, expected", CASES, ids=[str(i) for i in range(len(CASES))])
def test_straight_lines(feature, expected):
    np.testing.assert_allclose(compute(feature, LINES, TIMES), expected, rtol=1e-13, atol=1e-13)


def test_every_statistic_has_a_case():
    assert {feature.statistic for feature, _ in CASES} == set(STATISTICS)


def test_a_crossing_is_the_first_one():
    wave = np.sin(2 * np.pi * TIMES / 4)[:, None]
    assert compute(Feature("crossing", level=-1.0, down=True), wave, TIMES) == pytest.approx(3)
    assert compute(Feature("crossing", level=1.0, since=1.5), wave, TIMES) == pytest.approx(5)


@pytest.mark.parametrize("statistic", STATISTICS)
@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_gives_no_feature_of_its_window_and_of_no_other(statistic, wrong):
    needs = {"at": {"at": 5.0}, "crossing": {"level": 3.0}}.get(statistic, {})
    values = LINES.copy()
    values[10, 0] = wrong
    found = compute(Feature(statistic, since=2.0, **needs), values, TIMES)
    assert np.isnan(found[0])
    assert found[1] == compute(Feature(statistic, since=2.0, **needs), LINES, TIMES)[1]
    if statistic != "at":
        assert np.isfinite(compute(Feature(statistic, until=4.5, **needs), values, TIMES)[0])
        assert np.isfinite(compute(Feature(statistic, since=5.5, **needs), values, TIMES)[0])


MISTAKES = [
    (Feature("at"), "reduce: at is missing. 'at' needs it."),
    (Feature("crossing", name="takes off"), "feature 'takes off': level is missing. 'crossing' needs it."),
    (Feature("at", at=11), "reduce: at 11 is not in the run. Runs go from 0 to 10."),
    (Feature("min", since=4, until=3), "reduce: since 4 is after until 3. Swap them."),
    (Feature("maximum"), "reduce: 'maximum' is no statistic. Did you mean 'max'?"),
]


@pytest.mark.parametrize("feature, message", MISTAKES)
def test_mistakes(feature, message):
    with pytest.raises(capdyn.ArgumentError) as caught:
        compute(feature, LINES, TIMES)
    assert str(caught.value) == message


def test_an_ensemble_reduced_to_features(model):
    """A stock that grows by `Rate` a year from 0 crosses 3 at 3 / Rate, between save times too."""
    opened = model("Rate = 1\nLevel = INTEG(Rate, 0)\nTwice = 2*Level", final_time=10)
    rates = np.array([0.25, 0.7, 1.0, 2.0])
    wanted = ["max", Feature("crossing", name="at 3", level=3), Feature("integral", until=4)]
    found = capdyn.ensemble(opened, {"Rate": rates}, outputs=["Level"], reduce=wanted)
    assert found["statistic"].values.tolist() == ["max", "at 3", "integral"]
    assert found["statistic_unit"].values.tolist() == ["variable", "time", "product"]
    np.testing.assert_allclose(
        found["Level"], np.stack([10 * rates, [np.inf, *3 / rates[1:]], 8 * rates], axis=1), rtol=1e-14
    )
    assert not found["status"].any()


def test_features_that_do_not_fit_the_run_are_refused_before_it(model):
    with pytest.raises(capdyn.ArgumentError, match=r"at 5 is not in the run\. Runs go from 0 to 4"):
        capdyn.ensemble(model("a = 1\nx = INTEG(a, 0)"), {"a": [1]}, reduce=[Feature("at", at=5)])


def test_a_part_of_an_ensemble_gives_what_the_whole_gives(model):
    opened = model("a = 1\nx = INTEG(a*RANDOM UNIFORM(0, 1, 3), 0)")
    whole = capdyn.ensemble(opened, {"a": np.arange(1.0, 21)}, seed=4)
    part = capdyn.ensemble(opened, {"a": np.arange(8.0, 13)}, seed=4, members=range(7, 12))
    np.testing.assert_array_equal(part["x"], whole["x"][7:12])
    assert part["member"].values.tolist() == [7, 8, 9, 10, 11]
    alone = capdyn.ensemble(opened, {}, seed=4, members=range(20))
    np.testing.assert_array_equal(alone["x"][0], whole["x"][0])
    assert len(np.unique(alone["x"][:, -1])) == 20


def test_many_failed_members_are_each_explained(model):
    """Failures at different times and of different kinds, more than a block holds."""
    opened = model(
        "a = 1\nx = INTEG(IF THEN ELSE(Time >= a, 1/(Time - a), 0), 0)\ny = 1/(a - Time - 0.5)", final_time=20
    )
    a = np.concatenate([np.arange(1.0, 20), np.arange(1.5, 20), np.full(30, 0.75)])
    found = capdyn.ensemble(opened, {"a": a})
    for member in range(len(a)):
        try:
            capdyn.simulate(opened, parameters={"a": a[member]})
            said = ("", None)
        except capdyn.NumericalError as error:
            said = (str(error).split("'")[1], float(str(error).split("at time ")[1].split()[0]))
        assert said[0] == found["failed_variable"].values[member]
        assert said[1] is None or said[1] == found["failed_time"].values[member]
    assert set(found["failed_variable"].values) == {"", "net flow of x", "y"}
