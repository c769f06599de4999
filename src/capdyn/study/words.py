"""What an analysis says, in sentences. Every number comes with the runs behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .gate import Gate
from .methods.table import METHODS
from .phrases import MOST_NAMED, enumerated, percent, say_box
from .study import Study
from .words_indices import say_indices
from .words_outcomes import say_event, say_futures, say_spread

if TYPE_CHECKING:
    from .analyse import Analysis


def sentences(analysis: Analysis) -> dict[str, list[str]]:
    """Sentences by section: runs, failures, indices, spread, events, futures."""
    return {
        "runs": _runs(analysis),
        "failures": _failures(analysis),
        "indices": say_indices(analysis),
        "spread": say_spread(analysis),
        "events": [say_event(analysis.study, each) for each in analysis.discoveries],
        "futures": say_futures(analysis),
    }


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
        f"{_sampled(study)}, seed {study.seed}."
    ]
    found += [f"{name.capitalize()} tells {METHODS[name].says}." for name in study.methods]
    return found + list(study.notes)


def _sampled(study: Study) -> str:
    if study.draws is not None and study.draws.shape[1] == len(study.inputs):
        return "draws of a posterior"
    return study.design.replace("_", " ")


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
    return found + [f"{enumerated(outputs)}: {words}" for words, outputs in told.items()]


def _which(analysis: Analysis, scenario: str) -> str:
    if analysis.failed_variable is None:
        return ""
    names = analysis.failed_variable.sel(scenario=scenario).values.tolist()
    named, counts = np.unique(np.array([name for name in names if name], dtype=str), return_counts=True)
    if not len(named):
        return ""
    first = named[np.argsort(-counts, kind="stable")][:MOST_NAMED]
    return f" First not finite: {enumerated([str(name) for name in first])}."


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
