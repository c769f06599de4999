"""Lookups that can be stretched and moved: Model -> Model, with four more constants for each lookup.

A lookup named `Effect` is read as

    Effect y scale * Effect((x - Effect x shift) / Effect x scale) + Effect y shift

so that each of its points (x, y) stands at (x scale * x + x shift, y scale * y + y shift). Scales are 1 and shifts 0
until somebody says otherwise, and then no number of a run differs from one of the model as it was. It is only
arithmetic around the lookup: kernel, interpreter and derivatives know nothing of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace

from ..errors import ArgumentError, Problem
from ..lang.expressions import Call, Expression, Number, Reference, walk
from ..lang.model import Component, Variable
from ..lang.model import Model as Source
from ..lang.names import did_you_mean, key
from ..passes import macros
from ..passes.build import build
from .address import Mistake
from .open import Model

WAYS = {"x_scale": 1.0, "x_shift": 0.0, "y_scale": 1.0, "y_shift": 0.0}
"""How a lookup can be changed, and the number that leaves it as it is."""

_COMMENTS = {
    "x_scale": "Stretches the lookup '{}' along its argument.",
    "x_shift": "Moves the lookup '{}' along its argument.",
    "y_scale": "Multiplies the values of the lookup '{}'.",
    "y_shift": "Is added to the values of the lookup '{}'.",
}
_INLINE = "with lookup"
_READERS = ("lookup extrapolate", "lookup forward", "lookup backward")


def adjustable_lookups(model: Model, names: Iterable[str]) -> Model:
    """A model whose lookups have constants that stretch and move them.

    Parameters
    ----------
    model : Model
    names : iterable of str
        Lookups, or variables that are given by WITH LOOKUP (a graphical function in XMILE), by Vensim name.

    Returns
    -------
    Model
        With `<name> x scale`, `<name> x shift`, `<name> y scale` and `<name> y shift` for each of them, in the units of
        the axis and with the lookup's subscripts. They can be given to `capdyn.ensemble` or a scenario like other
        constants. Each point (x, y) of the table stands at (x scale * x + x shift, y scale * y + y shift).

    Raises
    ------
    ArgumentError
        Names that are no lookups, or whose new constants would have the names of other variables.
    """
    problems, found = [], []
    for name in [names] if isinstance(names, str) else names:
        try:
            found.append(find_lookup(model.source, name))
        except Mistake as mistake:
            problems.append(Problem(f"lookups: {mistake.what}", None, mistake.remedy))
    if problems:
        raise ArgumentError(problems)
    new = {own.key: own for own in found if key(constant_of(own, "x_scale")) not in model.source.variables}
    if not new:
        return model
    source = _adjusted(model.source, new)
    return Model(source, build(source), model.path, model.folder)


def constant_of(lookup: Variable, way: str) -> str:
    """The name of the constant that changes a lookup. way : a key of `WAYS`."""
    return f"{lookup.name} {way.replace('_', ' ')}"


def find_lookup(source: Source, name: str) -> Variable:
    """The lookup, or the variable that is given by one.

    Raises
    ------
    Mistake
        It is none, or names of its constants are taken.
    """
    variable = source.variables.get(key(name))
    if variable is None or not is_lookup(variable):
        known = [own.name for own in source.variables.values() if is_lookup(own) and not own.hidden]
        raise Mistake(
            f"'{name}' is no lookup.",
            did_you_mean(name, known)
            or (f"Lookups: {', '.join(known)}." if known else "The model has none."),
        )
    for way in WAYS:
        taken = source.variables.get(key(constant_of(variable, way)))
        if taken is not None and taken.comment != _COMMENTS[way].format(variable.name):
            raise Mistake(
                f"'{taken.name}' is a variable of the model already.", "Rename it in the equation file."
            )
    return variable


def is_lookup(variable: Variable) -> bool:
    """Whether it is a table of points, or is computed by one that is written into its equation."""
    return all(
        one.kind == "lookup"
        or any(isinstance(e, Call) and e.function == _INLINE for e in walk(one.expression))
        for one in variable.components
    )


def _adjusted(source: Source, lookups: dict[str, Variable]) -> Source:
    """The model with the constants, each reading of the lookups between them; its hash says so."""
    if source.macros:  # a macro may read a lookup that was handed to it under another name
        source = replace(macros.expand(source, []), macros={})
    variables = {
        name: replace(own, components=tuple(_component(own, one, lookups) for one in own.components))
        for name, own in source.variables.items()
    }
    for own in lookups.values():
        variables |= {key(constant_of(own, way)): _constant(own, way) for way in WAYS}
    digest = hashlib.sha256(f"{source.hash}\nadjustable: {', '.join(sorted(lookups))}".encode()).hexdigest()
    return replace(source, variables=variables, hash=digest)


def _constant(lookup: Variable, way: str) -> Variable:
    """1 or 0 for each element of the lookup."""
    name, value = constant_of(lookup, way), WAYS[way]
    components = tuple(
        replace(one, expression=Number(value), kind="auxiliary", text=f"{name} = {value:g}")
        for one in lookup.components
    )
    units = {"x_scale": "Dmnl", "y_scale": "Dmnl", "y_shift": lookup.units}.get(way, "")
    return Variable(
        name, key(name), components, units, (None, None), _COMMENTS[way].format(lookup.name), lookup.group
    )


def _component(variable: Variable, component: Component, lookups: dict[str, Variable]) -> Component:
    """An equation with each reading of the lookups stretched and moved."""

    def change(expression: Expression) -> Expression:
        if not isinstance(expression, Call):
            return expression
        function, arguments = expression.function, tuple(map(change, expression.arguments))
        changed = replace(expression, arguments=arguments)
        if function in lookups:
            own, subscripts, argument = lookups[function], expression.subscripts, 0
        elif function in _READERS and isinstance(arguments[0], Reference) and arguments[0].name in lookups:
            own, subscripts, argument = lookups[arguments[0].name], arguments[0].subscripts, 1
        elif function == _INLINE and variable.key in lookups:
            own, subscripts, argument = variable, component.subscripts, 0
        else:
            return changed
        x_scale, x_shift, y_scale, y_shift = (
            Reference(key(constant_of(own, way)), subscripts) for way in WAYS
        )
        x = Call("/", (Call("-", (arguments[argument], x_shift)), x_scale))
        read = replace(changed, arguments=(*arguments[:argument], x, *arguments[argument + 1 :]))
        return Call("+", (Call("*", (y_scale, read)), y_shift))

    return replace(component, expression=change(component.expression))
