"""`.mdl` -> Model: each definition parsed by itself, so that a mistake has a place and all are found at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import Problem, Where
from ..lang.expressions import Call, Expression, Text
from ..lang.model import Check, Component, Macro, Model, SubscriptRange
from ..lang.names import key
from . import assemble, external
from . import macro as macros
from .adapt import adapt
from .left import LeftSide, left_side, limits_of, range_of
from .literal import literal
from .parsing import deep, explained, quiet
from .plain import plain, read_table
from .sheets import Folder, Unreadable
from .source import Mistake, Source, decode, load, reject
from .split import Definition, MacroText, split
from .tokens import VENSIM, Token, pairs, tokenize

# Functions that PySD makes nodes of their own, with their numbers of arguments.
# Source: pysd/translators/vensim/vensim_structures.py; PULSE TRAIN is left out since PySD reorders its arguments.
STRUCTURES: dict[str, tuple[int, ...]] = {
    "game": (1,),
    "initial": (1,),
    "integ": (2,),
    "delay1": (2,),
    "delay1i": (3,),
    "delay3": (2,),
    "delay3i": (3,),
    "delay n": (4,),
    "delay fixed": (3,),
    "smooth": (2,),
    "smoothi": (3,),
    "smooth3": (2,),
    "smooth3i": (3,),
    "smooth n": (4,),
    "trend": (3,),
    "forecast": (3,),
    "sample if true": (3,),
    "allocate available": (3,),
    "allocate by priority": (5,),
    "get xls lookups": (4,),
    "get direct lookups": (4,),
    "get xls data": (4,),
    "get direct data": (4,),
    "get xls constants": (3,),
    "get direct constants": (3,),
}


def read_vensim(path: Path, name: str) -> Model:
    """The Model of a Vensim file.

    Raises
    ------
    StoreError
        If the file cannot be read as text.
    ModelError
        All mistakes in it, each with line and column.
    """
    source = decode(path, load(path))
    parts = split(source)
    problems = [source.problem(mistake) for mistake in parts.mistakes]
    structures = _structures(parts.macros)
    folder = Folder(path.parent)
    draft = _Draft(source, structures, folder)
    if source.guessed:
        draft.notes.append(f"{path}:1: the file is not in UTF-8 and was read as windows-1252.")
    found: dict[str, Macro] = {}
    with quiet(), deep():
        for macro in parts.macros:
            _add_macro(macro, _Draft(source, structures, folder), found, problems)
        for definition in parts.definitions:
            try:
                draft.add(definition)
            except Mistake as mistake:
                problems.append(source.problem(mistake))
    if not parts.definitions and not problems:
        problems.append(
            Problem(
                "There is no definition in this file.",
                source.where(0),
                "A definition reads: name = equation ~ units ~ comment |",
            )
        )
    variables = assemble.variables(draft.equations, problems)
    ranges = assemble.ranges(draft.ranges, problems)
    assemble.check_namespace(variables, ranges, problems)
    with quiet():
        variables = external.resolve(variables, ranges, folder, draft.texts, problems)
    reject(problems)
    return Model(
        name,
        str(path),
        folder.digest(source.hash),
        variables,
        ranges,
        parts.method,
        tuple(draft.notes),
        found,
        tuple(folder.used.items()),
        tuple(draft.checks),
    )


def _structures(parts: list[MacroText]) -> dict[str, tuple[int, ...]]:
    """STRUCTURES without the functions that the file defines anew as macros."""
    names = {key(part.head.split("(")[0]) for part in parts}
    return {name: counts for name, counts in STRUCTURES.items() if name not in names}


def _add_macro(part: MacroText, draft: _Draft, found: dict[str, Macro], problems: list[Problem]) -> None:
    """Add a macro to those found; mistakes go to `problems`. draft : an empty one."""
    source = draft.source
    before = len(problems)
    try:
        head = macros.head(part)
    except Mistake as mistake:
        problems.append(source.problem(mistake))
        return
    for definition in part.definitions:
        try:
            left = left_side(definition)
            if left.mark in (":", "<->") or left.subscripts:
                raise Mistake(
                    f"There are no subscripts inside a macro, such as '{left.text}' in '{head.name}'.",
                    definition.start,
                    "Leave them out there, and call it with subscripted variables.",
                )
            draft.add(definition)
        except Mistake as mistake:
            problems.append(source.problem(mistake))
    variables = assemble.variables(draft.equations, problems)
    variables = external.resolve(variables, {}, draft.folder, draft.texts, problems)
    if len(problems) == before:
        problems += [source.problem(mistake) for mistake in macros.check(part, head, variables)]
    macro = Macro(
        head.name,
        key(head.name),
        tuple(map(key, head.parameters)),
        tuple(map(key, head.outputs)),
        variables,
        source.where(part.start),
    )
    if found.setdefault(macro.key, macro) is not macro:
        problems.append(
            Problem(
                f"The macro '{macro.name}' is defined here and in line {found[macro.key].where.line}.",
                macro.where,
                "Take one out, or rename it.",
            )
        )


@dataclass
class _Draft:
    """What has been read so far. structures : functions for which PySD has a node type. folder : where files are."""

    source: Source
    structures: dict[str, tuple[int, ...]]
    folder: Folder
    equations: list[assemble.Equation] = field(default_factory=list)
    ranges: list[SubscriptRange] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)

    def add(self, definition: Definition) -> None:
        left = left_side(definition)
        where = self.source.where(definition.start)
        if left.mark in (":", "<->"):
            self.ranges.append(self._range(definition, left, where))
        elif left.mark in (":THE CONDITION:", ":TEST INPUT:"):
            kind = left.mark.strip(":").lower()
            self.checks.append(Check(left.name, kind, definition.text, where))
            self.notes.append(f"{where}: the reality check '{left.name}' is not run.")
        elif left.mark == ":IS:":
            self.texts[key(left.name)] = _text(definition, left)
        else:
            units, limits = limits_of(definition)
            component = self._component(definition, left, where)
            self.equations.append(
                assemble.Equation(left.name, component, units, limits, definition.comment, definition.group)
            )

    def _range(self, definition: Definition, left: LeftSide, where: Where) -> SubscriptRange:
        def imported(text: str) -> tuple[list[str], int]:
            try:
                return external.subscript(text, self.folder)
            except Unreadable as error:
                raise Mistake(error.what, definition.start + left.end, error.remedy) from None

        side = range_of(definition, left, imported)
        return SubscriptRange(
            left.name, key(left.name), side.members, where, side.mapped, side.copy_of, side.orders
        )

    def _component(self, definition: Definition, left: LeftSide, where: Where) -> Component:
        expression, kind = _right_side(definition, left, self.structures)
        if left.subscripts or left.exceptions:
            parsed = _element(definition, f"{left.text} = k0")
            subscripts, exceptions = parsed.subscripts
        else:
            subscripts, exceptions = [], []
        return Component(
            subscripts=tuple(map(key, subscripts)),
            expression=expression,
            where=where,
            text=definition.text,
            exceptions=tuple(tuple(map(key, group)) for group in exceptions),
            kind=kind,
        )


def _text(definition: Definition, left: LeftSide) -> str:
    """The text of a string variable, `name :IS: 'text'`; it can name a file or a sheet."""
    tokens = tokenize(definition.equation[left.end :], VENSIM, definition.start + left.end)
    if len(tokens) != 1 or tokens[0].kind != "text":
        raise Mistake(
            f"'{left.name}' is not one text in single quotation marks.",
            definition.start + left.end,
            "It reads: name :IS: 'text'",
        )
    return tokens[0].text[1:-1]


def _element(definition: Definition, text: str) -> Any:
    """PySD's component of a definition."""
    from pysd.translators.vensim.vensim_element import Element

    with explained(definition.start, lambda place: definition.start):
        return Element(text, "", "").parse()


def _right_side(
    definition: Definition, left: LeftSide, structures: dict[str, tuple[int, ...]]
) -> tuple[Expression, str]:
    """The expression of a definition and the kind of its component."""
    text = definition.equation[left.end :]
    start, end = definition.start + left.end, definition.start + len(definition.equation)
    kind = {"==": "constant", ":=": "data", "data": "data", "(": "lookup"}.get(left.mark, "auxiliary")
    if left.mark == "data":
        return Call("data", (Text(left.keyword),)), kind
    tokens = tokenize(text, VENSIM, start)
    if left.mark == "(" and not _is_get(tokens[1:]):
        pairs(tokens)
        table, after = read_table(tokens, 0)
        if after < len(tokens):
            raise Mistake(
                f"Something follows the table of '{left.name}'.", tokens[after].start, "Take it out."
            )
        return table, kind
    if left.mark == "(":
        tokens = tokens[1:-1] if pairs(tokens).get(0) == len(tokens) - 1 else tokens
    found = literal(tokens, text, start)
    expression = found if found is not None else _parse(macros.fold_outputs(tokens), end, structures)
    if (
        isinstance(expression, Call) and expression.function == "a function of"
    ):  # what Vensim writes for a sketch
        raise Mistake(f"'{left.name}' has no equation yet.", start, "Write one.")
    if isinstance(expression, Call) and expression.function == "get lookups":
        kind = "lookup"
    if isinstance(expression, Call) and expression.function == "get data":
        return Call("get data", (*expression.arguments, Text(left.keyword))), "data"
    if left.keyword not in ("", "interpolate"):
        return Call("data", (expression, Text(left.keyword))), kind
    return expression, kind


def _is_get(tokens: list[Token]) -> bool:
    return bool(tokens) and key(tokens[0].text).startswith("get ")


def _parse(tokens: list[Token], end: int, structures: dict[str, tuple[int, ...]]) -> Expression:
    """A formula, through PySD."""
    from pysd.translators.vensim.vensim_element import Component as PysdComponent

    written = plain(tokens, end, structures)
    component = PysdComponent("k", ([], []), written.text)
    with explained(tokens[0].start, written.offset):
        component.parse()
        return adapt(component.ast, written.words, tokens[0].start)
