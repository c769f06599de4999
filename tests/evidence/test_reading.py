"""Mistakes in evidence.toml: each told with its line and a remedy, all of them at once."""

import re
import tomllib

import pytest

import capdyn
from capdyn.evidence.form import AblationsForm, EvidenceForm
from capdyn.evidence.reading import read_evidence
from capdyn.run.toml_form import read_form
from equations import ROOT

FACT = {
    "case": '"Valley"',
    "source": '"A s1"',
    "statement": '"Home grows."',
    "mechanism": '"base"',
    "scenario": '"cases/valley"',
    "output": '"Level[Home]"',
    "statistic": '"value"',
    "times": "3",
    "relation": '">"',
    "bound": "2",
}


def fact(name="one", **keys) -> str:
    """A fact as text; keys on top of a right one, None to leave one out."""
    lines = [f"{key} = {value}" for key, value in {**FACT, **keys}.items() if value is not None]
    return "\n".join([f"[fact.{name}]", *lines]) + "\n"


def told(model, text: str) -> list[str]:
    """What is said about an evidence file, without its path."""
    file = model.folder / "evidence.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(capdyn.ScenarioError) as caught:
        read_evidence(model)
    return [str(problem).replace(f"{file}:", "") for problem in caught.value.problems]


def test_a_right_one_is_right(small):
    (small.folder / "evidence.toml").write_text(fact())
    (only,) = read_evidence(small).facts
    assert (only.expected, only.measured, only.runs) == (
        "> 2",
        "value of Level[Home] at 3",
        (("", "cases/valley"),),
    )


RUNS = '{ a = "cases/valley", b = "no_mobility_at_all" }'


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"source": None}, "1:7: 'source' is missing in [fact.one]."),
        ({"sorce": '"A"'}, "12:1: 'sorce' is not a key of [fact.one]. Did you mean 'source' or 'tolerance'?"),
        ({"statement": "3"}, "4:1: 'statement' in [fact.one] must be a text in quotes, not 3."),
        ({"bound": '"2"'}, "11:1: 'bound' in [fact.one] must be a number, not the text '2'."),
        ({"bound": "nan"}, "11:1: 'bound' in [fact.one] must be a finite number, not nan."),
        ({"calibrated": "1"}, "12:1: 'calibrated' in [fact.one] must be true or false, not 1."),
        ({"output": "[]"}, "7:1: 'output' in [fact.one] must be a text in quotes or a list of them, not a list."),
        ({"scenario": "3"}, "6:1: 'scenario' in [fact.one] must be the name of a run or a table, not 3."),
        ({"times": '"3"'}, "9:1: 'times' in [fact.one] must be a number, not the text '3'."),
        ({"statistic": '"time of rise"', "times": None, "level": "true"}, "11:1: 'level' in [fact.one] must be a number, not true."),
        ({"scenario": None}, "1:7: The fact has neither `scenario` nor `runs`. Give one of them."),
        ({"runs": RUNS}, "1:7: The fact has both `scenario` and `runs`. Give one of them."),
        ({"scenario": '"cases/vally"'}, "6:1: There is no run 'cases/vally'. Did you mean 'cases/valley'?"),
        (
            {"scenario": '{ parameters = { "Base rat" = 1 } }'},
            "6:29: 'Base rat' is not in the model. Did you mean 'Base rate' or 'Core rate'?",
        ),
        (
            {"scenario": '{ parameters = { "Base rate" = 2 } }'},
            "6:29: 'Base rate' is 2, outside its range 0 to 1.",
        ),
        ({"compare": '"ratio"'}, "12:1: One run is compared with nothing. Give `runs` instead."),
        (
            {"scenario": None, "runs": RUNS},
            "1:7: The fact has `runs` and no `compare`. Choose one of difference, ratio, difference of differences, "
            "smallest step, minimum, maximum, correlation, rank correlation.",
        ),
        (
            {"scenario": None, "runs": RUNS, "compare": '"diference"'},
            "12:1: There is no compare 'diference'. Did you mean 'difference' or 'difference of differences'?",
        ),
        (
            {"scenario": None, "runs": RUNS, "compare": '"difference of differences"'},
            "11:1: 'difference of differences' compares 4 runs; there are 2.",
        ),
        (
            {"scenario": None, "runs": RUNS, "compare": '"correlation"'},
            "11:1: 'correlation' compares at least 3 runs; there are 2.",
        ),
        ({"output": '"Level[Hme]"'}, "7:1: 'Hme' is not an element of 'Region', by which 'Level' is subscripted. Did you mean 'Home'?"),
        ({"output": '["Level[Home]", "Levle"]'}, "7:1: 'Levle' is not in the model. Did you mean 'Level'?"),
        ({"of": '"Level[Home"'}, "12:1: 'Level[Home' is not a name. Write it as Name[Element,Element]."),
        (
            {"statistic": '"vlue"'},
            "8:1: There is no statistic 'vlue'. Did you mean 'value'?",
        ),
        ({"times": "[0, 3]"}, "9:1: 'value' needs times: one; there are 2."),
        ({"statistic": '"change"', "times": "[3, 0]"}, "9:1: The first of the times is not before the second. Turn them round."),
        ({"times": "30"}, "9:1: Run 'cases/valley' goes from 0 to 4; 30 is outside. Set [time] in the run."),
        ({"statistic": '"time of rise"', "times": None}, "1:7: 'time of rise' needs either `level` or `fraction`."),
        (
            {"statistic": '"time of rise"', "times": None, "level": "1", "fraction": "1"},
            "12:1: 'time of rise' needs either `level` or `fraction`.",
        ),
        ({"level": "1"}, "12:1: 'value' needs no `level` or `fraction`."),
        (
            {"statistic": '"time of rise"', "times": None, "fraction": "1.5"},
            "11:1: The fraction is 1.5. Give one within 0 and 1.",
        ),
        (
            {"statistic": '"order of rises"', "times": None, "level": "1"},
            "7:1: 'order of rises' looks at 2 elements or more; 'output' names 1. Use * or a list.",
        ),
        (
            {"statistic": '"correlation"', "output": '"Level"'},
            "7:1: 'correlation' looks at 3 elements or more; 'output' names 2. Use * or a list.",
        ),
        (
            {"statistic": '"correlation"', "output": '["Level", "Twice"]', "of": '"Level"'},
            "12:1: 'of' names 2 elements and 'output' 4. Name one for all of them, or as many.",
        ),
        (
            {"statistic": '"correlation"', "output": '["Level", "Twice"]', "against": "[1, 2, 3]"},
            "12:1: 'against' has 3 numbers; 4 are needed.",
        ),
        ({"against": "[1, 2, 3]"}, "12:1: Only a correlation is taken `against` something. Leave it out."),
        ({"relation": '"="'}, "10:1: There is no relation '='. Choose one of <, >, within, between."),
        ({"relation": '"between"'}, "11:1: 'between' needs 2 numbers as bound; there are 1."),
        ({"bound": "[1, 2]"}, "11:1: '>' needs one number as bound; there are 2."),
        ({"relation": '"between"', "bound": "[2, 1]"}, "11:1: The low bound is not below the high one. Turn them round."),
        ({"relation": '"within"'}, "1:7: The tolerance is 0. Give a positive number."),
        ({"tolerance": "-1"}, "12:1: The tolerance is -1. Give a positive number."),
    ],
)  # fmt: skip
def test_mistakes(small, keys, message):
    (said,) = told(small, fact(**keys))
    assert said == message or said.startswith(message + " Give a value within it")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "No fact is written down. Add a table [fact.<id>]; see docs/evidence.md."),
        ("[fact]", "No fact is written down. Add a table [fact.<id>]; see docs/evidence.md."),
        ("fact = 3", "1:1: 'fact' must be a table, not 3."),
        ("[fact.one]\ncase = ", "2: This is not TOML: Invalid value. Write numbers as 0.5 and texts in quotes: why = \"...\""),
        (fact() + fact(), "This is not TOML: Cannot declare ('fact', 'one') twice."),
        (fact('"a b"'), "1:7: 'a b' is no id. Use letters, digits, _ and -."),
        (fact() + '[run.no_mobility_at_all]\nwhy = ""\n', "12:6: There is also a scenario 'no_mobility_at_all'. Rename one of them."),
        (fact() + "[run.x]\nlever = 3\n", "13:1: 'lever' is not a key of a scenario. Did you mean 'levers'?"),
        (fact() + '[run.x]\ninherits = "vally"\n', "13:1: There is no scenario 'vally' to inherit from. Did you mean 'cases/valley'?"),
        (fact() + "[runs.x]\n", "12:2: 'runs' is not a key of the evidence. Did you mean 'run'?"),
    ],
)  # fmt: skip
def test_mistakes_of_a_file(small, text, message):
    (said,) = told(small, text)
    said = re.sub(r"^[^']*evidence.toml: ", "", said)
    assert message in said


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file(small):
    text = (
        fact("a", source=None)
        + fact("b", statistic='"vlue"', output='"Levl"')
        + '[run.x]\ninherits = "nothing"\n'
    )
    assert [said.split(":")[0] for said in told(small, text)] == ["1", "17", "18", "23"]


def test_a_scenario_file_with_a_mistake_is_told_with_its_own_line(small):
    (small.folder / "cases" / "valley.toml").write_text('why = "?"\nlever = 3\n')
    (said,) = told(small, fact() + fact("two"))
    assert said.endswith("valley.toml:2:1: 'lever' is not a key of a scenario. Did you mean 'levers'?")


def test_the_examples_of_the_manual_have_the_right_form():
    blocks = re.findall(
        r"```toml\n(.*?)```", (ROOT / "docs" / "evidence.md").read_text(encoding="utf-8"), re.DOTALL
    )
    for text, form in zip(blocks, (EvidenceForm, AblationsForm), strict=True):
        assert read_form(form, tomllib.loads(text), "it")[1] == []
