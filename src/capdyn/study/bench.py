"""The bench that an analysis works at: the runs as arrays, the gate, and the results as they come, by label."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr

from ..errors import ArgumentError
from ..lang.names import key
from ..run.address import parse_address
from ..run.features import STATISTICS
from ..run.notebook import Progress
from .futures import QUANTILES
from .gate import LEAST_BLOCKS, Gate, gate
from .sampling import Design
from .study import Study

OK, NOT_RUN = 0, -1
PARTS = (0.125, 0.25, 0.5, 1.0)  # of the blocks, at which convergence is looked at


@dataclass
class Bench:
    """The arrays of one analysis, and what is found so far.

    runs, study, tell : what `capdyn.analyse` was given. design : of all runs. values, x : ndarray, shape
    (n_runs, n_inputs), the inputs' values, and the quantiles by which runs are told apart. y : (scenario,
    feature) -> shape (n_runs,).
    status : (scenario, member). found : results so far, each with its dimensions. gates : by scenario and output.
    """

    runs: xr.Dataset
    study: Study
    tell: Progress
    found: dict[str, tuple[tuple[str, ...], np.ndarray]] = field(default_factory=dict)
    gates: dict[tuple[str, str], Gate] = field(default_factory=dict)
    _known: dict[tuple[bytes, bool], Gate] = field(default_factory=dict)

    def __post_init__(self) -> None:
        study, runs = self.study, self.runs
        self.design = _draw(runs, study)
        self.values = study.values(self.design.unit)
        self.x = _quantiles(study, self.design.unit, self.values)
        self.status = runs["status"].load()
        self.scenarios = [str(name) for name in runs["scenario"].values]
        self.features = [f.name for f in study.features]
        features = runs["features"].load()
        self.y = {
            (scenario, feature): np.asarray(features.sel(scenario=scenario, feature=feature).values)
            for scenario in self.scenarios
            for feature in self.features
        }
        self.labels: Mapping[str, list[Any]] = {
            "scenario": self.scenarios,
            "feature": self.features,
            "series": list(study.series),
            "group": study.groups,
            "other_group": study.groups,
            "input": [i.name for i in study.inputs],
            "bound": ["low", "high"],
            "part": list(PARTS),
            "quantile": list(QUANTILES),
            "time": list(runs["time"].values) if "time" in runs.coords else [],
        }

    @property
    def outputs(self) -> list[tuple[str, str]]:
        """Scenario and feature, all pairs."""
        return list(self.y)

    @property
    def courses(self) -> list[tuple[str, str]]:
        """Scenario and series, all pairs."""
        return [(scenario, address) for scenario in self.scenarios for address in self.study.series]

    def failed(self, scenario: str) -> np.ndarray:
        """Runs that did not stay finite. shape (n_runs,)"""
        return np.asarray(self.status.sel(scenario=scenario).values != OK)

    def series(self, scenario: str, address: str) -> np.ndarray:
        """An element as it ran. shape (n_runs, n_times)"""
        name, labels = parse_address(address)
        array = self.runs[name].sel(scenario=scenario)
        dims = [d for d in array.dims if d not in ("member", "time")]
        return np.asarray(array.sel(dict(zip(dims, labels or (), strict=True))).values)

    def pass_gate(self, scenario: str, output: str, broken: np.ndarray, whole: bool = True) -> Gate:
        """The gate of an output; `whole` : whether blocks stand and fall together."""
        mark = (broken.tobytes(), whole)
        if mark not in self._known:
            block = self.design.block if whole else np.arange(len(self.x))
            alone = self.study.design in ("one_at_a_time", "efast")  # each bar, each input stands alone
            least = 1 if alone else LEAST_BLOCKS
            self._known[mark] = gate(
                self.x, block, broken, self.study.policy, self.study.design != "efast", least
            )
        self.gates[scenario, output] = self._known[mark]
        return self._known[mark]

    def feature_gate(self, scenario: str, feature: str) -> Gate:
        """The gate of a feature: its runs went well, and it is a finite number."""
        return self.pass_gate(
            scenario, feature, self.failed(scenario) | ~np.isfinite(self.y[scenario, feature])
        )

    def series_gate(self, scenario: str, address: str, values: np.ndarray) -> Gate:
        """The gate of a series. values : shape (n_runs, n_times)"""
        return self.pass_gate(scenario, address, self.failed(scenario) | ~np.isfinite(values).all(axis=1))

    def admitted(self, scenario: str) -> np.ndarray:
        """Runs that the policy lets count one by one, given which failed. shape (n_runs,)"""
        return self.pass_gate(scenario, "all runs", self.failed(scenario), whole=False).keep

    def independent(self) -> np.ndarray:
        """Runs that are drawn independently of one another: of a Saltelli block the first and the last. shape
        (n_runs,)"""
        if self.study.design != "saltelli":
            return np.ones(len(self.x), dtype=bool)
        first = np.append(True, np.diff(self.design.block) > 0)
        return first | np.append(first[1:], True)

    def place(
        self, name: str, dims: tuple[str, ...], array: np.ndarray | float, at: Mapping[str, Any]
    ) -> None:
        """Writes part of a result; what nothing is written into stays not-a-number."""
        whole = (*(d for d in at if d not in dims), *dims)
        if name not in self.found:
            self.found[name] = (whole, np.full([len(self.labels[d]) for d in whole], np.nan))
        index = tuple(self.labels[d].index(at[d]) if d in at else slice(None) for d in whole)
        self.found[name][1][index] = array

    def results(self) -> xr.Dataset:
        """All that was placed, labelled."""
        used = {d for dims, _ in self.found.values() for d in dims}
        coords: dict[str, Any] = {d: self.labels[d] for d in self.labels if d in used and d != "time"}
        if "time" in used:
            coords["time"] = self.runs["time"]
        if "input" in used:
            coords["input_units"] = ("input", [i.units for i in self.study.inputs])
        if "feature" in used:
            coords["feature_units"] = ("feature", self._feature_units())
        if "series" in used:
            coords["series_units"] = ("series", [self._unit(address) for address in self.study.series])
        about = {
            "study": self.study.title,
            "question": self.study.question,
            "methods": ", ".join(self.study.methods),
            "policy": self.study.policy,
            "runs": len(self.x),
            "seed": self.study.seed,
            "confidence": float(self.study.settings.get("confidence", 0.95)),
        }
        return xr.Dataset(dict(self.found), coords, about)

    def _unit(self, address: str) -> str:
        return self.study.model.source.variables[key(parse_address(address)[0])].units

    def _feature_units(self) -> list[str]:
        time = self.study.model.source.variables["time step"].units
        found = []
        for feature in self.study.features:
            own = self._unit(feature.variable)
            kind = STATISTICS[feature.statistic].unit
            found.append({"time": time, "variable": own}.get(kind, f"{own}*{time}"))
        return found


def _draw(runs: xr.Dataset, study: Study) -> Design:
    """The design that the runs were made from: the study's, or several times as large."""
    once, count = len(study.draw().unit), runs.sizes["member"]
    if count % once:
        raise ArgumentError(
            f"There are {count} runs a scenario, and the study makes {once}.",
            remedy="Analyse them with the study file that they were made with.",
        )
    missing = int((runs["status"].values == NOT_RUN).sum())
    if missing:
        raise ArgumentError(
            f"{missing} of {runs['status'].size} runs are not there yet.",
            remedy="Continue the study with the command that began it.",
        )
    return study.draw(count // once)


def _quantiles(study: Study, unit: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Quantiles by which runs are told apart: of a discrete input the middle of its step. shape (n_runs, n_inputs)"""
    found = unit.copy()
    for number, own in enumerate(study.inputs):
        if not own.distribution.is_continuous:
            steps = {value: own.distribution.quantile_of(value) for value in own.distribution.values}
            found[:, number] = [steps[value] for value in values[:, number].tolist()]
    return found
