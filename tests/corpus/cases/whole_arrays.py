"""Functions of whole arrays: sorting, selecting, mapping, inverting, allocating.

Rules from https://www.vensim.com/documentation/functions.html , "Arrays, Vectors, and Subscripts" and "Allocation".
"""

from __future__ import annotations

from collections.abc import Callable

import mpmath

from .case import Case

ALL = ("euler", "rk4")
HEAD = "R: r1, r2, r3, r4\nq[R] = 30, 10, 40, 20\n"


def _all(name: str, *values: object) -> dict:  # type: ignore[type-arg]
    return {f"{name}[r{i}]": value for i, value in enumerate(values, 1)}


# Two requests of 6 and 4 with priorities 10 and 9.
WANTED = ((6.0, 10.0), (4.0, 9.0))
PROFILE = "b: b1, b2\np: ptype, ppriority, pwidth, pextra\nr[b] = 6, 4\n"


def _cleared(curve: Callable[[mpmath.mpf], mpmath.mpf], supply: float) -> list[float]:
    """What each gets where the sum of what is met, curve(distance above the own priority), is the supply."""
    with mpmath.workdps(40):
        price = mpmath.findroot(
            lambda p: sum(r * curve(p - own) for r, own in WANTED) - supply, (0, 20), solver="anderson"
        )
        return [float(r * curve(price - own)) for r, own in WANTED]


def _normal(z: mpmath.mpf) -> mpmath.mpf:
    return mpmath.ncdf(-z / 2)


def _exponential(z: mpmath.mpf) -> mpmath.mpf:
    tail = mpmath.exp(-abs(z) / 2) / 2
    return 1 - tail if z < 0 else tail


ROOT = "closed form: the clearing priority with 40 digits, by mpmath"
NORMAL, EXPONENTIAL = _cleared(_normal, 5), _cleared(_exponential, 5)

CASES = (
    Case("vector_sort_order", "Places in order, from 0, upwards and downwards; the order changes with time.",
         HEAD + "a[R] = VECTOR SORT ORDER(q[R], 1)\nd[R] = VECTOR SORT ORDER(q[R], -1)\nm[R] = VECTOR SORT ORDER(q[R]*(2 - Time), 1)",
         {**_all("a", 1, 3, 0, 2), **_all("d", 2, 0, 3, 1), **_all("m", [1, 1, 0, 2, 2], [3, 3, 1, 0, 0], [0, 0, 2, 3, 3], [2, 2, 3, 1, 1])}, methods=ALL),
    Case("vector_rank", "The rank of each, from 1.", HEAD + "a[R] = VECTOR RANK(q[R], 1)\nd[R] = VECTOR RANK(q[R], -1)", {**_all("a", 3, 1, 4, 2), **_all("d", 2, 4, 1, 3)}, methods=ALL),
    Case("vector_reorder", "Sorted by its own order.", HEAD + "o[R] = VECTOR SORT ORDER(q[R], 1)\na[R] = VECTOR REORDER(q[R], o[R])", _all("a", 10, 20, 30, 40), methods=ALL),
    Case("vector_elm_map", "An element counted from a given one; by a vector of places, and by time.",
         HEAD + "k[R] = 3, 2, 1, 0\na = VECTOR ELM MAP(q[r1], 2)\nd[R] = VECTOR ELM MAP(q[r1], k[R])\ne = VECTOR ELM MAP(q[r1], MODULO(Time, 4))",
         {"a": 40, **_all("d", 20, 40, 10, 30), "e": [30, 10, 40, 20, 30]}, methods=ALL),
    Case("vector_select", "Sum, product, least and largest of what is selected; the value for nothing; the selection changes with time.",
         HEAD + "w[R] = 1, 0, 1, 1\nnone[R] = 0, 0, 0, 0\na = VECTOR SELECT(w[R!], q[R!], -1, 0, 0)\nb = VECTOR SELECT(w[R!], q[R!], -1, 1, 0)\nc = VECTOR SELECT(w[R!], q[R!], -1, 2, 0)\n"
         "d = VECTOR SELECT(w[R!], q[R!], -1, 3, 0)\ne = VECTOR SELECT(none[R!], q[R!], -1, 0, 0)\nlate[R] = IF THEN ELSE(Time*10 >= q[R], 1, 0)\nf = VECTOR SELECT(late[R!], q[R!], 0, 0, 0)",
         {"a": 90, "b": 24000, "c": 20, "d": 40, "e": -1, "f": [0, 10, 30, 60, 100]}, methods=ALL),
    Case("invert_matrix", "Two by two, moving: 1/(4t - 2) * (4, -2; -3, 1 + t).",
         "i: i1, i2\nj <-> i\nm[i1,i1] = 1 + Time\nm[i1,i2] = 2\nm[i2,i1] = 3\nm[i2,i2] = 4\na[i,j] = INVERT MATRIX(m[i,j], 2)",
         {"a[i1,i1]": lambda t: 4 / (4 * t - 2), "a[i1,i2]": lambda t: -2 / (4 * t - 2), "a[i2,i1]": lambda t: -3 / (4 * t - 2), "a[i2,i2]": lambda t: (1 + t) / (4 * t - 2)},
         methods=ALL),
    Case("allocate_rectangle", "Shares fall in a straight line over the width: alone at first, then both, one full, all full.",
         PROFILE + "pp[b1,p] = 1, 10, 2, 0\npp[b2,p] = 1, 9, 2, 0\na[b] = ALLOCATE AVAILABLE(r[b], pp[b,ptype], 1 + 2*Time)\nfull[b] = ALLOCATE AVAILABLE(r[b], pp[b,ptype], 20)",
         {"a[b1]": [1, 3, 4.2, 5.4, 6], "a[b2]": [0, 0, 0.8, 1.6, 3], "full[b1]": 6, "full[b2]": 4}, methods=ALL),
    Case("allocate_alike", "Of one priority, all are served alike, whatever the curve.",
         PROFILE + "".join(f"p{k}[b1,p] = {k}, 7, 3, 0\np{k}[b2,p] = {k}, 7, 3, 0\na{k}[b] = ALLOCATE AVAILABLE(r[b], p{k}[b,ptype], 2*Time)\n" for k in (1, 2, 3, 4)),
         {f"a{k}[b{i}]": (lambda t, share=share: share * t) for k in (1, 2, 3, 4) for i, share in ((1, 1.2), (2, 0.8))}, rtol=1e-11, methods=ALL),
    Case("allocate_curves", "A normal and an exponential curve, width 2.",
         PROFILE + "n[b1,p] = 3, 10, 2, 0\nn[b2,p] = 3, 9, 2, 0\ne[b1,p] = 4, 10, 2, 0\ne[b2,p] = 4, 9, 2, 0\na[b] = ALLOCATE AVAILABLE(r[b], n[b,ptype], 5)\nd[b] = ALLOCATE AVAILABLE(r[b], e[b,ptype], 5)",
         {"a[b1]": NORMAL[0], "a[b2]": NORMAL[1], "d[b1]": EXPONENTIAL[0], "d[b2]": EXPONENTIAL[1]}, ROOT, methods=ALL),
    Case("allocate_by_priority", "As the rectangle: a difference of priorities in widths decides.",
         "b: b1, b2\nr[b] = 6, 4\npriority[b] = 10, 9\na[b] = ALLOCATE BY PRIORITY(r[b], priority[b], 2, 2, 1 + 2*Time)\nd[b] = ALLOCATE BY PRIORITY(r[b], priority[b], 2, 0.5, 7)",
         {"a[b1]": [1, 3, 4.2, 5.4, 6], "a[b2]": [0, 0, 0.8, 1.6, 3], "d[b1]": 6, "d[b2]": 1}, methods=ALL),
)  # fmt: skip
