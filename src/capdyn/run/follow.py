"""Tangents along an adaptive run: the stocks and several directions of their tangents as one system.

Follows Maly, Petzold, Numerical methods and software for sensitivity analysis of differential-algebraic systems,
Applied Numerical Mathematics 20 (1996) 57-79: all at once, with the Jacobian of the stocks repeated along the
diagonal; what it leaves out only touches how fast Newton's iteration converges. Where the flows jump at a time that
depends on the parameter, the tangent jumps too: Galan, Feehery, Barton, Parametric sensitivity functions for hybrid
discrete/continuous systems, Applied Numerical Mathematics 31 (1999) 17-47. That time is known before the run, or it is
where the state crosses a threshold.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..emit.engine import Engine
from ..errors import NumericalError
from ..passes.crossings import Crossing
from ..passes.differentiate import tangent_name
from ..solve.adaptive import IMPLICIT
from ..solve.blocks import along_diagonal
from ..solve.crossings import Sides
from .adaptive import Flows, solve, switch_times
from .clock import Clock
from .jacobian import jacobian_of
from .open import Model
from .scenario import Settings
from .simulate import given_states

# How far a switch time is moved to see the flows on both sides of it, relative to the time.
_NUDGE = 1e-9
# Within this, relative, two switch times (or their speeds) are one.
_SAME = 1e-12
# And the speeds of two crossings, which are known less well.
_ALIKE = 1e-6
# A threshold is touched, and not crossed, if the gap's change differs by this part from one moment to the next.
_BENT = 0.1
# Flows that differ by less, relative to the largest, are the same on both sides of a threshold.
_SAME_FLOW = 1e-9


def follow(
    model: Model,
    machine: Engine,
    settings: Settings,
    clock: Clock,
    values: np.ndarray,
    moved: np.ndarray,
    kept: np.ndarray,
    crossings: tuple[Crossing, ...],
    rtol: float,
    atol: float,
) -> np.ndarray:
    """Runs one block of directions.

    Parameters
    ----------
    machine : Engine  the model and its tangent in one direction.
    values : ndarray, shape (n_slots, n_lanes)  at the start, a direction a lane.
    moved : ndarray, shape (n_directions,)  slot of the parameter that each of the first lanes follows, or -1.
    kept : ndarray, shape (n_kept,)  slots wanted.
    crossings : the thresholds that the machine can be kept at.

    Returns
    -------
    ndarray, shape (n_saves, n_kept, n_directions)
    """
    block = _Block(machine, values, moved, crossings, 1e-5 * clock.step)
    jac = None
    if clock.method in IMPLICIT:
        stocks = jacobian_of(model, "kernel", given_states(settings), machine, values)
        jac = block.jacobian(stocks, sparse=clock.method != "lsoda")
    sides = Sides(block, clock.final - clock.initial, block.join) if crossings else None
    switches = switch_times(machine, values, clock)
    states = solve(model, clock, block, block.packed(), switches, rtol, atol, jac, sides, block.jump)
    return block.keep_outputs(clock.times, states, kept, len(moved))


class _Block(Flows):
    """The stocks, then their tangents direction by direction, as one vector.

    z : ndarray, shape (n_stocks + n_directions * n_tangents,)
    moment : a time in which nothing much happens, to see how fast the state comes to a threshold.
    """

    def __init__(
        self,
        machine: Engine,
        values: np.ndarray,
        moved: np.ndarray,
        crossings: tuple[Crossing, ...],
        moment: float,
    ):
        super().__init__(machine, values, crossings)
        self.moved, self.moment = moved, moment
        layout, system = machine.layout, machine.layout.system
        followed = [s for s in system.of_kind("state") if tangent_name(s.name) in system.symbols]
        names = {tangent_name(s.name) for s in followed}
        own = [s for s in system.of_kind("state") if s.name not in names]
        self.stocks = np.array([slot for s in own for slot in layout.slots(s.name)], dtype=np.int64)
        self.tangents = np.array(
            [slot for s in followed for slot in layout.slots(tangent_name(s.name))], dtype=np.int64
        )
        place = {slot: i for i, slot in enumerate(self.stocks.tolist())}
        self.followed = np.array(
            [place[slot] for s in followed for slot in layout.slots(s.name)], dtype=np.int64
        )
        has = [tangent_name(crossing.gap) in layout.start for crossing in crossings]
        self.gap_tangents = [
            slot
            for crossing, known in zip(crossings, has, strict=True)
            for slot in (
                layout.slots(tangent_name(crossing.gap)) if known else [-1] * len(layout.slots(crossing.gap))
            )
        ]
        self.to_rate = layout.derivatives.start - layout.states.start
        self.switches = [
            switch
            for switch in system.switches
            if {tangent_name(switch.time), tangent_name(switch.every)} & set(system.symbols)
        ]

    def packed(self) -> np.ndarray:
        """z as it stands in the values."""
        n = len(self.moved)
        return np.concatenate([self.values[self.stocks, 0], self.values[self.tangents, :n].T.ravel()])

    def put(self, z: np.ndarray) -> None:
        n, stocks = len(self.moved), len(self.stocks)
        self.values[self.stocks] = z[:stocks, None]
        self.values[self.tangents, :n] = z[stocks:].reshape(n, len(self.tangents)).T

    def rates(self, time: float, z: np.ndarray) -> np.ndarray:
        """dz/dt, for one z or a column each."""
        if z.ndim == 2:
            return np.stack([self.rates(time, column) for column in z.T], axis=1)
        self.at(time, z)
        tangents = self.values[self.tangents + self.to_rate, : len(self.moved)]
        return np.concatenate([self.values[self.stocks + self.to_rate, 0], tangents.T.ravel()])

    def jacobian(
        self, stocks: Callable[[float, np.ndarray], np.ndarray], sparse: bool
    ) -> Callable[[float, np.ndarray], np.ndarray]:
        """The stocks' Jacobian, and its part for the tangents once for each direction."""

        def compute(time: float, z: np.ndarray) -> np.ndarray:
            whole = stocks(time, z[: len(self.stocks)])
            part = whole[np.ix_(self.followed, self.followed)]
            return along_diagonal(whole, part, len(self.moved), sparse)

        return compute

    def jump(self, time: float, z: np.ndarray) -> np.ndarray:
        """z behind a switch: a switch that comes later by dt leaves (flow before - flow after) dt behind.

        The two flows are seen by moving the lane's own parameter a little to both sides, which
        leaves other switches at the same time alone.
        """
        speed = self._speed(time)
        lanes = np.flatnonzero((speed != 0.0) & (self.moved >= 0))
        if not len(lanes):
            return z
        self.put(z)
        flows = []
        nudge = np.zeros(self.machine.lanes)
        nudge[lanes] = _NUDGE * max(1.0, abs(time)) / np.abs(speed[lanes])
        for side in (1.0, -1.0):
            there = self.machine.values()
            there[:] = self.values
            there[self.moved[lanes], lanes] += side * nudge[lanes]
            self.machine.run("constants", there, time, time, 0.0)
            self.machine.run("flows", there, time, time, 0.0)
            flows.append(there[self.stocks[self.followed] + self.to_rate, : len(self.moved)])
        return self._shifted(z, np.where(speed == 0.0, 0.0, (flows[0] - flows[1]) * np.abs(speed)))

    def _shifted(self, z: np.ndarray, shift: np.ndarray) -> np.ndarray:
        """z with something added to its tangents. shift : shape (n_tangents, n_directions)"""
        n, stocks = len(self.moved), len(self.stocks)
        return np.concatenate([z[:stocks], (z[stocks:].reshape(n, len(self.tangents)) + shift.T).ravel()])

    def join(self, time: float, z: np.ndarray, places: np.ndarray) -> Callable[[], np.ndarray]:
        """As `jump`, where the state crosses thresholds: the crossing moves as the gap does, by its own tangent."""
        before = self._flows(time, z)
        speeds, clear = self._crossing_speeds(time, z, places)

        def joined() -> np.ndarray:
            gap = before - self._flows(time, z)
            if not (np.abs(gap) > _SAME_FLOW * np.abs(before).max(initial=0.0)).any():
                return z  # a kink, where nothing is left behind
            if not clear:
                raise NumericalError(
                    f"At time {time:g} the state touches a threshold, or crosses two that would move apart: there is "
                    "no derivative.",
                    self.of[int(places[0])].where,
                    "Move a constant a little, choose rk4, or choose crossings='ignore'.",
                )
            return self._shifted(z, gap[:, None] * speeds[0])

        return joined

    def _flows(self, time: float, z: np.ndarray) -> np.ndarray:
        """Net flows of the stocks that have tangents. shape (n_tangents,)"""
        self.at(time, z)
        return self.values[self.stocks[self.followed] + self.to_rate, 0]

    def _crossing_speeds(self, time: float, z: np.ndarray, places: np.ndarray) -> tuple[np.ndarray, bool]:
        """How fast crossings move with each lane's parameter, shape (n_places, n_directions), and whether all agree."""
        n = len(self.moved)
        flow = self.rates(time, z)
        change = np.array([self.values[slot, :n] if slot >= 0 else np.zeros(n) for slot in self.gap_tangents])
        d = self.moment
        there = z + d * flow
        onward = there + d * self.rates(time + d, there)
        further, ahead, here, back = (
            self.see(time + after, state)[2][places]
            for after, state in ((2 * d, onward), (d, there), (0.0, z), (-d, z - d * flow))
        )
        with np.errstate(all="ignore"):
            speeds = -change[places] * 2.0 * d / (ahead - back)[:, None]
        speeds[change[places] == 0.0] = 0.0
        touching = np.abs(further + here - 2.0 * ahead) > _BENT * np.abs(ahead - here)
        with np.errstate(all="ignore"):
            apart = np.ptp(speeds, axis=0) > _ALIKE * np.abs(speeds).max()
        return speeds, bool(np.isfinite(speeds).all() and not touching.any() and not apart.any())

    def _speed(self, time: float) -> np.ndarray:
        """How fast the switch at this time moves with each lane's parameter."""
        speed = np.zeros(len(self.moved))
        for switch in self.switches:
            at, moves = self._constant(switch.time), self._moves(switch.time)
            if switch.every:
                interval = self._constant(switch.every)
                count = np.rint((time - at) / interval)
                at, moves = at + count * interval, moves + count * self._moves(switch.every)
            near = np.abs(at - time) <= _SAME * max(1.0, abs(time))
            for lane in range(len(speed)):
                found = moves[near[:, lane], lane]
                found = np.append(found[found != 0.0], speed[lane] if speed[lane] else [])
                if len(found) and np.ptp(found) > _SAME * np.abs(found).max():
                    raise NumericalError(
                        f"Two things switch at time {time:g} and would move apart with the same constant.",
                        remedy="Move one of them a little, or choose rk4.",
                    )
                speed[lane] = found[0] if len(found) else 0.0
        return speed

    def _constant(self, name: str) -> np.ndarray:
        return self.values[list(self.machine.layout.slots(name))]

    def _moves(self, name: str) -> np.ndarray:
        """The tangent of a constant, 0 where it has none. shape (size, n_lanes)"""
        has = tangent_name(name) in self.machine.layout.start
        return self._constant(tangent_name(name)) if has else np.zeros_like(self._constant(name))
