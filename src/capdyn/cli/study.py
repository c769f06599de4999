"""`capdyn study FILE`, and `status`, `extend`, `reproduce` of the folder that it makes."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from .app import DIFFERENT, app, goes_on, progress
from .study_results import RESULTS, write_results

if TYPE_CHECKING:
    from ..study.progress import Progress
    from ..study.study import Study

_EVERY = 10.0  # seconds between two lines of the log
_PLAIN = "run"

FolderArgument = Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a study.")]
ThreadsOption = Annotated[int | None, typer.Option(min=1, help="Threads here; default: one a core.")]
ClusterOption = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS", help="local:N for N processes here, or a Dask scheduler, tcp://host:8786."
    ),
]


class StudyCommands(TyperGroup):
    """`capdyn study FILE` stands for `capdyn study run FILE`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Puts the plain command where none is named."""
        if args and args[0] not in (*self.commands, "--help"):
            args = [_PLAIN, *args]
        return super().parse_args(ctx, args)


study = typer.Typer(cls=StudyCommands, no_args_is_help=True, rich_markup_mode=None)
app.add_typer(
    study,
    name="study",
    short_help="Many runs: what drives a result, how sure it is.",
    help="Make the runs of a study file, kept as they come: capdyn study FILE [--out DIR]. "
    "Whatever interrupts it, the same command goes on.",
    epilog="Example: capdyn study models/regional_capability/studies/drivers.toml",
)


@study.command(_PLAIN, short_help="Make the runs of a study file (the word `run` may be left out).")
def run(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A study, a .toml file.")],
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", metavar="DIR", help="Where runs go; default: runs/<name of the file>."),
    ] = None,
    cluster: ClusterOption = None,
    threads: ThreadsOption = None,
) -> None:
    """Make the runs of a study, or those that are missing, and analyse them."""
    from ..study.read import read_study

    _run(read_study(file), out or Path("runs") / file.stem, None, cluster, threads)


@study.command(epilog="Example: capdyn study extend runs/drivers --size 2")
def extend(
    folder: FolderArgument,
    size: Annotated[int, typer.Option(min=1, help="How many times the size that the study file says.")] = 2,
    cluster: ClusterOption = None,
    threads: ThreadsOption = None,
) -> None:
    """Add runs to a study; those that are there are kept."""
    from ..study.stored import stored_study

    _run(stored_study(folder), folder, size, cluster, threads)


@study.command()
def status(folder: FolderArgument) -> None:
    """How a study stands; also while it is running."""
    from ..study.progress import megabytes
    from ..study.status import study_status

    found = study_status(folder)
    record = found.record
    print(f"{record.name}, of the model '{record.model}' (sha256 {record.model_hash[:12]})")
    print(
        f"{found.done:,} of {found.total:,} runs: {record.n_members:,} members under "
        f"{', '.join(record.scenario_names)}; {megabytes(found.size)}"
    )
    causes = ", ".join(f"{name} {count:,}" for name, count in found.causes[:5])
    print(f"{found.failed:,} failed" + (f"; not finite first: {causes}" if causes else ""))
    if found.damaged:
        print(f"{len(found.damaged)} batches are damaged; the command that made the study runs them again")
    print(f"Begun {record.created} with {record.versions}")
    print(f"Running: {found.holder}" if found.holder else "Not running")


@study.command()
def reproduce(folder: FolderArgument, threads: ThreadsOption = None) -> None:
    """Make all runs again from what is in the folder, and compare them bit by bit; exit status 1 if any differs."""
    from ..study.reproduce import reproduce as again

    with _shown() as tell:
        found = again(folder, threads=threads, tell=tell)
    if found.then != found.now:
        print(f"Then: {found.then}\nNow:  {found.now}")
    for difference in found.first:
        print(difference)
    if found.different:
        print(f"{found.different:,} of {found.runs:,} runs came out otherwise.")
        raise typer.Exit(DIFFERENT)
    print(f"All {found.runs:,} runs came out the same, bit for bit.")


def _run(study: Study, folder: Path, times: int | None, cluster: str | None, threads: int | None) -> None:
    from ..study.run import run_study

    with goes_on(lambda: f"{_kept(folder)}; the same command goes on"), _shown() as tell:
        runs = run_study(study, folder, times=times, cluster=cluster, threads=threads, tell=tell)
    failed = int((runs["status"].values == 1).sum())
    print(f"{runs['status'].size:,} runs in {folder}, {failed:,} of them not finite.")
    with progress() as show:
        found = write_results(runs, study, folder, show)
    print("\n".join(found))
    print(f"Results: {folder / RESULTS}; report: {folder / 'report.html'}")


@study.command(epilog="Example: capdyn study schema > study.schema.json")
def schema() -> None:
    """Print the JSON Schema of study files, for editors that check them as they are written."""
    from ..study.form import schema as described

    print(described(), end="")


def _kept(folder: Path) -> str:
    from ..errors import StoreError
    from ..study.run import load_study

    try:
        status = load_study(folder, check=False)["status"].values
    except StoreError:
        return "Nothing was run"
    return f"{(status >= 0).sum():,} of {status.size:,} runs are kept in {folder}"


@contextmanager
def _shown() -> Iterator[Callable[[Progress], None]]:
    """A function that shows progress: a bar where stderr is a terminal, else now and then a line."""
    if not sys.stderr.isatty():
        yield _Log()
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bar

    shown = BarColumn(), TextColumn("{task.description}")
    with Bar(*shown, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)

        def tell(progress: Progress) -> None:
            if progress.note:
                bar.console.print(progress.note, markup=False)
            bar.update(task, completed=progress.done, total=progress.total, description=str(progress))

        yield tell


class _Log:
    """Progress for a file: notes at once, numbers every ten seconds and at the end."""

    def __init__(self) -> None:
        self._spoke = float("-inf")

    def __call__(self, progress: Progress) -> None:
        if progress.note:
            print(progress.note, file=sys.stderr, flush=True)
        now = time.monotonic()
        if now - self._spoke >= _EVERY or progress.done == progress.total:
            self._spoke = now
            print(f"{time.strftime('%H:%M:%S')}  {progress}", file=sys.stderr, flush=True)
