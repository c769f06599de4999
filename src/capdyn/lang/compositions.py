"""Functions written once in terms of other functions: the interpreter and the kernel follow the same text.

A row takes `do(function, *arguments)`, which applies a row of `capdyn.lang.functions` (plain numbers stand for
themselves), and its own arguments. There are no branches: 'if then else' chooses between values.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

Do = Callable[..., Any]

# fmt: off
# Wichura, Algorithm AS 241, Applied Statistics 37 (1988) 477-484, PPND16: numerators and denominators, highest first.
_CENTRE = (
    (2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457,
     13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.387132872796366608),
    (5226.495278852545925, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867,
     5394.1960214247511077, 687.1870074920579083, 42.313330701600911252, 1.0),
)
_TAIL = (
    (7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177, 1.27045825245236838258,
     3.64784832476320460504, 5.7694972214606914055, 4.6303378461565452959, 1.42343711074968357734),
    (1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966, 0.14810397642748007459,
     0.68976733498510000455, 1.6763848301838038494, 2.05319162663775882187, 1.0),
)
_FAR_TAIL = (
    (2.01033439929228813265e-7, 2.71155556874348757815e-5, 0.0012426609473880784386, 0.026532189526576123093,
     0.29656057182850489123, 1.7848265399172913358, 5.4637849111641143699, 6.6579046435011037772),
    (2.04426310338993978564e-15, 1.4215117583164458887e-7, 1.8463183175100546818e-5, 7.868691311456132591e-4,
     0.0148753612908506148525, 0.13692988092273580531, 0.59983220655588793769, 1.0),
)
# Hart's rational approximation as given by West, Better approximations to cumulative normal functions, Wilmott (2005).
_CUMULATIVE = (
    (0.0352624965998911, 0.700383064443688, 6.37396220353165, 33.912866078383,
     112.079291497871, 221.213596169931, 220.206867912376),
    (0.0883883476483184, 1.75566716318264, 16.064177579207, 86.7807322029461,
     296.564248779674, 637.333633378831, 793.826512519948, 440.413735824752),
)
# fmt: on
_ROOT_TWO_PI = 2.5066282746310002
_NEAR, _FAR = 7.07106781186547, 37.0


def _horner(do: Do, x: Any, coefficients: Sequence[float]) -> Any:
    return reduce(lambda value, c: do("+", do("*", value, x), c), coefficients[1:], coefficients[0])


def _ratio(do: Do, x: Any, polynomials: tuple[Sequence[float], Sequence[float]]) -> Any:
    return do("/", _horner(do, x, polynomials[0]), _horner(do, x, polynomials[1]))


def normal_quantile(do: Do, p: Any) -> Any:
    """The standard normal variate below which a share p lies, 0 < p < 1; relative error about 1e-16 (AS 241)."""
    q = do("-", p, 0.5)
    centre = do("*", q, _ratio(do, do("-", 0.180625, do("*", q, q)), _CENTRE))
    depth = do("sqrt", do("negative", do("ln", do("min", p, do("-", 1.0, p)))))
    tail = do(
        "if then else",
        do("<=", depth, 5.0),
        _ratio(do, do("-", depth, 1.6), _TAIL),
        _ratio(do, do("-", depth, 5.0), _FAR_TAIL),
    )
    tail = do("if then else", do("<", q, 0.0), do("negative", tail), tail)
    return do("if then else", do("<=", do("abs", q), 0.425), centre, tail)


def normal_cumulative(do: Do, x: Any) -> Any:
    """The share of standard normal variates below x; error below 1e-15."""
    size = do("abs", x)
    bell = do("exp", do("*", -0.5, do("*", size, size)))
    near = do("*", bell, _ratio(do, size, _CUMULATIVE))
    fraction = reduce(
        lambda below, count: do("+", size, do("/", count, below)), (4.0, 3.0, 2.0, 1.0), do("+", size, 0.65)
    )
    far = do("/", do("/", bell, fraction), _ROOT_TWO_PI)
    beyond = do("if then else", do("<", size, _NEAR), near, far)
    beyond = do("if then else", do("<=", size, _FAR), beyond, do("*", 0.0, bell))
    return do("if then else", do(">", x, 0.0), do("-", 1.0, beyond), beyond)


COMPOSITIONS: dict[str, Callable[..., Any]] = {
    "#normal quantile": normal_quantile,
    "#normal cumulative": normal_cumulative,
}
