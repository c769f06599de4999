"""What the numbers say, in sentences: every word that depends on a result is computed from it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from .panels import Panel
from .quantities import join_words, shorten, write_time
from .tables import EndRow, EndTable, series_of


@dataclass(frozen=True)
class Statement:
    """One row of what the summary talks about.

    `variable` has one number, or one for each element of a subscript; `threshold` is a level whose first
    crossing is reported for the element `key`, with its words; `half` asks when half of the end value is
    passed.
    """

    variable: str
    key: str = ""
    threshold: float = math.nan
    threshold_words: str = ""
    half: bool = False


STATEMENTS: tuple[Statement, ...] = (
    Statement("Relative capability", "innovation", 0.1, "one tenth of the frontier", half=True),
    Statement("Public outlay"),
)
OTHERWISE = 3  # outputs named when a model has none of the above
OUTLAY = "Public outlay"
UNEQUAL = 0.05  # outlays that differ by more than this share of the largest are called different


@dataclass(frozen=True)
class ScenarioSummary:
    """Sentences about one scenario."""

    name: str
    sentences: tuple[str, ...]


def summarise(ds: xr.Dataset, table: EndTable) -> list[ScenarioSummary]:
    """For each scenario: end values with the difference from the reference, thresholds passed, outlay."""
    found = [(statement, _rows(table, statement.variable)) for statement in STATEMENTS]
    found = [(statement, rows) for statement, rows in found if rows]
    if not found and table.rows:
        found = [(Statement(""), list(table.rows[:OTHERWISE]))]
    return [
        ScenarioSummary(
            name,
            tuple(s for statement, rows in found for s in _sentences(ds, table, statement, rows, number)),
        )
        for number, name in enumerate(table.scenarios)
    ]


def headline(table: EndTable) -> str:
    """Which scenario ends highest and lowest in the first key output; "" if there is nothing to compare."""
    row = next(
        (r for s in STATEMENTS if s.key for r in _rows(table, s.variable) if _element(r.panel) == s.key),
        table.rows[0] if table.rows else None,
    )
    if row is None or len(table.scenarios) < 2:
        return ""
    finite = [i for i, value in enumerate(row.values) if math.isfinite(value)]
    if len(finite) < 2:
        return ""
    best, worst = max(finite, key=row.values.__getitem__), min(finite, key=row.values.__getitem__)
    what = f"{row.panel.title}" + (f" in {row.panel.place}" if row.panel.place else "")
    what = f"{what} ({row.scale.unit})"
    high, low = row.scale.write(row.values[best]), row.scale.write(row.values[worst])
    if high == low:
        return f"All {len(finite)} scenarios end with the same {what}: {high}."
    return (
        f"Of {len(finite)} scenarios, “{table.scenarios[best]}” ends highest in {what}, at {high}, "
        f"and “{table.scenarios[worst]}” lowest, at {low}."
    )


def cautions(ds: xr.Dataset, table: EndTable, panels: Sequence[Panel], hashes: Sequence[str]) -> list[str]:
    """What a reader must know before comparing: unequal outlay, other ends, missing values, other models."""
    notes = []
    for row in _rows(table, OUTLAY):
        # A reference without support is meant to cost nothing; packages are meant to cost the same.
        spent = [value for value in row.values if math.isfinite(value) and value > 0]
        if spent and max(spent) - min(spent) > UNEQUAL * max(spent):
            notes.append(
                "The scenarios that spend do not spend the same: public outlay is "
                f"{row.scale.write(min(spent))} to {row.scale.write(max(spent))} {row.scale.unit}. "
                "Read results together with the outlay."
            )
    if not table.same_end:
        notes.append(
            f"The runs end at different times; end values are those at time {write_time(table.time)}."
        )
    if len(set(hashes)) > 1:
        notes.append("The runs come from different versions of the model or from different models.")
    for number, name in enumerate(table.scenarios):
        for panel in panels:
            times, values = series_of(ds, panel.values(ds), number)
            bad = ~np.isfinite(values)
            # A share of nothing is no failure of the run.
            if bad.any() and not panel.share:
                notes.append(
                    f"“{name}” has no finite value of {shorten(panel.title, 60)} at {int(bad.sum())} of "
                    f"{len(bad)} times, first at time {write_time(float(times[bad][0]))}."
                )
    return notes


def first_crossing(times: np.ndarray, values: np.ndarray, level: float) -> float:
    """The first time at which a series passes `level` from below, interpolated linearly.

    −inf if it starts at or above the level, inf if it never passes it. Values that are not finite are
    skipped.
    """
    finite = np.isfinite(values)
    times, values = times[finite], values[finite]
    above = np.flatnonzero(values >= level)
    if above.size == 0:
        return math.inf
    i = int(above[0])
    if i == 0:
        return -math.inf
    return float(np.interp(level, values[i - 1 : i + 1], times[i - 1 : i + 1]))


def _sentences(
    ds: xr.Dataset, table: EndTable, statement: Statement, rows: list[EndRow], number: int
) -> list[str]:
    sentences = [_end_sentence(table, rows, number)]
    key = next((row for row in rows if statement.key and _element(row.panel) == statement.key), None)
    if key is None:
        return sentences
    times, values = series_of(ds, key.panel.values(ds), number)
    what = statement.key.capitalize()
    if math.isfinite(statement.threshold):
        when = first_crossing(times, values, statement.threshold)
        sentences.append(_crossing_sentence(ds, what, statement.threshold_words, when))
    end = key.values[number]
    if statement.half and math.isfinite(end) and end > 0:
        when = first_crossing(times, values, end / 2)
        # A series that starts above half of its end has not grown enough for this to say anything.
        if when > -math.inf:
            sentences.append(_crossing_sentence(ds, what, "half of its own end value", when))
    return sentences


def _end_sentence(table: EndTable, rows: list[EndRow], number: int) -> str:
    """`Relative capability in Home at the end (1 = frontier): investment 0.52 (+0.30), …`

    The number with a sign is the difference from the reference.
    """
    one = len({row.panel.variable for row in rows}) == 1
    units = {row.scale.unit for row in rows}
    parts = []
    for row in rows:
        value = row.scale.write(row.values[number])
        unit = f" {row.scale.unit}" if len(units) > 1 or len(rows) == 1 else ""
        change = f" ({row.scale.write(row.differences[number], sign=True)})" if number else ""
        name = "" if len(rows) == 1 else (_element(row.panel) if one else f"{row.panel.title}:")
        parts.append(f"{name} {value}{unit}{change}".strip())
    subject = rows[0].panel.variable if one else "Outputs"
    place = f" in {rows[0].panel.place}" if rows[0].panel.place else ""
    shared = f" ({units.pop()})" if len(units) == 1 and len(rows) > 1 else ""
    # Titles may hold commas and numbers; element names are short words.
    listed = join_words(parts) if one else "; ".join(parts)
    return f"{subject}{place} at the end{shared}: {listed}."


def _crossing_sentence(ds: xr.Dataset, what: str, level: str, when: float) -> str:
    if when == math.inf:
        return f"{what} does not reach {level} during the run."
    if when == -math.inf:
        return f"{what} is at or above {level} from the start."
    unit = str(ds["time"].attrs.get("units") or "time").lower()
    return f"{what} first passes {level} at {unit} {write_time(when)}."


def _rows(table: EndTable, variable: str) -> list[EndRow]:
    return [row for row in table.rows if row.panel.variable == variable]


def _element(panel: Panel) -> str:
    """The element that a panel shows of a split subscript: the last one that is not the region."""
    elements = [str(element) for _, element in panel.where if str(element) != panel.place]
    return elements[-1] if elements else ""
