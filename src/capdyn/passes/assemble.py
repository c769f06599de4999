"""Symbols and equations of a draft -> the four programs of a System, in order."""

from __future__ import annotations

from dataclasses import replace

from ..errors import ModelError, Problem
from ..lang.model import CONTROLS, Model
from . import switches
from .draft import Draft
from .order import arrange, arrange_first, behind, needed
from .system import Clock, Const, Equation, Load, Node, Op, Symbol, System, inside, rebuild, walk

# What to do where a control variable should follow the model: the times of a run are known before it begins, and an
# ensemble has one clock.
_INSTEAD = {
    "initial time": "A run begins at one time: make it a constant.",
    "final time": "Let it follow from Time and constants, or give the latest end and cut the results there.",
    "time step": "Let it follow from Time and constants, or make it a constant and use an adaptive method (lsoda, "
    "radau), whose steps follow the model.",
    "saveper": "Let it follow from Time and constants, or save at the shortest interval and take what is needed.",
}


def assemble(model: Model, draft: Draft) -> System:
    """The four programs in order, constants set apart."""
    symbols = dict(draft.symbols)
    for name in draft.fixed:
        draft.auxiliaries.append(Equation(name, (), Const(symbols[name].values[0]), symbols[name].where))
        symbols[name] = replace(symbols[name], kind="auxiliary", values=())
    ordered = arrange([_staged(e, 0) for e in draft.auxiliaries + draft.flows], symbols)
    moving = _moving(ordered, symbols, {e.target for e in draft.auxiliaries if _differs_at_first(e)})
    for name, symbol in symbols.items():
        if symbol.kind == "auxiliary" and name not in moving:
            symbols[name] = replace(symbol, kind="constant")
    _check_controls(model, draft, symbols, ordered, moving)
    held = draft.held | ({"time step"} & moving)  # one length for all stages of a step
    constants = [e for e in ordered if symbols[e.target].kind == "constant"]
    dynamic = [e for e in ordered if symbols[e.target].kind != "constant"]
    in_flows = needed(dynamic, {*draft.derivatives.values(), *draft.memories.values()})
    at_start, guesses, circles = arrange_first(
        [_staged(e, 1) for e in draft.auxiliaries if symbols[e.target].kind == "auxiliary"]
        + [_staged(e, 1) for e in draft.initials],
        symbols,
    )
    guessed = {name for circle in circles for name in circle.targets}
    in_start = needed(at_start, {*draft.derivatives, *draft.memories, *draft.lags.values(), *guessed})
    flows = [e for e, flag in zip(dynamic, in_flows, strict=True) if flag]
    found, extra, equations = switches.find(flows, symbols)
    symbols.update({symbol.name: symbol for symbol in (*guesses, *extra)})
    return System(
        name=model.name,
        symbols=symbols,
        constants=tuple(constants + equations),
        initial=tuple(e for e, flag in zip(at_start, in_start, strict=True) if flag),
        flows=tuple(flows),
        outputs=tuple(e for e, flag in zip(dynamic, in_flows, strict=True) if not flag),
        derivatives=draft.derivatives,
        switches=tuple(found),
        grid_only=tuple(draft.grid_only),
        memories=draft.memories,
        lags=draft.lags,
        held=tuple(sorted(held)),
        floored=tuple(sorted(draft.floored)),
        circles=tuple(circles),
    )


def _check_controls(
    model: Model, draft: Draft, symbols: dict[str, Symbol], ordered: list[Equation], moving: set[str]
) -> None:
    """Refuses time controls that are not known before the run: what follows from Time and constants is.

    See `capdyn.run.grid`, which lays out the times of such a run.
    """
    problems: list[Problem] = []
    refused: set[str] = set()
    for control in CONTROLS:
        symbol, found = symbols[control], behind(ordered, [control])
        if found & refused:
            continue  # SAVEPER = TIME STEP
        unknown = [s for s in symbols.values() if s.name in found and s.kind in ("state", "memory")]
        if unknown:
            refused.add(control)
            names = [f"'{s.variable}'" for s in unknown if s.variable]
            through = names[0] if names else "a delay, a smooth, INITIAL or random numbers"
            what = f"'{symbol.variable}' depends on what happens in the run, through {through}."
            problems.append(Problem(what, symbol.where, _INSTEAD[control]))
        elif control == "initial time" and control in moving:
            problems.append(
                Problem(f"'{symbol.variable}' changes during the run.", symbol.where, _INSTEAD[control])
            )
    if draft.lags and "time step" in moving and not problems:
        lagged = symbols[min(draft.lags)]
        name = lagged.name.rpartition(" of ")[2]
        shown = model.variables[name].name if name in model.variables else name
        what = f"'{shown}' uses DELAY FIXED, and TIME STEP changes during the run."
        remedy = "DELAY FIXED counts steps of one length: make TIME STEP a constant, or use DELAY N."
        problems.append(Problem(what, lagged.where, remedy))
    if problems:
        raise ModelError(problems)


def _staged(equation: Equation, stage: int) -> Equation:
    """The equation with ACTIVE INITIAL taken as its first (0, during the run) or second (1, at the start) argument."""

    def take(node: Node) -> Node:
        if isinstance(node, Op) and node.function == "active initial":
            return take(node.arguments[stage])
        return rebuild(node, {i: take(child) for i, child in enumerate(inside(node))})

    return replace(equation, node=take(equation.node))


def _differs_at_first(equation: Equation) -> bool:
    """Whether an ACTIVE INITIAL gives the equation another value at the start, be it a constant afterwards."""
    return any(isinstance(node, Op) and node.function == "active initial" for node in walk(equation.node))


def _moving(ordered: list[Equation], symbols: dict[str, Symbol], first: set[str]) -> set[str]:
    """Auxiliaries that depend on time, on a stock, on a memory or on those in `first`."""
    moving = first | {symbol.name for symbol in symbols.values() if symbol.kind in ("state", "memory")}
    while True:
        more = {
            e.target
            for e in ordered
            if e.target not in moving
            and any(
                isinstance(n, Clock) or (isinstance(n, Load) and n.symbol in moving) for n in walk(e.node)
            )
        }
        if not more:
            return moving
        moving |= more
