"""A small study for tests of how studies run: two scenarios, a division by zero, random numbers, an array."""

from dataclasses import replace

import numpy as np
import xarray as xr

from capdyn import Feature
from capdyn.study.plan import Plan

EQUATIONS = """
    Region: Home, Away
    rate = 0.1 ~ 1/Year [-1, 2] ~ |
    start[Region] = 1, 2
    Level[Region] = INTEG(rate*Level[Region] + RANDOM NORMAL(-1, 1, 0, 0.1, 7), start[Region]) ~ Units ~ |
    Total = SUM(Level[Region!]) ~ Units ~ |
    Inverse = Time/(rate - 0.5)
"""
FEATURES = (
    Feature("final", "total", "Total"),
    Feature("crossing", "doubled", "Level[Home]", level=2.0),
    Feature("max", "gain", "Total", against="model"),
)


def plan_of(opened, n_members=100, **changes):
    """Rates from 0 to 1; the one of 0.5 divides by zero."""
    sample = np.stack([np.linspace(0, 1, 101)[:n_members], np.linspace(1, 3, 101)[:n_members]], axis=1)
    boosted = {"parameters": {"start[Away]": 4.0}}
    plan = Plan(
        opened, ("rate", "start[Home]"), sample, (None, boosted), FEATURES, ("Level", "Inverse"), seed=3
    )
    return replace(plan, **changes)


def arrays(dataset: xr.Dataset) -> dict[str, bytes]:
    """All numbers of a study, bit for bit."""
    return {
        str(name): variable.values.tobytes()
        if variable.dtype.kind in "fiu"
        else "\0".join(variable.values.ravel())
        for name, variable in dataset.variables.items()
    }
