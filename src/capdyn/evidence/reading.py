"""`evidence.toml` with a model: names get their meaning, and every mistake its line and a remedy.

`read_evidence` is the verb. All mistakes of the file are told at once, those of form and those of names alike.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from ..errors import ScenarioError
from ..lang.names import did_you_mean, key
from ..run.address import Mistake
from ..run.open import Model
from ..run.scenario import Settings, resolve
from ..run.scenario_file import Scenario, part
from ..run.toml_file import Book, Path, read_toml
from .facts import Evidence, Fact, Run
from .series import Output, Picks, count, pick
from .statistics import COMPARISONS, RELATIONS, STATISTICS, Query, Statistic

if TYPE_CHECKING:
    from .form import EvidenceForm, FactForm

FILE = "evidence.toml"
_ID = re.compile(r"[A-Za-z0-9_-]+")
RowT = TypeVar("RowT")


def read_evidence(model: Model) -> Evidence:
    """The evidence beside a model.

    Raises
    ------
    ScenarioError
        There is none, or there are mistakes in it: all of them, each with file, line and column, and the nearest names.
    """
    if model.folder is None or not (model.folder / FILE).is_file():
        raise ScenarioError(
            f"There is no {FILE} beside '{model.path}'.", remedy="docs/evidence.md shows how to write one."
        )
    # pydantic and its classes take a tenth of a second.
    from ..run.toml_form import read_form
    from .form import EvidenceForm

    file = model.folder / FILE
    raw, places = read_toml(file, "evidence")
    form, mistakes = read_form(EvidenceForm, raw, "the evidence")
    book = Book(str(file), places)
    for path, what, remedy in mistakes:
        book.note(path, what, remedy)
    evidence = _Reader(model, book).read(form)
    book.close()
    return evidence


class _Reader:
    """Gives the names in a file their meaning; what is wrong goes into the book."""

    def __init__(self, model: Model, book: Book):
        self.model, self.book = model, book
        self.runs: dict[str, Run] = {}
        self._same: dict[object, str] = {}  # what a run sets -> its name
        self._named: dict[str, str | None] = {}  # a name as written -> that in `runs`, None where it is wrong

    def read(self, form: EvidenceForm) -> Evidence:
        """All runs of the file, also those that no fact looks at, then all facts."""
        taken = {key(name): name for name in self.model.scenarios}
        for name, raw in form.run.items():
            path = ("run", name)
            if key(name) in taken:
                self.book.note(path, f"There is also a scenario '{taken[key(name)]}'.", "Rename one of them.")
            self._named[name] = self._run(name, part(self.book, name, raw, path), path)
        if not form.fact and not self.book.problems:
            self.book.note((), "No fact is written down.", "Add a table [fact.<id>]; see docs/evidence.md.")
        facts = [self._fact(name, fact) for name, fact in form.fact.items()]
        return Evidence(tuple(fact for fact in facts if fact is not None), self.runs)

    def _run(self, name: str, scenario: Scenario, path: Path) -> str | None:
        """The name in `runs` of a scenario; None if it is wrong."""
        try:
            settings = resolve(self.model.system, scenario, self.model.folder)
        except ScenarioError as error:
            if any(problem.where for problem in error.problems):
                self.book.problems += error.problems
            else:
                known = [*self._named, *self.model.scenarios]
                offer = did_you_mean(name, known) or "Write it as [run.<name>], or as a scenario file."
                self.book.note(path, f"There is no run '{name}'.", offer)
            return None
        run = Run(name, scenario, settings)
        found = self._same.setdefault(run.identity, name)
        self.runs.setdefault(found, run)
        return found

    def _fact(self, name: str, form: FactForm) -> Fact | None:
        """The fact, or None if anything in it is wrong."""
        before = len(self.book.problems)
        path = ("fact", name)
        if not _ID.fullmatch(name):
            self.book.note(path, f"'{name}' is no id.", "Use letters, digits, _ and -.")
        runs = self._runs_of(form, path, name)
        output = self._output(form, path)
        query = self._query(form, path, output)
        self._check_times(form, path, runs)
        self._check_relation(form, path)
        if len(self.book.problems) > before or output is None or query is None:
            return None
        return Fact(
            name, form.case, form.source, form.statement, form.mechanism, runs, form.compare or "", output,
            form.statistic, query, form.relation, form.bound, form.tolerance, form.calibrated, form.known,
            self.book.where(path),
        )  # fmt: skip

    def _runs_of(self, form: FactForm, path: Path, fact: str) -> tuple[tuple[str, str], ...]:
        """Label and name of each run that was found."""
        if (form.scenario is None) is (not form.runs):
            both = "both `scenario` and `runs`" if form.runs else "neither `scenario` nor `runs`"
            self.book.note(
                path, f"The fact has {both}.", "Give one of them.", self._keys(path, "scenario", "runs")
            )
            return ()
        given = [(label, run, (*path, "runs", label)) for label, run in form.runs.items()]
        given += [("", form.scenario, (*path, "scenario"))] if form.scenario is not None else []
        found = []
        for label, scenario, place in given:
            if isinstance(scenario, Mapping):
                name = f"{fact}, {label}" if label else fact
                run = self._run(name, part(self.book, name, scenario, place), place)
            else:
                if scenario not in self._named:
                    self._named[scenario] = self._run(scenario, scenario, place)
                run = self._named[scenario]
            found += [(label, run)] if run is not None else []
        self._check_compare(form, path)
        return tuple(found)

    def _check_compare(self, form: FactForm, path: Path) -> None:
        if not form.runs:
            if form.compare is not None:
                self.book.note(
                    (*path, "compare"), "One run is compared with nothing.", "Give `runs` instead."
                )
            return
        if form.compare is None:
            what = "The fact has `runs` and no `compare`."
            self.book.note(path, what, _choose(COMPARISONS), self._keys(path, "compare"))
            return
        row = self._row(COMPARISONS, form.compare, (*path, "compare"))
        if row is not None and not row.fewest <= len(form.runs) <= row.most:
            wanted = f"{row.fewest}" if row.fewest == row.most else f"at least {row.fewest}"
            what = f"'{form.compare}' compares {wanted} runs; there are {len(form.runs)}."
            self.book.note((*path, "runs"), what)

    def _output(self, form: FactForm, path: Path) -> Output | None:
        row = STATISTICS.get(form.statistic)
        parts: dict[str, Picks] = {}
        for word in ("output", "less", "of"):
            picks = []
            for address in getattr(form, word) or ():
                try:
                    picks.append(pick(self.model, address))
                except Mistake as mistake:
                    self.book.note((*path, word), mistake.what, mistake.remedy)
            parts[word] = tuple(picks)
        if row is None or any(len(parts[word]) != len(getattr(form, word) or ()) for word in parts):
            return None
        output = Output(parts["output"], parts["less"], parts["of"], row.apart)
        elements = count(output.picks)
        for word in ("less", "of"):
            if row.apart and parts[word] and count(parts[word]) not in (1, elements):
                what = f"'{word}' names {count(parts[word])} elements and 'output' {elements}."
                self.book.note((*path, word), what, "Name one for all of them, or as many.")
        return output

    def _query(self, form: FactForm, path: Path, output: Output | None) -> Query | None:
        row = self._row(STATISTICS, form.statistic, (*path, "statistic"))
        if row is None:
            return None
        given = [word for word in ("level", "fraction") if getattr(form, word) is not None]
        if len(given) != row.passes:
            wanted = "either `level` or `fraction`" if row.passes else "no `level` or `fraction`"
            what = f"'{form.statistic}' needs {wanted}."
            self.book.note((*path, *given[-1:]), what, "", self._keys(path, "level", "fraction"))
        if form.fraction is not None and not 0.0 < form.fraction <= 1.0:
            self.book.note(
                (*path, "fraction"), f"The fraction is {form.fraction:g}.", "Give one within 0 and 1."
            )
        if row.apart and output is not None:
            fewest = 2 if row.passes else 3
            elements = count(output.picks)
            if elements < fewest:
                what = f"'{form.statistic}' looks at {fewest} elements or more; 'output' names {elements}."
                self.book.note((*path, "output"), what, "Use * or a list.")
        if form.against is not None:
            self._check_against(form, path, row, output)
        return Query(form.times, form.level, form.fraction, form.against or ())

    def _check_against(self, form: FactForm, path: Path, row: Statistic, output: Output | None) -> None:
        """As many numbers as there are elements, or else runs, that are correlated with them."""
        comparison = COMPARISONS.get(form.compare or "")
        wanted = 0
        if row.apart and not row.passes and output is not None:
            wanted = count(output.picks)
        elif comparison is not None and comparison.correlates:
            wanted = len(form.runs)
        if not wanted:
            what = "Only a correlation is taken `against` something."
            self.book.note((*path, "against"), what, "Leave it out.")
        elif len(form.against or ()) != wanted:
            what = f"'against' has {len(form.against or ())} numbers; {wanted} are needed."
            self.book.note((*path, "against"), what)

    def _check_times(self, form: FactForm, path: Path, runs: Sequence[tuple[str, str]]) -> None:
        row = STATISTICS.get(form.statistic)
        place = (*path, "times")
        if row is not None and len(form.times) not in row.times:
            wanted = " or ".join(("none", "one", "two")[n] for n in row.times)
            what = f"'{form.statistic}' needs times: {wanted}; there are {len(form.times)}."
            self.book.note(place, what, unless=[place])
        elif len(form.times) == 2 and form.times[0] >= form.times[1]:
            self.book.note(place, "The first of the times is not before the second.", "Turn them round.")
        for _, run in runs:
            first, last = _span(self.model, self.runs[run].settings)
            for time in form.times:
                if (first is not None and time < first) or (last is not None and time > last):
                    said = f"from {'?' if first is None else f'{first:g}'} to {'?' if last is None else f'{last:g}'}"
                    self.book.note(
                        place, f"Run '{run}' goes {said}; {time:g} is outside.", "Set [time] in the run."
                    )

    def _check_relation(self, form: FactForm, path: Path) -> None:
        row = self._row(RELATIONS, form.relation, (*path, "relation"))
        if row is not None and len(form.bound) != row.bounds:
            what = f"'{form.relation}' needs {row.bounds} numbers as bound; there are {len(form.bound)}."
            self.book.note((*path, "bound"), what.replace("1 numbers", "one number"))
        elif row is not None and row.bounds == 2 and form.bound[0] >= form.bound[1]:
            self.book.note((*path, "bound"), "The low bound is not below the high one.", "Turn them round.")
        if form.tolerance < 0.0 or (form.relation == "within" and not form.tolerance):
            self.book.note(
                (*path, "tolerance"), f"The tolerance is {form.tolerance:g}.", "Give a positive number."
            )

    @staticmethod
    def _keys(path: Path, *words: str) -> list[Path]:
        return [(*path, word) for word in words]

    def _row(self, table: Mapping[str, RowT], name: str, path: Path) -> RowT | None:
        if name not in table:
            offer = did_you_mean(name, table) or _choose(table)
            self.book.note(path, f"There is no {path[-1]} '{name}'.", offer)
        return table.get(name)


def _choose(table: Mapping[str, object]) -> str:
    return f"Choose one of {', '.join(table)}."


def _span(model: Model, settings: Settings) -> tuple[float | None, float | None]:
    """When a run begins and ends; None where an equation says so."""
    ends = []
    for name in ("initial time", "final time"):
        symbol = model.system.symbols[name]
        written = symbol.values[0] if symbol.kind == "parameter" else None
        ends.append(settings.time.get(name, written))
    return ends[0], ends[1]
