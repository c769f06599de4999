"""Functions that are small models of their own, written out as nodes and hidden stocks.

A row of `REWRITES` takes the lowered arguments and gives a node; rows of `STRUCTURES` may also ask the
context for hidden stocks. Meanings follow the Vensim reference manual: a time function is on from half a step before
its time, so that rounding in the clock cannot miss it, and looks at the time at the beginning of the step ('held'),
so that a Runge-Kutta step never straddles a switch.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

from .system import Clock, Const, Node, Op

# Vensim takes a denominator below this for zero in ZIDZ and XIDZ.
SMALL = 1e-6

HELD = Clock("held")
STEP = Clock("step")
ZERO = Const(0.0)


def _op(function: str, *arguments: Node) -> Op:
    return Op(function, arguments)


def _soon() -> Node:
    """The held time plus half a step."""
    return _op("+", HELD, _op("*", Const(0.5), STEP))


def _choose(condition: Node, yes: Node, no: Node) -> Node:
    return _op("if then else", condition, yes, no)


def _step(height: Node, start: Node) -> Node:
    return _choose(_op(">", _soon(), start), height, ZERO)


def _pulse(start: Node, width: Node) -> Node:
    end = _op("+", start, _op("max", width, STEP))
    return _choose(_op("and", _op(">", _soon(), start), _op("<", _soon(), end)), Const(1.0), ZERO)


def _pulse_train(start: Node, width: Node, interval: Node, end: Node) -> Node:
    # The phase is taken half a step late, like every comparison here.
    phase = _op("modulo", _op("-", _soon(), start), interval)
    inside = _op("and", _op(">", _soon(), start), _op("<", _soon(), end))
    return _choose(_op("and", inside, _op("<", phase, _op("max", width, STEP))), Const(1.0), ZERO)


def _ramp(slope: Node, start: Node, end: Node | None = None) -> Node:
    reached = HELD if end is None else _op("min", HELD, end)
    return _choose(_op(">", HELD, start), _op("*", slope, _op("max", ZERO, _op("-", reached, start))), ZERO)


def _impulse(start: Node, magnitude: Node) -> Node:
    """XMILE's PULSE: the magnitude within a single step."""
    return _op("*", _pulse(start, ZERO), _op("/", magnitude, STEP))


def _xidz(a: Node, b: Node, instead: Node) -> Node:
    return _choose(_op("<", _op("abs", b), Const(SMALL)), instead, _op("/", a, b))


def _quantum(x: Node, q: Node) -> Node:
    return _choose(_op("<=", q, ZERO), x, _op("*", q, _op("integer", _op("/", x, q))))


REWRITES: dict[str, Callable[..., Node]] = {
    "log": lambda x, base: _op("/", _op("ln", x), _op("ln", base)),
    "power": lambda x, y: _op("^", x, y),
    "pi": lambda: Const(math.pi),
    "quantum": _quantum,
    "zidz": lambda a, b: _xidz(a, b, ZERO),
    "xidz": _xidz,
    "step": _step,
    "pulse": _pulse,
    "pulse train": _pulse_train,
    "ramp": _ramp,
    "xramp": _ramp,
    "xpulse": _impulse,
}

# Time functions whose height grows without bound as the step shrinks: for them an adaptive method has no meaning.
GRID_ONLY = frozenset({"xpulse"})


class StockMaker(Protocol):
    """Makes a hidden stock over the loop axes of the equation in hand and gives the node that reads it."""

    def __call__(self, what: str, flow: Callable[[Node], Node], initial: Node) -> Node: ...


def _integ(stock: StockMaker, flow: Node, initial: Node) -> Node:
    return stock("integ", lambda level: flow, initial)


def _initial(stock: StockMaker, value: Node) -> Node:
    return stock("initial", lambda level: ZERO, value)


def _order(order: Node) -> int:
    if not isinstance(order, Const) or order.value < 1 or order.value != int(order.value):
        raise ValueError("The order of a delay is a whole number, 1 or more.")
    return int(order.value)


def _smooth(stock: StockMaker, target: Node, time: Node, initial: Node, order: Node) -> Node:
    count = _order(order)
    cell_time = _op("/", time, Const(float(count)))
    signal = target
    for _ in range(count):
        signal = stock("smooth", lambda level, s=signal: _op("/", _op("-", s, level), cell_time), initial)  # type: ignore[misc]
    return signal


def _delay(stock: StockMaker, inflow: Node, time: Node, initial: Node, order: Node) -> Node:
    count = _order(order)
    cell_time = _op("/", time, Const(float(count)))
    flow = inflow
    for _ in range(count):
        level = stock(
            "delay",
            lambda level, f=flow: _op("-", f, _op("/", level, cell_time)),  # type: ignore[misc]
            _op("*", initial, cell_time),
        )
        flow = _op("/", level, cell_time)
    return flow


STRUCTURES: dict[str, Callable[..., Node]] = {
    "integ": _integ,
    "initial": _initial,
    "smooth": _smooth,
    "delay": _delay,
}
