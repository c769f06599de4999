"""All checks of a model: one function a check, a row of the table each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from ..errors import ArgumentError
from ..lang.names import did_you_mean
from ..run.notebook import Progress, listener
from ..run.open import Model
from . import runs, text
from .case import Case
from .finding import SEVERITIES, Finding


@dataclass(frozen=True)
class Check:
    """A row of the table. kind : its name in `only`. severity : of what it finds. asks : what it looks for."""

    kind: str
    severity: str
    find: Callable[[Case], Iterator[Finding]]
    asks: str


CHECKS = (
    Check("units", "error", text.units, "units that do not fit"),
    Check("finite", "error", runs.finite, "runs within the ranges that stop being finite"),
    Check("negative", "error", runs.negative, "stocks that become negative against their range"),
    Check("ranges", "warning", text.ranges, "constants without range, or outside it"),
    Check("influence", "warning", text.influence, "variables that move nothing"),
    Check("step", "warning", runs.step, "results that depend on the step"),
    Check("names", "warning", text.names, "names that differ only in spelling"),
    Check("circles", "note", runs.circles, "first values that need one another"),
    Check("words", "note", text.words, "variables without unit or comment"),
    Check("sources", "note", text.sources, "constants without a source"),
    Check("numbers", "note", text.numbers, "numbers inside equations"),
)


def check(
    model: Model,
    only: Iterable[str] | None = None,
    draws: int = 200,
    seed: int = 0,
    progress: Progress | None = None,
) -> list[Finding]:
    """What a careful colleague would point out about a model.

    Parameters
    ----------
    model : Model
        From `capdyn.open_model`.
    only : iterable of str, optional
        Kinds of finding to look for, rows of `CHECKS`: 'units', 'finite', 'negative', 'ranges', 'influence', 'step',
        'names', 'circles', 'words', 'sources', 'numbers'. All by default.
    draws : int
        Members of the Latin hypercube over the ranges of all constants, for 'finite' and 'negative'; 0 leaves them out.
    seed : int
        Of the Latin hypercube. The same seed gives the same findings.
    progress : callable, optional
        Called with (checks done, checks in all, what is looked for).

    Returns
    -------
    list of Finding
        Errors first, then warnings and notes; within each by check and by line. Empty if there is nothing to say.

    Raises
    ------
    ArgumentError
        An unknown kind, or a negative number of draws or seed.
    """
    rows = _rows(only)
    if draws < 0 or seed < 0:
        raise ArgumentError(f"draws and seed are {draws} and {seed}.", remedy="Neither can be negative.")
    case = Case(model, draws, seed)
    found: list[Finding] = []
    tell = listener(progress)
    for number, row in enumerate(rows):
        tell(number, len(rows), row.asks)
        found += [replace(finding, severity=row.severity) for finding in row.find(case)]
    order = [row.kind for row in CHECKS]
    return sorted(
        found,
        key=lambda f: (SEVERITIES.index(f.severity), order.index(f.kind), f.where.line if f.where else 0),
    )


def _rows(only: Iterable[str] | None) -> list[Check]:
    if only is None:
        return list(CHECKS)
    kinds = [row.kind for row in CHECKS]
    wanted = [only] if isinstance(only, str) else list(only)
    for kind in wanted:
        if kind not in kinds:
            raise ArgumentError(
                f"There is no check '{kind}'.",
                remedy=did_you_mean(kind, kinds) or f"Checks are {', '.join(kinds)}.",
            )
    if not wanted:
        raise ArgumentError("No check is named.", remedy=f"Checks are {', '.join(kinds)}.")
    return [row for row in CHECKS if row.kind in wanted]
