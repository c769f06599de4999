"""PySD's syntax tree -> `capdyn.lang.expressions`. The only module that knows PySD's node types.

Source: PySD 3.14, pysd/translators/structures/abstract_expressions.py.
"""

from __future__ import annotations

from functools import reduce
from typing import Any

from ..lang.expressions import Array, Call, Expression, Number, Reference, Table, Text, children
from ..lang.functions import NOT_AVAILABLE
from ..lang.names import key
from .plain import NEGATIVE, SAFELY, Word
from .source import Mistake
from .tokens import Token

DEEPEST = 250  # calls inside one another; later stages walk expressions by recursion
LONGEST = 100  # terms of a sum that stand side by side
OUTSIDE = {"interpolate": "clamp", "extrapolate": "extrapolate", "hold_backward": "hold"}

# Node type -> function, and its fields in the order of our arguments.
FIELDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "DelayStructure": ("delay", ("input", "delay_time", "initial", "order")),
    "DelayNStructure": ("delay n", ("input", "delay_time", "initial", "order")),
    "DelayFixedStructure": ("delay fixed", ("input", "delay_time", "initial")),
    "SmoothStructure": ("smooth", ("input", "smooth_time", "initial", "order")),
    "SmoothNStructure": ("smooth n", ("input", "smooth_time", "initial", "order")),
    "TrendStructure": ("trend", ("input", "average_time", "initial_trend")),
    "ForecastStructure": ("forecast", ("input", "average_time", "horizon", "initial_trend")),
    "SampleIfTrueStructure": ("sample if true", ("condition", "input", "initial")),
    "InitialStructure": ("initial", ("initial",)),
    "GameStructure": ("game", ("expression",)),
    "AllocateAvailableStructure": ("allocate available", ("request", "pp", "avail")),
    "AllocateByPriorityStructure": (
        "allocate by priority",
        ("request", "priority", "size", "width", "supply"),
    ),
    "GetLookupsStructure": ("get lookups", ("file", "tab", "x_row_or_col", "cell")),
    "GetDataStructure": ("get data", ("file", "tab", "time_row_or_col", "cell")),
    "GetConstantsStructure": ("get constants", ("file", "tab", "cell")),
    "DataStructure": ("data", ()),
    "InlineLookupsStructure": ("with lookup", ("argument", "lookups")),
}
OPERATORS = {":AND:": "and", ":OR:": "or", ":NOT:": "not"}


def adapt(tree: Any, words: list[Word], offset: int = 0, powers: str = "left") -> Expression:
    """The expression of a PySD syntax tree.

    words : what each placeholder stands for (`capdyn.read.plain`). offset : place of the equation in its file.
    powers : 'left' if a^b^c is (a^b)^c as in Vensim, 'right' if it is a^(b^c) as in XMILE.

    Raises
    ------
    Mistake
        If the expression is nested too deeply, or holds something that PySD should not have given.
    """
    expression = _Adapter(words, powers).convert(tree)
    if depth(expression) > DEEPEST:
        raise Mistake(
            "The equation is too long or nested too deeply.", offset, "Split it into several variables."
        )
    return expression


def depth(expression: Expression) -> int:
    """The number of levels of an expression, counted without recursion."""
    levels, layer = 0, [expression]
    while layer:
        levels += 1
        layer = [child for here in layer for child in children(here)]
    return levels


class _Adapter:
    """Converts nodes, with the words that stand behind the placeholders at hand."""

    def __init__(self, words: list[Word], powers: str):
        self.words = words
        self.powers = powers

    def convert(self, node: Any) -> Expression:
        kind = type(node).__name__
        if kind in FIELDS:
            function, names = FIELDS[kind]
            return Call(function, tuple(self.convert(getattr(node, name)) for name in names))
        if kind == "ReferenceStructure":
            return self.reference(node)
        if kind in ("ArithmeticStructure", "LogicStructure"):
            return self.operators(
                list(node.operators), [self.convert(argument) for argument in node.arguments]
            )
        if kind == "CallStructure":
            return self.call(node)
        if kind == "IntegStructure":
            function = "integ non negative" if node.non_negative else "integ"
            return Call(function, (self.convert(node.flow), self.convert(node.initial)))
        if kind == "LookupsStructure":
            return Table(tuple(map(float, node.x)), tuple(map(float, node.y)), OUTSIDE[node.type])
        return Number(float(node))

    def word(self, name: str) -> Word:
        """What a placeholder stands for; other names are functions that PySD puts in itself."""
        if name[:1] == "k" and name[1:].isdecimal():
            return self.words[int(name[1:])]
        return Token("name", name, 0)

    def subscripts(self, node: Any) -> tuple[str, ...]:
        if node is None:
            return ()
        found = []
        for name in node.subscripts:
            word = self.word(name.rstrip("! "))
            found.append(key(word.text if isinstance(word, Token) else name) + "!" * name.endswith("!"))
        return tuple(found)

    def reference(self, node: Any) -> Expression:
        word = self.word(node.reference)
        if isinstance(word, Array):
            return word
        if word == SAFELY:
            return Reference(SAFELY)
        if not isinstance(word, Token):
            raise TypeError(node.reference)
        if word.kind == "number":
            return Number(float(word.text))
        if word.kind == "text":
            return Text(word.text[1:-1])
        if word.kind == "missing":
            return Number(NOT_AVAILABLE)
        return Reference(key(word.text), self.subscripts(node.subscripts))

    def call(self, node: Any) -> Expression:
        arguments = tuple(self.convert(argument) for argument in node.arguments)
        word = self.word(node.function.reference)
        if isinstance(word, Table):
            return Call("with lookup", (*arguments, word))
        if word == NEGATIVE:
            return negative(arguments[0])
        assert isinstance(word, Token)
        return Call(key(word.text), arguments, self.subscripts(node.function.subscripts))

    def operators(self, names: list[str], arguments: list[Expression]) -> Expression:
        """Nested pairs from a flat list, in the order in which the language works."""
        names = [OPERATORS.get(name, name) for name in names]
        if len(arguments) == 1:
            return negative(arguments[0]) if names == ["negative"] else Call(names[0], (arguments[0],))
        if "or" in names:  # PySD gives :AND: and :OR: in one list; :AND: binds tighter
            groups: list[list[Expression]] = [[arguments[0]]]
            for name, argument in zip(names, arguments[1:], strict=True):
                if name == "or":
                    groups.append([argument])
                else:
                    groups[-1].append(argument)
            return _fold(["or"] * (len(groups) - 1), [_fold(["and"] * (len(g) - 1), g) for g in groups])
        if names[0] == "^" and self.powers == "right":
            return reduce(lambda right, left: Call("^", (left, right)), reversed(arguments))
        return _fold(names, arguments)


def negative(argument: Expression) -> Expression:
    """The negative of an expression; of a literal, the negative literal."""
    return Number(-argument.value) if isinstance(argument, Number) else Call("negative", (argument,))


def _fold(names: list[str], arguments: list[Expression]) -> Expression:
    """Pairs from the left; a sum or product of hundreds in parts, so as not to be nested as deeply as it is long."""
    if len(names) > LONGEST and (set(names) <= {"+", "-"} or set(names) == {"*"}):
        parts = []
        for first in range(0, len(arguments), LONGEST):
            part = arguments[first : first + LONGEST]
            if first and names[first - 1] == "-":
                part[0] = negative(part[0])
            parts.append(_fold(names[first : first + len(part) - 1], part))
        return _fold(["*" if names[0] == "*" else "+"] * (len(parts) - 1), parts)
    left, safely = arguments[0], False
    for name, right in zip(names, arguments[1:], strict=True):
        if right == Reference(SAFELY):
            safely = True
            continue
        left, safely = Call("safediv" if safely else name, (left, right)), False
    return left
