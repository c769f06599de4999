"""Model -> System: the stage's one verb, readable as its steps."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

from ..errors import ModelError, Problem, Where
from ..lang.expressions import Array, Call, Number, Reference, Table, is_literal
from ..lang.model import CONTROLS, Component, Model, Variable
from ..lang.names import did_you_mean
from . import macros, missing, series
from .assemble import assemble
from .draft import Draft, Hidden
from .lower import Lowering, Scope
from .missing import NO_TABLE, offset
from .places import place, written
from .ranges import Ranges, dimensions, flatten
from .system import (
    Const,
    Equation,
    Symbol,
    System,
    elementwise,
)

# What a stock's equation begins with, and whether the stock is kept from becoming negative.
_STOCKS = {"integ": False, "integ non negative": True}


def build(model: Model) -> System:
    """The System of a model.

    Raises
    ------
    ModelError
        All mistakes in names, subscripts, functions and circles, each with line and remedy.
    """
    problems: list[Problem] = []
    model = series.write_out(macros.expand(model, problems), problems)
    known = len(problems)  # what these passes found does not keep the next ones from finding more
    ranges = flatten(model, problems)
    scope = _scope(_with_saveper(model, problems), ranges, problems, known)
    draft = Draft(frozenset(name for name, dims in scope.dims.items() if not dims))
    for variable in scope.variables.values():
        _define(variable, scope, draft, problems)
    if _has_gaps(scope, draft):
        missing.check((*draft.auxiliaries, *draft.initials, *draft.flows), draft.symbols, problems)
    if problems:
        raise ModelError(_ordered(problems))
    return assemble(model, draft)


def _has_gaps(scope: Scope, draft: Draft) -> bool:
    """Whether an equation might use an element that is not there; few models have any."""
    return (
        any(symbol.missing for symbol in draft.symbols.values())
        or any(NO_TABLE in tables for tables in scope.tables.values())
        or any(c.exceptions for variable in scope.variables.values() for c in variable.components)
    )


def _with_saveper(model: Model, problems: list[Problem]) -> dict[str, Variable]:
    """The model's variables, SAVEPER being the time step where nothing is said."""
    variables = dict(model.variables)
    for control in CONTROLS[:3]:
        if control not in variables:
            problems.append(
                Problem(
                    f"The model has no '{control.upper()}'.",
                    Where(model.path),
                    f"Add a line such as: {control.upper()} = 0 ~ Year ~ |",
                )
            )
    if "saveper" not in variables and "time step" in variables:
        component = replace(
            variables["time step"].components[0],
            expression=Reference("time step"),
            text="SAVEPER = TIME STEP",
        )
        variables["saveper"] = replace(
            variables["time step"], name="SAVEPER", key="saveper", components=(component,)
        )
    return variables


def _ordered(problems: list[Problem]) -> list[Problem]:
    """Problems in the order of the file."""
    return sorted(problems, key=lambda problem: problem.where or Where(""))


def _scope(variables: dict[str, Variable], ranges: Ranges, problems: list[Problem], known: int) -> Scope:
    """known : number of problems that were there before names and ranges were looked at."""
    dims: dict[str, tuple[str, ...]] = {}
    for name, variable in list(variables.items()):
        found = dimensions(variable, ranges, problems)
        dims[name] = found if found is not None else ("",) * len(variable.components[0].subscripts)
        if found is None:
            del variables[name]
    if len(problems) > known:
        raise ModelError(_ordered(problems))
    scope = Scope(variables, ranges, dims, {})
    for name, variable in variables.items():
        if any(component.kind == "lookup" for component in variable.components):
            tables = _tables(variable, scope, problems)
            if tables is not None:
                scope.tables[name] = tables
    if len(problems) > known:
        raise ModelError(_ordered(problems))
    return scope


def _blocks(component: Component, variable: Variable, scope: Scope) -> tuple[tuple[int, ...], ...]:
    """Positions along each dimension that the component's left-hand side names."""
    ranges = scope.ranges
    block = []
    for name, dim in zip(component.subscripts, scope.dims[variable.key], strict=True):
        along = ranges.elements[dim]
        named = ranges.elements[name] if ranges.is_range(name) else (name,)
        places = {element: place for place, element in enumerate(along)}
        block.append(tuple(places[element] for element in named))
    return tuple(block)


def _left_out(component: Component, variable: Variable, scope: Scope) -> set[tuple[int, ...]]:
    """Places that :EXCEPT: takes away."""
    out: set[tuple[int, ...]] = set()
    for group in component.exceptions:
        out.update(product(*_blocks(replace(component, subscripts=group), variable, scope)))
    return out


def _check_exceptions(variable: Variable, scope: Scope, problems: list[Problem]) -> bool:
    """Whether what follows :EXCEPT: are elements that the variable has, as many as it has subscripts."""
    ranges, dims, before = scope.ranges, scope.dims[variable.key], len(problems)
    for component in variable.components:
        for group in component.exceptions:
            if len(group) != len(dims):
                what = f"{len(group)} subscripts follow :EXCEPT: here, and '{variable.name}' has {len(dims)}."
                problems.append(Problem(what, component.where, "Give each group the same number."))
                continue
            for name, dim in zip(group, dims, strict=True):
                along = ranges.elements[dim]
                if not set(ranges.elements.get(name, (name,))) <= set(along):
                    what = f"'{written(component, name)}' after :EXCEPT: is no element of '{variable.name}'."
                    near = did_you_mean(name, [ranges.labels[element] for element in along])
                    problems.append(
                        Problem(what, place(component, name), near or "Name an element or a subrange.")
                    )
    return len(problems) == before


def _shape(variable: Variable, scope: Scope) -> tuple[int, ...]:
    return tuple(len(scope.ranges.elements[dim]) for dim in scope.dims[variable.key])


def _symbol(variable: Variable, kind: str, scope: Scope) -> Symbol:
    labels = scope.ranges.labels
    dims = scope.dims[variable.key]
    return Symbol(
        name=variable.key,
        kind=kind,
        shape=_shape(variable, scope),
        dims=_dimension_names(dims, scope.ranges),
        elements=tuple(tuple(labels[element] for element in scope.ranges.elements[dim]) for dim in dims),
        variable="" if variable.hidden else variable.name,
        limits=variable.limits,
        where=variable.where,
    )


def _dimension_names(dims: tuple[str, ...], ranges: Ranges) -> tuple[str, ...]:
    """Names of the dimensions, each once: of two alike, the second has that of a copy of the range, or a number."""
    found: list[str] = []
    for number, dim in enumerate(dims, 1):
        name = ranges.labels[dim]
        if name in found:
            alike = [r for r, elements in ranges.elements.items() if elements == ranges.elements[dim]]
            free = [ranges.labels[r] for r in alike if ranges.labels[r] not in found and r not in dims]
            name = free[0] if free else f"{name} {number}"
        found.append(name)
    return tuple(found)


def _tables(variable: Variable, scope: Scope, problems: list[Problem]) -> tuple[Table, ...] | None:
    if not _check_exceptions(variable, scope, problems):
        return None
    found: dict[tuple[int, ...], Table] = {}
    for component in variable.components:
        if isinstance(component.expression, Table):
            table = component.expression
            out = _left_out(component, variable, scope)
            everywhere = product(*_blocks(component, variable, scope))
            found.update((here, table) for here in everywhere if here not in out)
        else:
            problems.append(
                Problem(
                    f"'{variable.name}' takes its table from outside the file, which is not supported.",
                    component.where,
                    "Write the points into the equation file.",
                )
            )
            return None
    places = list(product(*(range(length) for length in _shape(variable, scope))))
    return tuple(found.get(place, NO_TABLE) for place in places)


def _define(variable: Variable, scope: Scope, draft: Draft, problems: list[Problem]) -> None:
    """Adds the variable's symbol and equations to the draft."""
    if variable.key in scope.tables:
        return
    if not _check_exceptions(variable, scope, problems):
        return
    uncovered = _uncovered(variable, scope, problems)
    numbers = tuple(offset(here, _shape(variable, scope)) for here in uncovered)
    expressions = [component.expression for component in variable.components]
    if all(is_literal(expression) for expression in expressions):
        draft.symbols[variable.key] = replace(_parameter(variable, scope, problems), missing=numbers)
        return
    stock = all(isinstance(e, Call) and e.function in _STOCKS and len(e.arguments) == 2 for e in expressions)
    if stock:
        draft.add_state(replace(_symbol(variable, "state", scope), missing=numbers))
        if any(isinstance(e, Call) and _STOCKS[e.function] for e in expressions):
            draft.floored.add(variable.key)
            draft.grid_only.append(("NON_NEGATIVE", variable.name))
    else:
        draft.symbols[variable.key] = replace(_symbol(variable, "auxiliary", scope), missing=numbers)
    for here in uncovered:
        nothing = Equation(variable.key, tuple((position,) for position in here), Const(0.0), variable.where)
        if stock:
            draft.flows.append(replace(nothing, target=draft.derivatives[variable.key]))
        (draft.initials if stock else draft.auxiliaries).append(nothing)
    for component in variable.components:
        block = _blocks(component, variable, scope)
        if isinstance(component.expression, Array):
            draft.auxiliaries += _numbers(variable, component, scope, problems)
            continue
        lowering = _lowering(variable, component, scope, draft, problems)
        if stock:
            assert isinstance(component.expression, Call)
            flow, initial = (lowering.lower(argument) for argument in component.expression.arguments)
            parts = [
                (draft.flows, draft.derivatives[variable.key], flow),
                (draft.initials, variable.key, initial),
            ]
        else:
            parts = [(draft.auxiliaries, variable.key, lowering.lower(component.expression))]
        out = _left_out(component, variable, scope)
        for program, target, node in parts:
            equation = Equation(target, block, node, component.where)
            program.extend(
                [equation]
                if not out
                else [e for e in elementwise(equation) if tuple(p[0] for p in e.block) not in out]
            )
        draft.grid_only += [(function, variable.name) for function in lowering.grid]


def _numbers(
    variable: Variable, component: Component, scope: Scope, problems: list[Problem]
) -> list[Equation]:
    """A list of numbers among the formulas of a variable: an equation for each element."""
    return [
        Equation(variable.key, tuple((position,) for position in here), Const(number), component.where)
        for here, number in _values(variable, component, scope, problems).items()
    ]


def _lowering(
    variable: Variable, component: Component, scope: Scope, draft: Draft, problems: list[Problem]
) -> Lowering:
    ranges = scope.ranges
    axes = [ranges.elements[name] if ranges.is_range(name) else (name,) for name in component.subscripts]
    label = f"{variable.key}[{','.join(component.subscripts)}]"
    hidden = Hidden(draft, variable.key, tuple(len(elements) for elements in axes), component.where, label)
    return Lowering(scope, variable, component, axes, hidden, problems)


def _uncovered(variable: Variable, scope: Scope, problems: list[Problem]) -> list[tuple[int, ...]]:
    """Places of the elements that no equation gives; a second equation for one is a mistake."""
    whole = tuple(tuple(range(length)) for length in _shape(variable, scope))
    first, *more = variable.components
    if not more and not first.exceptions and _blocks(first, variable, scope) == whole:
        return []  # what nearly all are; a million elements would take seconds to go through
    seen: dict[tuple[int, ...], Component] = {}
    for component in variable.components:
        out = _left_out(component, variable, scope)
        for here in product(*_blocks(component, variable, scope)):
            if here in out:
                continue
            if here in seen:
                problems.append(
                    Problem(
                        f"'{variable.name}{_label(here, variable, scope)}' has two equations, the other in line "
                        f"{seen[here].where.line}.",
                        component.where,
                        "Remove one, or take the element out with :EXCEPT:.",
                    )
                )
                return []
            seen[here] = component
    if variable.hidden:
        return []
    return [here for here in product(*map(range, _shape(variable, scope))) if here not in seen]


def _label(here: tuple[int, ...], variable: Variable, scope: Scope) -> str:
    dims = scope.dims[variable.key]
    labels = (scope.ranges.labels[scope.ranges.elements[dim][i]] for dim, i in zip(dims, here, strict=True))
    return f"[{','.join(labels)}]" if here else ""


def _parameter(variable: Variable, scope: Scope, problems: list[Problem]) -> Symbol:
    symbol = _symbol(variable, "parameter", scope)
    values: dict[tuple[int, ...], float] = {}
    for component in variable.components:
        values.update(_values(variable, component, scope, problems))
    everywhere = product(*(range(length) for length in symbol.shape))
    return replace(symbol, values=tuple(values.get(here, 0.0) for here in everywhere))


def _values(
    variable: Variable, component: Component, scope: Scope, problems: list[Problem]
) -> dict[tuple[int, ...], float]:
    """The number of each place that a component of literal numbers gives."""
    block = _blocks(component, variable, scope)
    places = list(product(*block))
    out = _left_out(component, variable, scope)
    expression = component.expression
    assert isinstance(expression, Number | Array)
    numbers = (expression.value,) * len(places) if isinstance(expression, Number) else expression.values
    if len(numbers) != len(places):
        sizes = " x ".join(str(len(positions)) for positions in block) or "one number"
        problems.append(
            Problem(
                f"'{variable.name}' is given {len(numbers)} numbers and needs {len(places)} ({sizes}).",
                component.where,
                "Separate numbers by commas and rows by semicolons.",
            )
        )
        return {}
    return {here: number for here, number in zip(places, numbers, strict=True) if here not in out}
