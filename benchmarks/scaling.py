"""How cost grows with equations, members, steps and regions, memory with members, and speed with threads.

    python benchmarks/scaling.py [--figures docs/pictures] [--only equations threads ...]

Processor time but for threads. Each law is a row of numbers with its slope in a log-log plot, and a figure if a
folder is given. Threads are compared with what two processes that only compute gain on the same machine then.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import models
import numpy as np

import capdyn

REPEAT = 3
OTHERS, TRIES = 0.03, 400  # see `_quiet`


@dataclass(frozen=True)
class Law:
    """What is measured: y over x, for each of `sizes`."""

    x: str
    y: str
    sizes: tuple[int, ...]
    measure: Callable[[int], float]


def main() -> None:
    os.environ["CAPDYN_CACHE"] = "off"
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--figures", type=Path, help="folder for the figures")
    parser.add_argument("--only", nargs="+", choices=[*LAWS, "threads"], default=[*LAWS, "threads"])
    arguments = parser.parse_args()
    for name in arguments.only:
        if name == "threads":
            _threads()
            continue
        law = LAWS[name]
        found = [law.measure(size) for size in law.sizes]
        slope = np.polyfit(np.log(law.sizes[-3:]), np.log(found[-3:]), 1)[0]
        print(f"\n{law.y} against {law.x}; slope over the last three {slope:.2f}")
        for size, number in zip(law.sizes, found, strict=True):
            print(f"{size:10,d} {number:12.4g}", flush=True)
        if arguments.figures:
            _draw(law, found, slope, arguments.figures / f"cost-{name}.svg")


def _model(text: str) -> capdyn.Model:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.mdl"
        file.write_text(text, encoding="utf-8")
        return capdyn.open_model(file)


def _run(model: capdyn.Model, members: int, stock: str, threads: int = 1) -> None:
    base = next(s for s in model.system.symbols.values() if s.name == "p").values[0]
    values = base * np.linspace(0.9, 1.1, members)
    capdyn.ensemble(model, {"p": values}, outputs=[stock], reduce=["final"], threads=threads)


def _seconds(text: str, members: int, stock: str) -> float:
    """Processor time of an ensemble; the median of some."""
    model = _model(text)
    _run(model, min(members, 64), stock)
    _run(model, members, stock)
    found = []
    for _ in range(REPEAT):
        started = time.process_time()
        _run(model, members, stock)
        found.append(time.process_time() - started)
    return float(np.median(found))


def _by_equations(equations: int) -> float:
    """Microseconds a run of 80 steps."""
    members = max(2048, 2_000_000 // equations)
    return _seconds(models.chain(equations), members, "s0") / members * 1e6


def _by_members(members: int) -> float:
    """Seconds, of a model of 8 variables."""
    return _seconds(models.small(), members, "Resource")


def _by_steps(steps: int) -> float:
    """Microseconds a run, of a model of 4 variables."""
    members = max(4096, 30_000_000 // steps)
    return _seconds(models.tiny(steps), members, "Level") / members * 1e6


def _by_regions(regions: int) -> float:
    """Microseconds a step and member, of a dense spillover; the matrix itself left out."""
    members, steps = 64, max(40, 4_000_000 // regions**2)
    short, long = (_seconds(models.lattice(regions, n), members, "Knowledge") for n in (4, 4 + steps))
    return (long - short) / steps / members * 1e6


def _memory(members: int) -> float:
    """Peak memory in MB (Linux) of a process that runs an ensemble and keeps one number a member."""
    code = (
        "import os; os.environ['CAPDYN_CACHE'] = 'off'; import scaling, models; "
        f"scaling._run(scaling._model(models.tiny()), {members}, 'Level'); print(open('/proc/self/status').read())"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=Path(__file__).parent)
    peak = next(line for line in done.stdout.splitlines() if line.startswith("VmHWM:"))
    return int(peak.split()[1]) / 1024


LAWS = {
    "equations": Law(
        "equations", "microseconds a run of 80 steps", (10, 30, 100, 300, 1000, 3000), _by_equations
    ),
    "members": Law(
        "members", "seconds, 8 variables, 3,200 steps", (1, 10, 100, 1000, 10_000, 100_000), _by_members
    ),
    "steps": Law("steps", "microseconds a run, 4 variables", (10, 100, 1000, 10_000, 100_000), _by_steps),
    "regions": Law("regions", "microseconds a step and member, dense", (10, 30, 100, 300, 1000), _by_regions),
    "memory": Law(
        "members", "peak memory of the process, MB", (1, 1000, 10_000, 100_000, 1_000_000), _memory
    ),
}


def _threads() -> None:
    """Wall-clock speed with two threads, beside what two processes that only compute gain."""
    model = _model(models.medium())
    _run(model, 64, "s0")
    alone, together = (_quiet(lambda n=n: _spin(n)) for n in (1, 2))
    print(f"\ntwo processes that only compute do {2 * alone / together:.2f} times as much as one")
    for members in (8192, 32768, 131_072):
        one, two = (_quiet(lambda n=n, m=members: _run(model, m, "s0", n)) for n in (1, 2))
        share = one / two / (2 * alone / together)
        print(f"{members:10,d} members: two threads are {one / two:.2f} times as fast as one; "
              f"share of the possible {share:.2f}", flush=True)  # fmt: skip


def _spin(processes: int) -> None:
    """Each process counts to the same number."""
    code = "n = 0\nfor i in range(12_000_000): n += i"
    running = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(processes)]
    for process in running:
        process.wait()


def _quiet(run: Callable[[], None]) -> float:
    """Median wall-clock seconds of runs in which other programs took less than `OTHERS` of the processors (Linux)."""
    found, shares = [], []
    while len(found) < REPEAT and len(shares) < TRIES:
        busy, own, started = _busy(), sum(os.times()[:4]), time.perf_counter()
        run()
        took = time.perf_counter() - started
        shares.append((_busy() - busy - (sum(os.times()[:4]) - own)) / (took * (os.cpu_count() or 1)))
        if shares[-1] < OTHERS:
            found.append(took)
        else:
            time.sleep(0.5)
    if not found:
        sys.exit(
            f"Other programs took {min(shares):.0%} of the processors at the least: wall-clock says nothing."
        )
    return float(np.median(found))


def _busy() -> float:
    """Seconds that all processors together have worked since the machine started."""
    user, nice, system, _, _, irq, soft, steal = map(
        int, Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()[1:9]
    )
    return (user + nice + system + irq + soft + steal) / os.sysconf("SC_CLK_TCK")


def _draw(law: Law, found: list[float], slope: float, path: Path) -> None:
    import matplotlib as mpl

    mpl.rcParams["svg.hashsalt"] = "capdyn"
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(5, 3.5), layout="constrained")
    axes.loglog(law.sizes, found, "o-", color="#2a6f97")
    axes.set_xlabel(law.x)
    axes.set_ylabel(law.y)
    axes.set_title(f"slope over the last three points: {slope:.2f}", fontsize=10, loc="left")
    axes.grid(True, which="major", color="0.9")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


if __name__ == "__main__":
    main()
