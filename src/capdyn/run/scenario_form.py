"""The form of a scenario: which keys it may have, and what each must hold. Every mistake becomes one plain sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from ..lang.names import did_you_mean

Path = tuple[str, ...]


def _number(value: object) -> float:
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.integer | np.floating):
        raise ValueError(f"must be a number, not {describe(value)}")
    if not np.isfinite(value):
        raise ValueError(f"must be a finite number, not {describe(value)}")
    return float(value)


def _value(value: Any) -> Any:
    """A number, a table of numbers by element, or (from Python only) an array."""
    if isinstance(value, Mapping):
        return {str(element): _element(str(element), number) for element, number in value.items()}
    if hasattr(value, "__array__") and np.ndim(value) > 0:
        numbers = np.asarray(value)
        if numbers.dtype.kind not in "iuf" or not np.isfinite(numbers).all():
            raise ValueError("must hold finite numbers only")
        return numbers.astype(float)
    return _number(value)


def _element(name: str, value: object) -> float:
    try:
        return _number(value)
    except ValueError as error:
        raise ValueError(f"has '{name}', which {error}") from None


def describe(value: object) -> str:
    """A value as a message calls it: `the text 'high'`, `true`, `a table`."""
    if isinstance(value, bool | np.bool_):
        return str(bool(value)).lower()
    if isinstance(value, str):
        return f"the text '{value}'"
    if isinstance(value, Mapping):
        return "a table"
    return "a list" if isinstance(value, Sequence) else str(value)


Number = Annotated[float, BeforeValidator(_number)]
Value = Annotated[Any, BeforeValidator(_value)]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, arbitrary_types_allowed=True)


class Lever(_Form):
    """`[levers.<name>]`: intensity 0 to 1, start and stop in the model's time unit, one region."""

    intensity: Number | None = None
    start: Number | None = None
    stop: Number | None = None
    region: str | None = None


class Time(_Form):
    """`[time]`, all in the model's time unit."""

    initial: Number | None = None
    final: Number | None = None
    step: Number | None = None
    saveper: Number | None = None
    method: str | None = None


class Form(_Form):
    """A whole scenario. Values of `parameters`, `initial` and shocks are numbers, tables or arrays."""

    inherits: str | None = None
    why: str = ""
    levers: dict[str, Lever] = Field(default_factory=dict)
    parameters: dict[str, Value] = Field(default_factory=dict)
    initial: dict[str, Value] = Field(default_factory=dict)
    shocks: dict[str, dict[str, Value]] = Field(default_factory=dict)
    time: Time = Field(default_factory=Time)


def read_form(raw: Mapping[str, Any]) -> tuple[Form, list[tuple[Path, str, str]]]:
    """The form of a parsed scenario, and what is wrong with it: path of the key, sentence, remedy.

    What is wrong is left out of the form, so that the rest can be checked against a model.
    """
    try:
        return Form.model_validate(raw), []
    except ValidationError as error:
        mistakes = [_explain(detail) for detail in error.errors()]
    pruned = deepcopy(dict(raw))
    for path, _, _ in mistakes:
        _prune(pruned, path)
    return Form.model_validate(pruned), mistakes


def _explain(detail: Any) -> tuple[tuple[str, ...], str, str]:
    """Path, sentence and remedy for one error of pydantic."""
    path = tuple(str(part) for part in detail["loc"])
    name, table = path[-1], ".".join(path[:-1])
    if detail["type"] == "extra_forbidden":
        form: type[BaseModel] = Form
        if len(path) > 1:
            form = Lever if path[0] == "levers" else Time
        keys = list(form.model_fields)
        what = f"'{name}' is not a key of {f'[{table}]' if table else 'a scenario'}."
        return path, what, did_you_mean(name, keys) or f"Its keys are {', '.join(keys)}."
    said = {
        "value_error": str(detail.get("ctx", {}).get("error", "")),  # the sentences of the validators above
        "string_type": f"must be a text in quotes, not {describe(detail['input'])}",
    }.get(detail["type"], f"must be a table, not {describe(detail['input'])}")
    return path, f"'{name}'{f' in [{table}]' if table else ''} {said}.", ""


def _prune(raw: dict[str, Any], path: tuple[str, ...]) -> None:
    """Takes the key at the path out of nested tables."""
    for part in path[:-1]:
        raw = raw[part]
    raw.pop(path[-1], None)
