"""capdyn: system-dynamics models from equation files, fast, checkable and shareable.

    >>> import capdyn
    >>> model = capdyn.open_model("models/regional_capability")
    >>> result = capdyn.simulate(model, scenario="third_generation")
    >>> result["Relative capability"].sel({"Region": "Home", "Capability kind": "innovation"}).plot()

Names are loaded when they are first used, so that `import capdyn` costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .checks.check import check
    from .checks.finding import Finding
    from .errors import ArgumentError, CapdynError, ModelError, NumericalError, ScenarioError, StoreError
    from .evidence.ablate import ablate
    from .evidence.judge import judge
    from .explain.loops import named_loops
    from .explain.structure import structure
    from .policy.assumptions import compare_over_ranges
    from .policy.both_ends import from_both_ends
    from .policy.compare import compare_policies
    from .report import write_report
    from .report.study_page import write_study_report
    from .run.compare import compare
    from .run.ensemble import ensemble
    from .run.features import Feature
    from .run.lookups import adjustable_lookups
    from .run.open import Model, open_model
    from .run.sensitivities import sensitivities
    from .run.simulate import simulate
    from .run.store import load, load_run, save
    from .study.analyse import Analysis, analyse
    from .study.calibrate import calibrate
    from .study.calibration import read_calibration
    from .study.ema import ema_evaluator, ema_model
    from .study.evaluate import Evaluator, salib_pair
    from .study.plan import Plan
    from .study.posterior import posterior
    from .study.publish import publish
    from .study.quantiles import quantiles
    from .study.read import read_study
    from .study.run import load_study, run_study
    from .study.search import search
    from .study.study import Study

_HOME = {
    "Analysis": ".study.analyse",
    "ArgumentError": ".errors",
    "CapdynError": ".errors",
    "Evaluator": ".study.evaluate",
    "Feature": ".run.features",
    "Finding": ".checks.finding",
    "Model": ".run.open",
    "ModelError": ".errors",
    "NumericalError": ".errors",
    "Plan": ".study.plan",
    "ScenarioError": ".errors",
    "StoreError": ".errors",
    "Study": ".study.study",
    "ablate": ".evidence.ablate",
    "adjustable_lookups": ".run.lookups",
    "analyse": ".study.analyse",
    "calibrate": ".study.calibrate",
    "check": ".checks.check",
    "compare": ".run.compare",
    "compare_over_ranges": ".policy.assumptions",
    "compare_policies": ".policy.compare",
    "ema_evaluator": ".study.ema",
    "ema_model": ".study.ema",
    "ensemble": ".run.ensemble",
    "from_both_ends": ".policy.both_ends",
    "judge": ".evidence.judge",
    "load": ".run.store",
    "load_run": ".run.store",
    "load_study": ".study.run",
    "named_loops": ".explain.loops",
    "open_model": ".run.open",
    "posterior": ".study.posterior",
    "publish": ".study.publish",
    "quantiles": ".study.quantiles",
    "read_calibration": ".study.calibration",
    "read_study": ".study.read",
    "run_study": ".study.run",
    "salib_pair": ".study.evaluate",
    "save": ".run.store",
    "search": ".study.search",
    "sensitivities": ".run.sensitivities",
    "simulate": ".run.simulate",
    "structure": ".explain.structure",
    "write_report": ".report",
    "write_study_report": ".report.study_page",
}

__all__ = [
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


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("capdyn")
    if name not in _HOME:
        raise AttributeError(f"module 'capdyn' has no attribute '{name}'")
    return getattr(importlib.import_module(_HOME[name], __name__), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
