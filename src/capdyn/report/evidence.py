"""Pages of evidence and ablations: one self-contained file each, written whole or not at all.

The data are those of `capdyn evidence --json` and `capdyn ablate --json`, however they came about.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..run.atomic import whole_file
from ..run.notebook import Progress
from .assemble import render
from .evidence_figures import fact_figure, matrix_figure
from .panels import slug_of
from .style import to_svg


def write_evidence(
    facts: Sequence[Mapping[str, Any]],
    model: str,
    words: Sequence[str],
    path: Path,
    progress: Progress | None = None,
) -> None:
    """A page with every fact: statement, source, expected, found, verdict, and the trajectory beside each.

    Parameters
    ----------
    facts : sequence of mapping
        `Verdict.plain()` of each.
    model : str
        Its name.
    words : sequence of str
        What the verdicts come to, a sentence each.
    path : Path
        The file to write.
    progress : callable, optional
        Called as `progress(done, total, what)` after each figure.

    Raises
    ------
    StoreError
        The file cannot be written.
    """
    svgs = {}
    for number, fact in enumerate(facts, start=1):
        if fact["traces"]:
            slug = f"fact-{fact['id']}"
            svgs[fact["id"]] = to_svg(fact_figure(fact), slug, fact["measured"], _told(fact))
        if progress:
            progress(number, len(facts), f"figure {fact['id']}")
    cases = list(dict.fromkeys(fact["case"] for fact in facts))
    page = render(
        "evidence.html.j2",
        {
            "title": f"Evidence: {model.replace('_', ' ')}",
            "sentences": words,
            "cases": [
                (case, slug_of(case), [fact for fact in facts if fact["case"] == case]) for case in cases
            ],
            "svgs": svgs,
        },
    )
    with whole_file(path) as part:
        part.write_text(page, encoding="utf-8")


def _told(fact: Mapping[str, Any]) -> str:
    """What the figure shows, for those who do not see it."""
    runs = ", ".join(trace["run"] for trace in fact["traces"])
    return f"Line chart of {fact['measured']}. Runs: {runs}. Expected {fact['expected']}, found {fact['found_text']}."


def write_ablations(found: Mapping[str, Any], model: str, words: Sequence[str], path: Path) -> None:
    """A page with the matrix of mechanisms and facts, and a table of either.

    Parameters
    ----------
    found : mapping
        `Ablations.plain()`.
    model, words, path
        As in `write_evidence`.

    Raises
    ------
    StoreError
        The file cannot be written.
    """
    title = f"Mechanisms and evidence: {model.replace('_', ' ')}"
    many = f"{len(found['ablations'])} mechanisms and {len(found['facts'])} facts"
    told = f"Matrix of {many}; the tables below say the same."
    svg = ""
    if found["facts"] and found["ablations"]:
        svg = to_svg(matrix_figure(found), "matrix", "Facts that fall without a mechanism", told)
    page = render(
        "ablations.html.j2",
        {
            "title": title,
            "sentences": words,
            "found": found,
            "svg": svg,
            "breaking": {
                fact["id"]: [effect["name"] for effect in found["ablations"] if fact["id"] in effect["falls"]]
                for fact in found["facts"]
            },
        },
    )
    with whole_file(path) as part:
        part.write_text(page, encoding="utf-8")
