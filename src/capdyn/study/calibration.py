"""A calibration: which constants are free, and the dated numbers that they are to agree with; as a file says it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from ..errors import CapdynError
from ..lang.names import did_you_mean, key
from ..run.address import (
    Mistake,
    address_of,
    check_limits,
    find_places,
    find_symbol,
    labels_of,
    parse_address,
)
from ..run.ensemble import ensemble
from ..run.open import Model, open_model
from ..run.scenario import resolve
from ..run.sensitivities import sensitivities
from ..run.toml_file import Book, read_toml
from .calibration_form import CalibrationForm, FreeForm, TargetForm
from .distributions import Distribution
from .form import InputForm
from .read_distribution import distribution_of


@dataclass(frozen=True)
class Free:
    """A constant that is fitted, one element, between two ends; on a logarithmic scale where both are above zero.

    prior : its distribution before the targets are looked at.
    """

    address: str
    low: float
    high: float
    start: float
    units: str
    prior: Distribution

    def value(self, unit: np.ndarray) -> np.ndarray:
        """Values at places from 0 to 1 on its scale."""
        if self.low > 0.0:
            return np.asarray(np.clip(self.low * (self.high / self.low) ** unit, self.low, self.high))
        return np.asarray(self.low + (self.high - self.low) * unit)

    def stretch(self, unit: float) -> float:
        """How fast the value changes with its place, d value / d unit."""
        if self.low > 0.0:
            return float(self.value(np.array(unit)) * np.log(self.high / self.low))
        return self.high - self.low

    def unit(self, value: float) -> float:
        """The place of a value."""
        if self.low > 0.0:
            return float(np.log(value / self.low) / np.log(self.high / self.low))
        return (value - self.low) / (self.high - self.low)


@dataclass(frozen=True)
class Target:
    """A dated number: the sum of `outputs` at a time of a scenario. kind : 'at', 'above' or 'below' the value."""

    name: str
    scenario: str
    outputs: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    time: float
    value: float
    sd: float
    kind: str
    source: str

    def residual(self, found: np.ndarray) -> np.ndarray:
        """How far off, in standard errors; what is on the right side of a bound is not off."""
        off = (found - self.value) / self.sd
        if self.kind == "above":
            return np.asarray(np.minimum(off, 0.0))
        return np.asarray(np.maximum(off, 0.0) if self.kind == "below" else off)

    def pull(self, found: float) -> float:
        """How fast the residual changes with the number found; 0 on the right side of a bound."""
        return 1.0 / self.sd if self.kind == "at" or self.residual(np.array(found)) != 0.0 else 0.0

    def read(self, runs: xr.Dataset) -> np.ndarray:
        """The number, or a derivative of it, in each run. shape (n_runs,)"""
        times = np.asarray(runs["time"].values)
        place = float(np.interp(self.time, times, np.arange(len(times)), left=np.nan, right=np.nan))
        return np.asarray(
            sum(_at_place(runs[name].sel(dict(where)), place) for name, where in self.outputs), dtype=float
        )


@dataclass(frozen=True, eq=False)
class Calibration:
    """A calibration file with its names resolved in a model."""

    model: Model
    title: str
    free: tuple[Free, ...]
    targets: tuple[Target, ...]
    starts: int
    seed: int

    def values(self, units: np.ndarray) -> np.ndarray:
        """Values at places. units : shape (..., n_free) -> the same shape, in the constants' units"""
        return np.stack([own.value(units[..., i]) for i, own in enumerate(self.free)], axis=-1)

    def found(self, units: np.ndarray) -> np.ndarray:
        """Numbers of candidates. units : shape (n_candidates, n_free) -> shape (n_candidates, n_targets)"""
        return self.found_at(self.values(units))

    def found_at(self, values: np.ndarray) -> np.ndarray:
        """Numbers of candidates, all of them in one ensemble a scenario; not-a-number where a run fails.

        values : shape (n_candidates, n_free), in the constants' units -> shape (n_candidates, n_targets)
        """
        members = {free.address: values[:, i] for i, free in enumerate(self.free)}
        alike = np.zeros(len(values), dtype=np.int64)  # random functions give each candidate the same numbers
        found = np.empty((len(values), len(self.targets)))
        for scenario, own, names in self._by_scenario():
            runs = ensemble(self.model, members, scenario, names, members=alike)
            for i in own:
                found[:, i] = np.where(runs["status"].values == 0, self.targets[i].read(runs), np.nan)
        return found

    def made_of(self) -> dict[str, Any]:
        """All that decides what a candidate gives, as JSON can hold it."""
        scenarios = {target.scenario for target in self.targets}
        return {
            "model": self.model.source.hash,
            "scenarios": {
                name: resolve(self.model.system, name, self.model.folder).text for name in sorted(scenarios)
            },
            "free": [f"{own.address}: {own.prior!r}" for own in self.free],
            "targets": [repr(target) for target in self.targets],
        }

    def _by_scenario(self) -> list[tuple[str, list[int], list[str]]]:
        """Each scenario with its targets and their variables."""
        rows = []
        for scenario in dict.fromkeys(target.scenario for target in self.targets):
            own = [i for i, target in enumerate(self.targets) if target.scenario == scenario]
            rows.append((scenario, own, sorted({name for i in own for name, _ in self.targets[i].outputs})))
        return rows

    def residuals(self, units: np.ndarray) -> np.ndarray:
        """Shape (n_candidates, n_targets), in standard errors."""
        return self.residuals_of(self.found(units))

    def residuals_of(self, found: np.ndarray) -> np.ndarray:
        """The same of numbers found. shape (n_candidates, n_targets), in standard errors"""
        return np.stack([target.residual(found[:, i]) for i, target in enumerate(self.targets)], axis=1)

    def slopes(self, unit: np.ndarray) -> np.ndarray | None:
        """Exact derivatives of the residuals in the places, by the model's tangent.

        unit : shape (n_free,) -> shape (n_targets, n_free); None where the run has no finite derivative, or the
        tangent does not apply (`capdyn.sensitivities` says when).
        """
        values = {own.address: float(own.value(unit[i])) for i, own in enumerate(self.free)}
        stretch = np.array([own.stretch(unit[i]) for i, own in enumerate(self.free)])
        found = self.found(unit[None])[0]
        slopes = np.empty((len(self.targets), len(self.free)))
        for scenario, own, names in self._by_scenario():
            changed = {"inherits": scenario, "parameters": values}
            try:
                derived = sensitivities(self.model, list(values), changed, names)
            except CapdynError:
                return None
            for i in own:
                target = self.targets[i]
                slopes[i] = target.pull(float(found[i])) * target.read(derived) * stretch
        return slopes if np.isfinite(slopes).all() else None


def _at_place(part: xr.DataArray, place: float) -> np.ndarray:
    """Values between save times, on a straight line. place : number of the save time; part : (run, time)"""
    if "time" not in part.dims:
        return np.asarray(part.values)
    values = np.moveaxis(np.asarray(part.values), part.get_axis_num("time"), 0)
    if np.isnan(place):
        return np.full(values.shape[1:], np.nan)
    before, share = int(place), place % 1.0
    return values[before] if share == 0.0 else values[before] * (1.0 - share) + values[before + 1] * share


def read_calibration(file: str | Path, model: Model | None = None) -> Calibration:
    """A calibration file, its names resolved.

    model : by default that of the folder above the file's own.

    Raises
    ------
    ScenarioError
        All mistakes of the file at once, each with file, line and column.
    """
    from ..run.toml_form import read_form

    path = Path(file)
    raw, places = read_toml(path, "calibration")
    form, mistakes = read_form(CalibrationForm, raw, "a calibration")
    book = Book(str(path), places)
    for where, what, remedy in mistakes:
        book.note(where, what, remedy)
    opened = model if model is not None else open_model(path.parent / (form.model or ".."))
    if not mistakes and not (form.free and form.targets):
        book.note((), "A calibration needs [free] constants and [targets].", "docs/policy.md shows one.")
    free = [_free(opened, book, name, row) for name, row in form.free.items()]
    targets = [_target(opened, book, name, row) for name, row in form.targets.items()]
    book.close()
    return Calibration(
        opened,
        form.title or path.stem,
        tuple(own for own in free if own),
        tuple(own for own in targets if own),
        max(form.starts, 1),
        form.seed,
    )


def _free(model: Model, book: Book, name: str, row: FreeForm) -> Free | None:
    path = ("free", name)
    try:
        symbol, subscripts = find_symbol(model.system, name, "parameter")
        elements = find_places(symbol, subscripts)
        if len(elements) != 1:
            raise Mistake(f"'{name}' is {len(elements)} numbers.", "Free one element: Name[Element].")
        for end in (row.low, row.high):
            check_limits(symbol, {elements[0]: end})
        value = float(np.reshape(symbol.values, symbol.shape)[elements[0]])
        prior = distribution_of(name, InputForm(**row.model_dump()), (row.low, row.high))
        if not prior.is_continuous:
            raise Mistake(f"'{name}' is {prior.kind}, and a fit needs a continuous one.", "Write uniform.")
        if not row.low < row.high or not row.low <= value <= row.high:
            raise Mistake(
                f"The model's {value:g} is not between {row.low:g} and {row.high:g}.", "Widen the ends."
            )
    except Mistake as mistake:
        book.note(path, mistake.what, mistake.remedy)
        return None
    units = model.source.variables[symbol.name].units
    return Free(address_of(symbol, elements[0]), row.low, row.high, value, units, prior)


def _target(model: Model, book: Book, name: str, row: TargetForm) -> Target | None:
    path = ("targets", name)
    try:
        resolve(model.system, row.scenario, model.folder)
    except CapdynError as error:
        book.note((*path, "scenario"), error.problems[0].what, error.problems[0].remedy)
        return None
    outputs = []
    for output in row.output:
        found = _output(model, book, (*path, "output"), output)
        if found is None:
            return None
        outputs.append(found)
    return Target(name, row.scenario, tuple(outputs), row.time, row.value, row.sd, row.kind, row.source)


def _output(
    model: Model, book: Book, path: tuple[str, ...], address: str
) -> tuple[str, tuple[tuple[str, str], ...]] | None:
    """Name of the variable, and (dimension, element) of each subscript."""
    symbols = [s for s in model.system.symbols.values() if s.variable]
    try:
        name, labels = parse_address(address)
        symbol = next((s for s in symbols if s.name == key(name)), None)
        if symbol is None:
            raise Mistake(f"'{name}' is not in the model.", did_you_mean(name, [s.variable for s in symbols]))
        elements = find_places(symbol, labels)
        if len(elements) != 1:
            raise Mistake(f"'{address}' is {len(elements)} numbers.", "Name an element in each place.")
    except Mistake as mistake:
        book.note(path, mistake.what, mistake.remedy)
        return None
    return symbol.variable, tuple(zip(symbol.dims, labels_of(symbol, elements[0]), strict=True))
