"""Models from a few lines of text: what most tests begin with."""

from pathlib import Path

import pytest

import capdyn

ROOT = Path(__file__).parent.parent
REGIONAL = ROOT / "models" / "regional_capability"

CONTROLS = {"INITIAL TIME": 0, "FINAL TIME": 4, "TIME STEP": 1, "SAVEPER": "TIME STEP"}


def mdl(equations: str, **controls) -> str:
    """The text of an equation file: one equation a line, the time settings added where they are missing.

    >>> print(mdl("x = 1", final_time=10))  # doctest: +SKIP
    """
    given = {name.replace("_", " ").upper(): value for name, value in controls.items()}
    lines = [line.strip() for line in equations.strip().splitlines() if line.strip()]
    lines += [f"{name} = {value}" for name, value in {**CONTROLS, **given}.items()]
    return "{UTF-8}\n" + "\n".join(line if line.endswith("|") else f"{line} ~ ~ |" for line in lines) + "\n"


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
