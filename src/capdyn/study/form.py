"""The form of a study file: which keys it may have. What the names in it mean, `capdyn.study.read` finds out."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from ..run.toml_form import Number, TomlForm, describe


def _names(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if not isinstance(value, list | tuple) or not all(isinstance(name, str) for name in value):
        raise ValueError(f"must be a name or a list of names in quotes, not {describe(value)}")
    return list(value)


def _numbers(value: object) -> list[float]:
    if not isinstance(value, list | tuple) or not value:
        raise ValueError(f"must be a list of numbers, not {describe(value)}")
    if any(isinstance(n, bool) or not isinstance(n, int | float) for n in value):
        raise ValueError("must hold numbers only")
    return [float(n) for n in value]


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"must be a whole number, 0 or more, not {describe(value)}")
    return value


Names = Annotated[list[str], BeforeValidator(_names)]
Numbers = Annotated[list[float], BeforeValidator(_numbers)]
Count = Annotated[int, BeforeValidator(_count)]


class InputForm(TomlForm):
    """`[inputs."Name[Element]"]`: how one input varies. Ends that are left out are those of the equation
    file's range."""

    distribution: str = Field(
        default="uniform", description="uniform, log_uniform, triangular, normal, discrete or switch"
    )
    low: Number | None = None
    high: Number | None = None
    mode: Number | None = Field(default=None, description="of a triangular distribution")
    mean: Number | None = Field(
        default=None, description="of a normal distribution, before its ends cut it off"
    )
    sd: Number | None = Field(default=None, description="of a normal distribution")
    values: Numbers | None = Field(default=None, description="of a discrete distribution")
    weights: Numbers | None = Field(default=None, description="of the values; equal by default")
    scales: Names | None = Field(
        default=None, description="constants that this input multiplies, instead of being one itself"
    )
    x_scale: Names | None = Field(
        default=None,
        description="lookups that this input stretches along their argument: x becomes x_scale * x",
    )
    x_shift: Names | None = Field(
        default=None, description="lookups that this input moves along their argument, in its unit"
    )
    y_scale: Names | None = Field(default=None, description="lookups whose values this input multiplies")
    y_shift: Names | None = Field(
        default=None, description="lookups to whose values this input is added, in their unit"
    )
    why: str = Field(
        default="", description="the reason for this range, needed where it is not the equation file's"
    )


class RangesForm(TomlForm):
    """`[ranges]`: constants that vary uniformly over the range that the equation file declares."""

    include: Names = Field(
        default_factory=lambda: ["*"], description="names, patterns with *, or sectors as 'sector:Name'"
    )
    exclude: Names = Field(default_factory=list, description="the same; what is excluded stays as it is")


class MethodForm(TomlForm):
    """`[method]`: what is computed, how many runs, and the seed of the sample."""

    name: Names = Field(
        default_factory=lambda: ["uncertainty"],
        description="sobol, morris, efast, tornado or dgsm; or one or more of uncertainty, pawn, delta",
    )
    size: Count | None = Field(
        None,
        description="of the sample: base rows (sobol), trajectories (morris), points a curve (efast), else runs",
    )
    seed: Count = 0
    sample: str | None = Field(
        default=None,
        description="latin_hypercube, sobol_sequence, halton or factorial, for methods that take any",
    )
    second_order: bool = Field(default=False, description="of sobol")
    confidence: Number = Field(default=0.95, description="of intervals")
    resamples: Count | None = Field(default=None, description="of the bootstrap")
    levels: Count | None = Field(default=None, description="of morris' grid")
    curves: Count | None = Field(default=None, description="of efast, for each input")
    slices: Count | None = Field(default=None, description="of pawn")
    low: Number | None = Field(
        default=None, description="of tornado: the quantile of the low ends, 0 by default"
    )
    high: Number | None = Field(
        default=None, description="of tornado: the quantile of the high ends, 1 by default"
    )


class FailedForm(TomlForm):
    """`[failed]`: what to do about outputs that are not finite."""

    policy: str = Field(default="refuse", description="refuse, drop or restrict")


class FeatureForm(TomlForm):
    """`[features."Name"]`: a number that each run is judged by."""

    variable: str
    statistic: str = "final"
    against: str | None = Field(default=None, description="a scenario whose run is subtracted")
    since: Number | None = None
    until: Number | None = None
    at: Number | None = None
    level: Number | None = None
    down: bool = False
    never: Number | None = Field(default=None, description="what stands for a crossing that does not come")
    better: str | None = Field(default=None, description="high or low, for regret")


class OutcomeForm(TomlForm):
    """`[outcomes."Name"]`: something that happens in a run or not, such as a policy that fails."""

    feature: str
    below: Number | None = None
    above: Number | None = None
    scenario: Names | None = Field(
        default=None, description="the scenarios in which it is asked; all by default"
    )


class SeriesForm(TomlForm):
    """`[series]`: outputs that are kept as they run."""

    variables: Names = Field(default_factory=list, description="elements, such as 'Trust[Home]'")
    thin: Count = Field(default=1, description="keep every so many save times")


class ClassesForm(TomlForm):
    """`[classes]`: kinds of trajectories of one output: takes off, locks in, overshoots, relapses."""

    variable: str
    level: Number = Field(..., description="at or above it a trajectory has taken off")
    margin: Number = Field(
        default=0.1, description="a fall from the peak by more than this share is an overshoot"
    )


class PosteriorForm(TomlForm):
    """`[posterior]`: draws of constants that belong together, as `capdyn calibrate --sample` writes them."""

    file: str = Field(..., description="posterior.nc, a path from this file")


class RunForm(TomlForm):
    """`[run]`: how the model is run."""

    method: str | None = Field(default=None, description="a fixed-step method")
    seed: Count = Field(default=0, description="of random functions in the equations")


class StudyForm(TomlForm):
    """A whole study file."""

    title: str = ""
    question: str = ""
    model: str | None = Field(
        default=None, description="a path from this file; by default the folder above its own"
    )
    scenarios: Names = Field(default_factory=list)
    inputs: dict[str, InputForm] = Field(default_factory=dict)
    ranges: RangesForm | None = None
    posterior: PosteriorForm | None = None
    groups: dict[str, Names] = Field(default_factory=dict)
    correlations: dict[str, dict[str, Number]] = Field(default_factory=dict)
    method: MethodForm = Field(default_factory=lambda: MethodForm.model_validate({}))
    failed: FailedForm = Field(default_factory=FailedForm)
    features: dict[str, FeatureForm] = Field(default_factory=dict)
    outcomes: dict[str, OutcomeForm] = Field(default_factory=dict)
    series: SeriesForm = Field(default_factory=SeriesForm)
    classes: ClassesForm | None = None
    run: RunForm = Field(default_factory=RunForm)


def schema() -> str:
    """The JSON Schema of study files, for editors that check TOML as it is written."""
    described: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **StudyForm.model_json_schema(),
        "title": "A study of capdyn",
    }
    return json.dumps(described, indent=2) + "\n"
