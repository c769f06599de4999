"""The derivative of a System as another System, by forward mode on the graph.

Every symbol x that depends on the chosen inputs gets a companion, its tangent, with one more leading dimension: the
direction. Behind each equation of x stands the equation of its tangent, made from the rows of
`capdyn.lang.derivatives`. Arrays stay arrays, loops stay loops, a stock's tangent is a stock, hidden ones (SMOOTH,
DELAY) included; so every engine and every method that runs the System runs its derivative, and with Euler or
Runge-Kutta the result is the exact derivative of the run itself.

What a direction is stands in parameters (`seed_name`), so that one compiled System serves all directions: with one
direction, each lane of an engine may hold another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import nextafter
from typing import Any

from ..lang.derivatives import (
    ARGUMENTS,
    DERIVATIVES,
    PIECEWISE_CONSTANT,
    REDUCE_DERIVATIVES,
    TANGENTS,
)
from ..lang.expressions import Call, Expression, Number, Reference, Table
from ..lang.functions import FUNCTIONS
from .system import (
    Axis,
    Const,
    Equation,
    Fixed,
    Index,
    Interpolate,
    Load,
    Node,
    Op,
    Position,
    Reduce,
    Root,
    Symbol,
    System,
    Unknown,
    indices,
    inside,
    rebuild,
    walk,
)

Element = tuple[str, tuple[int, ...]]  # symbol and place
Direction = Mapping[Element, float]
PROGRAMS = ("constants", "initial", "flows", "outputs")

ZERO, ONE = Const(0.0), Const(1.0)


def tangent(system: System, directions: Sequence[Direction]) -> System:
    """The System together with its derivatives in some directions.

    Parameters
    ----------
    system : System
    directions : sequence of mapping from (symbol, place) to weight
        What each direction changes: elements of parameters, and of stocks, for which it is the first value
        that changes, whatever gives it. A weight may be 0: the element can then be seeded later (`seed_name`).

    Returns
    -------
    System
        With a symbol `tangent_name(x)`, shape (n_directions, *shape of x), for each x that depends on an element named.
        The tangent of a time that is compared with the clock is no part of it: what switches, switches when it did.
    """
    inputs = _inputs(system, directions)
    active = _active(system, inputs, PROGRAMS)
    writer = _Writer(len(directions), active)
    programs: dict[str, Any] = {}
    for program in PROGRAMS:
        equations: list[Equation] = []
        for equation in getattr(system, program):
            equations.append(equation)
            if equation.target in active:
                seed = program == "initial" and equation.target in inputs
                equations.append(
                    writer.tangent_of(equation, _seed_of(system, equation.target) if seed else "")
                )
        programs[program] = tuple(equations)
    symbols = dict(system.symbols)
    symbols |= _symbols([system.symbols[name] for name in system.symbols if name in active], directions)
    symbols |= _seeds(system, inputs, directions)
    lags = {name: lag for name, lag in system.lags.items() if name in active}
    for lag in lags.values():
        symbols[tangent_name(lag)] = _wider(system.symbols[lag], tangent_name(lag), directions)
        programs["initial"] += (writer.like(lag, system.symbols[lag]),)
    derivatives = dict(system.derivatives)
    derivatives |= {
        tangent_name(state): tangent_name(rate)
        for state, rate in system.derivatives.items()
        if state in active
    }
    return replace(
        system,
        symbols=symbols,
        derivatives=derivatives,
        memories=system.memories | _companions(system.memories, active),
        lags=system.lags | {tangent_name(name): tangent_name(lag) for name, lag in lags.items()},
        held=tuple(sorted({*system.held, *(tangent_name(name) for name in system.held if name in active)})),
        **programs,
    )


def _companions(pairs: Mapping[str, str], active: set[str]) -> dict[str, str]:
    return {tangent_name(name): tangent_name(other) for name, other in pairs.items() if name in active}


def jacobian(system: System, directions: Sequence[Direction] | None = None) -> System:
    """The System together with the derivatives of its flows in its stocks, at a given time and state.

    Parameters
    ----------
    directions : optional
        As for `tangent`, stocks only; one for each element of each stock by default, in the order of the layout.

    Returns
    -------
    System
        The tangents of the stocks are parameters (the directions); the tangent of a stock's derivative, and of each
        auxiliary on the way, is an auxiliary of shape (n_directions, *shape), given by `flows` and `outputs`.
    """
    if directions is None:
        directions = [{element: 1.0} for element in state_elements(system)]
    inputs = {state.name for state in system.of_kind("state")}
    active = _active(system, inputs, ("flows", "outputs"))
    writer = _Writer(len(directions), active)
    programs: dict[str, Any] = {}
    for program in ("flows", "outputs"):
        equations = []
        for equation in getattr(system, program):
            equations.append(equation)
            if equation.target in active:
                equations.append(writer.tangent_of(equation))
        programs[program] = tuple(equations)
    given = [system.symbols[name] for name in system.symbols if name in active - inputs]
    symbols = dict(system.symbols)
    symbols |= {
        name: replace(symbol, kind="auxiliary") for name, symbol in _symbols(given, directions).items()
    }
    for state in system.of_kind("state"):
        symbols[tangent_name(state.name)] = _seeded(state, tangent_name(state.name), directions)
    return replace(system, symbols=symbols, **programs)


def state_elements(system: System) -> list[Element]:
    """Every element of every stock, in the order of the layout."""
    return [(state.name, place) for state in system.of_kind("state") for place in _places(state.shape)]


def tangent_name(symbol: str) -> str:
    """Name of the symbol that holds a symbol's tangent."""
    return f"#tangent of {symbol}"


def seed_name(system: System, symbol: str) -> str:
    """Name of the parameter, shape (n_directions, *shape), that says how far each direction goes in an input."""
    return _seed_of(system, symbol) if system.symbols[symbol].kind == "state" else tangent_name(symbol)


def _seed_of(system: System, state: str) -> str:
    return f"#seed of {system.symbols[state].name}"


def _inputs(system: System, directions: Sequence[Direction]) -> set[str]:
    inputs = {name for direction in directions for name, _ in direction}
    wrong = [name for name in sorted(inputs) if system.symbols[name].kind not in ("parameter", "state")]
    if wrong:
        raise ValueError(f"'{wrong[0]}' is neither a parameter nor a stock")
    return inputs


def _active(system: System, inputs: set[str], programs: Sequence[str]) -> set[str]:
    """The inputs and all symbols whose tangent is not nothing by its form."""
    active = set(inputs)
    equations = [equation for program in programs for equation in getattr(system, program)]
    loaded = [
        {node.symbol for node in walk(equation.node) if isinstance(node, Load)} for equation in equations
    ]
    through = "initial" in programs  # do stocks carry it on, or are they held?
    while True:
        before = len(active)
        writer = _Writer(1, active)
        for equation, loads in zip(equations, loaded, strict=True):
            if equation.target not in active and loads & active and writer.of(equation.node) != ZERO:
                active.add(equation.target)
        if through:
            for state, rate in (*system.derivatives.items(), *system.memories.items()):
                if active & {state, rate}:
                    active |= {state, rate}
        if len(active) == before:
            return active


def _symbols(symbols: Sequence[Symbol], directions: Sequence[Direction]) -> dict[str, Symbol]:
    """Tangents of symbols; those of parameters are the seeds."""
    found = {}
    for symbol in symbols:
        name = tangent_name(symbol.name)
        found[name] = (
            _seeded(symbol, name, directions)
            if symbol.kind == "parameter"
            else _wider(symbol, name, directions)
        )
    return found


def _wider(symbol: Symbol, name: str, directions: Sequence[Direction]) -> Symbol:
    """The symbol with a leading dimension for the direction; it has no variable of its own."""
    count = len(directions)
    return replace(
        symbol,
        name=name,
        variable="",
        shape=(count, *symbol.shape),
        dims=("#direction", *(symbol.dims or ("",) * len(symbol.shape))),
        elements=(
            tuple(f"direction {i + 1}" for i in range(count)),
            *(symbol.elements or tuple(tuple(map(str, range(1, n + 1))) for n in symbol.shape)),
        ),
        values=(),
        limits=(None, None),
    )


def _seeded(symbol: Symbol, name: str, directions: Sequence[Direction]) -> Symbol:
    values = tuple(
        float(direction.get((symbol.name, place), 0.0))
        for direction in directions
        for place in _places(symbol.shape)
    )
    return replace(_wider(symbol, name, directions), kind="parameter", values=values)


def _seeds(system: System, inputs: set[str], directions: Sequence[Direction]) -> dict[str, Symbol]:
    """Parameters that say how a direction changes the stocks' first values."""
    states = [state for state in system.of_kind("state") if state.name in inputs]
    return {_seed_of(system, s.name): _seeded(s, _seed_of(system, s.name), directions) for s in states}


def _places(shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    places: list[tuple[int, ...]] = [()]
    for length in shape:
        places = [(*place, i) for place in places for i in range(length)]
    return places


@dataclass(frozen=True)
class _Writer:
    """Writes tangents. Loop axis 0 is the direction; all others move up by one.

    active : symbols that have a tangent. unknown : the tangent of what a `Root` looks for.
    """

    count: int
    active: set[str]
    unknown: Node = ZERO

    def tangent_of(self, equation: Equation, seed: str = "") -> Equation:
        """The equation of the target's tangent; the target itself stands ready and is not computed anew."""
        index = tuple(Axis(axis + 1, positions) for axis, positions in enumerate(equation.block))
        node = self.of(equation.node, Load(equation.target, index))
        if seed:
            node = _op("+", node, Load(seed, (self._direction(), *index)))
        block = (tuple(range(self.count)), *equation.block)
        return Equation(tangent_name(equation.target), block, node, equation.where)

    def like(self, name: str, symbol: Symbol) -> Equation:
        """The tangent's lag is that of the memory, in all directions."""
        block = tuple(tuple(range(length)) for length in symbol.shape)
        index = tuple(Axis(axis + 1, positions) for axis, positions in enumerate(block))
        return Equation(
            tangent_name(name), (tuple(range(self.count)), *block), Load(name, index), symbol.where
        )

    def _direction(self) -> Index:
        return Axis(0, tuple(range(self.count)))

    def of(self, node: Node, value: Node | None = None) -> Node:
        """The tangent of a node; `value` is a cheaper way to its value."""
        if isinstance(node, Load):
            if node.symbol not in self.active:
                return ZERO
            return Load(tangent_name(node.symbol), (self._direction(), *map(_up, node.index)))
        if isinstance(node, Op):
            return self._op(node, value)
        if isinstance(node, Reduce):
            return self._reduce(node)
        if isinstance(node, Interpolate):
            inner = self.of(node.argument)
            slopes = tuple(slope_table(table) for table in node.tables)
            if inner == ZERO or not any(any(table.y) for table in slopes):
                return ZERO
            raised = raise_axes(node)
            assert isinstance(raised, Interpolate)
            return _op("*", replace(raised, tables=slopes), inner)
        if isinstance(node, Unknown):
            return self.unknown
        if isinstance(node, Root):
            return self._root(node, value)
        return ZERO

    def _root(self, node: Root, value: Node | None) -> Node:
        """By the implicit function theorem; nothing where the body is flat, so that any root will do."""
        inner = replace(self, unknown=ZERO).of(node.body)
        if inner == ZERO:
            return ZERO
        slope = replace(self, active=set(), unknown=ONE).of(node.body)
        found = raise_axes(node) if value is None else value
        inner, slope = _at_root(inner, found), _at_root(slope, found)
        return _op("if then else", _op("=", slope, ZERO), ZERO, _op("negative", _op("/", inner, slope)))

    def _op(self, node: Op, value: Node | None) -> Node:
        if node.function in PIECEWISE_CONSTANT:
            return ZERO
        tangents = [self.of(argument) for argument in node.arguments]
        if all(found == ZERO for found in tangents):
            return ZERO
        known = dict(zip(TANGENTS, tangents, strict=False))
        known |= dict(zip(ARGUMENTS, map(raise_axes, node.arguments), strict=False))
        known["value"] = raise_axes(node) if value is None else value
        return _fill(DERIVATIVES[node.function], known)

    def _reduce(self, node: Reduce) -> Node:
        inner = self.of(node.body)
        if inner == ZERO:
            return ZERO
        row = REDUCE_DERIVATIVES[node.function]
        raised = raise_axes(node)
        assert isinstance(raised, Reduce)
        if row.over:
            axis = raised.axis
            other = _highest(raised) + 1
            every = tuple(range(node.size))
            known = {
                "own": raised.body,
                "other": move_axes(raised.body, {axis: other}),
                "place": Position(Axis(axis, every)),
                "other place": Position(Axis(other, every)),
            }
            weight = Reduce(row.over, other, node.size, _fill(row.pair, known))
            inner = _op("if then else", weight, inner, ZERO) if row.chooses else _op("*", weight, inner)
        return Reduce("sum", raised.axis, node.size, inner)


def slope_table(table: Table) -> Table:
    """The slope of a table as a step function: at a corner that of the piece that begins there, 0 where it is held."""
    pieces = [
        (x0, (y1 - y0) / (x1 - x0))
        for x0, x1, y0, y1 in zip(table.x, table.x[1:], table.y, table.y[1:], strict=False)
        if x1 > x0
    ]
    if table.outside == "hold" or not pieces:
        return Table((table.x[0],), (0.0,), "hold")
    if table.outside != "extrapolate":
        pieces = [(nextafter(pieces[0][0], float("-inf")), 0.0), *pieces, (table.x[-1], 0.0)]
    return Table(tuple(x for x, _ in pieces), tuple(slope for _, slope in pieces), "hold")


def _up(index: Index) -> Index:
    return index if isinstance(index, Fixed) else Axis(index.axis + 1, index.positions)


def raise_axes(node: Node) -> Node:
    """The node with every loop axis one higher, so that 0 is free for the direction."""
    return move_axes(node, {axis: axis + 1 for axis in _axes(node)})


def move_axes(node: Node, numbers: Mapping[int, int]) -> Node:
    """The node with loop axes renumbered, those of its own reductions included."""

    def index(old: Index) -> Index:
        return old if isinstance(old, Fixed) else Axis(numbers.get(old.axis, old.axis), old.positions)

    if isinstance(node, Load):
        return Load(node.symbol, tuple(map(index, node.index)))
    if isinstance(node, Position):
        return Position(index(node.index))
    if isinstance(node, Interpolate):
        argument = move_axes(node.argument, numbers)
        return Interpolate(node.tables, node.shape, tuple(map(index, node.index)), argument)
    if isinstance(node, Reduce):
        return Reduce(
            node.function, numbers.get(node.axis, node.axis), node.size, move_axes(node.body, numbers)
        )
    return rebuild(node, {i: move_axes(child, numbers) for i, child in enumerate(inside(node))})


def _at_root(node: Node, found: Node) -> Node:
    """The node with what was found in place of the unknown."""
    if isinstance(node, Unknown):
        return found
    return rebuild(node, {i: _at_root(child, found) for i, child in enumerate(inside(node))})


def _axes(node: Node) -> set[int]:
    found = {index.axis for index in indices(node) if isinstance(index, Axis)}
    if isinstance(node, Reduce):
        found.add(node.axis)
    return found.union(*(_axes(child) for child in inside(node)))


def _highest(node: Node) -> int:
    return max(_axes(node))


def _fill(row: Expression, known: Mapping[str, Node]) -> Node:
    """A row of the table as a node, its names replaced by what is known."""
    if isinstance(row, Number):
        return Const(row.value)
    if isinstance(row, Reference):
        return known[row.name]
    assert isinstance(row, Call)
    return _op(row.function, *(_fill(argument, known) for argument in row.arguments))


def _op(function: str, *arguments: Node) -> Node:
    """The operation, simplified where a tangent is nothing by its form: 0 times anything is nothing, not NaN."""
    if all(isinstance(argument, Const) for argument in arguments):
        meaning = FUNCTIONS[function].meaning
        assert meaning is not None
        return Const(meaning(*(argument.value for argument in arguments if isinstance(argument, Const))))
    rule = _SIMPLER.get(function)
    found = rule(*arguments) if rule else None
    return Op(function, arguments) if found is None else found


def _simpler_choice(condition: Node, yes: Node, no: Node) -> Node | None:
    if isinstance(condition, Const):
        return yes if condition.value != 0.0 else no
    return yes if yes == no else None


def _simpler_or(a: Node, b: Node) -> Node | None:
    for one, other in ((a, b), (b, a)):
        if isinstance(one, Const):
            return ONE if one.value != 0.0 else other
    return None


_SIMPLER: dict[str, Callable[..., Node | None]] = {
    "+": lambda a, b: b if a == ZERO else a if b == ZERO else None,
    "-": lambda a, b: a if b == ZERO else Op("negative", (b,)) if a == ZERO else None,
    "*": lambda a, b: ZERO if ZERO in (a, b) else b if a == ONE else a if b == ONE else None,
    "/": lambda a, b: ZERO if a == ZERO else a if b == ONE else None,
    "^": lambda a, b: ONE if b == ZERO else a if b == ONE else None,
    "or": _simpler_or,
    "if then else": _simpler_choice,
}
