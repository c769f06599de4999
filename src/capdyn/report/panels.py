"""Which outputs are shown: a table of rows, and a rule for models that have none of them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import xarray as xr

REGION, HOME = "Region", "Home"
FEWEST_PANELS = 3  # with fewer of the fixed outputs than this, the model's own variables are added
MOST_VARIABLES = 12
MOST_CELLS = 3  # panels for one variable with subscripts that no row below knows
MOST_COLUMNS = 4
MOST_ROWS = 4
CONTROL = frozenset({"time", "time step", "saveper", "initial time", "final time"})


@dataclass(frozen=True)
class Output:
    """One row of `OUTPUTS`: a variable, and how to make panels of it.

    `split` gives one panel for each element of that subscript; `share` is a subscript and the first
    word of the elements whose part of the total is shown; `note` says how to read the number.
    """

    variable: str
    split: str = ""
    share: tuple[str, str] | None = None
    title: str = ""
    note: str = ""


OUTPUTS: tuple[Output, ...] = (
    Output("Relative capability", split="Capability kind", note="1 = moving world frontier"),
    Output("Employment"),
    Output(
        "Sales", share=("Channel", "export"), title="Exports' share of sales", note="share of sales, 0 to 1"
    ),
    Output("Value added per worker"),
    Output("Trust"),
    Output("Joint action"),
    Output("Novelty of local knowledge"),
    Output("Attitude to change"),
    Output("External linkages"),
    Output("Public outlay", title="Public outlay, cumulative"),
)
GRID = ("Relative capability", "Capability kind", REGION)  # variable, rows, columns


@dataclass(frozen=True)
class Panel:
    """One series per scenario: a variable, the element taken of each subscript, and its words.

    `where` holds (subscript, element) pairs; `share` is a subscript and the elements summed over.
    """

    variable: str
    title: str
    where: tuple[tuple[str, object], ...] = ()
    share: tuple[str, tuple[str, ...]] | None = None
    note: str = ""
    units: str = ""
    description: str = ""
    slug: str = field(default="", compare=False)

    @property
    def place(self) -> str:
        """The region shown, or "" if the variable has none."""
        return str(dict(self.where).get(REGION, ""))

    def values(self, ds: xr.Dataset) -> xr.DataArray:
        """Shape (scenario, time), in `units`; what is not finite is NaN."""
        data = ds[self.variable].sel(dict(self.where))
        if self.share:
            dimension, elements = self.share
            part = data.sel({dimension: list(elements)}).sum(dimension, skipna=False)
            total = data.sum(dimension, skipna=False)
            data = part / total  # of nothing: NaN
        data = data.transpose("scenario", "time")
        return data.where(np.isfinite(data))


@dataclass(frozen=True)
class Grid:
    """Small multiples: `rows` of panels with their label, one panel for each of `columns`."""

    dimension: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Panel, ...]], ...]
    omitted: int = 0  # elements of the dimension beyond the columns shown


def choose_panels(ds: xr.Dataset) -> list[Panel]:
    """The panels of a combined Dataset: rows of `OUTPUTS` that are present, in their order.

    With fewer than three of them, the model's own variables follow: stocks before others, then the
    fewest subscripts first, at most twelve variables.
    """
    panels = [panel for output in OUTPUTS for panel in _panels_of(ds, output)]
    if len(panels) < FEWEST_PANELS:
        shown = {panel.variable for panel in panels}
        for name in _own_variables(ds, shown)[: MOST_VARIABLES - len(shown)]:
            panels += _panels_of(ds, Output(name))
    return _with_slugs(panels)


def choose_grid(ds: xr.Dataset, panels: list[Panel]) -> Grid | None:
    """Regions by capabilities if the model has them; else its shown variables by a shared subscript.

    None if no subscript has two elements.
    """
    variable, row_dimension, column_dimension = GRID
    if variable in ds and {row_dimension, column_dimension, "time"} <= set(ds[variable].dims):
        rows = [(str(kind), variable, ((row_dimension, kind),)) for kind in ds[row_dimension].values]
        return _grid(ds, column_dimension, rows)
    counts: dict[str, list[str]] = {}
    for name in dict.fromkeys(panel.variable for panel in panels):
        free = _subscripts(ds[name])
        if len(free) == 1:
            counts.setdefault(free[0], []).append(name)
    if not counts:
        return None
    dimension = max(counts, key=lambda key: len(counts[key]))
    return _grid(ds, dimension, [(name, name, ()) for name in counts[dimension][:MOST_ROWS]])


def home_of(ds: xr.Dataset) -> str:
    """The region that the report is about: "Home", or else the first one."""
    labels = [str(label) for label in ds[REGION].values]
    return HOME if HOME in labels else labels[0]


def slug_of(text: str) -> str:
    """A file name: `Exports' share of sales` → `exports-share-of-sales`."""
    plain = re.sub(r"[^a-z0-9]+", "-", text.lower().replace("'", "")).strip("-")
    return plain[:60].rstrip("-") or "series"


def _grid(ds: xr.Dataset, dimension: str, rows: list[tuple[str, str, tuple]]) -> Grid | None:
    labels = list(ds[dimension].values)
    if len(labels) < 2:
        return None
    shown = labels[:MOST_COLUMNS]
    filled = tuple(
        (label, tuple(_panel(ds, _row_of(name), (*where, (dimension, column))) for column in shown))
        for label, name, where in rows[:MOST_ROWS]
    )
    return Grid(dimension, tuple(str(column) for column in shown), filled, len(labels) - len(shown))


def _panels_of(ds: xr.Dataset, output: Output) -> list[Panel]:
    """The panels of one row of the table; none if the variable is absent or does not vary in time."""
    if output.variable not in ds or "time" not in ds[output.variable].dims:
        return []
    free = _subscripts(ds[output.variable])
    where: tuple[tuple[str, object], ...] = ()
    if output.share:
        dimension, word = output.share
        if dimension not in free or not any(str(e).startswith(word) for e in ds[dimension].values):
            return []
        free.remove(dimension)
    if REGION in free:
        free.remove(REGION)
        where = ((REGION, home_of(ds)),)
    cells = itertools.product(*([(name, element) for element in _elements(ds, name)] for name in free))
    most = None if free == [output.split] else MOST_CELLS
    return [_panel(ds, output, (*where, *cell)) for cell in itertools.islice(cells, most)]


def _row_of(variable: str) -> Output:
    return next(
        (output for output in OUTPUTS if output.variable == variable and not output.share), Output(variable)
    )


def _panel(ds: xr.Dataset, output: Output, where: tuple[tuple[str, object], ...]) -> Panel:
    elements = ", ".join(str(element) for name, element in where if name != REGION)
    title = (output.title or output.variable) + (f": {elements}" if elements else "")
    attrs: Mapping[Hashable, object] = ds[output.variable].attrs
    share = None
    if output.share:
        dimension, word = output.share
        share = (dimension, tuple(str(e) for e in ds[dimension].values if str(e).startswith(word)))
    units = "" if share else str(attrs.get("units", ""))
    description = " ".join(str(attrs.get("description", "")).split())
    return Panel(output.variable, title, where, share, output.note, units, description)


def _own_variables(ds: xr.Dataset, taken: set[str]) -> list[str]:
    """Variables that vary in time: stocks first, then by number of subscripts, else in the model's order."""
    names = [
        str(name)
        for name, data in ds.data_vars.items()
        if "time" in data.dims and str(name).lower() not in CONTROL and name not in taken
    ]
    # The Dataset does not mark stocks; their equations do.
    return sorted(
        names,
        key=lambda name: (
            "INTEG" not in str(ds[name].attrs.get("equation", "")).upper(),
            len(_subscripts(ds[name])),
        ),
    )


def _subscripts(data: xr.DataArray) -> list[str]:
    return [str(name) for name in data.dims if name not in ("scenario", "time")]


def _elements(ds: xr.Dataset, dimension: str) -> list[object]:
    return list(ds[dimension].values)


def _with_slugs(panels: list[Panel]) -> list[Panel]:
    """The panels with file names that are all different."""
    named: list[Panel] = []
    taken: set[str] = set()
    for panel in panels:
        slug = slug_of(panel.title)
        number = 2
        while slug in taken:
            slug, number = f"{slug_of(panel.title)}-{number}", number + 1
        taken.add(slug)
        named.append(replace(panel, slug=slug))
    return named
