"""What packages of levers achieve at equal outlay, and how much of it is their combination.

gain         outcome with the package less outcome without policy
parts        sum of the gains of its levers, each alone at the intensity that it has in the package: they cost
             together what the package costs
interaction  gain less parts; above zero the levers help one another (superadditivity)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from ..errors import ArgumentError
from ..lang.names import did_you_mean, key
from ..run.address import parse_address
from ..run.notebook import Progress, listener
from ..run.open import Model
from .levers import Package, generations, pairs, parts, read_levers, singles
from .outlay import MEANINGS, Case, equal_outlay, pick

OUTCOME = "Relative capability[Home,innovation]"
OUTLAY = "Public outlay"


def compare_policies(
    model: Model,
    scenario: str | Path | Mapping[str, Any] | None = None,
    *,
    packages: Sequence[Package] | None = None,
    levers: Iterable[str] | None = None,
    in_pairs: bool = False,
    budget: float | None = None,
    outcome: str = OUTCOME,
    at: str = "final",
    outlay: str = OUTLAY,
    discount: float = 0.03,
    start: float = 0.0,
    stop: float = 15.0,
    region: str | None = None,
    progress: Progress | None = None,
) -> xr.Dataset:
    """Runs packages, levers or pairs of levers at one discounted outlay.

    Parameters
    ----------
    model : Model
        With the constants `Lever intensity[Lever,...]`, `Lever start[Lever]` and `Lever stop[Lever]`.
    scenario : optional
        What all share; by default `baseline`, if there is one. Its own levers in the region are taken out.
    packages : sequence of Package, optional
        From `read_packages` or by hand. By default the model's generations, all levers of each at one intensity.
    levers : iterable of str, optional
        Compare these one by one instead of packages.
    in_pairs : bool
        Compare every two of `levers` (by default all), each with half of the outlay.
    budget : float, optional
        Discounted outlay of each; by default what the one that can spend least can spend, for levers and pairs the
        median of what single levers can spend. What cannot spend it spends what it can, and `status` says so.
    outcome : str
        A number of the model by address. at : 'final', 'mean', 'min' or 'max' over the run.
    outlay : str
        The variable with the cumulative outlay.
    discount : float
        Rate a unit of time, continuous.
    start, stop : float
        When levers are pulled.
    region : str, optional
        Where; by default the first.

    Returns
    -------
    xarray.Dataset
        Over `package`: `gain`, `parts`, `interaction` (in the outcome's unit), `outlay`, `budget`, `status` and the
        coordinate `kind`; over `package` and `lever` `intensity` and `part` (gain of the lever alone); `reference`, the
        outcome without policy. What failed is not a number.

    Raises
    ------
    ArgumentError, ScenarioError
        Unknown names, a model without levers, a budget that is not positive.
    """
    case = make_case(model, scenario, outlay, outcome, discount, region, start, stop)
    tell = listener(progress)
    tell(0, 3, "what levers cost")
    names = [case.levers.find(name) for name in (levers or case.levers.names)]
    alone = singles(names, start, stop)
    if in_pairs:
        ceilings = case.spent(alone, np.ones(len(alone)))
        chosen = pairs(names, dict(zip(names, ceilings.tolist(), strict=True)), start, stop)
    elif levers is not None:
        chosen = alone
    else:
        chosen = list(packages) if packages is not None else generations(case.levers, start, stop)
    if not chosen:
        raise ArgumentError(
            f"'{model.name}' has no generations of levers to compare.",
            remedy="Name packages, or levers: --levers a,b or --package NAME=a,b.",
        )
    budget = _budget(case, chosen, alone if chosen[0].kind in ("lever", "pair") else chosen, budget)
    tell(1, 3, "equal outlay")
    scales, outlays, status = equal_outlay(case, chosen, np.full(len(chosen), budget))
    tell(2, 3, "runs")
    result = measure(case, chosen, scales, outcome, at)
    return _labelled(case, chosen, scales, result).assign(
        outlay=("package", outlays, {"long_name": "Discounted outlay", "units": unit_of(model, outlay)}),
        budget=((), budget, {"long_name": "Discounted outlay allowed", "units": unit_of(model, outlay)}),
        status=("package", status.astype(np.int8), {"flag_values": list(MEANINGS), "flag_meanings": str(MEANINGS)}),
    ).assign_attrs(
        model=model.name, outcome=outcome, at=at, discount=discount, start=start, stop=stop, region=case.levers.region,
        units=unit_of(model, outcome),
    )  # fmt: skip


def make_case(
    model: Model,
    scenario: str | Path | Mapping[str, Any] | None,
    outlay: str,
    outcome: str,
    discount: float,
    region: str | None,
    start: float,
    stop: float,
) -> Case:
    """What a comparison shares, its names looked up."""
    for address in (outlay, outcome):
        name = parse_address(address)[0]
        known = [s.variable for s in model.system.symbols.values() if s.variable]
        if key(name) not in map(key, known):
            raise ArgumentError(
                f"'{name}' is not a variable of '{model.name}'.", remedy=did_you_mean(name, known)
            )
    if not stop > start:
        raise ArgumentError(
            f"Levers would stop at {stop:g}, not after their start at {start:g}.", remedy="Give a later stop."
        )
    if scenario is None and "baseline" in model.scenarios:
        scenario = "baseline"
    return Case(model, read_levers(model.system, region), scenario, outlay, discount)


def unit_of(model: Model, address: str) -> str:
    """The unit of a variable."""
    return model.source.variables[key(parse_address(address)[0])].units


def _budget(
    case: Case, chosen: Sequence[Package], measured: Sequence[Package], budget: float | None
) -> float:
    if budget is not None:
        if not budget > 0.0:
            raise ArgumentError(f"The budget is {budget:g}.", remedy="Give a discounted outlay above zero.")
        return budget
    tops = np.array([case.levers.most / min(p.weights.values()) for p in measured])
    ceilings = case.spent(measured, tops)
    usual = np.nanmedian if chosen[0].kind in ("lever", "pair") else np.nanmin
    found = float(usual(ceilings)) if np.isfinite(ceilings).any() else 0.0
    if not found > 0.0:
        raise ArgumentError(
            f"'{case.outlay}' does not grow when levers are pulled.",
            remedy="Name the cumulative outlay: --outlay.",
        )
    return found


def measure(
    case: Case,
    packages: Sequence[Package],
    scales: np.ndarray,
    outcome: str,
    at: str = "final",
    sample: Mapping[str, np.ndarray] | None = None,
) -> dict[str, Any]:
    """Outcomes of packages, of their parts, and without policy.

    scales : shape (n_packages,). sample : constants by address, shape (n_packages,).

    Returns
    -------
    dict
        'reference', 'gain', 'parts' : ndarray, shape (n_packages,); 'part' : ndarray, shape (n_packages, n_levers), nan
        for levers that are not in the package.
    """
    sample = dict(sample or {})
    count = len(packages)
    pieces = [parts(package) if len(package.weights) > 1 else [] for package in packages]
    owner = np.repeat(np.arange(count), [len(piece) for piece in pieces])
    none = [Package("none", {}) for _ in packages] if sample else [Package("none", {})]
    members = [*none, *packages, *(part for piece in pieces for part in piece)]
    of = np.concatenate([np.arange(len(none)), np.arange(count), owner])
    runs = case.run(
        members,
        np.concatenate([np.ones(len(none)), scales, scales[owner]]),
        {name: np.asarray(numbers)[of] for name, numbers in sample.items()},
        [parse_address(outcome)[0]],
        at,
    )
    values = pick(runs, outcome, case.levers.region).isel(statistic=0).values
    values = np.where(runs["status"].values == 0, values, np.nan)
    reference = np.broadcast_to(values[: len(none)], (count,))
    gain = values[len(none) : len(none) + count] - reference
    part = np.full((count, len(case.levers.names)), np.nan)
    place = {lever: i for i, lever in enumerate(case.levers.names)}
    rest = values[len(none) + count :] - reference[owner]
    columns = [place[lever] for piece in pieces for p in piece for lever in p.weights]
    part[owner, columns] = rest
    for row, package in enumerate(packages):
        if len(package.weights) == 1:
            part[row, place[next(iter(package.weights))]] = gain[row]
    total = np.array(
        [part[row, [place[lever] for lever in p.weights]].sum() for row, p in enumerate(packages)]
    )
    return {"reference": reference, "gain": gain, "parts": total, "part": part}


def _labelled(
    case: Case, packages: Sequence[Package], scales: np.ndarray, found: Mapping[str, np.ndarray]
) -> xr.Dataset:
    about = {
        "gain": "Outcome with the package less outcome without policy",
        "parts": "Sum of the gains of its levers, each alone at its intensity in the package",
        "interaction": "What the combination adds over the sum of its parts",
    }
    numbers = dict(found) | {"interaction": found["gain"] - found["parts"]}
    return xr.Dataset(
        {name: ("package", numbers[name], {"long_name": words}) for name, words in about.items()}
        | {
            "intensity": (
                ("package", "lever"),
                case.intensities(packages, scales),
                {"long_name": "Intensity"},
            ),
            "part": (
                ("package", "lever"),
                found["part"],
                {"long_name": "Gain of a lever alone at its intensity"},
            ),
            "reference": ((), float(found["reference"][0]), {"long_name": "Outcome without policy"}),
        },
        {
            "package": [package.name for package in packages],
            "kind": ("package", [package.kind for package in packages]),
            "lever": list(case.levers.names),
        },
    )
