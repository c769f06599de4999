"""Frozen values as text and back: the form in which models are kept on disk and by which they are compared.

A closed table of types says what may be read; nothing else is made from a text, whatever it holds. Numbers come back
bit for bit (`repr` of a double is exact), and equal values have equal texts.

    a value of a listed type   ["Name", field, ...], fields in the order of the class
    a tuple                    ["", item, ...]
    a dictionary               {"key": value, ...}, in its order
    a number, text, None       itself
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields
from operator import attrgetter
from typing import Any, TypeVar

from ..errors import Where
from .expressions import Array, Call, Number, Reference, Table, Text
from .model import Check, Component, Macro, Model, SubscriptRange, Variable

_T = TypeVar("_T")


class Codec:
    """Writes and reads values of the listed frozen dataclasses."""

    def __init__(self, *types: type):
        self._types: dict[str, tuple[Callable[..., Any], int]] = {
            kind.__name__: (kind, len(fields(kind))) for kind in types
        }
        self._fields: dict[type, tuple[str, Callable[[Any], Any]]] = {
            kind: (kind.__name__, _getter(kind)) for kind in types
        }

    @property
    def types(self) -> frozenset[type]:
        """What it writes and reads."""
        return frozenset(self._fields)

    def encode(self, value: Any) -> str:
        """The value as text.

        Raises
        ------
        TypeError
            Something in it is of no listed type.
        """
        return json.dumps(self._plain(value), separators=(",", ":"))

    def decode(self, text: str | bytes, kind: type[_T]) -> _T:
        """The value of the given type that the text says.

        Raises
        ------
        ValueError
            It says nothing of the kind.
        """
        value = self._value(json.loads(text))
        if not isinstance(value, kind):
            raise ValueError(f"not a {kind.__name__}")
        return value

    def _plain(self, value: Any) -> Any:
        known = self._fields.get(type(value))
        if known is not None:
            return [known[0], *map(self._plain, known[1](value))]
        if value is None or isinstance(value, str | float | int):
            return value
        if isinstance(value, tuple):
            return ["", *map(self._plain, value)]
        if isinstance(value, dict):
            return {key: self._plain(item) for key, item in value.items()}
        raise TypeError(f"{type(value).__name__} has no place in a stored model")

    def _value(self, plain: Any) -> Any:
        if isinstance(plain, list):
            if not plain:
                raise ValueError("an empty list")
            if plain[0] == "":
                return tuple([self._value(item) for item in plain[1:]])
            kind, count = self._types.get(plain[0], (None, 0))
            if kind is None or len(plain) != count + 1:
                raise ValueError(f"nothing known is called {plain[0]!r} and has {len(plain) - 1} fields")
            return kind(*[self._value(item) for item in plain[1:]])
        if isinstance(plain, dict):
            return {key: self._value(item) for key, item in plain.items()}
        return plain


def _getter(kind: type) -> Callable[[Any], tuple[Any, ...]]:
    names = [field.name for field in fields(kind)]
    if len(names) > 1:
        return attrgetter(*names)
    return lambda value: tuple(getattr(value, name) for name in names)


MODELS = Codec(
    Model, Variable, Component, Macro, Check, SubscriptRange, Where, Number, Reference, Table, Array, Text, Call
)  # fmt: skip
"""Equation files as data."""
