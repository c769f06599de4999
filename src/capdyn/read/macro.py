"""Macros of Vensim: the first line of a definition, and the outputs after ':' in a call.

Source: https://www.vensim.com/documentation/22145.html ("Macro definitions").
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..lang.model import Variable
from ..lang.names import key
from .left import NAME
from .source import Mistake
from .split import MacroText
from .tokens import Token, pairs

OUTPUTS = "#outputs"  # the function that holds the outputs of a call; no unquoted name begins with #
_LIST = rf"(?:{NAME}\s*(?:,\s*{NAME}\s*)*)?"
_HEAD = re.compile(rf"\s*(?P<name>{NAME})\s*\(\s*(?P<inputs>{_LIST})(?::\s*(?P<outputs>{_LIST}))?\)")


@dataclass(frozen=True)
class Head:
    """The first line of a macro, names as written."""

    name: str
    parameters: tuple[str, ...]
    outputs: tuple[str, ...]


def head(macro: MacroText) -> Head:
    """The first line of a macro: `NAME(input, input : output)`.

    Raises
    ------
    Mistake
        If it is not a name with a list of names in brackets, or a name comes twice.
    """
    match = _HEAD.fullmatch(re.sub(r"\\[ \t]*(\r\n|\r|\n)", r" \1", macro.head))
    if not match:
        raise Mistake(
            "The first line of this macro is not a name with a list of names in brackets.",
            macro.start,
            "It reads: :MACRO: NAME(input, input : output)",
        )
    inputs, outputs = (_names(match[part] or "") for part in ("inputs", "outputs"))
    name = " ".join(match["name"].split())
    used = [key(one) for one in (name, *inputs, *outputs)]
    twice = next((one for one in used if used.count(one) > 1), None)
    if twice:
        raise Mistake(
            f"'{twice}' stands twice in the first line of the macro '{name}'.",
            macro.start,
            "Rename one: each input and output has a name of its own.",
        )
    return Head(name, inputs, outputs)


def _names(text: str) -> tuple[str, ...]:
    return tuple(" ".join(name.split()) for name in text.split(",") if name.strip())


def check(macro: MacroText, found: Head, variables: dict[str, Variable]) -> list[Mistake]:
    """What is wrong with the equations of a macro as a whole."""
    mistakes = []
    for name in (found.name, *found.outputs):
        if key(name) not in variables:
            mistakes.append(
                Mistake(
                    f"The macro '{found.name}' has no equation for its output '{name}'.",
                    macro.start,
                    f"Add one: {name} = ...",
                )
            )
    for name in found.parameters:
        if key(name) in variables:
            mistakes.append(
                Mistake(
                    f"The macro '{found.name}' has an equation for its input '{name}'.",
                    macro.start,
                    "Take it out, or rename it.",
                )
            )
    return mistakes


def fold_outputs(tokens: list[Token]) -> list[Token]:
    """`M(a : b, c)` as `M(a, #outputs(b, c))`, which is a formula like others."""
    if not any(token.kind == "outputs" for token in tokens):
        return tokens
    match = pairs(tokens)
    folded = list(tokens)
    for index in range(len(tokens) - 1, -1, -1):  # from the end, so that places before stay
        if tokens[index].kind != "outputs":
            continue
        start = tokens[index].start
        around = [opening for opening, closing in match.items() if opening < index < closing]
        opening = max(around, default=-1)
        if opening < 1 or tokens[opening].kind != "(" or tokens[opening - 1].kind not in ("name", "quoted"):
            raise Mistake(
                "A ':' stands outside the call of a macro.",
                start,
                "Only outputs of a macro stand after ':', as in NAME(input : output).",
            )
        closing = match[opening]
        if closing == index + 1:
            raise Mistake("No output follows this ':'.", start, "Name one, or take the ':' out.")
        comma = [Token(",", ",", start)] if index > opening + 1 else []
        folded[closing:closing] = [Token(")", ")", tokens[closing].start)]
        folded[index : index + 1] = [*comma, Token("name", OUTPUTS, start), Token("(", "(", start)]
    return folded
