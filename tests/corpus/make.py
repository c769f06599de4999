"""Writes the corpus: for each case a folder with the model, its expected values and where they come from.

    python tests/corpus/make.py

Expected values never come from capdyn: they are numbers worked out by hand, closed forms, or the loops in
`cases/loops.py`. Nothing here imports capdyn. A folder written by hand, with the same three files, is as good.
"""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from pathlib import Path

HERE = Path(__file__).parent
if __name__ == "__main__":
    sys.path.insert(0, str(HERE.parent))

from corpus.cases import arrays, clock, noise, numbers, spelling, stocks, tables, whole_arrays, xmile  # noqa: E402
from corpus.cases.case import Case  # noqa: E402

CASES: tuple[Case, ...] = tuple(
    case
    for module in (numbers, spelling, tables, clock, stocks, arrays, whole_arrays, noise, xmile)
    for case in module.CASES
)


def files(case: Case) -> dict[str, str]:
    """The three files of a case: name -> text."""
    return {
        f"model.{case.suffix}": case.text(),
        "expected.csv": _expected(case),
        "source.toml": _source(case),
    }


def _expected(case: Case) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["Time", *case.expected])
    for row, time in enumerate(case.times):
        values = [case.value(name, row) for name in case.expected]
        writer.writerow([repr(float(number)).removesuffix(".0") for number in (time, *values)])
    return out.getvalue()


# What flows from step to step; without any of it a model is the same by every method.
_FLOWING = re.compile(
    r"INTEG|SMOOTH|SMTH|DELAY|TREND|FOR?E?CAST|FORCST|SAMPLE|PREVIOUS|NPV|<stock", re.IGNORECASE
)


def _methods(case: Case) -> list[str]:
    alike = case.methods == ("euler",) and not _FLOWING.search(case.equations)
    return ["euler", "rk4"] if alike else list(case.methods)


def _source(case: Case) -> str:
    lines = [
        f"source = {json.dumps(case.source, ensure_ascii=False)}",
        f"rtol = {case.rtol!r}",
        f"methods = {json.dumps(_methods(case))}",
        f"probe = {json.dumps(case.probe, ensure_ascii=False)}",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names), sorted(name for name in names if names.count(name) > 1)
    for case in CASES:
        folder = HERE / case.name
        folder.mkdir(exist_ok=True)
        for name, text in files(case).items():
            (folder / name).write_bytes(text.encode("utf-8"))
    print(f"{len(CASES)} models")


if __name__ == "__main__":
    main()
