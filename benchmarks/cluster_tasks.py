"""How long the tasks of a study on a Dask cluster are, and whether the scheduler's memory grows with its batches.

    python benchmarks/cluster_tasks.py [--batches 3000] [--workers 2]

A scheduler and its workers are processes of their own. Durations are those of the scheduler's task stream. Ends with
status 1 if a task took less than a second.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import models
import numpy as np
from distributed import Client, get_task_stream

import capdyn

BATCH = 256


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batches", type=int, default=3000)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (
            _cluster(folder, arguments.workers) as (address, scheduler),
            Client(address) as client,
            get_task_stream(client) as stream,
        ):
            memory = _study(folder, arguments.batches, address, scheduler)
    seconds = np.array([
        part["stop"] - part["start"]
        for task in stream.data for part in task["startstops"] if part["action"] == "compute"
    ])  # fmt: skip
    fifths = [memory[round(part * (len(memory) - 1))] for part in (0, 0.2, 0.4, 0.6, 0.8, 1)]
    print(f"{arguments.batches} batches, {len(seconds)} tasks on {arguments.workers} workers")
    print(
        f"seconds a task: least {seconds.min():.2f}, median {np.median(seconds):.2f}, most {seconds.max():.2f}"
    )
    print("scheduler's memory in MB after each fifth: " + ", ".join(f"{m:.1f}" for m in fifths))
    if seconds.min() < 1:
        sys.exit("a task took less than a second")


def _study(folder: Path, batches: int, address: str, scheduler: int) -> list[float]:
    """Runs a study of so many batches; the scheduler's memory in MB as they come."""
    (folder / "small.mdl").write_text(models.small(), encoding="utf-8")
    plan = capdyn.Plan(
        capdyn.open_model(folder / "small.mdl"),
        ("p",),
        np.linspace(0.4, 0.8, batches * BATCH)[:, None],
        features=(capdyn.Feature("final", "hunters", "Hunters"),),
    )
    memory: list[float] = []

    def look(progress: object) -> None:
        status = Path(f"/proc/{scheduler}/status").read_text(encoding="utf-8")
        memory.append(int(status.partition("VmRSS:")[2].split()[0]) / 1000)

    capdyn.run_study(plan, folder / "runs", cluster=address, batch=BATCH, tell=look)
    return memory


@contextmanager
def _cluster(folder: Path, workers: int) -> Iterator[tuple[str, int]]:
    """Address and process of a scheduler with workers of one thread each."""
    dask, where = [sys.executable, "-m", "dask"], str(folder / "scheduler.json")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    started = [
        subprocess.Popen(
            [*dask, "scheduler", "--port", "0", "--no-dashboard", "--scheduler-file", where], **quiet
        )
    ]
    own = ["--nthreads", "1", "--nworkers", str(workers), "--no-dashboard", "--local-directory", str(folder)]
    started.append(subprocess.Popen([*dask, "worker", *own, "--scheduler-file", where], **quiet))
    try:
        with Client(scheduler_file=where, timeout=60) as client:
            client.wait_for_workers(workers, timeout=60)
            address = client.scheduler.address
        yield address, started[0].pid
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait(30)


if __name__ == "__main__":
    main()
