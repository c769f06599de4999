"""Numbers with names: arrays in, labelled results out. Labels exist only here, at the edge."""

from __future__ import annotations

import platform
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from ..emit.layout import Layout
from ..errors import ArgumentError, Problem
from ..lang.names import did_you_mean, key
from ..passes.system import Symbol
from .clock import Clock
from .result import Labelled, Result, to_dataset
from .scenario import Settings

if TYPE_CHECKING:
    import xarray as xr

    from .features import Feature
    from .open import Model

_PACKAGES = ("capdyn", "numpy", "scipy", "xarray", "llvmlite", "pysd")


def chosen(model: Model, outputs: Iterable[str] | None) -> list[str]:
    """Symbol names of the wanted variables, in the order of the equation file.

    Raises
    ------
    ArgumentError
        Names that are no variable.
    """
    visible = [s for s in model.system.symbols.values() if s.variable]
    if outputs is None:
        return [s.name for s in visible]
    wanted = [outputs] if isinstance(outputs, str) else list(outputs)
    known = {s.name for s in visible}
    problems = [
        Problem(
            f"outputs: '{name}' is not a variable of '{model.name}'.",
            None,
            did_you_mean(name, [s.variable for s in visible]),
        )
        for name in wanted
        if key(name) not in known
    ]
    if problems:
        raise ArgumentError(problems)
    asked = {key(name) for name in wanted}
    return [s.name for s in visible if s.name in asked]


def kept_slots(layout: Layout, names: Sequence[str]) -> np.ndarray:
    """Slots of the time-varying ones among the variables, in order. shape (n_kept,)"""
    slots = [slot for name in names if varies(layout.system.symbols[name]) for slot in layout.slots(name)]
    return np.array(slots, dtype=np.int64)


def varies(symbol: Symbol) -> bool:
    """Whether a variable has a value for each time."""
    return symbol.kind in ("state", "auxiliary")


def single(
    model: Model,
    layout: Layout,
    settings: Settings,
    clock: Clock,
    names: Sequence[str],
    out: np.ndarray,
    constants: np.ndarray,
    tolerances: str = "",
    seed: int = 0,
) -> Result:
    """One run with its labels.

    out : ndarray, shape (n_times, n_kept)  time-varying values, in the order of `names`.
    constants : ndarray, shape (n_slots,)  all slots of the member; constants are read from it.
    """
    still = {name: constants[list(layout.slots(name))] for name in names}
    about = {"tolerances": tolerances, "seed": seed}
    return _label(model, layout, settings, clock, names, out, still, (), about)


def members(
    model: Model,
    layout: Layout,
    settings: Settings,
    clock: Clock,
    names: Sequence[str],
    out: np.ndarray,
    constants: np.ndarray | Mapping[str, np.ndarray],
    tolerances: str = "",
    statistics: Sequence[Feature] | None = None,
) -> xr.Dataset:
    """The Dataset of an ensemble.

    out : ndarray, shape (n_members, n_times, n_kept), or with `statistics` (n_members, n_statistics, n_kept).
    constants : ndarray, shape (n_members, n_slots), or for each constant among `names` one of shape (n_members, size).
    """
    if not isinstance(constants, Mapping):
        constants = {name: constants[:, list(layout.slots(name))] for name in names}
    about = {"tolerances": tolerances}
    return to_dataset(
        _label(model, layout, settings, clock, names, out, constants, ("member",), about, statistics)
    )


def _label(
    model: Model,
    layout: Layout,
    settings: Settings,
    clock: Clock,
    names: Sequence[str],
    out: np.ndarray,
    constants: Mapping[str, np.ndarray],
    lead: tuple[str, ...],
    about: Mapping[str, Any],
    statistics: Sequence[Feature] | None = None,
) -> Result:
    coords = {"time": Labelled(("time",), clock.times, {"units": _time_unit(model), "long_name": "Time"})}
    if statistics is not None:
        from .features import STATISTICS

        called = [feature.name or feature.statistic for feature in statistics]
        units = [STATISTICS[feature.statistic].unit for feature in statistics]
        coords = {
            "statistic": Labelled(("statistic",), np.array(called), {"long_name": "Over the save times"}),
            "statistic_unit": Labelled(("statistic",), np.array(units), {"long_name": "Whose unit it has"}),
        }
    along = next(iter(coords))
    if lead:
        coords["member"] = Labelled(("member",), np.arange(len(out)))
    variables = {}
    taken = 0
    for name in names:
        symbol = model.system.symbols[name]
        for dim, elements in zip(symbol.dims, symbol.elements, strict=True):
            if dim not in coords:
                coords[dim] = Labelled((dim,), np.array(elements))
        if varies(symbol):
            data = out[..., taken : taken + symbol.size]
            taken += symbol.size
            dims = (*lead, along, *symbol.dims)
        else:
            data = constants[name]
            dims = (*lead, *symbol.dims)
        values = data.copy()
        if symbol.missing:
            values[..., list(symbol.missing)] = np.nan
        shaped = values.reshape((*data.shape[:-1], *symbol.shape))
        variables[symbol.variable] = Labelled(dims, shaped, _about(model, symbol))
    clash = [name for name in variables if name in coords]
    if clash:
        # A variable may not have the name of a dimension in xarray; Vensim forbids it too, but for `Time`.
        raise ArgumentError(
            f"Variable '{clash[0]}' has the name of a dimension.", remedy="Rename one of them."
        )
    return Result(settings.name, coords, variables, _provenance(model, settings, clock, about))


def _time_unit(model: Model) -> str:
    return model.source.variables["time step"].units


def _about(model: Model, symbol: Symbol) -> dict[str, Any]:
    """Attributes of a variable: unit, names, comment, equation, sector, range."""
    variable = model.source.variables.get(symbol.name)
    if variable is None:
        return {"units": "", "long_name": symbol.variable}
    about: dict[str, Any] = {
        "units": variable.units,
        "long_name": variable.name,
        "description": variable.comment,
        "equation": "\n".join(
            dict.fromkeys(_on_one_line(component.text) for component in variable.components)
        ),
        "group": variable.group,
    }
    for attribute, limit in zip(("valid_min", "valid_max"), variable.limits, strict=True):
        if limit is not None:
            about[attribute] = limit
    return about


def _on_one_line(equation: str) -> str:
    """An equation without the continuation marks of its file."""
    return re.sub(r"\s*\\?\n\s*", " ", equation) if "\n" in equation else equation


@cache
def _version(package: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:  # capdyn from a folder that is not installed
        return "?"


def versions() -> str:
    """What runs now: python and the packages that numbers depend on."""
    return ", ".join([f"python {platform.python_version()}", *(f"{p} {_version(p)}" for p in _PACKAGES)])


def _provenance(
    model: Model, settings: Settings, clock: Clock, about: Mapping[str, Any]
) -> Callable[[], dict[str, Any]]:
    """What makes the attributes of a run that is made now; `about` comes last."""
    created = datetime.now(UTC).isoformat(timespec="seconds")
    return lambda: {
        "model": model.name,
        "model_hash": model.source.hash,
        "scenario": settings.name,
        "scenario_text": settings.text,
        "method": clock.method,
        "step": clock.step if clock.is_fixed else 0.0,
        "versions": versions(),
        "created": created,
        **about,
    }
