"""Random numbers by counting: the same bits for the same place in the same run, in any order and on any machine.

Threefry-2x64 with 20 rounds: Salmon, Moraes, Dror, Shaw, Parallel Random Numbers: As Easy as 1, 2, 3, SC '11,
https://doi.org/10.1145/2063384.2063405 . This is the slow, obvious form; `capdyn.emit.vector_random` is the fast one.
"""

from __future__ import annotations

import struct

ROTATIONS = (16, 42, 12, 31, 16, 32, 24, 21)
PARITY = 0x1BD11BDAA9FC1A22
ROUNDS = 20
STREAM_TURN = 32  # by which the bits of the stream are turned before they meet those of the place
_MASK = 2**64 - 1


def threefry(counter: tuple[int, int], key: tuple[int, int]) -> tuple[int, int]:
    """Two random words of 64 bits."""
    keys = (*key, PARITY ^ key[0] ^ key[1])
    a, b = (counter[0] + keys[0]) & _MASK, (counter[1] + keys[1]) & _MASK
    for number in range(ROUNDS):
        a = (a + b) & _MASK
        b = _turned(b, ROTATIONS[number % 8]) ^ a
        if number % 4 == 3:
            turn = number // 4 + 1
            a = (a + keys[turn % 3]) & _MASK
            b = (b + keys[(turn + 1) % 3] + turn) & _MASK
    return a, b


def uniform(seed: float, member: float, step: float, stream: float, place: float) -> float:
    """A number strictly between 0 and 1, one of 2**52, equally likely.

    Arguments are numbers of any kind; their bits are the key (seed; stream and place) and the counter (step, member).
    """
    key = (_bits(seed), _bits(place) ^ _turned(_bits(stream), STREAM_TURN))
    word, _ = threefry((_bits(step), _bits(member)), key)
    return (word >> 12) * 2.0**-52 + 2.0**-53


def _bits(number: float) -> int:
    """The bits of a double; those of 0 for -0."""
    (bits,) = struct.unpack("<Q", struct.pack("<d", number + 0.0))
    return int(bits)


def _turned(word: int, count: int) -> int:
    return (word << count | word >> (64 - count)) & _MASK
