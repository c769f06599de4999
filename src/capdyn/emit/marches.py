"""The time loops in IR: Euler and Runge-Kutta with a fixed step, as Vensim does them.

Within a Runge-Kutta step, 'held' stays at the step's beginning, so that STEP, PULSE and RAMP keep their value
over all stages (Vensim reference manual, "RK4 integration").
"""

from __future__ import annotations

from collections.abc import Callable

import llvmlite.ir as ir

from . import memories
from .engine import RULES, Rule
from .instructions import Instructions
from .layout import Layout

_INT = ir.IntType(64)
_REAL = ir.DoubleType()


def write_marches(module: ir.Module, layout: Layout, lanes: int, programs: dict[str, ir.Function]) -> None:
    """Adds a function for each of `RULES`: (values, start, length, saves, slots, n_slots, out, failed, tape, n_rows).

    See `Engine.march` and `Engine.tape`.
    """
    vector = ir.VectorType(_REAL, lanes)
    signature = ir.FunctionType(
        ir.VoidType(),
        [
            vector.as_pointer(),
            _REAL,
            _REAL,
            _INT.as_pointer(),
            _INT.as_pointer(),
            _INT,
            vector.as_pointer(),
            ir.VectorType(_INT, lanes).as_pointer(),
            _REAL.as_pointer(),
            _INT,
        ],
    )
    for name, rule in RULES.items():
        _March(ir.Function(module, signature, name), layout, lanes, programs).write(rule)


class _March:
    """Writes one time loop."""

    def __init__(self, function: ir.Function, layout: Layout, lanes: int, programs: dict[str, ir.Function]):
        self.layout, self.lanes, self.programs = layout, lanes, programs
        self.builder = ir.IRBuilder(function.append_basic_block())
        self.do = Instructions(self.builder, lanes)
        self.values, self.start, self.length, self.saves, self.slots, self.n_slots, self.out = function.args[
            :7
        ]
        self.failed, self.tape, self.n_rows = function.args[7:]
        self.n_states = len(layout.states)

    def write(self, rule: Rule) -> None:
        """The loop over steps."""
        builder = self.builder
        marks = ir.VectorType(_INT, self.lanes)
        room = [
            builder.alloca(self.do.vector, ir.Constant(_INT, max(self.n_states, 1)))
            for _ in range(2 if rule.stages else 0)
        ]
        saved = builder.alloca(_INT)
        builder.store(ir.Constant(_INT, 0), saved)
        builder.store(ir.Constant(marks, [-1] * self.lanes), self.failed, align=8)
        before, loop, after = (
            builder.block,
            builder.append_basic_block("step"),
            builder.append_basic_block("end"),
        )
        builder.branch(loop)
        builder.position_at_end(loop)
        k = builder.phi(_INT)
        k.add_incoming(ir.Constant(_INT, 0), before)
        now = self._ahead(k)
        self._watch(k)
        self._call("flows", now, now)
        more = self._save(k, now, saved)
        going_on = builder.append_basic_block("advance")
        builder.cbranch(more, going_on, after)
        builder.position_at_end(going_on)
        memories.record(self.do, self.layout, self.values, self.tape, self.n_rows, k)
        if rule.stages:
            self._runge_kutta(now, rule, *room)
        else:
            self._each(
                lambda i: self._set(
                    i, builder.fadd(self._state(i), builder.fmul(self.do.spread(self.length), self._rate(i)))
                )
            )
        memories.floor(self.do, self.layout, self.values)
        memories.recall(self.do, self.layout, self.values, self.tape, self.n_rows, k)
        k.add_incoming(builder.add(k, ir.Constant(_INT, 1)), builder.block)
        builder.branch(loop)
        builder.position_at_end(after)
        builder.ret_void()

    def _ahead(self, k: ir.Value) -> ir.Value:
        """start + k * length, by counting: no rounding piles up."""
        return self.builder.fadd(self.start, self.builder.fmul(self.builder.sitofp(k, _REAL), self.length))

    def _call(self, program: str, time: ir.Value, held: ir.Value) -> None:
        self.builder.call(self.programs[program], [self.values, time, held, self.length])

    def _each(self, body: Callable[[ir.Value], object]) -> None:
        """Runs over the states."""
        if self.n_states:
            with self.do.loop(self.n_states) as i:
                body(i)

    def _state(self, i: ir.Value) -> ir.Value:
        return self.do.load(self.values, self.builder.add(i, ir.Constant(_INT, self.layout.states.start)))

    def _set(self, i: ir.Value, value: ir.Value) -> None:
        self.do.store(value, self.values, self.builder.add(i, ir.Constant(_INT, self.layout.states.start)))

    def _rate(self, i: ir.Value) -> ir.Value:
        return self.do.load(
            self.values, self.builder.add(i, ir.Constant(_INT, self.layout.derivatives.start))
        )

    def _runge_kutta(self, now: ir.Value, rule: Rule, first: ir.Value, total: ir.Value) -> None:
        builder = self.builder

        def at(room: ir.Value, i: ir.Value) -> ir.Value:
            return builder.gep(room, [i])

        def begin(i: ir.Value) -> None:
            builder.store(self._state(i), at(first, i))
            builder.store(self._rate(i) if rule.first else self.do.constant(0.0), at(total, i))

        self._each(begin)
        for ahead, weight in rule.stages:
            reach = builder.fmul(ir.Constant(_REAL, ahead), self.length)
            wide = self.do.spread(reach)
            self._each(
                lambda i, wide=wide: self._set(  # type: ignore[misc]
                    i, builder.fadd(builder.load(at(first, i)), builder.fmul(wide, self._rate(i)))
                )
            )
            self._call("stages", builder.fadd(now, reach), now)
            self._each(
                lambda i, weight=weight: builder.store(  # type: ignore[misc]
                    builder.fadd(
                        builder.load(at(total, i)), builder.fmul(self.do.constant(weight), self._rate(i))
                    ),
                    at(total, i),
                )
            )
        share = self.do.spread(builder.fdiv(self.length, ir.Constant(_REAL, rule.divisor)))
        self._each(
            lambda i: self._set(
                i, builder.fadd(builder.load(at(first, i)), builder.fmul(share, builder.load(at(total, i))))
            )
        )

    def _watch(self, k: ir.Value) -> None:
        """Marks members with a state that is not finite: times zero, such a state alone is not zero."""
        if not self.n_states:
            return
        builder, zero = self.builder, self.do.constant(0.0)
        cell = self.do.cell(zero)
        self._each(
            lambda i: builder.store(
                builder.fadd(builder.load(cell), builder.fmul(self._state(i), zero)), cell
            )
        )
        broken = builder.fcmp_unordered("uno", builder.load(cell), zero)
        marks = ir.VectorType(_INT, self.lanes)
        old = builder.load(self.failed, align=8)
        new = builder.and_(broken, builder.icmp_signed("<", old, ir.Constant(marks, [0] * self.lanes)))
        lanes = [builder.insert_element(ir.Constant(marks, ir.Undefined), k, ir.Constant(ir.IntType(32), 0))]
        pattern = ir.Constant(ir.VectorType(ir.IntType(32), self.lanes), [0] * self.lanes)
        wide = builder.shuffle_vector(lanes[0], ir.Constant(marks, ir.Undefined), pattern)
        builder.store(builder.select(new, wide, old), self.failed, align=8)

    def _save(self, k: ir.Value, now: ir.Value, saved: ir.Value) -> ir.Value:
        """Keeps the outputs if this step is the next to be kept; gives whether steps are left."""
        builder = self.builder
        j = builder.load(saved)
        due = builder.icmp_signed("==", builder.load(builder.gep(self.saves, [j])), k)
        more = ir.Constant(ir.IntType(1), 1)
        here = builder.block
        with builder.if_then(due):
            self._call("outputs", now, now)
            base = builder.mul(j, self.n_slots)
            with (
                builder.if_then(builder.icmp_signed(">", self.n_slots, ir.Constant(_INT, 0))),
                self.do.loop(self.n_slots) as i,
            ):
                slot = builder.load(builder.gep(self.slots, [i]))
                builder.store(
                    self.do.load(self.values, slot), builder.gep(self.out, [builder.add(base, i)]), align=8
                )
            following = builder.add(j, ir.Constant(_INT, 1))
            builder.store(following, saved)
            left = builder.icmp_signed(
                ">=", builder.load(builder.gep(self.saves, [following])), ir.Constant(_INT, 0)
            )
            inside = builder.block
        result = builder.phi(ir.IntType(1))
        result.add_incoming(more, here)
        result.add_incoming(left, inside)
        return result
