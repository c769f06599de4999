"""Values of which a part is made only when somebody looks at it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

_LATER = "_later"
L = TypeVar("L", bound="Later")


class Later:
    """Base of a frozen dataclass some of whose fields may come later. Whoever looks at one finds it there.

    Such a field must have no default: the class would answer with it.
    """

    if not TYPE_CHECKING:  # a type checker would let every misspelt name pass

        def __getattr__(self, name: str) -> Any:
            text = text_of(self, name)
            if text is None:
                raise AttributeError(f"'{type(self).__name__}' has no attribute '{name}'")
            _, make = self.__dict__[_LATER]
            value = self.__dict__[name] = make(text)  # two threads may both do so, with equal values
            return value


def put_off(value: Later, texts: Mapping[str, str], make: Callable[[str], Any]) -> None:
    """Lets fields of a new value come later: texts by field, and what makes a field from its text."""
    value.__dict__[_LATER] = (texts, make)


def altered(value: L, **fields: Any) -> L:
    """A copy with other values for some fields; what comes later stays for later, unlike in `dataclasses.replace`."""
    texts, make = value.__dict__.get(_LATER, ({}, None))
    copy = object.__new__(type(value))
    copy.__dict__.update(value.__dict__, **fields)
    copy.__dict__[_LATER] = ({name: text for name, text in texts.items() if name not in fields}, make)
    return copy


def text_of(value: object, name: str) -> str | None:
    """The text of a field that was put off, looked at or not; None for others."""
    texts, _ = value.__dict__.get(_LATER, ({}, None))
    return texts.get(name)
