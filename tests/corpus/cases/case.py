"""One model of the corpus, with what must come out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

Expected = float | Sequence[float] | Callable[[float], float]

XMILE = """<?xml version="1.0" encoding="utf-8"?>
<xmile version="1.0" xmlns="http://docs.oasis-open.org/xmile/ns/XMILE/v1.0">
<header><name>model</name></header>
<sim_specs><start>{start}</start><stop>{stop}</stop><dt>{step}</dt></sim_specs>{head}
<model><variables>
{body}
</variables></model>
</xmile>
"""


@dataclass(frozen=True)
class Case:
    """equations : one a line (.mdl), the nodes inside <variables> (.xmile), or the whole file if `whole`.

    expected : by address `Name[Elem,Elem]`, a number, one for each of `times`, or a function of time.
    start, stop, step, saveper : the time settings as written.
    """

    name: str
    probe: str
    equations: str
    expected: dict[str, Expected]
    source: str = "by hand"
    rtol: float = 1e-12
    methods: tuple[str, ...] = ("euler",)
    times: tuple[float, ...] = (0.0, 1.0, 2.0, 3.0, 4.0)
    start: str = "0"
    stop: str = "4"
    step: str = "1"
    saveper: str = "TIME STEP"
    suffix: str = "mdl"
    whole: bool = False
    head: str = ""

    def text(self) -> str:
        """The text of the model's file."""
        if self.whole:
            return self.equations
        if self.suffix == "xmile":
            body = self.equations.strip()
            return XMILE.format(start=self.start, stop=self.stop, step=self.step, head=self.head, body=body)
        lines = [line.strip() for line in self.equations.strip().splitlines() if line.strip()]
        settings = {"INITIAL TIME": self.start, "FINAL TIME": self.stop, "TIME STEP": self.step}
        settings["SAVEPER"] = self.saveper
        lines += [f"{name} = {value}" for name, value in settings.items()]
        return "{UTF-8}\n" + "".join(line + "\n\t~\t~\t|\n" for line in lines)

    def value(self, name: str, row: int) -> float:
        """What column `name` is in a row."""
        found = self.expected[name]
        if callable(found):
            return float(found(self.times[row]))
        if isinstance(found, int | float):
            return float(found)
        assert len(found) == len(self.times), (self.name, name, len(found), len(self.times))
        return float(found[row])
