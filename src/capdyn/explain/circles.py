"""Circles in a graph of signed links: the nearest one through given variables, of a given polarity.

A link is as long as it is weak (`length`), so that of two ways with as many links the stronger is nearer. A shortest
walk through all the variables is easy (a search over places and what is still to be passed); it may pass one
twice, and a feedback loop must not. So the circle is looked for depth first, deeper and deeper (IDA*, Korf 1985), and
the length of the shortest walk that is left tells which ways cannot be short enough.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from heapq import heappop, heappush

import networkx as nx

from .signs import FALLS, RISES

_MOST_PASSED = 12  # variables that one circle is asked to pass: the search grows as 2 to this power
_MOST_TRIED = 200_000  # links, until the search gives up
_DETOUR = 12  # beyond the shortest walk
_LONGEST = 4  # beyond 1, of the weakest link
_Place = tuple[str, int, bool]


def length(strength: float) -> int:
    """Length of a link: 1 if it hands on at least a third of what moves it, one more for every factor of ten below."""
    return (
        1 + min(_LONGEST, max(0, math.ceil(-math.log10(strength) - 0.5))) if strength > 0.0 else 1 + _LONGEST
    )


def nearest_circle(graph: nx.DiGraph, through: Sequence[str], polarity: str) -> list[str] | None:
    """The shortest simple circle of a polarity through all the variables; links of no certain sign are not used.

    Parameters
    ----------
    graph : networkx.DiGraph  links with `sign` and `strength`.
    through : sequence of str  in any order.
    polarity : str  '+' reinforcing, '-' balancing.

    Returns
    -------
    list of str or None
        The variables in their order, beginning with the first of `through`; None if there is none, or none was found
        within the limits of the search.
    """
    if len(through) > _MOST_PASSED:
        return None
    return _Search(graph, list(through), polarity).run()


class _Search:
    """One search. A place in it is (variable, what has been passed as bits, whether the sign has turned)."""

    def __init__(self, graph: nx.DiGraph, through: list[str], polarity: str):
        turns = {RISES: False, FALLS: True}
        self.next = {
            name: [
                (str(to), turns[link["sign"]], length(link["strength"]))
                for _, to, link in graph.out_edges(name, data=True)
                if link["sign"] in turns
            ]
            for name in graph
        }
        self.start = through[0]
        self.bit = {name: 1 << i for i, name in enumerate(through)}
        self.all = (1 << len(through)) - 1
        self.goal = (self.start, self.all, turns[polarity])
        self.left = self._left()
        self.tried = 0

    def _step(self, place: _Place, to: str, turn: bool) -> _Place:
        return to, place[1] | self.bit.get(to, 0), place[2] != turn

    def _left(self) -> dict[_Place, int]:
        """Length of the shortest walk to the goal from each place that the start leads to."""
        begin = (self.start, 0, False)
        before: dict[_Place, list[tuple[_Place, int]]] = {begin: []}
        waiting = [begin]
        while waiting:
            place = waiting.pop()
            if place == self.goal:
                continue
            for to, turn, long in self.next[place[0]]:
                after = self._step(place, to, turn)
                if after not in before:
                    before[after] = []
                    waiting.append(after)
                before[after].append((place, long))
        found: dict[_Place, int] = {}
        queue = [(0, self.goal)] if self.goal in before else []
        while queue:
            so_far, place = heappop(queue)
            if place in found:
                continue
            found[place] = so_far
            for earlier, long in before[place]:
                if earlier not in found:
                    heappush(queue, (so_far + long, earlier))
        return found

    def run(self) -> list[str] | None:
        begin = (self.start, 0, False)
        if begin not in self.left:
            return None
        for limit in range(self.left[begin], self.left[begin] + _DETOUR + 1):
            found = self._deeper(begin, [self.start], {self.start}, limit)
            if found or self.tried > _MOST_TRIED:
                return found
        return None

    def _deeper(self, place: _Place, path: list[str], passed: set[str], limit: int) -> list[str] | None:
        """The rest of a circle that is at most `limit` longer, behind `path`."""
        for to, turn, long in self.next[place[0]]:
            after = self._step(place, to, turn)
            if self.left.get(after, limit) > limit - long:
                continue
            self.tried += 1
            if after == self.goal:
                return path
            if to in passed or self.tried > _MOST_TRIED:
                continue
            found = self._deeper(after, [*path, to], passed | {to}, limit - long)
            if found:
                return found
        return None
