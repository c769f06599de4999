"""The slopes of every equation in what it reads, as more outputs of the System: its links with their signs.

A link is a pair of symbols, one of which stands in an equation of the other. Its slope is the derivative of that one
equation, everything else that stands in it held still, when chosen elements of what it reads rise together by one. It
is made from the rows of `capdyn.lang.derivatives`, so that it is exact.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import product

from .differentiate import ZERO, Differentiator, tangent_name
from .system import (
    Axis,
    Equation,
    Index,
    Interpolate,
    Load,
    Node,
    Position,
    Symbol,
    System,
    inside,
    loaded,
    rebuild,
)
from .tangent import seeded, wider

Chosen = Callable[[Symbol], Sequence[Sequence[int]]]
Pair = tuple[str, str]  # what is read, what reads it


def slope_name(pair: Pair) -> str:
    """Name of the symbol that holds the slope of a link."""
    return f"#slope of {pair[1]} in {pair[0]}"


def pairs(system: System, constants: bool = True) -> dict[Pair, bool]:
    """All links, in the order of the equations; whether one has a slope, and does not act by jumps only.

    constants : those from constants too. A stock is read under its own name and written under that of its derivative;
    see `System.derivatives`.
    """
    found: dict[Pair, bool] = {}
    for equation in _equations(system):
        for source in _read(system, equation, constants):
            pair = (source, equation.target)
            found[pair] = found.get(pair, False) or Differentiator(1, {source}).of(equation.node) != ZERO
    return found


def partials(system: System, chosen: Chosen, constants: bool = True) -> System:
    """The System with the slope of each link that has one.

    Parameters
    ----------
    chosen : function
        For a symbol the positions along each dimension that are looked at: these elements rise together, and slopes of
        these are computed.
    constants : bool
        Links from constants too; they are more than half of all.

    Returns
    -------
    System
        With an auxiliary `slope_name(pair)`, shape (1, *shape of what reads), given by `outputs`, in the unit of what
        reads per unit of what is read; zero for elements that do not read it, and for those that are not looked at.
    """
    symbols, equations = dict(system.symbols), list(system.outputs)
    for whole in _equations(system):
        equation = _narrowed(whole, chosen(system.symbols[whole.target]))
        if not all(equation.block):
            continue
        for source in _read(system, equation, constants):
            node = Differentiator(1, {source}).of(equation.node)
            if node == ZERO:
                continue
            name = slope_name((source, equation.target))
            elements = product(*chosen(system.symbols[source]))
            directions = [dict.fromkeys(((source, place) for place in elements), 1.0)]
            tangent = tangent_name(source)
            symbols.setdefault(tangent, seeded(system.symbols[source], tangent, directions))
            slope = wider(system.symbols[equation.target], name, directions)
            symbols.setdefault(name, replace(slope, kind="auxiliary"))
            equations.append(Equation(name, ((0,), *equation.block), node, equation.where))
    return replace(system, symbols=symbols, outputs=tuple(equations))


def _equations(system: System) -> tuple[Equation, ...]:
    """Everything but first values: what holds at all times."""
    return (*system.constants, *system.flows, *system.outputs)


def _read(system: System, equation: Equation, constants: bool) -> list[str]:
    """The symbols that stand in an equation, each once; settings of a run are no part of the model."""
    left_out = {"setting"} if constants else {"setting", "parameter", "constant"}
    return [name for name in loaded(equation.node) if system.symbols[name].kind not in left_out]


def _narrowed(equation: Equation, chosen: Sequence[Sequence[int]]) -> Equation:
    """The equation for those of its elements that are looked at."""
    kept = [
        [i for i, position in enumerate(block) if position in wanted]
        for block, wanted in zip(equation.block, chosen, strict=True)
    ]

    def index(old: Index) -> Index:
        if isinstance(old, Axis) and old.axis < len(kept):
            return Axis(old.axis, tuple(old.positions[i] for i in kept[old.axis]))
        return old

    def narrow(node: Node) -> Node:
        if isinstance(node, Load):
            return Load(node.symbol, tuple(map(index, node.index)))
        if isinstance(node, Position):
            return Position(index(node.index))
        if isinstance(node, Interpolate):
            return replace(node, index=tuple(map(index, node.index)), argument=narrow(node.argument))
        return rebuild(node, {i: narrow(child) for i, child in enumerate(inside(node))})

    block = tuple(
        tuple(positions[i] for i in places) for positions, places in zip(equation.block, kept, strict=True)
    )
    return replace(equation, block=block, node=narrow(equation.node))
