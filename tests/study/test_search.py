"""The search for packages, on a front with a closed form."""

from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from capdyn import load
from capdyn.cli import app
from capdyn.errors import ArgumentError, StoreError
from capdyn.report.front import pareto
from capdyn.study.read import read_study
from capdyn.study.search import search
from equations import mdl

EQUATIONS = """
p = 0 ~ [0, 1] ~ |
q = 0 ~ [0, 1] ~ |
z = 1 ~ [0, 1] ~ |
First = INTEG(p / MAX(limit, 0), 0) ~ ~ |
Second = INTEG(q - p * z, 0) ~ ~ |
limit = IF THEN ELSE(p > 0.8, 0, 1) ~ ~ |
"""
STUDY = {
    "inputs": {"p": {}, "q": {}, "z": {}},
    "features": {
        "First": {"variable": "First", "better": "high"},
        "Second": {"variable": "Second", "better": "high"},
    },
    "method": {"size": 16},
}


@pytest.fixture
def study(model):
    return read_study(STUDY, model(EQUATIONS, final_time=1))


def test_the_front_is_the_budget_line_and_failures_are_not_on_it(study):
    """At a budget of 1 the best are p + q = 1: First = p, Second = q - p / 2; beyond p = 0.8 runs divide by zero."""
    found = search(study, {"p": 1.0, "q": 1.0}, 1.0, generations=60, population=20)
    p, q = found["lever"].values.T
    assert (found["cost"] <= 1).all() and (found["share_failed"] == 0).all() and p.max() <= 0.8
    # Twenty packages leave gaps on the line, in which one below it is beaten by none of the others: so the mean.
    assert found["cost"].mean() > 0.95
    y = found["objective"].values
    assert not ((y[:, None] >= y).all(axis=2) & (y[:, None] > y).any(axis=2)).any()
    np.testing.assert_allclose(found["objective"].values[:, 0], p)
    np.testing.assert_allclose(found["objective"].values[:, 1], q - p / 2, atol=0.02)
    assert p.min() < 0.1 and p.max() > 0.7
    assert len(pareto(found).axes) == 2


def test_the_worst_futures_count_where_asked(study):
    found = search(study, {"p": 1.0, "q": 1.0}, 1.0, generations=4, population=10, worst=0.0)
    p, q = found["lever"].values.T
    assert (found["objective"].values[:, 1] <= q - 0.9 * p + 1e-9).all()


def test_the_same_call_goes_on_where_it_was(study, tmp_path):
    levers = {"p": 1.0, "q": 1.0}
    whole = search(study, levers, 1.0, generations=4, population=8)
    search(study, levers, 1.0, generations=2, population=8, folder=tmp_path / "search")
    assert len(list((tmp_path / "search" / "steps").glob("*.npy"))) == 2
    on = search(study, levers, 1.0, generations=4, population=8, folder=tmp_path / "search")
    assert on.identical(whole)
    with pytest.raises(StoreError, match="holds another search; different: budget, seed"):
        search(study, levers, 1.5, generations=2, population=8, seed=1, folder=tmp_path / "search")
    other = replace(study, run_seed=3)
    with pytest.raises(StoreError, match="holds another search; different: random numbers"):
        search(other, levers, 1.0, generations=2, population=8, folder=tmp_path / "search")


def test_the_command(tmp_path, monkeypatch):
    (tmp_path / "model.mdl").write_text(mdl(EQUATIONS, final_time=1), encoding="utf-8")
    (tmp_path / "two.toml").write_text(
        'model = "model.mdl"\n[inputs]\np = {}\nq = {}\nz = {}\n[method]\nsize = 4\n'
        '[features.First]\nvariable = "First"\nbetter = "high"\n'
        '[features.Second]\nvariable = "Second"\nbetter = "high"\n',
        encoding="utf-8",
    )
    monkeypatch.chdir(tmp_path)
    small = ["search", "two.toml", "--population", "6", "--generations"]
    levers = ["--lever", "p=1", "--lever", "q=1", "--budget"]
    done = CliRunner().invoke(app, [*small, "2", *levers, "1"])
    assert done.exit_code == 0, done.output
    assert "packages that no other beats (mean over futures; 4 futures, budget 1)" in done.stdout
    front = load("runs/two-search/front.nc")
    assert front.attrs["generations"] == 2 and list(front["better"].values) == ["high", "high"]
    assert "<svg" in (tmp_path / "runs" / "two-search" / "front.svg").read_text(encoding="utf-8")
    assert CliRunner().invoke(app, [*small, "3", *levers, "1"]).exit_code == 0
    other = CliRunner().invoke(app, [*small, "3", *levers, "2"])
    assert other.exit_code == 2 and "different: budget" in other.stderr
    for words, said in (
        (["--lever", "r=1", "--budget", "1"], "levers: 'r' is no input of the study"),
        (["--lever", "p", "--budget", "1"], "--lever: 'p' is not a name and a number. Write --lever"),
        (["--budget", "1"], "lever"),
    ):
        wrong = CliRunner().invoke(app, [*small, "1", *words, "--out", "elsewhere"])
        assert wrong.exit_code == 2 and said in wrong.stderr
    assert not (tmp_path / "elsewhere").exists()


def test_what_cannot_be_searched(study):
    with pytest.raises(ArgumentError, match="levers: 'r' is no input of the study"):
        search(study, {"r": 1.0}, 1.0)
    with pytest.raises(ArgumentError, match="No package within the budget"):
        search(study, {"p": 1.0, "q": 1.0}, -1.0, generations=1, population=4)
