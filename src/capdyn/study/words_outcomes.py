"""What comes out over the runs, in sentences: spread, what happens how often, which scenario is best."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from .events import Discovery
from .phrases import MOST_NAMED, against_itself, enumerated, percent, say_box
from .study import Study

if TYPE_CHECKING:
    from .analyse import Analysis


def say_spread(analysis: Analysis) -> list[str]:
    """How far each feature spreads, under each scenario."""
    results = analysis.results
    if "quantiles" not in results:
        return []
    found = []
    for feature in results["feature"].values:
        unit = str(results["feature_units"].sel(feature=feature).values)
        said = []
        for scenario in results["scenario"].values:
            q = results["quantiles"].sel(scenario=scenario, feature=feature).values
            known = (str(scenario), str(feature)) not in against_itself(analysis.study)
            if known and np.isfinite(q).all():
                said.append(f"{q[2]:.3g} ({q[0]:.3g} to {q[-1]:.3g}) in '{scenario}'")
        if said:
            unit = f", {unit}" if unit not in ("", "Dmnl", "dmnl", "1") else ""
            found.append(f"'{feature}'{unit}, median and the middle 90 % of runs: {'; '.join(said)}.")
    return found


def say_event(study: Study, own: Discovery) -> str:
    """How often something happens and what those runs have in common."""
    event = own.event
    counted, happened = int(event.counted.sum()), int(event.happened.sum())
    if not counted:
        return f"'{event.name}' in '{event.scenario}': no run counts."
    low, high = event.interval
    said = (
        f"'{event.name}' ({event.says}) in '{event.scenario}': {happened:,} of {counted:,} runs, "
        f"{percent(event.share)} ({percent(low)} to {percent(high)})."
    )
    if own.regional is None:
        return said + (" Too few on one side to say what they have in common." if happened else "")
    if own.chosen is not None:
        said += (
            f" {percent(own.chosen.coverage)} of them lie where {say_box(study, own.chosen)}; "
            f"there it happens in {percent(own.chosen.density)} of runs."
        )
    else:
        said += " No box of inputs tells them apart."
    telling = [
        study.inputs[n].name
        for n in np.argsort(-own.regional.distance, kind="stable")[:MOST_NAMED]
        if own.regional.p_value[n] < 0.01
    ]
    if telling:
        said += f" By themselves, {enumerated(telling)} differ most between runs with and without."
    if own.tree is not None:
        said += (
            f" A tree calls {percent(own.tree.accuracy)} of left-out runs right "
            f"({percent(own.tree.naive)} without one)."
        )
    return said


def say_futures(analysis: Analysis) -> list[str]:
    """Scenarios against the first, and how far each stays behind the best."""
    results, found = analysis.results, []
    names = [str(name) for name in analysis.n_failed]
    if "difference" in results:
        for scenario, feature in _pairs(results, names[1:]):
            here = results.sel(scenario=scenario, feature=feature)
            q = here["difference_quantiles"].values
            if np.isfinite(q).all():
                found.append(
                    f"'{feature}': '{scenario}' has more than '{names[0]}' in "
                    f"{percent(float(here['share_above']))} of {int(here['futures_compared']):,} futures; "
                    f"the difference is {q[2]:.3g} ({q[0]:.3g} to {q[-1]:.3g})."
                )
    if "share_best" in results:
        for feature in results["feature"].values:
            shares = results["share_best"].sel(feature=feature)
            if np.isfinite(shares.values).all():
                said = [f"'{name}' in {percent(float(shares.sel(scenario=name)))}" for name in names]
                worst = results["regret_quantiles"].sel(feature=feature).isel(quantile=-1)
                behind = [f"{float(worst.sel(scenario=name)):.3g}" for name in names]
                found.append(
                    f"'{feature}' is best with {enumerated(said)} of futures (ties count for each); "
                    f"regret that 95 % of futures stay below: {', '.join(behind)}."
                )
    return found


def _pairs(results: xr.Dataset, scenarios: Iterable[str]) -> list[tuple[str, str]]:
    return [(s, str(f)) for f in results["feature"].values for s in scenarios]
