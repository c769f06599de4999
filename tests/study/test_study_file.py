"""Study files: what they mean, and that all that is wrong is told at once."""

import tomllib

import numpy as np
import pytest

from capdyn.errors import ScenarioError
from capdyn.study.form import schema
from capdyn.study.read import read_study

EQUATIONS = """
Place: here, there
Growth = 0.1 ~ 1/Year [0, 0.5] ~ rate |
Loss[Place] = 0.05, 0.02 ~ 1/Year [0, 0.2] ~ rates |
Start = 2 ~ ~ no range |
Bent = 3 ~ [1, 10] ~ an exponent |
Stock[Place] = INTEG(Growth * Stock[Place] - Loss[Place] * Stock[Place], Start) ~ ~ |
"""


@pytest.fixture
def file(tmp_path):
    def write(text: str, controls: str = ""):
        from equations import mdl

        (tmp_path / "m" / "studies").mkdir(parents=True, exist_ok=True)
        (tmp_path / "m" / "model.mdl").write_text(mdl(EQUATIONS, final_time=10), encoding="utf-8")
        path = tmp_path / "m" / "studies" / "one.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_an_empty_file_varies_all_constants_with_a_range(file):
    study = read_study(file(""))
    assert [i.name for i in study.inputs] == ["Growth", "Loss[here]", "Loss[there]", "Bent"]
    assert study.groups == ["Growth", "Loss", "Bent"]
    assert (study.methods, study.design, study.size) == (("uncertainty",), "latin_hypercube", 1024)
    plan = study.plan()
    assert plan.inputs == ("Growth", "Loss[here]", "Loss[there]", "Bent")
    assert plan.sample.shape == (1024, 4)
    assert (plan.sample.min(axis=0) >= [0, 0, 0, 1]).all() and (
        plan.sample.max(axis=0) <= [0.5, 0.2, 0.2, 10]
    ).all()


WHOLE = """
title = "All that there is"
question = "What drives it?"

[inputs]
"Growth" = { distribution = "triangular", mode = 0.1 }
"Start" = { distribution = "log_uniform", low = 1, high = 100, why = "Unknown." }
"All losses" = { scales = ["Loss"], low = 0.5, high = 2, why = "Common cause." }

[ranges]
include = ["B*"]

[groups]
"Rates" = ["Growth", "All losses"]

[method]
name = "sobol"
size = 64
seed = 3
second_order = true
confidence = 0.99

[failed]
policy = "drop"

[features."At the end"]
variable = "stock[here]"

[features."Ten"]
variable = "Stock[there]"
statistic = "crossing"
level = 10
better = "low"

[outcomes."Too small"]
feature = "At the end"
below = 3

[series]
variables = ["Stock[here]"]
thin = 2

[classes]
variable = "Stock[there]"
level = 5
"""


def test_a_whole_file(file):
    study = read_study(file(WHOLE))
    assert [i.name for i in study.inputs] == ["Growth", "Start", "All losses", "Bent"]
    assert study.groups == ["Rates", "Start", "Bent"]
    assert study.options == {"second_order": True} and study.settings == {"confidence": 0.99}
    assert study.series == ("Stock[here]", "Stock[there]")
    assert study.better == {"Ten": -1}
    assert str(study.outcomes[0]) == "At the end below 3"
    plan = study.plan()
    assert plan.inputs == ("Growth", "Start", "Loss[here]", "Loss[there]", "Bent")
    assert plan.series == ("Stock",)
    assert len(plan.sample) == 64 * (2 + 2 * 3)
    np.testing.assert_allclose(plan.sample[:, 2] / plan.sample[:, 3], 2.5)
    np.testing.assert_array_equal(study.plan(2).sample[: len(plan.sample)], plan.sample)
    assert "4 inputs, 2 features, sobol with 512 runs in each of 1 scenarios" in repr(study)


MISTAKES = """
titel = "x"

[inputs]
"Growht" = {}
"Start" = {}
"Stock" = {}
"Bent" = { low = 0, high = 3, why = "no" }
"Loss" = { low = 0.01, high = 0.02 }
"TIME STEP" = { low = 0.1, high = 0.2, why = "no" }
"Growth" = { distribution = "normal", mean = 0.1 }

[method]
name = "sobole"
size = -1

[failed]
policy = "dorp"

[features."A"]
variable = "Stock"
statistic = "maximum"

[features."B"]
variable = "Stock[nowhere]"
statistic = "crossing"

[outcomes."C"]
feature = "D"

[run]
method = "lsoda"
"""


def test_all_mistakes_at_once(file):
    with pytest.raises(ScenarioError) as caught:
        read_study(file(MISTAKES))
    told = [f"{p.where.line}: {p.what} {p.remedy}".strip() for p in caught.value.problems]
    for line in [
        "2: 'titel' is not a key of a study. Did you mean 'title'?",
        "5: 'Growht' is not in the model. Did you mean 'Growth'?",
        "6: 'Start' has no low end. Give it a range [low, high] in the equation file, or write the end here and say why.",
        "7: 'Stock' is a stock. Set its first value in [initial].",
        "9: 'Loss' has ends of its own and no reason. Add why = \"...\", or leave the ends to the equation file.",
        "10: 'TIME STEP' sets the time of runs, which all members share. Leave it out, or make a scenario of each value.",
        "11: 'Growth' needs sd, being normal.",
        "14: 'sobole' is no method. Did you mean 'sobol'?",
        "15: 'size' in [method] must be a whole number, 0 or more, not -1.",
        "18: 'dorp' is no policy. Did you mean 'drop'?",
        "21: 'Stock' is 2 numbers. Name one of them, Stock[here].",
        "29: 'D' is no feature of this study. Describe it in [features].",
    ]:
        assert line in told, "\n".join(told)
    assert any(line.startswith("8: 'Bent' is 0, outside its range 1 to 10.") for line in told)
    assert any("'maximum' is no statistic" in line for line in told)
    assert any("'nowhere' is not an element of 'Place'" in line for line in told)
    assert any("level is missing" in line for line in told)
    assert any("'lsoda' has none" in line for line in told)
    assert [p.where.line for p in caught.value.problems] == sorted(
        p.where.line for p in caught.value.problems
    )


@pytest.mark.parametrize("method", ["sobol", "morris", "efast", "tornado", "dgsm"])
def test_correlated_inputs_are_refused_with_the_methods_that_apply(file, method):
    text = f'[method]\nname = "{method}"\n[correlations."Growth"]\n"Bent" = 0.5\n'
    with pytest.raises(
        ScenarioError,
        match=f"'{method}' is only true for independent inputs.*Take pawn, delta or uncertainty",
    ):
        read_study(file(text))


def test_correlated_inputs_get_the_correlation(file):
    from scipy.stats import spearmanr

    study = read_study(
        file('[method]\nname = ["pawn", "delta"]\nsize = 4096\n[correlations."Growth"]\n"Bent" = 0.5\n')
    )
    sample = study.plan().sample
    assert spearmanr(sample[:, 0], sample[:, 3]).statistic == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[method]\nname = ["sobol", "pawn"]', "'sobol' needs a design of its own"),
        ('[method]\nname = "sobol"\nsize = 100', "100 is no power of 2.*Take 64 or 128"),
        ('[method]\nname = "morris"\nslices = 5', "'slices' means nothing for morris.*belongs to pawn"),
        ('[method]\nname = "sobol"\nsample = "halton"', "'halton' is no sample for this method"),
        ('[correlations."Growth"]\n"Bend" = 0.5', "'Bend' is no input. Did you mean 'Bent'"),
        ('[correlations."Growth"]\n"Bent" = 1.5', "A correlation of 1.5 is impossible"),
        ('[ranges]\ninclude = ["Lss*"]', r"'Lss\*' names no constant with a range"),
        ('[ranges]\ninclude = ["Start"]', "'Start' has no range in the equation file"),
        ('scenarios = ["nope"]', "There is no scenario 'nope'"),
        ('[groups]\n"A" = ["Growth"]\n"B" = ["Growth"]', "'Growth' is in 'A' and in 'B'"),
        (
            '[inputs]\n"Twice" = { scales = ["Growth"], low = 0.5, high = 6, why = "x" }',
            "'Growth' is 0.6, outside",
        ),
        ('[method]\nname = "uncertainty"\nsample = "factorial"\nsize = 100', r"100\^4 runs"),
        ("[inputs", "This is not TOML"),
        ('[method]\nname = "pawn"\nslices = 1', "`slices` is at least 2"),
        ('[method]\nname = "efast"\ncurves = 0', "`curves` is at least 1"),
        ('[method]\nname = "morris"\nlevels = 3', "`levels` is an even number"),
        ('[method]\nname = "sobol"\nresamples = 0', "`resamples` is at least 20"),
        ('[method]\nname = "sobol"\nconfidence = 95', "`confidence` lies between 0 and 1"),
        ('[method]\nname = "tornado"\nlow = 0.9\nhigh = 0.1', "`low` is not below `high`"),
        ('[features."A"]\nvariable = "Growth"', "'Growth' is constant in time"),
    ],
)
def test_one_mistake(file, text, message):
    with pytest.raises(ScenarioError, match=message):
        read_study(file(text))


def test_the_same_as_a_mapping(file):
    path = file("")
    model = read_study(path).model
    study = read_study({"inputs": {"Growth": {}}, "method": {"name": "morris", "size": 4}}, model)
    assert study.plan().sample.shape == (8, 1)
    assert tomllib.loads(study.text) == {"inputs": {"Growth": {}}, "method": {"name": "morris", "size": 4}}
    with pytest.raises(ScenarioError, match="study: 'Growht' is not in the model"):
        read_study({"inputs": {"Growht": {}}}, model)


def test_the_published_schema_describes_every_key():
    import json

    described = json.loads(schema())
    assert described["title"] == "A study of capdyn"
    assert {"inputs", "ranges", "method", "failed", "features", "outcomes"} <= described["properties"].keys()
    assert described["additionalProperties"] is False
