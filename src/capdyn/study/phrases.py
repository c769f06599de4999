"""What sentences on an analysis are made of: shares, lists, boxes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .discover import Box
from .study import Study

MOST_NAMED = 3  # inputs that a sentence names


def percent(share: float) -> str:
    """`0.034` -> '3.4 %'; what is not quite all or nothing does not look it."""
    if np.isnan(share):
        return "no"
    if 0 < share < 0.001:
        return "less than 0.1 %"
    if 0.999 < share < 1:
        return "more than 99.9 %"
    return f"{100 * share:.{1 if share < 0.1 or share > 0.95 else 0}f} %".replace(".0 %", " %")


def say_box(study: Study, box: Box) -> str:
    """The restrictions of a box in the inputs' values."""
    said = []
    for number in np.flatnonzero(box.restricted):
        own = study.inputs[number]
        if own.distribution.values:
            steps = [(value, own.distribution.quantile_of(value)) for value in own.distribution.values]
            inside = [f"{value:g}" for value, q in steps if box.low[number] <= q <= box.high[number]]
            said.append(f"{own.name} is {' or '.join(inside)}")
            continue
        low, high = own.distribution.values_at(np.array([box.low[number], box.high[number]]))
        unit = f" {own.units}" if own.units not in ("", "1", "Dmnl", "dmnl") else ""
        if box.low[number] <= 0:
            said.append(f"{own.name} is below {high:.3g}{unit}")
        elif box.high[number] >= 1:
            said.append(f"{own.name} is above {low:.3g}{unit}")
        else:
            said.append(f"{own.name} is between {low:.3g} and {high:.3g}{unit}")
    return enumerated(said)


def enumerated(words: Sequence[str]) -> str:
    """`a, b and c`."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def against_itself(study: Study) -> set[tuple[str, str]]:
    """Scenario and feature where a scenario would be compared with itself."""
    return {(feature.against, feature.name) for feature in study.features if feature.against is not None}
