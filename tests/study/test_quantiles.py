"""Quantiles over members against NumPy's, in memory and from disk, with failed runs and crossings that never came."""

import numpy as np
import pytest

import capdyn
from capdyn.study.quantiles import of_columns, quantiles
from capdyn.study.run import run_study
from studies import plan_of

LEVELS = np.array([0.0, 0.05, 0.3, 0.5, 0.95, 1.0])


def test_columns_as_numpy_has_them():
    values = np.random.default_rng(1).normal(size=(101, 7))
    np.testing.assert_allclose(of_columns(values, LEVELS), np.quantile(values, LEVELS, axis=0), rtol=1e-13)


def test_never_is_later_than_everything():
    """Of 1, 2, 3, never, never the median is 3, the next quarter never; and nothing is not-a-number."""
    values = np.array([[np.inf, 3.0, 1.0, np.inf, 2.0]]).T
    found = of_columns(values, np.array([0.0, 0.25, 0.5, 0.6, 0.75, 1.0]))
    np.testing.assert_array_equal(found[:, 0], [1, 2, 3, np.inf, np.inf, np.inf])


def test_what_is_not_a_number_is_left_out():
    values = np.array([[1.0, 5.0], [np.nan, 6.0], [2.0, np.nan], [np.nan, np.nan]])
    np.testing.assert_array_equal(of_columns(values, np.array([0.5])), [[1.5, 5.5]])
    assert np.isnan(of_columns(np.full((3, 1), np.nan), np.array([0.5]))).all()


@pytest.mark.parametrize("part", [2**27, 3000])
def test_a_study_and_an_ensemble(opened, tmp_path, monkeypatch, part):
    monkeypatch.setattr("capdyn.study.quantiles._PART", part)
    plan = plan_of(opened)
    study = run_study(plan, tmp_path / "s")
    found = quantiles(study, LEVELS)
    ok = study["status"].values[0] == 0
    assert found["n_runs"].values.tolist() == [99, 99]
    assert found["n_left_out"].values.tolist() == [1, 1]
    assert found["Level"].dims == ("quantile", "scenario", "time", "Region")
    expected = np.quantile(study["Level"].values[:, ok], LEVELS, axis=1)
    np.testing.assert_allclose(found["Level"], expected, rtol=1e-13)
    assert found["Level"].attrs["units"] == "Units"
    np.testing.assert_allclose(
        found["features"].sel(feature="total")[:, 1],
        np.quantile(study["features"].values[1, ok, 0], LEVELS), rtol=1e-13,
    )  # fmt: skip
    ensemble = capdyn.ensemble(
        opened, dict(zip(plan.inputs, plan.sample.T, strict=True)), outputs=["Level", "Inverse"], seed=3
    )
    direct = quantiles(ensemble, LEVELS)
    assert int(direct["n_left_out"]) == 1
    np.testing.assert_array_equal(direct["Level"], found["Level"][:, 0])


def test_mistakes(opened, tmp_path):
    study = run_study(plan_of(opened, 4), tmp_path / "s")
    with pytest.raises(
        capdyn.ArgumentError, match=r"levels: \[5\] are no quantiles\. Give numbers from 0 to 1\."
    ):
        quantiles(study, [5])
    with pytest.raises(capdyn.ArgumentError, match="has no members with a status"):
        quantiles(study.drop_vars("status"))
    study["status"] = study["status"].where(study["member"] > 0, -1)
    with pytest.raises(capdyn.ArgumentError, match=r"2 of 8 runs are not there yet"):
        quantiles(study)
