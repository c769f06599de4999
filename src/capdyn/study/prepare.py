"""From a plan to a job: everything is checked before anything runs, all mistakes at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from math import floor, log2
from typing import Any

import numpy as np
import xarray as xr

from ..emit.engine import RULES
from ..errors import ArgumentError, Problem
from ..lang.names import did_you_mean, key
from ..passes.system import System
from ..run.address import Mistake
from ..run.features import STATISTICS, Feature, check
from ..run.scenario import resolve
from .job import Job, find_element, find_varying, stored_names, thinned
from .plan import Plan
from .record import Record

_PIECE = 64 * 2**20  # bytes of trajectories in memory at a time
_MOST_STORED = 64 * 2**20  # bytes of a shard
_FEWEST, _MOST = 64, 16384  # members a batch
_BATCHES = 32  # where there are enough members: so a kill costs little, and progress is smooth
_SECONDS, _SHORT = 1.0, 0.1  # of one core that a batch may take, and that it may always take
_SECONDS_AN_ELEMENT = 1e-9  # about what an equation takes for a member; docs/performance.md
_OWN_DIMS = ("scenario", "member", "input", "feature", "time")
_OWN_NAMES = (*_OWN_DIMS, "sample", "features", "status", "failed_time", "failed_variable")


@dataclass(frozen=True)
class Array:
    """An array of the store: its dimensions (for a series those after `member`), values, and attributes."""

    dims: tuple[str, ...]
    values: np.ndarray
    about: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Template:
    """What a store has room for, beside what all stores have: series and coordinates by stored name, attributes."""

    series: dict[str, Array]
    coordinates: dict[str, Array]
    about: dict[str, Any]


def prepare(plan: Plan, batch: int | None = None) -> tuple[Job, Template]:
    """A job, and the room that its results need. Two members of each scenario are run to see that all goes together.

    batch : members a shard, for tests; by default about a second's work.

    Raises
    ------
    ArgumentError, ScenarioError
        What is wrong with the plan.
    """
    _check_sample(plan)
    settings = [
        resolve(plan.model.system, scenario, plan.model.folder, method=plan.method)
        for scenario in plan.scenarios
    ]
    scenarios = dict(zip(_distinct([setting.name for setting in settings]), settings, strict=True))
    _check_names(plan, list(scenarios))
    record = Record(
        name=plan.name,
        model=plan.model.name,
        model_hash=plan.model.source.hash,
        inputs=tuple(plan.inputs),
        scenarios=tuple((name, setting.text) for name, setting in scenarios.items()),
        features=tuple(plan.features),
        series=tuple(find_varying(plan.model.system, name).variable for name in plan.series),
        thin=plan.thin,
        seed=plan.seed,
        n_members=plan.n_members,
        batch=batch or _MOST,
        piece=1,
        text=plan.text,
        about=dict(plan.about),
        versions="",
        created="",
    )
    job = Job(record, plan.model)
    # The extremes of each input: what is out of range is seen here.
    ends = np.stack([plan.sample.min(axis=0), plan.sample.max(axis=0)])
    probes = {name: job.runs(name, np.arange(2), ends, 1) for name in scenarios}
    _check_times(plan, probes)
    template = _template(job, probes)
    return Job(_sized(job, probes, template, plan.n_members, batch), plan.model), template


def _check_sample(plan: Plan) -> None:
    shape = np.shape(plan.sample)
    if len(shape) != 2 or shape[1] != len(plan.inputs) or not shape[0]:
        raise ArgumentError(
            f"sample: its shape is {shape} and there are {len(plan.inputs)} inputs.",
            remedy="Give an array of shape (n_members, n_inputs).",
        )
    if plan.sample.dtype != np.float64 or not np.isfinite(plan.sample).all():
        raise ArgumentError("sample: not all of it are finite doubles.", remedy="Draw it again.")


def _check_names(plan: Plan, scenarios: Sequence[str]) -> None:
    """All names of features, series, scenarios and inputs at once."""
    problems: list[Problem] = []
    system = plan.model.system
    for number, feature in enumerate(plan.features, 1):
        called = f"feature '{feature.name}'" if feature.name else f"feature {number}"
        if not feature.name:
            problems.append(Problem(f"{called}: it has no name.", None, "Give it one; results go by it."))
        problems += _mistake(called, system, feature.variable, whole=False)
        if feature.against is not None and feature.against not in scenarios:
            remedy = did_you_mean(feature.against, scenarios) or f"Scenarios: {', '.join(scenarios)}."
            problems.append(
                Problem(f"{called}: '{feature.against}' is no scenario of the study.", None, remedy)
            )
    for name in plan.series:
        problems += _mistake("series", system, name, whole=True)
    for word, given in (
        ("feature", [feature.name for feature in plan.features]),
        ("series", [key(name) for name in plan.series]),
        ("input", [key(name) for name in plan.inputs]),
    ):
        twice = [name for name, count in Counter(given).items() if count > 1 and name]
        problems += [
            Problem(f"{word} '{name}' is there more than once.", None, "Leave one out.") for name in twice
        ]
    if not plan.features and not plan.series:
        problems.append(Problem("Nothing is kept of the runs.", None, "Name features or series."))
    if plan.thin < 1:
        problems.append(Problem(f"thin is {plan.thin}.", None, "Give 1 to keep all save times, or more."))
    if problems:
        raise ArgumentError(problems)


def _mistake(called: str, system: System, name: str, whole: bool) -> list[Problem]:
    """What is wrong with the name of a variable (`whole`) or of an element of one."""
    try:
        symbol = find_varying(system, name) if whole else find_element(system, name)[0]
    except Mistake as mistake:
        return [Problem(f"{called}: {mistake.what}", None, mistake.remedy)]
    taken = [name for name in (symbol.variable, *symbol.dims) if name in _OWN_NAMES]
    return [
        Problem(f"{called}: a study uses the name '{name}' itself.", None, "Rename it in the equation file.")
        for name in taken
    ]


def _distinct(names: list[str]) -> list[str]:
    """Names of scenarios; those of mappings, which are all called alike, get a number."""
    found: list[str] = []
    for name in names:
        number, candidate = 2, name
        while candidate in found:
            number, candidate = number + 1, f"{name} {number}"
        found.append(candidate)
    return found


def _check_times(plan: Plan, probes: dict[str, xr.Dataset]) -> None:
    """Scenarios are compared time by time, so they must have the same."""
    first, *others = probes
    times = probes[first]["time"].values
    for other in others:
        if not np.array_equal(times, probes[other]["time"].values):
            raise ArgumentError(
                f"Scenarios '{first}' and '{other}' are saved at different times.",
                remedy="Give them the same [time], or make a study of each.",
            )
    problems = check(plan.features, float(times[0]), float(times[-1]))
    if problems:
        raise ArgumentError(problems)


def _template(job: Job, probes: dict[str, xr.Dataset]) -> Template:
    record, probe = job.record, next(iter(probes.values()))
    elements = [find_element(job.model.system, feature.variable)[0].variable for feature in record.features]
    time_unit = probe["time"].attrs["units"]
    units = [
        _unit(f, probe[name].attrs["units"], time_unit)
        for f, name in zip(record.features, elements, strict=True)
    ]
    features = {
        "feature": [feature.name for feature in record.features],
        "feature_units": units,
        "feature_statistic": [feature.statistic for feature in record.features],
        "feature_variable": [feature.variable for feature in record.features],
    }
    times = thinned(probe["time"].values, record.thin, axis=0)
    coordinates = {
        "scenario": Array(("scenario",), _texts(record.scenario_names)),
        "input": Array(("input",), _texts(record.inputs)),
        "time": Array(("time",), times, dict(probe["time"].attrs)),
        **{name: Array(("feature",), _texts(labels)) for name, labels in features.items()},
    }
    ranges = [str(dim) for name in record.series for dim in probe[name].dims[2:]]
    stored_ranges = stored_names(tuple(dict.fromkeys(ranges)), "range")
    for dim, stored in stored_ranges.items():
        coordinates[stored] = Array((stored,), _texts(probe[dim].values), {"true_name": dim})
    series = {}
    for name, stored in stored_names(record.series, "series").items():
        dims = [stored_ranges.get(str(dim), str(dim)) for dim in probe[name].dims[1:]]
        room = np.broadcast_to(np.nan, (len(times), *probe[name].shape[2:]))
        series[stored] = Array(tuple(dims), room, {**probe[name].attrs, "true_name": name})
    return Template(
        series, coordinates, {word: probe.attrs[word] for word in ("method", "step", "versions", "created")}
    )


def _texts(labels: Iterable[str]) -> np.ndarray:
    return np.array([str(label) for label in labels], dtype=object)


def _unit(feature: Feature, unit: str, time_unit: str) -> str:
    whose = STATISTICS[feature.statistic].unit
    return {"variable": unit, "time": time_unit, "product": f"{unit}*{time_unit}".strip("*")}[whose]


def _sized(
    job: Job, probes: dict[str, xr.Dataset], template: Template, n_members: int, batch: int | None
) -> Record:
    """The record with its sizes of batch and piece; from the plan alone, so that every machine finds the same."""
    record, probe = job.record, next(iter(probes.values()))
    trajectories = sum(run.nbytes for run in probes.values()) / 2
    if batch is None:
        step, method = float(probe.attrs["step"]), str(probe.attrs["method"])
        steps = float(probe["time"][-1] - probe["time"][0]) / step * (1 + len(RULES[method].stages))
        elements = sum(equation.size for equation in job.model.system.flows)
        seconds = max(steps * elements, 1.0) * _SECONDS_AN_ELEMENT * len(probes)
        stored = (
            8 * len(probes) * (len(record.features) + sum(a.values.size for a in template.series.values()))
        )
        most = min(
            _MOST,
            _SECONDS / seconds,
            _MOST_STORED / stored,
            max(_FEWEST, n_members / _BATCHES, _SHORT / seconds),
        )
        batch = 2 ** floor(log2(max(most, 1.0)))
    piece = min(batch, max(_FEWEST, 2 ** floor(log2(_PIECE / trajectories))))
    return replace(
        record, batch=batch, piece=piece, versions=probe.attrs["versions"], created=probe.attrs["created"]
    )
