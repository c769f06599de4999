"""Calibration: a few constants fitted to a few dated numbers, and how well these numbers pin them down.

Maximum likelihood of Gaussian errors, which is weighted least squares, by `scipy.optimize.least_squares` from several
starting points, with the exact derivatives of the model's tangent; where it has none, with central differences, one
ensemble of neighbours. The uncertainty is the profile: one constant held at each value of a grid, the others fitted
anew (Venzon and Moolgavkar 1988).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr
from scipy.optimize import least_squares
from scipy.stats import chi2, qmc

from ..errors import NumericalError
from ..lang.model import CONTROLS
from ..run.address import address_of, everywhere
from ..run.notebook import Progress, listener
from ..run.summary import Table
from .calibration import Calibration

_NEAR = 1e-4  # of a constant's range on its scale: step of the central differences
_GRID = 9  # values of a profile
LEVEL = 0.95  # of intervals


def calibrate(calibration: Calibration, progress: Progress | None = None) -> xr.Dataset:
    """Fits the free constants.

    Returns
    -------
    xarray.Dataset
        Over `start`: `begun` and `ended` (values of each `free`) and `cost` (sum of squares, in standard errors).
        Over `free`: `before`, `best`, and by the profile `low` and `high` (95 %; the ends of the range where the
        numbers do not bound it, as `bounded_below` and `bounded_above` tell); over `free` and `place` the profile.
        Over `target`: `wanted`, `sd`, `before_found`, `best_found`. The coordinate `untouched` lists the constants
        left as they are.

    Raises
    ------
    NumericalError
        No starting point leads to a run that is finite.
    """
    tell = listener(progress)
    count = len(calibration.free)
    own = np.array([[free.unit(free.start) for free in calibration.free]])
    more = qmc.LatinHypercube(d=count, rng=np.random.default_rng(calibration.seed)).random(
        calibration.starts - 1
    )
    begun = np.vstack([own, more])
    fits = []
    for number, start in enumerate(begun):
        tell(number, len(begun) + count * _GRID, "starting points")
        fits.append(_fit(calibration, start, {}))
    ended, costs = np.array([fit[0] for fit in fits]), np.array([fit[1] for fit in fits])
    if not np.isfinite(costs).any():
        raise NumericalError(
            "No starting point of the calibration leads to a run that is finite.",
            remedy="Narrow the free constants.",
        )
    best, least = ended[np.nanargmin(costs)], float(np.nanmin(costs))
    places = np.linspace(0.0, 1.0, _GRID)
    profile = np.full((count, _GRID), np.nan)
    for i in range(count):
        # Outward from the best place, each fit beginning where its neighbour ended.
        order = np.argsort(np.abs(places - best[i]))
        near = {0: best, 1: best}
        for step, j in enumerate(order):
            tell(len(begun) + i * _GRID + step, len(begun) + count * _GRID, "profiles")
            side = int(places[j] > best[i])
            near[side], profile[i, j] = _fit(calibration, near[side], {i: float(places[j])})
            if profile[i, j] < least:
                least = float(profile[i, j])
                best = near[side]
    return _labelled(calibration, begun, ended, costs, best, least, places, profile)


def _fit(calibration: Calibration, start: np.ndarray, held: Mapping[int, float]) -> tuple[np.ndarray, float]:
    """Place and cost of the least sum of squares, some constants held."""
    moving = [i for i in range(len(start)) if i not in held]
    whole = start.copy()
    for i, place in held.items():
        whole[i] = place

    def full(x: np.ndarray) -> np.ndarray:
        units = np.broadcast_to(whole, (*x.shape[:-1], len(whole))).copy()
        units[..., moving] = x
        return units

    def residuals(x: np.ndarray) -> np.ndarray:
        found = calibration.residuals(full(x[None]))[0]
        return np.asarray(np.where(np.isfinite(found), found, 1e6))  # a run that fails is far off

    def slopes(x: np.ndarray) -> np.ndarray:
        exact = calibration.slopes(full(x[None])[0])
        if exact is not None:
            return exact[:, moving]
        above, below = np.minimum(x + _NEAR, 1.0), np.maximum(x - _NEAR, 0.0)
        candidates = np.vstack(
            [np.where(np.eye(len(x)) > 0, above, x), np.where(np.eye(len(x)) > 0, below, x)]
        )
        found = np.nan_to_num(calibration.residuals(full(candidates)), nan=1e6)
        return np.asarray(((found[: len(x)] - found[len(x) :]) / (above - below)[:, None]).T)

    if not moving:
        return whole, float((residuals(whole[moving]) ** 2).sum())
    first = np.clip(start[moving], 1e-3, 1.0 - 1e-3)
    fit = least_squares(residuals, first, slopes, bounds=(0.0, 1.0), xtol=1e-6, ftol=1e-8, max_nfev=40)
    cost = 2.0 * float(fit.cost)
    return full(fit.x), cost if cost < 1e11 else np.nan


def _interval(
    places: np.ndarray, profile: np.ndarray, best: float, least: float
) -> tuple[float, float, bool, bool]:
    """Places within which the profile stays below its limit, and whether it is passed on either side."""
    limit = least + float(chi2.ppf(LEVEL, 1))
    x, y = np.append(places, best), np.append(profile, least)
    order = np.argsort(x)
    x, y = x[order], np.where(np.isfinite(y[order]), y[order], np.inf)
    middle = int(np.flatnonzero(x == best)[0])
    ends, passed = [], []
    for step in (-1, 1):
        i = middle
        while 0 <= i + step < len(x) and y[i + step] <= limit:
            i += step
        j = i + step
        beyond = 0 <= j < len(x)
        passed.append(beyond)
        share = 0.0
        if beyond and np.isfinite(y[j]):
            # Between two places the root of the rise is a straight line: exactly so for a parabola.
            here, there, wanted = np.sqrt(np.array([y[i], y[j], limit]) - least)
            share = float((wanted - here) / (there - here))
        ends.append(float(x[i] + (x[j] - x[i]) * share) if beyond else float(x[i]))
    return ends[0], ends[1], passed[0], passed[1]


def _labelled(
    calibration: Calibration,
    begun: np.ndarray,
    ended: np.ndarray,
    costs: np.ndarray,
    best: np.ndarray,
    least: float,
    places: np.ndarray,
    profile: np.ndarray,
) -> xr.Dataset:
    free, targets = calibration.free, calibration.targets

    ends = [_interval(places, profile[i], best[i], least) for i in range(len(free))]
    found = calibration.found(np.vstack([[own.unit(own.start) for own in free], best]))
    touched = {own.address for own in free}
    untouched = [
        address_of(symbol, place)
        for symbol in calibration.model.system.of_kind("parameter")
        if symbol.variable and symbol.name not in CONTROLS
        for place in everywhere(symbol)
        if address_of(symbol, place) not in touched
    ]
    return xr.Dataset(
        {
            "begun": (("start", "free"), calibration.values(begun)),
            "ended": (("start", "free"), calibration.values(ended)),
            "cost": ("start", costs),
            "before": ("free", [own.start for own in free]),
            "best": ("free", calibration.values(best)),
            "low": ("free", [float(own.value(np.array(e[0]))) for own, e in zip(free, ends, strict=True)]),
            "high": ("free", [float(own.value(np.array(e[1]))) for own, e in zip(free, ends, strict=True)]),
            "bounded_below": ("free", [e[2] for e in ends]),
            "bounded_above": ("free", [e[3] for e in ends]),
            "profile_value": (("free", "place"), np.stack([own.value(places) for own in free])),
            "profile_cost": (("free", "place"), profile),
            "wanted": ("target", [target.value for target in targets]),
            "sd": ("target", [target.sd for target in targets]),
            "before_found": ("target", found[0]),
            "best_found": ("target", found[1]),
        },
        {
            "free": [own.address for own in free],
            "units": ("free", [own.units for own in free]),
            "target": [target.name for target in targets],
            "kind": ("target", [target.kind for target in targets]),
            "untouched": untouched,
        },
        {
            "title": calibration.title,
            "model": calibration.model.name,
            "seed": calibration.seed,
            "least_cost": least,
        },
    )


def tables_of(found: xr.Dataset) -> list[Table]:
    """What was fitted and how well it is known, and the numbers before and after."""
    constants = []
    for own in found["free"].values:
        one = found.sel(free=own)
        low, high = (f"{float(one[end]):.3g}" for end in ("low", "high"))
        interval = (low if one["bounded_below"] else f"{low} or less") + " to "
        interval += high if one["bounded_above"] else f"{high} or more"
        constants.append(
            (
                str(own),
                str(one["units"].values),
                *(f"{float(one[k]):.4g}" for k in ("before", "best")),
                interval,
            )
        )
    numbers = []
    for own in found["target"].values:
        one = found.sel(target=own)
        wanted = f"{'' if one['kind'] == 'at' else str(one['kind'].values) + ' '}{float(one['wanted']):g}"
        off = (float(one["best_found"]) - float(one["wanted"])) / float(one["sd"])
        right = (str(one["kind"].values), off > 0) in (("above", True), ("below", False))
        numbers.append(
            (
                str(own),
                wanted,
                *(f"{float(one[k]):.4g}" for k in ("before_found", "best_found")),
                "0" if right else f"{off:+.1f}",
            )
        )
    begun, ended = found.sizes["start"], found["cost"].values
    least = float(found.attrs["least_cost"])
    alike = int((ended <= least + 1e-3 * max(least, 1.0)).sum())
    return [
        Table(f"Free constants ({found.sizes['untouched']} numbers of the model are not touched)",
              ("constant", "unit", "before", "best", f"{LEVEL:.0%} by the profile"), tuple(constants), 2),
        Table(f"Dated numbers (sum of squares {least:.3g}, in standard errors; {alike} of {begun} starts lead there)",
              ("number", "wanted", "before", "best", "off, in standard errors"), tuple(numbers)),
    ]  # fmt: skip
