"""Facts whose every name has a meaning in a model, and the runs that they look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..errors import Where
from ..run.scenario import Settings
from ..run.scenario_file import Scenario
from .series import Output
from .statistics import RELATIONS, Query


@dataclass(frozen=True)
class Fact:
    """A row of the evidence; docs/evidence.md says what each key of the file means.

    runs : label and key in `Evidence.runs` of each run looked at; one without label unless runs are compared.
    compare : a key of `COMPARISONS`, or '' for a single run. output, statistic, query : what is measured in each run.
    """

    id: str
    case: str
    source: str
    statement: str
    mechanism: tuple[str, ...]
    runs: tuple[tuple[str, str], ...]
    compare: str
    output: Output
    statistic: str
    query: Query
    relation: str
    bound: tuple[float, ...]
    tolerance: float
    calibrated: bool
    known: str
    where: Where

    @property
    def expected(self) -> str:
        """What the number must be, such as "> 1.5"."""
        return RELATIONS[self.relation].write(self.bound, self.tolerance)

    @property
    def measured(self) -> str:
        """What the number is, in words."""
        words = f"{self.statistic} of {self.output.text}"
        if self.query.level is not None:
            words += f" past {self.query.level:g}"
        if self.query.fraction is not None:
            words += f" past {self.query.fraction:g} of its way"
        if self.query.times:
            words += f" at {self.query.times[0]:g}" if len(self.query.times) == 1 else ""
            words += " from {:g} to {:g}".format(*self.query.times) if len(self.query.times) == 2 else ""
        if self.compare:
            words += f"; {self.compare} of {', '.join(label for label, _ in self.runs)}"
        return words


@dataclass(frozen=True)
class Run:
    """A run. name : how the file calls it. scenario : what to simulate. settings : what that sets."""

    name: str
    scenario: Scenario
    settings: Settings

    @property
    def identity(self) -> object:
        """Equal for two runs that set the same."""
        settings = self.settings
        return (
            tuple(sorted((name, numbers.tobytes()) for name, numbers in settings.parameters.items())),
            tuple(sorted((name, tuple(sorted(places.items()))) for name, places in settings.initial.items())),
            tuple(sorted(settings.time.items())),
            settings.method,
        )


@dataclass(frozen=True)
class Evidence:
    """All facts in the order of the file, and the runs that they look at, by name; the same settings stand once."""

    facts: tuple[Fact, ...]
    runs: Mapping[str, Run]
