"""The EMA Workbench runs capdyn models: its `Model` from a study, and an evaluator that runs all experiments
as one ensemble."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ArgumentError
from .evaluate import Evaluator, check_independent
from .study import Study

if TYPE_CHECKING:
    from ema_workbench import Model


def ema_model(study: Study, name: str = "capdyn", threads: int | None = None) -> Model:
    """A study as a model of the EMA Workbench.

    Parameters
    ----------
    study : Study
        Its inputs become uncertainties, or levers where they are elements of `Lever intensity`; its features become
        scalar outcomes. One scenario.
    name : str
        As the Workbench calls it: letters and digits.
    threads : int, optional
        By default one for each core.

    Returns
    -------
    ema_workbench.Model
        Runs with any evaluator of the Workbench, one experiment at a time; with `ema_evaluator` all at once.

    Raises
    ------
    ArgumentError
        The study has several scenarios, no features, or inputs that depend on one another; or the Workbench is
        not installed.
    """
    ema = _workbench()
    if len(study.scenarios) != 1 or not study.features:
        raise ArgumentError(
            f"A model of the EMA Workbench has one scenario and some features, not {len(study.scenarios)} and "
            f"{len(study.features)}.",
            remedy="Make a model of each scenario, and name [features] in the study.",
        )
    check_independent(study, "the Workbench")
    evaluator = Evaluator(study, threads)
    names = [own.name for own in study.features]

    def run(**inputs: float) -> dict[str, float]:
        values = np.array([[inputs[own.name] for own in study.inputs]])
        return dict(zip(names, evaluator(values)[0, 0].tolist(), strict=True))

    model = ema.Model(name, function=run)
    parameters = [_parameter(ema, own) for own in study.inputs]
    is_lever = [own.targets[0].lower().startswith("lever intensity[") for own in study.inputs]
    model.uncertainties = [p for p, lever in zip(parameters, is_lever, strict=True) if not lever]
    model.levers = [p for p, lever in zip(parameters, is_lever, strict=True) if lever]
    kinds = {1: ema.ScalarOutcome.MAXIMIZE, -1: ema.ScalarOutcome.MINIMIZE, 0: ema.ScalarOutcome.INFO}
    model.outcomes = [ema.ScalarOutcome(n, kind=kinds[study.better.get(n, 0)]) for n in names]
    model.capdyn = evaluator
    return model


def ema_evaluator(model: Model) -> Any:
    """An evaluator of the EMA Workbench that hands all experiments to capdyn at once.

    Use it where a script says `SequentialEvaluator(model)` or `MultiprocessingEvaluator(model)`.

    Raises
    ------
    ArgumentError
        The model is not from `ema_model`, or the Workbench is not installed.
    """
    _workbench()
    from ema_workbench.em_framework.evaluators import BaseEvaluator
    from ema_workbench.em_framework.points import experiment_generator

    if not isinstance(getattr(model, "capdyn", None), Evaluator):
        raise ArgumentError(
            "The model does not come from capdyn.", remedy="Make it with capdyn.ema_model(study)."
        )

    class CapdynEvaluator(BaseEvaluator):
        """All experiments as one ensemble."""

        def initialize(self) -> None:
            """Nothing to begin."""

        def finalize(self) -> None:
            """Nothing to end."""

        def evaluate_experiments(
            self,
            scenarios: Iterable[Any],
            policies: Iterable[Any],
            callback: Callable,
            combine: str = "factorial",
        ) -> None:
            """Called by the Workbench."""
            experiments = list(experiment_generator(scenarios, self._msis, policies, combine=combine))
            study = model.capdyn.study
            rows = [_row(study, experiment, model) for experiment in experiments]
            names = [own.name for own in study.features]
            for experiment, found in zip(experiments, model.capdyn(np.array(rows))[0].tolist(), strict=True):
                callback(experiment, dict(zip(names, found, strict=True)))

    return CapdynEvaluator(model)


def _row(study: Study, experiment: Any, model: Any) -> list[float]:
    """The inputs of an experiment; what neither its scenario nor its policy says stands as it is in the model."""
    constants = {constant.name: constant.value for constant in model.constants}
    known = {**constants, **dict(experiment.scenario), **dict(experiment.policy)}
    return [float(known.get(own.name, own.nominal)) for own in study.inputs]


def _parameter(ema: Any, own: Any) -> Any:
    d = own.distribution
    if d.values:
        return ema.CategoricalParameter(own.name, list(d.values))
    if d.kind == "uniform":
        return ema.RealParameter(own.name, d.low, d.high)
    raise ArgumentError(
        f"'{own.name}' is {d.kind}, and the EMA Workbench samples between ends.",
        remedy="Make it uniform, or sample with capdyn.",
    )


def _workbench() -> Any:
    try:
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it complains about evaluators whose packages are not installed
            import ema_workbench
    except ImportError:
        raise ArgumentError(
            "The EMA Workbench is not installed.", remedy="Install it: pip install ema_workbench"
        ) from None
    return ema_workbench
