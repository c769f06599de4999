"""What a study file asks of its runs: features, outcomes, series, kinds of trajectories."""

from __future__ import annotations

from ..lang.names import did_you_mean
from ..run.address import Mistake, address_of, find_variable
from ..run.features import Feature, check
from ..run.open import Model
from ..run.scenario import Settings
from ..run.simulate import fill, given_states, read_clock
from .job import find_varying
from .page import Page
from .study import Classes, Outcome

BETTER = {"high": 1, "low": -1}


def read_features(
    model: Model, page: Page, scenarios: tuple[str, ...], settings: list[Settings]
) -> tuple[Feature, ...]:
    """What [features] asks of each run."""
    first, last = _span(model, settings[0])
    found = []
    for name, form in page.form.features.items():
        element = _element(model, page, ("features", name, "variable"), form.variable)
        if form.better is not None and form.better not in BETTER:
            page.note(("features", name, "better"), "`better` is high or low.")
        if form.against is not None and form.against not in scenarios:
            remedy = did_you_mean(form.against, scenarios) or f"They are {', '.join(scenarios)}."
            what = f"'{form.against}' is not among the study's scenarios."
            page.note(("features", name, "against"), what, remedy)
        given = form.model_dump(exclude={"better", "variable"}, exclude_none=True)
        feature = Feature(name=name, variable=element, **given)
        for problem in check([feature], first, last):
            page.note(("features", name), problem.what, problem.remedy)
        found.append(feature)
    return tuple(found)


def _span(model: Model, settings: Settings) -> tuple[float, float]:
    """When runs begin and end, read without compiling anything."""
    machine = model.engine("interpret", given_states(settings))
    values = machine.values()
    fill(machine, values, settings)
    clock = read_clock(machine, values, settings, model)
    return clock.initial, clock.final


def _element(model: Model, page: Page, path: tuple[str, ...], address: str) -> str:
    """The address of one element, as the model writes it."""
    try:
        symbol, places = find_variable(model.system, address)
        if len(places) != 1:
            raise Mistake(
                f"'{address}' is {len(places)} numbers.",
                f"Name one of them, {address_of(symbol, places[0])}.",
            )
        return address_of(find_varying(model.system, symbol.variable), places[0])
    except Mistake as mistake:
        page.note(path, mistake.what, mistake.remedy)
        return address


def read_outcomes(page: Page, scenarios: tuple[str, ...]) -> tuple[Outcome, ...]:
    """What [outcomes] says may happen in a run."""
    found = []
    for name, form in page.form.outcomes.items():
        path = ("outcomes", name)
        if form.feature not in page.form.features:
            remedy = did_you_mean(form.feature, page.form.features) or "Describe it in [features]."
            page.note((*path, "feature"), f"'{form.feature}' is no feature of this study.", remedy)
        if form.below is None and form.above is None:
            page.note(path, f"'{name}' has no bound.", "Write below = ... or above = ...")
        wanted = tuple(form.scenario or scenarios)
        for scenario in wanted:
            if scenario not in scenarios:
                what = f"'{scenario}' is not among the study's scenarios."
                page.note((*path, "scenario"), what, did_you_mean(scenario, scenarios))
        found.append(Outcome(name, form.feature, form.below, form.above, wanted))
    return tuple(found)


def read_series(model: Model, page: Page) -> tuple[str, ...]:
    """Elements that are kept as they run, what [classes] looks at among them."""
    if page.form.series.thin < 1:
        page.note(("series", "thin"), "`thin` is 1 or more.", "1 keeps every save time.")
    wanted = list(page.form.series.variables)
    wanted += [page.form.classes.variable] if page.form.classes else []
    found = [_element(model, page, ("series", "variables"), name) for name in wanted]
    return tuple(dict.fromkeys(found))


def read_classes(model: Model, page: Page) -> Classes | None:
    """How [classes] sorts trajectories."""
    form = page.form.classes
    if form is None:
        return None
    return Classes(_element(model, page, ("classes", "variable"), form.variable), form.level, form.margin)
