"""A table of `[inputs]` becomes a distribution."""

from __future__ import annotations

from ..lang.names import did_you_mean
from ..run.address import Mistake
from .distributions import KINDS, STATED, Distribution
from .form import InputForm


def distribution_of(name: str, form: InputForm, limits: tuple[float | None, float | None]) -> Distribution:
    """The distribution that a form describes; ends that it leaves out are the limits.

    Raises
    ------
    Mistake
        What is wrong with it.
    """
    if form.distribution not in STATED:
        raise Mistake(
            f"'{form.distribution}' is no distribution.",
            did_you_mean(form.distribution, STATED) or f"Choose among {', '.join(STATED)}.",
        )
    if form.distribution in ("discrete", "switch"):
        return _discrete(name, form)
    kind = KINDS[form.distribution]
    given = {word: getattr(form, word) for word in ("mode", "mean", "sd", "values", "weights")}
    missing = [word for word in kind.needs if given[word] is None]
    if missing:
        raise Mistake(f"'{name}' needs {' and '.join(missing)}, being {form.distribution}.")
    extra = [word for word, value in given.items() if value is not None and word not in kind.needs]
    if extra:
        raise Mistake(
            f"'{extra[0]}' means nothing for '{name}', which is {form.distribution}.", "Leave it out."
        )
    low = limits[0] if form.low is None else form.low
    high = limits[1] if form.high is None else form.high
    if low is None or high is None:
        raise Mistake(
            f"'{name}' has no {'low' if low is None else 'high'} end.",
            "Give it a range [low, high] in the equation file, or write the end here and say why.",
        )
    if not low < high:
        raise Mistake(f"'{name}' would go from {low:g} to {high:g}.", "Let low be below high.")
    found = Distribution(form.distribution, low, high, tuple((word, given[word]) for word in kind.needs))
    wrong = kind.wrong(found)
    if wrong:
        raise Mistake(f"'{name}' {wrong}.")
    return found


def _discrete(name: str, form: InputForm) -> Distribution:
    values = form.values or ([0.0, 1.0] if form.distribution == "switch" else [])
    if len(set(values)) < 2:
        raise Mistake(f"'{name}' needs at least two values, being discrete.", "Write values = [0, 1, 2].")
    weights = form.weights or [1.0] * len(values)
    if len(weights) != len(values) or min(weights) <= 0:
        raise Mistake(f"'{name}' needs one weight above 0 for each of its {len(values)} values.")
    total = sum(weights)
    ranked = sorted(zip(values, weights, strict=True))
    return Distribution(
        form.distribution,
        ranked[0][0],
        ranked[-1][0],
        (),
        tuple(value for value, _ in ranked),
        tuple(weight / total for _, weight in ranked),
    )
