"""`capdyn explain`: structure, sectors and feedback loops of a model, read off its equations."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import ArgumentError
from .app import DIFFERENT, ModelArgument, ScenarioOption, app, progress

if TYPE_CHECKING:
    from ..explain.loops import Loop
    from ..explain.structure import Structure


@app.command(
    short_help="Links with their signs, sectors and feedback loops.",
    epilog="Example: capdyn explain models/regional_capability --loop R4",
)
def explain(
    model: ModelArgument,
    loop: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only this loop, by code or title, link by link.")
    ] = None,
    sectors: Annotated[bool, typer.Option("--sectors", help="What each sector hands to the others.")] = False,
    variable: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only this variable: what it hangs on and acts on.")
    ] = None,
    scenario: ScenarioOption = None,
    at: Annotated[
        list[str] | None,
        typer.Option(
            metavar="RANGE=ELEMENT", help="Where links are looked at; default: Region=Home, if there."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="DIR", help="Also draw sectors.svg and loops.svg.")
    ] = None,
) -> None:
    """Show the structure of a model, drawn from its equations; exit status 1 if a named loop is not closed."""
    from ..explain.loops import named_loops
    from ..explain.show import write_loop, write_overview, write_sectors, write_variable
    from ..explain.structure import structure
    from ..run.open import open_model

    with progress() as tell:
        tell(0, 1, "signs of links")
        found = structure(open_model(model), scenario, _places(at), variable is not None)
    if variable is not None:
        print(write_variable(found, found.variable(variable)), end="")
        return
    loops = [] if sectors else named_loops(found, loop)
    if sectors:
        print(write_sectors(found), end="")
    elif loop is not None:
        print(write_loop(found, loops[0]), end="")
    else:
        print(write_overview(found, loops), end="")
    if out is not None:
        _draw(found, loops or named_loops(found), out)
    if not all(loop.closed for loop in loops):
        raise typer.Exit(DIFFERENT)


def _places(at: list[str] | None) -> dict[str, str] | None:
    if at is None:
        return None
    found = {}
    for text in at:
        dim, equals, element = text.partition("=")
        if not equals or not dim.strip() or not element.strip():
            raise ArgumentError(
                f"--at: '{text}' is not a range and an element.", remedy="Write --at Region=Home."
            )
        found[dim.strip()] = element.strip()
    return found


def _draw(found: Structure, loops: list[Loop], directory: Path) -> None:
    """Writes the two diagrams and says where."""
    from ..explain.loops import ring
    from ..report.diagrams import loop_rings, sector_map
    from ..report.style import to_svg
    from ..run.atomic import cannot_write, whole_file

    flows = {ends: len(names) for ends, names in found.flows().items()}
    figures = {}
    if flows:
        figures["sectors"] = (sector_map(found.sectors, flows), "Sectors and what they hand to one another")
    rings = [ring(found, loop) for loop in loops if loop.circles]
    if rings:
        figures["loops"] = (loop_rings(rings), "Feedback loops")
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(directory, error) from None
    for slug, (figure, title) in figures.items():
        words = f"{title} of {found.name}, drawn from its equations"
        with whole_file(directory / f"{slug}.svg") as part:
            part.write_text(to_svg(figure, slug, title, words), encoding="utf-8")
        print(f"Written to {directory / f'{slug}.svg'}")
