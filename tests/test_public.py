"""What is public, and what importing it costs."""

import subprocess
import sys

import pytest

import capdyn

PUBLIC = [
    "Analysis",
    "ArgumentError",
    "CapdynError",
    "Evaluator",
    "Feature",
    "Finding",
    "Model",
    "ModelError",
    "NumericalError",
    "Plan",
    "ScenarioError",
    "StoreError",
    "Study",
    "ablate",
    "adjustable_lookups",
    "analyse",
    "calibrate",
    "check",
    "compare",
    "compare_over_ranges",
    "compare_policies",
    "ema_evaluator",
    "ema_model",
    "ensemble",
    "from_both_ends",
    "judge",
    "load",
    "load_run",
    "load_study",
    "named_loops",
    "open_model",
    "posterior",
    "publish",
    "quantiles",
    "read_calibration",
    "read_study",
    "run_study",
    "salib_pair",
    "save",
    "search",
    "sensitivities",
    "simulate",
    "structure",
    "write_report",
    "write_study_report",
]


def test_public_list():
    assert capdyn.__all__ == PUBLIC
    assert sorted(PUBLIC) == PUBLIC


@pytest.mark.parametrize("name", PUBLIC)
def test_public_names_exist_and_are_explained(name):
    assert getattr(capdyn, name).__doc__, f"{name} has no docstring"


def test_unknown_name():
    with pytest.raises(AttributeError, match="no attribute 'simulat'"):
        capdyn.simulat  # noqa: B018


@pytest.mark.parametrize("statement", ["import capdyn", "import capdyn.cli"])
@pytest.mark.parametrize("heavy", ["matplotlib", "pysd", "scipy.integrate", "llvmlite", "xarray"])
def test_import_is_light(statement, heavy):
    code = f"import sys; {statement}; sys.exit('{heavy}' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0, (
        f"{statement} loads {heavy}"
    )


def test_the_docstring_of_the_package_shows_public_names_only():
    shown = [word.split("(")[0] for word in capdyn.__doc__.split() if word.startswith("capdyn.")]
    assert shown
    assert all(word.removeprefix("capdyn.") in PUBLIC for word in shown)
