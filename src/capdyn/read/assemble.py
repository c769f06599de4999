"""Equations one by one -> the variables and ranges of a Model, with one namespace and nothing defined twice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..errors import Problem
from ..lang.model import Component, SubscriptRange, Variable
from ..lang.names import key

Limits = tuple[float | None, float | None]
OPEN: Limits = (None, None)


@dataclass(frozen=True)
class Equation:
    """One equation with what its definition says beside it."""

    name: str
    component: Component
    units: str = ""
    limits: Limits = OPEN
    comment: str = ""
    group: str = ""


def variables(equations: Iterable[Equation], problems: list[Problem]) -> dict[str, Variable]:
    """Variables by key in the order of the file, equations of the same name together; mistakes go to `problems`."""
    merged: dict[str, list[Equation]] = {}
    for equation in equations:
        merged.setdefault(key(equation.name), []).append(equation)
    found: dict[str, Variable] = {}
    for name, parts in merged.items():
        _check_twice(parts, problems)
        found[name] = Variable(
            name=parts[0].name,
            key=name,
            components=tuple(part.component for part in parts),
            units=_first(part.units for part in parts) or "",
            limits=_first(part.limits for part in parts if part.limits != OPEN) or OPEN,
            comment=_first(part.comment for part in parts) or "",
            group=_first(part.group for part in parts) or "",
        )
    return found


def _first(values: Iterable):  # type: ignore[no-untyped-def]
    """The first that says something."""
    return next((value for value in values if value), None)


def _check_twice(parts: list[Equation], problems: list[Problem]) -> None:
    seen: dict[tuple[str, ...], Component] = {}
    first = parts[0]
    for part in parts:
        component = part.component
        before = seen.setdefault(component.subscripts, component)
        listed = f"[{', '.join(component.subscripts)}]" if component.subscripts else ""
        if len(component.subscripts) != len(first.component.subscripts):
            problems.append(
                Problem(
                    f"'{part.name}' has {len(component.subscripts)} subscripts here and "
                    f"{len(first.component.subscripts)} in line {first.component.where.line}.",
                    component.where,
                    "Give all its equations the same number, or rename one.",
                )
            )
        elif before is not component and not (before.exceptions or component.exceptions):
            problems.append(
                Problem(
                    f"'{part.name}{listed}' is defined here and in line {before.where.line}.",
                    component.where,
                    "Take one out, or rename it.",
                )
            )


def ranges(declared: Iterable[SubscriptRange], problems: list[Problem]) -> dict[str, SubscriptRange]:
    """Subscript ranges by key in the order of the file; one that is defined twice goes to `problems`."""
    found: dict[str, SubscriptRange] = {}
    for one in declared:
        before = found.setdefault(one.key, one)
        if before is not one:
            problems.append(
                Problem(
                    f"The range '{one.name}' is defined here and in line {before.where.line}.",
                    one.where,
                    "Take one out, or rename it.",
                )
            )
    return found


def check_namespace(
    variables: dict[str, Variable],
    ranges: dict[str, SubscriptRange],
    problems: list[Problem],
    elements: bool = True,
) -> None:
    """Variables and ranges share one namespace, in which case, spaces and underscores do not count.

    elements : whether elements do so too. In XMILE they stand in brackets, where no variable may stand.
    """
    owners: dict[str, SubscriptRange] = {}
    for one in ranges.values() if elements else ():
        for member in one.members:
            owners.setdefault(key(member), one)
    for variable in variables.values():
        taken = ranges.get(variable.key) or owners.get(variable.key)
        if taken:
            what = "a subscript range" if variable.key in ranges else f"an element of '{taken.name}'"
            problems.append(
                Problem(
                    f"'{variable.name}' is a variable here and {what} in line {taken.where.line}.",
                    variable.where,
                    "Rename one: a name can only mean one thing.",
                )
            )
