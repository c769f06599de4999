"""The random numbers of `capdyn.lang.generator` as vector instructions: the same bits in each lane."""

from __future__ import annotations

from llvmlite import ir

from ..lang.generator import PARITY, ROTATIONS, ROUNDS, STREAM_TURN
from .vector_lanes import ONE_BITS, Lanes


def uniform(
    v: Lanes, seed: ir.Value, member: ir.Value, step: ir.Value, stream: ir.Value, place: ir.Value
) -> ir.Value:
    """See `capdyn.lang.generator.uniform`."""
    b = v.builder
    first, second, a, word = (v.bits(v.add(x, v.num(0.0))) for x in (seed, place, step, member))
    turned = _turned(v, v.bits(v.add(stream, v.num(0.0))), STREAM_TURN)
    second = b.xor(second, turned)
    keys = (first, second, b.xor(v.whole(PARITY), b.xor(first, second)))
    a, word = b.add(a, keys[0]), b.add(word, keys[1])
    for number in range(ROUNDS):
        a = b.add(a, word)
        word = b.xor(_turned(v, word, ROTATIONS[number % 8]), a)
        if number % 4 == 3:
            turn = number // 4 + 1
            a = b.add(a, keys[turn % 3])
            word = b.add(b.add(word, keys[(turn + 1) % 3]), v.whole(turn))
    # 52 random bits behind the exponent of 1 read as a number from 1 to 2; all steps from there are exact.
    fraction = v.sub(v.from_bits(b.or_(b.lshr(a, v.whole(12)), v.whole(ONE_BITS))), v.num(1.0))
    return v.add(fraction, v.num(2.0**-53))


def _turned(v: Lanes, word: ir.Value, count: int) -> ir.Value:
    b = v.builder
    return b.or_(b.shl(word, v.whole(count)), b.lshr(word, v.whole(64 - count)))
