"""What indices say, in sentences: which inputs lead, with their intervals, and whether they still move."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from .bench import PARTS
from .phrases import MOST_NAMED, against_itself, enumerated, percent

if TYPE_CHECKING:
    from .analyse import Analysis

_NEGLIGIBLE = 0.01  # of the variance


def say_indices(analysis: Analysis) -> list[str]:
    """A sentence for each scenario and feature."""
    results, found = analysis.results, []
    for word, say in _SAY.items():
        if word not in results:
            continue
        for scenario in results["scenario"].values:
            for feature in results["feature"].values:
                here = results.sel(scenario=scenario, feature=feature)
                if (str(scenario), str(feature)) in against_itself(analysis.study):
                    continue
                if np.isnan(here[word].values).all():
                    constant = not analysis.gates[str(scenario), str(feature)].refusal
                    if constant:
                        found.append(f"'{feature}' in '{scenario}' does not vary; it has no indices.")
                    continue
                found.append(f"'{feature}' in '{scenario}': " + say(here) + _converged(here, word))
    if "slopes_failed" in results and float(results["slopes_failed"].sum()):
        found.append(f"{int(results['slopes_failed'].sum())} derivatives were not finite and are left out.")
    return found


def _ranked(here: xr.Dataset, word: str) -> list[str]:
    """Names with their index and interval, the largest first."""
    values = here[word].values
    label = here[word].dims[0]
    order = np.argsort(-np.nan_to_num(values, nan=-np.inf), kind="stable")[:MOST_NAMED]
    said = []
    for number in order:
        if np.isnan(values[number]) or values[number] <= 0:
            continue
        text = f"{here[label].values[number]} {values[number]:.3g}"
        if f"{word}_interval" in here:
            low, high = here[f"{word}_interval"].values[number]
            text += f" ({low:.3g} to {high:.3g})"
        said.append(text)
    return said


def _say_shares(here: xr.Dataset) -> str:
    first, total = here["first"].values, here["total"].values
    alone = float(np.clip(np.nansum(first), 0, 1))
    idle = int((total < _NEGLIGIBLE).sum())
    said = f"largest total shares of the variance: {enumerated(_ranked(here, 'total'))}."
    missing = int(np.isnan(total).sum())
    if missing:
        said += f" {missing} of {len(total)} have no index: none of their runs is left."
    else:
        said += f" Alone, inputs explain {percent(alone)} of it; the rest is interaction."
    if idle:
        said += f" {idle} of {len(total)} have less than {percent(_NEGLIGIBLE)} in all."
    return said


def _say_effects(here: xr.Dataset) -> str:
    effect, deviation = here["absolute_effect"].values, here["effect_deviation"].values
    bent = [
        str(here["group"].values[n])
        for n in np.argsort(-effect, kind="stable")[:MOST_NAMED]
        if deviation[n] > 0.5 * effect[n] > 0
    ]
    said = f"largest mean effects over the whole range: {enumerated(_ranked(here, 'absolute_effect'))}."
    if bent:
        said += f" The effect of {enumerated(bent)} depends on where the others stand, or bends."
    return said


def _say_pawn(here: xr.Dataset) -> str:
    return _above_noise(here, "pawn", "shifts of the distribution")


def _say_delta(here: xr.Dataset) -> str:
    return _above_noise(here, "delta", "delta")


def _above_noise(here: xr.Dataset, word: str, called: str) -> str:
    noise = float(here[f"{word}_noise"])
    above = int((here[word].values > noise).sum())
    return (
        f"largest {called}: {enumerated(_ranked(here, word))}. "
        f"{above} of {here.sizes['input']} inputs stand out of the noise ({noise:.2g})."
    )


def _say_bound(here: xr.Dataset) -> str:
    small = int((here["total_bound"].values < _NEGLIGIBLE).sum())
    return (
        f"largest upper bounds of the total share: {enumerated(_ranked(here, 'total_bound'))}. "
        f"{small} of {here.sizes['input']} inputs cannot explain more than {percent(_NEGLIGIBLE)}."
    )


def _say_swing(here: xr.Dataset) -> str:
    swings = here["swing"].values
    said = []
    for number in np.argsort(-np.nan_to_num(swings), kind="stable")[:MOST_NAMED]:
        low, high = here["at_low"].values[number], here["at_high"].values[number]
        said.append(f"{here['group'].values[number]} from {low:.3g} to {high:.3g}")
    return (
        f"{float(here['centre']):.3g} where all inputs stand as they are; widest swings: {'; '.join(said)}."
    )


_SAY = {
    "total": _say_shares,
    "absolute_effect": _say_effects,
    "pawn": _say_pawn,
    "delta": _say_delta,
    "total_bound": _say_bound,
    "swing": _say_swing,
}
"""By headline: what a feature's indices say. `here` is the results at a scenario and a feature."""


def _converged(here: xr.Dataset, word: str) -> str:
    """Whether the headline of the inputs that matter most still moves from half of the runs to all of them."""
    if f"{word}_at" not in here or np.isnan(here[f"{word}_at"].values).all():
        return ""
    at = here[f"{word}_at"]
    leading = np.argsort(-np.nan_to_num(here[word].values, nan=-np.inf), kind="stable")[:MOST_NAMED]
    moved = np.abs(at.sel(part=PARTS[-1]).values - at.sel(part=PARTS[-2]).values)[leading]
    if np.isnan(moved).any():
        return ""
    most = int(moved.argmax())
    said = f" From half of the runs to all, the largest change among these is {moved[most]:.2g}"
    if f"{word}_interval" in here:
        half = np.ptp(here[f"{word}_interval"].values, axis=1)[leading] / 2
        settled = (moved <= half).all()
        said += ", within the intervals" if settled else ", more than the intervals allow: take more runs"
    return said + "."
