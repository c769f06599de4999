"""What `[method]` of a study file asks for: methods that go together, their design, its size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import ArgumentError
from ..lang.names import did_you_mean
from .methods.table import ANY_SAMPLE, METHODS
from .page import Page
from .sampling import DESIGNS, space
from .study import StudyInput

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


@dataclass(frozen=True)
class Asked:
    """Methods, and what `Study` has of them under the same names."""

    methods: tuple[str, ...]
    design: str
    size: int
    options: dict[str, Any]
    settings: dict[str, Any]


def read_method(page: Page, inputs: list[StudyInput], draws: np.ndarray | None) -> Asked:
    """What [method] asks for. draws : of a posterior, shape (n_draws, ...), if the study names one."""
    form = page.form.method
    known = []
    for name in form.name:
        if name in METHODS:
            known.append(name)
        else:
            remedy = did_you_mean(name, METHODS) or f"Choose among {', '.join(METHODS)}."
            page.note(("method", "name"), f"'{name}' is no method.", remedy)
    rows = [METHODS[name] for name in known] or [METHODS["uncertainty"]]
    own = [name for name, row in zip(known, rows, strict=False) if row.design]
    if own and len(known) > 1:
        page.note(
            ("method", "name"),
            f"'{own[0]}' needs a design of its own.",
            "Make a study file for it; methods that go together are "
            + ", ".join(name for name, row in METHODS.items() if not row.design) + ".",
        )  # fmt: skip
    design = rows[0].design or form.sample or ("sobol_sequence" if "dgsm" in known else "latin_hypercube")
    if form.sample is not None and (rows[0].design or form.sample not in ANY_SAMPLE):
        remedy = "Leave `sample` out." if rows[0].design else f"Choose among {', '.join(ANY_SAMPLE)}."
        page.note(("method", "sample"), f"'{form.sample}' is no sample for this method.", remedy)
        design = rows[0].design or "latin_hypercube"
    _check_keywords(page, known)
    size = _size(page, design, inputs, max(row.size for row in rows), draws)
    if draws is not None and not any(METHODS[name].independent for name in known):
        _check_draws(page, design, size, len(draws))
    return Asked(
        tuple(known), design, size, _keywords(page, "options", known), _keywords(page, "settings", known)
    )


def _size(page: Page, design: str, inputs: list[StudyInput], usual: int, draws: np.ndarray | None) -> int:
    size = page.form.method.size
    if size is None:
        size = usual if draws is None else min(usual, len(draws))
    if size < 1:
        page.note(("method", "size"), "A study needs at least one run.", "Give a larger size.")
    elif design in ("saltelli", "sobol_sequence", "efast") or design == "factorial":
        try:  # the design knows best what sizes it can have; one input is enough to ask
            DESIGNS[design](space(1), size, 0)
        except ArgumentError as error:
            page.note(("method", "size"), error.problems[0].what, error.problems[0].remedy)
        if design == "factorial" and size ** len(inputs) > 2**24:
            what = f"{size} levels of {len(inputs)} inputs are {size}^{len(inputs)} runs."
            page.note(("method", "size"), what, "Vary fewer inputs, or take a Latin hypercube.")
    return max(size, 1)


def _check_draws(page: Page, design: str, size: int, draws: int) -> None:
    """Whether each run can have a draw of its own."""
    if design == "factorial":
        what = "A factorial sample has no place for draws of a posterior."
        page.note(("method", "sample"), what, "Leave `sample` out.")
    elif size > draws:
        what = f"{size:,} runs need as many draws of the posterior, and there are {draws:,}."
        page.note(("method", "size"), what, "Take a smaller size, or draw more.")


def _check_keywords(page: Page, methods: list[str]) -> None:
    allowed = {word for name in methods for word in (*METHODS[name].options, *METHODS[name].settings)}
    for word in page.form.method.model_fields_set - {"name", "size", "seed", "sample"} - allowed:
        takers = [n for n, row in METHODS.items() if word in (*row.options, *row.settings)]
        page.note(
            ("method", word),
            f"'{word}' means nothing for {' and '.join(methods) or 'this method'}.",
            f"Leave it out; it belongs to {', '.join(takers)}.",
        )
    form = page.form.method
    for word, (fits, what, remedy) in _SENSIBLE.items():
        value = getattr(form, word)
        if word in allowed and value is not None and not fits(value):
            page.note(("method", word), f"`{word}` {what}.", remedy)
    if (0.0 if form.low is None else form.low) >= (1.0 if form.high is None else form.high):
        page.note(("method", "low"), "`low` is not below `high`.", "They are quantiles: 0.05 and 0.95.")


def _keywords(page: Page, kind: str, methods: list[str]) -> dict[str, Any]:
    """What the file says of the words that the methods' design or analysis takes."""
    words = [word for name in methods for word in getattr(METHODS[name], kind)]
    given = {word: getattr(page.form.method, word) for word in words}
    return {word: value for word, value in given.items() if value is not None}
