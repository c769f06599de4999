"""How many members a block of an ensemble takes, how many blocks a call, and how many threads there are for them."""

from __future__ import annotations

import os

from ..emit.engine import Steps
from ..emit.processor import host_lanes
from ..passes.shared import works_on_large_arrays
from ..passes.system import System

# Small models wait for one result before the next can begin: several vectors in flight fill the time.
# (elements of the flows up to which, vectors); measured, see docs/performance.md.
_VECTORS = ((64, 4), (250, 2))
# Loops through large arrays read numbers that all members share; several vectors use them at once.
_LARGE_VECTORS = 4
_MOST_BYTES = 2**28  # of a block's numbers


def cores() -> int:
    """Cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def block_lanes(system: System, n_members: int) -> int:
    """Members a call of the kernel: the machine's vector, or several where models are small and members many."""
    lanes = host_lanes()
    elements = sum(equation.size for equation in system.flows)
    vectors = next((vectors for most, vectors in _VECTORS if elements <= most), 1)
    if works_on_large_arrays(system):
        size, vectors = sum(symbol.size for symbol in system.symbols.values()), _LARGE_VECTORS
        while vectors > 1 and 8 * lanes * vectors * size > _MOST_BYTES:
            vectors //= 2
    return lanes * vectors if n_members > lanes else lanes


# A call costs a fifth of a millisecond of Python; what it computes should be worth that, and short enough to be
# interrupted. Its results should stay near the processor.
_ELEMENTS_A_CALL = 5e7
_BYTES_A_CALL = 8e6
_LEAST = 0.1  # of that, at the end of an ensemble


def chunks(
    system: System, steps: Steps, lanes: int, n_kept: int, n_members: int, threads: int
) -> list[range]:
    """Members of each call of the engine, whole blocks but for the last; shorter towards the end.

    So threads that take one after the other end nearly together: each takes half of its share of what is left.
    One thread alone takes all that a call may.
    """
    elements = sum(equation.size for equation in system.flows) * lanes
    work = _ELEMENTS_A_CALL / (max(elements, 1) * (steps.saves[-1] + 1))
    most = max(1.0, min(work, _BYTES_A_CALL / (8 * lanes * max(n_kept, 1) * len(steps.saves))))
    least = max(1.0, min(most, _LEAST * work))
    found, first = [], 0
    while first < n_members:
        share = (n_members - first) / (lanes * (2 * threads if threads > 1 else 1))
        stop = min(first + lanes * int(min(most, max(least, share))), n_members)
        found.append(range(first, stop))
        first = stop
    return found
