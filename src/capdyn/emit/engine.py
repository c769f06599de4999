"""The contract that every way of evaluating a System fills in, and the fixed-step loop's settings.

An engine works on `values : ndarray, shape (n_slots, n_lanes)`: all numbers of a System, each lane a member. Its four
programs fill parts of it; nothing else is remembered between calls.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .layout import Layout

PROGRAMS = ("constants", "initial", "flows", "outputs")


@dataclass(frozen=True)
class Rule:
    """A fixed-step rule: y + length / divisor * (first * rate + sum of weight * rate at each further stage).

    stages : (how far ahead, weight); each stage starts from the beginning of the step with the rates of the one before.
    """

    stages: tuple[tuple[float, float], ...] = ()
    first: float = 1.0
    divisor: float = 1.0


# Vensim's fixed steps: https://www.vensim.com/documentation/rungekutta.html (RK2 is the midpoint rule).
RULES = {
    "euler": Rule(),
    "rk2": Rule(((0.5, 1.0),), first=0.0),
    "rk4": Rule(((0.5, 2.0), (0.5, 2.0), (1.0, 1.0)), divisor=6.0),
}
FIXED_METHODS = tuple(RULES)


@dataclass(frozen=True)
class Steps:
    """A fixed-step run: step k begins at `start + k * length`, or where steps differ in length at `begins[k]`.

    saves : ndarray of int64, shape (n_saves,)  when outputs are kept, ascending; the last is the end.
    begins, lengths : ndarray, shape (n_steps + 1,)  of each step, and of the one that would begin at the end; or None.
    """

    start: float
    length: float
    saves: np.ndarray
    begins: np.ndarray | None = None
    lengths: np.ndarray | None = None

    def at(self, steps: np.ndarray) -> np.ndarray:
        """When steps begin, by their numbers."""
        return self.start + steps * self.length if self.begins is None else self.begins[steps]

    def stretches(self) -> Iterator[tuple[int, int, Steps]]:
        """(first step, how many are kept, the steps) of each stretch in which all steps are of one length.

        A stretch ends where the next begins; this end is among its saves, behind those that are kept.
        """
        assert self.begins is not None and self.lengths is not None
        end = int(self.saves[-1])
        cuts = [0, *(np.flatnonzero(np.diff(self.lengths[: end + 1])) + 1).tolist(), end + 1]
        for first, behind in pairwise(cuts):
            kept = self.saves[(self.saves >= first) & (self.saves < behind)] - first
            saves = kept if behind > end else np.append(kept, behind - first)
            yield first, len(kept), Steps(float(self.begins[first]), float(self.lengths[first]), saves)


@dataclass(frozen=True)
class Swept:
    """What comes out of `Engine.sweep`, block by block.

    out : ndarray, shape (n_blocks, n_saves, n_kept, lanes); still : shape (n_blocks, n_still, lanes);
    failed : ndarray of int64, shape (n_blocks, lanes), as from `Engine.march`.
    """

    out: np.ndarray
    still: np.ndarray
    failed: np.ndarray


class Engine(ABC):
    """A System ready to run.

    lanes : members that one call works on.
    """

    def __init__(self, layout: Layout, lanes: int):
        self.layout = layout
        self.lanes = lanes

    def values(self) -> np.ndarray:
        """Room for one block of members. shape (n_slots, lanes), all zero."""
        return np.zeros((self.layout.size, self.lanes))

    def tape(self, values: np.ndarray, steps: Steps) -> np.ndarray:
        """Room for the inputs that delays look back at. shape (n_rows, n_lagged, lanes)

        Lags that are longer than the run are cut to it in `values`, so that no room is wasted on them.
        """
        if not self.layout.lags:
            return np.zeros((1, 0, self.lanes))
        lags = slice(self.layout.lags.start, self.layout.lags.stop)
        longest = float(steps.saves[-1] + 1)
        values[lags] = np.clip(np.nan_to_num(values[lags], nan=longest), 1.0, longest)
        return np.zeros((int(values[lags].max(initial=1.0)), len(self.layout.lags), self.lanes))

    @abstractmethod
    def run(self, program: str, values: np.ndarray, time: float, held: float, step: float) -> None:
        """Evaluates one of `PROGRAMS` in place.

        time : where it is evaluated; held : beginning of the step; step : its length, 0 under adaptive methods.
        """

    def march(
        self,
        method: str,
        values: np.ndarray,
        steps: Steps,
        slots: np.ndarray,
        out: np.ndarray,
        failed: np.ndarray,
    ) -> None:
        """Integrates with a fixed step, from states already in `values`.

        slots : ndarray of int64, shape (n_kept,)  what to keep at each save.
        out : ndarray, shape (n_saves, n_kept, lanes)  filled.
        failed : ndarray of int64, shape (lanes,)  filled: first step at whose beginning a state is not finite, or -1.
        """
        if steps.lengths is None:
            self.march_evenly(method, values, steps, slots, out, failed)
            return
        failed[:] = -1
        done, marks = 0, np.empty_like(failed)
        for first, kept, stretch in steps.stretches():
            part = np.empty((len(stretch.saves), len(slots), self.lanes))
            self.march_evenly(method, values, stretch, slots, part, marks)
            out[done : done + kept] = part[:kept]
            failed[:] = np.where((failed < 0) & (marks >= 0), first + marks, failed)
            done += kept

    @abstractmethod
    def march_evenly(
        self,
        method: str,
        values: np.ndarray,
        steps: Steps,
        slots: np.ndarray,
        out: np.ndarray,
        failed: np.ndarray,
    ) -> None:
        """The same where all steps are of one length."""

    def sweep(
        self,
        begin: Callable[[np.ndarray], None],
        method: str,
        first: np.ndarray,
        rows: np.ndarray,
        numbers: np.ndarray,
        steps: Steps,
        slots: np.ndarray,
        still: np.ndarray,
    ) -> Swept:
        """Runs block after block of members from their parameters to their end.

        begin : fills constants and first values of a block; an engine may do it itself by the programs of that name,
            unless first values need one another (`System.circles`).
        first : ndarray, shape (n_slots, lanes)  parameters and settings that all share.
        rows : ndarray of int64, shape (n_rows,)  slots in which members differ.
        numbers : ndarray, shape (n_rows, n_blocks * lanes)  what stands there.
        slots : as for `march`. still : ndarray of int64, shape (n_still,)  constants to keep.
        """
        swept = self._room(numbers, steps, slots, still)
        values = self.values()
        for block, failed in enumerate(swept.failed):
            values[:] = first
            values[rows] = numbers[:, block * self.lanes : (block + 1) * self.lanes]
            begin(values)
            swept.still[block] = values[still]
            self.march(method, values, steps, slots, swept.out[block], failed)
        return swept

    def _room(self, numbers: np.ndarray, steps: Steps, slots: np.ndarray, still: np.ndarray) -> Swept:
        blocks = numbers.shape[1] // self.lanes
        return Swept(
            np.empty((blocks, len(steps.saves), len(slots), self.lanes)),
            np.empty((blocks, len(still), self.lanes)),
            np.empty((blocks, self.lanes), dtype=np.int64),
        )
