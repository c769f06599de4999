"""Where in the unit cube a study runs its model: one function a design, all of them extendable.

A design gives quantiles, `unit : ndarray, shape (n_runs, n_inputs)`, which the inputs' distributions turn into
values, and `block : ndarray, shape (n_runs,)`: runs that count only together, numbered in order. Twice the
size keeps all rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from scipy.stats import qmc

from ..errors import ArgumentError

MORRIS_LEVELS = 4  # Morris (1991), the usual choice; even, so that both ends of a jump are equally likely
INTERFERENCE = 4  # harmonics that eFAST counts; Saltelli, Tarantola and Chan (1999)
_MOST_RUNS = 2**24


@dataclass(frozen=True)
class Space:
    """What a design has to know of the inputs.

    n_inputs : how many. groups : ndarray, shape (n_inputs,), the number of each input's group, from 0 without gaps.
    centre : ndarray, shape (n_inputs,), the quantile at which each input stands when it is not varied.
    """

    n_inputs: int
    groups: np.ndarray
    centre: np.ndarray

    @property
    def n_groups(self) -> int:
        return int(self.groups.max()) + 1


def space(n_inputs: int, groups: np.ndarray | None = None, centre: np.ndarray | None = None) -> Space:
    """A space of so many inputs, each a group of its own and in the middle where nothing else is said."""
    return Space(
        n_inputs,
        np.arange(n_inputs) if groups is None else np.asarray(groups),
        np.full(n_inputs, 0.5) if centre is None else np.asarray(centre, dtype=float),
    )


@dataclass(frozen=True)
class Design:
    """Rows of a design.

    unit : ndarray, shape (n_runs, n_inputs)  quantiles, 0 to 1
    block : ndarray, shape (n_runs,)  number of the block that a run belongs to
    about : what the analysis has to know, such as the steps of Morris' trajectories
    """

    unit: np.ndarray
    block: np.ndarray
    about: dict[str, np.ndarray] = field(default_factory=dict)


def latin_hypercube(space: Space, size: int, seed: int, times: int = 1) -> Design:
    """`size` runs, doubled until there are `size` x `times`; each doubling is a Latin hypercube again.

    In a doubling each of the strata is halved and the empty half of each gets a new point (Sallaberry, Helton
    and Hora 2008, for independent inputs).
    """
    unit = qmc.LatinHypercube(d=space.n_inputs, seed=np.random.default_rng([seed, 0])).random(size)
    for level in range(1, _doublings(times, "A Latin hypercube") + 1):
        random = np.random.default_rng([seed, level])
        strata = 2 * len(unit)
        taken = np.minimum((unit * strata).astype(np.int64), strata - 1)
        free = np.sort(taken ^ 1, axis=0)  # the other half of each point's stratum
        order = random.permuted(free, axis=0)
        unit = np.vstack([unit, (order + random.random(order.shape)) / strata])
    return _singles(unit)


def sobol_sequence(space: Space, size: int, seed: int, times: int = 1) -> Design:
    """Scrambled Sobol' points (Owen 1998; Joe and Kuo 2008). The size is a power of 2."""
    return _singles(_sobol_points(space.n_inputs, size, seed, times))


def halton(space: Space, size: int, seed: int, times: int = 1) -> Design:
    """Scrambled Halton points (Owen 2017)."""
    return _singles(qmc.Halton(d=space.n_inputs, seed=np.random.default_rng(seed)).random(size * times))


def saltelli(space: Space, size: int, seed: int, times: int = 1, second_order: bool = False) -> Design:
    """Blocks of runs for Sobol' indices (Saltelli 2002, Saltelli et al. 2010).

    A block is A, A with each group from B in turn, with `second_order` B with each group from A in turn, and
    B: 2 + g or 2 + 2g runs for g groups.
    """
    points = _sobol_points(2 * space.n_inputs, size, seed, times)
    a, b = points[:, : space.n_inputs], points[:, space.n_inputs :]
    of_group = space.groups == np.arange(space.n_groups)[:, None]  # shape (n_groups, n_inputs)
    parts = [a[:, None], np.where(of_group, b[:, None], a[:, None])]
    parts += [np.where(of_group, a[:, None], b[:, None])] if second_order else []
    return _blocks(np.concatenate([*parts, b[:, None]], axis=1))


def morris(space: Space, size: int, seed: int, times: int = 1, levels: int = MORRIS_LEVELS) -> Design:
    """`size` trajectories of one step a group over a grid of `levels` (Morris 1991; groups: Campolongo et al. 2007).

    about : `step`, shape (n_blocks, n_groups), the number of the step in which a group moves; `up`, the same
    shape, +1 or -1.
    """
    if levels < 2 or levels % 2:
        raise ArgumentError(
            f"levels: {levels} is not an even number from 2.", remedy="Take 4, the usual choice."
        )
    delta = levels / (2 * (levels - 1))
    count = size * times
    unit = np.empty((count, space.n_groups + 1, space.n_inputs))
    step = np.empty((count, space.n_groups), dtype=np.int64)
    up = np.empty((count, space.n_groups))
    for number in range(count):
        random = np.random.default_rng([seed, number])  # a trajectory does not depend on how many there are
        low = random.integers(0, levels // 2, space.n_inputs) / (levels - 1)
        up[number] = random.choice([-1.0, 1.0], space.n_groups)
        step[number] = random.permutation(space.n_groups)
        moved = np.arange(space.n_groups + 1)[:, None] > step[number][space.groups]
        rises = up[number][space.groups] > 0
        unit[number] = low + delta * np.where(rises, moved, ~moved)
    design = _blocks(np.clip(unit, 0.0, 1.0))
    return Design(design.unit, design.block, {"step": step, "up": up, "delta": np.array(delta)})


def efast(space: Space, size: int, seed: int, times: int = 1, curves: int = 4) -> Design:
    """`curves` search curves of `size` points for each input (Saltelli, Tarantola and Chan 1999).

    A block is a curve; they come curve set by curve set, in each one of each input. More runs are more curves.
    """
    least = 4 * INTERFERENCE**2 + 1
    if size < least:
        raise ArgumentError(f"size: a curve of eFAST needs at least {least} points, not {size}.")
    own, others = frequencies(size, space.n_inputs)
    s = 2 * np.pi * np.arange(size) / size
    unit = np.empty((curves * times, space.n_inputs, size, space.n_inputs))
    for number in range(curves * times):
        phase = np.random.default_rng([seed, number]).uniform(0, 2 * np.pi, (space.n_inputs, space.n_inputs))
        for j in range(space.n_inputs):
            omega = np.insert(others, j, own)
            unit[number, j] = 0.5 + np.arcsin(np.sin(np.outer(s, omega) + phase[j])) / np.pi
    return _blocks(np.clip(unit.reshape(-1, size, space.n_inputs), 0.0, 1.0))


def frequencies(size: int, n_inputs: int) -> tuple[int, np.ndarray]:
    """The frequency of the input under study, and those of the others, which must stay below its half."""
    own = (size - 1) // (2 * INTERFERENCE)
    most = max(own // (2 * INTERFERENCE), 1)
    if most >= n_inputs - 1:
        others = np.floor(np.linspace(1, most, n_inputs - 1)).astype(int)
    else:
        others = np.arange(n_inputs - 1) % most + 1
    return own, others


def factorial(space: Space, size: int, seed: int, times: int = 1) -> Design:
    """All combinations of `size` levels from end to end."""
    _only_once(times, "A full factorial design is complete")
    if size**space.n_inputs > _MOST_RUNS:
        raise ArgumentError(
            f"{size} levels of {space.n_inputs} inputs are {size}^{space.n_inputs} runs.",
            remedy="Vary fewer inputs, or take a Latin hypercube.",
        )
    axis = np.linspace(0, 1, size) if size > 1 else np.full(1, 0.5)
    grid = np.meshgrid(*[axis] * space.n_inputs, indexing="ij")
    return _singles(np.stack([part.ravel() for part in grid], axis=1))


def one_at_a_time(
    space: Space, size: int, seed: int, times: int = 1, low: float = 0.0, high: float = 1.0
) -> Design:
    """The centre, then each group at its low and its high quantile while the others stay. Runs are single blocks."""
    _only_once(times, "One input at a time is complete")
    of_group = space.groups == np.arange(space.n_groups)[:, None]
    ends = [np.where(of_group, end, space.centre) for end in (low, high)]
    return _singles(np.vstack([space.centre[None], np.stack(ends, axis=1).reshape(-1, space.n_inputs)]))


DESIGNS: dict[str, Callable[..., Design]] = {
    "latin_hypercube": latin_hypercube,
    "sobol_sequence": sobol_sequence,
    "halton": halton,
    "saltelli": saltelli,
    "morris": morris,
    "efast": efast,
    "factorial": factorial,
    "one_at_a_time": one_at_a_time,
}
"""Designs by name: `(space, size, seed, times, **options) -> Design`."""


def _sobol_points(dimensions: int, size: int, seed: int, times: int) -> np.ndarray:
    count = size * times
    if size < 1 or count & (count - 1):
        below = 1 << (max(size, 1).bit_length() - 1)
        raise ArgumentError(
            f"size: {count} is no power of 2, and Sobol' points are balanced only there.",
            remedy=f"Take {below} or {2 * below}" + (", and extend by 2, 4, 8." if times > 1 else "."),
        )
    if dimensions > qmc.Sobol.MAXDIM:
        raise ArgumentError(
            f"Sobol' points have at most {qmc.Sobol.MAXDIM} dimensions, and {dimensions} are needed.",
            remedy="Vary fewer inputs.",
        )
    return np.asarray(qmc.Sobol(d=dimensions, seed=np.random.default_rng(seed)).random(count))


def _singles(unit: np.ndarray) -> Design:
    return Design(unit, np.arange(len(unit)))


def _blocks(unit: np.ndarray) -> Design:
    """unit : ndarray, shape (n_blocks, runs a block, n_inputs)"""
    n_blocks, each, n_inputs = unit.shape
    return Design(unit.reshape(-1, n_inputs), np.repeat(np.arange(n_blocks), each))


def _doublings(times: int, what: str) -> int:
    if times < 1 or times & (times - 1):
        raise ArgumentError(
            f"{what} is extended by doubling, not {times} times.", remedy="Extend it by 2, 4, 8."
        )
    return times.bit_length() - 1


def _only_once(times: int, what: str) -> None:
    if times != 1:
        raise ArgumentError(
            f"{what}; there is nothing to extend.", remedy="Start a new study with another size."
        )
