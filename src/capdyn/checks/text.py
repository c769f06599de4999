"""Checks that need no run: what the equation file says, and what it leaves out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..lang.expressions import Call, Expression, Number
from ..lang.functions import NOT_AVAILABLE
from ..lang.model import Variable
from ..lang.names import key
from ..lang.units import SYNONYMS
from ..lang.vensim_text import number_text
from ..passes.units import check_units
from ..run.address import address_of, everywhere
from ..run.summary import ROWS
from .case import Case, names_in
from .finding import Finding

_EQUIVALENCE = re.compile(r"^22:(.+)$", re.MULTILINE)  # a line of Vensim's settings: names of one unit
_PLAIN_NUMBERS = (0.0, 1.0, 2.0)
# Arguments that give a structure its shape, and are no quantities: the order of a delay, the measure of time.
_SHAPES = {"smooth": (3,), "smooth n": (3,), "delay": (3,), "delay n": (3,), "get time value": (0, 2)}


def units(case: Case) -> Iterator[Finding]:
    """Units that do not fit; see `capdyn.passes.units`."""
    for found in check_units(case.model.source, (*_equivalences(case.model.path), *SYNONYMS)):
        problem = found.problem
        yield Finding("units", found.variable, problem.where, problem.what, problem.remedy)


def _equivalences(path: Path) -> list[list[str]]:
    """Names of one unit that the settings at the end of a Vensim file list."""
    if path.suffix.lower() != ".mdl":
        return []
    settings = path.read_text(encoding="utf-8", errors="replace").rpartition("///---\\\\\\")[2]
    return [
        [name for name in line.strip().split(",") if name.strip()] for line in _EQUIVALENCE.findall(settings)
    ]


def ranges(case: Case) -> Iterator[Finding]:
    """Constants without a range, or with a value outside it."""
    for symbol in case.constants:
        low, high = symbol.limits
        if low is None or high is None:
            lacks = "no range" if low == high else "no least value" if low is None else "no greatest value"
            yield Finding(
                "ranges",
                symbol.variable,
                symbol.where,
                f"The constant '{symbol.variable}' has {lacks}.",
                "Write [least,greatest] behind its unit: what it can be, not what it is believed to be.",
            )
        for place, value in zip(everywhere(symbol), symbol.values, strict=True):
            if (low is not None and value < low) or (high is not None and value > high):
                ends = f"[{'?' if low is None else f'{low:g}'},{'?' if high is None else f'{high:g}'}]"
                yield Finding(
                    "ranges",
                    symbol.variable,
                    symbol.where,
                    f"'{address_of(symbol, place)}' is {value:g}, outside its range {ends}.",
                    "Correct the value, or widen the range.",
                )


def sources(case: Case) -> Iterator[Finding]:
    """Constants whose comment gives no reason; only beside a `sources.bib`, which says how works are cited."""
    bib = case.model.folder / "sources.bib" if case.model.folder else None
    if bib is None or not bib.is_file():
        return
    cited = re.findall(r"^\s*@\w+\s*\{\s*([^\s,]+)\s*,", bib.read_text(encoding="utf-8"), re.MULTILINE)
    # (004 s4.3), (002 s4.2, s5.1), or an author with the year.
    work = re.compile(
        "|".join([r"\b[A-Z]\w+,? \(?\d{4}\)?", *(rf"\([^()]*\b{re.escape(name)}\b" for name in cited)])
    )
    for symbol in case.constants:
        comment = case.model.source.variables[symbol.name].comment
        if not re.search(r"\bassumption\b", comment, re.IGNORECASE) and not work.search(comment):
            yield Finding(
                "sources",
                symbol.variable,
                symbol.where,
                f"The comment of the constant '{symbol.variable}' names no source.",
                "Cite a work of sources.bib, as in (004 s4.3), or write 'assumption:' and why.",
            )


def influence(case: Case) -> Iterator[Finding]:
    """Variables that move nothing: constants and tables always, others unless something names them as an output.

    An output is what the comment calls so (the words output, indicator or result), what a TOML file beside the model
    names (evidence, studies, scenarios), or what the table at the end of a run shows.
    """
    model = case.model
    used: set[str] = set()
    for variable in (*model.source.variables.values(), *_inside_macros(case)):
        for component in variable.components:
            used.update(name for name in names_in(component.expression) if name != variable.key)
    constants = {symbol.name for symbol in case.constants}
    told = " ".join(path.read_text(encoding="utf-8", errors="replace") for path in _beside(model.folder))
    outputs = {key(row.variable) for row in ROWS}
    for variable in case.variables:
        if variable.key in used:
            continue
        table = any(component.kind == "lookup" for component in variable.components)
        if variable.key not in constants and not table:
            word = re.search(r"\b(output|indicator|result)s?\b", variable.comment, re.IGNORECASE)
            if (
                word
                or variable.key in outputs
                or re.search(rf"[\"'\[]{re.escape(variable.name)}[\"'\[]", told, re.I)
            ):
                continue
            remedy = "Use it, remove it, or begin its comment with 'Output:'."
        else:
            remedy = "Use it in an equation, or remove it."
        yield Finding(
            "influence", variable.name, variable.where, f"No equation uses '{variable.name}'.", remedy
        )


def _inside_macros(case: Case) -> Iterator[Variable]:
    for macro in case.model.source.macros.values():
        yield from macro.variables.values()


def _beside(folder: Path | None) -> list[Path]:
    return sorted(folder.rglob("*.toml")) if folder else []


def words(case: Case) -> Iterator[Finding]:
    """Variables without unit or comment."""
    for variable in case.variables:
        lacks = [
            name
            for name, text in (("unit", variable.units), ("comment", variable.comment))
            if not text.strip()
        ]
        if lacks:
            yield Finding(
                "words",
                variable.name,
                variable.where,
                f"'{variable.name}' has no {' and no '.join(lacks)}.",
                "Say what it means and in which unit it is (Dmnl for a plain number).",
            )


def numbers(case: Case) -> Iterator[Finding]:
    """Numbers other than 0, 1 and 2 inside equations."""
    for variable in case.variables:
        for component in variable.components:
            found = (
                dict.fromkeys(_magic(component.expression)) if isinstance(component.expression, Call) else {}
            )
            if found:
                listed = ", ".join(map(number_text, found))
                yield Finding(
                    "numbers",
                    variable.name,
                    component.where,
                    f"The equation of '{variable.name}' holds the number{'s' * (len(found) > 1)} {listed}.",
                    "Make it a constant with a name, a unit, a range and a source.",
                )


def _magic(here: Expression) -> Iterator[float]:
    if isinstance(here, Number) and abs(here.value) not in _PLAIN_NUMBERS and here.value != NOT_AVAILABLE:
        yield here.value
    if isinstance(here, Call):
        shapes = _SHAPES.get(here.function, ())
        same = here.function in ("smooth", "delay") and here.arguments[0] == here.arguments[2]
        for i, argument in enumerate(here.arguments):
            if i not in shapes and not (same and i == 2):
                yield from _magic(argument)


# Spellings that differ between people, and not in meaning. Each is replaced in small letters, in this order.
_SPELLINGS = (
    (r"isation", "ization"),
    (r"is(e[ds]?|ing)\b", r"iz\1"),
    (r"our(s|ed|ing|able)?\b", r"or\1"),
    (r"ll(ed|ing)\b", r"l\1"),
    (r"tre(s?)\b", r"ter\1"),
    (r"ies\b", "y"),
    (r"(?<=[^s\W])s\b", ""),
    (r"[\W_]+", ""),
)


def _sound(name: str) -> str:
    """The name without what spelling alone changes: plurals, British or American, spaces, signs."""
    name = key(name)
    for pattern, instead in _SPELLINGS:
        name = re.sub(pattern, instead, name)
    return name


@dataclass(frozen=True)
class _Named:
    name: str
    variable: Variable


def names(case: Case) -> Iterator[Finding]:
    """Names of variables, and of units, that differ only in spelling."""
    same = {key(name): group[0] for group in (*SYNONYMS, *_equivalences(case.model.path)) for name in group}
    variables = [_Named(variable.name, variable) for variable in case.variables]
    measures = [
        _Named(" ".join(word.split()), variable)
        for variable in case.variables
        for word in re.split(r"[*/^()]", variable.units)
        if word.strip() and key(word) not in same and not re.fullmatch(r"-?[\d.]+", word.strip())
    ]
    for what, named in (("variable", variables), ("unit", measures)):
        for first, other in _alike(named):
            yield Finding(
                "names",
                other.variable.name,
                other.variable.where,
                f"The {what}s '{first.name}' (line {first.variable.where.line}) and '{other.name}' differ only in "
                "spelling.",
                "Write one of them everywhere."
                if what == "unit"
                else "Rename one, or use a single variable.",
            )


def _alike(named: Iterable[_Named]) -> Iterator[tuple[_Named, _Named]]:
    first: dict[str, _Named] = {}
    seen: set[str] = set()
    for here in named:
        earlier = first.setdefault(_sound(here.name), here)
        if key(here.name) != key(earlier.name) and key(here.name) not in seen:
            seen.add(key(here.name))
            yield earlier, here
