"""Lookups as inputs of a study: stretched and moved, with shares of the variance that are known."""

import numpy as np
import pytest

import capdyn
from capdyn.errors import ScenarioError
from capdyn.study.read import read_study
from capdyn.study.stored import stored_study
from equations import mdl

EQUATIONS = """
Place: here, there
Effect[Place]( (0,0), (10,30) ) ~ Units ~ |
Other = WITH LOOKUP(Time, ([(0,0)-(9,9)], (0,0), (8,8) )) ~ Persons ~ |
Gain = 1 ~ [0, 2] ~ |
y = Gain * (Effect[here](5) + Effect[there](5)) ~ ~ |
Level = INTEG(0 * y, y) ~ ~ |
"""
STUDY = """
[inputs]
"Steeper" = { y_scale = ["Effect"], low = 0, high = 2, why = "From nothing to twice." }
"Later" = { x_shift = ["Effect[here]"], low = -2, high = 2, why = "A guess." }
"More" = { y_shift = ["Effect[there]"], low = 0, high = 6, why = "A guess." }
[method]
name = "sobol"
size = 2048
seed = 1
confidence = 0.99
[features."Y"]
variable = "Level"
"""


@pytest.fixture
def write(tmp_path):
    def file(text: str):
        folder = tmp_path / "m" / "studies"
        folder.mkdir(parents=True, exist_ok=True)
        (folder.parent / "model.mdl").write_text(mdl(EQUATIONS, final_time=1), encoding="utf-8")
        (folder / "one.toml").write_text(text, encoding="utf-8")
        return folder / "one.toml"

    return file


def test_shares_of_the_variance_hold_the_closed_form(write, tmp_path):
    """Y = a (15 - 3 s) + a 15 + b = 30 a - 3 a s + b, with a of [0, 2], s of [-2, 2], b of [0, 6]: in the middle of
    the table, so that no end is reached. Var a = 1/3, E a^2 = 4/3, Var s = 4/3, Var b = 3."""
    study = read_study(write(STUDY))
    assert [(i.name, i.nominal, i.units) for i in study.inputs] == [
        ("Steeper", 1.0, "Dmnl"),
        ("Later", 0.0, ""),
        ("More", 0.0, "Units"),
    ]
    assert study.inputs[0].targets == ("Effect y scale[here]", "Effect y scale[there]")
    runs = capdyn.run_study(study, tmp_path / "s")
    found = capdyn.analyse(runs, study).results.sel(scenario="model", feature="Y")
    alone = np.array([900 / 3, 9 * 1 * 4 / 3, 3.0])
    both = 9 * (1 / 3) * (4 / 3)
    for word, parts in (("first", alone), ("total", alone + np.array([both, both, 0]))):
        low, high = found[f"{word}_interval"].values.T
        true = parts / (alone.sum() + both)
        assert ((low <= true) & (true <= high)).all(), word


def test_the_folder_knows_its_lookups(write, tmp_path):
    path = write(STUDY.replace("2048", "16"))
    capdyn.run_study(read_study(path), tmp_path / "s")
    study = stored_study(tmp_path / "s")
    assert study.model.source.hash == read_study(path).model.source.hash
    assert capdyn.run_study(study, tmp_path / "s", times=2).sizes["member"] == 16 * 5 * 2


def test_one_input_may_move_several_lookups(write):
    text = '[inputs]\n"a" = { x_scale = ["Other", "Effect"], low = 0.5, high = 2, why = "x" }'
    (own,) = read_study(write(text)).inputs
    assert own.targets == ("Other x scale", "Effect x scale[here]", "Effect x scale[there]")
    (own,) = read_study(write(text.replace("low = 0.5, high = 2", 'distribution = "normal", mean = 1, sd = 0.1, '
                                           "low = 0.5, high = 2"))).inputs  # fmt: skip
    assert own.distribution.kind == "normal"


def test_all_mistakes_at_once(write):
    text = """
[inputs]
"a" = { y_scale = ["Efect"], low = 0, high = 2, why = "x" }
"b" = { y_scale = ["Effect[nowhere]"], low = 0, high = 2, why = "x" }
"c" = { x_scale = ["Effect"], low = 0, high = 2, why = "x" }
"d" = { x_shift = ["Effect"] }
"e" = { y_scale = ["Other"], scales = ["Gain"], low = 0, high = 2, why = "x" }
"f" = { y_shift = ["Gain"], low = 0, high = 2, why = "x" }
"g" = { y_shift = [], low = 0, high = 2, why = "x" }
"h" = { y_shift = ["Other"], low = 0, high = 2 }
"i" = { y_scale = ["Effect"], low = 0, high = 2, why = "x" }
"j" = { y_scale = ["Effect[here]"], low = 0, high = 2, why = "x" }
"""
    with pytest.raises(ScenarioError) as caught:
        read_study(write(text))
    told = [f"{p.where.line}: {p.what} {p.remedy}".strip() for p in caught.value.problems]
    assert told == [
        "3: 'Efect' is no lookup. Did you mean 'Effect'?",
        "4: 'nowhere' is not an element of 'Place', by which 'Effect y scale' is subscripted. Did you mean 'here' or 'there'?",
        "5: 'c' would shrink its lookups to nothing, or turn them round. Let low be above 0.",
        "6: 'd' has no ends. Write low and high, and say why.",
        "7: 'e' has scales and y_scale. Make an input of each.",
        "8: 'Gain' is no lookup. Lookups: Effect, Other.",
        "9: 'g' changes nothing. Name lookups in y_shift = [...].",
        "10: 'h' has ends of its own and no reason. Add why = \"...\", or leave the ends to the equation file.",
        "12: 'j' and 'i' both set 'Effect y scale[here]'. Remove one of them.",
    ]
