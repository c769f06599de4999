"""What a fact may ask of a trajectory, how runs are compared, and what the number is held against: a row each.

x : ndarray, shape (n_elements, n_times)  values at save times, in the unit of the output; one element, but for
    statistics that keep elements apart. A number that cannot be told is nan, a time that never comes inf.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.integrate import trapezoid
from scipy.stats import rankdata

NEVER = np.inf


@dataclass(frozen=True)
class Query:
    """What a fact says about its statistic.

    times : none, one or two, in the model's time unit. level, fraction : one of them for rises and falls.
    against : as many as the elements or the runs that are correlated with them, or none.
    """

    times: tuple[float, ...] = ()
    level: float | None = None
    fraction: float | None = None
    against: tuple[float, ...] = ()


Compute = Callable[[np.ndarray, np.ndarray, Query], float]


@dataclass(frozen=True)
class Statistic:
    """A row. compute : (t, x, query) -> number. times : how many it may be given. apart : elements are not summed.

    passes : it needs a level or a fraction. is_time : the number is a time, inf where it never comes.
    """

    compute: Compute
    times: tuple[int, ...]
    apart: bool = False
    passes: bool = False
    is_time: bool = False


def measure(statistic: Statistic, t: np.ndarray, x: np.ndarray, query: Query) -> float:
    """The number of a statistic, nan where the trajectory is not finite or does not reach the times asked for."""
    slack = 1e-9 * max(abs(t[0]), abs(t[-1]))  # save times are sums of steps
    if any(not t[0] - slack <= time <= t[-1] + slack for time in query.times) or not np.isfinite(x).all():
        return np.nan
    return float(statistic.compute(t, x, query))


def _at(t: np.ndarray, x: np.ndarray, time: float) -> np.ndarray:
    """Each element at a time, between save times on a straight line; shape (n_elements,)."""
    return np.array([np.interp(time, t, row) for row in x])


def _window(t: np.ndarray, x: np.ndarray, query: Query) -> tuple[np.ndarray, np.ndarray]:
    """Save times between the two asked for, and both ends."""
    if not query.times:
        return t, x
    first, last = query.times
    inside = (t > first) & (t < last)
    times = np.concatenate([[first], t[inside], [last]])
    ends = _at(t, x, first)[:, None], _at(t, x, last)[:, None]
    return times, np.concatenate([ends[0], x[:, inside], ends[1]], axis=1)


def _two(t: np.ndarray, x: np.ndarray, query: Query) -> tuple[float, float]:
    first, last = query.times
    return float(_at(t, x, first)[0]), float(_at(t, x, last)[0])


def _divide(a: float, b: float) -> float:
    return a / b if b else np.nan


def _value(t: np.ndarray, x: np.ndarray, query: Query) -> float:
    return float(_at(t, x, query.times[0])[0])


def _change(t: np.ndarray, x: np.ndarray, query: Query) -> float:
    first, last = _two(t, x, query)
    return last - first


def _ratio(t: np.ndarray, x: np.ndarray, query: Query) -> float:
    first, last = _two(t, x, query)
    return _divide(last, first)


def _growth(t: np.ndarray, x: np.ndarray, query: Query) -> float:
    ratio = _ratio(t, x, query)
    return float(np.log(ratio)) / (query.times[1] - query.times[0]) if ratio > 0.0 else np.nan


def _slope(t: np.ndarray, x: np.ndarray, query: Query) -> float:
    times, (y,) = _window(t, x, query)
    centred = times - times.mean()
    return float(centred @ (y - y.mean()) / (centred @ centred))


def _mean(t: np.ndarray, x: np.ndarray, query: Query) -> float:
    times, (y,) = _window(t, x, query)
    return _divide(float(trapezoid(y, times)), float(times[-1] - times[0]))


def _extreme(pick: Callable[[np.ndarray], float]) -> Compute:
    return lambda t, x, query: pick(_window(t, x, query)[1][0])


def _time_of(pick: Callable[[np.ndarray], np.intp]) -> Compute:
    def compute(t: np.ndarray, x: np.ndarray, query: Query) -> float:
        times, (y,) = _window(t, x, query)
        return float(times[pick(y)])

    return compute


def _passing(sign: float) -> Compute:
    """First time that the first element is at or beyond a level; sign : 1 upwards, -1 downwards."""

    def compute(t: np.ndarray, x: np.ndarray, query: Query) -> float:
        times, (y, *_) = _window(t, x, query)
        y = sign * y
        if query.fraction is None:
            level = sign * (query.level or 0.0)
        elif y[-1] > y[0]:
            level = y[0] + query.fraction * (y[-1] - y[0])
        else:
            return NEVER
        beyond = np.flatnonzero(y >= level)
        if not len(beyond):
            return NEVER
        k = beyond[0]
        if k == 0:
            return float(times[0])
        way = (level - y[k - 1]) / (y[k] - y[k - 1])
        return float(times[k - 1] + way * (times[k] - times[k - 1]))

    return compute


def _order(sign: float) -> Compute:
    """Shortest time from one passing to the next, elements in their order."""
    passing = _passing(sign)

    def compute(t: np.ndarray, x: np.ndarray, query: Query) -> float:
        when = [passing(t, row[None], query) for row in x]
        with np.errstate(invalid="ignore"):  # inf - inf: neither ever comes
            return float(np.diff(when).min())

    return compute


def _time_above(t: np.ndarray, x: np.ndarray, query: Query) -> float:
    times, (y,) = _window(t, x, query)
    level = query.level
    if query.fraction is not None:
        level = y[0] + query.fraction * (y[-1] - y[0])
    low, high = np.minimum(y[:-1], y[1:]), np.maximum(y[:-1], y[1:])
    rise = np.where(high > low, high - low, 1.0)
    part = np.where(high > low, np.clip((high - level) / rise, 0.0, 1.0), high >= level)
    return float(part @ np.diff(times)) / float(times[-1] - times[0])


def correlate(values: Sequence[float] | np.ndarray, against: Sequence[float]) -> float:
    """Pearson's correlation with `against`, by default 1, 2, 3, ...; nan if either does not vary."""
    a = np.asarray(values, dtype=float)
    b = np.asarray(against if len(against) else np.arange(len(a)), dtype=float)
    if not np.ptp(a) or not np.ptp(b):
        return np.nan
    a, b = a - a.mean(), b - b.mean()
    return _divide(float(a @ b), float(np.sqrt((a @ a) * (b @ b))))


def correlate_ranks(values: Sequence[float] | np.ndarray, against: Sequence[float]) -> float:
    """Spearman's correlation: that of the ranks, equal values sharing theirs."""
    return correlate(rankdata(values), rankdata(against) if len(against) else ())


_SPAN = (0, 2)
STATISTICS: Mapping[str, Statistic] = {
    "value": Statistic(_value, (1,)),
    "change": Statistic(_change, (2,)),
    "ratio": Statistic(_ratio, (2,)),
    "growth": Statistic(_growth, (2,)),
    "slope": Statistic(_slope, (2,)),
    "mean": Statistic(_mean, _SPAN),
    "maximum": Statistic(_extreme(np.max), _SPAN),
    "minimum": Statistic(_extreme(np.min), _SPAN),
    "range": Statistic(_extreme(np.ptp), _SPAN),
    "time of maximum": Statistic(_time_of(np.argmax), _SPAN, is_time=True),
    "time of minimum": Statistic(_time_of(np.argmin), _SPAN, is_time=True),
    "time of rise": Statistic(_passing(1.0), _SPAN, passes=True, is_time=True),
    "time of fall": Statistic(_passing(-1.0), _SPAN, passes=True, is_time=True),
    "time above": Statistic(_time_above, _SPAN, passes=True),
    "order of rises": Statistic(_order(1.0), _SPAN, apart=True, passes=True, is_time=True),
    "order of falls": Statistic(_order(-1.0), _SPAN, apart=True, passes=True, is_time=True),
    "correlation": Statistic(lambda t, x, q: correlate(_at(t, x, q.times[0]), q.against), (1,), apart=True),
    "rank correlation": Statistic(
        lambda t, x, q: correlate_ranks(_at(t, x, q.times[0]), q.against), (1,), apart=True
    ),
}
"""Statistics of a trajectory, by the name that a fact gives."""


@dataclass(frozen=True)
class Comparison:
    """A row. compute : (numbers of the runs in order, against) -> number. fewest, most : runs."""

    compute: Callable[[np.ndarray, Sequence[float]], float]
    fewest: int
    most: int = 1000
    correlates: bool = False


COMPARISONS: Mapping[str, Comparison] = {
    "difference": Comparison(lambda n, _: n[0] - n[1], 2, 2),
    "ratio": Comparison(lambda n, _: _divide(n[0], n[1]), 2, 2),
    "difference of differences": Comparison(lambda n, _: (n[0] - n[1]) - (n[2] - n[3]), 4, 4),
    "smallest step": Comparison(lambda n, _: float(np.diff(n).min()), 2),
    "minimum": Comparison(lambda n, _: float(np.min(n)), 2),
    "maximum": Comparison(lambda n, _: float(np.max(n)), 2),
    "correlation": Comparison(correlate, 3, correlates=True),
    "rank correlation": Comparison(correlate_ranks, 3, correlates=True),
}
"""How the numbers of several runs become one, by the name that a fact gives."""


def compare(comparison: Comparison, numbers: Sequence[float], against: Sequence[float]) -> float:
    """The number of a comparison; nan if one of the runs has none."""
    if np.isnan(numbers).any():
        return np.nan
    with np.errstate(invalid="ignore"):  # inf - inf, inf / inf: nan is the answer
        return float(comparison.compute(np.asarray(numbers, dtype=float), against))


@dataclass(frozen=True)
class Relation:
    """A row. bounds : how many numbers. holds : (found, bounds, tolerance) -> bool. write : how it is read."""

    bounds: int
    holds: Callable[[float, tuple[float, ...], float], bool]
    write: Callable[[tuple[float, ...], float], str]


def _sided(sign: str) -> Callable[[tuple[float, ...], float], str]:
    widened = "+" if sign == "<" else "−"
    return lambda b, tolerance: f"{sign} {b[0]:g}" + (f" {widened} {tolerance:g}" if tolerance else "")


RELATIONS: Mapping[str, Relation] = {
    "<": Relation(1, lambda x, b, tolerance: x < b[0] + tolerance, _sided("<")),
    ">": Relation(1, lambda x, b, tolerance: x > b[0] - tolerance, _sided(">")),
    "within": Relation(
        1,
        lambda x, b, tolerance: abs(x - b[0]) <= tolerance,
        lambda b, tolerance: f"{b[0]:g} ± {tolerance:g}",
    ),
    "between": Relation(
        2,
        lambda x, b, tolerance: b[0] - tolerance <= x <= b[1] + tolerance,
        lambda b, tolerance: f"{b[0]:g} to {b[1]:g}" + (f" ± {tolerance:g}" if tolerance else ""),
    ),
}
"""What a number is held against, by the name that a fact gives. Not-a-number satisfies none of them."""
