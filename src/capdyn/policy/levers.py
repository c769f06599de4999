"""Levers of a model, and packages of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

import numpy as np

from ..errors import ArgumentError
from ..lang.names import did_you_mean, key
from ..passes.system import System
from ..run.address import write_address

INTENSITY, START, STOP, GENERATION = "lever intensity", "lever start", "lever stop", "lever generation"


@dataclass(frozen=True)
class Package:
    """Levers that are pulled together, for a time.

    weights : by lever; all intensities rise with one scale, `scale * weight` up to the most that the model allows.
    start, stop : in the model's time.
    constants : by address of one element; what else is different where this package is pulled, such as a fee.
    """

    name: str
    weights: dict[str, float]
    start: float = 0.0
    stop: float = 15.0
    kind: str = "package"
    constants: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Levers:
    """The levers that a model has in a region.

    names : in the model's order. region : where they are pulled, '' in a model without regions.
    most : intensity up to which the model's range goes.
    generations : lever by generation, empty in a model without generations.
    """

    names: tuple[str, ...]
    region: str
    most: float
    generations: dict[str, tuple[str, ...]]

    def address(self, lever: str) -> str:
        """The constant that holds the intensity of a lever."""
        return write_address("Lever intensity", [lever, self.region] if self.region else [lever])

    def find(self, name: str) -> str:
        """The lever's name as the model writes it.

        Raises
        ------
        ArgumentError
            There is none of that name.
        """
        for lever in self.names:
            if key(lever) == key(name):
                return lever
        raise ArgumentError(
            f"There is no lever '{name}'.",
            remedy=did_you_mean(name, self.names) or f"The levers are {', '.join(self.names)}.",
        )


def read_levers(system: System, region: str | None = None) -> Levers:
    """The levers of a model.

    Parameters
    ----------
    region : str, optional
        Where they are pulled; by default the first element of the intensities' second range.

    Raises
    ------
    ArgumentError
        A model without levers, or an unknown region.
    """
    intensity = system.symbols.get(INTENSITY)
    missing = [name for name in (INTENSITY, START, STOP) if name not in system.symbols]
    if intensity is None or missing or not 1 <= len(intensity.shape) <= 2:
        raise ArgumentError(
            f"The model '{system.name}' has no levers.",
            remedy="Give it the range Lever and the constants Lever intensity[Lever], Lever start[Lever] and "
            "Lever stop[Lever]; see docs/scenarios.md.",
        )
    places = intensity.elements[1] if len(intensity.shape) == 2 else ()
    where = places[0] if places else ""
    if region is not None:
        found = [place for place in places if key(place) == key(region)]
        if not found:
            near = did_you_mean(region, places) or f"There are {', '.join(places) or 'no regions'}."
            raise ArgumentError(f"There is no region '{region}'.", remedy=near)
        where = found[0]
    most = intensity.limits[1]
    return Levers(
        intensity.elements[0],
        where,
        1.0 if most is None else most,
        _generations(system, intensity.elements[0]),
    )


def _generations(system: System, levers: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Levers by generation, from a constant of zeros and ones."""
    table = system.symbols.get(GENERATION)
    if table is None or len(table.shape) != 2 or table.kind != "parameter" or table.elements[0] != levers:
        return {}
    belongs = np.reshape(table.values, table.shape) > 0.0
    return {
        name: tuple(lever for lever, yes in zip(levers, column, strict=True) if yes)
        for name, column in zip(table.elements[1], belongs.T, strict=True)
    }


def generations(levers: Levers, start: float, stop: float) -> list[Package]:
    """One package a generation, all its levers at one intensity."""
    return [
        Package(f"{name} generation", dict.fromkeys(members, 1.0), start, stop, "generation")
        for name, members in levers.generations.items()
        if members
    ]


def singles(names: Iterable[str], start: float, stop: float) -> list[Package]:
    """Each lever alone."""
    return [Package(name, {name: 1.0}, start, stop, "lever") for name in names]


def pairs(names: Iterable[str], costs: dict[str, float], start: float, stop: float) -> list[Package]:
    """Every two levers, each with half of the outlay as long as both can spend it.

    costs : discounted outlay of each lever alone at an intensity of 1.
    """
    return [
        Package(f"{a} + {b}", {a: 1.0 / costs[a], b: 1.0 / costs[b]}, start, stop, "pair")
        for a, b in combinations(names, 2)
        if costs[a] > 0.0 and costs[b] > 0.0
    ]


def parts(package: Package) -> list[Package]:
    """Each lever of a package alone, at the weight that it has in it."""
    return [
        replace(package, name=lever, weights={lever: weight}, kind="part")
        for lever, weight in package.weights.items()
    ]
