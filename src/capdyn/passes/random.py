"""Random functions, written out: a number between 0 and 1, drawn once a step, and the quantile that belongs to it.

Argument order and truncation as in https://www.vensim.com/documentation/fn_random.html : minimum, maximum, shift
(mean), stretch (standard deviation), stream. Vensim draws anew until a number lies between minimum and maximum; the
quantile of the truncated distribution has the same distribution with one draw a step. The numbers themselves are not
Vensim's. Those of a stream 0 also depend on the constant NOISE SEED, if the model has one.
"""

from __future__ import annotations

from collections.abc import Callable

from .draft import Hidden
from .system import Const, Node, Op

ZERO, ONE = Const(0.0), Const(1.0)


def _op(function: str, *arguments: Node) -> Op:
    return Op(function, arguments)


def _between(low: Node, high: Node, value: Node) -> Node:
    return _op("max", low, _op("min", high, value))


def _uniform(hidden: Hidden, low: Node, high: Node, stream: Node = ZERO) -> Node:
    low = hidden.once("low", low)
    return _result(hidden, _op("+", low, _op("*", _op("-", high, low), hidden.draw(stream))))


def _uniform_0_1(hidden: Hidden) -> Node:
    return hidden.draw(ZERO)


def _normal(hidden: Hidden, mean: Node, deviation: Node, stream: Node = ZERO) -> Node:
    variate = _op("#normal quantile", hidden.draw(stream))
    return _result(hidden, _op("+", mean, _op("*", deviation, variate)))


def _truncated_normal(
    hidden: Hidden, low: Node, high: Node, mean: Node, deviation: Node, stream: Node
) -> Node:
    low, high, mean, deviation = _kept(hidden, low, high, mean, deviation)
    # Bounds above the mean are mirrored: shares near 0 are exact where those near 1 have lost their digits.
    above = hidden.keep("side", _op(">", low, mean))
    scale = hidden.keep("scale", _op("if then else", above, _op("negative", deviation), deviation))
    shares = [
        hidden.keep("share", _op("#normal cumulative", _op("/", _op("-", end, mean), scale)))
        for end in (_op("if then else", above, high, low), _op("if then else", above, low, high))
    ]
    within = _op("+", shares[0], _op("*", _op("-", shares[1], shares[0]), hidden.draw(stream)))
    # Bounds too far from the mean for any share: the nearer one is what is left.
    share = hidden.keep("share", _between(Const(1e-300), Const(1.0 - 2.0**-53), within))
    value = _op("+", mean, _op("*", scale, _op("#normal quantile", share)))
    fixed = _op("if then else", _op("=", deviation, ZERO), mean, value)
    return _result(hidden, _between(low, high, fixed))


def _exponential(hidden: Hidden, low: Node, high: Node, shift: Node, stretch: Node, stream: Node) -> Node:
    """The standard exponential between two bounds: bound - ln(1 - u*(1 - exp(-width)))."""
    low, high, shift, stretch = _kept(hidden, low, high, shift, stretch)
    first = hidden.keep("low", _op("max", ZERO, _op("/", _op("-", low, shift), stretch)))
    width = _op("-", _op("/", _op("-", high, shift), stretch), first)
    mass = _op("-", ONE, _op("exp", _op("negative", width)))
    variate = _op("-", first, _op("ln", _op("-", ONE, _op("*", mass, hidden.draw(stream)))))
    value = _op("+", shift, _op("*", stretch, variate))
    fixed = _op("if then else", _op("=", stretch, ZERO), shift, value)
    return _result(hidden, _between(low, high, fixed))


def _kept(hidden: Hidden, *nodes: Node) -> list[Node]:
    return [hidden.once("argument", node) for node in nodes]


def _result(hidden: Hidden, node: Node) -> Node:
    """Held over the stages of a step, even if the distribution moves with a stock."""
    return hidden.keep("random", node, held=True)


RANDOM: dict[str, Callable[..., Node]] = {
    "random 0 1": _uniform_0_1,
    "random uniform": _uniform,
    "random normal": _truncated_normal,
    "random exponential": _exponential,
    # XMILE 1.0, section 3.5.3
    "random": _uniform,
    "normal": _normal,
}
