"""Data variables written out as lookups of Time: Model -> Model.

Between its points a series is interpolated, held, looked for ahead, or missing (:RAW:); before its first point it has
the first value, after its last the last. The three that jump look at the time at the beginning of the step,
half a step late (or early), like STEP: so a Runge-Kutta step never straddles a jump, and rounding in the clock never
misses a point. Source: https://www.vensim.com/documentation/dataequations.html .
"""

from __future__ import annotations

from dataclasses import replace

from ..errors import Problem
from ..lang.expressions import Call, Expression, Number, Reference, Table, Text
from ..lang.functions import NOT_AVAILABLE
from ..lang.model import Component, Model, Variable
from .lower import place

_HALF = Call("*", (Number(0.5), Reference("#step")))
LATER = Call("+", (Reference("#held"), _HALF))
EARLIER = Call("-", (Reference("#held"), _HALF))


def write_out(model: Model, problems: list[Problem]) -> Model:
    """The model with all data variables as formulas; those without numbers go to `problems`."""
    variables = {}
    for name, variable in model.variables.items():
        components: list[Component] = []
        for component in variable.components:
            components += _component(component, variable, model, problems)
        variables[name] = (
            variable
            if tuple(components) == variable.components
            else replace(variable, components=tuple(components))
        )
    return replace(model, variables=variables)


def at_time(table: Table, mode: str) -> Expression:
    """The value of a series at Time. mode : 'interpolate' or '', 'hold backward', 'look forward', 'raw'."""
    held = replace(table, outside="hold")
    if mode == "hold backward":
        return Call("with lookup", (LATER, held))
    if mode == "look forward":  # from behind each point on, the value of the next one
        ahead = Table((table.x[0] - 1.0, *table.x[:-1]), table.y, "hold")
        return Call("with lookup", (EARLIER, ahead))
    if mode == "raw":  # there is a value where the number of points passed has just grown
        passed = Table(
            (table.x[0] - 1.0, *table.x), tuple(float(count) for count in range(len(table.x) + 1)), "hold"
        )
        now, before = (Call("with lookup", (clock, passed)) for clock in (LATER, EARLIER))
        value = Call("with lookup", (LATER, held))
        return Call("if then else", (Call(">", (now, before)), value, Number(NOT_AVAILABLE)))
    return Call("with lookup", (Reference("time"), table))


def _component(
    component: Component, variable: Variable, model: Model, problems: list[Problem]
) -> list[Component]:
    call = component.expression
    if not isinstance(call, Call) or call.function != "data":
        return [component]
    if len(call.arguments) == 1:  # a keyword and no equation
        what = f"'{variable.name}' is a data variable, and no series is given for it."
        remedy = (
            "Write := GET DIRECT DATA('file.csv', ',', 'A', 'B2') after its name, or give it to "
            "open_model(data=...)."
        )
        problems.append(Problem(what, component.where, remedy))
        return [replace(component, expression=Number(0.0))]
    series, mode = call.arguments
    assert isinstance(mode, Text)
    if isinstance(series, Table):
        return [replace(component, expression=at_time(series, mode.value))]
    found = _tables(series, component, model)
    if not found:
        problems.append(
            Problem(
                f"':{mode.value.upper()}:' stands before something other than the name of a data variable in "
                f"'{variable.name}'.",
                place(component, variable.key),
                "Put the keyword into the equation that reads the series, or name that variable alone.",
            )
        )
        return [replace(component, expression=Number(0.0))]
    return [
        replace(component, subscripts=subscripts, expression=at_time(table, mode.value))
        for subscripts, table in found
    ]


def _tables(series: Expression, component: Component, model: Model) -> list[tuple[tuple[str, ...], Table]]:
    """Subscripts and table of each series of the data variable that an equation names, if it names one."""
    other = model.variables.get(series.name) if isinstance(series, Reference) else None
    if other is None or not isinstance(series, Reference) or series.subscripts != component.subscripts:
        return []
    found = []
    for one in other.components:
        call = one.expression
        if not isinstance(call, Call) or call.function != "data":
            return []
        table = call.arguments[0]
        if not isinstance(table, Table):
            return []
        found.append((one.subscripts, table))
    return found
