"""What a model is differentiated by: elements of constants, first values of stocks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ..emit.engine import Engine
from ..errors import ArgumentError, ScenarioError
from ..lang.model import CONTROLS
from ..passes.system import Symbol
from .address import Mistake, Place, address_of, everywhere, find_places, find_symbol
from .open import Model


@dataclass(frozen=True)
class Input:
    """An element of a constant or, for its first value, of a stock."""

    symbol: Symbol
    place: Place

    @property
    def label(self) -> str:
        return address_of(self.symbol, self.place)

    def slot(self, machine: Engine, name: str = "") -> int:
        """Its slot; or that in another symbol with the same elements, but for a leading dimension of 1."""
        shape = self.symbol.shape
        offset = int(np.ravel_multi_index(self.place, shape)) if shape else 0
        return machine.layout.start[name or self.symbol.name] + offset


def find_inputs(model: Model, parameters: Iterable[str] | None, initial: Iterable[str]) -> list[Input]:
    """Elements that the caller names, each once, in that order; without names, the constants that have a range.

    Raises
    ------
    ScenarioError, ArgumentError
        Unknown names, time settings, nothing at all.
    """
    found: dict[tuple[str, Place], Input] = {}
    if parameters is None:
        ranged = [s for s in model.system.of_kind("parameter") if s.limits != (None, None) and s.variable]
        for symbol in ranged:
            if symbol.name not in CONTROLS:
                found |= {(symbol.name, place): Input(symbol, place) for place in everywhere(symbol)}
    wanted = {
        "parameters": ([parameters] if isinstance(parameters, str) else parameters or (), "parameter"),
        "initial": ([initial] if isinstance(initial, str) else initial, "state"),
    }
    for argument, (addresses, kind) in wanted.items():
        for address in addresses:
            try:
                symbol, subscripts = find_symbol(model.system, address, kind)
                places = find_places(symbol, subscripts)
            except Mistake as mistake:
                raise ScenarioError(f"{argument}: {mistake.what}", remedy=mistake.remedy) from None
            if symbol.name in CONTROLS:
                raise ArgumentError(
                    f"parameters: '{symbol.variable}' is a time setting, and a run is not differentiable in it.",
                    remedy="Leave it out; capdyn.simulate(step=...) shows what a shorter step changes.",
                )
            found |= {(symbol.name, place): Input(symbol, place) for place in places}
    if not found:
        raise ArgumentError(
            "parameters: there is nothing to differentiate by"
            + ("; no constant of the model has a range." if parameters is None else "."),
            remedy="Name constants in parameters=[...], or give them a range [min, max] in the equation file.",
        )
    return list(found.values())
