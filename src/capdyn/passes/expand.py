"""Functions that are small models of their own, written out as nodes and hidden stocks.

A row of `REWRITES` takes the lowered arguments and gives a node; rows of `STRUCTURES` may also ask for hidden
stocks and memories. Meanings follow the Vensim reference manual: a time function is on from half a step before
its time, so that rounding in the clock cannot miss it, and looks at the time at the beginning of the step ('held'),
so that a Runge-Kutta step never straddles a switch.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from .draft import Hidden
from .random import RANDOM
from .system import Clock, Const, Node, Op

# Vensim takes a denominator below this for zero in ZIDZ and XIDZ.
SMALL = 1e-6

LARGEST_ORDER = 1000  # each cell is a stock with equations of its own

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
    # Source: https://vensim.com/documentation/fn_ramp.html ; an end before the start leaves it below 0.
    reached = HELD if end is None else _op("min", HELD, end)
    return _choose(_op(">", HELD, start), _op("*", slope, _op("-", reached, start)), ZERO)


def _impulse(start: Node, magnitude: Node) -> Node:
    """XMILE's PULSE: the magnitude within a single step."""
    return _op("*", _pulse(start, ZERO), _op("/", magnitude, STEP))


def _impulses(start: Node, interval: Node, magnitude: Node) -> Node:
    """XMILE's PULSE with an interval; one of 0 (or less) gives a single one."""
    late = _op("modulo", _op("-", _soon(), start), interval)
    again = _op("and", _op(">", _soon(), start), _op("<", late, STEP))
    height = _choose(again, _op("/", magnitude, STEP), ZERO)
    return _choose(_op(">", interval, ZERO), height, _impulse(start, magnitude))


def _xidz(a: Node, b: Node, instead: Node) -> Node:
    return _choose(_op("<", _op("abs", b), Const(SMALL)), instead, _op("/", a, b))


def _safely(a: Node, b: Node, instead: Node = ZERO) -> Node:
    """XMILE's SAFEDIV and //: only zero itself is no divisor, where Vensim's ZIDZ takes what is near it."""
    return _choose(_op("=", b, ZERO), instead, _op("/", a, b))


def _quantum(x: Node, q: Node) -> Node:
    return _choose(_op("<=", q, ZERO), x, _op("*", q, _op("integer", _op("/", x, q))))


def _floor(x: Node) -> Node:
    """XMILE's INT, the next integer below; Vensim's INTEGER cuts off what is behind the point.

    Source: https://iseesystems.com/resources/help/v1-2/Content/08-Reference/07-Builtins/Mathematical_builtins.htm .
    """
    cut = _op("integer", x)
    return _op("-", cut, _op(">", cut, x))


REWRITES: dict[str, Callable[..., Node]] = {
    "log": lambda x, base: _op("/", _op("ln", x), _op("ln", base)),
    "power": lambda x, y: _op("^", x, y),
    "pi": lambda: Const(math.pi),
    "inf": lambda: Const(math.inf),
    "xint": _floor,
    "quantum": _quantum,
    "zidz": lambda a, b: _zidz(a, b),
    "xidz": _xidz,
    "safediv": _safely,
    "time base": lambda start, slope: _op("+", start, _op("*", slope, Clock("time"))),
    "step": _step,
    "pulse": _pulse,
    "pulse train": _pulse_train,
    "ramp": _ramp,
    "xramp": _ramp,
    "xpulse": _impulse,
    "xpulse train": _impulses,
    "game": lambda value: value,
}

# Functions that an adaptive method gives no meaning to, with the names that people write: they change at steps only,
# or their height grows without bound as the step shrinks.
GRID_ONLY = {
    "xpulse": "PULSE",
    "xpulse train": "PULSE",
    "delay fixed": "DELAY FIXED",
    "previous": "PREVIOUS",
    "sample if true": "SAMPLE IF TRUE",
    **{name: name.upper() for name in RANDOM},
}


def _integ(hidden: Hidden, flow: Node, initial: Node) -> Node:
    return hidden.stock("integ", lambda level: flow, initial)


def _initial(hidden: Hidden, value: Node) -> Node:
    return hidden.stock("initial", lambda level: ZERO, value)


def _order(order: Node) -> int:
    if (
        not isinstance(order, Const)
        or not 1 <= order.value <= LARGEST_ORDER
        or order.value != int(order.value)
    ):
        raise ValueError(f"The order of a delay is a whole number from 1 to {LARGEST_ORDER}.")
    return int(order.value)


def _smooth(hidden: Hidden, target: Node, time: Node, initial: Node, order: Node) -> Node:
    count = _order(order)
    cell_time = _op("/", time, Const(float(count)))
    signal = target
    for _ in range(count):

        def approach(level: Node, signal: Node = signal) -> Node:
            return _op("/", _op("-", signal, level), cell_time)

        signal = hidden.stock("smooth", approach, initial)
    return signal


def _delay(hidden: Hidden, inflow: Node, time: Node, initial: Node, order: Node) -> Node:
    count = _order(order)
    cell_time = _op("/", time, Const(float(count)))
    flow = inflow
    for _ in range(count):
        level = hidden.stock(
            "delay",
            lambda level, f=flow: _op("-", f, _op("/", level, cell_time)),  # type: ignore[misc]
            _op("*", initial, cell_time),
        )
        flow = _op("/", level, cell_time)
    return flow


def _delay_n(hidden: Hidden, inflow: Node, time: Node, initial: Node, order: Node) -> Node:
    """A chain of cells that changes once a step, whatever the method, and knows the delay time of the step before.

    Source: https://www.vensim.com/documentation/fn_delay_n.html : the output is constant for each step, depends only
    on what the delay time was in previous steps, is conserved, and the order is cut to delay time / step. Under an
    adaptive method, where a step is nothing, all this is the chain of DELAY3 with that many cells.
    """
    count = _order(order)
    time = hidden.once("delay time", time)
    before = hidden.memory("delay time", lambda level: time, time)
    at_once = _op("=", STEP, ZERO)
    fitting = _op("integer", _op("+", _op("/", time, STEP), Const(SMALL)))
    cells = hidden.stock(
        "order", lambda level: ZERO, _op("max", Const(1.0), _op("min", Const(float(count)), fitting))
    )
    cell_time = hidden.keep("cell time", _op("/", _choose(at_once, time, before), cells))
    flow = hidden.keep("inflow", inflow, held=True)
    for place in range(count):
        rates: list[Node] = []

        def fill(level: Node, inflow: Node = flow, place: int = place, rates: list[Node] = rates) -> Node:
            rate: Node = _op("/", level, cell_time)
            if place:  # the first is always used, so that the output never waits for the input
                rate = _choose(_op("<", Const(float(place)), cells), rate, inflow)
            rates.append(hidden.keep("outflow", rate, held=True))
            return _op("-", inflow, rates[0])

        hidden.stock("delay", fill, _op("*", initial, _op("/", time, cells)))
        flow = rates[0]
    return flow


def _zidz(a: Node, b: Node) -> Node:
    return _xidz(a, b, ZERO)


def _average(hidden: Hidden, value: Node, time: Node, trend: Node) -> Node:
    """The cell of TREND and FORECAST: an average that begins where the trend is as given."""
    begin = _op("/", value, _op("+", Const(1.0), _op("*", trend, time)))
    return hidden.stock("average", lambda level: _op("/", _op("-", value, level), time), begin)


def _trend(hidden: Hidden, value: Node, time: Node, initial: Node) -> Node:
    """Source: https://www.vensim.com/documentation/fn_trend.html ."""
    value = hidden.once("input", value)
    average = _average(hidden, value, time, initial)
    return _zidz(_op("-", value, average), _op("*", time, _op("abs", average)))


def _forecast(hidden: Hidden, value: Node, time: Node, horizon: Node, initial: Node) -> Node:
    """Source: https://www.vensim.com/documentation/fn_forecast.html ; an initial trend (XMILE) as in TREND."""
    value = hidden.once("input", value)
    average = _average(hidden, value, time, initial)
    trend = _zidz(_op("-", value, average), _op("*", time, average))
    return _op("*", value, _op("+", Const(1.0), _op("*", trend, horizon)))


def _present_value(late: bool) -> Callable[..., Node]:
    """NPV, and NPVE (late), which values what flows in a step at its end.

    Source: https://www.vensim.com/documentation/fn_npv.html and fn_npve.html , as stocks.
    """

    def build(hidden: Hidden, stream: Node, rate: Node, initial: Node, factor: Node) -> Node:
        stream = hidden.once("stream", stream)
        growth = _op("+", Const(1.0), _op("*", rate, STEP))
        discount = hidden.stock(
            "discount",
            lambda level: _op("negative", _op("/", _op("*", level, rate), growth)),
            _op("/", Const(1.0), growth) if late else Const(1.0),
        )
        worth = _op("*", stream, discount)
        total = hidden.stock("present value", lambda level: worth, initial)
        return _op("*", _op("+", total, _op("*", worth, STEP)), factor)

    return build


def _delay_fixed(hidden: Hidden, value: Node, time: Node, initial: Node) -> Node:
    """Source: https://www.vensim.com/documentation/fn_delay_fixed.html : at least one step, its first delay time."""
    steps = _op("integer", _op("+", _op("/", time, STEP), Const(0.5 + SMALL)))
    return hidden.memory("delay", lambda level: value, initial, _op("max", Const(1.0), steps))


def _previous(hidden: Hidden, value: Node, initial: Node) -> Node:
    """Source: XMILE 1.0, section 3.5.6 : the value one step ago."""
    return hidden.memory("previous", lambda level: value, initial)


STRUCTURES: dict[str, Callable[..., Node]] = {
    "integ": _integ,
    "initial": _initial,
    "smooth": _smooth,
    "smooth n": _smooth,
    "delay": _delay,
    "delay n": _delay_n,
    "delay fixed": _delay_fixed,
    "previous": _previous,
    "trend": _trend,
    "forecast": _forecast,
    "#over the step": lambda hidden, value: hidden.keep("limit", value, held=True),
    "npv": _present_value(late=False),
    "npve": _present_value(late=True),
    **RANDOM,
}
