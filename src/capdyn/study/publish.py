"""An analysis as one Dataset that says all of it: what the report is drawn from, and what is kept beside the runs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from .phrases import say_box
from .words import sentences

if TYPE_CHECKING:
    from .analyse import Analysis

SHOWN_RUNS = 1500  # of each scenario, in figures that show runs one by one; enough for a cloud of points


def publish(analysis: Analysis) -> xr.Dataset:
    """Everything in one Dataset, with sentences in its attributes.

    Returns
    -------
    Dataset
        `analysis.results`, and: `n_failed`, `failure_low`, `failure_high` (scenario[, input]); for each event
        `event_share`, `event_interval`, `box_low`, `box_high` (quantiles), `ks_distance`, `ks_p_value`, PRIM's
        path `peel_coverage`, `peel_density`, `peel_inputs` (event, peel); some runs one by one: `shown_x`,
        `shown_values` (run, input), `shown_y` (scenario, feature, run), `shown_failed` (scenario, run),
        `shown_events` (event, run), 1, 0 or not-a-number for runs that do not count. Attribute `words`:
        sentences by section, as JSON.
    """
    study = analysis.study
    inputs = [own.name for own in study.inputs]
    found: dict[str, Any] = {}
    coords: dict[str, Any] = {
        "input": inputs,
        "input_range": ("input", [str(i.distribution) for i in study.inputs]),
    }
    coords |= {"input_why": ("input", [_why(i) for i in study.inputs])}
    coords |= {"input_units": ("input", [i.units for i in study.inputs])}
    coords |= {"scenario": list(analysis.n_failed), "feature": [f.name for f in study.features]}
    coords["better"] = ("feature", [study.better.get(f.name, 0) for f in study.features])
    found["n_failed"] = ("scenario", np.array(list(analysis.n_failed.values()), dtype=float))
    found |= _failure_boxes(analysis)
    found |= _shown(analysis)
    if analysis.discoveries:
        coords["event"] = [f"{d.event.name} in {d.event.scenario}" for d in analysis.discoveries]
        found |= _events(analysis)
        coords["event_box"] = (
            "event",
            [say_box(study, d.chosen) if d.chosen else "" for d in analysis.discoveries],
        )
    extra = xr.Dataset(found, coords)
    about = {
        "words": json.dumps(sentences(analysis), ensure_ascii=False),
        "model": study.model.name,
        "model_hash": study.model.source.hash,
        "design": study.design,
        "study_text": study.text,
    }
    return analysis.results.merge(extra, compat="override", join="outer").assign_attrs(
        analysis.results.attrs | about
    )


def _why(own: Any) -> str:
    return own.why or ("range of the equation file" if own.from_file else "")


def _failure_boxes(analysis: Analysis) -> dict[str, Any]:
    """Where runs fail, by scenario; the whole space where no box is better."""
    count = len(analysis.study.inputs)
    low, high = (np.tile(end, (len(analysis.n_failed), count)) for end in (0.0, 1.0))
    for row, scenario in enumerate(analysis.n_failed):
        boxes = [g.where for (s, _), g in analysis.gates.items() if s == scenario and g.where is not None]
        if boxes and analysis.n_failed[scenario]:
            low[row], high[row] = boxes[0].low, boxes[0].high
    return {"failure_low": (("scenario", "input"), low), "failure_high": (("scenario", "input"), high)}


def _chosen_runs(analysis: Analysis) -> np.ndarray:
    """Runs to show: evenly spread over all."""
    count = min(SHOWN_RUNS, analysis.n_runs)
    return np.unique(np.linspace(0, analysis.n_runs - 1, count).astype(int))


def _shown(analysis: Analysis) -> dict[str, Any]:
    runs = _chosen_runs(analysis)
    scenarios, features = list(analysis.n_failed), [f.name for f in analysis.study.features]
    y = np.array([[analysis.y[s, f][runs] for f in features] for s in scenarios])
    return {
        "shown_x": (("run", "input"), analysis.x[runs]),
        "shown_values": (("run", "input"), analysis.values[runs]),
        "shown_y": (("scenario", "feature", "run"), y.reshape(len(scenarios), len(features), len(runs))),
        "shown_failed": (("scenario", "run"), (analysis.status.values[:, runs] != 0).astype(float)),
    }


def _events(analysis: Analysis) -> dict[str, Any]:
    every, n_inputs = analysis.discoveries, len(analysis.study.inputs)
    runs = _chosen_runs(analysis)
    steps = max((len(d.path) for d in every), default=0)
    free = np.full((len(every), n_inputs), np.nan)
    found: dict[str, np.ndarray] = {
        "box_low": free.copy(),
        "box_high": free.copy(),
        "ks_distance": free.copy(),
        "ks_p_value": free.copy(),
    }
    one: dict[str, np.ndarray] = {
        word: np.full(len(every), np.nan)
        for word in (
            "event_share",
            "event_runs",
            "box_coverage",
            "box_density",
            "tree_accuracy",
            "tree_naive",
        )
    }
    paths = {word: np.full((len(every), steps), np.nan) for word in ("coverage", "density", "inputs")}
    interval = np.full((len(every), 2), np.nan)
    shown = np.full((len(every), len(runs)), np.nan)
    for row, own in enumerate(every):
        one["event_share"][row], one["event_runs"][row] = own.event.share, own.event.counted.sum()
        interval[row] = own.event.interval
        shown[row] = np.where(own.event.counted[runs], own.event.happened[runs], np.nan)
        if own.chosen is not None:
            found["box_low"][row], found["box_high"][row] = own.chosen.low, own.chosen.high
            one["box_coverage"][row], one["box_density"][row] = own.chosen.coverage, own.chosen.density
        if own.regional is not None:
            found["ks_distance"][row], found["ks_p_value"][row] = own.regional.distance, own.regional.p_value
        if own.tree is not None:
            one["tree_accuracy"][row], one["tree_naive"][row] = own.tree.accuracy, own.tree.naive
        for step, box in enumerate(own.path):
            paths["coverage"][row, step] = box.coverage
            paths["density"][row, step] = box.density
            paths["inputs"][row, step] = box.restricted.sum()
    return {
        **{word: (("event", "input"), array) for word, array in found.items()},
        **{word: (("event",), array) for word, array in one.items()},
        **{f"peel_{word}": (("event", "peel"), array) for word, array in paths.items()},
        "event_interval": (("event", "bound"), interval),
        "shown_events": (("event", "run"), shown),
    }
