"""Expressions written back in Vensim's form, for messages: the modeller's own names, as few brackets as may be."""

from __future__ import annotations

from collections.abc import Mapping

from .expressions import Call, Expression, Number, Reference, Table, Text
from .functions import NOT_AVAILABLE

# How tightly each operator binds. Source: https://www.vensim.com/documentation/operators.html .
_BINDS = {"or": 1, "and": 2, "not": 3, "=": 4, "<>": 4, "<": 4, "<=": 4, ">": 4, ">=": 4}
_BINDS |= {"+": 5, "-": 5, "*": 6, "/": 6, "negative": 7, "^": 8}
_WORDS = {"and": " :AND: ", "or": " :OR: ", "+": " + ", "-": " - "}
_ATOM = 9


def vensim_text(expression: Expression, names: Mapping[str, str]) -> str:
    """The expression as Vensim writes it.

    names : how variables, elements and ranges are written, by key; what is not there is written as its key.
    """
    return _write(expression, names)[0]


def number_text(value: float) -> str:
    """A number in the fewest digits that give it back."""
    if value == NOT_AVAILABLE:
        return ":NA:"
    return f"{value:.0f}" if value == int(value) and abs(value) < 1e6 else repr(value)


def _write(here: Expression, names: Mapping[str, str]) -> tuple[str, int]:
    """The text, and how tightly its outermost operator binds."""
    if isinstance(here, Number):
        return number_text(here.value), _ATOM if here.value >= 0 or here.value == NOT_AVAILABLE else 7
    if isinstance(here, Reference):
        return names.get(here.name, here.name) + _subscripts(here.subscripts, names), _ATOM
    if isinstance(here, Call):
        return _call(here, names)
    if isinstance(here, Text):
        return f"'{here.value}'", _ATOM
    if isinstance(here, Table):
        points = ",".join(f"({number_text(x)},{number_text(y)})" for x, y in zip(here.x, here.y, strict=True))
        return f"({points})", _ATOM
    return ", ".join(map(number_text, here.values)), _ATOM


def _subscripts(subscripts: tuple[str, ...], names: Mapping[str, str]) -> str:
    if not subscripts:
        return ""
    return (
        "["
        + ",".join(names.get(s.rstrip("!"), s.rstrip("!")) + "!" * s.endswith("!") for s in subscripts)
        + "]"
    )


def _call(call: Call, names: Mapping[str, str]) -> tuple[str, int]:
    name, binds = call.function, _BINDS.get(call.function)
    if binds is None:
        head, arguments = _function(call, names)
        return f"{head}({', '.join(_write(argument, names)[0] for argument in arguments)})", _ATOM
    parts = [_write(argument, names) for argument in call.arguments]
    if len(parts) == 1:
        text, inner = parts[0]
        sign = "-" if name == "negative" else ":NOT: "
        return sign + (text if inner > binds else f"({text})"), binds
    # Operators group to the left: a second operand that binds no tighter needs brackets.
    (left, loose), (right, tight) = parts
    left = left if loose >= binds else f"({left})"
    right = right if tight > binds else f"({right})"
    mark = _WORDS.get(name) or (name if binds > 5 else f" {name} ")
    return f"{left}{mark}{right}", binds


def _function(call: Call, names: Mapping[str, str]) -> tuple[str, tuple[Expression, ...]]:
    """Name and arguments as a modeller writes them; SMOOTH3I is kept as one structure with order and initial value."""
    arguments = call.arguments
    if call.function in ("smooth", "delay") and len(arguments) == 4 and isinstance(arguments[3], Number):
        order = number_text(arguments[3].value)
        given = arguments[2] != arguments[0]
        stem = call.function.upper() + (order if call.function == "delay" or order != "1" else "")
        return stem + "I" * given, arguments[: 3 if given else 2]
    return names.get(call.function, call.function.upper()) + _subscripts(call.subscripts, names), arguments
