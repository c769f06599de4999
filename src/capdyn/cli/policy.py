"""`capdyn policy`: levers, pairs and packages at equal outlay."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import ArgumentError
from .app import ModelArgument, app, progress


@app.command(
    short_help="Levers and packages at equal outlay, and what combinations add.",
    epilog="Example: capdyn policy models/regional_capability --draws 500",
)
def policy(
    model: ModelArgument,
    package: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=LEVER,...", help="A package; may be repeated. Default: generations."),
    ] = None,
    packages: Annotated[Path | None, typer.Option(metavar="FILE", help="A TOML file of packages.")] = None,
    levers: Annotated[
        str | None,
        typer.Option(metavar="LEVER,...|all", help="These levers one by one, instead of packages."),
    ] = None,
    pairs: Annotated[bool, typer.Option("--pairs", help="Every two of the levers.")] = False,
    draws: Annotated[
        int, typer.Option(min=0, help="Also ask in so many worlds over the ranges whether the order holds.")
    ] = 0,
    order: Annotated[
        str, typer.Option(metavar="A,B", help="Generations of which the order is asked.")
    ] = "third generation,second generation",
    within: Annotated[float, typer.Option(help="Part of the ranges, from 0 to 1.")] = 1.0,
    keep: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A constant that stays as it is in all worlds.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the worlds.")] = 0,
    budget: Annotated[float | None, typer.Option(help="Discounted outlay of each.")] = None,
    outcome: Annotated[str | None, typer.Option(metavar="NAME", help="What is to be gained.")] = None,
    at: Annotated[str, typer.Option(help="final, mean, min or max over the run.")] = "final",
    outlay: Annotated[str, typer.Option(metavar="NAME", help="The cumulative outlay.")] = "Public outlay",
    discount: Annotated[float, typer.Option(help="Rate a unit of time, continuous.")] = 0.03,
    start: Annotated[float, typer.Option(help="When levers are pulled.")] = 0.0,
    stop: Annotated[float, typer.Option(help="When they are let go.")] = 15.0,
    region: Annotated[str | None, typer.Option(help="Where; default: the first.")] = None,
    scenario: Annotated[
        str | None, typer.Option("-s", "--scenario", help="What all share; default: baseline.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", metavar="DIR", help="Also write the numbers and figures here."),
    ] = None,
) -> None:
    """Compare levers at the same discounted outlay: what each gains, and what the combination adds to its parts."""
    from ..policy.assumptions import compare_over_ranges, order_shares
    from ..policy.compare import OUTCOME, compare_policies
    from ..policy.show import sentence_of, table_of, words_of
    from ..run.open import open_model
    from ..run.summary import show

    opened = open_model(model)
    shared: dict[str, Any] = {
        "budget": budget, "outcome": outcome or OUTCOME, "at": at, "outlay": outlay, "discount": discount,
        "start": start, "stop": stop, "region": region,
    }  # fmt: skip
    results: dict[str, Any] = {}
    with progress() as tell:
        named = _packages(opened, package, packages, region, start, stop)
        if levers is not None and named is not None:
            raise ArgumentError("--levers and packages are both given.", remedy="Give one of them.")
        single = (
            None
            if levers is None or levers.strip() == "all"
            else [name.strip() for name in levers.split(",")]
        )
        if levers is not None and single is None:
            from ..policy.levers import read_levers

            single = list(read_levers(opened.system, region).names)
        results["policy"] = compare_policies(
            opened, scenario, packages=named, levers=single, in_pairs=pairs, progress=tell, **shared
        )
        if draws:
            two = [name.strip() for name in order.split(",")]
            if len(two) != 2:
                raise ArgumentError(
                    f"--order: '{order}' is not two generations.", remedy="Write --order third,second."
                )
            results["worlds"] = compare_over_ranges(
                opened, scenario, packages=two, draws=draws, seed=seed, within=within, keep=keep or (), progress=tell,
                **shared,
            )  # fmt: skip
    show(table_of(results["policy"]), sys.stdout)
    if said := sentence_of(results["policy"]):
        print(said)
    if draws:
        print("\n" + words_of(order_shares(results["worlds"]), results["worlds"]), end="")
    if out is not None:
        _write(results, out)


def _packages(
    opened: Any, package: list[str] | None, file: Path | None, region: str | None, start: float, stop: float
) -> list[Any] | None:
    if package is None and file is None:
        return None
    from ..policy.levers import read_levers
    from ..policy.package_file import one_package, read_packages

    levers = read_levers(opened.system, region)
    found = read_packages(file, opened, levers, start, stop) if file is not None else []
    return found + [one_package(text, levers, start, stop) for text in package or ()]


def _write(results: dict[str, Any], directory: Path) -> None:
    """Numbers as NetCDF, figures as SVG."""
    from ..report.policy import order_of_worlds, package_bars, pair_matrix
    from ..report.style import to_svg
    from ..run.atomic import cannot_write, whole_file
    from ..run.netcdf import save

    found = results["policy"]
    pairs = found["kind"].values[0] == "pair"
    figures = {"policy": pair_matrix(found) if pairs else package_bars(found)}
    if "worlds" in results:
        figures["worlds"] = order_of_worlds(results["worlds"])
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(directory, error) from None
    for name, dataset in results.items():
        save(dataset, directory / f"{name}.nc")
        with whole_file(directory / f"{name}.svg") as part:
            words = "Gain at equal outlay" if name == "policy" else "Order of two packages over many worlds"
            part.write_text(
                to_svg(figures[name], name, words, str(dataset.attrs["outcome"])), encoding="utf-8"
            )
        print(f"Written to {directory / name}.nc and .svg")
