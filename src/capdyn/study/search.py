"""Search for packages that nothing else beats: several aims, a budget, many futures (NSGA-II, Deb et al. 2002,
by pymoo).

Each generation is one ensemble: all its packages in all futures. It is kept on disk as it comes; the same call
goes through the generations that are there without a run, since the search depends on its seed alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from ..errors import ArgumentError, Problem
from ..lang.names import did_you_mean, key
from ..run import label
from ..run.notebook import listener
from ..run.summary import Table
from .evaluate import Evaluator
from .kept import Kept
from .study import Study

_MOST_SHOWN = 6  # packages in a table; the Dataset has all


def search(
    study: Study,
    levers: Mapping[str, float],
    budget: float,
    *,
    generations: int = 40,
    population: int = 40,
    worst: float | None = None,
    seed: int = 0,
    folder: str | Path | None = None,
    progress: Callable[[int, int, str], None] | None = None,
) -> xr.Dataset:
    """Packages of levers on the Pareto front of the study's aims.

    Parameters
    ----------
    study : Study
        Its features with `better` are the aims, in its first scenario. Inputs that are no levers make the
        futures, as many as its size; without such inputs there is one.
    levers : mapping
        Inputs that are searched, each with the cost of one unit of it.
    budget : float
        What a package may cost.
    generations, population : int
    worst : float, optional
        A share of futures: an aim is then the quantile that all but the worst of them reach, instead of the mean.
    seed : int
    folder : str or Path, optional
        Where generations are kept as they come; the same call goes on with them.
    progress : callable, optional
        Called as `progress(done, total, what)`.

    Returns
    -------
    Dataset
        `objective` (package, aim), `lever` (package, input), `cost`, `share_failed` (package): the share of
        futures in which the package had no finite number; such packages are never on the front. Sorted by the
        first aim.

    Raises
    ------
    ArgumentError
        Unknown levers, no aims, no package without a failed run, or pymoo is not installed.
    StoreError
        The folder holds another search, or cannot be written.
    """
    aims = [f.name for f in study.features if f.name in study.better]
    searched = _levers(study, levers)
    if not aims:
        raise ArgumentError(
            "The study has no aims.", remedy='Write better = "high" or "low" in its features.'
        )
    bench = _Futures(study, searched, list(levers.values()), budget, aims, worst)
    algorithm, problem = _algorithm(bench, population, seed)
    kept = Kept(folder, "search", {**bench.made_of(), "population": population, "seed": seed})
    tell = listener(progress)
    for number in range(generations):
        tell(number, generations, "generations")
        packages = algorithm.ask()
        x = np.asarray(packages.get("X"), dtype=float)
        _tell(algorithm, problem, packages, bench, kept(x, bench.achieve))
    tell(generations, generations, "generations")
    return _front(algorithm, bench).assign_attrs(seed=seed, generations=generations, population=population)


class _Futures:
    """Packages in futures: what is searched, what is not, and what a package achieves."""

    def __init__(
        self,
        study: Study,
        searched: Sequence[int],
        costs: Sequence[float],
        budget: float,
        aims: Sequence[str],
        worst: float | None,
    ):
        self.study, self.searched, self.aims, self.worst = study, list(searched), list(aims), worst
        self.costs, self.budget = np.asarray(costs, dtype=float), budget
        self.signs = np.array([study.better[name] for name in aims])
        self.columns = [[f.name for f in study.features].index(name) for name in aims]
        values = study.values(study.draw().unit)
        rest = [n for n in range(len(study.inputs)) if n not in self.searched]
        self.futures = values if rest else values[:1]
        self.evaluator = Evaluator(study)

    def achieve(self, x: np.ndarray) -> np.ndarray:
        """Aims of each package, and the share of futures without a finite number. x : shape (n, n_levers) ->
        (n, n_aims + 1)"""
        values = np.tile(self.futures, (len(x), 1))
        values[:, self.searched] = np.repeat(x, len(self.futures), axis=0)
        y = self.evaluator(values)[0][:, self.columns].reshape(len(x), len(self.futures), -1)
        broken = ~np.isfinite(y).all(axis=2)
        failed = broken.mean(axis=1)
        found = np.where(broken[:, :, None], 0.0, y)
        reached = found.mean(axis=1)
        if self.worst is not None:
            reached = self.signs * np.quantile(self.signs * found, self.worst, axis=1)
        return np.column_stack([np.where(failed[:, None] > 0, np.nan, reached), failed])

    def made_of(self) -> dict[str, Any]:
        """All that decides what packages achieve."""
        record = self.evaluator.record
        return {
            "model": record.model_hash,
            "scenario": dict(record.scenarios),
            "random numbers": record.seed,
            "features": [repr(feature) for feature in record.features],
            "futures": hashlib.sha256(self.futures.tobytes()).hexdigest(),
            "levers": {
                self.study.inputs[n].name: c for n, c in zip(self.searched, self.costs.tolist(), strict=True)
            },
            "ends of levers": [repr(self.study.inputs[n].distribution) for n in self.searched],
            "budget": self.budget,
            "worst": self.worst,
        }


def _levers(study: Study, levers: Mapping[str, float]) -> list[int]:
    places = {key(own.name): n for n, own in enumerate(study.inputs)}
    problems = [
        Problem(
            f"levers: '{name}' is no input of the study.",
            None,
            did_you_mean(name, [i.name for i in study.inputs]),
        )
        for name in levers
        if key(name) not in places
    ]
    problems += [
        Problem(f"levers: '{name}' costs {cost:g}.", None, "Give a cost of 0 or more.")
        for name, cost in levers.items()
        if not cost >= 0
    ]
    if problems or not levers:
        raise ArgumentError(
            problems or [Problem("levers: none named.", None, "Name inputs and their costs.")]
        )
    return [places[key(name)] for name in levers]


def _algorithm(bench: _Futures, population: int, seed: int) -> tuple[Any, Any]:
    try:
        from pymoo.algorithms.moo.nsga2 import NSGA2
        from pymoo.core.problem import Problem as Pymoo
        from pymoo.core.termination import NoTermination
    except ImportError:
        raise ArgumentError(
            "pymoo is not installed.", remedy="Install it: pip install 'capdyn[optimise]'"
        ) from None
    own = [bench.study.inputs[n].distribution for n in bench.searched]
    problem = Pymoo(
        n_var=len(own),
        n_obj=len(bench.aims),
        n_ieq_constr=2,
        xl=np.array([d.low for d in own]),
        xu=np.array([d.high for d in own]),
    )
    algorithm = NSGA2(pop_size=population)
    algorithm.setup(problem, termination=NoTermination(), seed=seed, verbose=False)
    return algorithm, problem


def _tell(algorithm: Any, problem: Any, packages: Any, bench: _Futures, found: np.ndarray) -> None:
    """Hands a generation's results to pymoo, which minimises. A package that fails somewhere breaks a constraint."""
    from pymoo.core.evaluator import Evaluator as PymooEvaluator
    from pymoo.problems.static import StaticProblem

    x = np.asarray(packages.get("X"), dtype=float)
    over = x @ bench.costs - bench.budget
    objectives = np.nan_to_num(-bench.signs * found[:, :-1], nan=0.0)
    static = StaticProblem(problem, F=objectives, G=np.column_stack([over, found[:, -1]]))
    PymooEvaluator().eval(static, packages)
    packages.set("reached", found)
    algorithm.tell(infills=packages)


def _front(algorithm: Any, bench: _Futures) -> xr.Dataset:
    best = algorithm.opt
    feasible = [own for own in best if own.feas]
    if not feasible:
        raise ArgumentError(
            "No package within the budget ran without a failed future.",
            remedy="Raise the budget, search longer, or narrow the futures: capdyn study says where runs fail.",
        )
    x = np.array([own.X for own in feasible], dtype=float)
    reached = np.array([own.get("reached") for own in feasible], dtype=float)
    order = np.lexsort((*x.T[::-1], reached[:, 0]))
    levers = [bench.study.inputs[n] for n in bench.searched]
    units = {f.name: f.variable for f in bench.study.features}
    return xr.Dataset(
        {
            "objective": (("package", "aim"), reached[order, :-1]),
            "lever": (("package", "input"), x[order]),
            "cost": ("package", x[order] @ bench.costs),
            "share_failed": ("package", reached[order, -1]),
        },
        {
            "aim": bench.aims,
            "aim_variable": ("aim", [units[name] for name in bench.aims]),
            "better": ("aim", ["high" if sign > 0 else "low" for sign in bench.signs]),
            "input": [own.name for own in levers],
            "lever_low": ("input", [own.distribution.low for own in levers]),
            "lever_high": ("input", [own.distribution.high for own in levers]),
            "lever_cost": ("input", bench.costs),
        },
        {
            "study": bench.study.title,
            "study_text": bench.study.text,
            "model": bench.study.model.name,
            "model_hash": bench.study.model.source.hash,
            "versions": label.versions(),
            "futures": len(bench.futures),
            "budget": bench.budget,
            "aim_is": "mean over futures"
            if bench.worst is None
            else f"reached in all but {bench.worst:g} of futures",
        },
    )


def front_table(front: xr.Dataset) -> Table:
    """Some packages from one end of the front to the other: what each reaches and costs, and its levers."""
    count = front.sizes["package"]
    shown = np.unique(np.linspace(0, count - 1, min(count, _MOST_SHOWN)).round().astype(int))
    numbers = [
        (str(name), *(f"{value:.4g}" for value in values[shown]))
        for name, values in (
            *zip(front["aim"].values, front["objective"].values.T, strict=True),
            ("Cost", front["cost"].values),
            *zip(front["input"].values, front["lever"].values.T, strict=True),
        )
    ]
    about = f"{front.attrs['aim_is']}; {front.attrs['futures']} futures, budget {front.attrs['budget']:g}"
    title = f"{count} packages that no other beats ({about})"
    return Table(title, ("", *(str(n + 1) for n in shown)), tuple(numbers))
