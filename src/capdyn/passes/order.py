"""Evaluation order: which equation needs which, circles found and printed, arrays split only where they must be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

from ..errors import ModelError, Problem, Where
from .system import Axis, Circle, Equation, Load, Node, Symbol, elementwise, inside, loaded, rebuild, walk

if TYPE_CHECKING:
    import networkx as nx


def arrange(equations: list[Equation], symbols: dict[str, Symbol]) -> list[Equation]:
    """The equations in an order in which each finds what it needs.

    Parameters
    ----------
    equations : list of Equation
        Loads of symbols that none of them gives are taken as known.

    Raises
    ------
    ModelError
        A circle, printed with the line of each variable in it.
    """
    equations, graph, circles = _split(equations)
    if circles:
        remedy = "Let one of them be a stock (INTEG) or a delayed value."
        paths = [_path(graph, found, equations, symbols) for found in circles]
        raise ModelError([Problem(f"Circular definition: {path}.", where, remedy) for path, where in paths])
    return _in_order(equations, graph)


def arrange_first(
    equations: list[Equation], symbols: dict[str, Symbol]
) -> tuple[list[Equation], list[Symbol], list[Circle]]:
    """The equations of the first values in order; where they need one another, some of them are guessed.

    A circle is cut at one symbol after the other, at stocks and small ones first, until none is left: within the
    circle its guess is read instead of it. Returns the guesses and the circles beside the equations.
    """
    guesses: list[Symbol] = []
    found_circles: list[Circle] = []
    equations, graph, circles = _split(equations)
    while circles:
        for found in circles:
            path, where = _path(graph, found, equations, symbols)
            inside = {equations[i].target for i in found}
            cut = min(inside, key=lambda name: (symbols[name].kind != "state", symbols[name].size, name))
            guess = f"#guess {len(guesses) + 1} of {cut}"
            guesses.append(replace(symbols[cut], name=guess, kind="guess", variable=""))
            found_circles.append(Circle((guess,), (cut,), path, where))
            for i in found:
                equations[i] = replace(equations[i], node=_reading(equations[i].node, cut, guess))
        equations, graph, circles = _split(equations)
    return _in_order(equations, graph), guesses, found_circles


def _split(equations: list[Equation]) -> tuple[list[Equation], nx.DiGraph, list[set[int]]]:
    """The equations, what needs what, and the circles.

    An equation over an array may need other elements of the same array (a chain of ages, say): equations in a
    circle are split into their elements, and only if these still form a circle is it one.
    """
    graph, circles = _circles(equations)
    if circles:
        to_split = set().union(*circles)
        equations = [
            part
            for i, equation in enumerate(equations)
            for part in (elementwise(equation) if i in to_split else [equation])
        ]
        graph, circles = _circles(equations)
    return equations, graph, circles


def _circles(equations: list[Equation]) -> tuple[nx.DiGraph, list[set[int]]]:
    # A model from the cache is in order already, and this takes a tenth of a second.
    import networkx as nx

    graph = _graph(equations)
    return graph, [found for found in nx.strongly_connected_components(graph) if _is_circle(graph, found)]


def _in_order(equations: list[Equation], graph: nx.DiGraph) -> list[Equation]:
    import networkx as nx

    return [equations[i] for i in nx.lexicographical_topological_sort(graph)]


def _reading(node: Node, symbol: str, instead: str) -> Node:
    """The node with another symbol read instead of one."""
    if isinstance(node, Load):
        return replace(node, symbol=instead) if node.symbol == symbol else node
    return rebuild(node, {i: _reading(child, symbol, instead) for i, child in enumerate(inside(node))})


def needed(ordered: list[Equation], targets: set[str]) -> list[bool]:
    """For each equation, whether one of the target symbols depends on it (or is given by it)."""
    wanted = set(targets)
    flags = [False] * len(ordered)
    for i in range(len(ordered) - 1, -1, -1):
        if ordered[i].target in wanted:
            flags[i] = True
            wanted.update(loaded(ordered[i].node))
    return flags


def behind(ordered: Sequence[Equation], names: Iterable[str]) -> set[str]:
    """The symbols themselves and all that the equations, which are in order, compute them from."""
    found = set(names)
    for equation in reversed(ordered):
        if equation.target in found:
            found.update(loaded(equation.node))
    return found


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


def _path(
    graph: nx.DiGraph, found: set[int], equations: list[Equation], symbols: dict[str, Symbol]
) -> tuple[str, Where | None]:
    """A circle in words, and its first place in the file."""
    import networkx as nx

    edges = nx.find_cycle(graph.subgraph(found))
    # An edge runs from what is needed to what needs it; people read it the other way round.
    path = [equations[edge[0]] for edge in reversed(edges)]
    path = (
        path[path.index(min(path, key=lambda e: (e.where is None, e.where))) :]
        + path[: path.index(min(path, key=lambda e: (e.where is None, e.where)))]
    )
    names = [name for name, _ in groupby(_label(equation, symbols) for equation in path)]
    return " -> ".join([*names, names[0]]), path[0].where


def _label(equation: Equation, symbols: dict[str, Symbol]) -> str:
    symbol = symbols[equation.target]
    name = symbol.variable or equation.target.rpartition(" of ")[2]  # a hidden part of a variable
    if symbol.elements and all(len(positions) == 1 for positions in equation.block):
        name += (
            f"[{','.join(labels[p[0]] for labels, p in zip(symbol.elements, equation.block, strict=True))}]"
        )
    line = f" (line {equation.where.line})" if equation.where and equation.where.line else ""
    return f"'{name}'{line}"
