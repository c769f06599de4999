"""python tests/fuzz/run.py COUNT [SEED] [--workers 2] [--first 0]: runs COUNT inputs and prints what came of them.

Each worker is a process of its own with a time limit for each input; one that hangs or dies is a finding, and is
replaced. Findings are kept with their inputs in the folder that is printed.
"""

from __future__ import annotations

import argparse
import collections
import multiprocessing
import os
import signal
import sys
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent.parent / "src")]
SECONDS = 20  # of the processor's time for one input
PATIENCE = 300.0  # seconds by the clock, on a machine that does other things as well
MEMORY = 4 << 30  # bytes of address space for a worker


def work(pipe: Connection) -> None:
    """Takes (number, suffix, data), gives back (number, outcome, detail)."""
    os.environ["CAPDYN_CACHE"] = "off"
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    import capdyn  # noqa: F401 (before the watch: what imports write is not ours)
    from fuzz.target import Watch, run

    watch = Watch()
    with tempfile.TemporaryDirectory() as place:
        os.chdir(place)
        while (job := pipe.recv()) is not None:
            number, suffix, data = job
            used = int(sum(resource.getrusage(resource.RUSAGE_SELF)[:2]))
            resource.setrlimit(
                resource.RLIMIT_CPU, (used + SECONDS, resource.RLIM_INFINITY)
            )  # ends it by SIGXCPU
            with tempfile.TemporaryDirectory(dir=place) as folder:
                pipe.send((number, *run(data, suffix, Path(folder), watch, compiled=number % 8 == 0)))


class Worker:
    """A process and the input that it has in hand."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, other = context.Pipe()
        self.process = context.Process(target=work, args=(other,), daemon=True)
        self.process.start()
        other.close()
        self.job: tuple[int, str, bytes] | None = None
        self.since = 0.0

    def give(self, job: tuple[int, str, bytes]) -> None:
        self.job, self.since = job, time.monotonic()
        self.pipe.send(job)

    def outcome(self) -> tuple[int, str, str] | None:
        """What became of the input in hand, if anything has."""
        assert self.job is not None
        number = self.job[0]
        try:
            if self.pipe.poll(0.01):
                return self.pipe.recv()
        except (EOFError, ConnectionError):
            self.process.join()
            late = self.process.exitcode == -signal.SIGXCPU
            what = f"no end after {SECONDS} s" if late else f"the process ended with {self.process.exitcode}"
            return number, "FINDING", what
        if time.monotonic() - self.since > PATIENCE:
            self.stop()
            return number, "FINDING", f"no end after {PATIENCE:g} s by the clock"
        return None

    def stop(self) -> None:
        if self.process.is_alive():
            self.process.kill()
        self.process.join()


def fuzz(count: int, seed: int = 0, workers: int = 1, first: int = 0):
    """(outcomes with their numbers of times, findings as (number, suffix, data, detail))."""
    from fuzz.mutate import inputs

    jobs = inputs(count, seed, first)
    counts: collections.Counter[str] = collections.Counter()
    findings = []
    team = [Worker() for _ in range(workers)]
    try:
        waiting = True
        while waiting or any(worker.job for worker in team):
            for place, worker in enumerate(team):
                if worker.job is None:
                    job = next(jobs, None)
                    waiting = job is not None
                    if job is not None:
                        worker.give(job)
                    continue
                found = worker.outcome()
                if found is None:
                    continue
                _, outcome, detail = found
                counts[outcome] += 1
                if outcome == "FINDING":
                    findings.append((*worker.job, detail))
                worker.job = None
                if not worker.process.is_alive():
                    team[place] = Worker()
    finally:
        for worker in team:
            worker.stop()
    return counts, findings


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("seed", type=int, nargs="?", default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--first", type=int, default=0)
    arguments = parser.parse_args()
    began = time.monotonic()
    counts, findings = fuzz(arguments.count, arguments.seed, arguments.workers, arguments.first)
    print(f"{sum(counts.values())} inputs in {time.monotonic() - began:.0f} s: {dict(counts)}")
    if findings:
        kept = Path(tempfile.mkdtemp(prefix="capdyn-fuzz-"))
        for number, suffix, data, detail in findings:
            (kept / f"{number}.{suffix}").write_bytes(data)
            print(f"--- {number}.{suffix}: {detail}")
        print(f"inputs kept in {kept}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
