"""Draws of a posterior as inputs of a study: they stay together."""

import re

import numpy as np
import pytest
import xarray as xr

import capdyn
from capdyn.errors import ScenarioError
from capdyn.study.read import read_study
from capdyn.study.stored import stored_study
from capdyn.study.words import sentences
from equations import mdl

EQUATIONS = """
Place: here, there
Growth = 0.1 ~ 1/Year [0, 0.5] ~ rate |
Loss[Place] = 0.05, 0.02 ~ 1/Year [0, 0.2] ~ rates |
Start = 2 ~ [1, 3] ~ |
Stock[Place] = INTEG(Growth * Stock[Place] - Loss[Place] * Stock[Place], Start) ~ ~ |
"""
FREE = ("Growth", "Loss[here]")
FEATURE = '[features."S"]\nvariable = "Stock[here]"\n'
STUDY = f"""
[posterior]
file = "posterior.nc"
[inputs]
"Start" = {{}}
[method]
name = ["pawn", "delta"]
size = 128
seed = 4
{FEATURE}
"""


@pytest.fixture
def write(tmp_path):
    """A study file beside a file of 300 draws, which lie along a line."""
    folder = tmp_path / "m" / "studies"
    folder.mkdir(parents=True)
    path = folder.parent / "model.mdl"
    path.write_text(mdl(EQUATIONS, final_time=2), encoding="utf-8")
    first = np.random.default_rng(1).uniform(0.05, 0.3, 300)
    values = np.stack([first, first / 2 + 0.01], axis=1)

    def file(text: str, values=values, free=FREE, warning=""):
        found = xr.Dataset(
            {"value": (("draw", "free"), values)},
            {"free": list(free)},
            {"title": "Two numbers", "warning": warning},
        )
        capdyn.save(found, folder / "posterior.nc")
        (folder / "one.toml").write_text(text, encoding="utf-8")
        return folder / "one.toml"

    file.values = values
    return file


def test_each_run_has_a_draw_of_its_own(write):
    study = read_study(write(STUDY))
    plan = study.plan()
    assert plan.inputs == (*FREE, "Start")
    rows = {tuple(row) for row in write.values}
    assert {tuple(row) for row in plan.sample[:, :2]} <= rows and len(plan.sample) == 128
    assert len(np.unique(plan.sample[:, 0])) == 128
    assert not np.array_equal(plan.sample[:, :2], write.values[:128])
    assert np.ptp(plan.sample[:, 2]) > 1.9
    twice = study.plan(2).sample
    assert np.array_equal(twice[:128], plan.sample) and len(np.unique(twice[:, 0])) == 256
    with pytest.raises(
        capdyn.ArgumentError, match="512 runs need as many draws of the posterior, and there are 300"
    ):
        study.plan(4)


def test_from_a_folder_it_goes_on_when_the_file_is_gone(write, tmp_path):
    path = write(STUDY, warning="The chain is short.")
    study = read_study(path)
    runs = capdyn.run_study(study, tmp_path / "s")
    (path.parent / "posterior.nc").unlink()
    again = stored_study(tmp_path / "s")
    more = capdyn.run_study(again, tmp_path / "s", times=2)
    assert more.sizes["member"] == 256
    assert np.array_equal(more["sample"][:128], runs["sample"])
    found = capdyn.publish(capdyn.analyse(more, again))
    assert "The chain is short." in found.attrs["words"]
    assert "2 inputs come from 300 draws of the posterior 'Two numbers'." in found.attrs["words"]


def test_alone_it_is_the_whole_study(write, tmp_path):
    study = read_study(write(f'[posterior]\nfile = "posterior.nc"\n{FEATURE}'))
    assert [own.name for own in study.inputs] == list(FREE)
    assert study.size == 300
    assert sorted(map(tuple, study.plan().sample)) == sorted(map(tuple, write.values))
    found = capdyn.analyse(capdyn.run_study(study, tmp_path / "s"), study)
    assert sentences(found)["runs"][0] == "300 runs of 'model': 2 inputs, draws of a posterior, seed 0."


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("posterior.nc", "nothing.nc"), "nothing.nc"),
        (('["pawn", "delta"]', '"sobol"'), "only true for independent inputs, and draws of a posterior belong together"),
        (("size = 128", "size = 512"), "512 runs need as many draws of the posterior, and there are 300"),
        (('"Start" = {}', '"Growth" = {}'), "'Growth' comes from the posterior. Leave it out of [inputs]"),
        (('"Start" = {}', '"Loss" = {}'), "both set 'Loss[here]'"),
        (("[method]", '[correlations."Growth"]\n"Start" = 0.5\n[method]'), "An input that comes from the posterior is"),
        (('"delta"]', '"delta"]\nsample = "factorial"'), "A factorial sample has no place for draws of a posterior"),
    ],
)  # fmt: skip
def test_mistakes(write, change, message):
    with pytest.raises(ScenarioError, match=re.escape(message)):
        read_study(write(STUDY.replace(*change)))


def test_what_is_wrong_with_the_draws(write):
    for values, free, message in [
        (write.values, ("Growht", "Loss[here]"), "'Growht' is not in the model. Did you mean 'Growth'?"),
        (write.values, ("Growth", "Loss"), "'Loss' is 2 numbers, and the posterior has one"),
        (write.values + 0.5, FREE, "outside its range 0 to 0.5"),
        (np.where(write.values == write.values[0, 0], np.nan, write.values), FREE, "no finite numbers"),
    ]:
        with pytest.raises(ScenarioError, match=re.escape(message)):
            read_study(write(STUDY, values, free))
    path = write(STUDY)
    capdyn.save(xr.Dataset({"other": ("x", [1.0])}), path.parent / "posterior.nc")
    with pytest.raises(ScenarioError, match=r"one\.toml:3:.*holds no draws of a posterior"):
        read_study(path)


def test_others_do_not_sample_them_one_by_one(write):
    study = read_study(write(STUDY))
    with pytest.raises(capdyn.ArgumentError, match="SALib would sample each by itself"):
        capdyn.salib_pair(study)
    with pytest.raises(capdyn.ArgumentError, match="the Workbench would sample each by itself"):
        capdyn.ema_model(study)
