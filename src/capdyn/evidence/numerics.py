"""Whether verdicts hang on the numerics: the same facts under other methods and steps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import xarray as xr

from ..run.notebook import Progress
from ..run.open import Model
from .facts import Fact
from .judge import Verdict, choose, run_all, verdict_of
from .reading import read_evidence

WAYS = ("rk4", "rk4, half the step", "lsoda")


@dataclass(frozen=True)
class Comparison:
    """One fact under each of `WAYS`, in their order."""

    fact: Fact
    verdicts: tuple[Verdict, ...]

    @property
    def same(self) -> bool:
        """Whether all verdicts are the same."""
        return len({verdict.holds for verdict in self.verdicts}) == 1


def compare_numerics(
    model: Model, facts: Iterable[str] | None = None, progress: Progress | None = None
) -> list[Comparison]:
    """Judges under RK4 at the step of each run, RK4 at half of it, and LSODA.

    Parameters
    ----------
    model, facts, progress
        As for `capdyn.judge`.

    Returns
    -------
    list of Comparison
        One a fact, in the order of the file.

    Raises
    ------
    ScenarioError
        Mistakes in the evidence.
    ArgumentError
        No such fact; or the model has functions that make sense on a fixed step only, which LSODA refuses.
    """
    evidence = read_evidence(model)
    chosen = choose(evidence, facts)

    def tell(way: int) -> Progress | None:
        if progress is None:
            return None
        return lambda done, total, what: progress(
            way * total + done, len(WAYS) * total, f"{WAYS[way]}: {what}"
        )

    plain = run_all(model, evidence, chosen, "rk4", {}, tell(0))
    halves = {name: run.attrs["step"] / 2 for name, run in plain.items() if isinstance(run, xr.Dataset)}
    half = run_all(model, evidence, chosen, "rk4", halves, tell(1))
    adaptive = run_all(model, evidence, chosen, "lsoda", {}, tell(2))
    return [
        Comparison(fact, tuple(verdict_of(fact, runs) for runs in (plain, half, adaptive))) for fact in chosen
    ]
