"""The inputs of a study: names and patterns become elements of constants with distributions, in groups, with
correlations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from fnmatch import fnmatchcase

import numpy as np

from ..lang.names import did_you_mean, key
from ..passes.system import Symbol
from ..run.address import (
    Mistake,
    address_of,
    check_limits,
    everywhere,
    find_places,
    find_symbol,
    parse_address,
    write_address,
)
from ..run.grid import behind_the_clock
from ..run.lookups import WAYS, constant_of, find_lookup
from ..run.open import Model
from ..run.scenario import Settings
from .form import InputForm, RangesForm
from .read_distribution import distribution_of
from .study import StudyInput

SECTOR = "sector:"


class Constants:
    """A model's constants as the study's scenarios leave them.

    settings : of each scenario. differing : symbols that they do not set alike.
    """

    def __init__(self, model: Model, settings: list[Settings]):
        self.model, self.settings = model, settings
        self.clock = behind_the_clock(model.system)
        self.differing = {
            name
            for name in {name for own in settings for name in own.parameters}
            if any(
                not np.array_equal(self._array(name, own), self._array(name, settings[0])) for own in settings
            )
        }

    def _array(self, name: str, settings: Settings) -> np.ndarray:
        symbol = self.model.system.symbols[name]
        written = np.array(symbol.values, dtype=float).reshape(symbol.shape)
        return settings.parameters.get(name, written)

    def value(self, symbol: Symbol, place: tuple[int, ...]) -> float:
        """The value in the first scenario."""
        return float(self._array(symbol.name, self.settings[0])[place])

    def find(self, address: str) -> tuple[Symbol, list[tuple[int, ...]]]:
        """Symbol and places of an address; a Mistake if it is nothing that may vary."""
        symbol, subscripts = find_symbol(self.model.system, address, "parameter")
        places = find_places(symbol, subscripts)
        if symbol.name in self.clock:
            raise Mistake(
                f"'{symbol.variable}' sets the time of runs, which all members share.",
                "Leave it out, or make a scenario of each value.",
            )
        if symbol.name in self.differing:
            raise Mistake(
                f"'{symbol.variable}' differs between the scenarios, and an input is the same in all of them.",
                "Leave it out of the inputs, or study one scenario.",
            )
        return symbol, places

    def ranged(self) -> Iterator[tuple[Symbol, str]]:
        """Constants with both ends of a range that may vary, and the sector of each."""
        for symbol in self.model.system.of_kind("parameter"):
            low, high = symbol.limits
            if not symbol.variable or symbol.name in self.clock | self.differing:
                continue
            if low is not None and high is not None and np.isfinite(high - low) and high > low:
                yield symbol, self.model.source.variables[symbol.name].group


def from_ranges(constants: Constants, form: RangesForm) -> tuple[list[StudyInput], list[tuple[str, Mistake]]]:
    """An input for each element of the constants that `[ranges]` names, and patterns that name nothing."""
    known = list(constants.ranged())
    mistakes = []
    for word, patterns in (("include", form.include), ("exclude", form.exclude)):
        for pattern in patterns:
            if not any(_matches(pattern, symbol, sector) for symbol, sector in known):
                mistakes.append((word, _nothing(pattern, known, constants.model)))
    found = [
        one_input(constants, address_of(symbol, place), symbol, [place], symbol.variable, InputForm())
        for symbol, sector in known
        if any(_matches(pattern, symbol, sector) for pattern in form.include)
        if not any(_matches(pattern, symbol, sector) for pattern in form.exclude)
        for place in everywhere(symbol)
    ]
    return found, mistakes


def _matches(pattern: str, symbol: Symbol, sector: str) -> bool:
    if pattern.lower().startswith(SECTOR):
        return key(pattern[len(SECTOR) :]) == key(sector)
    return fnmatchcase(symbol.name, key(pattern))


def _nothing(pattern: str, known: list[tuple[Symbol, str]], model: Model) -> Mistake:
    if pattern.lower().startswith(SECTOR):
        sectors = dict.fromkeys(sector for _, sector in known if sector)
        return Mistake(
            f"There is no sector '{pattern[len(SECTOR) :]}' with ranges.",
            did_you_mean(pattern[len(SECTOR) :], sectors) or f"The sectors are {', '.join(sectors)}.",
        )
    names = [symbol.variable for symbol, _ in known]
    if key(pattern) in model.system.symbols:
        what = f"'{pattern}' has no range in the equation file, or may not vary."
        return Mistake(what, "Give it a range there, or ends in [inputs].")
    return Mistake(
        f"'{pattern}' names no constant with a range.",
        did_you_mean(pattern, names) or "`capdyn info` lists all names; * stands for any letters.",
    )


def from_form(constants: Constants, name: str, form: InputForm) -> list[StudyInput]:
    """The input, or for a name with * the inputs, that a table of `[inputs]` describes.

    Raises
    ------
    Mistake
        What is wrong with it.
    """
    ways = [way for way in ("scales", *WAYS) if getattr(form, way) is not None]
    if len(ways) > 1:
        raise Mistake(f"'{name}' has {' and '.join(ways)}.", "Make an input of each.")
    if ways == ["scales"]:
        return [_scaling(constants, name, form)]
    if ways:
        return [_adjusting(constants, name, form, ways[0])]
    symbol, places = constants.find(name)
    if "*" not in name:
        label = address_of(symbol, places[0]) if len(places) == 1 else symbol.variable
        return [one_input(constants, label, symbol, places, label, form)]
    return [
        one_input(constants, address_of(symbol, place), symbol, [place], symbol.variable, form)
        for place in places
    ]


def _scaling(constants: Constants, name: str, form: InputForm) -> StudyInput:
    """An input that multiplies constants."""
    if form.low is None or form.high is None:
        raise Mistake(f"'{name}' multiplies constants and needs low and high.", "Write low = 0.5, high = 2.")
    targets: list[str] = []
    base: list[float] = []
    distribution = distribution_of(name, form, (None, None))
    for address in form.scales or []:
        symbol, places = constants.find(address)
        for place in places:
            value = constants.value(symbol, place)
            for factor in (distribution.low, distribution.high):
                check_limits(symbol, {place: value * factor})
            targets.append(address_of(symbol, place))
            base.append(value)
    if not targets:
        raise Mistake(f"'{name}' scales nothing.", "Name constants in scales = [...].")
    return StudyInput(name, distribution, tuple(targets), tuple(base), name, "1", 1.0, False, form.why)


def _adjusting(constants: Constants, name: str, form: InputForm, way: str) -> StudyInput:
    """An input that stretches or moves lookups. way : a key of `WAYS`."""
    if form.low is None and form.high is None and form.values is None:
        raise Mistake(f"'{name}' has no ends.", "Write low and high, and say why.")
    distribution = distribution_of(name, form, (None, None))
    if way == "x_scale" and distribution.low <= 0:
        raise Mistake(
            f"'{name}' would shrink its lookups to nothing, or turn them round.", "Let low be above 0."
        )
    targets: list[str] = []
    units: set[str] = set()
    for address in getattr(form, way):
        lookup, subscripts = parse_address(address)
        own = constant_of(find_lookup(constants.model.source, lookup), way)
        symbol, places = constants.find(write_address(own, subscripts or ()))
        targets += [address_of(symbol, place) for place in places]
        units.add(constants.model.source.variables[symbol.name].units)
    if not targets:
        raise Mistake(f"'{name}' changes nothing.", f"Name lookups in {way} = [...].")
    unit = units.pop() if len(units) == 1 else ""
    return StudyInput(name, distribution, tuple(targets), None, name, unit, WAYS[way], False, form.why)


def one_input(
    constants: Constants,
    label: str,
    symbol: Symbol,
    places: list[tuple[int, ...]],
    group: str,
    form: InputForm,
) -> StudyInput:
    """An input that is an element of a constant, or several that are set alike."""
    distribution = distribution_of(label, form, symbol.limits)
    ends = dict.fromkeys(places, distribution.low), dict.fromkeys(places, distribution.high)
    for values in ends:
        check_limits(symbol, values)
    return StudyInput(
        label,
        distribution,
        tuple(address_of(symbol, place) for place in places),
        None,
        group,
        constants.model.source.variables[symbol.name].units,
        constants.value(symbol, places[0]),
        form.low is None and form.high is None and form.values is None,
        form.why,
    )


def lookups_of(model: Model, forms: Iterable[InputForm]) -> list[str]:
    """Names of the lookups that inputs stretch or move, as far as the model has them."""
    found = []
    for form in forms:
        for way in WAYS:
            for address in getattr(form, way) or ():
                with suppress(Mistake):
                    found.append(find_lookup(model.source, parse_address(address)[0]).name)
    return found
