"""What `[groups]` and `[correlations]` say of inputs together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

import numpy as np

from ..lang.names import did_you_mean, key
from ..run.address import Mistake, find_symbol
from .distributions import copula_factor
from .read_inputs import SECTOR, Constants
from .study import StudyInput


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
    if pattern.lower().startswith(SECTOR):
        symbols = [find_symbol(constants.model.system, target, "parameter")[0] for target in own.targets]
        sectors = {key(constants.model.source.variables[symbol.name].group) for symbol in symbols}
        return sectors == {key(pattern[len(SECTOR) :])}
    wanted = key(pattern)
    # An element belongs where its array is named; brackets are letters here, no patterns.
    return wanted in (key(own.name), key(own.name.partition("[")[0])) or (
        "[" not in wanted and fnmatchcase(key(own.name.partition("[")[0]), wanted)
    )
