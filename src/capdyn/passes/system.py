"""The System: a whole model as ordered array equations. Every way of running it starts from here.

A System has symbols (parameters, constants, stocks, auxiliaries), each an array of numbers, and four programs,
lists of equations to be evaluated in order:

    constants    what depends on parameters only, once for each member
    initial      the stocks' first values, and whatever they need, at the initial time
    flows        the stocks' derivatives, and whatever they need, at each evaluation of the right-hand side
    outputs      all other auxiliaries, only when somebody looks

An equation gives a value to a block of its symbol's elements: one loop axis for each dimension of the block. Inside its
expression, an `Axis` index runs with that loop, a `Fixed` index stays.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product

from ..errors import Where
from ..lang.expressions import Table
from ..lang.later import Later

SEED, MEMBER = "#seed", "#member"
"""Settings that random numbers depend on."""


def is_part(symbol: str) -> bool:
    """Whether a symbol is one that `capdyn.passes.hoist` made."""
    return symbol.startswith("#part ")


@dataclass(frozen=True)
class Fixed:
    """One position along a dimension."""

    position: int


@dataclass(frozen=True)
class Axis:
    """Moves with loop axis `axis`; `positions[i]` is the place along the dimension when the loop is at i."""

    axis: int
    positions: tuple[int, ...]


Index = Fixed | Axis


@dataclass(frozen=True)
class Const:
    """A number."""

    value: float


@dataclass(frozen=True)
class Load:
    """An element of a symbol, by the symbol's name."""

    symbol: str
    index: tuple[Index, ...] = ()


@dataclass(frozen=True)
class Clock:
    """'time'; 'held', the time at the beginning of the step; 'step', its length (0 under an adaptive method)."""

    which: str


@dataclass(frozen=True)
class Position:
    """The place of an element in its range, counted from 1, used as a number."""

    index: Index


@dataclass(frozen=True)
class Op:
    """A 'value' function of `capdyn.lang.functions` applied to arguments."""

    function: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True)
class Reduce:
    """A 'reduce' function over a loop axis of its own."""

    function: str
    axis: int
    size: int
    body: Node


@dataclass(frozen=True)
class Interpolate:
    """Interpolation in one of several tables: `tables[k]`, with k the row-major place that `index` gives in `shape`."""

    tables: tuple[Table, ...]
    shape: tuple[int, ...]
    index: tuple[Index, ...]
    argument: Node


@dataclass(frozen=True)
class Unknown:
    """What the `Root` around it looks for."""


@dataclass(frozen=True)
class Root:
    """Where `body`, falling as its `Unknown` rises, passes zero between low and high: the middle after `halvings`."""

    body: Node
    low: Node
    high: Node
    halvings: int


Node = Const | Load | Clock | Position | Op | Reduce | Interpolate | Unknown | Root


@dataclass(frozen=True)
class Symbol:
    """An array of numbers with a name.

    name : the variable's key, or '#...' for the hidden stocks of delays and smooths, which have no `variable`.
    kind : 'parameter', 'setting' (of a run, written from outside), 'guess' (see `Circle`), 'constant', 'state',
        'derivative', 'memory', 'next', 'lag' or 'auxiliary'; see `System`.
    dims : names of the subscript ranges; elements : their labels in order; shape : their lengths.
    values : numbers of a parameter as written, row-major.
    limits : declared range of a parameter.
    missing : row-major numbers of the elements that no equation gives; see `capdyn.passes.missing`.
    """

    name: str
    kind: str
    shape: tuple[int, ...] = ()
    dims: tuple[str, ...] = ()
    elements: tuple[tuple[str, ...], ...] = ()
    variable: str = ""
    values: tuple[float, ...] = ()
    limits: tuple[float | None, float | None] = (None, None)
    where: Where | None = None
    missing: tuple[int, ...] = ()

    @property
    def size(self) -> int:
        size = 1
        for length in self.shape:
            size *= length
        return size


@dataclass(frozen=True)
class Equation:
    """target[block] = node, for every combination of positions in `block` (one tuple of positions a dimension)."""

    target: str
    block: tuple[tuple[int, ...], ...]
    node: Node
    where: Where | None = None

    @property
    def size(self) -> int:
        size = 1
        for positions in self.block:
            size *= len(positions)
        return size


@dataclass(frozen=True)
class Switch:
    """Times at which a right-hand side jumps or kinks, as names of constants (arrays of any shape).

    time : first time. every : interval after which it comes again, or ''.
    """

    time: str
    every: str = ""


@dataclass(frozen=True)
class Circle:
    """First values that need one another, found by iteration before the run (`capdyn.run.start`).

    guesses : symbols of kind 'guess', from outside; within the circle they are read instead of their `targets`.
    targets : for each guess the symbol of the same shape that it must agree with in the end.
    path : the circle in words; where : its first equation.
    """

    guesses: tuple[str, ...]
    targets: tuple[str, ...]
    path: str
    where: Where | None = None


@dataclass(frozen=True)
class System(Later):
    """See the module's first lines.

    symbols : by name, in the order of the equation file; the time controls are among them
        ('initial time', 'final time', 'time step', 'saveper').
    derivatives : for each state the symbol that its derivative is written to.
    memories : what changes at the end of a step only. For each memory the symbol that it takes its next value from,
        evaluated at the beginning of the step (by `flows`).
    lags : for some memories, how many steps back they take it from: a symbol given by `initial`, whole numbers from 1.
    held : auxiliaries that are evaluated at the beginning of a step and keep their value over its stages.
    floored : states that may not be negative: put to zero at the end of a step.
    circles : first values that need one another.
    grid_only : (function, variable) pairs in use that make sense on a fixed step only.
    """

    name: str
    symbols: dict[str, Symbol]
    constants: tuple[Equation, ...]
    initial: tuple[Equation, ...]
    flows: tuple[Equation, ...]
    outputs: tuple[Equation, ...]
    derivatives: dict[str, str]
    switches: tuple[Switch, ...] = ()
    grid_only: tuple[tuple[str, str], ...] = ()
    memories: dict[str, str] = field(default_factory=dict)
    lags: dict[str, str] = field(default_factory=dict)
    held: tuple[str, ...] = ()
    floored: tuple[str, ...] = ()
    circles: tuple[Circle, ...] = ()

    @property
    def stages(self) -> tuple[Equation, ...]:
        """The flows at the later stages of a step: without what is held, and without what memories take up."""
        return tuple(
            e for e in self.flows if e.target not in self.held and self.symbols[e.target].kind != "next"
        )

    def of_kind(self, kind: str) -> list[Symbol]:
        """Symbols of a kind in their order."""
        return [symbol for symbol in self.symbols.values() if symbol.kind == kind]


def inside(node: Node) -> tuple[Node, ...]:
    """The nodes directly inside this one."""
    if isinstance(node, Op):
        return node.arguments
    if isinstance(node, Reduce):
        return (node.body,)
    if isinstance(node, Interpolate):
        return (node.argument,)
    if isinstance(node, Root):
        return (node.body, node.low, node.high)
    return ()


def walk(node: Node) -> Iterator[Node]:
    """The node and everything inside it, outermost first."""
    stack = [node]
    while stack:
        here = stack.pop()
        yield here
        stack.extend(reversed(inside(here)))


def loaded(node: Node) -> list[str]:
    """The symbols that are loaded anywhere inside the node, each once."""
    return list(dict.fromkeys(here.symbol for here in walk(node) if isinstance(here, Load)))


def rebuild(node: Node, change: dict[int, Node]) -> Node:
    """The node with its direct children replaced where `change` has them by place."""
    if isinstance(node, Op):
        return Op(node.function, tuple(change.get(i, child) for i, child in enumerate(node.arguments)))
    if isinstance(node, Reduce):
        return Reduce(node.function, node.axis, node.size, change.get(0, node.body))
    if isinstance(node, Interpolate):
        return Interpolate(node.tables, node.shape, node.index, change.get(0, node.argument))
    if isinstance(node, Root):
        body, low, high = (change.get(i, child) for i, child in enumerate(inside(node)))
        return Root(body, low, high, node.halvings)
    return node


def at(node: Node, places: dict[int, int]) -> Node:
    """The node with the loop axes in `places` stopped where it says."""
    if isinstance(node, Load):
        return Load(node.symbol, tuple(_stop(index, places) for index in node.index))
    if isinstance(node, Position):
        return Position(_stop(node.index, places))
    if isinstance(node, Interpolate):
        index = tuple(_stop(i, places) for i in node.index)
        return Interpolate(node.tables, node.shape, index, at(node.argument, places))
    return rebuild(node, {i: at(child, places) for i, child in enumerate(inside(node))})


def moved(node: Node, numbers: dict[int, int]) -> Node:
    """The node with other numbers for its loop axes."""

    def index(old: Index) -> Index:
        return Axis(numbers.get(old.axis, old.axis), old.positions) if isinstance(old, Axis) else old

    if isinstance(node, Load):
        return Load(node.symbol, tuple(index(i) for i in node.index))
    if isinstance(node, Position):
        return Position(index(node.index))
    if isinstance(node, Interpolate):
        return Interpolate(
            node.tables, node.shape, tuple(index(i) for i in node.index), moved(node.argument, numbers)
        )
    return rebuild(node, {i: moved(child, numbers) for i, child in enumerate(inside(node))})


def _stop(index: Index, places: dict[int, int]) -> Index:
    if isinstance(index, Axis) and index.axis in places:
        return Fixed(index.positions[places[index.axis]])
    return index


def indices(node: Node) -> tuple[Index, ...]:
    """The indices that stand in this node itself."""
    if isinstance(node, Load | Interpolate):
        return node.index
    return (node.index,) if isinstance(node, Position) else ()


def free_axes(node: Node) -> dict[int, int]:
    """Loop axes that the node runs with and does not bring along itself, with their lengths."""
    found = {index.axis: len(index.positions) for index in indices(node) if isinstance(index, Axis)}
    for child in inside(node):
        found |= free_axes(child)
    if isinstance(node, Reduce):
        found.pop(node.axis, None)
    return found


def elementwise(equation: Equation) -> list[Equation]:
    """The equation as one equation an element."""
    places = product(*(range(len(positions)) for positions in equation.block))
    return [
        Equation(
            equation.target,
            tuple((positions[i],) for positions, i in zip(equation.block, place, strict=True)),
            at(equation.node, dict(enumerate(place))),
            equation.where,
        )
        for place in places
    ]
