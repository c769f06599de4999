"""The inputs of a study: names and patterns become elements of constants with distributions, in groups, with
correlations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase

import numpy as np

from ..lang.names import did_you_mean, key
from ..passes.system import Symbol
from ..run.address import Mistake, address_of, check_limits, everywhere, find_places, find_symbol
from ..run.grid import behind_the_clock
from ..run.open import Model
from ..run.scenario import Settings
from .distributions import KINDS, Distribution, copula_factor
from .form import InputForm, RangesForm
from .study import StudyInput

_SECTOR = "sector:"


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
    if pattern.lower().startswith(_SECTOR):
        return key(pattern[len(_SECTOR) :]) == key(sector)
    return fnmatchcase(symbol.name, key(pattern))


def _nothing(pattern: str, known: list[tuple[Symbol, str]], model: Model) -> Mistake:
    if pattern.lower().startswith(_SECTOR):
        sectors = dict.fromkeys(sector for _, sector in known if sector)
        return Mistake(
            f"There is no sector '{pattern[len(_SECTOR) :]}' with ranges.",
            did_you_mean(pattern[len(_SECTOR) :], sectors) or f"The sectors are {', '.join(sectors)}.",
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
    if form.scales is not None:
        return [_scaling(constants, name, form)]
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


def distribution_of(name: str, form: InputForm, limits: tuple[float | None, float | None]) -> Distribution:
    """The distribution that a form describes; ends that it leaves out are the limits.

    Raises
    ------
    Mistake
        What is wrong with it.
    """
    if form.distribution not in KINDS:
        raise Mistake(
            f"'{form.distribution}' is no distribution.",
            did_you_mean(form.distribution, KINDS) or f"Choose among {', '.join(KINDS)}.",
        )
    if form.distribution in ("discrete", "switch"):
        return _discrete(name, form)
    kind = KINDS[form.distribution]
    given = {word: getattr(form, word) for word in ("mode", "mean", "sd", "values", "weights")}
    missing = [word for word in kind.needs if given[word] is None]
    if missing:
        raise Mistake(f"'{name}' needs {' and '.join(missing)}, being {form.distribution}.")
    extra = [word for word, value in given.items() if value is not None and word not in kind.needs]
    if extra:
        raise Mistake(
            f"'{extra[0]}' means nothing for '{name}', which is {form.distribution}.", "Leave it out."
        )
    low = limits[0] if form.low is None else form.low
    high = limits[1] if form.high is None else form.high
    if low is None or high is None:
        raise Mistake(
            f"'{name}' has no {'low' if low is None else 'high'} end.",
            "Give it a range [low, high] in the equation file, or write the end here and say why.",
        )
    if not low < high:
        raise Mistake(f"'{name}' would go from {low:g} to {high:g}.", "Let low be below high.")
    found = Distribution(form.distribution, low, high, tuple((word, given[word]) for word in kind.needs))
    wrong = kind.wrong(found)
    if wrong:
        raise Mistake(f"'{name}' {wrong}.")
    return found


def _discrete(name: str, form: InputForm) -> Distribution:
    values = form.values or ([0.0, 1.0] if form.distribution == "switch" else [])
    if len(set(values)) < 2:
        raise Mistake(f"'{name}' needs at least two values, being discrete.", "Write values = [0, 1, 2].")
    weights = form.weights or [1.0] * len(values)
    if len(weights) != len(values) or min(weights) <= 0:
        raise Mistake(f"'{name}' needs one weight above 0 for each of its {len(values)} values.")
    total = sum(weights)
    ranked = sorted(zip(values, weights, strict=True))
    return Distribution(
        form.distribution,
        ranked[0][0],
        ranked[-1][0],
        (),
        tuple(value for value, _ in ranked),
        tuple(weight / total for _, weight in ranked),
    )


def correlation_matrix(
    inputs: list[StudyInput], tables: Mapping[str, Mapping[str, float]]
) -> tuple[np.ndarray | None, list[tuple[tuple[str, ...], Mistake]]]:
    """Rank correlations of all inputs, None if there are none, and what is wrong with them."""
    if not tables:
        return None, []
    place = {key(i.name): n for n, i in enumerate(inputs)}
    names = [i.name for i in inputs]
    matrix = np.eye(len(inputs))
    mistakes: list[tuple[tuple[str, ...], Mistake]] = []
    for first, others in tables.items():
        for second, rank in others.items():
            path: tuple[str, ...] = ("correlations", first, second)
            for name in (first, second):
                if key(name) not in place:
                    mistakes.append((path, Mistake(f"'{name}' is no input.", did_you_mean(name, names))))
            if not -1 < rank < 1:
                mistakes.append(
                    (path, Mistake(f"A correlation of {rank:g} is impossible.", "Stay within -1 and 1."))
                )
            if key(first) == key(second):
                mistakes.append((path, Mistake(f"'{first}' is correlated with itself.", "Name two inputs.")))
            if not mistakes:
                i, j = place[key(first)], place[key(second)]
                matrix[i, j] = matrix[j, i] = rank
    if not mistakes and copula_factor(matrix) is None:
        what = Mistake("The correlations contradict one another.", "Make them smaller, or leave some out.")
        mistakes.append((("correlations",), what))
    return matrix, mistakes


def grouped(
    constants: Constants, inputs: Iterable[StudyInput], groups: Mapping[str, list[str]]
) -> tuple[dict[str, str], list[tuple[tuple[str, ...], Mistake]]]:
    """For each input named in `[groups]` its group, and what is wrong there."""
    found: dict[str, str] = {}
    mistakes: list[tuple[tuple[str, ...], Mistake]] = []
    inputs = list(inputs)
    for group, patterns in groups.items():
        for pattern in patterns:
            members = [i for i in inputs if _is_in(constants, i, pattern)]
            if not members:
                remedy = did_you_mean(pattern, [i.name for i in inputs])
                mistakes.append((("groups", group), Mistake(f"'{pattern}' is no input.", remedy)))
            for member in members:
                if found.setdefault(member.name, group) != group:
                    what = f"'{member.name}' is in '{found[member.name]}' and in '{group}'."
                    mistakes.append((("groups", group), Mistake(what, "Take it out of one of them.")))
    return found, mistakes


def _is_in(constants: Constants, own: StudyInput, pattern: str) -> bool:
    if pattern.lower().startswith(_SECTOR):
        symbols = [find_symbol(constants.model.system, target, "parameter")[0] for target in own.targets]
        sectors = {key(constants.model.source.variables[symbol.name].group) for symbol in symbols}
        return sectors == {key(pattern[len(_SECTOR) :])}
    wanted = key(pattern)
    # An element belongs where its array is named; brackets are letters here, no patterns.
    return wanted in (key(own.name), key(own.name.partition("[")[0])) or (
        "[" not in wanted and fnmatchcase(key(own.name.partition("[")[0]), wanted)
    )
