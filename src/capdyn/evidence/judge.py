"""Judging a model: every run that facts look at, once; then each fact's number against its bound.

evidence = what the file says, with the model's names     (reading)
runs     = one simulation for each different run           (run.simulate)
number   = statistic of each run, then their comparison    (statistics)
verdict  = number against bound, and what was said before  (here)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from ..errors import ArgumentError, NumericalError, Problem
from ..lang.names import did_you_mean
from ..run.blocks import cores
from ..run.notebook import Progress, listener
from ..run.open import Model
from ..run.simulate import given_states, simulate
from .facts import Evidence, Fact
from .reading import read_evidence
from .statistics import COMPARISONS, NEVER, RELATIONS, STATISTICS, compare, measure

RunResult = xr.Dataset | NumericalError
HOLDS, FAILS, KNOWN, SURPRISE = "holds", "fails", "fails as known", "holds, though noted as failing"
_MOST_TOLD = 200  # save times of a trace in `Verdict.plain`


@dataclass(frozen=True)
class Trace:
    """What a fact looked at in one run. values : shape (n_elements, n_times), in the output's unit."""

    label: str
    run: str
    time_unit: str
    times: np.ndarray
    values: np.ndarray

    def plain(self, elements: Sequence[str]) -> dict[str, Any]:
        """As plain data, ready for JSON; long runs thinned."""
        places = np.unique(np.linspace(0, len(self.times) - 1, min(len(self.times), _MOST_TOLD)).astype(int))
        return {
            "label": self.label,
            "run": self.run,
            "time_unit": self.time_unit,
            "elements": list(elements),
            "times": self.times[places].tolist(),
            "values": [[plain_number(x) for x in row[places]] for row in self.values],
        }


@dataclass(frozen=True)
class Verdict:
    """A fact and what came of it.

    found : the number; nan if there is none, inf for a time that never comes. numbers : of each run.
    reason : why there is no number. traces : of each run that went well.
    """

    fact: Fact
    found: float
    numbers: tuple[float, ...]
    reason: str
    traces: tuple[Trace, ...]
    unit: str

    @property
    def holds(self) -> bool:
        """Whether the number is as expected."""
        return holds(self.fact, self.found)

    @property
    def outcome(self) -> str:
        """In words: one of HOLDS, FAILS, KNOWN, SURPRISE."""
        if self.fact.known:
            return SURPRISE if self.holds else KNOWN
        return HOLDS if self.holds else FAILS

    @property
    def found_text(self) -> str:
        """The number as people read it."""
        if self.reason:
            return "no number"
        return write_number(self.found, STATISTICS[self.fact.statistic].is_time)

    def plain(self) -> dict[str, Any]:
        """As plain data, ready for JSON; a number that is none is null, one without end a text."""
        fact = self.fact
        return {
            "id": fact.id,
            "case": fact.case,
            "source": fact.source,
            "statement": fact.statement,
            "mechanism": list(fact.mechanism),
            "measured": fact.measured,
            "unit": self.unit,
            "level": fact.query.level,
            "times": list(fact.query.times),
            "expected": fact.expected,
            "found": plain_number(self.found),
            "found_text": self.found_text,
            "reason": self.reason,
            "numbers": {
                label or run: plain_number(x) for (label, run), x in zip(fact.runs, self.numbers, strict=True)
            },
            "outcome": self.outcome,
            "known": fact.known,
            "calibrated": fact.calibrated,
            "file": fact.where.file,
            "line": fact.where.line,
            "traces": [trace.plain(fact.output.labels) for trace in self.traces],
        }


def judge(
    model: Model,
    facts: Iterable[str] | None = None,
    method: str | None = None,
    step: float | None = None,
    progress: Progress | None = None,
) -> list[Verdict]:
    """What becomes of the facts in `evidence.toml` beside a model.

    Parameters
    ----------
    model : Model
        From `capdyn.open_model`, a folder.
    facts : iterable of str, optional
        Ids of those to judge; all by default.
    method, step : optional
        On top of what each run says, as in `capdyn.simulate`.
    progress : callable, optional
        Called with (runs done, runs in all, name of a run).

    Returns
    -------
    list of Verdict
        In the order of the file. A run that stops being finite is a reason of its facts, not an error.

    Raises
    ------
    ScenarioError
        Mistakes in the evidence, all of them.
    ArgumentError
        No such fact, or an impossible method or step.
    """
    evidence = read_evidence(model)
    chosen = choose(evidence, facts)
    steps = {} if step is None else dict.fromkeys(evidence.runs, step)
    runs = run_all(model, evidence, chosen, method, steps, progress)
    return [verdict_of(fact, runs) for fact in chosen]


def choose(evidence: Evidence, ids: Iterable[str] | None) -> list[Fact]:
    """The facts with these ids, in the order of the file."""
    known = [fact.id for fact in evidence.facts]
    wanted = known if ids is None else [ids] if isinstance(ids, str) else list(ids)
    problems = [
        Problem(f"There is no fact '{name}'.", None, did_you_mean(name, known))
        for name in wanted
        if name not in known
    ]
    if problems:
        raise ArgumentError(problems)
    return [fact for fact in evidence.facts if fact.id in wanted]


def run_all(
    model: Model,
    evidence: Evidence,
    facts: Sequence[Fact],
    method: str | None,
    steps: Mapping[str, float],
    progress: Progress | None,
) -> dict[str, RunResult]:
    """One simulation for each run that the facts look at, on all cores, with what the facts need of it.

    steps : time step of the runs that do not take their own.
    """
    needed: dict[str, set[str]] = {}
    for fact in facts:
        for _, name in fact.runs:
            needed.setdefault(name, set()).update(fact.output.variables)
    for name in needed:
        # Compiled one after another, so that two threads never compile the same.
        model.engine("kernel", given_states(evidence.runs[name].settings))

    def run(name: str) -> RunResult:
        try:
            scenario = evidence.runs[name].scenario
            return simulate(
                model, scenario, method=method, step=steps.get(name), outputs=sorted(needed[name])
            )
        except NumericalError as error:
            return error

    done: dict[str, RunResult] = {}
    tell = listener(progress)
    with ThreadPoolExecutor(cores()) as pool:
        jobs = {pool.submit(run, name): name for name in needed}
        try:
            for job in as_completed(jobs):
                done[jobs[job]] = job.result()
                tell(len(done), len(needed), jobs[job])
        finally:
            pool.shutdown(cancel_futures=True)
    return done


def verdict_of(fact: Fact, runs: Mapping[str, xr.Dataset | NumericalError]) -> Verdict:
    """Whether a fact holds, from its runs by name; a run that broke off leaves it without a number, and says why."""
    numbers: list[float] = []
    traces: list[Trace] = []
    reasons: list[str] = []
    unit = ""
    for label, name in fact.runs:
        run = runs[name]
        if isinstance(run, NumericalError):
            reasons.append(f"'{name}' broke off: {run.problems[0].what}")
            numbers.append(np.nan)
            continue
        times, values = run["time"].values, fact.output.values(run)[0]
        traces.append(Trace(label, name, str(run["time"].attrs.get("units", "")), times, values))
        numbers.append(measure(STATISTICS[fact.statistic], times, values, fact.query))
        unit = "" if fact.output.of else str(run[fact.output.picks[0].variable].attrs.get("units", ""))
    return Verdict(fact, combine(fact, numbers), tuple(numbers), " ".join(reasons), tuple(traces), unit)


def combine(fact: Fact, numbers: Sequence[float]) -> float:
    """The fact's number from those of its runs."""
    if not fact.compare:
        return numbers[0]
    return compare(COMPARISONS[fact.compare], numbers, fact.query.against)


def holds(fact: Fact, found: float) -> bool:
    """Whether a number is as the fact expects; not-a-number never is."""
    return bool(RELATIONS[fact.relation].holds(found, fact.bound, fact.tolerance))


def write_number(number: float, is_time: bool = False) -> str:
    """A number as people read it.

    >>> write_number(0.123456), write_number(float("inf"), is_time=True), write_number(float("nan"))
    ('0.1235', 'never', 'not a number')
    """
    if np.isnan(number):
        return "not a number"
    if is_time and abs(number) == NEVER:
        return "never" if number > 0.0 else "never, before it should"
    return f"{number:.4g}"


def plain_number(number: float) -> float | str | None:
    """A number as JSON can hold it: null for none, a text for one without end."""
    if np.isnan(number):
        return None
    return float(number) if np.isfinite(number) else ("inf" if number > 0 else "-inf")
