"""Thresholds where they are known: a fold catastrophe begun from both ends, a basin's boundary on a map."""

import numpy as np
import pytest
from typer.testing import CliRunner

import capdyn
from capdyn.cli import app
from capdyn.policy.show import ends_in_words
from capdyn.report.maps import end_state_map
from capdyn.report.style import to_svg
from capdyn.study.read import read_study
from capdyn.study.run import run_study
from capdyn.study.state_map import state_map
from equations import REGIONAL, mdl

# x' = p + x - x^3 has two stable states for |p| < 2 / (3 sqrt 3), one otherwise.
FOLD = """
    Push = 1 ~ 1/Year [-1,1] ~ |
    First = 1 ~ Dmnl [-2,2] ~ |
    x = INTEG(Push + x - x^3, First) ~ Dmnl ~ |
"""
EDGE = 2 / (3 * np.sqrt(3))
TIMES = {"final_time": 20, "time_step": "0.125", "saveper": 1}
MAP = """
scenarios = ["low"]
[inputs]
"Push" = { low = -0.4, high = 0.4, why = "both sides of the fold" }
"First" = { low = -1, high = 1, why = "both basins" }
[method]
sample = "factorial"
size = 9
[features."End"]
variable = "x"
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    scenarios = tmp_path / "fold" / "scenarios"
    scenarios.mkdir(parents=True)
    (tmp_path / "fold" / "model.mdl").write_text(mdl(FOLD, **TIMES), encoding="utf-8")
    (scenarios / "low.toml").write_text('why = "Pushed down."\n[parameters]\nPush = -1\n')
    (scenarios / "high.toml").write_text('why = "Pushed up."\n')
    (tmp_path / "fold" / "studies").mkdir()
    (tmp_path / "fold" / "studies" / "map.toml").write_text(MAP)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def fold(folder):
    return capdyn.open_model(folder / "fold")


def test_what_starts_is_more_than_what_sustains(fold):
    """Begun high it holds down to a push of -EDGE, begun low it takes off at +EDGE."""
    push = np.linspace(-1, 1, 101)
    ends = capdyn.from_both_ends(
        fold, "low", "high", constant="Push", factors=push, outcome="x", years=400, level=0.0
    )
    low, high = ends["threshold"].values
    step = push[1] - push[0]
    assert EDGE - step < low < EDGE + 2 * step
    assert -EDGE - step < high < -EDGE + step
    assert (ends["state"].sel(begun="high") >= ends["state"].sel(begun="low")).all()
    assert ends.attrs["from"] == 20.0


def test_a_run_that_fails_is_no_state(fold, folder):
    (folder / "fold" / "model.mdl").write_text(mdl(FOLD.replace("Push + x", "SQRT(Push + 0.5) + x"), **TIMES))
    (folder / "fold" / "scenarios" / "low.toml").write_text('why = "Low."\n[parameters]\nPush = 0\n')
    opened = capdyn.open_model(folder / "fold")
    ends = capdyn.from_both_ends(
        opened, "low", "high", constant="Push", factors=[-1.0, 0.0, 1.0], outcome="x", level=0.0
    )
    assert np.isnan(ends["state"].values[:, 0]).all() and np.isfinite(ends["state"].values[:, 1:]).all()
    assert "1 runs failed" in ends_in_words(ends)


def test_command(folder):
    given = [
        "hysteresis",
        "fold",
        "--low",
        "low",
        "--high",
        "high",
        "--outcome",
        "x",
        "--years",
        "400",
        "--level",
        "0",
    ]
    done = CliRunner().invoke(
        app, [*given, "--constant", "Push", "--from", "-0.3", "--to", "0.5", "--steps", "9", "-o", "out"]
    )
    assert done.exit_code == 0, done.output
    first, low, high, written = done.stdout.splitlines()
    assert first == "Push, relative to the model, from -0.3 to 0.5; x after 400"
    assert low.startswith("  begun low (low): passes 0 at 0.")
    assert high == "  begun high (high): stays above 0 throughout"
    assert written == "Written to out/hysteresis.svg"
    assert (folder / "out" / "hysteresis.svg").is_file()


@pytest.mark.parametrize(
    "arguments, message",
    [
        ([], "A constant or levers: one of them is needed. Give --constant or --levers."),
        (["--constant", "Pusch"], "parameters: 'Pusch' is not in the model. Did you mean 'Push'?"),
        (["--levers", "aid"], "The model 'fold' has no levers."),
        (["--constant", "Push", "--from", "3"], "The factors are not ascending. Give two or more, each above the last."),
    ],
)  # fmt: skip
def test_mistakes(folder, arguments, message):
    done = CliRunner().invoke(
        app, ["hysteresis", "fold", "--low", "low", "--high", "high", "--outcome", "x", *arguments]
    )
    assert done.exit_code == 2
    assert done.stderr.startswith(message)


class TestMap:
    def test_the_boundary_is_where_it_must_be(self, folder):
        study = read_study(folder / "fold" / "studies" / "map.toml")
        states = state_map(study, run_study(study, folder / "runs"))
        assert states.dims == ("scenario", "Push", "First") and states.shape == (1, 9, 9)
        push, first = np.meshgrid(states["Push"].values, states["First"].values, indexing="ij")
        # The unstable state, the middle root of x^3 - x - p = 0, by Viete's formula.
        angle = np.arccos(np.clip(push / EDGE, -1, 1))
        roots = np.sort([2 / np.sqrt(3) * np.cos((angle - 2 * np.pi * k) / 3) for k in range(3)], axis=0)
        clear = (np.abs(push) < EDGE) & (np.abs(first - roots[1]) > 1e-6)
        assert clear.sum() > 50
        np.testing.assert_array_equal(states.values[0][clear] > 0, (first > roots[1])[clear])

    def test_command_and_its_mistakes(self, folder):
        done = CliRunner().invoke(app, ["map", "fold/studies/map.toml", "-o", "maps"])
        assert done.exit_code == 0, done.output
        assert (folder / "maps" / "map.svg").is_file()
        (folder / "fold" / "studies" / "other.toml").write_text(MAP.replace('sample = "factorial"\n', ""))
        wrong = CliRunner().invoke(app, ["map", "fold/studies/other.toml", "-o", "maps2"])
        assert wrong.exit_code == 2, wrong.output
        assert 'A map needs two inputs and sample = "factorial" in [method].' in wrong.stderr

    @pytest.mark.parametrize(
        "file", sorted((REGIONAL / "studies").glob("threshold_*.toml")), ids=lambda file: file.stem
    )
    def test_studies_of_the_regional_model_are_maps(self, file):
        study = read_study(file)
        assert (study.design, len(study.inputs)) == ("factorial", 2)

    def test_failed_runs_are_holes(self, folder):
        study = read_study(folder / "fold" / "studies" / "map.toml")
        runs = run_study(study, folder / "runs").load()
        runs["status"].values[0, 40] = 1
        states = state_map(study, runs)
        assert np.isnan(states.values).sum() == 1
        assert "<svg" in to_svg(end_state_map(states.isel(scenario=0)), "a", "b", "c")
