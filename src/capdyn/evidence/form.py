"""The forms of `evidence.toml` and `ablations.toml`: which keys they may have, and what each must hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from ..run.scenario_form import Value
from ..run.toml_form import Number, TomlForm, describe, number


def _run(value: object) -> object:
    if isinstance(value, str | Mapping):
        return value
    raise ValueError(f"must be the name of a run or a table, not {describe(value)}")


def _texts(value: object) -> tuple[str, ...]:
    texts = [value] if isinstance(value, str) else value
    if isinstance(texts, list | tuple) and texts and all(isinstance(text, str) for text in texts):
        return tuple(texts)
    raise ValueError(f"must be a text in quotes or a list of them, not {describe(value)}")


def _numbers(value: object) -> tuple[float, ...]:
    if isinstance(value, list | tuple) and value:
        return tuple(number(item) for item in value)
    return (number(value),)


Run = Annotated[Any, BeforeValidator(_run)]
Texts = Annotated[tuple[str, ...], BeforeValidator(_texts)]
Numbers = Annotated[tuple[float, ...], BeforeValidator(_numbers)]


class FactForm(TomlForm):
    """`[fact.<id>]`; docs/evidence.md says what each key means."""

    case: str
    source: str
    statement: str
    mechanism: Texts
    scenario: Run = None
    runs: dict[str, Run] = Field(default_factory=dict)
    compare: str | None = None
    output: Texts
    of: Texts | None = None
    less: Texts | None = None
    statistic: str
    times: Numbers = ()
    level: Number | None = None
    fraction: Number | None = None
    against: Numbers | None = None
    relation: str
    bound: Numbers
    tolerance: Number = 0.0
    calibrated: bool = False
    known: str = ""


class EvidenceForm(TomlForm):
    """`evidence.toml`. run : scenarios by name, with the keys of a scenario file. fact : facts by id."""

    run: dict[str, dict[str, Any]] = Field(default_factory=dict)
    fact: dict[str, FactForm] = Field(default_factory=dict)


class AblationForm(TomlForm):
    """`[ablation.<name>]`: constants that take a mechanism out."""

    kind: str
    why: str = ""
    parameters: dict[str, Value]


class GrowingForm(TomlForm):
    """`[growing]`: where it is seen how much a mechanism matters."""

    scenarios: Texts
    outputs: Texts


class AblationsForm(TomlForm):
    """`ablations.toml`."""

    growing: GrowingForm | None = None
    ablation: dict[str, AblationForm] = Field(default_factory=dict)
