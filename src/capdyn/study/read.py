"""Study files: from TOML, or a mapping with the same keys, to a `Study`. All mistakes at once, each with its
line and a remedy."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..emit.engine import FIXED_METHODS
from ..errors import ArgumentError, CapdynError, Problem, ScenarioError, Where
from ..lang.names import did_you_mean, key
from ..run.address import Mistake, address_of, find_variable
from ..run.features import Feature, check
from ..run.open import Model, open_model
from ..run.scenario import Settings, resolve
from ..run.simulate import fill, given_states, read_clock
from ..run.toml_file import read_toml
from ..run.toml_form import read_form
from .form import InputForm, RangesForm, StudyForm
from .job import find_varying
from .methods.table import ANY_SAMPLE, METHODS
from .read_inputs import Constants, correlation_matrix, from_form, from_ranges, grouped
from .sampling import DESIGNS
from .study import Classes, Outcome, Scenario, Study, StudyInput

POLICIES = ("refuse", "drop", "restrict")
_BETTER = {"high": 1, "low": -1}
_SENSIBLE: dict[str, tuple[Callable[[Any], bool], str, str]] = {
    "confidence": (lambda n: 0 < n < 1, "lies between 0 and 1", "Take 0.95."),
    "resamples": (lambda n: n >= 20, "is at least 20", "Take 200."),
    "levels": (lambda n: n >= 2 and n % 2 == 0, "is an even number", "Take 4, the usual choice."),
    "curves": (lambda n: n >= 1, "is at least 1", "Take 4."),
    "slices": (lambda n: n >= 2, "is at least 2", "Take 10."),
    "low": (lambda n: 0 <= n <= 1, "is a quantile, 0 to 1", "Take 0.05."),
    "high": (lambda n: 0 <= n <= 1, "is a quantile, 0 to 1", "Take 0.95."),
}
"""For keys of [method], whether a value makes sense, what does, and a good one."""


def read_study(source: str | Path | Mapping[str, Any], model: Model | None = None) -> Study:
    """A study from its file.

    Parameters
    ----------
    source : str, Path or mapping
        A TOML file, or a mapping with the same keys. See `docs/studies.md`.
    model : Model, optional
        By default the one that the file names, or that is in the folder above the file's own.

    Returns
    -------
    Study

    Raises
    ------
    ScenarioError
        All that is wrong with the file, each with line and remedy.
    ModelError, StoreError
        The model cannot be read.
    """
    page = _open(source)
    problems: list[Problem] = page.problems
    model = model or _model(page)
    reader = _Reader(model, page)
    study = reader.study()
    if problems or study is None:
        raise ScenarioError(_in_order(problems))
    return study


@dataclass
class _Page:
    """A study file as read: its form, its text, where each key stands, and what is wrong so far."""

    form: StudyForm
    name: str
    file: Path | None
    text: str
    places: Mapping[tuple[str, ...], tuple[int, int]]
    problems: list[Problem] = field(default_factory=list)

    def note(self, path: tuple[str, ...], what: str, remedy: str = "") -> None:
        """Keeps a problem, at the key or at the nearest table around it."""
        while path and path not in self.places:
            path = path[:-1]
        where = Where(str(self.file), *self.places.get(path, (0, 0))) if self.file else None
        self.problems.append(Problem(what if self.file else f"study: {what}", where, remedy))


def _open(source: str | Path | Mapping[str, Any]) -> _Page:
    if isinstance(source, Mapping):
        file, raw, text = None, dict(source), _as_toml(source)
        places: dict[tuple[str, ...], tuple[int, int]] = {}
    else:
        file = Path(source)
        raw, places = read_toml(file, "study")
        text = file.read_text(encoding="utf-8-sig")
    form, mistakes = read_form(StudyForm, raw, "a study")
    page = _Page(form, file.stem if file else "study", file, text, places)
    for path, what, remedy in mistakes:
        page.note(path, what, remedy)
    return page


def _as_toml(given: Mapping[str, Any]) -> str:
    """A mapping as the text of a study file: a key a line, tables inline."""

    def write(value: Any) -> str:
        if isinstance(value, Mapping):
            return "{ " + ", ".join(f"{json.dumps(str(k))} = {write(v)}" for k, v in value.items()) + " }"
        if isinstance(value, list | tuple):
            return "[" + ", ".join(map(write, value)) + "]"
        # JSON's texts, numbers and truth values are TOML's, except that TOML also escapes DEL.
        return json.dumps(value, ensure_ascii=False, default=str).replace("\x7f", "\\u007f")

    known = {name: value for name, value in given.items() if value is not None}
    return "".join(f"{json.dumps(str(name))} = {write(value)}\n" for name, value in known.items())


def _model(page: _Page) -> Model:
    """The model that the file names, or the one above it."""
    if page.file is None and page.form.model is None:
        raise ArgumentError("study: there is no model.", remedy="Give model=..., or the key `model`.")
    beside = page.file.resolve().parent if page.file else Path()
    path = beside / page.form.model if page.form.model is not None else beside.parent
    try:
        return open_model(path)
    except CapdynError as error:
        if page.form.model is None:
            page.note(
                (), "The study names no model, and there is none in the folder above.", 'Write model = "...".'
            )
            raise ScenarioError([*page.problems, *error.problems]) from None
        raise


def _in_order(problems: list[Problem]) -> list[Problem]:
    return sorted(
        dict.fromkeys(problems), key=lambda p: (p.where.line, p.where.column) if p.where else (0, 0)
    )


class _Reader:
    """Gives the names in a form their meaning in a model; what is wrong goes to the page."""

    def __init__(self, model: Model, page: _Page):
        self.model, self.page, self.form = model, page, page.form

    def study(self) -> Study | None:
        """The study, as far as it makes sense; None if there is nothing to build on."""
        scenarios, settings = self._scenarios()
        if not settings:
            return None
        constants = Constants(self.model, settings)
        inputs = self._inputs(constants)
        methods, design, size = self._method(inputs)
        correlation = self._correlation(inputs, methods)
        names = tuple(dict.fromkeys(own.name for own in settings))
        features = self._features(names, settings)
        form = self.form
        if form.failed.policy not in POLICIES:
            self.page.note(
                ("failed", "policy"),
                f"'{form.failed.policy}' is no policy.",
                did_you_mean(form.failed.policy, POLICIES) or f"Choose among {', '.join(POLICIES)}.",
            )
        if form.run.method is not None and form.run.method not in FIXED_METHODS:
            self.page.note(
                ("run", "method"),
                f"Studies run with a fixed step; '{form.run.method}' has none.",
                f"Choose {' or '.join(FIXED_METHODS)}.",
            )
        return Study(
            title=form.title or self.page.name.replace("_", " "),
            question=form.question,
            model=self.model,
            scenarios=scenarios,
            scenario_names=names,
            inputs=tuple(inputs),
            correlation=correlation,
            methods=methods,
            design=design,
            size=size,
            seed=form.method.seed,
            options=self._keywords("options", methods),
            settings=self._keywords("settings", methods),
            policy=form.failed.policy,
            features=features,
            better={name: _BETTER[f.better] for name, f in form.features.items() if f.better in _BETTER},
            outcomes=self._outcomes(names),
            series=self._series(),
            thin=max(form.series.thin, 1),
            classes=self._classes(),
            run_method=form.run.method,
            run_seed=form.run.seed,
            text=self.page.text,
            notes=self._notes(constants),
        )

    def _notes(self, constants: Constants) -> tuple[str, ...]:
        """What the reader of results should know of what was left out."""
        system = self.model.system
        left = sorted(system.symbols[name].variable for name in constants.differing)
        if not left or (self.form.ranges is None and self.form.inputs):
            return ()
        return (f"Not varied, since the scenarios differ in it: {', '.join(left)}.",)

    def _scenarios(self) -> tuple[tuple[Scenario, ...], list[Settings]]:
        wanted: list[str | None] = list(self.form.scenarios)
        if not wanted:
            wanted = ["baseline" if "baseline" in self.model.scenarios else None]
        found: list[Scenario] = []
        settings = []
        for name in wanted:
            try:
                settings.append(resolve(self.model.system, name, self.model.folder))
                found.append(name)
            except ScenarioError as error:
                for problem in error.problems:
                    if problem.where:
                        self.page.problems.append(problem)
                    else:
                        self.page.note(("scenarios",), problem.what, problem.remedy)
        if len({own.name for own in settings}) < len(settings):
            self.page.note(("scenarios",), "Two scenarios have one name.", "Name each once.")
        return tuple(found), settings

    def _inputs(self, constants: Constants) -> list[StudyInput]:
        """Those of [inputs], then those of [ranges] that are not among them; without either, all that have a
        range."""
        found: dict[str, StudyInput] = {}
        for name, form in self.form.inputs.items():
            try:
                for own in from_form(constants, name, form):
                    found[key(own.name)] = own
                self._check_why(name, form)
            except Mistake as mistake:
                self.page.note(("inputs", name), mistake.what, mistake.remedy)
        ranges = self.form.ranges or (None if self.form.inputs else RangesForm())
        taken = {key(target) for own in found.values() for target in own.targets}
        if ranges is not None:
            more, mistakes = from_ranges(constants, ranges)
            for word, wrong in mistakes:
                if word in ranges.model_fields_set:
                    self.page.note(("ranges", word), wrong.what, wrong.remedy)
            found |= {key(own.name): own for own in more if key(own.targets[0]) not in taken}
        inputs = list(found.values())
        self._check_targets(inputs)
        groups, unknown = grouped(constants, inputs, self.form.groups)
        for path, wrong in unknown:
            self.page.note(path, wrong.what, wrong.remedy)
        if not inputs and not self.page.problems:
            self.page.note(("inputs",), "Nothing varies.", "Name constants in [inputs], or give them ranges.")
        return [replace(own, group=groups.get(own.name, own.group)) for own in inputs]

    def _check_why(self, name: str, form: InputForm) -> None:
        if not form.why and any(getattr(form, word) is not None for word in ("low", "high", "values")):
            self.page.note(
                ("inputs", name),
                f"'{name}' has ends of its own and no reason.",
                'Add why = "...", or leave the ends to the equation file.',
            )

    def _check_targets(self, inputs: Iterable[StudyInput]) -> None:
        owner: dict[str, str] = {}
        for own in inputs:
            for target in own.targets:
                if owner.setdefault(key(target), own.name) != own.name:
                    self.page.note(
                        ("inputs", own.name), f"'{own.name}' and '{owner[key(target)]}' both set '{target}'.",
                        "Remove one of them.",
                    )  # fmt: skip

    def _method(self, inputs: list[StudyInput]) -> tuple[tuple[str, ...], str, int]:
        form = self.form.method
        known = []
        for name in form.name:
            if name in METHODS:
                known.append(name)
            else:
                remedy = did_you_mean(name, METHODS) or f"Choose among {', '.join(METHODS)}."
                self.page.note(("method", "name"), f"'{name}' is no method.", remedy)
        rows = [METHODS[name] for name in known] or [METHODS["uncertainty"]]
        own = [name for name, row in zip(known, rows, strict=False) if row.design]
        if own and len(known) > 1:
            self.page.note(
                ("method", "name"),
                f"'{own[0]}' needs a design of its own.",
                "Make a study file for it; methods that go together are "
                + ", ".join(name for name, row in METHODS.items() if not row.design) + ".",
            )  # fmt: skip
        design = rows[0].design or form.sample or ("sobol_sequence" if "dgsm" in known else "latin_hypercube")
        if form.sample is not None and (rows[0].design or form.sample not in ANY_SAMPLE):
            remedy = "Leave `sample` out." if rows[0].design else f"Choose among {', '.join(ANY_SAMPLE)}."
            self.page.note(("method", "sample"), f"'{form.sample}' is no sample for this method.", remedy)
            design = rows[0].design or "latin_hypercube"
        self._check_keywords(known)
        size = max(row.size for row in rows) if form.size is None else form.size
        return tuple(known), design, self._size(size, design, inputs)

    def _size(self, size: int, design: str, inputs: list[StudyInput]) -> int:
        if size < 1:
            self.page.note(("method", "size"), "A study needs at least one run.", "Give a larger size.")
        elif design in ("saltelli", "sobol_sequence", "efast") or design == "factorial":
            from .sampling import space

            try:  # the design knows best what sizes it can have; one input is enough to ask
                DESIGNS[design](space(1), size, 0)
            except ArgumentError as error:
                self.page.note(("method", "size"), error.problems[0].what, error.problems[0].remedy)
            if design == "factorial" and size ** len(inputs) > 2**24:
                what = f"{size} levels of {len(inputs)} inputs are {size}^{len(inputs)} runs."
                self.page.note(("method", "size"), what, "Vary fewer inputs, or take a Latin hypercube.")
        return max(size, 1)

    def _check_keywords(self, methods: list[str]) -> None:
        allowed = {word for name in methods for word in (*METHODS[name].options, *METHODS[name].settings)}
        for word in self.form.method.model_fields_set - {"name", "size", "seed", "sample"} - allowed:
            takers = [n for n, row in METHODS.items() if word in (*row.options, *row.settings)]
            self.page.note(
                ("method", word),
                f"'{word}' means nothing for {' and '.join(methods) or 'this method'}.",
                f"Leave it out; it belongs to {', '.join(takers)}.",
            )
        form = self.form.method
        for word, (fits, what, remedy) in _SENSIBLE.items():
            value = getattr(form, word)
            if word in allowed and value is not None and not fits(value):
                self.page.note(("method", word), f"`{word}` {what}.", remedy)
        if (0.0 if form.low is None else form.low) >= (1.0 if form.high is None else form.high):
            self.page.note(
                ("method", "low"), "`low` is not below `high`.", "They are quantiles: 0.05 and 0.95."
            )

    def _keywords(self, kind: str, methods: tuple[str, ...]) -> dict[str, Any]:
        """What the file says of the words that the methods' design or analysis takes."""
        words = [word for name in methods for word in getattr(METHODS[name], kind)]
        given = {word: getattr(self.form.method, word) for word in words}
        return {word: value for word, value in given.items() if value is not None}

    def _correlation(self, inputs: list[StudyInput], methods: tuple[str, ...]) -> Any:
        matrix, mistakes = correlation_matrix(inputs, self.form.correlations)
        for path, mistake in mistakes:
            self.page.note(path, mistake.what, mistake.remedy)
        refused = [name for name in methods if METHODS[name].independent]
        if matrix is not None and refused:
            others = [name for name, row in METHODS.items() if not row.independent]
            self.page.note(
                ("correlations",),
                f"'{refused[0]}' is only true for independent inputs, and these are correlated.",
                f"Take {', '.join(others[:-1])} or {others[-1]}, or remove the correlations.",
            )
        return matrix

    def _features(self, scenarios: tuple[str, ...], settings: list[Settings]) -> tuple[Feature, ...]:
        first, last = self._span(settings[0])
        found = []
        for name, form in self.form.features.items():
            element = self._element(("features", name, "variable"), form.variable)
            if form.better is not None and form.better not in _BETTER:
                self.page.note(("features", name, "better"), "`better` is high or low.")
            if form.against is not None and form.against not in scenarios:
                remedy = did_you_mean(form.against, scenarios) or f"They are {', '.join(scenarios)}."
                what = f"'{form.against}' is not among the study's scenarios."
                self.page.note(("features", name, "against"), what, remedy)
            given = form.model_dump(exclude={"better", "variable"}, exclude_none=True)
            feature = Feature(name=name, variable=element, **given)
            for problem in check([feature], first, last):
                self.page.note(("features", name), problem.what, problem.remedy)
            found.append(feature)
        return tuple(found)

    def _span(self, settings: Settings) -> tuple[float, float]:
        """When runs begin and end, read without compiling anything."""
        machine = self.model.engine("interpret", given_states(settings))
        values = machine.values()
        fill(machine, values, settings)
        clock = read_clock(machine, values, settings, self.model)
        return clock.initial, clock.final

    def _element(self, path: tuple[str, ...], address: str) -> str:
        """The address of one element, as the model writes it."""
        try:
            symbol, places = find_variable(self.model.system, address)
            if len(places) != 1:
                raise Mistake(
                    f"'{address}' is {len(places)} numbers.",
                    f"Name one of them, {address_of(symbol, places[0])}.",
                )
            return address_of(find_varying(self.model.system, symbol.variable), places[0])
        except Mistake as mistake:
            self.page.note(path, mistake.what, mistake.remedy)
            return address

    def _outcomes(self, scenarios: tuple[str, ...]) -> tuple[Outcome, ...]:
        found = []
        for name, form in self.form.outcomes.items():
            path = ("outcomes", name)
            if form.feature not in self.form.features:
                remedy = did_you_mean(form.feature, self.form.features) or "Describe it in [features]."
                self.page.note((*path, "feature"), f"'{form.feature}' is no feature of this study.", remedy)
            if form.below is None and form.above is None:
                self.page.note(path, f"'{name}' has no bound.", "Write below = ... or above = ...")
            wanted = tuple(form.scenario or scenarios)
            for scenario in wanted:
                if scenario not in scenarios:
                    what = f"'{scenario}' is not among the study's scenarios."
                    self.page.note((*path, "scenario"), what, did_you_mean(scenario, scenarios))
            found.append(Outcome(name, form.feature, form.below, form.above, wanted))
        return tuple(found)

    def _series(self) -> tuple[str, ...]:
        if self.form.series.thin < 1:
            self.page.note(("series", "thin"), "`thin` is 1 or more.", "1 keeps every save time.")
        wanted = list(self.form.series.variables)
        wanted += [self.form.classes.variable] if self.form.classes else []
        found = [self._element(("series", "variables"), name) for name in wanted]
        return tuple(dict.fromkeys(found))

    def _classes(self) -> Classes | None:
        form = self.form.classes
        if form is None:
            return None
        return Classes(self._element(("classes", "variable"), form.variable), form.level, form.margin)
