"""Block after block of members in one call, in IR: what an ensemble does between two looks at the clock."""

from __future__ import annotations

from collections.abc import Callable

import llvmlite.ir as ir

from .instructions import Instructions
from .layout import Layout
from .llvm import declare_program
from .marches import write_march

_INT = ir.IntType(64)
_REAL = ir.DoubleType()


def write_loops(layout: Layout, lanes: int, method: str, places: dict[str, int]) -> ir.Module:
    """IR with the functions `march.<method>`, `sweep.<method>` and `share.<method>`."""
    module = ir.Module("capdyn loops")
    march = write_march(module, layout, lanes, method, places)
    share = _write_share(module, layout, lanes, places, f"share.{method}")
    vectors, whole = ir.VectorType(_REAL, lanes).as_pointer(), _INT.as_pointer()
    marks = ir.VectorType(_INT, lanes).as_pointer()
    kinds = [
        vectors, vectors, whole, _REAL.as_pointer(), _INT, _INT, _INT, _REAL, _REAL,
        whole, _INT, whole, _INT, whole, _INT, vectors, vectors, marks, _REAL.as_pointer(), _INT,
    ]  # fmt: skip
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), kinds), f"sweep.{method}")
    _write(function, layout, lanes, march, share)
    return module


def _write(function: ir.Function, layout: Layout, lanes: int, march: ir.Function, share: ir.Function) -> None:
    """The loop over blocks; see `Engine.sweep`, which does the same."""
    values, first, rows, numbers, n_rows, n_numbers, n_blocks, start, length = function.args[:9]
    saves, n_saves, slots, n_slots, still, n_still, out, still_out, failed, shared, whole = function.args[9:]
    builder = ir.IRBuilder(function.append_basic_block())
    do = Instructions(builder, lanes)
    programs = [declare_program(function.module, name, lanes) for name in ("constants", "initial")]

    def each(count: ir.Value, body: Callable[[ir.Value], object]) -> None:
        with builder.if_then(builder.icmp_signed(">", count, ir.Constant(_INT, 0))), do.loop(count) as i:
            body(i)

    def entry(numbers: ir.Value, i: ir.Value) -> ir.Value:
        return builder.load(builder.gep(numbers, [i]))

    with do.loop(n_blocks) as block:
        each(ir.Constant(_INT, len(layout.given)), lambda slot: do.store(do.load(first, slot), values, slot))
        column = builder.mul(block, ir.Constant(_INT, lanes))

        def place(row: ir.Value) -> None:
            here = builder.gep(numbers, [builder.add(builder.mul(row, n_numbers), column)])
            part = builder.load(builder.bitcast(here, do.vector.as_pointer()), align=8)
            do.store(part, values, entry(rows, row))

        each(n_rows, place)
        for program in programs:
            builder.call(program, [values, start, start, length])
        with builder.if_then(builder.icmp_signed("==", block, ir.Constant(_INT, 0))):
            builder.call(share, [values, shared])
        base = builder.mul(block, n_still)

        def keep(i: ir.Value) -> None:
            target = builder.gep(still_out, [builder.add(base, i)])
            builder.store(do.load(values, entry(still, i)), target, align=8)

        each(n_still, keep)
        rows_out = builder.gep(out, [builder.mul(block, builder.mul(n_saves, n_slots))])
        nothing = ir.Constant(_REAL.as_pointer(), None)  # the tape of lags, which are run block by block
        builder.call(
            march,
            [
                values, start, length, saves, slots, n_slots, rows_out, builder.gep(failed, [block]),
                nothing, ir.Constant(_INT, 1), shared, whole,
            ],
        )  # fmt: skip
    builder.ret_void()


def _write_share(
    module: ir.Module, layout: Layout, lanes: int, places: dict[str, int], name: str
) -> ir.Function:
    """A function (values, shared) that copies the shared constants, from the first lane."""
    real = _REAL.as_pointer()
    vectors = ir.VectorType(_REAL, lanes).as_pointer()
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), [vectors, real]), name)
    values, shared = function.args
    builder = ir.IRBuilder(function.append_basic_block())
    do = Instructions(builder, lanes)
    numbers = builder.bitcast(values, real)
    for symbol, place in places.items():
        with do.loop(len(layout.slots(symbol))) as i:
            slot = builder.add(i, ir.Constant(_INT, layout.start[symbol]))
            number = builder.load(builder.gep(numbers, [builder.mul(slot, ir.Constant(_INT, lanes))]))
            builder.store(number, builder.gep(shared, [builder.add(i, ir.Constant(_INT, place))]))
    builder.ret_void()
    return function
