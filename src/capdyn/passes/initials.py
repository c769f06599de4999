"""Initial values from outside: a System in which chosen elements of stocks begin at a parameter.

Done as a change of the equations and not of the numbers afterwards, so that whatever follows from an initial value
(INITIAL, other stocks) follows from the new one.
"""

from __future__ import annotations

from dataclasses import replace

from .system import Equation, Fixed, Load, System, elementwise

State = frozenset[tuple[str, tuple[int, ...]]]


def parameter_for(state: str) -> str:
    """Name of the parameter that holds the given initial values of a stock."""
    return f"#initial value of {state}"


def give_initial(system: System, given: State) -> System:
    """The System with each (stock, element position) in `given` starting at a parameter of the stock's shape."""
    if not given:
        return system
    from .order import arrange

    symbols = dict(system.symbols)
    for name in sorted({name for name, _ in given}):
        state = symbols[name]
        symbols[parameter_for(name)] = replace(
            state, name=parameter_for(name), kind="parameter", variable="", values=(0.0,) * state.size
        )
    equations: list[Equation] = []
    for equation in system.initial:
        if not any(name == equation.target for name, _ in given):
            equations.append(equation)
            continue
        for part in elementwise(equation):
            place = tuple(positions[0] for positions in part.block)
            if (part.target, place) in given:
                load = Load(parameter_for(part.target), tuple(Fixed(position) for position in place))
                part = replace(part, node=load)
            equations.append(part)
    return replace(system, symbols=symbols, initial=tuple(arrange(equations, symbols)))
