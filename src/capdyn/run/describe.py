"""What a model is made of: as a dictionary for programs, as text for people."""

from __future__ import annotations

import textwrap
from typing import Any

from ..errors import ArgumentError, ScenarioError
from ..lang.expressions import Call, Reference, walk
from ..lang.model import CONTROLS, Variable
from ..lang.names import did_you_mean, key
from .address import write_address
from .open import Model
from .overlay import INTENSITY
from .scenario_file import find_file, read_file

# Kinds of symbol as people call them; a table of points is no symbol.
_KINDS = {"parameter": "constant", "constant": "derived constant", "state": "stock", "auxiliary": "auxiliary"}
_LOOKUP = "lookup"
_PLURALS = {
    "constant": "constants",
    "derived constant": "derived constants",
    "stock": "stocks",
    "auxiliary": "auxiliaries",
    "lookup": "lookups",
}


def describe(model: Model) -> dict[str, Any]:
    """Name, time settings, ranges, levers, scenarios and variables of a model; plain data, ready for JSON."""
    system, source = model.system, model.source
    ranges = {
        dim: list(elements)
        for symbol in system.symbols.values()
        if symbol.variable
        for dim, elements in zip(symbol.dims, symbol.elements, strict=True)
    }
    levers = system.symbols.get(INTENSITY)
    return {
        "name": model.name,
        "path": str(model.path),
        "hash": source.hash,
        "method": source.method or "euler",
        "time": {name: _control(model, name) for name in CONTROLS},
        "time_unit": source.variables["time step"].units,
        "ranges": ranges,
        "levers": list(levers.elements[0]) if levers else [],
        "scenarios": [{"name": name, "why": _why(model, name)} for name in model.scenarios],
        "variables": [describe_variable(model, variable.name) for variable in source.variables.values()],
        "notes": list(source.notes),
    }


def describe_variable(model: Model, name: str) -> dict[str, Any]:
    """One variable: kind, unit, range, equations, what it uses and where it is used.

    Raises
    ------
    ArgumentError
        It is not in the model.
    """
    variables = model.source.variables
    variable = variables.get(key(name))
    if variable is None:
        near = did_you_mean(name, [v.name for v in variables.values()])
        raise ArgumentError(f"'{name}' is not a variable of '{model.name}'.", remedy=near)
    symbol = model.system.symbols.get(variable.key)
    return {
        "name": variable.name,
        "dims": list(symbol.dims if symbol else ()),
        "kind": _KINDS.get(symbol.kind, symbol.kind) if symbol else _LOOKUP,
        "units": variable.units,
        "range": list(variable.limits),
        "group": variable.group,
        "description": variable.comment,
        "equations": list(
            dict.fromkeys(" ".join(component.text.split()) for component in variable.components)
        ),
        "line": variable.where.line,
        "uses": [variables[used].name for used in _uses(variable) if used in variables],
        "used_by": [other.name for other in variables.values() if variable.key in _uses(other)],
    }


def _uses(variable: Variable) -> dict[str, None]:
    """Keys of all that stands in a variable's equations, in order."""
    found: dict[str, None] = {}
    for component in variable.components:
        for part in walk(component.expression):
            if isinstance(part, Reference):
                found[part.name] = None
            elif isinstance(part, Call):
                found[part.function] = None
    return found


def _control(model: Model, name: str) -> str:
    """A time setting as the file has it: a number, or the name of what it equals."""
    symbol = model.system.symbols[name]
    if symbol.kind == "parameter":
        return f"{symbol.values[0]:g}"
    variable = model.source.variables.get(name)
    return " ".join(variable.components[0].text.partition("=")[2].split()) if variable else "TIME STEP"


def _why(model: Model, name: str) -> str:
    try:
        return read_file(find_file(name, model.folder), []).form.why
    except ScenarioError:
        return "cannot be read; `capdyn run` says why"


def write_description(about: dict[str, Any]) -> str:
    """The description of a model as text, variables by group."""
    time, unit = about["time"], about["time_unit"]
    end = f"{time['final time']} {unit}".strip()
    kinds = [variable["kind"] for variable in about["variables"]]
    counts = ", ".join(
        f"{kinds.count(kind)} {name if kinds.count(kind) > 1 else kind}"
        for kind, name in _PLURALS.items()
        if kind in kinds
    )
    lines = [
        f"{about['name']}  ({about['path']}, sha256 {about['hash'][:12]})",
        f"{len(kinds)} variables: {counts}.",
        f"Runs from {time['initial time']} to {end}, step {time['time step']}, "
        f"saved every {time['saveper']}, method {about['method']}.",
        *about["notes"],
    ]
    if about["scenarios"]:
        lines += ["", "Scenarios", *(_entry(s["name"], s["why"]) for s in about["scenarios"])]
    if about["levers"]:
        lines += [
            "",
            "Levers",
            *textwrap.wrap(", ".join(about["levers"]), 100, initial_indent="  ", subsequent_indent="  "),
        ]
    if about["ranges"]:
        lines += ["", "Subscript ranges"]
        lines += [_entry(name, ", ".join(elements)) for name, elements in about["ranges"].items()]
    stocks = [variable for variable in about["variables"] if variable["kind"] == "stock"]
    if stocks:
        lines += ["", "Stocks", *(f"  {_head(variable)}" for variable in stocks)]
    groups = dict.fromkeys(variable["group"] for variable in about["variables"])
    for group in groups:
        lines += ["", f"Variables: {group}" if group else "Variables"]
        for variable in about["variables"]:
            if variable["group"] == group:
                lines += [
                    f"  {_head(variable)}, {variable['kind']}",
                    *(f"      {e}" for e in variable["equations"]),
                ]
    return "\n".join(lines) + "\n"


def write_variable(about: dict[str, Any]) -> str:
    """The description of a variable as text."""
    lines = [f"{_head(about)}, {about['kind']}" + (f", in {about['group']}" if about["group"] else "")]
    lines += textwrap.wrap(about["description"], 100)
    lines += ["", *about["equations"], ""]
    lines += [
        _entry(word, ", ".join(about[name]) or "nothing").strip()
        for word, name in (("Uses", "uses"), ("Used by", "used_by"))
    ]
    return "\n".join(lines) + f"\nLine {about['line']}\n"


def _head(variable: dict[str, Any]) -> str:
    """Name[Dims] (unit), least to greatest."""
    low, high = variable["range"]
    ends = [f"from {low:g}" if low is not None else "", f"to {high:g}" if high is not None else ""]
    limits = " ".join(filter(None, ends))
    parts = [
        f"{write_address(variable['name'], variable['dims'])} ({variable['units'] or 'no unit'})",
        limits,
    ]
    return ", ".join(filter(None, parts))


def _entry(name: str, text: str) -> str:
    return textwrap.fill(
        f"{name}: {text}" if text else name, 100, initial_indent="  ", subsequent_indent="      "
    )
