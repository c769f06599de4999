"""Taking mechanisms out one by one: which facts fall, and how much a growing cluster changes.

plan    = ablations, and where it is seen how much they matter    (ablations)
runs    = one ensemble for each run that anything looks at: member 0 as it is, member k without mechanism k
falls   = facts that hold in member 0 and not in member k
change  = largest relative change of the outputs of the growing runs
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from ..run.ensemble import ensemble
from ..run.notebook import Progress, listener
from ..run.open import Model
from ..run.simulate import given_states
from .ablations import Ablation, Plan, matches, places, read_ablations, written
from .facts import Evidence, Fact, Run
from .judge import combine, holds, plain_number
from .reading import read_evidence
from .statistics import STATISTICS, measure

LEAST_CHANGE = 0.01  # relative; below it a mechanism changes nothing worth a mechanism


@dataclass(frozen=True)
class Effect:
    """What taking out one mechanism does.

    falls : ids of the facts that hold with it and not without. change : largest relative change, signed, of an output
    of a growing run; nan if that run broke off. at : which output, run and time. broken : runs that break off without
    the mechanism and not with it.
    """

    ablation: Ablation
    falls: tuple[str, ...]
    change: float
    at: str
    broken: tuple[str, ...]

    @property
    def matters(self) -> bool:
        """Whether anything is different without it."""
        return bool(self.falls) or not abs(self.change) < LEAST_CHANGE


@dataclass(frozen=True)
class Ablations:
    """All effects, and the facts that they are about: those that hold with everything on.

    left_out : facts that fail already with everything on. numbers : by fact id, what was found with everything on and
    without each mechanism, in the order of `effects`.
    """

    effects: tuple[Effect, ...]
    facts: tuple[Fact, ...]
    left_out: tuple[Fact, ...]
    numbers: Mapping[str, Sequence[float]]

    @property
    def unbroken(self) -> list[Fact]:
        """Facts that no ablation breaks."""
        fallen = {name for effect in self.effects for name in effect.falls}
        return [fact for fact in self.facts if fact.id not in fallen]

    @property
    def superfluous(self) -> list[Effect]:
        """Mechanisms without which nothing is different."""
        return [effect for effect in self.effects if not effect.matters]

    @property
    def elsewhere(self) -> list[Fact]:
        """Facts that fall, but not without the mechanism that they are about."""
        return [
            fact
            for fact in self.facts
            if (breaking := self.without(fact))
            and not any(_is_about(fact, effect.ablation) for effect in breaking)
        ]

    @property
    def unknown(self) -> dict[str, list[str]]:
        """Mechanisms of facts that no ablation takes out, with the ids of these facts."""
        found: dict[str, list[str]] = {}
        for fact in (*self.facts, *self.left_out):
            for name in fact.mechanism:
                if not any(matches(name, effect.ablation) for effect in self.effects):
                    found.setdefault(name, []).append(fact.id)
        return found

    def without(self, fact: Fact) -> list[Effect]:
        """The ablations that a fact falls to."""
        return [effect for effect in self.effects if fact.id in effect.falls]

    def moved(self, fact: Fact, most: int = 3) -> list[tuple[str, float]]:
        """The mechanisms without which the fact's number changes most, and that number."""
        found, *without = self.numbers[fact.id]
        with np.errstate(invalid="ignore"):  # inf - inf: it never comes, with and without
            distance = np.nan_to_num(np.abs(np.array(without) - found), nan=0.0)
        order = np.argsort(-distance, kind="stable")[:most]
        return [(self.effects[k].ablation.name, without[k]) for k in order if distance[k] > 0.0]

    def _about(self, fact: Fact) -> dict[str, Any]:
        names = [effect.ablation.name for effect in self.effects if _is_about(fact, effect.ablation)]
        return {
            "id": fact.id,
            "case": fact.case,
            "source": fact.source,
            "statement": fact.statement,
            "mechanism": list(fact.mechanism),
            "own": names,
            "expected": fact.expected,
            "found": plain_number(self.numbers[fact.id][0]),
            "moved": [{"without": name, "found": plain_number(number)} for name, number in self.moved(fact)],
        }

    def plain(self) -> dict[str, Any]:
        """As plain data, ready for JSON."""
        return {
            "ablations": [
                {
                    "name": effect.ablation.name,
                    "kind": effect.ablation.kind,
                    "why": effect.ablation.why,
                    "parameters": dict(effect.ablation.values),
                    "falls": list(effect.falls),
                    "change": None if np.isnan(effect.change) else effect.change,
                    "at": effect.at,
                    "broken": list(effect.broken),
                }
                for effect in self.effects
            ],
            "facts": [self._about(fact) for fact in self.facts],
            "left_out": [self._about(fact) for fact in self.left_out],
            "unbroken": [fact.id for fact in self.unbroken],
            "elsewhere": [fact.id for fact in self.elsewhere],
            "superfluous": [effect.ablation.name for effect in self.superfluous],
            "unknown": self.unknown,
        }


def _is_about(fact: Fact, ablation: Ablation) -> bool:
    return any(matches(name, ablation) for name in fact.mechanism)


def ablate(model: Model, progress: Progress | None = None) -> Ablations:
    """What becomes of facts and growing clusters without each mechanism of a model.

    Parameters
    ----------
    model : Model
        From `capdyn.open_model`, a folder with `evidence.toml` and `ablations.toml`.
    progress : callable, optional
        Called with (runs done, runs in all, name of a run).

    Returns
    -------
    Ablations
        The cells of `Mechanism strength` first, then those of `ablations.toml`.

    Raises
    ------
    ScenarioError
        Mistakes in either file.
    ArgumentError
        A run asks for an adaptive method: ablations are ensembles, which have a fixed step.
    """
    evidence, plan = read_evidence(model), read_ablations(model)
    same = {run.identity: name for name, run in evidence.runs.items()}
    growing = {same.get(run.identity, run.name): run for run in plan.growing}
    runs = {**growing, **evidence.runs}
    needed: dict[str, set[str]] = {name: {one.variable for one in plan.outputs} for name in growing}
    for fact in evidence.facts:
        for _, name in fact.runs:
            needed.setdefault(name, set()).update(fact.output.variables)
    n_members = len(plan.ablations) + 1
    numbers = {fact.id: np.full((n_members, len(fact.runs)), np.nan) for fact in evidence.facts}
    changes: list[tuple[np.ndarray, list[str]]] = []
    broken: list[list[str]] = [[] for _ in plan.ablations]
    at = places(model, plan.ablations)
    # Runs with the same given first values share a kernel; one after another, it is in the processor's cache.
    order = sorted(needed, key=lambda name: (sorted(given_states(runs[name].settings)), name))
    tell = listener(progress)
    for done, name in enumerate(order):
        tell(done * n_members, len(order) * n_members, name)
        members = _members(model, runs[name], plan, at, needed[name])
        status = members["status"].values
        for k in np.flatnonzero((status[1:] != 0) & (status[0] == 0)):
            broken[k].append(name)
        _measure(evidence, name, members, numbers)
        if name in growing:
            changes.append(_changes(plan, name, members))
    return _collect(evidence, plan, numbers, changes, broken)


def _members(
    model: Model, run: Run, plan: Plan, at: Mapping[str, tuple[str, int]], outputs: set[str]
) -> xr.Dataset:
    """A run as it is and without each mechanism; dimension `member`. at : where each constant stands."""
    n_members = len(plan.ablations) + 1
    varied = {
        address: np.full(n_members, written(model, run.settings, *place)) for address, place in at.items()
    }
    for k, ablation in enumerate(plan.ablations, start=1):
        for address, number in ablation.values.items():
            varied[address][k] = number
    return ensemble(model, varied, run.scenario, sorted(outputs))


def _measure(evidence: Evidence, name: str, members: xr.Dataset, numbers: dict[str, np.ndarray]) -> None:
    """The statistic of each fact that looks at a run, in each member that went well."""
    times, well = members["time"].values, np.flatnonzero(members["status"].values == 0)
    for fact in evidence.facts:
        columns = [column for column, (_, run) in enumerate(fact.runs) if run == name]
        if not columns:
            continue
        values = fact.output.values(members)
        for k in well:
            number = measure(STATISTICS[fact.statistic], times, values[k], fact.query)
            numbers[fact.id][k, columns] = number


def _changes(plan: Plan, name: str, members: xr.Dataset) -> tuple[np.ndarray, list[str]]:
    """The largest relative change of each ablation, signed, and where; shape (n_ablations,)."""
    labels = [label for one in plan.outputs for label in one.labels]
    values = np.concatenate([one.values(members) for one in plan.outputs], axis=1)
    times = members["time"].values
    base = values[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.where(base != 0.0, (values[1:] - base) / np.abs(base), 0.0)
    relative[members["status"].values[1:] != 0] = np.nan
    flat = relative.reshape(len(relative), -1)
    where = np.abs(np.nan_to_num(flat)).argmax(axis=1)
    element, moment = np.unravel_index(where, base.shape)
    largest = flat[np.arange(len(flat)), where]
    said = [
        f"{labels[e]} at {times[t]:g}, {name}" if x else ""
        for e, t, x in zip(element, moment, largest, strict=True)
    ]
    return largest, said


def _collect(
    evidence: Evidence,
    plan: Plan,
    numbers: Mapping[str, np.ndarray],
    changes: Sequence[tuple[np.ndarray, list[str]]],
    broken: Sequence[Sequence[str]],
) -> Ablations:
    """Effects from numbers. changes : one entry for each growing run."""
    found = {fact.id: [combine(fact, row) for row in numbers[fact.id]] for fact in evidence.facts}
    held = {fact.id: [holds(fact, number) for number in found[fact.id]] for fact in evidence.facts}
    facts = tuple(fact for fact in evidence.facts if held[fact.id][0])
    effects = []
    for k, ablation in enumerate(plan.ablations):
        # A run that broke off changes most of all.
        worst = max(changes, key=lambda change: np.nan_to_num(abs(change[0][k]), nan=np.inf))
        falls = tuple(fact.id for fact in facts if not held[fact.id][k + 1])
        effects.append(Effect(ablation, falls, float(worst[0][k]), worst[1][k], tuple(broken[k])))
    left_out = tuple(fact for fact in evidence.facts if not held[fact.id][0])
    return Ablations(tuple(effects), facts, left_out, found)
