"""The work of a study: members in, arrays out. Knows nothing of stores and machines, and remembers nothing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import xarray as xr

from ..errors import ArgumentError
from ..lang.codec import MODELS
from ..lang.model import Model as Source
from ..lang.names import did_you_mean, identifier, key
from ..passes.build import build
from ..passes.system import Symbol, System
from ..run.address import Mistake, Place, find_places, parse_address
from ..run.blocks import block_lanes
from ..run.ensemble import NOT_FINITE, OK, ensemble
from ..run.features import compute
from ..run.open import Model
from .record import Record

__all__ = [
    "NOT_FINITE",
    "NOT_RUN",
    "OK",
    "Batch",
    "Done",
    "Job",
    "find_element",
    "find_varying",
    "stored_names",
]

NOT_RUN = -1


@dataclass(frozen=True)
class Batch:
    """Runs that are done.

    number : the batch's; members : ndarray of int, shape (n_runs,), whose they are.
    arrays : by name in the store, each with shape (n_scenarios, n_runs, ...).
    """

    number: int
    members: np.ndarray
    arrays: dict[str, np.ndarray]


@dataclass(frozen=True)
class Done:
    """A batch that is on disk: runs, and how many of them are not finite."""

    number: int
    runs: int
    failed: int


@dataclass(frozen=True, eq=False)
class Job:
    """A record with its model, ready to run."""

    record: Record
    model: Model

    @classmethod
    def from_text(cls, record: str, source: str) -> Job:
        """A job from what is kept of it; `source` is the model as `source_text` writes it."""
        model = MODELS.decode(source, Source)
        return cls(Record.from_json(record), Model(model, build(model), Path(model.path), None))

    def source_text(self) -> str:
        """The model's equations as text, with what they took from other files.

        Raises
        ------
        ArgumentError
            They cannot be written: nested too deeply.
        """
        try:
            return MODELS.encode(self.model.source)
        except (TypeError, RecursionError) as error:
            raise ArgumentError(
                f"The equations of '{self.model.name}' cannot be kept with the runs: {error}.",
                remedy="Split the longest of them.",
            ) from None

    @cached_property
    def variables(self) -> list[str]:
        """What has to be kept of a run, by Vensim name, each once."""
        symbols = [symbol for symbol, _ in self._elements]
        symbols += [find_varying(self.model.system, name) for name in self.record.series]
        return list(dict.fromkeys(symbol.variable for symbol in symbols))

    @cached_property
    def _elements(self) -> list[tuple[Symbol, Place]]:
        return [find_element(self.model.system, feature.variable) for feature in self.record.features]

    def runs(self, scenario: str, members: np.ndarray, sample: np.ndarray, threads: int | None) -> xr.Dataset:
        """Whole trajectories of members under a scenario (its resolved text as a mapping)."""
        return ensemble(
            self.model,
            dict(zip(self.record.inputs, sample.T, strict=True)),
            self.record.settings(scenario),
            self.variables,
            threads=threads,
            lanes=block_lanes(self.model.system, self.record.batch),
            seed=self.record.seed,
            members=members,
        )

    def run(self, number: int, members: np.ndarray, sample: np.ndarray, threads: int | None = None) -> Batch:
        """Runs members of a batch under each scenario.

        members : ndarray of int, shape (n_runs,); sample : ndarray, shape (n_runs, n_inputs), their rows.
        """
        parts: list[dict[str, np.ndarray]] = []
        for first in range(0, len(members), self.record.piece):
            here = slice(first, first + self.record.piece)
            runs = {
                name: self.runs(name, members[here], sample[here], threads)
                for name in self.record.scenario_names
            }
            parts.append(self._arrays(runs))
        names = parts[0]
        return Batch(number, members, {n: np.concatenate([part[n] for part in parts], axis=1) for n in names})

    def _arrays(self, runs: dict[str, xr.Dataset]) -> dict[str, np.ndarray]:
        """What is kept of runs, scenario by scenario."""
        arrays: dict[str, np.ndarray] = {
            name: np.stack([run[name].values for run in runs.values()])
            for name in ("status", "failed_time", "failed_variable")
        }
        arrays["failed_variable"] = arrays["failed_variable"].astype(object)
        arrays["features"] = np.stack([self._features(runs, name) for name in runs])
        for name, stored in stored_names(self.record.series, "series").items():
            variable = find_varying(self.model.system, name).variable
            arrays[stored] = np.stack(
                [thinned(run[variable].values, self.record.thin) for run in runs.values()]
            )
        return arrays

    def _features(self, runs: dict[str, xr.Dataset], scenario: str) -> np.ndarray:
        """shape (n_runs, n_features)"""
        run = runs[scenario]
        times = run["time"].values
        found = np.empty((run.sizes["member"], len(self.record.features)))
        for column, (feature, (symbol, place)) in enumerate(
            zip(self.record.features, self._elements, strict=True)
        ):
            values = _element(run, symbol, place)
            if feature.against is not None:
                values = values - _element(runs[feature.against], symbol, place)
            found[:, column] = compute(feature, values.T, times)
        return found


def _element(run: xr.Dataset, symbol: Symbol, place: Place) -> np.ndarray:
    """shape (n_runs, n_times)"""
    values = run[symbol.variable].values
    offset = int(np.ravel_multi_index(place, symbol.shape)) if place else 0
    return values.reshape(*values.shape[:2], -1)[:, :, offset]


def thinned(values: np.ndarray, thin: int, axis: int = 1) -> np.ndarray:
    """Every thin-th along an axis, and the last."""
    last = values.shape[axis] - 1
    return values.take(np.unique([*range(0, last, thin), last]), axis=axis)


def stored_names(names: tuple[str, ...], what: str) -> dict[str, str]:
    """What arrays are called in the store: a name that any file system holds, whether case matters there or not."""
    found: dict[str, str] = {}
    for name in names:
        stem = identifier(name)
        taken = {other.lower() for other in found.values()}
        number, candidate = 2, f"{what}_{stem}"
        while candidate.lower() in taken:
            number, candidate = number + 1, f"{what}_{stem}_{number}"
        found[name] = candidate
    return found


def find_varying(system: System, name: str) -> Symbol:
    """The variable of that name, which must have a value for each time.

    Raises
    ------
    Mistake
        There is none, or it does not vary.
    """
    shown = [symbol for symbol in system.symbols.values() if symbol.variable]
    symbol = next((symbol for symbol in shown if symbol.name == key(name)), None)
    if symbol is None:
        remedy = did_you_mean(name, [symbol.variable for symbol in shown])
        raise Mistake(f"'{name}' is not a variable of the model.", remedy or "`capdyn info` lists all names.")
    if symbol.kind not in ("state", "auxiliary"):
        raise Mistake(f"'{symbol.variable}' is constant in time.", "Name a stock or an auxiliary.")
    return symbol


def find_element(system: System, address: str) -> tuple[Symbol, Place]:
    """Symbol and place of one number that varies in time.

    Raises
    ------
    Mistake
        There is none, or more than one.
    """
    name, subscripts = parse_address(address)
    symbol = find_varying(system, name)
    places = find_places(symbol, subscripts)
    if len(places) != 1:
        raise Mistake(
            f"'{address}' stands for {len(places)} numbers.",
            f"Name one element of [{','.join(symbol.dims)}].",
        )
    return symbol, places[0]
