"""What each function is in vector instructions; the rows of `capdyn.lang.functions` that are 'value' or 'reduce'.

A truth value is a mask (a vector of i1) until somebody needs it as a number. Comparisons, choices and
minima treat not-a-number as the interpreter does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import llvmlite.ir as ir

from ..lang.compositions import COMPOSITIONS
from ..lang.functions import FUNCTIONS
from . import constants, processor, vector_math

_INT = ir.IntType(64)
_REAL = ir.DoubleType()
_ARITHMETIC = {"+": "fadd", "-": "fsub", "*": "fmul", "/": "fdiv", "modulo": "frem"}
_COMPARISONS = {"=": "==", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_INTRINSICS = {"abs": "llvm.fabs", "sqrt": "llvm.sqrt", "integer": "llvm.trunc"}
_LIBRARY = {
    "^": "pow",
    "exp": "exp",
    "ln": "log",
    "sin": "sin",
    "cos": "cos",
    "tan": "tan",
    "arcsin": "asin",
    "arccos": "acos",
    "arctan": "atan",
    "sinh": "sinh",
    "cosh": "cosh",
    "tanh": "tanh",
    "#draw": "uniform",
}


class Instructions:
    """Vector instructions at the place where a builder stands."""

    def __init__(self, builder: ir.IRBuilder, lanes: int):
        self.builder = builder
        self.lanes = lanes
        self.vector = ir.VectorType(_REAL, lanes)
        self.module = builder.block.parent.module
        self._rows: dict[str, Callable[..., ir.Value]] = {
            "negative": builder.fneg,
            "<>": lambda a, b: builder.fcmp_unordered("!=", a, b),
            "if then else": self._choose,
            "min": lambda a, b: self._extreme("<", a, b),
            "max": lambda a, b: self._extreme(">", a, b),
        }

    def constant(self, value: float) -> ir.Constant:
        """The same number in every lane."""
        return constants.real(value, self.lanes)

    def spread(self, number: ir.Value) -> ir.Value:
        """A scalar register into every lane."""
        empty = ir.Constant(ir.VectorType(number.type, self.lanes), ir.Undefined)
        first = self.builder.insert_element(empty, number, ir.Constant(ir.IntType(32), 0))
        pattern = ir.Constant(ir.VectorType(ir.IntType(32), self.lanes), [0] * self.lanes)
        return self.builder.shuffle_vector(first, empty, pattern)

    def load(self, values: ir.Value, slot: int | ir.Value, again: bool = False) -> ir.Value:
        """A number from memory. again : and not from the register where another load or a store left it."""
        found = self.builder.load(self._address(values, slot), align=8 * self.lanes)
        if again:
            found.opname = "load volatile"
        return found

    def store(self, value: ir.Value, values: ir.Value, slot: int | ir.Value) -> None:
        self.builder.store(value, self._address(values, slot), align=8 * self.lanes)

    def _address(self, values: ir.Value, slot: int | ir.Value) -> ir.Value:
        return self.builder.gep(values, [ir.Constant(_INT, slot) if isinstance(slot, int) else slot])

    def pick(self, numbers: tuple[int, ...], place: ir.Value) -> ir.Value:
        """An entry of a list of integers known now, at a place known only in the loop."""
        kind = ir.ArrayType(_INT, len(numbers))
        table = ir.GlobalVariable(self.module, kind, self.module.get_unique_name("places"))
        table.linkage, table.global_constant = "private", True
        table.initializer = ir.Constant(kind, list(numbers))
        return self.builder.load(self.builder.gep(table, [ir.Constant(_INT, 0), place]))

    def cell(self, start: ir.Value) -> ir.Value:
        """Memory on the stack for a running total; allotted once, at the function's entry."""
        with self.builder.goto_entry_block():
            cell = self.builder.alloca(self.vector)
        self.builder.store(start, cell)
        return cell

    @contextmanager
    def loop(self, length: int | ir.Value) -> Iterator[ir.Value]:
        """Counts from 0 to length - 1 (at least once)."""
        builder = self.builder
        before = builder.block
        body = builder.append_basic_block("loop")
        builder.branch(body)
        builder.position_at_end(body)
        counter = builder.phi(_INT)
        counter.add_incoming(ir.Constant(_INT, 0), before)
        yield counter
        following = builder.add(counter, ir.Constant(_INT, 1))
        counter.add_incoming(following, builder.block)
        after = builder.append_basic_block("after")
        end = ir.Constant(_INT, length) if isinstance(length, int) else length
        builder.cbranch(builder.icmp_signed("<", following, end), body, after)
        builder.position_at_end(after)

    def apply(self, function: str, arguments: list[ir.Value]) -> ir.Value:
        """A 'value' function; comparisons and logic give masks."""
        if function in ("and", "or"):
            masks = [self.mask(argument) for argument in arguments]
            return getattr(self.builder, f"{function}_")(*masks)
        if function == "not":
            return self.builder.not_(self.mask(arguments[0]))
        if function == "if then else":
            return self._choose(*arguments)
        numbers = [self.number(argument) for argument in arguments]
        if function in COMPOSITIONS:
            return COMPOSITIONS[function](self._compose, *numbers)
        if function in _ARITHMETIC:
            return getattr(self.builder, _ARITHMETIC[function])(*numbers)
        if function in _COMPARISONS:
            return self.compare(_COMPARISONS[function], *numbers)
        if function in _INTRINSICS:
            return self.builder.call(self._intrinsic(_INTRINSICS[function], len(numbers)), numbers)
        if function in _LIBRARY:
            return self.builder.call(
                vector_math.declare(self.module, _LIBRARY[function], self.lanes), numbers
            )
        return self._rows[function](*numbers)

    def _compose(self, function: str, *arguments: ir.Value | float) -> ir.Value:
        return self.apply(function, [self.constant(a) if isinstance(a, float) else a for a in arguments])

    def _intrinsic(self, name: str, count: int) -> ir.Function:
        # Module.declare_intrinsic of llvmlite 0.50 has no names for vectors.
        name = f"{name}.v{self.lanes}f64"
        if name in self.module.globals:
            return self.module.globals[name]
        return ir.Function(self.module, ir.FunctionType(self.vector, [self.vector] * count), name)

    def multiply_add(self, a: ir.Value, b: ir.Value, c: ir.Value) -> ir.Value:
        """a * b + c, rounded once."""
        return self.builder.call(self._intrinsic("llvm.fma", 3), [a, b, c])

    def start_of(self, function: str) -> ir.Constant:
        return self.constant(FUNCTIONS[function].start)

    def combine(self, function: str, total: ir.Value, value: ir.Value) -> ir.Value:
        """One step of a 'reduce' function."""
        pair = {"sum": "+", "prod": "*", "vmin": "min", "vmax": "max"}[function]
        return self.apply(pair, [total, value])

    def compare(self, how: str, a: ir.Value, b: ir.Value) -> ir.Value:
        """A mask that is false wherever an argument is not a number."""
        return self.builder.fcmp_ordered(how, a, b)

    def number(self, value: ir.Value) -> ir.Value:
        """A mask as 1 and 0; a number as it is."""
        if value.type == self.vector:
            return value
        return self.builder.select(value, self.constant(1.0), self.constant(0.0))

    def mask(self, value: ir.Value) -> ir.Value:
        """A number as true where it is not zero; a mask as it is."""
        return (
            self.builder.fcmp_unordered("!=", value, self.constant(0.0))
            if value.type == self.vector
            else value
        )

    def _choose(self, condition: ir.Value, yes: ir.Value, no: ir.Value) -> ir.Value:
        return self.builder.select(self.mask(condition), self.number(yes), self.number(no))

    def _extreme(self, better: str, a: ir.Value, b: ir.Value) -> ir.Value:
        """The first where they are equal; not-a-number where either is."""
        build, choose = self.builder, self.builder.select
        if isinstance(a, ir.Constant):  # LLVM drops questions about constants
            found = choose(build.fcmp_unordered(better, b, a), b, a)
            return choose(build.fcmp_unordered("uno", a, a), a, found)
        found = choose(self.compare(better, b, a), b, a)  # the first where it is not a number
        if processor.has_wide(self.lanes) and not isinstance(b, ir.Constant):
            return processor.unless_nan(build, b, found)
        return choose(build.fcmp_unordered("uno", b, b), b, found)
