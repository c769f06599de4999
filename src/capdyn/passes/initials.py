"""Initial values from outside: a System in which chosen elements of stocks begin at a parameter, or a control is one.

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
    """The System with each (stock, element position) in `given` starting at a parameter of the stock's shape.

    A control that is computed, in `given` by its name, has the value of its parameter instead.
    """
    if not given:
        return system
    from .order import arrange

    symbols = dict(system.symbols)
    for name in sorted({name for name, _ in given}):
        state = symbols[name]
        symbols[parameter_for(name)] = replace(
            state, name=parameter_for(name), kind="parameter", variable="", values=(0.0,) * state.size
        )

    def changed(program: tuple[Equation, ...]) -> list[Equation]:
        return [part for equation in program for part in _given(equation, given)]

    return replace(
        system,
        symbols=symbols,
        constants=tuple(changed(system.constants)),
        initial=tuple(arrange(changed(system.initial), symbols)),
        flows=tuple(changed(system.flows)),
        outputs=tuple(changed(system.outputs)),
    )


def _given(equation: Equation, given: State) -> list[Equation]:
    """The equation, or its elements where some of them read a parameter."""
    if not any(name == equation.target for name, _ in given):
        return [equation]
    parts = []
    for part in elementwise(equation):
        place = tuple(positions[0] for positions in part.block)
        if (part.target, place) in given:
            load = Load(parameter_for(part.target), tuple(Fixed(position) for position in place))
            part = replace(part, node=load)
        parts.append(part)
    return parts
