"""A study's model as a function of its inputs, in memory: for scripts that bring their own sample.

`Evaluator` is the function; `salib_pair` is that function as SALib's users write theirs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import ArgumentError, NumericalError
from ..lang.names import did_you_mean
from .bench import OK
from .discover import choose, prim
from .phrases import percent, say_box
from .prepare import prepare
from .record import Record
from .study import Study


class Evaluator:
    """From values of a study's inputs to its features, one block of runs a call.

    Parameters
    ----------
    study : Study
        Its inputs, scenarios, features and series.
    threads : int, optional
        By default one for each core.
    """

    def __init__(self, study: Study, threads: int | None = None):
        self.study = study
        self._threads = threads
        self._job, _ = prepare(study.plan())

    @property
    def record(self) -> Record:
        """What decides the numbers, beside the values."""
        return self._job.record

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """The features of each run under each scenario.

        Parameters
        ----------
        values : ndarray, shape (n_runs, n_inputs)
            Each column in its input's unit, in the order of `study.inputs`.

        Returns
        -------
        ndarray, shape (n_scenarios, n_runs, n_features)
            Not-a-number where a run did not stay finite, infinity where what is asked for never happens.

        Raises
        ------
        ArgumentError
            A wrong shape, or values outside the model's ranges.
        """
        return self.run(values)["features"]

    def run(self, values: np.ndarray) -> dict[str, np.ndarray]:
        """The same with `status` (n_scenarios, n_runs) and the study's series, by the names of its store."""
        array = np.asarray(values, dtype=float)
        if array.ndim != 2 or array.shape[1] != len(self.study.inputs):
            raise ArgumentError(
                f"values: the shape is {array.shape}, and there are {len(self.study.inputs)} inputs.",
                remedy="Give shape (n_runs, n_inputs), a column for each of study.inputs.",
            )
        arrays = self._job.run(0, np.arange(len(array)), self.study.columns(array)[1], self._threads).arrays
        bad = arrays["status"] != OK
        arrays["features"] = np.where(bad[..., None], np.nan, arrays["features"])
        return arrays

    def __repr__(self) -> str:
        return f"<capdyn.Evaluator of '{self.study.title}': {len(self.study.inputs)} inputs>"


def salib_pair(
    study: Study, feature: str | None = None, scenario: str | None = None, failed: str = "refuse"
) -> tuple[dict[str, Any], Callable[[np.ndarray], np.ndarray]]:
    """A study as SALib's `(problem, evaluate)`: scripts written for SALib run a capdyn model.

    Parameters
    ----------
    study : Study
        Inputs with continuous distributions; SALib samples them uniformly in their quantiles.
    feature, scenario : str, optional
        Which output; by default the first of each.
    failed : str
        'refuse' raises where a run has no finite number, since SALib turns one into zeros without a word;
        'keep' hands not-a-number on to the caller.

    Returns
    -------
    problem : dict
        `num_vars`, `names`, `bounds` (quantiles, 0 to 1), and `groups` where the study has any.
    evaluate : callable
        From SALib's sample, shape (n_runs, n_inputs), to the output, shape (n_runs,).

    Raises
    ------
    ArgumentError
        Unknown names, or inputs that depend on one another.
    """
    names = [own.name for own in study.features]
    column = _place(feature, names, "feature")
    row = _place(scenario, list(study.scenario_names), "scenario")
    if failed not in ("refuse", "keep"):
        raise ArgumentError(f"failed: '{failed}' is neither 'refuse' nor 'keep'.", remedy="Take one of them.")
    check_independent(study, "SALib")
    evaluator = Evaluator(study)
    problem: dict[str, Any] = {
        "num_vars": len(study.inputs),
        "names": [own.name for own in study.inputs],
        "bounds": [[0.0, 1.0]] * len(study.inputs),
    }
    if len(study.groups) < len(study.inputs):
        problem["groups"] = [own.group for own in study.inputs]

    def evaluate(sample: np.ndarray) -> np.ndarray:
        """The output of each row of a sample of SALib."""
        unit = np.atleast_2d(np.asarray(sample, dtype=float))
        y = evaluator(study.values(unit))[row, :, column]
        if failed == "refuse":
            _refuse(study, unit, y, names[column])
        return y

    return problem, evaluate


def check_independent(study: Study, who: str) -> None:
    """Refuses a study whose inputs depend on one another where somebody else samples them."""
    if not study.is_independent:
        raise ArgumentError(
            f"The study's inputs depend on one another, and {who} would sample each by itself.",
            remedy="Use capdyn.run_study, or leave out [correlations] and [posterior].",
        )


def _place(name: str | None, known: list[str], what: str) -> int:
    if name is None and known:
        return 0
    if name not in known:
        remedy = did_you_mean(str(name), known) or f"There are {', '.join(known) or 'none'}."
        raise ArgumentError(f"{what}: '{name}' is not in the study.", remedy=remedy)
    return known.index(str(name))


def _refuse(study: Study, unit: np.ndarray, y: np.ndarray, name: str) -> None:
    bad = ~np.isfinite(y)
    if not bad.any():
        return
    box = choose(prim(unit, bad), unit, bad)
    where = f"; {percent(box.coverage)} of them lie where {say_box(study, box)}" if box else ""
    raise NumericalError(
        f"'{name}' is no finite number in {bad.sum():,} of {len(bad):,} runs{where}.",
        remedy="Narrow the ranges, or take failed='keep' and leave them out yourself: "
        "SALib would turn them into zeros without a word.",
    )
