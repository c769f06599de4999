"""A System as LLVM IR: each value a vector with one lane a member.

Small arrays are unrolled, and then values stay in registers between equations; large ones become loops, so that
the text grows with the equations and not with their elements. Both go through the same lowering: a loop axis
is either a Python integer or a number in a register.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any

import llvmlite.ir as ir

from ..passes.fuse import fuse
from ..passes.system import (
    Axis,
    Clock,
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
    System,
    Unknown,
    walk,
)
from .engine import PROGRAMS
from .instructions import Instructions
from .layout import Layout, strides
from .tables import interpolate

UNROLL = 16  # elements up to which an array equation is written out one by one
NEAR = 40  # nodes for which a number is kept in a register; measured

_INT = ir.IntType(64)
_REAL = ir.DoubleType()
_Place = int | Any  # a number now, or an IR value


def write_programs(layout: Layout, lanes: int) -> ir.Module:
    """IR with the functions `constants`, `initial`, `flows`, `outputs` and, where they differ, `stages`.

    A program has the signature (values, time, held, step); `values` points to a vector for each slot.
    """
    module = ir.Module("capdyn")
    for name in programs(layout.system):
        function = declare_program(module, name, lanes)
        _write(function, layout, lanes, getattr(layout.system, name), Bases(function.args[0]))
    return module


def programs(system: System) -> tuple[str, ...]:
    """Without anything that is of the beginning of a step only, all stages run the same program."""
    return PROGRAMS + (("stages",) if system.held or system.memories.keys() - system.lags.keys() else ())


def declare_program(module: ir.Module, name: str, lanes: int) -> ir.Function:
    """A program as it is called."""
    signature = ir.FunctionType(ir.VoidType(), [_pointer(lanes), _REAL, _REAL, _REAL])
    function = ir.Function(module, signature, name)
    function.args[0].add_attribute("noalias")
    return function


def write_rates(
    module: ir.Module, layout: Layout, lanes: int, name: str, places: Mapping[str, int]
) -> ir.Function:
    """The program `name` ('flows' or 'stages') as a function that keeps what the time loop needs and nothing else.

    Its signature is (values, states, rates, shared, time, held, step): stocks, their derivatives and constants that all
    members share have places of their own. places : of `shared_symbols`.
    """
    pointer = _pointer(lanes)
    signature = ir.FunctionType(ir.VoidType(), [*[pointer] * 3, _REAL.as_pointer(), *[_REAL] * 3])
    function = ir.Function(module, signature, f"rates.{name}")
    function.linkage = "internal"
    values, states, rates, shared = function.args[:4]
    bases = Bases(
        values, {"state": (states, layout.states.start), "derivative": (rates, layout.derivatives.start)}
    )
    bases = replace(bases, shared=shared, places=places)
    system = layout.system
    kept = {s.name for s in system.symbols.values() if s.kind in ("derivative", "next")}
    kept |= {*system.held}
    equations = fuse(getattr(system, name), kept)
    _write(function, layout, lanes, equations, bases, kept | _looked_up(equations))
    return function


def _write(
    function: ir.Function,
    layout: Layout,
    lanes: int,
    equations: Iterable[Equation],
    bases: Bases,
    kept: Container[str] | None = None,
) -> None:
    """Fills a function with equations."""
    # A register that is spilled should be one line of the cache.
    function.attributes.alignstack = max(16, min(64, 8 * lanes))
    writer = _Writer(function, layout, lanes, bases, kept)
    for equation in equations:
        writer.equation(equation)
    writer.builder.ret_void()


def _pointer(lanes: int) -> ir.PointerType:
    return ir.VectorType(_REAL, lanes).as_pointer()


def written_size(equations: Iterable[Equation]) -> int:
    """Elements that are written out, a loop counted as one."""
    return sum(1 if is_looped(equation) else equation.size for equation in equations)


def is_looped(equation: Equation) -> bool:
    """Whether an equation is a loop over its elements, and not written out for each."""
    return equation.size > UNROLL and not _has_several_tables(equation.node)


def _looked_up(equations: Iterable[Equation]) -> set[str]:
    """Symbols that loops go through, which must be in memory."""
    found = set()
    for equation in equations:
        for node in walk(equation.node):
            if is_looped(equation) or (isinstance(node, Reduce) and node.size > UNROLL):
                found |= {inner.symbol for inner in walk(node) if isinstance(inner, Load)}
        if is_looped(equation):
            found.add(equation.target)
    return found


@dataclass(frozen=True)
class Bases:
    """Where slots are in memory: at `values`, but for kinds of symbols that have (pointer, first slot) of their own.

    shared : numbers that are the same in all lanes; places : where those of a symbol begin.
    """

    values: ir.Value
    others: Mapping[str, tuple[ir.Value, int]] = field(default_factory=dict)
    shared: ir.Value | None = None
    places: Mapping[str, int] = field(default_factory=dict)

    def of(self, kind: str) -> tuple[ir.Value, int]:
        return self.others.get(kind, (self.values, 0))


class _Writer:
    """Writes the equations of one program, in order, into one function. kept : symbols to store, None for all."""

    def __init__(
        self,
        function: ir.Function,
        layout: Layout,
        lanes: int,
        bases: Bases,
        kept: Container[str] | None = None,
    ):
        self.layout, self.bases, self.kept = layout, bases, kept
        self.builder = ir.IRBuilder(function.append_basic_block())
        self.do = Instructions(self.builder, lanes)
        time, held, step = function.args[-3:]
        self.unknown: ir.Value = self.do.constant(0.0)
        self.clock = {
            which: self.do.spread(number)
            for which, number in (("time", time), ("held", held), ("step", step))
        }
        # Slots whose value is in a register; those given inside a loop are read from memory.
        self.known: dict[int, ir.Value] = {}
        # Nodes written so far, and how many when a slot was last looked at.
        self.written, self.looked_at = 0, dict[int, int]()

    def equation(self, equation: Equation) -> None:
        """An array equation, unrolled or as a nest of loops."""
        loop = is_looped(equation)
        self._nest(equation, 0, {}, loop)
        if loop:
            for slot in self.layout.slots(equation.target):
                self.known.pop(slot, None)

    def _nest(self, equation: Equation, depth: int, axes: dict[int, _Place], loop: bool) -> None:
        if depth == len(equation.block):
            self._give(equation, axes)
            return
        length = len(equation.block[depth])
        if loop and length > 1:
            with ExitStack() as stack:
                place = self._loop(stack, length)
                self._nest(equation, depth + 1, {**axes, depth: place}, loop)
        else:
            for i in range(length):
                self._nest(equation, depth + 1, {**axes, depth: i}, loop)

    def _loop(self, stack: ExitStack, length: int) -> ir.Value:
        """Opens a counting loop that closes with the stack; gives the counter. Registers do not outlive it."""
        kept = dict(self.known)
        place = stack.enter_context(self.do.loop(length))
        stack.callback(self._forget_all_but, kept)
        return place

    def _forget_all_but(self, kept: dict[int, ir.Value]) -> None:
        self.known = kept

    def _give(self, equation: Equation, axes: dict[int, _Place]) -> None:
        value = self.do.number(self.lower(equation.node, axes))
        index = tuple(Axis(axis, positions) for axis, positions in enumerate(equation.block))
        slot = self._slot(equation.target, index, axes)
        if self.kept is None or equation.target in self.kept:
            self.do.store(value, *self._address(equation.target, slot))
        if isinstance(slot, int):
            self.known[slot] = value
            self.looked_at[slot] = self.written

    def _address(self, symbol: str, slot: _Place) -> tuple[ir.Value, _Place]:
        """Pointer and offset of a slot."""
        base, first = self.bases.of(self.layout.system.symbols[symbol].kind)
        if not first:
            return base, slot
        return base, slot - first if isinstance(slot, int) else self.builder.sub(
            slot, ir.Constant(_INT, first)
        )

    def _slot(self, symbol: str, index: tuple[Index, ...], axes: dict[int, _Place]) -> _Place:
        """Slot of an element: a number now, or computed in a register."""
        fixed = self.layout.start[symbol]
        moving: list[ir.Value] = []
        for one, step in zip(index, strides(self.layout.system.symbols[symbol].shape), strict=True):
            place = self._place(one, axes)
            if isinstance(place, int):
                fixed += place * step
            else:
                moving.append(self.builder.mul(place, ir.Constant(_INT, step)))
        if not moving:
            return fixed
        total = ir.Constant(_INT, fixed)
        for part in moving:
            total = self.builder.add(total, part)
        return total

    def _place(self, index: Index, axes: dict[int, _Place]) -> _Place:
        if isinstance(index, Fixed):
            return index.position
        counter = axes[index.axis]
        if isinstance(counter, int):
            return index.positions[counter]
        first = index.positions[0]
        if index.positions == tuple(range(first, first + len(index.positions))):
            return self.builder.add(counter, ir.Constant(_INT, first)) if first else counter
        return self.do.pick(index.positions, counter)

    def lower(self, node: Node, axes: dict[int, _Place]) -> ir.Value:
        """The vector (or mask, for a truth value) of a node."""
        self.written += 1
        if isinstance(node, Const):
            return self.do.constant(node.value)
        if isinstance(node, Load):
            return self._load(node, axes)
        if isinstance(node, Clock):
            return self.clock[node.which]
        if isinstance(node, Position):
            place = self._place(node.index, axes)
            if isinstance(place, int):
                return self.do.constant(place + 1.0)
            return self.do.spread(self.builder.sitofp(self.builder.add(place, ir.Constant(_INT, 1)), _REAL))
        if isinstance(node, Op):
            if node.function == "^" and node.arguments[1] == Const(2.0):
                base = self.do.number(self.lower(node.arguments[0], axes))
                return self.builder.fmul(base, base)  # as in `capdyn.lang.functions`
            return self.do.apply(node.function, [self.lower(argument, axes) for argument in node.arguments])
        if isinstance(node, Reduce):
            return self._reduce(node, axes)
        if isinstance(node, Unknown):
            return self.unknown
        if isinstance(node, Root):
            return self._root(node, axes)
        place = 0
        if len(set(node.tables)) > 1:
            places = [self._place(index, axes) for index in node.index]
            assert all(isinstance(p, int) for p in places)
            place = sum(p * s for p, s in zip(places, strides(node.shape), strict=True) if isinstance(p, int))
        return interpolate(self.do, node.tables[place], self.do.number(self.lower(node.argument, axes)))

    def _load(self, node: Load, axes: dict[int, _Place]) -> ir.Value:
        slot = self._slot(node.symbol, node.index, axes)
        if not isinstance(slot, int):
            if node.symbol in self.bases.places:
                first = self.bases.places[node.symbol] - self.layout.start[node.symbol]
                place = self.builder.add(slot, ir.Constant(_INT, first))
                return self.do.spread(self.builder.load(self.builder.gep(self.bases.shared, [place])))
            return self.do.load(*self._address(node.symbol, slot))
        # What is in memory anyway is read again when it is needed again: LLVM would put it aside a second time.
        far = self.kept is None and self.written - self.looked_at.get(slot, self.written) > NEAR
        if far or slot not in self.known:
            self.known[slot] = self.do.load(*self._address(node.symbol, slot), again=far)
        self.looked_at[slot] = self.written
        return self.known[slot]

    def _reduce(self, node: Reduce, axes: dict[int, _Place]) -> ir.Value:
        start = self.do.start_of(node.function)
        if node.size <= UNROLL or _has_several_tables(node.body):
            total = start
            for place in range(node.size):
                total = self.do.combine(
                    node.function, total, self.do.number(self.lower(node.body, {**axes, node.axis: place}))
                )
            return total
        cell = self.do.cell(start)
        with ExitStack() as stack:
            counter = self._loop(stack, node.size)
            value = self.do.number(self.lower(node.body, {**axes, node.axis: counter}))
            self.builder.store(self.do.combine(node.function, self.builder.load(cell), value), cell)
        return self.builder.load(cell)

    def _root(self, node: Root, axes: dict[int, _Place]) -> ir.Value:
        low, high = (self.do.cell(self.do.number(self.lower(end, axes))) for end in (node.low, node.high))
        half = self.do.constant(0.5)

        def middle() -> ir.Value:
            return self.builder.fmul(half, self.builder.fadd(self.builder.load(low), self.builder.load(high)))

        with ExitStack() as stack:
            self._loop(stack, node.halvings)
            self.unknown = here = middle()
            above = self.do.compare(">", self.do.number(self.lower(node.body, axes)), self.do.constant(0.0))
            self.builder.store(self.builder.select(above, here, self.builder.load(low)), low)
            self.builder.store(self.builder.select(above, self.builder.load(high), here), high)
        return middle()


def _has_several_tables(node: Node) -> bool:
    return any(isinstance(n, Interpolate) and len(set(n.tables)) > 1 for n in walk(node))
