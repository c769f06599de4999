"""Large arrays that only one sum looks at are computed where they are summed, and never stand in memory.

`spillover[i,j] = nearness[i,j] * gap[i,j]`, summed over j into `learning[i]`: each element is needed once, and a
thousand regions would write and read eight megabytes a member and step. Values keep their bits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from .system import Axis, Equation, Load, Node, Op, Reduce, Root, inside, moved, rebuild, walk

_LARGE = 4096  # elements; smaller arrays stay in the processor's cache


def fuse(equations: Iterable[Equation], wanted: Iterable[str]) -> tuple[Equation, ...]:
    """The equations without those arrays; symbols in `wanted` are kept as they are."""
    before: tuple[Equation, ...] = ()
    after = tuple(equations)
    while after != before:  # one array may be in the sum of another
        before, after = after, _fused_once(after, wanted)
    return after


def _fused_once(given: Sequence[Equation], wanted: Iterable[str]) -> tuple[Equation, ...]:
    keep, uses = set(wanted), Counter(n.symbol for e in given for n in walk(e.node) if isinstance(n, Load))
    written = Counter(equation.target for equation in given)
    bodies = {
        e.target: e
        for e in given
        if e.size >= _LARGE
        and uses[e.target] == written[e.target] == 1
        and e.target not in keep
        and _is_plain(e)
    }
    fused: set[str] = set()
    result = []
    for equation in given:
        node = equation.node
        if not isinstance(node, Op | Reduce) or equation.target in bodies:
            result.append(equation)
            continue
        result.append(replace(equation, node=_replaced(node, bodies, fused, len(equation.block))))
    return tuple(e for e in result if e.target not in fused)


def _is_plain(equation: Equation) -> bool:
    """A whole array, by elements, without loops of its own."""
    whole = all(positions == tuple(range(len(positions))) for positions in equation.block)
    return whole and not any(isinstance(node, Reduce | Root) for node in walk(equation.node))


def _replaced(node: Node, bodies: dict[str, Equation], fused: set[str], loops: int) -> Node:
    """The node with arrays written out that it visits once an element: over all its loop axes, each whole."""
    if isinstance(node, Reduce):
        body = node.body
        found = {}
        for inner in walk(body):
            if isinstance(inner, Load) and inner.symbol in bodies:
                block = bodies[inner.symbol].block
                axes = [
                    index.axis
                    for index in inner.index
                    if isinstance(index, Axis) and len(index.positions) > 1
                ]
                once = len(set(axes)) == len(axes) == len(block) == loops + 1 and node.axis in axes
                straight = all(
                    isinstance(index, Axis) and index.positions == positions
                    for index, positions in zip(inner.index, block, strict=True)
                )
                if once and straight:
                    found[inner] = moved(bodies[inner.symbol].node, dict(enumerate(axes)))
                    fused.add(inner.symbol)
        return replace(node, body=_substituted(body, found)) if found else node
    return rebuild(node, {i: _replaced(child, bodies, fused, loops) for i, child in enumerate(inside(node))})


def _substituted(node: Node, found: dict[Load, Node]) -> Node:
    if isinstance(node, Load):
        return found.get(node, node)
    return (
        rebuild(node, {i: _substituted(child, found) for i, child in enumerate(inside(node))})
        if found
        else node
    )
