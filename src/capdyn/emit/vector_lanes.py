"""Arithmetic on vectors of doubles, one lane per ensemble member, written to LLVM IR.

`Lanes` wraps an `ir.IRBuilder` for one vector width. It emits IEEE add, subtract, multiply, divide, square root,
explicit fused multiply-add, integer operations, selects and bit casts, never a fast-math flag, so that a lane's
result depends on that lane's operands alone and has the same bits at every width and on every x86-64.

Error-free transformations (`fast_two_sum`, `two_sum`, `two_product`) are those of Dekker (1971) and Knuth (1969),
see Muller et al., Handbook of Floating-Point Arithmetic, 2nd ed. (2018).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from llvmlite import ir

from . import constants, processor

DOUBLE = ir.DoubleType()
INT64 = ir.IntType(64)
INF = float("inf")
NAN = float("nan")

# Adding 1.5 * 2**52 rounds |x| < 2**51 to an integer, to nearest even, and leaves it in the low bits of the sum.
ROUND_SHIFT = 6755399441055744.0
ROUND_SHIFT_BITS = 0x4338000000000000
SIGN_BIT = -(2**63)
MAGNITUDE_BITS = 2**63 - 1
MANTISSA_BITS = 2**52 - 1
ONE_BITS = 0x3FF0000000000000


class Lanes:
    """Emits arithmetic on `<width x double>` values at the end of a block of `builder`."""

    def __init__(self, builder: ir.IRBuilder, width: int) -> None:
        self.builder = builder
        self.width = width
        self.real = ir.VectorType(DOUBLE, width)
        self.integer = ir.VectorType(INT64, width)
        self.add: Callable[[ir.Value, ir.Value], ir.Value] = builder.fadd
        self.sub: Callable[[ir.Value, ir.Value], ir.Value] = builder.fsub
        self.mul: Callable[[ir.Value, ir.Value], ir.Value] = builder.fmul
        self.div: Callable[[ir.Value, ir.Value], ir.Value] = builder.fdiv
        self.neg: Callable[[ir.Value], ir.Value] = builder.fneg
        self.select: Callable[[ir.Value, ir.Value, ir.Value], ir.Value] = builder.select
        self.both: Callable[[ir.Value, ir.Value], ir.Value] = builder.and_
        self.either: Callable[[ir.Value, ir.Value], ir.Value] = builder.or_
        self.negate: Callable[[ir.Value], ir.Value] = builder.not_

    def num(self, value: float) -> ir.Constant:
        """`value` in every lane."""
        return constants.real(value, self.width)

    def whole(self, value: int) -> ir.Constant:
        """The 64-bit integer `value` in every lane."""
        return constants.whole(value, self.width)

    def _intrinsic(self, name: str, arity: int) -> ir.Function:
        # `Module.declare_intrinsic` does not know vector types.
        full = f"llvm.{name}.v{self.width}f64"
        module = self.builder.module
        known = module.globals.get(full)
        return known or ir.Function(module, ir.FunctionType(self.real, [self.real] * arity), full)

    def fma(self, a: ir.Value, b: ir.Value, c: ir.Value) -> ir.Value:
        """`a * b + c`, rounded once."""
        return self.builder.call(self._intrinsic("fma", 3), [a, b, c])

    def sqrt(self, x: ir.Value) -> ir.Value:
        """The square root, correctly rounded."""
        return self.builder.call(self._intrinsic("sqrt", 1), [x])

    def compare(self, relation: str, a: ir.Value, b: ir.Value | float) -> ir.Value:
        """Lane mask of an ordered comparison: false where either side is NaN."""
        return self.builder.fcmp_ordered(relation, a, self.num(b) if isinstance(b, float) else b)

    def is_nan(self, x: ir.Value) -> ir.Value:
        """Lane mask: x is NaN."""
        return self.builder.fcmp_unordered("uno", x, x)

    def clip_above(self, x: ir.Value, limit: float) -> ir.Value:
        """The smaller of x and `limit`; NaN stays NaN."""
        return self.select(self.compare(">", x, limit), self.num(limit), x)

    def clip_below(self, x: ir.Value, limit: float) -> ir.Value:
        """The larger of x and `limit`; NaN stays NaN."""
        return self.select(self.compare("<", x, limit), self.num(limit), x)

    def bits(self, x: ir.Value) -> ir.Value:
        """The bits of each double as an integer."""
        return self.builder.bitcast(x, self.integer)

    def from_bits(self, x: ir.Value) -> ir.Value:
        """The double with these bits."""
        return self.builder.bitcast(x, self.real)

    def magnitude(self, x: ir.Value) -> ir.Value:
        """|x|."""
        return self.from_bits(self.builder.and_(self.bits(x), self.whole(MAGNITUDE_BITS)))

    def sign(self, x: ir.Value) -> ir.Value:
        """The sign bit of each lane, as an integer with the other bits zero."""
        return self.builder.and_(self.bits(x), self.whole(SIGN_BIT))

    def flip_sign(self, x: ir.Value, sign: ir.Value) -> ir.Value:
        """x with its sign flipped where `sign` (from `sign`) is set."""
        return self.from_bits(self.builder.xor(self.bits(x), sign))

    def canonical_nan(self, where: ir.Value, otherwise: ir.Value) -> ir.Value:
        """One fixed NaN where the mask is set: the bits a NaN inherits depend on the order of the operands."""
        return self.select(where, self.num(NAN), otherwise)

    def any(self, mask: ir.Value) -> ir.Value:
        """One bit: the mask is set in some lane."""
        word = ir.IntType(self.width)
        return self.builder.icmp_unsigned("!=", self.builder.bitcast(mask, word), ir.Constant(word, 0))

    def round_multiple(self, x: ir.Value, factor: float) -> tuple[ir.Value, ir.Value]:
        """n = x * factor to the nearest integer, as doubles and as integers; needs |n| < 2**51."""
        shifted = self.fma(x, self.num(factor), self.num(ROUND_SHIFT))
        whole = self.builder.sub(self.bits(shifted), self.whole(ROUND_SHIFT_BITS))
        return self.sub(shifted, self.num(ROUND_SHIFT)), whole

    def power_of_two(self, biased: ir.Value) -> ir.Value:
        """2**(biased - 1023), for 0 < biased < 2047."""
        return self.from_bits(self.builder.shl(biased, self.whole(52)))

    def scale(self, x: ir.Value, exponent: ir.Value) -> ir.Value:
        """x * 2**exponent, a whole double, |exponent| <= 2000, |x| near 1: rounded once, at the end."""
        if processor.has_wide(self.width):
            return processor.scale(self.builder, x, exponent)
        shifted = self.bits(self.add(exponent, self.num(ROUND_SHIFT + 2 * 1023)))
        total = self.builder.and_(shifted, self.whole(2**12 - 1))
        first = self.builder.lshr(total, self.whole(1))
        second = self.builder.sub(total, first)
        return self.mul(self.mul(x, self.power_of_two(first)), self.power_of_two(second))

    def fast_two_sum(self, a: ir.Value, b: ir.Value) -> tuple[ir.Value, ir.Value]:
        """a + b as rounded sum and exact error; needs |a| >= |b| or a = 0."""
        total = self.add(a, b)
        return total, self.add(self.sub(a, total), b)

    def two_sum(self, a: ir.Value, b: ir.Value) -> tuple[ir.Value, ir.Value]:
        """a + b as rounded sum and exact error, for any order of magnitudes."""
        total = self.add(a, b)
        part = self.sub(total, a)
        return total, self.add(self.sub(a, self.sub(total, part)), self.sub(b, part))

    def two_product(self, a: ir.Value, b: ir.Value) -> tuple[ir.Value, ir.Value]:
        """a * b as rounded product and exact error."""
        product = self.mul(a, b)
        return product, self.fma(a, b, self.neg(product))

    def polynomial(self, z: ir.Value, coefficients: Sequence[float]) -> ir.Value:
        """Sum of coefficients[i] * z**i by Estrin's scheme: a short chain of dependent operations."""
        terms: list[ir.Value] = [self.num(c) for c in coefficients]
        power = z
        while len(terms) > 1:
            pairs = [self.fma(terms[i + 1], power, terms[i]) for i in range(0, len(terms) - 1, 2)]
            terms = pairs + terms[len(terms) - len(terms) % 2 :]
            if len(terms) > 1:
                power = self.mul(power, power)
        return terms[0]
