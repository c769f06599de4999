"""Lookups in IR: which piece of a table an argument falls into, found without a branch, and the line through it.

The piece is found exactly, by comparison with its own beginning, as `capdyn.emit.interpret.interpolate` does: on a
uniform grid from a guess that is one too high at most, elsewhere by halving. Numbers of a piece come from a register
(up to 16 pieces, by AVX-512's permutations) or from memory (gather).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence

import llvmlite.ir as ir

from ..lang.expressions import Table
from . import constants, processor
from .instructions import Instructions
from .interpret import segments
from .vector_lanes import ROUND_SHIFT, ROUND_SHIFT_BITS

CHAIN = 3  # pieces up to which one comparison after the other is as fast

_INT, _REAL, _PLACE = ir.IntType(64), ir.DoubleType(), ir.IntType(32)


def interpolate(do: Instructions, table: Table, x: ir.Value) -> ir.Value:
    """The vector of a table's values; not-a-number stays so."""
    pieces = segments(table)
    build, clamped = do.builder, table.outside == "clamp" and len(pieces) > 1
    within = x
    if clamped:
        pieces = pieces[:-1]  # the end is chosen below
        within = x = build.select(do.compare("<", x, do.constant(pieces[0][0])), do.constant(pieces[0][0]), x)
    elif len(pieces) > CHAIN:
        within = build.select(do.compare(">", x, do.constant(pieces[0][0])), x, do.constant(pieces[0][0]))
    starts, levels, slopes = zip(*pieces, strict=True)
    if len(pieces) <= CHAIN:
        x0, y0, slope = _chain(do, pieces, x)
    else:
        place = _direct(do, starts, within, clamped) if _is_uniform(starts) else _halving(do, starts, within)
        x0, y0, slope = (_fetch(do, numbers, place) for numbers in (starts, levels, slopes))
    value = build.fadd(y0, build.fmul(build.fsub(x, x0), slope)) if any(slopes) else y0
    if clamped:
        value = build.select(do.compare(">=", x, do.constant(table.x[-1])), do.constant(table.y[-1]), value)
    elif any(slopes):  # an infinite argument times a slope of zero is not a number
        value = build.select(do.compare("==", slope, do.constant(0.0)), y0, value)
    if clamped and any(slopes):
        return value
    return build.select(build.fcmp_unordered("uno", x, x), x, value)


def _chain(
    do: Instructions, pieces: Sequence[tuple[float, float, float]], x: ir.Value
) -> tuple[ir.Value, ...]:
    """Numbers of the last piece that has begun, chosen one after the other."""
    found: tuple[ir.Value, ...] = tuple(do.constant(number) for number in pieces[0])
    for piece in pieces[1:]:
        begun = do.compare(">=", x, do.constant(piece[0]))
        found = tuple(
            do.builder.select(begun, do.constant(new), old) for new, old in zip(piece, found, strict=True)
        )
    return found


def _is_uniform(starts: Sequence[float]) -> bool:
    """Whether rounding (x - first) / width gives each piece's number or the next."""
    width = (starts[-1] - starts[0]) / (len(starts) - 1)
    return all(abs(start - starts[0] - k * width) < 0.25 * width for k, start in enumerate(starts))


def _origin(starts: Sequence[float], near: float) -> int | None:
    """Whole widths from 0 to the first start, if they are so but for `near` of a width."""
    count = starts[0] * (len(starts) - 1) / (starts[-1] - starts[0])
    return round(count) if abs(count) < 2**40 and abs(count - round(count)) <= near else None


def _is_exact(starts: Sequence[float]) -> bool:
    """Whether the starts are successive multiples of a power of two, so that x / width rounded down is exact."""
    width = starts[1] - starts[0]
    even = all(s == starts[0] + k * width and math.fmod(s, width) == 0.0 for k, s in enumerate(starts))
    return even and math.frexp(width)[0] == 0.5 and _origin(starts, 0.0) is not None


def _direct(do: Instructions, starts: Sequence[float], x: ir.Value, ends: bool) -> ir.Value:
    """Place of the piece on a grid that is nearly uniform; x is not below the first start, or not a number.

    ends : where x is behind the last piece, any place will do.
    """
    build, count = do.builder, len(starts) - 1
    scale = do.constant(count / (starts[-1] - starts[0]))
    exact = _is_exact(starts) and processor.has_wide(do.lanes)
    origin = _origin(starts, 0.125)
    if origin is None:
        shifted = build.fadd(
            build.fmul(build.fsub(x, do.constant(starts[0])), scale), do.constant(ROUND_SHIFT)
        )
    elif exact:
        shifted = processor.multiply_add_down(build, x, scale, do.constant(ROUND_SHIFT - origin))
    else:
        shifted = do.multiply_add(x, scale, do.constant(ROUND_SHIFT - origin))
    if not (exact and ends and _fits(do, starts)):
        last = do.constant(ROUND_SHIFT + count)
        shifted = build.select(do.compare("<", shifted, last), shifted, last)
    place = build.bitcast(shifted, _whole(do))
    if exact:
        return place
    begun = do.compare(">=", x, _fetch(do, starts, place))
    return build.select(begun, place, build.sub(place, _numbers(do, 1)))


def _halving(do: Instructions, starts: Sequence[float], x: ir.Value) -> ir.Value:
    """Place of the piece on any grid."""
    build = do.builder
    half = 1 << (len(starts) - 1).bit_length() - 1
    padded = (*starts, *[float("inf")] * (2 * half - len(starts)))
    begun = do.compare(">=", x, do.constant(padded[half]))
    place = build.select(begun, _numbers(do, ROUND_SHIFT_BITS + half), _numbers(do, ROUND_SHIFT_BITS))
    while half > 1:
        half //= 2
        ahead = build.add(place, _numbers(do, half))
        place = build.select(do.compare(">=", x, _fetch(do, padded, ahead)), ahead, place)
    # Only infinity is behind the last piece.
    most = _numbers(do, ROUND_SHIFT_BITS + len(starts) - 1)
    return (
        place
        if len(starts) == len(padded)
        else build.select(build.icmp_signed("<", place, most), place, most)
    )


def _fetch(do: Instructions, numbers: Sequence[float], place: ir.Value) -> ir.Value:
    """numbers[place], lane by lane."""
    if len(set(numbers)) == 1:
        return do.constant(numbers[0])
    return (
        processor.permute(do.builder, numbers, place) if _fits(do, numbers) else _gather(do, numbers, place)
    )


def _fits(do: Instructions, numbers: Sequence[float]) -> bool:
    """Whether the numbers fit into two registers, which a permutation picks from."""
    return len(numbers) <= 2 * processor.LANES and processor.has_wide(do.lanes)


def _gather(do: Instructions, numbers: Sequence[float], place: ir.Value) -> ir.Value:
    """From memory, by the hardware's gather where it has one."""
    build, lanes = do.builder, do.lanes
    address = build.ptrtoint(_constant_array(do, numbers), _INT)
    address = do.spread(build.sub(address, ir.Constant(_INT, 8 * ROUND_SHIFT_BITS % 2**64)))
    pointers = ir.VectorType(_REAL.as_pointer(), lanes)
    masks = ir.VectorType(ir.IntType(1), lanes)
    places = build.inttoptr(build.add(address, build.shl(place, _numbers(do, 3))), pointers)
    function = _function(
        do, f"llvm.masked.gather.v{lanes}f64.v{lanes}p0", do.vector, [pointers, _PLACE, masks, do.vector]
    )
    every = ir.Constant(masks, [1] * lanes)
    return build.call(function, [places, ir.Constant(_PLACE, 8), every, ir.Constant(do.vector, ir.Undefined)])


def _constant_array(do: Instructions, numbers: Sequence[float]) -> ir.Value:
    """The numbers in memory, once a module."""
    name = f"table.{hashlib.sha256(repr(tuple(numbers)).encode()).hexdigest()[:16]}"
    if name in do.module.globals:
        return do.module.globals[name]
    kind = ir.ArrayType(_REAL, len(numbers))
    array = ir.GlobalVariable(do.module, kind, name)
    array.linkage, array.global_constant = "private", True
    array.initializer = ir.Constant(kind, list(numbers))
    return array


def _function(do: Instructions, name: str, result: ir.Type, arguments: list[ir.Type]) -> ir.Function:
    return do.module.globals.get(name) or ir.Function(do.module, ir.FunctionType(result, arguments), name)


def _whole(do: Instructions) -> ir.VectorType:
    return ir.VectorType(_INT, do.lanes)


def _numbers(do: Instructions, value: int) -> ir.Constant:
    """The same integer in every lane."""
    return constants.whole(value, do.lanes)
