"""Times at which the right-hand side jumps or kinks, known before the run.

Found by shape, so that STEP, PULSE and RAMP, a written-out IF THEN ELSE(Time > x, ...) and a lookup of Time are one
case: a comparison, MIN or MAX of the clock with something constant, or a table read at the clock.
"""

from __future__ import annotations

from collections.abc import Iterable

from .system import (
    Clock,
    Const,
    Equation,
    Interpolate,
    Load,
    Node,
    Op,
    Switch,
    Symbol,
    free_axes,
    inside,
    moved,
    rebuild,
    walk,
)

_COMPARING = frozenset({"<", "<=", ">", ">=", "=", "<>", "min", "max"})


def find(
    equations: Iterable[Equation], symbols: dict[str, Symbol]
) -> tuple[list[Switch], list[Symbol], list[Equation]]:
    """Switches with the constants that hold their times, and the equations that give these."""
    switches: dict[Switch, None] = {}
    names: dict[Equation, str] = {}
    made: list[Symbol] = []
    equations_made: list[Equation] = []

    def constant(node: Node) -> str:
        """Name of a symbol that holds the node's value over all loop axes that it runs with."""
        axes = free_axes(node)
        block = tuple(tuple(range(length)) for length in axes.values())
        renamed = moved(node, {axis: place for place, axis in enumerate(axes)})
        bare = Equation("", block, renamed)
        if bare not in names:
            name = f"#switch {len(names) + 1}"
            names[bare] = name
            made.append(Symbol(name, "constant", tuple(axes.values())))
            equations_made.append(Equation(name, block, renamed))
        return names[bare]

    for equation in equations:
        for node in walk(equation.node):
            for time, every in times(node, symbols):
                switches[Switch(constant(time), constant(every) if every is not None else "")] = None
    return list(switches), made, equations_made


def times(node: Node, symbols: dict[str, Symbol]) -> list[tuple[Node, Node | None]]:
    """(time, interval or None) of each switch that the node makes by itself."""
    if isinstance(node, Interpolate):
        shift = _shift(node.argument, symbols)
        if shift is None:
            return []
        points = sorted({x for table in node.tables for x in table.x})
        return [(Op("-", (Const(x), shift)), None) for x in points]
    if not isinstance(node, Op) or node.function not in _COMPARING:
        return []
    found: list[tuple[Node, Node | None]] = []
    for clock, other in (node.arguments, node.arguments[::-1]):
        if not is_constant(other, symbols):
            continue
        shift = _shift(clock, symbols)
        if shift is not None:
            found.append((Op("-", (_still(other), shift)), None))
        elif (
            isinstance(clock, Op) and clock.function == "modulo" and is_constant(clock.arguments[1], symbols)
        ):
            phase = _shift(clock.arguments[0], symbols)
            if phase is not None:
                interval = _still(clock.arguments[1])
                start = Op("negative", (phase,))
                found += [(start, interval), (Op("+", (start, _still(other))), interval)]
    return found


def _shift(node: Node, symbols: dict[str, Symbol]) -> Node | None:
    """The constant c for which the node is clock + c, or None if it is nothing of the kind."""
    if isinstance(node, Clock):
        return Const(0.0) if node.which in ("time", "held") else None
    if isinstance(node, Op) and node.function in ("+", "-"):
        left, right = node.arguments
        if is_constant(right, symbols):
            shift = _shift(left, symbols)
            return None if shift is None else Op(node.function, (shift, _still(right)))
        if node.function == "+" and is_constant(left, symbols):
            shift = _shift(right, symbols)
            return None if shift is None else Op("+", (shift, _still(left)))
    return None


def is_constant(node: Node, symbols: dict[str, Symbol]) -> bool:
    """Whether a node keeps its value over a run; the step's length does."""
    if isinstance(node, Load):
        return symbols[node.symbol].kind in ("parameter", "constant")
    if isinstance(node, Clock):
        return node.which == "step"
    return all(is_constant(child, symbols) for child in inside(node))


def _still(node: Node) -> Node:
    """The node under an adaptive method, where the step is nothing."""
    if isinstance(node, Clock):
        return Const(0.0)
    return rebuild(node, {i: _still(child) for i, child in enumerate(inside(node))})
