"""Lookups in IR: which piece of a table an argument falls into, found without a branch, and the line through it.

The piece is found exactly, by comparison with its own beginning, as `capdyn.emit.interpret.interpolate` does: on a
uniform grid from a guess that is one too high at most, elsewhere by halving. Numbers of a piece come from a register
(up to 16 pieces, by AVX-512's permutations) or from memory (gather).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import llvmlite.binding as binding
import llvmlite.ir as ir

from ..lang.expressions import Table
from .instructions import Instructions
from .interpret import segments
from .vector_lanes import ROUND_SHIFT, ROUND_SHIFT_BITS

CHAIN = 3  # pieces up to which one comparison after the other is as fast

_INT, _REAL, _PLACE = ir.IntType(64), ir.DoubleType(), ir.IntType(32)
_WIDE = 8  # doubles in a register of AVX-512


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
        place = _direct(do, starts, within) if _is_uniform(starts) else _halving(do, starts, within)
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


def _direct(do: Instructions, starts: Sequence[float], x: ir.Value) -> ir.Value:
    """Number of the piece on a grid that is nearly uniform; x is not below the first start, or not a number."""
    build, last = do.builder, float(len(starts) - 1)
    scale = do.constant(last / (starts[-1] - starts[0]))
    guess = build.fmul(build.fsub(x, do.constant(starts[0])), scale)
    guess = build.select(do.compare("<", guess, do.constant(last)), guess, do.constant(last))
    shifted = build.bitcast(build.fadd(guess, do.constant(ROUND_SHIFT)), _whole(do))
    nearest = build.sub(shifted, _numbers(do, ROUND_SHIFT_BITS))
    begun = do.compare(">=", x, _fetch(do, starts, nearest))
    return build.select(begun, nearest, build.sub(nearest, _numbers(do, 1)))


def _halving(do: Instructions, starts: Sequence[float], x: ir.Value) -> ir.Value:
    """Number of the piece on any grid."""
    build = do.builder
    half = 1 << (len(starts) - 1).bit_length() - 1
    padded = (*starts, *[float("inf")] * (2 * half - len(starts)))
    begun = do.compare(">=", x, do.constant(padded[half]))
    place = build.select(begun, _numbers(do, half), _numbers(do, 0))
    while half > 1:
        half //= 2
        ahead = build.add(place, _numbers(do, half))
        place = build.select(do.compare(">=", x, _fetch(do, padded, ahead)), ahead, place)
    # Only infinity is behind the last piece.
    most = _numbers(do, len(starts) - 1)
    return (
        place
        if len(starts) == len(padded)
        else build.select(build.icmp_signed("<", place, most), place, most)
    )


def _fetch(do: Instructions, numbers: Sequence[float], place: ir.Value) -> ir.Value:
    """numbers[place], lane by lane."""
    if len(set(numbers)) == 1:
        return do.constant(numbers[0])
    if len(numbers) <= 2 * _WIDE and do.lanes % _WIDE == 0 and _has_permutations():
        return _permute(do, numbers, place)
    return _gather(do, numbers, place)


def _has_permutations() -> bool:
    return binding.get_host_cpu_features().get("avx512f", False)


def _permute(do: Instructions, numbers: Sequence[float], place: ir.Value) -> ir.Value:
    """By registers of eight lanes: a permutation of one or two registers that hold the table."""
    build = do.builder
    real, whole = ir.VectorType(_REAL, _WIDE), ir.VectorType(_INT, _WIDE)
    count = 1 if len(numbers) <= _WIDE else 2
    padded = [*numbers, *[numbers[-1]] * (count * _WIDE - len(numbers))]
    halves = [ir.Constant(real, padded[i : i + _WIDE]) for i in range(0, len(padded), _WIDE)]
    parts = []
    for first in range(0, do.lanes, _WIDE):
        here = _lanes(do, place, range(first, first + _WIDE))
        if count == 1:
            permute = _function(do, "llvm.x86.avx512.permvar.df.512", real, [real, whole])
            parts.append(build.call(permute, [halves[0], here]))
        else:
            permute = _function(do, "llvm.x86.avx512.vpermi2var.pd.512", real, [real, whole, real])
            parts.append(build.call(permute, [halves[0], here, halves[1]]))
    while len(parts) > 1:
        parts = [
            build.shuffle_vector(a, b, _pattern(range(2 * a.type.count)))
            for a, b in zip(parts[::2], parts[1::2], strict=True)
        ]
    return parts[0]


def _gather(do: Instructions, numbers: Sequence[float], place: ir.Value) -> ir.Value:
    """From memory, by the hardware's gather where it has one."""
    build, lanes = do.builder, do.lanes
    address = do.spread(build.ptrtoint(_constant_array(do, numbers), _INT))
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


def _lanes(do: Instructions, vector: ir.Value, which: range) -> ir.Value:
    """Some lanes of a vector."""
    if len(which) == do.lanes:
        return vector
    return do.builder.shuffle_vector(vector, ir.Constant(vector.type, ir.Undefined), _pattern(which))


def _pattern(which: range) -> ir.Constant:
    return ir.Constant(ir.VectorType(_PLACE, len(which)), list(which))


def _whole(do: Instructions) -> ir.VectorType:
    return ir.VectorType(_INT, do.lanes)


def _numbers(do: Instructions, value: int) -> ir.Constant:
    """The same integer in every lane."""
    return ir.Constant(_whole(do), [value] * do.lanes)
