"""Ensembles: many members of one model, a SIMD lane each, blocks of them on all cores.

A member's numbers do not depend on its place, its neighbours, the number of threads or of lanes: bitwise, tested.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from ..emit.engine import Engine
from ..errors import ArgumentError
from ..passes.system import MEMBER
from . import label
from .blocks import block_lanes, chunks, cores
from .clock import Clock
from .failure import first_failures
from .features import STATISTICS, Feature, check, compute
from .grid import behind_the_clock
from .open import Model
from .scenario import Scenario, Settings, locate, resolve
from .simulate import begin, fill, given_states, read_clock, sow

OK, NOT_FINITE = 0, 1
_MOST_BYTES = 4 * 2**30
_MOST_EXPLAINED = 1000  # failed members that are run once more to name the variable


@dataclass(frozen=True)
class _Sample:
    """Parameter slots that differ between members, and their values.

    values : shape (n_slots, n_members); members : shape (n_members,), their own numbers.
    """

    symbols: frozenset[str]
    slots: np.ndarray
    values: np.ndarray
    members: np.ndarray


def ensemble(
    model: Model,
    parameters: Mapping[str, Any],
    scenario: Scenario | None = None,
    outputs: Iterable[str] | None = None,
    method: str | None = None,
    threads: int | None = None,
    *,
    reduce: Iterable[str | Feature] | None = None,
    lanes: int | None = None,
    seed: int = 0,
    members: Sequence[int] | np.ndarray | None = None,
) -> xr.Dataset:
    """Runs many members at once.

    Parameters
    ----------
    model : Model
    parameters : mapping
        Constants by Vensim name, `"Trust decay"` or `"Lever intensity[network_broker,Home]"`, each with an array of one
        number a member, shape (n_members,). A name without subscripts sets all elements of an array alike.
    scenario : str, Path or mapping, optional
        What all members share.
    outputs : iterable of str, optional
        Variables to keep; all by default, if they fit into 4 GiB.
    method : str, optional
        A fixed-step method; by default the scenario's or the model's.
    threads : int, optional
        Threads; by default one for each core. Results do not depend on it.
    reduce : iterable of str or Feature, optional
        Statistics of each trajectory instead of the whole: 'final', 'min', 'max', 'mean', 'time of max' and so on
        (rows of `capdyn.run.features.STATISTICS`), or a `capdyn.Feature` where they need a time or a level, such as
        `Feature("crossing", level=0.5)`. The memory for a million members is that of a million numbers a variable.
    lanes : int, optional
        Members a vector, for tests. Results do not depend on it.
    seed : int
        Of the random functions, from 0 to 2**53 - 1; each member has numbers of its own, the first those of `simulate`.
    members : sequence of int, optional
        The members' own numbers, on which their random numbers depend: 0, 1, 2, ... by default. With them a part of an
        ensemble gives what the whole would give.

    Returns
    -------
    xarray.Dataset
        As from `capdyn.simulate`, with `member` as first dimension, and for each member `status` (0 ok, 1 not finite),
        `failed_time` and `failed_variable` (named for the first 1,000 of them). A member that fails does not touch the
        others. With `reduce`, the dimension `statistic` stands in the place of `time`; `statistic_unit` says for each
        whether it is in the variable's unit, in that of time, or in the product of both.

    Raises
    ------
    ScenarioError, ArgumentError
        Unknown names, arrays of different lengths, values out of range, results that would not fit.
    """
    features = _features(reduce)
    settings = resolve(model.system, scenario, model.folder, None, None, None, method)
    given = given_states(settings)
    sizes = [np.size(numbers) for numbers in parameters.values()]
    n_members = max(sizes, default=1 if members is None else len(members))
    varying = frozenset(locate(model.system, name)[0] for name in parameters)
    machine = model.engine("kernel", given, lanes or block_lanes(model.system, n_members), varying)
    sample = _sample(model, machine, parameters, members)
    names = label.chosen(model, outputs)
    first = machine.values()
    fill(machine, first, settings)
    _place(first, sample, np.arange(1))
    sow(machine, first, seed, sample.members[:1])
    clock = read_clock(machine, first, settings, model)
    if not clock.is_fixed:
        raise ArgumentError(
            f"An ensemble runs with a fixed step; {clock.method} is adaptive.",
            remedy="Choose method='rk4' or 'euler', or call capdyn.simulate for each member.",
        )
    crew = _Crew(model, machine, settings, sample, clock, names, features, first, seed)
    crew.work(threads or cores())
    constants = {name: crew.constants[:, columns] for name, columns in crew.columns.items()}
    dataset = label.members(
        model, machine.layout, settings, clock, names, crew.out, constants, statistics=features
    )
    if members is not None:
        dataset = dataset.assign_coords(member=sample.members)
    return _with_status(dataset, crew).assign_attrs(seed=seed)


def _features(reduce: Iterable[str | Feature] | None) -> list[Feature] | None:
    """What `reduce` asks for, each once."""
    if reduce is None:
        return None
    wanted = [
        Feature(item) if isinstance(item, str) else item
        for item in dict.fromkeys([reduce] if isinstance(reduce, str) else reduce)
    ]
    if not wanted:
        raise ArgumentError("reduce: nothing named.", remedy=f"Choose among {', '.join(STATISTICS)}.")
    return wanted


class _Crew:
    """Threads that take block after block of members, and the room for what comes out.

    out : ndarray, shape (n_members, n_times or n_statistics, n_kept); failed : shape (n_members,), as `Engine.march`;
    broken : shape (n_members,), a state or an output was not finite.
    constants : ndarray, shape (n_members, n_numbers), those of the wanted constants, side by side as `columns` says.
    """

    def __init__(
        self,
        model: Model,
        machine: Engine,
        settings: Settings,
        sample: _Sample,
        clock: Clock,
        names: Sequence[str],
        features: Sequence[Feature] | None,
        first: np.ndarray,
        seed: int,
    ):
        self.model, self.machine, self.settings, self.sample, self.clock = (
            model, machine, settings, sample, clock,
        )  # fmt: skip
        self.first, self.steps, self.seed = first, clock.steps, seed
        layout = machine.layout
        self.kept = label.kept_slots(layout, names)
        self.features = features
        if features is not None and (problems := check(features, clock.times[0], clock.times[-1])):
            raise ArgumentError(problems)
        self.columns: dict[str, slice] = {}
        slots: list[int] = []
        for name in names:
            if not label.varies(layout.system.symbols[name]):
                self.columns[name] = slice(len(slots), len(slots) + len(layout.slots(name)))
                slots += layout.slots(name)
        self._still = np.array(slots, dtype=np.int64)
        n_members = sample.values.shape[1]
        n_rows = len(self.steps.saves) if features is None else len(features)
        _check_size(8 * n_members * (n_rows * len(self.kept) + len(slots)), len(names))
        self.out = np.empty((n_members, n_rows, len(self.kept)))
        self.constants = np.empty((n_members, len(slots)))
        self.failed = np.full(n_members, -1, dtype=np.int64)
        self.broken = np.zeros(n_members, dtype=bool)
        self.rows = sample.slots
        if MEMBER in layout.start:
            self.rows = np.append(sample.slots, layout.start[MEMBER])

    def work(self, threads: int) -> None:
        """Runs all members. An interruption or an error is heard at the end of the chunks that are under way."""
        lanes, system, kept = self.machine.lanes, self.machine.layout.system, len(self.kept)
        left = iter(chunks(system, self.steps, lanes, kept, len(self.failed), threads))
        stopped = False

        def take() -> None:
            while not stopped and (members := next(left, None)) is not None:
                self._chunk(members)

        with ThreadPoolExecutor(threads) as pool:
            hands = {pool.submit(take) for _ in range(threads)}
            try:
                # Waiting without an end hears no interruption that another thread or Windows sends.
                while hands:
                    done, hands = wait(hands, timeout=0.1, return_when=FIRST_EXCEPTION)
                    for hand in done:
                        hand.result()
            finally:
                stopped = True

    def start(self, members: np.ndarray) -> np.ndarray:
        """Parameters and seeds of as many members as the lanes hold. shape (n_slots, lanes)"""
        values = self.machine.values()
        values[:] = self.first
        _place(values, self.sample, members)
        sow(self.machine, values, self.seed, self.sample.members[members])
        return values

    def _chunk(self, which: range) -> None:
        """Runs some members that follow one another, in one call of the engine."""
        machine = self.machine
        here = slice(which.start, which.stop)
        members = np.arange(which.start, which.stop)
        numbers = self._numbers(members)
        swept = machine.sweep(
            lambda values: begin(machine, values, self.clock),
            self.clock.method,
            self.first,
            self.rows,
            numbers,
            self.steps,
            self.kept,
            self._still,
        )
        if self.features is None:
            rows = swept.out
        else:
            part = np.moveaxis(swept.out, 1, 0)  # shape (n_saves, n_blocks, n_kept, lanes)
            rows = np.stack([compute(feature, part, self.clock.times) for feature in self.features], axis=1)
        self.out[here] = _member_first(rows)[: len(members)]
        self.constants[here] = _member_first(swept.still)[: len(members)]
        self.failed[here] = swept.failed.ravel()[: len(members)]
        finite = np.isfinite(swept.out).all(axis=(1, 2)).ravel()[: len(members)]
        self.broken[here] = (self.failed[here] >= 0) | ~finite

    def _numbers(self, members: np.ndarray) -> np.ndarray:
        """What differs between members, a column each; the last fills the lanes that are left over."""
        numbers = self.sample.values[:, members]
        if len(self.rows) > len(numbers):
            numbers = np.vstack([numbers, self.sample.members[members].astype(float)])
        return np.pad(numbers, ((0, 0), (0, -len(members) % self.machine.lanes)), mode="edge")


def _member_first(blocks: np.ndarray) -> np.ndarray:
    """shape (n_blocks, ..., lanes) -> (n_blocks * lanes, ...)"""
    members = np.moveaxis(blocks, -1, 1)
    return members.reshape(members.shape[0] * members.shape[1], *members.shape[2:])


def _sample(
    model: Model, machine: Engine, parameters: Mapping[str, Any], members: Sequence[int] | np.ndarray | None
) -> _Sample:
    """Slots and values of what differs between members, checked against the declared ranges."""
    slots: list[int] = []
    rows: list[np.ndarray] = []
    lengths: dict[str, int] = {}
    symbols: set[str] = set()
    clock = behind_the_clock(model.system)
    for name, numbers in parameters.items():
        array = np.asarray(numbers, dtype=float)
        if array.ndim != 1 or not len(array):
            raise ArgumentError(
                f"parameters: '{name}' has shape {array.shape}.",
                remedy="Give one number for each member, shape (n_members,).",
            )
        symbol, offsets = locate(model.system, name)
        low, high = model.system.symbols[symbol].limits
        outside = array[
            (array < (-np.inf if low is None else low))
            | (array > (np.inf if high is None else high))
            | ~np.isfinite(array)
        ]
        if len(outside):
            raise ArgumentError(
                f"parameters: '{name}' gets {outside[0]:g}, outside its range [{low}, {high}].",
                remedy="Stay within it, or widen the range in the equation file.",
            )
        if symbol in clock and np.ptp(array) > 0.0:
            raise ArgumentError(
                f"'{name}' differs between members of an ensemble, and the run's times follow from it.",
                remedy="Run one ensemble for each value.",
            )
        lengths[name] = len(array)
        symbols.add(symbol)
        for offset in offsets:
            slots.append(machine.layout.start[symbol] + offset)
            rows.append(array)
    if members is not None:
        lengths["members"] = len(members)
    if len(set(lengths.values())) != 1:
        counts = ", ".join(f"'{name}' {count}" for name, count in lengths.items()) or "none given"
        raise ArgumentError(f"parameters: arrays of one length are needed, one number a member ({counts}).")
    (n_members,) = set(lengths.values())
    return _Sample(
        frozenset(symbols),
        np.array(slots, dtype=np.int64),
        np.array(rows).reshape(len(slots), n_members),
        np.arange(n_members) if members is None else np.asarray(members, dtype=np.int64),
    )


def _place(values: np.ndarray, sample: _Sample, members: np.ndarray) -> None:
    """Writes the members' numbers into the lanes; lanes that are left over repeat the last member."""
    lanes = np.minimum(np.arange(values.shape[1]), len(members) - 1)
    values[sample.slots] = sample.values[:, members[lanes]]


def _check_size(size: int, count: int) -> None:
    if size > _MOST_BYTES:
        raise ArgumentError(
            f"The results of {count} variables would take {size / 2**30:.1f} GiB.",
            remedy="Name the variables you need in outputs=[...], or use fewer members at a time.",
        )


def _with_status(dataset: xr.Dataset, crew: _Crew) -> xr.Dataset:
    """Adds `status`, `failed_time` and `failed_variable`; a failed member is run once more to see where it broke."""
    machine, clock, broken = crew.machine, crew.clock, crew.broken
    times = np.where(crew.failed >= 0, clock.steps.at(crew.failed), np.nan)
    found: dict[int, str] = {}
    unexplained = np.flatnonzero(broken)[:_MOST_EXPLAINED]
    # Those that failed at about the same time share a block: it stops at the last of them.
    unexplained = unexplained[np.argsort(crew.failed[unexplained], kind="stable")]
    for first in range(0, len(unexplained), machine.lanes):
        members = unexplained[first : first + machine.lanes]
        values = crew.start(members)
        begin(machine, values, clock)
        failures = first_failures(machine, values, clock, crew.failed[members])
        for member, failure in zip(members, failures, strict=True):
            if failure is not None:
                times[member] = failure.time
                found[member] = machine.layout.name_of(failure.slot)
    variables = np.zeros(len(broken), dtype=f"<U{max(map(len, found.values()), default=1)}")
    variables[list(found)] = list(found.values())
    status = np.where(broken, NOT_FINITE, OK).astype(np.int8)
    about = {
        "long_name": "Outcome of the run",
        "flag_values": [OK, NOT_FINITE],
        "flag_meanings": "ok not_finite",
    }
    return dataset.assign(
        status=("member", status, about),
        failed_time=(
            "member",
            times,
            {
                "long_name": "Time of the first value that was not finite",
                "units": crew.model.source.variables["time step"].units,
            },
        ),
        failed_variable=(
            "member",
            variables,
            {"long_name": "First variable that was not finite"},
        ),
    )
