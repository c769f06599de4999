"""`capdyn info`, `check`: what a model is made of, and what is wrong with it."""

from __future__ import annotations

from typing import Annotated

import typer

from .app import DIFFERENT, ModelArgument, app, progress


@app.command(
    short_help="What a model is made of.",
    epilog="Example: capdyn info models/regional_capability --variable 'Technological effort'",
)
def info(
    model: ModelArgument,
    variable: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only this variable, with what it uses.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
) -> None:
    """List what a model is made of: scenarios, levers, ranges, stocks, and variables with equations by group."""
    from ..run.describe import describe, describe_variable, write_description, write_variable
    from ..run.open import open_model

    opened = open_model(model)
    about = describe_variable(opened, variable) if variable else describe(opened)
    if json:
        from json import dumps

        print(dumps(about, indent=2, ensure_ascii=False))
    else:
        print(write_variable(about) if variable else write_description(about), end="")


@app.command(
    short_help="Findings about a model: units, ranges, sources, runs that break.",
    epilog="Example: capdyn check models/regional_capability --only units,ranges",
)
def check(
    model: ModelArgument,
    draws: Annotated[
        int, typer.Option(min=0, help="Runs over the ranges of all constants; 0 leaves them out.")
    ] = 200,
    seed: Annotated[int, typer.Option(min=0, help="Of these runs.")] = 0,
    only: Annotated[
        str | None, typer.Option(metavar="KIND,...", help="Only these checks, such as units,ranges,step.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
) -> None:
    """List what a careful colleague would point out, worst first; exit status 1 if there is anything."""
    from ..checks.check import check as check_model
    from ..checks.show import write_findings
    from ..run.open import open_model

    kinds = [kind.strip() for kind in only.split(",")] if only is not None else None
    opened = open_model(model)
    with progress() as tell:
        found = check_model(opened, kinds, draws, seed, tell)
    if json:
        from json import dumps

        print(dumps([finding.plain() for finding in found], indent=2, ensure_ascii=False))
    else:
        print(write_findings(found), end="")
    if found:
        raise typer.Exit(DIFFERENT)
