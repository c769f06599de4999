"""`capdyn calibrate`: a few constants fitted to a few dated numbers, and how well these pin them down."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from .app import app, progress


@app.command(
    short_help="Fit a few constants to a few dated numbers.",
    epilog="Example: capdyn calibrate models/regional_capability/calibration/dated_numbers.toml",
)
def calibrate(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A calibration, a .toml file.")],
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", metavar="DIR", help="Also write calibration.nc and profiles.svg."),
    ] = None,
) -> None:
    """Fit the free constants from several starting points; the model is not changed."""
    from ..run.summary import show
    from ..study.calibrate import calibrate as fit
    from ..study.calibrate import tables_of
    from ..study.calibration import read_calibration

    calibration = read_calibration(file)
    with progress() as tell:
        found = fit(calibration, tell)
    for table in tables_of(found):
        show(table, sys.stdout)
        print()
    if out is None:
        return
    from ..report.profiles import profiles
    from ..report.style import to_svg
    from ..run.atomic import cannot_write, whole_file
    from ..run.netcdf import save

    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(out, error) from None
    save(found, out / "calibration.nc")
    with whole_file(out / "profiles.svg") as part:
        words = "Sum of squares with one constant held and the others fitted anew"
        part.write_text(to_svg(profiles(found), "profiles", calibration.title, words), encoding="utf-8")
    print(f"Written to {out / 'calibration.nc'} and {out / 'profiles.svg'}")
