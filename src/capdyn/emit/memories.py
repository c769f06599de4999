"""What changes at the end of a step only, in IR: memories with and without a lag, and stocks that may not be negative.

A memory with a lag of n takes up what its `next` was n - 1 steps ago; what it may need is on a tape, a ring of rows
with one vector for each memory. Lags may differ between members, so each lane looks back by itself.
"""

from __future__ import annotations

import llvmlite.ir as ir

from .instructions import Instructions
from .layout import Layout

_INT = ir.IntType(64)


def record(
    do: Instructions, layout: Layout, values: ir.Value, tape: ir.Value, n_rows: ir.Value, k: ir.Value
) -> None:
    """Writes what lagged memories may take up into row k of the tape."""
    count = len(layout.lagged)
    if not count:
        return
    builder = do.builder
    row = builder.mul(builder.srem(k, n_rows), _number(count))
    rows = builder.bitcast(tape, do.vector.as_pointer())
    with do.loop(count) as j:
        here = builder.gep(rows, [builder.add(row, j)])
        builder.store(do.load(values, builder.add(j, _number(layout.lagged_next.start))), here, align=8)


def recall(
    do: Instructions, layout: Layout, values: ir.Value, tape: ir.Value, n_rows: ir.Value, k: ir.Value
) -> None:
    """Gives each memory its next value, at the end of step k."""
    builder = do.builder
    if len(layout.plain):
        with do.loop(len(layout.plain)) as i:
            following = do.load(values, builder.add(i, _number(layout.plain_next.start)))
            do.store(following, values, builder.add(i, _number(layout.plain.start)))
    count = len(layout.lagged)
    if not count:
        return
    with do.loop(count) as j:
        slot = builder.add(j, _number(layout.lagged.start))
        lags = do.load(values, builder.add(j, _number(layout.lags.start)))
        result = do.load(values, slot)
        for lane in range(do.lanes):
            at = ir.Constant(ir.IntType(32), lane)
            lag = builder.fptosi(builder.extract_element(lags, at), _INT)
            origin = builder.sub(builder.add(k, _number(1)), lag)
            begun = builder.icmp_signed(">=", origin, _number(0))
            row = builder.srem(builder.select(begun, origin, _number(0)), n_rows)
            place = builder.add(builder.mul(row, _number(count)), j)
            place = builder.add(builder.mul(place, _number(do.lanes)), _number(lane))
            past = builder.load(builder.gep(tape, [place]))
            kept = builder.select(begun, past, builder.extract_element(result, at))
            result = builder.insert_element(result, kept, at)
        do.store(result, values, slot)


def floor(do: Instructions, layout: Layout, values: ir.Value) -> None:
    """Puts stocks that may not be negative to zero where they are."""
    if not len(layout.floored):
        return
    builder, zero = do.builder, do.constant(0.0)
    with do.loop(len(layout.floored)) as i:
        slot = builder.add(i, _number(layout.floored.start))
        level = do.load(values, slot)
        do.store(builder.select(do.compare("<", level, zero), zero, level), values, slot)


def _number(value: int) -> ir.Constant:
    return ir.Constant(_INT, value)
