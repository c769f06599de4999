"""Features: one number from a trajectory. One row a statistic; arrays only.

What stands between save times is taken as a straight line. A trajectory that is not finite somewhere in the window
has no feature: the result is not-a-number, whatever the statistic.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf

import numpy as np

from ..errors import ArgumentError, Problem
from ..lang.names import did_you_mean


@dataclass(frozen=True)
class Feature:
    """A number that a run is judged by.

    statistic : a row of `STATISTICS`.
    name : how results call it.
    variable : an element by its Vensim name, "Relative capability[Home,innovation]".
    against : a scenario; the statistic is then that of the difference, the variable minus the same in that scenario.
    since, until : the window, in the model's time unit; by default the whole run.
    at : the time of 'at'.
    level : what 'crossing' crosses, in the variable's unit; `down`, whether from above.
    never : what stands for a crossing that does not come; infinity is later than every time.
    """

    statistic: str
    name: str = ""
    variable: str = ""
    against: str | None = None
    since: float | None = None
    until: float | None = None
    at: float | None = None
    level: float | None = None
    down: bool = False
    never: float = inf

    @property
    def is_time(self) -> bool:
        """Whether its unit is that of time."""
        return STATISTICS[self.statistic].unit == "time"


@dataclass(frozen=True)
class Statistic:
    """How a feature comes from a trajectory.

    compute : (values, shape (n_times, ...); times, shape (n_times,), in the window; feature) -> shape (...).
    unit : 'variable', 'time', or 'product' of both.
    needs : fields of the feature that must be given.
    """

    compute: Callable[[np.ndarray, np.ndarray, Feature], np.ndarray]
    unit: str = "variable"
    needs: tuple[str, ...] = ()


def _crossing(values: np.ndarray, times: np.ndarray, feature: Feature) -> np.ndarray:
    """First time at or beyond the level; the beginning of the window if it is there from the start."""
    level = feature.level or 0.0
    height = level - values if feature.down else values - level
    there = height >= 0.0
    first = there.argmax(axis=0)
    before = np.maximum(first - 1, 0)
    above = np.take_along_axis(height, first[None], axis=0)[0]
    below = np.take_along_axis(height, before[None], axis=0)[0]
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(first > 0, below / (below - above), 1.0)
    found = times[before] + share * (times[first] - times[before])
    return np.where(there.any(axis=0), found, feature.never)


def _integral(values: np.ndarray, times: np.ndarray, feature: Feature) -> np.ndarray:
    """By the trapezoidal rule."""
    widths = np.diff(times).reshape(-1, *[1] * (values.ndim - 1))
    return ((values[1:] + values[:-1]) * (0.5 * widths)).sum(axis=0)


STATISTICS: dict[str, Statistic] = {
    "final": Statistic(lambda values, times, feature: values[-1]),
    "at": Statistic(lambda values, times, feature: values[-1], needs=("at",)),
    "change": Statistic(lambda values, times, feature: values[-1] - values[0]),
    "min": Statistic(lambda values, times, feature: values.min(axis=0)),
    "max": Statistic(lambda values, times, feature: values.max(axis=0)),
    "mean": Statistic(lambda values, times, feature: values.mean(axis=0)),
    "integral": Statistic(_integral, unit="product"),
    "time of min": Statistic(lambda values, times, feature: times[values.argmin(axis=0)], unit="time"),
    "time of max": Statistic(lambda values, times, feature: times[values.argmax(axis=0)], unit="time"),
    "crossing": Statistic(_crossing, unit="time", needs=("level",)),
}
"""What `Feature.statistic` may name. 'mean' is over the save times in the window, each counted alike."""


def check(features: Sequence[Feature], first: float, last: float) -> list[Problem]:
    """What is wrong with features of runs from `first` to `last`, without a look at the model."""
    problems = []
    for feature in features:
        called = f"feature '{feature.name}'" if feature.name else "reduce"
        statistic = STATISTICS.get(feature.statistic)
        if statistic is None:
            remedy = did_you_mean(feature.statistic, STATISTICS) or f"Choose among {', '.join(STATISTICS)}."
            problems.append(Problem(f"{called}: '{feature.statistic}' is no statistic.", None, remedy))
            continue
        problems += [
            Problem(f"{called}: {word} is missing.", None, f"'{feature.statistic}' needs it.")
            for word in statistic.needs
            if getattr(feature, word) is None
        ]
        for word in ("since", "until", "at"):
            time = getattr(feature, word)
            if time is not None and not first <= time <= last:
                remedy = f"Runs go from {first:g} to {last:g}."
                problems.append(Problem(f"{called}: {word} {time:g} is not in the run.", None, remedy))
        since = first if feature.since is None else feature.since
        until = last if feature.until is None else feature.until
        if since > until:
            problems.append(
                Problem(f"{called}: since {since:g} is after until {until:g}.", None, "Swap them.")
            )
    return problems


def compute(feature: Feature, values: np.ndarray, times: np.ndarray) -> np.ndarray:
    """The feature of each trajectory.

    Parameters
    ----------
    values : ndarray, shape (n_times, ...)
    times : ndarray, shape (n_times,), ascending

    Returns
    -------
    ndarray, shape (...)
        Not-a-number where a value in the window is not finite.

    Raises
    ------
    ArgumentError
        The feature makes no sense for these times.
    """
    problems = check([feature], float(times[0]), float(times[-1]))
    if problems:
        raise ArgumentError(problems)
    if feature.at is not None:
        window, when = _window(values, times, feature.at, feature.at)
    else:
        window, when = _window(values, times, feature.since, feature.until)
    finite = np.isfinite(window).all(axis=0)
    with np.errstate(all="ignore"):
        found = STATISTICS[feature.statistic].compute(window, when, feature)
    return np.where(finite, found, np.nan)


def _window(
    values: np.ndarray, times: np.ndarray, since: float | None, until: float | None
) -> tuple[np.ndarray, np.ndarray]:
    """The part of trajectories from `since` to `until`, its ends interpolated where no save time is there."""
    start = float(times[0]) if since is None else since
    end = float(times[-1]) if until is None else until
    inner = (times > start) & (times < end)
    when = np.concatenate([[start], times[inner], [end] if end > start else []])
    if np.array_equal(when, times):
        return values, times
    place = np.clip(np.searchsorted(times, when), 0, len(times) - 1)
    exact = times[place] == when
    before = np.where(exact, place, np.maximum(place - 1, 0))
    span = np.where(exact, 1.0, times[place] - times[before])
    share = np.where(exact, 0.0, (when - times[before]) / span)
    share = share.reshape(-1, *[1] * (values.ndim - 1))
    low, high = values[before], values[place]
    # At a save time the value itself: 0 * infinity would be not-a-number.
    with np.errstate(invalid="ignore", over="ignore"):
        return np.where(share == 0.0, low, low + share * (high - low)), when
