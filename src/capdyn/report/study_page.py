"""Results of a study → report.html and its figures, written whole or not at all."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from ..run.notebook import Progress
from . import run_figures, study_figures
from .assemble import FIGURES, PAGE, Picture, filled_when_whole, render, write_figures

MOST_FIGURES = 60  # of one page
_SECTIONS = {
    "failures": "Runs and failures",
    "indices": "Which inputs matter",
    "spread": "How far outputs spread",
    "events": "What happens in which futures",
    "futures": "Scenarios against one another",
}


@dataclass(frozen=True)
class Section:
    """A part of the page: sentences and pictures."""

    slug: str
    title: str
    sentences: list[str]
    pictures: list[Picture]


def write_study_report(results: xr.Dataset, directory: Path | str, progress: Progress | None = None) -> Path:
    """What a study found, in one self-contained page.

    Written into `directory`: `report.html` (figures inline, no script, nothing loaded from elsewhere) and
    `figures/<name>.png` and `.svg`. The same results give the same bytes.

    Parameters
    ----------
    results : Dataset
        As `capdyn.study.publish.publish` gives it.
    directory : Path
        Made if it does not exist; other files in it are left alone.
    progress : callable, optional
        Called as `progress(done, total, what)` after each figure.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    OSError
        The folder cannot be written.
    """
    directory = Path(directory)
    words = json.loads(results.attrs["words"])
    drawn = list(_pictures(results))
    shown = drawn[:MOST_FIGURES]
    sections = [
        Section(slug, title, words.get(slug, []), [picture for part, picture in shown if part == slug])
        for slug, title in _SECTIONS.items()
        if words.get(slug) or any(part == slug for part, _ in shown)
    ]
    with filled_when_whole(directory) as workshop:
        svgs = write_figures([picture for _, picture in shown], workshop / FIGURES, progress)
        context = {
            "title": results.attrs["study"],
            "question": results.attrs.get("question", ""),
            "model": results.attrs["model"],
            "model_hash": results.attrs["model_hash"],
            "methods": results.attrs["methods"],
            "policy": results.attrs["policy"],
            "runs": words.get("runs", []),
            "sections": sections,
            "svgs": svgs,
            "left_out": len(drawn) - len(shown),
            "inputs": _inputs(results),
            "study_text": results.attrs.get("study_text", ""),
        }
        (workshop / PAGE).write_text(render("study.html.j2", context), encoding="utf-8")
    return directory / PAGE


def _inputs(results: xr.Dataset) -> list[tuple[str, str, str, str]]:
    """Name, distribution, unit and reason of each input."""
    columns = (results[name].values for name in ("input", "input_range", "input_units", "input_why"))
    return [(str(a), str(b), str(c), str(d)) for a, b, c, d in zip(*columns, strict=True)]


def _pictures(results: xr.Dataset) -> Iterator[tuple[str, Picture]]:
    """All figures, each with its section, in the order of the page."""
    scenarios = [str(name) for name in results["scenario"].values]
    for scenario in scenarios:
        if float(results["n_failed"].sel(scenario=scenario)) and results.sizes["input"] > 1:
            yield "failures", _picture(
                f"failures {scenario}", f"Where runs fail in {scenario}",
                "Each point is a run, in the two inputs that tell failures best; the frame holds most of them.",
                partial(run_figures.failure_map, results, scenario),
            )  # fmt: skip
    features = [str(name) for name in results["feature"].values] if "feature" in results.dims else []
    for feature in features:
        for scenario in scenarios:
            yield from (("indices", picture) for picture in _of_feature(results, scenario, feature))
    yield from (("indices", picture) for picture in _over_time(results, scenarios))
    if "bands" in results:
        for series in results["series"].values:
            if np.isfinite(results["bands"].sel(series=series).values).any():
                yield "spread", _picture(
                    f"fan {series}", f"{series} over runs",
                    "Line: median of the runs that count; dark: the middle half; light: the middle 90 %.",
                    partial(study_figures.fan, results, str(series)),
                )  # fmt: skip
    for feature in features if "quantiles" in results else []:
        if np.isfinite(results["shown_y"].sel(feature=feature).values).any():
            yield "spread", _picture(
                f"spread {feature}", f"Distribution of {feature}",
                "The share of runs at or below each number; a line that ends below 1 leaves out runs without a number.",
                partial(study_figures.spread, results, feature),
            )  # fmt: skip
    for event in [str(name) for name in results["event"].values] if "event" in results.dims else []:
        yield from (("events", picture) for picture in _of_event(results, event))


def _of_feature(results: xr.Dataset, scenario: str, feature: str) -> Iterator[Picture]:
    here = results.sel(scenario=scenario, feature=feature)
    about = f"{feature} in {scenario}"
    for word in study_figures.HEADLINES:
        if word not in here or not np.isfinite(here[word].values).any():
            continue
        yield _picture(
            f"{word} {about}", f"Inputs by what they do to {about}",
            f"{study_figures.HEADLINES[word]}; bars by size, at most {study_figures.MOST_BARS}.",
            partial(study_figures.index_bars, results, scenario, feature, word),
        )  # fmt: skip
        if word == "absolute_effect":
            yield _picture(
                f"plane {about}", f"Effects on {about}",
                "Right: matters. Above the line: the effect depends on the other inputs, or bends.",
                partial(study_figures.morris_plane, results, scenario, feature),
            )  # fmt: skip
        if f"{word}_at" in here and np.isfinite(here[f"{word}_at"].values).any():
            yield _picture(
                f"convergence {word} {about}", f"Convergence for {about}",
                "The same index from parts of the runs: flat lines have settled.",
                partial(study_figures.convergence, results, scenario, feature, word),
            )  # fmt: skip
        leading = _leading(results, here, word)
        if leading:
            yield _picture(
                f"scatter {word} {about}", f"Runs one by one: {about}",
                "Each point is a run; ticks at the foot are runs without a finite number.",
                partial(run_figures.scatter, results, scenario, feature, leading),
            )  # fmt: skip
    if "swing" in here and np.isfinite(here["swing"].values).any():
        yield _picture(
            f"tornado {about}", f"One input at a time: {about}",
            "Everything else stands where it is. A bar that is missing is a run that failed.",
            partial(study_figures.tornado, results, scenario, feature),
        )  # fmt: skip


def _leading(results: xr.Dataset, here: xr.Dataset, word: str) -> list[str]:
    """Inputs with the largest indices, for a scatter plot; of groups those that are single inputs."""
    label = here[word].dims[0]
    order = np.argsort(-np.nan_to_num(here[word].values, nan=-1), kind="stable")
    known = {str(name) for name in results["input"].values}
    return [str(here[label].values[n]) for n in order if str(here[label].values[n]) in known][
        : run_figures.MOST_PAIRS
    ]


def _over_time(results: xr.Dataset, scenarios: list[str]) -> Iterator[Picture]:
    for word in study_figures.HEADLINES:
        if f"{word}_over_time" not in results:
            continue
        for series in results["series"].values:
            for scenario in scenarios:
                if np.isfinite(
                    results[f"{word}_over_time"].sel(series=series, scenario=scenario).values
                ).any():
                    yield _picture(
                        f"time {word} {series} {scenario}", f"What drives {series} when, in {scenario}",
                        f"{study_figures.HEADLINES[word]} at each time. A gap: the runs do not settle it.",
                        partial(study_figures.over_time, results, scenario, str(series), word),
                    )  # fmt: skip


def _of_event(results: xr.Dataset, event: str) -> Iterator[Picture]:
    here = results.sel(event=event)
    if not np.isfinite(here["box_low"].values).any():
        return
    yield _picture(
        f"box {event}", f"Where it happens: {event}",
        "The box of scenario discovery (PRIM), in quantiles of the inputs that it restricts.",
        partial(run_figures.box_ranges, results, event),
    )  # fmt: skip
    if results.sizes["input"] > 1:
        yield _picture(
            f"map {event}", f"Runs in which it happens: {event}",
            "Each point is a run, in the two inputs that the box restricts most.",
            partial(run_figures.event_map, results, event),
        )  # fmt: skip
    yield _picture(
        f"peeling {event}", f"Coverage against density: {event}",
        "Each point is a box that PRIM passed on its way from all runs to the purest.",
        partial(run_figures.peeling, results, event),
    )  # fmt: skip


def _picture(name: str, title: str, caption: str, draw: Callable[[], Figure]) -> Picture:
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return Picture(slug, title, f"{title}. {caption}", caption, draw)
