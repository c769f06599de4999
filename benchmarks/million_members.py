"""A million members of the small model, three outputs reduced to quantiles: peak memory, and what a kill costs.

    python benchmarks/million_members.py [members]

Three processes: one undisturbed; one killed (kill -9) half-way; one that goes on with what is left of that. Printed are
the peak memory of each and whether the quantiles of both folders are the same, bit for bit.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import tempfile
from pathlib import Path

import models
import numpy as np

import capdyn
from capdyn import Feature
from capdyn.study.progress import Progress

OUTPUTS = ("Resource", "Grazers", "Hunters")
LEVELS = (0.05, 0.5, 0.95)


def work(equations: Path, folder: Path, members: int, kill_at: float) -> None:
    """The study and its quantiles, in a process of its own; written to `quantiles.npy`."""
    half = int(kill_at * members)

    def tell(progress: Progress) -> None:
        if progress.done >= half:
            os.kill(os.getpid(), signal.SIGKILL)

    plan = capdyn.Plan(
        model=capdyn.open_model(equations),
        inputs=("p",),
        sample=np.linspace(0.2, 1.0, members)[:, None],
        features=tuple(Feature("final", name, name) for name in OUTPUTS),
    )
    study = capdyn.run_study(plan, folder, tell=tell if half < members else None)
    np.save(folder.with_suffix(".npy"), capdyn.quantiles(study, LEVELS)["features"].values)


def in_a_process(*arguments: object) -> tuple[int, float]:
    """Exit status, and the peak of its memory in GiB."""
    child = os.fork()
    if child == 0:
        os.execv(sys.executable, [sys.executable, __file__, "--work", *map(str, arguments)])
    _, status, usage = os.wait4(child, 0)
    return os.waitstatus_to_exitcode(status), usage.ru_maxrss / 2**20


def main(members: int) -> None:
    with tempfile.TemporaryDirectory() as place:
        equations = Path(place) / "small.mdl"
        equations.write_text(models.small(), encoding="utf-8")
        whole, broken = Path(place) / "whole", Path(place) / "broken"
        for name, folder, kill_at in (
            ("undisturbed", whole, 2),
            ("killed", broken, 0.5),
            ("continued", broken, 2),
        ):
            status, peak = in_a_process(equations, folder, members, kill_at)
            done = int((capdyn.load_study(folder)["status"].values >= 0).sum())
            print(f"{name:12s} exit {status:3d}, peak {peak:.2f} GiB, {done:,} of {members:,} runs are there")
        first, second = (np.load(folder.with_suffix(".npy")) for folder in (whole, broken))
        print(f"the same quantiles, bit for bit: {first.tobytes() == second.tobytes()}")
        for level, row in zip(LEVELS, first[:, 0], strict=True):
            print(f"  {level:4.0%}  " + "  ".join(f"{n} {v:.6g}" for n, v in zip(OUTPUTS, row, strict=True)))
    print(f"this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--work"]:
        work(Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
