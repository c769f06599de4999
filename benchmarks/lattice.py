"""A thousand regions that learn from one another: a step against the same arithmetic in NumPy, on one core.

    python benchmarks/lattice.py [--regions 100 300 1000] [--members 64] [--repeat 3]

`linear` is the product of a matrix and the members' stocks, which NumPy gives to BLAS; `kinked` has MAX in the
sum, which NumPy does element by element. A step's time is the difference between a long and a short run, so that
the matrix itself, computed once a block, does not count. Processor time; medians of turns.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

for _threads in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_threads] = "1"  # before NumPy is imported
os.environ["CAPDYN_CACHE"] = "off"

import models  # noqa: E402
import numpy as np  # noqa: E402

import capdyn  # noqa: E402

SHORT, LONG = 4, 204  # steps


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--regions", nargs="+", type=int, default=[100, 300, 1000])
    parser.add_argument("--members", type=int, default=64)
    parser.add_argument("--repeat", type=int, default=3)
    arguments = parser.parse_args()
    print(
        f"{'':8s} {'regions':>8s} {'ready s':>8s} {'us a step and member':>21s} {'NumPy':>8s} {'ratio':>6s}"
    )
    for regions in arguments.regions:
        for name, write, step in (
            ("linear", models.linear_lattice, _linear),
            ("kinked", models.lattice, _kinked),
        ):
            _compare(name, regions, write, step, arguments.members, arguments.repeat)


def _compare(
    name: str,
    regions: int,
    write: Callable[..., str],
    step: Callable[..., np.ndarray],
    members: int,
    repeat: int,
) -> None:
    paces = np.linspace(0.9, 1.1, members) * 0.05 / regions
    started = time.process_time()
    runs = {steps: _open(write(regions, steps), paces) for steps in (SHORT, LONG)}
    ready = (time.process_time() - started) / 2
    place = np.arange(regions) / regions
    nearness = np.exp(-np.abs(place[:, None] - place) / 0.3)
    own, numpy = [], []
    for _ in range(repeat):
        short, long = (_seconds(runs[steps]) for steps in (SHORT, LONG))
        own.append((long - short) / (LONG - SHORT) / members)
        numpy.append(_seconds(lambda: _numpy(nearness, place, paces, step)) / 20 / members)
    ratio = np.median(np.array(own) / np.array(numpy))
    print(
        f"{name:8s} {regions:8d} {ready:8.2f} {np.median(own) * 1e6:21.1f} {np.median(numpy) * 1e6:8.1f} {ratio:6.2f}",
        flush=True,
    )


def _open(text: str, paces: np.ndarray) -> Callable[[], object]:
    """A model, compiled, as a function that runs the members."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.mdl"
        file.write_text(text, encoding="utf-8")
        model = capdyn.open_model(file)

    def run() -> object:
        return capdyn.ensemble(model, {"p": paces}, outputs=["Knowledge"], reduce=["final"], threads=1)

    run()
    return run


def _seconds(run: Callable[[], object]) -> float:
    started = time.process_time()
    run()
    return time.process_time() - started


def _numpy(
    nearness: np.ndarray, place: np.ndarray, paces: np.ndarray, step: Callable[..., np.ndarray]
) -> np.ndarray:
    """20 steps. stocks : shape (regions, members)"""
    stocks = np.repeat((1 + place)[:, None], len(paces), axis=1)
    for _ in range(20):
        stocks = stocks + 0.25 * (paces * step(nearness, stocks) - 0.02 * stocks)
    return stocks


def _linear(nearness: np.ndarray, stocks: np.ndarray) -> np.ndarray:
    return nearness @ stocks


def _kinked(nearness: np.ndarray, stocks: np.ndarray) -> np.ndarray:
    """A member at a time: for all at once there is no room."""
    return np.stack([(nearness * np.maximum(s - s[:, None], 0)).sum(axis=1) for s in stocks.T], axis=1)


if __name__ == "__main__":
    main()
