"""Verdicts and ablations as tables of text for a terminal, and what they come to in a sentence."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Sequence

from ..run.summary import Table
from .ablate import LEAST_CHANGE, Ablations
from .facts import Fact
from .judge import FAILS, HOLDS, KNOWN, SURPRISE, Verdict
from .numerics import WAYS, Comparison

_STATEMENT, _FACTS, _WIDTH = 60, 50, 110  # letters a line
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


def sentences(verdicts: Sequence[Verdict]) -> list[str]:
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
    return said


def _count(number: int, verb: str) -> str:
    return f"{number} {verb}{'s' * (number == 1)}"


def numerics_table(found: Sequence[Comparison]) -> Table:
    """A line for each fact whose verdict differs, with what it is under each method."""
    rows = tuple(
        (one.fact.id, one.fact.expected, *(f"{v.found_text} ({_MARKS[v.outcome]})" for v in one.verdicts))
        for one in found
        if not one.same
    )
    return Table("Verdicts that hang on the numerics", ("fact", "expected", *WAYS), rows, left=5)


def ablation_table(found: Ablations) -> Table:
    """A line for each mechanism: what changes most without it, and which facts fall."""
    rows: list[tuple[str, ...]] = []
    for effect in found.effects:
        change = "broke off" if math.isnan(effect.change) else f"{effect.change:+.1%}"
        facts = textwrap.wrap(", ".join(effect.falls), _FACTS, break_on_hyphens=False) or ["-"]
        first = (effect.ablation.kind, effect.ablation.name, change, effect.at)
        for line in facts:
            rows.append((*first, line))
            first = ("", "", "", "")
    head = ("kind", "without", "change", "largest in", "facts that fall")
    return Table("Mechanisms taken out one by one", head, tuple(rows), left=5)


def ablation_sentences(found: Ablations) -> list[str]:
    """What is to be put right: facts that nothing breaks, mechanisms that change nothing, names that fit nothing."""
    cells = [effect for effect in found.effects if effect.ablation.kind == "cell"]
    moving = [effect for effect in cells if not abs(effect.change) < LEAST_CHANGE]
    said = [
        f"{len(found.facts)} facts hold with everything on; {len(found.facts) - len(found.unbroken)} of them fall to "
        f"some ablation. {len(moving)} of {len(cells)} cells change a growing cluster by {LEAST_CHANGE:.0%} or more."
    ]
    rows = (
        ("No ablation breaks, so that they are no evidence", _ids(found.unbroken)),
        ("Fall, but not without the mechanism that they are about", _ids(found.elsewhere)),
        ("Change nothing when taken out", [effect.ablation.name for effect in found.superfluous]),
        ("Fail with everything on and are left out", _ids(found.left_out)),
        (
            "Named by facts, and no ablation takes them out",
            [f"{m} ({', '.join(f)})" for m, f in found.unknown.items()],
        ),
        (
            "Break off a run when taken out",
            [f"{e.ablation.name} ({', '.join(e.broken)})" for e in found.effects if e.broken],
        ),
    )
    return said + [f"{words}: {'; '.join(names)}." for words, names in rows if names]


def _ids(facts: Sequence[Fact]) -> list[str]:
    return [fact.id for fact in facts]


def wrapped(said: Sequence[str]) -> str:
    """Sentences as lines of text."""
    lines = (textwrap.wrap(one, _WIDTH, subsequent_indent="  ", break_on_hyphens=False) for one in said)
    return "\n".join(line for one in lines for line in one)
