"""The study of `studies.py`, opened once and run once."""

import pytest

import capdyn
from capdyn.study.run import run_study
from equations import mdl
from studies import EQUATIONS, arrays, plan_of


@pytest.fixture(scope="session")
def opened(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.mdl"
    path.write_text(mdl(EQUATIONS, final_time=8), encoding="utf-8")
    return capdyn.open_model(path)


@pytest.fixture(scope="session")
def expected(opened, tmp_path_factory):
    """All bits of the study of `plan_of` when nothing disturbs it."""
    return arrays(run_study(plan_of(opened), tmp_path_factory.mktemp("undisturbed") / "s"))
