"""The exception tree, drawn first.

    CapdynError                 anything that a user can put right; never shown as a traceback
    ├── ModelError              the equation file: syntax, names, subscripts, circles, what is not supported
    ├── ScenarioError           a scenario, evidence or ablations, a parameter given by hand
    ├── ArgumentError           a wrong argument of a call or of the command line
    ├── NumericalError          a run that stopped being finite, or a solver that gave up
    └── StoreError              a file or folder that cannot be read or written

Every error is one or more problems; each says where, what and what next.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Where:
    """A place in a text file. Lines and columns count from 1; 0 means unknown."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        parts = [self.file]
        if self.line:
            parts.append(str(self.line))
            if self.column:
                parts.append(str(self.column))
        return ":".join(parts)


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: what it is, where, and what to do about it."""

    what: str
    where: Where | None = None
    remedy: str = ""

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        remedy = f" {self.remedy}" if self.remedy else ""
        return f"{place}{self.what}{remedy}"


class CapdynError(Exception):
    """Base of all errors that a user can put right.

    Parameters
    ----------
    what : str or Problem or iterable of Problem
        The mistake in one sentence, or the whole list of them.
    where : Where, optional
        File, line and column, if `what` is a sentence.
    remedy : str
        What to do next, if `what` is a sentence.
    """

    def __init__(self, what: str | Problem | Iterable[Problem], where: Where | None = None, remedy: str = ""):
        if isinstance(what, str):
            what = Problem(what, where, remedy)
        self.problems: tuple[Problem, ...] = (what,) if isinstance(what, Problem) else tuple(what)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class ModelError(CapdynError):
    """A mistake in an equation file."""


class ScenarioError(CapdynError):
    """A mistake in a scenario, in evidence or ablations, or in a parameter or initial value given by hand."""


class ArgumentError(CapdynError):
    """A wrong argument of a call or of the command line."""


class NumericalError(CapdynError):
    """A run that stopped being finite, or a solver that gave up."""


class StoreError(CapdynError):
    """A file or folder that cannot be read or written."""
