"""`capdyn evidence`, `ablate`: what a model must show, and which mechanisms make it do so."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import ArgumentError
from .app import DIFFERENT, ModelArgument, app, progress

if TYPE_CHECKING:
    from ..run.open import Model


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
    numerics: Annotated[
        bool, typer.Option("--numerics", help="Instead, compare RK4, RK4 at half the step, and LSODA.")
    ] = False,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write a page with the trajectories.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
) -> None:
    """Run all facts of evidence.toml; exit status 1 if one fails that is not noted as known."""
    from ..evidence.judge import FAILS, judge
    from ..evidence.show import sentences, verdict_tables, wrapped
    from ..run.open import open_model
    from ..run.summary import show

    opened = open_model(model)
    if numerics:
        _refuse(json=json, html=html, method=method, step=step)
        return _numerics(opened, fact)
    with progress() as tell:
        verdicts = judge(opened, fact, method, step, tell)
        facts = [verdict.plain() for verdict in verdicts]
        if html:
            from ..report.evidence import write_evidence

            write_evidence(facts, opened.name, sentences(verdicts), html, tell)
    if json:
        from json import dumps

        print(dumps(facts, indent=2, ensure_ascii=False))
    else:
        for table in verdict_tables(verdicts):
            show(table, sys.stdout)
            print()
        print(wrapped(sentences(verdicts)))
    if any(verdict.outcome == FAILS for verdict in verdicts):
        raise typer.Exit(DIFFERENT)


def _refuse(**given: object) -> None:
    """No option that `--numerics` would ignore."""
    ignored = [f"--{name}" for name, value in given.items() if value]
    if ignored:
        raise ArgumentError(
            f"--numerics prints a table of its own; {', '.join(ignored)} has no place there.",
            remedy="Leave one of them out.",
        )


def _numerics(model: Model, facts: list[str] | None) -> None:
    """Facts whose verdict is another under another method; exit status 1 if there are any."""
    from ..evidence.numerics import WAYS, compare_numerics
    from ..evidence.show import numerics_table
    from ..run.summary import show

    with progress() as tell:
        found = compare_numerics(model, facts, tell)
    differing = [one for one in found if not one.same]
    if differing:
        show(numerics_table(found), sys.stdout)
    print(
        f"{len(found) - len(differing)} of {len(found)} facts have the same verdict under {'; '.join(WAYS)}."
    )
    if differing:
        raise typer.Exit(DIFFERENT)


@app.command(
    short_help="Mechanisms taken out one by one: which facts fall.",
    epilog="Example: capdyn ablate models/regional_capability --html ablations.html",
)
def ablate(
    model: ModelArgument,
    html: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Also write a page with the matrix of mechanisms and facts."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
) -> None:
    """Run all facts without each mechanism; exit status 1 if a fact falls to none, or a mechanism changes nothing."""
    from ..evidence.ablate import ablate as ablate_model
    from ..evidence.show import ablation_sentences, ablation_table, wrapped
    from ..run.open import open_model
    from ..run.summary import show

    opened = open_model(model)
    with progress() as tell:
        found = ablate_model(opened, tell)
    if html:
        from ..report.evidence import write_ablations

        write_ablations(found.plain(), opened.name, ablation_sentences(found), html)
    if json:
        from json import dumps

        print(dumps(found.plain(), indent=2, ensure_ascii=False))
    else:
        show(ablation_table(found), sys.stdout)
        print()
        print(wrapped(ablation_sentences(found)))
    if found.unbroken or found.superfluous:
        raise typer.Exit(DIFFERENT)
