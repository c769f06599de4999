"""The command line: `capdyn run`, `report`, `compare`, `info`, `check`. Thin: each calls the library and prints.

Nothing slow is imported before a command needs it, so that `capdyn --help` answers at once.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from .errors import ArgumentError, CapdynError

WRONG, DIFFERENT, INTERRUPTED, PIPE_CLOSED = 2, 1, 130, 141  # exit statuses
_Model = Annotated[
    str, typer.Argument(metavar="MODEL", help="A folder with model.mdl, an .mdl or an .xmile file.")
]
_Scenarios = Annotated[
    list[str] | None,
    typer.Option(
        "-s",
        "--scenario",
        help="Name of a scenario beside the model, or a .toml file; may be repeated. "
        "By default `baseline`, or the model as it is.",
    ),
]
_Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="NAME=VALUE", help="A constant on top of every scenario: 'Name[Element]=0.5'."
    ),
]
_Progress = Callable[[int, int, str], None]


class Commands(TyperGroup):
    """The commands, with one place that turns what can go wrong into a message and an exit status."""

    def invoke(self, ctx: Any) -> Any:
        """Runs a command; 0, 1 (runs differ), 2 (a mistake, said on stderr) or 130 (interrupted)."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
            return result
        except CapdynError as error:
            print(error, file=sys.stderr)
            raise typer.Exit(WRONG) from None
        except KeyboardInterrupt:
            print("Interrupted; nothing was written.", file=sys.stderr)
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            # The reader has gone, as in `capdyn info MODEL | head`.
            _close_output()
            raise typer.Exit(PIPE_CLOSED) from None
        except OSError as error:
            _close_output()
            print(f"The system says: {error.strerror or error}.", file=sys.stderr)
            raise typer.Exit(WRONG) from None


def _close_output() -> None:
    """Sends the rest of the output nowhere; Python would otherwise complain about it when it exits."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


app = typer.Typer(
    name="capdyn",
    cls=Commands,
    help="System-dynamics models from equation files: run scenarios, compare, report.",
    epilog="Example: capdyn run models/regional_capability -s baseline -s third_generation --report",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def main() -> None:
    """The entry point: runs the command line and exits with its status."""
    app(prog_name="capdyn")


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import PackageNotFoundError, version

        try:
            print(f"capdyn {version('capdyn')}")
        except PackageNotFoundError:
            print("capdyn, from a folder that is not installed")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    pass


@app.command(
    short_help="Simulate scenarios of a model.",
    epilog="Example: capdyn run models/regional_capability -s baseline --set 'Trust decay=0.1' -o runs/mine",
)
def run(
    model: _Model,
    scenario: _Scenarios = None,
    set_: _Settings = None,
    method: Annotated[
        str | None,
        typer.Option(help="euler, rk2, rk4, lsoda, radau, bdf, dop853 or rk45; default: the model's."),
    ] = None,
    step: Annotated[float | None, typer.Option(help="Time step, in the model's time unit.")] = None,
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
    from .run.open import open_model
    from .run.simulate import simulate
    from .run.store import RunFolder, to_csv
    from .run.summary import end_tables, show

    parameters = parse_settings(set_ or [])
    opened = open_model(model)
    wanted: list[str | None] = (
        list(scenario) if scenario else ["baseline" if "baseline" in opened.scenarios else None]
    )
    folder = out or Path("runs") / opened.name
    command = shlex.join(["capdyn", *sys.argv[1:]])
    runs: list[Any] = []
    with RunFolder(folder, command, opened.path) as made, _progress() as tell:
        for number, name in enumerate(wanted):
            tell(number, len(wanted), name or "model")
            runs.append(simulate(opened, name, parameters=parameters, method=method, step=step))
            made.add(runs[-1])
        if csv:
            to_csv(runs, csv)
        if report:
            from .report import write_report

            write_report(runs, made.path, progress=tell)
    stocks = [symbol.variable for symbol in opened.system.of_kind("state") if symbol.variable]
    for table in end_tables(runs, stocks):
        show(table, sys.stdout)
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
    from .report import write_report
    from .run.atomic import cannot_write
    from .run.store import load_run

    datasets = [dataset for directory in runs for dataset in load_run(directory)]
    directory = out or runs[0]
    try:
        with _progress() as tell:
            page = write_report(datasets, directory, title, progress=tell)
    except OSError as error:
        raise cannot_write(directory, error) from None
    print(page)


@app.command(
    short_help="Worst differences of two runs, or of a run and a table.",
    epilog="Example: capdyn compare runs/mine vensim.tab --rtol 1e-5",
)
def compare(
    a: Annotated[str, typer.Argument(metavar="A", help="A run folder, a NetCDF file or a table.")],
    b: Annotated[str, typer.Argument(metavar="B", help="The same; tables are .csv, .tab, .tsv or .txt.")],
    rtol: Annotated[
        float, typer.Option(min=0.0, help="Largest relative difference that counts as none.")
    ] = 1e-6,
) -> None:
    """Show the worst difference of each variable; exit status 1 if any is beyond tolerance."""
    from .run.compare import compare as compare_runs
    from .run.summary import difference_table, show

    found = compare_runs(a, b, rtol)
    table, sentence = difference_table(found, (a, b), rtol)
    if table.rows:
        show(table, sys.stdout)
    print(sentence)
    if not all(difference.ok for difference in found):
        raise typer.Exit(DIFFERENT)


@app.command(
    short_help="What a model is made of.",
    epilog="Example: capdyn info models/regional_capability --variable 'Technological effort'",
)
def info(
    model: _Model,
    variable: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only this variable, with what it uses.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
) -> None:
    """List what a model is made of: scenarios, levers, ranges, stocks, and variables with equations by group."""
    from .run.describe import describe, describe_variable, write_description, write_variable
    from .run.open import open_model

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
    model: _Model,
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
    from .checks.check import check as check_model
    from .checks.show import write_findings
    from .run.open import open_model

    kinds = [kind.strip() for kind in only.split(",")] if only is not None else None
    opened = open_model(model)
    with _progress() as tell:
        found = check_model(opened, kinds, draws, seed, tell)
    if json:
        from json import dumps

        print(dumps([finding.plain() for finding in found], indent=2, ensure_ascii=False))
    else:
        print(write_findings(found), end="")
    if found:
        raise typer.Exit(DIFFERENT)


def parse_settings(settings: Sequence[str]) -> dict[str, float]:
    """`["Trust[Home]=0.5"]` → `{"Trust[Home]": 0.5}`; a later one of the same name wins."""
    found: dict[str, float] = {}
    for setting in settings:
        name, equals, value = setting.rpartition("=")
        try:
            if not equals or not name.strip():
                raise ValueError
            found[name.strip()] = float(value)
        except ValueError:
            raise ArgumentError(
                f"--set: '{setting}' is not a name and a number.", remedy="Write --set 'Name[Element]=0.5'."
            ) from None
    return found


@contextmanager
def _progress() -> Iterator[_Progress]:
    """A function to report progress with: a bar on stderr where that is a terminal, else nothing."""
    if not sys.stderr.isatty():
        yield lambda done, total, what: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total, what: bar.update(task, completed=done, total=total, description=what)
