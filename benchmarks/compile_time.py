"""How long a model takes from its text to machine code, against its equations and against its elements.

    python benchmarks/compile_time.py [--equations 100 300 1000 3000] [--regions 10 30 100 300 1000] [--figure PATH]

The first table grows equations (scalars), the second elements (regions x regions of one dense spillover).
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from itertools import pairwise
from pathlib import Path

import models
import numpy as np

from capdyn.emit.engine import Steps
from capdyn.emit.kernel import Kernel
from capdyn.passes.build import build
from capdyn.passes.system import System
from capdyn.read import read

STAGES = ("read", "build", "compile")


def main() -> None:
    os.environ["CAPDYN_CACHE"] = "off"
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--equations", nargs="*", type=int, default=[100, 300, 1000, 3000])
    parser.add_argument("--regions", nargs="*", type=int, default=[10, 30, 100, 300, 1000])
    parser.add_argument("--figure", type=Path, help="where to draw both tables, log-log")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure(models.chain(10), Path(folder))  # imports
        by_equations = _table("equations", arguments.equations, models.chain, Path(folder), lambda n: n)
        by_elements = _table("regions", arguments.regions, models.lattice, Path(folder), lambda n: n * n)
    if arguments.figure:
        _draw(by_equations, by_elements, arguments.figure)


def measure(text: str, folder: Path) -> tuple[float, ...]:
    """Seconds of processor time of each of `STAGES`."""
    file = folder / "model.mdl"
    file.write_text(text, encoding="utf-8")
    times = [time.process_time()]
    model = read(file)
    times.append(time.process_time())
    system = build(model)
    times.append(time.process_time())
    _compile(system)
    times.append(time.process_time())
    return tuple(after - before for before, after in pairwise(times))


def _compile(system: System) -> None:
    """The kernel and the time loop of one method, which is compiled when it is first wanted."""
    kernel = Kernel(system)
    nothing = np.zeros(0, dtype=np.int64)
    steps = Steps(0.0, 1.0, np.zeros(1, dtype=np.int64))
    marks = np.empty(kernel.lanes, dtype=np.int64)
    kernel.march("euler", kernel.values(), steps, nothing, np.empty((1, 0, kernel.lanes)), marks)


def _table(what: str, sizes: list[int], write, folder: Path, elements) -> dict[int, float]:
    print(f"\n{what:>10s} {'elements':>10s} " + " ".join(f"{stage:>9s}" for stage in (*STAGES, "all, s")))
    found = {}
    for size in sizes:
        stages = measure(write(size), folder)
        found[elements(size)] = sum(stages)
        print(
            f"{size:10d} {elements(size):10d} " + " ".join(f"{s:9.2f}" for s in (*stages, sum(stages))),
            flush=True,
        )
    return found


def _draw(by_equations: dict[int, float], by_elements: dict[int, float], path: Path) -> None:
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    axes.loglog(
        list(by_equations), list(by_equations.values()), "o-", label="each element an equation of its own"
    )
    axes.loglog(
        list(by_elements), list(by_elements.values()), "s-", label="one equation over regions x regions"
    )
    axes.set_xlabel("elements")
    axes.set_ylabel("text to machine code, seconds")
    axes.legend(frameon=False)
    figure.savefig(path, dpi=150)


if __name__ == "__main__":
    main()
