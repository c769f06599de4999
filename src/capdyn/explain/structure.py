"""The structure of a model, read off its equations: a graph of variables with signed links, by sector."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import networkx as nx

from ..errors import ArgumentError
from ..lang.model import CONTROLS
from ..lang.names import did_you_mean, key
from ..passes.partials import Pair
from ..passes.system import System
from ..run.open import Model
from .signs import BOTH, FALLS, JUMPS, RISES, STILL, Scenario, Slope, slopes

REGION, HOME = "Region", "Home"


@dataclass(frozen=True, eq=False)
class Structure:
    """What hangs on what.

    name : of the model.
    graph : networkx.DiGraph over variables by their name in the model; a node has `kind` ('stock', 'auxiliary',
        'constant'), `group` and `comment`, a link from what is read to what reads it has `sign` and `strength` as in
        `capdyn.explain.signs.Slope`. Delays and other hidden stocks are part of the link that they stand in.
    at : the element of each range for which signs hold.
    """

    name: str
    graph: nx.DiGraph
    at: dict[str, str]

    @property
    def moving(self) -> nx.DiGraph:
        """The graph without constants."""
        kinds = self.graph.nodes(data="kind")
        return self.graph.subgraph([name for name, kind in kinds if kind != "constant"])

    @property
    def sectors(self) -> list[str]:
        """Groups of the equation file, in its order; those without variables are left out."""
        return list(dict.fromkeys(group for _, group in self.graph.nodes(data="group") if group))

    def flows(self) -> dict[tuple[str, str], list[str]]:
        """For each two sectors the variables that the first hands to the second."""
        found: dict[tuple[str, str], dict[str, None]] = {}
        group = self.graph.nodes(data="group")
        for source, target in self.moving.edges:
            ends = (group[source], group[target])
            if all(ends) and ends[0] != ends[1]:
                found.setdefault(ends, {})[source] = None
        return {ends: list(names) for ends, names in found.items()}

    def variable(self, name: str) -> str:
        """The variable's name as the model writes it.

        Raises
        ------
        ArgumentError
            It is not in the model.
        """
        for known in self.graph:
            if key(known) == key(name):
                return str(known)
        raise ArgumentError(
            f"'{name}' is not a variable of '{self.name}'.", remedy=did_you_mean(name, self.graph)
        )

    def polarity(self, path: Sequence[str]) -> str:
        """Product of the signs of the links along a path; a circle ends where it begins."""
        found = RISES
        for link in pairwise(path):
            found = times(found, self.graph.edges[link]["sign"])
        return found


def structure(
    model: Model,
    scenarios: Iterable[Scenario] | None = None,
    at: Mapping[str, str] | None = None,
    constants: bool = True,
) -> Structure:
    """The structure of a model with the signs of its links.

    Parameters
    ----------
    model : Model
    scenarios : iterable, optional
        Runs along which slopes are looked at; by default those in the model's folder `scenarios`, or the model as it
        is. A sign holds for the states that they visit.
    at : mapping, optional
        Element by subscript range, for which links are looked at, such as `{"Region": "Home"}`, the default where the
        model has that range (or its first element).
    constants : bool
        Links from constants too. Loops and sectors do without, at less than half the time to compile.

    Returns
    -------
    Structure

    Raises
    ------
    ArgumentError, ScenarioError
        Unknown range, element or scenario.
    """
    where = _places(model.system, at)
    if scenarios is None:
        scenarios = [name for name in model.scenarios if "/" not in name] or [None]
    found = slopes(model, list(scenarios), where, constants)
    return Structure(model.name, _graph(model, found), where)


def times(a: str, b: str) -> str:
    """Sign of two links one after the other."""
    for unknown in (STILL, JUMPS, BOTH):
        if unknown in (a, b):
            return unknown
    return RISES if a == b else FALLS


def beside(a: str, b: str) -> str:
    """Sign of two links side by side."""
    if a == b or b == STILL:
        return a
    if a == STILL:
        return b
    return JUMPS if JUMPS in (a, b) else BOTH


def _places(system: System, at: Mapping[str, str] | None) -> dict[str, str]:
    """The element of each range, as the model writes both."""
    ranges = {
        key(dim): (dim, elements)
        for symbol in system.symbols.values()
        for dim, elements in zip(symbol.dims, symbol.elements, strict=True)
        if symbol.variable
    }
    if at is None:
        if key(REGION) not in ranges:
            return {}
        dim, elements = ranges[key(REGION)]
        return {dim: HOME if HOME in elements else elements[0]}
    found = {}
    for name, element in at.items():
        if key(name) not in ranges:
            known = [dim for dim, _ in ranges.values()]
            raise ArgumentError(
                f"'{name}' is not a subscript range of '{system.name}'.",
                remedy=did_you_mean(name, known) or f"Its ranges are {', '.join(known) or 'none'}.",
            )
        dim, elements = ranges[key(name)]
        match = [label for label in elements if key(label) == key(element)]
        if not match:
            raise ArgumentError(
                f"'{element}' is not an element of '{dim}'.",
                remedy=did_you_mean(element, elements) or f"Its elements are {', '.join(elements)}.",
            )
        found[dim] = match[0]
    return found


def _graph(model: Model, found: Mapping[Pair, Slope]) -> nx.DiGraph:
    """Variables and their links; the time settings left out."""
    system, source = model.system, model.source
    written_to = {rate: state for state, rate in (*system.derivatives.items(), *system.memories.items())}
    raw = nx.DiGraph()
    kinds = {"state": "stock", "parameter": "constant", "constant": "constant"}
    for symbol in system.symbols.values():
        if symbol.variable and symbol.name not in CONTROLS:
            variable = source.variables[symbol.name]
            kind = kinds.get(symbol.kind, "auxiliary")
            raw.add_node(symbol.name, kind=kind, group=variable.group, comment=variable.comment)
    for (read, target), slope in found.items():
        ends = (written_to.get(read, read), written_to.get(target, target))
        if not set(ends) & set(CONTROLS):
            _add(raw, *ends, slope)
    for name in [name for name in raw if "kind" not in raw.nodes[name]]:
        for before in list(raw.predecessors(name)):
            for after in list(raw.successors(name)):
                if name not in (before, after):
                    first, then = raw.edges[before, name], raw.edges[name, after]
                    sign = times(first["sign"], then["sign"])
                    _add(raw, before, after, Slope(sign, first["strength"] * then["strength"]))
        raw.remove_node(name)
    return nx.relabel_nodes(raw, {name: system.symbols[name].variable for name in raw})


def _add(graph: nx.DiGraph, source: str, target: str, slope: Slope) -> None:
    """Adds a link, beside one that may be there already."""
    sign, strength = slope.sign, slope.strength
    if graph.has_edge(source, target):
        there = graph.edges[source, target]
        sign, strength = beside(there["sign"], sign), max(there["strength"], strength)
    graph.add_edge(source, target, sign=sign, strength=strength)
