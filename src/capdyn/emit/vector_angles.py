"""Reduction of angles to [-pi/4, pi/4] for `vector_trig`, over all doubles.

Angles up to 2**30 in magnitude are reduced by multiples of pi/2 in three parts with fma (Cody and Waite 1980);
beyond that, up to the largest double, by exact integer arithmetic with 2/pi to 1,216 bits (Payne and Hanek 1983), in
a function of its own that runs only if some lane needs it and whose result only those lanes take. The reduced
angle is a double-double either way, so accuracy does not degrade anywhere.
"""

from __future__ import annotations

from llvmlite import ir

from . import processor
from .vector_lanes import DOUBLE, INF, INT64, MANTISSA_BITS, Lanes

TWO_OVER_PI = 0.6366197723675814
# pi/2 in three doubles; pi/4 and pi have the same digits, scaled.
HALF_PI, HALF_PI_LOW, HALF_PI_LOWEST = 1.5707963267948966, 6.123233995736766e-17, -1.4973849048591698e-33
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
    2**-136, where no double comes closer to a multiple of pi/2 than 2**-61 (Muller, Elementary Functions, 2016).
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
    function.calling_convention = processor.convention(1)
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


def reduce_angle(v: Lanes, x: ir.Value) -> tuple[ir.Value, ir.Value, ir.Value]:
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
