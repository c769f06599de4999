"""The regional model at equal outlay: the third generation takes off, and fails in the ways in which it is known to fail."""

import numpy as np
import pytest

import capdyn
from capdyn.policy.levers import read_levers
from capdyn.policy.package_file import read_packages
from equations import REGIONAL


@pytest.fixture(scope="module")
def near_the_threshold(regional):
    """All packages of policies.toml at the least of some budgets with which the third generation takes off."""
    packages = read_packages(REGIONAL / "policies.toml", regional, read_levers(regional.system), 0.0, 15.0)
    for budget in np.geomspace(2e6, 2e7, 16):
        found = capdyn.compare_policies(regional, packages=packages[:1], budget=float(budget))
        if float(found["gain"].sel(package="third_generation")) > 0.5:
            return capdyn.compare_policies(regional, packages=packages, budget=float(budget))
    raise AssertionError("the third generation does not take off with any of these budgets")


def test_all_spend_the_same(near_the_threshold):
    spent = near_the_threshold["outlay"].values / float(near_the_threshold["budget"])
    assert np.allclose(spent[near_the_threshold["status"].values == 0], 1.0, rtol=1e-8)
    assert float(near_the_threshold["status"].sel(package="third_generation")) == 0


@pytest.mark.parametrize(
    "package",
    ["below_critical_mass", "without_demand", "protected_outlet", "soft_budget", "single_firms", "patchwork"],
)  # fmt: skip
def test_what_is_known_to_fail_gains_less(near_the_threshold, package):
    gain = near_the_threshold["gain"]
    assert float(gain.sel(package=package)) < float(gain.sel(package="third_generation"))


@pytest.mark.parametrize("package", ["supply_push", "branch_plants", "location_incentives"])
def test_the_first_generation_teaches_next_to_nothing(near_the_threshold, package):
    gain = near_the_threshold["gain"]
    assert float(gain.sel(package=package)) < 0.01 * float(gain.sel(package="third_generation"))


def test_most_of_the_gain_is_interaction(near_the_threshold):
    third = near_the_threshold.sel(package="third_generation")
    assert float(third["interaction"]) > 0.5 * float(third["gain"])
