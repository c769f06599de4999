"""Study files: from TOML, or a mapping with the same keys, to a `Study`. All mistakes at once, each with its
line and a remedy.

page       = the file's keys, each with its place            (study.page, study.form)
inputs     = what varies                                     (study.read_inputs, study.read_posterior)
asked      = methods, features, outcomes, series             (study.read_method, study.read_asked)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ..emit.engine import FIXED_METHODS
from ..errors import ArgumentError, CapdynError, ScenarioError
from ..lang.names import did_you_mean, key
from ..run.address import Mistake
from ..run.lookups import adjustable_lookups
from ..run.open import Model, open_model
from ..run.scenario import Settings, resolve
from .form import InputForm, RangesForm
from .methods.table import METHODS
from .page import Page, in_order, open_page
from .read_asked import BETTER, read_classes, read_features, read_outcomes, read_series
from .read_groups import correlation_matrix, grouped
from .read_inputs import Constants, from_form, from_ranges, lookups_of
from .read_method import read_method
from .read_posterior import Posterior, read_posterior
from .study import Scenario, Study, StudyInput

POLICIES = ("refuse", "drop", "restrict")


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
    page = open_page(source)
    model = model or _model(page)
    model = adjustable_lookups(model, lookups_of(model, page.form.inputs.values()))
    study = _study(model, page)
    if page.problems or study is None:
        raise ScenarioError(in_order(page.problems))
    return study


def _model(page: Page) -> Model:
    """The model that the file names, or the one above it."""
    if page.file is None and page.form.model is None:
        raise ArgumentError("study: there is no model.", remedy="Give model=..., or the key `model`.")
    path = page.beside / page.form.model if page.form.model is not None else page.beside.parent
    try:
        return open_model(path)
    except CapdynError as error:
        if page.form.model is None:
            page.note(
                (), "The study names no model, and there is none in the folder above.", 'Write model = "...".'
            )
            raise ScenarioError([*page.problems, *error.problems]) from None
        raise


def _study(model: Model, page: Page) -> Study | None:
    """The study, as far as it makes sense; None if there is nothing to build on."""
    scenarios, settings = _scenarios(model, page)
    if not settings:
        return None
    form = page.form
    constants = Constants(model, settings)
    posterior = read_posterior(constants, page)
    inputs = _inputs(constants, page, posterior)
    draws = None if posterior is None else posterior.unit
    asked = read_method(page, inputs, draws)
    names = tuple(dict.fromkeys(own.name for own in settings))
    _check_choices(page)
    return Study(
        title=form.title or page.name.replace("_", " "),
        question=form.question,
        model=model,
        scenarios=scenarios,
        scenario_names=names,
        inputs=tuple(inputs),
        correlation=_correlation(
            page, inputs, 0 if posterior is None else len(posterior.inputs), asked.methods
        ),
        draws=draws,
        methods=asked.methods,
        design=asked.design,
        size=asked.size,
        seed=form.method.seed,
        options=asked.options,
        settings=asked.settings,
        policy=form.failed.policy,
        features=read_features(model, page, names, settings),
        better={name: BETTER[f.better] for name, f in form.features.items() if f.better in BETTER},
        outcomes=read_outcomes(page, names),
        series=read_series(model, page),
        thin=max(form.series.thin, 1),
        classes=read_classes(model, page),
        run_method=form.run.method,
        run_seed=form.run.seed,
        text=page.text,
        files=() if posterior is None else (posterior.file,),
        notes=_left_out(constants, page) + (() if posterior is None else posterior.notes),
    )


def _check_choices(page: Page) -> None:
    policy, method = page.form.failed.policy, page.form.run.method
    if policy not in POLICIES:
        remedy = did_you_mean(policy, POLICIES) or f"Choose among {', '.join(POLICIES)}."
        page.note(("failed", "policy"), f"'{policy}' is no policy.", remedy)
    if method is not None and method not in FIXED_METHODS:
        page.note(
            ("run", "method"),
            f"Studies run with a fixed step; '{method}' has none.",
            f"Choose {' or '.join(FIXED_METHODS)}.",
        )


def _left_out(constants: Constants, page: Page) -> tuple[str, ...]:
    """What the reader of results should know of what was left out."""
    system = constants.model.system
    left = sorted(system.symbols[name].variable for name in constants.differing)
    if not left or (page.form.ranges is None and (page.form.inputs or page.form.posterior)):
        return ()
    return (f"Not varied, since the scenarios differ in it: {', '.join(left)}.",)


def _scenarios(model: Model, page: Page) -> tuple[tuple[Scenario, ...], list[Settings]]:
    wanted: list[str | None] = list(page.form.scenarios)
    if not wanted:
        wanted = ["baseline" if "baseline" in model.scenarios else None]
    found: list[Scenario] = []
    settings = []
    for name in wanted:
        try:
            settings.append(resolve(model.system, name, model.folder))
            found.append(name)
        except ScenarioError as error:
            for problem in error.problems:
                if problem.where:
                    page.problems.append(problem)
                else:
                    page.note(("scenarios",), problem.what, problem.remedy)
    if len({own.name for own in settings}) < len(settings):
        page.note(("scenarios",), "Two scenarios have one name.", "Name each once.")
    return tuple(found), settings


def _inputs(constants: Constants, page: Page, posterior: Posterior | None) -> list[StudyInput]:
    """Those of [posterior], of [inputs], and those of [ranges] that are not among them; without any of these, all
    that have a range."""
    found = {} if posterior is None else {key(own.name): own for own in posterior.inputs}
    drawn = set(found)
    for name, form in page.form.inputs.items():
        try:
            for own in from_form(constants, name, form):
                if key(own.name) in drawn:
                    raise Mistake(f"'{own.name}' comes from the posterior.", "Leave it out of [inputs].")
                found[key(own.name)] = own
            _check_why(page, name, form)
        except Mistake as mistake:
            page.note(("inputs", name), mistake.what, mistake.remedy)
    ranges = page.form.ranges or (None if page.form.inputs or page.form.posterior else RangesForm())
    taken = {key(target) for own in found.values() for target in own.targets}
    if ranges is not None:
        more, mistakes = from_ranges(constants, ranges)
        for word, wrong in mistakes:
            if word in ranges.model_fields_set:
                page.note(("ranges", word), wrong.what, wrong.remedy)
        found |= {key(own.name): own for own in more if key(own.targets[0]) not in taken}
    inputs = list(found.values())
    _check_targets(page, inputs)
    groups, unknown = grouped(constants, inputs, page.form.groups)
    for path, wrong in unknown:
        page.note(path, wrong.what, wrong.remedy)
    if not inputs and not page.problems:
        page.note(("inputs",), "Nothing varies.", "Name constants in [inputs], or give them ranges.")
    return [replace(own, group=groups.get(own.name, own.group)) for own in inputs]


def _check_why(page: Page, name: str, form: InputForm) -> None:
    if not form.why and any(getattr(form, word) is not None for word in ("low", "high", "values")):
        page.note(
            ("inputs", name),
            f"'{name}' has ends of its own and no reason.",
            'Add why = "...", or leave the ends to the equation file.',
        )


def _check_targets(page: Page, inputs: Iterable[StudyInput]) -> None:
    owner: dict[str, str] = {}
    for own in inputs:
        for target in own.targets:
            if owner.setdefault(key(target), own.name) != own.name:
                page.note(
                    ("inputs", own.name), f"'{own.name}' and '{owner[key(target)]}' both set '{target}'.",
                    "Remove one of them.",
                )  # fmt: skip


def _correlation(
    page: Page, inputs: list[StudyInput], drawn: int, methods: tuple[str, ...]
) -> np.ndarray | None:
    """Rank correlations, None where there are none. drawn : how many inputs, the first ones, come from a posterior."""
    matrix, mistakes = correlation_matrix(inputs, page.form.correlations)
    for path, mistake in mistakes:
        page.note(path, mistake.what, mistake.remedy)
    refused = [name for name in methods if METHODS[name].independent]
    others = [name for name, row in METHODS.items() if not row.independent]
    table = "posterior" if drawn else "correlations"
    if refused and (drawn or matrix is not None):
        page.note(
            (table,),
            f"'{refused[0]}' is only true for independent inputs, and "
            + ("draws of a posterior belong together." if drawn else "these are correlated."),
            f"Take {', '.join(others[:-1])} or {others[-1]}, or remove the {table}.",
        )
    if matrix is not None and drawn and np.any(matrix[:drawn] != np.eye(len(inputs))[:drawn]):
        what = "An input that comes from the posterior is correlated with others there, and only there."
        page.note(("correlations",), what, "Leave it out of the correlations.")
    return matrix
