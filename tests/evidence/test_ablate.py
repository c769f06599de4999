"""Mechanisms of the small model taken out: which facts fall, what changes, and mistakes in ablations.toml."""

import json
import math

import numpy as np
import pytest
from typer.testing import CliRunner

import capdyn
from capdyn.cli import app
from capdyn.evidence.ablate import ablate
from capdyn.evidence.ablations import read_ablations
from capdyn.evidence.judge import judge


@pytest.fixture
def found(small):
    return ablate(small)


def test_cells_and_rows_come_by_themselves(small):
    assert [(a.kind, a.name) for a in read_ablations(small).ablations] == [
        ("cell", "cost saving, training"),
        ("cell", "mobility, training"),
        ("cell", "mobility, search"),
        ("row", "mobility"),
        ("shape", "base"),
        ("loop", "core"),
    ]


@pytest.mark.parametrize(
    ("name", "falls", "change", "at"),
    [
        # Level[Home] at 4 is 5 and falls to 1 + 4 * (1 - .5); without mobility it is 4 and falls to 1 + 4 * (.75 - .5).
        ("cost saving, training", ("level", "share"), -2 / 4, "Level[Home] at 4, no_mobility"),
        ("mobility, training", ("level", "mobility"), -1 / 5, "Level[Home] at 4, cases/valley"),
        ("mobility, search", (), 0, ""),
        ("mobility", ("level", "mobility"), -1 / 5, "Level[Home] at 4, cases/valley"),
        ("base", ("level",), -1 / 4, "Level[Home] at 4, no_mobility"),
        ("core", (), 0, ""),
    ],
)
def test_effects(found, name, falls, change, at):
    (effect,) = [effect for effect in found.effects if effect.ablation.name == name]
    assert effect.falls == falls
    assert effect.change == pytest.approx(change)
    assert effect.at == at
    # [fact.breaks] breaks off with everything on: no ablation is to blame.
    assert effect.broken == ()


def test_what_is_told(found):
    assert [fact.id for fact in found.unbroken] == ["interaction", "noted"]
    assert [fact.id for fact in found.elsewhere] == ["share"]  # it is said to be about 'base'
    assert [fact.id for fact in found.left_out] == ["order", "wrong", "breaks"]
    assert [effect.ablation.name for effect in found.superfluous] == ["mobility, search", "core"]
    assert found.unknown == {}


def test_the_numbers_behind_a_verdict(found):
    """[fact.level] is 4 at year 3: with everything on the slope is 1, without each mechanism less."""
    facts = {fact["id"]: fact for fact in found.plain()["facts"]}
    assert facts["level"]["found"] == pytest.approx(4)
    assert facts["level"]["moved"] == [
        {"without": "cost saving, training", "found": pytest.approx(2.5)},
        {"without": "mobility, training", "found": pytest.approx(3.25)},
        {"without": "mobility", "found": pytest.approx(3.25)},
    ]
    assert facts["noted"]["moved"] == []


def test_the_fast_way_agrees_with_the_slow_one(small, folder, found):
    """Verdicts of `judge` with the constants changed in the equation file, one mechanism after another."""
    text = (folder / "model.mdl").read_text()
    edits = {
        "cost saving, training": ("Gain[Mechanism,Effort] = 0.5,", "Gain[Mechanism,Effort] = 0,"),
        "mobility": ("9; 0.25,", "9; 0,"),
        "base": ("Base rate = 0.25", "Base rate = 0"),
        "core": ("Core rate = 0", "Core rate = 0"),
    }
    # What a run sets itself comes on top of the file and not of an ablation: leave out the fact with such runs.
    intact = {verdict.fact.id for verdict in judge(small) if verdict.holds}
    for name, (old, new) in edits.items():
        assert old in text
        (folder / "model.mdl").write_text(text.replace(old, new))
        without = {verdict.fact.id for verdict in judge(capdyn.open_model(folder)) if not verdict.holds}
        (effect,) = [effect for effect in found.effects if effect.ablation.name == name]
        assert set(effect.falls) == intact & without, name


def test_an_ablation_that_breaks_a_run(folder):
    ablation = '[ablation.start]\nkind = "shape"\nparameters = { "Start[Core]" = 0 }\n'
    (folder / "ablations.toml").write_text(
        '[growing]\nscenarios = "no_mobility_at_all"\noutputs = ["Level[*]", "Root of distance"]\n' + ablation
    )
    found = ablate(capdyn.open_model(folder))
    effect = found.effects[-1]
    assert math.isnan(effect.change) and effect.matters
    assert effect.broken == ("no_mobility",)  # the same run by the name in evidence.toml
    # Facts on runs that broke off have no number any more, others go on.
    assert set(effect.falls) == {"share", "mobility", "interaction"}


def told(model, text: str) -> list[str]:
    file = model.folder / "ablations.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(capdyn.ScenarioError) as caught:
        read_ablations(model)
    return [str(problem).replace(f"{file}:", "") for problem in caught.value.problems]


GROWING = '[growing]\nscenarios = "cases/valley"\noutputs = "Level[Home]"\n'
KIND = '[ablation.x]\nkind = "loop"\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "'growing' is missing: where is it seen how much a mechanism matters? Add [growing] with `scenarios` and `outputs`."),
        ('[growing]\nscenarios = "cases/vally"\noutputs = "Level"\n', "2:1: There is no scenario 'cases/vally'. Did you mean 'cases/valley'?"),
        ('[growing]\nscenarios = "cases/valley"\noutputs = "Levl"\n', "3:1: 'Levl' is not in the model. Did you mean 'Level'?"),
        ('[growing]\nscenarios = "cases/valley"\n', "1:2: 'outputs' is missing in [growing]."),
        (GROWING + '[ablation.x]\nkind = "lop"\nparameters = { "Base rate" = 0 }\n', "5:1: There is no kind 'lop'. Choose one of cell, row, shape, loop."),
        (GROWING + KIND + 'parameters = { "Base rat" = 0 }\n', "6:16: 'Base rat' is not in the model. Did you mean 'Base rate' or 'Core rate'?"),
        (GROWING + KIND + 'parameters = { "Rate" = 0 }\n', "6:16: 'Rate' is computed by an equation; only constants can be set."),
        (GROWING + KIND + "parameters = { }\n", "6:1: Nothing is switched off. Name constants and what they become."),
        (GROWING + KIND, "4:11: 'parameters' is missing in [ablation.x]."),
        (GROWING + '[ablation.mobility]\nkind = "row"\nparameters = { "Base rate" = 0 }\n', "4:11: 'mobility' is taken out already. Leave it out, or rename it."),
        (GROWING + KIND + 'parameters = { "Base rate" = 0 }\nwy = "?"\n', "7:1: 'wy' is not a key of [ablation.x]. Did you mean 'why'?"),
    ],
)  # fmt: skip
def test_mistakes(small, text, message):
    (said,) = told(small, text)
    assert message in said


class TestCommand:
    def test_table_and_sentences(self, folder):
        done = CliRunner().invoke(app, ["ablate", str(folder)])
        assert done.exit_code == 1
        assert done.stdout.splitlines()[1:3] == [
            "kind   without                change  largest in                      facts that fall",
            "cell   cost saving, training  -50.0%  Level[Home] at 4, no_mobility   level, share",
        ]
        assert done.stdout.endswith(
            "5 facts hold with everything on; 3 of them fall to some ablation. 2 of 3 cells change a growing cluster by 1%\n  or more.\n"
            "No ablation breaks, so that they are no evidence: interaction; noted.\n"
            "Fall, but not without the mechanism that they are about: share.\n"
            "Change nothing when taken out: mobility, search; core.\n"
            "Fail with everything on and are left out: order; wrong; breaks.\n"
        )

    def test_json(self, folder):
        done = CliRunner().invoke(app, ["ablate", str(folder), "--json"])
        found = json.loads(done.stdout)
        assert found["superfluous"] == ["mobility, search", "core"]
        np.testing.assert_allclose([a["change"] for a in found["ablations"]], [-0.5, -0.2, 0, -0.2, -0.25, 0])

    def test_nothing_to_say_is_success(self, folder):
        """Only facts that fall to their own mechanism, and mechanisms that matter."""
        evidence = (folder / "evidence.toml").read_text()
        (folder / "evidence.toml").write_text(evidence[: evidence.index("[fact.share]")])
        model = (folder / "model.mdl").read_text().replace("9; 0.25, 0;", "9; 0.25, 0.01;")
        (folder / "model.mdl").write_text(model.replace("Core rate = 0", "Core rate = 0.1"))
        done = CliRunner().invoke(app, ["ablate", str(folder)])
        assert done.exit_code == 1  # the search cell changes 4 * .01 of 5.04
        (folder / "model.mdl").write_text(
            model.replace("0.01;", "0.02;").replace("Core rate = 0", "Core rate = 0.1")
        )
        done = CliRunner().invoke(app, ["ablate", str(folder)])
        assert done.exit_code == 0, done.stdout

    def test_without_a_list(self, folder):
        (folder / "ablations.toml").unlink()
        done = CliRunner().invoke(app, ["ablate", str(folder)])
        assert done.exit_code == 2
        assert done.stderr.startswith("There is no ablations.toml beside")
