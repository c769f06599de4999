"""What an analysis says, in sentences. Every number comes with the runs behind it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from .bench import PARTS
from .discover import Box
from .events import Discovery
from .gate import Gate
from .methods.table import METHODS
from .study import Study

if TYPE_CHECKING:
    from .analyse import Analysis

_MOST_NAMED = 3  # inputs that a sentence names
_NEGLIGIBLE = 0.01  # of the variance


def sentences(analysis: Analysis) -> dict[str, list[str]]:
    """Sentences by section: runs, failures, indices, spread, events, futures."""
    return {
        "runs": _runs(analysis),
        "failures": _failures(analysis),
        "indices": _indices(analysis),
        "spread": _spread(analysis),
        "events": _events(analysis),
        "futures": _futures(analysis),
    }


def percent(share: float) -> str:
    """`0.034` -> '3.4 %'; what is not quite all or nothing does not look it."""
    if np.isnan(share):
        return "no"
    if 0 < share < 0.001:
        return "less than 0.1 %"
    if 0.999 < share < 1:
        return "more than 99.9 %"
    return f"{100 * share:.{1 if share < 0.1 or share > 0.95 else 0}f} %".replace(".0 %", " %")


def say_box(study: Study, box: Box) -> str:
    """The restrictions of a box in the inputs' values."""
    said = []
    for number in np.flatnonzero(box.restricted):
        own = study.inputs[number]
        if own.distribution.values:
            steps = [(value, own.distribution.quantile_of(value)) for value in own.distribution.values]
            inside = [f"{value:g}" for value, q in steps if box.low[number] <= q <= box.high[number]]
            said.append(f"{own.name} is {' or '.join(inside)}")
            continue
        low, high = own.distribution.values_at(np.array([box.low[number], box.high[number]]))
        unit = f" {own.units}" if own.units not in ("", "1", "Dmnl", "dmnl") else ""
        if box.low[number] <= 0:
            said.append(f"{own.name} is below {high:.3g}{unit}")
        elif box.high[number] >= 1:
            said.append(f"{own.name} is above {low:.3g}{unit}")
        else:
            said.append(f"{own.name} is between {low:.3g} and {high:.3g}{unit}")
    return _list(said)


def _list(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _runs(analysis: Analysis) -> list[str]:
    study = analysis.study
    scenarios = list(analysis.n_failed)
    groups = study.groups
    grouped = f" in {len(groups)} groups" if len(groups) < len(study.inputs) else ""
    where = f"of '{scenarios[0]}'"
    if len(scenarios) > 1:
        where = f"in each of {len(scenarios)} scenarios, with the same inputs in all of them"
    found = [
        f"{analysis.n_runs:,} runs {where}: {len(study.inputs)} inputs{grouped}, "
        f"{study.design.replace('_', ' ')}, seed {study.seed}."
    ]
    found += [f"{name.capitalize()} tells {METHODS[name].says}." for name in study.methods]
    return found + list(study.notes)


def _failures(analysis: Analysis) -> list[str]:
    found = []
    for scenario, count in analysis.n_failed.items():
        if count:
            share = percent(count / analysis.n_runs)
            found.append(
                f"In '{scenario}' {count:,} of {analysis.n_runs:,} runs ({share}) did not stay finite."
                f"{_which(analysis, scenario)}"
            )
    if not found:
        found.append("All runs stayed finite.")
    told: dict[str, list[str]] = {}
    for (scenario, output), gate in analysis.gates.items():
        if gate.refusal and not gate.n_failed:
            told.setdefault(f"nothing is computed: {gate.refusal}.", []).append(f"'{output}' in '{scenario}'")
        elif gate.n_failed and output != "all runs":
            absent = gate.n_failed - analysis.n_failed[scenario]
            told.setdefault(_gate_words(analysis, gate, absent), []).append(f"'{output}' in '{scenario}'")
    return found + [f"{_list(outputs)}: {words}" for words, outputs in told.items()]


def _which(analysis: Analysis, scenario: str) -> str:
    if analysis.failed_variable is None:
        return ""
    names = analysis.failed_variable.sel(scenario=scenario).values.tolist()
    named, counts = np.unique(np.array([name for name in names if name], dtype=str), return_counts=True)
    if not len(named):
        return ""
    first = named[np.argsort(-counts, kind="stable")][:_MOST_NAMED]
    return f" First not finite: {_list([str(name) for name in first])}."


def _gate_words(analysis: Analysis, gate: Gate, absent: int) -> str:
    study = analysis.study
    said = f"{gate.n_failed:,} of {gate.n_runs:,} runs have no finite number"
    said += f" ({absent:,} of them because what is asked for never happened)." if absent else "."
    if gate.where is not None:
        said += (
            f" {percent(gate.where.coverage)} of them lie where {say_box(study, gate.where)} "
            f"({percent(gate.where.mass)} of the runs); there {percent(gate.where.density)} have none."
        )
    else:
        said += " No box of inputs holds them better than the whole space."
    if gate.refusal:
        said += f" Nothing is computed: {gate.refusal}."
    elif gate.within is not None:
        said += (
            f" Policy 'restrict': what follows holds only where {say_box(study, gate.within)}; "
            f"{gate.n_kept:,} of {gate.n_blocks:,} blocks of runs lie there."
        )
    else:
        said += (
            f" Policy 'drop': {gate.n_kept:,} of {gate.n_blocks:,} blocks of runs count, those without such a run. "
            "What follows speaks of the space where the output is a number."
        )
    return said


def _indices(analysis: Analysis) -> list[str]:
    results, found = analysis.results, []
    for word, say in _SAY.items():
        if word not in results:
            continue
        for scenario in results["scenario"].values:
            for feature in results["feature"].values:
                here = results.sel(scenario=scenario, feature=feature)
                if (str(scenario), str(feature)) in _against_itself(analysis.study):
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


def _against_itself(study: Study) -> set[tuple[str, str]]:
    """Scenario and feature where a scenario would be compared with itself."""
    return {(feature.against, feature.name) for feature in study.features if feature.against is not None}


def _ranked(here: xr.Dataset, word: str) -> list[str]:
    """Names with their index and interval, the largest first."""
    values = here[word].values
    label = here[word].dims[0]
    order = np.argsort(-np.nan_to_num(values, nan=-np.inf), kind="stable")[:_MOST_NAMED]
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
    said = f"largest total shares of the variance: {_list(_ranked(here, 'total'))}."
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
        for n in np.argsort(-effect, kind="stable")[:_MOST_NAMED]
        if deviation[n] > 0.5 * effect[n] > 0
    ]
    said = f"largest mean effects over the whole range: {_list(_ranked(here, 'absolute_effect'))}."
    if bent:
        said += f" The effect of {_list(bent)} depends on where the others stand, or bends."
    return said


def _say_pawn(here: xr.Dataset) -> str:
    return _above_noise(here, "pawn", "shifts of the distribution")


def _say_delta(here: xr.Dataset) -> str:
    return _above_noise(here, "delta", "delta")


def _above_noise(here: xr.Dataset, word: str, called: str) -> str:
    noise = float(here[f"{word}_noise"])
    above = int((here[word].values > noise).sum())
    return (
        f"largest {called}: {_list(_ranked(here, word))}. "
        f"{above} of {here.sizes['input']} inputs stand out of the noise ({noise:.2g})."
    )


def _say_bound(here: xr.Dataset) -> str:
    small = int((here["total_bound"].values < _NEGLIGIBLE).sum())
    return (
        f"largest upper bounds of the total share: {_list(_ranked(here, 'total_bound'))}. "
        f"{small} of {here.sizes['input']} inputs cannot explain more than {percent(_NEGLIGIBLE)}."
    )


def _say_swing(here: xr.Dataset) -> str:
    swings = here["swing"].values
    said = []
    for number in np.argsort(-np.nan_to_num(swings), kind="stable")[:_MOST_NAMED]:
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
    leading = np.argsort(-np.nan_to_num(here[word].values, nan=-np.inf), kind="stable")[:_MOST_NAMED]
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


def _spread(analysis: Analysis) -> list[str]:
    results = analysis.results
    if "quantiles" not in results:
        return []
    found = []
    for feature in results["feature"].values:
        unit = str(results["feature_units"].sel(feature=feature).values)
        said = []
        for scenario in results["scenario"].values:
            q = results["quantiles"].sel(scenario=scenario, feature=feature).values
            known = (str(scenario), str(feature)) not in _against_itself(analysis.study)
            if known and np.isfinite(q).all():
                said.append(f"{q[2]:.3g} ({q[0]:.3g} to {q[-1]:.3g}) in '{scenario}'")
        if said:
            unit = f", {unit}" if unit not in ("", "Dmnl", "dmnl", "1") else ""
            found.append(f"'{feature}'{unit}, median and the middle 90 % of runs: {'; '.join(said)}.")
    return found


def _events(analysis: Analysis) -> list[str]:
    return [say_event(analysis.study, each) for each in analysis.discoveries]


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
        for n in np.argsort(-own.regional.distance, kind="stable")[:_MOST_NAMED]
        if own.regional.p_value[n] < 0.01
    ]
    if telling:
        said += f" By themselves, {_list(telling)} differ most between runs with and without."
    if own.tree is not None:
        said += (
            f" A tree calls {percent(own.tree.accuracy)} of left-out runs right "
            f"({percent(own.tree.naive)} without one)."
        )
    return said


def _futures(analysis: Analysis) -> list[str]:
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
                    f"'{feature}' is best with {_list(said)} of futures (ties count for each); "
                    f"regret that 95 % of futures stay below: {', '.join(behind)}."
                )
    return found


def _pairs(results: xr.Dataset, scenarios: Iterable[str]) -> list[tuple[str, str]]:
    return [(s, str(f)) for f in results["feature"].values for s in scenarios]
