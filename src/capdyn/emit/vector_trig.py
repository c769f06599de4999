"""Circular functions and their inverses for `vector_math`, one SIMD lane per ensemble member.

Angles of any size are good: `vector_angles` reduces them to double-doubles, so accuracy does not degrade anywhere.
"""

from __future__ import annotations

from llvmlite import ir

from .vector_angles import HALF_PI, HALF_PI_LOW, reduce_angle
from .vector_lanes import INF, SIGN_BIT, Lanes
from .vector_polynomials import ASIN, ATAN, COS, SIN

THREE_QUARTER_PI, THREE_QUARTER_PI_LOW = 2.356194490192345, 9.184850993605148e-17
TAN_EIGHTH_PI = 0.41421356237309503


def _sin_kernel(v: Lanes, high: ir.Value, low: ir.Value) -> tuple[ir.Value, ir.Value]:
    """sin(high + low) for |high| <= pi/4 as high and a small correction."""
    z, z_low = v.two_product(high, high)
    bent = v.fma(v.mul(v.num(-0.5), z), low, low)
    bent = v.fma(v.mul(high, v.num(SIN[0])), z_low, bent)
    return high, v.fma(v.mul(high, z), v.polynomial(z, SIN), bent)


def _cos_kernel(v: Lanes, high: ir.Value, low: ir.Value) -> tuple[ir.Value, ir.Value]:
    """cos(high + low) for |high| <= pi/4 as 1 - high**2/2, rounded, and a small correction."""
    z, z_low = v.two_product(high, high)
    head, error = v.fast_two_sum(v.num(1.0), v.mul(v.num(-0.5), z))
    bent = v.fma(high, low, v.mul(v.num(0.5), z_low))
    return head, v.add(error, v.fma(v.mul(z, z), v.polynomial(z, COS), v.neg(bent)))


def _is_odd(v: Lanes, quadrant: ir.Value) -> ir.Value:
    b = v.builder
    return b.icmp_signed("!=", b.and_(quadrant, v.whole(1)), v.whole(0))


def _not_finite(v: Lanes, x: ir.Value) -> ir.Value:
    return v.negate(v.compare("<", v.magnitude(x), INF))


def _sine_of_quadrant(v: Lanes, quadrant: ir.Value, high: ir.Value, low: ir.Value) -> ir.Value:
    """sin(quadrant pi/2 + high + low)."""
    sin_head, sin_tail = _sin_kernel(v, high, low)
    cos_head, cos_tail = _cos_kernel(v, high, low)
    odd = _is_odd(v, quadrant)
    value = v.add(v.select(odd, cos_head, sin_head), v.select(odd, cos_tail, sin_tail))
    return v.flip_sign(value, v.builder.shl(v.builder.and_(quadrant, v.whole(2)), v.whole(62)))


def sin(v: Lanes, x: ir.Value) -> ir.Value:
    """Sine, error below 0.8 ulp for every finite x: reduction to |r| <= pi/4, polynomials of sine and cosine."""
    value = _sine_of_quadrant(v, *reduce_angle(v, x))
    value = v.select(v.compare("==", x, 0.0), x, value)
    return v.canonical_nan(_not_finite(v, x), value)


def cos(v: Lanes, x: ir.Value) -> ir.Value:
    """Cosine, error below 0.8 ulp for every finite x: as the sine, one quadrant on."""
    quadrant, high, low = reduce_angle(v, x)
    value = _sine_of_quadrant(v, v.builder.add(quadrant, v.whole(1)), high, low)
    return v.canonical_nan(_not_finite(v, x), value)


def tan(v: Lanes, x: ir.Value) -> ir.Value:
    """Tangent, error below 0.9 ulp for every finite x: sine over cosine of the reduced angle.

    Both with their corrections, and the quotient corrected by its remainder; in odd quadrants -cosine / sine.
    """
    quadrant, high, low = reduce_angle(v, x)
    s, s_low = v.fast_two_sum(*_sin_kernel(v, high, low))
    c, c_low = v.fast_two_sum(*_cos_kernel(v, high, low))
    odd = _is_odd(v, quadrant)
    top, top_low = v.select(odd, v.neg(c), s), v.select(odd, v.neg(c_low), s_low)
    bottom, bottom_low = v.select(odd, s, c), v.select(odd, s_low, c_low)
    inverse = v.div(v.num(1.0), bottom)
    q = v.mul(top, inverse)
    remainder = v.fma(v.neg(q), bottom_low, v.add(v.fma(v.neg(q), bottom, top), top_low))
    value = v.fma(remainder, inverse, q)
    value = v.select(v.compare("==", x, 0.0), x, value)
    return v.canonical_nan(_not_finite(v, x), value)


def _asin_parts(v: Lanes, x: ir.Value) -> tuple[ir.Value, ir.Value, ir.Value, ir.Value]:
    """Whether |x| >= 1/2, and asin(t) for t in [0, 1/2] as head and tail, with t and doubled as follows.

    Below 1/2, t = |x|. From 1/2 on, t = sqrt((1 - |x|) / 2) with the root's rounding error in the tail, and
    head and tail are doubled: asin|x| = pi/2 - 2 asin(t). The last value is |x|.
    """
    size = v.magnitude(x)
    outer = v.compare(">=", size, 0.5)
    z = v.select(outer, v.mul(v.sub(v.num(1.0), size), v.num(0.5)), v.mul(size, size))
    root = v.sqrt(z)
    twice = v.add(root, root)
    safe = v.select(v.compare("==", root, 0.0), v.num(1.0), twice)
    root_low = v.div(v.fma(v.neg(root), root, z), safe)
    head = v.select(outer, twice, size)
    curve = v.mul(v.mul(head, z), v.polynomial(z, ASIN))
    return outer, head, v.select(outer, v.add(curve, v.add(root_low, root_low)), curve), size


def asin(v: Lanes, x: ir.Value) -> ir.Value:
    """Arc sine, error below 0.8 ulp: x + x**3 P(x**2) for |x| < 1/2, else pi/2 - 2 asin(sqrt((1 - |x|) / 2))."""
    outer, head, tail, size = _asin_parts(v, x)
    top, error = v.fast_two_sum(v.num(HALF_PI), v.neg(head))
    far = v.add(top, v.add(error, v.sub(v.num(HALF_PI_LOW), tail)))
    value = v.flip_sign(v.select(outer, far, v.add(head, tail)), v.sign(x))
    return v.canonical_nan(v.negate(v.compare("<=", size, 1.0)), value)


def acos(v: Lanes, x: ir.Value) -> ir.Value:
    """Arc cosine, error below 0.8 ulp: pi/2 - asin(x) for |x| < 1/2, else 2 asin(sqrt((1 - |x|) / 2)) or pi less it."""
    outer, head, tail, size = _asin_parts(v, x)
    sign = v.sign(x)
    flip = v.select(outer, v.builder.xor(sign, v.whole(SIGN_BIT)), sign)
    positive = v.compare(">=", x, 0.0)
    base = v.select(outer, v.select(positive, v.num(0.0), v.num(2.0 * HALF_PI)), v.num(HALF_PI))
    base_low = v.select(outer, v.select(positive, v.num(0.0), v.num(2.0 * HALF_PI_LOW)), v.num(HALF_PI_LOW))
    top, error = v.fast_two_sum(base, v.neg(v.flip_sign(head, flip)))
    value = v.add(top, v.add(error, v.sub(base_low, v.flip_sign(tail, flip))))
    return v.canonical_nan(v.negate(v.compare("<=", size, 1.0)), value)


def _atan_of_quotient(v: Lanes, a: ir.Value, b: ir.Value, obtuse: ir.Value | None) -> ir.Value:
    """atan(a / b) for a, b >= 0 finite, not both 0, of sizes whose quotient's parts stay normal; or pi less it.

    The quotient smaller/larger is brought below tan(pi/8) by atan(q) = pi/4 + atan((q - 1)/(q + 1)) and carried
    as a double-double; the result is a multiple of pi/4 in two parts plus or minus that small arc.
    """
    swapped = v.compare(">", a, b)
    small, large = v.select(swapped, b, a), v.select(swapped, a, b)
    fold = v.compare(">", small, v.mul(large, v.num(TAN_EIGHTH_PI)))
    difference, difference_low = v.fast_two_sum(large, v.neg(small))
    total, total_low = v.fast_two_sum(large, small)
    zero = v.num(0.0)
    top, top_low = v.select(fold, v.neg(difference), small), v.select(fold, v.neg(difference_low), zero)
    bottom, bottom_low = v.select(fold, total, large), v.select(fold, total_low, zero)
    inverse = v.div(v.num(1.0), bottom)
    t = v.mul(top, inverse)
    remainder = v.add(v.fma(v.neg(t), bottom, top), v.fma(v.neg(t), bottom_low, top_low))
    t_low = v.mul(remainder, inverse)
    z = v.mul(t, t)
    tail = v.fma(v.mul(t, z), v.polynomial(z, ATAN), v.fma(v.neg(z), t_low, t_low))

    def base(half: float, three_quarters: float) -> ir.Value:
        flat = v.select(swapped, v.num(half), zero)
        folded = v.num(0.5 * half)
        if obtuse is not None:
            flat = v.select(v.both(obtuse, v.negate(swapped)), v.num(2.0 * half), flat)
            folded = v.select(obtuse, v.num(three_quarters), folded)
        return v.select(fold, folded, flat)

    turn = swapped if obtuse is None else v.builder.xor(swapped, obtuse)
    sign = v.select(turn, v.whole(SIGN_BIT), v.whole(0))
    head, error = v.fast_two_sum(base(HALF_PI, THREE_QUARTER_PI), v.flip_sign(t, sign))
    rest = v.add(error, base(HALF_PI_LOW, THREE_QUARTER_PI_LOW))
    return v.add(head, v.add(rest, v.flip_sign(tail, sign)))


def atan(v: Lanes, x: ir.Value) -> ir.Value:
    """Arc tangent, error below 0.8 ulp: reduction to |t| <= tan(pi/8) by one compensated division, t + t**3 P(t**2)."""
    # The result is pi/2, rounded, long before 2**100.
    size = v.clip_above(v.magnitude(x), 2.0**100)
    value = v.flip_sign(_atan_of_quotient(v, size, v.num(1.0), None), v.sign(x))
    return v.canonical_nan(v.is_nan(x), value)


def atan2(v: Lanes, y: ir.Value, x: ir.Value) -> ir.Value:
    """Angle of the point (x, y), in [-pi, pi], error below 1 ulp; C99 F.9.1.4 for zeros and infinities.

    Both sizes are first scaled by the same power of two where their reciprocal could leave the normal range.
    """
    a, b = v.magnitude(y), v.magnitude(x)
    a_infinite, b_infinite = v.compare("==", a, INF), v.compare("==", b, INF)
    infinite = v.either(a_infinite, b_infinite)
    one, zero = v.num(1.0), v.num(0.0)
    a = v.select(infinite, v.select(a_infinite, one, zero), a)
    b = v.select(infinite, v.select(b_infinite, one, zero), b)
    largest = v.select(v.compare(">", a, b), a, b)
    factor = v.select(v.compare("<", largest, 1.0), v.num(2.0**400), one)
    factor = v.select(v.compare(">", largest, 2.0**900), v.num(2.0**-200), factor)
    a, b = v.mul(a, factor), v.mul(b, factor)
    # Both zero: the angle is that of (1, 0), before the signs.
    b = v.select(v.compare("==", largest, 0.0), one, b)
    obtuse = v.builder.icmp_signed("<", v.bits(x), v.whole(0))
    value = v.flip_sign(_atan_of_quotient(v, a, b, obtuse), v.sign(y))
    return v.canonical_nan(v.either(v.is_nan(x), v.is_nan(y)), value)
