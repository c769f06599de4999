"""What all commands share: the application, what ends it, options, and progress."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from ..errors import CapdynError
from .values import spare_conversions

WRONG, DIFFERENT, INTERRUPTED, PIPE_CLOSED = 2, 1, 130, 141  # exit statuses
# of the commands in the help text
ORDER = (
    "run", "watch", "report", "compare", "info", "explain", "check", "evidence", "ablate", "policy", "map",
    "hysteresis", "calibrate", "study", "search",
)  # fmt: skip
ModelArgument = Annotated[
    str, typer.Argument(metavar="MODEL", help="A folder with model.mdl, an .mdl or an .xmile file.")
]
ScenarioOption = Annotated[
    list[str] | None,
    typer.Option(
        "-s",
        "--scenario",
        help="Name of a scenario beside the model, or a .toml file; may be repeated. "
        "By default `baseline`, or the model as it is.",
    ),
]
SettingsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="NAME=VALUE", help="A constant on top of every scenario: 'Name[Element]=0.5'."
    ),
]
Progress = Callable[[int, int, str], None]


class Commands(TyperGroup):
    """The commands, with one place that turns what can go wrong into a message and an exit status."""

    def __init__(self, **settings: Any):
        super().__init__(**settings)
        for command in (self, *self.commands.values()):
            spare_conversions(command)

    def list_commands(self, ctx: Any) -> list[str]:
        """The names in the order of the help text."""
        return sorted(super().list_commands(ctx), key=ORDER.index)

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
    # What a start makes stays; to look again and again for what could go takes a tenth of its time.
    gc.set_threshold(100_000)
    called = sys.argv[1] if len(sys.argv) > 1 else ""
    if called in ORDER:  # typer would look at every parameter of all commands first
        app.registered_commands = [c for c in app.registered_commands if _name(c) == called]
        app.registered_groups = [group for group in app.registered_groups if group.name == called]
    app(prog_name="capdyn")


def _name(command: Any) -> str:
    return str(command.name or command.callback.__name__)


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


@contextmanager
def goes_on(kept: Callable[[], str]) -> Iterator[None]:
    """An interruption says what is kept for the next time, and ends the command. kept : asked only then."""
    try:
        yield
    except KeyboardInterrupt:
        print(f"Interrupted. {kept()}.", file=sys.stderr)
        raise typer.Exit(INTERRUPTED) from None


@contextmanager
def progress() -> Iterator[Progress]:
    """A function to report progress with: a bar on stderr where that is a terminal, else nothing."""
    if not sys.stderr.isatty():
        yield lambda done, total, what: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total, what: bar.update(task, completed=done, total=total, description=what)
