"""Time: the functions that switch, the clock's rounding, save points, control variables as expressions.

Rules from the Vensim manual, https://www.vensim.com/documentation/functions.html : STEP is on where
Time + TIME STEP/2 > start, PULSE while that is below start + MAX(width, TIME STEP), RAMP where Time > start.
"""

from __future__ import annotations

import math

from .case import Case
from .loops import rk4

MANUAL = "closed form: the formula in the Vensim manual"
ALL = ("euler", "rk2", "rk4")
TENTHS = tuple(k * 0.1 for k in range(11))
LATE = (1.0, 1.25, 1.5, 1.75, 2.0)


def _train(start: float, width: float, interval: float, end: float, length: float):  # type: ignore[no-untyped-def]
    """PULSE TRAIN with all comparisons half a step late."""

    def value(t: float) -> float:
        late = t + length / 2
        if not start < late < end:
            return 0.0
        return 1.0 if math.fmod(late - start, interval) < max(width, length) else 0.0

    return value


_FIRST = rk4(lambda t, y: [-y[0] + t], [1.0], 2, 0.5)
_TWO_LENGTHS = [y[0] for y in (*_FIRST, *rk4(lambda t, y: [-y[0] + t], _FIRST[-1], 2, 1.0, 1.0)[1:])]

CASES = (
    Case("time", "Time itself, in any case, from a beginning that is not 0.", "a = Time\nb = TIME*2 + time",
         {"a": lambda t: t, "b": lambda t: 3 * t}, start="-2", stop="2", times=(-2.0, -1.0, 0.0, 1.0, 2.0), methods=ALL),
    Case("step", "On at its own time, not one step later.", "a = STEP(5, 2)\nb = STEP(5, 0)\nc = STEP(5, -1)\nd = STEP(5, 9)",
         {"a": [0, 0, 5, 5, 5], "b": 5, "c": 5, "d": 0}, MANUAL, methods=ALL),
    Case("step_off_grid", "STEP(1, 1.4) is on at 1 (1 + .5 > 1.4), STEP(1, 1.5) at 2; by Time >= start both at 2.",
         "a = STEP(1, 1.4)\nb = STEP(1, 1.5)\nc = STEP(1, 1.6)",
         {"a": [0, 1, 1, 1, 1], "b": [0, 0, 1, 1, 1], "c": [0, 0, 1, 1, 1]}, MANUAL),
    Case("step_of_variables", "Height and time that change: looked at anew at each time.",
         "a = STEP(Time*2, 2)\nb = STEP(1, 4 - Time)\nn = 1\nc = STEP(n, n + 1)",
         {"a": [0, 0, 4, 6, 8], "b": [0, 0, 1, 1, 1], "c": [0, 0, 1, 1, 1]}, MANUAL),
    Case("step_tenths", "At a step of .1, 3*.1 is more than .3 and 7*.1 more than .7 or less: no step is missed or early.",
         "a = STEP(1, 0.3)\nb = STEP(1, 0.7)\nc = STEP(1, 0.1)",
         {"a": [0] * 3 + [1] * 8, "b": [0] * 7 + [1] * 4, "c": [0] + [1] * 10}, MANUAL, step="0.1", stop="1", times=TENTHS),
    Case("pulse", "From its time on for its width, the end not included.",
         "a = PULSE(1, 2)\nb = PULSE(0, 1)\nc = PULSE(3, 99)\nd = PULSE(-2, 3)",
         {"a": [0, 1, 1, 0, 0], "b": [1, 0, 0, 0, 0], "c": [0, 0, 0, 1, 1], "d": [1, 0, 0, 0, 0]}, MANUAL, methods=ALL),
    Case("pulse_narrow", "A width below the time step lasts one step; taken literally it would be on at .5 only, or never.",
         "a = PULSE(0.5, 0)\nb = PULSE(1.1, 0.01)", {"a": [0, 0, 1, 0, 0, 0, 0, 0, 0], "b": [0, 0, 0, 0, 1, 0, 0, 0, 0]},
         MANUAL, step="0.25", stop="2", times=tuple(k / 4 for k in range(9))),
    Case("pulse_off_grid", "PULSE(1.6, 1) at whole steps is on at 2, PULSE(1.4, 1.2) at 1 and 2; by the clock itself at 2 only.",
         "a = PULSE(1.6, 1)\nb = PULSE(1.4, 1.2)", {"a": [0, 0, 1, 0, 0], "b": [0, 1, 1, 0, 0]}, MANUAL),
    Case("pulse_tenths", "Width .2 at a step of .1 is two steps wherever it begins; by Time < start + width it is 2 or 3.",
         "a = PULSE(0.1, 0.2)\nb = PULSE(0.3, 0.2)\nc = PULSE(0.6, 0.2)",
         {"a": [0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0], "b": [0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0],
          "c": [0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0]}, MANUAL, step="0.1", stop="1", times=TENTHS),
    Case("pulse_train", "Arguments are start, width, interval, end: PULSE TRAIN(0, 1, 2, 9) is on at 0, 2, 4; with width and"
         " interval exchanged it is on always.", "a = PULSE TRAIN(0, 1, 2, 9)\nb = PULSE TRAIN(1, 1, 3, 9)\nc = PULSE TRAIN(0, 1, 2, 3)",
         {"a": [1, 0, 1, 0, 1], "b": [0, 1, 0, 0, 1], "c": [1, 0, 1, 0, 0]}, MANUAL),
    Case("pulse_train_narrow", "Widths below the step last a step; fractions of the step in start and interval.",
         "a = PULSE TRAIN(0.25, 0, 0.75, 2)\nb = PULSE TRAIN(0.3, 0.5, 1.2, 1.9)",
         {"a": _train(0.25, 0, 0.75, 2, 0.25), "b": _train(0.3, 0.5, 1.2, 1.9, 0.25)}, MANUAL,
         step="0.25", stop="3", times=tuple(k / 4 for k in range(13))),
    Case("ramp", "Rises from its time to its end, then holds; with an end before it, it falls at once to slope*(end - start).", "a = RAMP(2, 1, 3)\nb = RAMP(-1, 0, 99)\nc = RAMP(1, 3, 2)",
         {"a": [0, 0, 2, 4, 4], "b": [0, -1, -2, -3, -4], "c": [0, 0, 0, 0, -1]}, MANUAL),
    Case("ramp_off_grid", "RAMP(1, .5, 2.25): .5 at 1, 1.75 from 3 on; rounded to the grid it would be 1 and 2 or so.",
         "a = RAMP(1, 0.5, 2.25)", {"a": [0, 0.5, 1.5, 1.75, 1.75]}, MANUAL),
    Case("switches_held", "Over a Runge-Kutta step STEP, PULSE and RAMP keep their value of its beginning (Vensim); "
         "a rule that looks within the step gives 1/6 or 1/2 more.",
         "a = INTEG(STEP(1, 1), 0)\nb = INTEG(PULSE(1, 2), 0)\nc = INTEG(RAMP(1, 0, 9), 0)\nd = INTEG(PULSE TRAIN(0, 1, 2, 9), 0)",
         {"a": [0, 0, 1, 2, 3], "b": [0, 0, 1, 2, 2], "c": [0, 0, 1, 3, 6], "d": [0, 1, 1, 2, 2]}, methods=ALL),
    Case("time_not_held", "Time itself moves within a Runge-Kutta step: its integral is t^2/2; held it is 0, 0, 1, 3, 6.",
         "a = INTEG(Time, 0)", {"a": lambda t: t * t / 2}, "closed form: t^2/2", methods=("rk2", "rk4")),
    Case("clock_tenths", "Time is start + k*step: at k = 10 it is 1 and not .9999999999999999, at k = 6 it is .6000000000000001"
         " and not .6, as adding up would give.",
         "a = Time >= 1\nb = Time > 0.6\nc = IF THEN ELSE(Time = 0.3, 1, 0)",
         {"a": [0] * 10 + [1], "b": [0] * 6 + [1] * 5, "c": 0}, step="0.1", stop="1", times=TENTHS),
    Case("clock_many_tenths", "400 steps of .1 are 40, the last save point among them.", "a = INTEG(1, 0)", {"a": lambda t: t},
         "closed form: t", 1e-11, step="0.1", stop="40", saveper="10", times=(0.0, 10.0, 20.0, 30.0, 40.0), methods=ALL),
    Case("clock_thirds", "TIME STEP = 1/3: nine steps to 3, saved at each third.", "a = INTEG(3, 0)", {"a": [0, 3, 6, 9]},
         step="1/3", stop="3", saveper="1", times=(0.0, 1.0, 2.0, 3.0), rtol=1e-13),
    Case("saveper", "Kept at each unit of time, run at each eighth.", "a = INTEG(Time, 0)",
         {"a": [0, 7 / 16, 15 / 8, 69 / 16, 31 / 4]}, "closed form: k(k - 1)/2 steps of 1/8 each way",
         step="0.125", saveper="1"),
    Case("saveper_no_multiple", "SAVEPER 1.5 at steps of 1: the save points go to the nearest steps, and the end is kept.",
         "a = Time*10", {"a": lambda t: 10 * t}, step="1", saveper="1.5", stop="7", times=(0.0, 2.0, 3.0, 4.0, 6.0, 7.0)),
    Case("saveper_past_end", "SAVEPER 3 in a run to 4: 0, 3 and the end.", "a = Time", {"a": lambda t: t},
         saveper="3", times=(0.0, 3.0, 4.0)),
    Case("saveper_below_step", "SAVEPER below the step keeps each step once.", "a = Time", {"a": lambda t: t}, saveper="0.3"),
    Case("final_off_grid", "FINAL TIME between steps: the last whole step is the last.", "a = Time", {"a": lambda t: t},
         stop="3.5", times=(0.0, 1.0, 2.0, 3.0)),
    Case("saveper_changes", "SAVEPER as it stands at each step; kept are its multiples, counted from INITIAL TIME: 4 is none of 3.",
         "x = INTEG(1, 0)\ny = 10*Time", {"x": lambda t: t, "y": lambda t: 10 * t, "SAVEPER": [1, 1, 1, 1, 3, 3, 3, 3]}, methods=ALL,
         step="0.5", stop="13", saveper="IF THEN ELSE(Time < 4, 1, 3)", times=(0.0, 1.0, 2.0, 3.0, 6.0, 9.0, 12.0, 13.0)),
    Case("saveper_with_a_lookup", "A series of save periods, one of them below the step.",
         "every( (0,0.1),(1,0.1),(1,2),(9,2) )\nx = INTEG(1, 0)", {"x": lambda t: t}, methods=ALL, step="0.25", stop="6",
         saveper="every(Time)", times=(0.0, 0.25, 0.5, 0.75, 2.0, 4.0, 6.0)),
    Case("final_time_changes", "The run ends where FINAL TIME, as it stands there, leaves no room for another step.",
         "x = INTEG(1, 0)\nlast = 2.5", {"x": lambda t: t}, methods=ALL, step="0.5", stop="IF THEN ELSE(Time >= last, Time, 100)",
         times=(0.0, 0.5, 1.0, 1.5, 2.0, 2.5)),
    Case("final_time_recedes", "At 5 FINAL TIME is 6 and a step fits; at 6 it is 6.5.", "x = INTEG(1, 0)", {"x": lambda t: t},
         stop="3.5 + Time/2", times=(0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0)),
    Case("time_step_changes", "TIME STEP as it stands at the beginning of a step, over all its stages; y adds up its squares, and"
         " PULSE, STEP and DELAY N look at the step that begins.",
         "x = INTEG(2, 1)\ny = INTEG(TIME STEP, 0)\np = PULSE(1, 0.1)\nu = INTEG(p/TIME STEP, 0)\ns = STEP(1, 1.75)\n"
         "d = DELAY N(3, 1, 3, 1)",
         {"x": lambda t: 1 + 2 * t, "y": [0, 1 / 16, 2 / 16, 3 / 16, 1 / 4, 1 / 2, 3 / 4, 1], "p": [0, 0, 0, 0, 1, 0, 0, 0],
          "u": [0, 0, 0, 0, 0, 1, 1, 1], "s": [0, 0, 0, 0, 0, 0, 1, 1], "TIME STEP": [0.25] * 4 + [0.5] * 4, "d": 3}, methods=ALL,
         step="IF THEN ELSE(Time < 1, 0.25, 0.5)", stop="2.5", times=(0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5)),
    Case("time_step_grows", "Each step of another length; the one after 2.375 would end behind 3, so the run ends there.",
         "x = INTEG(-x, 1)\nn = INTEG(1/TIME STEP, 0)",
         {"x": [1, 0.5, 0.125, -0.015625], "n": [0, 1, 2, 3], "TIME STEP": [0.5, 0.75, 1.125, 1.6875]}, step="0.5 + Time/2", stop="3",
         times=(0.0, 0.5, 1.25, 2.375)),
    Case("time_step_rk4", "Runge-Kutta over steps of two lengths.", "x = INTEG(-x + Time, 1)", {"x": _TWO_LENGTHS},
         "closed form: the classical rule in a loop", methods=("rk4",), step="IF THEN ELSE(Time < 1, 0.5, 1)", stop="3",
         times=(0.0, 0.5, 1.0, 2.0, 3.0)),
    Case("time_step_reaches_the_end", "A step that is cut at FINAL TIME is 0 there, where none begins.", "x = INTEG(1, 0)",
         {"x": lambda t: t}, step="MIN(1, FINAL TIME - Time)", stop="2.5", times=(0.0, 1.0, 2.0, 2.5), methods=ALL),
    Case("time_step_by_step", "STEP looks half a step ahead, of the very step that it makes.", "x = INTEG(1, 0)", {"x": lambda t: t},
         step="1 - STEP(0.5, 2)", stop="3", times=(0.0, 1.0, 2.0, 2.5, 3.0), methods=ALL),
    Case("controls_by_expressions", "Control variables computed from one another and from constants.",
         "n = 4\nfirst = 1\na = INTEG(n, INITIAL TIME)\nb = FINAL TIME + TIME STEP + SAVEPER",
         {"a": lambda t: 1 + 4 * (t - 1), "b": 2 + 0.125 + 0.25},
         start="first", stop="INITIAL TIME + n/4", step="0.5/n", saveper="TIME STEP*2", times=LATE),
    Case("get_time_value", "From now (0) and from the beginning (1), in the model's unit.",
         "a = GET TIME VALUE(0, 10, 0)\nb = GET TIME VALUE(1, 10, 0) + 0*Time", {"a": lambda t: t + 10, "b": 11},
         start="1", stop="3", times=(1.0, 2.0, 3.0)),
    Case("no_saveper", "Without SAVEPER each step is kept.", "{UTF-8}\na = Time ~~|\nINITIAL TIME = 0 ~~|\nFINAL TIME = 1 ~~|\n"
         "TIME STEP = 0.5 ~~|\n", {"a": lambda t: t}, whole=True, times=(0.0, 0.5, 1.0)),
)  # fmt: skip
