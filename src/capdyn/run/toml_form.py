"""The form of a TOML file as pydantic classes: every mistake becomes one plain sentence with the path of its key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Annotated, Any, TypeVar, get_args, get_origin

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from ..lang.names import did_you_mean

Path = tuple[str, ...]
FormT = TypeVar("FormT", bound="TomlForm")


class TomlForm(BaseModel):
    """Base of all forms: no other keys than those that are declared, and no silent conversions."""

    model_config = ConfigDict(extra="forbid", strict=True, arbitrary_types_allowed=True)


def number(value: object) -> float:
    """The value as a finite number; raises ValueError with the end of a sentence."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.integer | np.floating):
        raise ValueError(f"must be a number, not {describe(value)}")
    try:
        found = float(value)
    except OverflowError:  # TOML's whole numbers have no end
        raise ValueError("must be a number below 1e308") from None
    if not np.isfinite(found):
        raise ValueError(f"must be a finite number, not {describe(value)}")
    return found


Number = Annotated[float, BeforeValidator(number)]


def describe(value: object) -> str:
    """A value as a message calls it: `the text 'high'`, `true`, `a table`."""
    if isinstance(value, bool | np.bool_):
        return str(bool(value)).lower()
    if isinstance(value, str):
        return f"the text '{value}'"
    if isinstance(value, Mapping):
        return "a table"
    return "a list" if isinstance(value, Sequence) else str(value)


def read_form(
    form: type[FormT], raw: Mapping[str, Any], thing: str
) -> tuple[FormT, list[tuple[Path, str, str]]]:
    """The form of a parsed file, and what is wrong with it: path of the key, sentence, remedy.

    What is wrong is left out of the form, so that the rest can be checked against a model; a table that misses a key
    is left out whole. Keys of the file itself must have defaults.

    thing : what the file is called in a message, such as 'a scenario'.
    """
    try:
        return form.model_validate(raw), []
    except ValidationError as error:
        details = error.errors()
    mistakes = [_explain(form, detail, thing) for detail in details]
    pruned = deepcopy(dict(raw))
    for path, _, _ in mistakes:
        _prune(pruned, path)
    try:
        return form.model_validate(pruned), mistakes
    except ValidationError as error:
        # A key that must be there was wrong and is gone now: its table goes too.
        for detail in error.errors():
            _prune(pruned, tuple(str(part) for part in detail["loc"][:-1]))
    return form.model_validate(pruned), mistakes


def _explain(form: type[BaseModel], detail: Any, thing: str) -> tuple[Path, str, str]:
    """Path, sentence and remedy for one error of pydantic."""
    path = tuple(str(part) for part in detail["loc"])
    name, table = path[-1], ".".join(path[:-1])
    inside = f" in [{table}]" if table else ""
    if detail["type"] == "extra_forbidden":
        keys = list(_form_at(form, path[:-1]).model_fields)
        what = f"'{name}' is not a key of {f'[{table}]' if table else thing}."
        return path, what, did_you_mean(name, keys) or f"Its keys are {', '.join(keys)}."
    if detail["type"] == "missing":
        return path[:-1], f"'{name}' is missing{inside}.", ""
    said = {
        "value_error": str(detail.get("ctx", {}).get("error", "")),  # the sentences of validators
        "string_type": f"must be a text in quotes, not {describe(detail['input'])}",
        "bool_type": f"must be true or false, not {describe(detail['input'])}",
    }.get(detail["type"], f"must be a table, not {describe(detail['input'])}")
    return path, f"'{name}'{inside} {said}.", ""


def _form_at(form: type[BaseModel], path: Path) -> type[BaseModel]:
    """The form of the table at a path; `dict[str, Form]` has one at any name."""
    current: Any = form
    for part in path:
        if isinstance(current, type) and issubclass(current, BaseModel):
            current = current.model_fields[part].annotation
        else:
            current = next(arg for arg in get_args(current) if arg is not str)
    while get_origin(current) is not None and get_origin(current) is not dict:
        current = next(arg for arg in get_args(current) if arg is not type(None))
    return current


def _prune(raw: dict[str, Any], path: Path) -> None:
    """Takes the key at the path out of nested tables."""
    for part in path[:-1]:
        raw = raw.get(part, {})
    if path:
        raw.pop(path[-1], None)
