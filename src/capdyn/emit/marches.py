"""The time loops in IR: Euler and Runge-Kutta with a fixed step, as Vensim does them.

Within a Runge-Kutta step, 'held' stays at the step's beginning, so that STEP, PULSE and RAMP keep their value
over all stages (Vensim reference manual, "RK4 integration").

At a save the programs `flows` and `outputs` fill all slots. Models up to `REGISTERS` elements have their stocks in
registers, and their equations become part of the loop; large arrays are not written where only derivatives are needed.
What is not finite is looked for at the end, and step by step in a second run of those members that have it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import llvmlite.ir as ir

from . import memories
from .engine import RULES, Rule
from .instructions import Instructions
from .layout import Layout
from .llvm import declare_program, is_looped, programs, write_rates, written_size

REGISTERS = 64  # elements of the flows up to which stocks stay in registers
LEAN = 600  # written elements up to which flows with loops have a copy that keeps derivatives only
REMEMBERED = 1000  # stocks up to which their initial values are kept for a second run

_INT = ir.IntType(64)
_REAL = ir.DoubleType()
_Place = int | Any  # a number now, or an IR value


def write_march(
    module: ir.Module, layout: Layout, lanes: int, method: str, places: Mapping[str, int]
) -> ir.Function:
    """Adds `march.<method>`: (values, start, length, saves, slots, n_slots, out, failed, tape, n_rows, shared, whole).

    See `Engine.march`, `Engine.tape` and `capdyn.passes.shared`, whose `shared_symbols` gives `places`. `whole`
    is 0 if only stocks and constants are kept, so that nothing else is computed at a save. It calls the programs,
    which are in another module.
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
            _REAL.as_pointer(),
            _INT,
        ],
    )
    function = ir.Function(module, signature, f"march.{method}")
    _March(function, layout, lanes, places).write(RULES[method])
    return function


def fits_registers(layout: Layout) -> bool:
    """Whether a model is so small that its stocks stay in registers; nothing may happen at the end of a step."""
    flows = layout.system.flows
    return sum(e.size for e in flows) <= REGISTERS and _only_adds(layout) and not any(map(is_looped, flows))


def _only_adds(layout: Layout) -> bool:
    """Whether a step does nothing but add to stocks: what is not finite stays so, and a run can be repeated."""
    system = layout.system
    return not (system.memories or system.floored or system.held)


class _March:
    """Writes one time loop."""

    def __init__(self, function: ir.Function, layout: Layout, lanes: int, places: Mapping[str, int]):
        self.layout, self.lanes = layout, lanes
        self.builder = ir.IRBuilder(function.append_basic_block())
        self.do = Instructions(self.builder, lanes)
        self.marks = ir.VectorType(_INT, lanes)
        self.values, self.start, self.length, self.saves, self.slots, self.n_slots, self.out = function.args[
            :7
        ]
        self.failed, self.tape, self.n_rows, self.shared, self.whole = function.args[7:]
        self.n_states = len(layout.states)
        module = function.module
        names = [name for name in programs(layout.system) if name in ("flows", "stages", "outputs")]
        self.programs = {name: declare_program(module, name, lanes) for name in names}
        self.in_registers = fits_registers(layout)
        self.looks_back = _only_adds(layout) and self.n_states <= REMEMBERED
        self.rates: dict[str, ir.Function] = {}
        flows = layout.system.flows
        if self.in_registers or (any(map(is_looped, flows)) and written_size(flows) <= LEAN):
            self.rates = {n: write_rates(module, layout, lanes, n, places) for n in names if n != "outputs"}
            for rates in self.rates.values():
                rates.attributes.add("alwaysinline" if self.in_registers else "noinline")
        if self.in_registers:
            self.y, self.dy = self._room(), self._room()
        else:
            self.y = self._states()
            self.dy = self.builder.gep(self.values, [ir.Constant(_INT, layout.derivatives.start)])

    def write(self, rule: Rule) -> None:
        """The loop over steps."""
        builder = self.builder
        room = [self._room() for _ in range(2 if rule.stages else 0)]
        begun = self._room() if self.looks_back else None
        saved, watch = builder.alloca(_INT), builder.alloca(ir.IntType(1))
        builder.store(ir.Constant(self.marks, [-1] * self.lanes), self.failed, align=8)
        builder.store(ir.Constant(ir.IntType(1), begun is None), watch)
        if begun is not None:
            states = self._states()
            self._each(lambda i: self._put(begun, i, self._get(states, i)))
        again, loop, after = (builder.append_basic_block(name) for name in ("again", "step", "end"))
        builder.branch(again)
        builder.position_at_end(again)
        builder.store(ir.Constant(_INT, 0), saved)
        if begun is not None:
            self._each(lambda i: self._put(self.y, i, self._get(begun, i)))
        before = builder.block
        builder.branch(loop)
        builder.position_at_end(loop)
        k = builder.phi(_INT)
        k.add_incoming(ir.Constant(_INT, 0), before)
        now = self._ahead(k)
        with builder.if_then(builder.load(watch), likely=False):
            self._watch(k)
        self._begin_step(k, now, saved, after)
        memories.record(self.do, self.layout, self.values, self.tape, self.n_rows, k)
        if rule.stages:
            self._runge_kutta(now, rule, *room)
        else:
            wide = self.do.spread(self.length)
            self._each(
                lambda i: self._put(
                    self.y, i, builder.fadd(self._get(self.y, i), builder.fmul(wide, self._get(self.dy, i)))
                )
            )
        memories.floor(self.do, self.layout, self.values)
        memories.recall(self.do, self.layout, self.values, self.tape, self.n_rows, k)
        k.add_incoming(builder.add(k, ir.Constant(_INT, 1)), builder.block)
        builder.branch(loop)
        builder.position_at_end(after)
        if begun is not None:
            self._look_back(watch, again)
        builder.ret_void()

    def _states(self) -> ir.Value:
        """Where the stocks are among the values."""
        return self.builder.gep(self.values, [ir.Constant(_INT, self.layout.states.start)])

    def _room(self) -> ir.Value:
        """A place on the stack for a vector each stock."""
        with self.builder.goto_entry_block():
            return self.builder.alloca(self.do.vector, ir.Constant(_INT, max(self.n_states, 1)))

    def _ahead(self, k: ir.Value) -> ir.Value:
        """start + k * length, by counting: no rounding piles up."""
        return self.builder.fadd(self.start, self.builder.fmul(self.builder.sitofp(k, _REAL), self.length))

    def _call(self, program: str, time: ir.Value, held: ir.Value) -> None:
        """All that a program gives."""
        self.builder.call(self.programs[program], [self.values, time, held, self.length])

    def _rates(self, program: str, time: ir.Value, held: ir.Value) -> None:
        """The derivatives that a program gives."""
        if self.rates:
            self.builder.call(
                self.rates[program], [self.values, self.y, self.dy, self.shared, time, held, self.length]
            )
        else:
            self._call(program, time, held)

    def _each(self, body: Callable[[_Place], object]) -> None:
        """Runs over the stocks."""
        if self.in_registers:
            for i in range(self.n_states):
                body(i)
        elif self.n_states:
            with self.do.loop(self.n_states) as i:
                body(i)

    def _get(self, room: ir.Value, i: _Place) -> ir.Value:
        return self.do.load(room, i)

    def _put(self, room: ir.Value, i: _Place, value: ir.Value) -> None:
        self.do.store(value, room, i)

    def _runge_kutta(self, now: ir.Value, rule: Rule, first: ir.Value, total: ir.Value) -> None:
        builder, get, put = self.builder, self._get, self._put

        def begin(i: _Place) -> None:
            put(first, i, get(self.y, i))
            put(total, i, get(self.dy, i) if rule.first else self.do.constant(0.0))

        self._each(begin)
        for ahead, weight in rule.stages:
            reach = builder.fmul(ir.Constant(_REAL, ahead), self.length)
            wide, heavy = self.do.spread(reach), self.do.constant(weight)
            self._each(
                lambda i, wide=wide: put(  # type: ignore[misc]
                    self.y, i, builder.fadd(get(first, i), builder.fmul(wide, get(self.dy, i)))
                )
            )
            self._rates("stages" if "stages" in self.programs else "flows", builder.fadd(now, reach), now)
            self._each(
                lambda i, heavy=heavy: put(  # type: ignore[misc]
                    total, i, builder.fadd(get(total, i), builder.fmul(heavy, get(self.dy, i)))
                )
            )
        share = self.do.spread(builder.fdiv(self.length, ir.Constant(_REAL, rule.divisor)))
        self._each(lambda i: put(self.y, i, builder.fadd(get(first, i), builder.fmul(share, get(total, i)))))

    def _not_finite(self) -> ir.Value:
        """Mask of members with a state that is not finite: times zero, such a state alone is not zero."""
        zero = self.do.constant(0.0)
        cell = self.do.cell(zero)
        self._each(
            lambda i: self.builder.store(
                self.builder.fadd(self.builder.load(cell), self.builder.fmul(self._get(self.y, i), zero)),
                cell,
            )
        )
        return self.builder.fcmp_unordered("uno", self.builder.load(cell), zero)

    def _watch(self, k: ir.Value) -> None:
        """Marks members with a state that is not finite with the step."""
        if not self.n_states:
            return
        builder = self.builder
        old = builder.load(self.failed, align=8)
        new = builder.and_(
            self._not_finite(), builder.icmp_signed("<", old, ir.Constant(self.marks, [0] * self.lanes))
        )
        wide = self.do.spread(k)
        builder.store(builder.select(new, wide, old), self.failed, align=8)

    def _look_back(self, watch: ir.Value, again: ir.Block) -> None:
        """Runs once more and looks at each step if a state is not finite at the end.

        A sum with a state that is not finite is not finite either, so nothing that happens on the way is missed.
        """
        builder, bits = self.builder, ir.IntType(self.lanes)
        broken = builder.icmp_unsigned("!=", builder.bitcast(self._not_finite(), bits), ir.Constant(bits, 0))
        repeat, done = builder.append_basic_block("repeat"), builder.append_basic_block("done")
        builder.cbranch(builder.and_(broken, builder.not_(builder.load(watch))), repeat, done)
        builder.position_at_end(repeat)
        builder.store(ir.Constant(ir.IntType(1), 1), watch)
        builder.branch(again)
        builder.position_at_end(done)

    def _begin_step(self, k: ir.Value, now: ir.Value, saved: ir.Value, after: ir.Block) -> None:
        """Derivatives at the beginning of a step; if it is the next to be kept, all else too. Leaves after the last."""
        builder = self.builder
        j = builder.load(saved)
        due = builder.icmp_signed("==", builder.load(builder.gep(self.saves, [j])), k)
        names = ("keep", "fill", "copy", "lean", "advance")
        keep, fill, copy, lean, advance = (builder.append_basic_block(name) for name in names)
        whole = builder.icmp_signed("!=", self.whole, ir.Constant(_INT, 0))
        builder.cbranch(due, keep, lean).set_weights([1, 1000])
        builder.position_at_end(keep)
        if self.in_registers:
            states = self._states()
            self._each(lambda i: self._put(states, i, self._get(self.y, i)))
        builder.cbranch(whole, fill, copy)
        builder.position_at_end(fill)
        self._call("flows", now, now)
        if self.in_registers:
            start = self.layout.derivatives.start
            self._each(lambda i: self._put(self.dy, i, self.do.load(self.values, start + i)))
        self._call("outputs", now, now)
        builder.branch(copy)
        builder.position_at_end(copy)
        self._copy_out(j)
        following = builder.add(j, ir.Constant(_INT, 1))
        builder.store(following, saved)
        left = builder.icmp_signed(
            ">=", builder.load(builder.gep(self.saves, [following])), ir.Constant(_INT, 0)
        )
        onward = builder.append_basic_block("onward")
        builder.cbranch(left, onward, after)
        builder.position_at_end(onward)
        builder.cbranch(whole, advance, lean)
        builder.position_at_end(lean)
        self._rates("flows", now, now)
        builder.branch(advance)
        builder.position_at_end(advance)

    def _copy_out(self, j: ir.Value) -> None:
        """The wanted slots into row j of `out`."""
        builder = self.builder
        base = builder.mul(j, self.n_slots)
        with (
            builder.if_then(builder.icmp_signed(">", self.n_slots, ir.Constant(_INT, 0))),
            self.do.loop(self.n_slots) as i,
        ):
            slot = builder.load(builder.gep(self.slots, [i]))
            builder.store(
                self.do.load(self.values, slot), builder.gep(self.out, [builder.add(base, i)]), align=8
            )
