"""`capdyn calibrate`: a few constants fitted to a few dated numbers, and how well these pin them down."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .app import app, goes_on, progress

if TYPE_CHECKING:
    from ..run.summary import Table


@app.command(
    short_help="Fit a few constants to a few dated numbers.",
    epilog="Example: capdyn calibrate models/regional_capability/calibration/dated_numbers.toml",
)
def calibrate(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A calibration, a .toml file.")],
    sample: Annotated[
        int | None,
        typer.Option(
            metavar="N", help="Also draw N times from the posterior of the constants, by emcee.", min=1
        ),
    ] = None,
    walkers: Annotated[
        int | None, typer.Option(metavar="W", help="Walkers of the sampler; by default 32 or more.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(metavar="S", help="Seed of the draws; by default the file's.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--out",
            metavar="DIR",
            help="Also write calibration.nc and profiles.svg, and of draws posterior.nc and posterior.svg; draws are "
            "kept as they come, and the same command goes on.",
        ),
    ] = None,
) -> None:
    """Fit the free constants from several starting points; the model is not changed."""
    from ..study.calibrate import calibrate as fit
    from ..study.calibrate import tables_of
    from ..study.calibration import read_calibration
    from ..study.posterior import posterior, posterior_tables

    calibration = read_calibration(file)
    with progress() as tell:
        found = fit(calibration, tell)
    _show(tables_of(found))
    if out is not None:
        from ..report.profiles import profiles

        words = "Sum of squares with one constant held and the others fitted anew"
        _write(out, found, "calibration", profiles(found), "profiles", words)
    if sample is None:
        return
    start = calibration.seed if seed is None else seed
    kept = f"Steps that are done are kept in {out}; the same command goes on" if out else "No draw is kept"
    with goes_on(lambda: kept), progress() as tell, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # said below
        drawn = posterior(calibration, sample, walkers, start, tell, out)
    _show(posterior_tables(drawn))
    if out is not None:
        from ..report.posterior import pairs

        words = "Draws of each free constant, and of each two of them"
        _write(out, drawn, "posterior", pairs(drawn), "posterior", words)
    if drawn.attrs["warning"]:
        print(drawn.attrs["warning"], file=sys.stderr)


def _show(tables: list[Table]) -> None:
    from ..run.summary import show

    for table in tables:
        show(table, sys.stdout)
        print()


def _write(out: Path, found: Any, name: str, figure: Any, slug: str, words: str) -> None:
    """The Dataset and its figure, both in the folder."""
    from ..report.style import to_svg
    from ..run.atomic import cannot_write, whole_file
    from ..run.netcdf import save

    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(out, error) from None
    data, picture = out / f"{name}.nc", out / f"{slug}.svg"
    save(found, data)
    with whole_file(picture) as part:
        part.write_text(to_svg(figure, slug, str(found.attrs["title"]), words), encoding="utf-8")
    print(f"Written to {data} and {picture}\n")
