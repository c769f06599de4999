"""Feedback loops that the modeller names, held against the equations.

A comment names a loop by R (reinforcing) or B (balancing) and a number: "closes R4 joint action and trust". The
variables whose comments name one loop are said to close it; whether they do is looked up in the graph.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import networkx as nx

from ..errors import ArgumentError
from .circles import nearest_circle
from .signs import FALLS, RISES
from .structure import Structure

_NAMED = re.compile(r"\b([RB])(\d{1,2})\b((?: [a-z][\w-]*)*)")
_MOST_MARKS = 5  # variables that fit on a drawn ring
_POLARITIES = {"R": RISES, "B": FALLS}


@dataclass(frozen=True)
class Loop:
    """A named loop.

    code : 'R4'. title : 'joint action and trust', or ''. polarity : '+' or '-', as the letter says.
    named : variables, not constants, whose comments name it, in the model's order.
    circles : as few circles of that polarity as were found to pass through all of them, each the shortest.
    astray : those of `named` that lie on no such circle. A stock that drains by its own level is no circle here.
    shorter : circles of the other polarity through the same variables as one of `circles`, where one is shorter: a sign
        that the name may be the wrong way round, or that two loops run through the same variables.
    """

    code: str
    title: str
    polarity: str
    named: tuple[str, ...]
    circles: tuple[tuple[str, ...], ...]
    astray: tuple[str, ...]
    shorter: tuple[tuple[str, ...], ...] = ()

    @property
    def closed(self) -> bool:
        """Whether every variable that names the loop lies on a circle of its polarity."""
        return bool(self.named) and not self.astray


def named_loops(structure: Structure, code: str | None = None) -> list[Loop]:
    """The loops that comments name, R before B, by number.

    Parameters
    ----------
    code : str, optional
        Only this one, by its code ('R4') or its title.

    Raises
    ------
    ArgumentError
        No comment names it.
    """
    found = _mentions(structure)
    if code is not None:
        wanted = code.strip().lower()
        chosen = [c for c, (title, _) in found.items() if wanted in (c.lower(), title.lower())]
        if not chosen:
            raise ArgumentError(
                f"No comment of '{structure.name}' names the loop '{code}'.",
                remedy=f"Named are {', '.join(found)}." if found else "Write, say, 'R1 funds' into comments.",
            )
        found = {chosen[0]: found[chosen[0]]}
    return [_loop(structure, code, title, named) for code, (title, named) in found.items()]


def _mentions(structure: Structure) -> dict[str, tuple[str, list[str]]]:
    """By code the title and the variables, in order."""
    titles: dict[str, Counter[str]] = {}
    named: dict[str, dict[str, None]] = {}
    for name, data in structure.graph.nodes(data=True):
        for letter, number, words in _NAMED.findall(data["comment"]):
            code = f"{letter}{int(number)}"
            titles.setdefault(code, Counter())[words.strip()] += 1
            if data["kind"] != "constant":
                named.setdefault(code, {})[name] = None
    order = sorted(titles, key=lambda code: ("RB".index(code[0]), int(code[1:])))
    return {code: (_title(titles[code]), list(named.get(code, ()))) for code in order}


def _title(said: Counter[str]) -> str:
    """The words that stand most often behind the code; comments run on, so the shorter of equals."""
    ranked = sorted(said.items(), key=lambda item: (not item[0], -item[1], len(item[0])))
    return ranked[0][0]


def _loop(structure: Structure, code: str, title: str, named: Sequence[str]) -> Loop:
    polarity = _POLARITIES[code[0]]
    graph = nx.DiGraph(structure.moving)
    graph.remove_edges_from(list(nx.selfloop_edges(graph)))
    component: dict[str, int] = {
        name: i for i, part in enumerate(nx.strongly_connected_components(graph)) for name in part
    }
    circles: list[tuple[str, ...]] = []
    open_, astray = list(named), []
    while open_:
        circle = _widest(graph, open_, named, polarity, component)
        if circle is None:
            astray.append(open_.pop(0))
            continue
        circles.append(circle)
        open_ = [name for name in open_ if name not in circle]
    others = (_other(graph, circle, named, polarity) for circle in circles)
    shorter = tuple(circle for circle in others if circle)
    return Loop(code, title, polarity, tuple(named), tuple(circles), tuple(astray), shorter)


def _other(
    graph: nx.DiGraph, circle: Sequence[str], named: Sequence[str], polarity: str
) -> tuple[str, ...] | None:
    """The shortest circle of the other polarity through the named variables of this one, if it is shorter."""
    other = FALLS if polarity == RISES else RISES
    found = nearest_circle(graph, [name for name in circle if name in named], other)
    return tuple(found) if found and len(found) < len(circle) else None


def _widest(
    graph: nx.DiGraph, open_: Sequence[str], named: Sequence[str], polarity: str, component: dict[str, int]
) -> tuple[str, ...] | None:
    """The shortest circle through the first open variable and as many of the others as one circle can pass."""
    first = open_[0]
    others = [name for name in named if name != first and component[name] == component[first]]
    others.sort(key=lambda name: name not in open_)

    def rank(circle: list[str]) -> tuple[int, int]:
        return -sum(name in open_ for name in circle), len(circle)

    for count in range(len(others), -1, -1):
        tried = (nearest_circle(graph, [first, *chosen], polarity) for chosen in combinations(others, count))
        found: list[list[str]] = [circle for circle in tried if circle]
        if found:
            best = min(found, key=rank)
            return tuple(best)
    return None


def ring(structure: Structure, loop: Loop) -> tuple[str, list[tuple[str, bool]], list[tuple[str, int]]]:
    """A loop's first circle, short enough to draw.

    Returns
    -------
    title : str
    marks : list of (variable, whether it names the loop)
        Those that name it, and stocks on the way, at most `_MOST_MARKS`.
    links : list of (sign, count)
        From each mark to the next: the sign, and how many variables lie between.
    """
    circle, kinds = loop.circles[0], structure.graph.nodes(data="kind")
    kept = [name for name in circle if name in loop.named]
    for wanted in ("stock", "auxiliary"):
        for name in circle:
            if len(kept) < _MOST_MARKS and name not in kept and kinds[name] == wanted:
                kept.append(name)
    places = [i for i, name in enumerate(circle) if name in kept]
    links = []
    for place, following in zip(places, [*places[1:], places[0] + len(circle)], strict=True):
        path = [circle[i % len(circle)] for i in range(place, following + 1)]
        links.append((structure.polarity(path), len(path) - 2))
    title = f"{loop.code} {loop.title}".strip()
    return title, [(circle[i], circle[i] in loop.named) for i in places], links
