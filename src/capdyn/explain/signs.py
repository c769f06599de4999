"""Signs of links: the exact slope of each equation in what it reads, at the states that some runs visit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from ..passes.differentiate import tangent_name
from ..passes.partials import Pair, pairs, partials, slope_name
from ..passes.system import Symbol, System
from ..run.clock import Clock
from ..run.open import Model
from ..run.scenario import Settings, resolve
from ..run.simulate import begin, fill, given_states, read_clock, sow

RISES, FALLS, BOTH, STILL, JUMPS = "+", "-", "±", "0", "?"
MEANINGS = {
    RISES: "rises with it",
    FALLS: "falls as it rises",
    BOTH: "rises or falls, by the state or the element",
    STILL: "does not move in the states visited",
    JUMPS: "has no slope: it jumps, or is multiplied by zero",
}
_INSTANTS = 9  # of each run, evenly spaced
_MOST = 1e3  # a strength beyond this says no more than that the level was near zero
_ROUNDING = 1e-9  # of the largest slope of a link: less on the other side is no more than rounding
Scenario = str | Path | Mapping[str, Any] | None


@dataclass(frozen=True)
class Slope:
    """What is known of a link.

    sign : a key of `MEANINGS`.
    strength : by how many per cent what reads moves if what is read rises by one per cent everywhere, the largest mean
        over elements in any state visited; for a stock, over a whole run.
    """

    sign: str
    strength: float = 0.0


def slopes(
    model: Model, scenarios: Sequence[Scenario], at: Mapping[str, str], constants: bool = True
) -> dict[Pair, Slope]:
    """Sign and strength of each link between symbols.

    Parameters
    ----------
    model : Model
    scenarios : sequence
        Runs along which slopes are looked at. Values that are not finite say nothing.
    at : mapping
        Element by subscript range: where a symbol has that range, only this element is moved and looked at; of other
        ranges all elements rise together, and all of them are looked at.
    constants : bool
        Links from constants too.
    """
    looked = _Look(model, at, constants)
    for scenario in scenarios:
        looked.along(scenario)
    return looked.found()


class _Look:
    """The engine that gives slopes, and the least, greatest and strongest seen of each so far."""

    def __init__(self, model: Model, at: Mapping[str, str], constants: bool):
        self.model, self.at, self.constants = model, at, constants
        where = ", ".join(f"{dim}={element}" for dim, element in sorted(at.items()))
        self.machine = model.derived(f"slopes at {where}, {constants}", self._slopes_only)
        self.pairs = pairs(model.system, constants)
        start = self.machine.layout.start  # elsewhere than it is looked at, a link has no slope
        sloped = [pair for pair, has in self.pairs.items() if has and slope_name(pair) in start]
        self.slots = {pair: self._slots(slope_name(pair), pair[1]) for pair in sloped}
        self.own = {pair: self._slots(self._level(pair[1]), pair[1]) for pair in sloped}
        self.lows, self.highs = dict.fromkeys(sloped, 0.0), dict.fromkeys(sloped, 0.0)
        self.strengths = dict.fromkeys(sloped, 0.0)

    def _slopes_only(self, system: System) -> System:
        """The slopes alone; all that they need is written from outside."""
        whole = partials(system, lambda symbol: _axes(symbol, self.at), self.constants)
        own = whole.outputs[len(system.outputs) :]
        return replace(whole, constants=(), initial=(), flows=(), outputs=own)

    def _slots(self, name: str, like: str) -> np.ndarray:
        """Slots of a symbol's elements that are looked at; `like` has the same elements."""
        symbol = self.model.system.symbols[like]
        places = list(product(*_axes(symbol, self.at)))
        offsets = [int(np.ravel_multi_index(place, symbol.shape)) if place else 0 for place in places]
        return self.machine.layout.start[name] + np.array(offsets)

    def _level(self, target: str) -> str:
        """What a link's strength is measured against: the stock of a derivative, else the symbol itself."""
        return self._stocks().get(target, target)

    def _stocks(self) -> dict[str, str]:
        return {rate: stock for stock, rate in self.model.system.derivatives.items()}

    def along(self, scenario: Scenario) -> None:
        """Looks at the states of one run."""
        stocks = self._stocks()
        for span, plain, scaled in _states(self.model, scenario, self.machine):
            for pair, places in self.slots.items():
                seen = plain[places]
                seen = seen[np.isfinite(seen) & np.isfinite(plain[self.own[pair]])]
                self.lows[pair] = min(self.lows[pair], float(seen.min(initial=0.0)))
                self.highs[pair] = max(self.highs[pair], float(seen.max(initial=0.0)))
                time = span if pair[1] in stocks else 1.0
                level, moved = np.abs(plain[self.own[pair]]), np.abs(scaled[places]) * time
                fine = np.isfinite(level) & np.isfinite(moved) & (level > 0.0)
                if fine.any():
                    mean = float(np.minimum(moved[fine] / level[fine], _MOST).mean())
                    self.strengths[pair] = max(self.strengths[pair], mean)

    def found(self) -> dict[Pair, Slope]:
        """What was seen of each link."""
        return {pair: self._slope(pair) if has else Slope(JUMPS) for pair, has in self.pairs.items()}

    def _slope(self, pair: Pair) -> Slope:
        if pair not in self.slots:
            return Slope(STILL)
        return Slope(_sign(self.lows[pair], self.highs[pair]), self.strengths[pair])


def _axes(symbol: Symbol, at: Mapping[str, str]) -> list[Sequence[int]]:
    """Positions along each dimension that are looked at."""
    return [
        [elements.index(at[dim])] if at.get(dim) in elements else range(len(elements))
        for dim, elements in zip(symbol.dims, symbol.elements, strict=True)
    ] or [range(length) for length in symbol.shape]


def _sign(low: float, high: float) -> str:
    small = _ROUNDING * max(-low, high)
    if low < -small:
        return BOTH if high > small else FALLS
    return RISES if high > small else STILL


def _states(model: Model, scenario: Scenario, machine: Any) -> Iterator[tuple[float, np.ndarray, np.ndarray]]:
    """Length of the run, and at instants of it the slots of `machine`, each of shape (n_slots,).

    First with slopes for a rise by one of all that is read, then for a rise by its own level.
    """
    settings = resolve(model.system, scenario, model.folder)
    clock, times, rows, start = _march(model, settings)
    layout, system = machine.layout, model.system
    kept = [s for s in system.symbols.values() if s.name in start and s.name in layout.start]
    into = np.concatenate([np.array(layout.slots(s.name)) for s in kept])
    out_of = np.concatenate([start[s.name] + np.arange(s.size) for s in kept])
    seeds = {
        s.name: list(layout.slots(tangent_name(s.name))) for s in kept if tangent_name(s.name) in layout.start
    }
    given = {name: np.array(layout.system.symbols[tangent_name(name)].values) for name in seeds}
    for time, row in zip(times, rows, strict=True):
        found = []
        for scaled in (False, True):
            values = machine.values()
            values[into] = row[out_of][:, None]
            for name, slots in seeds.items():
                level = np.abs(values[list(layout.slots(name)), 0]) if scaled else 1.0
                values[slots] = (given[name] * level)[:, None]
            # What the compiled engine took out as constant is computed from constants and directions.
            machine.run("constants", values, time, time, clock.step)
            machine.run("outputs", values, time, time, clock.step)
            found.append(values[:, 0])
        yield clock.final - clock.initial, found[0], found[1]


def _march(model: Model, settings: Settings) -> tuple[Clock, np.ndarray, np.ndarray, dict[str, int]]:
    """Clock, times, all slots at these times, shape (n_times, n_slots), and the slot where each symbol begins."""
    machine = model.engine("kernel", given_states(settings))
    values = machine.values()
    fill(machine, values, settings)
    sow(machine, values, 0, np.arange(1))
    clock = read_clock(machine, values, settings, model)
    if not clock.is_fixed:
        clock = replace(clock, method="rk4")  # states on the way are enough, to whatever accuracy
    begin(machine, values, clock)
    steps = clock.steps
    instants = np.unique(np.linspace(0, steps.saves[-1], _INSTANTS).astype(np.int64))
    every = np.arange(machine.layout.own, dtype=np.int64)
    out = np.empty((len(instants), len(every), machine.lanes))
    marks = np.empty(machine.lanes, dtype=np.int64)
    machine.march(clock.method, values, replace(steps, saves=instants), every, out, marks)
    return clock, steps.at(instants), out[:, :, 0], dict(machine.layout.start)
