"""Over which assumptions does one package beat another at equal outlay? Draws over the ranges of all constants."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from scipy.stats import binomtest, qmc

from ..errors import ArgumentError
from ..lang.model import CONTROLS
from ..lang.names import did_you_mean, key
from ..run.address import address_of, everywhere
from ..run.notebook import Progress, listener
from ..run.open import Model
from ..run.scenario import resolve
from .compare import OUTCOME, OUTLAY, make_case, measure, unit_of
from .levers import GENERATION, INTENSITY, START, STOP, Package, generations
from .outlay import CAPPED, FAILED, Case, equal_outlay

FINE, NOT_FINITE, NOTHING_SPENT = 0, 1, 2
OUTCOMES = {
    FINE: "both packages ran",
    NOT_FINITE: "a run stopped being finite",
    NOTHING_SPENT: "levers cost nothing, so that no outlay is equal",
}
# What a package is made of, and what switches it off, is no assumption about the world.
_POLICY = (INTENSITY, START, STOP, GENERATION, "generation switch")
_CHUNK = 64  # draws at a time, between two words of progress


def compare_over_ranges(
    model: Model,
    scenario: str | Path | Mapping[str, Any] | None = None,
    *,
    packages: Sequence[str] = ("third generation", "second generation"),
    draws: int = 500,
    seed: int = 0,
    within: float = 1.0,
    keep: Iterable[str] = (),
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
    """Two packages at equal outlay in many worlds.

    A world is a row of a Latin hypercube over the ranges that the equation file declares, uniform, for every element of
    every constant but time settings and what packages are made of. In each world the intensities are solved anew.

    Parameters
    ----------
    packages : two str
        Generations of the model; the first is asked whether it beats the second.
    draws, seed : int
    within : float
        How far from its value a constant goes: 1 up to the ends of its range, 0.5 half of the way on either side.
    keep : iterable of str
        Constants that stay as they are.
    budget : float, optional
        Discounted outlay of each package in each world, or what that one can spend which can spend less; that is also
        the default.
    others : as for `compare_policies`.

    Returns
    -------
    xarray.Dataset
        Over `draw` and `package`: `gain`, `parts`, `interaction`, `scale` (intensity); over `draw`: `budget`,
        `reference`, `status` (a key of `OUTCOMES`), and over `constant` the `sample`.
    """
    if draws < 1:
        raise ArgumentError(f"{draws} draws are asked for.", remedy="Ask for one or more.")
    if not 0.0 <= within <= 1.0:
        raise ArgumentError(f"The part of the ranges is {within:g}.", remedy="Give a number from 0 to 1.")
    case = make_case(model, scenario, outlay, outcome, discount, region, start, stop)
    chosen = [_generation(case, name, start, stop) for name in packages]
    tops = np.array([case.levers.most / min(p.weights.values()) for p in chosen])
    allowed = np.inf if budget is None else budget
    if not allowed > 0.0:
        raise ArgumentError(f"The budget is {allowed:g}.", remedy="Give a discounted outlay above zero.")
    sample = draw_sample(case, draws, seed, within, keep)
    pieces, tell = [], listener(progress)
    for first in range(0, draws, _CHUNK):
        tell(first, draws, "worlds")
        part = {name: values[first : first + _CHUNK] for name, values in sample.items()}
        pieces.append(_worlds(case, chosen, tops, allowed, part, outcome, at))
    found = {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}
    two = ("draw", "package")
    return xr.Dataset(
        {name: (two, found[name]) for name in ("gain", "parts", "scale")}
        | {name: ("draw", found[name]) for name in ("budget", "reference", "status")}
        | {"sample": (("draw", "constant"), np.stack(list(sample.values()), axis=1))},
        {"package": [p.name for p in chosen], "constant": list(sample), "draw": np.arange(draws)},
        {
            "model": model.name, "outcome": outcome, "at": at, "discount": discount, "start": start, "stop": stop,
            "within": within, "seed": seed, "units": unit_of(model, outcome), "keep": ", ".join(keep),
        },
    ).assign(interaction=lambda ds: ds["gain"] - ds["parts"])  # fmt: skip


def _generation(case: Case, name: str, start: float, stop: float) -> Package:
    known = generations(case.levers, start, stop)
    for package in known:
        if key(name) in (key(package.name), key(package.name.removesuffix(" generation"))):
            return package
    names = [package.name for package in known]
    near = did_you_mean(name, names) or f"There are {', '.join(names) or 'none'}."
    raise ArgumentError(f"There is no package '{name}'.", remedy=near)


def draw_sample(
    case: Case, draws: int, seed: int, within: float, keep: Iterable[str] = ()
) -> dict[str, np.ndarray]:
    """A value a draw for each element of each constant with a range, by address; shape (draws,)."""
    system = case.model.system
    settings = resolve(system, case.scenario, case.model.folder)
    constants = [s for s in system.of_kind("parameter") if s.variable and s.name not in (*CONTROLS, *_POLICY)]
    known = {s.name: s.variable for s in constants}
    held = set()
    for name in keep:
        if key(name) not in known:
            raise ArgumentError(
                f"'{name}' is not a constant that could vary.", remedy=did_you_mean(name, known.values())
            )
        held.add(key(name))
    addresses, lows, highs = [], [], []
    for symbol in constants:
        low, high = symbol.limits
        if low is None or high is None or symbol.name in held:
            continue
        values = settings.parameters.get(symbol.name, np.reshape(symbol.values, symbol.shape))
        for place in everywhere(symbol):
            value = float(np.clip(values[place], low, high))
            addresses.append(address_of(symbol, place))
            lows.append(value - within * (value - low))
            highs.append(value + within * (high - value))
    if not addresses:
        raise ArgumentError(
            f"No constant of '{case.model.name}' is left to vary.",
            remedy="Give constants a range [min, max] in the equation file, or keep fewer.",
        )
    unit = qmc.LatinHypercube(d=len(addresses), rng=np.random.default_rng(seed)).random(draws)
    least, most = np.array(lows), np.array(highs)
    values = np.clip(least * (1.0 - unit) + most * unit, least, most)
    return {name: np.ascontiguousarray(values[:, i]) for i, name in enumerate(addresses)}


def _worlds(
    case: Case,
    chosen: Sequence[Package],
    tops: np.ndarray,
    allowed: float,
    sample: Mapping[str, np.ndarray],
    outcome: str,
    at: str,
) -> dict[str, np.ndarray]:
    """Some draws: packages side by side, each of them in each world."""
    count, kinds = len(next(iter(sample.values()))), len(chosen)
    members = [package for _ in range(count) for package in chosen]
    world = {name: np.repeat(values, kinds) for name, values in sample.items()}
    ceilings = case.spent(members, np.tile(tops, count), world).reshape(count, kinds)
    budget = np.minimum(ceilings.min(axis=1), allowed)
    status = np.where(np.isnan(budget), NOT_FINITE, np.where(budget > 0.0, FINE, NOTHING_SPENT))
    scales = np.full(count * kinds, 0.0)
    good = np.repeat(status == FINE, kinds)
    if good.any():
        part = {name: values[good] for name, values in world.items()}
        found, _, solved = equal_outlay(
            case,
            [p for p, yes in zip(members, good, strict=True) if yes],
            np.repeat(budget, kinds)[good],
            part,
        )
        scales[good] = np.where(solved == FAILED, np.nan, found)
        assert not (solved == CAPPED).any(), "the budget is no more than what each can spend"
    whole = measure(case, members, np.nan_to_num(scales), outcome, at, world)
    shaped = {name: whole[name].reshape(count, kinds) for name in ("gain", "parts", "reference")}
    broken = ~np.isfinite(shaped["gain"]).all(axis=1) | np.isnan(scales.reshape(count, kinds)).any(axis=1)
    status = np.where((status == FINE) & broken, NOT_FINITE, status).astype(np.int8)
    out = status[:, None] != FINE
    return {
        "gain": np.where(out, np.nan, shaped["gain"]),
        "parts": np.where(out, np.nan, shaped["parts"]),
        "scale": np.where(out, np.nan, scales.reshape(count, kinds)),
        "budget": budget,
        "reference": shaped["reference"][:, 0],
        "status": status,
    }


def order_shares(worlds: xr.Dataset, margin: float = 0.01) -> dict[str, Any]:
    """In what share of the worlds the first package beats the second.

    margin : what counts as more than the same, in the outcome's unit.

    Returns
    -------
    dict
        'draws', 'failed', 'nothing spent', 'ran' : counts. 'first', 'second' : shares of those that ran in which one
        gains more; 'first clearly', 'second clearly', 'neither' : by more than the margin; 'interval' : 95 % of the
        share 'first' (Wilson). 'helped' : share in which the levers of the first help one another. 'interaction' : of
        the difference in gain, summed over worlds, the part that is interaction.
    """
    status = worlds["status"].values
    fine = status == FINE
    gain = worlds["gain"].values[fine]
    lead = gain[:, 0] - gain[:, 1]
    extra = worlds["interaction"].values[fine]
    extra_lead = extra[:, 0] - extra[:, 1]
    ran = int(fine.sum())
    found: dict[str, Any] = {
        "draws": len(status),
        "failed": int((status == NOT_FINITE).sum()),
        "nothing spent": int((status == NOTHING_SPENT).sum()),
        "ran": ran,
        "margin": margin,
    }
    if not ran:
        return found
    wins = int((lead > 0.0).sum())
    interval = binomtest(wins, ran).proportion_ci(0.95, method="wilson")
    finite = np.isfinite(extra_lead)
    total = float(lead[finite].sum())
    return found | {
        "first": wins / ran,
        "second": float((lead < 0.0).mean()),
        "interval": (float(interval.low), float(interval.high)),
        "first clearly": float((lead > margin).mean()),
        "second clearly": float((lead < -margin).mean()),
        "neither": float((np.abs(lead) <= margin).mean()),
        "helped": float((extra[:, 0] > 0.0).mean()),
        "interaction": float(extra_lead[finite].sum()) / total if total else np.nan,
    }
