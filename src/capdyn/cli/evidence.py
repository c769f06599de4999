"""`capdyn evidence`, `ablate`: what a model must show, and which mechanisms make it do so."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from .app import DIFFERENT, ModelArgument, app, progress


@app.command(
    short_help="Facts that a model must show: expected, found, verdict.",
    epilog="Example: capdyn evidence models/regional_capability --html evidence.html",
)
def evidence(
    model: ModelArgument,
    fact: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Only this fact; may be repeated.")
    ] = None,
    method: Annotated[
        str | None, typer.Option(help="Integration method of all runs; default: the model's.")
    ] = None,
    step: Annotated[float | None, typer.Option(help="Time step of all runs.")] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write a page with the trajectories.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
) -> None:
    """Run all facts of evidence.toml; exit status 1 if one fails that is not noted as known."""
    from ..evidence.judge import FAILS, judge
    from ..evidence.show import sentence, verdict_tables
    from ..run.open import open_model
    from ..run.summary import show

    opened = open_model(model)
    with progress() as tell:
        verdicts = judge(opened, fact, method, step, tell)
    if json:
        from json import dumps

        print(dumps([verdict.plain() for verdict in verdicts], indent=2, ensure_ascii=False))
    else:
        for table in verdict_tables(verdicts):
            show(table, sys.stdout)
            print()
        print(sentence(verdicts))
    if any(verdict.outcome == FAILS for verdict in verdicts):
        raise typer.Exit(DIFFERENT)
