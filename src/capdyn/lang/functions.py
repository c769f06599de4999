"""One row per function: what it is called, how many arguments, what it means.

Three kinds of row:

- 'value': a number from numbers. `meaning` is the slow, obvious implementation on Python floats with IEEE
  results for impossible arguments (0/0 is nan, 1/0 is inf, never an exception); the fast one is in `capdyn.emit`.
- 'reduce': over the subscripts marked '!'. `meaning` combines two numbers, `start` begins.
- 'rewrite': a small model of its own (a delay, a stock, a switch in time); `capdyn.passes.expand` writes it out.

Sources: Vensim reference manual, https://www.vensim.com/documentation/functions.html ; XMILE 1.0, section 3.5.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from .compositions import COMPOSITIONS
from .generator import uniform
from .names import nearest

NOT_AVAILABLE = -(2.0**109)  # Vensim's :NA:, https://www.vensim.com/documentation/na.html


@dataclass(frozen=True)
class Function:
    """A row of the table. `arity` is (least, most) number of arguments."""

    key: str
    kind: str
    arity: tuple[int, int]
    meaning: Callable[..., float] | None = None
    start: float = 0.0


def _divide(a: float, b: float) -> float:
    if b == 0.0:
        return math.nan if a == 0.0 or a != a else math.copysign(math.inf, a) * math.copysign(1.0, b)
    return a / b


def _power(a: float, b: float) -> float:
    if b == 2.0:
        return a * a  # rounded once, as it is where a square is written out
    try:
        return math.pow(a, b)
    except (
        ValueError
    ):  # negative ** fraction is nan; 0 ** negative is inf, signed as 0 if the power is odd (C, F.10.4)
        return math.copysign(math.inf, a if b % 2.0 == 1.0 else 1.0) if a == 0.0 else math.nan
    except OverflowError:
        return -math.inf if a < 0.0 and b % 2.0 == 1.0 else math.inf


def _guard(function: Callable[[float], float], pole: float = math.nan) -> Callable[[float], float]:
    """The function with IEEE results instead of exceptions; `pole` is its value where it overflows."""

    def guarded(x: float) -> float:
        try:
            return function(x)
        except ValueError:
            return math.nan
        except OverflowError:
            return pole

    return guarded


def _log(x: float) -> float:
    if x == 0.0:
        return -math.inf
    return math.log(x) if x > 0.0 else math.nan


def _minimum(a: float, b: float) -> float:
    return math.nan if a != a or b != b else min(a, b)


def _maximum(a: float, b: float) -> float:
    return math.nan if a != a or b != b else max(a, b)


def _truth(value: bool) -> float:
    return 1.0 if value else 0.0


def _truncate(x: float) -> float:
    return float(math.trunc(x)) if math.isfinite(x) else x


def _modulo(a: float, b: float) -> float:
    return math.nan if b == 0.0 or math.isinf(a) or a != a or b != b else math.fmod(a, b)


def _sinh(x: float) -> float:
    try:
        return math.sinh(x)
    except OverflowError:
        return math.copysign(math.inf, x)


def _value(key: str, count: int, meaning: Callable[..., float]) -> Function:
    return Function(key, "value", (count, count), meaning)


def _composed(key: str, count: int) -> Function:
    def meaning(*arguments: float) -> float:
        return float(COMPOSITIONS[key](_apply, *arguments))

    return _value(key, count, meaning)


def _apply(function: str, *arguments: float) -> float:
    row = FUNCTIONS[function]
    assert row.meaning is not None
    return row.meaning(*arguments)


def _rewrite(key: str, least: int, most: int | None = None) -> Function:
    return Function(key, "rewrite", (least, least if most is None else most))


_ROWS = (
    # operators
    _value("+", 2, lambda a, b: a + b),
    _value("-", 2, lambda a, b: a - b),
    _value("*", 2, lambda a, b: a * b),
    _value("/", 2, _divide),
    _value("^", 2, _power),
    _value("negative", 1, lambda a: -a),
    _value("=", 2, lambda a, b: _truth(a == b)),
    _value("<>", 2, lambda a, b: _truth(a != b)),
    _value("<", 2, lambda a, b: _truth(a < b)),
    _value("<=", 2, lambda a, b: _truth(a <= b)),
    _value(">", 2, lambda a, b: _truth(a > b)),
    _value(">=", 2, lambda a, b: _truth(a >= b)),
    _value("and", 2, lambda a, b: _truth(a != 0.0 and b != 0.0)),
    _value("or", 2, lambda a, b: _truth(a != 0.0 or b != 0.0)),
    _value("not", 1, lambda a: _truth(a == 0.0)),
    # choice and arithmetic
    _value("if then else", 3, lambda condition, a, b: a if condition != 0.0 else b),
    _value("min", 2, _minimum),
    _value("max", 2, _maximum),
    _value("abs", 1, abs),
    _value("sqrt", 1, _guard(math.sqrt)),
    _value("integer", 1, _truncate),
    _value("modulo", 2, _modulo),
    # transcendental
    _value("exp", 1, _guard(math.exp, math.inf)),
    _value("ln", 1, _log),
    _value("sin", 1, _guard(math.sin)),
    _value("cos", 1, _guard(math.cos)),
    _value("tan", 1, _guard(math.tan)),
    _value("arcsin", 1, _guard(math.asin)),
    _value("arccos", 1, _guard(math.acos)),
    _value("arctan", 1, math.atan),
    _value("sinh", 1, _sinh),
    _value("cosh", 1, _guard(math.cosh, math.inf)),
    _value("tanh", 1, math.tanh),
    # not to be written by people: parts of other functions
    _value("#draw", 5, uniform),
    _composed("#normal quantile", 1),
    _composed("#normal cumulative", 1),
    # over subscripts
    Function("sum", "reduce", (1, 1), lambda a, b: a + b, 0.0),
    Function("prod", "reduce", (1, 1), lambda a, b: a * b, 1.0),
    Function("vmin", "reduce", (1, 1), _minimum, math.inf),
    Function("vmax", "reduce", (1, 1), _maximum, -math.inf),
    # written out as other equations by capdyn.passes.expand
    _rewrite("log", 2),
    _rewrite("power", 2),
    _rewrite("pi", 0),
    _rewrite("quantum", 2),
    _rewrite("zidz", 2),
    _rewrite("xidz", 3),
    _rewrite("safediv", 2, 3),
    _rewrite("#over the step", 1),
    _rewrite("time base", 2),
    _rewrite("npv", 4),
    _rewrite("npve", 4),
    _rewrite("step", 2),
    _rewrite("pulse", 2),
    _rewrite("pulse train", 4),
    _rewrite("ramp", 2, 3),
    _rewrite("xramp", 2),
    _rewrite("xpulse", 2),
    _rewrite("integ", 2),
    _rewrite("initial", 1),
    _rewrite("active initial", 2),
    _rewrite("smooth", 4),
    _rewrite("delay", 4),
    _rewrite("with lookup", 2),
    _rewrite("lookup extrapolate", 2),
    _rewrite("lookup forward", 2),
    _rewrite("lookup backward", 2),
    _rewrite("xint", 1),
    _rewrite("inf", 0),
    _rewrite("previous", 2),
    _rewrite("xpulse train", 3),
    _rewrite("integ non negative", 2),
    _rewrite("game", 1),
    _rewrite("elmcount", 1),
    _rewrite("get time value", 3),
    _rewrite("smooth n", 4),
    _rewrite("delay n", 4),
    _rewrite("trend", 3),
    _rewrite("forecast", 4),
    _rewrite("delay fixed", 3),
    _rewrite("sample if true", 3),
    _rewrite("random 0 1", 0),
    _rewrite("random uniform", 3),
    _rewrite("random normal", 5),
    _rewrite("random exponential", 5),
    _rewrite("random", 2, 3),
    _rewrite("normal", 2, 3),
    _rewrite("vector select", 5),
    _rewrite("vector sort order", 2),
    _rewrite("vector rank", 2),
    _rewrite("vector elm map", 2),
    _rewrite("vector reorder", 2),
    _rewrite("invert matrix", 1, 2),
    _rewrite("allocate available", 3),
    _rewrite("allocate by priority", 5),
)

FUNCTIONS: dict[str, Function] = {row.key: row for row in _ROWS}

_CHAIN = "Write it out with stocks and flows, or use DELAY N or DELAY FIXED."
_SERIES = "Write the series as a lookup, and what is needed of it as constants."
_DRAW = (
    "Write it with RANDOM UNIFORM, RANDOM NORMAL or RANDOM EXPONENTIAL, or through a lookup of RANDOM 0 1()."
)

# Functions that the language has and this version does not run: said before the run, with the way round.
UNSUPPORTED: dict[str, str] = {
    "data": "Write the series as a lookup of Time.",
    "get data": "Write the series as a lookup of Time.",
    "get lookups": "Write the table into the equation file.",
    "get constants": "Write the numbers into the equation file or into [parameters] of a scenario.",
    "external model": "Macros and modules have to be written out.",
    # Vensim's, https://www.vensim.com/documentation/functions.html
    "delay batch": _CHAIN,
    "delay conveyor": _CHAIN,
    "delay information": _CHAIN,
    "delay material": _CHAIN,
    "delay profile": _CHAIN,
    "delayp": _CHAIN,
    "queue age average": _CHAIN,
    "queue age in range": _CHAIN,
    "queue age oldest": _CHAIN,
    "queue attrib average": _CHAIN,
    "queue attrib in range": _CHAIN,
    "queue attrib max": _CHAIN,
    "queue attrib min": _CHAIN,
    "queue attrib quantity": _CHAIN,
    "queue fifo": _CHAIN,
    "queue fifo attrib": _CHAIN,
    "shift if true": "Write the shift as flows from one stock to the next, on while the condition holds.",
    "sample until": "Write SAMPLE IF TRUE(Time <= last time, input, initial value).",
    "reinitial": "Start a run of its own from there, with the values that the stocks then have.",
    "simultaneous": "Let one variable of the circle be a stock or a delayed value.",
    "find zero": "Let a stock move towards the solution, quickly against everything else.",
    "find market price": "Let a stock, the price, move with the excess of demand over supply.",
    "demand at price": "Write the demand curve out.",
    "supply at price": "Write the supply curve out.",
    "internal rate of return": "Compute it from the results of the run.",
    "lookup area": "Write the integral as a lookup of its own.",
    "lookup invert": "Write a lookup with x and y exchanged.",
    "lookup slope": "Write the slopes as a lookup of its own.",
    "vector lookup": "Write the points into a lookup.",
    "get data at time": _SERIES,
    "get data between times": _SERIES,
    "get data first time": _SERIES,
    "get data last time": _SERIES,
    "get data max": _SERIES,
    "get data mean": _SERIES,
    "get data median": _SERIES,
    "get data min": _SERIES,
    "get data stdv": _SERIES,
    "get data total points": _SERIES,
    "random beta": _DRAW,
    "random binomial": _DRAW,
    "random gamma": _DRAW,
    "random lookup": "Write WITH LOOKUP(RANDOM 0 1(), ...) with the inverse of the cumulative distribution.",
    "random negative binomial": _DRAW,
    "random pink noise": "Write SMOOTH(RANDOM NORMAL(...), correlation time), scaled to the deviation that is meant.",
    "random poisson": _DRAW,
    "random triangular": _DRAW,
    "random weibull": "Write shift + stretch*(-LN(RANDOM 0 1()))^(1/shape).",
    "gamma ln": "Write it as a lookup over the range that is needed.",
    "sshape": "Write it as a lookup.",
    "message": "Leave it out; look at the results, or at `capdyn check`.",
    "time shift": _SERIES,
    # XMILE's, version 1.0, sections 3.5.2 to 3.5.7
    "exprnd": "Write -mean*LN(RANDOM(0, 1)).",
    "lognormal": "Write EXP(NORMAL(mean of the logarithm, its standard deviation)).",
    "poisson": _DRAW,
    "mean": "Write SUM(x)/number of elements.",
    "stddev": "Write it with SUM.",
    "size": "Write the number of elements.",
    "rank": "Write it with SUM and a comparison.",
    "history": "Write DELAY, with a fixed delay time.",
    # isee systems' own, https://iseesystems.com/resources/help/v1-2/Content/08-Reference/07-Builtins/
    "round": "Write INT(x + 0.5).",
    "rootn": "Write it as a power, x^(1/n).",
    "percent": "Write it out, 100*x.",
    "sinwave": "Write it out, amplitude*SIN(2*PI*TIME/period).",
    "coswave": "Write it out, amplitude*COS(2*PI*TIME/period).",
    "counter": "Write start + (TIME - STARTTIME) MOD (end - start).",
    "derivn": "Write (x - PREVIOUS(x, x))/DT for the first derivative.",
    "endval": "Take it from the results of the run.",
    "cgrowth": "Write the growth with a stock of its own.",
    "montecarlo": _DRAW,
}


def nearest_functions(name: str) -> list[str]:
    """Names of functions that look like this one, in capitals as Vensim writes them."""
    return [found.upper() for found in nearest(name, (row.key for row in _ROWS if row.key[0] != "#"))]
