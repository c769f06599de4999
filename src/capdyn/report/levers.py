"""Which lever is pulled where, how hard and when: from the run's constants, or from the scenario's text."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from .panels import REGION, home_of
from .quantities import join_words, write_time

LEVER, GENERATION = "Lever", "Generation"
INTENSITY, START, STOP = "Lever intensity", "Lever start", "Lever stop"
LEVER_GENERATION, GENERATION_SWITCH = "Lever generation", "Generation switch"


@dataclass(frozen=True)
class LeverUse:
    """One lever in one scenario: `scenario` counts from 0, `intensity` from 0 to 1, times in the run's unit.

    `region` is "" where the model has none or it is the home region.
    """

    scenario: int
    lever: str
    region: str
    intensity: float
    start: float
    stop: float
    generation: str = ""

    def setting(self) -> str:
        """`0.6, 5 to 20`, and the region if it is not the home region."""
        place = f" in {self.region}" if self.region else ""
        return f"{self.intensity:.2g}, {write_time(self.start)} to {write_time(self.stop)}{place}"


def words_of(lever: str) -> str:
    """`network_broker` → "network broker"."""
    return lever.replace("_", " ")


def lever_uses(ds: xr.Dataset, texts: Sequence[str] = ()) -> list[LeverUse]:
    """Every lever with an intensity above zero while a run lasts, in the order generation, lever, scenario.

    Parameters
    ----------
    ds : Dataset
        Combined runs. Read: `Lever intensity[Lever, Region]`, `Lever start[Lever]`, `Lever stop[Lever]`,
        `Lever generation[Lever, Generation]`, `Generation switch[Generation]` (times the intensity).
    texts : sequence of str
        Scenario texts, one a scenario: used if the Dataset has no `Lever intensity`.
    """
    if INTENSITY in ds and LEVER in ds[INTENSITY].dims:
        uses = list(_from_constants(ds))
    else:
        uses = [use for number, text in enumerate(texts) for use in _from_text(ds, number, text)]
    generations = [str(label) for label in ds[GENERATION].values] if GENERATION in ds.coords else []
    levers = [str(label) for label in ds[LEVER].values] if LEVER in ds.coords else []

    def order(use: LeverUse) -> tuple[int, int, str, int]:
        generation = generations.index(use.generation) if use.generation in generations else len(generations)
        return generation, levers.index(use.lever) if use.lever in levers else 0, use.lever, use.scenario

    return sorted(uses, key=order)


def has_levers(ds: xr.Dataset, uses: Sequence[LeverUse]) -> bool:
    """Whether the model has levers at all, pulled or not."""
    return INTENSITY in ds or bool(uses)


def lever_list(uses: Sequence[LeverUse], scenario: int) -> str:
    """The levers of one scenario in words, those that are set alike together; "none" if it pulls none."""
    alike: dict[str, list[str]] = {}
    for use in uses:
        if use.scenario == scenario:
            alike.setdefault(use.setting(), []).append(words_of(use.lever))
    return "; ".join(f"{join_words(levers)} ({setting})" for setting, levers in alike.items()) or "none"


def run_span(ds: xr.Dataset, scenario: int) -> tuple[float, float]:
    """First and last time of a run."""
    times = ds["time"].values[ds["saved"].values[scenario]]
    return float(times[0]), float(times[-1])


def _from_constants(ds: xr.Dataset) -> Iterator[LeverUse]:
    levers = [str(label) for label in ds[LEVER].values]
    regions = [str(label) for label in ds[REGION].values] if REGION in ds[INTENSITY].dims else [""]
    home = home_of(ds) if regions != [""] else ""
    generations = _generations(ds)
    intensity = _without_time(ds[INTENSITY])
    if REGION not in intensity.dims:
        intensity = intensity.expand_dims({REGION: regions})
    pulled = intensity.transpose("scenario", LEVER, REGION).values
    starts, stops = _by_lever(ds, START, -np.inf), _by_lever(ds, STOP, np.inf)
    for number in range(ds.sizes["scenario"]):
        first, last = run_span(ds, number)
        switches = _switches(ds, number)
        for row, lever in enumerate(levers):
            generation = generations.get(lever, "")
            start, stop = max(starts[number, row], first), min(stops[number, row], last)
            for column, region in enumerate(regions):
                strength = float(pulled[number, row, column]) * switches.get(generation, 1.0)
                if strength > 0 and start < stop:
                    place = "" if region == home else region
                    yield LeverUse(number, lever, place, strength, float(start), float(stop), generation)


def _from_text(ds: xr.Dataset, number: int, text: str) -> Iterator[LeverUse]:
    try:
        table = tomllib.loads(text).get("levers", {})
    except tomllib.TOMLDecodeError:
        return
    first, last = run_span(ds, number)
    for lever, entry in table.items() if isinstance(table, Mapping) else ():
        if not isinstance(entry, Mapping):
            continue
        intensity = _number(entry.get("intensity"), 1.0)
        start = max(_number(entry.get("start"), first), first)
        stop = min(_number(entry.get("stop"), last), last)
        if intensity > 0 and stop > start:
            yield LeverUse(number, str(lever), "", intensity, start, stop)


def _generations(ds: xr.Dataset) -> dict[str, str]:
    """Lever → its generation, from the 0/1 constant; a lever without one is left out."""
    if LEVER_GENERATION not in ds or not {LEVER, GENERATION} <= set(ds[LEVER_GENERATION].dims):
        return {}
    table = _without_time(ds[LEVER_GENERATION]).isel(scenario=0).transpose(LEVER, GENERATION)
    labels = [str(label) for label in ds[GENERATION].values]
    rows = np.nan_to_num(table.values)
    return {
        str(lever): labels[int(row.argmax())]
        for lever, row in zip(ds[LEVER].values, rows, strict=True)
        if row.max() > 0
    }


def _switches(ds: xr.Dataset, number: int) -> dict[str, float]:
    """Generation → the factor that a scenario sets for it; nothing if the model has no such constant."""
    if GENERATION_SWITCH not in ds or GENERATION not in ds[GENERATION_SWITCH].dims:
        return {}
    switch = _without_time(ds[GENERATION_SWITCH]).isel(scenario=number)
    return {str(name): float(value) for name, value in zip(ds[GENERATION].values, switch.values, strict=True)}


def _by_lever(ds: xr.Dataset, name: str, otherwise: float) -> np.ndarray:
    """A constant of each lever. shape (n_scenarios, n_levers)  `otherwise` where there is none"""
    if name not in ds or LEVER not in ds[name].dims:
        return np.full((ds.sizes["scenario"], ds.sizes[LEVER]), otherwise)
    values = _without_time(ds[name]).transpose("scenario", LEVER).values
    return np.where(np.isnan(values), otherwise, values)


def _without_time(data: xr.DataArray) -> xr.DataArray:
    """A constant; the largest value in time where a model computes it."""
    return data.max("time") if "time" in data.dims else data


def _number(value: object, otherwise: float) -> float:
    return float(value) if isinstance(value, int | float) else otherwise
