"""A study of the regional model by capdyn, and the same by the EMA Workbench with PySD: seconds a run, and their ratio.

    python benchmarks/study_against_ema.py [--size 64] [--experiments 2]

capdyn makes size x 22 runs (Sobol' indices of 20 inputs), everything from the study to the stored results counted. The
Workbench makes a few of the same experiments, one after the other; what it needs once (translating the model) is
taken out, by the difference between one experiment and several. PySD knows Euler only, a quarter of the work of
capdyn's RK4. Wall clock, since both may use what cores they can; the Workbench's sequential evaluator uses one.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
import warnings
from pathlib import Path

from models import REGIONAL

import capdyn

INPUTS = (
    "Frontier growth", "Track record time", "Retention", "Joint undertaking saving", "Absorption gain",
    "Absorption half effort", "Own effort productivity", "Gap tolerance at start", "Frontier knowledge",
    "Learning capability decay", "Contact novelty", "Cluster circulation", "User producer strength", "Linkage decay",
    "Attitude time", "Skill loss", "Trust decay", "Joint action decay", "Complacency half", "Coordination gain",
)  # fmt: skip
AROUND = 0.2  # of the model's value, to either side


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--experiments", type=int, default=2)
    arguments = parser.parse_args()
    model = capdyn.open_model(REGIONAL)
    symbols = {s.variable: s for s in model.system.of_kind("parameter")}
    ranges = {
        name: ((1 - AROUND) * symbols[name].values[0], (1 + AROUND) * symbols[name].values[0])
        for name in INPUTS
    }
    with tempfile.TemporaryDirectory() as place:
        own, runs = by_capdyn(Path(place), ranges, arguments.size)
        print(f"capdyn: {runs:,} runs, {own * 1e3:.2f} ms a run, {os.cpu_count()} cores")
        other = by_the_workbench(Path(place), ranges, arguments.experiments)
    print(f"EMA Workbench with PySD: {other:.1f} s an experiment")
    print(
        f"ratio {other / own:,.0f}; 65,536 runs: {65536 * own:,.0f} s by capdyn, {65536 * other / 86400:,.0f} days so"
    )


def by_capdyn(place: Path, ranges: dict[str, tuple[float, float]], size: int) -> tuple[float, int]:
    """Seconds a run, and how many runs."""
    study = capdyn.read_study(
        {
            "model": str(REGIONAL),
            "title": "Against the Workbench",
            "scenarios": ["baseline"],
            "inputs": {
                name: {"low": low, "high": high, "why": "A fifth to either side."}
                for name, (low, high) in ranges.items()
            },
            "method": {"name": "sobol", "size": size, "seed": 1},
            "features": {"end": {"variable": "Relative capability[Home,innovation]", "statistic": "final"}},
        }
    )
    started = time.perf_counter()
    done = capdyn.run_study(study, place / "study")
    capdyn.analyse(done, study)
    runs = int(done["status"].size)
    return (time.perf_counter() - started) / runs, runs


def by_the_workbench(place: Path, ranges: dict[str, tuple[float, float]], experiments: int) -> float:
    """Seconds an experiment, without what is needed once."""
    warnings.simplefilter("ignore")
    from ema_workbench import RealParameter, TimeSeriesOutcome, perform_experiments
    from ema_workbench.connectors.pysd_connector import PysdModel

    copy = place / "model.mdl"  # PySD writes a Python file beside it
    shutil.copy(REGIONAL / "model.mdl", copy)
    model = PysdModel("regional", mdl_file=str(copy))
    model.uncertainties = [RealParameter(name, low, high) for name, (low, high) in ranges.items()]
    model.outcomes = [TimeSeriesOutcome("World frontier")]

    def seconds(count: int) -> float:
        started = time.perf_counter()
        perform_experiments(model, scenarios=count)
        return time.perf_counter() - started

    return (seconds(1 + experiments) - seconds(1)) / experiments


if __name__ == "__main__":
    main()
