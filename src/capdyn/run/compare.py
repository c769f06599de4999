"""Comparing two runs, or a run or an equation file with a table: the worst difference of each variable.

The relative difference of two numbers is |a - b| / max(|a|, |b|, atol), and 0 where |a - b| <= atol or both are NaN or
equal; infinity where only one of them is finite. It is within tolerance if it is at most rtol.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from ..errors import ArgumentError, StoreError
from ..lang.names import key
from ..read import VENSIM, XMILE
from .address import Mistake, parse_address
from .netcdf import load
from .open import open_model
from .simulate import simulate
from .store import is_run, load_run
from .table import SUFFIXES, Columns, columns, read_table

Runs = xr.Dataset | Sequence[xr.Dataset] | str | Path
_SAME_TIME = 1e-9
_Key = tuple[str, tuple[str, ...]]
_Named = dict[_Key, tuple[str, tuple[str, ...], np.ndarray]]  # name and labels as written, values


@dataclass(frozen=True)
class Difference:
    """The worst difference of one variable in one scenario.

    where : labels of the element; time : in the model's time unit, nan for what does not change.
    a, b : the two values; relative : see the module's first lines; ok : within tolerance.
    missing : 'a' or 'b' if that side does not have the variable; then the numbers are nan and `ok` is True.
    """

    variable: str
    where: tuple[str, ...]
    time: float
    a: float
    b: float
    relative: float
    ok: bool
    scenario: str = ""
    missing: str = ""


def compare(a: Runs, b: Runs, rtol: float = 1e-6, atol: float = 1e-12) -> list[Difference]:
    """The worst difference of each variable, worst first, then the variables that only one side has.

    Parameters
    ----------
    a, b : Dataset, list of Datasets, or path
        Runs; a path is a run's folder, a NetCDF file, a model, which is run as its equation file says, or a table
        (.csv, .tab, .tsv, .txt) with a column `Time` and one column for each variable or element, or the same turned
        over; a number that stands only at the first time is one that does not change. Scenarios are paired by name; one
        run on each side is a pair whatever it is called. Numbers are compared at the times, and for the elements, that
        both have.
    rtol : float
        Largest relative difference that is still within tolerance; 1e-5 suits Vensim's single precision.
    atol : float
        Differences up to this, in the variable's unit, are none.

    Raises
    ------
    ArgumentError
        No scenario, variable or time in common.
    ModelError, NumericalError
        A model that cannot be run.
    StoreError
        A path that cannot be read.
    """
    found: list[Difference] = []
    for scenario, one, other in _pairs(_runs(a), _runs(b)):
        found += _compare(scenario, one, other, rtol, atol)
    return sorted(found, key=lambda d: (bool(d.missing), d.ok, -d.relative if not d.missing else 0.0))


def _runs(source: Runs) -> list[Columns]:
    if isinstance(source, xr.Dataset):
        return columns(source)
    if isinstance(source, str | Path):
        path = Path(source)
        if path.suffix.lower() in SUFFIXES and path.is_file():
            return read_table(path)
        if _is_model(path):
            return columns(simulate(open_model(path)))
        if path.is_dir():
            return [run for dataset in load_run(path) for run in columns(dataset)]
        if not path.exists():
            raise StoreError(
                f"There is no '{path}'.", remedy="Give a run's folder, a NetCDF file, a table or a model."
            )
        return columns(load(path))
    return [run for dataset in source for run in columns(dataset)]


def _is_model(path: Path) -> bool:
    """Whether a path means an equation file, and not a run."""
    if path.is_dir():
        return not is_run(path) and any(file.suffix.lower() in (".mdl", ".xmile") for file in path.iterdir())
    return path.suffix.lower() in (*VENSIM, *XMILE)


def _pairs(a: list[Columns], b: list[Columns]) -> list[tuple[str, Columns, Columns]]:
    """Runs with the same name, or the only two."""
    if len(a) == len(b) == 1:
        return [(a[0].scenario or b[0].scenario, a[0], b[0])]
    others = {run.scenario: run for run in b}
    pairs = [(run.scenario, run, others[run.scenario]) for run in a if run.scenario in others]
    if pairs:
        return pairs
    names = [", ".join(run.scenario or "no name" for run in runs) or "none" for runs in (a, b)]
    raise ArgumentError(
        f"The two have no scenario in common: {names[0]}; {names[1]}.",
        remedy="To compare two single runs, name their NetCDF files.",
    )


def _compare(scenario: str, a: Columns, b: Columns, rtol: float, atol: float) -> list[Difference]:
    mine, others = _by_key(a), _by_key(b)
    shared = [name for name in mine if name in others]
    if not shared:
        raise ArgumentError(
            f"The two have no variable in common: {_some(a)}; {_some(b)}.",
            remedy="Columns are named as variables: Name or Name[Element,Element].",
        )
    at_a, at_b = _common_times(a.times, b.times)
    worst: dict[str, Difference] = {}
    for name in shared:
        variable, labels, one = mine[name]
        other = others[name][2]
        moving = bool(one.ndim or other.ndim)
        one, other = _at(one, at_a), _at(other, at_b)
        relative = _relative(one, other, atol)
        i = int(np.argmax(relative))
        time = float(a.times[at_a[i]]) if moving else np.nan
        difference = Difference(
            variable,
            labels,
            time,
            float(one[i]),
            float(other[i]),
            float(relative[i]),
            bool(relative[i] <= rtol),
            scenario,
        )
        before = worst.get(name[0])
        if before is None or difference.relative > before.relative:
            worst[name[0]] = difference
    return [*worst.values(), *_missing(scenario, mine, others, "b"), *_missing(scenario, others, mine, "a")]


def _by_key(run: Columns) -> _Named:
    """Columns by variable and labels, as Vensim compares names."""
    found: _Named = {}
    for address, values in run.values.items():
        try:
            name, labels = parse_address(address)
        except Mistake:
            name, labels = address, None
        found[key(name), tuple(key(label) for label in labels or ())] = (name, labels or (), values)
    return found


def _missing(scenario: str, have: _Named, lack: _Named, side: str) -> list[Difference]:
    """A row for each variable that one side has no element of; tables hold no constants, and do not lack them."""
    present = {name for name, _ in lack}
    constants = any(values.ndim == 0 for _, _, values in lack.values())
    absent = {
        name: written
        for (name, _), (written, _, values) in have.items()
        if name not in present and (constants or values.ndim)
    }
    nan = float("nan")
    return [Difference(name, (), nan, nan, nan, nan, True, scenario, side) for name in absent.values()]


def _some(run: Columns) -> str:
    listed = ", ".join(list(run.values)[:3])
    return f"{listed}, ..." if len(run.values) > 3 else listed or "none"


def _common_times(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places in `a` and in `b` of the times that both have."""
    order = np.argsort(b, kind="stable")
    slack = _SAME_TIME * np.maximum(1.0, np.abs(a))
    after = np.clip(np.searchsorted(b[order], a - slack), 0, len(b) - 1)
    nearest = order[after]
    same = np.abs(b[nearest] - a) <= slack
    if not same.any():
        raise ArgumentError(
            f"The two have no time in common: {_span(a)}; {_span(b)}.",
            remedy="Save both at the same times: [time] saveper.",
        )
    return np.flatnonzero(same), nearest[same]


def _span(times: np.ndarray) -> str:
    return f"{len(times)} from {times.min():g} to {times.max():g}" if len(times) else "none"


def _at(values: np.ndarray, places: np.ndarray) -> np.ndarray:
    return values[places] if values.ndim else np.broadcast_to(values, places.shape)


def _relative(a: np.ndarray, b: np.ndarray, atol: float) -> np.ndarray:
    with np.errstate(invalid="ignore", over="ignore"):
        distance = np.abs(a - b)
        relative = distance / np.maximum(np.maximum(np.abs(a), np.abs(b)), max(atol, np.finfo(float).tiny))
    relative[~(np.isfinite(a) & np.isfinite(b))] = np.inf
    relative[(distance <= atol) | (a == b) | (np.isnan(a) & np.isnan(b))] = 0.0
    return relative
