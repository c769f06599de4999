"""`capdyn map`, `hysteresis`: where the boundary between two ends runs, and whether it depends on the beginning."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from .app import ModelArgument, app, progress


@app.command(
    "map",
    short_help="The end state over two inputs, with the boundary of its basins.",
    epilog="Example: capdyn map models/regional_capability/studies/threshold_capability.toml -o runs/maps",
)
def map_(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A factorial study of two inputs, a .toml file.")
    ],
    feature: Annotated[str | None, typer.Option(metavar="NAME", help="Default: the study's first.")] = None,
    level: Annotated[
        float | None, typer.Option(help="Where the boundary is drawn; default: half of the highest.")
    ] = None,
    out: Annotated[
        Path,
        typer.Option(
            "-o", "--out", metavar="DIR", help="Where the figures go; runs are kept in DIR/<study>."
        ),
    ] = Path("runs/maps"),
) -> None:
    """Make the runs of a study, or those that are missing, and draw a map for each of its scenarios."""
    from ..report.maps import end_state_map
    from ..study.read import read_study
    from ..study.run import run_study
    from ..study.state_map import state_map

    study = read_study(file)
    with progress() as tell:
        runs = run_study(study, out / file.stem, tell=lambda at: tell(at.done, at.total, "runs"))
    states = state_map(study, runs, feature)
    failed = int((runs["status"].values == 1).sum())
    if failed:
        print(f"{failed} of {runs['status'].size} runs were not finite; the map shows them grey.")
    for name in states["scenario"].values:
        stem = file.stem if states.sizes["scenario"] == 1 else f"{file.stem}_{name}"
        figure = end_state_map(states.sel(scenario=name), level)
        _draw(figure, out, stem, study.title, f"{study.question} ({name})")


@app.command(
    short_help="Whether what starts a take-off is more than what sustains it.",
    epilog="Example: capdyn hysteresis models/regional_capability --constant 'Demand for improvement'",
)
def hysteresis(
    model: ModelArgument,
    constant: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="What is changed, times a factor; all its elements, or one."),
    ] = None,
    levers: Annotated[
        str | None,
        typer.Option(metavar="LEVER,...", help="Instead: levers, or a generation, pulled for good."),
    ] = None,
    low: Annotated[
        str | None, typer.Option(metavar="SCENARIO", help="One beginning; default: baseline.")
    ] = None,
    high: Annotated[str, typer.Option(metavar="SCENARIO", help="The other.")] = "third_generation",
    scenario: Annotated[
        str | None,
        typer.Option("-s", "--scenario", help="What holds while it goes on; default: that of --low."),
    ] = None,
    least: Annotated[float, typer.Option("--from", help="Least factor.")] = 0.0,
    most: Annotated[
        float | None, typer.Option("--to", help="Greatest factor; default: 1 for levers, else 2.")
    ] = None,
    steps: Annotated[int, typer.Option(min=2, help="Number of factors.")] = 41,
    years: Annotated[float, typer.Option(help="How long it goes on.")] = 40.0,
    outcome: Annotated[str | None, typer.Option(metavar="NAME", help="The state that is looked at.")] = None,
    level: Annotated[
        float | None, typer.Option(help="Above it is high; default: half of the highest.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="DIR", help="Also draw hysteresis.svg here.")
    ] = None,
) -> None:
    """Go on from the last states of two scenarios with one thing changed, by more and by less."""
    from ..policy.both_ends import from_both_ends
    from ..policy.compare import OUTCOME
    from ..policy.levers import read_levers
    from ..policy.show import ends_in_words
    from ..run.open import open_model

    opened = open_model(model)
    named = None
    if levers is not None:
        known = read_levers(opened.system)
        named = list(known.generations.get(levers.strip(), [name.strip() for name in levers.split(",")]))
    top = most if most is not None else 1.0 if named is not None else 2.0
    with progress() as tell:
        tell(0, 1, "from both ends")
        ends = from_both_ends(
            opened, low, high, constant=constant, levers=named,
            factors=[least + (top - least) * i / (steps - 1) for i in range(steps)],
            scenario=scenario, outcome=outcome or OUTCOME, years=years, level=level,
        )  # fmt: skip
    print(ends_in_words(ends), end="")
    if out is not None:
        from ..report.maps import from_both_ends as picture

        _draw(
            picture(ends),
            out,
            "hysteresis",
            "The same world, begun low and begun high",
            str(ends.attrs["outcome"]),
        )


def _draw(figure: Any, directory: Path, stem: str, title: str, words: str) -> None:
    from ..report.style import to_svg
    from ..run.atomic import cannot_write, whole_file

    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(directory, error) from None
    with whole_file(directory / f"{stem}.svg") as part:
        part.write_text(to_svg(figure, stem.replace("_", "-"), title, words), encoding="utf-8")
    print(f"Written to {directory / stem}.svg")
