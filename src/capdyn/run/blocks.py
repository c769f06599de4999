"""How many members a block of an ensemble takes."""

from __future__ import annotations

from ..emit.kernel import host_lanes
from ..passes.system import System

# Small models wait for one result before the next can begin: several vectors in flight fill the time.
# And a block costs a tenth of a millisecond of Python, which a small model would feel.
# (elements of the flows up to which, vectors); measured, see docs/performance.md.
_VECTORS = ((4, 32), (64, 8), (160, 4), (400, 2))


def block_lanes(system: System, n_members: int) -> int:
    """Members a call of the kernel: the machine's vector, or several where models are small and members many."""
    lanes = host_lanes()
    elements = sum(equation.size for equation in system.flows)
    vectors = next((vectors for most, vectors in _VECTORS if elements <= most), 1)
    return lanes * vectors if n_members > lanes else lanes
