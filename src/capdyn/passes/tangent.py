"""The derivative of a System as another System, by forward mode on the graph.

Every symbol x that depends on the chosen inputs gets a companion, its tangent, with one more leading dimension: the
direction. Behind each equation of x stands the equation of its tangent, made from the rows of
`capdyn.lang.derivatives`. Arrays stay arrays, loops stay loops, a stock's tangent is a stock, hidden ones (SMOOTH,
DELAY) included; so every engine and every method that runs the System runs its derivative, and with Euler or
Runge-Kutta the result is the exact derivative of the run itself.

What a direction is stands in parameters (`seed_name`), so that one compiled System serves all directions: with one
direction, each lane of an engine may hold another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from .differentiate import ZERO, Differentiator, tangent_name
from .system import Equation, Symbol, System, loaded

Element = tuple[str, tuple[int, ...]]  # symbol and place
Direction = Mapping[Element, float]
PROGRAMS = ("constants", "initial", "flows", "outputs")


def tangent(system: System, directions: Sequence[Direction], *, jumps: bool = False) -> System:
    """The System together with its derivatives in some directions.

    Parameters
    ----------
    system : System
    directions : sequence of mapping from (symbol, place) to weight
        What each direction changes: elements of parameters, and of stocks, for which it is the first value
        that changes, whatever gives it. A weight may be 0: the element can then be seeded later (`seed_name`).
    jumps : bool
        Gives a tangent also to what depends on an element by jumps only; its equation is 0 then. For a caller who adds
        what happens at the jumps.

    Returns
    -------
    System
        With a symbol `tangent_name(x)`, shape (n_directions, *shape of x), for each x that depends on an element named.
        The tangent of a time that is compared with the clock is no part of it: what switches, switches when it did.
    """
    inputs = _inputs(system, directions)
    active = _active(system, inputs, PROGRAMS, jumps)
    writer = Differentiator(len(directions), active)
    programs: dict[str, Any] = {}
    for program in PROGRAMS:
        equations: list[Equation] = []
        for equation in getattr(system, program):
            equations.append(equation)
            if equation.target in active:
                seed = program == "initial" and equation.target in inputs
                equations.append(writer.equation(equation, _seed_of(system, equation.target) if seed else ""))
        programs[program] = tuple(equations)
    symbols = dict(system.symbols)
    symbols |= _symbols([system.symbols[name] for name in system.symbols if name in active], directions)
    symbols |= _seeds(system, inputs, directions)
    lags = {name: lag for name, lag in system.lags.items() if name in active}
    for lag in lags.values():
        symbols[tangent_name(lag)] = wider(system.symbols[lag], tangent_name(lag), directions)
        programs["initial"] += (writer.same(lag, system.symbols[lag].shape),)
    derivatives = dict(system.derivatives)
    derivatives |= {
        tangent_name(state): tangent_name(rate)
        for state, rate in system.derivatives.items()
        if state in active
    }
    return replace(
        system,
        symbols=symbols,
        derivatives=derivatives,
        memories=system.memories | _companions(system.memories, active),
        lags=system.lags | {tangent_name(name): tangent_name(lag) for name, lag in lags.items()},
        circles=system.circles
        + tuple(
            replace(circle, guesses=_tangents(circle.guesses), targets=_tangents(circle.targets))
            for circle in system.circles
            if set(circle.targets) & active
        ),
        held=tuple(sorted({*system.held, *(tangent_name(name) for name in system.held if name in active)})),
        **programs,
    )


def _tangents(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(tangent_name(name) for name in names)


def _companions(pairs: Mapping[str, str], active: set[str]) -> dict[str, str]:
    return {tangent_name(name): tangent_name(other) for name, other in pairs.items() if name in active}


def jacobian(system: System, directions: Sequence[Direction] | None = None) -> System:
    """The System together with the derivatives of its flows in its stocks, at a given time and state.

    Parameters
    ----------
    directions : optional
        As for `tangent`, stocks only; one for each element of each stock by default, in the order of the layout.

    Returns
    -------
    System
        The tangents of the stocks are parameters (the directions); the tangent of a stock's derivative, and of each
        auxiliary on the way, is an auxiliary of shape (n_directions, *shape), given by `flows` and `outputs`.
    """
    if directions is None:
        directions = [{element: 1.0} for element in state_elements(system)]
    inputs = {state.name for state in system.of_kind("state")}
    active = _active(system, inputs, ("flows", "outputs"))
    writer = Differentiator(len(directions), active)
    programs: dict[str, Any] = {}
    for program in ("flows", "outputs"):
        equations = []
        for equation in getattr(system, program):
            equations.append(equation)
            if equation.target in active:
                equations.append(writer.equation(equation))
        programs[program] = tuple(equations)
    given = [system.symbols[name] for name in system.symbols if name in active - inputs]
    symbols = dict(system.symbols)
    symbols |= {
        name: replace(symbol, kind="auxiliary") for name, symbol in _symbols(given, directions).items()
    }
    for state in system.of_kind("state"):
        symbols[tangent_name(state.name)] = seeded(state, tangent_name(state.name), directions)
    return replace(system, symbols=symbols, **programs)


def state_elements(system: System) -> list[Element]:
    """Every element of every stock, in the order of the layout."""
    return [(state.name, place) for state in system.of_kind("state") for place in _places(state.shape)]


def seed_name(system: System, symbol: str) -> str:
    """Name of the parameter, shape (n_directions, *shape), that says how far each direction goes in an input."""
    return _seed_of(system, symbol) if system.symbols[symbol].kind == "state" else tangent_name(symbol)


def _seed_of(system: System, state: str) -> str:
    return f"#seed of {system.symbols[state].name}"


def _inputs(system: System, directions: Sequence[Direction]) -> set[str]:
    inputs = {name for direction in directions for name, _ in direction}
    wrong = [name for name in sorted(inputs) if system.symbols[name].kind not in ("parameter", "state")]
    if wrong:
        raise ValueError(f"'{wrong[0]}' is neither a parameter nor a stock")
    return inputs


def _active(system: System, inputs: set[str], programs: Sequence[str], jumps: bool = False) -> set[str]:
    """The inputs and all symbols whose tangent is not nothing by its form, or that are loaded on the way (`jumps`)."""
    active = set(inputs)
    equations = [equation for program in programs for equation in getattr(system, program)]
    read = [set(loaded(equation.node)) for equation in equations]
    through = "initial" in programs  # do stocks carry it on, or are they held?
    while True:
        before = len(active)
        writer = Differentiator(1, active)
        for equation, loads in zip(equations, read, strict=True):
            if equation.target in active or not loads & active:
                continue
            if jumps or writer.of(equation.node) != ZERO:
                active.add(equation.target)
        if through:
            for state, rate in (*system.derivatives.items(), *system.memories.items()):
                if active & {state, rate}:
                    active |= {state, rate}
            active |= {
                guess
                for circle in system.circles
                for guess, target in zip(circle.guesses, circle.targets, strict=True)
                if target in active
            }
        if len(active) == before:
            return active


def _symbols(symbols: Sequence[Symbol], directions: Sequence[Direction]) -> dict[str, Symbol]:
    """Tangents of symbols; those of parameters are the seeds."""
    found = {}
    for symbol in symbols:
        name = tangent_name(symbol.name)
        found[name] = (
            seeded(symbol, name, directions)
            if symbol.kind == "parameter"
            else wider(symbol, name, directions)
        )
    return found


def wider(symbol: Symbol, name: str, directions: Sequence[Direction]) -> Symbol:
    """The symbol with a leading dimension for the direction; it has no variable of its own."""
    count = len(directions)
    return replace(
        symbol,
        name=name,
        variable="",
        shape=(count, *symbol.shape),
        dims=("#direction", *(symbol.dims or ("",) * len(symbol.shape))),
        elements=(
            tuple(f"direction {i + 1}" for i in range(count)),
            *(symbol.elements or tuple(tuple(map(str, range(1, n + 1))) for n in symbol.shape)),
        ),
        values=(),
        limits=(None, None),
    )


def seeded(symbol: Symbol, name: str, directions: Sequence[Direction]) -> Symbol:
    """The tangent of an input: a parameter with how far each direction moves each of its elements."""
    values = tuple(
        float(direction.get((symbol.name, place), 0.0))
        for direction in directions
        for place in _places(symbol.shape)
    )
    return replace(wider(symbol, name, directions), kind="parameter", values=values)


def _seeds(system: System, inputs: set[str], directions: Sequence[Direction]) -> dict[str, Symbol]:
    """Parameters that say how a direction changes the stocks' first values."""
    states = [state for state in system.of_kind("state") if state.name in inputs]
    return {_seed_of(system, s.name): seeded(s, _seed_of(system, s.name), directions) for s in states}


def _places(shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    places: list[tuple[int, ...]] = [()]
    for length in shape:
        places = [(*place, i) for place in places for i in range(length)]
    return places
