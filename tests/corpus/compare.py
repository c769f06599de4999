"""python tests/corpus/compare.py: runs every model of the corpus by each of its methods and compares it with the
expected values, as `capdyn compare` does; prints how many comparisons there were and which differ.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

HERE = Path(__file__).parent
if __name__ == "__main__":
    sys.path[:0] = [str(HERE.parent.parent / "src")]

import capdyn  # noqa: E402
from capdyn.cli.app import progress  # noqa: E402


def main() -> int:
    """The number of comparisons that fail."""
    folders = sorted(path.parent for path in HERE.glob("*/source.toml"))
    compared = variables = 0
    wrong: list[str] = []
    with progress() as tell:
        for done, folder in enumerate(folders):
            tell(done, len(folders), folder.name)
            told = tomllib.loads((folder / "source.toml").read_text(encoding="utf-8"))
            (file,) = folder.glob("model.*")
            model = capdyn.open_model(file)
            for method in told["methods"]:
                run = capdyn.simulate(model, method=method)
                found = [
                    d for d in capdyn.compare(run, folder / "expected.csv", told["rtol"]) if d.missing != "b"
                ]
                compared += 1
                variables += len(found)
                wrong += [f"{folder.name}, {method}: {d.variable}" for d in found if not d.ok or d.missing]
    print(f"{len(folders)} models, {compared} comparisons of {variables} variables: {len(wrong)} differ")
    print("\n".join(wrong))
    return len(wrong)


if __name__ == "__main__":
    raise SystemExit(min(main(), 1))
