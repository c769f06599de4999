"""What checks look at: the model, and one ensemble over its ranges that all of them share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import xarray as xr

from ..emit.engine import FIXED_METHODS
from ..errors import NumericalError
from ..lang.expressions import Call, Expression, Reference, walk
from ..lang.model import CONTROLS, Variable
from ..passes.system import Symbol
from ..run.address import address_of, everywhere
from ..run.ensemble import ensemble
from ..run.grid import behind_the_clock
from ..run.open import Model
from ..run.simulate import simulate

_MOST_BYTES = 2**30  # of an ensemble with all variables; beyond, stocks only


@dataclass(frozen=True)
class Case:
    """A model under check.

    draws : members of the ensemble; 0 for none. seed : of the Latin hypercube.
    """

    model: Model
    draws: int = 200
    seed: int = 0

    @property
    def variables(self) -> list[Variable]:
        """The variables that the modeller has written, those that set the time left out."""
        return [v for v in self.model.source.variables.values() if not v.hidden and v.key not in CONTROLS]

    @property
    def constants(self) -> list[Symbol]:
        """Constants that a run can change, those that set the time left out."""
        return [s for s in self.model.system.of_kind("parameter") if s.variable and s.name not in CONTROLS]

    @property
    def scenario(self) -> str | None:
        """What a run takes where nothing is said: `baseline`, or the model as it is."""
        return "baseline" if "baseline" in self.model.scenarios else None

    @cached_property
    def sample(self) -> dict[str, np.ndarray]:
        """For each element of a constant with both ends of a range, by address, a value a member, shape (draws,).

        A Latin hypercube (McKay, Beckman and Conover 1979), uniform between the ends.
        """
        found: dict[str, tuple[float, float]] = {}
        fixed = behind_the_clock(self.model.system)
        for symbol in self.constants:
            low, high = symbol.limits
            if symbol.name in fixed:
                continue
            if low is not None and high is not None and np.isfinite(high - low):
                found.update({address_of(symbol, place): (low, high) for place in everywhere(symbol)})
        if not found or self.draws < 1:
            return {}
        from scipy.stats import qmc

        unit = qmc.LatinHypercube(d=len(found), seed=self.seed).random(self.draws)
        ends = np.array(list(found.values()))
        # A weighted mean, so that rounding never leaves the range.
        values = np.clip(ends[:, 0] * (1 - unit) + ends[:, 1] * unit, ends[:, 0], ends[:, 1])
        return {name: np.ascontiguousarray(values[:, i]) for i, name in enumerate(found)}

    @property
    def step(self) -> float:
        """The time step of the ensemble's members."""
        return float(self.members.attrs["step"]) if self.members is not None else np.nan

    @cached_property
    def members(self) -> xr.Dataset | None:
        """The ensemble over `sample`, or None where there is nothing to vary; saved when the model saves."""
        if not self.sample:
            return None
        return ensemble(self.model, self.sample, self.scenario, self._outputs(), self.method)

    @cached_property
    def run(self) -> xr.Dataset | NumericalError:
        """One run with the constants as they are, or why there is none."""
        try:
            return simulate(self.model, self.scenario)
        except NumericalError as error:
            return error

    @property
    def method(self) -> str:
        """The run's method; Runge-Kutta where that is adaptive, since an ensemble runs with a fixed step."""
        own = self.model.source.method if isinstance(self.run, NumericalError) else self.run.attrs["method"]
        return own if own in FIXED_METHODS else "rk4" if own else "euler"

    def _outputs(self) -> list[str] | None:
        """None, all variables, if they fit; else the stocks."""
        symbols = self.model.system.symbols
        settings = [symbols[name].values for name in CONTROLS]
        if all(settings):
            start, end, _, saveper = (values[0] for values in settings)
            saves = (end - start) / saveper + 1 if saveper > 0 else 1
        else:
            saves = 1000.0
        size = 8 * sum(symbol.size for symbol in symbols.values()) * saves * self.draws
        return (
            None
            if size <= _MOST_BYTES
            else [s.variable for s in self.model.system.of_kind("state") if s.variable]
        )


def names_in(expression: Expression) -> Iterator[str]:
    """Keys of all variables and functions that stand in an expression, subscripts included."""
    for here in walk(expression):
        if isinstance(here, Reference):
            yield here.name
        elif isinstance(here, Call):
            yield here.function
