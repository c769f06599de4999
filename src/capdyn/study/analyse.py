"""From the runs of a study to what can be said from them. `analyse` is the verb.

indices    of features, at parts of the runs, over time   (study.compute, study.slopes)
bands      how far outputs spread
events     outcomes, kinds of trajectories, what they have in common   (study.events)
futures    scenarios against the first, regret   (study.futures)

Each of them goes through the gate (study.gate), which says which runs count and where the others are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from ..run.features import compute
from ..run.notebook import Progress, html_lists, listener
from .bench import OK, PARTS, Bench
from .classes import classify
from .compute import ROWS, Row, Sample
from .events import Discovery, Event, discover, event, of_classes
from .futures import QUANTILES, differences, regret
from .gate import Gate
from .methods.dgsm import dgsm
from .methods.table import METHODS
from .slopes import slopes
from .study import Study
from .words import sentences

_SAMPLES = (
    "latin_hypercube",
    "sobol_sequence",
    "halton",
    "saltelli",
)  # designs whose runs show how outputs are distributed
_NO_PARTS = ("tornado", "efast")  # of a part of these runs nothing can be said
_LEAST_BLOCKS = 64  # for a look at convergence
_FEW = 20  # resamples where only the index itself is wanted


@dataclass(frozen=True, eq=False)
class Analysis:
    """What an analysis finds.

    results : arrays by name, with the dimensions scenario, feature, series, time, group, input, bound, part,
    quantile.
    gates : by scenario and output. discoveries : one an event.
    x, values : ndarray, shape (n_runs, n_inputs), quantiles and values of the inputs.
    y : (scenario, feature) -> ndarray, shape (n_runs,), as the runs gave it.
    status, failed_variable : (scenario, member), as the runs gave them.
    """

    study: Study
    results: xr.Dataset
    gates: Mapping[tuple[str, str], Gate]
    discoveries: tuple[Discovery, ...]
    x: np.ndarray
    values: np.ndarray
    y: Mapping[tuple[str, str], np.ndarray]
    status: xr.DataArray
    failed_variable: xr.DataArray | None = None

    @property
    def n_runs(self) -> int:
        """Runs in each scenario."""
        return len(self.x)

    @property
    def n_failed(self) -> dict[str, int]:
        """By scenario, runs that did not stay finite."""
        return {
            str(s): int((self.status.sel(scenario=s) != OK).sum()) for s in self.status["scenario"].values
        }

    def __repr__(self) -> str:
        failed = ", ".join(f"{count} in '{name}'" for name, count in self.n_failed.items())
        return (
            f"<capdyn.Analysis of '{self.study.title}': {', '.join(self.study.methods)} from {self.n_runs} runs in "
            f"each of {len(self.n_failed)} scenarios; failed: {failed}>"
        )

    def _repr_html_(self) -> str:
        parts = sentences(self).items()
        return html_lists(self.study.title, [(name.capitalize(), words) for name, words in parts])


def analyse(runs: xr.Dataset, study: Study, progress: Progress | None = None) -> Analysis:
    """Computes what a study asks for.

    Parameters
    ----------
    runs : Dataset
        As `capdyn.run_study` gives it: `features` (scenario, member, feature), `status` (scenario, member),
        and the series.
    study : Study
        The one that the runs were made for; they may be several times its size.
    progress : callable, optional
        Called as `progress(done, total, what)`.

    Returns
    -------
    Analysis

    Raises
    ------
    ArgumentError
        The runs are not those of the study, or some are not there yet.
    """
    bench = Bench(runs, study, listener(progress))
    for name in study.methods:
        if name == "dgsm":
            _derivatives(bench)
        elif name in ROWS:
            _indices(bench, name, ROWS[name])
            if name != "tornado":
                _over_time(bench, name, ROWS[name])
    discoveries: list[Discovery] = []
    if study.design in _SAMPLES:
        _bands(bench)
        discoveries = _events(bench)
        _futures(bench)
    for scenario, feature in bench.outputs:
        bench.feature_gate(scenario, feature)
    bench.tell(1, 1, "analysis")
    return Analysis(
        study,
        bench.results(),
        bench.gates,
        tuple(discoveries),
        bench.x,
        bench.values,
        bench.y,
        bench.status,
        runs["failed_variable"].load() if "failed_variable" in runs else None,
    )


def _sample(bench: Bench, name: str, keep: np.ndarray, quick: Mapping[str, Any] | None = None) -> Sample:
    study = bench.study
    words = METHODS[name].settings
    settings = {word: study.settings[word] for word in words if word in study.settings}
    settings |= {word: value for word, value in (quick or {}).items() if word in words}
    return Sample(
        bench.design,
        keep,
        bench.x,
        len(study.groups),
        len(study.inputs),
        study.size,
        settings,
        study.seed,
        bool(study.options.get("second_order", False)),
    )


def _indices(bench: Bench, name: str, row: Row) -> None:
    """A method for each feature, and its headline at growing parts of the runs."""
    for done, (scenario, feature) in enumerate(bench.outputs):
        bench.tell(done, len(bench.outputs), f"{name} of {feature}")
        passed = bench.feature_gate(scenario, feature)
        if passed.refusal:
            continue
        y = bench.y[scenario, feature][:, None]
        at = {"scenario": scenario, "feature": feature}
        for word, array in row.compute(y[passed.keep], _sample(bench, name, passed.keep)).items():
            bench.place(word, row.dims[word], array[0], at)
        blocks = np.unique(bench.design.block[passed.keep])
        if name in _NO_PARTS or len(blocks) < _LEAST_BLOCKS:
            continue
        for part in PARTS:
            some = passed.keep & np.isin(bench.design.block, blocks[: int(part * len(blocks))])
            found = row.compute(y[some], _sample(bench, name, some, {"resamples": _FEW}))
            bench.place(
                f"{row.headline}_at", row.dims[row.headline], found[row.headline][0], {**at, "part": part}
            )


def _over_time(bench: Bench, name: str, row: Row) -> None:
    """A method for each time of each series."""
    for done, (scenario, address) in enumerate(bench.courses):
        bench.tell(done, len(bench.courses), f"{name} of {address} over time")
        values = bench.series(scenario, address)
        passed = bench.series_gate(scenario, address, values)
        if passed.refusal:
            continue
        found = row.compute(values[passed.keep], _sample(bench, name, passed.keep, row.quick))
        for word, array in found.items():
            if row.quick and word.endswith("_interval"):
                continue  # too few resamples for one
            dims = ("time", *row.dims[word])
            bench.place(f"{word}_over_time", dims, array, {"scenario": scenario, "series": address})


def _derivatives(bench: Bench) -> None:
    """DGSM: the model's tangent at each run that counts."""
    study = bench.study
    settings = {word: value for word, value in study.settings.items() if word in METHODS["dgsm"].settings}
    for number, scenario in enumerate(bench.scenarios):
        passed = {feature: bench.feature_gate(scenario, feature) for feature in bench.features}
        wanted = [f for f in study.features if not passed[f.name].refusal]
        if not wanted:
            continue
        keep = np.all([passed[f.name].keep for f in wanted], axis=0)
        found = slopes(
            study, number, wanted, bench.design.unit[keep], bench.values[keep], compute, bench.tell
        )
        finite = np.isfinite(found).all(axis=(1, 2))
        bench.place("slopes_failed", (), float((~finite).sum()), {"scenario": scenario})
        if finite.sum() < 2:
            continue
        for column, feature in enumerate(wanted):
            y = bench.y[scenario, feature.name][keep][finite, None]
            measures = dgsm(y, found[finite][:, [column]], seed=study.seed, **settings)
            at = {"scenario": scenario, "feature": feature.name}
            bench.place("total_bound", ("input",), measures.bound[0], at)
            bench.place("total_bound_interval", ("input", "bound"), measures.bound_interval[0], at)
            bench.place("mean_square", ("input",), measures.mean_square[0], at)


def _bands(bench: Bench) -> None:
    """Quantiles of features and, over time, of series, in the runs that count."""
    for scenario, feature in bench.outputs:
        passed = bench.feature_gate(scenario, feature)
        if passed.keep.any():
            y = bench.y[scenario, feature][passed.keep]
            at = {"scenario": scenario, "feature": feature}
            bench.place("quantiles", ("quantile",), np.quantile(y, QUANTILES), at)
            bench.place("mean", (), y.mean(), at)
    for scenario, address in bench.courses:
        values = bench.series(scenario, address)
        passed = bench.series_gate(scenario, address, values)
        if passed.keep.any():
            found = np.quantile(values[passed.keep], QUANTILES, axis=0).T
            bench.place("bands", ("time", "quantile"), found, {"scenario": scenario, "series": address})


def _events(bench: Bench) -> list[Discovery]:
    """Outcomes and kinds of trajectories, and what their runs have in common."""
    study, alone = bench.study, bench.independent()
    found: list[Event] = []
    for outcome in study.outcomes:
        for scenario in outcome.scenarios:
            y = bench.y[scenario, outcome.feature]
            counted = alone & bench.admitted(scenario) & ~bench.failed(scenario) & ~np.isnan(y)
            found.append(event(outcome.name, scenario, str(outcome), counted, outcome.holds(y)))
    if study.classes is not None:
        own = study.classes
        for scenario in bench.scenarios:
            kinds = classify(bench.series(scenario, own.variable), own.level, own.margin)
            counted = alone & bench.admitted(scenario) & ~bench.failed(scenario)
            found += of_classes(kinds, counted, scenario, own.variable)
    discoveries = []
    for number, each in enumerate(found):
        bench.tell(number, len(found), f"runs in which '{each.name}'")
        discoveries.append(discover(each, bench.x, study.seed))
    return discoveries


def _futures(bench: Bench) -> None:
    """Differences from the first scenario, and regret, in futures that went well in all of them."""
    if len(bench.scenarios) < 2:
        return
    counts = bench.independent()
    for scenario in bench.scenarios:
        counts = counts & bench.admitted(scenario) & ~bench.failed(scenario)
    against = {f.name for f in bench.study.features if f.against is not None}
    for feature in bench.features:
        y = np.stack([bench.y[scenario, feature] for scenario in bench.scenarios])
        finite = counts & np.isfinite(y).all(axis=0)
        if finite.any() and feature not in against:
            found = differences(y[:, finite, None])
            for number, scenario in enumerate(bench.scenarios):
                at = {"scenario": scenario, "feature": feature}
                bench.place("difference", (), found.mean[number, 0], at)
                bench.place("difference_quantiles", ("quantile",), found.quantiles[number, 0], at)
                bench.place("share_above", (), found.above[number, 0], at)
                bench.place("futures_compared", (), float(finite.sum()), at)
        known = counts & ~np.isnan(y).any(axis=0)
        if feature in bench.study.better and known.any():
            behind = regret(y[:, known], bench.study.better[feature])
            for number, scenario in enumerate(bench.scenarios):
                at = {"scenario": scenario, "feature": feature}
                ranked = np.quantile(behind[number], QUANTILES, method="inverted_cdf")
                bench.place("regret_quantiles", ("quantile",), ranked, at)
                bench.place("share_best", (), (behind[number] == 0).mean(), at)
