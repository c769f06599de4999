"""Ensembles by capdyn, PySD, C that gcc compiles and pysimlin, side by side on one core: a table of ratios.

    python benchmarks/engines.py [--models tiny small medium regional] [--repeat 5] [--without PySD]

Each engine runs members that differ in one constant and gives a stock's last value. In each round all engines take
turns, so that a machine with other work is the same for all; what is printed is the median over the rounds of
each engine's processor time a run divided by capdyn's in the same round. pysimlin takes part if it is installed.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import generated_c
import models
import numpy as np

import capdyn
from capdyn.passes.system import Symbol

METHOD = {"regional": "rk4"}
# Members of capdyn's ensembles: as many as make its fixed cost a small part.
MEMBERS = {"tiny": 262144, "small": 32768, "medium": 16384, "regional": 256}
PARAMETER = {"regional": "Local income elasticity"}


@dataclass
class Engine:
    """Something that runs members. run : values of the constant -> last values of the stock."""

    name: str
    run: Callable[[np.ndarray], np.ndarray]
    members: int
    ready: float
    rounds: int = 1_000_000


def main() -> None:
    arguments = _arguments()
    print(_about())
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CAPDYN_CACHE"] = "off"
        for name in arguments.models:
            _compare(name, Path(folder), arguments.repeat, set(arguments.without))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", default=["tiny", "small", "medium", "regional"])
    parser.add_argument("--repeat", type=int, default=5, help="rounds")
    parser.add_argument(
        "--without", nargs="*", default=[], choices=["PySD", "pysimlin", "C"], help="engines left out"
    )
    return parser.parse_args()


def _about() -> str:
    """Machine, versions and date of the numbers."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        cpu = next((line.split(":")[1].strip() for line in info.open() if line.startswith("model name")), cpu)
    packages = []
    for package in ("capdyn", "llvmlite", "numpy", "pysd", "pysimlin"):
        try:
            packages.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            packages.append(f"{package} not installed")
    load = f"load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    software = f"python {platform.python_version()}, {', '.join(packages)}"
    return f"{date.today()}, {cpu}, {os.cpu_count()} cores, {load}; {software}"


def _compare(name: str, folder: Path, repeat: int, without: set[str]) -> None:
    path = models.REGIONAL
    if name != "regional":
        path = folder / f"{name}.mdl"
        path.write_text(getattr(models, name)(), encoding="utf-8")
    started = time.perf_counter()
    model = capdyn.open_model(path)
    reading = time.perf_counter() - started
    method, parameter = METHOD.get(name, "euler"), PARAMETER.get(name, "p")
    constant = next(s for s in model.system.symbols.values() if s.variable.lower() == parameter.lower())
    stock = next(s for s in model.system.of_kind("state") if s.variable and not s.shape) if name != "regional" else \
        next(s for s in model.system.of_kind("state") if s.variable)  # fmt: skip
    elements = sum(e.size for e in (*model.system.flows, *model.system.outputs))
    base = constant.values[0]
    engines = [_capdyn(model, constant.variable, stock.variable, method, MEMBERS[name])]
    if "C" not in without:
        engines += _c(model, constant.name, stock.name, method, folder)
    engines += _others(path, constant.variable, stock, folder, without)
    print(
        f"\n{name}: {elements} elements, {len(model.system.of_kind('state'))} stocks, {method}; read in {reading:.2f} s"
    )
    print(f"{'engine':50s} {'ready s':>8s} {'us a run':>10s} {'time of capdyn =1':>18s} {'difference':>11s}")
    times: dict[str, list[float]] = {engine.name: [] for engine in engines}
    reference: dict[int, np.ndarray] = {}
    difference = {}
    for turn in range(repeat):
        for engine in engines:
            if turn >= engine.rounds:
                continue
            values = base * np.linspace(0.9, 1.1, engine.members)
            if engine.members not in reference:
                reference[engine.members] = engines[0].run(values)
            started = (
                time.process_time()
            )  # of all threads; on a machine that others use, the clock says little
            found = engine.run(values)
            times[engine.name].append((time.process_time() - started) / engine.members)
            expected = reference[engine.members]
            difference[engine.name] = np.max(np.abs(found - expected) / np.maximum(np.abs(expected), 1e-300))
    own = np.array(times["capdyn, one core"])
    for engine in engines:
        here = np.array(times[engine.name])
        ratio = np.median(here / own[: len(here)])
        print(
            f"{engine.name:50s} {engine.ready:8.2f} {np.median(here) * 1e6:10.1f} {ratio:18.2f} "
            f"{difference[engine.name]:11.1e}"
        )


def _members(seconds_a_run: float) -> int:
    """As many members as take about a quarter of a second."""
    return int(min(max(0.25 / seconds_a_run, 2), 65536))


def _timed(name: str, run: Callable[[np.ndarray], np.ndarray], value: float, ready: float) -> Engine:
    """An engine with a fitting number of members."""
    count, took = 2, 0.0
    while took < 0.05 and count < 65536:
        started = time.perf_counter()
        run(value * np.linspace(0.9, 1.1, count))
        took = time.perf_counter() - started
        count *= 4
    return Engine(name, run, max(_members(took / (count // 4)), 2), ready)


def _capdyn(model: capdyn.Model, constant: str, stock: str, method: str, members: int) -> Engine:
    def run(values: np.ndarray) -> np.ndarray:
        found = capdyn.ensemble(
            model, {constant: values}, outputs=[stock], method=method, threads=1, reduce=["final"]
        )
        return found[stock].values.reshape(len(values), -1)[:, 0]

    value = _value(model, constant)
    started = time.perf_counter()
    run(value * np.linspace(0.9, 1.1, 64))
    ready = time.perf_counter() - started
    return Engine("capdyn, one core", run, members, ready)


def _value(model: capdyn.Model, constant: str) -> float:
    return next(s for s in model.system.symbols.values() if s.variable == constant).values[0]


def _c(model: capdyn.Model, constant: str, stock: str, method: str, folder: Path) -> list[Engine]:
    from capdyn.run.simulate import begin, fill, read_clock, resolve

    machine = model.engine()
    values = machine.values()
    settings = resolve(model.system, None, None, None, None, None, method)
    fill(machine, values, settings)
    clock = read_clock(machine, values, settings, model)
    begin(machine, values, clock)
    when = (clock.initial, clock.step, int(clock.steps.saves[-1]), method == "rk4")
    engines = []
    for name in generated_c.FLAGS:
        compiled = generated_c.Compiled(model.system, name, folder)

        def run(values: np.ndarray, compiled: generated_c.Compiled = compiled) -> np.ndarray:
            return compiled.run(constant, values, stock, when)

        value = model.system.symbols[constant].values[0]
        engines.append(_timed(name, run, value, compiled.seconds))
    return engines


def _others(path: Path, constant: str, stock: Symbol, folder: Path, without: set[str]) -> list[Engine]:
    """PySD, which knows Euler only, and pysimlin, as far as they read the model."""
    file = path / "model.mdl" if path.is_dir() else path
    copy = folder / f"copy of {file.name}"
    copy.write_bytes(file.read_bytes())
    makers = [make for name, make in (("PySD", _pysd), ("pysimlin", _simlin)) if name not in without]
    return [engine for make in makers for engine in make(copy, constant, stock)]


def _pysd(file: Path, constant: str, stock: Symbol) -> list[Engine]:
    import pysd

    started = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = pysd.read_vensim(str(file))
    final = float(model.components.final_time())

    def run(values: np.ndarray) -> np.ndarray:
        out = []
        for value in values:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                frame = model.run(
                    params={constant: value}, return_columns=[stock.variable], return_timestamps=[final]
                )
            out.append(frame.iloc[-1, 0])
        return np.array(out, dtype=float)

    value = float(np.ravel(model[constant])[0])
    run(np.array([value]))
    return [Engine("PySD (Euler)", run, 1, time.perf_counter() - started, 2)]


def _simlin(file: Path, constant: str, stock: Symbol) -> list[Engine]:
    try:
        import simlin
    except ImportError:
        return []
    started = time.perf_counter()
    try:
        sim = simlin.load(file).simulate()
        sim.run_to_end()
        element = f"[{','.join(labels[0] for labels in stock.elements)}]" if stock.shape else ""
        name = f"{stock.variable}{element}".lower().replace(" ", "_")
        sim.get_value(name)
    except Exception as error:  # another engine's own errors: it does not read this model
        print(f"pysimlin does not run {file.name}: {str(error)[:80] or type(error).__name__}")
        return []
    key = constant.lower().replace(" ", "_")

    def run(values: np.ndarray) -> np.ndarray:
        out = []
        for value in values:
            sim.reset()
            sim.set_value(key, float(value))
            sim.run_to_end()
            out.append(sim.get_value(name))
        return np.array(out)

    ready = time.perf_counter() - started
    return [_timed("pysimlin, one run after the other", run, float(sim.get_value(key)), ready)]


if __name__ == "__main__":
    main()
