"""Models from a few lines of text: what most tests begin with."""

import os

import pytest

# Tests see what is made, not what was found; those of the cache itself give it a folder. Processes they start as well.
os.environ["CAPDYN_CACHE"] = "off"

import capdyn
from equations import REGIONAL, mdl


@pytest.fixture
def model(tmp_path):
    """A function from equations to an opened model."""

    def from_text(equations: str, name: str = "model.mdl", **controls) -> capdyn.Model:
        path = tmp_path / name
        path.write_text(mdl(equations, **controls), encoding="utf-8")
        return capdyn.open_model(path)

    return from_text


@pytest.fixture(scope="session")
def regional() -> capdyn.Model:
    """The regional model of the repository."""
    return capdyn.open_model(REGIONAL)
