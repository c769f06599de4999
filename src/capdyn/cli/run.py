"""`capdyn run`, `report`, `compare`: trajectories and what is made of them."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from ..errors import ArgumentError
from .app import DIFFERENT, ModelArgument, ScenarioOption, SettingsOption, app, progress


@app.command(
    short_help="Simulate scenarios of a model.",
    epilog="Example: capdyn run models/regional_capability -s baseline --set 'Trust decay=0.1' -o runs/mine",
)
def run(
    model: ModelArgument,
    scenario: ScenarioOption = None,
    set_: SettingsOption = None,
    method: Annotated[
        str | None,
        typer.Option(help="euler, rk2, rk4, lsoda, radau, bdf, dop853 or rk45; default: the model's."),
    ] = None,
    step: Annotated[float | None, typer.Option(help="Time step, in the model's time unit.")] = None,
    seed: Annotated[int, typer.Option(help="Of the random functions; the same seed gives the same run.")] = 0,
    crossings: Annotated[
        str,
        typer.Option(help="Thresholds of the state, in an adaptive method: locate, ignore or refuse."),
    ] = "locate",
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", metavar="DIR", help="Where results go; default: runs/<model>."),
    ] = None,
    csv: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Also write a table: one row a time, one column an element."),
    ] = None,
    report: Annotated[
        bool, typer.Option("--report/--no-report", help="Also write report.html with figures.")
    ] = False,
) -> None:
    """Simulate scenarios of a model; write a run folder and print the values at the end."""
    from ..run.open import open_model
    from ..run.result import to_dataset
    from ..run.simulate import trajectories
    from ..run.store import RunFolder
    from ..run.summary import end_tables, show

    parameters = parse_settings(set_ or [])
    opened = open_model(model)
    wanted: list[str | None] = (
        list(scenario) if scenario else ["baseline" if "baseline" in opened.scenarios else None]
    )
    folder = out or Path("runs") / opened.name
    command = shlex.join(["capdyn", *sys.argv[1:]])
    with RunFolder(folder, command, opened.path) as made:
        runs = []
        with progress() as tell:
            for number, name in enumerate(wanted):
                tell(number, len(wanted), name or "model")
                runs.append(
                    trajectories(
                        opened, name, parameters, method=method, step=step, seed=seed, crossings=crossings
                    )
                )
        if csv:
            from ..run.table import to_csv

            to_csv(runs, csv)
        stocks = [symbol.variable for symbol in opened.system.of_kind("state") if symbol.variable]
        # Shown at once: to write the files takes longer than all before. If nobody reads on, the runs are kept all the
        # same, and the last line finds out again.
        with suppress(OSError):
            for table in end_tables(runs, stocks):
                show(table, sys.stdout)
            sys.stdout.flush()
        with progress() as tell:
            for number, result in enumerate(runs):
                tell(number, len(runs), "writing")
                made.add(result)
            if report:
                from ..report import write_report

                write_report([to_dataset(result) for result in runs], made.path, progress=tell)
    print(f"Written to {folder}" + (f"; report: {folder / 'report.html'}" if report else ""))


@app.command(
    short_help="Compare runs in a page with figures.",
    epilog="Example: capdyn report runs/regional_capability runs/mine",
)
def report(
    runs: Annotated[
        list[Path], typer.Argument(metavar="DIR...", help="Run folders that `capdyn run` has made.")
    ],
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", metavar="DIR", help="Where the report goes; default: the first DIR."),
    ] = None,
    title: Annotated[str | None, typer.Option(help="Heading of the page; default: the model's name.")] = None,
) -> None:
    """Write one page with figures that compares the runs, and print its path."""
    from ..report import write_report
    from ..run.atomic import cannot_write
    from ..run.store import load_run

    datasets = [dataset for directory in runs for dataset in load_run(directory)]
    directory = out or runs[0]
    try:
        with progress() as tell:
            page = write_report(datasets, directory, title, progress=tell)
    except OSError as error:
        raise cannot_write(directory, error) from None
    print(page)


@app.command(
    short_help="Worst differences of two runs, or of a run or model and a table.",
    epilog="Example: capdyn compare runs/mine vensim.tab --rtol 1e-5",
)
def compare(
    a: Annotated[
        str,
        typer.Argument(metavar="A", help="A run folder, a NetCDF file, a table or a model, which is run."),
    ],
    b: Annotated[str, typer.Argument(metavar="B", help="The same; tables are .csv, .tab, .tsv or .txt.")],
    rtol: Annotated[
        float, typer.Option(min=0.0, help="Largest relative difference that counts as none.")
    ] = 1e-6,
) -> None:
    """Show the worst difference of each variable; exit status 1 if any is beyond tolerance."""
    from ..run.compare import compare as compare_runs
    from ..run.summary import difference_table, show

    found = compare_runs(a, b, rtol)
    table, sentence = difference_table(found, (a, b), rtol)
    if table.rows:
        show(table, sys.stdout)
    print(sentence)
    if not all(difference.ok for difference in found):
        raise typer.Exit(DIFFERENT)


def parse_settings(
    settings: Sequence[str], option: str = "--set", remedy: str = "Write --set 'Name[Element]=0.5'."
) -> dict[str, float]:
    """`["Trust[Home]=0.5"]` → `{"Trust[Home]": 0.5}`; a later one of the same name wins."""
    found: dict[str, float] = {}
    for setting in settings:
        name, equals, value = setting.rpartition("=")
        try:
            if not equals or not name.strip():
                raise ValueError
            found[name.strip()] = float(value)
        except ValueError:
            raise ArgumentError(f"{option}: '{setting}' is not a name and a number.", remedy=remedy) from None
    return found
