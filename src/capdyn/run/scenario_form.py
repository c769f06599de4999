"""The form of a scenario: which keys it may have, and what each must hold. Every mistake becomes one plain sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
from pydantic import BeforeValidator, Field

from .toml_form import Number, TomlForm, number


def _value(value: Any) -> Any:
    """A number, a table of numbers by element, or (from Python only) an array."""
    if isinstance(value, Mapping):
        return {str(name): _element(str(name), given) for name, given in value.items()}
    if hasattr(value, "__array__") and np.ndim(value) > 0:
        numbers = np.asarray(value)
        if numbers.dtype.kind not in "iuf" or not np.isfinite(numbers).all():
            raise ValueError("must hold finite numbers only")
        return numbers.astype(float)
    return number(value)


def _element(name: str, value: object) -> float:
    try:
        return number(value)
    except ValueError as error:
        raise ValueError(f"has '{name}', which {error}") from None


Value = Annotated[Any, BeforeValidator(_value)]


class LeverForm(TomlForm):
    """`[levers.<name>]`: intensity 0 to 1, start and stop in the model's time unit, one region."""

    intensity: Number | None = None
    start: Number | None = None
    stop: Number | None = None
    region: str | None = None


class TimeForm(TomlForm):
    """`[time]`, all in the model's time unit."""

    initial: Number | None = None
    final: Number | None = None
    step: Number | None = None
    saveper: Number | None = None
    method: str | None = None


class ScenarioForm(TomlForm):
    """A whole scenario. Values of `parameters`, `initial` and shocks are numbers, tables or arrays."""

    inherits: str | None = None
    why: str = ""
    levers: dict[str, LeverForm] = Field(default_factory=dict)
    parameters: dict[str, Value] = Field(default_factory=dict)
    initial: dict[str, Value] = Field(default_factory=dict)
    shocks: dict[str, dict[str, Value]] = Field(default_factory=dict)
    time: TimeForm = Field(default_factory=TimeForm)
