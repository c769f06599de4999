"""The form of a calibration file: which keys it may have."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from ..run.toml_form import Number, TomlForm, describe, number
from .form import Count, Names

_KINDS = ("at", "above", "below")


def _kind(value: object) -> str:
    if value not in _KINDS:
        raise ValueError(f"must be one of {', '.join(_KINDS)}, not {describe(value)}")
    return str(value)


def _positive(value: object) -> float:
    found = number(value)
    if found <= 0.0:
        raise ValueError(f"must be above zero, not {found:g}")
    return found


class FreeForm(TomlForm):
    """`[free."Name[Element]"]`: a constant that is fitted. Its distribution is what is believed of it before the
    targets are looked at; only `capdyn.posterior` uses it."""

    low: Number
    high: Number
    why: str
    distribution: str = Field(default="uniform", description="uniform, log_uniform, triangular or normal")
    mode: Number | None = Field(default=None, description="of a triangular distribution")
    mean: Number | None = Field(
        default=None, description="of a normal distribution, before its ends cut it off"
    )
    sd: Number | None = Field(default=None, description="of a normal distribution")


class TargetForm(TomlForm):
    """`[targets.<id>]`: a dated number that it is fitted to; several outputs are added up."""

    scenario: str
    output: Names
    time: Number
    value: Number
    sd: Annotated[float, BeforeValidator(_positive)]
    kind: Annotated[str, BeforeValidator(_kind)] = "at"
    source: str


class CalibrationForm(TomlForm):
    """A whole calibration file."""

    title: str = ""
    question: str = ""
    model: str | None = None
    free: dict[str, FreeForm] = Field(default_factory=dict)
    targets: dict[str, TargetForm] = Field(default_factory=dict)
    starts: Count = 6
    seed: Count = 0
