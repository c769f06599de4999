"""From an expression as written to a node: names become symbols, subscripts become indices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..errors import Problem
from ..lang.expressions import Array, Call, Expression, Number, Reference, Table, Text, walk
from ..lang.functions import FUNCTIONS, UNSUPPORTED, nearest_functions
from ..lang.model import Component, Variable
from ..lang.names import did_you_mean
from . import system as ir
from .draft import Hidden
from .expand import GRID_ONLY, REWRITES, STRUCTURES
from .forms import FORMS
from .missing import NOT_THERE
from .places import place, written
from .ranges import Ranges

# What stands for the clock: Time in equations, the others in what passes write (`capdyn.passes.series`).
CLOCKS = {"time": "time", "#held": "held", "#step": "step"}


@dataclass(frozen=True)
class Scope:
    """What every equation of a model can see.

    dims : range keys of each variable's dimensions.
    tables : for each lookup variable, its tables in row-major order.
    """

    variables: dict[str, Variable]
    ranges: Ranges
    dims: dict[str, tuple[str, ...]]
    tables: dict[str, tuple[Table, ...]]


@dataclass
class Lowering:
    """One equation on its way down. `axes[j]` lists the elements that loop axis j runs over.

    hidden : makes hidden symbols for structures (see `capdyn.passes.expand`).
    grid : functions met that make sense on a fixed step only.
    """

    scope: Scope
    variable: Variable
    component: Component
    axes: list[tuple[str, ...]]
    hidden: Hidden
    problems: list[Problem]
    grid: list[str] = field(default_factory=list)
    sums: dict[str, int] = field(default_factory=dict)

    def lower(self, expression: Expression) -> ir.Node:
        """The node for an expression; problems are noted and stand as zero, so that all of them are found at once."""
        if isinstance(expression, Number):
            return ir.Const(expression.value)
        if isinstance(expression, Reference):
            return self._reference(expression)
        if isinstance(expression, Call):
            return self._call(expression)
        what = {Array: "A list of numbers", Table: "A table of points", Text: "A text"}[type(expression)]
        return self._wrong(
            f"{what} cannot stand inside an expression in '{self.variable.name}'.",
            "",
            "Give it a variable of its own.",
        )

    def _wrong(self, what: str, name: str, remedy: str) -> ir.Node:
        self.problems.append(Problem(what, place(self.component, name), remedy))
        return ir.Const(0.0)

    def _reference(self, reference: Reference) -> ir.Node:
        name, ranges = reference.name, self.scope.ranges
        if name in CLOCKS and not reference.subscripts:
            return ir.Clock(CLOCKS[name])
        if name in self.scope.variables:
            if name in self.scope.tables:
                return self._wrong(
                    f"'{self._written(name)}' is a lookup and needs an argument.",
                    name,
                    f"Write {self._written(name)}(x).",
                )
            index = self._indices(name, reference.subscripts)
            return ir.Const(0.0) if index is None else ir.Load(name, index)
        if not reference.subscripts and (ranges.is_element(name) or ranges.is_range(name)):
            place = self._index(name, ranges.numbered(name), name)
            return ir.Const(0.0) if place is None else ir.Position(place)
        candidates = [variable.name for variable in self.scope.variables.values()]
        remedy = did_you_mean(name, candidates) or "Define it, or correct the name."
        near = [v for v in self.scope.variables.values() if f"'{v.name}'" in remedy]
        if len(near) == 1 and near[0].where.line:
            remedy = remedy.replace("?", f" (line {near[0].where.line})?")
        return self._wrong(f"'{written(self.component, name)}' is not defined.", name, remedy)

    def _indices(self, name: str, subscripts: tuple[str, ...]) -> tuple[ir.Index, ...] | None:
        """Index along each dimension of variable `name`, or None where a problem was noted."""
        dims = self.scope.dims[name]
        if len(subscripts) != len(dims):
            labels = ", ".join(self.scope.ranges.labels[dim] for dim in dims)
            needs = f"{len(dims)} subscript{'s' * (len(dims) != 1)} [{labels}]" if dims else "no subscripts"
            self._wrong(
                f"'{self._written(name)}' has {needs}; here it is used with {len(subscripts)}.",
                name,
                f"Write {self._written(name)}[{labels}] or name elements." if dims else "Leave them out.",
            )
            return None
        found = [
            self._index(subscript, self.scope.ranges.elements[dim], name)
            for subscript, dim in zip(subscripts, dims, strict=True)
        ]
        return None if None in found else tuple(index for index in found if index is not None)

    def _index(self, subscript: str, along: tuple[str, ...], name: str) -> ir.Index | None:
        """Index for one subscript along a dimension with elements `along`."""
        ranges = self.scope.ranges
        if subscript.endswith("!"):
            subscript = subscript[:-1].strip()
            if subscript not in self.sums:
                self._wrong(
                    f"'{subscript}!' stands outside SUM, PROD, VMIN or VMAX.", subscript, "Remove the '!'."
                )
                return None
            return self._along(self.sums[subscript], ranges.elements[subscript], along, subscript, name)
        if ranges.is_element(subscript):
            if subscript in along:
                return ir.Fixed(along.index(subscript))
            self._wrong(
                f"'{ranges.labels[subscript]}' is not an element that '{self._written(name)}' has.",
                subscript,
                did_you_mean(subscript, [ranges.labels[e] for e in along])
                or f"Its elements are {', '.join(ranges.labels[e] for e in along)}.",
            )
            return None
        if not ranges.is_range(subscript):
            self._wrong(
                f"'{written(self.component, subscript)}' is no subscript range and no element.",
                subscript,
                did_you_mean(subscript, ranges.labels.values()) or "Define it, or correct the name.",
            )
            return None
        # A range on the left itself comes before one that is only mapped to it.
        left = sorted(enumerate(self.component.subscripts), key=lambda pair: pair[1] != subscript)
        for axis, own in left:
            partner = ranges.corresponding(own, subscript) if ranges.is_range(own) else None
            if partner is not None:
                order = ranges.elements[own]
                moved = tuple(partner[order.index(element)] for element in self.axes[axis])
                return self._along(axis, moved, along, subscript, name)
        there = ", ".join(ranges.labels[s] for s in self.component.subscripts) or "none"
        self._wrong(
            f"'{ranges.labels[subscript]}' is not among the subscripts on the left-hand side ({there}).",
            subscript,
            f"Add it there, sum over it with SUM(...[{ranges.labels[subscript]}!]), or name an element.",
        )
        return None

    def _along(
        self, axis: int, elements: tuple[str, ...], along: tuple[str, ...], subscript: str, name: str
    ) -> ir.Index | None:
        missing = [element for element in elements if element not in along]
        if missing and not self.component.exceptions:
            self._wrong(
                f"'{self._written(name)}' has no element '{self.scope.ranges.labels[missing[0]]}' "
                f"of '{self.scope.ranges.labels[subscript]}'.",
                subscript,
                "Use a smaller range.",
            )
            return None
        # What an exception takes away need not be there; `capdyn.passes.missing` looks at what is left.
        places = {element: place for place, element in enumerate(along)}
        return ir.Axis(axis, tuple(places.get(element, NOT_THERE) for element in elements))

    def _call(self, call: Call) -> ir.Node:
        name = call.function
        if name in self.scope.tables:
            if len(call.arguments) != 1:
                return self._wrong(f"Lookup '{self._written(name)}' takes one argument.", name, "")
            index = self._indices(name, call.subscripts)
            shape = tuple(len(self.scope.ranges.elements[dim]) for dim in self.scope.dims[name])
            argument = self.lower(call.arguments[0])
            return (
                ir.Const(0.0)
                if index is None
                else ir.Interpolate(self.scope.tables[name], shape, index, argument)
            )
        if name in UNSUPPORTED:
            return self._wrong(f"{name.upper()} is not supported by this version.", name, UNSUPPORTED[name])
        row = FUNCTIONS.get(name)
        if row is None:
            near = nearest_functions(name)
            remedy = (
                f"Did you mean {' or '.join(near)}?"
                if near
                else "Only functions, macros and lookups can be called."
            )
            if name in self.scope.variables:
                remedy = "Put * before the bracket, or define it as a lookup."
            return self._wrong(
                f"'{written(self.component, name)}' is no function and no lookup.", name, remedy
            )
        least, most = row.arity
        if not least <= len(call.arguments) <= most:
            wanted = str(least) if least == most else f"{least} to {most}"
            return self._wrong(
                f"{name.upper()} takes {wanted} arguments; here it has {len(call.arguments)}.", name, ""
            )
        return self._apply(name, row.kind, call)

    def _apply(self, name: str, kind: str, call: Call) -> ir.Node:
        if kind == "reduce":
            return self._reduce(call)
        if name in GRID_ONLY:
            self.grid.append(GRID_ONLY[name])
        try:
            if name in FORMS:
                return FORMS[name](self, *call.arguments)
            arguments = tuple(self.lower(argument) for argument in call.arguments)
            if name == "active initial" or kind == "value":
                return ir.Op(name, arguments)
            if name in REWRITES:
                return REWRITES[name](*arguments)
            return STRUCTURES[name](self.hidden, *arguments)
        except ValueError as error:
            return self._wrong(f"{name.upper()} in '{self.variable.name}': {error}", name, "")

    def _reduce(self, call: Call) -> ir.Node:
        over = self._marks(call.arguments)
        unknown = [s for s in over if not self.scope.ranges.is_range(s)]
        if unknown:
            labels = [self.scope.ranges.labels[known] for known in self.scope.ranges.elements]
            return self._wrong(
                f"'{written(self.component, unknown[0])}' is no subscript range.",
                unknown[0],
                did_you_mean(unknown[0], labels) or "Define it, or correct the name.",
            )
        if not over:
            return self._wrong(
                f"{call.function.upper()} in '{self.variable.name}' has no range with '!' to run over.",
                call.function,
                "Mark the subscript that is summed over, for example SUM(x[Region!]).",
            )
        (body,), axes = self.over(call.arguments)
        return self.reduce(call.function, axes, body)

    def _marks(self, arguments: Sequence[Expression]) -> list[str]:
        """Ranges marked '!' in the arguments; a sum within a sum runs over all of its own, whatever runs outside.

        Source: https://www.vensim.com/documentation/fn_sum.html : the sum over the ranges with exclamation marks.
        """
        return list(dict.fromkeys(s[:-1].strip() for argument in arguments for s in _marked(argument)))

    def over(self, arguments: Sequence[Expression]) -> tuple[list[ir.Node], list[int]]:
        """The arguments' nodes, and the loop axes that their marked subscripts run with."""
        marks = [s for s in self._marks(arguments) if self.scope.ranges.is_range(s)]
        outside = self.sums
        self.sums = dict(outside)
        for s in marks:
            self.axes.append(self.scope.ranges.elements[s])
            self.sums[s] = len(self.axes) - 1
        nodes = [self.lower(argument) for argument in arguments]
        inside, self.sums = self.sums, outside
        return nodes, [inside[s] for s in marks]

    def reduce(self, function: str, axes: Sequence[int], node: ir.Node) -> ir.Node:
        """The node reduced over loop axes, the last one innermost."""
        for axis in reversed(axes):
            node = ir.Reduce(function, axis, len(self.axes[axis]), node)
        return node

    def fixed(self, expression: Expression) -> float:
        """A number that shapes the equations: written there, or computed from constants and lengths of ranges.

        Such constants cannot be changed in a run any more.

        Raises
        ------
        ValueError
            If it is not known before the run.
        """
        return self._known(self.lower(expression), ())

    def _known(self, node: ir.Node, path: tuple[str, ...]) -> float:
        """The value of a node of constants; path : the variables on the way to it."""
        if isinstance(node, ir.Const):
            return node.value
        if isinstance(node, ir.Op) and (meaning := FUNCTIONS[node.function].meaning):
            return meaning(*(self._known(argument, path) for argument in node.arguments))
        if isinstance(node, ir.Load) and not node.index and node.symbol not in path:
            (component, *others) = self.scope.variables[node.symbol].components
            if isinstance(component.expression, Number) and not others:
                self.hidden.draft.fixed.add(node.symbol)
                return component.expression.value
            if not others and not any(_has_memory(part) for part in walk(component.expression)):
                return self._known(self.lower(component.expression), (*path, node.symbol))
        raise ValueError(
            "it needs a number here that is known before the run, for it gives the equations their shape."
        )

    def _written(self, name: str) -> str:
        return self.scope.variables[name].name


def _has_memory(expression: Expression) -> bool:
    """Whether a function makes hidden stocks, which would be made once more where it is only looked at."""
    return isinstance(expression, Call) and expression.function in (STRUCTURES | FORMS).keys() - {"elmcount"}


def _marked(expression: Expression) -> list[str]:
    """Subscripts with '!' in the expression, in order of appearance, those of inner sums left to them."""
    if isinstance(expression, Call) and (
        expression.function == "vector select"
        or FUNCTIONS.get(expression.function, FUNCTIONS["+"]).kind == "reduce"
    ):
        return []
    if isinstance(expression, Call):
        own = [s for s in expression.subscripts if s.endswith("!")]
        return own + [s for argument in expression.arguments for s in _marked(argument)]
    return [
        s
        for here in walk(expression)
        if isinstance(here, Reference)
        for s in here.subscripts
        if s.endswith("!")
    ]
