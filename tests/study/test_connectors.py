"""Scripts written for SALib and for the EMA Workbench run capdyn models."""

import warnings

import numpy as np
import pytest

from capdyn.errors import ArgumentError, NumericalError
from capdyn.study.ema import ema_evaluator, ema_model
from capdyn.study.evaluate import Evaluator, salib_pair
from capdyn.study.read import read_study

EQUATIONS = """
Lever: one, two
Region: Home, Away
a = 1 ~ [0, 2] ~ |
b = 1 ~ [-1, 1] ~ |
Lever intensity[Lever,Region] = 0 ~ [0, 1] ~ |
Flow = a * b + Lever intensity[one,Home] ~ ~ |
Y = INTEG(Flow, 0) ~ ~ |
"""
STUDY = {
    "inputs": {"a": {}, "b": {}, "Lever intensity[one,Home]": {}},
    "features": {
        "Y": {"variable": "Y", "better": "high"},
        "When": {"variable": "Y", "statistic": "crossing", "level": 0.5},
    },
}


@pytest.fixture
def study(model):
    return read_study(STUDY, model(EQUATIONS, final_time=2))


def test_a_model_is_a_function_of_its_inputs(study):
    found = Evaluator(study)(np.array([[2.0, 0.5, 0.0], [1.0, 1.0, 1.0]]))
    np.testing.assert_allclose(found[0], [[2, 0.5], [4, 0.25]])
    with pytest.raises(ArgumentError, match=r"the shape is \(3,\), and there are 3 inputs"):
        Evaluator(study)(np.zeros(3))


def test_a_script_of_salib(study):
    """Y = 2 (a b + l): a in 0..2, b in -1..1, l in 0..1; the variances are 4 (1/3 of b, 1/9 of a b, 1/12 of l)."""
    from SALib.analyze import sobol
    from SALib.sample import sobol as sampler

    problem, evaluate = salib_pair(study, "Y")
    assert problem == {
        "num_vars": 3,
        "names": ["a", "b", "Lever intensity[one,Home]"],
        "bounds": [[0.0, 1.0]] * 3,
    }
    y = evaluate(sampler.sample(problem, 512, calc_second_order=False, seed=1))
    found = sobol.analyze(problem, y, calc_second_order=False, num_resamples=2)
    parts = np.array([0, 1 / 3, 1 / 12, 1 / 9])
    np.testing.assert_allclose(found["S1"], parts[:3] / parts.sum(), atol=0.03)
    np.testing.assert_allclose(found["ST"], np.array([1 / 9, 1 / 3 + 1 / 9, 1 / 12]) / parts.sum(), atol=0.03)


def test_salib_does_not_get_what_is_not_finite(study):
    unit = np.random.default_rng(0).random((200, 3))
    with pytest.raises(
        NumericalError, match=r"'When' is no finite number in \d+ of 200 runs; .* lie where b is below"
    ):
        salib_pair(study, "When")[1](unit)
    assert np.isinf(salib_pair(study, "When", failed="keep")[1](unit)).any()
    with pytest.raises(ArgumentError, match="feature: 'X' is not in the study"):
        salib_pair(study, "X")


def test_a_script_of_the_ema_workbench(study):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from ema_workbench import Policy, SequentialEvaluator

        own = ema_model(study)
        assert [u.name for u in own.uncertainties] == ["a", "b"]
        assert [lever.name for lever in own.levers] == ["Lever intensity[one,Home]"]
        policies = [
            Policy("none", **{"Lever intensity[one,Home]": 0.0}),
            Policy("all", **{"Lever intensity[one,Home]": 1.0}),
        ]
        found = []
        for evaluator in (ema_evaluator(own), SequentialEvaluator(own)):
            with evaluator:
                found.append(evaluator.perform_experiments(scenarios=_scenarios(), policies=policies))
        for experiments, outcomes in found:
            exact = 2 * (experiments["a"] * experiments["b"] + experiments["Lever intensity[one,Home]"])
            np.testing.assert_allclose(outcomes["Y"], exact.astype(float))
        np.testing.assert_array_equal(found[0][1]["Y"], found[1][1]["Y"])


def _scenarios():
    from ema_workbench import Scenario

    values = np.random.default_rng(1).random((5, 2))
    return [Scenario(str(n), a=2 * u, b=2 * v - 1) for n, (u, v) in enumerate(values)]


def test_what_the_workbench_cannot_have(study, model):
    from dataclasses import replace

    with pytest.raises(ArgumentError, match="one scenario and some features, not 1 and 0"):
        ema_model(replace(study, features=()))
    bent = read_study({**STUDY, "inputs": {"a": {"distribution": "triangular", "mode": 1}}}, study.model)
    with pytest.raises(ArgumentError, match="'a' is triangular"):
        ema_model(bent)
    with pytest.raises(ArgumentError, match="does not come from capdyn"):
        ema_evaluator(object())
