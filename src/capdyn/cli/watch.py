"""`capdyn watch`: a model is read, checked, run and drawn again whenever one of its files is saved."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from ..errors import CapdynError
from .app import ModelArgument, ScenarioOption, SettingsOption, app
from .run import run

_SECONDS = 0.2  # between two looks at the files
_WATCHED = {".mdl", ".xmile", ".stmx", ".xml", ".toml", ".csv", ".tab", ".tsv", ".xls", ".xlsx"}
Stamps = dict[Path, tuple[int, int]]


@app.command(
    short_help="Check, run and draw a model again whenever it is saved.",
    epilog="Example: capdyn watch models/regional_capability -s third_generation",
)
def watch(
    model: ModelArgument,
    scenario: ScenarioOption = None,
    set_: SettingsOption = None,
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", metavar="DIR", help="Where results go; default: runs/<model>."),
    ] = None,
) -> None:
    """Look at a model each time its equations, scenarios or tables are saved: mistakes with line and remedy, units,
    values at the end, report.html. Reload the page to see the new figures. Ctrl-C ends it."""
    folder = Path(model) if Path(model).is_dir() else Path(model).parent
    try:
        while True:
            seen = stamps(folder, out)
            print(f"\n{datetime.now():%H:%M:%S}  {model}", flush=True)
            _told(lambda: _units(model))
            _told(lambda: run(model, scenario, set_, out=out, report=True))
            sys.stdout.flush()
            wait_for_change(folder, out, seen)
    except KeyboardInterrupt:
        print("\nNo longer watching.")


def _units(model: str) -> None:
    """Prints units that do not fit, if there are any. What cannot be opened is left for the run to tell."""
    from ..checks.check import check
    from ..checks.show import write_findings
    from ..run.open import open_model

    try:
        found = check(open_model(model), ["units"], draws=0)
    except CapdynError:
        return
    if found:
        print(write_findings(found), end="")


def _told(what: Callable[[], None]) -> None:
    """Does something; a mistake is said, and the watch goes on."""
    try:
        what()
    except CapdynError as error:
        print(error)


def stamps(folder: Path, out: Path | None = None) -> Stamps:
    """Time and size of each file that a model may be made of, in its folder and the folders in it; results and what is
    hidden left out."""
    found: Stamps = {}
    apart = {Path("runs").resolve(), *([out.resolve()] if out else [])}
    for path in (*folder.glob("*"), *folder.glob("*/*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.suffix.lower() not in _WATCHED or hidden or not apart.isdisjoint(path.resolve().parents):
            continue
        try:
            about = path.stat()
        except OSError:  # an editor replaces it just now
            continue
        found[path] = (about.st_mtime_ns, about.st_size)
    return found


def wait_for_change(folder: Path, out: Path | None, seen: Stamps) -> None:
    """Returns when files differ from `seen` and have then been left alone for a moment."""
    now = seen
    while now == seen:
        time.sleep(_SECONDS)
        now = stamps(folder, out)
    while (later := stamps(folder, out)) != now or not later:
        now = later
        time.sleep(_SECONDS)
