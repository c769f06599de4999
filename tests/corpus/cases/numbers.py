"""Operators, precedence and functions of numbers."""

from __future__ import annotations

import math

import mpmath

from .case import Case

mpmath.mp.dps = 40
NA = -(2.0**109)
EXACT = "closed form: mpmath, 40 digits"


def _exact(function):  # type: ignore[no-untyped-def]
    """A function of time, evaluated with 40 digits."""
    return lambda t: float(function(mpmath.mpf(t)))


def _trunc_rem(a: float, b: float) -> float:
    return a - b * math.trunc(a / b)


CASES = (
    Case("long_sums", "Sums and products of hundreds of terms, of both signs.",
         "a = " + "+".join(map(str, range(1, 701))) + "\nb = 1" + "".join(f" - {k}*Time + 2" for k in range(1, 302)) + "\nc = 3*" + "*".join(["2", "0.5"] * 150) + "*Time",
         {"a": 700 * 701 / 2, "b": lambda t: 1 + 602 - 301 * 302 / 2 * t, "c": lambda t: 3 * t}),
    # precedence
    Case("subtract_left", "a - b - c: from the left 3, from the right 9.",
         "a = 10 - 4 - 3\nb = Time - 1 + 2\nc = Time - (1 + 2)",
         {"a": 3, "b": lambda t: t + 1, "c": lambda t: t - 3}),
    Case("divide_left", "a/b/c: from the left 2, from the right 8; a/b*c: 18 or 2.",
         "a = 16/4/2\nb = 12/2*3\nc = Time/2/2", {"a": 2, "b": 18, "c": lambda t: t / 4}),
    Case("product_before_sum", "Product before sum before comparison.",
         "a = 2 + 3*4^2/8\nb = 2*3 + 4*5\nc = 20 - 2*Time", {"a": 8, "b": 26, "c": lambda t: 20 - 2 * t}),
    Case("minus_before_power", "-2^2 is -4 where the sign binds weaker than the power, 4 where stronger.",
         "a = -2^2\nb = (-2)^2\nc = 3 - 2^2\nd = -Time^2\ne = 2*-3^2",
         {"a": -4, "b": 4, "c": -1, "d": lambda t: -t * t, "e": -18}),
    Case("power_of_minus", "2^-1 is .5; 2^-1^2 is (2^-1)^2 = .25 from the left, 2^-(1^2) = .5 from the right.",
         "a = 2^-1\nb = 2^-1^2\nc = 4^-(1/2)", {"a": 0.5, "b": 0.25, "c": 0.5}),
    Case("power_chain", "2^3^2 is 64 from the left (Vensim), 512 from the right (XMILE, mathematics).",
         "a = 2^3^2\nb = 2^(3^2)\nc = 2^3*2", {"a": 64, "b": 512, "c": 16}),
    Case("signs", "Signs after operators, and two in a row.",
         "a = 3*-2\nb = 2 - -3\nc = -(-Time)\nd = 4/-2\ne = +Time\nf = 1 - -Time*2",
         {"a": -6, "b": 5, "c": lambda t: t, "d": -2, "e": lambda t: t, "f": lambda t: 1 + 2 * t}),
    Case("brackets", "Brackets over brackets.",
         "a = ((2 + 3)*(4 - (1 + 1)))\nb = (((Time)))\nc = 2*(3 + (4 - 5)*(6 - 7))",
         {"a": 10, "b": lambda t: t, "c": 8}),
    Case("sum_in_order", "1e16 + 1 - 1e16 is 0 and 1e16 - 1e16 + 1 is 1 in the order written; else 1 and 0.",
         "a = 1e16 + 1 - 1e16\nb = 1e16 - 1e16 + 1\nc = 1e16 + (1 + 0*Time) - 1e16", {"a": 0, "b": 1, "c": 0}),
    Case("sum_before_comparison", "5 + 2 = 7 is 1; with = first it is 5.",
         "a = 5 + 2 = 7\nb = Time*2 > 3\nc = 3 < Time + 1", {"a": 1, "b": [0, 0, 1, 1, 1], "c": [0, 0, 0, 1, 1]}),
    Case("comparisons", "All six, below, at and above.",
         "lt = Time < 2\nle = Time <= 2\neq = Time = 2\nne = Time <> 2\nge = Time >= 2\ngt = Time > 2",
         {"lt": [1, 1, 0, 0, 0], "le": [1, 1, 1, 0, 0], "eq": [0, 0, 1, 0, 0], "ne": [1, 1, 0, 1, 1],
          "ge": [0, 0, 1, 1, 1], "gt": [0, 0, 0, 1, 1]}),
    Case("comparison_chain", "3 > 2 > 1 is (3 > 2) > 1 = 0 from the left; 1 from the right and in mathematics.",
         "a = (3 > 2) > 1\nb = 3 > (2 > 1)\nc = (1 < 2) = (3 < 4)", {"a": 0, "b": 1, "c": 1}),
    Case("and_before_or", "1 :OR: 1 :AND: 0 is 1; from the left it is 0.",
         "a = 1 :OR: 1 :AND: 0\nb = 0 :AND: 1 :OR: 1\nc = (1 :OR: 1) :AND: 0\nd = Time > 0 :AND: Time < 3 :OR: Time = 4",
         {"a": 1, "b": 1, "c": 0, "d": [0, 1, 1, 0, 1]}),
    Case("not_before_and", ":NOT: 0 :AND: 0 is 0; over the whole it is 1. :NOT: before a comparison takes all of it.",
         "a = :NOT: 0 :AND: 0\nb = :NOT: Time = 2\nc = :NOT: (Time > 1 :AND: Time < 4)\nd = 1 :AND: :NOT: 0",
         {"a": 0, "b": [1, 1, 0, 1, 1], "c": [1, 1, 0, 0, 1], "d": 1}),
    Case("truth_is_a_number", "A comparison is 1 or 0; what is not 0 is true: .5 :AND: .25 is 0 for whole numbers.",
         "a = (Time >= 2)*5\nb = 0.5 :AND: 0.25\nc = IF THEN ELSE(-0.1, 1, 2)\nd = IF THEN ELSE(Time - 1, 1, 2)\n"
         "e = (Time > 1) + (Time > 2)",
         {"a": [0, 0, 5, 5, 5], "b": 1, "c": 1, "d": [1, 2, 1, 1, 1], "e": [0, 0, 1, 2, 2]}),
    # choice
    Case("if_then_else", "A choice, and one within another.",
         "a = IF THEN ELSE(Time < 2, 7, 8)\nb = IF THEN ELSE(Time < 1, 1, IF THEN ELSE(Time < 3, 2, 3))",
         {"a": [7, 7, 8, 8, 8], "b": [1, 2, 2, 3, 3]}),
    Case("if_takes_one_branch", "What is not chosen may be impossible: 1/0, LN(0), SQRT(-1).",
         "a = IF THEN ELSE(Time = 0, -1, 1/Time)\nb = IF THEN ELSE(Time <= 0, 0, LN(Time))\n"
         "c = IF THEN ELSE(Time < 2, 0, SQRT(Time - 2))",
         {"a": lambda t: 1 / t if t else -1, "b": _exact(lambda t: mpmath.log(t) if t else mpmath.mpf(0)),
          "c": _exact(lambda t: mpmath.sqrt(t - 2) if t >= 2 else mpmath.mpf(0))}, rtol=1e-14),
    Case("min_max", "The smaller and the larger of two; signs.",
         "a = MIN(Time, 2)\nb = MAX(Time, 2)\nc = MIN(-Time, MAX(-2, -3))",
         {"a": lambda t: min(t, 2), "b": lambda t: max(t, 2), "c": lambda t: min(-t, -2)}),
    # rounding
    Case("integer", "INTEGER(-1.5): -1 cut off toward zero, -2 by floor and by rounding.",
         "a = INTEGER(1.5*(Time - 2))\nb = INTEGER(1.999999)\nc = INTEGER(-0.5)",
         {"a": [-3, -1, 0, 1, 3], "b": 1, "c": 0}),
    Case("modulo", "MODULO(-3, 2): -1 with the sign of the first, 1 by floor. Also a negative and a broken divisor.",
         "a = MODULO(Time - 3, 2)\nb = MODULO(5, -3)\nc = MODULO(Time, 1.5)",
         {"a": lambda t: _trunc_rem(t - 3, 2), "b": 2, "c": lambda t: _trunc_rem(t, 1.5)}),
    Case("quantum", "QUANTUM(-1.3, .5): -1 cut off toward zero, -1.5 by floor; with a quantum of 0 the number itself.",
         "a = QUANTUM(1.9*Time, 0.5)\nb = QUANTUM(-1.3, 0.5)\nc = QUANTUM(Time + 0.3, 0)\nd = QUANTUM(Time + 0.3, -1)",
         {"a": [0, 1.5, 3.5, 5.5, 7.5], "b": -1, "c": lambda t: t + 0.3, "d": lambda t: t + 0.3}),
    Case("abs", "The size of a number.", "a = ABS(Time - 2)\nb = ABS(-0.25)", {"a": [2, 1, 0, 1, 2], "b": 0.25}),
    Case("zidz", "0 for a divisor nearer to 0 than a millionth, of either sign; a millionth itself divides.",
         "a = ZIDZ(3, (Time - 2)*0.4e-6)\nb = ZIDZ(3, 1e-6)\nc = ZIDZ(3, -1e-6)\nd = ZIDZ(3, 0.99e-6)",
         {"a": 0, "b": 3e6, "c": -3e6, "d": 0}),
    Case("xidz", "The third argument where ZIDZ is 0.",
         "a = XIDZ(3, Time, 9)\nb = XIDZ(3, -0.9e-6, 9)\nc = XIDZ(3, 1.1e-6, 9)",
         {"a": [9, 3, 1.5, 1, 0.75], "b": 9, "c": 3 / 1.1e-6}),
    Case("not_available", ":NA: is the number -2^109, and can be compared.",
         "x = :NA:\ny = IF THEN ELSE(x = :NA:, 1, 2)\nz = IF THEN ELSE(Time > 2, :NA:, Time)",
         {"x": NA, "y": 1, "z": [0, 1, 2, NA, NA]}, rtol=0.0),
    Case("game", "GAME is its argument in a run that nobody plays.", "a = GAME(Time*2) + 1", {"a": lambda t: 2 * t + 1}),
    # transcendental
    Case("exp", "e to a power, also far out.", "a = EXP(Time)\nb = EXP(-Time*100)\nc = EXP(170*Time)",
         {"a": _exact(mpmath.exp), "b": _exact(lambda t: mpmath.exp(-100 * t)),
          "c": _exact(lambda t: mpmath.exp(170 * t))}, EXACT, 1e-14),
    Case("ln", "The natural logarithm, not the one to base 10 (2.303 times smaller).",
         "a = LN(Time + 1)\nb = LN(1 + Time*1e-9)\nc = LN(1e-300*10^Time)",
         {"a": _exact(lambda t: mpmath.log(t + 1)), "b": _exact(lambda t: mpmath.log(mpmath.mpf(1 + float(t) * 1e-9))),
          "c": _exact(lambda t: mpmath.log(mpmath.mpf(1e-300)) + t * mpmath.log(10))}, EXACT, 1e-13),
    Case("log", "LOG(x, base): LOG(8, 2) is 3, and not LOG(2, 8).",
         "a = LOG(8, 2)\nb = LOG(Time + 1, 10)\nc = LOG(2, 8)",
         {"a": 3, "b": _exact(lambda t: mpmath.log10(t + 1)), "c": 1 / 3}, EXACT, 1e-14),
    Case("sqrt", "The square root.", "a = SQRT(Time)\nb = SQRT(1e300*Time)",
         {"a": _exact(mpmath.sqrt), "b": _exact(lambda t: mpmath.sqrt(mpmath.mpf(1e300) * t))}, EXACT, 1e-14),
    Case("sin", "Radians; also far out, where reducing the angle loses digits.", "a = SIN(Time)\nb = SIN(1e6*Time + 1)",
         {"a": _exact(mpmath.sin), "b": _exact(lambda t: mpmath.sin(10**6 * t + 1))}, EXACT, 1e-14),
    Case("cos", "Radians.", "a = COS(Time)\nb = COS(1e6*Time + 1)",
         {"a": _exact(mpmath.cos), "b": _exact(lambda t: mpmath.cos(10**6 * t + 1))}, EXACT, 1e-14),
    Case("tan", "Radians.", "a = TAN(Time)", {"a": _exact(mpmath.tan)}, EXACT, 1e-14),
    Case("arcsin", "The angle of a sine, in radians.", "a = ARCSIN((Time - 2)/2)",
         {"a": _exact(lambda t: mpmath.asin((t - 2) / 2))}, EXACT, 1e-14),
    Case("arccos", "The angle of a cosine, in radians.", "a = ARCCOS((Time - 2)/2)",
         {"a": _exact(lambda t: mpmath.acos((t - 2) / 2))}, EXACT, 1e-14),
    Case("arctan", "The angle of a tangent, in radians.", "a = ARCTAN(Time - 2)\nb = ARCTAN(1e10*Time)",
         {"a": _exact(lambda t: mpmath.atan(t - 2)), "b": _exact(lambda t: mpmath.atan(10**10 * t))}, EXACT, 1e-14),
    Case("sinh", "Near 0 the difference of exponentials would lose digits.", "a = SINH(Time - 2)\nb = SINH(1e-9*Time)",
         {"a": _exact(lambda t: mpmath.sinh(t - 2)), "b": _exact(lambda t: mpmath.sinh(mpmath.mpf(1e-9) * t))}, EXACT, 1e-14),
    Case("cosh", "The hyperbolic cosine.", "a = COSH(Time - 2)", {"a": _exact(lambda t: mpmath.cosh(t - 2))}, EXACT, 1e-14),
    Case("tanh", "Near 0 and where it is 1.", "a = TANH(Time - 2)\nb = TANH(1e-9*Time)\nc = TANH(100*Time)",
         {"a": _exact(lambda t: mpmath.tanh(t - 2)), "b": _exact(lambda t: mpmath.tanh(mpmath.mpf(1e-9) * t)),
          "c": [0, 1, 1, 1, 1]}, EXACT, 1e-14),
    Case("power", "POWER and ^ with broken and negative exponents; 0^0 is 1.",
         "a = POWER(Time + 1, 0.5)\nb = (Time + 1)^-1.5\nc = 0^(Time*0)\nd = (-2)^Time\ne = 1.0000001^(1e7*Time)",
         {"a": _exact(lambda t: mpmath.sqrt(t + 1)), "b": _exact(lambda t: (t + 1) ** mpmath.mpf(-1.5)), "c": 1,
          "d": lambda t: (-2.0) ** int(t), "e": _exact(lambda t: mpmath.mpf(1.0000001) ** (10**7 * t))}, EXACT, 1e-13),
)  # fmt: skip
