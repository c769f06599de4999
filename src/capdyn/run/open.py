"""Opening a model: equation file -> lang.Model -> System, and the engines made from it on demand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..emit.engine import Engine
from ..lang.model import Model as Source
from ..passes.initials import State, give_initial
from ..passes.shared import works_on_large_arrays
from ..passes.system import System
from ..read import find
from . import scenario as scenarios
from .cache import open_cached
from .notebook import html_table


@dataclass(frozen=True, eq=False)
class Model:
    """A model ready to run. It is a value: no call changes it.

    source : the equations as written. system : the equations in order. path : the equation file.
    folder : where its scenarios are, or None for a file that stands alone.
    """

    source: Source
    system: System
    path: Path
    folder: Path | None
    # Compiled engines, by what they were compiled for; what is found here only saves time.
    _engines: dict[tuple[str, State], Engine] = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        return self.source.name

    @property
    def scenarios(self) -> list[str]:
        """Names of the scenarios beside the model."""
        return scenarios.names(self.folder)

    def engine(
        self,
        kind: str = "kernel",
        given: State = frozenset(),
        lanes: int | None = None,
        varying: frozenset[str] | None = None,
    ) -> Engine:
        """The engine that runs this model.

        kind : 'kernel' (compiled) or 'interpret'. given : elements of stocks whose initial values come as parameters.
        lanes : members a call; results do not depend on it. varying : parameters in which they may differ, if not all.
        """
        if kind == "interpret":
            from ..emit.interpret import Interpreter

            return Interpreter(give_initial(self.system, given))
        from ..emit.kernel import Kernel

        if varying is not None and not works_on_large_arrays(self.system):
            varying = None  # one kernel for all
        what = kind if varying is None else f"{kind} for different {', '.join(sorted(varying))}"
        key = (what if lanes is None else f"{what} of {lanes} lanes", given)
        if key not in self._engines:
            self._engines[key] = Kernel(give_initial(self.system, given), lanes, varying)
        return self._engines[key]

    def derived(
        self, what: str, derive: Callable[[System], System], kind: str = "kernel", given: State = frozenset()
    ) -> Engine:
        """The engine that runs a System made from this model's, such as its derivative; `what` names it for good."""
        if kind == "interpret":
            from ..emit.interpret import Interpreter

            return Interpreter(derive(give_initial(self.system, given)))
        from ..emit.kernel import Kernel

        key = (f"{kind} of {what}", given)
        if key not in self._engines:
            self._engines[key] = Kernel(derive(give_initial(self.system, given)))
        return self._engines[key]

    def _repr_html_(self) -> str:
        groups: dict[str, int] = {}
        for variable in self.source.variables.values():
            groups[variable.group] = groups.get(variable.group, 0) + 1
        sectors = [(name, str(count)) for name, count in groups.items() if name]
        scenarios = f"Scenarios: {', '.join(self.scenarios)}" if self.scenarios else ""
        return html_table(self.name, (repr(self).strip("<>"), scenarios), ("sector", "variables"), sectors)

    def __repr__(self) -> str:
        system = self.system
        counts = {
            kind: len([s for s in system.of_kind(kind) if s.variable]) for kind in ("state", "parameter")
        }
        return (
            f"<capdyn.Model '{self.name}': {len(self.source.variables)} variables, {counts['state']} stocks, "
            f"{counts['parameter']} constants, {len(self.scenarios)} scenarios; {self.path}>"
        )


def open_model(path: str | Path, data: Mapping[str, Any] | None = None) -> Model:
    """Reads a model and gets it ready to run.

    Parameters
    ----------
    path : str or Path
        A folder with `model.mdl` and `scenarios/`, or an `.mdl` or `.xmile` file.
    data : mapping, optional
        A series for each data variable that the equation file gives none, by Vensim name: a DataArray with the
        dimension `time`, or the path of a .csv, .tab or .nc file. See `capdyn.run.series`.

    Raises
    ------
    ArgumentError
        A series that cannot be read or does not fit.
    ModelError
        Mistakes in the equations, all of them, each with file, line and remedy.
    StoreError
        The file cannot be read.
    """
    file = find(path)
    if data:
        from ..passes.build import build
        from ..read import read
        from .series import with_data

        source = with_data(read(file), data)
        system = build(source)
    else:
        source, system = open_cached(file)
    folder = file.parent if Path(path).is_dir() or (file.parent / "scenarios").is_dir() else None
    return Model(source, system, file, folder)
