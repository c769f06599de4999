"""What a terminal shows of runs: values at the end, worst differences; boxes on a screen, plain columns in a pipe."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

import numpy as np

from .address import write_address
from .result import Result
from .result import plain as as_plain

if TYPE_CHECKING:
    import xarray as xr

    from .compare import Difference

_MOST_COLUMNS = 6  # scenarios side by side
_FEWEST_ROWS = 3  # with fewer of the fixed rows than this, the model's own stocks follow
_MOST_ROWS = 8
_MOST_ELEMENTS = 3
_MOST_DIFFERENCES = 25
_REGION = ("Region", "Home")


@dataclass(frozen=True)
class Row:
    """A row of `ROWS`: a variable for `_REGION`, one line for each element of `each`, or the `share` of the elements
    of a subscript that begin with a word."""

    variable: str
    label: str = ""
    each: str = ""
    share: tuple[str, str] | None = None


ROWS = (
    Row("Relative capability", each="Capability kind"),
    Row("Employment"),
    Row("Sales", "Exports' share of sales", share=("Channel", "export")),
    Row("Public outlay"),
)


@dataclass(frozen=True)
class Table:
    """A table of text: the first `left` columns stand to the left, the others to the right."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left: int = 1


def show(table: Table, stream: TextIO) -> None:
    """Prints a table, with lines where there is a screen."""
    if not stream.isatty():
        stream.write(plain(table))
        return
    from rich.console import Console
    from rich.table import Table as Boxed
    from rich.text import Text

    boxed = Boxed(title=table.title, title_justify="left")
    for i, name in enumerate(table.head):
        boxed.add_column(name, justify="left" if i < table.left else "right")
    for row in table.rows:
        boxed.add_row(*(Text(cell) for cell in row))  # brackets in names are no markup
    Console(file=stream).print(boxed)


def plain(table: Table) -> str:
    """The table as lines of text, columns two spaces apart."""
    every = [table.head, *table.rows]
    widths = [max(len(row[i]) for row in every) for i in range(len(table.head))]
    lines = [table.title]
    for row in every:
        cells = (
            c.ljust(w) if i < table.left else c.rjust(w)
            for i, (c, w) in enumerate(zip(row, widths, strict=True))
        )
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class _Line:
    """A line of the table of end values: which element of which variable, or which share."""

    label: str
    units: str
    row: Row
    where: dict[str, str]

    def end(self, run: Result) -> float:
        """The value at the end of a run, nan if it does not have the variable."""
        if self.row.variable not in run.variables:
            return math.nan
        variable = run.variables[self.row.variable]
        places = {dim: list(run.coords[dim].values).index(label) for dim, label in self.where.items()}
        values = variable.values[
            tuple((places | {"time": -1}).get(dim, slice(None)) for dim in variable.dims)
        ]
        if not self.row.share:
            return float(values)
        dim, word = self.row.share
        chosen = [str(name).startswith(word) for name in run.coords[dim].values]
        total = float(values.sum())
        return float(values[chosen].sum()) / total if total else math.nan


def end_tables(runs: Sequence[xr.Dataset | Result], stocks: Sequence[str] = ()) -> list[Table]:
    """Values at the end of each run, a column a scenario.

    runs : single runs of one model. stocks : names of its stocks, for a model that has few of `ROWS`.
    """
    every = [as_plain(run) for run in runs]
    lines = _lines(every[0], stocks)
    tables = []
    for first in range(0, len(every), _MOST_COLUMNS):
        part = every[first : first + _MOST_COLUMNS]
        rows = tuple((line.label, line.units, *(_write(line.end(run)) for run in part)) for line in lines)
        names = [run.scenario for run in part]
        times = [run.coords["time"] for run in part]
        ends = dict.fromkeys(f"{float(time.values[-1]):g}" for time in times)
        when = f"{times[0].attrs.get('units', '')} {' and '.join(ends)}".strip()
        tables.append(Table(f"At the end ({when})", ("", "unit", *names), rows, left=2))
    return tables


def _lines(run: Result, stocks: Sequence[str]) -> list[_Line]:
    """The lines that the run has values for: `ROWS`, and where these are few the stocks or else all variables."""
    lines = [line for row in ROWS for line in _fixed(run, row)]
    if len(lines) >= _FEWEST_ROWS:
        return lines
    moving = [name for name, variable in run.variables.items() if "time" in variable.dims]
    for name in [name for name in stocks if name in moving] or moving:
        units = run.variables[name].attrs.get("units", "")
        for where in _elements(run, name):
            lines.append(_Line(write_address(name, list(where.values())), units, Row(name), where))
    return lines[:_MOST_ROWS]


def _fixed(run: Result, row: Row) -> Iterator[_Line]:
    """The lines of one of `ROWS`, if the run has the variable with these subscripts and no others."""
    dim, home = _REGION
    used = {"time", dim} | {name for name in (row.each, row.share[0] if row.share else "") if name}
    variable = run.variables.get(row.variable)
    if variable is None or set(variable.dims) != used or home not in run.coords[dim].values:
        return
    units = "Dmnl" if row.share else variable.attrs.get("units", "")
    for element in run.coords[row.each].values if row.each else [""]:
        label = ", ".join(filter(None, (row.label or row.variable, str(element))))
        where = {dim: home, row.each: str(element)} if row.each else {dim: home}
        yield _Line(f"{label} ({home})", units, row, where)


def _elements(run: Result, name: str) -> list[dict[str, str]]:
    """The first elements of a variable."""
    labels = {dim: run.coords[dim].values for dim in run.variables[name].dims if dim != "time"}
    places = list(np.ndindex(*map(len, labels.values())))[:_MOST_ELEMENTS]
    return [
        {dim: str(names[i]) for (dim, names), i in zip(labels.items(), place, strict=True)}
        for place in places
    ]


def _write(value: float) -> str:
    if math.isnan(value):
        return "n/a"
    return f"{value:,.0f}" if 1e3 <= abs(value) < 1e15 else f"{value:.4g}"


def difference_table(found: Sequence[Difference], names: tuple[str, str], rtol: float) -> tuple[Table, str]:
    """The worst differences, and a sentence about them.

    names : what the two sides are called.
    """
    compared = [d for d in found if not d.missing]
    beyond = [d for d in compared if not d.ok]
    rows = tuple(
        (
            d.scenario,
            write_address(d.variable, d.where),
            "" if math.isnan(d.time) else f"{d.time:g}",
            f"{d.a:.9g}",
            f"{d.b:.9g}",
            f"{d.relative:.2g}",
        )
        for d in (beyond or [d for d in compared if d.relative > 0.0])[:_MOST_DIFFERENCES]
    )
    said = [f"{len(beyond)} of {len(compared)} variables differ by more than {rtol:g}."]
    for side, name in zip("ba", names, strict=True):
        absent = list(dict.fromkeys(d.variable for d in found if d.missing == side))
        if absent:
            rest = ", ..." if len(absent) > _MOST_ELEMENTS else ""
            said.append(f"Only in {name}: {', '.join(absent[:_MOST_ELEMENTS])}{rest} ({len(absent)}).")
    head = ("scenario", "variable", "time", "first", "second", "relative")
    return Table("Worst differences", head, rows, left=2), "\n".join(said)
