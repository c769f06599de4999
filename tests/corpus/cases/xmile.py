"""Models in XMILE. Rules from XMILE 1.0, https://docs.oasis-open.org/xmile/xmile/v1.0/xmile-v1.0.html ."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

import mpmath

from .case import Case
from .loops import delay, line, smooth

LOOP = "closed form: a loop of a few lines in cases/loops.py"
DIMS = '\n<dimensions><dim name="R"><elem name="Ra"/><elem name="Rb"/></dim><dim name="N" size="3"/></dimensions>'
WAVE = [3.0, 5.0, 4.0, 8.0, 1.0]
GRAPH = '<gf><xscale min="0" max="4"/><ypts>3,5,4,8,1</ypts></gf>'


def _aux(name: str, equation: str, more: str = "") -> str:
    return f"<aux name={quoteattr(name)}><eqn>{escape(equation)}</eqn>{more}</aux>"


def _case(name: str, probe: str, equations: dict[str, str], expected: dict, more: str = "", **rest) -> Case:  # type: ignore[type-arg,no-untyped-def]
    body = "\n".join([*(_aux(*pair) for pair in equations.items()), *([more] if more else [])])
    return Case(f"xmile_{name}", probe, body, expected, suffix="xmile", **rest)


W = {"w": "TIME"}
WAVES = f'<aux name="w"><eqn>TIME</eqn>{GRAPH}</aux>'
DIM = '<dimensions><dim name="R"/></dimensions>'

CASES = (
    _case("precedence", "2^3^2 is 512, from the right (XMILE 3.3.1), 64 from the left; -2^2 is -4.",
          {"a": "2^3^2", "b": "-2^2", "c": "10 - 4 - 3", "d": "16/4/2", "e": "2^-1"}, {"a": 512, "b": -4, "c": 3, "d": 2, "e": 0.5}),
    _case("logic", "Words as operators, and names that begin with them.",
          {"a": "TIME > 0 AND NOT (TIME = 3) OR TIME = 4", "notional": "2", "orb": "3", "andy": "5", "b": "notional*orb + andy", "c": "NOT TIME > 2"},
          {"a": [0, 1, 1, 0, 1], "b": 11, "c": [1, 1, 1, 0, 0]}),
    _case("if_then_else", "Choices in words, one within another, and inside a sum.",
          {"a": "IF TIME < 2 THEN 7 ELSE 8", "b": "IF TIME < 1 THEN 1 ELSE IF TIME < 3 THEN 2 ELSE 3", "c": "1 + (IF TIME > 2 THEN 10 ELSE 0)*2"},
          {"a": [7, 7, 8, 8, 8], "b": [1, 2, 2, 3, 3], "c": [1, 1, 1, 21, 21]}),
    _case("functions", "Functions with other names than Vensim's.",
          {"a": "INT(2.7)", "b": "LOG10(TIME + 1)", "c": "SAFEDIV(3, TIME)", "d": "SAFEDIV(3, TIME, 9)", "e": "2*PI", "f": "MAX(TIME, 2) + MIN(TIME, 2)",
           "g": "ABS(-TIME)", "h": "EXP(LN(TIME + 1))", "i": "SQRT(TIME)", "j": "SIN(TIME) + COS(TIME)"},
          {"a": 2, "b": lambda t: float(mpmath.log10(t + 1)), "c": [0, 3, 1.5, 1, 0.75], "d": [9, 3, 1.5, 1, 0.75], "e": float(2 * mpmath.pi),
           "f": lambda t: t + 2, "g": lambda t: t, "h": lambda t: t + 1, "i": lambda t: float(mpmath.sqrt(t)),
           "j": lambda t: float(mpmath.sin(t) + mpmath.cos(t))}, rtol=1e-13),
    _case("int", "INT is the next integer below (isee systems, Mathematical builtins), also of negative numbers, where Vensim's INTEGER goes towards 0.",
          {"a": "INT(TIME/2 - 1)", "b": "INT(-2.5)", "c": "INT(-3)", "d": "INT(2.999)"}, {"a": [-1, -1, 0, 0, 1], "b": -3, "c": -3, "d": 2}),
    _case("safediv", "Only zero itself is no divisor (Vensim's ZIDZ takes 1e-9 for zero); // from the left, weaker than ^.",
          {"a": "6//0", "b": "6//4", "c": "12//2//3*2", "d": "2//(TIME - 3)^2", "e": "-6//4", "f": "SAFEDIV(1, 1e-9)", "g": "SAFEDIV(1, TIME, 7)",
           "h": "1 + 6//0/2"}, {"a": 0, "b": 1.5, "c": 4, "d": [2 / 9, 0.5, 2, 0, 2], "e": -1.5, "f": 1e9, "g": [7, 1, 0.5, 1 / 3, 0.25], "h": 1}),
    _case("many_arguments", "MIN and MAX of any number of arguments; LOGN is LN.", {"a": "MAX(1, TIME, 3)", "b": "MIN(5, TIME, 3, 4)", "c": "LOGN(EXP(2))"},
          {"a": [3, 3, 3, 3, 4], "b": [0, 1, 2, 3, 3], "c": 2}),
    _case("self", "SELF is the variable that the equation gives, element by element.", {"a": "PREVIOUS(SELF, 1)*2"},
          {"a": [2, 4, 8, 16, 32], "b[Ra]": [5, 6, 7, 8, 9], "b[Rb]": [6, 7, 8, 9, 10]},
          f'<aux name="b">{DIM}<eqn>PREVIOUS(SELF, k) + 1</eqn></aux><aux name="k">{DIM}<element subscript="Ra"><eqn>4</eqn></element>'
          '<element subscript="Rb"><eqn>5</eqn></element></aux>', head=DIMS),
    _case("previous", "What it was one step ago, in a circle too; the first value at the beginning.", {"w": "TIME*TIME", "a": "PREVIOUS(w, -1)", "b": "PREVIOUS(b, 1)*2 + 0*TIME"},
          {"a": [-1, 0, 1, 4, 9], "b": [2, 4, 8, 16, 32]}, methods=("euler", "rk2", "rk4")),
    _case("inf", "INF is larger than any number.", {"a": "MIN(INF, TIME)", "b": "IF TIME < INF THEN 1 ELSE 2", "c": "MAX(-INF, TIME)"}, {"a": lambda t: t, "b": 1, "c": lambda t: t}),
    _case("mod", "MOD as an operator.", {"a": "TIME MOD 3", "b": "2*TIME MOD 3 + 1"}, {"a": [0, 1, 2, 0, 1], "b": [1, 3, 2, 1, 3]}),
    _case("controls", "DT, STARTTIME, STOPTIME and a reciprocal step are in the equations too.", {"a": "DT + 10*STARTTIME + 100*STOPTIME"}, {"a": 310.5},
          start="1", stop="3", step="0.5", times=(1.0, 1.5, 2.0, 2.5, 3.0)),
    _case("names", "Quotes, line breaks in names, underscores for spaces.", {'"R&D / sales"': "3", "long\\nname": "4", "a": '"R&D / sales"*2 + long_name'}, {"a": 10}),
    _case("comments", "Comments in curly brackets.", {"a": "{first} TIME {in between} + 1 {last}"}, {"a": lambda t: t + 1}),
    _case("step", "On at its time.", {"a": "STEP(5, 2)", "b": "STEP(5, 0)"}, {"a": [0, 0, 5, 5, 5], "b": 5}),
    _case("ramp", "Without an end it rises on.", {"a": "RAMP(2, 1)", "b": "RAMP(2, 1, 3)"}, {"a": [0, 0, 2, 4, 6], "b": [0, 0, 2, 4, 4]}),
    _case("pulse", "The magnitude is spread over one step: a stock takes 3 in, at a step of .5 by a flow of 6.",
          {"a": "PULSE(3, 1)"}, {"a": [0, 0, 6, 0, 0], "s": [0, 0, 0, 3, 3]}, '<stock name="s"><eqn>0</eqn><inflow>p</inflow></stock><flow name="p"><eqn>PULSE(3, 1)</eqn></flow>',
          stop="2", step="0.5", times=(0.0, 0.5, 1.0, 1.5, 2.0), methods=("euler", "rk2", "rk4")),
    _case("pulse_again", "With an interval it comes again.", {"a": "PULSE(3, 1, 2)", "b": "PULSE(3, 1, 0)"}, {"a": [0, 3, 0, 3, 0], "b": [0, 3, 0, 0, 0]}),
    _case("stock_and_flows", "Inflows, outflows, in the order written.", {}, {"s": [8, 6, 5, 4.5, 4.25]},
          '<stock name="s"><eqn>8</eqn><inflow>up</inflow><outflow>down</outflow></stock><flow name="up"><eqn>2</eqn></flow><flow name="down"><eqn>s/2</eqn></flow>'),
    _case("stock_non_negative", "It stops at 0 and can be filled again: 3, 1, 0 (not -1), 0, 1.", {}, {"s": [3, 1, 0, 0, 1]},
          '<stock name="s"><eqn>3</eqn><outflow>drain</outflow><non_negative/></stock><flow name="drain"><eqn>2 - STEP(3, 3)</eqn></flow>',
          methods=("euler", "rk2", "rk4")),
    _case("stock_non_negative_outflows", "Outflows are what there is, in their order, so that what leaves one stock reaches the next: 4 and 1 in"
          " allow 3 and 2, then 1 and 0.", {}, {"a": [4, 0, 0, 0, 0], "f": [3, 1, 1, 1, 1], "g": [2, 0, 0, 0, 0], "b": [0, 3, 4, 5, 6],
          "c": [0, 2, 2, 2, 2], "m[Ra]": [3, 1, 0, 0, 0], "m[Rb]": [5, 3, 1, 0, 0], "o[Ra]": [0, 2, 3, 3, 3], "o[Rb]": [0, 2, 4, 5, 5],
          "p": [2, 0, 0, 0, 0], "q": [0, 2, 2, 2, 2], "to": [2, 0, 0, 0, 0]},
          '<stock name="a"><eqn>4</eqn><inflow>i</inflow><outflow>f</outflow><outflow>g</outflow><non_negative/></stock>'
          '<stock name="b"><eqn>0</eqn><inflow>f</inflow></stock><stock name="c"><eqn>0</eqn><inflow>g</inflow></stock>'
          '<flow name="i"><eqn>1</eqn></flow><flow name="f"><eqn>3</eqn></flow><flow name="g"><eqn>2</eqn></flow>'
          f'<stock name="m">{DIM}<element subscript="Ra"><eqn>3</eqn></element><element subscript="Rb"><eqn>5</eqn></element>'
          f'<outflow>k</outflow><non_negative/></stock><flow name="k">{DIM}<eqn>2</eqn></flow><stock name="o">{DIM}<eqn>0</eqn><inflow>k</inflow></stock>'
          '<stock name="p"><eqn>2</eqn><outflow>to</outflow><inflow>back</inflow><non_negative/></stock><flow name="to"><eqn>4</eqn></flow>'
          '<stock name="q"><eqn>0</eqn><inflow>to</inflow><outflow>back</outflow><non_negative/></stock><flow name="back"><eqn>to*0</eqn></flow>',
          head=DIMS),
    _case("flow_non_negative", "A flow that only goes one way.", {}, {"f": [2, 1, 0, 0, 0], "s": [0, 2, 3, 3, 3]},
          '<stock name="s"><eqn>0</eqn><inflow>f</inflow></stock><flow name="f"><eqn>2 - TIME</eqn><non_negative/></flow>'),
    _case("init", "The first value.", {"a": "INIT(TIME + 7)"}, {"a": 8}, start="1", times=(1.0, 2.0, 3.0, 4.0)),
    _case("graph", "Over equal steps of x, end values held.", {"w": "TIME - 1"}, {"a": [3, 3, 5, 4, 8]}, f'<aux name="a"><eqn>w</eqn>{GRAPH}</aux>'),
    _case("graph_points", "Over points of its own, out of order.", {}, {"a": [0, 10, 15, 20, 20]},
          '<aux name="a"><eqn>TIME</eqn><gf><xpts>3,0,1</xpts><ypts>20,0,10</ypts></gf></aux>'),
    _case("graph_extrapolates", "Straight on at both ends: at -1 and 4 it is -10 and 25; held it would be 0 and 20.", {"w": "TIME*5/4 - 1"},
          {"a": lambda t: 10 * (t * 1.25 - 1) if t * 1.25 - 1 <= 1 else 10 + 5 * (t * 1.25 - 2)},
          '<aux name="a"><eqn>w</eqn><gf type="extrapolate"><xpts>0,1,3</xpts><ypts>0,10,20</ypts></gf></aux>', rtol=1e-14),
    _case("graph_discrete", "Steps: the y of the last point reached; straight lines would give halves between.", {"w": "TIME*0.75"},
          {"a": [5, 5, 6, 7, 7]}, '<aux name="a"><eqn>w</eqn><gf type="discrete"><xpts>0,1,2</xpts><ypts>5,6,7</ypts></gf></aux>'),
    _case("graph_by_name", "Ra <gf> of its own, called by name and by LOOKUP.", {"a": "tab(TIME)", "b": "LOOKUP(tab, TIME/2)"},
          {"a": lambda t: line(((0, 0), (2, 10)), t), "b": lambda t: line(((0, 0), (2, 10)), t / 2)}, '<gf name="tab"><xscale min="0" max="2"/><ypts>0,10</ypts></gf>'),
    _case("graph_elsewhere", "The graph of a variable with an equation, read at other places too; a function of that name stays one.",
          {"b": "LOOKUP(a, TIME + 1)", "c": "a(4 - TIME)", "d": "ABS(-TIME) + LOOKUP(abs, 4)"},
          {"a": [3, 5, 4, 8, 1], "b": [5, 4, 8, 1, 1], "c": [1, 8, 4, 5, 3], "d": lambda t: t + 1},
          f'<aux name="a"><eqn>TIME</eqn>{GRAPH}</aux><aux name="abs"><eqn>TIME</eqn>{GRAPH}</aux>'),
    _case("smooths", "SMTH1, SMTH3 and SMTHN, with and without a first value.",
          {"a": "SMTH1(w, 2)", "b": "SMTH1(w, 2, 0)", "c": "SMTH3(w, 6)", "d": "SMTH3(w, 6, 0)", "e": "SMTHN(w, 8, 2, 0)"},
          {"a": smooth(WAVE, [2] * 5, 3, 1), "b": smooth(WAVE, [2] * 5, 0, 1), "c": smooth(WAVE, [6] * 5, 3, 3), "d": smooth(WAVE, [6] * 5, 0, 3),
           "e": smooth(WAVE, [8] * 5, 0, 2)}, WAVES, source=LOOP),
    _case("delays", "DELAY1, DELAY3, DELAYN and DELAY (fixed).",
          {"a": "DELAY1(w, 2)", "b": "DELAY1(w, 2, 0)", "c": "DELAY3(w, 6)", "d": "DELAY3(w, 6, 1)", "e": "DELAYN(w, 8, 2, 1)", "f": "DELAY(w, 2, -1)", "g": "DELAY(w, 2)"},
          {"a": delay(WAVE, [2] * 5, 3, 1), "b": delay(WAVE, [2] * 5, 0, 1), "c": delay(WAVE, [6] * 5, 3, 3), "d": delay(WAVE, [6] * 5, 1, 3),
           "e": delay(WAVE, [8] * 5, 1, 2), "f": [-1, -1, 3, 5, 4], "g": [3, 3, 3, 5, 4]}, WAVES, source=LOOP),
    _case("trend_and_forecast", "Without a first trend it is 0.", {"a": "TREND(100 + 0*TIME, 5)", "b": "FORCST(12, 2, 4, 0.5)"},
          {"a": 0, "b": [12 * (1 + 4 * (12 - v) / (2 * v)) for v in (6, 9, 10.5, 11.25, 11.625)]}),
    _case("arrays", "Arrays without subscripts take those of the equation; SUM and MAX over all elements; numbers as elements.",
          {"t": "SUM(b)", "m": "MAX(b)", "k": "MIN(b[*])", "p": "PROD(b)", "h": "b[Ra]*10", "z": "c[3]"},
          {"a[Ra]": lambda t: t + 1, "a[Rb]": lambda t: t + 2, "t": 3, "m": 2, "k": 1, "p": 2, "h": 10, "z": 7},
          f'<aux name="a">{DIM}<eqn>b + TIME</eqn></aux><aux name="b">{DIM}<element subscript="Ra"><eqn>1</eqn></element>'
          '<element subscript="Rb"><eqn>2</eqn></element></aux><aux name="c"><dimensions><dim name="N"/></dimensions><eqn>5, 6, 7</eqn></aux>', head=DIMS),
    _case("array_square", "One dimension twice: a star for each runs by itself, 10 and not 1 + 4.", {"all": "SUM(m[*,*])", "row": "SUM(m[Ra,*])", "column": "SUM(m[*,Ra])"},
          {"m[Ra,Rb]": 2, "m[Rb,Ra]": lambda t: 3 + t, "all": lambda t: 10 + t, "row": 3, "column": lambda t: 4 + t},
          '<aux name="m"><dimensions><dim name="R"/><dim name="R"/></dimensions><element subscript="Ra,Ra"><eqn>1</eqn></element><element subscript="Ra,Rb"><eqn>2</eqn></element>'
          '<element subscript="Rb,Ra"><eqn>3 + TIME</eqn></element><element subscript="Rb,Rb"><eqn>4</eqn></element></aux>', head=DIMS),
    _case("array_stock", "A stock for each element.", {}, {"s[Ra]": lambda t: 1 + t, "s[Rb]": lambda t: 2 + 2 * t},
          f'<stock name="s">{DIM}<element subscript="Ra"><eqn>1</eqn></element><element subscript="Rb"><eqn>2</eqn></element><inflow>f</inflow></stock>'
          f'<flow name="f">{DIM}<eqn>INIT(s)</eqn></flow>', head=DIMS),
    _case("array_graphs", "A graph of its own for each element.", {}, {"g[Ra]": [0, 1, 1, 1, 1], "g[Rb]": [5, 6, 7, 7, 7]},
          f'<aux name="g">{DIM}<element subscript="Ra"><eqn>TIME</eqn><gf><xscale min="0" max="1"/><ypts>0,1</ypts></gf></element>'
          '<element subscript="Rb"><eqn>TIME</eqn><gf><xscale min="0" max="2"/><ypts>5,7</ypts></gf></element></aux>', head=DIMS),
    _case("init_eqn", "An equation for the first value of an auxiliary, in the middle of a circle.", {}, {"a": [14, 16, 18, 20, 22], "s": [7, 8, 9, 10, 11]},
          '<aux name="a"><eqn>s*2</eqn><init_eqn>7</init_eqn></aux><stock name="s"><eqn>a</eqn><inflow>f</inflow></stock><flow name="f"><eqn>1</eqn></flow>'),
    _case("array_shared_parts", "One equation and a graph for each element; one graph and an equation for each; an equation for each in order.", {},
          {"a[Ra]": [3, 5, 4, 8, 1], "a[Rb]": [0, 0.5, 1, 1.5, 2], "b[Ra]": [3, 5, 4, 8, 1], "b[Rb]": [3, 4, 5, 4.5, 4], "c[Ra]": 7, "c[Rb]": lambda t: t},
          f'<aux name="a">{DIM}<eqn>TIME</eqn><element subscript="Ra">{GRAPH}</element><element subscript="Rb"><gf><xscale min="0" max="4"/><ypts>0,2,</ypts></gf></element></aux>'
          f'<aux name="b">{DIM}<element subscript="Ra"><eqn>TIME</eqn></element><element subscript="Rb"><eqn>TIME/2</eqn></element>{GRAPH}</aux>'
          f'<aux name="c">{DIM}<eqn>7</eqn><eqn>TIME</eqn></aux>', head=DIMS),
    _case("names_of_constants", "A variable of that name is meant, elsewhere than in its own equation; an element may have a variable's name.",
          {"PI": "3", "dt": "DT*5", "STARTTIME": "9", "Ra": "TIME", "a": "PI + dt", "b": "starttime + c[Ra] + Ra"}, {"a": 8, "b": lambda t: 11 + t},
          f'<aux name="c">{DIM}<element subscript="Ra"><eqn>2</eqn></element><element subscript="Rb"><eqn>4</eqn></element></aux>', head=DIMS),
    _case("array_place", "A dimension as a number is the place in it alone, also where another one holds its elements.", {}, {"a[x]": 1, "a[y]": 2, "b[w]": 1, "b[x]": 2, "b[y]": 3},
          '<aux name="a"><dimensions><dim name="Part"/></dimensions><eqn>Part</eqn></aux><aux name="b"><dimensions><dim name="Full"/></dimensions><eqn>Full</eqn></aux>',
          head='<dimensions><dim name="Full"><elem name="w"/><elem name="x"/><elem name="y"/></dim><dim name="Part"><elem name="x"/><elem name="y"/></dim></dimensions>'),
)  # fmt: skip
