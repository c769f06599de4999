"""Equal outlay: the intensity at which each package costs what it may cost, all found at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from scipy.optimize.elementwise import find_root

from ..errors import ArgumentError
from ..lang.names import did_you_mean, key
from ..run.address import Mistake, parse_address
from ..run.ensemble import ensemble
from ..run.open import Model
from ..run.scenario import locate, resolve
from .levers import Levers, Package

SPENT, CAPPED, FAILED = 0, 1, 2
MEANINGS = {
    SPENT: "spends the budget",
    CAPPED: "cannot spend that much: all its levers are at their most",
    FAILED: "its runs failed",
}
TOLERANCE = 1e-9  # of the budget
_CHUNK = 4096  # members a call


@dataclass(frozen=True)
class Case:
    """What all runs of one comparison share.

    scenario : what is the same for all. outlay : variable with the cumulative outlay, by address.
    discount : rate a unit of time, from the beginning of the run.
    """

    model: Model
    levers: Levers
    scenario: str | Path | Mapping[str, Any] | None
    outlay: str
    discount: float

    def run(
        self,
        packages: Sequence[Package],
        scales: np.ndarray,
        sample: Mapping[str, np.ndarray] | None = None,
        outputs: Sequence[str] = (),
        reduce: str | None = None,
    ) -> xr.Dataset:
        """Runs packages, a member each.

        scales : shape (n_members,), intensity by weight. sample : constants by address, shape (n_members,).
        """
        parameters = self._parameters(packages, scales) | dict(sample or {})
        pieces = []
        for first in range(0, len(packages), _CHUNK):
            part = {name: numbers[first : first + _CHUNK] for name, numbers in parameters.items()}
            pieces.append(
                ensemble(
                    self.model,
                    part,
                    self.scenario,
                    list(outputs),
                    reduce=None if reduce is None else [reduce],
                )
            )
        return xr.concat(pieces, "member") if len(pieces) > 1 else pieces[0]

    def intensities(self, packages: Sequence[Package], scales: np.ndarray) -> np.ndarray:
        """Intensity of each lever. shape (n_packages, n_levers)"""
        weights = np.array([[p.weights.get(lever, 0.0) for lever in self.levers.names] for p in packages])
        return np.minimum(weights.reshape(len(packages), -1) * scales[:, None], self.levers.most)

    def _parameters(self, packages: Sequence[Package], scales: np.ndarray) -> dict[str, np.ndarray]:
        found = {}
        strengths = self.intensities(packages, scales)
        starts, stops = np.array([p.start for p in packages]), np.array([p.stop for p in packages])
        for lever, column in zip(self.levers.names, strengths.T, strict=True):
            found[self.levers.address(lever)] = column
            if column.any():
                found |= {f"Lever start[{lever}]": starts, f"Lever stop[{lever}]": stops}
        for address in dict.fromkeys(a for package in packages for a in package.constants):
            usual = self.usual(address)
            found[address] = np.array([package.constants.get(address, usual) for package in packages])
        return found

    def usual(self, address: str) -> float:
        """The number of one element of a constant where no package changes it."""
        name, offsets = locate(self.model.system, address)
        given = resolve(self.model.system, self.scenario, self.model.folder).parameters.get(name)
        return float(
            self.model.system.symbols[name].values[offsets[0]] if given is None else given.ravel()[offsets[0]]
        )

    def spent(
        self, packages: Sequence[Package], scales: np.ndarray, sample: Mapping[str, np.ndarray] | None = None
    ) -> np.ndarray:
        """Discounted outlay of each member, shape (n_members,); nan where a run failed."""
        runs = self.run(packages, scales, sample, [parse_address(self.outlay)[0]])
        paid = pick(runs, self.outlay, self.levers.region).transpose("member", "time")
        found = present_value(paid.values, runs["time"].values, self.discount)
        return np.where(runs["status"].values == 0, found, np.nan)


def present_value(cumulative: np.ndarray, times: np.ndarray, rate: float) -> np.ndarray:
    """What is paid over a run, as of its beginning.

    Parameters
    ----------
    cumulative : ndarray, shape (..., n_times)  what has been paid so far.
    times : ndarray, shape (n_times,)
    rate : float  discount rate, continuous, a unit of time.

    Returns
    -------
    ndarray, shape (...)
        The integral of exp(-rate (t - t0)), payments taken to be even between times.
    """
    paid = np.diff(cumulative, axis=-1)
    if rate == 0.0:
        return np.asarray(paid.sum(axis=-1))
    left = np.exp(-rate * (times - times[0]))
    return np.asarray((paid * (left[:-1] - left[1:]) / (rate * np.diff(times))).sum(axis=-1))


def pick(runs: xr.Dataset, address: str, region: str) -> xr.DataArray:
    """One number of each member (and time): `Name[Element]`; where only the region is missing, the levers' own.

    Raises
    ------
    ArgumentError
        Not in the model, or more than one number is meant.
    """
    try:
        name, labels = parse_address(address)
    except Mistake as mistake:
        raise ArgumentError(mistake.what, remedy=mistake.remedy) from None
    known = {key(str(other)): str(other) for other in runs.data_vars}
    data = runs[known[key(name)]]
    dims = [dim for dim in data.dims if dim not in ("member", "time", "statistic")]
    if labels is None and len(dims) == 1 and region in data[dims[0]].values:
        labels = (region,)
    if len(labels or ()) != len(dims):
        form = f"{name}[{','.join(map(str, dims))}]"
        raise ArgumentError(
            f"'{address}' is not one number.", remedy=f"Write {form} with an element in each place."
        )
    where = {}
    for dim, label in zip(dims, labels or (), strict=True):
        elements = [str(element) for element in data[dim].values]
        found = [element for element in elements if key(element) == key(label)]
        if not found:
            near = did_you_mean(label, elements) or f"Its elements are {', '.join(elements)}."
            raise ArgumentError(f"'{label}' is not an element of '{dim}'.", remedy=near)
        where[dim] = found[0]
    return data.sel(where)


def equal_outlay(
    case: Case,
    packages: Sequence[Package],
    budgets: np.ndarray,
    sample: Mapping[str, np.ndarray] | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The scale of each package at which its discounted outlay is its budget.

    All packages are solved at once by Chandrupatla's method, as one ensemble a round; where outlay is proportional to
    intensity, two rounds are enough. Outlay must not fall as the scale rises.

    Parameters
    ----------
    packages : sequence of Package, one a member
    budgets : ndarray, shape (n_members,)  discounted.
    sample : mapping, optional  constants by address, shape (n_members,).

    Returns
    -------
    scales, outlays, status : ndarray, shape (n_members,)
        Status is a key of `MEANINGS`. A capped package has its largest scale, and the outlay of that.
    """
    sample = dict(sample or {})
    tops = np.array([case.levers.most / min(p.weights.values()) for p in packages])
    ceiling = case.spent(packages, tops, sample)
    status = np.where(np.isnan(ceiling), FAILED, np.where(ceiling < budgets * (1 - TOLERANCE), CAPPED, SPENT))
    scales, outlays = tops.copy(), ceiling.copy()
    open_ = np.flatnonzero(status == SPENT)
    if len(open_):

        def excess(scale: np.ndarray, member: np.ndarray) -> np.ndarray:
            chosen = member.astype(int)
            part = {name: np.asarray(numbers)[chosen] for name, numbers in sample.items()}
            return case.spent([packages[i] for i in chosen], scale, part) / budgets[chosen] - 1.0

        low = np.zeros(len(open_))
        found = find_root(
            excess, (low, tops[open_]), args=(open_.astype(float),), tolerances={"fatol": TOLERANCE}
        )
        scales[open_] = found.x
        outlays[open_] = budgets[open_] * (1.0 + found.f_x)
        status[open_[~found.success]] = FAILED
    return scales, outlays, status
