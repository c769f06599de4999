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


def pytest_terminal_summary(terminalreporter):
    """How many models of the corpus came out right."""
    found = {"passed": set(), "failed": set()}
    for outcome, models in found.items():
        for report in terminalreporter.stats.get(outcome, []):
            if "test_corpus.py::test_expected[" in report.nodeid:
                models.add(report.nodeid.split("[", 1)[1].split("-")[1])
    if any(found.values()):
        right = len(found["passed"] - found["failed"])
        terminalreporter.write_line(
            f"corpus: {right} of {len(found['passed'] | found['failed'])} models as expected"
        )
