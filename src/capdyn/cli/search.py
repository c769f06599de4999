"""`capdyn search`: packages of levers that nothing else beats in all aims of a study."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from .app import app, goes_on, progress
from .run import parse_settings


@app.command(
    short_help="Packages of levers that nothing else beats, at a budget.",
    epilog="Example: capdyn search models/regional_capability/studies/packages.toml --budget 1.5e6 "
    "--lever 'Lever intensity[external_nexus,Home]=4e5' --lever 'Lever intensity[quality_channels,Home]=350000'",
)
def search(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A study, a .toml file, with aims.")],
    lever: Annotated[
        list[str],
        typer.Option(metavar="NAME=COST", help="An input that is searched, and what one unit of it costs."),
    ],
    budget: Annotated[float, typer.Option(help="What a package may cost.")],
    generations: Annotated[int, typer.Option(min=1, help="Rounds of the search.")] = 40,
    population: Annotated[int, typer.Option(min=2, help="Packages a round.")] = 40,
    worst: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE",
            min=0,
            max=1,
            help="Aims are what all but this share of futures reach; default: means.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the search.")] = 0,
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", metavar="DIR", help="Default: runs/<name of the file>-search."),
    ] = None,
) -> None:
    """Search packages within a budget for those that no other beats in all aims: the features with `better`.

    Inputs of the study that are no levers make the futures. Whatever interrupts it, the same command goes on.
    """
    from ..study.read import read_study
    from ..study.search import search as find

    study = read_study(file)
    folder = out or Path("runs") / f"{file.stem}-search"
    levers = parse_settings(lever, "--lever", "Write --lever 'Name[Element]=20000'.")
    kept = f"Rounds that are done are kept in {folder}; the same command goes on"
    with goes_on(lambda: kept), progress() as tell:
        front = find(study, levers, budget, generations=generations, population=population, worst=worst,
                     seed=seed, folder=folder, progress=tell)  # fmt: skip
    _write(folder, front)


def _write(folder: Path, front: Any) -> None:
    """The front on the terminal, in a file and as a figure."""
    from ..report.front import pareto
    from ..report.style import to_svg
    from ..run.atomic import whole_file
    from ..run.netcdf import save
    from ..run.summary import show
    from ..study.search import front_table

    show(front_table(front), sys.stdout)
    data, picture = folder / "front.nc", folder / "front.svg"
    save(front, data)
    words = "Packages in each two aims, and the levers of each"
    with whole_file(picture) as part:
        part.write_text(to_svg(pareto(front), "front", "Pareto front", words), encoding="utf-8")
    print(f"Written to {data} and {picture}")
