"""Runs → report.html, its figures and its table, written whole or not at all."""

from __future__ import annotations

import base64
import textwrap
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from ..run.notebook import Progress
from .assemble import FIGURES, PAGE, Picture, filled_when_whole, render, write_figures
from .combine import combine, order_runs
from .figures import (
    labels_are_numbered,
    lever_timeline,
    small_multiples,
    time_words,
    trajectory,
    value_limits,
)
from .levers import LeverUse, has_levers, lever_list, lever_uses
from .panels import Grid, Panel, choose_grid, choose_panels
from .quantities import write_time
from .style import line_of
from .summary import cautions, headline, summarise
from .tables import EndTable, end_values, provenance, to_csv

TABLE = "end-values.csv"
CAPTION_LETTERS = 180


def write_report(
    runs: Sequence[xr.Dataset],
    directory: Path | str,
    title: str | None = None,
    progress: Progress | None = None,
) -> Path:
    """Compare runs of scenarios in one self-contained page.

    Written into `directory`: `report.html` (figures inline, no script, nothing loaded from elsewhere),
    `figures/<name>.png` and `.svg`, and `end-values.csv`. All are made in a temporary folder first and
    moved when whole, the page last. The same runs give the same bytes. Files of other names are left alone.

    Parameters
    ----------
    runs : sequence of Dataset
        Runs of one model; the one named "baseline", else the first, is what the others are compared with.
    directory : Path
        Made if it does not exist.
    title : str, optional
        Default: the model's name.
    progress : callable, optional
        Called as `progress(done, total, what)` after each figure.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    ArgumentError
        No runs, or an ensemble.
    OSError
        The folder cannot be written.
    """
    directory = Path(directory)
    runs = order_runs(runs)
    ds = combine(runs)
    panels = choose_panels(ds)
    texts = [str(run.attrs.get("scenario_text", "")) for run in runs]
    uses = lever_uses(ds, texts)
    trajectories = _trajectory_pictures(ds, panels)
    grid = _grid_picture(ds, choose_grid(ds, panels))
    levers = _lever_picture(ds, uses) if uses else None
    table = end_values(ds, panels)
    with filled_when_whole(directory) as workshop:
        svgs = write_figures([*trajectories, *filter(None, (grid, levers))], workshop / FIGURES, progress)
        (workshop / TABLE).write_text(to_csv(table), encoding="utf-8")
        context = {
            **_head(ds, runs, title, table, panels, uses),
            "trajectories": trajectories,
            "grid": grid,
            "levers": levers,
            "model_has_levers": has_levers(ds, uses),
            "svgs": svgs,
            "table": table,
            "csv": base64.b64encode(to_csv(table).encode()).decode(),
            "csv_name": TABLE,
            "time_words": time_words(ds),
            "end_time": write_time(table.time),
            "provenance": provenance(runs),
            "texts": list(zip(table.scenarios, texts, strict=True)),
        }
        (workshop / PAGE).write_text(render(f"{PAGE}.j2", context), encoding="utf-8")
    return directory / PAGE


def _trajectory_pictures(ds: xr.Dataset, panels: Sequence[Panel]) -> list[Picture]:
    """A picture a panel; panels of one split variable share their vertical axis."""
    joint: dict[str, tuple[float, float]] = {}
    for name in {panel.variable for panel in panels}:
        values = [panel.values(ds).values.ravel() for panel in panels if panel.variable == name]
        joint[name] = value_limits(xr.DataArray(np.concatenate(values)))
    table = end_values(ds, panels)
    pictures = []
    for panel, row in zip(panels, table.rows, strict=True):
        ends = "; ".join(
            f"{n} {row.scale.write(v)}" for n, v in zip(table.scenarios, row.values, strict=True)
        )
        where = f" in {panel.place}" if panel.place else ""
        alt = (
            f"Line chart of {panel.title}{where} over time, one line a scenario. "
            f"At time {write_time(table.time)} ({row.scale.unit}): {ends}."
        )
        limits = joint[panel.variable]
        pictures.append(
            Picture(
                panel.slug,
                panel.title,
                alt,
                textwrap.shorten(panel.description, CAPTION_LETTERS, placeholder=" …"),
                lambda panel=panel, limits=limits: trajectory(ds, panel, limits),  # type: ignore[misc]
            )
        )
    return pictures


def _grid_picture(ds: xr.Dataset, grid: Grid | None) -> Picture | None:
    if grid is None:
        return None
    rows = ", ".join(label for label, _ in grid.rows)
    alt = f"Grid of line charts: {', '.join(grid.columns)} in columns, {rows} in rows, one line a scenario."
    left_out = f" {grid.omitted} more elements of {grid.dimension} are not shown." if grid.omitted else ""
    variables = ", ".join(dict.fromkeys(panel.variable for _, row in grid.rows for panel in row))
    return Picture(
        "small-multiples",
        f"{variables} by {grid.dimension}",
        alt,
        f"Plots in a row share their vertical axis.{left_out}",
        lambda: small_multiples(ds, grid),
    )


def _lever_picture(ds: xr.Dataset, uses: Sequence[LeverUse]) -> Picture:
    scenarios = [str(name) for name in ds["scenario"].values]
    pulled = sorted({use.scenario for use in uses})
    told = ". ".join(f"{scenarios[number]}: {lever_list(uses, number)}" for number in pulled)
    return Picture(
        "lever-time-line",
        "Levers by scenario",
        f"Time line of policy levers from start to stop. {told}.",
        "The height of a bar is the intensity, also written beside it (1 is full).",
        lambda: lever_timeline(ds, uses),
    )


def _head(
    ds: xr.Dataset,
    runs: Sequence[xr.Dataset],
    title: str | None,
    table: EndTable,
    panels: Sequence[Panel],
    uses: Sequence[LeverUse],
) -> dict[str, Any]:
    """What the head of the page says: model, scenarios, summary, cautions."""
    models = list(dict.fromkeys(str(run.attrs.get("model") or "a model") for run in runs))
    created = sorted({_minute(str(run.attrs["created"])) for run in runs if run.attrs.get("created")})
    scenarios = [
        {
            "name": name,
            "why": str(ds["why"].values[number]),
            "levers": lever_list(uses, number),
            "line": line_of(number),
        }
        for number, name in enumerate(table.scenarios)
    ]
    times = ds["time"].values
    return {
        "title": title or f"Scenarios of {models[0].replace('_', ' ')}",
        "models": models,
        "created": created,
        "span": (write_time(float(times[0])), write_time(float(times[-1]))),
        "scenarios": scenarios,
        "numbered": labels_are_numbered(ds),
        "headline": headline(table),
        "summaries": summarise(ds, table),
        "cautions": cautions(ds, table, panels, [str(run.attrs.get("model_hash", "")) for run in runs]),
    }


def _minute(stamp: str) -> str:
    """`2026-11-20T10:00:59+00:00` → "2026-11-20 10:00 UTC"; any other text as it is."""
    try:
        when = datetime.fromisoformat(stamp)
    except ValueError:
        return stamp
    zone = " UTC" if when.tzinfo is not None else ""
    return f"{when.astimezone(UTC) if zone else when:%Y-%m-%d %H:%M}{zone}"
