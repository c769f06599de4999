"""Each call of a macro written out as variables of its own: Model -> Model, before anything else has a meaning.

    x[Region] = LAG(a[Region], 2)        becomes        #LAG 1: input[Region] = a[Region]
                                                        #LAG 1: LAG[Region] = ... #LAG 1: input[Region] ...
                                                        x[Region] = #LAG 1: LAG[Region]

Names inside a macro relate to nothing outside; a name that ends in $ is a variable of the model. Source:
https://www.vensim.com/documentation/22145.html . Time and the time settings may be written without $.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

from ..errors import ModelError, Problem
from ..lang.expressions import Call, Expression, Number, Reference, Table, walk
from ..lang.functions import FUNCTIONS
from ..lang.model import CONTROLS, Component, Macro, Model, Variable
from ..lang.names import did_you_mean
from .lower import place, written

OUTPUTS = "#outputs"  # holds the outputs after ':' in a call, see `capdyn.read.macro`
MOST = 10_000  # calls written out
GLOBAL = frozenset({"time", *CONTROLS})
Rename = Callable[[Reference], Expression]


def expand(model: Model, problems: list[Problem]) -> Model:
    """The model with all calls of its macros written out; mistakes in calls go to `problems`.

    Raises
    ------
    ModelError
        If a macro calls itself, by way of others or not: the circle.
    """
    _check_circles(model)
    work = _Work(model, problems)
    variables = {}
    for name, variable in model.variables.items():
        components = tuple(
            work.component(one, variable, lambda reference: reference, None) for one in variable.components
        )
        variables[name] = (
            variable if components == variable.components else replace(variable, components=components)
        )
    for name, added in work.outputs.items():
        if name in variables:
            where = variables[name].where
            problems.append(
                Problem(
                    f"'{variables[name].name}' is an output of a macro here, and has an equation in "
                    f"line {where.line}.",
                    added.where,
                    "Rename one.",
                )
            )
    return replace(model, variables={**variables, **work.outputs, **work.made})


def _check_circles(model: Model) -> None:
    """Whether macros call one another in a circle, found by walking their calls depth first."""
    calls = {
        name: {
            here.function: component
            for variable in macro.variables.values()
            for component in variable.components
            for here in walk(component.expression)
            if isinstance(here, Call) and here.function in model.macros
        }
        for name, macro in model.macros.items()
    }
    done: set[str] = set()

    def visit(name: str, above: tuple[str, ...]) -> None:
        for other, component in calls[name].items():
            path = (*above, name)
            if other in path:
                names = " -> ".join(model.macros[one].name for one in (*path[path.index(other) :], other))
                raise ModelError(
                    f"A macro calls itself: {names}.",
                    place(component, other),
                    "Take one of the calls out: a macro cannot go on without end.",
                )
            if other not in done:
                visit(other, path)
        done.add(name)

    for name in calls:
        visit(name, ())


@dataclass
class _Work:
    """What the expansion has made so far.

    made : hidden variables. outputs : variables that calls define after ':'.
    """

    model: Model
    problems: list[Problem]
    made: dict[str, Variable] = field(default_factory=dict)
    outputs: dict[str, Variable] = field(default_factory=dict)
    count: int = 0

    def wrong(self, what: str, component: Component, name: str, remedy: str) -> Expression:
        """Notes a problem, once however often the macro is called; zero stands for what is wrong."""
        problem = Problem(what, place(component, name), remedy)
        if problem not in self.problems:
            self.problems.append(problem)
        return Number(0.0)

    def component(
        self, component: Component, variable: Variable, rename: Rename, inside: Macro | None
    ) -> Component:
        """The component with its references renamed and its calls of macros written out."""
        if inside is None and not any(
            isinstance(here, Call) and (here.function in self.model.macros or here.function == OUTPUTS)
            for here in walk(component.expression)
        ):
            return component
        expression = self.expression(component.expression, component, variable, rename, inside)
        return component if expression == component.expression else replace(component, expression=expression)

    def expression(
        self, here: Expression, component: Component, variable: Variable, rename: Rename, inside: Macro | None
    ) -> Expression:
        if isinstance(here, Reference):
            return rename(here)
        if not isinstance(here, Call):
            return here
        name = here.function
        macro = self.model.macros.get(name)
        if name == OUTPUTS:
            return self.wrong(
                "A ':' stands in a call that is not the call of a macro.",
                component,
                variable.key,
                "Only outputs of a macro stand after ':'.",
            )
        given = here.arguments
        outputs: tuple[Expression, ...] = ()
        if macro and given and isinstance(given[-1], Call) and given[-1].function == OUTPUTS:
            outputs, given = given[-1].arguments, given[:-1]
        arguments = tuple(self.expression(one, component, variable, rename, inside) for one in given)
        if macro:
            return self.call(macro, arguments, outputs, component, inside)
        if inside and name not in FUNCTIONS:
            bound = rename(Reference(name, here.subscripts)) if self._is_named(name, inside) else None
            if isinstance(bound, Reference):
                return Call(bound.name, arguments, bound.subscripts)
        return replace(here, arguments=arguments)

    def _is_named(self, function: str, inside: Macro) -> bool:
        """Whether what is called inside a macro is a lookup: its own, an input, or one of the model."""
        return (
            function in inside.parameters
            or function in inside.variables
            or function.endswith("$")
            or function in self.model.variables
        )

    def call(
        self,
        macro: Macro,
        arguments: tuple[Expression, ...],
        outputs: tuple[Expression, ...],
        component: Component,
        inside: Macro | None,
    ) -> Expression:
        """The reference that stands for the call of a macro, whose equations go to `made`."""
        form = f"{macro.name}({', '.join(macro.parameters)}{' : ' * bool(macro.outputs)}{', '.join(macro.outputs)})"
        if len(arguments) != len(macro.parameters) or len(outputs) not in (0, len(macro.outputs)):
            what = "arguments" if len(arguments) != len(macro.parameters) else "outputs"
            takes, has = (
                (len(macro.parameters), len(arguments))
                if what == "arguments"
                else (len(macro.outputs), len(outputs))
            )
            return self.wrong(
                f"The macro '{macro.name}' takes {takes} {what}; here it has {has}.",
                component,
                macro.key,
                f"It reads {form}, see line {macro.where.line}.",
            )
        marked = next((argument for argument in arguments if _marks(argument)), None)
        if marked is not None:
            self.wrong(
                f"The call of the macro '{macro.name}' stands inside a sum.",
                component,
                macro.key,
                "Give it a variable of its own and sum that.",
            )
            return marked  # so that the sum has something to run over
        prefix = self._prefix(macro)
        bound = self._bind(macro, arguments, prefix, component)
        for variable in macro.variables.values():
            own = () if _is_fixed(variable) else component.subscripts
            bound[variable.key] = Reference(prefix + variable.key, own)

        for variable in sorted(
            macro.variables.values(), key=_is_fixed, reverse=True
        ):  # lookups can be handed on
            parts = []
            for current in variable.components:
                fixed = _is_fixed(variable)
                moved = replace(
                    current,
                    subscripts=() if fixed else component.subscripts,
                    exceptions=() if fixed else component.exceptions,
                )
                rename = partial(self._renamed, macro=macro, bound=bound, component=current)
                parts.append(self.component(moved, variable, rename, macro))
            self.made[prefix + variable.key] = replace(
                variable,
                name=f"{variable.name} in {macro.name}",
                key=prefix + variable.key,
                components=tuple(parts),
                hidden=True,
            )
        for name, output in zip(macro.outputs, outputs, strict=False):
            self._output(output, bound[name], component, inside)
        return bound[macro.key]

    def _prefix(self, macro: Macro) -> str:
        """A beginning for the names of one call that no name of the model has."""
        while True:
            self.count += 1
            if self.count > MOST:
                raise ModelError(
                    f"Written out, the macros are called more than {MOST} times.",
                    macro.where,
                    "Macros that call others several times multiply: write some of them out.",
                )
            prefix = f"#{macro.name} {self.count}: "
            if not any(name.startswith(prefix) for name in self.model.variables):
                return prefix

    def _bind(
        self, macro: Macro, arguments: tuple[Expression, ...], prefix: str, component: Component
    ) -> dict[str, Expression]:
        """What each input stands for: a number or a lookup itself, else a hidden variable that holds the argument."""
        bound: dict[str, Expression] = {}
        for name, argument in zip(macro.parameters, arguments, strict=True):
            if isinstance(argument, Number) or (
                isinstance(argument, Reference) and self._is_lookup(argument.name)
            ):
                bound[name] = argument
                continue
            own = replace(component, expression=argument)
            self.made[prefix + name] = Variable(f"{name} in {macro.name}", prefix + name, (own,), hidden=True)
            bound[name] = Reference(prefix + name, component.subscripts)
        return bound

    def _is_lookup(self, name: str) -> bool:
        variable = self.model.variables.get(name) or self.made.get(name)
        return variable is not None and any(component.kind == "lookup" for component in variable.components)

    def _renamed(
        self, reference: Reference, macro: Macro, bound: dict[str, Expression], component: Component
    ) -> Expression:
        """What a name inside a macro means."""
        name = reference.name
        if name in bound:
            if reference.subscripts:
                return self.wrong(
                    f"There are no subscripts inside a macro; '{written(component, name)}' has one.",
                    component,
                    name,
                    "Leave it out: each call has its own subscripts.",
                )
            return bound[name]
        if name.endswith("$"):
            return replace(reference, name=name[:-1].rstrip())
        if name in GLOBAL:
            return reference
        remedy = did_you_mean(name, bound) or "Define it there, or make it an input."
        if name in self.model.variables:
            remedy = f"Write {self.model.variables[name].name}$ for the variable of the model, or make it an input."
        return self.wrong(
            f"'{written(component, name)}' is not defined in the macro '{macro.name}'.",
            component,
            name,
            remedy,
        )

    def _output(
        self, output: Expression, value: Expression, component: Component, inside: Macro | None
    ) -> None:
        """Adds the variable that a call defines after ':'."""
        if inside or not isinstance(output, Reference) or output.subscripts != component.subscripts:
            where = "inside a macro" if inside else "with the subscripts of the left-hand side"
            what = "cannot be taken" if inside else "is not a name"
            self.wrong(
                f"An output of a macro {what} {where}.",
                component,
                "",
                "Split the macro into one for each output."
                if inside
                else "For example: x[R] = M(a[R] : y[R])",
            )
            return
        added = replace(component, expression=value)
        before = self.outputs.get(output.name)
        self.outputs[output.name] = (
            replace(before, components=(*before.components, added))
            if before
            else Variable(written(component, output.name), output.name, (added,))
        )


def _is_fixed(variable: Variable) -> bool:
    """A lookup or a number: the same for all elements, and so without subscripts."""
    return all(isinstance(component.expression, Table | Number) for component in variable.components)


def _marks(expression: Expression) -> bool:
    """Whether a subscript is marked with '!' by a sum around the expression."""
    if isinstance(expression, Call):
        row = FUNCTIONS.get(expression.function)
        if row is not None and row.kind == "reduce":
            return False
        return any(map(_marks, expression.arguments)) or any(s.endswith("!") for s in expression.subscripts)
    return isinstance(expression, Reference) and any(s.endswith("!") for s in expression.subscripts)
