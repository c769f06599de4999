"""Calibration on a model whose answer is known: decay to half in a given time."""

import math

import numpy as np
import pytest
from scipy.stats import qmc
from typer.testing import CliRunner

import capdyn
from capdyn.cli import app
from capdyn.run.summary import plain
from capdyn.study.calibrate import calibrate, tables_of
from capdyn.study.calibration import read_calibration
from equations import REGIONAL, mdl

DECAY = """
    Rate = 0.3 ~ 1/Year [0.01,1] ~ |
    Other = 0.5 ~ 1/Year [0.1,2] ~ |
    First = 4 ~ Dmnl [1,10] ~ |
    Level = INTEG(-Rate * Level, First) ~ Dmnl ~ |
    Unseen = INTEG(-Other * Unseen, 1) ~ Dmnl ~ |
"""
FILE = """
title = "Half-life"
starts = 3
[free.Rate]
low = 0.02
high = 0.9
why = "Known to lie between."
[targets.five]
scenario = "baseline"
output = "Level"
time = 5
value = 2
sd = 0.1
source = "half of the first value"
"""
OTHER = '[free.Other]\nlow = 0.2\nhigh = 1.5\nwhy = "Nothing depends on it."\n'


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "m" / "scenarios").mkdir(parents=True)
    (tmp_path / "m" / "calibration").mkdir()
    text = mdl(DECAY, final_time=10, time_step="0.125", saveper=1)
    (tmp_path / "m" / "model.mdl").write_text(text, encoding="utf-8")
    (tmp_path / "m" / "scenarios" / "baseline.toml").write_text('[time]\nmethod = "rk4"\n')
    monkeypatch.chdir(tmp_path)
    return tmp_path / "m" / "calibration"


def test_the_answer_and_its_interval(folder):
    """Level(5) = 4 exp(-5 r): r = ln 2 / 5; the profile of one constant is the sum of squares itself."""
    (folder / "c.toml").write_text(FILE)
    found = calibrate(read_calibration(folder / "c.toml"))
    assert float(found["best"][0]) == pytest.approx(math.log(2) / 5, rel=1e-5)
    assert float(found.attrs["least_cost"]) == pytest.approx(0.0, abs=1e-8)
    for end, off in (("low", 0.196), ("high", -0.196)):  # 1.96 standard errors of 0.1
        assert float(found[end][0]) == pytest.approx(
            math.log(4 / (2 + off)) / 5, rel=0.2
        )  # between points of a grid
    assert bool(found["bounded_below"][0]) and bool(found["bounded_above"][0])
    np.testing.assert_allclose(found["best_found"], 2.0, rtol=1e-5)
    assert found["untouched"].values.tolist() == ["Other", "First"]
    assert found.sizes["start"] == 3 and np.allclose(found["ended"], found["best"], rtol=1e-4)


def test_what_the_numbers_say_nothing_about_is_not_bounded(folder):
    (folder / "c.toml").write_text(FILE + OTHER)
    found = calibrate(read_calibration(folder / "c.toml"))
    other = found.sel(free="Other")
    assert (float(other["low"]), float(other["high"])) == pytest.approx((0.2, 1.5))
    assert not other["bounded_below"] and not other["bounded_above"]
    constants = plain(tables_of(found)[0])
    assert (
        "0.2 or less to 1.5 or more" in constants and "(1 numbers of the model are not touched)" in constants
    )


def test_a_bound_that_holds_pulls_nothing(folder):
    (folder / "c.toml").write_text(FILE.replace("value = 2\n", 'value = 0.5\nkind = "above"\n'))
    found = calibrate(read_calibration(folder / "c.toml"))
    assert float(found["best"][0]) == pytest.approx(0.3, rel=1e-6)  # the model's own already holds


def test_a_number_out_of_reach_is_told(folder):
    (folder / "c.toml").write_text(FILE.replace("value = 2\n", "value = 5\n"))
    found = calibrate(read_calibration(folder / "c.toml"))
    assert float(found["best"][0]) == pytest.approx(0.02, rel=1e-3)  # the end of the range
    numbers = plain(tables_of(found)[1])
    assert f"{(4 * math.exp(-0.1) - 5) / 0.1:+.1f}" in numbers


def test_all_mistakes_of_a_file(folder):
    (folder / "c.toml").write_text(
        FILE.replace("free.Rate", "free.Rat").replace('"Level"', '"Levl"') + 'kind = "near"\n'
        "[free.First]\nlow = 5\nhigh = 9\nwhy = 'x'\n[targets.b]\nscenario = 'basline'\noutput = 'Level'\ntime = 1\nvalue = 1\nsd = 1\nsource = 'x'\n"
    )
    with pytest.raises(capdyn.ScenarioError) as error:
        read_calibration(folder / "c.toml")
    said = str(error.value)
    for words in ("'Rat' is not in the model.", "'Levl' is not in the model.", "must be one of at, above, below", "The model's 4 is not between 5 and 9", "Did you mean 'baseline'?"):  # fmt: skip
        assert words in said
    assert all("c.toml:" in line for line in said.splitlines())


def test_the_file_of_the_regional_model_can_be_read(regional):
    calibration = read_calibration(REGIONAL / "calibration" / "dated_numbers.toml", regional)
    assert len(calibration.free) == 9 and len(calibration.targets) == 4


def test_mexicos_path_is_within_reach_of_its_free_constants(regional):
    """First adopters and speeds alone meet all three shares; few of them do, so that they say something."""
    calibration = read_calibration(REGIONAL / "calibration" / "dated_numbers.toml", regional)
    units = qmc.LatinHypercube(d=len(calibration.free), rng=np.random.default_rng(1)).random(200)
    found = dict(zip((t.name for t in calibration.targets), calibration.found(units).T, strict=True))
    met = (found["mexico_1980"] > 0.78) & (abs(found["mexico_1983"] - 0.45) < 0.05)
    met &= abs(found["mexico_1987"] - 0.28) < 0.05
    assert 0 < met.sum() < 20


def test_command(folder):
    (folder / "c.toml").write_text(FILE)
    done = CliRunner().invoke(app, ["calibrate", "m/calibration/c.toml", "-o", "out"])
    assert done.exit_code == 0, done.output
    assert "Free constants (2 numbers of the model are not touched)" in done.stdout
    assert capdyn.load("out/calibration.nc")["best"].shape == (1,)
    wrong = CliRunner().invoke(app, ["calibrate", "none.toml"])
    assert wrong.exit_code == 2 and wrong.stderr.startswith("none.toml: The calibration cannot be read")
