"""Circular functions and their inverses for `vector_math`, one SIMD lane per ensemble member.

Angles up to 2**30 in magnitude are reduced by multiples of pi/2 in three parts with fma (Cody and Waite 1980);
beyond that, up to the largest double, by exact integer arithmetic with 2/pi to 1,216 bits (Payne and Hanek 1983), in
a function of its own that runs only if some lane needs it and whose result only those lanes take. The reduced
angle is a double-double either way, so accuracy does not degrade anywhere.
"""

from __future__ import annotations

from llvmlite import ir

from .vector_lanes import DOUBLE, INF, INT64, MANTISSA_BITS, SIGN_BIT, Lanes

TWO_OVER_PI = 0.6366197723675814
# pi/2 in three doubles; its multiples pi/4, pi have exactly scaled parts.
HALF_PI, HALF_PI_LOW, HALF_PI_LOWEST = 1.5707963267948966, 6.123233995736766e-17, -1.4973849048591698e-33
THREE_QUARTER_PI, THREE_QUARTER_PI_LOW = 2.356194490192345, 9.184850993605148e-17
TAN_EIGHTH_PI = 0.41421356237309503
DIRECT_LIMIT = 2.0**30

# floor(2/pi * 2**1216)
TWO_OVER_PI_BITS = int(
    "a2f9836e4e441529fc2757d1f534ddc0db6295993c439041fe5163abdebbc561b7246e3a424dd2e006492eea09d1921c"
    "fe1deb1cb129a73ee88235f52ebb4484e99c7026b45f7e413991d639835339f49c845f8bbdf9283b1ff897ffde05980f"
    "ef2f118b5a0a6d1f6d367ecf27cb09b74f463f669e5fea2d7527bac7ebe5f17b3d0739f78a5292ea6bfb5fb11f8d5d08"
    "56033046fc7b6bab",
    16,
)
TABLE_BYTES = 184

# (sin(x) - x) / x**3 in z = x**2 for |x| <= pi/4, to 2**-57.
SIN = (
    -0.16666666666666666,
    0.008333333333333331,
    -0.00019841269841265065,
    2.755731921933898e-06,
    -2.5052106232383108e-08,
    1.6058531608767765e-10,
    -7.586696515355814e-13,
)
# (cos(x) - 1 + z/2) / z**2 in z = x**2 for |x| <= pi/4, to 2**-59.
COS = (
    0.041666666666666664,
    -0.0013888888888887398,
    2.4801587298765574e-05,
    -2.755731727167133e-07,
    2.0876146256219284e-09,
    -1.1382631547716708e-11,
)
# (asin(x) - x) / x**3 in z = x**2 for |x| <= 1/2, to 2**-57.
ASIN = (
    0.16666666666666669,
    0.07499999999998433,
    0.04464285714635543,
    0.030381944138531247,
    0.02237217294214989,
    0.017352392720869973,
    0.013971212973552933,
    0.011479177415184902,
    0.010322814350185798,
    0.005457506718640282,
    0.017400879442694216,
    -0.014851887071247485,
    0.028757851367421747,
)
# (atan(x) - x) / x**3 in z = x**2 for |x| <= tan(pi/8), to 2**-57.
ATAN = (
    -0.3333333333333333,
    0.1999999999999552,
    -0.14285714284666534,
    0.11111111015255669,
    -0.09090904578095735,
    0.07692183190171728,
    -0.06664511438164644,
    0.05858148832731272,
    -0.05085449318930032,
    0.0392316461905514,
    -0.019176872294335973,
)


def _two_over_pi_table(module: ir.Module) -> ir.GlobalVariable:
    """The bits of 2/pi as a constant array of bytes, least significant first."""
    name = "capdyn.two_over_pi"
    known = module.globals.get(name)
    if known is not None:
        return known
    kind = ir.ArrayType(ir.IntType(8), TABLE_BYTES)
    table = ir.GlobalVariable(module, kind, name)
    table.linkage = "internal"
    table.global_constant = True
    table.initializer = ir.Constant(kind, bytearray(TWO_OVER_PI_BITS.to_bytes(TABLE_BYTES, "little")))
    return table


def _fraction_of_turn(b: ir.IRBuilder, bits: ir.Value) -> tuple[ir.Value, ir.Value]:
    """|x| 2/pi modulo 4 for the bits of a double, |x| >= 2**30, as integers.

    Returns the quadrant, rounded to nearest and modulo 4, and the signed rest times 2**192, |rest| <= 1/2.
    With x = M 2**s, only 192 bits of 2/pi matter: the higher ones add multiples of 4, the lower ones less than
    2**-136, where no double comes closer to a multiple of pi/2 than 2**-61 (Muller et al. 2018, 11.6).
    """
    i192, i256 = ir.IntType(192), ir.IntType(256)
    exponent = b.and_(b.lshr(bits, INT64(52)), INT64(0x7FF))
    mantissa = b.or_(b.and_(bits, INT64(MANTISSA_BITS)), INT64(1 << 52))
    # s = exponent - 1075, and the lowest bit to use has weight 2**-(s + 190) in 2/pi.
    skipped = b.sub(INT64(1216 - 190 + 1075), exponent)
    start = b.gep(_two_over_pi_table(b.module), [INT64(0), b.lshr(skipped, INT64(3))])
    window = b.load(b.bitcast(start, i256.as_pointer()), align=1)
    window = b.lshr(window, b.zext(b.and_(skipped, INT64(7)), i256))
    product = b.mul(b.trunc(window, i192), b.zext(mantissa, i192))
    quadrant = b.trunc(b.lshr(b.add(product, i192(1 << 189)), i192(190)), INT64)
    return quadrant, b.shl(product, i192(2))


def _declare_reduce_far(module: ir.Module) -> ir.Function:
    """Scalar function x -> {quadrant, high, low} with x = (4 k + quadrant) pi/2 + high + low, finite |x| >= 2**30."""
    name = "capdyn.reduce_far"
    known = module.globals.get(name)
    if known is not None:
        return known
    result = ir.LiteralStructType([INT64, DOUBLE, DOUBLE])
    function = ir.Function(module, ir.FunctionType(result, [DOUBLE]), name)
    function.linkage = "internal"
    for attribute in ("noinline", "nounwind", "readnone", "cold"):
        function.attributes.add(attribute)
    b = ir.IRBuilder(function.append_basic_block("entry"))
    i192 = ir.IntType(192)
    bits = b.bitcast(function.args[0], INT64)
    quadrant, rest = _fraction_of_turn(b, bits)
    negative = b.icmp_signed("<", rest, i192(0))
    size = b.select(negative, b.neg(rest), rest)
    count = ir.Function(module, ir.FunctionType(i192, [i192, ir.IntType(1)]), "llvm.ctlz.i192")
    zeros = b.call(count, [size, ir.IntType(1)(0)])
    digits = b.shl(size, zeros)
    unit = b.sub(INT64(1023 - 53), b.trunc(zeros, INT64))
    scale = b.bitcast(b.shl(unit, INT64(52)), DOUBLE)
    scale_low = b.bitcast(b.shl(b.sub(unit, INT64(53)), INT64(52)), DOUBLE)
    lower = b.and_(b.trunc(b.lshr(digits, i192(86)), INT64), INT64((1 << 53) - 1))
    f = b.fmul(b.sitofp(b.trunc(b.lshr(digits, i192(139)), INT64), DOUBLE), scale)
    f_low = b.fmul(b.sitofp(lower, DOUBLE), scale_low)
    fma = module.declare_intrinsic("llvm.fma", [DOUBLE] * 3)
    product = b.fmul(f, DOUBLE(HALF_PI))
    small = b.call(fma, [f, DOUBLE(HALF_PI), b.fneg(product)])
    small = b.fadd(small, b.call(fma, [f, DOUBLE(HALF_PI_LOW), b.fmul(f_low, DOUBLE(HALF_PI))]))
    high = b.fadd(product, small)
    low = b.fadd(b.fsub(product, high), small)
    flip = b.icmp_signed("!=", negative, b.icmp_signed("<", bits, INT64(0)))
    quadrant = b.select(b.icmp_signed("<", bits, INT64(0)), b.neg(quadrant), quadrant)
    parts = [quadrant, b.select(flip, b.fneg(high), high), b.select(flip, b.fneg(low), low)]
    packed: ir.Value = ir.Constant(result, ir.Undefined)
    for i, part in enumerate(parts):
        packed = b.insert_value(packed, part, i)
    b.ret(packed)
    return function


def _reduce(v: Lanes, x: ir.Value) -> tuple[ir.Value, ir.Value, ir.Value]:
    """Quadrant (its low two bits count) and high + low, with x = quadrant pi/2 + high + low, |high| <= pi/4.

    Up to 2**30, n pi/2 is subtracted in three parts: x - n HALF_PI is exact by fma, the product n HALF_PI_LOW is
    kept with its error, so the result errs by less than 2**-130. Leaves the builder in a new block.
    """
    b = v.builder
    whole, near_quadrant = v.round_multiple(x, TWO_OVER_PI)
    first = v.fma(v.neg(whole), v.num(HALF_PI), x)
    step, step_low = v.two_product(whole, v.num(HALF_PI_LOW))
    rest, error = v.two_sum(first, v.neg(step))
    error = v.sub(error, v.fma(whole, v.num(HALF_PI_LOWEST), step_low))
    near_high, near_low = v.fast_two_sum(rest, error)

    size = v.magnitude(x)
    far = v.both(v.compare(">", size, DIRECT_LIMIT), v.compare("<", size, INF))
    entry = b.block
    some_far = b.append_basic_block("far")
    done = b.append_basic_block("reduced")
    b.cbranch(v.any(far), some_far, done)

    b.position_at_end(some_far)
    reduce_far = _declare_reduce_far(b.module)
    angles = v.select(far, x, v.num(2.0 * DIRECT_LIMIT))
    parts: list[ir.Value] = [near_quadrant, near_high, near_low]
    for lane in range(v.width):
        index = ir.IntType(32)(lane)
        reduced = b.call(reduce_far, [b.extract_element(angles, index)])
        chosen = b.extract_element(far, index)
        for i, part in enumerate(parts):
            value = b.select(chosen, b.extract_value(reduced, i), b.extract_element(part, index))
            parts[i] = b.insert_element(part, value, index)
    b.branch(done)

    b.position_at_end(done)
    merged = []
    for near, part in zip((near_quadrant, near_high, near_low), parts, strict=True):
        phi = b.phi(near.type)
        phi.add_incoming(near, entry)
        phi.add_incoming(part, some_far)
        merged.append(phi)
    return merged[0], merged[1], merged[2]


def _sin_kernel(v: Lanes, high: ir.Value, low: ir.Value) -> tuple[ir.Value, ir.Value]:
    """sin(high + low) for |high| <= pi/4 as high and a small correction."""
    z = v.mul(high, high)
    bent = v.fma(v.mul(v.num(-0.5), z), low, low)
    return high, v.fma(v.mul(high, z), v.polynomial(z, SIN), bent)


def _cos_kernel(v: Lanes, high: ir.Value, low: ir.Value) -> tuple[ir.Value, ir.Value]:
    """cos(high + low) for |high| <= pi/4 as 1 - high**2/2, rounded, and a small correction."""
    z, z_low = v.two_product(high, high)
    head, error = v.fast_two_sum(v.num(1.0), v.mul(v.num(-0.5), z))
    bent = v.fma(high, low, v.mul(v.num(0.5), z_low))
    return head, v.add(error, v.fma(v.mul(z, z), v.polynomial(z, COS), v.neg(bent)))


def _is_odd(v: Lanes, quadrant: ir.Value) -> ir.Value:
    b = v.builder
    return b.icmp_signed("!=", b.and_(quadrant, v.int(1)), v.int(0))


def _not_finite(v: Lanes, x: ir.Value) -> ir.Value:
    return v.negate(v.compare("<", v.magnitude(x), INF))


def _sine_of_quadrant(v: Lanes, quadrant: ir.Value, high: ir.Value, low: ir.Value) -> ir.Value:
    """sin(quadrant pi/2 + high + low)."""
    sin_head, sin_tail = _sin_kernel(v, high, low)
    cos_head, cos_tail = _cos_kernel(v, high, low)
    odd = _is_odd(v, quadrant)
    value = v.add(v.select(odd, cos_head, sin_head), v.select(odd, cos_tail, sin_tail))
    return v.flip_sign(value, v.builder.shl(v.builder.and_(quadrant, v.int(2)), v.int(62)))


def sin(v: Lanes, x: ir.Value) -> ir.Value:
    """Sine, error below 0.6 ulp for every finite x: reduction to |r| <= pi/4, polynomials of sine and cosine."""
    value = _sine_of_quadrant(v, *_reduce(v, x))
    value = v.select(v.compare("==", x, 0.0), x, value)
    return v.canonical_nan(_not_finite(v, x), value)


def cos(v: Lanes, x: ir.Value) -> ir.Value:
    """Cosine, error below 0.6 ulp for every finite x: as the sine, one quadrant on."""
    quadrant, high, low = _reduce(v, x)
    value = _sine_of_quadrant(v, v.builder.add(quadrant, v.int(1)), high, low)
    return v.canonical_nan(_not_finite(v, x), value)


def tan(v: Lanes, x: ir.Value) -> ir.Value:
    """Tangent, error below 0.6 ulp for every finite x: sine over cosine of the reduced angle.

    Both with their corrections, and the quotient corrected by its remainder; in odd quadrants -cosine / sine.
    """
    quadrant, high, low = _reduce(v, x)
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
    """Arc sine, error below 0.7 ulp: x + x**3 P(x**2) for |x| < 1/2, else pi/2 - 2 asin(sqrt((1 - |x|) / 2))."""
    outer, head, tail, size = _asin_parts(v, x)
    top, error = v.fast_two_sum(v.num(HALF_PI), v.neg(head))
    far = v.add(top, v.add(error, v.sub(v.num(HALF_PI_LOW), tail)))
    value = v.flip_sign(v.select(outer, far, v.add(head, tail)), v.sign(x))
    return v.canonical_nan(v.negate(v.compare("<=", size, 1.0)), value)


def acos(v: Lanes, x: ir.Value) -> ir.Value:
    """Arc cosine, error below 0.7 ulp: pi/2 - asin(x) for |x| < 1/2, else 2 asin(sqrt((1 - |x|) / 2)) or pi less it."""
    outer, head, tail, size = _asin_parts(v, x)
    sign = v.sign(x)
    flip = v.select(outer, v.builder.xor(sign, v.int(SIGN_BIT)), sign)
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
    sign = v.select(turn, v.int(SIGN_BIT), v.int(0))
    head, error = v.fast_two_sum(base(HALF_PI, THREE_QUARTER_PI), v.flip_sign(t, sign))
    rest = v.add(error, base(HALF_PI_LOW, THREE_QUARTER_PI_LOW))
    return v.add(head, v.add(rest, v.flip_sign(tail, sign)))


def atan(v: Lanes, x: ir.Value) -> ir.Value:
    """Arc tangent, error below 0.7 ulp: reduction to |t| <= tan(pi/8) by one compensated division, t + t**3 P(t**2)."""
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
    obtuse = v.builder.icmp_signed("<", v.bits(x), v.int(0))
    value = v.flip_sign(_atan_of_quotient(v, a, b, obtuse), v.sign(y))
    return v.canonical_nan(v.either(v.is_nan(x), v.is_nan(y)), value)
