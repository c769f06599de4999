"""What this machine's processor has: the width of its vectors, and instructions of AVX-512.

Those do in one step what takes several elsewhere, with the same bits. They work on registers of eight doubles, so
vectors of other lengths than eight, sixteen and so on do without them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import cache

import llvmlite.binding as binding
import llvmlite.ir as ir

LANES = 8
_INT, _REAL, _PLACE, _BYTE = ir.IntType(64), ir.DoubleType(), ir.IntType(32), ir.IntType(8)
_REALS, _INTS = ir.VectorType(_REAL, LANES), ir.VectorType(_INT, LANES)
# Intel's _MM_FROUND_CUR_DIRECTION and _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC.
_AS_SET, _DOWN = ir.Constant(_PLACE, 4), ir.Constant(_PLACE, 9)


@cache
def host_lanes() -> int:
    """Doubles in a vector register of this machine: 8, 4 or 2."""
    features = binding.get_host_cpu_features()
    return 8 if features.get("avx512f") else 4 if features.get("avx") else 2


def has_wide(lanes: int) -> bool:
    """Whether vectors of so many lanes can use the instructions below on this machine."""
    return lanes % LANES == 0 and host_lanes() == LANES


def convention(lanes: int) -> str:
    """How to call a function with arguments of so many lanes together.

    Of Intel's convention half of the vector registers survive a call, of C's none. LLVM has it for x86 only, and
    misplaces what does not fit into eight registers. Without AVX-512 the registers that should survive are among those
    whose upper halves vzeroupper clears.
    """
    known = host_lanes() == LANES and os.name == "posix"
    return "intel_ocl_bicc" if known and lanes <= 8 * LANES else ""


def permute(build: ir.IRBuilder, numbers: Sequence[float], place: ir.Value) -> ir.Value:
    """numbers[place] of up to 16 numbers, lane by lane; only the last three or four bits of a place are looked at."""
    count = 1 if len(numbers) <= LANES else 2
    padded = [*numbers, *[numbers[-1]] * (count * LANES - len(numbers))]
    halves = [ir.Constant(_REALS, padded[i : i + LANES]) for i in range(0, len(padded), LANES)]
    if count == 1:
        function = _function(build, "llvm.x86.avx512.permvar.df.512", [_REALS, _INTS])
        return _by_registers(build, [place], lambda here: build.call(function, [halves[0], here]))
    function = _function(build, "llvm.x86.avx512.vpermi2var.pd.512", [_REALS, _INTS, _REALS])
    return _by_registers(build, [place], lambda here: build.call(function, [halves[0], here, halves[1]]))


def multiply_add_down(build: ir.IRBuilder, a: ir.Value, b: ir.Value, c: ir.Value) -> ir.Value:
    """a * b + c, rounded once, towards minus infinity."""
    function = _function(build, "llvm.x86.avx512.vfmadd.pd.512", [_REALS, _REALS, _REALS, _PLACE])
    return _by_registers(build, [a, b, c], lambda *here: build.call(function, [*here, _DOWN]))


def unless_nan(build: ir.IRBuilder, x: ir.Value, otherwise: ir.Value) -> ir.Value:
    """The other, but x where x is not a number."""
    function = _function(
        build, "llvm.x86.avx512.mask.fixupimm.pd.512", [_REALS, _REALS, _INTS, _PLACE, _BYTE, _PLACE]
    )
    # Of its eight kinds of numbers the first two are those that are none, and 2 is the response "it, made quiet".
    rest = [ir.Constant(_INTS, [0x22] * LANES), ir.Constant(_PLACE, 0), ir.Constant(_BYTE, -1), _AS_SET]
    return _by_registers(build, [otherwise, x], lambda *here: build.call(function, [*here, *rest]))


def scale(build: ir.IRBuilder, x: ir.Value, exponent: ir.Value) -> ir.Value:
    """x * 2**exponent, rounded once; the exponent is a whole number, as a double."""
    function = _function(build, "llvm.x86.avx512.mask.scalef.pd.512", [_REALS, _REALS, _REALS, _BYTE, _PLACE])
    rest = [ir.Constant(_REALS, ir.Undefined), ir.Constant(_BYTE, -1), _AS_SET]
    return _by_registers(build, [x, exponent], lambda *here: build.call(function, [*here, *rest]))


def _function(build: ir.IRBuilder, name: str, arguments: list[ir.Type]) -> ir.Function:
    module = build.module
    return module.globals.get(name) or ir.Function(module, ir.FunctionType(_REALS, arguments), name)


def _by_registers(build: ir.IRBuilder, vectors: list[ir.Value], apply: Callable[..., ir.Value]) -> ir.Value:
    """Applies an instruction of eight lanes to vectors of several times as many."""
    lanes = vectors[0].type.count
    if lanes == LANES:
        return apply(*vectors)
    parts = []
    for first in range(0, lanes, LANES):
        pattern = _pattern(range(first, first + LANES))
        parts.append(
            apply(*(build.shuffle_vector(v, ir.Constant(v.type, ir.Undefined), pattern) for v in vectors))
        )
    while len(parts) > 1:
        parts = [
            build.shuffle_vector(a, b, _pattern(range(2 * a.type.count)))
            for a, b in zip(parts[::2], parts[1::2], strict=True)
        ]
    return parts[0]


def _pattern(which: range) -> ir.Constant:
    return ir.Constant(ir.VectorType(_PLACE, len(which)), list(which))
