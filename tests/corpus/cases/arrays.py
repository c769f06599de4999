"""Subscripts: ranges, subranges, EXCEPT, copies, mappings, reductions, partial equations."""

from __future__ import annotations

import itertools

from .case import Case
from .loops import euler, smooth

HEAD = "R: Ra, Rb\nS: s1, s2, s3\n"
TABLE = HEAD + "b[R,S] = 1, 2, 3; 4, 5, 6;\n"
Rb = {("Ra", "s1"): 1, ("Ra", "s2"): 2, ("Ra", "s3"): 3, ("Rb", "s1"): 4, ("Rb", "s2"): 5, ("Rb", "s3"): 6}
LOOP = "closed form: a loop of a few lines in the generator"
MANY = range(1, 41)


def _all(name: str, values: dict) -> dict:  # type: ignore[type-arg]
    """{('Ra', 's1'): 1} -> {'name[Ra,s1]': 1}"""
    return {f"{name}[{','.join(k) if isinstance(k, tuple) else k}]": v for k, v in values.items()}


def _three() -> dict:  # type: ignore[type-arg]
    found = {}
    for (i, r), (j, s), (k, u) in itertools.product(
        *(enumerate(e, 1) for e in (("Ra", "Rb"), ("s1", "s2", "s3"), ("u", "v")))
    ):
        found[r, s, u] = 100 * i + 10 * j + k
    return found


def _chain(t: float) -> list[float]:
    found = [t]
    for place in range(1, 5):
        found.append(found[-1] * 2 + place)
    return found


CASES = (
    Case("array_of_numbers", "Rows are the first subscript: b[Ra,s2] is 2, by columns 3.", TABLE, _all("b", Rb)),
    Case("array_in_line", "A list along one range, signs included.", HEAD + "a[S] = 1, -2, 3.5", {"a[s1]": 1, "a[s2]": -2, "a[s3]": 3.5}),
    Case("array_tabbed", "TABBED ARRAY: rows on lines.", "{UTF-8}\nR: Ra, Rb ~~|\nS: s1, s2, s3 ~~|\nb[R,S] = TABBED ARRAY(\n1\t2\t3\n4\t5\t6\n) ~~|\n"
         "INITIAL TIME = 0 ~~|\nFINAL TIME = 1 ~~|\nTIME STEP = 1 ~~|\nSAVEPER = 1 ~~|\n", _all("b", Rb), whole=True, times=(0.0, 1.0)),
    Case("one_number_for_all", "A number for a whole array, and a formula without its subscripts.", HEAD + "a[R,S] = 7\nc[R] = Time",
         {**_all("a", dict.fromkeys(Rb, 7)), "c[Ra]": lambda t: t, "c[Rb]": lambda t: t}),
    Case("element_by_element", "An equation for each element, numbers and formulas mixed.", HEAD + "a[s1] = 1\na[s2] = Time\na[s3] = a[s1] + a[s2]",
         {"a[s1]": 1, "a[s2]": lambda t: t, "a[s3]": lambda t: 1 + t}),
    Case("numbers_for_a_row", "A list for one element of the other range.", HEAD + "a[Ra,S] = 1, 2, 3\na[Rb,S] = 4, 5, 6\nc[S] = a[Ra,S]*Time",
         {**_all("a", {k: Rb[k] for k in list(Rb)[:3]}), **{f"c[s{i}]": lambda t, i=i: i * t for i in (1, 2, 3)}}),
    Case("formula_along_range", "Each element with its own.", HEAD + "b[R] = 1, 2\na[R] = b[R]*10 + Time", {"a[Ra]": lambda t: 10 + t, "a[Rb]": lambda t: 20 + t}),
    Case("element_on_the_right", "One element for all.", HEAD + "b[R] = 1, 2\na[R] = b[Rb]*10 + b[R]", {"a[Ra]": 21, "a[Rb]": 22}),
    Case("vector_into_matrix", "Each of two vectors along its own range.", HEAD + "p[R] = 10, 20\nq[S] = 1, 2, 3\na[R,S] = p[R] + q[S]",
         _all("a", {(r, f"s{j}"): 10 * i + j for i, r in ((1, "Ra"), (2, "Rb")) for j in (1, 2, 3)})),
    Case("transposed", "Subscripts go by name and not by place.", TABLE + "a[S,R] = b[R,S]*10", _all("a", {(s, r): 10 * v for (r, s), v in Rb.items()})),
    Case("transposed_square", "Over one range and its copy: a[R,Other] = b[Other,R] turns the table over; by place it stays.",
         "R: Ra, Rb\nOther <-> R\nb[R,Other] = 1, 2; 3, 4;\na[R,Other] = b[Other,R]", {"a[Ra,Ra]": 1, "a[Ra,Rb]": 3, "a[Rb,Ra]": 2, "a[Rb,Rb]": 4}),
    Case("three_dimensions", "Given by rows for each element of the first, then turned about.",
         HEAD + "W: u, v\na[Ra,S,W] = 111, 112; 121, 122; 131, 132;\na[Rb,S,W] = 211, 212; 221, 222; 231, 232;\nc[W,R,S] = a[R,S,W] + Time",
         {**_all("a", _three()), **{f"c[{u},{r},{s}]": lambda t, v=v: v + t for (r, s, u), v in _three().items()}}),
    Case("numbers_among_formulas", "A list of numbers for a row, another for a part of one, a formula for the rest.",
         HEAD + "Few: s1, s2\na[Ra,S] = 1, 2, 3\na[Rb,Few] = 4, 5\na[Rb,s3] = Time\nb = SUM(a[R!,S!])",
         {"a[Ra,s1]": 1, "a[Ra,s2]": 2, "a[Ra,s3]": 3, "a[Rb,s1]": 4, "a[Rb,s2]": 5, "a[Rb,s3]": lambda t: t, "b": lambda t: 15 + t}),
    Case("subrange_on_the_left", "A formula for some elements, numbers for the rest; of two equations each has its own.",
         "S: s1, s2, s3\nFew: s1, s2\na[Few] = Time\na[s3] = 9", {"a[s1]": lambda t: t, "a[s2]": lambda t: t, "a[s3]": 9}),
    Case("subrange_on_the_right", "Elements go by name: Late is s2, s3, and not the first two.",
         "S: s1, s2, s3\nLate: s2, s3\nb[S] = 1, 2, 3\na[Late] = b[Late]*10", {"a[s2]": 20, "a[s3]": 30}),
    Case("range_of_ranges", "A range written as two ranges and an element.", "P: p1, p2\nQ: q1\nAll: P, Q, last\nb[All] = 1, 2, 3, 4\na[P] = b[P]*10\nc[Q] = b[Q]",
         {"b[last]": 4, "a[p1]": 10, "a[p2]": 20, "c[q1]": 3}),
    Case("except_element", "All but one, which has its own.", HEAD + "a[S] :EXCEPT: [s2] = 9\na[s2] = 1", {"a[s1]": 9, "a[s2]": 1, "a[s3]": 9}),
    Case("except_several", "Two groups left out, and a formula that would fail there (1/0).",
         "S: s1, s2, s3\nb[S] = 0, 0, 4\na[S] :EXCEPT: [s1], [s2] = Time/b[S]\na[s1] = 1\na[s2] = 2", {"a[s1]": 1, "a[s2]": 2, "a[s3]": lambda t: t / 4}),
    Case("except_subrange", "A subrange left out.", "S: s1, s2, s3\nFew: s1, s2\na[S] :EXCEPT: [Few] = 9\na[Few] = 1", {"a[s1]": 1, "a[s2]": 1, "a[s3]": 9}),
    Case("except_in_two_dimensions", "One cell, one row of a table left out.",
         HEAD + "a[R,S] :EXCEPT: [Ra,s1], [Rb,S] = 1\na[Ra,s1] = 2\na[Rb,S] = 3\nc[R,S] :EXCEPT: [R,s3] = Time\nc[R,s3] = -1",
         {**_all("a", {("Ra", "s1"): 2, ("Ra", "s2"): 1, ("Ra", "s3"): 1, ("Rb", "s1"): 3, ("Rb", "s2"): 3, ("Rb", "s3"): 3}),
          **{f"c[{r},{s}]": (-1 if s == "s3" else (lambda t: t)) for r, s in Rb}}),
    Case("copy_of_a_range", "A copy has the same elements and runs by itself.", "R: Ra, Rb\nOther <-> R\nb[R] = 1, 2\nd[R,Other] = b[R]*10 + b[Other]\na[R] = SUM(d[R,Other!])",
         {"d[Ra,Ra]": 11, "d[Ra,Rb]": 12, "d[Rb,Ra]": 21, "d[Rb,Rb]": 22, "a[Ra]": 23, "a[Rb]": 43}),
    Case("mapping", "One range mapped to another in order: north is Ra.", "P: north, south -> R\nR: Ra, Rb\nb[R] = 5, 6\na[P] = b[R]*10 + Time",
         {"a[north]": lambda t: 50 + t, "a[south]": lambda t: 60 + t}),
    Case("mapping_the_other_way", "Used from the range that is mapped to.", "P: north, south -> R\nR: Ra, Rb\nb[P] = 5, 6\na[R] = b[P]", {"a[Ra]": 5, "a[Rb]": 6}),
    Case("mapping_to_several", "One range mapped to two.", "P: p1, p2 -> Q, U\nQ: q1, q2\nU: u1, u2\nb[Q] = 1, 2\nc[U] = 10, 20\na[P] = b[Q] + c[U]", {"a[p1]": 11, "a[p2]": 22}),
    Case("mapping_shifts", "A subrange mapped to the one a place further: each takes its neighbour; by name it would take itself.",
         "S: s1, s2, s3\nearly: s1, s2 -> late\nlate: s2, s3\nb[S] = 1, 2, 3\na[late] = b[early]\nc[early] = b[late]",
         {"a[s2]": 1, "a[s3]": 2, "c[s1]": 2, "c[s2]": 3}),
    Case("chain_along_a_range", "Each element needs the one before: no circle.",
         "Age: (k1-k5)\nyounger: (k1-k4) -> older\nolder: (k2-k5)\na[k1] = Time\na[older] = a[younger]*2 + n[younger]\nn[younger] = younger",
         {f"a[k{i + 1}]": lambda t, i=i: _chain(t)[i] for i in range(5)}, LOOP),
    Case("numeric_range", "A range written by its ends, across ten.", "K: (k8-k11)\na[K] = 1, 2, 3, 4\nb = a[k9] + 10*a[k10]",
         {"a[k8]": 1, "a[k9]": 2, "a[k10]": 3, "a[k11]": 4, "b": 32}),
    Case("element_as_number", "A range stands for the place of its element, counted from 1.", HEAD + "a[S] = S*10\nc[R,S] = R*10 + S",
         {"a[s1]": 10, "a[s2]": 20, "a[s3]": 30, **_all("c", {("Ra", "s1"): 11, ("Ra", "s2"): 12, ("Ra", "s3"): 13, ("Rb", "s1"): 21, ("Rb", "s2"): 22, ("Rb", "s3"): 23})}),
    Case("element_of_a_part_as_number", "An element has its place in the longest range, also where a part of it is written, and wherever that is defined.",
         "Late: s2, s3\nS: s1, s2, s3\nx[Late] = Late\ny[Late] = IF THEN ELSE(Late = s3, Time, -1)\nz[S] = S\na = s3",
         {"x[s2]": 2, "x[s3]": 3, "y[s2]": -1, "y[s3]": lambda t: t, "z[s1]": 1, "z[s2]": 2, "z[s3]": 3, "a": 3}, "by hand; as by PySD 3.14.3"),
    Case("element_compared", "An element by name as a number: where S is s2.", HEAD + "a[S] = IF THEN ELSE(S = s2, Time, -1)",
         {"a[s1]": -1, "a[s2]": lambda t: t, "a[s3]": -1}),
    Case("elmcount", "How many elements, of a range and of a subrange.", "S: s1, s2, s3\nFew: s1, s2\na = ELMCOUNT(S) + Time\nb = ELMCOUNT(Few)", {"a": lambda t: 3 + t, "b": 2}),
    Case("sum", "Over one of two ranges, over the other, over both.", TABLE + "a[R] = SUM(b[R,S!])\nc[S] = SUM(b[R!,S])\nd = SUM(b[R!,S!])",
         {"a[Ra]": 6, "a[Rb]": 15, "c[s1]": 5, "c[s2]": 7, "c[s3]": 9, "d": 21}),
    Case("sum_of_products", "Two arrays run together: 2*5 + 3*7; each by itself would be 5*12.", "R: Ra, Rb\nb[R] = 2, 3\nc[R] = 5, 7\na = SUM(b[R!]*c[R!])\n"
         "d = SUM(b[R!])*SUM(c[R!])\ne = SUM(b[R!]*Time)", {"a": 31, "d": 60, "e": lambda t: 5 * t}),
    Case("sum_times_matrix", "A vector through a table.", TABLE + "x[S] = 1, 10, 100\na[R] = SUM(b[R,S!]*x[S!])", {"a[Ra]": 321, "a[Rb]": 654}),
    Case("sum_within_sum", "A sum runs over all ranges that it marks, also inside another; what the inner one leaves is the outer's.",
         TABLE + "w[R] = 1, 10\na = SUM(w[R!]*SUM(b[R!,S!]))\nc = VMAX(SUM(b[R!,S!])/w[R!])\nd = SUM(w[R!]*SUM(w[R!]))\n"
         "e[S] = SUM(b[R!,S]*SUM(w[R!]))\nf = SUM(w[R!] + VMAX(w[R!]))",
         {"a": 231, "c": 21, "d": 121, "e[s1]": 55, "e[s2]": 77, "e[s3]": 99, "f": 31}, "by hand; as by PySD 3.14.3"),
    Case("part_of_a_range", "Elements that no equation gives, and that nothing uses.",
         "R: r1, r2, r3\nC: c1, c2\nTop: r1, r2\nx[r1] = 1\nx[r2] = 2 + x[r1]\ny = SUM(x[Top!])\nz[Top] = 2*x[Top]\ns[r3] = INTEG(1, 5)\nu[R] :EXCEPT: [r3] = x[R]\nu[r3] = 9\n"
         "m[r1,c1] = s[r3]\nm[r2,c2] = m[r1,c1]*2\nl[r2]((0,0),(4,8))\nv = l[r2](Time)\nk[r2,c1] = 3",
         {"x[r1]": 1, "x[r2]": 3, "y": 4, "z[r1]": 2, "z[r2]": 6, "s[r3]": [5, 6, 7, 8, 9], "u[r1]": 1, "u[r2]": 3, "u[r3]": 9, "m[r1,c1]": [5, 6, 7, 8, 9],
          "m[r2,c2]": [10, 12, 14, 16, 18], "v": [0, 2, 4, 6, 8], "k[r2,c1]": 3}, methods=("euler", "rk4")),
    Case("sum_over_a_subrange", "Only some elements.", "S: s1, s2, s3\nLate: s2, s3\nb[S] = 1, 2, 4\na = SUM(b[Late!])\nc[S] = b[S]/SUM(b[Late!])",
         {"a": 6, "c[s1]": 1 / 6, "c[s2]": 2 / 6, "c[s3]": 4 / 6}),
    Case("sum_over_own_range", "The range of the left-hand side summed over as well: shares.", HEAD + "b[S] = 1, 2, 5\na[S] = b[S]/SUM(b[S!])", {"a[s1]": 0.125, "a[s2]": 0.25, "a[s3]": 0.625}),
    Case("sum_where", "A condition inside a sum: of S on those before.", "S: s1, s2, s3\nOther <-> S\nb[S] = 1, 2, 4\na[S] = SUM(IF THEN ELSE(Other! < S, b[Other!], 0))"
         .replace("Other! <", "n[Other!] <") + "\nn[S] = S", {"a[s1]": 0, "a[s2]": 1, "a[s3]": 3}),
    Case("product", "Over one range and over both.", TABLE + "a[R] = PROD(b[R,S!])\nc = PROD(b[R!,S!])", {"a[Ra]": 6, "a[Rb]": 120, "c": 720}),
    Case("smallest", "Of negative numbers too.", HEAD + "b[S] = 2, -3, 4\na = VMIN(b[S!])\nc = VMIN(b[S!]*Time)", {"a": -3, "c": lambda t: -3 * t}),
    Case("largest", "Of negative numbers only: not 0.", HEAD + "b[S] = -2, -3, -4\na = VMAX(b[S!])\nc = VMAX(b[S!] + Time)", {"a": -2, "c": lambda t: t - 2}),
    Case("largest_in_two_dimensions", "Over both, and the largest of sums, each over all that it marks.", TABLE + "a = VMAX(b[R!,S!])\nc = VMAX(b[R!,s1] + SUM(b[R!,S!]))\nd = SUM(b[R!,s1]*VMIN(b[R!,S!]))", {"a": 6, "c": 25, "d": 5}),
    Case("stock_subscripted", "A stock for each element, first values from a list.", "S: s1, s2, s3\nfirst[S] = 1, 2, 3\na[S] = INTEG(rate[S]*a[S], first[S])\nrate[S] = 1, 0, -0.5",
         {"a[s1]": lambda t: 2**t, "a[s2]": 2, "a[s3]": lambda t: 3 * 0.5**t}),
    Case("stock_by_parts", "A stock whose elements have equations of their own: a chain of ages.",
         "Age: young, mid, old\nlater: mid, old\nbefore: young, mid -> later\npeople[young] = INTEG(10 - people[young]/2, 4)\n"
         "people[later] = INTEG(people[before]/2 - people[later]/2, 0)",
         {f"people[{e}]": [row[i] for row in euler(lambda t, y: [10 - y[0] / 2, y[0] / 2 - y[1] / 2, y[1] / 2 - y[2] / 2], (4, 0, 0), 4)]
          for i, e in enumerate(("young", "mid", "old"))}, LOOP),
    Case("stock_matrix_flow", "Flows between elements: what leaves one arrives at another.",
         "R: Ra, Rb\nOther <-> R\na[R] = INTEG(SUM(f[Other!,R]) - SUM(f[R,Other!]), first[R])\nfirst[R] = 8, 0\nf[R,Other] = IF THEN ELSE(n[R] < n[Other], a[R]/2, a[R]/4)\nn[R] = R",
         {"a[Ra]": [row[0] for row in euler(lambda t, y: [y[1] / 4 - y[0] / 2, y[0] / 2 - y[1] / 4], (8, 0), 4)],
          "a[Rb]": [row[1] for row in euler(lambda t, y: [y[1] / 4 - y[0] / 2, y[0] / 2 - y[1] / 4], (8, 0), 4)]}, LOOP),
    Case("smooth_subscripted", "A smooth for each element, with its own time.", "R: Ra, Rb\nup[R] = 4, 8\nlag[R] = 2, 4\na[R] = SMOOTH(STEP(up[R], 1), lag[R])",
         {"a[Ra]": smooth([0, 4, 4, 4, 4], [2] * 5, 0, 1), "a[Rb]": smooth([0, 8, 8, 8, 8], [4] * 5, 0, 1)}, LOOP),
    Case("delay_fixed_subscripted", "A delay of its own for each element.", "R: Ra, Rb\nlag[R] = 1, 3\na[R] = DELAY FIXED(Time*10, lag[R], -lag[R])",
         {"a[Ra]": [-1, 0, 10, 20, 30], "a[Rb]": [-3, -3, -3, 0, 10]}),
    Case("initial_subscripted", "INITIAL for each element.", "R: Ra, Rb\nb[R] = 1, 2\na[R] = INITIAL(b[R]*(Time + 3))", {"a[Ra]": 3, "a[Rb]": 6}),
    Case("names_of_elements", "Elements with spaces, quotes, digits and in any case.",
         'Size: small firm, "R&D, large", 3rd\na[small firm] = 1\na["R&D, large"] = 2\na[3rd] = 3\nb = a[Small_Firm] + 10*a["r&d, large"] + 100*a[3RD]', {"b": 321}),
    Case("large_arrays", "Forty elements: more than are written out one by one; a chain along them too.",
         """Here: (k1-k40)
         There <-> Here
         b[Here] = Here*1
         d[Here,There] = ABS(b[Here] - b[There])
         s[Here] = INTEG(b[Here]*Time, b[Here])
         t = SUM(d[Here!,There!]*s[There!])
         near[Here] = SUM(d[Here,There!])
         m = VMAX(b[Here!]*near[Here!])
         n = VMAX(b[Here!]*SUM(d[Here!,There!]))
         first: (k1-k39) -> second
         second: (k2-k40)
         u[k1] = 1
         u[second] = u[first] + b[second]""",
         {"s[k40]": lambda t: 40 + 40 * t * (t - 1) / 2,
          "t": lambda t: sum(abs(i - j) * (j + j * t * (t - 1) / 2) for i in MANY for j in MANY),
          "m": max(i * sum(abs(i - j) for j in MANY) for i in MANY),
          "n": 40 * sum(abs(i - j) for i in MANY for j in MANY), "u[k40]": 820, "u[k2]": 3}, LOOP),
)  # fmt: skip
