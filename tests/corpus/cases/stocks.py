"""Stocks, initial values, delays and smooths, functions with a memory."""

from __future__ import annotations

import math

from .case import Case
from .loops import delay, euler, rk4, smooth

LOOP = "closed form: a loop of a few lines in cases/loops.py"
ALL = ("euler", "rk2", "rk4")
STEP4 = [3, 7, 7, 7, 7]  # 3 + STEP(4, 1)
WAVE = [3.0, 5.0, 4.0, 8.0, 1.0]
WAVES = "w = WITH LOOKUP(Time, ((0,3),(1,5),(2,4),(3,8),(4,1)))\n"
TIMES = [2.0, 3.0, 4.0, 5.0, 6.0]
EIGHTHS = [k / 8 for k in range(33)]
QUARTERS = tuple(k / 4 for k in range(17))


def _hunt(t: float, y: list[float]) -> list[float]:
    hares, foxes = y
    return [hares * 0.5 - 0.1 * hares * foxes, 0.05 * hares * foxes - 0.2 * foxes]


HUNT = """hares = INTEG(hares*0.5 - eaten, 10)
eaten = 0.1*hares*foxes
foxes = INTEG(0.05*hares*foxes - 0.2*foxes, 3)"""


def _trend() -> list[float]:
    inputs, average, found = [10 + 2 * t for t in range(5)], 10 / (1 + 0.1 * 5), []
    for value in inputs:
        found.append((value - average) / (5 * abs(average)))
        average += (value - average) / 5
    return found


def _forecast() -> list[float]:
    inputs, average, found = [10 + 2 * t for t in range(5)], 10.0, []
    for value in inputs:
        found.append(value * (1 + (value - average) / (4 * average) * 3))
        average += (value - average) / 4
    return found


def _worth(late: bool) -> list[float]:
    """A stream of 10 + Time at 5 % a step: what has flowed so far, and the step that begins; NPVE a step later."""
    total, discount, found = 3.0, 1 / 1.05 if late else 1.0, []
    for t in range(5):
        found.append((total + (10 + t) * discount) * 2)
        total += (10 + t) * discount
        discount /= 1.05
    return found


CASES = (
    Case("npv", "Present values as Vensim's manual writes them out, with an initial value and a factor; TIME BASE.",
         "x = 10 + Time\na = NPV(x, 0.05, 3, 2)\nb = NPVE(x, 0.05, 3, 2)\nc = TIME BASE(10, 2)",
         {"a": _worth(False), "b": _worth(True), "c": lambda t: 10 + 2 * t}, "closed form: a loop of a few lines in cases/stocks.py"),
    Case("stock", "A constant flow; the first value is shown at the initial time.", "a = INTEG(2, 1)",
         {"a": lambda t: 1 + 2 * t}, methods=ALL),
    Case("stock_sees_the_old_flow", "Euler: the flow of the beginning of the step. With that of its end: 0, 1, 3, 6, 10.",
         "a = INTEG(Time, 0)", {"a": [0, 0, 1, 3, 6]}),
    Case("stock_several_flows", "Inflows and outflows with an auxiliary in between.",
         "a = INTEG(in - out, 8)\nin = 2\nout = a*share\nshare = 0.5", {"a": [8, 6, 5, 4.5, 4.25], "out": [4, 3, 2.5, 2.25, 2.125]}),
    Case("order_computed", "The order of a delay from constants and the length of a range: 2*2 - 1 = 3.",
         "R: r1, r2\nn = 2\nk = n*ELMCOUNT(R) - 1\na = DELAY N(STEP(8, 1), 6, 0, k)\nb = SMOOTH N(STEP(8, 1), 2, 0, k - 1)",
         {"a": delay([0, 8, 8, 8, 8], [6] * 5, 0, 3), "b": smooth([0, 8, 8, 8, 8], [2] * 5, 0, 2)}, LOOP),
    Case("initial_circle", "First values that need one another: a = 4 + b/2, b = a - 1; a stock at rest, where 3*r^0.5 = r/2.",
         "a = INTEG(1, 4 + b/2)\nb = INTEG(0, a - 1)\nr = INTEG(in - out, 6*r^0.5)\nin = 3*r^0.5\nout = r/2", {"a": lambda t: 7 + t, "b": 6, "r": 36}, methods=ALL),
    Case("decay_euler", "A factor of 1 - 1/8 a step.", "a = INTEG(-a, 1)", {"a": [(7 / 8) ** (8 * t) for t in range(5)]},
         "closed form: (1 - h)^k", step="0.125", saveper="1"),
    Case("decay_rk2", "A factor of 1 - h + h^2/2 a step.", "a = INTEG(-a, 1)",
         {"a": [(1 - 0.25 + 0.25**2 / 2) ** (4 * t) for t in range(5)]}, "closed form: the factor to the power k",
         methods=("rk2",), step="0.25", saveper="1"),
    Case("decay_rk4", "A factor of 1 - h + h^2/2 - h^3/6 + h^4/24 a step.", "a = INTEG(-a, 1)",
         {"a": [(1 - 0.25 + 0.25**2 / 2 - 0.25**3 / 6 + 0.25**4 / 24) ** (4 * t) for t in range(5)]},
         "closed form: the factor to the power k", methods=("rk4",), step="0.25", saveper="1"),
    Case("decay_adaptive", "The exact solution within tolerance.", "a = INTEG(-a, 1)", {"a": lambda t: math.exp(-t)},
         "closed form: exp(-t)", 1e-6, methods=("lsoda", "radau", "bdf", "dop853", "rk45")),
    Case("two_stocks_euler", "Two stocks that need one another: both see the old values.", HUNT,
         {name: [row[i] for row in euler(_hunt, (10, 3), 16, 0.25)] for i, name in enumerate(("hares", "foxes"))},
         LOOP, step="0.25", times=QUARTERS),
    Case("two_stocks_rk4", "The same by the rule of fourth order.", HUNT,
         {name: [row[i] for row in rk4(_hunt, (10, 3), 16, 0.25)] for i, name in enumerate(("hares", "foxes"))},
         LOOP, methods=("rk4",), step="0.25", times=QUARTERS),
    Case("oscillator_rk4", "x'' = -x by the rule of fourth order, and an auxiliary of both.",
         "x = INTEG(v, 1)\nv = INTEG(-x, 0)\ne = x^2 + v^2",
         {"x": [row[0] for row in rk4(lambda t, y: [y[1], -y[0]], (1, 0), 4)],
          "e": [row[0] ** 2 + row[1] ** 2 for row in rk4(lambda t, y: [y[1], -y[0]], (1, 0), 4)]}, LOOP, methods=("rk4",)),
    Case("initial_values_in_a_chain", "First values by their own order, against that of the file.",
         "a = INTEG(0, b*2)\nb = INTEG(1, c + 1)\nc = d*3\nd = INTEG(1, 2)", {"a": 14, "b": lambda t: 7 + t, "c": lambda t: 3 * (2 + t)}),
    Case("initial_value_from_time", "A first value from the clock and from a time function.",
         "a = INTEG(1, Time*10)\nb = INTEG(0, STEP(5, 2) + 1)\nc = INTEG(0, 7*INITIAL TIME)",
         {"a": [20, 21, 22], "b": 6, "c": 14}, start="2", times=(2.0, 3.0, 4.0)),
    Case("integ_in_expression", "A stock inside an expression, and two of them.",
         "a = 1 + 2*INTEG(3, 4)\nb = INTEG(1, 0) - INTEG(2, 1)", {"a": lambda t: 9 + 6 * t, "b": lambda t: -1 - t}),
    Case("stock_and_auxiliary_circle", "A circle through a stock is none.",
         "a = INTEG(b, 1)\nb = c*2\nc = a + 1", {"a": [1, 5, 17, 53, 161]}),
    Case("stock_negative", "A stock of Vensim may become negative.", "a = INTEG(-2, 3)", {"a": lambda t: 3 - 2 * t}, methods=ALL),
    Case("initial", "The first value of an expression, and of one that a stock begins with.",
         "a = INITIAL(Time + 7)\nb = INITIAL(s*2)\ns = INTEG(1, 5)\nc = s/INITIAL(s)",
         {"a": 8, "b": 10, "c": lambda t: (4 + t) / 5}, start="1", times=(1.0, 2.0, 3.0, 4.0)),
    Case("initial_in_chain", "INITIAL of INITIAL, and a stock that begins with one.",
         "a = INTEG(1, b)\nb = INITIAL(c + 1)\nc = INITIAL(d)\nd = INTEG(5, 2)", {"a": lambda t: 3 + t, "b": 3, "c": 2}),
    Case("active_initial", "Its second argument only gives the beginning of what begins: 6 after 5 + 1, not 5.",
         "x = ACTIVE INITIAL(s + 1, 5)\ns = INTEG(1, x)", {"x": [6, 7, 8, 9, 10], "s": [5, 6, 7, 8, 9]}),
    Case("active_initial_constant", "Constants during the run, and others while the first values are found.",
         "x = ACTIVE INITIAL(k*3, 5)\nk = 1\ny = x*2\ns = INTEG(x, y)\nz = INITIAL(y)\nw = SMOOTHI(y, 2, y)\nR: r1, r2\nv[R] = ACTIVE INITIAL(k*2, c[R])\nc[R] = 7, 8\nt[R] = INTEG(v[R], v[R])",
         {"x": 3, "y": 6, "s": [10, 13, 16, 19, 22], "z": 10, "w": [10, 8, 7, 6.5, 6.25], "v[r1]": 2, "v[r2]": 2, "t[r1]": [7, 9, 11, 13, 15], "t[r2]": [8, 10, 12, 14, 16]}),
    # smooths
    Case("smooth", "Begins at its input.", "a = SMOOTH(3 + STEP(4, 1), 2)", {"a": smooth(STEP4, [2] * 5, 3, 1)}, LOOP),
    Case("smoothi", "A whole number as first value stays no whole number: 1, 1.45, not 1, 1.", "a = SMOOTHI(1.9, 2, 1)",
         {"a": smooth([1.9] * 5, [2] * 5, 1, 1)}, LOOP),
    Case("smooth3", "Three averages of a third of the time each.", WAVES + "a = SMOOTH3(w, 6)",
         {"a": smooth(WAVE, [6] * 5, 3, 3)}, LOOP),
    Case("smooth3i", "The same from a first value for all three.", WAVES + "a = SMOOTH3I(w, 6, 1)",
         {"a": smooth(WAVE, [6] * 5, 1, 3)}, LOOP),
    Case("smooth_n", "Orders of 1, 2 and 4; the third argument is the first value.",
         WAVES + "a = SMOOTH N(w, 8, 1, 1)\nb = SMOOTH N(w, 8, 1, 2)\nc = SMOOTH N(w, 8, 1, 4)",
         {name: smooth(WAVE, [8] * 5, 1, n) for name, n in (("a", 1), ("b", 2), ("c", 4))}, LOOP),
    Case("smooth_varying_time", "The adjustment time of the beginning of each step.", WAVES + "a = SMOOTH(w, 2 + Time)\n"
         "b = SMOOTH3I(w, 3*(2 + Time), 0)", {"a": smooth(WAVE, TIMES, 3, 1), "b": smooth(WAVE, [3 * t for t in TIMES], 0, 3)}, LOOP),
    Case("smooth_eighths", "At steps of 1/8, kept at whole times.", "a = SMOOTH3I(8, 6, 0)",
         {"a": smooth([8] * 33, [6] * 33, 0, 3, 0.125)[::8]}, LOOP, step="0.125", saveper="1"),
    # delays
    Case("delay1", "The outflow begins at the inflow.", "a = DELAY1(3 + STEP(4, 1), 2)", {"a": delay(STEP4, [2] * 5, 3, 1)}, LOOP),
    Case("delay1i", "From a first outflow.", WAVES + "a = DELAY1I(w, 2, 0)", {"a": delay(WAVE, [2] * 5, 0, 1)}, LOOP),
    Case("delay3", "Three levels of a third of the delay time.", WAVES + "a = DELAY3(w, 6)\nb = DELAY3(5, 3)",
         {"a": delay(WAVE, [6] * 5, 3, 3), "b": 5}, LOOP),
    Case("delay3i", "From a first outflow of all three.", WAVES + "a = DELAY3I(w, 6, 1)", {"a": delay(WAVE, [6] * 5, 1, 3)}, LOOP),
    Case("delay_varying_time", "What is inside is conserved: the outflow is the level by the time of now. A smooth differs.",
         WAVES + "a = DELAY1(w, 2 + Time)\nb = DELAY3I(w, 3*(2 + Time), 1)",
         {"a": delay(WAVE, TIMES, 3, 1), "b": delay(WAVE, [3 * t for t in TIMES], 1, 3)}, LOOP),
    Case("delay_conserves", "In minus out is what the level holds: a sum over the run.",
         WAVES + "out = DELAY3(w, 3)\ninside = INTEG(w - out, 3*3)\nrest = INTEG(out, 0)",
         {"inside": [9.0 + sum(WAVE[:k]) - sum(delay(WAVE, [3] * 5, 3, 3)[:k]) for k in range(5)],
          "rest": [sum(delay(WAVE, [3] * 5, 3, 3)[:k]) for k in range(5)]}, LOOP),
    Case("delay_n", "Orders of 1, 2 and 4.", WAVES + "a = DELAY N(w, 8, 1, 1)\nb = DELAY N(w, 8, 1, 2)\nc = DELAY N(w, 8, 1, 4)",
         {name: delay(WAVE, [8] * 5, 1, n) for name, n in (("a", 1), ("b", 2), ("c", 4))}, LOOP),
    Case("delay_n_cut", "An order of 5 in a delay of two steps is cut to 2: 0, 0, 4; with five cells it would swing or leak.",
         "a = DELAY N(4, 2, 0, 5)", {"a": [0, 0, 4, 4, 4]}),
    Case("delay_n_loop", "What comes out goes in again, with 1 added: no circle, for the first cell holds it back for a step.",
         "a = DELAY N(b, 2, 3, 1)\nb = a + 1\nc = DELAY N(d, 4, 8, 2)\nd = c/2",
         {"a": [3, 3.5, 4, 4.5, 5], "b": [4, 4.5, 5, 5.5, 6], "c": [8, 8, 7, 6, 5.125], "d": [4, 4, 3.5, 3, 2.5625]}),
    Case("delay_fixed", "What went in comes out later, exactly; before that the first value.",
         WAVES + "a = DELAY FIXED(w, 2, -1)\nb = DELAY FIXED(w, 1, 0) + 1\nc = DELAY FIXED(7, 3, 0)",
         {"a": [-1, -1, 3, 5, 4], "b": [1, 4, 6, 5, 9], "c": [0, 0, 0, 7, 7]}, methods=ALL),
    Case("delay_fixed_short", "A delay of 0 lasts one step; one between steps goes to the nearest.",
         WAVES + "a = DELAY FIXED(w, 0, -1)\nb = DELAY FIXED(w, 1.4, -1)\nc = DELAY FIXED(w, 1.6, -1)",
         {"a": [-1, 3, 5, 4, 8], "b": [-1, 3, 5, 4, 8], "c": [-1, -1, 3, 5, 4]}),
    Case("delay_fixed_tenths", "Delays of .3 and .7 at steps of .1 are three and seven steps, whatever .7/.1 comes to.",
         "a = DELAY FIXED(Time*10, 0.3, -1)\nb = DELAY FIXED(Time*10, 0.7, -1)",
         {"a": [-1, -1, -1, *range(8)], "b": [-1] * 7 + [0, 1, 2, 3]}, step="0.1", stop="1", times=tuple(k * 0.1 for k in range(11))),
    Case("delay_fixed_loop", "A circle through a fixed delay is none.", "a = DELAY FIXED(a + 1, 2, 0)", {"a": [0, 0, 1, 1, 2]}),
    Case("sample_if_true", "Follows where the condition holds, else keeps; before that the first value.",
         WAVES + "a = SAMPLE IF TRUE(MODULO(Time, 2) = 1, w, 7)\nb = SAMPLE IF TRUE(Time < 2, w, 7)\nc = SAMPLE IF TRUE(0*Time, w, 7)",
         {"a": [7, 5, 5, 8, 8], "b": [3, 5, 5, 5, 5], "c": 7}),
    Case("trend", "The relative rate of growth: averages from 10/(1 + .1*5) on.", "a = TREND(10 + 2*Time, 5, 0.1)\nb = TREND(0*Time, 5, 0)",
         {"a": _trend(), "b": 0}, LOOP),
    Case("forecast", "The input drawn on by its trend over the horizon.", "a = FORECAST(10 + 2*Time, 4, 3)", {"a": _forecast()}, LOOP),
    Case("delays_one_after_another", "A delay of a smooth of a delay.", WAVES + "a = DELAY1(SMOOTH(DELAY FIXED(w, 1, 3), 2), 2)",
         {"a": delay(smooth([3.0, *WAVE[:4]], [2] * 5, 3, 1), [2] * 5, 3, 1)}, LOOP),
    Case("held_in_stages", "Fixed delays and samples do not change within a Runge-Kutta step: their integrals are sums.",
         "a = INTEG(DELAY FIXED(Time, 1, 0), 0)\nb = INTEG(SAMPLE IF TRUE(Time >= 0, Time, 0), 0)",
         {"a": [0, 0, 0, 1, 3], "b": [0, 0, 1, 3, 6]}, methods=ALL),
    Case("smooth_rk4", "A smooth is a stock: the rule of fourth order on each cell.", "a = SMOOTHI(1, 2, 0)",
         {"a": [row[0] for row in rk4(lambda t, y: [(1 - y[0]) / 2], (0,), 4)]}, LOOP, methods=("rk4",)),
)  # fmt: skip
