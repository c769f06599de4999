"""Layers of a scenario put on one another over a model: levers, shocks, constants, first values, time settings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import Problem
from ..lang.model import CONTROLS
from ..lang.names import did_you_mean, key
from ..passes.system import Symbol, System
from .address import (
    Mistake,
    Place,
    check_limits,
    everywhere,
    find_element,
    find_places,
    find_symbol,
    labels_of,
    spread,
)
from .clock import ALL_METHODS
from .scenario_file import Form, Layer

# Keys of [time] and the model's control variables.
TIMES = dict(zip(("initial", "final", "step", "saveper"), CONTROLS, strict=True))
INTENSITY = "lever intensity"
_ONE_WORD = re.compile(r"[\s_]+")


@dataclass(frozen=True)
class Source:
    """Where a value was set: its layer and path; `path[0]` is the section."""

    layer: Layer
    path: tuple[str, ...]


@dataclass
class Overlay:
    """What is set so far, while layers are put on one another.

    values : by symbol and place, parameters and stocks alike; sources : where each was set last.
    levers : by label, the keys of its table. shocks : (shock, key) by the symbol that they set.
    time, method : as in `Settings`; clock : where a time was set last.
    """

    system: System
    problems: list[Problem]
    values: dict[str, dict[Place, float]] = field(default_factory=dict)
    sources: dict[tuple[str, Place], Source] = field(default_factory=dict)
    levers: dict[str, dict[str, float | str]] = field(default_factory=dict)
    shocks: dict[str, tuple[str, str]] = field(default_factory=dict)
    time: dict[str, float] = field(default_factory=dict)
    method: str | None = None
    clock: Source | None = None

    def apply(self, layer: Layer) -> None:
        """Puts a layer on top."""
        form = layer.form
        if form.levers and INTENSITY not in self.system.symbols:
            what = f"The model '{self.system.name}' has no levers."
            self._note(layer, ("levers",), Mistake(what, "Set its constants in [parameters]."))
        else:
            for name, lever in form.levers.items():
                self._lever(layer, name, lever)
        for shock, keys in form.shocks.items():
            for word, value in keys.items():
                self._shock(layer, shock, word, value)
        self._addresses(layer, "parameters", "parameter", form.parameters)
        self._addresses(layer, "initial", "state", form.initial)
        self._clock(layer, form)

    def _note(self, layer: Layer, path: tuple[str, ...], mistake: Mistake) -> None:
        self.problems.append(layer.problem(path, mistake.what, mistake.remedy))

    def _write(self, source: Source, symbol: Symbol, values: dict[Place, float]) -> None:
        check_limits(symbol, values)
        self.values.setdefault(symbol.name, {}).update(values)
        self.sources.update({(symbol.name, place): source for place in values})

    def _lever(self, layer: Layer, name: str, lever: dict[str, Any]) -> None:
        """Lever intensity[lever,region], Lever start[lever], Lever stop[lever]."""
        path = ("levers", name)
        try:
            label = find_element(self.system.symbols[INTENSITY], 0, name, "lever")
        except Mistake as mistake:
            return self._note(layer, path, mistake)
        merged = self.levers.setdefault(label, {})
        given: dict[str, float] = {word: number for word, number in lever.items() if word != "region"}
        merged |= given
        region: list[str] = []
        try:
            region = self._region(label, lever.get("region"))
            if region:
                merged["region"] = region[0]
            if "region" in lever and "intensity" in merged:
                given["intensity"] = float(merged["intensity"])
        except Mistake as mistake:
            given.pop("intensity", None)
            self._note(layer, (*path, "region"), mistake)
        for word, number in given.items():
            try:
                symbol, _ = find_symbol(self.system, f"Lever {word}", "parameter")
                subscripts = [label, *region][: len(symbol.dims)] or None
                self._write(Source(layer, (*path, word)), symbol, spread(symbol, subscripts, number))
            except Mistake as mistake:
                self._note(layer, (*path, word), mistake)

    def _region(self, label: str, wanted: str | None) -> list[str]:
        """Where a lever acts, if the model's levers act somewhere: as said now, or before, or the first region."""
        intensity = self.system.symbols[INTENSITY]
        if len(intensity.dims) < 2:
            if wanted is not None:
                raise Mistake(f"The levers of '{self.system.name}' have no region.", "Leave `region` out.")
            return []
        before = str(self.levers[label].get("region", intensity.elements[1][0]))
        region = before if wanted is None else find_element(intensity, 1, wanted, "region")
        self._forget(label, region != before)
        return [region]

    def _forget(self, label: str, moved: bool) -> None:
        """Takes back the intensity of a lever in the region that it has left."""
        if not moved:
            return
        symbol = self.system.symbols[INTENSITY]
        for place in find_places(symbol, [label, "*"]):
            source = self.sources.get((INTENSITY, place))
            if source is not None and source.path[0] == "levers":
                del self.values[INTENSITY][place], self.sources[INTENSITY, place]

    def _shock(self, layer: Layer, shock: str, word: str, value: Any) -> None:
        """Key `word` of a shock is the constant "<shock> <word>"."""
        path = ("shocks", shock, word)
        try:
            if key(f"{shock} {word}") not in self.system.symbols:
                raise self._no_shock(shock, word)
            symbol, _ = find_symbol(self.system, f"{shock} {word}", "parameter")
            self._write(Source(layer, path), symbol, spread(symbol, None, value))
            parts, count = _ONE_WORD.split(symbol.variable), len(key(word).split())
            self.shocks[symbol.name] = (" ".join(parts[:-count]), " ".join(parts[-count:]))
        except Mistake as mistake:
            self._note(layer, path, mistake)

    def _no_shock(self, shock: str, word: str) -> Mistake:
        """The mistake: either the shock is not there, or it has other constants."""
        constants = [s.variable for s in self.system.of_kind("parameter")]
        own = [name[len(shock) :].strip() for name in constants if key(name).startswith(f"{key(shock)} ")]
        if own:
            return Mistake(
                f"'{shock}' has no '{word}': there is no constant '{shock} {word}'.",
                did_you_mean(word, own) or f"It has {', '.join(own)}.",
            )
        shocks = dict.fromkeys(name.rsplit(" ", 1)[0] for name in constants if " " in name)
        return Mistake(
            f"There is no shock '{shock}': there is no constant '{shock} {word}'.",
            did_you_mean(shock, shocks) or "`capdyn info` lists all constants.",
        )

    def _addresses(self, layer: Layer, section: str, kind: str, given: Mapping[str, Any]) -> None:
        """[parameters] or [initial]: whole arrays first, so that single elements win."""
        found: list[tuple[Symbol, dict[Place, float], str]] = []
        same: dict[tuple[str, frozenset[Place]], str] = {}
        for address, value in given.items():
            try:
                symbol, subscripts = find_symbol(self.system, address, kind)
                values = spread(symbol, subscripts, value)
                earlier = same.setdefault((symbol.name, frozenset(values)), address)
                if earlier != address:
                    raise Mistake(f"'{address}' sets the same as '{earlier}'.", "Remove one of them.")
                found.append((symbol, values, address))
            except Mistake as mistake:
                self._note(layer, (section, address), mistake)
        for symbol, values, address in sorted(found, key=lambda entry: -len(entry[1])):
            source = Source(layer, (section, address))
            try:
                self._write(source, symbol, values)
            except Mistake as mistake:
                self._note(layer, source.path, mistake)
            if symbol.name in CONTROLS:
                self.time[symbol.name] = values[()]
                self.clock = source

    def _clock(self, layer: Layer, form: Form) -> None:
        """[time]; a control that is a constant of the model is also set there."""
        for word, number in form.time.items():
            if word == "method":
                continue
            source = Source(layer, ("time", word))
            symbol = self.system.symbols[TIMES[word]]
            self.time[symbol.name] = number
            self.clock = source
            if symbol.kind == "parameter":
                try:
                    self._write(source, symbol, {(): number})
                except Mistake as mistake:
                    self._note(layer, source.path, mistake)
        if "method" not in form.time:
            return
        self.method = form.time["method"].strip().lower()
        if self.method not in ALL_METHODS and layer.label != "method":
            what = Mistake(
                f"Method '{self.method}' is not known.", f"Choose one of {', '.join(ALL_METHODS)}."
            )
            self._note(layer, ("time", "method"), what)

    def check(self) -> None:
        """What can only be seen when all layers are there: levers that stop before they start, impossible times."""
        self._check_levers()
        # What a call says is checked by `capdyn.run.clock`, with the same words.
        if self.clock is not None and self.clock.layer.label != "step":
            self._check_clock(self.clock)

    def _check_clock(self, source: Source) -> None:
        first, last, step, saveper = (self._value(self.system.symbols[name], ()) for name in CONTROLS)
        first, last, step, saveper = (self._value(self.system.symbols[name], ()) for name in CONTROLS)
        said = []
        if _below(last, first):
            what = f"The run would end at {last:g}, before it begins at {first:g}."
            said.append(Mistake(what, "Set `final` after `initial`."))
        if step is not None and step <= 0:
            said.append(Mistake(f"The time step is {step:g}.", "It must be positive."))
        if saveper is not None and saveper <= 0:
            said.append(Mistake(f"SAVEPER is {saveper:g}.", "It must be positive."))
        for mistake in said:
            self._note(source.layer, source.path, mistake)

    def _check_levers(self) -> None:
        start, stop = (self.system.symbols.get(f"lever {word}") for word in ("start", "stop"))
        if start is None or stop is None or start.shape != stop.shape:
            return
        for place in everywhere(start):
            source = self.sources.get((stop.name, place)) or self.sources.get((start.name, place))
            first, last = self._value(start, place), self._value(stop, place)
            if source is not None and _below(last, first):
                what = f"Lever '{labels_of(start, place)[0]}' starts at {first:g} and stops at {last:g}."
                self._note(source.layer, source.path, Mistake(what, "Let it stop after it starts."))

    def _value(self, symbol: Symbol, place: Place) -> float | None:
        """The value of a parameter or time setting as things stand; None where an equation gives it."""
        if symbol.name in self.time:
            return self.time[symbol.name]
        if symbol.kind != "parameter":
            return None
        written = dict(zip(everywhere(symbol), symbol.values, strict=True))
        return self.values.get(symbol.name, {}).get(place, written[place])

    def set_in(self, section: str) -> Iterator[tuple[Symbol, dict[Place, float]]]:
        """What a section has set and nothing later has overridden, in the order of the equation file."""
        for name, symbol in self.system.symbols.items():
            values = self.values.get(name, {})
            kept = (
                {
                    place: values[place]
                    for place in everywhere(symbol)
                    if place in values and self.sources[name, place].path[0] == section
                }
                if values
                else {}
            )
            if kept:
                yield symbol, kept


def _below(a: float | None, b: float | None) -> bool:
    return a is not None and b is not None and a < b
