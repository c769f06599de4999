"""A scenario: what it changes in a model. Names get their meaning here, and every mistake its line and a remedy.

`resolve` is the verb. Layers come in the order in which they hold: what is inherited, the scenario itself, the
arguments of the call; within a layer levers, then shocks, then parameters, whole arrays before single elements.
Later ones win element by element, except that a lever is one thing: a later `region` moves it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import Problem, ScenarioError
from ..passes.system import System, loaded
from .address import Mistake, Place, find_places, find_symbol
from .overlay import Overlay
from .scenario_file import Scenario, check_form, names, read_layers
from .scenario_text import write_text

__all__ = ["Settings", "locate", "names", "resolve"]


@dataclass(frozen=True)
class Settings:
    """What a scenario and the arguments of a call change in a model.

    name, why : the scenario's name ('model' if there is none) and its sentence.
    text : the whole as TOML in one order, whatever order it was written in; resolving it again gives the same settings.
    parameters : full array for each parameter that differs from the file, in its unit, shape as the symbol's.
    initial : for each stock the places whose first values are given; and time settings that the file computes by an
        equation and other equations use, as if they were first values.
    time : any of 'initial time', 'final time', 'time step', 'saveper', in the model's time unit.
    method : integration method, lower case, or None.
    """

    name: str
    why: str
    text: str
    parameters: dict[str, np.ndarray]
    initial: dict[str, dict[Place, float]]
    time: dict[str, float]
    method: str | None


def resolve(
    system: System,
    scenario: Scenario | None = None,
    folder: Path | None = None,
    parameters: Mapping[str, Any] | None = None,
    initial: Mapping[str, Any] | None = None,
    step: float | None = None,
    method: str | None = None,
) -> Settings:
    """The settings of a run.

    Parameters
    ----------
    system : System
    scenario : str, Path, mapping or Part, optional
        Name of a file in `folder`/scenarios, path of a TOML file, a mapping with the same keys, or a part of a file.
    folder : Path, optional
        The model's folder.
    parameters, initial : mapping, optional
        Constants and first values of stocks by Vensim name, each with a number, an array of the variable's shape, or a
        mapping from element to number.
    step, method : optional
        On top of what the scenario's [time] says.

    Raises
    ------
    ScenarioError
        All mistakes at once, each with file, line and column, and the nearest names.
    """
    problems: list[Problem] = []
    layers = read_layers(scenario, folder, problems)
    name, why = (layers[-1].name, layers[-1].form.why) if layers else ("model", "")
    for section, given in (("parameters", parameters), ("initial", initial)):
        if given:
            layers.append(check_form(name, {section: _plain(given)}, problems, label=section))
    for section, setting in (("step", step), ("method", method)):
        if setting is not None:
            layers.append(check_form(name, {"time": {section: setting}}, problems, label=section))
    overlay = Overlay(system, problems)
    for layer in layers:
        overlay.apply(layer)
    overlay.check()
    if problems:
        raise ScenarioError(_in_order(problems, [layer.file for layer in reversed(layers) if layer.file]))
    return _settings(system, overlay, name, why)


def _in_order(problems: Sequence[Problem], files: Sequence[str]) -> list[Problem]:
    """Each once, file by file and line by line, those of arguments last."""

    def place(problem: Problem) -> tuple[int, int, int]:
        where = problem.where
        return (files.index(where.file), where.line, where.column) if where else (len(files), 0, 0)

    return sorted(dict.fromkeys(problems), key=place)


def _settings(system: System, overlay: Overlay, name: str, why: str) -> Settings:
    parameters, initial = {}, {}
    for symbol_name, values in overlay.values.items():
        symbol = system.symbols[symbol_name]
        if symbol.kind == "state":
            initial[symbol_name] = dict(values)
            continue
        written = np.array(symbol.values, dtype=float).reshape(symbol.shape)
        changed = written.copy()
        for place, number in values.items():
            changed[place] = number
        if not np.array_equal(changed, written):
            parameters[symbol_name] = changed
    for control, number in overlay.time.items():
        if system.symbols[control].kind != "parameter" and _is_used(system, control):
            initial[control] = {(): number}
    return Settings(
        name, why, write_text(system, overlay, why), parameters, initial, dict(overlay.time), overlay.method
    )


def _is_used(system: System, name: str) -> bool:
    programs = (system.constants, system.initial, system.flows, system.outputs)
    return any(name in loaded(equation.node) for program in programs for equation in program)


def locate(system: System, name: str) -> tuple[str, list[int]]:
    """Symbol and row-major offsets of the elements of a constant that an address names.

    Raises
    ------
    ScenarioError
        The name is no constant, or a subscript no element.
    """
    try:
        symbol, subscripts = find_symbol(system, name, "parameter")
        places = find_places(symbol, subscripts)
    except Mistake as mistake:
        raise ScenarioError(f"parameters: {mistake.what}", remedy=mistake.remedy) from None
    return symbol.name, [int(np.ravel_multi_index(place, symbol.shape)) if place else 0 for place in places]


def _plain(given: Mapping[str, Any]) -> dict[str, Any]:
    """Lists as arrays: allowed from Python, where their order is plain, but not in a file."""
    return {str(k): np.asarray(v) if isinstance(v, list | tuple) else v for k, v in given.items()}
