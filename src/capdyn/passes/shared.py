"""Large constants that are the same for all members: a number each, and not one a lane.

A matrix of a thousand regions by a thousand, read at each step, takes eight megabytes so, and sixty-four or more
otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable

from .system import MEMBER, Equation, Reduce, System, loaded, walk

LARGE = 4096  # elements; smaller arrays stay in the processor's cache


def reached(system: System, symbols: Iterable[str]) -> set[str]:
    """The symbols themselves and all constants that depend on them."""
    found = set(symbols)
    for equation in system.constants:
        if not found.isdisjoint(loaded(equation.node)):
            found.add(equation.target)
    return found


def works_on_large_arrays(system: System) -> bool:
    """Whether a loop of the flows may go through a large constant."""
    longest = max((length for symbol in system.symbols.values() for length in symbol.shape), default=1)
    return any(e.size * longest >= LARGE and _visits(e) >= LARGE for e in system.flows)


def _visits(equation: Equation) -> int:
    sizes = [node.size for node in walk(equation.node) if isinstance(node, Reduce)]
    return equation.size * max(sizes, default=1)


def shared_symbols(system: System, varying: Iterable[str]) -> dict[str, int]:
    """Large constants that flows look at and no member differs in, each with its first place among them.

    varying : parameters in which members differ.
    """
    differ = reached(system, {*varying, MEMBER})
    used = {name for equation in system.flows for name in loaded(equation.node)}
    places, taken = {}, 0
    for symbol in system.symbols.values():
        if symbol.kind in ("parameter", "constant") and symbol.size >= LARGE and symbol.name in used - differ:
            places[symbol.name] = taken
            taken += symbol.size
    return places
