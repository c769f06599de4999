"""One row per function: what units it takes and gives.

A row reads `"a, t -> a*t"`: one term an argument, then the result. In a term a, b, c are whatever unit the first
argument with that letter has, t is the model's time unit, 1 is a plain number, ? anything. A term that ends in ~ also
takes a bare number for whatever is needed there: an initial value is a whole quantity, and a 100 is 100 of the stock.

Sources: the entries of the functions in the Vensim reference manual,
https://www.vensim.com/documentation/functions.html , and https://www.vensim.com/documentation/22275.html (units
checking). One difference: Vensim also wants the argument of a lookup to be a plain number
(https://www.vensim.com/documentation/22280.html); here it is free, since tables over Time are common and no error.
"""

from __future__ import annotations

from dataclasses import dataclass

from .units import Unit, Vocabulary

_LETTERS = Vocabulary((), ())
TIME = "t"


@dataclass(frozen=True)
class Term:
    """The unit of an argument or result, over the letters; `unit` is None for '?'."""

    unit: Unit | None
    bare: bool = False


@dataclass(frozen=True)
class UnitRule:
    """A row of the table.

    takes : a term for each argument; the last optional ones may be absent from a call. gives : the result's.
    why : a sentence for a modeller who has broken the rule.
    power : the result is the first argument raised to the second, a plain number as soon as the first has a unit.
    level : the function makes a stock, whose unit is that of the variable itself.
    """

    takes: tuple[Term, ...]
    gives: Term
    why: str
    power: bool = False
    level: bool = False


def _term(text: str) -> Term:
    text = text.strip()
    bare = text.endswith("~")
    text = text.rstrip("~")
    if text == "?":
        return Term(None, bare)
    return Term(Unit() if text == "1" else _LETTERS.read(text), bare)


def _rule(signature: str, why: str = "", power: bool = False, level: bool = False) -> UnitRule:
    takes, _, gives = signature.partition("->")
    return UnitRule(
        tuple(_term(text) for text in takes.split(",") if text.strip()), _term(gives), why, power, level
    )


_ADDED = "What is added or subtracted has one unit."
_COMPARED = "What is compared has one unit."
_PLAIN = "Divide it by a reference value in the same unit."
_TRUTH = "Conditions are plain numbers: write out the comparison that is meant."
_CHOICE = "Whatever is chosen from has one unit."
_WHEN = "Times are in the model's time unit."
_DELAY = "Input and initial value have one unit; the delay time is in the model's time unit."
_STOCK = "A flow is in the stock's unit per time unit, an initial value in the stock's unit."
_DRAWN = "Bounds, mean and deviation have the unit of what is drawn; the stream is a plain number."
_PLACE = "Places and directions are plain numbers."
_SHARED = "Requests and what there is to share have one unit, and so have priorities and their width."
_PER_TIME = "Trends are fractions per time unit; times are in the model's time unit."

UNIT_RULES: dict[str, UnitRule] = {
    # operators
    "+": _rule("a, a -> a", _ADDED),
    "-": _rule("a, a -> a", _ADDED),
    "*": _rule("a, b -> a*b"),
    "/": _rule("a, b -> a/b"),
    "^": _rule("a, 1 -> a", "An exponent is a plain number.", power=True),
    "negative": _rule("a -> a"),
    "=": _rule("a, a -> 1", _COMPARED),
    "<>": _rule("a, a -> 1", _COMPARED),
    "<": _rule("a, a -> 1", _COMPARED),
    "<=": _rule("a, a -> 1", _COMPARED),
    ">": _rule("a, a -> 1", _COMPARED),
    ">=": _rule("a, a -> 1", _COMPARED),
    "and": _rule("1, 1 -> 1", _TRUTH),
    "or": _rule("1, 1 -> 1", _TRUTH),
    "not": _rule("1 -> 1", _TRUTH),
    # choice and arithmetic
    "if then else": _rule(
        "1, a, a -> a", "Both branches of IF THEN ELSE have one unit, its condition has none."
    ),
    "min": _rule("a, a -> a", _CHOICE),
    "max": _rule("a, a -> a", _CHOICE),
    "abs": _rule("a -> a"),
    "sqrt": _rule("a -> a^0.5"),
    "integer": _rule("a -> a"),
    "modulo": _rule("a, a -> a", "What is divided and what it is divided by have one unit."),
    # transcendental
    "exp": _rule("1 -> 1", _PLAIN),
    "ln": _rule("1 -> 1", _PLAIN),
    "sin": _rule("1 -> 1", _PLAIN),
    "cos": _rule("1 -> 1", _PLAIN),
    "tan": _rule("1 -> 1", _PLAIN),
    "arcsin": _rule("1 -> 1", _PLAIN),
    "arccos": _rule("1 -> 1", _PLAIN),
    "arctan": _rule("1 -> 1", _PLAIN),
    "sinh": _rule("1 -> 1", _PLAIN),
    "cosh": _rule("1 -> 1", _PLAIN),
    "tanh": _rule("1 -> 1", _PLAIN),
    # over subscripts
    "sum": _rule("a -> a"),
    "prod": _rule("1 -> 1", _PLAIN),
    "vmin": _rule("a -> a"),
    "vmax": _rule("a -> a"),
    # written out by capdyn.passes.expand
    "log": _rule("1, 1 -> 1", _PLAIN),
    "power": _rule("a, 1 -> a", "An exponent is a plain number.", power=True),
    "pi": _rule("-> 1"),
    "quantum": _rule("a, a -> a", "What is rounded and what it is rounded to have one unit."),
    "zidz": _rule("a, b -> a/b"),
    "xidz": _rule("a, b, a/b~ -> a/b", "The third argument of XIDZ stands for the quotient of the others."),
    "safediv": _rule(
        "a, b, a/b~ -> a/b", "The third argument of SAFEDIV stands for the quotient of the others."
    ),
    "#over the step": _rule("a -> a"),
    "time base": _rule("a, a/t -> a", _WHEN),
    "npv": _rule("a, 1/t, a*t~, 1 -> a*t", _PER_TIME),
    "npve": _rule("a, 1/t, a*t~, 1 -> a*t", _PER_TIME),
    "step": _rule("a, t -> a", _WHEN),
    "pulse": _rule("t, t -> 1", _WHEN),
    "pulse train": _rule("t, t, t, t -> 1", _WHEN),
    "ramp": _rule("a, t, t -> a*t", _WHEN),
    "xramp": _rule("a, t -> a*t", _WHEN),
    "xpulse": _rule("t, a -> a/t", _WHEN),
    "xpulse train": _rule("t, t, a -> a/t", _WHEN),
    "integ": _rule("a/t, a~ -> a", _STOCK, level=True),
    "initial": _rule("a -> a"),
    "active initial": _rule("a, a~ -> a", "Both arguments of ACTIVE INITIAL have one unit."),
    "smooth": _rule("a, t, a~, 1 -> a", _DELAY),
    "delay": _rule("a, t, a~, 1 -> a", _DELAY),
    "with lookup": _rule("?, ? -> ?"),
    "lookup extrapolate": _rule("?, ? -> ?"),
    "lookup forward": _rule("?, ? -> ?"),
    "lookup backward": _rule("?, ? -> ?"),
    "xint": _rule("a -> a"),
    "inf": _rule("-> 1"),
    "previous": _rule("a, a~ -> a", _DELAY),
    "integ non negative": _rule("a/t, a~ -> a", _STOCK, level=True),
    "game": _rule("a -> a"),
    "elmcount": _rule("? -> 1"),
    "get time value": _rule("1, t~, 1 -> t", _WHEN),
    "smooth n": _rule("a, t, a~, 1 -> a", _DELAY),
    "delay n": _rule("a, t, a~, 1 -> a", _DELAY),
    "trend": _rule("a, t, 1/t~ -> 1/t", _PER_TIME),
    "forecast": _rule("a, t, t, 1/t~ -> a", _PER_TIME),
    "delay fixed": _rule("a, t, a~ -> a", _DELAY),
    "sample if true": _rule(
        "1, a, a~ -> a", "Input and initial value have one unit, the condition has none."
    ),
    # random numbers; the last argument is a stream
    "random 0 1": _rule("-> 1"),
    "random uniform": _rule("a, a, 1 -> a", _DRAWN),
    "random normal": _rule("a, a, a, a, 1 -> a", _DRAWN),
    "random exponential": _rule("a, a, a, a, 1 -> a", _DRAWN),
    "random": _rule("a, a, 1 -> a", _DRAWN),
    "normal": _rule("a, a, 1 -> a", _DRAWN),
    "#draw": _rule("?, ?, ?, ?, ? -> 1"),
    "#normal quantile": _rule("1 -> 1"),
    "#normal cumulative": _rule("1 -> 1"),
    # whole arrays
    "vector select": _rule(
        "1, a, a~, 1, 1 -> a", "What is selected and what stands for nothing have one unit."
    ),
    "vector sort order": _rule("a, 1 -> 1", _PLACE),
    "vector rank": _rule("a, 1 -> 1", _PLACE),
    "vector elm map": _rule("a, 1 -> a", _PLACE),
    "vector reorder": _rule("a, 1 -> a", _PLACE),
    "invert matrix": _rule("a, 1 -> 1/a"),
    "allocate available": _rule("a, ?, a -> a", _SHARED),
    "allocate by priority": _rule("a, b, 1, b, a -> a", _SHARED),
}
