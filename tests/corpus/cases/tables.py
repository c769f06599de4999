"""Lookups of Vensim. Those of XMILE are in `xmile`."""

from __future__ import annotations

from .case import Case
from .loops import line

BENT = ((0.0, 0.0), (1.0, 10.0), (3.0, 20.0))

CASES = (
    Case("lookup", "Straight lines between points that are not evenly spaced.",
         "f((0,0),(1,10),(3,20))\na = f(Time)\nb = f(Time/2 + 0.25)",
         {"a": [0, 10, 15, 20, 20], "b": lambda t: line(BENT, t / 2 + 0.25)}, rtol=1e-14),
    Case("lookup_clamps", "Outside, the end values (4 and 6), not the lines drawn on (2 and 10).",
         "f((1,4),(2,6))\na = f(Time)\nb = f(-1e30)\nc = f(1e30)", {"a": [4, 4, 6, 6, 6], "b": 4, "c": 6}),
    Case("lookup_jump", "Two points with one x: at the jump the second value; a mean would be .5.",
         "f((0,0),(2,0),(2,1),(4,1))\na = f(Time)\nb = f(Time - 0.001)", {"a": [0, 0, 1, 1, 1], "b": [0, 0, 0, 1, 1]}),
    Case("lookup_one_point", "A single point is a constant.", "f((1,4))\na = f(Time)", {"a": 4}),
    Case("lookup_unsorted", "Points in any order are sorted by x.", "f((3,20),(0,0),(1,10))\na = f(Time)",
         {"a": [0, 10, 15, 20, 20]}),
    Case("lookup_limits", "Limits of the axes change nothing, even where they leave points out.",
         "f([(0,0)-(10,10)],(0,0),(1,10),(3,20))\na = f(Time)\ng([(0,0)-(2,2),(0,0),(1,1)],(0,1),(4,5))\nb = g(Time)",
         {"a": [0, 10, 15, 20, 20], "b": lambda t: t + 1}),
    Case("lookup_numbers", "Signs, exponents and white space in points.",
         "f( (-1e0, -2.5E+1), ( 0,.5 ) ,(+2., 1e1) )\na = f(Time - 1)", {"a": [-25, 0.5, 5.25, 10, 10]}),
    Case("lookup_other_ways", "The manual's examples of LOOKUP EXTRAPOLATE, FORWARD and BACKWARD, and at the points themselves: x is -1, 1.5, 2.5, 0, 1.",
         "look((0,1),(1,1),(2,2))\nx = WITH LOOKUP(Time, ((0,-1),(1,1.5),(2,2.5),(3,0),(4,1)))\ne = LOOKUP EXTRAPOLATE(look, x)\nf = LOOKUP FORWARD(look, x)\nb = LOOKUP BACKWARD(look, x)",
         {"e": [1, 1.5, 2.5, 1, 1], "f": [1, 2, 2, 1, 1], "b": [1, 1, 2, 1, 1]}, methods=("euler", "rk4")),
    Case("lookup_forward_steps", "The next y from just behind a point on, the last y from the point on; in arrays.",
         "R: r1, r2\nlook[r1]((0,5),(1,6),(3,8))\nlook[r2]((0,0),(3,-3))\nf[R] = LOOKUP FORWARD(look[R], Time)\nb[R] = LOOKUP BACKWARD(look[R], Time)\ne[R] = LOOKUP EXTRAPOLATE(look[R], Time)",
         {"f[r1]": [5, 6, 8, 8, 8], "f[r2]": [0, -3, -3, -3, -3], "b[r1]": [5, 6, 6, 8, 8], "b[r2]": [0, 0, 0, -3, -3], "e[r1]": [5, 6, 7, 8, 9], "e[r2]": [0, -1, -2, -3, -4]}),
    Case("lookup_falls", "A table that falls, and a flat piece.", "f((0,4),(1,1),(2,1),(4,-1))\na = f(Time)",
         {"a": [4, 1, 1, 0, -1]}),
    Case("with_lookup", "A table inside an equation, with limits; one in another's argument.",
         "a = WITH LOOKUP(Time, ([(0,0)-(4,8)],(0,0),(4,8))) + 1\n"
         "b = WITH LOOKUP(WITH LOOKUP(Time, ((0,0),(4,2))), ((0,5),(1,6),(2,8)))",
         {"a": lambda t: 2 * t + 1, "b": [5, 5.5, 6, 7, 8]}),
    Case("lookup_of_lookup", "A table of a table, and of an expression.", "f((0,0),(4,2))\ng((0,5),(1,6),(2,8))\n"
         "a = g(f(Time))\nb = f(g(Time)*2 - 10)", {"a": [5, 5.5, 6, 7, 8], "b": [0, 1, 2, 2, 2]}),
    Case("lookup_subscripted", "A table of its own for each element.",
         "R: Ra, Rb\nf[Ra]((0,0),(4,4))\nf[Rb]((0,0),(4,40))\na[R] = f[R](Time)\nb = f[Rb](Time) - f[Ra](Time)\nc = SUM(f[R!](Time))",
         {"a[Ra]": lambda t: t, "a[Rb]": lambda t: 10 * t, "b": lambda t: 9 * t, "c": lambda t: 11 * t}),
    Case("lookup_subscripted_alike", "One table for all elements of a range, and a range of arguments.",
         "R: Ra, Rb, C\nf[R]((0,0),(10,20))\nx[R] = 1, 2, 3\na[R] = f[R](x[R]*Time)\ng((0,0),(10,20))\nb[R] = g(x[R]*Time)",
         {**{f"a[{e}]": lambda t, k=k: min(2 * k * t, 20) for k, e in ((1, "Ra"), (2, "Rb"), (3, "C"))},
          **{f"b[{e}]": lambda t, k=k: min(2 * k * t, 20) for k, e in ((1, "Ra"), (2, "Rb"), (3, "C"))}}),
    Case("lookup_two_dimensions", "Tables over two ranges, the sum over one of them.",
         "R: Ra, Rb\nS: s1, s2\nf[Ra,s1]((0,1),(4,1))\nf[Ra,s2]((0,2),(4,2))\nf[Rb,s1]((0,3),(4,3))\nf[Rb,s2]((0,4),(4,8))\n"
         "a[R] = SUM(f[R,S!](Time))\nb[S] = f[Rb,S](2)",
         {"a[Ra]": 3, "a[Rb]": lambda t: 7 + t, "b[s1]": 3, "b[s2]": 6}),
    Case("lookup_except", "A table for all but one, which has its own before it: s1 is 9*t; if the second table took all, t.",
         "S: s1, s2, s3\nf[s1]((0,0),(4,36))\nf[S] :EXCEPT: [s1]((0,0),(4,4))\na[S] = f[S](Time)",
         {"a[s1]": lambda t: 9 * t, "a[s2]": lambda t: t, "a[s3]": lambda t: t}),
    Case("lookup_many_points", "More points than are looked through one by one; squares are hit at the points only.",
         "f(" + ",".join(f"({x},{x * x})" for x in range(0, 101)) + ")\na = f(Time*25)\nb = f(Time*25 + 0.5)",
         {"a": lambda t: (25 * t) ** 2, "b": lambda t: (25 * t) ** 2 + 25 * t + 0.5 if t < 4 else 10000}),
)  # fmt: skip
