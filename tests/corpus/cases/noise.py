"""Random functions: the numbers of Threefry, written a second time from its paper, through the textbook's quantiles.

Salmon, Moraes, Dror, Shaw, Parallel Random Numbers: As Easy as 1, 2, 3, SC '11, section 4.2; key and counter as
docs/architecture.md says ("Random numbers are counted"): seed and place, step and member.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable

import numpy as np
from scipy.stats import norm

from .case import Case

SOURCE = "closed form: Threefry-2x64-20 with NumPy, and quantiles by SciPy"
TURNS = (16, 42, 12, 31, 16, 32, 24, 21)


def _word(counter: tuple[int, int], key: tuple[int, int]) -> int:
    """The first word of a block, by NumPy's integers, which wrap around by themselves."""
    with np.errstate(over="ignore"):
        k = [np.uint64(key[0]), np.uint64(key[1])]
        k.append(np.uint64(0x1BD11BDAA9FC1A22) ^ k[0] ^ k[1])
        x = np.uint64(counter[0]) + k[0]
        y = np.uint64(counter[1]) + k[1]
        for block in range(5):
            for turn in TURNS[4 * (block % 2) : 4 * (block % 2) + 4]:
                x = x + y
                y = ((y << np.uint64(turn)) | (y >> np.uint64(64 - turn))) ^ x
            x = x + k[(block + 1) % 3]
            y = y + k[(block + 2) % 3] + np.uint64(block + 1)
    return int(x)


def _bits(number: float) -> int:
    return int(np.array(number).view(np.uint64))


def draws(label: str, stream: float = 0.0, count: int = 1, element: int = 0) -> list[float]:
    """Numbers between 0 and 1 at a place of a model, one a step, for the seed 0 and the first member.

    label : key and subscripts of the variable; count : which draw of its equation.
    """
    place = f"{label} {count}".encode()
    number = float((zlib.crc32(place) << 20 | zlib.crc32(place[::-1]) >> 12) + element)
    (bits,) = struct.unpack("<Q", struct.pack("<d", stream))
    turned = (bits << 32 | bits >> 32) & (2**64 - 1)
    words = [_word((_bits(float(step)), 0), (0, _bits(number) ^ turned)) for step in range(5)]
    return [(word >> 12) / 2**52 + 2.0**-53 for word in words]


def _through(quantile: Callable[[float], float], *place: object, **more: int) -> list[float]:
    return [float(quantile(u)) for u in draws(*place, **more)]  # type: ignore[arg-type]


def _truncated(u: float, low: float, high: float) -> float:
    return float(norm.ppf(norm.cdf(low) + u * (norm.cdf(high) - norm.cdf(low))))


def _exponential(u: float, low: float, high: float) -> float:
    return float(low - np.log1p(-u * -np.expm1(low - high)))


ALL = ("euler", "rk2", "rk4")
CASES = (
    Case("random_uniform", "A number a step, the same over the stages of a step; another stream, another element, another place.",
         "R: r1, r2\na = RANDOM UNIFORM(-1, 3, 0)\nb = RANDOM UNIFORM(-1, 3, 7)\nc[R] = RANDOM UNIFORM(0, 1, 0)\nd = RANDOM 0 1()\ne = RANDOM UNIFORM(5, 5, 0)\n"
         "two = RANDOM 0 1() - RANDOM 0 1()",
         {"a": _through(lambda u: -1 + 4 * u, "a[]"), "b": _through(lambda u: -1 + 4 * u, "b[]", 7.0), "c[r1]": draws("c[R]".lower()), "c[r2]": draws("c[r]", element=1),
          "d": draws("d[]"), "e": 5, "two": [u - v for u, v in zip(draws("two[]"), draws("two[]", count=2), strict=True)]}, SOURCE, methods=ALL),
    Case("random_held_in_a_step", "A stock of noise is the sum of the draws, by every method: the draw is held over the stages.",
         "a = RANDOM 0 1()\ns = INTEG(a, 0)", {"a": draws("a[]"), "s": [float(sum(draws("a[]")[:k])) for k in range(5)]}, SOURCE, methods=ALL),
    Case("random_normal", "Truncated at both ends, in a tail, without a spread.",
         "a = RANDOM NORMAL(-1e9, 1e9, 5, 2, 0)\nb = RANDOM NORMAL(4, 6, 5, 2, 0)\nc = RANDOM NORMAL(7, 1e9, 5, 2, 0)\nd = RANDOM NORMAL(0, 9, 5, 0, 0)",
         {"a": _through(lambda u: 5 + 2 * norm.ppf(u), "a[]"), "b": _through(lambda u: 5 + 2 * _truncated(u, -0.5, 0.5), "b[]"),
          "c": _through(lambda u: 5 - 2 * _truncated(u, -np.inf, -1), "c[]"), "d": 5}, SOURCE, methods=ALL, rtol=1e-11),
    Case("random_exponential", "Shifted, stretched, truncated.",
         "a = RANDOM EXPONENTIAL(0, 1e9, 1, 3, 0)\nb = RANDOM EXPONENTIAL(2, 5, 1, 3, 0)",
         {"a": _through(lambda u: 1 - 3 * np.log1p(-u), "a[]"), "b": _through(lambda u: 1 + 3 * _exponential(u, 1 / 3, 4 / 3), "b[]")}, SOURCE, methods=ALL, rtol=1e-11),
    Case("xmile_random", "XMILE's own: RANDOM(low, high) and NORMAL(mean, deviation).",
         '<aux name="a"><eqn>RANDOM(2, 4)</eqn></aux>\n<aux name="b"><eqn>NORMAL(5, 2)</eqn></aux>\n<aux name="c"><eqn>RANDOM(2, 4, 3)</eqn></aux>',
         {"a": _through(lambda u: 2 + 2 * u, "a[]"), "b": _through(lambda u: 5 + 2 * norm.ppf(u), "b[]"), "c": _through(lambda u: 2 + 2 * u, "c[]", 3.0)},
         SOURCE, suffix="xmile", rtol=1e-11, methods=ALL),
)  # fmt: skip
