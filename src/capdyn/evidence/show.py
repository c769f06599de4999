"""Verdicts as tables of text for a terminal, and what they come to in a sentence."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from ..run.summary import Table
from .judge import FAILS, HOLDS, KNOWN, SURPRISE, Verdict

_STATEMENT = 60  # letters a line
_HEAD = ("verdict", "expected", "found", "source", "fact")
_MARKS = {HOLDS: "holds", FAILS: "FAILS", KNOWN: "known", SURPRISE: "holds!"}


def verdict_tables(verdicts: Sequence[Verdict]) -> list[Table]:
    """A table for each case, in the order of the file."""
    cases = dict.fromkeys(verdict.fact.case for verdict in verdicts)
    return [
        Table(case, _HEAD, tuple(row for v in verdicts if v.fact.case == case for row in _rows(v)), left=5)
        for case in cases
    ]


def _rows(verdict: Verdict) -> Iterator[tuple[str, ...]]:
    """The lines of one fact: statement, and below it the id and what is to be said of it."""
    fact = verdict.fact
    said = [*_wrapped(fact.statement), *_wrapped(f"[{fact.id}: {fact.measured}]")]
    if verdict.reason:
        said += _wrapped(verdict.reason)
    if fact.known:
        said += _wrapped(f"Known: {fact.known}")
    if fact.calibrated:
        said += ["Calibrated: no prediction."]
    first = (_MARKS[verdict.outcome], fact.expected, verdict.found_text, fact.source)
    for line in said:
        yield (*first, line)
        first = ("", "", "", "")


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _STATEMENT, break_on_hyphens=False)


def sentence(verdicts: Sequence[Verdict]) -> str:
    """How many facts hold and fail, and which deserve a look."""
    ids = {mark: [v.fact.id for v in verdicts if v.outcome == mark] for mark in _MARKS}
    predicted = [v for v in verdicts if v.holds and not v.fact.calibrated]
    many = f"{len(verdicts)} fact{'s' * (len(verdicts) != 1)}"
    holding, known, failed = len(ids[HOLDS]) + len(ids[SURPRISE]), len(ids[KNOWN]), len(ids[FAILS])
    said = [
        f"{many}: {_count(holding, 'hold')} ({len(predicted)} of them predictions), "
        f"{_count(known, 'fail')} as known, {_count(failed, 'fail')}."
    ]
    if ids[SURPRISE]:
        said.append(f"Noted as failing and hold: {', '.join(ids[SURPRISE])}. Remove `known` from them.")
    if ids[FAILS]:
        said.append(f"Failed: {', '.join(ids[FAILS])}.")
    return "\n".join(said)


def _count(number: int, verb: str) -> str:
    return f"{number} {verb}{'s' * (number == 1)}"
