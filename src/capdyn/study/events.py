"""Outcomes and kinds of trajectories: in how many runs they happen, and which inputs those runs have in common."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .classes import KINDS
from .discover import Box, Tree, cart, choose, prim
from .futures import wilson
from .methods.regional import Regional, regional

LEAST = 10  # runs on either side, below which nothing is said of what they have in common


@dataclass(frozen=True)
class Event:
    """Something that happens in runs of a scenario or not.

    name, scenario : which. says : the condition in words.
    counted, happened : ndarray of bool, shape (n_runs,); runs that failed do not count.
    share, interval : of the counted runs in which it happens, at 95 %.
    """

    name: str
    scenario: str
    says: str
    counted: np.ndarray
    happened: np.ndarray
    share: float
    interval: tuple[float, float]


@dataclass(frozen=True)
class Discovery:
    """What the runs of an event have in common. None or empty where there are too few.

    path : PRIM's peeling path; chosen : the box to tell of. tree : CART. regional : each input by itself.
    """

    event: Event
    path: tuple[Box, ...] = ()
    chosen: Box | None = None
    tree: Tree | None = None
    regional: Regional | None = None


def event(name: str, scenario: str, says: str, counted: np.ndarray, happened: np.ndarray) -> Event:
    """An event with its share. counted, happened : ndarray of bool, shape (n_runs,)"""
    runs, hits = int(counted.sum()), int((counted & happened).sum())
    share = hits / runs if runs else np.nan
    return Event(name, scenario, says, counted, counted & happened, share, wilson(hits, runs))


def of_classes(kinds: np.ndarray, counted: np.ndarray, scenario: str, variable: str) -> list[Event]:
    """An event for each kind of trajectory. kinds : shape (n_runs,), as `classify` gives them"""
    seen = counted & (kinds >= 0)
    return [
        event(f"{name[0].upper()}{name[1:]}", scenario, f"{variable} {name}", seen, kinds == number)
        for number, name in enumerate(KINDS)
    ]


def discover(own: Event, x: np.ndarray, seed: int) -> Discovery:
    """What its runs have in common. x : ndarray, shape (n_runs, n_inputs), quantiles"""
    hits, runs = int(own.happened.sum()), int(own.counted.sum())
    if min(hits, runs - hits) < LEAST:
        return Discovery(own)
    inside, happened = x[own.counted], own.happened[own.counted]
    path = prim(inside, happened)
    return Discovery(
        own,
        tuple(path),
        choose(path, inside, happened),
        cart(inside, happened, seed=seed),
        regional(inside, happened),
    )
