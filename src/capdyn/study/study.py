"""A study: what varies, what is asked, how it is computed. `read_study` makes it from a file, `plan` makes
runs of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ArgumentError
from ..run.address import parse_address
from ..run.features import Feature
from ..run.notebook import html_table
from ..run.open import Model
from .distributions import Distribution, correlate
from .plan import Plan
from .sampling import DESIGNS, Design, Space

Scenario = str | Path | Mapping[str, Any] | None


@dataclass(frozen=True)
class StudyInput:
    """One thing that varies.

    name : how results call it. distribution : of its values.
    targets : elements of constants that it sets, by address. base : for an input that multiplies, the number
        that each target is multiplied from; None for one that is the constant itself.
    group : what it is varied together with in sobol, morris and tornado. nominal : its value in the first scenario.
    from_file : whether its range is that of the equation file. why : the reason for another.
    """

    name: str
    distribution: Distribution
    targets: tuple[str, ...]
    base: tuple[float, ...] | None
    group: str
    units: str
    nominal: float
    from_file: bool
    why: str = ""


@dataclass(frozen=True)
class Outcome:
    """Something that happens in a run or not: a feature below or above a number. scenarios : where it is asked."""

    name: str
    feature: str
    below: float | None
    above: float | None
    scenarios: tuple[str, ...]

    def holds(self, values: np.ndarray) -> np.ndarray:
        """Whether it happens, shape as `values`. What is not a number does not happen; whoever asks leaves it
        out before."""
        found = np.ones(np.shape(values), dtype=bool)
        if self.below is not None:
            found &= values < self.below
        if self.above is not None:
            found &= values > self.above
        return found

    def __str__(self) -> str:
        said = [f"below {self.below:g}"] if self.below is not None else []
        said += [f"above {self.above:g}"] if self.above is not None else []
        return f"{self.feature} {' and '.join(said)}"


@dataclass(frozen=True)
class Classes:
    """How trajectories of one output are sorted; see `capdyn.study.classes`."""

    variable: str
    level: float
    margin: float


@dataclass(frozen=True, eq=False)
class Study:
    """All that a study file says, with its names resolved in a model.

    methods : names of rows of `capdyn.study.methods.table.METHODS`. design : a row of `sampling.DESIGNS`;
    options : its keywords.
    settings : keywords of the analysis, such as confidence.
    correlation : ndarray, shape (n_inputs, n_inputs), rank correlations, or None where inputs are independent.
    draws : ndarray, shape (n_draws, n_drawn), quantiles of the first inputs, draw by draw of a posterior, or None.
    files : what the study was made from beside its text.
    scenario_names : how results call `scenarios`, the first being what the others are compared with.
    better : by feature, +1 where more is better, -1 where less is.
    series : elements that are kept as they run.
    """

    title: str
    question: str
    model: Model
    scenarios: tuple[Scenario, ...]
    scenario_names: tuple[str, ...]
    inputs: tuple[StudyInput, ...]
    correlation: np.ndarray | None
    methods: tuple[str, ...]
    design: str
    size: int
    seed: int
    options: Mapping[str, Any]
    settings: Mapping[str, Any]
    policy: str
    features: tuple[Feature, ...]
    better: Mapping[str, int]
    outcomes: tuple[Outcome, ...]
    series: tuple[str, ...]
    thin: int
    classes: Classes | None
    run_method: str | None
    run_seed: int
    text: str
    draws: np.ndarray | None = None
    files: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def groups(self) -> list[str]:
        """Names of the groups of inputs, in the order of the inputs."""
        return list(dict.fromkeys(i.group for i in self.inputs))

    @property
    def space(self) -> Space:
        groups = self.groups
        return Space(
            len(self.inputs),
            np.array([groups.index(i.group) for i in self.inputs]),
            np.array([i.distribution.quantile_of(i.nominal) for i in self.inputs]),
        )

    def draw(self, times: int = 1) -> Design:
        """The design's rows, the first of them the same whatever `times` is; made dependent where the study
        says so."""
        design = DESIGNS[self.design](self.space, self.size, self.seed, times, **self.options)
        unit = design.unit if self.correlation is None else correlate(design.unit, self.correlation)
        if self.draws is not None:
            if len(unit) > len(self.draws):
                raise ArgumentError(
                    f"{len(unit):,} runs need as many draws of the posterior, and there are {len(self.draws):,}.",
                    remedy="Draw more: capdyn calibrate FILE --sample N --out DIR",
                )
            unit = np.hstack([self.draws[: len(unit)], unit[:, self.draws.shape[1] :]])
        return Design(unit, design.block, design.about)

    @property
    def is_independent(self) -> bool:
        """Whether each input can take any of its values whatever the others are."""
        return self.correlation is None and self.draws is None

    def values(self, unit: np.ndarray) -> np.ndarray:
        """The inputs' values at quantiles. unit : shape (n_runs, n_inputs) -> the same, each column in its
        input's unit."""
        columns = [i.distribution.values_at(unit[:, n]) for n, i in enumerate(self.inputs)]
        return np.stack(columns, axis=1) if columns else np.empty((len(unit), 0))

    def columns(self, values: np.ndarray) -> tuple[list[str], np.ndarray]:
        """The constants that inputs set, and what they set them to.

        values : ndarray, shape (n_runs, n_inputs) -> names, and shape (n_runs, n_targets)
        """
        names: list[str] = []
        columns: list[np.ndarray] = []
        for number, own in enumerate(self.inputs):
            names += own.targets
            columns += [values[:, number] * factor for factor in own.base or (1.0,) * len(own.targets)]
        return names, np.stack(columns, axis=1)

    def plan(self, times: int = 1) -> Plan:
        """The runs of this study, `times` its size; a plan with more of them begins with the same."""
        names, sample = self.columns(self.values(self.draw(times).unit))
        variables = dict.fromkeys(parse_address(address)[0] for address in self.series)
        return Plan(
            model=self.model,
            inputs=tuple(names),
            sample=sample,
            scenarios=self.scenarios,
            features=self.features,
            series=tuple(variables),
            thin=self.thin,
            method=self.run_method,
            seed=self.run_seed,
            name=self.title,
            text=self.text,
            files=self.files,
        )

    def _repr_html_(self) -> str:
        rows = [(own.name, str(own.distribution), own.units, own.group, own.why) for own in self.inputs]
        head = ("input", "distribution", "unit", "group", "why")
        words = (self.question, repr(self).strip("<>"), *self.notes)
        return html_table(self.title, words, head, rows)

    def __repr__(self) -> str:
        runs = len(self.draw().unit) if self.inputs else 0
        return (
            f"<capdyn.Study '{self.title}': {len(self.inputs)} inputs, {len(self.features)} features, "
            f"{', '.join(self.methods)} with {runs} runs in each of {len(self.scenarios)} scenarios of "
            f"'{self.model.name}'>"
        )
