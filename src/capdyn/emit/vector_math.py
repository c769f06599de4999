"""Elementary functions of vectors of doubles as LLVM IR, one SIMD lane per ensemble member.

    declare(module, "exp", 8)     # the function capdyn.exp.v8: <8 x double> -> <8 x double>

Every function is within 1 ulp of the exact result over all doubles, subnormal ones included; the bound given with
each is measured, not proved: the largest error among 600,000 arguments, rounded up. Infinities, NaN, signed zeros
and arguments outside the domain are treated as in C99 annex F; a NaN result always has the same bits.

Only IEEE operations and explicit `llvm.fma` occur, and nothing is called but the host's `fma` where it has no such
instruction: a result has the same bits at every width, whatever the other lanes hold. The environment must round
to nearest and keep subnormals, which is how processes start.

Double-double arithmetic: Muller et al., Handbook of Floating-Point Arithmetic, 2nd ed. (2018).
"""

from __future__ import annotations

from collections.abc import Callable

from llvmlite import ir

from . import processor
from .vector_lanes import INF, MANTISSA_BITS, ONE_BITS, Lanes
from .vector_polynomials import EXP, LOG, LOG_TAIL, SINH, TANH
from .vector_random import uniform
from .vector_trig import acos, asin, atan, atan2, cos, sin, tan

LOG2_E = 1.4426950408889634
LN2_HIGH, LN2_LOW = 0.6931471805599453, 2.3190468138462996e-17
# ln 2 to 42 bits, so that its product with an exponent is exact, and the rest.
LN2_SHORT, LN2_REST = 0.6931471805598903, 5.497923018708371e-14
THIRD_HIGH, THIRD_LOW = 0.3333333333333333, 1.850371707708594e-17
SMALLEST_NORMAL = 2.0**-1022
SMALLEST_NORMAL_BITS, INF_BITS = 0x0010000000000000, 0x7FF0000000000000
SQRT_HALF_BITS = 0x3FE6A09E667F3BCD
# exp overflows above 709.79 and rounds to zero below -745.14; arguments are clipped just outside.
EXP_MAX, EXP_MIN = 710.0, -746.0
NEAR = 708.0  # of smaller arguments, positive or negative, exp is normal


def _exp_reduced(
    v: Lanes, high: ir.Value, low: ir.Value | None = None
) -> tuple[ir.Value, ir.Value, ir.Value]:
    """exp(high + low) = 2**n (head + tail), n a whole double, head + tail in [0.7, 1.42], tail not rounded into head.

    r = high - n ln 2 is exact in its first step (Cody and Waite 1980, with fma); then 1 + r + r**2 P(r).
    """
    n, _ = v.round_multiple(high, LOG2_E)
    first = v.fma(v.neg(n), v.num(LN2_HIGH), high)
    rest = v.mul(v.neg(n), v.num(LN2_LOW))
    r, error = v.fast_two_sum(first, rest if low is None else v.add(rest, low))
    head, tail = v.fast_two_sum(v.num(1.0), r)
    square = v.mul(r, r)
    curve = v.fma(square, v.polynomial(r, EXP), v.fma(error, r, error))
    return n, head, v.add(tail, curve)


def exp(v: Lanes, x: ir.Value) -> ir.Value:
    """exp(x), error below 0.9 ulp: as `_exp_reduced`, but without the rounding error of r."""
    clipped = v.clip_below(v.clip_above(x, EXP_MAX), EXP_MIN)
    n, _ = v.round_multiple(clipped, LOG2_E)
    r = v.fma(v.neg(n), v.num(LN2_LOW), v.fma(v.neg(n), v.num(LN2_HIGH), clipped))
    head, tail = v.fast_two_sum(v.num(1.0), r)
    value = v.add(head, v.fma(v.mul(r, r), v.polynomial(r, EXP), tail))
    return v.canonical_nan(v.is_nan(x), v.scale(value, n))


def _split_normal(v: Lanes, x: ir.Value) -> tuple[ir.Value, ir.Value]:
    """x = m 2**k for x > 0, neither subnormal nor infinite, m in [sqrt(1/2), sqrt(2)); m and k, both as doubles."""
    b = v.builder
    shifted = b.add(v.bits(x), v.whole(ONE_BITS - SQRT_HALF_BITS))
    m = v.from_bits(b.add(b.and_(shifted, v.whole(MANTISSA_BITS)), v.whole(SQRT_HALF_BITS)))
    # An integer below 2**52 put into the mantissa of 2**52 reads 2**52 + integer.
    biased = v.from_bits(b.or_(b.lshr(shifted, v.whole(52)), v.whole(0x4330000000000000)))
    return m, v.sub(biased, v.num(2.0**52 + 1023))


def _split(v: Lanes, x: ir.Value) -> tuple[ir.Value, ir.Value]:
    """The same for all finite x > 0."""
    subnormal = v.compare("<", x, SMALLEST_NORMAL)
    m, k = _split_normal(v, v.select(subnormal, v.mul(x, v.num(2.0**54)), x))
    return m, v.sub(k, v.select(subnormal, v.num(54.0), v.num(0.0)))


def log(v: Lanes, x: ir.Value) -> ir.Value:
    """Natural logarithm, error below 0.9 ulp.

    x = m 2**k; log(m) = f - (f**2/2 - s (f**2/2 + R(s**2))), f = m - 1, s = f / (2 + f): the arrangement of
    FDLIBM's e_log.c (Sun Microsystems 1993), which keeps f exact; k ln 2 is added in two parts.
    """
    m, k = _split(v, x)
    f = v.sub(m, v.num(1.0))
    s = v.div(f, v.add(f, v.num(2.0)))
    z = v.mul(s, s)
    half_square = v.mul(v.mul(f, v.num(0.5)), f)
    bracket = v.fma(z, v.polynomial(z, LOG), half_square)
    small = v.fma(s, bracket, v.mul(k, v.num(LN2_REST)))
    value = v.fma(k, v.num(LN2_SHORT), v.sub(f, v.sub(half_square, small)))
    value = v.select(v.compare("==", x, INF), x, value)
    value = v.select(v.compare("==", x, 0.0), v.num(-INF), value)
    return v.canonical_nan(v.negate(v.compare(">=", x, 0.0)), value)


def _log_extended(v: Lanes, m: ir.Value, k: ir.Value) -> tuple[ir.Value, ir.Value]:
    """log(m 2**k), m and k from `_split`, as a double-double with a relative error below 2**-64.

    log(m) = 2s (1 + z/3 + z**2 Q(z)), z = s**2, s = (m - 1)/(m + 1): s, z and all but z**2 Q in double-double.
    """
    f = v.sub(m, v.num(1.0))
    d, d_low = v.fast_two_sum(v.num(1.0), m)  # m is below 2, so that no bit is lost
    r = v.div(v.num(1.0), d)
    s = v.mul(f, r)
    s_low = v.mul(v.fma(v.neg(s), d_low, v.fma(v.neg(s), d, f)), r)
    z, z_low = v.two_product(s, s)
    z_low = v.fma(v.add(s, s), s_low, z_low)
    c, c_low = v.fast_two_sum(v.num(THIRD_HIGH), v.mul(z, v.polynomial(z, LOG_TAIL)))
    e, e_low = _product(v, z, z_low, c, v.add(c_low, v.num(THIRD_LOW)))
    s, s_low = v.add(s, s), v.add(s_low, s_low)
    g, g_low = _product(v, s, s_low, e, e_low)
    main, error = v.fast_two_sum(v.mul(k, v.num(LN2_SHORT)), s)
    main, error2 = v.fast_two_sum(main, g)
    small = v.add(v.add(s_low, g_low), v.add(error, error2))
    return v.fast_two_sum(main, v.fma(k, v.num(LN2_REST), small))


def _product(
    v: Lanes, a: ir.Value, a_low: ir.Value, b: ir.Value, b_low: ir.Value
) -> tuple[ir.Value, ir.Value]:
    """Double-double product, not renormalised."""
    p, error = v.two_product(a, b)
    return p, v.add(error, v.fma(a, b_low, v.mul(a_low, b)))


def _log_times(v: Lanes, m: ir.Value, k: ir.Value, y: ir.Value) -> tuple[ir.Value, ir.Value]:
    """y log(m 2**k) as a double-double."""
    log_high, log_low = _log_extended(v, m, k)
    high, low = v.two_product(y, log_high)
    return high, v.fma(y, log_low, low)


def pow(v: Lanes, x: ir.Value, y: ir.Value) -> ir.Value:
    """x**y, error below 0.8 ulp: exp(y log|x|) with the logarithm and the product in double-double.

    Where x is positive and normal and the result is not near the ends of the range, in all lanes, that is all; else
    `pow_of_any` computes the same once more, and looks.
    """
    b = v.builder
    main, seldom, done = (b.append_basic_block(name) for name in ("main", "seldom", "done"))
    away = b.sub(v.bits(x), v.whole(SMALLEST_NORMAL_BITS))
    strange = v.any(b.icmp_unsigned(">=", away, v.whole(INF_BITS - SMALLEST_NORMAL_BITS)))
    b.cbranch(strange, seldom, main).set_weights([1, 1000])
    b.position_at_end(main)
    high, low = _log_times(v, *_split_normal(v, x), y)
    n, head, tail = _exp_reduced(v, high, low)
    value = v.scale(v.add(head, tail), n)
    far = v.any(v.negate(v.compare("<", v.magnitude(high), NEAR)))
    b.cbranch(far, seldom, done).set_weights([1, 1000])
    b.position_at_end(seldom)
    looked = b.call(declare(b.module, "pow of any", v.width), [x, y])
    b.branch(done)
    b.position_at_end(done)
    result = b.phi(v.real)
    result.add_incoming(value, main)
    result.add_incoming(looked, seldom)
    return result


def pow_of_any(v: Lanes, x: ir.Value, y: ir.Value) -> ir.Value:
    """x**y for all x and y. The special cases are those of C99, F.9.4.4."""
    size = v.magnitude(x)
    power = v.magnitude(y)
    high, low = _log_times(v, *_split(v, size), y)
    clipped = v.clip_below(v.clip_above(high, EXP_MAX), EXP_MIN)
    n, head, tail = _exp_reduced(v, clipped, v.select(v.compare("==", clipped, high), low, v.num(0.0)))
    value = v.scale(v.add(head, tail), n)

    grows = v.compare(">", y, 0.0)
    below_one = v.compare("<", size, 1.0)
    x_extreme = v.either(v.compare("==", size, 0.0), v.compare("==", size, INF))
    y_infinite = v.compare("==", power, INF)
    vanishes = v.negate(v.builder.xor(grows, below_one))
    limit = v.select(vanishes, v.num(0.0), v.num(INF))
    value = v.select(v.either(x_extreme, y_infinite), limit, value)
    value = v.select(v.both(y_infinite, v.compare("==", size, 1.0)), v.num(1.0), value)

    whole = _is_integer(v, power)
    odd = v.both(whole, v.negate(_is_integer(v, v.mul(power, v.num(0.5)))))
    value = v.select(odd, v.flip_sign(value, v.sign(x)), value)
    no_root = v.both(v.both(v.compare("<", x, 0.0), v.compare("<", size, INF)), v.negate(whole))
    value = v.canonical_nan(v.either(no_root, v.either(v.is_nan(x), v.is_nan(y))), value)
    return v.select(v.either(v.compare("==", y, 0.0), v.compare("==", x, 1.0)), v.num(1.0), value)


def _is_integer(v: Lanes, size: ir.Value) -> ir.Value:
    """Lane mask: size >= 0 is an integer; every double from 2**52 on is one, and so counts infinity."""
    two52 = v.num(2.0**52)
    rounded = v.sub(v.add(size, two52), two52)
    return v.either(v.compare(">=", size, two52), v.compare("==", rounded, size))


def _half_exp(v: Lanes, size: ir.Value) -> tuple[ir.Value, ir.Value, ir.Value, ir.Value]:
    """n, head and tail with exp(size) / 2 = 2**n (head + tail), and 2**-(2n) exp(-size) / 2 in the same unit."""
    n, head, tail = _exp_reduced(v, size)
    # 2**-2n is nothing beside 1 from n = 40 on, and its exponent would run out of range from n = 512 on.
    few = v.clip_above(n, 40.0)
    unit = v.scale(v.num(1.0), v.neg(v.add(few, few)))
    return v.sub(n, v.num(1.0)), head, tail, v.div(unit, v.add(head, tail))


def sinh(v: Lanes, x: ir.Value) -> ir.Value:
    """Hyperbolic sine, error below 0.9 ulp: x + x**3 P(x**2) for |x| < 1, else (exp|x| - exp(-|x|)) / 2."""
    size = v.magnitude(x)
    n, head, tail, inverse = _half_exp(v, v.clip_above(size, 711.0))
    large = v.scale(v.add(head, v.sub(tail, inverse)), n)
    z = v.mul(size, size)
    small = v.fma(v.mul(size, z), v.polynomial(z, SINH), size)
    value = v.flip_sign(v.select(v.compare("<", size, 1.0), small, large), v.sign(x))
    return v.canonical_nan(v.is_nan(x), value)


def cosh(v: Lanes, x: ir.Value) -> ir.Value:
    """Hyperbolic cosine, error below 1 ulp: (exp|x| + exp(-|x|)) / 2, the sum taken before the scaling."""
    n, head, tail, inverse = _half_exp(v, v.clip_above(v.magnitude(x), 711.0))
    return v.canonical_nan(v.is_nan(x), v.scale(v.add(head, v.add(tail, inverse)), n))


def tanh(v: Lanes, x: ir.Value) -> ir.Value:
    """Hyperbolic tangent, error below 0.9 ulp: x + x**3 P(x**2) for |x| < 0.625, else 1 - 2 / (exp(2|x|) + 1).

    The quotient is corrected by its remainder; from |x| = 22 on the result rounds to 1.
    """
    size = v.magnitude(x)
    double = v.clip_above(v.add(size, size), 44.0)
    n, head, tail = _exp_reduced(v, double)
    unit = v.scale(v.num(1.0), n)
    d, error = v.fast_two_sum(v.mul(head, unit), v.num(1.0))
    d, d_low = v.fast_two_sum(d, v.fma(tail, unit, error))
    q = v.div(v.num(2.0), d)
    remainder = v.fma(v.neg(q), d_low, v.fma(v.neg(q), d, v.num(2.0)))
    top, top_low = v.fast_two_sum(v.num(1.0), v.neg(q))
    # 1/d is q/2
    large = v.add(top, v.fma(v.mul(q, v.num(-0.5)), remainder, top_low))
    z = v.mul(size, size)
    small = v.fma(v.mul(size, z), v.polynomial(z, TANH), size)
    value = v.flip_sign(v.select(v.compare("<", size, 0.625), small, large), v.sign(x))
    return v.canonical_nan(v.is_nan(x), value)


_BODIES: dict[str, tuple[int, Callable[..., ir.Value]]] = {
    "exp": (1, exp),
    "log": (1, log),
    "pow": (2, pow),
    "sin": (1, sin),
    "cos": (1, cos),
    "tan": (1, tan),
    "asin": (1, asin),
    "acos": (1, acos),
    "atan": (1, atan),
    "atan2": (2, atan2),
    "sinh": (1, sinh),
    "cosh": (1, cosh),
    "tanh": (1, tanh),
}
_NOT_ELEMENTARY: dict[str, tuple[int, Callable[..., ir.Value]]] = {
    "uniform": (5, uniform),
    "pow of any": (2, pow_of_any),
}

FUNCTIONS: dict[str, int] = {name: arity for name, (arity, _) in _BODIES.items()}
"""Name and number of arguments of each function; `atan2` takes (y, x) as in C."""


def declare(module: ir.Module, name: str, width: int) -> ir.Function:
    """The function `capdyn.<name>.v<width>`, `<width x double>` arguments to `<width x double>`.

    Its body is added to the module on first use; after that it is returned as it is. It is internal, not
    inlined (a kernel calls it thousands of times) and free of side effects, so equal calls may be merged.
    Raises KeyError for a name not in `FUNCTIONS`, ValueError for a width below 1.
    """
    arity, body = _NOT_ELEMENTARY.get(name) or _BODIES[name]
    if width < 1:
        raise ValueError(f"a vector needs at least one lane, got width {width}")
    full = f"capdyn.{name}.v{width}"
    known = module.globals.get(full)
    if known is not None:
        return known
    vector = ir.VectorType(ir.DoubleType(), width)
    function = ir.Function(module, ir.FunctionType(vector, [vector] * arity), full)
    function.linkage = "internal"
    function.calling_convention = processor.convention(arity * width)
    for attribute in ("noinline", "nounwind", "readnone"):
        function.attributes.add(attribute)
    lanes = Lanes(ir.IRBuilder(function.append_basic_block("entry")), width)
    result = body(lanes, *function.args)
    lanes.builder.ret(result)
    return function
