"""Evaluation order: which equation needs which, circles found and printed, arrays split only where they must be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import ModelError, Problem
from .system import Axis, Equation, Load, Symbol, elementwise, walk

if TYPE_CHECKING:
    import networkx as nx


def arrange(equations: list[Equation], symbols: dict[str, Symbol], what: str) -> list[Equation]:
    """The equations in an order in which each finds what it needs.

    An equation over an array may need other elements of the same array (a chain of ages, say): equations in a
    circle are split into their elements, and only if these still form a circle is it one.

    Parameters
    ----------
    equations : list of Equation
        Loads of symbols that none of them gives are taken as known.
    what : str
        What the circle is made of, for the message: 'definition' or 'initial value'.

    Raises
    ------
    ModelError
        A circle, printed with the line of each variable in it.
    """
    # A model from the cache is in order already, and this takes a tenth of a second.
    import networkx as nx

    graph = _graph(equations)
    circles = [found for found in nx.strongly_connected_components(graph) if _is_circle(graph, found)]
    if circles:
        to_split = set().union(*circles)
        equations = [
            part
            for i, equation in enumerate(equations)
            for part in (elementwise(equation) if i in to_split else [equation])
        ]
        graph = _graph(equations)
        circles = [found for found in nx.strongly_connected_components(graph) if _is_circle(graph, found)]
        if circles:
            raise ModelError([_circle(graph, found, equations, symbols, what) for found in circles])
    return [equations[i] for i in nx.lexicographical_topological_sort(graph)]


def needed(ordered: list[Equation], targets: set[str]) -> list[bool]:
    """For each equation, whether one of the target symbols depends on it (or is given by it)."""
    wanted = set(targets)
    flags = [False] * len(ordered)
    for i in range(len(ordered) - 1, -1, -1):
        if ordered[i].target in wanted:
            flags[i] = True
            wanted.update(node.symbol for node in walk(ordered[i].node) if isinstance(node, Load))
    return flags


def _graph(equations: list[Equation]) -> nx.DiGraph:
    """Edges from the equation that gives to the one that needs; nodes are places in the list."""
    import networkx as nx

    givers: dict[str, list[int]] = {}
    for i, equation in enumerate(equations):
        givers.setdefault(equation.target, []).append(i)
    graph = nx.DiGraph()
    graph.add_nodes_from(range(len(equations)))
    for i, equation in enumerate(equations):
        for node in walk(equation.node):
            if isinstance(node, Load):
                graph.add_edges_from((j, i) for j in givers.get(node.symbol, ()) if _meet(node, equations[j]))
    return graph


def _meet(load: Load, giver: Equation) -> bool:
    """Whether the elements that are loaded may be among those that the equation gives."""
    for index, block in zip(load.index, giver.block, strict=True):
        touched = index.positions if isinstance(index, Axis) else (index.position,)
        if touched != block and not set(touched) & set(block):
            return False
    return True


def _is_circle(graph: nx.DiGraph, found: set[int]) -> bool:
    return len(found) > 1 or any(graph.has_edge(i, i) for i in found)


def _circle(
    graph: nx.DiGraph, found: set[int], equations: list[Equation], symbols: dict[str, Symbol], what: str
) -> Problem:
    import networkx as nx

    edges = nx.find_cycle(graph.subgraph(found))
    # An edge runs from what is needed to what needs it; people read it the other way round.
    path = [equations[edge[0]] for edge in reversed(edges)]
    path = (
        path[path.index(min(path, key=lambda e: (e.where is None, e.where))) :]
        + path[: path.index(min(path, key=lambda e: (e.where is None, e.where)))]
    )
    names = [_label(equation, symbols) for equation in path]
    remedy = (
        "Let one of them be a stock (INTEG) or a delayed value."
        if what == "definition"
        else "Give one of the stocks an initial value that does not depend on the others."
    )
    return Problem(f"Circular {what}: {' -> '.join([*names, names[0]])}.", path[0].where, remedy)


def _label(equation: Equation, symbols: dict[str, Symbol]) -> str:
    symbol = symbols[equation.target]
    name = symbol.variable or equation.target.rpartition(" of ")[2]  # a hidden part of a variable
    if equation.block and all(len(positions) == 1 for positions in equation.block):
        name += (
            f"[{','.join(labels[p[0]] for labels, p in zip(symbol.elements, equation.block, strict=True))}]"
        )
    line = f" (line {equation.where.line})" if equation.where and equation.where.line else ""
    return f"'{name}'{line}"
