"""The System of a model as plain C, one statement an element: what a good compiler makes of the same equations."""

from __future__ import annotations

import ctypes
import subprocess
import time
from pathlib import Path

import numpy as np

from capdyn.emit.interpret import segments
from capdyn.emit.layout import Layout, lay_out, strides
from capdyn.lang.expressions import Table
from capdyn.passes.system import Axis, Clock, Const, Equation, Index, Load, Node, Op, Position, Reduce, System

# Members side by side, whether lookups go by index (what is faster, measured: for one member an index, for many
# choices, which gcc vectorises better), flags.
FLAGS = {
    "C one member, gcc -O2": (1, True, ["-O2"]),
    "C one member, gcc -O3 -march=native": (1, True, ["-O3", "-march=native"]),
    "C one member, lookups as choices, the same flags": (1, False, ["-O3", "-march=native"]),
    "C 64 members innermost, gcc -O3 -march=native": (64, False, ["-O3", "-march=native"]),
    "C 64 members innermost, the same and -ffast-math": (64, False, ["-O3", "-march=native", "-ffast-math"]),
}
_INFIX = {"+", "-", "*", "/", "<", "<=", ">", ">="}
_REDUCTIONS = {"sum": " + ", "prod": " * "}
_CALLS = {
    "exp": "exp",
    "ln": "log",
    "sqrt": "sqrt",
    "abs": "fabs",
    "^": "pow",
    "integer": "trunc",
    "tanh": "tanh",
}
_FORMS = {
    "negative": "(-{0})", "if then else": "(({0}) != 0.0 ? {1} : {2})", "min": "fmin_({0}, {1})",
    "max": "fmax_({0}, {1})", "and": "(({0}) != 0.0 && ({1}) != 0.0)", "or": "(({0}) != 0.0 || ({1}) != 0.0)",
    "not": "(({0}) == 0.0)", "=": "({0} == {1})", "<>": "({0} != {1})",
}  # fmt: skip


class CannotWrite(Exception):
    """A function that this benchmark has no C for."""


def write(system: System, members: int, indexed: bool) -> tuple[str, Layout]:
    """C with a function `run` that runs any number of members, `members` of them side by side."""
    layout = lay_out(system)
    writer = _Writer(layout, members, indexed)
    bodies = "\n".join(
        f"static void {name}(double (*restrict v)[M], double time, double held, double step) {{\n"
        + "\n".join(
            f"  for (int m = 0; m < M; m++) {line}" for e in getattr(system, name) for line in writer.lines(e)
        )
        + "\n}"
        for name in ("constants", "initial", "flows")
    )
    return _FRAME.format(
        m=members,
        tables="\n".join(writer.tables.values()),
        bodies=bodies,
        states=layout.states.start,
        rates=layout.derivatives.start,
        n=len(layout.states),
        size=layout.size,
    ), layout


class _Writer:
    def __init__(self, layout: Layout, members: int, indexed: bool):
        self.layout, self.members, self.indexed = layout, members, indexed
        self.tables: dict[Table, str] = {}

    def lines(self, equation: Equation) -> list[str]:
        """A statement for each element."""
        out: list[str] = []

        def nest(depth: int, axes: dict[int, int]) -> None:
            if depth < len(equation.block):
                for i in range(len(equation.block[depth])):
                    nest(depth + 1, {**axes, depth: i})
                return
            index = tuple(Axis(axis, positions) for axis, positions in enumerate(equation.block))
            slot = self._slot(equation.target, index, axes)
            out.append(f"v[{slot}][m] = {self.text(equation.node, axes)};")

        nest(0, {})
        return out

    def _slot(self, symbol: str, index: tuple[Index, ...], axes: dict[int, int]) -> int:
        steps = strides(self.layout.system.symbols[symbol].shape)
        return self.layout.start[symbol] + sum(
            _place(i, axes) * step for i, step in zip(index, steps, strict=True)
        )

    def text(self, node: Node, axes: dict[int, int]) -> str:
        """A node as a C expression."""
        if isinstance(node, Const):
            return f"{node.value!r}" if np.isfinite(node.value) else "INFINITY"
        if isinstance(node, Load):
            return f"v[{self._slot(node.symbol, node.index, axes)}][m]"
        if isinstance(node, Clock):
            return node.which
        if isinstance(node, Position):
            return f"{_place(node.index, axes) + 1}.0"
        if isinstance(node, Reduce):
            if node.function not in _REDUCTIONS:
                raise CannotWrite(node.function)
            each = (self.text(node.body, {**axes, node.axis: i}) for i in range(node.size))
            return f"({_REDUCTIONS[node.function].join(each)})"
        if isinstance(node, Op):
            arguments = [self.text(argument, axes) for argument in node.arguments]
            if node.function in _INFIX:
                return f"({arguments[0]} {node.function} {arguments[1]})"
            if node.function in _CALLS:
                return f"{_CALLS[node.function]}({', '.join(arguments)})"
            if node.function in _FORMS:
                return _FORMS[node.function].format(*arguments)
            raise CannotWrite(node.function)
        places = [_place(i, axes) * step for i, step in zip(node.index, strides(node.shape), strict=True)]
        return f"{self._table(node.tables[sum(places)])}({self.text(node.argument, axes)})"

    def _table(self, table: Table) -> str:
        name = f"t{list(self.tables).index(table) if table in self.tables else len(self.tables)}"
        if table not in self.tables:
            indexed = self.indexed and _is_uniform(table)
            self.tables[table] = _by_index(name, table) if indexed else _by_choice(name, table)
        return name


def _is_uniform(table: Table) -> bool:
    widths = np.diff(table.x)
    return table.outside == "clamp" and len(widths) > 2 and bool(np.ptp(widths) < 1e-9 * widths[0])


def _by_choice(name: str, table: Table) -> str:
    """A table as one choice after the other."""
    pieces = segments(table)
    lines = [f"r = x >= {x!r} ? {y!r} + (x - {x!r}) * {slope!r} : r;" for x, y, slope in pieces[1:]]
    x, y, slope = pieces[0]
    return (
        f"static inline double {name}(double x) {{"
        f" double r = x < {x!r} ? {y!r} : {y!r} + (x - {x!r}) * {slope!r};"
        f" {' '.join(lines)} return r; }}"
    )


def _by_index(name: str, table: Table) -> str:
    """A table on a uniform grid by the number of its piece, which gcc makes a gather of."""
    pieces = segments(table)[:-1]
    starts, levels, slopes = zip(*pieces, strict=True)
    arrays = " ".join(
        f"static const double {name}_{part}[{len(pieces)}] = {{{', '.join(map(repr, numbers))}}};"
        for part, numbers in (("x", starts), ("y", levels), ("s", slopes))
    )
    x0, last, width = starts[0], table.x[-1], starts[1] - starts[0]
    return (
        f"{arrays} static inline double {name}(double x) {{ x = x < {x0!r} ? {x0!r} : x;"
        f" double at = (x - {x0!r}) * {1 / width!r}; at = at < {len(pieces) - 1.0} ? at : {len(pieces) - 1.0};"
        f" long i = (long)at; double r = {name}_y[i] + (x - {name}_x[i]) * {name}_s[i];"
        f" return x >= {last!r} ? {table.y[-1]!r} : r; }}"
    )


def _place(index: Index, axes: dict[int, int]) -> int:
    return index.positions[axes[index.axis]] if isinstance(index, Axis) else index.position


_FRAME = """#include <math.h>
#include <string.h>
#define M {m}
#define EACH for (int s = 0; s < {n}; s++) for (int m = 0; m < M; m++)
static inline double fmin_(double a, double b) {{ return b < a ? b : a; }}
static inline double fmax_(double a, double b) {{ return b > a ? b : a; }}
{tables}
{bodies}
static void one_block(double (*restrict v)[M], double start, double length, long steps, int rk4) {{
  static double first[{n} + 1][M], total[{n} + 1][M];
  static const double ahead[3] = {{0.5, 0.5, 1.0}}, weight[3] = {{2.0, 2.0, 1.0}};
  double (*y)[M] = v + {states}, (*dy)[M] = v + {rates};
  constants(v, start, start, length); initial(v, start, start, length);
  for (long k = 0; k < steps; k++) {{
    double now = start + k * length;
    flows(v, now, now, length);
    if (!rk4) {{ EACH y[s][m] += length * dy[s][m]; continue; }}
    EACH {{ first[s][m] = y[s][m]; total[s][m] = dy[s][m]; }}
    for (int j = 0; j < 3; j++) {{
      EACH y[s][m] = first[s][m] + ahead[j] * length * dy[s][m];
      flows(v, now + ahead[j] * length, now, length);
      EACH total[s][m] += weight[j] * dy[s][m];
    }}
    EACH y[s][m] = first[s][m] + length / 6.0 * total[s][m];
  }}
}}
void run(double (*restrict v)[M], double (*restrict first)[M], long parameter, const double *values, long n,
         long wanted, double *out, double start, double length, long steps, int rk4) {{
  for (long b = 0; b < n; b += M) {{
    memcpy(v, first, sizeof(double) * {size} * M);
    for (int m = 0; m < M; m++) v[parameter][m] = values[b + m < n ? b + m : n - 1];
    one_block(v, start, length, steps, rk4);
    for (int m = 0; m < M && b + m < n; m++) out[b + m] = v[wanted][m];
  }}
}}
"""


class Compiled:
    """A model compiled by gcc; `seconds` is what that took."""

    def __init__(self, system: System, name: str, folder: Path):
        self.members, indexed, flags = FLAGS[name]
        text, self.layout = write(system, self.members, indexed)
        source = folder / f"{abs(hash((system.name, name)))}.c"
        source.write_text(text)
        library = source.with_suffix(".so")
        started = time.perf_counter()
        command = ["gcc", *flags, "-fPIC", "-shared", "-o", str(library), str(source), "-lmvec", "-lm"]
        subprocess.run(command, check=True, timeout=600)
        self.seconds = time.perf_counter() - started
        self._run = ctypes.CDLL(str(library)).run
        address, whole, number = ctypes.c_void_p, ctypes.c_long, ctypes.c_double
        self._run.argtypes = [
            address,
            address,
            whole,
            address,
            whole,
            whole,
            address,
            number,
            number,
            whole,
            ctypes.c_int,
        ]
        self._first = np.zeros((self.layout.size, self.members))
        for symbol in system.of_kind("parameter"):
            self._first[list(self.layout.slots(symbol.name))] = np.array(symbol.values)[:, None]

    def run(
        self, parameter: str, values: np.ndarray, wanted: str, clock: tuple[float, float, int, bool]
    ) -> np.ndarray:
        """Final values of a stock's first element for each value of a parameter, on one core."""
        out = np.empty(len(values))
        room = np.empty_like(self._first)
        slots = self.layout.start
        values = np.ascontiguousarray(values)
        self._run(
            room.ctypes.data, self._first.ctypes.data, slots[parameter], values.ctypes.data, len(values),
            slots[wanted], out.ctypes.data, *clock,
        )  # fmt: skip
        return out
