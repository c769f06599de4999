"""A small model with eight facts: everything in it is a straight line, so every number can be worked out by hand."""

from dataclasses import replace
from pathlib import Path

import pytest

import capdyn
from equations import mdl

# Level[Home] = 1 + t with everything on; Core stays at 4.
EQUATIONS = """
    Region: Home, Core ~ ~ |
    Mechanism: cost saving, mobility ~ ~ |
    Effort: training, search ~ ~ |
    Mechanism strength[Mechanism,Effort] = 1, 1; 1, 1; ~ Dmnl [0,1] ~ |
    Mechanism exists[Mechanism,Effort] = 1, 0; 1, 1; ~ Dmnl [0,1] ~ |
    Gain[Mechanism,Effort] = 0.5, 9; 0.25, 0; ~ 1/Year ~ The last cell exists and gives nothing. |
    Base rate = 0.25 ~ 1/Year [0,1] ~ |
    Core rate = 0 ~ 1/Year [-1,1] ~ |
    Start[Region] = 1, 4 ~ Dmnl [0,10] ~ |
    On[Mechanism,Effort] = Mechanism exists[Mechanism,Effort] * Mechanism strength[Mechanism,Effort] ~ Dmnl ~ |
    Gained[Mechanism,Effort] = Gain[Mechanism,Effort] * On[Mechanism,Effort] ~ 1/Year ~ |
    Rate[Home] = Base rate + SUM(Gained[Mechanism!,Effort!]) ~ 1/Year ~ |
    Rate[Core] = Core rate ~ 1/Year ~ |
    Level[Region] = INTEG(Rate[Region], Start[Region]) ~ Dmnl ~ |
    Root of distance = SQRT(Level[Core] - Level[Home]) ~ Dmnl ~ |
    Twice[Region] = 2 * Level[Region] ~ Dmnl ~ |
"""

EVIDENCE = """
[run.no_mobility]
inherits = "cases/valley"
why = "Nobody changes jobs."
parameters = { "Mechanism strength" = { "mobility,training" = 0, "mobility,search" = 0 } }

[run.the_same_again]
inherits = "no_mobility_at_all"

[fact.level]
case = "Valley"
source = "A s1"
statement = "Home reaches 4 in year 3."
mechanism = ["cost saving", "mobility, training"]
scenario = "cases/valley"
output = "Level[Home]"
statistic = "value"
times = 3
relation = "within"
bound = 4
tolerance = 0.1

[fact.share]
case = "Valley"
source = "A s2"
statement = "Then half of all is Home's."
mechanism = "base"
scenario = "cases/valley"
output = "Level[Home]"
of = "Level[*]"
statistic = "value"
times = 3
relation = "between"
bound = [0.4, 0.6]

[fact.order]
case = "Valley"
source = "A s2"
statement = "Core is there three years before."
mechanism = "cost saving, training"
scenario = "cases/valley"
output = "Level[Region]"
statistic = "order of falls"
level = 4
relation = "<"
bound = 0
known = "It is asked about falls, and Home begins below."

[fact.mobility]
case = "Mobility"
source = "B s1"
statement = "With mobility more is learnt."
mechanism = "mobility"
runs = { with = "cases/valley", without = "no_mobility" }
compare = "difference"
output = ["Level[Home]", "Twice[Home]"]
statistic = "change"
times = [0, 4]
relation = ">"
bound = 2.5

[fact.interaction]
case = "Mobility"
source = "B s2"
statement = "Nothing here interacts."
mechanism = "mobility"
compare = "difference of differences"
output = "Level[Home]"
statistic = "value"
times = 4
relation = "within"
bound = 0
tolerance = 1e-9
[fact.interaction.runs]
a = "cases/valley"
b = "the_same_again"
c = { parameters = { "Base rate" = 0 } }
d = { inherits = "no_mobility_at_all", parameters = { "Base rate" = 0 } }

[fact.noted]
case = "Notes"
source = "C"
statement = "Core does not move."
mechanism = "base"
scenario = "cases/valley"
output = "Level[Core]"
statistic = "range"
relation = "<"
bound = 0.1
known = "Written before Core stood still."

[fact.wrong]
case = "Notes"
source = "C"
statement = "Home overtakes Core within a year."
mechanism = "base"
scenario = "cases/valley"
output = "Level[Home]"
less = "Level[Core]"
statistic = "time of rise"
level = 0
relation = "<"
bound = 1

[fact.breaks]
case = "Notes"
source = "C"
statement = "Their distance has a root."
mechanism = "base"
scenario = { parameters = { "Base rate" = 1 } }
output = "Root of distance"
statistic = "minimum"
relation = ">"
bound = 0
calibrated = true
known = "After Home has overtaken Core there is none."
"""

ABLATIONS = """
[growing]
scenarios = ["cases/valley", "no_mobility_at_all"]
outputs = "Level[*]"

[ablation.base]
kind = "shape"
why = "Nothing is learnt by itself."
parameters = { "Base rate" = 0 }

[ablation.core]
kind = "loop"
parameters = { "Core rate" = 0 }
"""


@pytest.fixture
def folder(tmp_path) -> Path:
    """The folder of the small model."""
    for name in ("scenarios", "cases"):
        (tmp_path / name).mkdir()
    (tmp_path / "model.mdl").write_text(mdl(EQUATIONS), encoding="utf-8")
    (tmp_path / "cases" / "valley.toml").write_text('why = "As it is."\n', encoding="utf-8")
    (tmp_path / "scenarios" / "no_mobility_at_all.toml").write_text(
        '[parameters]\n"Mechanism strength[mobility,*]" = 0\n', encoding="utf-8"
    )
    (tmp_path / "evidence.toml").write_text(EVIDENCE, encoding="utf-8")
    (tmp_path / "ablations.toml").write_text(ABLATIONS, encoding="utf-8")
    return tmp_path


@pytest.fixture(scope="session")
def compiled(tmp_path_factory) -> capdyn.Model:
    """The equations, parsed once; what is compiled for one test serves the others."""
    path = tmp_path_factory.mktemp("small") / "model.mdl"
    path.write_text(mdl(EQUATIONS), encoding="utf-8")
    return capdyn.open_model(path)


@pytest.fixture
def small(folder, compiled) -> capdyn.Model:
    """The small model with the files of its folder."""
    return replace(compiled, folder=folder, path=folder / "model.mdl")
