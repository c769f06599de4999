"""Exact gradients, profiles and draws, on models whose posterior is known in closed form."""

import math
import warnings

import numpy as np
import pytest
from typer.testing import CliRunner

import capdyn
from capdyn.cli import app
from capdyn.study.posterior import _doubt
from equations import mdl

LINE = """
    First = 4 ~ Dmnl [-50,50] ~ |
    Drift = 0.5 ~ 1/Year [-50,50] ~ |
    Rate = 0.3 ~ 1/Year [0.01,1] ~ |
    Level = INTEG(Drift, First) ~ Dmnl ~ |
    Decaying = INTEG(-Rate * Decaying, First) ~ Dmnl ~ |
    Speed = 0.5 ~ 1/Year [0.01,1] ~ |
    Root = INTEG(SQRT(Speed - 0.3), 0) ~ Dmnl ~ |
"""
FIRST = '[free.First]\nlow = -40\nhigh = 40\nwhy = "x"\n'
DRIFT = '[free.Drift]\nlow = -40\nhigh = 40\nwhy = "x"\n'
RATE = '[free.Rate]\nlow = 0.1\nhigh = 0.9\nwhy = "x"\n'
SPEED = RATE.replace("Rate", "Speed")


def target(name, output, time, value, sd, kind="at"):
    return (
        f'[targets.{name}]\nscenario = "baseline"\noutput = "{output}"\ntime = {time}\nvalue = {value}\n'
        f'sd = {sd}\nkind = "{kind}"\nsource = "x"\n'
    )


TWO = target("early", "Level", 2, 7.0, 1.0) + target("late", "Level", 6.5, 3.0, 2.0)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "calibration").mkdir()
    text = mdl(LINE, final_time=8, time_step="0.125", saveper=1)
    (tmp_path / "model.mdl").write_text(text, encoding="utf-8")
    (tmp_path / "scenarios" / "baseline.toml").write_text('[time]\nmethod = "rk4"\n')
    monkeypatch.chdir(tmp_path)
    return tmp_path / "calibration"


def read(folder, text):
    (folder / "c.toml").write_text('title = "T"\nstarts = 1\n' + text)
    return capdyn.read_calibration(folder / "c.toml")


def draw(calibration, walkers, seed):
    """Many walkers and few steps: quick, and shorter than what draws are not warned of."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return capdyn.posterior(calibration, 60 * walkers, walkers, seed)


def test_the_gradient_is_that_of_the_closed_form_and_of_differences(folder):
    """Residual of First exp(-r t) at t = 5: its derivatives in the places, Rate on a logarithmic scale."""
    own = read(folder, RATE + FIRST + target("a", "Decaying", 5, 1.0, 0.1)
               + target("held", "Decaying", 3, 0.1, 0.1, "above") + target("broken", "Decaying", 3, 9.0, 0.5, "above"))  # fmt: skip
    place = np.array([own.free[0].unit(0.25), own.free[1].unit(6.0)])
    slopes = own.slopes(place)
    left = math.exp(-5 * 0.25)
    wanted = [-5 * 6.0 * left * 0.25 * math.log(9) / 0.1, left * 80 / 0.1]
    np.testing.assert_allclose(slopes[0], wanted, rtol=1e-6)
    assert slopes[1].tolist() == [0.0, 0.0]  # a bound that holds pulls nothing
    step = 1e-5
    for i, move in enumerate(np.eye(2) * step):
        above, below = own.residuals(np.array([place + move, place - move]))
        np.testing.assert_allclose(slopes[:, i], (above - below) / (2 * step), rtol=1e-6, atol=1e-6)


def test_a_model_without_a_tangent_is_fitted_by_differences(folder, monkeypatch):
    own = read(folder, SPEED + target("a", "Root", 4, 0.8, 0.1))
    assert own.slopes(np.array([own.free[0].unit(0.2)])) is None  # the run fails there
    monkeypatch.setattr(type(own), "slopes", lambda self, unit: None)
    assert float(capdyn.calibrate(own)["best"][0]) == pytest.approx(0.3 + 0.2**2, rel=1e-4)


def test_the_profile_of_a_gaussian_is_a_parabola(folder):
    own = read(folder, FIRST + DRIFT + TWO)
    found = capdyn.calibrate(own)
    mean, covariance = exact()
    np.testing.assert_allclose(found["best"], mean, rtol=1e-6)
    sds = np.sqrt(np.diag(covariance))
    away = found["profile_value"].values - mean[:, None]
    other = mean[::-1, None] + covariance[0, 1] / sds[:, None] ** 2 * away
    free = np.abs(other) < 40  # elsewhere the other constant stands at its end
    assert free.sum(axis=1).tolist() == [9, 3]
    parabola = (away / sds[:, None]) ** 2
    np.testing.assert_allclose(found["profile_cost"].values[free], parabola[free], rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(found["high"], mean + 1.959964 * sds, rtol=1e-5)
    np.testing.assert_allclose(found["low"], mean - 1.959964 * sds, rtol=1e-5)


def exact():
    """Posterior of (First, Drift) for Level(t) = First + Drift t, with a flat prior."""
    rows = np.array([[1.0, 2.0], [1.0, 6.5]])
    weights = np.diag([1.0, 1 / 4])
    covariance = np.linalg.inv(rows.T @ weights @ rows)
    return covariance @ rows.T @ weights @ np.array([7.0, 3.0]), covariance


def test_draws_of_a_gaussian_posterior(folder):
    """Means within four standard errors, that is of the effective draws; spreads likewise."""
    own = read(folder, FIRST + DRIFT + TWO)
    found = draw(own, 400, seed=3)
    mean, covariance = exact()
    sds, effective = np.sqrt(np.diag(covariance)), found["effective_draws"].values
    assert (effective > 2000).all()
    assert (np.abs(found["mean"].values - mean) < 4 * sds / np.sqrt(effective)).all()
    assert (np.abs(found["sd"].values / sds - 1) < 4 / np.sqrt(2 * effective)).all()
    correlation = covariance[0, 1] / sds.prod()
    assert np.corrcoef(found["value"].values.T)[0, 1] == pytest.approx(correlation, abs=0.05)
    assert 0.2 < float(found["acceptance"].mean()) < 0.9
    assert found.attrs["failed_runs"] == 0 and found["value"].shape == (24_000, 2)
    np.testing.assert_allclose(
        found["found"].sel(target="early"),
        found["value"].sel(free="First") + 2 * found["value"].sel(free="Drift"),
        rtol=1e-9,
        atol=1e-9,
    )
    off = (found["found"].values - [7.0, 3.0]) / [1.0, 2.0]
    np.testing.assert_allclose(found["log_likelihood"], -0.5 * (off**2).sum(axis=1), rtol=1e-9)


def test_a_prior_counts(folder):
    """Normal prior 10 +- 1 and a number 4 +- 2: precisions 1 and 1/4 add up."""
    own = read(
        folder, FIRST + 'distribution = "normal"\nmean = 10\nsd = 1\n' + target("a", "Level", 0, 4.0, 2.0)
    )
    found = draw(own, 200, seed=1)
    effective = float(found["effective_draws"][0])
    sd = math.sqrt(1 / 1.25)
    assert abs(float(found["mean"][0]) - (10 + 4 / 4) / 1.25) < 4 * sd / math.sqrt(effective)
    assert abs(float(found["sd"][0]) / sd - 1) < 4 / math.sqrt(2 * effective)


def test_failed_runs_have_no_likelihood_and_are_counted(folder):
    """The bound holds wherever the run is finite, so that the posterior is flat from 0.3 to 0.9."""
    own = read(folder, SPEED + target("a", "Root", 4, -1.0, 0.1, "above"))
    found = draw(own, 200, seed=2)
    assert found.attrs["failed_runs"] > 100 and found.attrs["runs"] > 12_000
    assert float(found["value"].min()) >= 0.3
    sd = 0.6 / math.sqrt(12)
    assert abs(float(found["mean"][0]) - 0.6) < 4 * sd / math.sqrt(float(found["effective_draws"][0]))


def test_the_same_seed_gives_the_same_and_a_short_chain_is_told(folder):
    own = read(folder, FIRST + DRIFT + TWO)
    with pytest.warns(UserWarning, match="means and intervals are doubtful"):
        first, second, third = (capdyn.posterior(own, 320, 32, seed) for seed in (5, 5, 6))
    assert first.equals(second) and not np.array_equal(first["value"], third["value"])
    for wrong in ({"walkers": 7}, {"walkers": 2}, {"draws": 3}, {"seed": -1}):
        with pytest.raises(capdyn.ArgumentError, match=next(iter(wrong))):
            capdyn.posterior(own, **wrong)


def test_an_interrupted_chain_goes_on_with_the_same_bits(folder, monkeypatch):
    own = read(folder, FIRST + DRIFT + TWO)

    def interrupt(done, total, what):
        if done == 7:
            raise KeyboardInterrupt

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        whole, longer = (capdyn.posterior(own, draws, 32, 5) for draws in (320, 640))
        with pytest.raises(KeyboardInterrupt):
            capdyn.posterior(own, 320, 32, 5, interrupt, folder / "chain")
        asked = []
        there, run = len(list((folder / "chain" / "steps").glob("*.npy"))), type(own).found_at
        monkeypatch.setattr(type(own), "found_at", lambda self, x: asked.append(len(x)) or run(self, x))
        assert capdyn.posterior(own, 320, 32, 5, folder=folder / "chain").identical(whole)
        assert (
            there == 1 + 1 + 2 * 7 and len(asked) == 2 * 8
        )  # first points, where they stand, two halves a step
        assert capdyn.posterior(own, 320, 32, 5, folder=folder / "chain").identical(whole)
        assert len(asked) == 2 * 8
        assert capdyn.posterior(own, 640, 32, 5, folder=folder / "chain").identical(longer)
    with pytest.raises(capdyn.StoreError, match="holds another posterior; different: seed"):
        capdyn.posterior(own, 320, 32, 6, folder=folder / "chain")
    (folder / "chain" / "steps" / "000003.npy").write_bytes(b"broken")
    with pytest.raises(capdyn.StoreError, match=r"000003\.npy' is damaged\. Remove it: it is made again"):
        capdyn.posterior(own, 320, 32, 5, folder=folder / "chain")


def test_how_long_is_long_enough():
    assert _doubt(np.array([2.0, 9.0]), 450) == ""
    assert _doubt(np.array([2.0, 9.0]), 449).startswith("The chain is short: 449 steps are 50 autocorr")
    assert "stood still" in _doubt(np.array([2.0, np.inf]), 450)


def test_runs_that_all_fail(folder):
    path = folder.parent / "model.mdl"
    path.write_text(path.read_text(encoding="utf-8").replace("Speed = 0.5", "Speed = 0.2"), encoding="utf-8")
    own = read(
        folder,
        SPEED.replace("low = 0.1", "low = 0.01").replace("0.9", "0.29") + target("a", "Root", 4, 0.8, 0.1),
    )
    with pytest.raises(capdyn.NumericalError, match="only 0 are finite"):
        capdyn.posterior(own)


def test_draws_feed_a_study(folder):
    """Members of a Plan are the draws, and what they give is what the sampler found."""
    own = read(folder, FIRST + DRIFT + TWO)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = capdyn.posterior(own, 64)
    feature = capdyn.Feature("at", "early", "Level", at=2)
    plan = capdyn.Plan(
        own.model, tuple(found["free"].values), found["value"].values, ("baseline",), (feature,)
    )
    runs = capdyn.run_study(plan, folder / "runs")
    np.testing.assert_allclose(
        runs["features"].sel(feature="early").values.ravel(), found["found"].sel(target="early"), rtol=1e-12
    )


def test_a_wrong_prior_is_told_with_its_line(folder):
    for words, said in (
        ('distribution = "normal"\nmean = 1\n', "'First' needs sd, being normal."),
        ('distribution = "log_uniform"\n', "a logarithm needs an end above 0"),
        ('distribution = "switch"\n', "a fit needs a continuous one"),
        ('distribution = "unifrm"\n', "Did you mean 'uniform'"),
    ):
        with pytest.raises(capdyn.ScenarioError) as error:
            read(folder, FIRST + words + TWO)
        assert said in str(error.value) and "c.toml:" in str(error.value)


def test_command(folder):
    read(folder, FIRST + DRIFT + TWO)
    arguments = ["calibrate", "calibration/c.toml", "--sample", "160", "--walkers", "16", "--seed", "4"]
    done = CliRunner().invoke(app, [*arguments, "-o", "out"])
    assert done.exit_code == 0, done.output
    assert "Posterior of the free constants (160 draws of 16 walkers" in done.stdout
    assert "means and intervals are doubtful" in done.stderr
    assert capdyn.load("out/posterior.nc")["value"].shape == (160, 2)
    assert "<svg" in (folder.parent / "out" / "posterior.svg").read_text(encoding="utf-8")
