"""Frozen values as text and back: the form in which models are kept on disk and by which they are compared.

A closed table of types says what may be read; nothing else is made from a text, whatever it holds. Numbers come back
bit for bit (`repr` of a double is exact), and equal values have equal texts.

    a value of a listed type   ["Name", field, ...], fields in the order of the class, those that come later last
    a tuple                    ["", item, ...]
    a dictionary               {"key": value, ...}, in its order
    a number, text, None       itself
    a field that comes later   a text of its own, read when somebody looks at it
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from itertools import repeat
from typing import Any, TypeVar

from ..errors import Where
from .expressions import Array, Call, Number, Reference, Table, Text
from .later import Later, put_off, text_of
from .model import Check, Component, Macro, Model, SubscriptRange, Variable

_T = TypeVar("_T")
_DEEPEST = 300  # lists in lists; Python's limit is 1,000 calls, of which whoever reads has made some


@dataclass(frozen=True)
class _Kind:
    """A type with the names of its fields, at once and later."""

    type: type
    now: tuple[str, ...]
    later: tuple[str, ...]


class Codec:
    """Writes and reads values of the listed frozen dataclasses.

    Parameters
    ----------
    types : type
        Nothing else is written or read.
    later : mapping, optional
        For some of them, which are `Later`, the fields that are read when somebody looks at them.
    """

    def __init__(self, *types: type, later: Mapping[type[Later], Collection[str]] | None = None):
        self._kinds: dict[str, _Kind] = {}
        for kind in types:
            waiting = tuple((later or {}).get(kind, ()))
            now = tuple(field.name for field in fields(kind) if field.name not in waiting)
            self._kinds[kind.__name__] = _Kind(kind, now, waiting)

    @property
    def types(self) -> frozenset[type]:
        """What it writes and reads."""
        return frozenset(kind.type for kind in self._kinds.values())

    def encode(self, value: Any) -> str:
        """The value as text.

        Raises
        ------
        TypeError
            Something in it is of no listed type, or it is nested too deeply to be read again.
        """
        return self._text(value, _DEEPEST)

    def decode(self, text: str | bytes, kind: type[_T]) -> _T:
        """The value of the given type that the text says.

        Raises
        ------
        ValueError
            It says nothing of the kind.
        """
        value = self._read(text)
        if not isinstance(value, kind):
            raise ValueError(f"not a {kind.__name__}")
        return value

    def _text(self, value: Any, room: int) -> str:
        return json.dumps(self._plain(value, room), separators=(",", ":"))

    def _plain(self, value: Any, room: int) -> Any:
        """The value as lists and dictionaries, at most `room` in one another."""
        if value is None or isinstance(value, str | float | int):
            return value
        if not room:
            raise TypeError("too many things in one another to be stored")
        kind = self._kinds.get(type(value).__name__)
        if kind is not None and kind.type is type(value):
            now = [getattr(value, name) for name in kind.now]
            later = [
                text_of(value, name) or self._text(getattr(value, name), room - 1) for name in kind.later
            ]
            return [kind.type.__name__, *map(self._plain, now, repeat(room - 1)), *later]
        if isinstance(value, tuple):
            return ["", *map(self._plain, value, repeat(room - 1))]
        if isinstance(value, dict):
            return dict(zip(value, map(self._plain, value.values(), repeat(room - 1)), strict=True))
        raise TypeError(f"{type(value).__name__} has no place in a stored model")

    def _read(self, text: str | bytes) -> Any:
        return self._value(json.loads(text))

    def _value(self, plain: Any) -> Any:
        if isinstance(plain, list):
            if not plain:
                raise ValueError("an empty list")
            if plain[0] == "":
                return tuple(map(self._value, plain[1:]))
            kind = self._kinds.get(plain[0])
            if kind is None or len(plain) != 1 + len(kind.now) + len(kind.later):
                raise ValueError(f"nothing known is called {plain[0]!r} and has {len(plain) - 1} fields")
            # As `kind.type(...)`, in a third of the time: a frozen class sets its fields one by one.
            value: Any = object.__new__(kind.type)
            value.__dict__.update(zip(kind.now, map(self._value, plain[1:]), strict=False))
            if kind.later:
                texts = dict(zip(kind.later, plain[1 + len(kind.now) :], strict=True))
                put_off(value, texts, self._read)
            return value
        if isinstance(plain, dict):
            return dict(zip(plain, map(self._value, plain.values()), strict=True))
        return plain


MODELS = Codec(
    Model, Variable, Check, Component, Macro, SubscriptRange, Where, Number, Reference, Table, Array, Text, Call
)  # fmt: skip
"""Equation files as data."""
